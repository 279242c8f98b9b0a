"""The value of an entry form over numbers: each notation node that the forms of windows use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handgrad.arithmetic.value import Real
from handgrad.notation import nodes
from handgrad.notation.nodes import Expr


class Given:
    """An operand of numbers; one example of a batch, or (``example`` None) all of it."""

    def __init__(self, array: Any, batched: bool, example: int | None = None) -> None:  # noqa: FBT001
        self.array, self.batched, self.example = array, batched, example
        self.shape = tuple(array.shape[1:] if batched else array.shape)

    def number(self, *index: int) -> Any:
        at = (*((self.example or 0,) if self.batched else ()), *index)
        return self.array[at] if at else self.array.flat[0]

    def entry(self, *index: int) -> Expr:
        value = self.number(*index)
        return nodes.Number(str(value), value)

    @property
    def examples(self) -> Sequence[Given]:
        count = self.array.shape[0] if self.batched and self.example is None else 1
        return [Given(self.array, self.batched, n) for n in range(count)]


def value_of(expression: Expr) -> Any:  # noqa: C901, PLR0911  one line a node
    match expression:
        case nodes.Number(value=value):
            return Real.of(value) if isinstance(value, int) else value
        case nodes.Highlight(value=inner):
            return value_of(inner)
        case nodes.Negative(value=inner):
            return -value_of(inner)
        case nodes.Absolute(value=inner):
            return abs(value_of(inner))
        case nodes.Sum(terms=terms):
            return sum(map(value_of, terms))
        case nodes.Product(factors=factors):
            total: Any = 1
            for factor in factors:
                total = total * value_of(factor)
            return total
        case nodes.Fraction(numerator=top, denominator=bottom):
            return value_of(top) / value_of(bottom)
        case nodes.Power(base=base, exponent=exponent):
            return float(value_of(base)) ** float(value_of(exponent))
        case nodes.Sqrt(value=inner):
            return float(value_of(inner)) ** 0.5
        case nodes.Function(name="max", arguments=items):
            return max(map(value_of, items))
    raise AssertionError(expression)
