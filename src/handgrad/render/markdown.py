"""Document -> Markdown with LaTeX mathematics, as GitHub and Jupyter show it."""

from __future__ import annotations

import re

from handgrad.notation.document import Block, Equation, Figure, Span, Table, sources
from handgrad.notation.nodes import Expr
from handgrad.render.breaking import numeric_columns, shrunk
from handgrad.render.inline import clean
from handgrad.render.latex import aligned, broken, origin
from handgrad.render.latex_math import math, points
from handgrad.working.document import Document

PAGE_WIDTH = 520.0
"""Points: what a page of GitHub and a notebook's cell show without scrolling."""

_ROOM = 6
"""Lines to write in."""

_SPECIAL = set("\\`*_[]#|$~")


def render(document: Document) -> str:
    """The document as Markdown."""
    lines = [f"# {text(document.title)}"]
    sources_of = sources(document.sections)
    for section in document.sections:
        lines += ["", f"## {text(section.title)}"]
        for part in section.blocks:
            if isinstance(part, Figure):
                continue
            lines += ["", block(part)]
            source = origin(document.language, sources_of.get(part.number, ())) if isinstance(part, Equation) else ""
            lines += ["", f"*{text(source)}*"] if source else []
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """Words as Markdown text: nothing in them is markup; control and direction signs are shown."""
    return "".join(f"\\{c}" if c in _SPECIAL else _entity(c) for c in clean(words))


def _entity(c: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(c, c)


def block(part: Block) -> str:
    """One block of a document."""
    match part:
        case Equation():
            return _equation(part)
        case Table():
            return _table(part)
        case Figure():
            return ""
    if part.role == "room":
        return "\n".join(["<br>"] * _ROOM)
    words = _first_escaped("".join(_span(span) for span in part.spans).strip())
    if part.role == "lead":
        return f"### {words}"
    return f"*{words}*" if part.role == "note" else words


def _first_escaped(words: str) -> str:
    """Words whose beginning would make a list, a rule or a heading of them, with a backslash against that."""
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", words)


def _span(span: Span) -> str:
    return f"${inline(span)}$" if isinstance(span, Expr) else text(span)


def inline(expression: Expr) -> str:
    """Mathematics within a line, so written that no Markdown reader finds emphasis or escapes in it.

    GitHub reads the line as Markdown before it reads the mathematics: an underscore between blanks begins
    no emphasis, a backslash before a sign would be taken away, a bar would end the cell of a table.
    """
    latex = math(shrunk(expression, PAGE_WIDTH, points))
    for pattern, plain in _PLAIN_IN_LINE:
        latex = re.sub(pattern, plain, latex)
    return latex


_PLAIN_IN_LINE = (
    (r"\\\\(\[\d+pt\])?", r"\\cr "),
    (r"\\_", r"\\textunderscore "),
    (r"\s*\\,\s*", r"\\thinspace "),
    (r"\\{", r"\\textbraceleft "),
    (r"\\}", r"\\textbraceright "),
    (r"\\[$&#%]", "\N{REPLACEMENT CHARACTER}"),
    (r"\s*_\s*", " _ "),
    (r"\s*\*\s*", r" \\ast "),
    (r"\|", r"\\vert "),
)


def _equation(equation: Equation) -> str:
    left, rows = broken(equation, PAGE_WIDTH)
    display = aligned(left, rows)
    tag = f" \\tag{{{equation.number}}}" if equation.number else ""
    return f"$$\n\\begin{{aligned}}\n{display}\n\\end{{aligned}}{tag}\n$$"


def _table(table: Table) -> str:
    head = "| " + " | ".join(_span(span) for span in table.header) + " |"
    rule = "|" + "".join(" ---: |" if right else " --- |" for right in numeric_columns(table))
    rows = ["| " + " | ".join(_span(span) for span in row) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])
