"""Document -> LaTeX that compiles with pdflatex and lualatex, amsmath alone."""

from __future__ import annotations

from unicodedata import category

from handgrad.notation.document import Block, Equation, Line, Paragraph, Span, Table
from handgrad.notation.nodes import Expr, Function
from handgrad.render.breaking import Row, rows, shrunk
from handgrad.render.latex_math import math, points, sign
from handgrad.working.document import Document

TEXT_WIDTH = 480.0
"""Points; A4 with margins of 21 mm."""

_LONGEST_WORD = 30
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
\setcounter{MaxMatrixCols}{30}
\allowdisplaybreaks
\sloppy
\AtBeginDocument{%
  \setlength{\abovedisplayskip}{5pt plus 3pt}\setlength{\belowdisplayskip}{5pt plus 3pt}%
  \setlength{\abovedisplayshortskip}{2pt}\setlength{\belowdisplayshortskip}{5pt}}
"""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    '"': "''",
    "–": "--",
    "—": "---",
    "’": "'",
    "…": r"\dots{}",
    "°": r"\ensuremath{^\circ}",
}
_MATHEMATICS = {
    "∂": r"\partial",
    "×": r"\times",
    "·": r"\cdot",
    "→": r"\to",
    "≈": r"\approx",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "−": "-",
    "⊙": r"\odot",
    "∇": r"\nabla",
    "Σ": r"\Sigma",
    "σ": r"\sigma",
    "α": r"\alpha",
    "η": r"\eta",
    "δ": r"\delta",
    "π": r"\pi",
    "√": r"\surd",
    "½": r"\tfrac12",
    "∞": r"\infty",
    "²": "^2",
    "⁻": "^{-}",
    "ᵀ": r"^{\top}",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
    "ŷ": r"\hat{y}",
    "θ": r"\theta",
    "′": "'",
}
_LAST_LATIN = 0xFF
_NOT_IN_FONT = "ÐðÞþªºµ"
"""Letters up to here are in the font that LaTeX starts with, but for these."""


def render(document: Document, *, fragment: bool = False) -> str:
    """The document as LaTeX; ``fragment`` leaves the preamble out."""
    lines = [] if fragment else [_PREAMBLE, r"\begin{document}", ""]
    lines.append(rf"\section*{{{text(document.title)}}}")
    for section in document.sections:
        lines += ["", rf"\subsection*{{{text(section.title)}}}"]
        for block in section.blocks:
            # no blank line before a display: it would begin a paragraph of its own
            lines += [_block(block)] if isinstance(block, Equation) else ["", _block(block)]
    if not fragment:
        lines += ["", r"\end{document}"]
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """Words as LaTeX text; nothing in them is obeyed, a sign that no font here has is shown by its number."""
    return " ".join(_word(word) for word in words.split(" "))


def _word(word: str) -> str:
    """A word, which may be broken anywhere if it is very long."""
    joint = r"\allowbreak{}" if len(word) > _LONGEST_WORD else ""
    return joint.join(_character(c) for c in word)


def _character(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c in _MATHEMATICS:
        return rf"\ensuremath{{{_MATHEMATICS[c]}}}"
    if " " <= c <= "~":
        return c
    if c in "\n\t\u00a0":
        return " "
    if ord(c) <= _LAST_LATIN and category(c) in ("Ll", "Lu") and c not in _NOT_IN_FONT:
        return c
    return f"[U+{ord(c):04X}]"


def _block(block: Block) -> str:
    match block:
        case Equation():
            return _equation(block)
        case Table():
            return _table(block)
    words = "".join(_span(span) for span in block.spans)
    return _paragraph(block, words)


def _paragraph(paragraph: Paragraph, words: str) -> str:
    if paragraph.role == "lead":
        return rf"\medskip\textbf{{{words}}}\nopagebreak"
    return rf"{{\small\itshape {words}\par}}" if paragraph.role == "note" else rf"{words}"


def _span(span: Span) -> str:
    return f"${math(span)}$" if isinstance(span, Expr) else text(span)


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
        inner = (
            part.arguments[0] if isinstance(part, Function) and part.name == "" and len(part.arguments) == 1 else None
        )
        words.append(math(part) if inner is None else rf"\left({math(inner)}\right)")
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
    wide = [max(len(_plain(row[i])) for row in (table.header, *table.rows)) for i in range(len(table.header))]
    room = 84 / max(sum(wide), 84)
    columns = "".join("l" if size * room >= size else rf"p{{{size * room * 5.2:.0f}pt}}" for size in wide)
    head = " & ".join(rf"\textbf{{{_span(span)}}}" for span in table.header)
    rows_text = "\n".join(" & ".join(_span(span) for span in row) + r" \\" for row in table.rows)
    return rf"\begin{{tabular}}{{{columns}}}" + "\n" + head + r" \\ \hline" + "\n" + rows_text + "\n" + r"\end{tabular}"


def _plain(span: Span) -> str:
    return span if isinstance(span, str) else "xxx"
