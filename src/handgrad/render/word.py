"""Document -> .docx with OMML equations."""

from __future__ import annotations

from handgrad.working.document import Document


def render(document: Document) -> bytes:
    """To be written."""
    return document.title.encode()
