"""The sigmoids: activations that level off on both sides, and the identity."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Absolute, Entry, Expr, Fraction, Function, Number, Symbol, exp, hadamard
from handgrad.ops.elementwise import ONE, Elementwise, primed
from handgrad.ops.op import Array, mistake, register


@register
class Identity(Elementwise, frozen=True, kw_only=True):
    """h = a; the derivative is 1 everywhere."""

    name: ClassVar[str] = "identity"
    onnx: ClassVar[str] = "Identity"
    torch: ClassVar[str] = "nn.Identity"
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
    onnx: ClassVar[str] = "Sigmoid"
    torch: ClassVar[str] = "nn.Sigmoid"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = Symbol("σ")

    def forward(self, xp: Any, x: Array) -> Array:
        return 1 / (1 + xp.exp(-x))

    @mistake("forward", "sign in the exponent", "σ(a) = 1/(1 + e^−a), with a minus in the exponent")
    def forward_reversed(self, xp: Any, x: Array) -> Array:
        return 1 / (1 + xp.exp(x))

    @mistake("forward", "tanh in place of σ", "σ(a) = 1/(1 + e^−a)")
    def forward_tanh(self, xp: Any, x: Array) -> Array:
        return xp.tanh(x)

    def slope(self, xp: Any, y: Array) -> Array:
        return y * (1 - y)

    @mistake("slope", "a (1 − a) in place of h (1 − h)", "σ′ = h (1 − h) with h = σ(a), the output")
    def slope_of_input(self, xp: Any, x: Array) -> Array:
        return x * (1 - x)

    @mistake("slope", "1 − σ in place of σ (1 − σ)", "σ′ = σ (1 − σ) has both factors")
    def slope_half(self, xp: Any, y: Array) -> Array:
        return 1 - y

    def formula(self, x: Expr) -> Expr:
        return 1 / (1 + exp(-x))

    def slope_formula(self, y: Expr) -> Expr:
        return _times(y, 1 - y)


@register
class Tanh(Elementwise, frozen=True, kw_only=True):
    """tanh(a) = (e^a − e^−a)/(e^a + e^−a); tanh′ = 1 − tanh²."""

    name: ClassVar[str] = "tanh"
    onnx: ClassVar[str] = "Tanh"
    torch: ClassVar[str] = "nn.Tanh"
    rational: ClassVar[bool] = False
    symbol: ClassVar[str | Symbol] = "tanh"

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.tanh(x)

    def slope(self, xp: Any, y: Array) -> Array:
        return 1 - y * y

    @mistake("forward", "σ in place of tanh", "tanh(a) = (e^a − e^−a)/(e^a + e^−a)")
    def forward_logistic(self, xp: Any, x: Array) -> Array:
        return 1 / (1 + xp.exp(-x))

    @mistake("slope", "square forgotten", "tanh′ = 1 − tanh², with the square")
    def slope_unsquared(self, xp: Any, y: Array) -> Array:
        return 1 - y

    @mistake("slope", "1 − a² in place of 1 − h²", "tanh′ = 1 − h² with h = tanh(a), the output")
    def slope_of_input(self, xp: Any, x: Array) -> Array:
        return 1 - x * x

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
class Softsign(Elementwise, frozen=True, kw_only=True):
    """softsign(a) = a/(1+|a|); softsign′ = 1/(1+|a|)².

    Source: Bergstra, Desjardins, Lamblin, Bengio (2009).
    """

    name: ClassVar[str] = "softsign"
    symbol: ClassVar[str | Symbol] = "softsign"
    onnx: ClassVar[str] = "Softsign"
    torch: ClassVar[str] = "nn.Softsign"

    def forward(self, xp: Any, x: Array) -> Array:
        return x / (1 + xp.abs(x))

    def slope(self, xp: Any, x: Array) -> Array:
        # squared after the division, so that nothing overflows
        share = 1 / (1 + xp.abs(x))
        return share * share

    def formula(self, x: Expr) -> Expr:
        return x / (1 + Absolute(x))

    def slope_formula(self, x: Expr) -> Expr:
        return 1 / (1 + Absolute(x)) ** 2


def _times(left: Expr, right: Expr) -> Expr:
    # of arrays the product is taken entry by entry
    plain = isinstance(left, (Number, Fraction, Function, Entry))
    return left * right if plain else hadamard(left, right)
