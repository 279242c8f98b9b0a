"""Document -> PDF, through typst."""

from __future__ import annotations

from handgrad.working.document import Document, Paper


def render(document: Document, *, paper: Paper = "a4") -> bytes:
    """To be written."""
    return (document.title + paper).encode()
