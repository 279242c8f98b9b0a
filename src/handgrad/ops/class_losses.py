"""What the losses over classes have in common: targets, weights of classes, ignored places.

The first axis of an example is that of the classes, every further axis one of places with a target each.
The losses meet the target as t: y smoothed by ε over the C classes and weighed by the classes' weights w,

    t_k = w_k [(1−ε) y_k + ε/C Σ_j y_j],

which is y itself unless they are set, and 0 at a place that is ignored (its column of y is 0).
"""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from flint import fmpq

from handgrad.notation.nodes import Expr, Fraction, Number, Symbol, product
from handgrad.ops.losses import (
    Loss,
    component,
    equals,
    number,
    over_outputs,
    places_of,
)
from handgrad.ops.op import Array, Constant, Constants, Operand, Report, Shape
from handgrad.ops.textbook import elided_sum, sum_over, weigh

_ONE = Number("1", 1)
_PLAIN = ("class_weights", "label_smoothing")


class ClassLoss(Loss, frozen=True, kw_only=True):
    """L = −Σ_k t_k ln p_k over classes (and places), p the probabilities that ŷ stands for.

    Ignored places count 0 and a mean divides by Σ w of the targets that count.
    """

    rational: ClassVar[bool] = False
    labels: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = _PLAIN
    class_weights: Constants = Constants([1])
    """One for each class, or one for all."""
    ignore_index: int | None = None
    """The label of a place that does not count."""
    label_smoothing: Constant = Constant(0)

    @property
    def weighs(self) -> bool:
        """Whether the classes have weights."""
        return any(w != 1 for w in self.class_weights.written.exact())

    @property
    def _smooths(self) -> bool:
        return bool(self.label_smoothing.written.exact()[0] != 0)

    def shape(self, report: Report, *, yhat: Shape, y: Shape) -> Shape | None:
        """A single number; as many weights as classes, and 0 ≤ ε < 1."""
        weights, epsilon = self.class_weights.written.exact(), self.label_smoothing.written.exact()[0]
        classes = yhat[0] if yhat else 1
        if len(weights) not in (1, classes):
            report("class_weights", f"expected a weight for each of the {classes} classes, found {len(weights)}")
        if any(w < 0 for w in weights):
            report("class_weights", "the weight of a class is not negative")
        if not (isinstance(epsilon, fmpq) and 0 <= epsilon < 1):
            report("label_smoothing", "expected a rational number from 0 to below 1 for label_smoothing")
        return super().shape(report, yhat=yhat, y=y)

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """At each place a distribution: no entry below 0, sum 1; all 0 where it is ignored."""
        places = prod((shape or (len(target),))[1:])
        if any(entry < 0 for entry in target):
            report("y", f"a target of {self.name} has no negative entries")
            return
        for place in range(places):
            total = sum(target[place::places], fmpq(0))
            ignored = self.ignore_index is not None and total == 0
            if abs(total - 1) > fmpq(1, 10**9) and not ignored:
                report("y", f"a target of {self.name} sums to 1, this one to {float(total):.10g}")
                return

    def divisor(self, y: list[Any], examples: int, shape: Shape) -> fmpq:
        """Σ over examples and places of Σ_k w_k y_k: without weights, the places that count."""
        classes, places = (shape[0] if shape else 1), prod(shape[1:])
        if not self.weighs and self.ignore_index is None:
            return fmpq(examples * places)
        weights = self._weights(classes)
        total = fmpq(0)
        for i, entry in enumerate(y):
            total = total + weights[i // places % classes] * entry
        return total

    def _weights(self, classes: int) -> list[Any]:
        weights: list[Any] = self.class_weights.written.exact()
        return weights * classes if len(weights) == 1 else weights

    def letters(self, rule: str) -> tuple[str, ...]:
        """Those of the rule; ``target`` reads y and both settings."""
        return (*super().letters(rule), *_PLAIN)

    def target(self, xp: Any, y: Array, class_weights: Array, label_smoothing: Array) -> Array:
        """t [B][C][…]."""
        t = y
        if self._smooths:
            t = (1 - label_smoothing) * y + label_smoothing / y.shape[1] * xp.sum(y, axis=1, keepdims=True)
        if self.weighs:
            t = xp.reshape(class_weights, (1, -1, *([1] * (y.ndim - 2)))) * t
        return t

    def logs(self, xp: Any, yhat: Array, t: Array) -> Array:
        """ln p [B][C][…]."""
        raise NotImplementedError

    def log_form(self, yhat: Expr) -> Expr:
        """ln p_k as a formula."""
        raise NotImplementedError

    def log_entry(self, yhat: Operand, k: Shape) -> Expr:
        """ln p at one place."""
        raise NotImplementedError

    def forward(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        t = self.target(xp, y, **settings)
        return -over_outputs(xp, t * self.logs(xp, yhat, t))

    def forward_form(self, yhat: Expr, y: Expr, **settings: Expr) -> Expr:
        return -sum_over("k", component(self.target_form(y)) * self.log_form(yhat))

    def target_form(self, y: Expr) -> Expr:
        """The symbol t, or y where they are the same."""
        return Symbol("t", bold=True) if self.weighs or self._smooths else y

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """What t is, where it is not y."""
        if not (self.weighs or self._smooths):
            return ()
        y = Symbol("y", bold=True)
        t = component(y)
        if self._smooths:
            t = (1 - Symbol("ε")) * t + Fraction(Symbol("ε"), Symbol("C")) * sum_over("j", component(y, "j"))
        if self.weighs:
            t = product(component(Symbol("w", bold=True)), t)
        return ((component(Symbol("t", bold=True)), t),)

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand, **settings: Operand) -> Expr:
        del index
        meant = [(k, t) for k in places_of(y) if (t := self.target_entry(y, k)) is not None]

        def term(i: int) -> Expr:
            k, t = meant[i]
            return -weigh(t, self.log_entry(yhat, k))

        return elided_sum(len(meant), term)

    def target_entry(self, y: Operand, k: Shape) -> Expr | None:
        """t at one place, as far as possible worked out; None where it is 0."""
        weight = self._weights(y.shape[0] if y.shape else 1)[k[0] if k else 0]
        zero, one = equals(y.number(*k), 0), equals(y.number(*k), 1)
        if weight == 0 or (zero and not (self._smooths and self._counts(y, k))):
            return None
        plain = _ONE if one else y.entry(*k)
        t = self._smoothed(y, k, zero=zero, one=one) if self._smooths else plain
        return t if weight == 1 else product(number(weight), t) if t != _ONE else number(weight)

    def _smoothed(self, y: Operand, k: Shape, *, zero: bool, one: bool) -> Expr:
        epsilon = self.label_smoothing.written.exact()[0]
        rest = number(epsilon / y.shape[0])
        if zero:
            return rest
        return number(1 - epsilon) + rest if one else number(1 - epsilon) * y.entry(*k) + rest

    def _counts(self, y: Operand, k: Shape) -> bool:
        return any(not equals(y.number(c, *k[1:]), 0) for c in range(y.shape[0]))

    def column(self, y: Operand, k: Shape) -> Expr | None:
        """Σ_c t_c at the place of k; a sum of 1 is given as 1, None if it is 0."""
        if not self._counts(y, k):
            return None
        if not self.weighs:
            return _ONE
        column = [t for c in range(y.shape[0]) if (t := self.target_entry(y, (c, *k[1:]))) is not None]
        return elided_sum(len(column), lambda i: column[i])

    def minus_target(self, probability: Expr, y: Operand, k: Shape) -> Expr:
        """P Σ_c t_c − t at one place."""
        total, t = self.column(y, k), self.target_entry(y, k)
        if total is None:
            return Number("0", 0)
        left = probability if total == _ONE else product(probability, total)
        if self.weighs or self._smooths:
            return left if t is None else left - t
        return left - y.entry(*k)

    def scaled_form(self, probability: Expr, y: Expr) -> Expr:
        """P Σ_c t_c − t as a formula."""
        t = self.target_form(y)
        return (product(probability, sum_over("k", component(t))) if self.weighs else probability) - t
