"""Document -> typst, the source of the PDF.

Rows of an equation are broken here, not by typst, so that they are aligned at their signs; the number stands at
the last row, and before it which equations it comes from. Each equation has its text alternative.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from handgrad.errors import InputError
from handgrad.notation.document import Block, Equation, Figure, Paragraph, Section, Span, Table, sources
from handgrad.notation.nodes import Expr, Number, Stack
from handgrad.notation.words import listed, say
from handgrad.render.breaking import Row, numeric_columns, rows, shrunk
from handgrad.render.inline import inline
from handgrad.render.typst_figure import PAPERS, place
from handgrad.render.typst_figure import PREAMBLE as PLATE
from handgrad.render.typst_figure import figure as set_figure
from handgrad.render.typst_math import math
from handgrad.render.typst_text import DEVANAGARI, literal, text
from handgrad.render.typst_width import height, number_sides, sides, width
from handgrad.tables import in_words
from handgrad.working.document import Document, Paper

TEXT_WIDTH = 480.0
"""Points, on either paper."""

FONT = "New Computer Modern"

_MARGIN = 60.0
"""Points above and below the text."""

_INDENT = 12.0
_TAG = 34.0
_GAP = 13.5
_TALLEST = 560.0
"""The room that a stack of matrices has on its page, in points."""

PREAMBLE = rf"""#set text(font: ((name: "{DEVANAGARI}", covers: regex("[\u{{900}}-\u{{97f}}]")), "{FONT}"), size: 10pt)
#set par(leading: .6em, spacing: .9em)
#set heading(outlined: true)
#show title: set text(15pt)
#show title: set block(below: 1.2em)
#show heading.where(level: 1): set text(12.5pt)
#show heading.where(level: 1): set block(above: 1.9em, below: 1em)
#show heading.where(level: 2): set text(10.5pt)
#show heading.where(level: 2): set block(above: 1.5em, below: .9em)
#show link: set text(rgb("#1d4f91"))
#set math.mat(delim: none, column-gap: 1em, row-gap: .45em)
#set math.cases(gap: .5em)
#show math.equation.where(block: true): set align(start)
#show math.equation.where(block: true): set par(leading: .8em)
#show math.equation: set block(spacing: .95em)
// where a very long word may be broken
#let z = box()
// a vector or a matrix: bold and upright
#let bf(letter) = math.bold(math.upright(letter))
// the comma of a decimal
#let decimal = math.class("normal", sym.comma)
// the winner of a maximum
#let marked(body) = h(1.2pt) + box(stroke: .4pt, inset: 2.5pt, body) + h(1.2pt)
// mathematics within a line, with its text alternative
#let m(alt, body) = math.equation(alt: alt, body)
#let tall(alt, body) = box({{
  set text(top-edge: "bounds", bottom-edge: "bounds")
  m(alt, body)
}})
// where an equation comes from, small and grey
#let source(body) = text(8pt, luma(38%), body)
// a picture; at the top of the next page where it does not fit this one
#let picture(height, caption, body) = {{
  block(height: 0pt, spacing: .7em, [#metadata(none) <before-picture>])
  context {{
    let before = query(selector(<before-picture>).before(here())).last().location().position().y
    let place = if height > page.height - {_MARGIN:g}pt - before - 12pt {{ top }}
    figure(body, caption: caption, numbering: none, supplement: none, placement: place)
  }}
}}
// an equation; its number at the last row, its sources before that or in a line below
#let whole = block.with(breakable: false, spacing: .95em, inset: (left: {_INDENT:g}pt))
#let equation(alt, number: none, from: none, below: none, body) = whole[
  #let numbering = _ => {{
    if from != none {{ box(width: 0pt, align(end, box(width: 200pt, align(end, source(from))))) + h(.8em) }}
    [(#number)]
  }}
  #if number == none {{ math.equation(block: true, alt: alt, body) }} else [
    #math.equation(block: true, alt: alt, numbering: numbering, number-align: end + bottom, body)
    #label("equation-" + str(number))
  ]
  #if below != none {{ v(-.6em) + block(width: 100%, align(end, source(below))) }}
]
// short equations one after another
#let side-by-side(..all) = pad(left: {_INDENT:g}pt, block(spacing: 1.1em, {{
  set par(leading: 1.1em)
  set text(top-edge: "bounds", bottom-edge: "bounds")
  all.pos().map(box).join(h(2.4em, weak: true))
}}))
#let words(body) = block(sticky: true, body)
#let note(body) = block(text(9pt, style: "italic", body))
"""


def render(document: Document, *, paper: Paper = "a4") -> str:
    """The document as typst."""
    if paper not in PAPERS:
        message = f"expected the paper {' or '.join(PAPERS)}, found {in_words(paper)}"
        raise InputError(message)
    name, across, _ = PAPERS[paper]
    margin = f"(x: {(across - TEXT_WIDTH) / 2:.2f}pt, y: {_MARGIN:g}pt)"
    lines = [
        f"#set document(title: {literal(document.title)}, date: none)",
        f'#set page(paper: "{name}", margin: {margin}, numbering: "1 / 1")',
        f'#set text(lang: "{document.language}")',
        PREAMBLE + PLATE,
    ]
    writer = _Writer(document, paper)
    body: list[str] = []
    for section in document.sections:
        body += [f"= {text(section.title)}", *writer.section(section)]
    return "\n\n".join([*lines, f"#title[{text(document.title)}]", *body, *writer.plates]) + "\n"


class _Writer:
    """Writes the blocks of one document."""

    def __init__(self, document: Document, paper: Paper) -> None:
        self.paper: Paper = paper
        self.plates: list[str] = []
        """Pages that come behind the text."""

        self.language = document.language
        self.sources: Mapping[int, tuple[int, ...]] = sources(document.sections)

    def section(self, section: Section) -> list[str]:
        """The blocks of a section; of what is given the short equations stand side by side."""
        written: list[str] = []
        for short, blocks in groupby(section.blocks, lambda block: section.key == "given" and _short(block)):
            if short:
                equations = [block for block in blocks if isinstance(block, Equation)]
                written.append(f"#side-by-side({', '.join(map(_in_line, equations))})")
            else:
                written += [self.block(block) for block in blocks]
        return written

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Equation():
                return self.equation(block)
            case Table():
                return _table(block)
            case Figure():
                return self.figure(block)
        return _paragraph(block)

    def equation(self, equation: Equation) -> str:
        """An equation with its number and its sources, which stand before the number where there is room."""
        room = TEXT_WIDTH - _INDENT - (_TAG if equation.number else 0.0)
        left = shrunk(equation.left, room / 3, width)
        broken = rows(Equation(left, equation.lines), room, width, _GAP)
        lines = _lines([part for row in broken for part in _low(row)])
        options = ""
        if equation.number:
            options += f", number: {equation.number}"
            words = self.source_words(equation.number)
            if words:
                beside = width(left) + _line_width(lines[-1]) + _SMALL * len(words) + 2 * _GAP <= room
                options += f", {'from' if beside else 'below'}: [{_linked(words)}]"
        *before, last = _pieces(lines)
        spoken = alternative(equation)
        begun = f"#context h(measure($ {math(left)} $).width)"
        written = [
            f"#equation({literal(spoken)})[$ {_aligned(begun if i else math(left), piece)} $]"
            for i, piece in enumerate(before)
        ]
        written.append(f"#equation({literal(spoken)}{options})[$ {_aligned(begun if before else math(left), last)} $]")
        return "\n".join(written)

    def figure(self, figure: Figure) -> str:
        """A picture; of one that lies on a page behind the text, which it would tear apart, the page's number."""
        picture = figure.draw()
        if not picture.shapes:
            return ""
        caption = f"[{''.join(_span(span) for span in figure.caption)}]" if figure.caption else "none"
        at = place(picture, TEXT_WIDTH, self.paper)
        if not at.lies:
            return set_figure(picture, caption, at)
        name = f"plate-{len(self.plates) + 1}"
        self.plates.append(set_figure(picture, caption, at, name))
        before, after = say(self.language, "The network is drawn on page {page}.", page="\n").split("\n")
        page = f"#link(<{name}>)[#context counter(page).at(<{name}>).first()]"
        return f"#note[{text(before)}{page}{text(after)}]"

    def source_words(self, number: int) -> str:
        """Which equations an equation comes from, in words: "from (3) and (4)"; "" for none."""
        numbers = self.sources.get(number, ())
        if not numbers:
            return ""
        return say(self.language, "from {equations}", equations=listed(self.language, [f"({n})" for n in numbers]))


