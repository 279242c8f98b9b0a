"""Pooling: each window of the input gives its largest entry or its mean; and the mean of all."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Highlight, Number, Symbol, product
from handgrad.ops.convolution import input_axes, split
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import unravel
from handgrad.ops.textbook import elided, elided_sum, one_over
from handgrad.ops.windows import Padding, Size, Windows, check_sizes, each, out_size, pads, windows


class Pooling(Op, frozen=True, kw_only=True):
    """A window of ``kernel`` entries, moved by ``stride`` (its own length unless given), over each channel."""

    rank: ClassVar[int]
    by_entry: ClassVar[bool] = True
    kernel: Size
    stride: Size | None = None
    padding: Padding = 0

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[c][n′…] from x [c][n…] (or without channels), n′ = ⌊(n + pad − k)/s⌋ + 1."""
        rank = self.rank
        sizes = {"kernel": self.kernel} if self.stride is None else {"kernel": self.kernel, "stride": self.stride}
        fits = check_sizes(report, rank, sizes, self.padding)
        if not rank <= len(x) <= rank + 1:
            report("op", f"expected an input of {rank} or, with channels, {rank + 1} axes, found shape {list(x)}")
            return None
        output = self._output(report, input_axes(x, rank)[1]) if fits else None
        return None if output is None else (*x[: len(x) - rank], *output)

    def _output(self, report: Report, size: Shape) -> Shape | None:
        taps, stride, padding = self._geometry(size)
        output = out_size(size, taps, stride, padding, (1,) * self.rank)
        for axis, (k, pad) in enumerate(zip(taps, padding, strict=True)):
            if max(pad) >= k:
                report("padding", f"expected less than the window's {k} on axis {axis + 1}, found {max(pad)}")
            elif output[axis] < 1:
                report(
                    "kernel", f"the window has {k} entries, axis {axis + 1} of its input has {size[axis] + sum(pad)}"
                )
        return output if min(output) > 0 else None

    @property
    def _step(self) -> Size:
        return self.kernel if self.stride is None else self.stride

    def _geometry(self, size: Shape) -> tuple[Shape, Shape, tuple[tuple[int, int], ...]]:
        taps, stride = each(self.kernel, self.rank), each(self._step, self.rank)
        return taps, stride, pads(self.padding, size, taps, stride, (1,) * self.rank)

    def windows(self, x: Shape) -> Windows:
        """The table of places for an input of this shape (batch axis left out)."""
        size = input_axes(x, self.rank)[1]
        taps, stride, padding = self._geometry(size)
        return windows(size, taps, stride, padding, (1,) * self.rank)

    def _place(self, x: Operand, c: int, i: int) -> Expr:
        size = x.shape[-self.rank :]
        return x.entry(*((c,) if len(x.shape) > self.rank else ()), *unravel(i, size))

    def _sources(self, at: Windows, i: int) -> list[tuple[int, int]]:
        """Taps and output places of the windows that hold input place i."""
        none = prod(at.output)
        return [(t, row[i]) for t, row in enumerate(at.scatter) if row[i] < none]


