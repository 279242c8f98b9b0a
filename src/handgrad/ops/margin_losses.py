"""Losses that ask for a margin."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, Literal

from flint import fmpq

from handgrad.arithmetic.value import Real
from handgrad.notation.nodes import Expr, Function, Number, Relation, Symbol
from handgrad.ops.elementwise_losses import ElementLoss, Values, choose
from handgrad.ops.losses import Loss, component, equals, over_outputs, places_of, weight_of
from handgrad.ops.op import LOSSES, Array, BadSample, Constant, Operand, Report, Sample, Shape
from handgrad.ops.textbook import elided_sum, one_over, sum_over, weigh

_ZERO, _ONE = Number("0", 0), Number("1", 1)


class Hinge(ElementLoss, frozen=True, kw_only=True):
    """L = c Σ_k max(0, 1 − y_k ŷ_k), y_k = ±1; ∂L/∂ŷ = −c y where 1 − y ŷ > 0, else 0.

    ``squared``: each term squared, its slope −2 y (1 − y ŷ).
    Convention: at the margin, y ŷ = 1, the slope is 0. Source: Cortes, Vapnik (1995).
    """

    name: ClassVar[str] = "hinge"
    convention: ClassVar[str] = "the slope at the margin, y ŷ = 1, is 0"
    squared: bool = False

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """Each entry of the target is −1 or 1."""
        if any(entry not in (1, -1) for entry in target):
            report("y", "a target of hinge has entries 1 and -1")

    def term(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        lack = 1 - y * yhat
        short = xp.where(lack > 0, lack, 0 * lack)
        return short * short if self.squared else short

    def slope(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        lack = 1 - y * yhat
        return xp.where(lack > 0, -2 * y * lack if self.squared else -y, 0 * lack)

    def term_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        short = Function("max", (_ZERO, 1 - t * p))
        return short**2 if self.squared else short

    def slope_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        slope = -(2 * t * (1 - t * p)) if self.squared else -t
        known = None if values is None else bool(1 - values[0] * values[1] > 0)
        return choose(known, Relation(t * p, "<", _ONE), slope, _ZERO)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"factor": "1/3", "squared": True}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"over_outputs": "mean"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [0, 1]}, (2,), "a target of hinge has entries 1 and -1"),
    )


class MultiClassHinge(Loss, frozen=True, kw_only=True):
    """L = c Σ_{k≠l} max(0, μ + ŷ_k − ŷ_l)^p for the class l; ∂L/∂ŷ_k = c p max(…)^(p−1), ∂L/∂ŷ_l minus their sum.

    The margin μ and the power p (1 or 2) are 1 unless given; ``divide`` divides by the number of classes C.
    Shapes: ŷ, y [C] or [C][…] with a target at each place; y one-hot or a label.
    Convention: at the margin the slope is 0. Source: Weston, Watkins (1999).
    """

    name: ClassVar[str] = "multi_class_hinge"
    one_class: ClassVar[bool] = True
    labels: ClassVar[bool] = True
    convention: ClassVar[str] = "the slope at the margin, μ + ŷ_k − ŷ_l = 0, is 0"
    torch: ClassVar[str] = "nn.MultiMarginLoss"
    constants: ClassVar[tuple[str, ...]] = ("factor", "margin")
    factor: Constant = Constant(1)
    margin: Constant = Constant(1)
    power: Literal[1, 2] = 1
    divide: bool = False

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """One 1 at each place, the rest 0."""
        places = prod((shape or (len(target),))[1:])
        columns = (target[place::places] for place in range(places))
        if not all(sum(column, fmpq(0)) == 1 and all(entry in (0, 1) for entry in column) for column in columns):
            report("y", "a target of multi_class_hinge is one-hot: a single 1, the rest 0")

    def divisor(self, y: list[Any], examples: int, shape: Shape) -> fmpq:
        """The number of places of all examples."""
        del y
        return fmpq(examples * prod(shape[1:]))

    def _short(self, xp: Any, yhat: Array, y: Array, margin: Array) -> Array:
        # [B][C][…]: max(0, μ + ŷ_k − ŷ_l), 0 for k = l
        lack = margin + yhat - xp.sum(y * yhat, axis=1, keepdims=True)
        return xp.where(lack > 0, (1 - y) * lack, 0 * lack)

    def _scale(self, factor: Array, classes: int) -> Array:
        return factor / classes if self.divide else factor

    def _scaled(self, factor: Expr, classes: int | None, body: Expr) -> Expr:
        if self.divide:
            body = weigh(_ONE / Symbol("C") if classes is None else one_over(classes), body)
        return weigh(factor, body)

    def forward(self, xp: Any, yhat: Array, y: Array, factor: Array, margin: Array) -> Array:
        short = self._short(xp, yhat, y, margin)
        return self._scale(factor, yhat.shape[1]) * over_outputs(xp, short**self.power)

    def forward_form(self, yhat: Expr, y: Expr, factor: Expr, margin: Expr) -> Expr:
        short: Expr = Function("max", (_ZERO, margin + component(yhat) - component(yhat, "l")))
        return self._scaled(factor, None, sum_over("k≠l", short**2 if self.power == 2 else short))

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand, factor: Operand, margin: Operand) -> Expr:
        del index
        others = [k for k in places_of(yhat) if not equals(y.number(*k), 1)]

        def term(i: int) -> Expr:
            short: Expr = Function("max", (_ZERO, self._lack_entry(others[i], yhat, y, margin)))
            return short**2 if self.power == 2 else short

        return self._scaled(factor.entry(), yhat.shape[0], elided_sum(len(others), term))

    def _lack_entry(self, k: Shape, yhat: Operand, y: Operand, margin: Operand) -> Expr:
        return margin.entry() + yhat.entry(*k) - yhat.entry(*self._right(k, y))

    def _right(self, k: Shape, y: Operand) -> Shape:
        return next((c, *k[1:]) for c in range(y.shape[0]) if equals(y.number(c, *k[1:]), 1))

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array, margin: Array) -> Array:
        short = self._short(xp, yhat, y, margin)
        pull = 2 * (1 - y) * short if self.power == 2 else xp.where(short > 0, 1 - y, 0 * y)
        slope = pull - y * xp.sum(pull, axis=1, keepdims=True)
        return weight_of(xp, dL, yhat) * (self._scale(factor, yhat.shape[1]) * slope)

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr, factor: Expr, margin: Expr) -> Expr:
        pull = Symbol("g", bold=True)
        return weigh(dL, self._scaled(factor, None, pull - y * sum_over("k", component(pull))))

    def dyhat_entry(
        self, index: Shape, dL: Operand, yhat: Operand, y: Operand, factor: Operand, margin: Operand
    ) -> Expr:
        classes = yhat.shape[0]
        if equals(y.number(*index), 1):
            others = [(c, *index[1:]) for c in range(classes) if c != index[0]]
            active = [k for k in others if self._active(k, yhat, y)]
            slope = -elided_sum(len(active), lambda i: self._pull(active[i], yhat, y, margin)) if active else _ZERO
        else:
            slope = self._pull(index, yhat, y, margin) if self._active(index, yhat, y) else _ZERO
        return weigh(dL.entry(), self._scaled(factor.entry(), classes, slope))

    def _pull(self, k: Shape, yhat: Operand, y: Operand, margin: Operand) -> Expr:
        return 2 * self._lack_entry(k, yhat, y, margin) if self.power == 2 else _ONE

    def _active(self, k: Shape, yhat: Operand, y: Operand) -> bool:
        margin = self.margin.written.exact()[0]
        return bool(_value(yhat, k) - _value(yhat, self._right(k, y)) + margin > 0)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}, ranges={"y": (0, 1)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"factor": "1/3", "power": 2, "margin": 2}, ranges={"y": (0, 1)}),
        Sample({"yhat": (2, 3, 2), "y": (2, 3, 2)}, {"divide": True}, ranges={"y": (0, 1)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"y": [1, 1]}, (2,), "a target of multi_class_hinge is one-hot: a single 1, the rest 0"),
    )


def _value(yhat: Operand, k: Shape) -> Any:
    return Real.of(yhat.number(*k)).value


LOSSES |= {loss.name: loss for loss in (Hinge, MultiClassHinge)}
