"""What fits a page of Word: its measures, how tall an expression comes out, where an equation is broken."""

from __future__ import annotations

from msgspec.structs import replace

from handgrad.notation.document import Equation
from handgrad.notation.nodes import Cases, Expr, Fraction, Matrix, Stack
from handgrad.render.breaking import Row, children, rows, shrunk
from handgrad.render.word_widths import measure

TEXT_WIDTH = 482.0
"""Points; A4 with margins of 2 cm."""

NUMBER_WIDTH = 66.0
EQUATION_WIDTH = TEXT_WIDTH - NUMBER_WIDTH

_GAP = 14.0
_LINE = 16.0
TALLEST = 600.0


def height(expression: Expr) -> float:
    """About how tall an expression comes out, in points."""
    match expression:
        case Matrix(written):
            return sum(max(map(height, row)) for row in written)
        case Stack(items):
            return sum(height(item) for _, item in items)
        case Cases(branches):
            return sum(max(height(value), height(when)) for value, when in branches)
        case Fraction(above, below):
            return height(above) + height(below) + 4
    return max((height(child) for child in children(expression)), default=_LINE)


def broken(equation: Equation, width: float) -> tuple[Expr, list[Row]]:
    """The left side and the rows of an equation that is to fit a width, what is taller than a page parted."""
    left = shrunk(equation.left, width / 3, measure)
    found = rows(replace(equation, left=left), width, measure, _GAP)
    if all(tallness(row) <= TALLEST for row in found):
        return left, found
    return left, [part for row in found for part in _parted(row)]


def tallness(row: Row) -> float:
    """About how tall a row comes out, in points."""
    return max(height(part) for _, part in row.parts) + 4


def _parted(row: Row) -> list[Row]:
    """A row of its own; a tall stack of matrices in several."""
    sign = row.sign.removeprefix("…")
    match row.parts:
        case ((operator, Stack(items)),) if tallness(row) > TALLEST:
            return [Row("" if i else sign, (("" if i else operator, Stack((item,))),)) for i, item in enumerate(items)]
    return [Row(sign, row.parts)]
