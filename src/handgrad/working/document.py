"""The Document: title, sections and the same values as plain data; renderers take it from here."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from handgrad.errors import InputError
from handgrad.notation.document import Section
from handgrad.notation.program import Program

if TYPE_CHECKING:
    from handgrad.working.one_step import OneStep

Paper = Literal["a4", "letter"]

Kind = Literal["questions", "answers"]
"""An exam sheet, or its key."""


def _no_sheet(kind: Kind) -> Document:
    message = f"only the working of a problem has {kind} of its own"
    raise InputError(message)


def nothing() -> None:
    """No code."""


class Document(Struct, frozen=True):
    """A worked solution before it has a format.

    ``data()`` gives every value as plain data (see ``to_json``); ``language`` is that of its words.
    """

    title: str
    sections: tuple[Section, ...]
    data: Callable[[], dict[str, Any]] = dict
    language: str = "en"
    sheet: Callable[[Kind], Document] = _no_sheet
    spoken: Callable[[str], Document] | None = None
    """The same in another language (its tag); None where there is no other."""

    code: Callable[[], Program | None] = nothing
    """The working as lines of NumPy; None where there is nothing to compute."""

    def only(self, kind: Kind) -> Document:
        """The exam sheet ("questions", with room to write and no values that give them away) or its key ("answers")."""
        return self.sheet(kind)

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

    def to_typst(self, *, paper: Paper = "a4") -> str:
        """The source of the PDF, which typst sets by itself."""
        from handgrad.render.typst import render

        return render(self, paper=paper)

    def to_html(self) -> str:
        """One self-contained page: MathML, the picture, and a script to step through it."""
        from handgrad.render.html import render

        return render(self)

    def to_pdf(self, file: str | os.PathLike[str] | None = None, *, paper: Paper = "a4") -> bytes:
        """The document as PDF, written to ``file`` if one is named; the same document gives the same bytes."""
        from handgrad.render.pdf import render

        content = render(self, paper=paper)
        if file is not None:
            from handgrad.problem_file import write_bytes

            write_bytes(file, content)
        return content

    def to_notebook(self) -> str:
        """A Jupyter notebook whose cells compute the numbers with NumPy, the working beside them."""
        from handgrad.render.notebook import render

        return render(self)

    def to_docx(self, file: str | os.PathLike[str] | None = None) -> bytes:
        """The document as .docx with equations that Word edits (extra ``docx``)."""
        from handgrad.render.word import render

        content = render(self)
        if file is not None:
            from handgrad.problem_file import write_bytes

            write_bytes(file, content)
        return content

    def to_json(self) -> str:
        """All values, exact and decimal, and the steps, as JSON."""
        from handgrad.render.json import render

        return render(self)

    def step(self, number: int) -> OneStep:
        """The equation of that number alone, with the numbers of those that it comes from."""
        from handgrad.working.one_step import one_step

        return one_step(self.sections, number, self.language)

    def to_csv(self) -> str:
        """Every entry of every quantity on a line of its own: quantity, index, value, exact."""
        from handgrad.render.csv import render

        return render(self)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        from handgrad.render.html import fragment

        return fragment(self)
