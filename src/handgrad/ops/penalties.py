"""Penalties: terms of L that keep a parameter small."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Absolute, Expr, Function
from handgrad.ops.losses import twice
from handgrad.ops.op import PENALTIES, Array, Constant, Op, Operand, Report, Sample, Shape
from handgrad.ops.places import unravel
from handgrad.ops.textbook import at, elided_sum, sum_over, weigh


class Penalty(Op, frozen=True, kw_only=True):
    """A number from a parameter W, added to L with the weight λ (``rate``)."""

    inputs: ClassVar[tuple[str, ...]] = ("W",)
    by_entry: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("rate",)
    rate: Constant

    def shape(self, report: Report, *, W: Shape) -> Shape | None:
        """A single number."""
        del report, W
        return ()


def _sum(W: Operand, term: Any) -> Expr:
    return elided_sum(prod(W.shape), lambda k: term(W.entry(*unravel(k, W.shape))))


class L1(Penalty, frozen=True, kw_only=True):
    """λ Σ |W_k|; ∂/∂W = λ sign(W), entry by entry.

    Shapes: W any. Convention: sign(0) = 0. Source: Tibshirani (1996).
    """

    name: ClassVar[str] = "l1"
    convention: ClassVar[str] = "sign(0) = 0"

    def forward(self, xp: Any, W: Array, rate: Array) -> Array:
        return rate * xp.sum(xp.abs(W))

    def forward_form(self, W: Expr, rate: Expr) -> Expr:
        return weigh(rate, sum_over("k", Absolute(at(W, "k"))))

    def forward_entry(self, index: Shape, W: Operand, rate: Operand) -> Expr:
        del index
        return weigh(rate.entry(), _sum(W, Absolute))

    def dW(self, xp: Any, dy: Array, W: Array, rate: Array) -> Array:
        one = xp.ones_like(W)
        return dy * rate * xp.where(W > 0, one, xp.where(W < 0, -one, 0 * one))

    def dW_form(self, dy: Expr, W: Expr, rate: Expr) -> Expr:
        return weigh(dy, weigh(rate, Function("sign", (W,))))

    def dW_entry(self, index: Shape, dy: Operand, W: Operand, rate: Operand) -> Expr:
        return weigh(dy.entry(), weigh(rate.entry(), Function("sign", (W.entry(*index),))))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"W": (2, 3)}, {"rate": "1/10"}),
        Sample({"W": (4,)}, {"rate": 1}),
        Sample({"W": (2, 1, 2, 2)}, {"rate": 3}),
    )


class L2(Penalty, frozen=True, kw_only=True):
    """c λ Σ W_k² with the factor c = ½ unless given; ∂/∂W = 2cλ W.

    Shapes: W any. Source: Tikhonov (1943); Hoerl, Kennard (1970).
    """

    name: ClassVar[str] = "l2"
    constants: ClassVar[tuple[str, ...]] = ("rate", "factor")
    factor: Constant = Constant("1/2")

    def forward(self, xp: Any, W: Array, rate: Array, factor: Array) -> Array:
        return factor * rate * xp.sum(W * W)

    def forward_form(self, W: Expr, rate: Expr, factor: Expr) -> Expr:
        return weigh(factor, weigh(rate, sum_over("k", at(W, "k") ** 2)))

    def forward_entry(self, index: Shape, W: Operand, rate: Operand, factor: Operand) -> Expr:
        del index
        return weigh(factor.entry(), weigh(rate.entry(), _sum(W, lambda entry: entry**2)))

    def dW(self, xp: Any, dy: Array, W: Array, rate: Array, factor: Array) -> Array:
        return dy * (2 * factor * rate * W)

    def dW_form(self, dy: Expr, W: Expr, rate: Expr, factor: Expr) -> Expr:
        return weigh(dy, weigh(twice(self.factor, factor), weigh(rate, W)))

    def dW_entry(self, index: Shape, dy: Operand, W: Operand, rate: Operand, factor: Operand) -> Expr:
        return weigh(dy.entry(), weigh(twice(self.factor, factor.entry()), weigh(rate.entry(), W.entry(*index))))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"W": (2, 3)}, {"rate": "1/10"}),
        Sample({"W": (4,)}, {"rate": 1, "factor": 1}),
        Sample({"W": (2, 1, 2, 2)}, {"rate": "2/3", "factor": "1/3"}),
    )


PENALTIES |= {penalty.name: penalty for penalty in (L1, L2)}
