"""A Picture in typst: within the text; one too wide to be readable there lies on a page before it."""

from __future__ import annotations

from msgspec import Struct

from handgrad.notation.picture import Picture
from handgrad.render.typst_text import literal
from handgrad.working.document import Paper

PAPERS = {"a4": ("a4", 595.28, 841.89), "letter": ("us-letter", 612.0, 792.0)}
"""Typst's name of a paper, how wide and how high it is."""

TALLEST = 560.0
"""The room that a picture has on a page of text, in points."""

LARGEST = 10 / 12
"""How large a picture is at most: its labels of 12 points as large as the text."""

READABLE = 0.65
"""A picture that would be smaller than this reaches into the margins, or has a page of its own before the text."""

_HANG = 30.0
"""So far into the margins of the text, in points."""

_MARGINS = 142.0
"""What a page of text leaves above and below a picture that fills it."""

_EDGE = 40.0
"""The margin of a page that lies on its side."""

_GAIN = 1.1
"""A picture that lies must be so much larger than it would be upright."""

_TITLE_LINE = 20.0
_TITLE_LETTER = 8.0
"""Height of a line of the title and the width of its letters, about."""

PREAMBLE = f"""
// the title and a picture on a page that lies on its side
#let plate(head, caption, body) = page(flipped: true, margin: {_EDGE:g}pt, footer-descent: 15%)[
  #head
  #v(1fr)
  #figure(body, caption: caption, numbering: none, supplement: none)
  #v(1.4fr)
]
"""


class Place(Struct, frozen=True):
    """How large a picture is set, how far it reaches into the margins; or that it ``lies`` on a page of its own."""

    scale: float
    hang: float = 0.0
    lies: bool = False


def place(picture: Picture, width: float, paper: Paper, title: str) -> Place:
    """Where a picture stands in a text of that width, and how large."""
    within = Place(min(width / picture.width, TALLEST / picture.height, LARGEST))
    if within.scale >= READABLE:
        return within
    _, across, down = PAPERS[paper]
    scale = min((width + 2 * _HANG) / picture.width, (down - _MARGINS) / picture.height, LARGEST)
    upright = Place(scale, max(0.0, (picture.width * scale - width) / 2))
    room = across - 2 * _EDGE - _TITLE_LINE * (2 + len(title) * _TITLE_LETTER // (down - 2 * _EDGE))
    lying = min((down - 2 * _EDGE) / picture.width, max(room, across / 2) / picture.height, LARGEST)
    return upright if scale >= READABLE or lying < _GAIN * scale else Place(lying, lies=True)


def figure(picture: Picture, caption: str, at: Place, head: str = "") -> str:
    """A picture at its place, ``head`` above one that lies; typst's ``caption`` is "none" where there is none."""
    from handgrad.render.svg import svg

    wide, high = picture.width * at.scale, picture.height * at.scale
    image = f'image(bytes({literal(svg(picture))}), format: "svg", width: {wide:.2f}pt, alt: {literal(picture.title)})'
    if at.lies:
        return f"#plate([{head}], {caption}, {image})"
    body = f"pad(x: -{at.hang:.2f}pt, {image})" if at.hang else image
    return f"#picture({high:.2f}pt, {caption}, {body})"
