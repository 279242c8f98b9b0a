"""How wide an expression comes out in typst, in points at 10 pt in New Computer Modern, never too little; how tall.

A fraction's parts, the entries of a matrix and what stands above or below are set smaller than what stands
in the line: each expression is measured in its ``style``, one of those of TeX.
"""

from __future__ import annotations

from collections.abc import Callable
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
from handgrad.render.breaking import (
    ATOM,
    ENTRYWISE,
    PRODUCT,
    STAR,
    SUM,
    Bracketed,
    bracketed,
    children,
    dotted,
    signed_terms,
)

DISPLAY, TEXT, SCRIPT, SMALLEST = range(4)
_SCALE = (1.0, 1.0, 0.82, 0.7)

_DIGIT, _POINT, _MINUS = 5.0, 2.8, 7.8
_LETTER, _CAPITAL, _BOLD = 6.0, 8.9, 9.2
_WIDE = {"m": 9.7, "w": 8.4, "M": 11.0, "W": 12.0, "T": 8.0}
_WORD = 5.6
_BINARY, _DOT, _RELATION, _THIN, _COMMA = 12.3, 7.3, 13.4, 1.7, 4.5
_BRACKET, _TALL_BRACKET, _SQUARE, _TALL_SQUARE = 3.9, 8.8, 2.8, 6.7
_COLUMN_GAP = 10.0
_DOTS = 10.2
"""With the little room at both sides that they have among letters."""


def width(expression: Expr) -> float:
    """How wide an expression comes out in a display."""
    return measured(expression, DISPLAY)


def measured(expression: Expr, style: int) -> float:
    """How wide an expression comes out in a style."""
    return _WIDTHS[type(expression)](expression, style)


def _inner(style: int) -> int:
    """The style of a fraction's parts."""
    return min(style + 1, SMALLEST)


def _script(style: int) -> int:
    """The style of what stands above or below."""
    return SCRIPT if style <= TEXT else SMALLEST


def latin(letter: str) -> bool:
    """Whether a letter of mathematics is Latin."""
    return (letter.isascii() and letter.isalpha()) or letter == "ℓ"


def greek(letter: str) -> bool:
    """Whether a letter is Greek."""
    return "Α" <= letter <= "ω"


def letters(words: str, *, bold: bool = False) -> float:
    """How wide letters, digits and signs come out as mathematics."""
    return sum(_letter(c, bold=bold) for c in words)


def _letter(c: str, *, bold: bool) -> float:
    if c in _WIDE:
        return _WIDE[c]
    if latin(c) or greek(c):
        return _BOLD if bold else _CAPITAL if c.isupper() else _LETTER
    return {".": _POINT, ",": _COMMA, " ": 0.0, "−": _MINUS, "-": _MINUS}.get(c, _DIGIT)


def _symbol(symbol: Symbol, style: int) -> float:
    simple = len(symbol.base) == 1 and (latin(symbol.base) or greek(symbol.base))
    base = letters(symbol.base, bold=symbol.bold) if simple else _words(symbol.base, style)
    small = _SCALE[_script(style)]
    above = 3.5 * symbol.primes + (letters(symbol.sup) + 2 * _BRACKET) * small * bool(symbol.sup)
    return base * _SCALE[style] + max(letters(symbol.sub) * small, above) + 0.6 * bool(symbol.sub or above)


def _words(words: str, style: int) -> float:
    """Words; those of foreign letters take up to twice the room."""
    signs = sum(_WORD if ord(c) < _FOREIGN else 2 * _WORD for c in words)
    return (signs + 3.0 * sum(c in _WIDE for c in words)) * _SCALE[style]


_FOREIGN = 0x250


def _entry(entry: Entry, style: int) -> float:
    indices = ",".join(str(index) for index in entry.indices)
    if isinstance(entry.array, Symbol) and not entry.array.sub:
        return measured(entry.array, style) + letters(indices) * _SCALE[_script(style)] + 0.6
    brackets = 0.0 if isinstance(entry.array, (Symbol, Partial, Function)) else 2 * _TALL_BRACKET
    return measured(entry.array, style) + brackets + (letters(indices) + 2 * _SQUARE) * _SCALE[style]


