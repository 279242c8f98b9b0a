"""Max-pooling: each window gives its largest entry."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Highlight
from handgrad.ops.convolution import split
from handgrad.ops.op import Array, BadSample, Operand, Sample, Shape, mistake, register
from handgrad.ops.places import unravel
from handgrad.ops.pooling import Pooling
from handgrad.ops.sliding import fitted_along, laid_back_along, under_tap_along
from handgrad.ops.textbook import elided, elided_sum
from handgrad.ops.windows import Geometry, Windows


class MaxPool(Pooling, frozen=True, kw_only=True):
    """y = the largest entry of each window; the gradient goes to that entry alone, of equal ones to the first.

    Shapes: x [c][n…], y [c][n′…]. Padding never wins. Source: Zhou, Chellappa (1988).
    """

    onnx: ClassVar[str] = "MaxPool"
    convention: ClassVar[str] = "Of equal entries the first wins; padding never does."
    remarks: ClassVar[dict[str, str]] = {
        "forward": "The largest entry of each window is marked.",
        "dx": "Only the winner of each window receives the window's gradient.",
    }

    def forward(self, xp: Any, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        return _best(xp, self._seen(xp, x, at)[-1])[-1]

    def _seen(self, xp: Any, x: Array, at: Geometry) -> list[list[Array]]:
        """Along each axis from the last to the first what lies under each tap: of x, then of the maxima so far.

        The first of the largest entries is in the first of the largest rows, and the first there.
        """
        fill = _below(xp, x) if any(at.after) or any(pad[0] for pad in at.pads) else None
        found: list[list[Array]] = []
        for axis in range(-1, -1 - self.rank, -1):
            ready = fitted_along(xp, _best(xp, found[-1])[-1] if found else x, at, axis, fill)
            found.append([under_tap_along(ready, at, axis, t) for t in range(at.taps[axis])])
        return found

    def forward_form(self, x: Expr) -> Expr:
        return Function("maxpool", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, p = split(index, at.output)
        taps, winner = at.inside(p), self._winner(at, x, c, p)

        def item(k: int) -> Expr:
            entry = self.place(x, c, at.gather[taps[k]][p])
            return Highlight(entry) if taps[k] == winner else entry

        return Function("max", elided(len(taps), item))

    def _winner(self, at: Windows, x: Operand, c: int, p: int) -> int:
        """The tap of the first largest entry of window p."""
        size, channel = at.input, ((c,) if len(x.shape) > self.rank else ())
        best, largest = -1, None
        for t in at.inside(p):
            value = x.number(*channel, *unravel(at.gather[t][p], size))
            if largest is None or value > largest:
                best, largest = t, value
        return best

    def dx(self, xp: Any, dy: Array, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        for axis, seen in zip(range(-self.rank, 0), reversed(self._seen(xp, x, at)), strict=True):
            dy = _to_winners(xp, dy, seen, at, axis)
        return dy

    @mistake("dx", "gradient spread to the whole window", "only the winner of a window receives its gradient")
    def dx_spread(self, xp: Any, dy: Array, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        for axis in range(-self.rank, 0):
            dy = laid_back_along(xp, [dy] * at.taps[axis], at, axis)
        return dy

    @mistake("dx", "gradient shared among the window", "only the winner of a window receives its gradient, all of it")
    def dx_shared(self, xp: Any, dy: Array, x: Array) -> Array:
        return self.dx_spread(xp, dy, x) / prod(self.geometry(x.shape[1:]).taps)

    @mistake("forward", "mean in place of the maximum", "only the largest entry of a window counts")
    def forward_averaged(self, xp: Any, x: Array) -> Array:
        at, total = self.geometry(x.shape[1:]), None
        for axis in range(-1, -1 - self.rank, -1):
            ready = fitted_along(xp, x if total is None else total, at, axis)
            total = sum(under_tap_along(ready, at, axis, t) for t in range(at.taps[axis])) / at.taps[axis]
        return total

    @mistake(
        "dx", "gradient to the first of the window", "the winner of a window receives its gradient, wherever it is"
    )
    def dx_to_first(self, xp: Any, dy: Array, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        for axis in range(-self.rank, 0):
            dy = laid_back_along(xp, [dy, *[xp.zeros_like(dy)] * (at.taps[axis] - 1)], at, axis)
        return dy

    def dx_form(self, dy: Expr, x: Expr) -> Expr:
        return Function("unpool", (dy, x))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, i = split(index, at.input)
        won = [p for t, p in at.sources(i) if self._winner(at, x, c, p) == t]
        return elided_sum(len(won), lambda k: self.place(dy, c, won[k]))


def _below(xp: Any, x: Array) -> Array:
    """A number below every entry of x, also where floats are coarse: m − 1 − |m|."""
    least = -xp.max(xp.reshape(-x, (1, -1)), axis=1)
    return xp.reshape(least - 1 - xp.abs(least), (1,) * x.ndim)


def _best(xp: Any, seen: list[Array]) -> list[Array]:
    """The largest of the taps up to each."""
    best = [seen[0]]
    for entries in seen[1:]:
        best.append(xp.maximum(best[-1], entries))
    return best


def _to_winners(xp: Any, dy: Array, seen: list[Array], at: Geometry, axis: int) -> Array:
    """dy laid back to the last tap that beats all before it, the first of the largest."""
    best, parts, rest = _best(xp, seen[:-1] or seen), [dy] * len(seen), dy
    for t in range(len(seen) - 1, 0, -1):
        parts[t] = xp.masked(rest, seen[t] > best[t - 1])
        rest = xp.masked(rest, seen[t] <= best[t - 1])
    parts[0] = rest
    return laid_back_along(xp, parts, at, axis)


@register
class MaxPool1d(MaxPool, frozen=True, kw_only=True):
    """y[i] = max of x[s(i−1)+1 … s(i−1)+k]; dL/dx goes to the winner, of equal ones to the first."""

    name: ClassVar[str] = "max_pool1d"
    torch: ClassVar[str] = "nn.MaxPool1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 6)}, {"kernel": 2}),
        Sample({"x": (2, 2, 7)}, {"kernel": 3, "stride": 2, "padding": 1}),
        Sample({"x": (1, 8)}, {"kernel": 2, "dilation": 3, "stride": 3, "ceil_mode": True, "padding": [[1, 2]]}),
        Sample({"x": (2, 7)}, {"kernel": 3, "padding": "same_lower"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"kernel": 4}, (3,), "layer 1 (max_pool1d): the window has 4 entries, axis 1 of its input has 3"),
        BadSample(
            {"kernel": 3, "dilation": 2},
            (4,),
            "layer 1 (max_pool1d): the window reaches over 5 entries, axis 1 of its input has 4",
        ),
        BadSample(
            {"kernel": 2, "dilation": 3, "padding": 1},
            (2,),
            "layer 1 (max_pool1d): a window on axis 1 would hold nothing but padding",
        ),
    )


@register
class MaxPool2d(MaxPool, frozen=True, kw_only=True):
    """y[i,j] = max of the window at (i, j); dL/dx goes to the winner, of equal ones to the first."""

    name: ClassVar[str] = "max_pool2d"
    torch: ClassVar[str] = "nn.MaxPool2d"
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4, 4)}, {"kernel": 2}),
        Sample({"x": (2, 2, 4, 5)}, {"kernel": [2, 3], "stride": [2, 1], "padding": [1, 0]}),
        Sample({"x": (1, 2, 5, 6)}, {"kernel": 3, "stride": 2, "padding": [1, [0, 2]], "ceil_mode": True}),
        Sample({"x": (1, 5, 5)}, {"kernel": 2, "stride": 1, "dilation": [2, 3], "padding": "same"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 2, "padding": [2, 0]},
            (4, 4),
            "layer 1 (max_pool2d): expected less than the window's 2 on axis 1, found 2",
        ),
    )


@register
class MaxPool3d(MaxPool, frozen=True, kw_only=True):
    """y[i,j,l] = max of the window at (i, j, l); dL/dx goes to the winner, of equal ones to the first."""

    name: ClassVar[str] = "max_pool3d"
    torch: ClassVar[str] = "nn.MaxPool3d"
    rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 4, 2)}, {"kernel": 2}),
        Sample({"x": (1, 2, 3, 2, 3)}, {"kernel": 2, "stride": [1, 2, 1], "padding": [1, 0, 1]}),
        Sample({"x": (2, 3, 3, 3)}, {"kernel": [2, 1, 2], "ceil_mode": True, "dilation": [2, 1, 1], "stride": 2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 2},
            (3,),
            "layer 1 (max_pool3d): expected an input of 3 or, with channels, 4 axes, found shape [3]",
        ),
    )
