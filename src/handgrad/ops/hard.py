"""Activations of straight pieces: clipped lines and shrinkage."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Negative, Number, Relation, Symbol
from handgrad.ops.elementwise import ONE, OTHERWISE, ZERO, Elementwise, cases, value_of
from handgrad.ops.op import Array, BadSample, Constant, Report, Sample, Shape, register
from handgrad.ops.textbook import weigh


def _between(xp: Any, x: Array, low: Any, high: Any) -> Array:
    """x where it lies between the bounds, else the bound."""
    return xp.where(x <= low, low, xp.where(x >= high, high, x))


def _strictly_between(xp: Any, x: Array, low: Any, high: Any, inside: Array) -> Array:
    """``inside`` where x lies between the bounds, 0 at them and beyond."""
    return xp.where(x <= low, xp.zeros_like(x), xp.where(x >= high, xp.zeros_like(x), inside))


def _clipped(x: Expr, low: Expr, high: Expr, inside: Expr) -> Expr:
    return cases((low, Relation(x, "≤", low)), (high, Relation(x, "≥", high)), (inside, OTHERWISE))


def _flat_beyond(x: Expr, low: Expr, high: Expr, inside: Expr) -> Expr:
    return cases((ZERO, Relation(x, "≤", low)), (ZERO, Relation(x, "≥", high)), (inside, OTHERWISE))


_SIX, _THREE = Number("6", 6), Number("3", 3)


@register
class Relu6(Elementwise, frozen=True, kw_only=True):
    """relu₆(a) = a between 0 and 6, 0 below, 6 above; its derivative is 1 for 0 < a < 6, else 0.

    Source: Krizhevsky (2010).
    """

    name: ClassVar[str] = "relu6"
    symbol: ClassVar[str | Symbol] = Symbol("relu", "6")
    torch: ClassVar[str] = "nn.ReLU6"
    convention: ClassVar[str] = "the derivative is 0 at both bounds"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, ranges={"x": (-3, 9)}),
        Sample({"x": (2, 3)}, ranges={"x": (5, 7)}),
    )

    def forward(self, xp: Any, x: Array) -> Array:
        return _between(xp, x, xp.zeros_like(x), 6 * xp.ones_like(x))

    def slope(self, xp: Any, x: Array) -> Array:
        return _strictly_between(xp, x, 0, 6, xp.ones_like(x))

    def formula(self, x: Expr) -> Expr:
        return _clipped(x, ZERO, _SIX, x)

    def slope_formula(self, x: Expr) -> Expr:
        return _flat_beyond(x, ZERO, _SIX, ONE)


@register
class HardTanh(Elementwise, frozen=True, kw_only=True):
    """hardtanh(a) = a between low and high, else the bound; its derivative is 1 for low < a < high, else 0.

    low is −1 and high 1 unless given. Source: Collobert (2004).
    """

    name: ClassVar[str] = "hard_tanh"
    symbol: ClassVar[str | Symbol] = "hardtanh"
    torch: ClassVar[str] = "nn.Hardtanh"
    convention: ClassVar[str] = "the derivative is 0 at both bounds"
    constants: ClassVar[tuple[str, ...]] = ("low", "high")
    low: Constant = Constant(-1)
    high: Constant = Constant(1)

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        if value_of(self.low) > value_of(self.high):
            report("low", "expected low to be at most high")
        return x

    def forward(self, xp: Any, x: Array, low: Array, high: Array) -> Array:
        return _between(xp, x, low, high)

    def slope(self, xp: Any, x: Array, low: Array, high: Array) -> Array:
        return _strictly_between(xp, x, low, high, xp.ones_like(x))

    def formula(self, x: Expr, low: Expr, high: Expr) -> Expr:
        return _clipped(x, low, high, x)

    def slope_formula(self, x: Expr, low: Expr, high: Expr) -> Expr:
        return _flat_beyond(x, low, high, ONE)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 8)}),
        Sample({"x": (3, 2, 2)}, {"low": "-1/2", "high": 3}),
        Sample({"x": (2, 3)}, {"low": -3, "high": -1}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"low": 2, "high": 1}, (2,), "layer 1 (hard_tanh): expected low to be at most high"),
    )


@register
class HardSigmoid(Elementwise, frozen=True, kw_only=True):
    """hardsigmoid(a) = αa + β between 0 and 1, else the bound; its derivative is α for 0 < αa + β < 1, else 0.

    α is 1/6 and β 1/2 unless given. Source: Courbariaux, Bengio, David, NeurIPS (2015).
    """

    name: ClassVar[str] = "hard_sigmoid"
    symbol: ClassVar[str | Symbol] = "hardsigmoid"
    onnx: ClassVar[str] = "HardSigmoid"
    torch: ClassVar[str] = "nn.Hardsigmoid"
    convention: ClassVar[str] = "the derivative is 0 at both bounds"
    constants: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    alpha: Constant = Constant("1/6")
    beta: Constant = Constant("1/2")

    def forward(self, xp: Any, x: Array, alpha: Array, beta: Array) -> Array:
        return _between(xp, alpha * x + beta, xp.zeros_like(x), xp.ones_like(x))

    def slope(self, xp: Any, x: Array, alpha: Array, beta: Array) -> Array:
        return _strictly_between(xp, alpha * x + beta, 0, 1, alpha)

    def formula(self, x: Expr, alpha: Expr, beta: Expr) -> Expr:
        line = weigh(alpha, x) + beta
        return _clipped(line, ZERO, ONE, line)

    def slope_formula(self, x: Expr, alpha: Expr, beta: Expr) -> Expr:
        return _flat_beyond(weigh(alpha, x) + beta, ZERO, ONE, alpha)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"alpha": "0.2"}),
        Sample({"x": (2, 3)}, {"alpha": 1, "beta": "-1/3"}),
    )


@register
class HardSwish(Elementwise, frozen=True, kw_only=True):
    """hardswish(a) = a (a + 3)/6 for −3 < a < 3, 0 below, a above; its derivative is a/3 + ½, 0 or 1.

    Source: Howard and others, ICCV (2019).
    """

    name: ClassVar[str] = "hard_swish"
    symbol: ClassVar[str | Symbol] = "hardswish"
    onnx: ClassVar[str] = "HardSwish"
    torch: ClassVar[str] = "nn.Hardswish"
    convention: ClassVar[str] = "the derivative is 0 at −3 and 1 at 3"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, ranges={"x": (-9, 9)}),
        Sample({"x": (2, 3)}, ranges={"x": (-3, 3)}),
    )

    def forward(self, xp: Any, x: Array) -> Array:
        # the larger factor stays within bounds, so that nothing overflows
        return x * _between(xp, x / 6 + xp.ones_like(x) / 2, xp.zeros_like(x), xp.ones_like(x))

    def slope(self, xp: Any, x: Array) -> Array:
        line = x / 3 + xp.ones_like(x) / 2
        return xp.where(x <= -3, xp.zeros_like(x), xp.where(x >= 3, xp.ones_like(x), line))

    def formula(self, x: Expr) -> Expr:
        inside = Fraction(x * (x + 3), _SIX)
        return cases((ZERO, Relation(x, "≤", Negative(_THREE))), (x, Relation(x, "≥", _THREE)), (inside, OTHERWISE))

    def slope_formula(self, x: Expr) -> Expr:
        inside = Fraction(x, _THREE) + Fraction(ONE, Number("2", 2))
        return cases((ZERO, Relation(x, "≤", Negative(_THREE))), (ONE, Relation(x, "≥", _THREE)), (inside, OTHERWISE))


class _Shrinkage(Elementwise, frozen=True, kw_only=True):
    """Both shrinkages have a threshold, from which on they pass something on."""

    onnx: ClassVar[str] = "Shrink"
    constants: ClassVar[tuple[str, ...]] = ("threshold",)
    threshold: Constant = Constant("1/2")

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        if value_of(self.threshold) < 0:
            report("threshold", "expected a threshold that is not negative")
        return x

    def slope(self, xp: Any, x: Array, threshold: Array) -> Array:
        return xp.where(xp.abs(x) > threshold, xp.ones_like(x), xp.zeros_like(x))

    def slope_formula(self, x: Expr, threshold: Expr) -> Expr:
        return cases(
            (ONE, Relation(x, ">", threshold)),
            (ONE, Relation(x, "<", _minus(threshold))),
            (ZERO, OTHERWISE),
        )

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"threshold": 2}),
        Sample({"x": (2, 3)}, {"threshold": 0}),
    )


def _minus(threshold: Expr) -> Expr:
    return ZERO if threshold == ZERO else Negative(threshold)


@register
class HardShrink(_Shrinkage, frozen=True, kw_only=True):
    """hardshrink(a) = a for |a| > threshold, else 0; its derivative is 1 or 0 (0 at the threshold).

    The threshold is ½ unless given.
    """

    name: ClassVar[str] = "hard_shrink"
    symbol: ClassVar[str | Symbol] = "hardshrink"
    torch: ClassVar[str] = "nn.Hardshrink"
    convention: ClassVar[str] = "the derivative is 0 at the threshold"

    def forward(self, xp: Any, x: Array, threshold: Array) -> Array:
        return xp.where(xp.abs(x) > threshold, x, xp.zeros_like(x))

    def formula(self, x: Expr, threshold: Expr) -> Expr:
        return cases(
            (x, Relation(x, ">", threshold)),
            (x, Relation(x, "<", _minus(threshold))),
            (ZERO, OTHERWISE),
        )

    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"threshold": -1}, (2,), "layer 1 (hard_shrink): expected a threshold that is not negative"),
    )


@register
class SoftShrink(_Shrinkage, frozen=True, kw_only=True):
    """softshrink(a) = a − t for a > t, a + t for a < −t, else 0, t the threshold; its derivative is 1, 1 or 0.

    The threshold is ½ unless given. Source: Donoho (1995).
    """

    name: ClassVar[str] = "soft_shrink"
    symbol: ClassVar[str | Symbol] = "softshrink"
    torch: ClassVar[str] = "nn.Softshrink"
    convention: ClassVar[str] = "the derivative is 0 at the threshold"

    def forward(self, xp: Any, x: Array, threshold: Array) -> Array:
        above = xp.where(x > threshold, x - threshold, xp.zeros_like(x))
        return xp.where(x < -threshold, x + threshold, above)

    def formula(self, x: Expr, threshold: Expr) -> Expr:
        return cases(
            (x - threshold, Relation(x, ">", threshold)),
            (x + threshold, Relation(x, "<", _minus(threshold))),
            (ZERO, OTHERWISE),
        )

    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"threshold": -1}, (2,), "layer 1 (soft_shrink): expected a threshold that is not negative"),
    )