def _number(number: Number, style: int) -> float:
    mantissa, _, power = number.text.partition("e")
    raised = (_DOT + 2 * _DIGIT) * _SCALE[style] + letters(power) * _SCALE[_script(style)] + 0.6
    return letters(mantissa.replace(",", ".")) * _SCALE[style] + raised * bool(power)


def _part(part: Expr, whole: int, style: int, *, first: bool = True) -> float:
    if isinstance(part, Fraction) and whole == PRODUCT:
        return measured(part, style)
    return measured(part, style) + _brackets(part, style) * bracketed(part, whole, first=first)


def _brackets(value: Expr, style: int) -> float:
    """Two round brackets around a value."""
    return 2 * (_TALL_BRACKET if tall(value) else _BRACKET) * _SCALE[style]


def tall(expression: Expr) -> bool:
    """Whether brackets around an expression grow."""
    return not isinstance(expression, (Number, Symbol, Entry)) and any(
        isinstance(node, (Matrix, Fraction, Stack, Cases, BigSum, Partial, Highlight, Sqrt, Bracketed, Power))
        for node in _all(expression)
    )


def _sum(total: Sum, style: int) -> float:
    return sum(
        _part(term, STAR if plus == "−" else SUM, style, first=i == 0 and not plus)
        + _BINARY * _SCALE[style] * bool(plus)
        for i, (plus, term) in enumerate(signed_terms(total.terms))
    )


def _product(product: Product, style: int) -> float:
    factors = product.factors
    return sum(
        _part(factor, PRODUCT, style, first=i == 0)
        + (0.0 if not i else _DOT if dotted(factors[i - 1], factor) else _THIN) * _SCALE[style]
        for i, factor in enumerate(factors)
    )


def _hadamard(product: Hadamard, style: int) -> float:
    return sum(_part(f, ENTRYWISE, style, first=i == 0) + _BINARY * bool(i) for i, f in enumerate(product.factors))


def _star(star: Star, style: int) -> float:
    return _part(star.left, PRODUCT, style) + _part(star.right, PRODUCT, style, first=False) + _BINARY


def _fraction(fraction: Fraction, style: int) -> float:
    inner = _inner(style)
    return max(measured(fraction.numerator, inner), measured(fraction.denominator, inner)) + 2.0


def _power(power: Power, style: int) -> float:
    return _part(power.base, ATOM, style) + measured(power.exponent, _script(style)) + 0.6


def _name(name: str | Symbol, style: int) -> float:
    return measured(name, style) if isinstance(name, Symbol) else _words(name, style)


def _function(function: Function, style: int) -> float:
    commas = _COMMA * _SCALE[style] * max(len(function.arguments) - 1, 0)
    inside = sum(measured(argument, style) for argument in function.arguments)
    brackets = max((_brackets(argument, style) for argument in function.arguments), default=2 * _BRACKET)
    return _name(function.name, style) + inside + commas + brackets


def _bracketed(part: Bracketed, style: int) -> float:
    return _name(part.name, style) + measured(part.value, style) + max(_brackets(part.value, style), 2 * _COMMA)


def _partial(partial: Partial, style: int) -> float:
    inner = _inner(style)
    parts = max(measured(partial.of, inner), measured(partial.by, inner)) + 6.0 * _SCALE[inner] + 2.0
    return parts + _through(partial.through, style)


def _gradient(gradient: Gradient, style: int) -> float:
    below = measured(gradient.by, _script(style)) + 0.6
    return 8.4 * _SCALE[style] + below + measured(gradient.of, style) + _THIN + _through(gradient.through, style)


def _through(quantity: Expr | None, style: int) -> float:
    return 0.0 if quantity is None else 4.0 + measured(quantity, _script(style)) + 0.6


def _big_sum(total: BigSum, style: int) -> float:
    script = _script(style)
    low = measured(total.index, script) + (
        0.0 if total.lower is None else measured(total.lower, script) + 7.8 * _SCALE[script]
    )
    high = 0.0 if total.upper is None else measured(total.upper, script)
    sign = max(14.5, low, high) if style == DISPLAY else 10.6 * _SCALE[style] + max(low, high)
    return sign + _THIN + _part(total.body, PRODUCT, style)


