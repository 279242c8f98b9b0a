"""Pooling of a whole channel: its mean, its largest entry or its norm."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Number, product
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import unravel
from handgrad.ops.textbook import elided_sum, one_over


@register
class GlobalAveragePool(Op, frozen=True, kw_only=True):
    """y[c] = the mean of channel c over all its places; each place receives 1/n of the gradient.

    Shapes: x [c][n…], y [c]. Source: Lin, Chen, Yan, Network in network (2014).
    """

    name: ClassVar[str] = "global_average_pool"
    by_entry: ClassVar[bool] = True

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[c] from x [c][n…]."""
        if len(x) < 2:
            report("op", f"expected channels and places, found shape {list(x)}: for one channel use mean")
            return None
        return x[:1]

    def forward(self, xp: Any, x: Array) -> Array:
        # y[B,c] = Σ_P x[B,c,P] / n
        flat = xp.reshape(x, (*x.shape[:2], -1))
        return xp.sum(flat, axis=2) / flat.shape[2]

    def forward_form(self, x: Expr) -> Expr:
        return Function("gap", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        size = x.shape[1:]
        total = elided_sum(prod(size), lambda i: x.entry(*index, *unravel(i, size)))
        return total / Number(str(prod(size)), prod(size))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        n = prod(x_shape[1:])
        share = xp.reshape(dy / n, (*dy.shape, 1))
        flat = xp.concat([share] * n, axis=2)
        return xp.reshape(flat, (dy.shape[0], *x_shape))

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return product(one_over(prod(x_shape[1:])), Function("spread", (dy,)))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        return product(one_over(prod(x_shape[1:])), dy.entry(index[0]))

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"x": (1, 2, 3)}), Sample({"x": (2, 3, 2, 2)}))
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {},
            (3,),
            "layer 1 (global_average_pool): expected channels and places, found shape [3]: for one channel use mean",
        ),
    )
