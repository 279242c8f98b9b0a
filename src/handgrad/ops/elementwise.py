"""What all functions of each entry by itself have in common."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

from handgrad.arithmetic.value import Real
from handgrad.notation.nodes import (
    Cases,
    Expr,
    Fraction,
    Function,
    Negative,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
    Text,
    hadamard,
)
from handgrad.ops.op import Array, Constant, Op, Operand, Report, Sample, Shape, mistake

_ANY_SHAPE = (Sample({"x": (1, 4)}), Sample({"x": (3, 2, 2)}))


class Elementwise(Op, frozen=True, kw_only=True):
    """h = σ(a), entry by entry; ∂L/∂a = ∂L/∂h ⊙ σ′(a).

    A subclass gives ``forward``, its derivative ``slope`` (from x, or from y where that is shorter) and
    both as formulas of one entry.
    """

    symbol: ClassVar[str | Symbol]
    by_entry: ClassVar[bool] = True
    activates: ClassVar[bool] = True
    samples: ClassVar[tuple[Sample, ...]] = _ANY_SHAPE

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        return x

    def letters(self, rule: str) -> tuple[str, ...]:
        """Those of the rule; for dx the upstream gradient and the letters of ``slope``."""
        return ("dy", *super().letters("slope")) if rule == "dx" else super().letters(rule)

    def dx(self, xp: Any, dy: Array, **at: Array) -> Array:
        return dy * self.slope(xp, **at)

    def forward_form(self, x: Expr, **constants: Expr) -> Expr:
        del constants
        return Function(self.symbol, (x,))

    def forward_entry(self, index: Shape, **at: Operand) -> Expr:
        return self.formula(**{letter: operand.entry(*index) for letter, operand in at.items()})

    def dx_form(self, dy: Expr, **at: Expr) -> Expr:
        return hadamard(dy, self._slope_form(**at))

    def _slope_form(self, **at: Expr) -> Expr:
        # from the output the derivative is a formula of arrays; from the input it is σ′(a)
        return self.slope_formula(**at) if "y" in at else Function(primed(self.symbol), (at["x"],))

    def dx_entry(self, index: Shape, dy: Operand, **at: Operand) -> Expr:
        return dy.entry(*index) * self.slope_entry(index, **at)

    def slope_entry(self, index: Shape, **at: Operand) -> Expr:
        """σ′ at one entry; a choice by cases is made where the numbers are known."""
        return self.slope_formula(**{letter: operand.entry(*index) for letter, operand in at.items()})

    @mistake("dx", "σ′ forgotten", "∂L/∂a = ∂L/∂h ⊙ σ′(a): multiply by the derivative of the activation")
    def dx_without_slope(self, xp: Any, dy: Array) -> Array:
        return dy

    @mistake("dx", "gradient from above forgotten", "∂L/∂a = ∂L/∂h ⊙ σ′(a): σ′(a) alone is not the gradient")
    def dx_of_slope_alone(self, xp: Any, x: Array, y: Array, **constants: Array) -> Array:
        return self._slope_at(xp, x=x, y=y, **constants)

    @mistake("slope", "σ′ taken of h", "σ′ is taken at a, what the activation reads, not at what it gives")
    def slope_at_output(self, xp: Any, y: Array, **constants: Array) -> Array:
        return self._slope_at(xp, x=y, y=self._value_at(xp, x=y, **constants), **constants)

    @mistake("slope", "σ in place of σ′", "it is the derivative that counts here, not the activation itself")
    def slope_as_value(self, xp: Any, y: Array) -> Array:
        return y

    def _slope_at(self, xp: Any, **at: Array) -> Array:
        return self.slope(xp, **{letter: at[letter] for letter in super().letters("slope") if letter in at})

    def _value_at(self, xp: Any, **at: Array) -> Array:
        return self.apply("forward", xp, {letter: at[letter] for letter in super().letters("forward") if letter in at})

    def slope(self, xp: Any, *args: Any, **at: Any) -> Array:
        """σ′ on arrays."""
        raise NotImplementedError

    def formula(self, *args: Any, **at: Any) -> Expr:
        """σ of one entry."""
        raise NotImplementedError

    def slope_formula(self, *args: Any, **at: Any) -> Expr:
        """σ′ of one entry."""
        raise NotImplementedError

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """σ(a) and σ′(a) as formulas of the entry a."""
        constants = {name: Symbol(LETTERS.get(name, name)) for name in self.given_constants}
        value = Function(self.symbol, (a,))
        at: dict[str, Expr] = {"x": a, "y": value, **constants}
        slope = self.slope_formula(**{letter: at[letter] for letter in super().letters("slope") if letter in at})
        return (
            (value, self.formula(**{letter: at[letter] for letter in super().letters("forward") if letter in at})),
            (Function(primed(self.symbol), (a,)), slope),
        )


LETTERS = {"alpha": "α", "beta": "β", "delta": "δ", "gamma": "γ", "exponent": "p", "threshold": "t"}


def primed(symbol: str | Symbol) -> Symbol:
    """σ′."""
    return Symbol(symbol.base, symbol.sub, primes=1) if isinstance(symbol, Symbol) else Symbol(symbol, primes=1)


OTHERWISE = Text("otherwise")


def cases(*branches: tuple[Expr, Expr]) -> Expr:
    """A choice by cases, the first that holds; made at once where the conditions compare numbers that are known."""
    for value, condition in branches:
        known = _holds(condition)
        if known is None:
            return Cases(branches)
        if known:
            return value
    return branches[-1][0]


def _holds(condition: Expr) -> bool | None:
    if not isinstance(condition, Relation):
        return True
    a, b = _value(condition.left), _value(condition.right)
    if a is None or b is None:
        return None
    return {">": a > b, "≥": a >= b, "<": a < b, "≤": a <= b}[condition.sign]


def _value(expression: Expr) -> Real | None:
    """The number that an expression of numbers is, None where a symbol takes part."""
    match expression:
        case Number():
            return None if expression.value is None else Real.of(expression.value)
        case Negative(inner):
            value = _value(inner)
            return None if value is None else -value
        case Fraction(numerator, denominator):
            return _joined((numerator, denominator), operator.truediv)
        case Sum(terms):
            return _joined(terms, operator.add)
        case Product(factors):
            return _joined(factors, operator.mul)
    return None


def _joined(parts: Sequence[Expr], join: Callable[[Real, Real], Real]) -> Real | None:
    values = [value for part in parts if (value := _value(part)) is not None]
    return reduce(join, values) if len(values) == len(parts) else None


ZERO, ONE = Number("0", 0), Number("1", 1)


def value_of(constant: Constant) -> Real:
    """The number that a setting is, for a check of it."""
    return Real(constant.written.exact()[0])
