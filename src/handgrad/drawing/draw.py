"""The whole network as one Picture."""

from __future__ import annotations

from handgrad.drawing.drawing import Drawing
from handgrad.drawing.pieces import moved
from handgrad.drawing.sheet import MARGIN, Sheet
from handgrad.drawing.values import Values
from handgrad.notation.picture import Box, Disc, Label, Shape, Stroke, Weight
from handgrad.problem import Problem
from handgrad.trace import Trace, solve


def draw(trace: Trace | Problem, *, gradients: bool = True, values: bool = True) -> Drawing:
    """The network with its numbers on it: nodes and edges, grids and windows, gradients on the way back.

    ``values`` = False draws symbols in place of numbers; a Problem is solved first.
    """
    solved = solve(trace) if isinstance(trace, Problem) else trace
    return solved.decided(lambda: _drawing(solved, gradients=gradients, values=values))


def _drawing(trace: Trace, *, gradients: bool, values: bool) -> Drawing:
    shapes = Sheet(Values(trace, numbers=values, gradients=gradients)).shapes()
    return _sheet(shapes, trace.problem.title or "Network")


def _sheet(shapes: list[Shape], title: str) -> Drawing:
    left, top, right, bottom = _bounds(shapes)
    placed = tuple(moved(shape, MARGIN - left, MARGIN - top) for shape in shapes)
    return Drawing(right - left + 2 * MARGIN, bottom - top + 2 * MARGIN, placed, title)


def _bounds(shapes: list[Shape]) -> tuple[float, float, float, float]:
    areas = [area for shape in shapes for area in _areas(shape)]
    return (
        min(a[0] for a in areas),
        min(a[1] for a in areas),
        max(a[2] for a in areas),
        max(a[3] for a in areas),
    )


def _areas(shape: Shape) -> list[tuple[float, float, float, float]]:
    from handgrad.render.lettering import width

    match shape:
        case Stroke(points):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            return [(min(xs), min(ys), max(xs), max(ys))]
        case Disc(x, y, radius):
            return [(x - radius, y - radius, x + radius, y + radius)]
        case Box(x, y, wide, high):
            return [(x, y, x + wide, y + high)]
        case Label(x, y, text, _, anchor, size):
            wide = width(text, size)
            start = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
            return [(start, y - size * 0.65, start + wide, y + size * 0.65)]
        case Weight(edge, labels):
            return [area for part in (edge, *labels) for area in _areas(part)]
    raise AssertionError
