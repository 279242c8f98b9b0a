"""Lp-pooling: each window gives its p-norm."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Absolute, Expr, Fraction, Function, Number, Power, Sqrt
from handgrad.ops.convolution import split
from handgrad.ops.op import Array, BadSample, Operand, Report, Sample, Shape, register
from handgrad.ops.pooling import Pooling
from handgrad.ops.sliding import fitted, laid_back, taps, under_taps
from handgrad.ops.textbook import elided_sum


def norm(xp: Any, entries: list[Array], p: int) -> Array:
    """(Σ|x|^p)^(1/p) over a list of arrays, each scaled by the largest first so that no power overflows."""
    sizes = [_size(xp, x) for x in entries]
    largest = sizes[0]
    for size in sizes[1:]:
        largest = xp.maximum(largest, size)
    return _scaled(xp, largest, _added([_powered(xp, size, largest, p) for size in sizes]), p)


def _size(xp: Any, x: Array) -> Array:
    """|x| by cases, so that at 0 the branch taken has the slope 0."""
    nothing = xp.zeros_like(x)
    return xp.where(x > 0, x, xp.where(x < 0, -x, nothing))


def norm_along(xp: Any, x: Array, p: int) -> Array:
    """The same over the last axis of one array."""
    sizes = _size(xp, x)
    largest = xp.max(sizes, axis=-1, keepdims=True)
    total = xp.sum(_powered(xp, sizes, largest, p), axis=-1, keepdims=True)
    return _scaled(xp, largest, total, p)[..., 0]


def _powered(xp: Any, size: Array, largest: Array, p: int) -> Array:
    return size if p == 1 else (size / xp.where(largest == 0, xp.ones_like(largest), largest)) ** p


def _scaled(xp: Any, largest: Array, total: Array, p: int) -> Array:
    """largest · total^(1/p); total ≥ 1 where anything is not zero."""
    if p == 1:
        return total
    total = xp.where(largest == 0, xp.ones_like(total), total)
    return largest * (xp.sqrt(total) if p == 2 else xp.exp(xp.log(total) / p))


def _added(parts: list[Array]) -> Array:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def norm_slope(xp: Any, x: Array, y: Array, p: int) -> Array:
    """∂y/∂x = sign(x) (|x|/y)^(p−1) of y = (Σ|x|^p)^(1/p); 0 where y = 0."""
    one, nothing = xp.ones_like(x), xp.zeros_like(x)
    sign = xp.where(x > 0, one, xp.where(x < 0, -one, nothing))
    if p == 1:
        return sign
    return sign * (xp.abs(x) / xp.where(y == 0, xp.ones_like(y), y)) ** (p - 1)


def norm_formula(count: int, entry: Any, p: int) -> Expr:
    """The p-th root of the sum of so many powers."""
    if p == 1:
        return elided_sum(count, lambda k: Absolute(entry(k)))
    total = elided_sum(count, lambda k: Power(Absolute(entry(k)), Number(str(p), p)))
    if p == 2:
        return Sqrt(total)
    return Power(total, Fraction(Number("1", 1), Number(str(p), p)))


def slope_formula(x: Expr, y: Expr, p: int, sign: int) -> Expr:
    """sign(x) (|x|/y)^(p−1) where the sign is known."""
    if sign == 0:
        return Number("0", 0)
    if p == 1:
        return Number(str(sign), sign)
    ratio = Absolute(x) / y
    size = ratio if p == 2 else Power(ratio, Number(str(p - 1), p - 1))
    return size if sign > 0 else -size


def sign_of(number: Any) -> int:
    """−1, 0 or 1."""
    return int(number > 0) - int(number < 0)


class LpPool(Pooling, frozen=True, kw_only=True):
    """y = (Σ|x|^p)^(1/p) over each window; ∂y/∂x = sign(x) (|x|/y)^(p−1), and 0 where y = 0.

    Shapes: x [c][n…], y [c][n′…]. Source: Sermanet, Chintala, LeCun (2012).
    """

    onnx: ClassVar[str] = "LpPool"
    rational: ClassVar[bool] = False
    convention: ClassVar[str] = "sign(0) = 0, so that the gradient is 0 where the norm is 0."
    p: int = 2

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[c][n′…] from x [c][n…] (or without channels)."""
        if self.p < 1:
            report("p", f"expected a positive integer, found {self.p}")
            return None
        return Pooling.shape(self, report, x=x)

    def forward(self, xp: Any, x: Array) -> Array:
        at = self.geometry(x.shape[1:])
        ready = fitted(xp, x, at)
        return norm(xp, under_taps(ready, at), self.p)

    def forward_form(self, x: Expr) -> Expr:
        return Function("lppool", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        at = self.windows(x.shape)
        c, o = split(index, at.output)
        inside = at.inside(o)
        return norm_formula(len(inside), lambda k: self.place(x, c, at.gather[inside[k]][o]), self.p)

    def dx(self, xp: Any, dy: Array, x: Array, y: Array) -> Array:
        at = self.geometry(x.shape[1:])
        ready = fitted(xp, x, at)
        # dx[B,c,i] = Σ_t dy[B,c,P] sign(x[B,c,i]) (|x[B,c,i]|/y[B,c,P])^(p−1)
        parts = [dy * norm_slope(xp, entries, y, self.p) for entries in under_taps(ready, at)]
        return laid_back(xp, dict(zip(taps(at), parts, strict=True)), at)

    def dx_form(self, dy: Expr, x: Expr, y: Expr) -> Expr:
        return Function("lpspread", (dy, x, y))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand, y: Operand) -> Expr:
        at, sign = self.windows(x.shape), sign_of(x.number(*index))
        c, i = split(index, at.input)
        places = [o for _, o in at.sources(i)] if sign else []

        def term(k: int) -> Expr:
            return self.place(dy, c, places[k]) * slope_formula(
                x.entry(*index), self.place(y, c, places[k]), self.p, sign
            )

        return elided_sum(len(places), term)


