"""Parts of a picture with a size, laid out before they have a place on the sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from handgrad.drawing.values import VALUE
from handgrad.notation.nodes import Expr
from handgrad.notation.picture import Box, Disc, Grid, Label, Role, Shape, Stroke, Weight
from handgrad.ops.op import Shape as Index

LINE = 15.0
"""From one line of type to the next."""

TALL = 0.61
"""Half the height of a line of type, next to its size."""

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Line = tuple[str | Expr, Role, str]
"""Text, role and the entry that it stands for."""


class Spot(Struct, frozen=True):
    """Where an entry stands: the middle and half the width and height of its circle or cell."""

    x: float
    y: float
    half_width: float
    half_height: float


class Piece(Struct, frozen=True):
    """Shapes on an area of ``width`` × ``height``; ``axis`` is the height at which lines come in and go out."""

    width: float
    height: float
    axis: float
    shapes: tuple[Shape, ...]
    spots: dict[Index, Spot] = {}
    core: Area = (0, 0, 0, 0)
    """The part that shows the values: left, top, right, bottom."""
    entry: Area = (0, 0, 0, 0)
    """The part where what it reads comes in."""
    head: float = 0.0
    """How wide what stands above the values is."""
    left: float = 0.0
    top: float = 0.0

    @property
    def right(self) -> float:
        """Its right end."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower end."""
        return self.top + self.height

    def at(self, x: float, y: float) -> Piece:
        """The piece with its upper left corner there."""
        spots = {index: replace(spot, x=spot.x + x, y=spot.y + y) for index, spot in self.spots.items()}
        return replace(
            self,
            shapes=tuple(moved(shape, x, y) for shape in self.shapes),
            spots=spots,
            axis=self.axis + y,
            left=self.left + x,
            top=self.top + y,
            core=_area(self.core, x, y),
            entry=_area(self.entry, x, y),
        )


def _area(area: Area, x: float, y: float) -> Area:
    return (area[0] + x, area[1] + y, area[2] + x, area[3] + y)


def moved(shape: Shape, x: float, y: float) -> Shape:
    """A shape shifted."""
    match shape:
        case Stroke(points):
            return replace(shape, points=tuple((px + x, py + y) for px, py in points))
        case Weight(edge, labels):
            shifted = tuple(replace(label, x=label.x + x, y=label.y + y) for label in labels)
            return replace(shape, edge=replace(edge, points=moved(edge, x, y).points), labels=shifted)  # type: ignore[union-attr]
    return replace(shape, x=shape.x + x, y=shape.y + y)


def wide(lines: Iterable[Line], size: float = VALUE) -> float:
    """The width of the widest line."""
    from handgrad.render.lettering import width

    return max((width(text, size) for text, _, _ in lines), default=0.0)


def stack(lines: Sequence[Line], x: float, y: float, size: float = VALUE) -> tuple[Label, ...]:
    """Lines of type one below another, the whole centred at (x, y)."""
    top = y - LINE * (len(lines) - 1) / 2
    return tuple(Label(x, top + LINE * i, text, role, "middle", size, of) for i, (text, role, of) in enumerate(lines))


def circle(spot: Spot, lines: Sequence[Line], of: str) -> tuple[Shape, ...]:
    """A node with its lines in it."""
    return (Disc(spot.x, spot.y, spot.half_width, "node", of), *stack(lines, spot.x, spot.y))


def radius(lines: Sequence[Line]) -> float:
    """How large a circle must be to hold these lines."""
    from handgrad.render.lettering import width

    reach = 0.0
    for i, (text, _, _) in enumerate(lines):
        up = abs(i - (len(lines) - 1) / 2) * LINE + 6
        reach = max(reach, (up**2 + (width(text, VALUE) / 2) ** 2) ** 0.5)
    return max(18.0, reach + 3)


def beside(pieces: Sequence[Piece], gap: float) -> Piece:
    """Pieces in a row, their axes at one height."""
    above = max(piece.axis for piece in pieces)
    below = max(piece.height - piece.axis for piece in pieces)
    shapes: list[Shape] = []
    x = 0.0
    for piece in pieces:
        shapes += piece.at(x, above - piece.axis).shapes
        x += piece.width + gap
    return Piece(x - gap, above + below, above, tuple(shapes))


def boxed(piece: Piece, title: Sequence[Line], margin: float = 8) -> Piece:
    """A piece in an op's box under its title."""
    head = LINE * len(title) + 4
    width = max(piece.width, wide(title)) + 2 * margin
    height = piece.height + head + (margin if piece.height else 0)
    middle = width / 2
    shapes: list[Shape] = [Box(0, 0, width, height, "op"), *stack(title, middle, head / 2)]
    shapes += piece.at(middle - piece.width / 2, head).shapes
    return Piece(width, height, height / 2, tuple(shapes), {}, (0, 0, width, height), (0, 0, width, height))


def area(shape: Shape) -> Area:
    """Left, top, right and bottom of a shape."""
    from handgrad.render.lettering import width

    match shape:
        case Stroke(points):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            return min(xs), min(ys), max(xs), max(ys)
        case Disc(x, y, r):
            return x - r, y - r, x + r, y + r
        case Box(x, y, broad, high) | Grid(x, y, broad, high):
            return x, y, x + broad, y + high
        case Label(x, y, text, _, anchor, size):
            broad = width(text, size)
            start = x - {"start": 0.0, "middle": broad / 2, "end": broad}[anchor]
            return start, y - size * TALL, start + broad, y + size * TALL
        case Weight(edge, labels):
            return around(area(part) for part in (edge, *labels))


def around(areas: Iterable[Area]) -> Area:
    """What all of these areas cover together."""
    lefts, tops, rights, bottoms = zip(*areas, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def crosses(stroke: Stroke, box: Area) -> bool:
    """Whether a line runs through an area."""
    return any(_cuts(a, b, box) for a, b in pairwise(stroke.points))


def _cuts(a: tuple[float, float], b: tuple[float, float], box: Area) -> bool:
    """Whether a stretch of a segment lies within an area (Liang and Barsky)."""
    low, high = 0.0, 1.0
    for start, end, least, most in ((a[0], b[0], box[0], box[2]), (a[1], b[1], box[1], box[3])):
        if start == end:
            if not least < start < most:
                return False
        else:
            first, last = sorted(((least - start) / (end - start), (most - start) / (end - start)))
            low, high = max(low, first), min(high, last)
    return low < high


def overlap(a: Area, b: Area) -> bool:
    """Whether two areas have more than a border in common."""
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
