"""Update rules: how a parameter moves along its gradient."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr
from handgrad.ops.op import UPDATES, Array, Constant, Op, Operand, Report, Sample, Shape


class Sgd(Op, frozen=True, kw_only=True):
    """θ′ = θ − η ∂L/∂θ, one step of gradient descent with rate η.

    Source: Cauchy (1847); Robbins, Monro (1951).
    """

    name: ClassVar[str] = "sgd"
    inputs: ClassVar[tuple[str, ...]] = ("W", "dW")
    constants: ClassVar[tuple[str, ...]] = ("rate",)
    rate: Constant

    def shape(self, report: Report, *, W: Shape, dW: Shape) -> Shape | None:
        """The shape of the parameter."""
        del report, dW
        return W

    def forward(self, xp: Any, W: Array, dW: Array, rate: Array) -> Array:
        return W - rate * dW

    def forward_form(self, W: Expr, dW: Expr, rate: Expr) -> Expr:
        return W - rate * dW

    def forward_entry(self, index: Shape, W: Operand, dW: Operand, rate: Operand) -> Expr:
        return W.entry(*index) - rate.entry() * dW.entry(*index)

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"W": (2, 3), "dW": (2, 3)}, {"rate": "1/2"}),)


UPDATES[Sgd.name] = Sgd
