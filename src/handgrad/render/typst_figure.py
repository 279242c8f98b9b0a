"""A Picture in typst: within the text; one too wide to be readable there lies on a page of its own behind it."""

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

READABLE = 0.6
"""A picture that would be smaller than this in the text has a page of its own behind it."""

_EDGE = 40.0
"""The margin of a page that lies on its side."""

_GAIN = 1.1
"""A picture that lies must be so much larger than it would be upright."""

_BELOW = 40.0
"""What a caption takes of such a page."""

PREAMBLE = f"""
// a picture on a page that lies on its side
#let plate(mark, caption, body) = page(flipped: true, margin: {_EDGE:g}pt, footer-descent: 15%)[
  #mark
  #v(1fr)
  #figure(body, caption: caption, numbering: none, supplement: none)
  #v(1.4fr)
]
"""


class Place(Struct, frozen=True):
    """How large a picture is set, and whether it ``lies`` on a page of its own."""

    scale: float
    lies: bool = False


def place(picture: Picture, width: float, paper: Paper) -> Place:
    """Where a picture stands in a text of that width, and how large."""
    upright = Place(min(width / picture.width, TALLEST / picture.height, LARGEST))
    _, across, down = PAPERS[paper]
    room = across - 2 * _EDGE - _BELOW
    lying = min((down - 2 * _EDGE) / picture.width, room / picture.height, LARGEST)
    if upright.scale >= READABLE or lying < _GAIN * upright.scale:
        return upright
    return Place(lying, lies=True)


def figure(picture: Picture, caption: str, at: Place, name: str = "") -> str:
    """A picture at its place; one that lies is found by its ``name``; ``caption`` is "none" where there is none."""
    from handgrad.render.svg import svg

    wide, high = picture.width * at.scale, picture.height * at.scale
    image = f'image(bytes({literal(svg(picture))}), format: "svg", width: {wide:.2f}pt, alt: {literal(picture.title)})'
    if at.lies:
        return f"#plate([#metadata(none) <{name}>], {caption}, {image})"
    return f"#picture({high:.2f}pt, {caption}, {image})"
