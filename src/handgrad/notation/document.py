"""The Document: a worked solution before it has a format.

Sections hold blocks; every number stands in notation nodes. A renderer turns a Document into one
format and knows nodes and blocks only, never ops.
"""

from __future__ import annotations

from msgspec import Struct

from handgrad.notation.nodes import Expr

Span = str | Expr
"""A run of a paragraph: words, or mathematics within the line."""


class Paragraph(Struct, frozen=True):
    """Words with mathematics in the line; ``role`` is "text", "lead" (names the layer that follows) or "note"."""

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


Block = Paragraph | Equation | Table


class Section(Struct, frozen=True):
    """A titled run of blocks: Given, Forward pass, Loss, Backward pass, Update, Answers."""

    title: str
    blocks: tuple[Block, ...]
