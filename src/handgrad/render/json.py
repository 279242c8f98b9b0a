"""Document -> JSON: every value, exact and decimal, the steps and the answers."""

from __future__ import annotations

import re

from handgrad.working.document import Document

_UNSEEN = re.compile("[\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ud800-\\udfff\\ufeff]")
"""Characters that turn a text round, hide in it or cannot be written: JSON may say any of them by its number."""


def render(document: Document) -> str:
    """The values of a document as JSON text with one quantity a line."""
    import json

    text = json.dumps(document.data(), ensure_ascii=False, indent=1)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
