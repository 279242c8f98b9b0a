"""Document -> plain text with Unicode matrices; no line is longer than the width."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.notation.document import Block, Equation, Figure, Paragraph, Span, Table
from handgrad.notation.nodes import Expr
from handgrad.render.boxes import Box, beside, box, cells, padded
from handgrad.render.breaking import Row, numeric_columns, rows, shrunk
from handgrad.render.inline import clean, inline
from handgrad.working.document import Document

INDENT = 2
_BOLD, _DIM, _NAME, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[0m"
_SIGN = 3
"""Columns of a sign with its blanks."""
_ROOM = 8
"""Lines to write in."""


def render(document: Document, *, width: int = 80, colour: bool = False) -> str:
    """The document as text, lines of at most ``width`` columns; ``colour`` marks headings and quantities."""
    lines = _heading(document.title, "═", width, colour=colour)
    for section in document.sections:
        lines += ["", *_heading(section.title, "─", width, colour=colour)]
        for block in section.blocks:
            if isinstance(block, Figure):
                continue
            lines += ["", *_block(block, width, colour=colour)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_block(block: Block, width: int = 80) -> str:
    """One block as text."""
    return "\n".join(line.rstrip() for line in _block(block, width, colour=False))


def _heading(title: str, rule: str, width: int, *, colour: bool) -> list[str]:
    lines = wrap(clean(title), width)
    return [*(_styled(line, _BOLD, colour=colour) for line in lines), rule * max(map(cells, lines))]


def _styled(text: str, style: str, *, colour: bool) -> str:
    return f"{style}{text}{_PLAIN}" if colour and text.strip() else text


def _block(block: Block, width: int, *, colour: bool) -> list[str]:
    match block:
        case Equation():
            return _equation(block, width, colour=colour)
        case Table():
            return _table(block, width, colour=colour)
        case Figure():
            return []
    if block.role == "room":
        return [""] * _ROOM
    style = {"lead": _BOLD, "note": _DIM}.get(block.role)
    lines = _paragraph(block, width)
    return [_styled(line, style, colour=colour) for line in lines] if style else lines


def _paragraph(paragraph: Paragraph, width: int) -> list[str]:
    return wrap("".join(_span(span) for span in paragraph.spans), width)


def _span(span: Span) -> str:
    return inline(span) if isinstance(span, Expr) else clean(span)


def wrap(text: str, width: int) -> list[str]:
    """Text broken at blanks; a longer word is broken within."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(joined) <= width:
            lines[-1] = joined
            continue
        rest = word
        if lines[-1]:
            lines.append("")
        while cells(rest) > width:
            head = _head(rest, width) or "…"  # a sign wider than the line
            lines[-1] = head
            lines.append("")
            rest = rest[len(head) :]
        lines[-1] = rest
    return lines


def _head(text: str, width: int) -> str:
    """As much of the text as fits."""
    if cells(text) <= width:
        return text
    size = 0
    for i, c in enumerate(text):
        size += cells(c)
        if size > width:
            return text[:i]
    return text


class _Boxes:
    """The boxes of one equation, each drawn once though it is measured several times."""

    __slots__ = ("_drawn",)

    def __init__(self) -> None:
        self._drawn: dict[int, tuple[Expr, Box]] = {}

    def box(self, expression: Expr) -> Box:
        if id(expression) not in self._drawn:  # kept with the expression, so that its id stays its own
            self._drawn[id(expression)] = (expression, box(expression))
        return self._drawn[id(expression)][1]

    def width(self, expression: Expr) -> float:
        return self.box(expression).width


def _equation(equation: Equation, width: int, *, colour: bool) -> list[str]:
    tag = f"({equation.number})" if equation.number else ""
    room = width - INDENT - (len(tag) + 2 if tag else 0)
    boxes = _Boxes()
    name = shrunk(equation.left, room / 3, boxes.width)
    left, broken = boxes.box(name), rows(Equation(name, equation.lines), room, boxes.width, _SIGN)
    lines = [" " * INDENT + line for line in _drawn(left, broken, boxes)]
    tagged = [_head(line, width) for line in _tagged(lines, tag, width)]
    return [_painted(line, INDENT + left.width) for line in tagged] if colour else tagged


def _painted(line: str, size: int) -> str:
    """A line of an equation whose left side, the quantity, is coloured."""
    name = _head(line, size)
    return _styled(name, _NAME, colour=True) + line[len(name) :]


def _drawn(left: Box, broken: Sequence[Row], boxes: _Boxes) -> list[str]:
    if len(broken) == 1 or broken[1].sign.startswith("…"):
        level = [left]
        for row in broken:
            level += [Box([f" {row.sign.lstrip('…')} "]), _parts(row, boxes)]
        return beside(level).lines
    lines: list[str] = []
    above = 1
    for i, row in enumerate(broken):
        head = left if i == 0 else Box([" " * left.width])
        drawn = beside([head, Box([f" {row.sign} " if row.sign else " " * _SIGN]), _parts(row, boxes)]).lines
        if i and max(above, len(drawn)) > 1:
            lines.append("")
        lines += drawn
        above = len(drawn)
    return lines


def _parts(row: Row, boxes: _Boxes) -> Box:
    level = []
    for i, (operator, part) in enumerate(row.parts):
        if i:
            level.append(Box([f" {operator} " if operator else " "]))
        elif operator:  # a sign at the head of a row, or the operator that a continued row goes on with
            level.append(Box([operator if row.sign else f"{operator} "]))
        level.append(boxes.box(part))
    return beside(level)


def _tagged(lines: list[str], tag: str, width: int) -> list[str]:
    """The number of the equation at the right margin of the first line that has room for it."""
    if not tag:
        return lines
    for i, line in enumerate(lines):
        if line.strip() and cells(line.rstrip()) + len(tag) + 2 <= width:
            lines[i] = padded(line.rstrip(), width - len(tag)) + tag
            return lines
    return [*lines, " " * (width - len(tag)) + tag]


def _table(table: Table, width: int, *, colour: bool) -> list[str]:
    texts = [[_span(span) for span in row] for row in (table.header, *table.rows)]
    widths = _column_widths(texts, width)
    right = numeric_columns(table)
    lines: list[str] = []
    for r, row in enumerate(texts):
        wrapped = [wrap(text, size) for text, size in zip(row, widths, strict=True)]
        for k in range(max(map(len, wrapped))):
            cell = [lines_of[k] if k < len(lines_of) else "" for lines_of in wrapped]
            line = "  ".join(_set(*one) for one in zip(cell, widths, right, strict=True))
            lines.append(_styled(_head(line.rstrip(), width), _BOLD, colour=colour and r == 0))
        if r == 0:
            lines.append(_head("  ".join("─" * size for size in widths), width))
    return lines


def _set(text: str, size: int, right: bool) -> str:  # noqa: FBT001  one of the columns' tuples
    return " " * (size - cells(text)) + text if right else padded(text, size)


def _column_widths(texts: list[list[str]], width: int) -> list[int]:
    """The natural widths of the columns; the widest give way until the table fits, last within a word."""
    columns = list(zip(*texts, strict=True))
    widths = [max(1, *(cells(text) for text in column)) for column in columns]
    words = [max((cells(word) for text in column for word in text.split()), default=1) for column in columns]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 1:
        loose = [i for i, size in enumerate(widths) if size > words[i]] or range(len(widths))
        widths[max(loose, key=lambda i: widths[i])] -= 1
    return widths
