"""Smooth rectifiers: activations that pass large inputs on and hold small ones back, without a kink."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from handgrad.notation.nodes import Expr, Fraction, Function, Negative, Number, Sqrt, Symbol, exp, ln
from handgrad.ops.elementwise import ONE, Elementwise, value_of
from handgrad.ops.op import Array, BadSample, Constant, Report, Sample, Shape, mistake, register
from handgrad.ops.textbook import weigh

_SHAPES = (Sample({"x": (1, 4)}), Sample({"x": (3, 2, 2)}), Sample({"x": (2, 3)}))


def _softplus(xp: Any, x: Array) -> Array:
    # ln(1 + e^x) with the exponent never above zero
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


def _sigmoid(xp: Any, x: Array) -> Array:
    return 1 / (1 + xp.exp(-x))


def _sigmoid_form(x: Expr) -> Expr:
    return 1 / (1 + exp(-x))


@register
class Softplus(Elementwise, frozen=True, kw_only=True):
    """softplus(a) = 1/β ln(1 + e^(βa)); softplus′ = 1/(1 + e^(−βa)).

    β is 1 unless given, and not 0. Source: Dugas, Bengio, Bélisle, Nadeau, Garcia, NeurIPS (2000).
    """

    name: ClassVar[str] = "softplus"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "softplus"
    onnx: ClassVar[str] = "Softplus"
    torch: ClassVar[str] = "nn.Softplus"
    constants: ClassVar[tuple[str, ...]] = ("beta",)
    beta: Constant = Constant(1)

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        if value_of(self.beta) == 0:
            report("beta", "beta is divided by, it cannot be 0")
        return x

    def forward(self, xp: Any, x: Array, beta: Array) -> Array:
        return _softplus(xp, x * beta) / beta

    @mistake("forward", "logarithm to base 10", "ln is the natural logarithm")
    def forward_base_10(self, xp: Any, x: Array, beta: Array) -> Array:
        return self.forward(xp, x, beta) / xp.log(10 * xp.ones_like(beta))

    def slope(self, xp: Any, x: Array, beta: Array) -> Array:
        return _sigmoid(xp, x * beta)

    def formula(self, x: Expr, beta: Expr) -> Expr:
        value = ln(1 + exp(weigh(beta, x)))
        return value if beta == ONE else Fraction(ONE, beta) * value

    def slope_formula(self, x: Expr, beta: Expr) -> Expr:
        return _sigmoid_form(weigh(beta, x))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}),
        Sample({"x": (3, 2, 2)}, {"beta": "1/3"}),
        Sample({"x": (2, 3)}, {"beta": 2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"beta": 0}, (2,), "layer 1 (softplus): beta is divided by, it cannot be 0"),
    )


@register
class LogSigmoid(Elementwise, frozen=True, kw_only=True):
    """logsigmoid(a) = ln(1/(1 + e^−a)); its derivative is 1/(1 + e^a)."""

    name: ClassVar[str] = "log_sigmoid"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "logsigmoid"
    torch: ClassVar[str] = "nn.LogSigmoid"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return -_softplus(xp, -x)

    def slope(self, xp: Any, x: Array) -> Array:
        return _sigmoid(xp, -x)

    def formula(self, x: Expr) -> Expr:
        return ln(_sigmoid_form(x))

    def slope_formula(self, x: Expr) -> Expr:
        return 1 / (1 + exp(x))


@register
class Silu(Elementwise, frozen=True, kw_only=True):
    """silu(a) = a σ(a) = a/(1 + e^−a), also called swish; silu′ = σ(a) (1 + a (1 − σ(a))), σ the logistic function.

    Source: Elfwing, Uchibe, Doya (2017); Ramachandran, Zoph, Le (2017).
    """

    name: ClassVar[str] = "silu"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "silu"
    onnx: ClassVar[str] = "Swish"
    torch: ClassVar[str] = "nn.SiLU"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return x * _sigmoid(xp, x)

    def slope(self, xp: Any, x: Array) -> Array:
        s = _sigmoid(xp, x)
        return s * (1 + x * _sigmoid(xp, -x))

    def formula(self, x: Expr) -> Expr:
        return Fraction(x, 1 + exp(-x))

    def slope_formula(self, x: Expr) -> Expr:
        # σ(1 + a(1 − σ)), with 1 − σ(a) = 1/(1 + e^a)
        return _sigmoid_form(x) * (1 + Fraction(x, 1 + exp(x)))


@register
class Mish(Elementwise, frozen=True, kw_only=True):
    """mish(a) = a tanh(ln(1 + e^a)); mish′ = t + a (1 − t²)/(1 + e^−a) with t = tanh(ln(1 + e^a)).

    Source: Misra, BMVC (2020).
    """

    name: ClassVar[str] = "mish"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "mish"
    onnx: ClassVar[str] = "Mish"
    torch: ClassVar[str] = "nn.Mish"
    samples: ClassVar[tuple[Sample, ...]] = _SHAPES

    def forward(self, xp: Any, x: Array) -> Array:
        return x * xp.tanh(_softplus(xp, x))

    def slope(self, xp: Any, x: Array) -> Array:
        t = xp.tanh(_softplus(xp, x))
        return t + x * _sigmoid(xp, x) * (1 - t * t)

    def formula(self, x: Expr) -> Expr:
        return x * _bent(x)

    def slope_formula(self, x: Expr) -> Expr:
        return _bent(x) + Fraction(x, 1 + exp(-x)) * (1 - _bent(x) ** 2)


def _bent(x: Expr) -> Expr:
    return Function("tanh", (ln(1 + exp(x)),))


@register
class Gelu(Elementwise, frozen=True, kw_only=True):
    """gelu(a) = a/2 (1 + erf(a/√2)); gelu′ = ½ (1 + erf(a/√2)) + a e^(−a²/2)/√(2π).

    ``approximate`` = "tanh": gelu(a) = a/2 (1 + tanh u) with u = √(2/π) (a + 0.044715 a³), and
    gelu′ = ½ (1 + tanh u) + a/2 (1 − tanh² u) √(2/π) (1 + 0.134145 a²). Source: Hendrycks, Gimpel (2016).
    """

    name: ClassVar[str] = "gelu"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "gelu"
    onnx: ClassVar[str] = "Gelu"
    torch: ClassVar[str] = "nn.GELU"
    approximate: Literal["none", "tanh"] = "none"
    samples: ClassVar[tuple[Sample, ...]] = (
        *_SHAPES,
        Sample({"x": (1, 4)}, {"approximate": "tanh"}),
        Sample({"x": (3, 2, 2)}, {"approximate": "tanh"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"approximate": "erf"},
            (2,),
            'layer 1 (gelu): expected "none" or "tanh" for approximate, found "erf"',
        ),
    )

    def forward(self, xp: Any, x: Array) -> Array:
        share = xp.tanh(_inner(xp, x)) if self.approximate == "tanh" else xp.erf(x / _root_of_two(xp, x))
        return x / 2 * (1 + share)

    def slope(self, xp: Any, x: Array) -> Array:
        if self.approximate == "none":
            bell = xp.exp(-x * x / 2) / xp.sqrt(2 * xp.pi_like(x))
            return self.slope_first_term(xp, x) + x * bell
        u = _inner(xp, x)
        # 1 − tanh² u by an exponent below zero: where it vanishes, a² need not be finite
        falling = xp.exp(-2 * xp.abs(u))
        bell = 4 * falling / ((1 + falling) * (1 + falling))
        near = xp.where(falling > 0, x, xp.zeros_like(x))
        steep = xp.sqrt(2 / xp.pi_like(x)) * (1 + 134145 * (near * near) / 1_000_000)
        return (1 + xp.tanh(u)) / 2 + near / 2 * bell * steep

    @mistake("forward", "factor a forgotten", "gelu(a) = a Φ(a): multiply by a itself")
    def forward_share(self, xp: Any, x: Array) -> Array:
        return (1 + (xp.tanh(_inner(xp, x)) if self.approximate == "tanh" else xp.erf(x / _root_of_two(xp, x)))) / 2

    @mistake("slope", "second term forgotten", "gelu′ is a product's derivative: Φ(a) + a φ(a)")
    def slope_first_term(self, xp: Any, x: Array) -> Array:
        return self.forward_share(xp, x)

    def formula(self, x: Expr) -> Expr:
        share = Function("tanh", (_inner_form(x),)) if self.approximate == "tanh" else _erf_form(x)
        return Fraction(x, _TWO) * (1 + share)

    def slope_formula(self, x: Expr) -> Expr:
        if self.approximate == "none":
            bell = exp(Negative(Fraction(x**2, _TWO)))
            return _HALF * (1 + _erf_form(x)) + Fraction(x, Sqrt(2 * _PI)) * bell
        return _tanh_slope(x, _inner_form(x))

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """gelu and its derivative; of the approximation the inner term has a letter of its own."""
        value, slope = super().definitions(a)
        if self.approximate == "none":
            return (value, slope)
        u = Symbol("u")
        return (value, (slope[0], _tanh_slope(a, u)), (u, _inner_form(a)))


_TWO, _HALF, _PI = Number("2", 2), Fraction(ONE, Number("2", 2)), Symbol("π")
_SPREAD = Sqrt(Fraction(_TWO, _PI))


def _root_of_two(xp: Any, x: Array) -> Array:
    return xp.sqrt(2 * xp.ones_like(x))


def _inner(xp: Any, x: Array) -> Array:
    return xp.sqrt(2 / xp.pi_like(x)) * (x + 44715 * (x * x * x) / 1_000_000)


def _erf_form(x: Expr) -> Expr:
    return Function("erf", (Fraction(x, Sqrt(_TWO)),))


def _inner_form(x: Expr) -> Expr:
    return _SPREAD * (x + Number("0.044715") * x**3)


def _tanh_slope(x: Expr, u: Expr) -> Expr:
    share = Function("tanh", (u,))
    steep = _SPREAD * (1 + Number("0.134145") * x**2)
    return _HALF * (1 + share) + Fraction(x, _TWO) * (1 - share**2) * steep
