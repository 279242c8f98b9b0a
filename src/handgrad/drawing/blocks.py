"""A unit as a piece of the picture: the op's box with its parameters, and the values that it gives."""

from __future__ import annotations

import re
from functools import partial
from math import prod

from msgspec.structs import fields

from handgrad.drawing.graph import Unit, joined, rank, windowed
from handgrad.drawing.links import MOST_EDGES
from handgrad.drawing.pieces import Line, Piece, beside, boxed
from handgrad.drawing.values import Values
from handgrad.drawing.views import MOST_NODES, Lines, bias_lines, grid, headed, header, lines_of, nodes, shortened
from handgrad.notation.nodes import Expr, Relation, Text
from handgrad.notation.picture import Role, Stroke
from handgrad.notation.words import say
from handgrad.ops.op import Op
from handgrad.ops.op import Shape as Index

ARROW = 26.0
"""The length of the arrow from an op's box to what it gives."""


_COUNTED = re.compile(r"h\d+")


class Blocks:
    """Builds the pieces of the units of one trace."""

    def __init__(self, values: Values, found: dict[str, Unit], marks: dict[str, dict[Index, Role]]) -> None:
        self.values, self.found, self.marks = values, found, marks
        aliases = values.trace.problem.network.aliases
        self.names = {quantity: name for name, quantity in aliases.items() if not _COUNTED.fullmatch(name)}

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
        along, of = rank(unit, self.found), partial(values.called, unit.name)
        in_nodes = len(unit.shape) <= 1 and not along
        cut = shortened(unit.shape, along, in_nodes=in_nodes)
        if cut and not in_nodes:
            names, gradient = names[-1:], ""
        words = [*self._own(unit), *header(values, names, gradient)]
        if in_nodes:
            below = self._below(unit) if joins else None
            lines = lines_of(values, names, gradient)
            piece = nodes(lines, unit.shape[0] if unit.shape else None, of, below, spacing)
        else:
            marks = self.marks.get(unit.name, {})
            piece = grid(lines_of(values, names, gradient), unit.shape, of, along=along, marks=marks)
        ops = [unit.op.name] if unit.op is not None and joins else []
        words += [(_plain(name), "name", "") for name in (*ops, unit.activation) if name]
        if cut:
            words.append(("×".join(str(n) for n in unit.shape), "name", ""))
        return headed(piece, words)

    def _own(self, unit: Unit) -> list[Line]:
        """The name that the problem gives a layer."""
        name = self.names.get(unit.name)
        return [(name, "name", "")] if name else []

    def _below(self, unit: Unit) -> Lines | None:
        """The biases below the nodes, where the weights stand on the edges too."""
        name = dict(unit.parameters).get("b", "")
        drawn = prod(min(n, MOST_NODES) for n in self.values.plan.shape(dict(unit.parameters)["W"]))
        return bias_lines(self.values, name) if name and self.values.numbers and drawn <= MOST_EDGES else None

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
        title: list[Line] = [(text, "name", "") for text in (_plain(op.name), *self._settings(op))]
        parts = [self._operand(unit, letter, name) for letter, name in unit.parameters]
        if not self.values.numbers:
            title += [(self.values.symbol(name), "symbol", name) for _, name in unit.parameters]
            parts = []
        inner = beside(parts, 12) if parts else Piece(0, 0, 0, ())
        return boxed(inner, title)

    def _operand(self, unit: Unit, letter: str, name: str) -> Piece:
        values = self.values
        shape = values.plan.shape(name)
        along = windowed(unit.op) if letter == "K" else 0
        gradient = "" if shortened(shape, along) else values.gradient(name)
        lines = lines_of(values, [name], gradient)
        piece = grid(lines, shape, partial(values.called, name), along=along, marks={})
        return headed(piece, header(values, [name], gradient))

    def _settings(self, op: Op) -> list[str | Expr]:
        """Stride, padding and dilation where they are not what goes without saying, and settings that are numbers."""
        found: list[str | Expr] = []
        if windowed(op):
            for key, usual in _USUAL.items():
                value = getattr(op, key, None)
                if value not in usual:
                    found.append(say(self.values.language, f"{key} {{value}}", value=value))
        plain = {field.name: field.default for field in fields(type(op))}
        told = [key for key in op.given_constants if repr(getattr(op, key)) != repr(plain[key])]
        shown = told if self.values.numbers else []
        return [*found, *(Relation(Text(_plain(key)), "=", self.values.constant(op, key)) for key in shown)]


_USUAL = {"stride": (None, 1), "padding": (None, 0, "valid"), "dilation": (None, 1)}


def _plain(name: str) -> str:
    return name.replace("_", " ")
