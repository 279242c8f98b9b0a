"""Pooling of a whole channel: its mean, its largest entry or its norm."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Highlight, Number, product
from handgrad.ops.lp_pooling import norm_along, norm_formula, norm_slope, sign_of, slope_formula
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import unravel
from handgrad.ops.textbook import elided, elided_sum, one_over


class GlobalPooling(Op, frozen=True, kw_only=True):
    """Each channel gives one number. Shapes: x [c][n…], y [c], or [c][1…] with ``keep_axes``."""

    by_entry: ClassVar[bool] = True
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 3)}),
        Sample({"x": (2, 3, 2, 2)}),
        Sample({"x": (2, 2, 2, 1, 2)}, {"keep_axes": True}),
    )
    keep_axes: bool = False
    """Whether the axes of the places stay, of length 1."""

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[c] (or [c][1…]) from x [c][n…]."""
        if len(x) < 2:
            report("op", f"expected channels and places, found shape {list(x)}: for one channel use mean")
            return None
        return (x[0], *(1,) * (len(x) - 1)) if self.keep_axes else x[:1]

    def _outward(self, xp: Any, y: Array, x: Array) -> Array:
        """y [B][c] in the output's shape."""
        return xp.reshape(y, (*y.shape, *(1,) * (x.ndim - 2))) if self.keep_axes else y

    def channel(self, y: Operand, c: int) -> Expr:
        """The output's entry of a channel."""
        return y.entry(c, *(0,) * (len(y.shape) - 1))


def _places(xp: Any, x: Array) -> Array:
    """[B][c][P]."""
    return xp.reshape(x, (*x.shape[:2], -1))


def _each(xp: Any, y: Array, n: int) -> Array:
    """[B][c][P]: the channel's number at each of its n places."""
    share = xp.reshape(y, (*y.shape[:2], 1))
    return xp.concat([share] * n, axis=2)


@register
class GlobalAveragePool(GlobalPooling, frozen=True, kw_only=True):
    """y[c] = the mean of channel c over all its places; each place receives 1/n of the gradient.

    Shapes: x [c][n…], y [c]. Source: Lin, Chen, Yan, Network in network (2014).
    """

    name: ClassVar[str] = "global_average_pool"
    onnx: ClassVar[str] = "GlobalAveragePool"
    torch: ClassVar[str] = "nn.AdaptiveAvgPool2d(1)"

    def forward(self, xp: Any, x: Array) -> Array:
        # y[B,c] = Σ_P x[B,c,P] / n
        flat = _places(xp, x)
        return self._outward(xp, xp.sum(flat, axis=2) / flat.shape[2], x)

    def forward_form(self, x: Expr) -> Expr:
        return Function("gap", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        size = x.shape[1:]
        total = elided_sum(prod(size), lambda i: x.entry(index[0], *unravel(i, size)))
        return total / Number(str(prod(size)), prod(size))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        n = prod(x_shape[1:])
        return xp.reshape(_each(xp, dy / n, n), (dy.shape[0], *x_shape))

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return product(one_over(prod(x_shape[1:])), Function("spread", (dy,)))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        return product(one_over(prod(x_shape[1:])), self.channel(dy, index[0]))

    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {},
            (3,),
            "layer 1 (global_average_pool): expected channels and places, found shape [3]: for one channel use mean",
        ),
    )


