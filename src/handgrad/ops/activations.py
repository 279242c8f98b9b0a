"""Activations: functions of each entry by itself, and softmax."""

from __future__ import annotations

from typing import Any, ClassVar

from flint import fmpq

from handgrad.arithmetic.value import Real
from handgrad.notation.nodes import (
    Cases,
    Entry,
    Expr,
    Fraction,
    Function,
    Negative,
    Number,
    Relation,
    Symbol,
    exp,
    hadamard,
)
from handgrad.ops.op import Array, BadSample, Constant, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.textbook import elided_sum, sum_over

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
        constants = {name: Symbol(GREEK.get(name, name)) for name in self.constants}
        value = Function(self.symbol, (a,))
        at: dict[str, Expr] = {"x": a, "y": value, **constants}
        slope = self.slope_formula(**{letter: at[letter] for letter in super().letters("slope")})
        return (
            (value, self.formula(**{letter: at[letter] for letter in super().letters("forward")})),
            (Function(primed(self.symbol), (a,)), slope),
        )


GREEK = {"alpha": "α", "beta": "β", "delta": "δ", "gamma": "γ"}


def primed(symbol: str | Symbol) -> Symbol:
    """σ′."""
    return Symbol(symbol.base if isinstance(symbol, Symbol) else symbol, primes=1)


def cases(*branches: tuple[Expr, Relation]) -> Expr:
    """A choice by cases; made at once where a condition compares two numbers that are known."""
    for value, condition in branches:
        known = _holds(condition)
        if known is None:
            return Cases(branches)
        if known:
            return value
    return branches[-1][0]


def _holds(condition: Relation) -> bool | None:
    left, right = _value(condition.left), _value(condition.right)
    if left is None or right is None:
        return None
    a, b = Real.of(left), Real.of(right)
    return {">": a > b, "≥": a >= b, "<": a < b, "≤": a <= b}[condition.sign]


def _value(expression: Expr) -> Any:
    match expression:
        case Number():
            return expression.value
        case Negative(inner):
            value = _value(inner)
            return None if value is None else -value
        case Fraction(Number() as p, Number() as q):
            return fmpq(p.value, q.value)
    return None


ZERO, ONE = Number("0", 0), Number("1", 1)


@register
class Identity(Elementwise, frozen=True, kw_only=True):
    """h = a; the derivative is 1 everywhere."""

    name: ClassVar[str] = "identity"
    symbol: ClassVar[str | Symbol] = "id"

    def forward(self, xp: Any, x: Array) -> Array:
        return x

    def slope(self, xp: Any, x: Array) -> Array:
        return xp.ones_like(x)

    def formula(self, x: Expr) -> Expr:
        return x

    def slope_formula(self, x: Expr) -> Expr:
        return ONE


@register
class Logistic(Elementwise, frozen=True, kw_only=True):
    """σ(a) = 1/(1+e^−a), the sigmoid; σ′ = σ(1−σ).

    Source: Verhulst (1845); Rumelhart, Hinton, Williams (1986).
    """

    name: ClassVar[str] = "logistic"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = Symbol("σ")

    def forward(self, xp: Any, x: Array) -> Array:
        return 1 / (1 + xp.exp(-x))

    def slope(self, xp: Any, y: Array) -> Array:
        return y * (1 - y)

    def formula(self, x: Expr) -> Expr:
        return 1 / (1 + exp(-x))

    def slope_formula(self, y: Expr) -> Expr:
        return _times(y, 1 - y)


@register
class Tanh(Elementwise, frozen=True, kw_only=True):
    """tanh(a) = (e^a − e^−a)/(e^a + e^−a); tanh′ = 1 − tanh²."""

    name: ClassVar[str] = "tanh"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "tanh"

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.tanh(x)

    def slope(self, xp: Any, y: Array) -> Array:
        return 1 - y * y

    def formula(self, x: Expr) -> Expr:
        return Function("tanh", (x,))

    def slope_formula(self, y: Expr) -> Expr:
        return 1 - y**2

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """tanh by exponentials, and its derivative."""
        value = (exp(a) - exp(-a)) / (exp(a) + exp(-a))
        slope = 1 - Function("tanh", (a,)) ** 2
        return (Function("tanh", (a,)), value), (Function(primed("tanh"), (a,)), slope)


