"""Words as typst: always string literals, so that nothing in them is obeyed.

Control and direction characters are shown, not obeyed; a very long word may be broken every few letters, at
``z``, an empty box that ``typst.PREAMBLE`` defines.
"""

from __future__ import annotations

import re

from handgrad.render.inline import clean

DEVANAGARI = "Noto Sans Devanagari"
"""The font for Hindi."""

_WORD = re.compile(r"\S{31,}")
"""A word that may be broken."""

_STRETCH = re.compile(r"\S{5}(?=\S)")
"""What stays together of it."""

_LINE = re.compile(r".{1,120}", re.DOTALL)

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
"""A string literal of typst."""


def literal(words: str) -> str:
    """Words as a string of typst's code."""
    escaped = clean(words).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def text(words: str) -> str:
    """Words as typst text, for use in markup.

    Long ones are in several lines, as what typst says of each letter that its fonts lack repeats the line.
    """
    stretches = _WORD.sub(_cut, clean(words)).split(_CUT)
    parts = "\nz\n".join("\n".join(map(literal, _LINE.findall(stretch))) for stretch in stretches)
    return f"#{{{parts}}};" if "\n" in parts else f"#{parts or literal('')};"


_CUT = "\0"
"""No character of cleaned words."""


def _cut(word: re.Match[str]) -> str:
    return _STRETCH.sub(rf"\g<0>{_CUT}", word[0])
