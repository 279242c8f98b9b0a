"""Ops that take entries along axes: slices, chosen places, pads and repetitions."""

from __future__ import annotations

from itertools import product as index_product
from typing import Any, ClassVar, Literal

from handgrad.notation.nodes import Expr, Function, Number
from handgrad.ops.op import Array, BadSample, Constant, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.stretching import over, shrunk, under
from handgrad.ops.taking import NOTHING, are_axes, destinations, from_zero, is_axis, returned, taken
from handgrad.ops.textbook import elided_sum

Places = dict[int, list[int]]
"""For some axes (from 0, of an example) the entries of x along y, from 0."""


class Taking(Op, frozen=True, kw_only=True):
    """y has along some axes the entries of x at chosen places; each entry of x receives the sum of what was taken."""

    by_entry: ClassVar[bool] = True
    adjoint: ClassVar[str] = "put"
    """What is printed for the gradient."""

    def places(self, x: Shape) -> Places:
        """The places along each axis that changes."""
        raise NotImplementedError

    def _out(self, x: Shape) -> Shape:
        places = self.places(x)
        return tuple(len(places[axis]) if axis in places else n for axis, n in enumerate(x))

    def _taken(self, xp: Any, x: Array) -> Array:
        for axis, places in self.places(tuple(x.shape[1:])).items():
            x = taken(xp, x, places, axis + 1)
        return x

    def forward(self, xp: Any, x: Array) -> Array:
        return self._taken(xp, x)

    def forward_form(self, x: Expr) -> Expr:
        return Function(self.name, (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        places = self.places(x.shape)
        source = tuple(places[axis][i] if axis in places else i for axis, i in enumerate(index))
        return Number("0", 0) if NOTHING in source else x.entry(*source)

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        for axis, places in self.places(x_shape).items():
            dy = returned(xp, dy, places, x_shape[axis], axis + 1)
        return dy

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return Function(self.adjoint, (dy,))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        places = self.places(x_shape)
        choices = [
            destinations(places[axis], x_shape[axis])[i] if axis in places else [i] for axis, i in enumerate(index)
        ]
        met = list(index_product(*choices))
        return elided_sum(len(met), lambda k: dy.entry(*met[k]))


@register
class Slice(Taking, frozen=True, kw_only=True):
    """y = the entries of x from ``start`` to ``stop`` along ``axes``; the others receive no gradient.

    Places count from 1, both ends belong to it; ``step`` is 1 unless given (negative: backwards).
    ``axes`` are all in turn unless given, from 1, −1 the last.
    """

    name: ClassVar[str] = "slice"
    onnx: ClassVar[str] = "Slice, Split"
    torch: ClassVar[str] = "x[a:b]"
    adjoint: ClassVar[str] = "unslice"
    start: list[int]
    stop: list[int]
    step: list[int] | None = None
    axes: list[int] | None = None

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """As many entries along each axis as lie between start and stop."""
        axes = self.axes or list(range(1, len(self.start) + 1))
        steps = self.step or [1] * len(self.start)
        if not len(self.start) == len(self.stop) == len(steps) == len(axes):
            report("start", f"expected as many of start, stop, step and axes, found {len(self.start)}, "
                   f"{len(self.stop)}, {len(steps)}, {len(axes)}")  # fmt: skip
            return None
        if not are_axes(report, "axes", axes, len(x)):
            return None
        for axis, first, last, step in zip(axes, self.start, self.stop, steps, strict=True):
            n = x[from_zero(axis, len(x))]
            if not (1 <= first <= n and 1 <= last <= n and step and (last - first) * step >= 0):
                report("start", f"axis {axis} has the places 1 to {n}, found {first} to {last} by steps of {step}")
                return None
        return self._out(x)

    def places(self, x: Shape) -> Places:
        """Between start and stop along each axis named."""
        axes = self.axes or list(range(1, len(self.start) + 1))
        steps = self.step or [1] * len(self.start)
        return {
            from_zero(axis, len(x)): list(range(first - 1, last - 1 + (1 if step > 0 else -1), step))
            for axis, first, last, step in zip(axes, self.start, self.stop, steps, strict=True)
        }

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 5)}, {"start": [2], "stop": [4]}),
        Sample({"x": (2, 3, 6)}, {"start": [1, 6], "stop": [3, 1], "step": [2, -2]}),
        Sample({"x": (1, 3, 4)}, {"start": [3], "stop": [3], "axes": [-1]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"start": [2], "stop": [4]}, (3,),
            "layer 1 (slice): axis 1 has the places 1 to 3, found 2 to 4 by steps of 1",
        ),
        BadSample(
            {"start": [2], "stop": [3, 3]}, (3,),
            "layer 1 (slice): expected as many of start, stop, step and axes, found 1, 2, 1, 1",
        ),
    )  # fmt: skip


@register
class Take(Taking, frozen=True, kw_only=True):
    """y = the entries of x at ``places`` along ``axis``; an entry that is taken twice receives both gradients.

    Places and axis count from 1; places may come in any order and more than once.
    """

    name: ClassVar[str] = "take"
    onnx: ClassVar[str] = "Gather"
    torch: ClassVar[str] = "index_select"
    at: list[int]
    axis: int = 1

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """As many entries along the axis as there are places."""
        if not is_axis(report, "axis", self.axis, len(x)):
            return None
        n = x[from_zero(self.axis, len(x))]
        if not self.at or not all(1 <= place <= n for place in self.at):
            report("at", f"expected places from 1 to {n}, found {self.at}")
            return None
        return self._out(x)

    def places(self, x: Shape) -> Places:
        """Those given, along the axis."""
        return {from_zero(self.axis, len(x)): [place - 1 for place in self.at]}

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 4)}, {"at": [4, 1, 4]}),
        Sample({"x": (2, 2, 3)}, {"at": [3, 2], "axis": -1}),
        Sample({"x": (1, 3, 2)}, {"at": [2]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"at": [0]}, (3,), "layer 1 (take): expected places from 1 to 3, found [0]"),
    )


