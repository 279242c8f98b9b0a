"""Arrows from each quantity to what reads it, and the outlines of windows."""

from __future__ import annotations

from collections.abc import Iterable

from handgrad.drawing.graph import Unit, windowed
from handgrad.drawing.pieces import Spot
from handgrad.drawing.sheet import ROWS, Sheet
from handgrad.drawing.window import Window
from handgrad.notation.picture import Box, Shape, Stroke

LANE = 16.0
"""From what is above it to a line that runs below columns."""

SPREAD = 12.0
"""Between two arrows into one box."""

AROUND = 2.0
"""From the cells under a window to its outline."""


def arrows(sheet: Sheet) -> list[Shape]:
    """Straight across one gap, in a lane below the columns between, or on to the next row."""
    floor = [max(sheet.places[unit.name].bottom for unit in column) for column in sheet.columns]
    shapes: list[Shape] = []
    for name, unit in sheet.found.items():
        if name in sheet.joins:
            continue
        near = sorted((s for s in unit.reads if _adjacent(sheet, s, name)), key=lambda s: sheet.places[s].axis)
        far = [s for s in unit.reads if s not in near]
        shapes += [_straight(sheet, source, name, k - (len(near) - 1) / 2) for k, source in enumerate(near)]
        shapes += [_lane(sheet, source, name, k - (len(far) - 1) / 2, floor) for k, source in enumerate(far)]
    return shapes


def _adjacent(sheet: Sheet, source: str, name: str) -> bool:
    return sheet.deep[source] + 1 == sheet.deep[name]


def _straight(sheet: Sheet, source: str, name: str, side: float) -> Stroke:
    left, target = sheet.places[source], sheet.places[name]
    start, end = (left.core[2], left.axis), (target.entry[0], target.axis + SPREAD * side)
    row = sheet.row[sheet.deep[name]]
    if row == sheet.row[sheet.deep[source]]:
        return Stroke((start, end), "arrow", arrow=True)
    before = [p for n, p in sheet.places.items() if sheet.row[sheet.deep[n]] == row - 1]
    right, between = max(piece.right for piece in before) + LANE, max(piece.bottom for piece in before) + ROWS / 2
    out = min(target.entry[0], 0) - 1.5 * LANE
    points = (start, (right, start[1]), (right, between), (out, between), (out, end[1]), end)
    return Stroke(points, "arrow", arrow=True)


def _lane(sheet: Sheet, source: str, name: str, side: float, floor: list[float]) -> Stroke:
    first, last = sheet.deep[source], sheet.deep[name]
    left, target = sheet.places[source], sheet.places[name]
    y = max(floor[first : last + 1]) + LANE
    floor[first : last + 1] = [y] * (last + 1 - first)
    start = (left.core[0] + left.core[2]) / 2
    end = (target.entry[0] + target.entry[2]) / 2 + SPREAD * side
    return Stroke(((start, left.core[3]), (start, y), (end, y), (end, target.entry[3])), "arrow", arrow=True)


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


__all__ = ["Unit", "arrows", "outlines"]
