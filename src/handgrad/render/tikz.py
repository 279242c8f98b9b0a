"""A Picture as a tikzpicture, for LaTeX with tikz and amsmath."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from handgrad.notation.nodes import Expr, Fraction, Negative, Partial, Relation, Text
from handgrad.notation.picture import Box, Disc, Grid, Label, Picture, Stroke, Weight
from handgrad.render.breaking import POWER, PRODUCT, bracketed
from handgrad.render.inline import clean
from handgrad.render.latex_math import math, sign
from handgrad.render.latex_text import text
from handgrad.render.shades import patches
from handgrad.render.svg import COLOURS, LOOKS, ROUND, number

UNIT = 5 / 6
"""Points of TeX to a point of the picture: its type of 12 becomes LaTeX's of 10."""

_SIZES = {12.0: r"\fontsize{10}{12}\selectfont", 10.5: r"\fontsize{8}{9.5}\selectfont"}
_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def tikz(picture: Picture, *, width: float = inf, height: float = inf) -> str:
    """The picture as a tikzpicture; larger than ``width`` × ``height`` (in points of TeX) it is scaled down to them."""
    scale = min(1.0, width / (picture.width * UNIT), height / (picture.height * UNIT))
    keys = f"x={UNIT:.5f}pt,y=-{UNIT:.5f}pt,line cap=butt,inner sep=0pt,outer sep=0pt"
    if scale < 1:
        keys += f",scale={scale:.4f},transform shape"
    colours = [rf"\definecolor{{hg{name}}}{{HTML}}{{{colour[1:].upper()}}}" for name, colour in COLOURS.items()]
    body = [line for shape in picture.layers for line in _PRINTERS[type(shape)](shape)]
    size = rf"\useasboundingbox (0,0) rectangle ({number(picture.width)},{number(picture.height)});"
    return "\n".join([rf"\begin{{tikzpicture}}[{keys}]", *colours, size, *body, r"\end{tikzpicture}", ""])


def _point(x: float, y: float) -> str:
    return f"({number(x)},{number(y)})"


def _look(role: str) -> str:
    """Colours and lines of a role as keys of a path."""
    look = LOOKS[role]
    keys = [f"fill=hg{look['fill']}"] if look["fill"] != "none" else []
    if look.get("stroke", "none") != "none":
        keys += [f"draw=hg{look['stroke']}", f"line width={number(float(look['stroke-width']) * UNIT)}pt"]
    if "stroke-dasharray" in look:
        on, off = look["stroke-dasharray"].split()
        keys.append(f"dash pattern=on {on}pt off {off}pt")
    return ",".join(keys)


def _stroke(stroke: Stroke) -> list[str]:
    arrow = ",-latex" if stroke.arrow else ""
    return [rf"\path[{_look(stroke.role)}{arrow}] {' -- '.join(_point(x, y) for x, y in stroke.points)};"]


def _disc(disc: Disc) -> list[str]:
    radius = f"{number(disc.radius * UNIT)}pt"
    return [rf"\path[{_look(disc.role)}] {_point(disc.x, disc.y)} circle[radius={radius}];"]


def _box(box: Box) -> list[str]:
    corner = f",rounded corners={number(ROUND[box.role] * UNIT)}pt" if box.role in ROUND else ""
    far = _point(box.x + box.width, box.y + box.height)
    return [rf"\path[{_look(box.role)}{corner}] {_point(box.x, box.y)} rectangle {far};"]


def _grid(grid: Grid) -> list[str]:
    across, down = grid.width / len(grid.values[0]), grid.height / len(grid.values)
    lines = []
    for shade, places in patches(grid).items():
        lines.append(rf"\definecolor{{hgshade}}{{HTML}}{{{shade[1:].upper()}}}")
        for p in places:
            left, top = grid.x + p.column * across, grid.y + p.row * down
            far = _point(left + p.columns * across, top + down)
            lines.append(rf"\fill[hgshade] {_point(left, top)} rectangle {far};")
    return lines


def _label(label: Label) -> list[str]:
    size = _SIZES.get(label.size, _SIZES[12.0])
    colour = f"hg{LOOKS[label.role]['fill']}"
    words = _words(label.text)
    if label.role == "gradient":
        words = rf"\textit{{{words}}}" if isinstance(label.text, str) else _slanted(label.text, words)
    place = _point(label.x, label.y + 0.3 * label.size)
    return [rf"\node[anchor={_ANCHORS[label.anchor]},text={colour},font={size}] at {place} {{{words}}};"]


def _words(words: str | Expr) -> str:
    return text(clean(words)) if isinstance(words, str) else f"${_flat(words)}$"


def _slanted(expression: Expr, words: str) -> str:
    """A gradient's number in italics; its symbol is slanted as it is."""
    return words if "partial" in words or "nabla" in words else rf"$\mathit{{{_flat(expression)}}}$"


def _flat(expression: Expr) -> str:
    """Mathematics in one line: fractions with a slash."""
    match expression:
        case Fraction(numerator, denominator):
            return f"{_part(numerator, PRODUCT)}/{_part(denominator, POWER)}"
        case Negative(value):
            return f"-{_flat(value)}"
        case Relation(left, relation, right):
            return f"{_flat(left)} {sign(relation)} {_flat(right)}"
        case Partial(of, by, through):
            via = rf"\big|_{{{math(through)}}}" if through is not None else ""
            return rf"\partial {math(of)}/\partial {math(by)}{via}"
        case Text(words):
            return rf"\text{{{text(clean(words))}}}"
    return math(expression)


def _part(expression: Expr, whole: int) -> str:
    return f"({_flat(expression)})" if bracketed(expression, whole) else _flat(expression)


def _weight(weight: Weight) -> list[str]:
    return [line for label in weight.labels for line in _PRINTERS[type(label)](label)]


_PRINTERS: dict[type, Callable[[Any], list[str]]] = {
    Stroke: _stroke,
    Disc: _disc,
    Box: _box,
    Label: _label,
    Weight: _weight,
    Grid: _grid,
}
