"""What the page's script knows: which equation makes a quantity, which use it, and what its entries are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from handgrad.notation.document import Equation, sources
from handgrad.notation.nodes import Entry, Expr, Fraction, Negative, Number, Product
from handgrad.notation.words import say
from handgrad.render.inline import inline
from handgrad.working.document import Document

_WORDS = (
    "Step {n} of {count}",
    "{count} steps",
    "from {equations}",
    "used in {equations}",
    "given",
    "weight {entry}",
    "Copy",
    "Copied",
    "Hover over a number to see where it comes from, click a weight to see its gradient.",
)
"""What the script says."""


def page_data(document: Document) -> str:
    """The data as JSON that cannot end its script element."""
    found = list(_equations(document))
    data = {
        "sources": {str(n): list(used) for n, used in sources(document.sections).items()},
        "quantities": _quantities(found),
        "entries": _entries(found),
        "words": {english: say(document.language, english) for english in _WORDS},
    }
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return "".join(_ESCAPES.get(c, c) for c in written)


_ESCAPES = {c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def _equations(document: Document) -> Iterator[Equation]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Equation):
                yield block


def _quantities(found: list[Equation]) -> dict[str, dict[str, Any]]:
    """Of each quantity its text, the sign before its value, what equation settles it (0: given) and which use it."""
    quantities: dict[str, dict[str, Any]] = {}
    for equation in found:
        if equation.name:
            sign = equation.lines[-1].sign
            settled = {"text": inline(equation.left), "sign": sign, "made": equation.number, "used": []}
            quantities.setdefault(equation.name, settled)
        for name in equation.uses:
            if equation.number and name in quantities and equation.number not in quantities[name]["used"]:
                quantities[name]["used"].append(equation.number)
    return quantities


def _entries(found: list[Equation]) -> dict[str, tuple[str, str]]:
    """Of each entry that is printed how it is written and its value."""
    symbols: dict[str, Expr] = {}
    entries: dict[str, tuple[str, str]] = {}
    for equation in found:
        if equation.name and equation.name not in symbols:
            symbols[equation.name] = equation.left
        for line in equation.lines:
            for of, value in printed(line.expression):
                if of not in entries:
                    entries[of] = (_written(of, symbols), inline(value))
    return entries


def _written(of: str, symbols: dict[str, Expr]) -> str:
    name, _, places = of.partition("[")
    if name not in symbols:
        return of
    indices = tuple(int(place) for place in re.findall(r"\d+", places))
    whole = symbols[name]
    return inline(Entry(whole, indices)) if indices else inline(whole)


def printed(expression: Expr) -> Iterator[tuple[str, Expr]]:
    """The entries that are printed in an expression, each with its value."""
    of = _entry(expression)
    if of:
        yield of, expression
        return
    for part in structs.astuple(expression):
        yield from _within(part)


def _within(part: Any) -> Iterator[tuple[str, Expr]]:
    """The same of what a node holds: an expression, or a tuple of such."""
    if isinstance(part, Expr):
        yield from printed(part)
    elif isinstance(part, tuple):
        for one in part:
            yield from _within(one)


def _entry(expression: Expr) -> str:
    """The entry that an expression is the value of, as a whole; "" for any other."""
    match expression:
        case Number(_, _, of):
            return of
        case Negative(inner):
            return _entry(inner)
        case Fraction(p, q):
            return _shared((p, q))
        case Product(factors):
            return _shared(factors)
    return ""


def _shared(parts: tuple[Expr, ...]) -> str:
    found = {_entry(part) for part in parts}
    return found.pop() if len(found) == 1 else ""
