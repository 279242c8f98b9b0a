"""The elements that MathML Core is written in, and letters with what stands around them."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby

from handgrad.notation.nodes import Symbol
from handgrad.render.inline import clean

_PRIMES = {1: "′", 2: "″"}


def element(name: str, *content: str, **attributes: str) -> str:
    """An element; attributes that are empty are left out, data_of is data-of."""
    given = "".join(f' {key.replace("_", "-")}="{escape(clean(value))}"' for key, value in attributes.items() if value)
    return f"<{name}{given}>{''.join(content)}</{name}>"


def row(*parts: str) -> str:
    """Parts as one element."""
    return parts[0] if len(parts) == 1 else element("mrow", *parts)


def operator(sign: str, **attributes: str) -> str:
    """A sign between, before or behind."""
    return element("mo", escape(sign), **attributes)


def words(text: str) -> str:
    """Words; blanks at their ends count."""
    return element("mtext", escape(clean(text)).replace(" ", "\N{NO-BREAK SPACE}"))


def identifier(letters: str, **attributes: str) -> str:
    """A letter, or a word that stands upright."""
    return element("mi", escape(clean(letters)), **attributes)


def brackets(*parts: str, around: str = "()", height: str = "line") -> str:
    """Brackets, which grow with what is high: browsers give growing ones the room of the largest, so others do not."""
    how = _GROWTH[height]
    return element("mrow", operator(around[0], **how), *parts, operator(around[1], **how))


_GROWTH: dict[str, dict[str, str]] = {"line": {"stretchy": "false"}, "fraction": {"class": "hg-round"}, "large": {}}


def symbol_of(symbol: Symbol) -> str:
    """A named thing."""
    return indexed(symbol, index_of(symbol.sub) if symbol.sub else "")


def indexed(symbol: Symbol, sub: str) -> str:
    """A letter with what stands below and above; its strokes come behind, since fonts raise them already."""
    letter = _letter(symbol)
    above = brackets(index_of(symbol.sup)) if symbol.sup else ""
    if symbol.primes:
        low = element("msub", letter, sub) if sub else letter
        stroked = element("mrow", low, operator(_PRIMES.get(symbol.primes, "′" * symbol.primes)))
        return element("msup", stroked, above) if above else stroked
    if sub and above:
        return element("msubsup", letter, sub, above)
    if sub:
        return element("msub", letter, sub)
    return element("msup", letter, above) if above else letter


def _letter(symbol: Symbol) -> str:
    """The letter with its weight and hat: MathML Core has no bold letters but those of Unicode."""
    base = symbol.base
    if symbol.bold:
        bold = _bold(base)
        letter = identifier(bold or base, **({} if bold else {"mathvariant": "normal", "class": "hg-bold"}))
    else:
        letter = index_of(base) if base.isascii() and not base.isalnum() else identifier(base)
    return element("mover", letter, operator("^", stretchy="false"), accent="true") if symbol.hat else letter


_BOLD_FROM = (
    ("A", "Z", 0x1D400),
    ("a", "z", 0x1D41A),
    ("0", "9", 0x1D7CE),
    ("α", "ω", 0x1D736),
    ("Α", "Ω", 0x1D6A8),
)
"""Runs of letters and where their bold ones begin: upright Latin, slanted Greek, as LaTeX has them."""


def _bold(base: str) -> str:
    """The bold letter of Unicode; "" if it has none."""
    if len(base) == 1:
        for low, high, start in _BOLD_FROM:
            if low <= base <= high:
                return chr(start + ord(base) - ord(low))
    return ""


def index_of(text: str) -> str:
    """What stands below or above a letter: numbers, letters, signs."""
    runs = groupby(re.sub(r" ?([,+\-−()]) ?", r"\1", text), _kind)
    return row(*(_index_run(kind, "".join(run)) for kind, run in runs))


def _kind(c: str) -> str:
    return "digit" if c.isdecimal() or c == "." else "letter" if c.isalpha() else "sign" if c in ",+-−()" else "other"


def _index_run(kind: str, run: str) -> str:
    """A number, one or two indices (hh), a word, signs, anything else as words."""
    if kind == "digit":
        return element("mn", run)
    if kind == "letter":
        return row(*map(identifier, run)) if len(run) <= 2 else identifier(run)
    signs = run.replace("-", "−")
    return row(*(operator(c, stretchy="false") for c in signs)) if kind == "sign" else words(run)
