"""One numbered equation of a document, to be shown alone."""

from __future__ import annotations

from msgspec import Struct

from handgrad.errors import InputError
from handgrad.notation.document import Equation, Section, sources
from handgrad.notation.words import listed, say


class OneStep(Struct, frozen=True):
    """An equation and the numbers of those that it comes from; ``str()`` and Jupyter show it."""

    equation: Equation
    sources: tuple[int, ...]
    language: str = "en"

    def __str__(self) -> str:
        from handgrad.render.terminal import render_block

        shown = render_block(self.equation)
        if not self.sources:
            return shown
        numbers = listed(self.language, [f"({n})" for n in self.sources])
        return f"{shown}\n\n{say(self.language, 'from {equations}', equations=numbers)}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from handgrad.render.html import one_step

        return one_step(self)


def one_step(sections: tuple[Section, ...], number: int, language: str) -> OneStep:
    """The equation of that number; InputError if there is none."""
    equations = {
        block.number: block
        for section in sections
        for block in section.blocks
        if isinstance(block, Equation) and block.number
    }
    if number not in equations:
        message = f"the working has no step {number}; its steps are 1 to {len(equations)}"
        raise InputError(message if equations else "the working has no numbered steps")
    return OneStep(equations[number], sources(sections)[number], language)
