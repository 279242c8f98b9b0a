"""A label's words or mathematics as runs of one style, and how wide they come out in any serif font."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from unicodedata import combining, east_asian_width

from msgspec import Struct
from msgspec.structs import replace

from handgrad.notation.nodes import (
    Dots,
    Entry,
    Expr,
    Fraction,
    Function,
    Gradient,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Relation,
    Sqrt,
    Sum,
    Symbol,
    Transpose,
    separator,
)
from handgrad.render.breaking import ATOM, POWER, PRODUCT, STAR, SUM, bracketed, dotted, signed_terms
from handgrad.render.inline import clean, inline

_SMALL, _LEAST = 0.75, 9.0


def small(size: float) -> float:
    """The size of what is raised or lowered in a label: three quarters of it, but still to be read."""
    return max(_SMALL * size, min(size, _LEAST))


class Run(Struct, frozen=True):
    """Text of one style: bold as vectors are, slanted as scalars are; ``level`` is 1 raised, −1 lowered."""

    text: str
    bold: bool = False
    slanted: bool = False
    level: int = 0


Runs = tuple[Run, ...]


def runs(text: str | Expr) -> Runs:
    """A label as runs; neighbours of one style are one."""
    parts = (Run(clean(text)),) if isinstance(text, str) else _runs(text)
    joined: list[Run] = []
    for part in parts:
        if joined and replace(joined[-1], text=part.text) == part:
            joined[-1] = replace(part, text=joined[-1].text + part.text)
        elif part.text:
            joined.append(part)
    return tuple(joined)


@lru_cache(maxsize=4096)
def _width(text: str, *, bold: bool) -> float:
    return sum(_advance(c) for c in text) * (_BOLD if bold else 1)


def width(text: str | Expr, size: float) -> float:
    """A bound for the width of a label, which no serif font in use goes beyond."""
    return sum(_width(run.text, bold=run.bold) * (small(size) if run.level else size) for run in runs(text))


_ADVANCES = {
    **dict.fromkeys(" .,:;'|", 0.37), **dict.fromkeys("()[]ijl′It!", 0.45), **dict.fromkeys("/frs-", 0.54),
    **dict.fromkeys("mwMWΩ", 1.13), **dict.fromkeys("⋮", 0.6), **dict.fromkeys("OQGNHDU@%⋯&", 1.0),
    **dict.fromkeys("+−=<>×≈≥≤∂∇·", 0.86), **dict.fromkeys("→←", 1.05),
}  # fmt: skip
"""Advances in ems, the widest of the fonts that a reader's machine may take (DejaVu Serif is the widest)."""


_BOLD = 1.12
"""How much broader bold type is at most."""


def _advance(c: str) -> float:
    if combining(c):
        return 0.0
    if c in _ADVANCES:
        return _ADVANCES[c]
    if c.isdigit() or c.islower():
        return 0.65 if c.isascii() else 0.75
    if c.isascii():
        return 0.88
    return 1.05 if east_asian_width(c) in "WF" else 1.0


def _runs(expression: Expr) -> Runs:
    printer = _PRINTERS.get(type(expression))
    return (Run(inline(expression)),) if printer is None else printer(expression)


def _within(part: Expr, whole: int, *, first: bool = True) -> Runs:
    """A part of a larger whole, in brackets where it needs them."""
    found = _runs(part)
    signed = not first and found[0].text.startswith("−")
    return (Run("("), *found, Run(")")) if signed or bracketed(part, whole, first=first) else found


def _at(level: int, parts: Iterable[Run]) -> Runs:
    return tuple(replace(part, level=level) for part in parts)


def _words(text: str) -> Runs:
    """An index: letters slanted one by one, words and digits upright."""
    return (Run(text, slanted=len(text) == 1 and text.isalpha(), level=-1),)


def _symbol(symbol: Symbol) -> Runs:
    base = clean(symbol.base)
    if symbol.hat:
        base = "ŷ" if base == "y" else base + "\u0302"
    found = [Run(base + "′" * symbol.primes, bold=symbol.bold, slanted=len(symbol.base) == 1 and not symbol.bold)]
    if symbol.sub:
        found += _words(clean(symbol.sub))
    if symbol.sup:
        found.append(Run(f"({clean(symbol.sup)})", level=1))
    return tuple(found)


def _entry(entry: Entry) -> Runs:
    return (*_within(entry.array, ATOM), Run("[" + ",".join(clean(str(i)) for i in entry.indices) + "]"))


def _number(number: Number) -> Runs:
    mantissa, _, power = number.text.replace("-", "−").partition("e")
    return (Run(f"{mantissa}·10"), Run(power, level=1)) if power else (Run(mantissa),)


def _sum(total: Sum) -> Runs:
    found: list[Run] = []
    for i, (sign, term) in enumerate(signed_terms(total.terms)):
        found.append(Run(f" {sign} " if i else sign))
        found += _within(term, STAR if sign == "−" else SUM, first=i == 0 and not sign)
    return tuple(found)


def _product(product: Product) -> Runs:
    found: list[Run] = []
    for i, factor in enumerate(product.factors):
        if i:
            found.append(Run("·" if dotted(product.factors[i - 1], factor) else " "))
        found += _within(factor, PRODUCT, first=i == 0)
    return tuple(found)


def _power(power: Power) -> Runs:
    raised = _runs(power.exponent)
    if any(run.level for run in raised):
        raised = (Run(inline(power.exponent)),)
    return (*_within(power.base, ATOM), *_at(1, raised))


def _function(function: Function) -> Runs:
    name = function.name
    found: list[Run] = [*((Run(clean(name)),) if isinstance(name, str) else _runs(name)), Run("(")]
    for i, argument in enumerate(function.arguments):
        found += (Run(f"{separator(function.arguments)} " if i else ""), *_runs(argument))
    return (*found, Run(")"))


def _nabla(gradient: Gradient) -> Runs:
    through = (Run("|"), *_runs(gradient.through)) if gradient.through else ()
    by = "".join(run.text for run in _runs(gradient.by))
    return (
        Run("∇"),
        *_at(-1, (Run(by, bold=any(run.bold for run in _runs(gradient.by))),)),
        *_runs(gradient.of),
        *through,
    )


def _partial(partial: Partial) -> Runs:
    through = (Run("|"), *_runs(partial.through)) if partial.through else ()
    return (Run("∂"), *_runs(partial.of), Run("/∂"), *_runs(partial.by), *through)


_PRINTERS: dict[type[Expr], Callable[[Any], Runs]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: _number,
    Negative: lambda n: (Run("−"), *_within(n.value, STAR, first=False)),
    Sum: _sum,
    Product: _product,
    Fraction: lambda f: (*_within(f.numerator, PRODUCT), Run("/"), *_within(f.denominator, POWER)),
    Power: _power,
    Function: _function,
    Partial: _partial,
    Gradient: _nabla,
    Relation: lambda r: (*_runs(r.left), Run(f" {r.sign} "), *_runs(r.right)),
    Transpose: lambda t: (*_within(t.value, ATOM), Run("T", level=1)),
    Sqrt: lambda s: (Run("√("), *_runs(s.value), Run(")")),
    Dots: lambda d: (Run(inline(d)),),
}
