"""The functions of calculus as layers, entry by entry: powers, exponentials, sines, and the clip."""

from __future__ import annotations

from typing import Any, ClassVar

from flint import fmpq

from handgrad.arithmetic.exact import exact_expression
from handgrad.notation.nodes import (
    Absolute,
    Expr,
    Fraction,
    Function,
    Negative,
    Number,
    Relation,
    Sqrt,
    Symbol,
    exp,
    ln,
)
from handgrad.ops.elementwise import ONE, OTHERWISE, ZERO, Elementwise, cases, value_of
from handgrad.ops.op import Array, BadSample, Constant, Report, Sample, Shape, register

_SHAPES = (Sample({"x": (1, 4)}), Sample({"x": (3, 2, 2)}), Sample({"x": (2, 3)}))
_POSITIVE = (
    Sample({"x": (1, 4)}, ranges={"x": (1, 4)}),
    Sample({"x": (3, 2, 2)}, ranges={"x": (1, 9)}),
    Sample({"x": (2, 3)}, ranges={"x": (2, 3)}),
)
_TWO = Number("2", 2)


@register
class Exp(Elementwise, frozen=True, kw_only=True):
    """exp(a) = e^a; exp′ = exp."""

    name: ClassVar[str] = "exp"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "exp"
    onnx: ClassVar[str] = "Exp"
    torch: ClassVar[str] = "exp"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.exp(x)

    def slope(self, xp: Any, y: Array) -> Array:
        return y

    def formula(self, x: Expr) -> Expr:
        return exp(x)

    def slope_formula(self, y: Expr) -> Expr:
        return y


@register
class Log(Elementwise, frozen=True, kw_only=True):
    """ln a, the natural logarithm of a > 0; ln′ = 1/a."""

    name: ClassVar[str] = "log"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "ln"
    onnx: ClassVar[str] = "Log"
    torch: ClassVar[str] = "log"
    samples: ClassVar[tuple[Sample, ...]] = _POSITIVE

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.log(x)

    def slope(self, xp: Any, x: Array) -> Array:
        return 1 / x

    def formula(self, x: Expr) -> Expr:
        return ln(x)

    def slope_formula(self, x: Expr) -> Expr:
        return 1 / x


@register
class SquareRoot(Elementwise, frozen=True, kw_only=True):
    """sqrt(a) = √a for a ≥ 0; its derivative is 1/(2√a) (none at a = 0)."""

    name: ClassVar[str] = "square_root"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "sqrt"
    onnx: ClassVar[str] = "Sqrt"
    torch: ClassVar[str] = "sqrt"
    convention: ClassVar[str] = "there is no derivative at 0"
    samples: ClassVar[tuple[Sample, ...]] = _POSITIVE

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.sqrt(x)

    def slope(self, xp: Any, y: Array) -> Array:
        return 1 / (2 * y)

    def formula(self, x: Expr) -> Expr:
        return Sqrt(x)

    def slope_formula(self, y: Expr) -> Expr:
        return 1 / (2 * y)


