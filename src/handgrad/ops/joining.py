"""Ops that join branches: sums and products entry by entry, matrix products, arrays end to end."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, Highlight, add, hadamard, product
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.stretching import aligned, common, over, shrunk, under
from handgrad.ops.textbook import elided_sum


class EntryByEntry(Op, frozen=True, kw_only=True):
    """Any number of inputs entry by entry; axes of length 1 stretch, shapes are aligned at their last axes."""

    variadic: ClassVar[bool] = True
    by_entry: ClassVar[bool] = True

    def shape(self, report: Report, **xs: Shape) -> Shape | None:
        """The shape that all inputs stretch to."""
        return common(report, **xs)


def _aligned(xp: Any, xs: dict[str, Array]) -> list[Array]:
    rank = max(x.ndim for x in xs.values()) - 1
    return [aligned(xp, x, rank) for x in xs.values()]


@register
class Add(EntryByEntry, frozen=True, kw_only=True):
    """y = x₁ + x₂ + …; each input receives ∂L/∂y, summed over the axes along which it was stretched.

    Shapes: x any that stretch to one another, y the longest of each axis.
    """

    name: ClassVar[str] = "add"
    onnx: ClassVar[str] = "Add, Sum"
    torch: ClassVar[str] = "add"

    def forward(self, xp: Any, **xs: Array) -> Array:
        total, *rest = _aligned(xp, xs)
        for x in rest:
            total = total + x
        return total

    def forward_form(self, **xs: Expr) -> Expr:
        return add(*xs.values())

    def forward_entry(self, index: Shape, **xs: Operand) -> Expr:
        return add(*(x.entry(*under(index, x.shape)) for x in xs.values()))

    def dx(self, xp: Any, place: int, dy: Array, **shapes: Shape) -> Array:
        return shrunk(xp, dy, shapes[f"x{place + 1}_shape"])

    def needs(self, rule: str, known: Any) -> tuple[str, ...]:
        """For a gradient the upstream one and the shape of that input alone."""
        return ("dy", f"{rule[1:]}_shape") if rule != "forward" else super().needs(rule, known)

    def dx_form(self, place: int, dy: Expr, **shapes: Shape) -> Expr:
        return dy

    def dx_entry(self, index: Shape, place: int, dy: Operand, **shapes: Shape) -> Expr:
        places = over(index, shapes[f"x{place + 1}_shape"], dy.shape)
        return elided_sum(len(places), lambda k: dy.entry(*places[k]))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x1": (2, 3), "x2": (2, 3)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 3), "x3": (2, 2, 1)}),
        Sample({"x1": (1, 2)}),
        Sample({"x1": (3,), "x2": (3, 2)}),
    )


@register
class Multiply(EntryByEntry, frozen=True, kw_only=True):
    """y = x₁ ⊙ x₂ ⊙ …; ∂L/∂x_i = ∂L/∂y ⊙ the product of the others, summed over stretched axes.

    Shapes: x any that stretch to one another, y the longest of each axis.
    """

    name: ClassVar[str] = "multiply"
    onnx: ClassVar[str] = "Mul"
    torch: ClassVar[str] = "mul"

    def forward(self, xp: Any, **xs: Array) -> Array:
        total, *rest = _aligned(xp, xs)
        for x in rest:
            total = total * x
        return total

    def forward_form(self, **xs: Expr) -> Expr:
        return hadamard(*xs.values())

    def forward_entry(self, index: Shape, **xs: Operand) -> Expr:
        return product(*(x.entry(*under(index, x.shape)) for x in xs.values()))

    def dx(self, xp: Any, place: int, dy: Array, **xs: Array) -> Array:
        total = dy
        for i, x in enumerate(_aligned(xp, xs)):
            total = total if i == place else total * x
        return shrunk(xp, total, tuple(xs[f"x{place + 1}"].shape[1:]))

    def dx_form(self, place: int, dy: Expr, **xs: Expr) -> Expr:
        return hadamard(dy, *(x for i, x in enumerate(xs.values()) if i != place))

    def dx_entry(self, index: Shape, place: int, dy: Operand, **xs: Operand) -> Expr:
        operands = list(xs.values())
        others = [x for i, x in enumerate(operands) if i != place]
        places = over(index, operands[place].shape, dy.shape)

        def term(k: int) -> Expr:
            return product(dy.entry(*places[k]), *(x.entry(*under(places[k], x.shape)) for x in others))

        return elided_sum(len(places), term)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x1": (2, 3), "x2": (2, 3)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 3), "x3": (2, 2, 1)}),
        Sample({"x1": (3,), "x2": (3, 2)}),
    )


class Extreme(EntryByEntry, frozen=True, kw_only=True):
    """The largest (or smallest) of the inputs entry by entry; of equal ones the gradient goes to the first."""

    convention: ClassVar[str] = "Of equal entries the first input receives the gradient."

    def _first(self, a: Any, b: Any) -> Any:
        """Whether a stands before b."""
        raise NotImplementedError

    def forward(self, xp: Any, **xs: Array) -> Array:
        best, *rest = _aligned(xp, xs)
        for x in rest:
            best = xp.where(self._first(best, x), best, x)
        return best

    def forward_form(self, **xs: Expr) -> Expr:
        return Function(self.name[:3], tuple(xs.values()))

    def forward_entry(self, index: Shape, **xs: Operand) -> Expr:
        winner = self._winner(index, list(xs.values()))
        entries = [x.entry(*under(index, x.shape)) for x in xs.values()]
        return Function(self.name[:3], tuple(Highlight(e) if i == winner else e for i, e in enumerate(entries)))

    def _winner(self, index: Shape, operands: list[Operand]) -> int:
        best = 0
        for i, x in enumerate(operands):
            held = operands[best]
            if not self._first(held.number(*under(index, held.shape)), x.number(*under(index, x.shape))):
                best = i
        return best

    def dx(self, xp: Any, place: int, dy: Array, **xs: Array) -> Array:
        stretched = [x + xp.zeros_like(dy) for x in _aligned(xp, xs)]
        best, winner = stretched[0], xp.zeros_like(dy)
        for i, x in enumerate(stretched):
            stays = self._first(best, x)
            winner = xp.where(stays, winner, xp.zeros_like(dy) + i)
            best = xp.where(stays, best, x)
        total = xp.where(winner == place, dy, xp.zeros_like(dy))
        return shrunk(xp, total, tuple(xs[f"x{place + 1}"].shape[1:]))

    def dx_form(self, place: int, dy: Expr, **xs: Expr) -> Expr:
        return Function("winner", (dy, *xs.values()))

    def dx_entry(self, index: Shape, place: int, dy: Operand, **xs: Operand) -> Expr:
        operands = list(xs.values())
        places = [at for at in over(index, operands[place].shape, dy.shape) if self._winner(at, operands) == place]
        return elided_sum(len(places), lambda k: dy.entry(*places[k]))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x1": (2, 3), "x2": (2, 3)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 3), "x3": (2, 2, 1)}),
    )


@register
class Maximum(Extreme, frozen=True, kw_only=True):
    """y = max(x₁, x₂, …) entry by entry; ∂L/∂y goes to the largest, of equal ones to the first."""

    name: ClassVar[str] = "maximum"
    onnx: ClassVar[str] = "Max"
    torch: ClassVar[str] = "maximum"

    def _first(self, a: Any, b: Any) -> Any:
        return a >= b


@register
class Minimum(Extreme, frozen=True, kw_only=True):
    """y = min(x₁, x₂, …) entry by entry; ∂L/∂y goes to the smallest, of equal ones to the first."""

    name: ClassVar[str] = "minimum"
    onnx: ClassVar[str] = "Min"
    torch: ClassVar[str] = "minimum"

    def _first(self, a: Any, b: Any) -> Any:
        return a <= b


@register
class Concat(Op, frozen=True, kw_only=True):
    """y = the inputs end to end along an axis; each input receives its stretch of ∂L/∂y.

    ``axis`` counts from 1 over the axes of an example, −1 is the last. Shapes: the same but for that axis.
    """

    name: ClassVar[str] = "concat"
    onnx: ClassVar[str] = "Concat"
    torch: ClassVar[str] = "cat"
    variadic: ClassVar[bool] = True
    by_entry: ClassVar[bool] = True
    axis: int = 1

    def shape(self, report: Report, **xs: Shape) -> Shape | None:
        """The lengths along the axis added up."""
        first = xs["x1"]
        if self.axis == 0 or not -len(first) <= self.axis <= len(first):
            report("axis", f"expected an axis from 1 to {len(first)} (or negative), found {self.axis}")
            return None
        at = self._at(len(first))
        for letter, shape in xs.items():
            if len(shape) != len(first) or any(
                m != n for i, (m, n) in enumerate(zip(shape, first, strict=True)) if i != at
            ):
                report("from", f"{letter} has shape {list(shape)}, x1 {list(first)}: only axis {at + 1} may differ")
                return None
        return (*first[:at], sum(shape[at] for shape in xs.values()), *first[at + 1 :])

    def _at(self, rank: int) -> int:
        """The axis counted from 0."""
        return self.axis - 1 if self.axis > 0 else self.axis + rank

    def forward(self, xp: Any, **xs: Array) -> Array:
        arrays = list(xs.values())
        return xp.concat(arrays, axis=self._at(arrays[0].ndim - 1) + 1)

    def forward_form(self, **xs: Expr) -> Expr:
        return Function("concat", tuple(xs.values()))

    def forward_entry(self, index: Shape, **xs: Operand) -> Expr:
        operands, at = list(xs.values()), self._at(len(index))
        place = index[at]
        for x in operands[:-1]:
            if place < x.shape[at]:
                return x.entry(*index[:at], place, *index[at + 1 :])
            place -= x.shape[at]
        return operands[-1].entry(*index[:at], place, *index[at + 1 :])

    def needs(self, rule: str, known: Any) -> tuple[str, ...]:
        """For a gradient the upstream one and the shapes of all inputs."""
        if rule == "forward":
            return super().needs(rule, known)
        return ("dy", *(letter for letter in known if letter.endswith("_shape") and letter[1].isdigit()))

    def dx(self, xp: Any, place: int, dy: Array, **shapes: Shape) -> Array:
        at, start, stop = self._stretch(place, shapes)
        return dy[(slice(None), *([slice(None)] * at), slice(start, stop))]

    def _stretch(self, place: int, shapes: dict[str, Shape]) -> tuple[int, int, int]:
        at = self._at(len(shapes["x1_shape"]))
        lengths = [shapes[f"x{i + 1}_shape"][at] for i in range(place + 1)]
        return at, sum(lengths[:-1]), sum(lengths)

    def dx_form(self, place: int, dy: Expr, **shapes: Shape) -> Expr:
        return Function(f"part {place + 1}", (dy,))

    def dx_entry(self, index: Shape, place: int, dy: Operand, **shapes: Shape) -> Expr:
        at, start, _ = self._stretch(place, shapes)
        return dy.entry(*index[:at], index[at] + start, *index[at + 1 :])

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x1": (2, 3), "x2": (2, 1)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 2, 2), "x3": (2, 2, 1)}, {"axis": -1}),
        Sample({"x1": (1, 2, 3, 2), "x2": (1, 2, 1, 2)}, {"axis": 2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"axis": 2}, (2,), "layer 1 (concat): expected an axis from 1 to 1 (or negative), found 2"),
    )
