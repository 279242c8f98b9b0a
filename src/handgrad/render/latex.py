"""Document -> LaTeX that compiles with pdflatex and lualatex: amsmath, and TikZ where there is a picture."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.notation.document import Equation, Figure, Line, Paragraph, Span, Table, sources
from handgrad.notation.nodes import Expr, Matrix, Stack
from handgrad.notation.words import listed, say
from handgrad.render.breaking import Row, children, numeric_columns, rows, shrunk
from handgrad.render.latex_math import math, points, sign
from handgrad.render.latex_text import text, without_devanagari
from handgrad.render.tikz import UNIT, tikz
from handgrad.working.document import Document

TEXT_WIDTH = 480.0
"""Points; A4 with margins of 21 mm."""

_TAG = 34.0
_GAP = 16.0

_HEAD = r"""\documentclass[10pt,a4paper]{article}
\usepackage{amsmath}"""

_NEEDS = {False: "% needs amsmath", True: "% needs amsmath and tikz"}
"""What a fragment says of the document that it is pasted into."""

_PREAMBLE = r"""\setlength{\oddsidemargin}{-13pt}
\setlength{\textwidth}{480pt}
\setlength{\topmargin}{-36pt}
\setlength{\textheight}{700pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt plus 2pt}
% more columns than fit the page; a matrix takes its time by the square of this
\setcounter{MaxMatrixCols}{32}
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


_SPOKEN = ("en", "de")
"""Languages whose letters the fonts have that LaTeX starts with; what is in another one has English words here."""


def render(document: Document, *, fragment: bool = False) -> str:
    """The document as LaTeX with amsmath, and TikZ for a picture; ``fragment`` leaves the preamble out.

    A document in Hindi has its words in English: pdflatex has no Devanagari, and lualatex no font of its own for it.
    """
    if document.language not in _SPOKEN and document.spoken is not None:
        document = document.spoken("en")
    drawn = any(isinstance(block, Figure) for section in document.sections for block in section.blocks)
    packages = [r"\usepackage{tikz}"] if drawn else []
    lines = [_NEEDS[drawn]] if fragment else [_HEAD, *packages, _PREAMBLE, r"\begin{document}", ""]
    lines.append(rf"\section*{{{text(document.title)}}}")
    sources_of = sources(document.sections)
    for section in document.sections:
        lines += ["", rf"\subsection*{{{text(section.title)}}}"]
        for block in section.blocks:
            if isinstance(block, Equation):  # no blank line before a display: it would begin a paragraph of its own
                lines.append(_equation(block, origin(document.language, sources_of.get(block.number, ()))))
            else:
                lines += ["", _block(block)]
    if not fragment:
        lines += ["", r"\end{document}"]
    return without_devanagari("\n".join(lines) + "\n")


def origin(language: str, numbers: Sequence[int]) -> str:
    """Where an equation comes from: "from (3) and (4)"; nothing where it uses no numbered one."""
    found = listed(language, [f"({number})" for number in numbers])
    return say(language, "from {equations}", equations=found) if found else ""


def _block(block: Paragraph | Table | Figure) -> str:
    match block:
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
    if block.role == "room":
        return r"\vspace{96pt}"
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


def _apart(broken_rows: list[Row]) -> list[Row]:
    """Rows with the matrices of a high stack one by one, so that a page may end between them."""
    if all(_lines(part) <= _HIGH for row in broken_rows for _, part in row.parts):
        return broken_rows
    found: list[Row] = []
    for row in broken_rows:
        begin = row.sign.lstrip("…")
        match row.parts:
            case (("", Stack(items)),):
                stacks = [Stack((item,)) for item in items]
                found += [Row("" if i else begin, (("", stack),)) for i, stack in enumerate(stacks)]
            case _:
                found.append(Row(begin, row.parts))
    return found


def _lines(expression: Expr) -> int:
    """How many rows the matrices of a stack have, large fractions counted twice."""
    items = expression.items if isinstance(expression, Stack) else ()
    entries = [row for _, item in items if isinstance(item, Matrix) for row in item.rows]
    return sum(2 if any(children(entry) for entry in row) else 1 for row in entries)


_HIGH = 20


def _equation(equation: Equation, source: str) -> str:
    """A display; where it comes from stands before its number, or below where the first row has no room for it."""
    left, whole = broken(equation, TEXT_WIDTH - _TAG)
    broken_rows = _apart(whole)
    below, tag = "", ""
    if equation.number:
        beside = _fits(equation, broken_rows, source)
        words = rf"{{\footnotesize\itshape {text(source)}\quad}}" if source else ""
        tag = rf" \tag*{{{words}({equation.number})}}" if beside else rf" \tag{{{equation.number}}}"
        below = "" if beside or not source else f"\n{{\\raggedleft{words}\\par}}"
    return f"\\begin{{align*}}\n{aligned(left, broken_rows, tag)}\n\\end{{align*}}{below}"


def _fits(equation: Equation, broken_rows: list[Row], source: str) -> bool:
    """Whether the first row leaves room for a source beside the number."""
    first = [broken_rows[0], *(row for row in broken_rows[1:] if row.sign.startswith("…"))]
    width = sum(points(part) + _GAP for row in first for _, part in row.parts)
    # the estimate is never too little: with less the source stands beside far more often, and amsmath moves
    # a tag that does meet the equation below it
    return _LIKELY * (points(equation.left) + width) + _TAG + _SOURCE_SIGN * len(source) <= TEXT_WIDTH


_LIKELY = 0.85
_SOURCE_SIGN = 4.0
"""Points that a letter of a source takes on average, with its room."""


def _figure(figure: Figure) -> str:
    """The picture as wide as the page at most; one that would come out too small has a page, on its side."""
    picture = figure.draw()
    caption = "".join(_span(span) for span in figure.caption)
    below = [rf"\par{{\small {caption}}}"] if caption else []
    if picture.width * UNIT * _LEAST <= TEXT_WIDTH:
        return "\n".join([r"\begin{center}", tikz(picture, width=TEXT_WIDTH).rstrip(), *below, r"\end{center}"])
    turned = tikz(picture, width=min(_TEXT_HEIGHT, TEXT_WIDTH * picture.width / picture.height)).rstrip()
    page = [r"\begin{figure}[p]", r"\centering", r"\rotatebox{90}{%", turned + "}", *below, r"\end{figure}"]
    return "\n".join(page)


_LEAST = 0.6
"""A picture is made smaller to so much of its size before it is turned."""

_TEXT_HEIGHT = 640.0
"""Points; a page less the title of a section."""


def _table(table: Table) -> str:
    """A table in pieces of some rows, between which a page may end."""
    pieces = [table.rows[i : i + _PIECE] for i in range(0, len(table.rows), _PIECE)] or [()]
    widths = column_widths(table)
    columns = "@{}" + "".join(_columns(table, widths)) + "@{}"
    head = (
        " & ".join(rf"\textbf{{{_span(span)}}}" if span else "" for span in table.header)
        + r" \\ \hline\noalign{\vskip 3pt}"
    )
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
    opened = "{}" if cells[0][:1] in ("[", "*") else ""  # which the \\\\ before would read as its own
    return opened + " & ".join(cells) + (_STRUT if tall else "") + r" \\"


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
