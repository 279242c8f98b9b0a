"""Document -> Markdown with LaTeX mathematics, as GitHub and Jupyter show it."""

from __future__ import annotations

from unicodedata import category

from handgrad.notation.document import Block, Equation, Span, Table
from handgrad.notation.nodes import Expr
from handgrad.render.latex import aligned, broken
from handgrad.render.latex_math import math
from handgrad.working.document import Document

PAGE_WIDTH = 520.0
"""Points: what a page of GitHub and a notebook's cell show without scrolling."""

_SPECIAL = set("\\`*_[]#|$~")


def render(document: Document) -> str:
    """The document as Markdown."""
    lines = [f"# {text(document.title)}"]
    for section in document.sections:
        lines += ["", f"## {text(section.title)}"]
        for block in section.blocks:
            lines += ["", _block(block)]
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """Words as Markdown text: nothing in them is markup; control and direction signs are shown."""
    shown = (c if category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else "�" for c in words)
    return "".join(f"\\{c}" if c in _SPECIAL else _entity(c) for c in shown)


def _entity(c: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(c, c)


def _block(block: Block) -> str:
    match block:
        case Equation():
            return _equation(block)
        case Table():
            return _table(block)
    words = "".join(_span(span) for span in block.spans)
    if block.role == "lead":
        return f"### {words}"
    return f"*{words}*" if block.role == "note" else words


def _span(span: Span) -> str:
    return f"${math(span)}$" if isinstance(span, Expr) else text(span)


def _equation(equation: Equation) -> str:
    left, rows = broken(equation, PAGE_WIDTH)
    display = aligned(left, rows)
    tag = f" \\tag{{{equation.number}}}" if equation.number else ""
    return f"$$\n\\begin{{aligned}}\n{display}\n\\end{{aligned}}{tag}\n$$"


def _table(table: Table) -> str:
    head = "| " + " | ".join(_span(span) for span in table.header) + " |"
    rule = "|" + " --- |" * len(table.header)
    rows = ["| " + " | ".join(_span(span) for span in row) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])
