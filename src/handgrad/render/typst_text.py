"""Words as typst: always string literals, so that nothing in them is obeyed.

Control and direction characters are shown, not obeyed; a very long word may be broken anywhere.
"""

from __future__ import annotations

from unicodedata import category

from handgrad.render.inline import clean

_LONGEST_WORD = 30
_BREAK = "\u200b"
"""Where a very long word may be broken: a blank without width."""


def literal(words: str) -> str:
    """Words as a string of typst's code."""
    escaped = clean(words).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def text(words: str) -> str:
    """Words as typst text, for use in markup."""
    return f"#{breakable(words)};"


def breakable(words: str) -> str:
    """Words as a string of typst's code whose long words may be broken."""
    return literal(" ".join(_word(word) for word in words.split(" "))) if len(words) > _LONGEST_WORD else literal(words)


def _word(word: str) -> str:
    """A word, with places to break it before each of its letters if it is very long."""
    if len(word) <= _LONGEST_WORD:
        return word
    return word[0] + "".join(c if category(c).startswith("M") else _BREAK + c for c in word[1:])