@register
class Pad(Taking, frozen=True, kw_only=True):
    """y = x with entries added around it; what was added of x (``edge``, ``reflect``) hands its gradient back.

    ``padding``: a pair (before, after) for each axis; ``mode``: "constant" (``value``, 0 unless given), "edge"
    (the outermost entry again) or "reflect" (mirrored at it).
    """

    name: ClassVar[str] = "pad"
    onnx: ClassVar[str] = "Pad"
    torch: ClassVar[str] = "nn.functional.pad"
    adjoint: ClassVar[str] = "unpad"
    constants: ClassVar[tuple[str, ...]] = ("value",)
    padding: list[list[int]]
    mode: Literal["constant", "edge", "reflect"] = "constant"
    value: Constant = Constant(0)

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """Each axis longer by its pads."""
        good = all(len(pair) == 2 and min(pair) >= 0 for pair in self.padding)
        if not good or len(self.padding) != len(x):
            report("padding", f"expected a pair (before, after) for each of {len(x)} axes, found {self.padding}")
            return None
        for n, pair in zip(x, self.padding, strict=True):
            if self.mode == "reflect" and max(pair) >= n:
                report("padding", f"an axis of {n} can be mirrored {n - 1} entries far, found {max(pair)}")
                return None
        return tuple(n + sum(pair) for n, pair in zip(x, self.padding, strict=True))

    def places(self, x: Shape) -> Places:
        """The entries of x, and before and after them what the mode says."""
        return {axis: self._along(n, *self.padding[axis]) for axis, n in enumerate(x) if any(self.padding[axis])}

    def _along(self, n: int, before: int, after: int) -> list[int]:
        inside = list(range(n))
        if self.mode == "constant":
            return [NOTHING] * before + inside + [NOTHING] * after
        if self.mode == "edge":
            return [0] * before + inside + [n - 1] * after
        return inside[1 : before + 1][::-1] + inside + inside[n - 1 - after : n - 1][::-1]

    def forward(self, xp: Any, x: Array, value: Array) -> Array:  # type: ignore[override]  # a pad has a value
        # where nothing was taken the ones are missing
        return self._taken(xp, x) + value * (1 - self._taken(xp, xp.ones_like(x)))

    def forward_form(self, x: Expr, value: Expr) -> Expr:  # type: ignore[override]  # the same
        return Function(self.name, (x,))

    def forward_entry(self, index: Shape, x: Operand, value: Operand) -> Expr:  # type: ignore[override]  # the same
        places = self.places(x.shape)
        source = tuple(places[axis][i] if axis in places else i for axis, i in enumerate(index))
        return value.entry() if NOTHING in source else x.entry(*source)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 3)}, {"padding": [[1, 2]], "value": "1/2"}),
        Sample({"x": (2, 2, 3)}, {"padding": [[0, 1], [2, 0]], "mode": "edge"}),
        Sample({"x": (1, 3, 4)}, {"padding": [[2, 1], [0, 3]], "mode": "reflect"}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"padding": [[1]]}, (3,), "layer 1 (pad): expected a pair (before, after) for each of 1 axes, found [[1]]"
        ),
        BadSample(
            {"padding": [[3, 0]], "mode": "reflect"}, (3,),
            "layer 1 (pad): an axis of 3 can be mirrored 2 entries far, found 3",
        ),
    )  # fmt: skip


@register
class Expand(Op, frozen=True, kw_only=True):
    """y = x stretched to a shape: axes of length 1 are repeated; x receives the sum over what was repeated.

    Shapes are aligned at their last axes; ``to`` is the shape of an example.
    """

    name: ClassVar[str] = "expand"
    onnx: ClassVar[str] = "Expand"
    torch: ClassVar[str] = "expand"
    by_entry: ClassVar[bool] = True
    to: list[int]

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape given."""
        fits = len(self.to) >= len(x) and all(m in (1, n) for m, n in zip(x[::-1], self.to[::-1], strict=False))
        if not fits or any(n < 1 for n in self.to):
            report("to", f"{list(x)} cannot be stretched to {self.to}")
            return None
        return tuple(self.to)

    def forward(self, xp: Any, x: Array) -> Array:
        y = xp.reshape(x, (x.shape[0], *[1] * (len(self.to) - x.ndim + 1), *x.shape[1:]))
        for axis, n in enumerate(self.to):
            if y.shape[axis + 1] != n:
                y = xp.concat([y] * n, axis=axis + 1)
        return y

    def forward_form(self, x: Expr) -> Expr:
        return Function("expand", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        return x.entry(*under(index, x.shape))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        return shrunk(xp, dy, x_shape)

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return Function("fold", (dy,))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        places = over(index, x_shape, dy.shape)
        return elided_sum(len(places), lambda k: dy.entry(*places[k]))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 1, 3)}, {"to": [2, 3]}),
        Sample({"x": (2, 3)}, {"to": [2, 2, 3]}),
        Sample({"x": (2,)}, {"to": [3]}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"to": [3]}, (2,), "layer 1 (expand): [2] cannot be stretched to [3]"),
    )
