"""Rectifiers: activations with one formula above zero and another below."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Function, Relation, Symbol, exp
from handgrad.ops.elementwise import ONE, ZERO, Elementwise, cases, value_of
from handgrad.ops.op import Array, BadSample, Constant, Report, Sample, Shape, mistake, register
from handgrad.ops.textbook import weigh


@register
class Relu(Elementwise, frozen=True, kw_only=True):
    """relu(a) = max(0, a); relu′ is 1 for a > 0, else 0 (also at the kink: relu′(0) = 0).

    Source: Nair, Hinton, ICML (2010).
    """

    name: ClassVar[str] = "relu"
    onnx: ClassVar[str] = "Relu"
    torch: ClassVar[str] = "nn.ReLU"
    convention: ClassVar[str] = "relu′(0) = 0"
    symbol: ClassVar[str | Symbol] = "relu"

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.where(x > 0, x, xp.zeros_like(x))

    @mistake("forward", "negative part kept", "relu(a) = max(0, a): a negative a gives 0")
    def forward_absolute(self, xp: Any, x: Array) -> Array:
        return xp.abs(x)

    @mistake("forward", "relu left out", "relu(a) = max(0, a): a negative a gives 0")
    def forward_unchanged(self, xp: Any, x: Array) -> Array:
        return x

    def slope(self, xp: Any, x: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x))

    @mistake("slope", "relu′(0) = 1", "at the kink relu′(0) is taken as 0 here")
    def slope_at_kink(self, xp: Any, x: Array) -> Array:
        return xp.where(x >= 0, xp.ones_like(x), xp.zeros_like(x))

    @mistake("dx", "mask from the gradient", "the gradient passes where a > 0, whatever its own sign")
    def dx_by_gradient(self, xp: Any, dy: Array) -> Array:
        return xp.where(dy > 0, dy, xp.zeros_like(dy))

    @mistake("dx", "mask the wrong way round", "the gradient passes where a > 0")
    def dx_reversed(self, xp: Any, dy: Array, x: Array) -> Array:
        return xp.where(x > 0, xp.zeros_like(dy), dy)

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
    onnx: ClassVar[str] = "LeakyRelu"
    torch: ClassVar[str] = "nn.LeakyReLU"
    convention: ClassVar[str] = "lrelu′(0) = α"
    symbol: ClassVar[str | Symbol] = "lrelu"
    constants: ClassVar[tuple[str, ...]] = ("alpha",)
    alpha: Constant = Constant("0.01")

    def forward(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, x, alpha * x)

    @mistake("forward", "slope α forgotten", "lrelu(a) = α a where a is negative, not 0")
    def forward_cut(self, xp: Any, x: Array) -> Array:
        return xp.where(x > 0, x, xp.zeros_like(x))

    @mistake("slope", "slope α forgotten", "lrelu′ = α where a is negative, not 0")
    def slope_cut(self, xp: Any, x: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), xp.zeros_like(x))

    def slope(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), alpha * xp.ones_like(x))

    def formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((x, Relation(x, ">", ZERO)), (alpha * x, Relation(x, "≤", ZERO)))

    def slope_formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", ZERO)), (alpha, Relation(x, "≤", ZERO)))


@register
class ThresholdedRelu(Elementwise, frozen=True, kw_only=True):
    """trelu(a) = a for a > α, else 0; its derivative is 1 or 0 (0 also at a = α).

    α is 1 unless given. Source: Konda, Memisevic, Krueger, ICLR (2015).
    """

    name: ClassVar[str] = "thresholded_relu"
    symbol: ClassVar[str | Symbol] = "trelu"
    onnx: ClassVar[str] = "ThresholdedRelu"
    torch: ClassVar[str] = "nn.Threshold"
    convention: ClassVar[str] = "trelu′(α) = 0"
    constants: ClassVar[tuple[str, ...]] = ("alpha",)
    alpha: Constant = Constant(1)

    def forward(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > alpha, x, xp.zeros_like(x))

    def slope(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > alpha, xp.ones_like(x), xp.zeros_like(x))

    def formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((x, Relation(x, ">", alpha)), (ZERO, Relation(x, "≤", alpha)))

    def slope_formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", alpha)), (ZERO, Relation(x, "≤", alpha)))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"alpha": "-1/2"}),
        Sample({"x": (2, 3)}, {"alpha": 2}),
    )


@register
class Elu(Elementwise, frozen=True, kw_only=True):
    """elu(a) = a for a > 0, else α(e^a − 1); elu′ = 1 for a > 0, else α e^a (α also at the kink 0).

    α is 1 unless given. Source: Clevert, Unterthiner, Hochreiter, ICLR (2016).
    """

    name: ClassVar[str] = "elu"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "elu"
    onnx: ClassVar[str] = "Elu"
    torch: ClassVar[str] = "nn.ELU"
    convention: ClassVar[str] = "elu′(0) = α"
    constants: ClassVar[tuple[str, ...]] = ("alpha",)
    alpha: Constant = Constant(1)

    def forward(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))

    def slope(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), alpha * xp.exp(xp.minimum(x, 0)))

    def formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((x, Relation(x, ">", ZERO)), (weigh(alpha, exp(x) - 1), Relation(x, "≤", ZERO)))

    def slope_formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", ZERO)), (weigh(alpha, exp(x)), Relation(x, "≤", ZERO)))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"alpha": "1/3"}),
        Sample({"x": (2, 3)}, {"alpha": "sqrt(2)"}),
    )


@register
class Selu(Elementwise, frozen=True, kw_only=True):
    """selu(a) = γ a for a > 0, else γα(e^a − 1); selu′ = γ for a > 0, else γα e^a (γα also at the kink 0).

    α and γ are unless given those that keep mean 0 and variance 1.
    Source: Klambauer, Unterthiner, Mayr, Hochreiter, NeurIPS (2017).
    """

    name: ClassVar[str] = "selu"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "selu"
    onnx: ClassVar[str] = "Selu"
    torch: ClassVar[str] = "nn.SELU"
    convention: ClassVar[str] = "selu′(0) = γα"
    constants: ClassVar[tuple[str, ...]] = ("alpha", "gamma")
    alpha: Constant = Constant("1.6732632423543772848170429916717")
    gamma: Constant = Constant("1.0507009873554804934193349852946")

    def forward(self, xp: Any, x: Array, alpha: Array, gamma: Array) -> Array:
        return gamma * xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))

    def slope(self, xp: Any, x: Array, alpha: Array, gamma: Array) -> Array:
        return gamma * xp.where(x > 0, xp.ones_like(x), alpha * xp.exp(xp.minimum(x, 0)))

    def formula(self, x: Expr, alpha: Expr, gamma: Expr) -> Expr:
        low = weigh(gamma, weigh(alpha, exp(x) - 1))
        return cases((weigh(gamma, x), Relation(x, ">", ZERO)), (low, Relation(x, "≤", ZERO)))

    def slope_formula(self, x: Expr, alpha: Expr, gamma: Expr) -> Expr:
        return cases((gamma, Relation(x, ">", ZERO)), (weigh(gamma, weigh(alpha, exp(x))), Relation(x, "≤", ZERO)))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"alpha": "5/3"}),
        Sample({"x": (2, 3)}, {"alpha": 1, "gamma": 2}),
    )


@register
class Celu(Elementwise, frozen=True, kw_only=True):
    """celu(a) = a for a > 0, else α(e^(a/α) − 1); celu′ = 1 for a > 0, else e^(a/α) (1 at 0: there is no kink).

    α is 1 unless given, and not 0. Source: Barron (2017).
    """

    name: ClassVar[str] = "celu"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "celu"
    onnx: ClassVar[str] = "Celu"
    torch: ClassVar[str] = "nn.CELU"
    constants: ClassVar[tuple[str, ...]] = ("alpha",)
    alpha: Constant = Constant(1)

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        if value_of(self.alpha) == 0:
            report("alpha", "alpha is divided by, it cannot be 0")
        return x

    def forward(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0) / alpha))

    def slope(self, xp: Any, x: Array, alpha: Array) -> Array:
        return xp.where(x > 0, xp.ones_like(x), xp.exp(xp.minimum(x, 0) / alpha))

    def formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((x, Relation(x, ">", ZERO)), (weigh(alpha, exp(_over(x, alpha)) - 1), Relation(x, "≤", ZERO)))

    def slope_formula(self, x: Expr, alpha: Expr) -> Expr:
        return cases((ONE, Relation(x, ">", ZERO)), (exp(_over(x, alpha)), Relation(x, "≤", ZERO)))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"alpha": "5/3"}),
        Sample({"x": (2, 3)}, {"alpha": 2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"alpha": 0}, (2,), "layer 1 (celu): alpha is divided by, it cannot be 0"),
    )


def _over(x: Expr, alpha: Expr) -> Expr:
    return x if alpha == ONE else Fraction(x, alpha)
