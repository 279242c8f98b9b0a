"""How wide an expression comes out in Word: the widths of Cambria Math, in ems, one rule for each node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from handgrad.notation.nodes import (
    Absolute,
    BigSum,
    Cases,
    Dots,
    Entry,
    Expr,
    Fraction,
    Function,
    Gradient,
    Hadamard,
    Highlight,
    Matrix,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Relation,
    Sqrt,
    Stack,
    Star,
    Sum,
    Symbol,
    Text,
    Transpose,
)
from handgrad.render.breaking import ATOM, ENTRYWISE, PRODUCT, STAR, SUM, Bracketed, bracketed, dotted, signed_terms

SIZE = 10.5
"""Points of an em."""

_DIGIT, _POINT, _SIGN, _LETTER = 0.56, 0.26, 0.7, 0.55
_BINARY, _RELATION, _DOT, _THIN = 1.15, 1.26, 0.75, 0.18
"""A sign with the room around it."""

_BRACKETS, _FENCES, _COLUMN = 0.9, 1.2, 1.0
_SCRIPT = 0.74
"""An index against a letter."""

_SPARE = 1.04
_NARROW, _WIDE = frozenset("fijlrst"), frozenset("mwMW")


def measure(expression: Expr) -> float:
    """About how wide an expression comes out, in points; seldom too little."""
    return _SPARE * SIZE * _em(expression)


def _em(expression: Expr) -> float:
    return _WIDTHS[type(expression)](expression)


def _total(parts: Iterable[Expr]) -> float:
    return sum(map(_em, parts))


def _part(part: Expr, whole: int, *, first: bool = True) -> float:
    return _em(part) + _BRACKETS * bracketed(part, whole, first=first)


def _parts(parts: tuple[Expr, ...], whole: int) -> float:
    return sum(_part(part, whole, first=not i) for i, part in enumerate(parts))


def _script(text: str) -> float:
    return _SCRIPT * _LETTER * len(text)


def _symbol(symbol: Symbol) -> float:
    base = symbol.base
    letter = 0.42 if base in _NARROW else 0.95 if base in _WIDE else 0.68 if base.isupper() else _LETTER
    above = 0.25 * symbol.primes + (_script(symbol.sup) + 0.6 if symbol.sup else 0)
    return (letter if len(base) == 1 else _LETTER * len(base)) + max(_script(symbol.sub), above) + 0.05


def _entry(entry: Entry) -> float:
    places = ",".join(map(str, entry.indices))
    if isinstance(entry.array, Symbol) and not entry.array.sub:
        return _em(entry.array) + _script(places)
    return _part(entry.array, ATOM) + _BRACKETS + _LETTER * len(places)


def _number(number: Number) -> float:
    mantissa, _, power = number.text.partition("e")
    digits = sum(_SIGN if c == "-" else _POINT if c in ".," else _DIGIT for c in mantissa)
    return digits + (_DOT + 2 * _DIGIT + _script(power) if power else 0)


def _sum(total: Sum) -> float:
    width = 0.0
    for i, (sign, term) in enumerate(signed_terms(total.terms)):
        width += _BINARY if i else _SIGN * bool(sign)
        width += _part(term, STAR if sign == "−" else SUM, first=not i and not sign)
    return width


def _product(product: Product) -> float:
    joints = sum(_DOT if dotted(a, b) else _THIN for a, b in pairwise(product.factors))
    return joints + _parts(product.factors, PRODUCT)


def _name(name: str | Symbol) -> float:
    return _LETTER * len(name) if isinstance(name, str) else _em(name)


def _function(function: Function) -> float:
    inside = _total(function.arguments) + 0.5 * (len(function.arguments) - 1)
    return _name(function.name) + _BRACKETS + 0.2 + inside


def _through(through: Expr | None) -> float:
    return 0.0 if through is None else 0.4 + _SCRIPT * _em(through)


def _big_sum(total: BigSum) -> float:
    low = _em(total.index) + (_em(total.lower) + _SIGN if total.lower is not None else 0)
    return max(1.2, _SCRIPT * low) + 0.2 + _part(total.body, PRODUCT)


def _grid(columns: Iterable[Iterable[Expr]]) -> float:
    widths = [max(map(_em, column)) for column in columns]
    return sum(widths) + _COLUMN * (len(widths) - 1)


def _stack(stack: Stack) -> float:
    labels, items = zip(*stack.items, strict=True)
    return _LETTER * max(map(len, labels)) + 2 * _COLUMN + max(map(_em, items))


def _cases(cases: Cases) -> float:
    return _grid(zip(*cases.branches, strict=True)) + _FENCES + _LETTER * (len(cases.word) + 1)


_WIDTHS: dict[type[Expr], Callable[[Any], float]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: _number,
    Text: lambda t: _LETTER * len(t.text),
    Negative: lambda n: _SIGN + _part(n.value, STAR, first=False),
    Sum: _sum,
    Product: _product,
    Hadamard: lambda h: _BINARY * (len(h.factors) - 1) + _parts(h.factors, ENTRYWISE),
    Star: lambda s: _BINARY + _parts((s.left, s.right), PRODUCT),
    Fraction: lambda f: max(_em(f.numerator), _em(f.denominator)) + 0.2,
    Power: lambda p: _part(p.base, ATOM) + _SCRIPT * _em(p.exponent) + 0.1,
    Function: _function,
    Bracketed: lambda b: _name(b.name) + _BRACKETS + _em(b.value),
    Matrix: lambda m: _grid(zip(*m.rows, strict=True)) + _FENCES,
    Stack: _stack,
    Dots: lambda _: 1.1,
    Transpose: lambda t: _part(t.value, ATOM) + 0.6,
    Partial: lambda p: max(_em(p.of), _em(p.by)) + _LETTER + 0.2 + _through(p.through),
    Gradient: lambda g: _SIGN + _SCRIPT * _em(g.by) + _em(g.of) + _through(g.through),
    BigSum: _big_sum,
    Relation: lambda r: _em(r.left) + _RELATION + _em(r.right),
    Cases: _cases,
    Sqrt: lambda s: 0.95 + _em(s.value),
    Absolute: lambda a: _BRACKETS + _em(a.value),
    Highlight: lambda h: 0.5 + _em(h.value),
}
