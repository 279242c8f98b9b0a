"""Pooling: a window slides over each channel; and the mean of all entries."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Number, Symbol, product
from handgrad.ops.convolution import input_axes
from handgrad.ops.op import Array, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import unravel
from handgrad.ops.textbook import elided_sum, one_over
from handgrad.ops.windows import (
    Geometry,
    Padding,
    Size,
    Windows,
    ceil_size,
    check_sizes,
    each,
    out_size,
    pads,
    windows,
)


class Pooling(Op, frozen=True, kw_only=True):
    """A window of ``kernel`` entries, moved by ``stride`` (its own length unless given), over each channel."""

    rank: ClassVar[int]
    by_entry: ClassVar[bool] = True
    kernel: Size
    stride: Size | None = None
    padding: Padding = 0
    dilation: Size = 1
    ceil_mode: bool = False
    """Whether a last window may hang over the end (n′ rounded up)."""

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[c][n′…] from x [c][n…] (or without channels), n′ = ⌊(n + pad − d (k−1) − 1)/s⌋ + 1."""
        rank = self.rank
        sizes = {"kernel": self.kernel} if self.stride is None else {"kernel": self.kernel, "stride": self.stride}
        fits = check_sizes(report, rank, sizes | {"dilation": self.dilation}, self.padding)
        if not rank <= len(x) <= rank + 1:
            report("op", f"expected an input of {rank} or, with channels, {rank + 1} axes, found shape {list(x)}")
            return None
        output = self._output(report, x) if fits else None
        return None if output is None else (*x[: len(x) - rank], *output)

    def _output(self, report: Report, x: Shape) -> Shape | None:
        at = self.geometry(x)
        good = True
        for axis, (k, reach, pad) in enumerate(zip(at.taps, at.reach, at.pads, strict=True)):
            if max(pad) >= reach:
                report("padding", f"expected less than the window's {reach} on axis {axis + 1}, found {max(pad)}")
            elif at.output[axis] < 1:
                have = at.size[axis] + sum(pad)
                found = f"has {k} entries" if k == reach else f"reaches over {reach} entries"
                report("kernel", f"the window {found}, axis {axis + 1} of its input has {have}")
            elif min(at.inside(axis)) < 1:
                report("padding", f"a window on axis {axis + 1} would hold nothing but padding")
            else:
                continue
            good = False
        return at.output if good else None

    def geometry(self, x: Shape) -> Geometry:
        """How the windows slide over an input of this shape (batch axis left out)."""
        size = input_axes(x, self.rank)[1]
        taps, dilation = each(self.kernel, self.rank), each(self.dilation, self.rank)
        stride = each(self.kernel if self.stride is None else self.stride, self.rank)
        pairs = pads(self.padding, size, taps, stride, dilation)
        rounded = ceil_size if self.ceil_mode else out_size
        return Geometry(size, taps, stride, pairs, dilation, rounded(size, taps, stride, pairs, dilation))

    def windows(self, x: Shape) -> Windows:
        """The table of places for an input of this shape."""
        return windows(self.geometry(x))

    def place(self, x: Operand, c: int, i: int) -> Expr:
        """An entry of an operand by channel and place."""
        return x.entry(*((c,) if len(x.shape) > self.rank else ()), *unravel(i, x.shape[-self.rank :]))


@register
class Mean(Op, frozen=True, kw_only=True):
    """y = (x_1 + … + x_n)/n, the mean of all entries; each entry receives 1/n of the gradient.

    Shapes: x any, y a single number.
    """

    name: ClassVar[str] = "mean"
    by_entry: ClassVar[bool] = True

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """A single number from any x."""
        del report, x
        return ()

    def forward(self, xp: Any, x: Array) -> Array:
        # y[B] = Σ_P x[B,P] / n
        flat = xp.reshape(x, (x.shape[0], -1))
        return xp.sum(flat, axis=1) / flat.shape[1]

    def forward_form(self, x: Expr) -> Expr:
        return Function("mean", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        del index
        n = prod(x.shape)
        return elided_sum(n, lambda i: x.entry(*unravel(i, x.shape))) / Number(str(n), n)

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        n = prod(x_shape)
        share = xp.reshape(dy / n, (dy.shape[0], 1))
        return xp.reshape(xp.concat([share] * n, axis=1), (dy.shape[0], *x_shape))

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return product(one_over(prod(x_shape)), dy, Symbol("1", bold=True))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        del index
        return product(one_over(prod(x_shape)), dy.entry())

    samples: ClassVar[tuple[Sample, ...]] = (Sample({"x": (1, 5)}), Sample({"x": (3, 2, 2)}))
