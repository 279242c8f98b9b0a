"""The number that a formula of numbers stands for: the second opinion on every entry form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction as Rational
from math import prod
from typing import Any

from flint import arb, fmpq

from handgrad.arithmetic import real
from handgrad.arithmetic.digits import certain_text
from handgrad.arithmetic.exact import exact_expression
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.arithmetic.value import Real
from handgrad.notation.nodes import (
    Absolute,
    Cases,
    Dots,
    E,
    Expr,
    Fraction,
    Function,
    Hadamard,
    Highlight,
    Negative,
    Number,
    Power,
    Product,
    Relation,
    Sqrt,
    Sum,
    Symbol,
    Text,
)

Shape = tuple[int, ...]


class Elided(Exception):
    """Some terms are left out, so the formula has no value of its own."""


class Unknown(Exception):
    """A piece of notation that is no number."""


def value_of(expression: Expr) -> Any:  # noqa: C901, PLR0911, PLR0912  one case for each node
    """The value as a fmpq, or as an arb behind a root, an exponential and the like."""
    match expression:
        case Number():
            return _number(expression)
        case Negative(inner):
            return -value_of(inner)
        case Sum(terms):
            return _total([value_of(term) for term in terms])
        case Product(factors) | Hadamard(factors):
            return _product([value_of(factor) for factor in factors])
        case Fraction(numerator, denominator):
            return real.divide(value_of(numerator), value_of(denominator))
        case Power(base, exponent):
            return real.exp(value_of(exponent)) if base == E else real.power(value_of(base), value_of(exponent))
        case Sqrt(inner):
            return real.sqrt(value_of(inner))
        case Absolute(inner):
            return abs(value_of(inner))
        case Highlight(inner):
            return value_of(inner)
        case Function(name, arguments):
            return _applied(name if isinstance(name, str) else name.base, [value_of(a) for a in arguments])
        case Cases(branches):
            return _chosen(branches)
        case Symbol("π"):
            return real.pi()
        case Symbol("e"):
            return real.exp(fmpq(1))
        case Dots():
            raise Elided
    raise Unknown(repr(expression))


def _number(expression: Number) -> Any:
    if expression.value is not None:
        return Real.of(expression.value).value
    written = Rational(expression.text)
    return fmpq(written.numerator, written.denominator)


def _total(terms: Sequence[Any]) -> Any:
    total = fmpq(0)
    for term in terms:
        total = total + term
    return total


def _product(factors: Sequence[Any]) -> Any:
    value = fmpq(1)
    for factor in factors:
        value = value * factor
    return value


def _largest(values: Sequence[Any]) -> Any:
    best = values[0]
    for value in values[1:]:
        best = value if real.sign(value - best) > 0 else best
    return best


def _logistic(x: Any) -> Any:
    return real.divide(fmpq(1), 1 + real.exp(-x))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "": lambda x: x,
    "max": lambda *values: _largest(values),
    "min": lambda *values: -_largest([-value for value in values]),
    "ln": real.log,
    "log": real.log,
    "exp": real.exp,
    "tanh": real.tanh,
    "sinh": lambda x: (real.exp(x) - real.exp(-x)) / 2,
    "cosh": lambda x: (real.exp(x) + real.exp(-x)) / 2,
    "erf": real.erf,
    "sin": real.sin,
    "cos": real.cos,
    "sqrt": real.sqrt,
    "abs": abs,
    "sign": lambda x: fmpq(real.sign(x)),
    "σ": _logistic,
}


def _applied(name: str, values: list[Any]) -> Any:
    if name not in FUNCTIONS:
        raise Unknown(name)
    return FUNCTIONS[name](*values)


def _chosen(branches: Sequence[tuple[Expr, Expr]]) -> Any:
    for value, condition in branches:
        if isinstance(condition, Text) or holds(condition):
            return value_of(value)
    raise Unknown("no case holds")


def holds(condition: Expr) -> bool:
    """Whether a relation between numbers is true."""
    if not isinstance(condition, Relation):
        raise Unknown(repr(condition))
    sign = real.sign(value_of(condition.left) - value_of(condition.right))
    signs = {"=": {0}, "≠": {-1, 1}, ">": {1}, "≥": {0, 1}, "<": {-1}, "≤": {-1, 0}}
    return sign in signs[condition.sign]


def shown(entry: Any) -> Expr:
    """A number as a working writes it, with its value."""
    written = exact_expression(entry, decimals=False) if isinstance(entry, fmpq) else None
    return Number(certain_text(entry, 4), entry) if written is None else written


class Exactly:
    """An Operand of exact numbers: one example of an array with a batch axis, or an array without one."""

    def __init__(self, array: ExactArray, example: int | None = None) -> None:
        self._array, self._example = array, example
        self.shape: Shape = array.shape if example is None else array.shape[1:]

    def _at(self, index: Shape) -> Any:
        assert len(index) == len(self.shape)
        assert all(0 <= i < n for i, n in zip(index, self.shape, strict=True))
        place = self._example or 0
        for i, n in zip(index, self.shape, strict=True):
            place = place * n + i
        return self._array.flat[place]

    def entry(self, *index: int) -> Expr:
        return shown(self._at(index))

    def number(self, *index: int) -> Any:
        return Real(self._at(index))

    @property
    def example(self) -> int:
        return self._example or 0

    @property
    def examples(self) -> Sequence[Exactly]:
        if self._example is None:
            return [self]
        return [Exactly(self._array, n) for n in range(self._array.shape[0])]


class Setting:
    """An Operand that is one number, whatever the place."""

    shape: Shape = ()

    def __init__(self, value: Any) -> None:
        self._value = value

    def entry(self, *index: int) -> Expr:
        return shown(self._value)

    def number(self, *index: int) -> Any:
        return Real(self._value)

    @property
    def examples(self) -> Sequence[Setting]:
        return [self]


def places(shape: Shape) -> list[Shape]:
    """Every place of an array, row by row."""
    found = []
    for k in range(prod(shape)):
        index, rest = [], k
        for n in reversed(shape):
            rest, i = divmod(rest, n)
            index.append(i)
        found.append(tuple(reversed(index)))
    return found


def same(a: Any, b: Any) -> bool:
    """Equal rationals, or balls that meet around a difference that is narrow."""
    difference = a - b
    if isinstance(difference, fmpq):
        return bool(difference == 0)
    return bool(difference.contains(0)) and bool(difference.rad() < arb(fmpq(1, 10**20)))