class MaxPool(Pooling, frozen=True, kw_only=True):
    """y = the largest entry of each window; the gradient goes to that entry alone, of equal ones to the first.

    Shapes: x [c][n…], y [c][n′…]. Padding never wins. Source: Zhou, Chellappa (1988).
    """

    remarks: ClassVar[dict[str, str]] = {
        "forward": "The largest entry of each window is marked.",
        "dx": "Only the winner of each window receives the window's gradient.",
    }

    def forward(self, xp: Any, x: Array) -> Array:
        at = self.windows(x.shape[1:])
        return xp.reshape(xp.max(self._windowed(xp, x, at), axis=2), self._out(x, at))

    def _out(self, x: Array, at: Windows) -> Shape:
        return (*x.shape[: x.ndim - self.rank], *at.output)

    def _windowed(self, xp: Any, x: Array, at: Windows) -> Array:
        """[B][c][t][P]: the entries of each window; a place in the padding repeats the window's first entry."""
        flat = xp.reshape(x, (x.shape[0], -1, prod(at.input)))
        places = [i for row in _first_for_padding(at) for i in row]
        return xp.reshape(xp.take(flat, places, axis=2), (*flat.shape[:2], len(at.gather), len(at.gather[0])))

    def forward_form(self, x: Expr) -> Expr:
        return Function("maxpool", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, p = split(index, at.output)
        taps, winner = at.inside[p], self._winner(at, x, c, p)

        def item(k: int) -> Expr:
            entry = self._place(x, c, at.gather[taps[k]][p])
            return Highlight(entry) if taps[k] == winner else entry

        return Function("max", elided(len(taps), item))

    def _winner(self, at: Windows, x: Operand, c: int, p: int) -> int:
        """The tap of the first largest entry of window p."""
        size, channel = at.input, ((c,) if len(x.shape) > self.rank else ())
        best, largest = -1, None
        for t in at.inside[p]:
            value = x.number(*channel, *unravel(at.gather[t][p], size))
            if largest is None or value > largest:
                best, largest = t, value
        return best

    def dx(self, xp: Any, dy: Array, x: Array) -> Array:
        at = self.windows(x.shape[1:])
        winner = xp.argmax(self._windowed(xp, x, at), axis=2)
        # place[B,c,P]: where in the input the first largest entry of each window stands
        place = xp.zeros_like(winner)
        for t, row in enumerate(_first_for_padding(at)):
            place = xp.where(winner == t, xp.asarray(row), place)
        return xp.reshape(self._routed(xp, dy, place, at), x.shape)

    def _routed(self, xp: Any, dy: Array, place: Array, at: Windows) -> Array:
        """dx[B,c,i] = Σ dy[B,c,p] over the windows p that hold i and whose winner stands at i."""
        flat = xp.reshape(dy, place.shape)
        nowhere = xp.zeros_like(flat[:, :, :1])
        padded, won = xp.concat([flat, nowhere], axis=2), xp.concat([place, nowhere - 1], axis=2)
        here, total = xp.asarray(list(range(prod(at.input)))), None
        for row in at.scatter:
            seen = xp.take(padded, list(row), axis=2)
            part = xp.where(xp.take(won, list(row), axis=2) == here, seen, xp.zeros_like(seen))
            total = part if total is None else total + part
        return total

    def dx_form(self, dy: Expr, x: Expr) -> Expr:
        return Function("unpool", (dy, x))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, i = split(index, at.input)
        won = [p for t, p in self._sources(at, i) if self._winner(at, x, c, p) == t]
        return elided_sum(len(won), lambda k: _output(dy, c, won[k], at, self.rank))


def _first_for_padding(at: Windows) -> list[list[int]]:
    nowhere = prod(at.input)
    first = [at.gather[taps[0]][p] for p, taps in enumerate(at.inside)]
    return [[first[p] if i == nowhere else i for p, i in enumerate(row)] for row in at.gather]


def _output(y: Operand, c: int, p: int, at: Windows, rank: int) -> Expr:
    return y.entry(*((c,) if len(y.shape) > rank else ()), *unravel(p, at.output))


class AveragePool(Pooling, frozen=True, kw_only=True):
    """y = the mean of each window; each entry receives its share of the window's gradient.

    Shapes: x [c][n…], y [c][n′…]. Padding counts as zeros in the mean unless ``count_include_pad`` is false.
    """

    count_include_pad: bool = True

    def _shares(self, at: Windows) -> list[int]:
        """By how many entries each window divides."""
        return [prod(at.taps) if self.count_include_pad else len(taps) for taps in at.inside]

    def forward(self, xp: Any, x: Array) -> Array:
        at = self.windows(x.shape[1:])
        flat = xp.reshape(x, (x.shape[0], -1, prod(at.input)))
        padded = xp.concat([flat, xp.zeros_like(flat[:, :, :1])], axis=2)
        places = [i for row in at.gather for i in row]
        seen = xp.reshape(xp.take(padded, places, axis=2), (*flat.shape[:2], len(at.gather), len(at.gather[0])))
        # y[B,c,P] = Σ_t x[B,c,gather[t,P]] / count[P]
        means = xp.sum(seen, axis=2) / self._counts(xp, at, flat)
        return xp.reshape(means, (*x.shape[: x.ndim - self.rank], *at.output))

    def _counts(self, xp: Any, at: Windows, like: Array) -> Array:
        one = xp.ones_like(like[:1, :1, :1])
        return xp.concat([count * one for count in self._shares(at)], axis=2)

    def forward_form(self, x: Expr) -> Expr:
        return Function("avgpool", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, p = split(index, at.output)
        taps = at.inside[p]
        total = elided_sum(len(taps), lambda k: self._place(x, c, at.gather[taps[k]][p]))
        count = self._shares(at)[p]
        return total / Number(str(count), count)

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        at = self.windows(x_shape)
        flat = xp.reshape(dy, (dy.shape[0], -1, prod(at.output)))
        shared = flat / self._counts(xp, at, flat)
        padded = xp.concat([shared, xp.zeros_like(shared[:, :, :1])], axis=2)
        places = [p for row in at.scatter for p in row]
        seen = xp.reshape(xp.take(padded, places, axis=2), (*flat.shape[:2], len(at.scatter), prod(at.input)))
        # dx[B,c,i] = Σ_t dy[B,c,scatter[t,i]] / count
        return xp.reshape(xp.sum(seen, axis=2), (dy.shape[0], *x_shape))

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        del x_shape
        return Function("spread", (dy,))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        at = self.windows(x_shape)
        c, i = split(index, at.input)
        shares, places = self._shares(at), [p for _, p in self._sources(at, i)]
        return elided_sum(
            len(places), lambda k: product(one_over(shares[places[k]]), _output(dy, c, places[k], at, self.rank))
        )


@register
class MaxPool1d(MaxPool, frozen=True, kw_only=True):
    """y[i] = max of x[s(i−1)+1 … s(i−1)+k]; dL/dx goes to the winner, of equal ones to the first."""

    name: ClassVar[str] = "max_pool1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 6)}, {"kernel": 2}),
        Sample({"x": (2, 2, 7)}, {"kernel": 3, "stride": 2, "padding": 1}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"kernel": 4}, (3,), "layer 1 (max_pool1d): the window has 4 entries, axis 1 of its input has 3"),
    )