def _short(block: Block) -> bool:
    """Whether a block is an equation without a number that fits one line."""
    if not isinstance(block, Equation) or block.number:
        return False
    widths = [width(block.left), *(_GAP + width(line.expression) for line in block.lines)]
    return sum(widths) <= TEXT_WIDTH - _INDENT


def _in_line(equation: Equation) -> str:
    right = "".join(f" {line.sign} {math(line.expression)}" for line in equation.lines)
    return f"\n  m({literal(alternative(equation))}, $display({math(equation.left)}{right})$)"


_SMALL = 4.5
"""Points that a letter of the small print takes at most on the average."""


def alternative(equation: Equation) -> str:
    """An equation in one line of text."""
    return inline(equation.left) + "".join(f" {line.sign} {inline(line.expression)}" for line in equation.lines)


def _linked(words: str) -> str:
    """Words in which each number of an equation leads to it."""
    parts = re.split(r"\((\d+)\)", words)
    links = [f'#link(label("equation-{n}"))[({n})];' for n in parts[1::2]]
    return "".join(text(part) + link for part, link in zip(parts[::2], [*links, ""], strict=True))


def _low(row: Row) -> list[Row]:
    """A row, or the rows of a stack of matrices that is too tall for a page."""
    (_, whole), *others = row.parts
    if others or not isinstance(whole, Stack) or height(whole) <= _TALLEST:
        return [row]
    parts: list[list[tuple[str, Expr]]] = [[]]
    for item in whole.items:
        if parts[-1] and height(Stack((*parts[-1], item))) > _TALLEST:
            parts.append([])
        parts[-1].append(item)
    return [Row("" if i else row.sign, (("", Stack(tuple(part))),)) for i, part in enumerate(parts)]


