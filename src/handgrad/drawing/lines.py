"""Arrows from each quantity to what reads it, and the outlines of windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from handgrad.drawing.graph import windowed
from handgrad.drawing.pieces import Spot
from handgrad.drawing.sheet import ROWS, Sheet
from handgrad.drawing.window import Window
from handgrad.notation.picture import Box, Shape, Stroke

LANE = 16.0
"""From what is above it to a line that runs below columns."""

SPREAD = 12.0
"""Between two arrows into one box."""

STRAIGHT = 10.0
"""The last stretch of an arrow into a box, at least."""

AROUND = 2.0
"""From the cells under a window to its outline."""


def arrows(sheet: Sheet) -> list[Stroke]:
    """Straight across one gap, in a lane below the columns between, or on to the next row."""
    lanes = _Lanes(sheet)
    found: list[Stroke] = []
    for name, unit in sheet.found.items():
        if name in sheet.joins:
            continue
        near = sorted((s for s in unit.reads if _adjacent(sheet, s, name)), key=lambda s: sheet.places[s].axis)
        far = [s for s in unit.reads if s not in near]
        for source, height in zip((*near, *far), _heights(sheet, name, len(near) + len(far)), strict=True):
            straight = source in near
            found.append(_straight(sheet, source, name, height) if straight else lanes.lane(source, name, height))
    return found


def _heights(sheet: Sheet, name: str, count: int) -> list[float]:
    """Where so many arrows come in."""
    target = sheet.places[name]
    step = min(SPREAD, (target.entry[3] - target.entry[1] - 6) / max(count - 1, 1))
    return [target.axis + step * (k - (count - 1) / 2) for k in range(count)]


def _adjacent(sheet: Sheet, source: str, name: str) -> bool:
    return sheet.deep[source] + 1 == sheet.deep[name]


def _straight(sheet: Sheet, source: str, name: str, height: float) -> Stroke:
    left, target = sheet.places[source], sheet.places[name]
    start, end = (left.core[2], left.axis), (target.entry[0], height)
    row = sheet.row[sheet.deep[name]]
    if row == sheet.row[sheet.deep[source]]:
        out, back = sheet.span(sheet.deep[source])[1] + 4, sheet.span(sheet.deep[name])[0] - STRAIGHT
        return _line((start, (out, start[1]), (back, end[1]), end))
    before = [p for n, p in sheet.places.items() if sheet.row[sheet.deep[n]] == row - 1]
    right, between = max(piece.right for piece in before) + LANE, max(piece.bottom for piece in before) + ROWS / 2
    out = -1.5 * LANE
    return _line((start, (right, start[1]), (right, between), (out, between), (out, end[1]), end))


def _line(points: Sequence[tuple[float, float]]) -> Stroke:
    """An arrow through points, those left out that stand on the way."""
    kept = [points[0]]
    for i, point in enumerate(points[1:-1], 1):
        if point != kept[-1] and not kept[-1][1] == point[1] == points[i + 1][1]:
            kept.append(point)
    return Stroke((*kept, points[-1]), "arrow", arrow=True)


class _Lanes:
    """Lines that pass columns below all that stands in them."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.floor = [max(sheet.places[unit.name].bottom for unit in column) for column in sheet.columns]
        self.used = [0.0] * (len(sheet.columns) + 1)
        """How much of the gap before each column is taken by lines up and down."""

    def lane(self, source: str, name: str, height: float) -> Stroke:
        """Down from a quantity, along, and up to what reads it."""
        sheet = self.sheet
        first, last = sheet.deep[source], sheet.deep[name]
        left, target = sheet.places[source], sheet.places[name]
        y = max(self.floor[first : last + 1]) + LANE
        self.floor[first : last + 1] = [y] * (last + 1 - first)
        if self._lowest(source, first):
            x = (left.core[0] + left.core[2]) / 2
            down = [(x, left.core[3]), (x, y)]
        else:
            x = sheet.span(first)[1] + self._gap(first + 1)
            down = [(left.core[2], left.axis), (x, left.axis), (x, y)]
        x = sheet.span(last)[0] - self._gap(last)
        return _line((*down, (x, y), (x, height), (target.entry[0], height)))

    def _lowest(self, name: str, number: int) -> bool:
        return self.sheet.columns[number][-1].name == name

    def _gap(self, number: int) -> float:
        self.used[number] += 6
        return STRAIGHT - 4 + self.used[number]


def outlines(sheet: Sheet) -> list[Shape]:
    """Each window around its cells, the entry that it gives, and lines that lead from one to the other."""
    return [shape for name, (source, seen) in sheet.windows.items() for shape in _outline(sheet, name, source, seen)]


def _outline(sheet: Sheet, name: str, source: str, seen: Window) -> list[Shape]:
    axes = windowed(sheet.found[name].op)
    spots = sheet.places[source].spots
    shapes: list[Shape] = []
    for lead in dict.fromkeys(cell[:-axes] for cell in seen.seen):
        cells = [spots[cell] for cell in seen.seen if cell[:-axes] == lead and cell in spots]
        if cells:
            shapes.append(_around(cells, "window"))
    gives = sheet.places[name].spots.get(seen.gives)
    if gives is not None:
        shapes.append(_around([gives], "given"))
    return shapes


def _around(cells: Iterable[Spot], role: str) -> Box:
    cells = list(cells)
    left, right = min(c.x - c.half_width for c in cells), max(c.x + c.half_width for c in cells)
    top, bottom = min(c.y - c.half_height for c in cells), max(c.y + c.half_height for c in cells)
    width, height = right - left + 2 * AROUND, bottom - top + 2 * AROUND
    return Box(left - AROUND, top - AROUND, width, height, "window" if role == "window" else "given")
