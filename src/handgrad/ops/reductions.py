"""Reductions: sums, means and extremes over axes."""

from __future__ import annotations

from itertools import product as index_product
from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Highlight, Number, Symbol, product
from handgrad.ops.op import Array, BadSample, Constant, Op, Operand, Report, Sample, Shape, mistake, register
from handgrad.ops.taking import are_axes, from_zero
from handgrad.ops.textbook import elided, elided_sum, one_over


class OverAxes(Op, frozen=True, kw_only=True):
    """One number for each place of the axes that stay; ``axes`` (all unless given) count from 1, −1 is the last."""

    by_entry: ClassVar[bool] = True
    axes: list[int] | None = None
    keep_axes: bool = False
    """Whether the axes stay, of length 1."""

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The axes that stay (and 1 for each other, where they are kept)."""
        if not are_axes(report, "axes", self.axes or [], len(x)):
            return None
        lost = self._lost(len(x))
        return tuple(1 if i in lost else n for i, n in enumerate(x) if self.keep_axes or i not in lost)

    def _lost(self, rank: int) -> set[int]:
        return set(range(rank)) if self.axes is None else {from_zero(axis, rank) for axis in self.axes}

    def _axis(self, x: Shape) -> tuple[int, ...]:
        """The axes of the whole array that are reduced."""
        return tuple(i + 1 for i in sorted(self._lost(len(x))))

    def _count(self, x: Shape) -> int:
        return prod(x[i] for i in self._lost(len(x)))

    def sources(self, index: Shape, x: Shape) -> list[Shape]:
        """The entries of x that an entry of the output is made of."""
        lost, own = self._lost(len(x)), list(index)
        choices: list[Any] = []
        for i, n in enumerate(x):
            if i in lost:
                choices.append(range(n))
                if self.keep_axes:
                    own.pop(0)
            else:
                choices.append((own.pop(0),))
        return list(index_product(*choices))

    def place(self, index: Shape) -> Shape:
        """The entry of the output that an entry of x counts in."""
        lost = self._lost(len(index))
        return tuple(0 if i in lost else n for i, n in enumerate(index) if self.keep_axes or i not in lost)

    def spread(self, xp: Any, dy: Array, x: Shape) -> Array:
        """dy in the shape of x: each entry for all that it was made of."""
        lost = self._lost(len(x))
        y = xp.reshape(dy, (dy.shape[0], *(1 if i in lost else n for i, n in enumerate(x))))
        for i in sorted(lost):
            if x[i] != 1:
                y = xp.concat([y] * x[i], axis=i + 1)
        return y

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 5)}),
        Sample({"x": (3, 2, 2)}),
        Sample({"x": (2, 2, 3)}, {"axes": [-1]}),
        Sample({"x": (2, 2, 3, 2)}, {"axes": [1, 3], "keep_axes": True}),
        Sample({"x": (2, 3)}, {"keep_axes": True}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = ()


@register
class Total(OverAxes, frozen=True, kw_only=True):
    """y = x_1 + … + x_n, the sum over axes; each entry receives the whole gradient."""

    name: ClassVar[str] = "sum"
    onnx: ClassVar[str] = "ReduceSum"
    torch: ClassVar[str] = "sum"

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.sum(x, axis=self._axis(tuple(x.shape[1:])), keepdims=self.keep_axes)

    def forward_form(self, x: Expr) -> Expr:
        return Function("sum", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        places = self.sources(index, x.shape)
        return elided_sum(len(places), lambda k: x.entry(*places[k]))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        return self.spread(xp, dy, x_shape)

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return Function("spread", (dy,)) if self.axes else product(dy, Symbol("1", bold=True))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        return dy.entry(*self.place(index))

    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"axes": [3]}, (2, 2), "layer 1 (sum): expected an axis from 1 to 2, or from -2 to -1, found 3"),
        BadSample({"axes": [2, -1]}, (2, 2), "layer 1 (sum): expected each axis once, found [2, -1]"),
    )


@register
class Mean(OverAxes, frozen=True, kw_only=True):
    """y = (x_1 + … + x_n)/n, the mean of all entries; each entry receives 1/n of the gradient.

    Shapes: x any, y [] (a single number), or the axes that stay where ``axes`` are given.
    """

    name: ClassVar[str] = "mean"
    onnx: ClassVar[str] = "ReduceMean"
    torch: ClassVar[str] = "mean"

    def forward(self, xp: Any, x: Array) -> Array:
        shape = tuple(x.shape[1:])
        # y[B,…] = Σ x[B,…] / n
        return xp.sum(x, axis=self._axis(shape), keepdims=self.keep_axes) / self._count(shape)

    @mistake("forward", "sum in place of the mean", "divide by how many entries there are")
    def forward_summed(self, xp: Any, x: Array) -> Array:
        return xp.sum(x, axis=self._axis(tuple(x.shape[1:])), keepdims=self.keep_axes)

    @mistake("dx", "1/n forgotten", "the mean's 1/n stays in its derivative")
    def dx_undivided(self, xp: Any, dy: Array, x: Array) -> Array:
        return self.spread(xp, dy, tuple(x.shape[1:]))

    def forward_form(self, x: Expr) -> Expr:
        return Function("mean", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        places = self.sources(index, x.shape)
        return elided_sum(len(places), lambda k: x.entry(*places[k])) / Number(str(len(places)), len(places))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        return self.spread(xp, dy / self._count(x_shape), x_shape)

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        share = one_over(self._count(x_shape))
        return product(share, Function("spread", (dy,)) if self.axes else product(dy, Symbol("1", bold=True)))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        return product(one_over(self._count(x_shape)), dy.entry(*self.place(index)))


class ExtremeOver(OverAxes, frozen=True, kw_only=True):
    """The largest (or smallest) entry over axes; the gradient goes to it alone, of equal ones to the first."""

    convention: ClassVar[str] = "Of equal entries the first receives the gradient."
    sign: ClassVar[int] = 1

    def _runs(self, xp: Any, x: Array) -> Array:
        """[B][stays…][n]: what each entry of the output is the extreme of, as a last axis, signed."""
        shape = tuple(x.shape[1:])
        lost = sorted(self._lost(len(shape)))
        stays = [i for i in range(len(shape)) if i not in lost]
        turned = xp.permute_dims(x, (0, *(i + 1 for i in stays), *(i + 1 for i in lost)))
        return xp.reshape(turned, (x.shape[0], *(shape[i] for i in stays), -1)) * self.sign

    def forward(self, xp: Any, x: Array) -> Array:
        y = xp.max(self._runs(xp, x), axis=-1) * self.sign
        kept = tuple(1 if i in self._lost(x.ndim - 1) else n for i, n in enumerate(x.shape[1:]))
        return xp.reshape(y, (x.shape[0], *kept)) if self.keep_axes else y

    def forward_form(self, x: Expr) -> Expr:
        return Function(self.name, (x,))

    def _winner(self, places: list[Shape], x: Operand) -> int:
        best = 0
        for k, place in enumerate(places):
            difference = x.number(*place) - x.number(*places[best])
            best = k if difference * self.sign > 0 else best
        return best

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        places = self.sources(index, x.shape)
        winner = self._winner(places, x)

        def item(k: int) -> Expr:
            return Highlight(x.entry(*places[k])) if k == winner else x.entry(*places[k])

        return Function(self.name, elided(len(places), item))

    def dx(self, xp: Any, dy: Array, x: Array) -> Array:
        shape = tuple(x.shape[1:])
        lost = sorted(self._lost(len(shape)))
        stays = [i for i in range(len(shape)) if i not in lost]
        runs = self._runs(xp, x)
        winner = xp.expand_dims(xp.argmax(runs, axis=-1), axis=-1)
        here = xp.reshape(xp.asarray(list(range(runs.shape[-1]))), (*[1] * (runs.ndim - 1), -1))
        up = xp.reshape(dy, (*runs.shape[:-1], 1)) + xp.zeros_like(runs)
        routed = xp.where(here == winner, up, xp.zeros_like(up))
        turned = xp.reshape(routed, (x.shape[0], *(shape[i] for i in [*stays, *lost])))
        order = [*stays, *lost]
        return xp.permute_dims(turned, (0, *(order.index(i) + 1 for i in range(len(shape)))))

    def dx_form(self, dy: Expr, x: Expr) -> Expr:
        return Function("winner", (dy, x))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand) -> Expr:
        place = self.place(index)
        places = self.sources(place, x.shape)
        return dy.entry(*place) if places[self._winner(places, x)] == index else Number("0", 0)


@register
class Largest(ExtremeOver, frozen=True, kw_only=True):
    """y = the largest entry over axes; ∂L/∂y goes to it alone, of equal ones to the first."""

    name: ClassVar[str] = "max"
    onnx: ClassVar[str] = "ReduceMax"
    torch: ClassVar[str] = "amax"


@register
class Smallest(ExtremeOver, frozen=True, kw_only=True):
    """y = the smallest entry over axes; ∂L/∂y goes to it alone, of equal ones to the first."""

    name: ClassVar[str] = "min"
    onnx: ClassVar[str] = "ReduceMin"
    torch: ClassVar[str] = "amin"
    sign: ClassVar[int] = -1


@register
class Scale(Op, frozen=True, kw_only=True):
    """y = c x with a number c; ∂L/∂x = c ∂L/∂y."""

    name: ClassVar[str] = "scale"
    onnx: ClassVar[str] = "Mul"
    torch: ClassVar[str] = "c * x"
    by_entry: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("factor",)
    factor: Constant

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        return x

    def forward(self, xp: Any, x: Array, factor: Array) -> Array:
        return factor * x

    def forward_form(self, x: Expr, factor: Expr) -> Expr:
        return product(factor, x)

    def forward_entry(self, index: Shape, x: Operand, factor: Operand) -> Expr:
        return product(factor.entry(), x.entry(*index))

    def dx(self, xp: Any, dy: Array, factor: Array) -> Array:
        return factor * dy

    def dx_form(self, dy: Expr, factor: Expr) -> Expr:
        return product(factor, dy)

    def dx_entry(self, index: Shape, dy: Operand, factor: Operand) -> Expr:
        return product(factor.entry(), dy.entry(*index))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 3)}, {"factor": "1/3"}),
        Sample({"x": (1, 2, 2)}, {"factor": -2}),
    )
