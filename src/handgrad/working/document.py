"""The Document: title, sections and the same values as plain data; renderers take it from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from handgrad.notation.document import Section


class Document(Struct, frozen=True):
    """A worked solution before it has a format.

    ``data()`` gives every value as plain data (see ``to_json``).
    """

    title: str
    sections: tuple[Section, ...]
    data: Callable[[], dict[str, Any]] = dict

    def to_terminal(self, width: int = 80, *, colour: bool = False) -> str:
        """Plain text with Unicode matrices, no line longer than ``width`` columns."""
        from handgrad.render.terminal import render

        return render(self, width=width, colour=colour)

    def to_markdown(self) -> str:
        """Markdown with LaTeX maths, as GitHub and Jupyter show it."""
        from handgrad.render.markdown import render

        return render(self)

    def to_latex(self, *, fragment: bool = False) -> str:
        """A LaTeX document that compiles with amsmath alone; ``fragment`` leaves the preamble out."""
        from handgrad.render.latex import render

        return render(self, fragment=fragment)

    def to_json(self) -> str:
        """All values, exact and decimal, and the steps, as JSON."""
        from handgrad.render.json import render

        return render(self)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
