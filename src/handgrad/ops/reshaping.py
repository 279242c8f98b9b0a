"""Ops that move entries without changing them."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function
from handgrad.ops.op import Array, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import ravel, unravel


@register
class Flatten(Op, frozen=True, kw_only=True):
    """All entries of x as one vector, row by row (the last axis runs fastest).

    Shapes: x [c][n…], y [c n…].
    """

    name: ClassVar[str] = "flatten"
    by_entry: ClassVar[bool] = True

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The product of all axes."""
        del report
        return (prod(x),)

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.reshape(x, (x.shape[0], prod(x.shape[1:])))

    def forward_form(self, x: Expr) -> Expr:
        return Function("vec", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        return x.entry(*unravel(index[0], x.shape))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        return xp.reshape(dy, (dy.shape[0], *x_shape))

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        del x_shape
        return Function("unvec", (dy,))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        return dy.entry(ravel(index, x_shape))

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"x": (1, 2, 3)}), Sample({"x": (3, 2, 2, 2)}))
