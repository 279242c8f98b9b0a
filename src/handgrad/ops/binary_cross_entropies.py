"""Cross-entropies of outputs that are yes or no."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Number, Symbol, exp, ln
from handgrad.ops.elementwise_losses import ElementLoss, Values, positive
from handgrad.ops.losses import Derivation, component, loss_partial, over_outputs, partial, weight_of
from handgrad.ops.op import LOSSES, Array, BadSample, Constant, Operand, Report, Sample, Shape, mistake
from handgrad.ops.textbook import sum_over, weigh


class BinaryCrossEntropy(ElementLoss, frozen=True, kw_only=True):
    """L = −Σ_k [y_k ln ŷ_k + (1−y_k) ln(1−ŷ_k)], 0 ≤ y_k ≤ 1; ∂L/∂ŷ = (ŷ − y)/(ŷ(1−ŷ)) entry by entry.

    ∂L/∂ŷ = (ŷ − y)/(ŷ(1−ŷ)) entry by entry; behind a logistic output, ∂L/∂a = ŷ − y.
    ``factor`` (1 unless given) stands before the sum; ``over_outputs = "mean"`` divides by the m outputs.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    rational: ClassVar[bool] = False
    joint: ClassVar[dict[str, str]] = {"logistic": "da"}
    convention: ClassVar[str] = "0 · ln 0 = 0"
    torch: ClassVar[str] = "nn.BCELoss"

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """Each entry of the target is a probability."""
        if any(entry < 0 or entry > 1 for entry in target):
            report("y", "a target of binary_cross_entropy has entries from 0 to 1")

    def term(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        one = xp.ones_like(yhat)
        positive = y * xp.log(xp.where(y == 0, one, yhat))
        negative = (1 - y) * xp.log(xp.where(y == 1, one, 1 - yhat))
        return -(positive + negative)

    def slope(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        return (yhat - y) / (yhat * (1 - yhat))

    @mistake("forward", "logarithm to base 10", "ln is the natural logarithm")
    def forward_base_10(self, xp: Any, yhat: Array, y: Array, factor: Array) -> Array:
        return self.forward(xp, yhat, y, factor) / xp.log(10 * xp.ones_like(factor))

    @mistake("forward", "minus sign forgotten", "L = −ln ŷ or −ln(1 − ŷ), both positive")
    def forward_without_sign(self, xp: Any, yhat: Array, y: Array, factor: Array) -> Array:
        return -self.forward(xp, yhat, y, factor)

    @mistake("forward", "second term forgotten", "where y = 0 it is −ln(1 − ŷ) that counts")
    def forward_of_ones(self, xp: Any, yhat: Array, y: Array, factor: Array) -> Array:
        return -self.scale(factor, yhat.shape) * over_outputs(xp, y * xp.log(yhat))

    @mistake("forward", "ln ŷ for every y", "where y = 0 it is −ln(1 − ŷ) that counts")
    def forward_of_output(self, xp: Any, yhat: Array, factor: Array) -> Array:
        return -self.scale(factor, yhat.shape) * over_outputs(xp, xp.log(yhat))

    @mistake("dyhat", "denominator ŷ(1 − ŷ) forgotten", "∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)); ŷ − y is ∂L/∂a")
    def dyhat_of_difference(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return self.da(xp, dL, yhat, y, factor)

    @mistake("da", "ŷ − y the wrong way round", "∂L/∂a = ŷ − y, not y − ŷ")
    def da_reversed(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return -self.da(xp, dL, yhat, y, factor)

    @mistake("da", "target forgotten", "∂L/∂a = ŷ − y: take the target off")
    def da_without_target(self, xp: Any, dL: Array, yhat: Array, factor: Array) -> Array:
        return self.da(xp, dL, yhat, xp.zeros_like(yhat), factor)

    @mistake("da", "derivative of the output taken twice", "ŷ − y has the derivative of σ in it already")
    def da_twice(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return self.da(xp, dL, yhat, y, factor) * yhat * (1 - yhat)

    def forward_form(self, yhat: Expr, y: Expr, factor: Expr, **settings: Expr) -> Expr:
        yes = component(y) * ln(component(yhat))
        no = (1 - component(y)) * ln(1 - component(yhat))
        return -self.scaled(factor, Symbol("m"), sum_over("k", yes + no))

    def term_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        yes, no = ln(p), ln(1 - p)
        if values is not None and values[1] == 1:
            return -yes
        if values is not None and values[1] == 0:
            return -no
        return -(t * yes) + -((1 - t) * no)

    def slope_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        return Fraction(p - t, p * (1 - p))

    def da(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array) -> Array:
        return weight_of(xp, dL, yhat) * (self.scale(factor, yhat.shape) * (yhat - y))

    def da_form(self, dL: Expr, yhat: Expr, y: Expr, factor: Expr) -> Expr:
        return weigh(dL, self.scaled(factor, Symbol("m"), yhat - y))

    def da_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand, factor: Operand) -> Expr:
        difference = yhat.entry(*index) - y.entry(*index)
        return weigh(dL.entry(), self.scaled(factor.entry(), prod(yhat.shape), difference))

    def da_derivation(self, a: Expr, yhat: Expr, y: Expr) -> Derivation:
        """Why ∂L/∂a = ŷ − y behind a logistic output."""
        p, t = component(yhat), component(y)
        return (
            (partial(yhat, "k", a, "k"), p * (1 - p)),
            (loss_partial(a, "k"), Fraction(p - t, p * (1 - p)) * p * (1 - p), p - t),
        )

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}, ranges={"yhat": (0, 1), "y": (0, 1)}),
        Sample({"yhat": (3, 1), "y": (3, 1)}, {"factor": "1/2"}, ranges={"yhat": (0, 1), "y": (0, 1)}),
        Sample({"yhat": (2, 3), "y": (2, 3)}, {"over_outputs": "mean"}, ranges={"yhat": (0, 1), "y": (0, 1)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [2]}, (1,), "a target of binary_cross_entropy has entries from 0 to 1"),
    )


class BinaryCrossEntropyWithLogits(ElementLoss, frozen=True, kw_only=True):
    """L = −Σ_k [w y_k ln σ(ŷ_k) + (1−y_k) ln(1−σ(ŷ_k))] where ŷ are logits; ∂L/∂ŷ = σ(ŷ) − y for w = 1.

    ``pos_weight`` w (1 unless given) weighs the targets that are 1: ∂L/∂ŷ = (1−y) − (1+(w−1)y) σ(−ŷ).
    Computed as (1−y) ŷ + (1+(w−1)y) [max(−ŷ, 0) + ln(1 + e^(−|ŷ|))], so that nothing overflows.
    """

    name: ClassVar[str] = "binary_cross_entropy_with_logits"
    rational: ClassVar[bool] = False
    constants: ClassVar[tuple[str, ...]] = ("factor", "pos_weight")
    torch: ClassVar[str] = "nn.BCEWithLogitsLoss"
    pos_weight: Constant = Constant(1)

    def shape(self, report: Report, *, yhat: Shape, y: Shape) -> Shape | None:
        """A single number; w > 0."""
        positive(self.pos_weight, "pos_weight", report)
        return super().shape(report, yhat=yhat, y=y)

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """Each entry of the target is a probability."""
        if any(entry < 0 or entry > 1 for entry in target):
            report("y", "a target of binary_cross_entropy_with_logits has entries from 0 to 1")

    def term(self, xp: Any, yhat: Array, y: Array, *, pos_weight: Array) -> Array:  # type: ignore[override]
        soft = xp.maximum(-yhat, 0 * yhat) + xp.log(1 + xp.exp(-xp.abs(yhat)))
        return (1 - y) * yhat + (1 + (pos_weight - 1) * y) * soft

    def slope(self, xp: Any, yhat: Array, y: Array, *, pos_weight: Array) -> Array:  # type: ignore[override]
        e = xp.exp(-xp.abs(yhat))
        opposite = xp.where(yhat >= 0, e, xp.ones_like(e)) / (1 + e)  # σ(−ŷ)
        return (1 - y) - (1 + (pos_weight - 1) * y) * opposite

    def term_formula(self, p: Expr, t: Expr, values: Values, *, pos_weight: Expr) -> Expr:  # type: ignore[override]
        yes, no = weigh(pos_weight, ln(1 + exp(-p))), ln(1 + exp(p))
        if values is not None and values[1] in (0, 1):
            return yes if values[1] == 1 else no
        return t * yes + (1 - t) * no

    def slope_formula(self, p: Expr, t: Expr, values: Values, *, pos_weight: Expr) -> Expr:  # type: ignore[override]
        if self.pos_weight.written.exact()[0] == 1:
            return Fraction(Number("1", 1), 1 + exp(-p)) - t
        return (1 - t) - (1 + (pos_weight - 1) * t) * Fraction(Number("1", 1), 1 + exp(p))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}, ranges={"y": (0, 1)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"factor": "1/2", "pos_weight": "5/2"}, ranges={"y": (0, 1)}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"over_outputs": "mean", "pos_weight": 3}, ranges={"y": (0, 1)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [-1]}, (1,), "a target of binary_cross_entropy_with_logits has entries from 0 to 1"),
    )


LOSSES |= {loss.name: loss for loss in (BinaryCrossEntropy, BinaryCrossEntropyWithLogits)}
