"""Transposed convolution: each entry of the input lays the kernel, times itself, onto the output."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import BigSum, Entry, Expr, Function, Star, Sum, Symbol
from handgrad.ops.convolution import split
from handgrad.ops.correlation import correlated, correlated_back, kernel_gradient
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import ravel, unravel
from handgrad.ops.textbook import described, elided_sum
from handgrad.ops.windows import (
    SAME,
    Geometry,
    Padding,
    Pairs,
    Size,
    Windows,
    check_sizes,
    each,
    halves,
    pads,
    reaches,
    windows,
)


class TransposedConvolution(Op, frozen=True, kw_only=True):
    """F = X *ᵀ K + b: F[o, s i + d t − pad] gathers Σ_{c,t} K[c,o,t] X[c,i], + b[o].

    Shapes: X [in][n…], K [in][out/groups][k…], b [out], F [out][n′…] with
    n′ = s (n−1) + d (k−1) + 1 + output_padding − pad. It is the way back of a convolution with the same
    settings, so ∂L/∂X = ∂L/∂F * K is that convolution itself, and ∂L/∂K = ∂L/∂F * X.
    Padding cuts the output. With ``output_shape`` the padding follows from it (an odd one is cut more at the
    start, with "same" at the end); "same" alone makes the output s n long.
    Source: Zeiler et al. (2010); Dumoulin, Visin, A guide to convolution arithmetic (2016).
    """

    rank: ClassVar[int]
    onnx: ClassVar[str] = "ConvTranspose"
    parameters: ClassVar[dict[str, str]] = {"K": "kernel", "b": "bias"}
    sizes: ClassVar[tuple[str, ...]] = ("channels", "size")
    optional: ClassVar[tuple[str, ...]] = ("b",)
    by_entry: ClassVar[bool] = True
    summed: ClassVar[tuple[str, ...]] = ("dK", "db")
    stride: Size = 1
    padding: Padding = 0
    output_padding: Size = 0
    dilation: Size = 1
    groups: int = 1
    output_shape: list[int] | None = None
    """The output's length in each dimension, from which the padding then follows."""
    channels: int | None = None
    """The number of output channels, where the kernel is drawn at random."""
    size: Size | None = None
    """The kernel's length in each dimension, where it is drawn at random."""

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """K [in][channels/groups][size…]; b as long as there are output channels."""
        if letter == "b":
            return (known["K"][1] * self.groups,) if len(known.get("K", ())) == self.rank + 2 else None
        if self.channels is None or self.size is None:
            return None
        return (x[0], self.channels // max(self.groups, 1), *each(self.size, self.rank))

    def shape(self, report: Report, *, x: Shape, K: Shape, b: Shape | None = None) -> Shape | None:
        """[out][n′…] from x [in][n…], K [in][out/groups][k…], b [out]."""
        rank = self.rank
        fits = check_sizes(report, rank, {"stride": self.stride, "dilation": self.dilation}, self.padding)
        if len(K) != rank + 2:
            report("kernel", f"expected [in][out]{'[k]' * rank}, found {list(K)}")
            return None
        if len(x) != rank + 1:
            report("op", f"expected an input of {rank + 1} axes, channels first, found shape {list(x)}")
            return None
        if K[0] != x[0]:
            report("kernel", f"expected {x[0]} input channels (axis in), found {K[0]}")
            return None
        if self.groups < 1 or x[0] % self.groups:
            report("groups", f"{x[0]} input channels do not split into {self.groups} groups")
            return None
        outs = K[1] * self.groups
        if b is not None and b != (outs,):
            report("bias", f"expected one entry for each of the {outs} output channels, found {described(b)}")
        return self._output(report, outs, x[1:], K[2:]) if self._lengths_fit(report) and fits else None

    def _lengths_fit(self, report: Report) -> bool:
        extra = [self.output_padding] if isinstance(self.output_padding, int) else self.output_padding
        steps = zip(each(self.stride, self.rank), each(self.dilation, self.rank), strict=False)
        largest = [max(pair) for pair in steps]
        if min(extra, default=-1) < 0 or len(extra) not in {1, self.rank}:
            report("output_padding", f"expected 0 or more, or a list of {self.rank}, found {self.output_padding}")
        elif any(e >= s for e, s in zip(each(self.output_padding, self.rank), largest, strict=False)):
            report("output_padding", f"expected less than the stride or the dilation, found {self.output_padding}")
        elif self.output_shape is not None and (
            len(self.output_shape) != self.rank or min(self.output_shape, default=0) < 1
        ):
            report("output_shape", f"expected a list of {self.rank} positive integers, found {self.output_shape}")
        else:
            return True
        return False

    def _output(self, report: Report, outs: int, size: Shape, taps: Shape) -> Shape | None:
        output = self._geometry(size, taps).size
        if min(output) < 1:
            report("padding", f"nothing would be left of the output: {list(output)}")
            return None
        return (outs, *output)

    def _geometry(self, size: Shape, taps: Shape) -> Geometry:
        """The convolution whose way back this is: from the output to the input."""
        rank = self.rank
        stride, dilation = each(self.stride, rank), each(self.dilation, rank)
        extra = each(self.output_padding, rank)
        along = zip(size, reaches(taps, dilation), stride, extra, strict=True)
        whole = tuple((n - 1) * s + reach + e for n, reach, s, e in along)
        output, pairs = self._cut(size, whole, stride)
        return Geometry(output, taps, stride, pairs, dilation, size)

    def _cut(self, size: Shape, whole: Shape, stride: Shape) -> tuple[Shape, Pairs]:
        """The output's size and what is cut off the whole before and after it."""
        wanted = self.output_shape
        if wanted is None and self.padding in SAME:
            wanted = [n * s for n, s in zip(size, stride, strict=True)]
        if wanted is None:
            pairs = pads(self.padding, size, size, stride, stride)
            return tuple(n - sum(pad) for n, pad in zip(whole, pairs, strict=True)), pairs
        totals = [max(n - want, 0) for n, want in zip(whole, wanted, strict=True)]
        return tuple(wanted), halves(totals, lower=self.padding != "same")

    def geometry(self, x: Shape, K: Shape) -> Geometry:
        """The convolution whose way back this is, for an input (without batch axis) and kernel of these shapes."""
        return self._geometry(x[1:], K[2:])

    def windows(self, x: Shape, K: Shape) -> Windows:
        """Its table of places: the windows' input is this op's output."""
        return windows(self.geometry(x, K))

    def forward(self, xp: Any, x: Array, K: Array, b: Array | None = None) -> Array:
        # y[B,o,j] = Σ_(c,t) K[c,o,t] x[B,c,i] over the places i whose tap t lies on j
        y = correlated_back(xp, x, K, self.geometry(x.shape[1:], K.shape), self.groups)
        return y if b is None else y + xp.reshape(b, (y.shape[1], *(1,) * self.rank))

    def forward_form(self, x: Expr, K: Expr, b: Expr | None = None) -> Expr:
        total = Function("convtranspose", (x, K))
        return total if b is None else Sum((total, b))

    def forward_entry(self, index: Shape, x: Operand, K: Operand, b: Operand | None = None) -> Expr:
        at, outs = self.windows(x.shape, K.shape), K.shape[1]
        o, j = split(index, at.input)
        share = x.shape[0] // self.groups
        group = range(o // outs * share, (o // outs + 1) * share)
        pairs = [(c, t, i) for c in group for t, i in at.sources(j)]

        def term(k: int) -> Expr:
            c, t, i = pairs[k]
            return _at(x, c, i) * K.entry(c, o % outs, *unravel(t, at.taps))

        total = elided_sum(len(pairs), term)
        return total if b is None else total + b.entry(o)

    def dx(self, xp: Any, dy: Array, K: Array, x_shape: Shape) -> Array:
        # dx[B,c,i] = Σ_(o,t) K[c,o,t] dy[B,o,t,i]
        return correlated(xp, dy, K, self.geometry(x_shape, K.shape), self.groups)

    def dx_form(self, dy: Expr, K: Expr, x_shape: Shape) -> Expr:
        del x_shape
        return Star(dy, K)

    def dx_entry(self, index: Shape, dy: Operand, K: Operand, x_shape: Shape) -> Expr:
        at, outs = self.windows(x_shape, K.shape), K.shape[1]
        c, i = split(index, at.output)
        first = outs * (c // (x_shape[0] // self.groups))
        taps = at.inside(i)
        pairs = [(o, t) for o in range(outs) for t in taps]

        def term(k: int) -> Expr:
            o, t = pairs[k]
            return _at(dy, first + o, at.gather[t][i]) * K.entry(c, o, *unravel(t, at.taps))

        return elided_sum(len(pairs), term)

    def dK(self, xp: Any, dy: Array, x: Array, K_shape: Shape) -> Array:
        # dK[c,o,t] = Σ_B Σ_i x[B,c,i] dy[B,o,t,i]
        return kernel_gradient(xp, x, dy, self.geometry(x.shape[1:], K_shape), self.groups)

    def dK_form(self, dy: Expr, x: Expr, K_shape: Shape) -> Expr:
        del K_shape
        return Star(dy, x)

    def dK_entry(self, index: Shape, dy: Operand, x: Operand, K_shape: Shape) -> Expr:
        at, (c, local, *tap) = self.windows(x.examples[0].shape, K_shape), index
        o, t = local + K_shape[1] * (c // (K_shape[0] // self.groups)), ravel(tuple(tap), at.taps)
        places = [i for i in range(prod(at.output)) if at.gather[t][i] < prod(at.input)]
        met = [(n, i) for n in range(len(x.examples)) for i in places]

        def term(k: int) -> Expr:
            n, i = met[k]
            return _at(x.examples[n], c, i) * _at(dy.examples[n], o, at.gather[t][i])

        return elided_sum(len(met), term)

    def db(self, xp: Any, dy: Array, b_shape: Shape) -> Array:
        # db[o] = Σ_B Σ_P dy[B,o,P]
        return xp.sum(xp.reshape(dy, (dy.shape[0], *b_shape, -1)), axis=(0, 2))

    def db_form(self, dy: Expr, b_shape: Shape) -> Expr:
        del b_shape
        letters = "pqr"[: self.rank]
        return BigSum(Entry(dy, ("o", *letters)), Symbol(", ".join(letters)))

    def db_entry(self, index: Shape, dy: Operand, b_shape: Shape) -> Expr:
        del b_shape
        places = prod(dy.examples[0].shape[1:])
        return elided_sum(places * len(dy.examples), lambda k: _at(dy.examples[k // places], index[0], k % places))


def _at(array: Operand, c: int, place: int) -> Expr:
    return array.entry(c, *unravel(place, array.shape[1:]))


@register
class TransposedConv1d(TransposedConvolution, frozen=True, kw_only=True):
    """F[o, s i + d t − pad] gathers Σ K[c,o,t] X[c,i] over one dimension; ∂L/∂X = ∂L/∂F * K, ∂L/∂K = ∂L/∂F * X."""

    name: ClassVar[str] = "conv_transpose1d"
    torch: ClassVar[str] = "nn.ConvTranspose1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 1, 4), "K": (1, 2, 3)}),
        Sample({"x": (2, 2, 3), "K": (2, 3, 3), "b": (3,)}, {"stride": 2, "padding": 1, "output_padding": 1}),
        Sample({"x": (1, 4, 3), "K": (4, 1, 2)}, {"groups": 2, "dilation": 3, "stride": 2, "padding": [[0, 2]]}),
        Sample({"x": (1, 1, 3), "K": (1, 1, 4)}, {"stride": 2, "padding": "same"}),
        Sample({"x": (2, 1, 3), "K": (1, 1, 2)}, {"stride": 3, "output_shape": [11]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [[[1, 2]]], "stride": 2, "output_padding": 2},
            (1, 3),
            "layer 1 (conv_transpose1d): expected less than the stride or the dilation, found 2",
        ),
        BadSample(
            {"kernel": [[[1, 2]]], "padding": 2},
            (1, 3),
            "layer 1 (conv_transpose1d): nothing would be left of the output: [0]",
        ),
        BadSample(
            {"kernel": [[1, 2]]},
            (1, 3),
            "layer 1 (conv_transpose1d): expected [in][out][k], found [1, 2]",
        ),
        BadSample(
            {"kernel": [[[1, 2]]], "output_padding": -1},
            (1, 3),
            "layer 1 (conv_transpose1d): expected 0 or more, or a list of 1, found -1",
        ),
        BadSample(
            {"kernel": [[[1, 2]]], "output_shape": [3, 3]},
            (1, 3),
            "layer 1 (conv_transpose1d): expected a list of 1 positive integers, found [3, 3]",
        ),
    )


@register
class TransposedConv2d(TransposedConvolution, frozen=True, kw_only=True):
    """F[o, s i + d t − pad] gathers Σ K[c,o,t] X[c,i] over two dimensions; ∂L/∂X = ∂L/∂F * K, ∂L/∂K = ∂L/∂F * X."""

    name: ClassVar[str] = "conv_transpose2d"
    torch: ClassVar[str] = "nn.ConvTranspose2d"
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 1, 2, 3), "K": (1, 2, 2, 2)}),
        Sample({"x": (2, 2, 2, 3), "K": (2, 1, 3, 2), "b": (2,)}, {"groups": 2, "stride": [2, 3], "padding": [1, 0]}),
        Sample({"x": (1, 1, 2, 2), "K": (1, 1, 2, 2)}, {"dilation": [1, 2], "padding": "same_lower"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [[[[1, 2]]]]},
            (2, 3, 3),
            "layer 1 (conv_transpose2d): expected 2 input channels (axis in), found 1",
        ),
        BadSample(
            {"kernel": [[[[1, 2]]], [[[1, 2]]], [[[1, 2]]]], "groups": 2},
            (3, 3, 3),
            "layer 1 (conv_transpose2d): 3 input channels do not split into 2 groups",
        ),
    )


@register
class TransposedConv3d(TransposedConvolution, frozen=True, kw_only=True):
    """F[o, s i + d t − pad] gathers Σ K[c,o,t] X[c,i] over three dimensions; ∂L/∂X = ∂L/∂F * K, ∂L/∂K = ∂L/∂F * X."""

    name: ClassVar[str] = "conv_transpose3d"
    torch: ClassVar[str] = "nn.ConvTranspose3d"
    rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 1, 2, 2, 2), "K": (1, 1, 2, 1, 2)}),
        Sample(
            {"x": (1, 2, 2, 1, 2), "K": (2, 2, 1, 2, 2), "b": (2,)}, {"stride": [1, 2, 2], "output_padding": [0, 1, 1]}
        ),
        Sample({"x": (1, 2, 2, 2, 1), "K": (2, 1, 2, 2, 2)}, {"groups": 2, "padding": [[0, 1], [1, 0], [0, 0]]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": [[[[[1]]]]]},
            (3, 3, 3),
            "layer 1 (conv_transpose3d): expected an input of 4 axes, channels first, found shape [3, 3, 3]",
        ),
    )
