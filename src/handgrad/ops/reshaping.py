"""Ops that give an array another shape, or its axes another order; every entry stays what it is."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import ravel, unravel
from handgrad.ops.taking import from_zero, is_axis


class Rearrangement(Op, frozen=True, kw_only=True):
    """The entries of x row by row in another shape; the gradient goes back into the shape of x."""

    by_entry: ClassVar[bool] = True
    written: ClassVar[str] = "vec"
    """What is printed for it."""

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """Another shape of as many entries."""
        raise NotImplementedError

    def _after(self, x: Shape) -> Shape:
        return self.shape(lambda _key, _text: None, x=x) or ()

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.reshape(x, (x.shape[0], *self._after(tuple(x.shape[1:]))))

    def forward_form(self, x: Expr) -> Expr:
        return Function(self.written, (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        return x.entry(*unravel(ravel(index, self._after(x.shape)), x.shape))

    def dx(self, xp: Any, dy: Array, x_shape: Shape) -> Array:
        return xp.reshape(dy, (dy.shape[0], *x_shape))

    def dx_form(self, dy: Expr, x_shape: Shape) -> Expr:
        return Function("unvec", (dy,))

    def dx_entry(self, index: Shape, dy: Operand, x_shape: Shape) -> Expr:
        return dy.entry(*unravel(ravel(index, x_shape), dy.shape))


@register
class Flatten(Rearrangement, frozen=True, kw_only=True):
    """All entries of x as one vector, row by row (the last axis runs fastest); ∂L/∂x is ∂L/∂y in the shape of x.

    Shapes: x [c][n…], y [c n…]; with ``start`` and ``stop`` only those axes (from 1, −1 the last) become one.
    """

    name: ClassVar[str] = "flatten"
    onnx: ClassVar[str] = "Flatten"
    torch: ClassVar[str] = "nn.Flatten"
    start: int = 1
    stop: int = -1

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The product of the axes from start to stop."""
        rank = len(x)
        if not x:
            return (1,)
        if not (is_axis(report, "start", self.start, rank) and is_axis(report, "stop", self.stop, rank)):
            return None
        first, last = from_zero(self.start, rank), from_zero(self.stop, rank)
        if first > last:
            report("stop", f"expected the axes from {first + 1} on, found {last + 1}")
            return None
        return (*x[:first], prod(x[first : last + 1]), *x[last + 1 :])

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 2, 3)}),
        Sample({"x": (3, 2, 2, 2)}),
        Sample({"x": (2, 2, 3, 2)}, {"start": 2}),
        Sample({"x": (2, 2, 3, 2)}, {"stop": 2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"start": 3}, (2, 2), "layer 1 (flatten): expected an axis from 1 to 2, or from -2 to -1, found 3"),
        BadSample({"start": 2, "stop": 1}, (2, 2), "layer 1 (flatten): expected the axes from 2 on, found 1"),
    )


@register
class Reshape(Rearrangement, frozen=True, kw_only=True):
    """The entries of x row by row in the shape given; the gradient in the shape of x.

    Of ``shape`` one length may be −1 (what is left over), a 0 keeps the length of the axis at its place.
    """

    name: ClassVar[str] = "reshape"
    onnx: ClassVar[str] = "Reshape, Squeeze, Unsqueeze"
    torch: ClassVar[str] = "reshape"
    written: ClassVar[str] = "reshape"
    to: list[int]
    """The shape of an example."""

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape given, of as many entries as x."""
        lengths = [x[i] if n == 0 and i < len(x) else n for i, n in enumerate(self.to)]
        known = prod(n for n in lengths if n != -1)
        if lengths.count(-1) > 1 or any(n < -1 or n == 0 for n in lengths) or not known:
            report("to", f"expected lengths, 0 or one -1, found {self.to}")
            return None
        if prod(x) % known or (-1 not in lengths and known != prod(x)):
            report("to", f"{list(x)} has {prod(x)} entries, they do not fit into {self.to}")
            return None
        return tuple(prod(x) // known if n == -1 else n for n in lengths)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 2, 3)}, {"to": [3, 2]}),
        Sample({"x": (1, 2, 3, 2)}, {"to": [0, -1]}),
        Sample({"x": (2, 4)}, {"to": [2, 1, 2]}),
        Sample({"x": (2, 1)}, {"to": []}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"to": [4]}, (2, 3), "layer 1 (reshape): [2, 3] has 6 entries, they do not fit into [4]"),
        BadSample({"to": [-1, -1]}, (2,), "layer 1 (reshape): expected lengths, 0 or one -1, found [-1, -1]"),
    )


@register
class Transpose(Op, frozen=True, kw_only=True):
    """The axes of x in another order (reversed unless ``axes`` says it); ∂L/∂x has them in the old order.

    ``axes``: for each axis of y the axis of x that stands there, from 1.
    """

    name: ClassVar[str] = "transpose"
    onnx: ClassVar[str] = "Transpose"
    torch: ClassVar[str] = "permute"
    by_entry: ClassVar[bool] = True
    axes: list[int] | None = None

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The lengths of x in the new order."""
        if self.axes is not None and sorted(self.axes) != list(range(1, len(x) + 1)):
            report("axes", f"expected each of the axes 1 to {len(x)} once, found {self.axes}")
            return None
        return tuple(x[axis] for axis in self._order(len(x)))

    def _order(self, rank: int) -> list[int]:
        return [axis - 1 for axis in self.axes] if self.axes is not None else list(range(rank))[::-1]

    def forward(self, xp: Any, x: Array) -> Array:
        return xp.permute_dims(x, (0, *(axis + 1 for axis in self._order(x.ndim - 1))))

    def forward_form(self, x: Expr) -> Expr:
        return Function("transpose", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        order = self._order(len(index))
        return x.entry(*(index[order.index(axis)] for axis in range(len(index))))

    def dx(self, xp: Any, dy: Array) -> Array:
        order = self._order(dy.ndim - 1)
        return xp.permute_dims(dy, (0, *(order.index(axis) + 1 for axis in range(len(order)))))

    def dx_form(self, dy: Expr) -> Expr:
        return Function("transpose", (dy,))

    def dx_entry(self, index: Shape, dy: Operand) -> Expr:
        return dy.entry(*(index[axis] for axis in self._order(len(index))))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 2, 3)}),
        Sample({"x": (1, 2, 3, 4)}, {"axes": [3, 1, 2]}),
        Sample({"x": (2, 3)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"axes": [1, 1]}, (2, 2), "layer 1 (transpose): expected each of the axes 1 to 2 once, found [1, 1]"),
    )