def _matrix(matrix: Matrix, style: int) -> float:
    inner = max(style, TEXT)
    columns = [_column(column, inner) for column in zip(*matrix.rows, strict=True)]
    return sum(columns) + _COLUMN_GAP * (len(columns) - 1) + 2 * (_TALL_SQUARE + _THIN)


def _column(column: tuple[Expr, ...], style: int) -> float:
    aligned = 10.0 * sum(sides(column)) * _SCALE[style]
    return max(aligned, *(measured(entry, DISPLAY if large(entry) else style) for entry in column))


def sides(column: tuple[Expr, ...]) -> tuple[float, float]:
    """The most room that a column's numbers take before and after the decimal point; none if they need not align."""
    numbers = [entry for entry in column if isinstance(entry, Number)]
    if len(numbers) + sum(isinstance(entry, Dots) for entry in column) < len(column):
        return 0.0, 0.0
    sizes = [number_sides(entry) for entry in numbers if "e" not in entry.text]
    if len(sizes) < max(len(numbers), 2):
        return 0.0, 0.0
    return max(before for before, _ in sizes), max(after for _, after in sizes)


def number_sides(entry: Expr) -> tuple[float, float]:
    """How wide a number is before and after its decimal point, in em."""
    text = entry.text if isinstance(entry, Number) else ""
    whole, _, decimals = text.lstrip("-").replace(",", ".").partition(".")
    return 0.5 * len(whole) + 0.778 * text.startswith("-"), (0.278 + 0.5 * len(decimals)) * bool(decimals)


def large(entry: Expr) -> bool:
    """Whether an entry is a formula as a fraction, which is set large."""
    return isinstance(entry, Fraction) and not (
        isinstance(entry.numerator, Number) and isinstance(entry.denominator, Number)
    )


def _stack(stack: Stack, _: int) -> float:
    labels = max((_words(f"{label}:", TEXT) for label, _ in stack.items if label), default=0.0)
    return labels + 6.0 + max(measured(item, TEXT) for _, item in stack.items)


def _cases(cases: Cases, style: int) -> float:
    values = max(measured(value, TEXT) for value, _ in cases.branches)
    return (
        values + max(measured(when, max(style, TEXT)) for _, when in cases.branches) + 25.0 + _words(cases.word, TEXT)
    )


def _all(expression: Expr) -> list[Expr]:
    """An expression and those inside it, without the entries of matrices."""
    return [expression, *(inner for child in children(expression) for inner in _all(child))]


_WIDTHS: dict[type[Expr], Callable[[Any, int], float]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: _number,
    Text: lambda t, style: _words(t.text, style),
    Negative: lambda n, style: _MINUS * _SCALE[style] + _part(n.value, STAR, style, first=False),
    Sum: _sum,
    Product: _product,
    Hadamard: _hadamard,
    Star: _star,
    Fraction: _fraction,
    Power: _power,
    Function: _function,
    Bracketed: _bracketed,
    Matrix: _matrix,
    Stack: _stack,
    Dots: lambda _, style: _DOTS * _SCALE[style],
    Transpose: lambda t, style: _part(t.value, ATOM, style) + 6.6,
    Partial: _partial,
    Gradient: _gradient,
    BigSum: _big_sum,
    Relation: lambda r, style: measured(r.left, style) + measured(r.right, style) + _RELATION * _SCALE[style],
    Cases: _cases,
    Sqrt: lambda s, style: measured(s.value, style) + 11.0,
    Absolute: lambda a, style: measured(a.value, style) + 7.0,
    Highlight: lambda h, style: measured(h.value, max(style, TEXT)) + 7.5,
}


def height(expression: Expr) -> float:
    """About how tall an expression comes out, in points."""
    match expression:
        case Matrix(rows):
            return sum(max(_entry_height(entry) for entry in row) for row in rows) + 3.0
        case Stack(items):
            return sum(height(item) + 8.0 for _, item in items)
        case Cases(branches):
            return sum(max(height(value), height(when)) + 5.0 for value, when in branches)
        case Fraction(p, q) | Partial(p, q):
            return max(24.0, height(p) + height(q))
        case BigSum(body):
            return max(30.0, height(body))
    return max((height(child) for child in children(expression)), default=10.0)


def _entry_height(entry: Expr) -> float:
    return height(entry) + 11.5 if large(entry) else max(10.0, 0.8 * height(entry)) + 5.5
