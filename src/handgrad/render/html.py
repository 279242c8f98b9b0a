"""Document -> one self-contained HTML page with MathML."""

from __future__ import annotations

from handgrad.working.document import Document


def render(document: Document) -> str:
    """To be written."""
    return document.title
