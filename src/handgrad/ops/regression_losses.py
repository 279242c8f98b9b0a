"""Losses of a difference or a product of ŷ and y."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from flint import fmpq

from handgrad.notation.nodes import Expr, Fraction, Number, Symbol
from handgrad.ops.losses import Loss, component, number, over_outputs, places_of, twice, weight_of
from handgrad.ops.op import LOSSES, Array, Constant, Operand, Sample, Shape, mistake
from handgrad.ops.textbook import elided_sum, one_over, sum_over, weigh


class SquaredError(Loss, frozen=True, kw_only=True):
    """L = c Σ_k (ŷ_k − y_k)² with the factor c = ½ unless given; ∂L/∂ŷ = 2c (ŷ − y).

    Shapes: ŷ, y any, the same. Source: Legendre (1805).
    """

    name: ClassVar[str] = "squared_error"
    constants: ClassVar[tuple[str, ...]] = ("factor",)
    factor: Constant = Constant("1/2")

    def forward(self, xp: Any, yhat: Array, y: Array, factor: Array) -> Array:
        return factor * over_outputs(xp, (yhat - y) ** 2)

    def forward_form(self, yhat: Expr, y: Expr, factor: Expr) -> Expr:
        return weigh(factor, sum_over("k", (component(yhat) - component(y)) ** 2))

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand, factor: Operand) -> Expr:
        del index
        return weigh(factor.entry(), _squares(yhat, y))

    @mistake("forward", "factor forgotten", "the loss has a factor before the sum of squares")
    def forward_without_factor(self, xp: Any, yhat: Array, y: Array) -> Array:
        return over_outputs(xp, (yhat - y) ** 2)

    @mistake("forward", "square forgotten", "the differences are squared")
    def forward_unsquared(self, xp: Any, yhat: Array, y: Array, factor: Array) -> Array:
        return factor * over_outputs(xp, xp.abs(yhat - y))

    @mistake("dyhat", "ŷ − y the wrong way round", "∂L/∂ŷ has ŷ − y, not y − ŷ")
    def dyhat_reversed(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return weight_of(xp, dL, yhat) * (2 * factor * (y - yhat))

    @mistake("dyhat", "loss in place of its derivative", "the square goes: ∂/∂ŷ of (ŷ − y)² is 2 (ŷ − y)")
    def dyhat_of_square(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return weight_of(xp, dL, yhat) * (factor * (yhat - y) ** 2)

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return weight_of(xp, dL, yhat) * (2 * factor * (yhat - y))

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr, factor: Expr) -> Expr:
        return weigh(dL, weigh(twice(self.factor, factor), yhat - y))

    def dyhat_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand, factor: Operand) -> Expr:
        difference = yhat.entry(*index) - y.entry(*index)
        return weigh(dL.entry(), weigh(twice(self.factor, factor.entry()), difference))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3,), "y": (3,)}, {"factor": "1/3"}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"factor": 1}),
    )


def _squares(yhat: Operand, y: Operand) -> Expr:
    places = places_of(yhat)
    return elided_sum(len(places), lambda k: (yhat.entry(*places[k]) - y.entry(*places[k])) ** 2)


class MeanSquaredError(Loss, frozen=True, kw_only=True):
    """L = 1/m Σ_k (ŷ_k − y_k)², the mean over the m outputs; ∂L/∂ŷ = 2/m (ŷ − y).

    Shapes: ŷ, y any, the same. Source: Gauss (1809).
    """

    name: ClassVar[str] = "mean_squared_error"
    torch: ClassVar[str] = "nn.MSELoss"

    def forward(self, xp: Any, yhat: Array, y: Array) -> Array:
        return over_outputs(xp, (yhat - y) ** 2) / prod(yhat.shape[1:])

    def forward_form(self, yhat: Expr, y: Expr) -> Expr:
        return Fraction(Number("1", 1), Symbol("m")) * sum_over("k", (component(yhat) - component(y)) ** 2)

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand) -> Expr:
        del index
        m = prod(yhat.shape)
        return _squares(yhat, y) if m == 1 else one_over(m) * _squares(yhat, y)

    @mistake("forward", "sum in place of the mean", "divide by the number of outputs")
    def forward_summed(self, xp: Any, yhat: Array, y: Array) -> Array:
        return over_outputs(xp, (yhat - y) ** 2)

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return weight_of(xp, dL, yhat) * (2 * (yhat - y) / prod(yhat.shape[1:]))

    @mistake("dyhat", "ŷ − y the wrong way round", "∂L/∂ŷ has ŷ − y, not y − ŷ")
    def dyhat_reversed(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return weight_of(xp, dL, yhat) * (2 * (y - yhat) / prod(yhat.shape[1:]))

    @mistake("dyhat", "1/m forgotten", "the mean's 1/m stays in its derivative")
    def dyhat_undivided(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return weight_of(xp, dL, yhat) * 2 * (yhat - y)

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr) -> Expr:
        return weigh(dL, Fraction(Number("2", 2), Symbol("m")) * (yhat - y))

    def dyhat_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand) -> Expr:
        share = number(fmpq(2, prod(yhat.shape)))
        return weigh(dL.entry(), weigh(share, yhat.entry(*index) - y.entry(*index)))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}),
    )


class InnerProduct(Loss, frozen=True, kw_only=True):
    """L = Σ_k y_k ŷ_k, so that ∂L/∂ŷ = y: a gradient given from above stands in y.

    Shapes: ŷ, y any, the same.
    """

    name: ClassVar[str] = "inner_product"

    def forward(self, xp: Any, yhat: Array, y: Array) -> Array:
        return over_outputs(xp, y * yhat)

    def forward_form(self, yhat: Expr, y: Expr) -> Expr:
        return sum_over("k", component(y) * component(yhat))

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand) -> Expr:
        del index
        places = places_of(yhat)
        return elided_sum(len(places), lambda k: y.entry(*places[k]) * yhat.entry(*places[k]))

    def dyhat(self, xp: Any, dL: Array, y: Array) -> Array:
        return weight_of(xp, dL, y) * y

    def dyhat_form(self, dL: Expr, y: Expr) -> Expr:
        return weigh(dL, y)

    def dyhat_entry(self, index: Shape, dL: Operand, y: Operand) -> Expr:
        return weigh(dL.entry(), y.entry(*index))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (2, 3), "y": (2, 3)}, {"reduction": "sum"}),
        Sample({"yhat": (1, 2, 2), "y": (1, 2, 2)}),
    )


LOSSES |= {loss.name: loss for loss in (SquaredError, MeanSquaredError, InnerProduct)}
