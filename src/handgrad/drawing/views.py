"""How the values of a quantity are shown: nodes below one another, or a grid of cells for each channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from handgrad.drawing.pieces import LINE, Line, Piece, Spot, circle, radius, stack, wide
from handgrad.drawing.values import VALUE, Values
from handgrad.notation.nodes import Dots, Entry, Expr, Relation, Symbol
from handgrad.notation.picture import Box, Label, Role, Shape
from handgrad.ops.op import Shape as Index

MOST_NODES = 12
MOST_CELLS = 8
MOST_CHANNELS = 4

FRAME = 8.0
"""From the nodes of a layer to its frame."""

Lines = Callable[[Index], list[Line]]


def places(count: int, most: int, first: int) -> list[int | None]:
    """The places that are drawn; None where some are left out."""
    return list(range(count)) if count <= most else [*range(first), None, count - 1]


def longest(shape: Index, *, single: bool) -> int:
    """So many cells along an axis are drawn; in a grid of one column as many as there may be nodes."""
    return MOST_NODES if single or len(shape) == 1 else MOST_CELLS


def shortened(shape: Index, along: int, *, in_nodes: bool = False) -> bool:
    """Whether something of a quantity of that shape is left out."""
    if in_nodes:
        return bool(shape) and shape[0] > MOST_NODES
    single = along == 1 or len(shape) < 2
    inner = shape[-1:] if single else shape[-2:]
    most = longest(inner, single=single)
    return any(n > most for n in inner) or prod(shape[: len(shape) - len(inner)]) > MOST_CHANNELS


def lines_of(values: Values, names: Sequence[str], gradient: str) -> Lines:
    """For each entry: its values under those names, then its gradient."""

    def lines(index: Index) -> list[Line]:
        if not values.numbers:
            symbol = values.symbol(names[-1])
            text = Entry(symbol, tuple(i + 1 for i in index)) if index else symbol
            return [(text, "value", values.called(names[-1], index))]
        found: list[Line] = [(values.entry(name, index), "value", values.called(name, index)) for name in names]
        if gradient:
            found.append((values.entry(gradient, index), "gradient", values.called(gradient, index)))
        return found

    return lines


def header(values: Values, names: Sequence[str], gradient: str) -> list[Line]:
    """The symbols of the lines of every entry."""
    found: list[Line] = [(values.symbol(name), "symbol", name) for name in names if values.numbers or name == names[-1]]
    if gradient and values.numbers:
        found.append((values.symbol(gradient), "gradient", gradient))
    return found


def nodes(lines: Lines, count: int | None, of: Callable[[Index], str], below: Lines | None, spacing: float) -> Piece:
    """Nodes below one another (``count`` None: one number), what stands below each, dots for those left out."""
    shown = [()] if count is None else [None if i is None else (i,) for i in places(count, MOST_NODES, 4)]
    texts = {index: lines(index) for index in shown if index is not None}
    under = {index: below(index) for index in texts} if below is not None else {}
    r = max(radius(text) for text in texts.values())
    foot = max((LINE * len(text) for text in under.values()), default=0.0)
    half = max(r, *(wide(text) / 2 for text in under.values())) if under else r
    step = max(spacing, 2 * r + foot + 10)
    x, y = half + FRAME, r + FRAME
    shapes: list[Shape] = []
    spots: dict[Index, Spot] = {}
    for index in shown:
        if index is None:
            y += 2 * r + foot + 34 - step
            shapes.append(Label(x, y - r - 17, Dots("column"), "dots", size=16))
            continue
        spots[index] = Spot(x, y, r, r)
        shapes += circle(spots[index], texts[index], of(index))
        if index in under:
            broad = wide(under[index])
            shapes.append(Box(x - broad / 2, y + r + 2, broad, foot, "ground"))
            shapes += stack(under[index], x, y + r + foot / 2 + 2)
        y += step
    height = max(spot.y for spot in spots.values()) + r + foot + FRAME
    width = 2 * (half + FRAME)
    shapes.insert(0, Box(0, 0, width, height, "layer"))
    first, last = next(iter(spots.values())), list(spots.values())[-1]
    area = (0.0, 0.0, width, height)
    return Piece(width, height, (first.y + last.y) / 2, tuple(shapes), spots, area, area)


def bias_lines(values: Values, name: str) -> Lines:
    """Below a node: b = its value, and the gradient."""

    def lines(index: Index) -> list[Line]:
        value = values.entry(name, index)
        text = value if isinstance(value, Symbol) else Relation(Symbol("b"), "=", value)
        found: list[Line] = [(text, "value", values.called(name, index))]
        if gradient := values.gradient(name):
            found.append((values.entry(gradient, index), "gradient", values.called(gradient, index)))
        return found

    return lines


def grid(lines: Lines, shape: Index, of: Callable[[Index], str], *, along: int, marks: dict[Index, Role]) -> Piece:
    """A grid of cells for each place of the leading axes; ``along`` = 1 makes the last axis run downwards."""
    single = along == 1 or len(shape) < 2
    inner = shape[-1:] if single else shape[-2:]
    leading = shape[: len(shape) - len(inner)]
    outer = list(product(*(range(n) for n in leading)))
    chosen = [None if i is None else outer[i] for i in places(len(outer), MOST_CHANNELS, 2)]
    texts: dict[Index, list[Line]] = {}
    most = longest(inner, single=single)
    for lead in chosen:
        if lead is not None:
            for index in product(*([i for i in places(n, most, 5) if i is not None] for n in inner)):
                texts[(*lead, *index)] = lines((*lead, *index))
    width = max(26.0, max(wide(text) for text in texts.values()) + 8)
    height = max(LINE * max(len(text) for text in texts.values()) + 6, 24)
    parts = []
    for lead in chosen:
        if lead is None:
            parts.append(_dots(sideways=single))
            continue
        title = ",".join(str(i + 1) for i in lead) if lead and len(outer) > 1 else ""
        parts.append(_cells(texts, lead, inner, (width, height), of, marks, title))
    return _row(parts) if single else _column(parts)


def _dots(*, sideways: bool) -> Piece:
    dots = Label(12, 12, Dots("row" if sideways else "column"), "dots", size=16)
    return Piece(24, 24, 12, (dots,))


def _cells(
    texts: dict[Index, list[Line]],
    lead: Index,
    inner: Index,
    size: tuple[float, float],
    of: Callable[[Index], str],
    marks: dict[Index, Role],
    title: str,
) -> Piece:
    """The cells of one channel."""
    width, height = size
    rows = places(inner[0], longest(inner, single=False), 5) if inner else [0]
    columns = places(inner[1], MOST_CELLS, 5) if len(inner) > 1 else [0]
    shapes: list[Shape] = []
    marked: list[Shape] = []
    spots: dict[Index, Spot] = {}
    top = LINE + 3 if title else 0.0
    y = top
    for row in rows:
        x = 0.0
        for column in columns:
            tall, broad = (height if row is not None else 24.0), (width if column is not None else 24.0)
            middle = (x + broad / 2, y + tall / 2)
            if row is None or column is None:
                shapes.append(Label(*middle, Dots(_direction(row, column)), "dots", size=14))
            else:
                index = (*lead, *(row, column)[: len(inner)])
                spots[index] = Spot(*middle, broad / 2, tall / 2)
                role = marks.get(index, "cell")
                box = Box(x, y, broad, tall, role, of(index))
                (marked if role == "winner" else shapes).append(box)
                marked += stack(texts[index], *middle)
            x += broad
        y += tall
    if title:
        shapes.append(Label(x / 2, LINE / 2, title, "name", size=VALUE))
    return Piece(x, y, (top + y) / 2, (*shapes, *marked), spots)


def _direction(row: int | None, column: int | None) -> str:
    return "both" if row is None and column is None else "column" if row is None else "row"


def _row(parts: Sequence[Piece]) -> Piece:
    return _joined(parts, sideways=True)


def _column(parts: Sequence[Piece]) -> Piece:
    return _joined(parts, sideways=False)


def _joined(parts: Sequence[Piece], *, sideways: bool) -> Piece:
    """Channels side by side or below one another."""
    gap = 12.0
    width = sum(p.width + gap for p in parts) - gap if sideways else max(p.width for p in parts)
    height = max(p.height for p in parts) if sideways else sum(p.height + gap for p in parts) - gap
    shapes: list[Shape] = []
    spots: dict[Index, Spot] = {}
    x = y = 0.0
    for part in parts:
        placed = part.at(x if sideways else (width - part.width) / 2, (height - part.height) / 2 if sideways else y)
        shapes += placed.shapes
        spots |= placed.spots
        x, y = x + part.width + gap, y + part.height + gap
    area = (0.0, 0.0, width, height)
    return Piece(width, height, height / 2, tuple(shapes), spots, area, area)


def headed(piece: Piece, lines: Sequence[Line]) -> Piece:
    """A piece with the symbols of its lines above it."""
    head = LINE * len(lines) + 6
    width = max(piece.width, wide(lines))
    placed = piece.at((width - piece.width) / 2, head)
    shapes = (*stack(lines, width / 2, head / 2 - 2), *placed.shapes)
    return Piece(width, piece.height + head, placed.axis, shapes, placed.spots, placed.core, placed.entry, wide(lines))


__all__ = ["FRAME", "Expr", "Lines", "bias_lines", "grid", "headed", "header", "lines_of", "nodes", "places"]