@register
class Abs(Elementwise, frozen=True, kw_only=True):
    """abs(a) = |a|; its derivative is 1 for a > 0, −1 for a < 0 and 0 at the kink."""

    name: ClassVar[str] = "abs"
    symbol: ClassVar[str | Symbol] = "abs"
    onnx: ClassVar[str] = "Abs"
    torch: ClassVar[str] = "abs"
    convention: ClassVar[str] = "abs′(0) = 0"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.abs(x)

    def slope(self, xp: Any, x: Array) -> Array:
        one, zero = xp.ones_like(x), xp.zeros_like(x)
        return xp.where(x > 0, one, xp.where(x < 0, -one, zero))

    def formula(self, x: Expr) -> Expr:
        return Absolute(x)

    def slope_formula(self, x: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", ZERO)), (Negative(ONE), Relation(x, "<", ZERO)), (ZERO, OTHERWISE))


@register
class Power(Elementwise, frozen=True, kw_only=True):
    """pow(a) = a^p; its derivative is p a^(p−1).

    ``exponent`` p is a number: for an integer a may be any number (but 0 where the power is negative), for
    any other a > 0.
    """

    name: ClassVar[str] = "power"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "pow"
    onnx: ClassVar[str] = "Pow"
    torch: ClassVar[str] = "pow"
    convention: ClassVar[str] = "a^0 = 1 with derivative 0, also at 0"
    constants: ClassVar[tuple[str, ...]] = ("exponent",)
    exponent: Constant

    def forward(self, xp: Any, x: Array, exponent: Array) -> Array:
        return xp.power(x, exponent)

    def slope(self, xp: Any, x: Array, exponent: Array) -> Array:
        if value_of(self.exponent) == 0:
            return xp.zeros_like(x)
        return exponent * xp.power(x, exponent - 1)

    def formula(self, x: Expr, exponent: Expr) -> Expr:
        return x**exponent

    def slope_formula(self, x: Expr, exponent: Expr) -> Expr:
        if value_of(self.exponent) == 0:
            return ZERO
        if value_of(self.exponent) == 1:
            return ONE
        return exponent * self._power(x, exponent)

    def _power(self, x: Expr, exponent: Expr) -> Expr:
        """x^(p−1), the exponent as a number where p is known and rational."""
        value = value_of(self.exponent).value
        if isinstance(exponent, Symbol) or not isinstance(value, fmpq):
            return x ** (exponent - 1)
        less = exact_expression(value - 1, decimals=isinstance(exponent, Number))
        return x if less == ONE else x ** (exponent - 1 if less is None else less)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}, {"exponent": 3}),
        Sample({"x": (3, 2, 2)}, {"exponent": -2}, ranges={"x": (-5, -1)}),
        Sample({"x": (2, 3)}, {"exponent": "1/2"}, ranges={"x": (1, 4)}),
        Sample({"x": (2, 3)}, {"exponent": "-4/3"}, ranges={"x": (1, 4)}),
        Sample({"x": (1, 2)}, {"exponent": "sqrt(2)"}, ranges={"x": (1, 4)}),
        Sample({"x": (1, 3)}, {"exponent": 1}),
        Sample({"x": (1, 3)}, {"exponent": "2"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({}, (2,), 'layer 1 (power): the key "exponent" is missing'),
    )


@register
class Reciprocal(Elementwise, frozen=True, kw_only=True):
    """recip(a) = 1/a for a ≠ 0; its derivative is −1/a²."""

    name: ClassVar[str] = "reciprocal"
    symbol: ClassVar[str | Symbol] = "recip"
    onnx: ClassVar[str] = "Reciprocal"
    torch: ClassVar[str] = "reciprocal"
    samples: ClassVar[tuple[Sample, ...]] = (*_POSITIVE, Sample({"x": (2, 2)}, ranges={"x": (-4, -1)}))

    def forward(self, xp: Any, x: Array) -> Array:
        return 1 / x

    def slope(self, xp: Any, x: Array) -> Array:
        # squared after the division, so that nothing overflows
        y = 1 / x
        return -(y * y)

    def formula(self, x: Expr) -> Expr:
        return 1 / x

    def slope_formula(self, x: Expr) -> Expr:
        return Negative(1 / x**2)


@register
class Negation(Elementwise, frozen=True, kw_only=True):
    """neg(a) = −a; its derivative is −1 everywhere."""

    name: ClassVar[str] = "negative"
    symbol: ClassVar[str | Symbol] = "neg"
    onnx: ClassVar[str] = "Neg"
    torch: ClassVar[str] = "neg"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return -x

    def slope(self, xp: Any, x: Array) -> Array:
        return -xp.ones_like(x)

    def formula(self, x: Expr) -> Expr:
        return -x

    def slope_formula(self, x: Expr) -> Expr:
        return Negative(ONE)


@register
class Square(Elementwise, frozen=True, kw_only=True):
    """sq(a) = a²; its derivative is 2a."""

    name: ClassVar[str] = "square"
    symbol: ClassVar[str | Symbol] = "sq"
    torch: ClassVar[str] = "square"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return x * x

    def slope(self, xp: Any, x: Array) -> Array:
        return 2 * x

    def formula(self, x: Expr) -> Expr:
        return x**2

    def slope_formula(self, x: Expr) -> Expr:
        return 2 * x


@register
class Sine(Elementwise, frozen=True, kw_only=True):
    """sin a, the angle in radians; sin′ = cos."""

    name: ClassVar[str] = "sin"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "sin"
    onnx: ClassVar[str] = "Sin"
    torch: ClassVar[str] = "sin"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.sin(x)

    def slope(self, xp: Any, x: Array) -> Array:
        return xp.cos(x)

    def formula(self, x: Expr) -> Expr:
        return Function("sin", (x,))

    def slope_formula(self, x: Expr) -> Expr:
        return Function("cos", (x,))


@register
class Cosine(Elementwise, frozen=True, kw_only=True):
    """cos a, the angle in radians; cos′ = −sin."""

    name: ClassVar[str] = "cos"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "cos"
    onnx: ClassVar[str] = "Cos"
    torch: ClassVar[str] = "cos"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.cos(x)

    def slope(self, xp: Any, x: Array) -> Array:
        return -xp.sin(x)

    def formula(self, x: Expr) -> Expr:
        return Function("cos", (x,))

    def slope_formula(self, x: Expr) -> Expr:
        return Negative(Function("sin", (x,)))


@register
class Erf(Elementwise, frozen=True, kw_only=True):
    """erf(a), the error function 2/√π ∫₀^a e^(−t²) dt; erf′ = 2/√π e^(−a²).

    Source: Glaisher (1871).
    """

    name: ClassVar[str] = "erf"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "erf"
    onnx: ClassVar[str] = "Erf"
    torch: ClassVar[str] = "erf"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.erf(x)

    def slope(self, xp: Any, x: Array) -> Array:
        return 2 / xp.sqrt(xp.pi_like(x)) * xp.exp(-x * x)

    def formula(self, x: Expr) -> Expr:
        return Function("erf", (x,))

    def slope_formula(self, x: Expr) -> Expr:
        return Fraction(_TWO, Sqrt(Symbol("π"))) * exp(Negative(x**2))


@register
class Clip(Elementwise, frozen=True, kw_only=True):
    """clip(a) = a between low and high, else the bound; its derivative is 1 for low ≤ a ≤ high, else 0.

    Either bound may be absent.
    """

    name: ClassVar[str] = "clip"
    symbol: ClassVar[str | Symbol] = "clip"
    onnx: ClassVar[str] = "Clip"
    torch: ClassVar[str] = "clamp"
    convention: ClassVar[str] = "the derivative is 1 at both bounds"
    constants: ClassVar[tuple[str, ...]] = ("low", "high")
    low: Constant | None = None
    high: Constant | None = None

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        if self.low and self.high and value_of(self.low) > value_of(self.high):
            report("low", "expected low to be at most high")
        return x

    def forward(self, xp: Any, x: Array, low: Array | None = None, high: Array | None = None) -> Array:
        x = x if low is None else xp.where(x < low, low, x)
        return x if high is None else xp.where(x > high, high, x)

    def slope(self, xp: Any, x: Array, low: Array | None = None, high: Array | None = None) -> Array:
        passed, zero = xp.ones_like(x), xp.zeros_like(x)
        passed = passed if low is None else xp.where(x < low, zero, passed)
        return passed if high is None else xp.where(x > high, zero, passed)

    def formula(self, x: Expr, low: Expr | None = None, high: Expr | None = None) -> Expr:
        return _beyond(x, (low, low), (high, high), x)

    def slope_formula(self, x: Expr, low: Expr | None = None, high: Expr | None = None) -> Expr:
        return _beyond(x, (low, ZERO), (high, ZERO), ONE)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 8)}, {"low": -3, "high": "7/2"}),
        Sample({"x": (3, 2, 2)}, {"low": 0}),
        Sample({"x": (2, 3)}, {"high": -1}),
        Sample({"x": (2, 3)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"low": 2, "high": 1}, (2,), "layer 1 (clip): expected low to be at most high"),
    )


def _beyond(x: Expr, low: tuple[Expr | None, Expr | None], high: tuple[Expr | None, Expr | None], inside: Expr) -> Expr:
    branches: list[tuple[Expr, Expr]] = []
    for sign, (bound, value) in (("<", low), (">", high)):
        if bound is not None and value is not None:
            branches.append((value, Relation(x, sign, bound)))
    return cases(*branches, (inside, OTHERWISE)) if branches else inside