@register
class LpPool1d(LpPool, frozen=True, kw_only=True):
    """y[i] = (Σ|x|^p)^(1/p) over x[s(i−1)+1 … s(i−1)+k]; ∂y/∂x = sign(x) (|x|/y)^(p−1)."""

    name: ClassVar[str] = "lp_pool1d"
    torch: ClassVar[str] = "nn.LPPool1d"
    rank: ClassVar[int] = 1
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 6)}, {"kernel": 2}),
        Sample({"x": (2, 2, 7)}, {"kernel": 3, "stride": 2, "padding": 1, "p": 3}),
        Sample({"x": (1, 7)}, {"kernel": 2, "dilation": 2, "stride": 3, "ceil_mode": True, "p": 1}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"kernel": 2, "p": 0}, (3,), "layer 1 (lp_pool1d): expected a positive integer, found 0"),
    )


@register
class LpPool2d(LpPool, frozen=True, kw_only=True):
    """y[i,j] = (Σ|x|^p)^(1/p) over the window at (i, j); ∂y/∂x = sign(x) (|x|/y)^(p−1)."""

    name: ClassVar[str] = "lp_pool2d"
    torch: ClassVar[str] = "nn.LPPool2d"
    rank: ClassVar[int] = 2
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4, 4)}, {"kernel": 2}),
        Sample({"x": (1, 2, 4, 5)}, {"kernel": [2, 3], "stride": [1, 2], "padding": "same", "p": 3}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 2},
            (3,),
            "layer 1 (lp_pool2d): expected an input of 2 or, with channels, 3 axes, found shape [3]",
        ),
    )


@register
class LpPool3d(LpPool, frozen=True, kw_only=True):
    """y[i,j,l] = (Σ|x|^p)^(1/p) over the window at (i, j, l); ∂y/∂x = sign(x) (|x|/y)^(p−1)."""

    name: ClassVar[str] = "lp_pool3d"
    torch: ClassVar[str] = "nn.LPPool3d"
    rank: ClassVar[int] = 3
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 3, 2)}, {"kernel": [1, 2, 2], "stride": 1, "p": 4}),
        Sample({"x": (1, 2, 3, 3, 2)}, {"kernel": 2, "padding": [[0, 1], [1, 0], 0]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"kernel": 2},
            (3, 3),
            "layer 1 (lp_pool3d): expected an input of 3 or, with channels, 4 axes, found shape [3, 3]",
        ),
    )
