"""Update rules: how a parameter moves along its gradient."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr
from handgrad.ops.op import UPDATES, Array, Constant, Op, Operand, Report, Sample, Shape


class Update(Op, frozen=True, kw_only=True):
    """An update reads a parameter W and its gradient dW, and gives the parameter after the step (``forward``).

    ``states`` are what it remembers of each parameter from step to step; rule ``next_v`` gives the next v,
    which ``forward`` may read as ``v_next``. The letter ``t`` is the number of the step, from 1.
    """

    inputs: ClassVar[tuple[str, ...]] = ("W", "dW")
    states: ClassVar[tuple[str, ...]] = ()

    def shape(self, report: Report, *, W: Shape, dW: Shape) -> Shape | None:
        """The shape of the parameter."""
        del report, dW
        return W

    def start(self, state: str) -> Constant:
        """What a state is before the first step, in each entry."""
        del state
        return Constant(0)


class Sgd(Update, frozen=True, kw_only=True):
    """θ′ = θ − η ∂L/∂θ, one step of gradient descent with rate η.

    Source: Cauchy (1847); Robbins, Monro (1951).
    """

    name: ClassVar[str] = "sgd"
    constants: ClassVar[tuple[str, ...]] = ("rate",)
    rate: Constant

    def forward(self, xp: Any, W: Array, dW: Array, rate: Array) -> Array:
        return W - rate * dW

    def forward_form(self, W: Expr, dW: Expr, rate: Expr) -> Expr:
        return W - rate * dW

    def forward_entry(self, index: Shape, W: Operand, dW: Operand, rate: Operand) -> Expr:
        return W.entry(*index) - rate.entry() * dW.entry(*index)

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"W": (2, 3), "dW": (2, 3)}, {"rate": "1/2"}),)


UPDATES[Sgd.name] = Sgd
