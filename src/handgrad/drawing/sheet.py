"""Columns of units on a sheet: how wide the gaps are, how high each unit stands, the edges of dense layers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import sqrt

from handgrad.drawing.blocks import Blocks
from handgrad.drawing.columns import breaks, columns
from handgrad.drawing.graph import Unit, depths, units
from handgrad.drawing.links import MOST_EDGES, RIM, drawn, edges, placed, room
from handgrad.drawing.pieces import LINE, Line, Piece, area, stack, wide
from handgrad.drawing.values import Values
from handgrad.drawing.window import Window, window
from handgrad.notation.picture import Role, Shape, Weight
from handgrad.ops.op import Shape as Index

GAP = 46.0
"""Between two columns that an arrow joins."""

BETWEEN = 30.0
"""Between two units in one column."""

ROWS = 56.0
"""Between two rows of a network that is broken into rows."""

STEEP = 240.0
"""From middle to middle of two layers, at most, for the sake of what stands below their nodes."""

BROAD = 430.0
"""From middle to middle of two layers, at most, for the sake of the labels on their edges."""

WIDE = 560.0
"""From middle to middle of two layers, at most, for the sake of the other nodes."""

MOST_SPACING = 150
LESS_SPACING = 110
"""From node to node, at most, so that the labels on edges fit; among more than five nodes less."""


class Sheet:
    """The layout of one network; ``boxed`` are dense layers that are drawn as a box, not as edges."""

    def __init__(self, values: Values, boxed: Collection[str] = ()) -> None:
        self.values = values
        self.found = units(values.trace)
        self.deep = depths(self.found)
        self.windows = self._windows()
        marks: dict[str, dict[Index, Role]] = {source: seen.marks for source, seen in self.windows.values()}
        self.blocks = Blocks(values, self.found, marks)
        self.joins = [
            name for name, unit in self.found.items() if name not in boxed and self.blocks.joins(unit, self.deep)
        ]
        self.columns = columns(self.found, self.deep)
        self.pieces = self._pieces()
        self.row: list[int] = []
        """The row of each column."""
        self.places: dict[str, Piece] = {}
        self._place()

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
        """The pieces, the nodes of joined layers so far apart that their weights find room."""
        spacing = dict.fromkeys(self.found, 0.0)
        pairs = [(self.found[self.found[name].reads[0]], self.found[name]) for name in self.joins]
        for source, unit in pairs:
            needed = self._spacing(source, unit)
            spacing[source.name] = max(spacing[source.name], needed)
            spacing[unit.name] = max(spacing[unit.name], needed)
        for source, unit in pairs + pairs[::-1]:  # layers of one length stand level
            if source.shape == unit.shape:
                spacing[source.name] = spacing[unit.name] = max(spacing[source.name], spacing[unit.name])
        return {
            name: self.blocks.piece(unit, spacing[name], joins=name in self.joins) for name, unit in self.found.items()
        }

    def _spacing(self, source: Unit, unit: Unit) -> float:
        """The spacing at which the labels of a dense layer stand in one column; if none is, what the nodes need."""
        left = self.blocks.view(source, 0, joins=source.name in self.joins)
        right = self.blocks.view(unit, 0, joins=True)
        least = max(_step(left), _step(right)) if len(left.spots) == len(right.spots) else 0.0
        if not self.values.numbers or len(left.spots) * len(right.spots) > MOST_EDGES:
            return least
        most = MOST_SPACING if max(len(left.spots), len(right.spots)) <= 5 else LESS_SPACING
        for labels in (2, 1):
            for spacing in range(70, most + 1, 8):
                a = self.blocks.view(source, spacing, joins=source.name in self.joins)
                b = self.blocks.view(unit, spacing, joins=True)
                b = b.at(a.width + self._reach(unit, a, b), a.axis - b.axis)
                found = edges(self.values, dict(unit.parameters)["W"], a, b, labels=labels)
                if placed(found) is not None:
                    return max(spacing, least)
        return least

    def _reach(self, unit: Unit, left: Piece, right: Piece) -> float:
        """The gap that a dense layer needs between its frames."""
        name = dict(unit.parameters)["W"]
        n, m = len(left.spots), len(right.spots)
        if not self.values.numbers or n * m > MOST_EDGES:
            return max(90 + 8.0 * min(n, m), self._slope(left, right))
        width, _ = room(edges(self.values, name, left, right.at(left.width, 0), labels=2))
        share = 1 / (min(n, m) + 1)
        ends = [spot.x for piece in (left, right) for spot in piece.spots.values()]
        rims = left.core[2] - ends[0], ends[-1] - right.core[0]
        middles = min(max((max(rims) + width / 2 + RIM) / share, sum(rims) + 2 * RIM + width + 10), BROAD)
        head = wide(self._symbols(name)) + 12
        return max(60.0, middles - sum(rims), head, self._slope(left, right))

    def _slope(self, left: Piece, right: Piece) -> float:
        """How wide a gap must be so that no edge runs over what stands above the shorter layer."""
        tops = [next(iter(piece.spots.values())) for piece in (left, right)]
        steep = self._under(left, right)
        fall = abs((tops[0].y - left.axis) - (tops[1].y - right.axis))
        lower = right if tops[1].y - right.axis > tops[0].y - left.axis else left
        top = next(iter(lower.spots.values()))
        clear = fall * (lower.head / 2 + 4) / (top.y - lower.core[1])
        wanted = max(clear, steep, _past(left, right), _past(right, left))
        return wanted - min(p.core[2] - p.core[0] for p in (left, right)) / 2

    def _under(self, left: Piece, right: Piece) -> float:
        """From middle to middle so that the edges from below spare what stands below a node, within reason."""
        wanted = 0.0
        for piece, other in ((right, left), (left, right)):
            spots = [*piece.spots.values()]
            deepest = max(spot.y for spot in other.spots.values()) - other.axis
            fall = deepest - (spots[0].y - piece.axis)
            half = (piece.core[2] - piece.core[0]) / 2
            if piece.core[3] - spots[-1].y - spots[-1].half_height > 2 * LINE:
                wanted = max(wanted, fall * half / spots[0].half_height)
        return min(wanted, STEEP)

    def _place(self) -> None:
        """Rows below one another; in a row columns side by side."""
        widths = [max(self.pieces[unit.name].width for unit in column) for column in self.columns]
        gaps = [0.0, *(self._gap(number) for number in range(1, len(self.columns)))]
        starts = breaks([a + b for a, b in zip(widths, gaps, strict=True)], self._whole())
        self.row = [sum(start <= number for start in starts) - 1 for number in range(len(self.columns))]
        y = 0.0
        for start, end in zip(starts, [*starts[1:], len(self.columns)], strict=True):
            x = 0.0
            for number in range(start, end):
                x += gaps[number] if number > start else 0
                self._column(number, x, widths[number])
                x += widths[number]
            names = [unit.name for column in self.columns[start:end] for unit in column]
            top = min(self.places[name].top for name in names)
            for name in names:
                self.places[name] = self.places[name].at(0, y - top)
            y = max(self.places[name].bottom for name in names) + ROWS

    def span(self, number: int) -> tuple[float, float]:
        """From where to where a column reaches."""
        pieces = [self.places[unit.name] for unit in self.columns[number]]
        return min(piece.left for piece in pieces), max(piece.right for piece in pieces)

    def _whole(self) -> list[bool]:
        """Before which columns no row may begin: where edges join, or more than one line goes on."""
        found = []
        for number in range(len(self.columns)):
            across = [
                (name, source)
                for name, unit in self.found.items()
                for source in unit.reads
                if self.deep[source] < number <= self.deep[name]
            ]
            joined = any(name in self.joins for name, _ in across)
            found.append(joined or len(across) != 1 or self.deep[across[0][0]] - self.deep[across[0][1]] > 1)
        return found

    def _column(self, number: int, x: float, width: float) -> None:
        column = self.columns[number]
        for unit, y in zip(column, self._heights(column), strict=True):
            piece = self.pieces[unit.name]
            self.places[unit.name] = piece.at(x + (width - piece.width) / 2, y - piece.axis)

    def _gap(self, number: int) -> float:
        joined = [unit for unit in self.columns[number] if unit.name in self.joins]
        wanted = (self._reach(unit, self.pieces[unit.reads[0]], self.pieces[unit.name]) for unit in joined)
        return max(GAP, *wanted, GAP)

    def _heights(self, column: Sequence[Unit]) -> list[float]:
        """The height of each unit's axis: near what it reads in its row, below one another."""
        row = self.row[self.deep[column[0].name]]
        wanted: list[float | None] = []
        for unit in column:
            before = [self.places[name].axis for name in unit.reads if self.row[self.deep[name]] == row]
            wanted.append(sum(before) / len(before) if before else None)
        heights: list[float] = []
        low: float | None = None
        for unit, wish in zip(column, wanted, strict=True):
            piece = self.pieces[unit.name]
            least = None if low is None else low + BETWEEN + piece.axis
            heights.append(
                max(y for y in (wish, least, None if wish is not None or low is not None else 0.0) if y is not None)
            )
            low = heights[-1] + piece.height - piece.axis
        drift = [height - wish for height, wish in zip(heights, wanted, strict=True) if wish is not None]
        shift = sum(drift) / len(drift) if drift else (heights[0] + heights[-1]) / 2
        return [height - shift for height in heights]

    def _symbols(self, weight: str) -> list[Line]:
        lines: list[Line] = [(self.values.symbol(weight), "symbol", weight)]
        if self.values.numbers and (gradient := self.values.gradient(weight)):
            lines.append((self.values.symbol(gradient), "gradient", gradient))
        return lines

    def links(self) -> dict[str, list[Shape]]:
        """The edges of each dense layer, above them the symbol of their weights."""
        links: dict[str, list[Shape]] = {}
        for name in self.joins:
            source, target = self.places[self.found[name].reads[0]], self.places[name]
            weight = dict(self.found[name].parameters)["W"]
            found = drawn(edges(self.values, weight, source, target, labels=2))
            lines = self._symbols(weight)
            middle = (source.core[2] + target.core[0]) / 2
            top = _top(found, middle, wide(lines) / 2 + 6)
            links[name] = [*found, *stack(lines, middle, top - 8 - LINE * len(lines) / 2)]
        return links


def _step(piece: Piece) -> float:
    heights = [spot.y for spot in piece.spots.values()]
    return heights[1] - heights[0] if len(heights) > 1 else 0.0


def _top(found: Sequence[Weight], middle: float, half: float) -> float:
    """The top of what edges and their labels cover around a vertical line."""
    tops = []
    for weight in found:
        (x0, y0), (x1, y1) = weight.edge.points
        for x in (middle - half, middle + half):
            t = min(max((x - x0) / (x1 - x0), 0.0), 1.0)
            tops.append(y0 + t * (y1 - y0))
        for label in weight.labels:
            left, top, right, _ = area(label)
            if left < middle + half and right > middle - half:
                tops.append(top)
    return min(tops)


def _past(layer: Piece, other: Piece) -> float:
    """From middle to middle so that the edges of a node pass the other nodes of its layer by, within reason."""
    spots, others = list(layer.spots.values()), list(other.spots.values())
    if len(spots) < 2:
        return 0.0
    ratio = (spots[1].y - spots[0].y) / spots[0].half_height
    fall = max(others[-1].y - other.axis - spots[0].y + layer.axis, spots[-1].y - layer.axis - others[0].y + other.axis)
    return min(fall / sqrt(ratio**2 - 1), WIDE)
