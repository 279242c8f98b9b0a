"""What is written, as a problem's conventions have it: the one place where ∂, 0.5, x₁ and "otherwise" may change.

Ops and workings write everything in one way: indices from 1, decimals with a point, English words within
formulas, the letters L, y and K. Here a finished piece of mathematics is turned into that of a Convention.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from handgrad.notation.document import Block, Equation, Figure, Line, Paragraph, Section, Span, Table
from handgrad.notation.nodes import (
    Cases,
    Dots,
    Entry,
    Expr,
    Function,
    Gradient,
    Number,
    Product,
    Star,
    Symbol,
    Text,
)
from handgrad.notation.symbols import CONVENTIONS, Convention
from handgrad.notation.words import say

_FIXED = {"L": Symbol("L"), "y": Symbol("y", bold=True), "K": Symbol("K", bold=True)}
"""Letters that ops write themselves, in definitions and derivations."""


def conform(section: Section, convention: Convention) -> Section:
    """A section whose mathematics follows the conventions."""
    if _usual(convention):
        return section
    change = _Conforming(convention)
    return replace(section, blocks=tuple(_block(block, change) for block in section.blocks))


def conformed(expression: Expr, convention: Convention) -> Expr:
    """An expression that follows the conventions."""
    return expression if _usual(convention) else _Conforming(convention)(expression)


def _usual(convention: Convention) -> bool:
    plain = replace(convention, letters={}, last=0, vectors="column") == Convention({})
    return plain and convention.letters in CONVENTIONS.values()


def _block(block: Block, change: Callable[[Expr], Expr]) -> Block:
    match block:
        case Paragraph(spans):
            return replace(block, spans=_spans(spans, change))
        case Equation(left, lines):
            changed = tuple(Line(line.sign, change(line.expression)) for line in lines)
            return replace(block, left=change(left), lines=changed)
        case Table(header, rows):
            return Table(_spans(header, change), tuple(_spans(row, change) for row in rows))
        case Figure(_, caption):
            return replace(block, caption=_spans(caption, change))


def _spans(spans: tuple[Span, ...], change: Callable[[Expr], Expr]) -> tuple[Span, ...]:
    return tuple(change(span) if isinstance(span, Expr) else span for span in spans)


class _Conforming:
    """Changes an expression from its leaves upwards."""

    def __init__(self, convention: Convention) -> None:
        self.convention = convention
        self.fixed = {
            symbol: convention.symbol(letter, bold=symbol.bold)
            for letter, symbol in _FIXED.items()
            if letter in convention.letters
        }

    def __call__(self, expression: Expr) -> Expr:
        match expression:
            case Number(text, value, of):
                return Number(self.convention.decimal(text), value, of)
            case Symbol():
                return self.fixed.get(expression, expression)
            case Text(text):
                return Text(say(self.convention.language, text))
            case Dots():
                return expression
        return self._whole(type(expression)(*(self._inside(getattr(expression, f)) for f in _fields(expression))))

    def _inside(self, part: Any) -> Any:
        if isinstance(part, Expr):
            return self(part)
        return tuple(map(self._inside, part)) if isinstance(part, tuple) else part

    def _whole(self, expression: Expr) -> Expr:
        language = self.convention.language
        match expression:
            case Entry(array, indices) if self.convention.indices == 0:
                return Entry(array, tuple(i - 1 if isinstance(i, int) else from_zero(i) for i in indices))
            case Cases(branches):
                return Cases(branches, say(language, "if"))
            case Function(str() as name, arguments):
                return Function(_function(language, name), arguments)
            case Product((*factors, last)):
                return Product((*map(_closed, factors), last))
            case Star(left, right):
                return Star(_closed(left), right)
        return expression


def _fields(expression: Expr) -> tuple[str, ...]:
    return expression.__struct_fields__


def _closed(factor: Expr) -> Expr:
    """A gradient in brackets: in ∇_a L xᵀ it could be that of L xᵀ."""
    return Function("", (factor,)) if isinstance(factor, Gradient) else factor


_TERM = re.compile(r"([+−]?)(\d*)(?:([a-z])|\(([a-z])−(\d+)\))?")
"""A term of an index: i, −1, 2i, 2(i−1)."""


def from_zero(index: str) -> str:
    """An index by letters that count from 1, where they and it count from 0: of i+t−1 is i+t, of 2(i−1)+t is 2i+t."""
    if len(index) == 1 or any(c not in "0123456789+−()" and not "a" <= c <= "z" for c in index):
        return index
    written, constant = "", -1
    for sign, times, letter, inner, less in _TERM.findall(index):
        factor = int(times or 1) * (-1 if sign == "−" else 1)
        if letter or inner:
            written += f"{sign if written else sign.strip('+')}{times}{letter or inner}"
            constant += factor - factor * int(less or 0)
        elif times:
            constant += factor
    return written + (f"{'+' if constant > 0 else '−'}{abs(constant)}" if constant else "")


def _function(language: str, name: str) -> str:
    """The name of a function that is a word rather than a name: winner, part 2."""
    words, _, number = name.rpartition(" ")
    return f"{say(language, words)} {number}" if words and number.isdigit() else say(language, name)
