"""Pooling: a window slides over each channel; and the mean of all entries."""

from __future__ import annotations

from typing import ClassVar

from handgrad.notation.nodes import Expr
from handgrad.ops.convolution import input_axes
from handgrad.ops.op import Op, Operand, Report, Shape
from handgrad.ops.places import unravel
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
