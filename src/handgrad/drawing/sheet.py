"""Columns of units on a sheet: how wide the gaps are, how high each stands, and the lines between them."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.drawing.blocks import Blocks
from handgrad.drawing.graph import Unit, depths, units
from handgrad.drawing.links import MOST_EDGES, RIM, Edge, drawn, edges, placed, room
from handgrad.drawing.pieces import Piece, stack
from handgrad.drawing.values import Values
from handgrad.drawing.window import Window, window
from handgrad.notation.picture import Box, Role, Shape, Stroke
from handgrad.ops.op import Shape as Index

GAP = 46.0
"""Between two columns that an arrow joins."""

BETWEEN = 30.0
"""Between two units in one column."""

LANE = 16.0
"""From what is above it to a line that runs below columns."""

MOST_SPACING = 150.0
"""From node to node, at most, so that the labels on edges fit."""

MARGIN = 14.0


class Sheet:
    """The layout of one network."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.found = units(values.trace)
        self.deep = depths(self.found)
        self.windows = self._windows()
        marks: dict[str, dict[Index, Role]] = {}
        for name, (source, seen) in self.windows.items():
            del name
            marks.setdefault(source, seen.marks)
        self.blocks = Blocks(values, self.found, marks)
        self.joins = {name for name, unit in self.found.items() if self.blocks.joins(unit, self.deep)}
        self.columns: list[list[Unit]] = [[] for _ in range(1 + max(self.deep.values()))]
        for name, unit in self.found.items():
            self.columns[self.deep[name]].append(unit)
        self.pieces = self._pieces()
        self.places: dict[str, Piece] = {}

    def _windows(self) -> dict[str, tuple[str, Window]]:
        """For each windowed unit its source and the window on it; on one source the first alone."""
        found: dict[str, tuple[str, Window]] = {}
        taken: set[str] = set()
        for name, unit in self.found.items():
            source = unit.reads[0] if unit.reads else ""
            seen = window(self.values, unit, self.found[source].shape) if source and source not in taken else None
            if seen is not None:
                found[name] = source, seen
                taken.add(source)
        return found

    def _pieces(self) -> dict[str, Piece]:
        spacing: dict[str, float] = {}
        for name in self.joins:
            source = self.found[name].reads[0]
            needed = self._spacing(self.found[source], self.found[name])
            for each in (source, name):
                spacing[each] = max(spacing.get(each, 0), needed)
        return {
            name: self.blocks.piece(unit, spacing.get(name, 0), joins=name in self.joins)
            for name, unit in self.found.items()
        }

    def _spacing(self, source: Unit, unit: Unit) -> float:
        """The spacing at which the labels of a dense layer stand in one column; 0 if none is enough."""
        left = self.blocks.view(source, 0, bias=source.name in self.joins)
        right = self.blocks.view(unit, 0, bias=True)
        if not self.values.numbers or len(left.spots) * len(right.spots) > MOST_EDGES:
            return 0
        name = dict(unit.parameters)["W"]
        most = MOST_SPACING if max(len(left.spots), len(right.spots)) <= 4 else 110
        for labels in (2, 1):
            for spacing in range(70, int(most) + 1, 8):
                a = self.blocks.view(source, spacing, bias=source.name in self.joins)
                b = self.blocks.view(unit, spacing, bias=True)
                found = edges(self.values, name, a, b.at(a.width + self._reach(source, unit, a, b), 0), labels=labels)
                shifted = _levelled(found, a, b)
                if placed(shifted, staggered=False) is not None:
                    return spacing
        return 0

    def _reach(self, source: Unit, unit: Unit, left: Piece, right: Piece) -> float:
        """The gap that a dense layer needs between its frames."""
        name = dict(unit.parameters)["W"]
        n, m = len(left.spots), len(right.spots)
        if not self.values.numbers or n * m > MOST_EDGES:
            return 90 + 8.0 * min(n, m)
        found = edges(self.values, name, left, right.at(left.width, 0), labels=2)
        width, _ = room(found)
        share = 1 / (min(n, m) + 1)
        rim = max(spot.half_width for piece in (left, right) for spot in piece.spots.values())
        middles = min(max((rim + width / 2 + RIM) / share, 2 * rim + width + 30), 330)
        inner = left.width - max(spot.x for spot in left.spots.values()) + min(spot.x for spot in right.spots.values())
        return max(60.0, middles - inner)

    def shapes(self) -> list[Shape]:
        """Everything at its place."""
        self._place()
        shapes: list[Shape] = []
        for name in self.found:
            shapes += self.places[name].shapes
        for name in self.joins:
            shapes += self._link(name)
        shapes += self._arrows()
        for name, (source, seen) in self.windows.items():
            shapes += self._outline(name, source, seen)
        return shapes

    def _place(self) -> None:
        x = 0.0
        for number, column in enumerate(self.columns):
            if number:
                x += self._gap(number)
            width = max(self.pieces[unit.name].width for unit in column)
            for unit, y in zip(column, self._heights(column), strict=True):
                piece = self.pieces[unit.name]
                self.places[unit.name] = piece.at(x + (width - piece.width) / 2, y - piece.axis)
            x += width

    def _gap(self, number: int) -> float:
        gaps = [GAP]
        for unit in self.columns[number]:
            if unit.name in self.joins:
                source = self.found[unit.reads[0]]
                gaps.append(self._reach(source, unit, self.pieces[source.name], self.pieces[unit.name]))
        return max(gaps)

    def _heights(self, column: Sequence[Unit]) -> list[float]:
        """The height of each unit's axis: near what it reads, below one another."""
        wanted = []
        for unit in column:
            before = [self.places[name].axis for name in unit.reads]
            wanted.append(sum(before) / len(before) if before else None)
        tops: list[float] = []
        low = None
        for unit, wish in zip(column, wanted, strict=True):
            piece = self.pieces[unit.name]
            least = None if low is None else low + BETWEEN + piece.axis
            y = least if wish is None else wish if least is None else max(wish, least)
            tops.append(0.0 if y is None else y)
            low = tops[-1] + piece.height - piece.axis
        drift = [top - wish for top, wish in zip(tops, wanted, strict=True) if wish is not None]
        shift = sum(drift) / len(drift) if drift else (tops[0] + tops[-1]) / 2
        return [top - shift for top in tops]

    def _link(self, name: str) -> list[Shape]:
        unit = self.found[name]
        source, target = self.places[unit.reads[0]], self.places[name]
        weight = dict(unit.parameters)["W"]
        found: list[Edge] = edges(self.values, weight, source, target, labels=2)
        shapes: list[Shape] = [*drawn(found)]
        lines = [(self.values.symbol(weight), "symbol", weight)]
        if self.values.numbers and (gradient := self.values.gradient(weight)):
            lines.append((self.values.symbol(gradient), "gradient", gradient))
        top = min(source.core[1], target.core[1])
        middle = (source.core[2] + target.core[0]) / 2
        shapes += stack(lines, middle, top - 8 * len(lines))  # type: ignore[arg-type]
        return shapes

    def _arrows(self) -> list[Shape]:
        """From each quantity to what reads it: straight across one gap, or in a lane below the columns between."""
        shapes: list[Shape] = []
        self.floor = [
            max(self.places[u.name].at(0, 0).axis + self.places[u.name].height for u in column)
            for column in self.columns
        ]
        self.floor = [self._bottom(column) for column in self.columns]
        for name, unit in self.found.items():
            if name in self.joins:
                continue
            target = self.places[name]
            near = [s for s in unit.reads if self.deep[s] + 1 == self.deep[name]]
            near.sort(key=lambda s: self.places[s].axis)
            for k, source in enumerate(near):
                left = self.places[source]
                spread = 12 * (k - (len(near) - 1) / 2)
                start = (left.core[2], left.axis)
                end = (target.entry[0], target.axis + spread)
                shapes.append(Stroke((start, end), "arrow", arrow=True))
            far = [s for s in unit.reads if self.deep[s] + 1 < self.deep[name]]
            for k, source in enumerate(far):
                shapes.append(self._lane(source, name, k - (len(far) - 1) / 2))
        return shapes

    def _bottom(self, column: Sequence[Unit]) -> float:
        return max(self.places[unit.name].core[3] for unit in column)

    def _lane(self, source: str, name: str, side: float) -> Stroke:
        first, last = self.deep[source], self.deep[name]
        left, target = self.places[source], self.places[name]
        y = max([*self.floor[first : last + 1], target.entry[3], left.core[3]]) + LANE
        for number in range(first, last + 1):
            self.floor[number] = y
        start = (left.core[0] + left.core[2]) / 2
        end = (target.entry[0] + target.entry[2]) / 2 + 12 * side
        return Stroke(((start, left.core[3]), (start, y), (end, y), (end, target.entry[3])), "arrow", arrow=True)

    def _outline(self, name: str, source: str, seen: Window) -> list[Shape]:
        """The window's outline on its input, and that of the cell it gives."""
        shapes: list[Shape] = []
        spots = self.places[source].spots
        for lead in dict.fromkeys(cell[: len(cell) - len(self._inner(source, name))] for cell in seen.seen):
            cells = [spots[cell] for cell in seen.seen if cell[: len(lead)] == lead and cell in spots]
            if cells:
                left, right = min(c.x - c.half_width for c in cells), max(c.x + c.half_width for c in cells)
                top, bottom = min(c.y - c.half_height for c in cells), max(c.y + c.half_height for c in cells)
                shapes.append(Box(left - 2, top - 2, right - left + 4, bottom - top + 4, "window"))
        gives = self.places[name].spots.get(seen.gives)
        if gives is not None:
            w, h = gives.half_width + 2, gives.half_height + 2
            shapes.append(Box(gives.x - w, gives.y - h, 2 * w, 2 * h, "window"))
        return shapes

    def _inner(self, source: str, name: str) -> Index:
        from handgrad.drawing.graph import windowed

        return self.found[source].shape[-windowed(self.found[name].op) :]


def _levelled(found: Sequence[Edge], left: Piece, right: Piece) -> list[Edge]:
    """Edges with the axes of both layers at one height."""
    from msgspec.structs import replace

    shift = left.axis - right.axis
    return [replace(edge, end=replace(edge.end, y=edge.end.y + shift)) for edge in found]
