"""A Picture: a drawing before it has a format, as shapes and labels in points, y downwards.

The drawing room lays a network out as a Picture; renderers turn it into SVG, PNG and TikZ. What a shape is
drawn like follows from its ``role``, so that every format styles the same things the same way.
"""

from __future__ import annotations

from msgspec import Struct

from handgrad.notation.nodes import Expr

Role = str
"""What a shape stands for: "edge", "node", "window", "gradient", …; see ``render/svg.py`` for the styles."""


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
    anchor: str = "middle"
    size: float = 10.0
    of: str = ""


Shape = Stroke | Disc | Box | Label


class Picture(Struct, frozen=True):
    """Shapes from back to front on a sheet of ``width`` × ``height`` points; ``title`` says in words what it shows."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str
