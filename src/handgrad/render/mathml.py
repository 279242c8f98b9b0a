"""Mathematics for the page: MathML Core that a browser sets by itself, and the little CSS that it needs."""

from __future__ import annotations

from handgrad.notation.document import Equation, Line
from handgrad.notation.nodes import Expr
from handgrad.render.breaking import Row, rows, shrunk
from handgrad.render.inline import inline as in_words
from handgrad.render.latex_math import points
from handgrad.render.mathml_letters import element, operator
from handgrad.render.mathml_math import joint, math

__all__ = ["CSS", "display", "inline", "math", "width"]

CSS = """\
math { font-family: math, "Latin Modern Math", "STIX Two Math", "Cambria Math", "Noto Sans Math", serif; }
.hg-rows > mtr > mtd { padding: 0.3em 0; }
.hg-matrix > mtr > mtd { padding: 0.2em 0.5em; }
.hg-matrix > mtr > mtd:first-child { padding-left: 0.3em; }
.hg-matrix > mtr > mtd:last-child { padding-right: 0.2em; }
.hg-formulas > mtr > mtd { padding-top: 0.45em; padding-bottom: 0.45em; }
.hg-stack > mtr > mtd, .hg-cases > mtr > mtd { padding: 0.2em 0; }
.hg-cases > mtr > mtd:first-child { padding-right: 1em; }
.hg-rows > mtr > mtd, .hg-stack > mtr > mtd, .hg-cases > mtr > mtd { text-align: left; text-align: -webkit-left; }
.hg-rows > mtr > mtd:first-child, .hg-stack > mtr > mtd:first-child, .hg-decimals > mtr > mtd
  { text-align: right; text-align: -webkit-right; }
.hg-decimals > mtr > .hg-dots { text-align: center; text-align: -webkit-center; }
.hg-round { width: 0.62em; }
.hg-bold { font-weight: bold; }
.hg-highlight { border: 0.06em solid; padding: 0.15em 0.2em; }
"""
"""What the classes of the elements mean; a page includes it once."""

_PIXELS, _SLACK = 1.73, 6.0
"""Pixels at a font size of 16 for a point at 10, as fonts wider than LaTeX's need them, and for a letter's rest."""
_GAP = 26.0
_LINE = 720.0
"""Pixels: what mathematics within a line of text may take."""


def width(expression: Expr) -> float:
    """About how wide an expression comes out, in CSS pixels at a font size of 16; never too little."""
    return points(expression) * _PIXELS + _SLACK


def inline(expression: Expr) -> str:
    """An expression within a line of text."""
    return element("math", math(shrunk(expression, _LINE, width)))


def display(equation: Equation, room: float) -> str:
    """An equation by itself, broken into rows that fit so many CSS pixels at a font size of 16."""
    left = shrunk(equation.left, room / 3, width)
    fitted = Equation(left, tuple(Line(line.sign, line.expression) for line in equation.lines))
    broken = rows(fitted, room, width, _GAP)
    head, *others = _lines(broken)
    if not others:
        body = element("mrow", math(left), *head)
    else:
        first = element("mtr", element("mtd", math(left)), element("mtd", *head))
        rest = (element("mtr", element("mtd"), element("mtd", *line)) for line in others)
        body = element("mtable", first, *rest, displaystyle="true", **{"class": "hg-rows"})
    return element("math", body, display="block", alttext=_spoken(left, broken))


def _lines(broken: list[Row]) -> list[list[str]]:
    """What stands from the sign on, line by line."""
    lines: list[list[str]] = []
    for row in broken:
        if row.sign.startswith("…"):
            lines[-1] += [operator(row.sign[1:]), *_parts(row)]
        else:
            lines.append([operator(row.sign, form="infix") if row.sign else _INDENT, *_parts(row)])
    return lines


_INDENT = element("mspace", width="1em")


def _parts(row: Row) -> list[str]:
    parts: list[str] = []
    for i, (sign, part) in enumerate(row.parts):
        if sign or i:
            parts.append(joint(sign))
        parts.append(math(part))
    return parts


def _spoken(left: Expr, broken: list[Row]) -> str:
    """What is shown in one line of text, for whom it is read aloud."""
    spoken = [in_words(left)]
    for row in broken:
        spoken.append(row.sign.removeprefix("…"))
        for sign, part in row.parts:
            spoken += [sign, in_words(part)]
    return " ".join(filter(None, spoken))