@register
class GlobalMaxPool(GlobalPooling, frozen=True, kw_only=True):
    """y[c] = the largest entry of channel c; dL/dx goes to the winner, of equal ones to the first.

    Shapes: x [c][n…], y [c], or [c][1…] with ``keep_axes``.
    """

    name: ClassVar[str] = "global_max_pool"
    onnx: ClassVar[str] = "GlobalMaxPool"
    torch: ClassVar[str] = "nn.AdaptiveMaxPool2d(1)"
    convention: ClassVar[str] = "Of equal entries the first wins."

    def forward(self, xp: Any, x: Array) -> Array:
        return self._outward(xp, xp.max(_places(xp, x), axis=2), x)

    def forward_form(self, x: Expr) -> Expr:
        return Function("gmp", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        size, winner = x.shape[1:], self._winner(x, index[0])

        def item(i: int) -> Expr:
            entry = x.entry(index[0], *unravel(i, size))
            return Highlight(entry) if i == winner else entry

        return Function("max", elided(prod(size), item))

    def _winner(self, x: Operand, c: int) -> int:
        values = [x.number(c, *unravel(i, x.shape[1:])) for i in range(prod(x.shape[1:]))]
        best = 0
        for i, value in enumerate(values):
            best = i if value > values[best] else best
        return best

    def dx(self, xp: Any, dy: Array, x: Array) -> Array:
        flat = _places(xp, x)
        n = flat.shape[2]
        winner = xp.expand_dims(xp.argmax(flat, axis=2), axis=2)
        place = xp.reshape(xp.asarray(list(range(n))), (1, 1, n))
        spread = _each(xp, dy, n)
        # dx[B,c,P] = dy[B,c] at the winner's place
        return xp.reshape(xp.where(place == winner, spread, xp.zeros_like(spread)), x.shape)

    def dx_form(self, dy: Expr, x: Expr) -> Expr:
        return Function("unpool", (dy, x))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand) -> Expr:
        won = unravel(self._winner(x, index[0]), x.shape[1:]) == tuple(index[1:])
        return self.channel(dy, index[0]) if won else Number("0", 0)

    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {},
            (3,),
            "layer 1 (global_max_pool): expected channels and places, found shape [3]: for one channel use mean",
        ),
    )


@register
class GlobalLpPool(GlobalPooling, frozen=True, kw_only=True):
    """y[c] = (Σ|x|^p)^(1/p) over channel c; ∂y/∂x = sign(x) (|x|/y)^(p−1), and 0 where y = 0.

    Shapes: x [c][n…], y [c], or [c][1…] with ``keep_axes``.
    """

    name: ClassVar[str] = "global_lp_pool"
    onnx: ClassVar[str] = "GlobalLpPool"
    rational: ClassVar[bool] = False
    convention: ClassVar[str] = "sign(0) = 0, so that the gradient is 0 where the norm is 0."
    p: int = 2

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """[c] (or [c][1…]) from x [c][n…]."""
        if self.p < 1:
            report("p", f"expected a positive integer, found {self.p}")
            return None
        return GlobalPooling.shape(self, report, x=x)

    def forward(self, xp: Any, x: Array) -> Array:
        return self._outward(xp, norm_along(xp, _places(xp, x), self.p), x)

    def forward_form(self, x: Expr) -> Expr:
        return Function("glp", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        size = x.shape[1:]
        return norm_formula(prod(size), lambda i: x.entry(index[0], *unravel(i, size)), self.p)

    def dx(self, xp: Any, dy: Array, x: Array, y: Array) -> Array:
        flat, wide = _places(xp, x), (*x.shape[:2], 1)
        # dx[B,c,P] = dy[B,c] sign(x[B,c,P]) (|x[B,c,P]|/y[B,c])^(p−1)
        slope = norm_slope(xp, flat, xp.reshape(y, wide), self.p)
        return xp.reshape(xp.reshape(dy, wide) * slope, x.shape)

    def dx_form(self, dy: Expr, x: Expr, y: Expr) -> Expr:
        return Function("lpspread", (dy, x, y))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand, y: Operand) -> Expr:
        slope = slope_formula(x.entry(*index), self.channel(y, index[0]), self.p, sign_of(x.number(*index)))
        return slope if isinstance(slope, Number) and slope.text == "0" else self.channel(dy, index[0]) * slope

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 3)}),
        Sample({"x": (2, 3, 2, 2)}, {"p": 1}),
        Sample({"x": (2, 2, 2, 1, 2)}, {"keep_axes": True, "p": 3}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"p": 0}, (3, 2), "layer 1 (global_lp_pool): expected a positive integer, found 0"),
    )
