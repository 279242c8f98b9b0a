"""A Picture: a drawing before it has a format, as shapes and labels in points, y downwards.

The drawing room lays a network out as a Picture; renderers turn it into SVG, PNG and TikZ. What a shape is
drawn like follows from its ``role``, so that every format styles the same things the same way.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from handgrad.notation.nodes import Expr

Role = Literal[
    "edge", "arrow", "back", "node", "layer", "op", "cell", "window", "given", "seen", "winner", "halo", "ground",
    "value", "gradient", "symbol", "name", "note", "dots",
]  # fmt: skip
"""What a shape stands for.

Lines: an "edge" joins nodes, an "arrow" quantities, "back" runs with the gradients. Boxes: a "layer" frames the
nodes of one quantity, an "op" bears an op's name, a "cell" is an entry of a grid, a "seen" one lies under the
"window" of a kernel or pool, a "winner" was taken by a maximum, "given" is the outline of what a window gives.
A "halo" keeps what lies behind a label from it, "ground" does so within a frame. Labels: a "value", a "gradient",
the "symbol" of a quantity, the "name" of an op, a "note", "dots" for what is left out.
"""


class Stroke(Struct, frozen=True):
    """A line through ``points``, with an arrow head at its end if ``arrow``; ``of`` is the entry it stands for."""

    points: tuple[tuple[float, float], ...]
    role: Role
    arrow: bool = False
    of: str = ""


class Disc(Struct, frozen=True):
    """A circle."""

    x: float
    y: float
    radius: float
    role: Role
    of: str = ""


class Box(Struct, frozen=True):
    """A rectangle from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    role: Role
    of: str = ""


class Label(Struct, frozen=True):
    """Words or mathematics in one line; (x, y) is the ``anchor`` ("start", "middle", "end") of its middle line."""

    x: float
    y: float
    text: str | Expr
    role: Role
    anchor: Literal["start", "middle", "end"] = "middle"
    size: float = 12.0
    of: str = ""


class Weight(Struct, frozen=True):
    """The edge of one weight with its labels, which belong together: ``of`` names the weight.

    The edges of all weights lie behind all of their labels.
    """

    edge: Stroke
    labels: tuple[Box | Label, ...]
    of: str


class Grid(Struct, frozen=True):
    """Numbers from −1 to 1 as shades of equal cells, row by row, in a rectangle from its upper left corner.

    The shades go from red (−1) by white (0) to blue (1).
    """

    x: float
    y: float
    width: float
    height: float
    values: tuple[tuple[float, ...], ...]


Shape = Stroke | Disc | Box | Label | Weight | Grid


class Picture(Struct, frozen=True):
    """Shapes on a sheet of ``width`` × ``height`` points.

    ``title`` and ``description`` say in words what it shows.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str
    description: str = ""
    language: str = "en"

    @property
    def layers(self) -> tuple[Shape, ...]:
        """All shapes from back to front: frames, the edges of weights, all else, the weights with their labels."""
        frames = [shape for shape in self.shapes if isinstance(shape, Box) and shape.role == "layer"]
        weights = [shape for shape in self.shapes if isinstance(shape, Weight)]
        rest = [
            shape
            for shape in self.shapes
            if not isinstance(shape, Weight) and not (isinstance(shape, Box) and shape.role == "layer")
        ]
        return (*frames, *(weight.edge for weight in weights), *rest, *weights)
