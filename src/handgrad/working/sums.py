"""A sum of very many terms on paper: its first terms, its largest and how many there are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from math import e, prod, sqrt

from handgrad.notation.nodes import (
    Absolute,
    Dots,
    E,
    Expr,
    Fraction,
    Negative,
    Number,
    Power,
    Product,
    Sqrt,
    Sum,
    counted,
)
from handgrad.notation.words import say
from handgrad.ops.textbook import Term, elided, elided_by
from handgrad.working.operands import Board

MANY = 20
"""A sum of more terms shows its largest and how many it has; of fewer the first three and the last say enough."""

FIRST = 3


MOST_TERMS = 500_000
"""So many terms are looked at in all: of an image's many thousand sums the later ones show their last term."""


def with_largest(board: Board) -> AbstractContextManager[None]:
    """Sums of many numbers show their largest term meanwhile; sums of symbols their last."""
    return elided_by(_Shortening(board))


class _Shortening:
    """Writes a long sum down; ``left`` are the terms that are still looked at."""

    def __init__(self, board: Board) -> None:
        self.board, self.left = board, MOST_TERMS

    def __call__(self, count: int, term: Term) -> tuple[Expr, ...]:
        largest = self._largest(count, term) if MANY < count <= self.left else None
        if largest is None:
            return elided(count, term)
        dots = counted(Dots(), say(self.board.language, "({count} terms)", count=count))
        first = tuple(map(term, range(FIRST)))
        if largest < FIRST:
            return (*first, dots)
        if largest == count - 1:
            return (*first, dots, term(largest))
        before = () if largest == FIRST else (Dots(),)
        return (*first, *before, term(largest), dots)

    def _largest(self, count: int, term: Term) -> int | None:
        """The place of the largest term by size; None where the terms have no values (symbols, choices)."""
        try:
            with self.board.unprinted():
                sizes = [abs(value(term(k))) for k in range(count)]
        except (ArithmeticError, TypeError):
            return None
        self.left -= count
        return sizes.index(max(sizes))


def value(expression: Expr) -> float:  # noqa: PLR0911  one case for each node
    """The value of an expression of numbers; TypeError for one that holds symbols, or other functions than roots."""
    match expression:
        case Number():
            return float(expression.value)
        case Product(factors):
            return prod(map(value, factors))
        case Sum(terms):
            return sum(map(value, terms))
        case Negative(inner):
            return -value(inner)
        case Fraction(above, below):
            return value(above) / value(below)
        case Power(base, exponent):
            return float(e ** value(exponent) if base == E else value(base) ** value(exponent))
        case Absolute(inner):
            return abs(value(inner))
        case Sqrt(inner):
            return sqrt(value(inner))
    message = f"no value: {expression}"
    raise TypeError(message)
