"""The chain rule's sum: what several consumers of one quantity contribute to its gradient."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, add
from handgrad.ops.op import Array, Op, Operand, Report, Sample, Shape


class Contributions(Op, frozen=True, kw_only=True):
    """y = x1 + x2 + …, all of one shape.

    It adds the contributions to a gradient, and the terms of a loss with penalties.
    """

    name: ClassVar[str] = "sum of contributions"
    variadic: ClassVar[bool] = True
    by_entry: ClassVar[bool] = True

    def shape(self, report: Report, **xs: Shape) -> Shape | None:
        """The shape of each term."""
        return xs["x1"]

    def forward(self, xp: Any, **xs: Array) -> Array:
        total, *rest = xs.values()
        for x in rest:
            total = total + x
        return total

    def forward_form(self, **xs: Expr) -> Expr:
        return add(*xs.values())

    def forward_entry(self, index: Shape, **xs: Operand) -> Expr:
        return add(*(x.entry(*index) for x in xs.values()))

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"x1": (2, 3), "x2": (2, 3)}),)
