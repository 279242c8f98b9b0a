"""Document -> a Jupyter notebook (nbformat 4.5): the working, and beside it NumPy that computes its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handgrad.notation.document import Block, Equation, Figure, Paragraph, Section, sources
from handgrad.notation.program import Cell, Program
from handgrad.notation.words import say
from handgrad.render.latex import origin
from handgrad.render.markdown import block as markdown
from handgrad.render.markdown import text
from handgrad.working.document import Document

_PICTURE = "picture.svg"


def render(document: Document) -> str:
    """The document as the text of a notebook; the same document gives the same text."""
    import json

    tree = {
        "cells": _Writer(document).cells(),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(tree, ensure_ascii=False, indent=1) + "\n"


class _Writer:
    """Gathers the words until a code cell follows, so that each code cell stands below its working."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.program: Program | None = document.code()
        self.sources = sources(document.sections)
        self.found: list[dict[str, Any]] = []
        self.words: list[str] = []
        self.pictures: dict[str, dict[str, str]] = {}
        self.count = 0
        self.ahead: Iterator[tuple[str, Cell]] = iter(self.program.steps.items() if self.program else ())
        self.computed: set[str] = set()
        self.checks: list[str] = []
        self.opened = False
        self.given = tuple(self.program.given.values()) if self.program else ()
        self.answers = iter(self.program.answers if self.program else ())

    def cells(self) -> list[dict[str, Any]]:
        """All cells."""
        self.words.append(f"# {text(self.document.title)}")
        for section in self.document.sections:
            self._section(section)
        self._close_words()
        if self.checks:
            self._check()
        return self.found

    def _section(self, section: Section) -> None:
        self.words.append(f"## {text(section.title)}")
        given = section.key == "given"
        for block in section.blocks:
            if given and isinstance(block, Equation):
                self._opening()
            self._block(block)
            if isinstance(block, Equation) and block.number:
                self._beside(block, section)
        if given:
            self._given()

    def _block(self, block: Block) -> None:
        if isinstance(block, Figure):
            self._picture(block)
            return
        self.words.append(markdown(block))
        source = self.sources.get(block.number, ()) if isinstance(block, Equation) else ()
        if source:
            self.words.append(f"*{text(origin(self.document.language, source))}*")

    def _say(self, english: str) -> str:
        return say(self.document.language, english)

    def _picture(self, figure: Figure) -> None:
        picture = figure.draw()
        if not picture.shapes:
            return
        from base64 import b64encode

        from handgrad.render.svg import svg

        name = f"{len(self.pictures) + 1}-{_PICTURE}"
        self.pictures[name] = {"image/svg+xml": b64encode(svg(picture).encode()).decode()}
        self.words.append(f"![{text(picture.title)}](attachment:{name})")
        if figure.caption:
            self.words.append(markdown(Paragraph(figure.caption, "note")))

    def _opening(self) -> None:
        """Once: how the code is to be read, and what its cells use."""
        if self.opened or self.program is None:
            return
        self.opened = True
        self.words.append(" ".join(text(self._say(note)) for note in self.program.notes))
        if self.program.opening:
            self._code("\n\n".join(self.program.opening).strip())

    def _given(self) -> None:
        """Once: the given arrays in one cell, each that is too long to be read in one of its own."""
        self._opening()
        cells, self.given = self.given, ()
        lines = [line for cell in cells if not cell.folded for line in cell.lines]
        if lines:
            self._code("\n".join(lines))
        for cell in cells:
            if cell.folded:
                self._code("\n".join((*cell.lines, cell.shows)), cell.output, folded=True)

    def _beside(self, equation: Equation, section: Section) -> None:
        """The code cell of a numbered equation."""
        self._close_words()
        if self.program is None:
            return
        answer = next(self.answers, None) if section.key == "answers" else None
        cell = answer or self.program.steps.get(equation.name)
        if cell is None or not cell.shows:
            return
        self._given()
        lines = self._lines(equation.name) if equation.name in self.program.steps else ()
        self._code("\n".join((*lines, cell.shows)), cell.output)
        if cell.check:
            self.checks.append(cell.check)

    def _lines(self, name: str) -> Iterator[str]:
        """The lines up to a quantity, with those of steps before it that are not printed."""
        while name not in self.computed:
            step, cell = next(self.ahead)
            self.computed.add(step)
            yield from cell.lines

    def _check(self) -> None:
        self.words.append(f"## {text(self._say('Check'))}")
        self.words.append(text(self._say(_CHECK)))
        self._code("\n".join(self.checks))

    def _close_words(self) -> None:
        if self.words:
            cell = self._cell("markdown", "\n\n".join(self.words))
            if self.pictures:
                cell["attachments"] = self.pictures
            self.words, self.pictures = [], {}

    def _code(self, source: str, output: str = "", *, folded: bool = False) -> None:
        self._close_words()
        self.count += 1
        cell = self._cell("code", source)
        if folded:
            cell["metadata"] = {"jupyter": {"source_hidden": True}}
        cell["execution_count"] = self.count
        shown = {"data": {"text/plain": _lines(output)}, "execution_count": self.count, "metadata": {}}
        cell["outputs"] = [{"output_type": "execute_result", **shown}] if output else []

    def _cell(self, kind: str, source: str) -> dict[str, Any]:
        number = len(self.found) + 1
        self.found.append({"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": _lines(source)})
        return self.found[-1]


def _lines(source: str) -> list[str]:
    """Lines with their ends, as notebooks keep them."""
    return source.splitlines(keepends=True)


_CHECK = "Every number that NumPy found is held against the printed one; nothing is shown where all agree."