@register
class Relu(Elementwise, frozen=True, kw_only=True):
    """relu(a) = max(0, a); relu′ is 1 for a > 0, else 0 (also at the kink: relu′(0) = 0).

    Source: Nair, Hinton, ICML (2010).
    """

    name: ClassVar[str] = "relu"
    symbol: ClassVar[str | Symbol] = "relu"

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.where(x > 0, x, xp.zeros_like(x))

    def slope(self, xp: Any, x: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x))

    def formula(self, x: Expr) -> Expr:
        return Function("max", (ZERO, x))

    def slope_formula(self, x: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", ZERO)), (ZERO, Relation(x, "≤", ZERO)))


@register
class LeakyRelu(Elementwise, frozen=True, kw_only=True):
    """lrelu(a) = a for a > 0, else α a; its derivative is 1 or α (α also at the kink 0).

    Source: Maas, Hannun, Ng, ICML (2013). α is 0.01 unless given.
    """

    name: ClassVar[str] = "leaky_relu"
    symbol: ClassVar[str | Symbol] = "lrelu"
    constants: ClassVar[tuple[str, ...]] = ("alpha",)
    alpha: Constant = Constant("0.01")

    def forward(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, x, alpha * x)

    def slope(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), alpha * xp.ones_like(x))

    def formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((x, Relation(x, ">", ZERO)), (alpha * x, Relation(x, "≤", ZERO)))

    def slope_formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", ZERO)), (alpha, Relation(x, "≤", ZERO)))


@register
class Softmax(Op, frozen=True, kw_only=True):
    """ŷ_i = e^(a_i) / Σ_k e^(a_k) over a vector of at least two nodes.

    ∂L/∂a_i = ŷ_i (∂L/∂ŷ_i − Σ_k ∂L/∂ŷ_k ŷ_k). Source: Bridle (1990).
    """

    name: ClassVar[str] = "softmax"
    rational: ClassVar[bool] = False
    by_entry: ClassVar[bool] = True
    activates: ClassVar[bool] = True

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[m] from x [m], m ≥ 2."""
        if len(x) != 1:
            report("", f"softmax reads a vector, its input has shape {list(x)}: put a flatten before it")
        elif x[0] < 2:
            report("", "a softmax of one node is always 1: use two nodes, or logistic")
        return x

    def forward(self, xp: Any, x: Array) -> Array:
        # the largest entry is taken off first, so that no e^a overflows; the quotient is the same
        e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        return e / xp.sum(e, axis=-1, keepdims=True)

    def forward_form(self, x: Expr) -> Expr:
        return Function("softmax", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        return exp(x.entry(*index)) / elided_sum(x.shape[0], lambda k: exp(x.entry(k)))

    def dx(self, xp: Any, dy: Array, y: Array) -> Array:
        return y * (dy - xp.sum(dy * y, axis=-1, keepdims=True))

    def dx_form(self, dy: Expr, y: Expr) -> Expr:
        inner = sum_over("k", Entry(dy, ("k",)) * Entry(y, ("k",)))
        return hadamard(y, dy - inner)

    def dx_entry(self, index: Shape, dy: Operand, y: Operand) -> Expr:
        inner = elided_sum(y.shape[0], lambda k: dy.entry(k) * y.entry(k))
        return y.entry(*index) * (dy.entry(*index) - inner)

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """softmax of one entry."""
        a = Symbol(a.base, bold=True) if isinstance(a, Symbol) else a
        value = exp(Entry(a, ("i",))) / sum_over("k", exp(Entry(a, ("k",))))
        return ((Entry(Function("softmax", (a,)), ("i",)), value),)

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"x": (1, 3)}), Sample({"x": (3, 4)}))
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({}, (1,), "layer 1 (softmax): a softmax of one node is always 1: use two nodes, or logistic"),
    )


def _times(left: Expr, right: Expr) -> Expr:
    # of arrays the product is taken entry by entry
    plain = isinstance(left, (Number, Fraction, Function, Entry))
    return left * right if plain else hadamard(left, right)
