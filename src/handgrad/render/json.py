"""Document -> JSON: every value, exact and decimal, the steps and the answers."""

from __future__ import annotations

from handgrad.working.document import Document


def render(document: Document) -> str:
    """The values of a document as JSON text with one quantity a line."""
    import json

    return json.dumps(document.data(), ensure_ascii=False, indent=1) + "\n"
