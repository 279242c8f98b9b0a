"""A unit as a piece of the picture: the op's box with its parameters, and the values that it gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from handgrad.drawing.graph import Unit, joined, rank, windowed
from handgrad.drawing.pieces import Line, Piece, beside, boxed
from handgrad.drawing.values import Values
from handgrad.drawing.views import bias_lines, grid, headed, header, lines_of, nodes
from handgrad.notation.picture import Role, Stroke
from handgrad.notation.words import say
from handgrad.ops.op import Op
from handgrad.ops.op import Shape as Index

ARROW = 26.0
"""The length of the arrow from an op's box to what it gives."""


class Blocks:
    """Builds the pieces of the units of one trace."""

    def __init__(self, values: Values, found: dict[str, Unit], marks: dict[str, dict[Index, Role]]) -> None:
        self.values, self.found, self.marks = values, found, marks

    def joins(self, unit: Unit, deep: dict[str, int]) -> bool:
        """Whether a unit is joined to its source by edges, which needs columns side by side."""
        if len(unit.reads) != 1:
            return False
        source = self.found[unit.reads[0]]
        return joined(unit, source, self.found) and deep[unit.name] == deep[source.name] + 1

    def view(self, unit: Unit, spacing: float, *, joins: bool) -> Piece:
        """The values of a unit under the symbols of their lines."""
        values = self.values
        names = [unit.before, unit.name] if unit.before else [unit.name]
        gradient = values.gradient(unit.gradient) if unit.gradient else ""
        lines, of = lines_of(values, names, gradient), partial(values.called, unit.name)
        along = rank(unit, self.found)
        if len(unit.shape) <= 1 and not along:
            name = dict(unit.parameters).get("b", "") if joins and values.numbers else ""
            below = bias_lines(values, name) if name else None
            piece = nodes(lines, unit.shape[0] if unit.shape else None, of, below, spacing)
        else:
            piece = grid(lines, unit.shape, of, along=along, marks=self.marks.get(unit.name, {}), label=True)
        words = header(values, names, gradient)
        if unit.op is not None and joins:
            words.append((_named(unit.op), "name", ""))
        if unit.activation:
            words.append((_plain(unit.activation), "name", ""))
        return headed(piece, words)

    def piece(self, unit: Unit, spacing: float, *, joins: bool) -> Piece:
        """The whole block of a unit; with ``joins`` the weights are on edges and there is no box."""
        view = self.view(unit, spacing, joins=joins)
        if unit.op is None or joins:
            return view
        box = self.box(unit, unit.op)
        both = beside([box, view], ARROW)
        shift = both.axis - view.axis
        moved = view.at(box.width + ARROW, shift)
        start, end = (box.width, both.axis), (moved.core[0], both.axis)
        shapes = (*both.shapes, Stroke((start, end), "arrow", arrow=True))
        placed = box.at(0, both.axis - box.axis)
        return Piece(both.width, both.height, both.axis, shapes, moved.spots, moved.core, placed.core)

    def box(self, unit: Unit, op: Op) -> Piece:
        """The box with an op's name, its settings and its parameters."""
        title: list[Line] = [(text, "name", "") for text in (_named(op), *_settings(op))]
        parts = [self._operand(unit, letter, name) for letter, name in unit.parameters]
        if not self.values.numbers:
            title += [(self.values.symbol(name), "symbol", name) for _, name in unit.parameters]
            parts = []
        inner = beside(parts, 12) if parts else Piece(0, 0, 0, ())
        return boxed(inner, title)

    def _operand(self, unit: Unit, letter: str, name: str) -> Piece:
        values = self.values
        gradient = values.gradient(name)
        lines: Callable[[Index], list[Line]] = lines_of(values, [name], gradient)
        shape = values.plan.shape(name)
        along = windowed(unit.op) if letter == "K" else 0
        piece = grid(lines, shape, partial(values.called, name), along=along, marks={}, label=True)
        return headed(piece, header(values, [name], gradient))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _named(op: Op) -> str:
    return _plain(op.name)


def _settings(op: Op) -> list[str]:
    """Stride, padding and dilation where they are not what goes without saying."""
    if not windowed(op):
        return []
    plain = {"stride": (1, None), "padding": (0, "valid"), "dilation": (1,)}
    found = []
    for key, usual in plain.items():
        value = getattr(op, key, usual[0])
        if value not in usual:
            found.append(say("en", f"{key} {{value}}", value=value))
    return found
