"""Cross-entropies of classes, from probabilities, log-probabilities or logits."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Function, Number, Product, Symbol, exp, ln
from handgrad.ops.class_losses import ClassLoss
from handgrad.ops.losses import Derivation, component, loss_partial, over_outputs, partial, weight_of
from handgrad.ops.op import LOSSES, Array, BadSample, Operand, Sample, Shape, mistake
from handgrad.ops.textbook import elided_sum, sum_over, weigh


def _samples(ranges: dict[str, tuple[int, int]]) -> tuple[Sample, ...]:
    weights = {"class_weights": [1, "1/2", 3]}
    return (
        Sample({"yhat": (1, 3), "y": (1, 3)}, ranges=ranges),
        Sample({"yhat": (3, 2), "y": (3, 2)}, ranges=ranges),
        Sample({"yhat": (2, 3), "y": (2, 3)}, weights, ranges=ranges),
        Sample({"yhat": (2, 3, 2), "y": (2, 3, 2)}, {**weights, "label_smoothing": "1/10"}, ranges=ranges),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"label_smoothing": "1/4"}, ranges=ranges),
    )


class CrossEntropy(ClassLoss, frozen=True, kw_only=True):
    """L = −Σ_k y_k ln ŷ_k; for a one-hot target of class l, L = −ln ŷ_l; ∂L/∂ŷ_k = −y_k/ŷ_k.

    ∇_ŷ L = −y/ŷ entry by entry; behind a softmax, ∂L/∂a = ŷ − y (Σ_k y_k = 1).
    With ``class_weights`` or ``label_smoothing`` t_k = w_k [(1−ε) y_k + ε/C] stands for y_k.
    Shapes: ŷ, y [m] or [C][…]; y one-hot, soft (a distribution) or a label. Source: Good (1952); Bridle (1990).
    """

    name: ClassVar[str] = "cross_entropy"
    convention: ClassVar[str] = "0 · ln 0 = 0"
    joint: ClassVar[dict[str, str]] = {"softmax": "da"}

    def logs(self, xp: Any, yhat: Array, t: Array) -> Array:
        # 0·ln 0 counts as 0: a class that is not the target's may have no probability
        return xp.log(xp.where(t == 0, xp.ones_like(yhat), yhat))

    def log_form(self, yhat: Expr) -> Expr:
        return ln(component(yhat))

    def log_entry(self, yhat: Operand, k: Shape) -> Expr:
        return ln(yhat.entry(*k))

    @mistake("forward", "logarithm to base 10", "ln is the natural logarithm")
    def forward_base_10(self, xp: Any, yhat: Array, y: Array) -> Array:
        return -over_outputs(xp, y * self.logs(xp, yhat, y)) / xp.log(10 * xp.ones_like(yhat[:, 0]))

    @mistake("forward", "minus sign forgotten", "L = −ln ŷ is positive, since ŷ is below 1")
    def forward_without_sign(self, xp: Any, yhat: Array, y: Array) -> Array:
        return over_outputs(xp, y * self.logs(xp, yhat, y))

    @mistake("forward", "logarithm forgotten", "L = −ln ŷ: take the logarithm of the probability")
    def forward_without_logarithm(self, xp: Any, yhat: Array, y: Array) -> Array:
        return 1 - over_outputs(xp, y * yhat)

    @mistake("forward", "summed over all classes", "only the target's class counts, y is 0 elsewhere")
    def forward_of_all(self, xp: Any, yhat: Array) -> Array:
        return -over_outputs(xp, xp.log(yhat))

    @mistake("dyhat", "minus sign forgotten", "∂L/∂ŷ = −y/ŷ")
    def dyhat_without_sign(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return weight_of(xp, dL, yhat) * y / yhat

    @mistake("dyhat", "at every class", "y is 0 but for the target's class, and so is ∂L/∂ŷ = −y/ŷ")
    def dyhat_everywhere(self, xp: Any, dL: Array, yhat: Array) -> Array:
        return -weight_of(xp, dL, yhat) / yhat

    @mistake("da", "ŷ − y the wrong way round", "∂L/∂a = ŷ − y, not y − ŷ")
    def da_reversed(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return weight_of(xp, dL, yhat) * (y - yhat)

    @mistake("da", "target forgotten", "∂L/∂a = ŷ − y: take 1 off at the target's class")
    def da_without_target(self, xp: Any, dL: Array, yhat: Array) -> Array:
        return weight_of(xp, dL, yhat) * yhat

    @mistake("da", "softmax forgotten", "−y/ŷ is ∂L/∂ŷ; through the softmax it becomes ŷ − y")
    def da_of_output(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return -weight_of(xp, dL, yhat) * y / yhat

    @mistake("da", "derivative of the output taken twice", "ŷ − y has the derivative of the softmax in it already")
    def da_twice(self, xp: Any, dL: Array, yhat: Array, y: Array) -> Array:
        return weight_of(xp, dL, yhat) * (yhat - y) * yhat * (1 - yhat)

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array, **settings: Array) -> Array:
        t = self.target(xp, y, **settings)
        return -weight_of(xp, dL, yhat) * t / xp.where(t == 0, xp.ones_like(yhat), yhat)

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr, **settings: Expr) -> Expr:
        return weigh(dL, -Fraction(self.target_form(y), yhat))

    def dyhat_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand, **settings: Operand) -> Expr:
        t = self.target_entry(y, index)
        if t is None:
            return Number("0", 0)
        shown = t if self.weighs or self._smooths else y.entry(*index)
        return -weigh(dL.entry(), Fraction(shown, yhat.entry(*index)))

    def da(self, xp: Any, dL: Array, yhat: Array, y: Array, **settings: Array) -> Array:
        # Σ_k t_k = 1 without weights, so this is dL (ŷ − t)
        t = self.target(xp, y, **settings)
        return weight_of(xp, dL, yhat) * (yhat * xp.sum(t, axis=1, keepdims=True) - t)

    def da_form(self, dL: Expr, yhat: Expr, y: Expr, **settings: Expr) -> Expr:
        return weigh(dL, self.scaled_form(yhat, y))

    def da_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand, **settings: Operand) -> Expr:
        return weigh(dL.entry(), self.minus_target(yhat.entry(*index), y, index))

    def da_derivation(self, a: Expr, yhat: Expr, y: Expr) -> Derivation:
        """Why ∂L/∂a = ŷ − y behind a softmax."""
        delta, t = Symbol("δ", "ki"), self.target_form(y)
        slope = component(yhat) * (delta - component(yhat, "i"))
        ratio = Fraction(component(t), component(yhat))
        total = -component(t, "i") + component(yhat, "i") * sum_over("k", component(t))
        chain = (
            loss_partial(a, "i"),
            -sum_over("k", Product((ratio, *slope.factors))) if isinstance(slope, Product) else slope,
            -sum_over("k", component(t) * (delta - component(yhat, "i"))),
            total,
        )
        last = () if self.weighs else (component(yhat, "i") - component(t, "i"),)
        return ((partial(yhat, "k", a, "i"), slope), (*chain, *last))

    samples: ClassVar[tuple[Sample, ...]] = _samples({"yhat": (0, 1), "y": (0, 1)})
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [1, 1, 0]}, (3,), "a target of cross_entropy sums to 1, this one to 2"),
    )


class NegativeLogLikelihood(ClassLoss, frozen=True, kw_only=True):
    """L = −Σ_k y_k ŷ_k where ŷ are log-probabilities; for class l, L = −ŷ_l; ∂L/∂ŷ = −y.

    ∇_ŷ L = −y; behind a log-softmax, ∂L/∂a = e^ŷ − y.
    Settings and shapes as of cross_entropy. Source: Fisher (1922).
    """

    name: ClassVar[str] = "negative_log_likelihood"
    rational: ClassVar[bool] = True
    joint: ClassVar[dict[str, str]] = {"log_softmax": "da"}
    torch: ClassVar[str] = "nn.NLLLoss"
    onnx: ClassVar[str] = "NegativeLogLikelihoodLoss"

    def logs(self, xp: Any, yhat: Array, t: Array) -> Array:
        # 0·(−∞) counts as 0, as 0·ln 0 does
        return xp.where(t == 0, 0 * t, yhat)

    def log_form(self, yhat: Expr) -> Expr:
        return component(yhat)

    def log_entry(self, yhat: Operand, k: Shape) -> Expr:
        return yhat.entry(*k)

    def dyhat(self, xp: Any, dL: Array, y: Array, **settings: Array) -> Array:
        return -weight_of(xp, dL, y) * self.target(xp, y, **settings)

    def dyhat_form(self, dL: Expr, y: Expr, **settings: Expr) -> Expr:
        return weigh(dL, -self.target_form(y))

    def dyhat_entry(self, index: Shape, dL: Operand, y: Operand, **settings: Operand) -> Expr:
        t = self.target_entry(y, index)
        return Number("0", 0) if t is None else -weigh(dL.entry(), t)

    def da(self, xp: Any, dL: Array, yhat: Array, y: Array, **settings: Array) -> Array:
        t = self.target(xp, y, **settings)
        return weight_of(xp, dL, yhat) * (xp.exp(yhat) * xp.sum(t, axis=1, keepdims=True) - t)

    def da_form(self, dL: Expr, yhat: Expr, y: Expr, **settings: Expr) -> Expr:
        return weigh(dL, self.scaled_form(exp(yhat), y))

    def da_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand, **settings: Operand) -> Expr:
        return weigh(dL.entry(), self.minus_target(exp(yhat.entry(*index)), y, index))

    def da_derivation(self, a: Expr, yhat: Expr, y: Expr) -> Derivation:
        """Why ∂L/∂a = e^ŷ − y behind a log-softmax."""
        delta, t = Symbol("δ", "ki"), self.target_form(y)
        p = exp(component(yhat, "i"))
        chain = (
            loss_partial(a, "i"),
            -sum_over("k", component(t) * (delta - p)),
            -component(t, "i") + p * sum_over("k", component(t)),
        )
        last = () if self.weighs else (p - component(t, "i"),)
        return ((partial(yhat, "k", a, "i"), delta - p), (*chain, *last))

    samples: ClassVar[tuple[Sample, ...]] = _samples({"y": (0, 1)})
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [1, -1, 1]}, (3,), "a target of negative_log_likelihood has no negative entries"),
    )


class SoftmaxCrossEntropy(ClassLoss, frozen=True, kw_only=True):
    """L = −Σ_k y_k ln softmax(ŷ)_k where ŷ are logits; ∂L/∂ŷ = softmax(ŷ) − y (Σ_k y_k = 1).

    Computed as ln Σ_j e^(ŷ_j − m) − (ŷ_k − m) with m the largest logit, so that nothing overflows.
    Settings and shapes as of cross_entropy. Source: Bridle (1990).
    """

    name: ClassVar[str] = "softmax_cross_entropy"
    torch: ClassVar[str] = "nn.CrossEntropyLoss"
    onnx: ClassVar[str] = "SoftmaxCrossEntropyLoss"

    def logs(self, xp: Any, yhat: Array, t: Array) -> Array:
        shifted = yhat - xp.max(yhat, axis=1, keepdims=True)
        return shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))

    def log_form(self, yhat: Expr) -> Expr:
        return ln(component(Function("softmax", (yhat,))))

    def log_entry(self, yhat: Operand, k: Shape) -> Expr:
        return ln(_softmax(yhat, k))

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array, **settings: Array) -> Array:
        t = self.target(xp, y, **settings)
        e = xp.exp(yhat - xp.max(yhat, axis=1, keepdims=True))
        p = e / xp.sum(e, axis=1, keepdims=True)
        return weight_of(xp, dL, yhat) * (p * xp.sum(t, axis=1, keepdims=True) - t)

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr, **settings: Expr) -> Expr:
        return weigh(dL, self.scaled_form(Function("softmax", (yhat,)), y))

    def dyhat_entry(self, index: Shape, dL: Operand, yhat: Operand, y: Operand, **settings: Operand) -> Expr:
        return weigh(dL.entry(), self.minus_target(_softmax(yhat, index), y, index))

    samples: ClassVar[tuple[Sample, ...]] = _samples({"y": (0, 1)})
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": ["1/2", "1/4"]}, (2,), "a target of softmax_cross_entropy sums to 1, this one to 0.75"),
    )


def _softmax(a: Operand, k: Shape) -> Expr:
    return Fraction(exp(a.entry(*k)), elided_sum(a.shape[0], lambda c: exp(a.entry(c, *k[1:]))))


LOSSES |= {loss.name: loss for loss in (CrossEntropy, NegativeLogLikelihood, SoftmaxCrossEntropy)}
