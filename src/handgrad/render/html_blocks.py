"""Blocks of a document as HTML: every word escaped, mathematics as MathML, LaTeX behind a disclosure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from msgspec import Struct

from handgrad.notation.document import Block, Equation, Figure, Paragraph, Section, Span, Table
from handgrad.notation.nodes import Expr
from handgrad.notation.words import listed, say
from handgrad.render import mathml
from handgrad.render.breaking import numeric_columns
from handgrad.render.inline import clean, inline
from handgrad.render.latex import aligned, broken
from handgrad.render.svg import svg

WIDTH = 560.0
"""Pixels at a font size of 16 that the text column leaves an equation beside its number."""

_LATEX_WIDTH = 446.0


class Setting(Struct, frozen=True):
    """How blocks are set: in which language, and with ids and links or, among other cells, without."""

    language: str
    sources: dict[int, tuple[int, ...]]
    linked: bool = True


def text(words: str) -> str:
    """Words as HTML text: nothing in them is markup; control and direction signs are shown."""
    return escape(clean(words))


def section(part: Section, number: int, setting: Setting) -> str:
    """A section under its heading."""
    blocks = "\n".join(_run(list(run), setting) for _, run in groupby(part.blocks, _given))
    if not setting.linked:
        return f'<section>\n<h2 dir="auto">{text(part.title)}</h2>\n{blocks}\n</section>'
    key = text(part.key or f"section-{number}")
    heading = f'<h2 id="{key}" dir="auto">{text(part.title)}</h2>'
    return f'<section aria-labelledby="{key}">\n{heading}\n{blocks}\n</section>'


def _given(one: Block) -> bool:
    """Whether a block is what is given of a quantity; such stand beside one another."""
    return isinstance(one, Equation) and not one.number and bool(one.name)


def _run(blocks: list[Block], setting: Setting) -> str:
    written = "\n".join(block(one, setting) for one in blocks)
    return f'<div class="given">\n{written}\n</div>' if _given(blocks[0]) else written


def block(one: Block, setting: Setting) -> str:
    """One block."""
    match one:
        case Equation():
            return equation(one, setting)
        case Table():
            return table(one)
        case Figure():
            return _figure(one)
    return _paragraph(one)


def _paragraph(paragraph: Paragraph) -> str:
    words = _spans(paragraph.spans)
    if paragraph.role == "room":
        return '<div class="room block"></div>'
    if paragraph.role == "lead":
        return f'<h3 dir="auto">{words}</h3>'
    role = ' class="note block"' if paragraph.role == "note" else ' class="block"'
    return f'<p{role} dir="auto">{words}</p>'


def _spans(spans: Sequence[Span]) -> str:
    return "".join(span(one) for one in spans)


def span(one: Span) -> str:
    """Words, or mathematics within the line."""
    return mathml.inline(one) if isinstance(one, Expr) else text(one)


def _figure(figure: Figure) -> str:
    caption = f'<figcaption dir="auto">{_spans(figure.caption)}</figcaption>' if figure.caption else ""
    picture = figure.draw()
    sheet = f'<div class="sheet" role="group" tabindex="0" aria-label="{text(picture.title)}">'
    return f'<figure class="picture">{sheet}{svg(picture, embedded=True)}</div>{caption}</figure>'


def table(one: Table) -> str:
    """A table in a box that scrolls where the page is narrow."""
    sides = [' class="right"' if right else "" for right in numeric_columns(one)]
    head = "".join(f'<th scope="col"{side}>{_head(cell)}</th>' for cell, side in zip(one.header, sides, strict=True))
    rows = "\n".join(
        "<tr>" + "".join(f"<td{side}>{_cell(cell)}</td>" for cell, side in zip(row, sides, strict=True)) + "</tr>"
        for row in one.rows
    )
    body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
    return f'<div class="wide block" role="group" tabindex="0"><table>\n{body}\n</table></div>'


def _head(cell: Span) -> str:
    """The head of a column; mathematics is told in words too, since some readers take it for a picture."""
    if not isinstance(cell, Expr):
        return text(cell)
    return f'<span class="unseen">{text(inline(cell))}</span><span aria-hidden="true">{mathml.inline(cell)}</span>'


def _cell(cell: Span) -> str:
    return mathml.inline(cell) if isinstance(cell, Expr) else f"<bdi>{text(cell)}</bdi>"


def equation(one: Equation, setting: Setting) -> str:
    """An equation with its number, what it comes from, and its LaTeX."""
    name = text(one.name)
    mark = f' id="e{one.number}"' if one.number and setting.linked else ""
    given = f' data-name="{name}"' if name and setting.linked else ""
    label = escape(_label(one, setting.language))
    shown = mathml.display(one, WIDTH)
    return (
        f'<div class="equation block"{mark}{given}>\n'
        f'<div class="math" role="group" tabindex="0" aria-label="{label}">{shown}</div>\n'
        f"{_margin(one, setting)}{_source(one, label)}</div>"
    )


def _label(one: Equation, language: str) -> str:
    left = inline(one.left)
    return say(language, "Equation ({n}), {name}", n=one.number, name=left) if one.number else left


def _margin(one: Equation, setting: Setting) -> str:
    if not one.number:
        return ""
    number = reference(one.number, setting)
    used = setting.sources.get(one.number, ())
    origin = f'<span class="from">{origins(used, setting)}</span>' if used else ""
    return f'<div class="margin"><span class="number">{number}</span> {origin}</div>\n'


def origins(used: Sequence[int], setting: Setting) -> str:
    """Which equations an equation comes from: "from (3) and (4)"."""
    links = listed(setting.language, [reference(n, setting) for n in used])
    return say(setting.language, "from {equations}", equations=links)


def reference(number: int, setting: Setting) -> str:
    """The number of an equation, as a link to it where there are links."""
    return f'<a href="#e{number}">({number})</a>' if setting.linked else f"({number})"


def _source(one: Equation, label: str) -> str:
    hidden = f'<span class="unseen">: {label}</span>'
    return f"<details><summary>LaTeX{hidden}</summary><pre>{escape(latex(one))}</pre></details>\n"


def latex(one: Equation) -> str:
    """An equation as LaTeX to be pasted."""
    left, rows = broken(one, _LATEX_WIDTH)
    tag = rf" \tag{{{one.number}}}" if one.number else ""
    return f"\\begin{{align*}}\n{aligned(left, rows, tag)}\n\\end{{align*}}"
