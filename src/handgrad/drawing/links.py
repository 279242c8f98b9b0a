"""Edges of a dense layer, each with its weight and the weight's gradient on it, placed so that none lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from handgrad.drawing.pieces import Line, Piece, Spot, wide
from handgrad.drawing.values import Values
from handgrad.notation.picture import Box, Label, Stroke, Weight
from handgrad.ops.op import Shape as Index

SIZE = 10.5
"""The size of the type on edges."""

HIGH = 13.0
"""The height of a line of type on an edge."""

AIR = 1.5
"""What is kept free around a label on an edge."""

RIM = 3.0
"""What is kept free between the frame of a layer and a label."""

MOST_EDGES = 40
"""Edges of a layer that may carry labels; among more a reader finds none."""


class Edge(Struct, frozen=True):
    """From a node to a node, with the lines of its label and the name of its weight."""

    start: Spot
    end: Spot
    lines: tuple[Line, ...]
    of: str
    free: tuple[float, float]
    """From where to where labels may stand: between the frames of the two layers."""

    def point(self, t: float) -> tuple[float, float]:
        """A point between the middles of the two nodes."""
        return self.start.x + t * (self.end.x - self.start.x), self.start.y + t * (self.end.y - self.start.y)

    def stroke(self) -> Stroke:
        """The line from rim to rim."""
        (x0, y0), (x1, y1) = self.point(0), self.point(1)
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        a, b = self.start.half_width / length, 1 - self.end.half_width / length
        return Stroke((self.point(a), self.point(b)), "edge", of=self.of)


def label_lines(values: Values, name: str, index: Index, *, gradients: bool) -> tuple[Line, ...]:
    """The weight and its gradient."""
    found: list[Line] = [(values.entry(name, index), "value", values.called(name, index))]
    if gradients and (gradient := values.gradient(name)):
        found.append((values.entry(gradient, index), "gradient", values.called(gradient, index)))
    return tuple(found)


def edges(values: Values, name: str, source: Piece, target: Piece, *, labels: int) -> list[Edge]:
    """All edges between what is drawn of two layers; ``labels``: so many lines of type on each (0 to 2)."""
    found = []
    free = source.core[2] + RIM, target.core[0] - RIM
    for i, end in target.spots.items():
        for j, start in source.spots.items():
            index = (*(i or (0,)), *(j or (0,)))
            lines = label_lines(values, name, index, gradients=labels > 1) if labels and values.numbers else ()
            found.append(Edge(start, end, lines, values.called(name, index), free))
    return found


def room(found: Sequence[Edge]) -> tuple[float, float]:
    """Width and height of the largest label."""
    return max(wide(edge.lines, SIZE) for edge in found) + 2 * AIR, max(len(edge.lines) for edge in found) * HIGH + AIR


def placed(found: Sequence[Edge]) -> float | None:
    """Where on all edges (0 at the start, 1 at the end) their labels stand in one column; None if they find no room."""
    width, height = room(found)
    reach = found[0].end.x - found[0].start.x
    low, high = ((x - found[0].start.x) / reach for x in (found[0].free[0] + width / 2, found[0].free[1] - width / 2))
    if low > high:
        return None
    even = (1 / (len(_heights(found, 1)) + 1), 1 - 1 / (len(_heights(found, 0)) + 1))  # labels at equal distances
    steps = [low, *(t for t in even if low <= t <= high), *(low + (high - low) * k / 24 for k in range(1, 25))]
    best = max(steps, key=lambda t: (round(_closest(found, t), 1), -round(abs(t - 0.5), 3), t))
    return best if _closest(found, best) >= height else None


def _heights(found: Sequence[Edge], t: float) -> set[float]:
    return {edge.point(t)[1] for edge in found}


def _closest(found: Sequence[Edge], t: float) -> float:
    """The least distance between two labels that stand at the same place of their edges."""
    heights = sorted(edge.point(t)[1] for edge in found)
    return min((b - a for a, b in pairwise(heights)), default=1e9)


def drawn(found: Sequence[Edge]) -> tuple[Weight, ...]:
    """The edges with their labels, which have one line where two find no room, or are left out."""
    for count in (2, 1) if found[0].lines and len(found) <= MOST_EDGES else ():
        some = [Edge(edge.start, edge.end, edge.lines[:count], edge.of, edge.free) for edge in found]
        if (place := placed(some)) is not None:
            return tuple(_labelled(edge, place) for edge in some)
    return tuple(Weight(edge.stroke(), (), edge.of) for edge in found)


def _labelled(edge: Edge, t: float) -> Weight:
    x, y = edge.point(t)
    parts: list[Box | Label] = []
    for i, (text, role, of) in enumerate(edge.lines):
        middle, width = y + HIGH * (i - (len(edge.lines) - 1) / 2), wide(edge.lines[i : i + 1], SIZE)
        parts.append(Box(x - width / 2, middle - HIGH / 2 - 1, width, HIGH + 2, "halo", of))
        parts.append(Label(x, middle, text, role, "middle", SIZE, of))
    return Weight(edge.stroke(), tuple(parts), edge.of)