@register
class MaxPool2d(MaxPool, frozen=True, kw_only=True):
    """y[i,j] = max of the window at (i, j); dL/dx goes to the winner, of equal ones to the first."""

    name: ClassVar[str] = "max_pool2d"
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4, 4)}, {"kernel": 2}),
        Sample({"x": (2, 2, 4, 5)}, {"kernel": [2, 3], "stride": [2, 1], "padding": [1, 0]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 2, "padding": [2, 0]},
            (4, 4),
            "layer 1 (max_pool2d): expected less than the window's 2 on axis 1, found 2",
        ),
    )


@register
class AveragePool1d(AveragePool, frozen=True, kw_only=True):
    """y[i] = mean of x[s(i−1)+1 … s(i−1)+k]; each entry receives 1/k of the window's gradient."""

    name: ClassVar[str] = "average_pool1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 6)}, {"kernel": 3}),
        Sample({"x": (2, 2, 7)}, {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
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
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4, 4)}, {"kernel": 2}),
        Sample({"x": (2, 2, 4, 5)}, {"kernel": [3, 4], "stride": [1, 2], "padding": [1, 2]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [2, 2, 2]},
            (4, 4),
            "layer 1 (average_pool2d): expected a positive integer or a list of 2, found [2, 2, 2]",
        ),
    )


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
