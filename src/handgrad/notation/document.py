"""The Document: a worked solution before it has a format.

Sections hold blocks; every number stands in notation nodes. A renderer turns a Document into one
format and knows nodes and blocks only, never ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from handgrad.notation.nodes import Expr
from handgrad.notation.picture import Picture

Span = str | Expr
"""A run of a paragraph: words, or mathematics within the line."""


class Paragraph(Struct, frozen=True):
    """Words with mathematics in the line; ``role`` is "text", "lead", "note" or "room".

    "lead" names the layer that follows; "room" has no words: it is blank space to write in.
    """

    spans: tuple[Span, ...]
    role: str = "text"


class Line(Struct, frozen=True):
    """One "= expression" of an equation; ``sign`` is "=" or "≈" (digits cut off by rounding)."""

    sign: str
    expression: Expr


class Equation(Struct, frozen=True):
    """left = formula = formula with numbers = result.

    ``number`` counts the equations of the document from 1 (0: unnumbered), ``name`` is the quantity
    that it settles ("dL/dW1"; "" for none), ``uses`` are the quantities in it.
    """

    left: Expr
    lines: tuple[Line, ...]
    number: int = 0
    name: str = ""
    uses: tuple[str, ...] = ()


class Table(Struct, frozen=True):
    """A table: a header and rows of words or mathematics; numbers are aligned right."""

    header: tuple[Span, ...]
    rows: tuple[tuple[Span, ...], ...]


class Figure(Struct, frozen=True):
    """The picture of the network, drawn when a format shows it."""

    draw: Callable[[], Picture]
    caption: tuple[Span, ...]


Block = Paragraph | Equation | Table | Figure


class Section(Struct, frozen=True):
    """A titled run of blocks; ``key`` says which whatever the language of its title.

    Keys: "given", "forward", "loss", "backward", "update", "answers", "questions", "appendix".
    """

    title: str
    blocks: tuple[Block, ...]
    key: str = ""


def sources(sections: Iterable[Section]) -> dict[int, tuple[int, ...]]:
    """For each numbered equation the numbers of earlier ones that settle what it uses: "from (3) and (4)"."""
    settled: dict[str, int] = {}
    found: dict[int, tuple[int, ...]] = {}
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Equation) and block.number:
                needed = block.uses or (block.name,)  # an answer that is a value settled before comes from there
                found[block.number] = tuple(sorted({settled[name] for name in needed if name in settled}))
                settled.setdefault(block.name, block.number)
    return found
