"""Losses that are a sum (or a mean) over the outputs of a term for each output by itself."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, Literal

from handgrad.arithmetic.value import Formula, Real
from handgrad.notation.nodes import Absolute, Cases, Expr, Fraction, Function, Number, Relation, Symbol, Text
from handgrad.ops.losses import Loss, component, over_outputs, places_of, weight_of
from handgrad.ops.op import LOSSES, Array, Constant, Operand, Report, Sample, Shape
from handgrad.ops.textbook import elided_sum, one_over, sum_over, weigh

Values = tuple[Any, Any] | None
"""ŷ and y of one output as numbers, where a case is to be chosen by them."""


class ElementLoss(Loss, frozen=True, kw_only=True):
    """L = c Σ_k ℓ(ŷ_k, y_k), with 1/m before it in a mean over the m outputs.

    A subclass gives the term ℓ and its slope ∂ℓ/∂ŷ, on arrays and as formulas.
    """

    constants: ClassVar[tuple[str, ...]] = ("factor",)
    factor: Constant = Constant(1)
    over_outputs: Literal["sum", "mean"] = "sum"

    def letters(self, rule: str) -> tuple[str, ...]:
        """ŷ, y and the constants; dL too for a gradient."""
        return (*(("dL",) if rule != "forward" else ()), "yhat", "y", *self.constants)

    def term(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        """ℓ on arrays."""
        raise NotImplementedError

    def slope(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        """∂ℓ/∂ŷ on arrays."""
        raise NotImplementedError

    def term_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        """ℓ of one output p and its target t."""
        raise NotImplementedError

    def slope_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        """∂ℓ/∂ŷ of one output p and its target t."""
        raise NotImplementedError

    def scale(self, factor: Array, shape: Shape) -> Array:
        """What stands before the sum over outputs of that shape [B][…]."""
        return factor / prod(shape[1:]) if self.over_outputs == "mean" else factor

    def scaled(self, factor: Expr, outputs: Expr | int, body: Expr) -> Expr:
        """The factor, and 1/m in a mean over so many outputs, before a formula."""
        if self.over_outputs == "mean" and outputs != 1:
            share = one_over(outputs) if isinstance(outputs, int) else Fraction(Number("1", 1), outputs)
            body = weigh(share, body)
        return weigh(factor, body)

    def forward(self, xp: Any, yhat: Array, y: Array, factor: Array, **settings: Array) -> Array:
        return self.scale(factor, yhat.shape) * over_outputs(xp, self.term(xp, yhat, y, **settings))

    def forward_form(self, yhat: Expr, y: Expr, factor: Expr, **settings: Expr) -> Expr:
        term = self.term_formula(component(yhat), component(y), None, **settings)
        return self.scaled(factor, Symbol("m"), sum_over("k", term))

    def forward_entry(self, index: Shape, yhat: Operand, y: Operand, factor: Operand, **settings: Operand) -> Expr:
        del index
        places = places_of(yhat)
        total = elided_sum(len(places), lambda k: self._at(self.term_formula, places[k], yhat, y, settings))
        return self.scaled(factor.entry(), len(places), total)

    def dyhat(self, xp: Any, dL: Array, yhat: Array, y: Array, factor: Array, **settings: Array) -> Array:
        return weight_of(xp, dL, yhat) * (self.scale(factor, yhat.shape) * self.slope(xp, yhat, y, **settings))

    def dyhat_form(self, dL: Expr, yhat: Expr, y: Expr, factor: Expr, **settings: Expr) -> Expr:
        return weigh(dL, self.scaled(factor, Symbol("m"), self.slope_formula(yhat, y, None, **settings)))

    def dyhat_entry(
        self, index: Shape, dL: Operand, yhat: Operand, y: Operand, factor: Operand, **settings: Operand
    ) -> Expr:
        slope = self._at(self.slope_formula, index, yhat, y, settings)
        return weigh(dL.entry(), self.scaled(factor.entry(), prod(yhat.shape), slope))

    def _at(self, formula: Any, k: Shape, yhat: Operand, y: Operand, settings: dict[str, Operand]) -> Expr:
        numbers = (yhat.number(*k), y.number(*k))
        open_choice = any(isinstance(number, Formula) for number in numbers)
        values = None if open_choice else tuple(Real.of(number).value for number in numbers)
        constants = {name: operand.entry() for name, operand in settings.items()}
        expression: Expr = formula(yhat.entry(*k), y.entry(*k), values, **constants)
        return expression


def choose(known: bool | None, condition: Relation, yes: Expr, no: Expr) -> Expr:  # noqa: FBT001  a condition's truth
    """``yes`` where the condition holds, else ``no``; both, by cases, where that is not known."""
    if known is None:
        return Cases(((yes, condition), (no, Text("otherwise"))))
    return yes if known else no


def sign_of(xp: Any, x: Array) -> Array:
    """−1, 0 or 1, entry by entry."""
    one = xp.ones_like(x)
    return xp.where(x > 0, one, xp.where(x < 0, -one, 0 * one))


def sign_form(d: Expr, values: Values) -> Expr:
    """sign(d), worked out where the numbers are known."""
    if values is None:
        return Function("sign", (d,))
    difference = values[0] - values[1]
    return Number("1", 1) if difference > 0 else Number("-1", -1) if difference < 0 else Number("0", 0)


def positive(constant: Constant, name: str, report: Report) -> None:
    """Report a constant that is not positive."""
    if not constant.written.exact()[0] > 0:
        report(name, f"expected a positive number for {name}")


class AbsoluteError(ElementLoss, frozen=True, kw_only=True):
    """L = c Σ_k |ŷ_k − y_k| with the factor c = 1 unless given; ∂L/∂ŷ = c sign(ŷ − y).

    Shapes: ŷ, y any, the same. Convention: sign(0) = 0. Source: Laplace (1774).
    """

    name: ClassVar[str] = "absolute_error"
    convention: ClassVar[str] = "sign(0) = 0"
    torch: ClassVar[str] = "nn.L1Loss"

    def term(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        return xp.abs(yhat - y)

    def slope(self, xp: Any, yhat: Array, y: Array, **settings: Array) -> Array:
        return sign_of(xp, yhat - y)

    def term_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        return Absolute(p - t)

    def slope_formula(self, p: Expr, t: Expr, values: Values, **settings: Expr) -> Expr:
        return sign_form(p - t, values)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"factor": "1/3"}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"over_outputs": "mean"}),
    )


class MeanAbsoluteError(AbsoluteError, frozen=True, kw_only=True):
    """L = 1/m Σ_k |ŷ_k − y_k|, the mean over the m outputs; ∂L/∂ŷ = 1/m sign(ŷ − y).

    Shapes: ŷ, y any, the same. Convention: sign(0) = 0.
    """

    name: ClassVar[str] = "mean_absolute_error"
    over_outputs: Literal["sum", "mean"] = "mean"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3, 1), "y": (3, 1)}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}),
    )


class Huber(ElementLoss, frozen=True, kw_only=True):
    """L = c Σ_k ℓ(d_k), d = ŷ − y: ℓ(d) = ½ d² for |d| ≤ δ, else δ(|d| − ½ δ); ℓ′(d) = d, else δ sign(d).

    Shapes: ŷ, y any, the same. Convention: at |d| = δ both branches agree. Source: Huber (1964).
    """

    name: ClassVar[str] = "huber"
    constants: ClassVar[tuple[str, ...]] = ("factor", "delta")
    convention: ClassVar[str] = "at |ŷ − y| = δ both branches have the slope ±δ"
    torch: ClassVar[str] = "nn.HuberLoss"
    delta: Constant = Constant(1)

    def shape(self, report: Report, *, yhat: Shape, y: Shape) -> Shape | None:
        """A single number; δ > 0."""
        positive(self.delta, "delta", report)
        return super().shape(report, yhat=yhat, y=y)

    def term(self, xp: Any, yhat: Array, y: Array, *, delta: Array) -> Array:  # type: ignore[override]  # its constants
        d = yhat - y
        size = xp.abs(d)
        # the square of a large d is never taken
        inner = xp.where(size <= delta, d, 0 * d)
        return xp.where(size <= delta, inner * inner / 2, delta * (size - delta / 2))

    def slope(self, xp: Any, yhat: Array, y: Array, *, delta: Array) -> Array:  # type: ignore[override]  # its constants
        d = yhat - y
        return xp.where(xp.abs(d) <= delta, d, delta * sign_of(xp, d))

    def _near(self, values: Values) -> bool | None:
        return None if values is None else bool(abs(values[0] - values[1]) <= self.delta.written.exact()[0])

    def term_formula(self, p: Expr, t: Expr, values: Values, *, delta: Expr) -> Expr:  # type: ignore[override]
        square, line = _HALF * (p - t) ** 2, delta * (Absolute(p - t) - _HALF * delta)
        return choose(self._near(values), Relation(Absolute(p - t), "≤", delta), square, line)

    def slope_formula(self, p: Expr, t: Expr, values: Values, *, delta: Expr) -> Expr:  # type: ignore[override]
        line = delta * sign_form(p - t, values)
        return choose(self._near(values), Relation(Absolute(p - t), "≤", delta), p - t, line)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"delta": "5/2", "factor": "1/3"}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"delta": 3, "over_outputs": "mean"}),
    )


class SmoothL1(ElementLoss, frozen=True, kw_only=True):
    """L = c Σ_k ℓ(d_k), d = ŷ − y: ℓ(d) = d²/(2β) for |d| < β, else |d| − ½ β; ℓ′(d) = d/β, else sign(d).

    Shapes: ŷ, y any, the same. Convention: at |d| = β both branches agree. Source: Girshick (2015).
    """

    name: ClassVar[str] = "smooth_l1"
    constants: ClassVar[tuple[str, ...]] = ("factor", "beta")
    convention: ClassVar[str] = "at |ŷ − y| = β both branches have the slope ±1"
    torch: ClassVar[str] = "nn.SmoothL1Loss"
    beta: Constant = Constant(1)

    def shape(self, report: Report, *, yhat: Shape, y: Shape) -> Shape | None:
        """A single number; β > 0."""
        positive(self.beta, "beta", report)
        return super().shape(report, yhat=yhat, y=y)

    def term(self, xp: Any, yhat: Array, y: Array, *, beta: Array) -> Array:  # type: ignore[override]  # its constants
        d = yhat - y
        size = xp.abs(d)
        inner = xp.where(size < beta, d, 0 * d)
        return xp.where(size < beta, inner * inner / (2 * beta), size - beta / 2)

    def slope(self, xp: Any, yhat: Array, y: Array, *, beta: Array) -> Array:  # type: ignore[override]  # its constants
        d = yhat - y
        return xp.where(xp.abs(d) < beta, d / beta, sign_of(xp, d))

    def _near(self, values: Values) -> bool | None:
        return None if values is None else bool(abs(values[0] - values[1]) < self.beta.written.exact()[0])

    def term_formula(self, p: Expr, t: Expr, values: Values, *, beta: Expr) -> Expr:  # type: ignore[override]
        square, line = Fraction((p - t) ** 2, 2 * beta), Absolute(p - t) - _HALF * beta
        return choose(self._near(values), Relation(Absolute(p - t), "<", beta), square, line)

    def slope_formula(self, p: Expr, t: Expr, values: Values, *, beta: Expr) -> Expr:  # type: ignore[override]
        line = sign_form(p - t, values)
        return choose(self._near(values), Relation(Absolute(p - t), "<", beta), Fraction(p - t, beta), line)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"yhat": (1, 3), "y": (1, 3)}),
        Sample({"yhat": (3, 2), "y": (3, 2)}, {"beta": "5/2", "factor": "1/3"}),
        Sample({"yhat": (2, 2, 2), "y": (2, 2, 2)}, {"beta": 3, "over_outputs": "mean"}),
    )


_HALF = Fraction(Number("1", 1), Number("2", 2))

LOSSES |= {loss.name: loss for loss in (AbsoluteError, MeanAbsoluteError, Huber, SmoothL1)}