_Line = list[Row]
"""Rows that stand in one line one after another."""


def _lines(broken: list[Row]) -> list[_Line]:
    lines: list[_Line] = []
    for row in broken:
        if row.sign.startswith("…"):
            lines[-1].append(row)
        else:
            lines.append([row])
    return lines


def _line_width(line: _Line) -> float:
    return sum(_GAP + sum(width(part) + _GAP * bool(operator) for operator, part in row.parts) for row in line)


def _line_height(line: _Line) -> float:
    return 8.0 + max(height(part) for row in line for _, part in row.parts)


def _pieces(lines: list[_Line]) -> list[list[_Line]]:
    """The lines of an equation in pieces that stay on one page each."""
    pieces: list[list[_Line]] = [[]]
    for line in lines:
        if pieces[-1] and sum(map(_line_height, (*pieces[-1], line))) > _PIECE:
            pieces.append([])
        pieces[-1].append(line)
    return pieces


_PIECE = 260.0


def _aligned(left: str, lines: list[_Line]) -> str:
    """Lines aligned at their signs."""
    written = [" ".join(f"{row.sign.strip('…') or 'quad'} {_row(row)}" for row in line) for line in lines]
    return f"{left} &" + " \\\n &".join(written)


def _row(row: Row) -> str:
    """One row: its parts and the operators between them; one that begins with its operator has room behind it."""
    words = []
    for i, (operator, part) in enumerate(row.parts):
        words.append({"·": "⋅", "*": "∗", "": "thin" if i else ""}.get(operator, operator))
        words.append("med" if not i and operator else "")
        words.append(math(part))
    return " ".join(word for word in words if word)


def _paragraph(paragraph: Paragraph) -> str:
    if paragraph.role == "room":
        return "#v(96pt)"
    words = "".join(_span(span) for span in paragraph.spans)
    if paragraph.role == "lead":
        return f"== {words}"
    return f"#note[{words}]" if paragraph.role == "note" else f"#words[{words}]"


def _span(span: Span, room: float = TEXT_WIDTH) -> str:
    if isinstance(span, str):
        return text(span)
    fitted = shrunk(span, room, width)
    return f"#{'tall' if height(fitted) > _LINE else 'm'}({literal(inline(span))}, ${math(fitted)}$);"


_LINE = 14.0
"""A formula taller than that makes its line taller."""


def _table(table: Table) -> str:
    natural = _natural_widths(table)
    afters = _afters(table, natural)
    widths = _column_widths(natural)
    places = ", ".join("right" if right else "left" for right in numeric_columns(table))
    columns = ", ".join("auto" if size is None else f"{size:.0f}pt" for size in widths)
    header = ", ".join(f"[*{cell}*]" for cell in _cells(table.header, widths))
    lines = [
        f"#table(columns: ({columns},), align: ({places},), stroke: none, inset: (x: 6pt, y: 3.2pt),",
        f"  table.header({header}, table.hline(stroke: .5pt)),",
    ]
    for row in table.rows:
        rooms = [_room_after(span, after) for span, after in zip(row, afters, strict=True)]
        cells = zip(_cells(row, widths), rooms, strict=True)
        lines.append(f"  {', '.join(f'[{cell}{room}]' for cell, room in cells)},")
    return "\n".join([*lines, ")"])


def _cells(row: tuple[Span, ...], widths: list[float | None]) -> list[str]:
    return [_span(span, TEXT_WIDTH if size is None else size) for span, size in zip(row, widths, strict=True)]


def _afters(table: Table, natural: list[float]) -> list[float]:
    """The room after the decimal point in each column of numbers, in em, if the table has room to align them."""
    columns = [tuple(row[i] for row in table.rows if row[i] != "") for i in range(len(table.header))]
    found = [sides(tuple(c for c in column if isinstance(c, Expr))) for column in columns]
    total = sum(max(wanted, 10 * sum(both)) for wanted, both in zip(natural, found, strict=True))
    return [after if total <= _table_room(natural) else 0.0 for _, after in found]


def _room_after(span: Span, after: float) -> str:
    """What a number lacks behind its decimal point of the longest one in its column."""
    lacking = after - number_sides(span)[1] if isinstance(span, Number) else 0.0
    return f"#h({lacking:.3f}em)" if lacking > 0 else ""


def _natural_widths(table: Table) -> list[float]:
    return [max(_span_width(row[i]) for row in (table.header, *table.rows)) for i in range(len(table.header))]


def _column_widths(natural: list[float]) -> list[float | None]:
    """The widths of the columns where they would not all fit: wide ones share what narrow ones leave."""
    limit = room = _table_room(natural)
    while sum(min(wanted, limit) for wanted in natural) > room:
        limit *= 0.95
    return [None if wanted <= limit else limit for wanted in natural]


def _table_room(natural: list[float]) -> float:
    return TEXT_WIDTH - _COLUMN_GAP * len(natural)


_COLUMN_GAP = 13.0


def _span_width(span: Span) -> float:
    return width(span) if isinstance(span, Expr) else 6.0 * len(span)
