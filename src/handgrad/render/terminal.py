"""Document -> plain text with Unicode matrices; no line is longer than the width."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import category

from handgrad.notation.document import Block, Equation, Line, Paragraph, Span, Table
from handgrad.notation.nodes import Expr, Function
from handgrad.render.boxes import Box, beside, box, cells, padded
from handgrad.render.breaking import Row, rows, shrunk
from handgrad.render.inline import inline
from handgrad.working.document import Document

INDENT = 2
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render(document: Document, *, width: int = 80, colour: bool = False) -> str:
    """The document as text, lines of at most ``width`` columns; ``colour`` marks headings."""
    title = wrap(clean(document.title), width)
    lines = [_styled(line, _BOLD, colour=colour) for line in title] + ["═" * max(map(cells, title))]
    for section in document.sections:
        heading = clean(section.title)
        lines += ["", _styled(heading, _BOLD, colour=colour), "─" * cells(heading)]
        for block in section.blocks:
            lines += ["", *_block(block, width, colour=colour)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_block(block: Block, width: int = 80) -> str:
    """One block as text."""
    return "\n".join(line.rstrip() for line in _block(block, width, colour=False))


def _styled(text: str, style: str, *, colour: bool) -> str:
    return f"{style}{text}{_PLAIN}" if colour else text


def _block(block: Block, width: int, *, colour: bool) -> list[str]:
    match block:
        case Equation():
            return _equation(block, width)
        case Table():
            return _table(block, width)
    style = {"lead": _BOLD, "note": _DIM}.get(block.role)
    lines = _paragraph(block, width)
    return [_styled(line, style, colour=colour) for line in lines] if style else lines


def _paragraph(paragraph: Paragraph, width: int) -> list[str]:
    return wrap("".join(_span(span) for span in paragraph.spans), width)


def _span(span: Span) -> str:
    return inline(span) if isinstance(span, Expr) else clean(span)


def clean(text: str) -> str:
    """Text whose control and direction characters are shown, not obeyed."""
    return "".join(c if category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else "�" for c in text)


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
            head = _head(rest, width)
            lines[-1] = head
            lines.append("")
            rest = rest[len(head) :]
        lines[-1] = rest
    return lines


def _head(text: str, width: int) -> str:
    size = 0
    for i, c in enumerate(text):
        size += cells(c)
        if size > width:
            return text[:i]
    return text


def _measure(expression: Expr) -> float:
    return box(expression).width


def _equation(equation: Equation, width: int) -> list[str]:
    tag = f"({equation.number})" if equation.number else ""
    room = width - INDENT - (len(tag) + 2 if tag else 0)
    left = shrunk(equation.left, room / 3, _measure)
    fitted = Equation(left, tuple(Line(line.sign, line.expression) for line in equation.lines), equation.number)
    broken = rows(fitted, room, _measure, 3)
    lines = [" " * INDENT + line for line in _drawn(box(left), broken)]
    return _tagged(lines, tag, width)


def _drawn(left: Box, broken: Sequence[Row]) -> list[str]:
    if len(broken) == 1 or broken[1].sign.startswith("…"):
        boxes = [left]
        for row in broken:
            boxes += [Box([f" {row.sign.lstrip('…')} "]), _parts(row)]
        return beside(boxes).lines
    lines: list[str] = []
    for i, row in enumerate(broken):
        head = left if i == 0 else Box([" " * left.width])
        drawn = beside([head, Box([f" {row.sign} " if row.sign else "   "]), _parts(row)]).lines
        if i and (len(drawn) > 1 or len(lines) > 1):
            lines.append("")
        lines += drawn
    return lines


def _parts(row: Row) -> Box:
    boxes = []
    for i, (operator, part) in enumerate(row.parts):
        if operator:
            boxes.append(Box([f"{operator} " if i == 0 else f" {operator} "]))
        elif i:
            boxes.append(Box([" "]))
        inner = (
            part.arguments[0] if isinstance(part, Function) and part.name == "" and len(part.arguments) == 1 else None
        )
        boxes.append(box(part) if inner is None else beside([Box(["("]), box(inner), Box([")"])]))
    return beside(boxes)


def _tagged(lines: list[str], tag: str, width: int) -> list[str]:
    """The number of the equation at the right margin of the first line that has room for it."""
    if not tag:
        return lines
    for i, line in enumerate(lines):
        if line.strip() and cells(line.rstrip()) + len(tag) + 2 <= width:
            lines[i] = padded(line.rstrip(), width - len(tag)) + tag
            return lines
    return [*lines, padded("", width - len(tag)) + tag]


def _table(table: Table, width: int) -> list[str]:
    texts = [[_span(span) for span in row] for row in (table.header, *table.rows)]
    widths = _column_widths(texts, width)
    lines: list[str] = []
    for r, row in enumerate(texts):
        wrapped = [wrap(text, size) for text, size in zip(row, widths, strict=True)]
        for k in range(max(map(len, wrapped))):
            parts = [padded(cell[k] if k < len(cell) else "", size) for cell, size in zip(wrapped, widths, strict=True)]
            lines.append("  ".join(parts))
        if r == 0:
            lines.append("  ".join("─" * size for size in widths))
    return lines


def _column_widths(texts: list[list[str]], width: int) -> list[int]:
    """The natural widths of the columns; the widest give way until the table fits."""
    widths = [max(cells(text) for text in column) for column in zip(*texts, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        widest = widths.index(max(widths))
        widths[widest] = max(widths[widest] - 1, 1)
    return widths
