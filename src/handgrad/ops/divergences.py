"""Losses that measure how far two distributions, rates or directions are apart."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Absolute, Expr, Fraction, Number, Sqrt, exp, ln, product, transpose
from handgrad.ops.elementwise_losses import ElementLoss, Values
from handgrad.ops.losses import Loss, over_outputs, places_of, weight_of
from handgrad.ops.op import LOSSES, Array, BadSample, Operand, Report, Sample, Shape
from handgrad.ops.textbook import elided_sum, weigh

_ZERO = Number("0", 0)


class KlDivergence(ElementLoss, frozen=True, kw_only=True):
    """L = c Σ_k y_k ln(y_k/ŷ_k), KL(y‖ŷ); ∂L/∂ŷ = −c y/ŷ, entry by entry.

    ``log_input``: ŷ are log-probabilities, L = c Σ_k y_k (ln y_k − ŷ_k) and ∂L/∂ŷ = −c y.
    Shapes: ŷ, y any, the same. Convention: 0 · ln 0 = 0. Source: Kullback, Leibler (1951).
    """

    name: ClassVar[str] = "kl_divergence"
    rational: ClassVar[bool] = False
    convention: ClassVar[str] = "0 · ln 0 = 0"
    torch: ClassVar[str] = "nn.KLDivLoss"
    log_input: bool = False

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """No entry is negative."""
        if any(entry < 0 for entry in target):
            report("y", "a target of kl_divergence has no negative entries")

    def term(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        one = xp.ones_like(yhat)
        own = xp.log(xp.where(y == 0, one, y))
        other = xp.where(y == 0, 0 * one, yhat) if self.log_input else xp.log(xp.where(y == 0, one, yhat))
        return y * (own - other)

    def slope(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        return -y if self.log_input else -y / xp.where(y == 0, xp.ones_like(yhat), yhat)

    def term_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        if values is not None and values[1] == 0:
            return _ZERO
        return t * (ln(t) - p) if self.log_input else t * ln(Fraction(t, p))

    def slope_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        if values is not None and values[1] == 0:
            return _ZERO
        return -t if self.log_input else -Fraction(t, p)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}, ranges={"yhat": (0, 1), "y": (0, 1)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"log_input": True, "factor": "1/2"}, ranges={"y": (0, 1)}),
        Sample({"yhat": (2, 2), "y": (2, 2)}, {"over_outputs": "mean"}, ranges={"yhat": (0, 1), "y": (0, 1)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [-1, 2]}, (2,), "a target of kl_divergence has no negative entries"),
    )


class PoissonNll(ElementLoss, frozen=True, kw_only=True):
    """L = c Σ_k (e^ŷ_k − y_k ŷ_k) where ŷ is the logarithm of a rate; ∂L/∂ŷ = c (e^ŷ − y).

    ``log_input = false``: ŷ is the rate, L = c Σ_k (ŷ_k − y_k ln ŷ_k) and ∂L/∂ŷ = c (1 − y/ŷ).
    ln y!, which has no gradient, is left out. Shapes: ŷ, y any, the same.
    """

    name: ClassVar[str] = "poisson_nll"
    rational: ClassVar[bool] = False
    torch: ClassVar[str] = "nn.PoissonNLLLoss"
    log_input: bool = True

    def term(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        return xp.exp(yhat) - y * yhat if self.log_input else yhat - y * xp.log(yhat)

    def slope(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        return xp.exp(yhat) - y if self.log_input else 1 - y / yhat

    def term_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        return exp(p) - t * p if self.log_input else p - t * ln(p)

    def slope_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        return exp(p) - t if self.log_input else 1 - Fraction(t, p)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}, ranges={"y": (0, 4)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"over_outputs": "mean"}, ranges={"yhat": (-1, 1), "y": (0, 4)}),
        Sample({"yhat": (2, 2), "y": (2, 2)}, {"log_input": False}, ranges={"yhat": (1, 4), "y": (0, 4)}),
    )


class Cosine(Loss, frozen=True, kw_only=True):
    """L = 1 − yᵀŷ/(|y| |ŷ|); ∂L/∂ŷ = −(y/|y| − (yᵀŷ)/(|y| |ŷ|²) ŷ)/|ŷ|.

    Shapes: ŷ, y any, the same, read as one vector. Neither may be 0: the angle to 0 is not defined.
    """

    name: ClassVar[str] = "cosine"
    rational: ClassVar[bool] = False
    convention: ClassVar[str] = "neither ŷ nor y may be 0"
    torch: ClassVar[str] = "nn.CosineEmbeddingLoss"

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """Not all entries are 0."""
        if all(entry == 0 for entry in target):
            report("y", "a target of cosine is not 0")

    def forward(self, xp: Any, yhat: Array, y: Array) -> Array:
        p, t = _norm(xp, yhat), _norm(xp, y)
        return 1 - over_outputs(xp, (y / weight_of(xp, t, y)) * (yhat / weight_of(xp, p, yhat)))

    def forward_form(self, yhat: Expr, y: Expr) -> Expr:
        return 1 - Fraction(transpose(y) @ yhat, Absolute(y) * Absolute(yhat))

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand) -> Expr:
        del index
        return 1 - Fraction(_inner(y, yhat), product(_length(y), _length(yhat)))

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        p = weight_of(xp, _norm(xp, yhat), yhat)
        u, v = yhat / p, y / weight_of(xp, _norm(xp, y), y)
        return weight_of(xp, dL, yhat) * (weight_of(xp, over_outputs(xp, u * v), u) * u - v) / p

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr) -> Expr:
        along = Fraction(transpose(y) @ yhat, Absolute(y) * Absolute(yhat) ** 3) * yhat
        return weigh(dL, along - Fraction(y, Absolute(y) * Absolute(yhat)))

    def dyhat_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand) -> Expr:
        p, t = _length(yhat), _length(y)
        along = Fraction(_inner(y, yhat), product(t, p**3)) * yhat.entry(*index)
        return weigh(dL.entry(), along - Fraction(y.entry(*index), product(t, p)))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3, 4), "y": (3, 4)}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (BadSample({"y": [0, 0]}, (2,), "a target of cosine is not 0"),)


def _norm(xp: Any, x: Array) -> Array:
    return xp.sqrt(over_outputs(xp, x * x))


def _inner(x: Operand, y: Operand) -> Expr:
    places = places_of(x)
    return elided_sum(prod(x.shape), lambda k: product(x.entry(*places[k]), y.entry(*places[k])))


def _length(x: Operand) -> Expr:
    places = places_of(x)
    return Sqrt(elided_sum(len(places), lambda k: x.entry(*places[k]) ** 2))


LOSSES |= {loss.name: loss for loss in (KlDivergence, PoissonNll, Cosine)}
