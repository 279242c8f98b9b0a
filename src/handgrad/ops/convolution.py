"""Convolution: a kernel sliding over an input. As in every framework it is a cross-correlation."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from msgspec.structs import replace

from handgrad.notation.nodes import BigSum, Entry, Expr, Function, Star, Sum, Symbol
from handgrad.ops.correlation import correlated, correlated_back, kernel_gradient
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, mistake, register
from handgrad.ops.places import ravel, unravel
from handgrad.ops.textbook import described, elided_sum
from handgrad.ops.windows import Geometry, Padding, Size, Windows, check_sizes, each, out_size, pads, windows


class Convolution(Op, frozen=True, kw_only=True):
    """F = X * K + b: F[o,p] = Σ_{c,t} K[o,c,t] X[c, s p + d t − pad] + b[o].

    Shapes: X [in][n…], K [out][in/groups][k…], b [out], F [out][n′…] with
    n′ = ⌊(n + pad − d (k−1) − 1)/s⌋ + 1. In ``groups`` each run of output channels sees its run of input
    channels alone (in groups of one: depthwise). Short forms for one channel: K [k…] with X [n…] gives F [n′…];
    K [out][k…] gives F [out][n′…].

    ∂L/∂K = X * ∂L/∂F; ∂L/∂X is the full convolution of ∂L/∂F with the flipped kernel.
    Source: LeCun et al. (1989); Dumoulin, Visin, A guide to convolution arithmetic (2016).
    """

    rank: ClassVar[int]
    onnx: ClassVar[str] = "Conv"
    parameters: ClassVar[dict[str, str]] = {"K": "kernel", "b": "bias"}
    sizes: ClassVar[tuple[str, ...]] = ("channels", "size")
    optional: ClassVar[tuple[str, ...]] = ("b",)
    by_entry: ClassVar[bool] = True
    summed: ClassVar[tuple[str, ...]] = ("dK", "db")
    remarks: ClassVar[dict[str, str]] = {
        "dx": "Here a true convolution appears: the kernel is flipped (rot180) and every place counts "
        "at which it meets the input.",
    }
    stride: Size = 1
    padding: Padding = 0
    dilation: Size = 1
    groups: int = 1
    channels: int | None = None
    size: Size | None = None
    """The number of output channels and the kernel's length in each dimension, where it is drawn at random."""

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """K [channels][in/groups][size…]; b as long as K has output channels."""
        if letter == "b":
            return kernel_axes(known["K"], self.rank)[:1] if "K" in known else None
        if self.channels is None or self.size is None:
            return None
        ins = input_axes(x, self.rank)[0] // max(self.groups, 1)
        return (self.channels, ins, *each(self.size, self.rank))

    def shape(self, report: Report, *, x: Shape, K: Shape, b: Shape | None = None) -> Shape | None:
        """[out][n′…] from x [in][n…], K [out][in][k…], b [out], and the short forms for one channel."""
        rank = self.rank
        fits = check_sizes(report, rank, {"stride": self.stride, "dilation": self.dilation}, self.padding)
        if not rank <= len(K) <= rank + 2:
            report("kernel", f"expected [out][in]{'[k]' * rank} or a short form for one channel, found {list(K)}")
            return None
        if not rank <= len(x) <= rank + 1:
            report("op", f"expected an input of {rank} or, with channels, {rank + 1} axes, found shape {list(x)}")
            return None
        outs, ins, _ = kernel_axes(K, rank)
        channels = input_axes(x, rank)[0]
        if not self._groups_fit(report, outs, channels):
            return None
        if ins * self.groups != channels:
            each_group = "" if self.groups == 1 else f" in each of the {self.groups} groups"
            report("kernel", f"expected {channels // self.groups} input channels{each_group} (axis in), found {ins}")
        if b is not None and b != (outs,) and not (b == () and len(K) == rank):
            report("bias", f"expected one entry for each of the {outs} output channels, found {described(b)}")
        if not fits:
            return None
        return self._out_shape(report, x, K)

    def _groups_fit(self, report: Report, outs: int, channels: int) -> bool:
        if self.groups < 1:
            report("groups", f"expected a positive integer, found {self.groups}")
        elif outs % self.groups or channels % self.groups:
            report("groups", f"{channels} input and {outs} output channels do not split into {self.groups} groups")
        else:
            return True
        return False

    def _out_shape(self, report: Report, x: Shape, K: Shape) -> Shape | None:
        at = self.geometry(x, K)
        for axis, out in enumerate(at.output):
            if out < 1:
                reach, have = at.reach[axis], at.size[axis] + sum(at.pads[axis])
                report("kernel", f"the kernel reaches over {reach} entries, axis {axis + 1} of its input has {have}")
        if min(at.output) < 1:
            return None
        return at.output if self._single(x, K) else (kernel_axes(K, self.rank)[0], *at.output)

    def _single(self, x: Shape, K: Shape) -> bool:
        """Whether neither has a channel axis."""
        return len(K) == self.rank and len(x) == self.rank

    def geometry(self, x: Shape, K: Shape) -> Geometry:
        """How the kernel slides over the input (batch axis left out)."""
        (_, size), taps = input_axes(x, self.rank), kernel_axes(K, self.rank)[2]
        stride, dilation = each(self.stride, self.rank), each(self.dilation, self.rank)
        padding = pads(self.padding, size, taps, stride, dilation)
        return Geometry(size, taps, stride, padding, dilation, out_size(size, taps, stride, padding, dilation))

    def windows(self, x: Shape, K: Shape) -> Windows:
        """The table of places for an input and kernel of these shapes."""
        return windows(self.geometry(x, K))

    def forward(self, xp: Any, x: Array, K: Array, b: Array | None = None) -> Array:
        at = self.geometry(x.shape[1:], K.shape)
        # y[B,o,P] = Σ_(c,t) K[o,c,t] x[B,c,t,P]
        y = correlated(xp, self._full_x(xp, x, at), full_kernel(xp, K, self.rank), at, self.groups)
        if b is not None:
            y = y + xp.reshape(b, (y.shape[1], *(1,) * self.rank))
        return xp.reshape(y, (x.shape[0], *at.output)) if self._single(x.shape[1:], K.shape) else y

    @mistake("forward", "kernel flipped", "F = X * K slides the kernel as it stands (a cross-correlation)")
    def forward_flipped(self, xp: Any, x: Array, K: Array, b: Array | None = None) -> Array:
        return self.forward(xp, x, flipped(K, self.rank), b)

    @mistake("forward", "bias forgotten", "F = X * K + b: add the bias")
    def forward_without_bias(self, xp: Any, x: Array, K: Array, b: Array) -> Array:
        return self.forward(xp, x, K)

    @mistake("forward", "sign of the bias", "F = X * K + b: the bias is added")
    def forward_less_bias(self, xp: Any, x: Array, K: Array, b: Array) -> Array:
        return self.forward(xp, x, K, -b)

    @mistake("forward", "stride taken as 1", "the kernel moves by the stride from one place to the next")
    def forward_step_by_step(self, xp: Any, x: Array, K: Array, b: Array | None = None) -> Array:
        found = replace(self, stride=1, padding=self.geometry(x.shape[1:], K.shape).pads).forward(xp, x, K, b)
        return found[(..., *[slice(n) for n in self.geometry(x.shape[1:], K.shape).output])]

    @mistake("forward", "padding at the end alone", "the padding stands before the first entry too")
    def forward_padded_behind(self, xp: Any, x: Array, K: Array, b: Array | None = None) -> Array:
        behind = tuple((0, before + after) for before, after in self.geometry(x.shape[1:], K.shape).pads)
        return replace(self, padding=behind).forward(xp, x, K, b)

    def _full_x(self, xp: Any, x: Array, at: Geometry) -> Array:
        return x if x.ndim == self.rank + 2 else xp.reshape(x, (x.shape[0], 1, *at.size))

    def forward_form(self, x: Expr, K: Expr, b: Expr | None = None) -> Expr:
        return Star(x, K) if b is None else Sum((Star(x, K), b))

    def forward_entry(self, index: Shape, x: Operand, K: Operand, b: Operand | None = None) -> Expr:
        at, (outs, ins, _) = self.windows(x.shape, K.shape), kernel_axes(K.shape, self.rank)
        o, p = split(index, at.output)
        first = ins * (o // (outs // self.groups))
        taps = at.inside(p)
        pairs = [(c, t) for c in range(ins) for t in taps]
        total = elided_sum(
            len(pairs),
            lambda k: self._x(x, first + pairs[k][0], at.gather[pairs[k][1]][p]) * self._k(K, o, *pairs[k]),
        )
        return total if b is None else total + b.entry(*((o,) if b.shape else ()))

    def dx(self, xp: Any, dy: Array, K: Array, x_shape: Shape) -> Array:
        at, kernel = self.geometry(x_shape, K.shape), full_kernel(xp, K, self.rank)
        # dx[B,c,i] = Σ_(o,t) K[o,c,t] dy[B,o,p] over the places p whose tap t lies on i
        upstream = xp.reshape(dy, (dy.shape[0], kernel.shape[0], *at.output))
        return xp.reshape(correlated_back(xp, upstream, kernel, at, self.groups), (dy.shape[0], *x_shape))

    @mistake("dx", "kernel not flipped", "∂L/∂X is the full convolution of ∂L/∂F with the flipped kernel")
    def dx_unflipped(self, xp: Any, dy: Array, K: Array, x: Array) -> Array:
        return self.dx(xp, dy, flipped(K, self.rank), tuple(x.shape[1:]))

    def dx_form(self, dy: Expr, K: Expr, x_shape: Shape) -> Expr:
        del x_shape
        return Star(dy, Function("rot180", (K,)))

    def dx_entry(self, index: Shape, dy: Operand, K: Operand, x_shape: Shape) -> Expr:
        at, (outs, ins, _) = self.windows(x_shape, K.shape), kernel_axes(K.shape, self.rank)
        c, i = split(index, at.input)
        share = outs // self.groups
        group = range(c // ins * share, (c // ins + 1) * share)
        sources = at.sources(i)
        pairs = [(o, t, p) for o in group for t, p in sources]
        return elided_sum(len(pairs), lambda k: self._dx_term(dy, K, at, c % ins, *pairs[k]))

    def _dx_term(self, dy: Operand, K: Operand, at: Windows, c: int, o: int, t: int, p: int) -> Expr:
        return self._y(dy, o, p, at.output) * self._k(K, o, c, t)

    def dK(self, xp: Any, dy: Array, x: Array, K_shape: Shape) -> Array:
        at, outs = self.geometry(x.shape[1:], K_shape), kernel_axes(K_shape, self.rank)[0]
        upstream = xp.reshape(dy, (x.shape[0], outs, *at.output))
        # dK[o,c,t] = Σ_B Σ_P dy[B,o,P] x[B,c,t,P]
        found = kernel_gradient(xp, upstream, self._full_x(xp, x, at), at, self.groups)
        return xp.reshape(found, K_shape)

    @mistake("dK", "kernel gradient flipped", "∂L/∂K = X * ∂L/∂F, in the kernel's own order")
    def dK_flipped(self, xp: Any, dy: Array, x: Array, K: Array) -> Array:
        return flipped(self.dK(xp, dy, x, tuple(K.shape)), self.rank)

    @mistake("dK", "mean in place of the sum", "the kernel is shared: add what comes from every place")
    def dK_averaged(self, xp: Any, dy: Array, x: Array, K: Array) -> Array:
        places = prod(dy.shape[dy.ndim - self.rank :])
        return self.dK(xp, dy, x, tuple(K.shape)) / places

    @mistake("dK", "gradient of the first place alone", "the kernel is shared: add what comes from every place")
    def dK_of_first(self, xp: Any, dy: Array, x: Array, K: Array) -> Array:
        return self.dK(xp, self._at_first(xp, dy), x, tuple(K.shape))

    def _at_first(self, xp: Any, dy: Array) -> Array:
        """dy with zeros at every place but the first."""
        count = prod(dy.shape[dy.ndim - self.rank :])
        flat = xp.reshape(dy, (*dy.shape[: dy.ndim - self.rank], count))
        return xp.reshape(xp.concat([flat[..., :1], xp.zeros_like(flat[..., 1:])], axis=-1), tuple(dy.shape))

    def dK_form(self, dy: Expr, x: Expr, K_shape: Shape) -> Expr:
        del K_shape
        return Star(x, dy)

    def dK_entry(self, index: Shape, dy: Operand, x: Operand, K_shape: Shape) -> Expr:
        at, (outs, ins, taps) = self.windows(x.shape, K_shape), kernel_axes(K_shape, self.rank)
        o, local, t = kernel_place(index, self.rank, taps)
        c = local + ins * (o // (outs // self.groups))
        nowhere = prod(at.input)
        places = [p for p, i in enumerate(at.gather[t]) if i < nowhere]
        met = [(n, p) for n in range(len(x.examples)) for p in places]
        return elided_sum(
            len(met),
            lambda k: (
                self._x(x.examples[met[k][0]], c, at.gather[t][met[k][1]])
                * self._y(dy.examples[met[k][0]], o, met[k][1], at.output)
            ),
        )

    def db(self, xp: Any, dy: Array, b_shape: Shape) -> Array:
        # db[o] = Σ_B Σ_P dy[B,o,P]
        flat = xp.reshape(dy, (dy.shape[0], prod(b_shape), -1))
        return xp.reshape(xp.sum(flat, axis=(0, 2)), b_shape)

    @mistake("db", "mean in place of the sum", "the bias is shared: add what comes from every place")
    def db_averaged(self, xp: Any, dy: Array, b: Array) -> Array:
        return self.db(xp, dy, tuple(b.shape)) / prod(dy.shape[dy.ndim - self.rank :])

    @mistake("db", "gradient of the first place alone", "the bias is shared: add what comes from every place")
    def db_of_first(self, xp: Any, dy: Array, b: Array) -> Array:
        return self.db(xp, self._at_first(xp, dy), tuple(b.shape))

    def db_form(self, dy: Expr, b_shape: Shape) -> Expr:
        letters = "pqr"[: self.rank]
        return BigSum(Entry(dy, (*("o",) * bool(b_shape), *letters)), Symbol(", ".join(letters)))

    def db_entry(self, index: Shape, dy: Operand, b_shape: Shape) -> Expr:
        o = index[0] if index else 0
        output = dy.shape[-self.rank :]
        places = prod(output)
        return elided_sum(places * len(dy.examples), lambda k: self._y(dy.examples[k // places], o, k % places, output))

    def _x(self, x: Operand, c: int, i: int) -> Expr:
        size = x.shape[-self.rank :]
        return x.entry(*((c,) if len(x.shape) > self.rank else ()), *unravel(i, size))

    def _y(self, y: Operand, o: int, p: int, output: Shape) -> Expr:
        return y.entry(*((o,) if len(y.shape) > self.rank else ()), *unravel(p, output))

    def _k(self, K: Operand, o: int, c: int, t: int) -> Expr:
        leading = (o, c)[: len(K.shape) - self.rank]
        return K.entry(*leading, *unravel(t, K.shape[-self.rank :]))

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """One entry of X * K, as a sum over the kernel."""
        X, K = Symbol("X", bold=True), Symbol("K", bold=True)
        places, taps = "ijk"[: self.rank], "tuv"[: self.rank]
        stride = each(self.stride, self.rank)
        under = tuple(_under(p, t, s) for p, t, s in zip(places, taps, stride, strict=True))
        body = Entry(X, under) * Entry(K, tuple(taps))
        return ((Entry(Star(X, K), tuple(places)), BigSum(body, Symbol(", ".join(taps)))),)


def _under(place: str, tap: str, stride: int) -> str:
    return f"{place}+{tap}−1" if stride == 1 else f"{stride}({place}−1)+{tap}"


def kernel_axes(K: Shape, rank: int) -> tuple[int, int, Shape]:
    """Output channels, input channels and taps of a kernel in any of its forms."""
    leading = K[: len(K) - rank]
    outs = leading[0] if leading else 1
    return outs, leading[1] if len(leading) == 2 else 1, K[len(K) - rank :]


def input_axes(x: Shape, rank: int) -> tuple[int, Shape]:
    """Channels and spatial size of an input with or without a channel axis."""
    return (x[0], x[1:]) if len(x) > rank else (1, x)


def split(index: Shape, size: Shape) -> tuple[int, int]:
    """An index of an array with or without a channel axis as channel and place."""
    return (index[0] if len(index) > len(size) else 0), ravel(index[len(index) - len(size) :], size)


def kernel_place(index: Shape, rank: int, taps: Shape) -> tuple[int, int, int]:
    """An index of a kernel in any form as output channel, input channel and tap."""
    leading = index[: len(index) - rank]
    o = leading[0] if leading else 0
    return o, leading[1] if len(leading) == 2 else 0, ravel(index[len(index) - rank :], taps)


def full_kernel(xp: Any, K: Array, rank: int) -> Array:
    """A kernel in a short form with all its axes."""
    outs, ins, taps = kernel_axes(K.shape, rank)
    return K if K.ndim == rank + 2 else xp.reshape(K, (outs, ins, *taps))


def flipped(K: Array, rank: int) -> Array:
    """A kernel with its taps in the opposite order along each of its last axes."""
    return K[(..., *[slice(None, None, -1)] * rank)]


@register
class Conv1d(Convolution, frozen=True, kw_only=True):
    """F[o,i] = Σ_{c,t} K[o,c,t] X[c, s(i−1)+t] + b[o], F = X * K + b; ∂L/∂K = X * ∂L/∂F, ∂L/∂X = ∂L/∂F * flip(K)."""

    name: ClassVar[str] = "conv1d"
    torch: ClassVar[str] = "nn.Conv1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 8), "K": (2,)}),
        Sample({"x": (2, 5), "K": (3, 2), "b": (3,)}, {"padding": 1}),
        Sample({"x": (2, 2, 7), "K": (3, 2, 3), "b": (3,)}, {"stride": 2, "padding": 1}),
        Sample({"x": (1, 2, 8), "K": (1, 2, 2)}, {"dilation": 3, "padding": [[0, 2]]}),
        Sample({"x": (2, 4, 6), "K": (6, 2, 2), "b": (6,)}, {"groups": 2, "stride": 3, "padding": "same_lower"}),
        Sample({"x": (1, 3, 5), "K": (3, 2), "b": (3,)}, {"groups": 3}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [1, 2, 3, 4]},
            (3,),
            "layer 1 (conv1d): the kernel reaches over 4 entries, axis 1 of its input has 3",
        ),
        BadSample(
            {"kernel": [[[1]], [[1]]], "groups": 2},
            (3, 4),
            "layer 1 (conv1d): 3 input and 2 output channels do not split into 2 groups",
        ),
        BadSample(
            {"kernel": [[[1]], [[1]]], "groups": 2},
            (4, 4),
            "layer 1 (conv1d): expected 2 input channels in each of the 2 groups (axis in), found 1",
        ),
        BadSample(
            {"kernel": [1], "groups": 0},
            (4,),
            "layer 1 (conv1d): expected a positive integer, found 0",
        ),
    )


@register
class Conv2d(Convolution, frozen=True, kw_only=True):
    """F[o,i,j] = Σ_{c,t,u} K[o,c,t,u] X[c,i+t−1,j+u−1] + b[o]; ∂L/∂K = X * ∂L/∂F, ∂L/∂X = ∂L/∂F * rot180(K)."""

    name: ClassVar[str] = "conv2d"
    torch: ClassVar[str] = "nn.Conv2d"
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4, 4), "K": (2, 3)}),
        Sample({"x": (2, 1, 4, 5), "K": (2, 2, 2), "b": (2,)}, {"padding": "same", "stride": [2, 1]}),
        Sample({"x": (2, 2, 5, 4), "K": (3, 2, 2, 3), "b": (3,)}, {"stride": [2, 1], "padding": [1, 2]}),
        Sample({"x": (1, 2, 6, 5), "K": (2, 2, 2, 2)}, {"dilation": [2, 3]}),
        Sample(
            {"x": (1, 2, 5, 6), "K": (4, 1, 2, 3), "b": (4,)},
            {"groups": 2, "stride": [3, 2], "padding": [[0, 2], [2, 1]], "dilation": [1, 2]},
        ),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [[[[1, 2], [3, 4]]]]},
            (3, 4, 4),
            "layer 1 (conv2d): expected 3 input channels (axis in), found 1",
        ),
    )


@register
class Conv3d(Convolution, frozen=True, kw_only=True):
    """F = X * K + b over three dimensions; K [out][in][k][k][k]. ∂L/∂K = X * ∂L/∂F, ∂L/∂X = ∂L/∂F * flip(K) in full."""

    name: ClassVar[str] = "conv3d"
    torch: ClassVar[str] = "nn.Conv3d"
    rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3, 3, 2), "K": (2, 2, 2)}),
        Sample({"x": (1, 2, 3, 4, 3), "K": (2, 1, 2, 2, 2), "b": (2,)}, {"groups": 2, "stride": [1, 2, 1]}),
        Sample({"x": (2, 1, 3, 3, 4), "K": (2, 1, 2, 1, 2)}, {"padding": "same", "dilation": [2, 1, 3]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [[[1, 2, 3]]], "stride": [1, 1]},
            (2, 2, 4),
            "layer 1 (conv3d): expected a positive integer or a list of 3, found [1, 1]",
        ),
    )
