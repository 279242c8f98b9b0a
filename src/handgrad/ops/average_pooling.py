"""Average-pooling: each window gives its mean."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Number, product
from handgrad.ops.convolution import split
from handgrad.ops.op import Array, BadSample, Operand, Sample, Shape, mistake, register
from handgrad.ops.places import unravel
from handgrad.ops.pooling import Pooling
from handgrad.ops.sliding import fitted_along, laid_back_along, under_tap_along
from handgrad.ops.textbook import elided_sum, one_over
from handgrad.ops.windows import Geometry


class AveragePool(Pooling, frozen=True, kw_only=True):
    """y = the mean of each window; each entry receives its share of the window's gradient.

    Shapes: x [c][n…], y [c][n′…]. Padding counts as zeros in the mean unless ``count_include_pad`` is false;
    what a window of ``ceil_mode`` hangs over beyond the padding never counts.
    """

    onnx: ClassVar[str] = "AveragePool"
    convention: ClassVar[str] = "A window that hangs over the padding's end counts only what is there."
    count_include_pad: bool = True

    def _counts(self, at: Geometry) -> list[list[int]]:
        """Along each axis by how many entries each window divides; a window divides by their product."""
        return [at.inside(axis, given=self.count_include_pad) for axis in range(self.rank)]

    def _count(self, at: Geometry, p: int) -> int:
        place = unravel(p, at.output)
        return prod(counts[o] for counts, o in zip(self._counts(at), place, strict=True))

    def forward(self, xp: Any, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        # y[B,c,P] = Σ_t x[B,c,t,P] / count[P], one axis after another
        for axis, counts in zip(range(-1, -1 - self.rank, -1), reversed(self._counts(at)), strict=True):
            ready, total = fitted_along(xp, x, at, axis), None
            for t in range(at.taps[axis]):
                part = under_tap_along(ready, at, axis, t)
                total = part if total is None else total + part
            x = _divided(xp, total, counts, axis)
        return x

    def forward_form(self, x: Expr) -> Expr:
        return Function("avgpool", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, p = split(index, at.output)
        taps = at.inside(p)
        total = elided_sum(len(taps), lambda k: self.place(x, c, at.gather[taps[k]][p]))
        count = self._count(self.geometry(x.shape), p)
        return total / Number(str(count), count)

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        at = self.geometry(x_shape)
        # dx[B,c,i] = Σ_t dy[B,c,P] / count[P] over the windows that hold i, one axis after another
        for axis, counts in zip(range(-self.rank, 0), self._counts(at), strict=True):
            share = _divided(xp, dy, counts, axis)
            dy = laid_back_along(xp, [share] * at.taps[axis], at, axis)
        return dy

    @mistake("forward", "not divided", "the mean of a window: divide by how many entries it has")
    def forward_summed(self, xp: Any, x: Array) -> Array:
        return self.forward(xp, x) * prod(self.geometry(x.shape[1:]).taps)

    @mistake("forward", "maximum in place of the mean", "every entry of a window counts alike")
    def forward_largest(self, xp: Any, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        for axis in range(-1, -1 - self.rank, -1):
            ready = fitted_along(xp, x, at, axis)
            x = under_tap_along(ready, at, axis, 0)
            for t in range(1, at.taps[axis]):
                x = xp.maximum(x, under_tap_along(ready, at, axis, t))
        return x

    @mistake("dx", "not divided", "each entry receives its share of the window's gradient")
    def dx_undivided(self, xp: Any, dy: Array, x: Array) -> Array:
        return self.dx(xp, dy, tuple(x.shape[1:])) * prod(self.geometry(x.shape[1:]).taps)

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        del x_shape
        return Function("spread", (dy,))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        at, geometry = self.windows(x_shape), self.geometry(x_shape)
        c, i = split(index, at.input)
        places = [p for _, p in at.sources(i)]

        def term(k: int) -> Expr:
            return product(one_over(self._count(geometry, places[k])), self.place(dy, c, places[k]))

        return elided_sum(len(places), term)


def _divided(xp: Any, x: Array, counts: list[int], axis: int) -> Array:
    """x divided along an axis by the counts, which become numbers of x's own kind."""
    if len(set(counts)) == 1:
        return x / counts[0]
    one = xp.ones_like(x[(slice(0, 1),) * x.ndim])
    return x / xp.concat([one * count for count in counts], axis=x.ndim + axis)


@register
class AveragePool1d(AveragePool, frozen=True, kw_only=True):
    """y[i] = mean of x[s(i−1)+1 … s(i−1)+k]; each entry receives 1/k of the window's gradient."""

    name: ClassVar[str] = "average_pool1d"
    torch: ClassVar[str] = "nn.AvgPool1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 6)}, {"kernel": 3}),
        Sample({"x": (2, 2, 7)}, {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
        Sample({"x": (1, 7)}, {"kernel": 3, "dilation": 2, "stride": 2, "padding": [[1, 2]], "ceil_mode": True}),
        Sample({"x": (1, 6)}, {"kernel": 4, "stride": 3, "padding": "same_lower"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 0},
            (3,),
            "layer 1 (average_pool1d): expected a positive integer, found 0",
        ),
    )


@register
class AveragePool2d(AveragePool, frozen=True, kw_only=True):
    """y[i,j] = mean of the window at (i, j); each entry receives its share of the window's gradient."""

    name: ClassVar[str] = "average_pool2d"
    torch: ClassVar[str] = "nn.AvgPool2d"
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4, 4)}, {"kernel": 2}),
        Sample({"x": (2, 2, 4, 5)}, {"kernel": [3, 4], "stride": [1, 2], "padding": [1, 2]}),
        Sample({"x": (1, 2, 5, 6)}, {"kernel": 2, "stride": [2, 3], "padding": 1, "ceil_mode": True}),
        Sample({"x": (1, 5, 6)}, {"kernel": 3, "stride": 2, "padding": "same", "count_include_pad": False}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [2, 2, 2]},
            (4, 4),
            "layer 1 (average_pool2d): expected a positive integer or a list of 2, found [2, 2, 2]",
        ),
    )


@register
class AveragePool3d(AveragePool, frozen=True, kw_only=True):
    """y[i,j,l] = mean of the window at (i, j, l); each entry receives its share of the window's gradient."""

    name: ClassVar[str] = "average_pool3d"
    torch: ClassVar[str] = "nn.AvgPool3d"
    rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 4, 2)}, {"kernel": 2}),
        Sample({"x": (1, 2, 3, 2, 3)}, {"kernel": 2, "stride": [1, 2, 1], "padding": [1, 0, 1]}),
        Sample({"x": (2, 3, 3, 3)}, {"kernel": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 3}, (2, 3, 3), "layer 1 (average_pool3d): the window has 3 entries, axis 1 of its input has 2"
        ),
    )
