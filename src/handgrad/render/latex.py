"""Document -> LaTeX that compiles with pdflatex and lualatex, amsmath alone."""

from __future__ import annotations

from handgrad.notation.document import Block, Equation, Figure, Line, Paragraph, Span, Table
from handgrad.notation.nodes import Expr
from handgrad.render.breaking import Row, numeric_columns, rows, shrunk
from handgrad.render.latex_math import math, points, sign
from handgrad.render.latex_text import text
from handgrad.working.document import Document

TEXT_WIDTH = 480.0
"""Points; A4 with margins of 21 mm."""

_TAG = 34.0
_GAP = 16.0

_PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage{amsmath}
\setlength{\oddsidemargin}{-13pt}
\setlength{\textwidth}{480pt}
\setlength{\topmargin}{-36pt}
\setlength{\textheight}{700pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
\setcounter{MaxMatrixCols}{200}
% brackets that grow take no more room before them than plain ones
\let\growleft\left
\let\growright\right
\renewcommand{\left}{\mathopen{}\mathclose\bgroup\growleft}
\renewcommand{\right}{\aftergroup\egroup\growright}
\allowdisplaybreaks
\sloppy
\AtBeginDocument{%
  \setlength{\abovedisplayskip}{5pt plus 3pt}\setlength{\belowdisplayskip}{5pt plus 3pt}%
  \setlength{\abovedisplayshortskip}{2pt}\setlength{\belowdisplayshortskip}{5pt}}
"""


def render(document: Document, *, fragment: bool = False) -> str:
    """The document as LaTeX; ``fragment`` leaves the preamble out."""
    lines = [] if fragment else [_PREAMBLE, r"\begin{document}", ""]
    lines.append(rf"\section*{{{text(document.title)}}}")
    for section in document.sections:
        lines += ["", rf"\subsection*{{{text(section.title)}}}"]
        for block in section.blocks:
            if isinstance(block, Figure):
                continue
            # no blank line before a display: it would begin a paragraph of its own
            lines += [_block(block)] if isinstance(block, Equation) else ["", _block(block)]
    if not fragment:
        lines += ["", r"\end{document}"]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> str:
    match block:
        case Equation():
            return _equation(block)
        case Table():
            return _table(block)
        case Figure():
            return ""
    words = "".join(_span(span) for span in block.spans)
    return _paragraph(block, words)


def _paragraph(paragraph: Paragraph, words: str) -> str:
    if paragraph.role == "lead":
        return rf"\medskip\textbf{{{words}}}\nopagebreak"
    return rf"{{\small\itshape {words}\par}}" if paragraph.role == "note" else rf"{words}"


def _span(span: Span, room: float = TEXT_WIDTH) -> str:
    return f"${math(shrunk(span, room, points))}$" if isinstance(span, Expr) else text(span)


def broken(equation: Equation, width: float) -> tuple[str, list[Row]]:
    """The left side and the rows of an equation that is to fit a width in points."""
    left = shrunk(equation.left, width / 3, points)
    fitted = Equation(left, tuple(Line(line.sign, line.expression) for line in equation.lines))
    return math(left), rows(fitted, width, points, _GAP)


def row_text(row: Row) -> str:
    """One row: its sign, its parts and the operators between them."""
    words = []
    for operator, part in row.parts:
        words.append({"·": r"\cdot", "⊙": r"\odot", "−": "-", "": r"\,"}.get(operator, operator))
        words.append(math(part))
    return " ".join(words[1:] if words[0] == r"\," else words)


def aligned(left: str, broken_rows: list[Row], tag: str = "") -> str:
    """Rows as the lines of an aligned display, & before each sign; the tag stands on the first."""
    lines = [left]
    for i, row in enumerate(broken_rows):
        if row.sign.startswith("…"):
            lines[-1] += f" {sign(row.sign[1:])} {row_text(row)}"
        elif i == 0:
            lines[-1] += f" &{sign(row.sign)} {row_text(row)}"
        else:
            lines.append(f" &{sign(row.sign) if row.sign else chr(92) + 'quad'} {row_text(row)}")
    lines[0] += tag
    return " \\\\[4pt]\n".join(lines)


def _equation(equation: Equation) -> str:
    left, broken_rows = broken(equation, TEXT_WIDTH - _TAG)
    tag = rf" \tag{{{equation.number}}}" if equation.number else ""
    return f"\\begin{{align*}}\n{aligned(left, broken_rows, tag)}\n\\end{{align*}}"


def _table(table: Table) -> str:
    """A table in pieces of some rows, between which a page may end."""
    pieces = [table.rows[i : i + _PIECE] for i in range(0, len(table.rows), _PIECE)] or [()]
    widths = column_widths(table)
    columns = "@{}" + "".join(_columns(table, widths)) + "@{}"
    head = " & ".join(rf"\textbf{{{_span(span)}}}" for span in table.header) + r" \\ \hline\noalign{\vskip 3pt}"
    return "\n\n".join(
        "\n".join(
            [
                rf"\begin{{tabular}}{{{columns}}}",
                *([head] if i == 0 else []),
                *(_table_row(row, widths) for row in piece),
                r"\end{tabular}",
            ]
        )
        for i, piece in enumerate(pieces)
    )


_PIECE = 30
_STRUT = r"\rule[-6pt]{0pt}{17pt}"
"""Room above and below for a fraction."""


def _table_row(row: tuple[Span, ...], widths: list[float]) -> str:
    cells = [_span(span, width) for span, width in zip(row, widths, strict=True)]
    tall = any(r"\frac" in cell for cell in cells)
    return " & ".join(cells) + (_STRUT if tall else "") + r" \\"


def _columns(table: Table, widths: list[float]) -> list[str]:
    natural = _natural_widths(table)
    sides = ["r" if right else "l" for right in numeric_columns(table)]
    return [
        side if width >= wanted else rf"p{{{width:.0f}pt}}"
        for side, width, wanted in zip(sides, widths, natural, strict=True)
    ]


def _natural_widths(table: Table) -> list[float]:
    return [max(_span_width(row[i]) for row in (table.header, *table.rows)) for i in range(len(table.header))]


def _span_width(span: Span) -> float:
    return points(span) if isinstance(span, Expr) else 6.0 * len(span)


def column_widths(table: Table) -> list[float]:
    """The natural widths of the columns; where they are too wide, wide columns share what narrow ones leave."""
    widths = _natural_widths(table)
    room = TEXT_WIDTH - _COLUMN_GAP * len(widths)
    limit = room
    while sum(min(width, limit) for width in widths) > room:
        limit *= 0.95
    return [min(width, limit) for width in widths]


_COLUMN_GAP = 13.0
