"""Expressions as typst mathematics.

``bf`` (bold and upright, as vectors and matrices are), ``decimal`` (a comma without room behind it) and ``marked``
(in a box) are defined by ``typst.PREAMBLE``. Words stand in string literals; a blank stands beside none of them
unless it is meant to be seen.
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
    separator,
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
from handgrad.render.typst_text import DEVANAGARI, literal
from handgrad.render.typst_width import greek, large, latin, number_sides, sides

_DOTS = {"row": "⋯", "column": "⋮", "both": "⋱"}
_PLAIN = frozenset("0123456789,+-−. ()")


def math(expression: Expr) -> str:
    """An expression as typst, for use inside mathematics."""
    return _PRINTERS[type(expression)](expression)


def _part(expression: Expr, whole: int, *, first: bool = True) -> str:
    if isinstance(expression, Fraction) and whole == PRODUCT:
        return math(expression)
    text = math(expression)
    return f"({text})" if bracketed(expression, whole, first=first) else text


def _symbol(symbol: Symbol) -> str:
    sub = f"_({_index(symbol.sub)})" if symbol.sub else ""
    sup = f"^(({_index(symbol.sup)}))" if symbol.sup else ""
    return _accented(symbol) + "'" * symbol.primes + sub + sup


def _accented(symbol: Symbol) -> str:
    """The letter with its weight and hat; a capital or Latin letter in bold is upright, a small Greek one slanted."""
    base = symbol.base
    if base.isascii() and not base.isalnum():
        return _index(base)
    if len(base) > 1 or not (latin(base) or greek(base)):
        letter = _upright(base, bold=symbol.bold)
    elif symbol.bold:
        letter = f"bold({base})" if greek(base) and base.islower() else f"bf({base})"
    else:
        letter = base
    return f"hat({letter})" if symbol.hat else letter


def _upright(words: str, *, bold: bool) -> str:
    return f'#text(weight: "bold", {literal(words)})' if bold else f"upright({literal(words)})"


def _index(words: str) -> str:
    """Letters, digits and commas as mathematics; anything else as words."""
    if all(c in _PLAIN or latin(c) or greek(c) for c in words) and words.count("(") == words.count(")"):
        return "".join(f" {c} " if c.isalpha() else c for c in words).replace("  ", " ").strip()
    return literal(words)


def _raised(base: Expr) -> str:
    """What an exponent is set on: a letter that has strokes or an example's number is kept together."""
    letters = _part(base, ATOM)
    whole = isinstance(base, (Symbol, Entry)) and ("'" in letters or "^" in letters)
    return f'class("normal", {letters})' if whole else letters


def _entry(entry: Entry) -> str:
    indices = ",".join(_index(str(index)) for index in entry.indices)
    array = entry.array
    if isinstance(array, Symbol) and not array.sub:
        return _symbol(Symbol(array.base, "", hat=array.hat, primes=array.primes, sup=array.sup)) + f"_({indices})"
    letters = math(array)
    if not isinstance(array, (Symbol, Partial, Function)):
        letters = f"({letters})"
    return f"{letters} [{indices}]"


def _partial(partial: Partial) -> str:
    fraction = f"frac(∂ {math(partial.of)}, ∂ {math(partial.by)})"
    return fraction if partial.through is None else _through(fraction, partial.through)


def _gradient(gradient: Gradient) -> str:
    nabla = f"∇_({math(gradient.by)}) {math(gradient.of)}"
    return nabla if gradient.through is None else _through(nabla, gradient.through)


def _through(contribution: str, quantity: Expr) -> str:
    return f"lr({contribution}|)_({math(quantity)})"


def number(text: str) -> str:
    """A number as it is shown, with a true minus sign."""
    if not text.strip("0123456789.,-e"):
        mantissa, _, power = text.replace("-", "−").partition("e")
        mantissa = mantissa.replace(",", " decimal ")
        return f"{mantissa} ⋅ 10^({power})" if power else mantissa
    return literal(text)


def _sum(total: Sum) -> str:
    words = []
    for i, (plus, term) in enumerate(signed_terms(total.terms)):
        text = _part(term, STAR if plus == "−" else SUM, first=i == 0 and not plus)
        words.append(f"{plus} {text}" if plus else text)
    return " ".join(words)


def _product(product: Product) -> str:
    text = ""
    for i, factor in enumerate(product.factors):
        joint = ""
        if i:
            joint = " ⋅ " if dotted(product.factors[i - 1], factor) else " thin "
        text += joint + _part(factor, PRODUCT, first=i == 0)
    return text


def operator(name: str | Symbol) -> str:
    """The name of a function, upright, or its letter."""
    if isinstance(name, Symbol):
        return math(name)
    return f"op({literal(name)})" if name else ""


def _function(function: Function) -> str:
    arguments = rf"\{separator(function.arguments)} ".join(math(argument) for argument in function.arguments)
    if function.name == "ln" and not bracketed(function.arguments[0], ATOM):
        return f"{operator('ln')} {arguments}"
    return f"{operator(function.name)} ({arguments})"


def _bracketed(part: Bracketed) -> str:
    """Brackets that open and close in different rows cannot grow with what they hold."""
    if part.opens and part.closes:
        return f"{operator(part.name)} ({math(part.value)})"
    head = rf"{operator(part.name)} \(" if part.opens else ""
    return head + math(part.value) + (r"\)" if part.closes else rf"\{part.separator}")


def _big_sum(total: BigSum) -> str:
    low = math(total.index) + (f" = {math(total.lower)}" if total.lower is not None else "")
    high = f"^({math(total.upper)})" if total.upper is not None else ""
    return f"∑_({low}){high} {_part(total.body, PRODUCT)}"


def _matrix(matrix: Matrix) -> str:
    entries = [entry for row in matrix.rows for entry in row]
    gap = "row-gap: #1.1em, " if any(map(large, entries)) else "row-gap: #.55em, " if any(map(_tall, entries)) else ""
    columns = [_column(column) for column in zip(*matrix.rows, strict=True)]
    rows = "; ".join(map(", ".join, zip(*columns, strict=True)))
    # typst's own brackets of a matrix grow beyond it, a tenth of its height
    return f"[thin mat({gap}{rows}) thin]"


def _column(column: tuple[Expr, ...]) -> list[str]:
    """The entries of a column; numbers are given room at both sides so that their decimal points align."""
    before, after = sides(column)
    return [
        _room(before - number_sides(entry)[0]) + math(entry) + _room(after - number_sides(entry)[1])
        if isinstance(entry, Number) and before
        else _cell(entry)
        for entry in column
    ]


def _room(width: float) -> str:
    return f" #h({width:.3f}em) " if width > 0 else ""


def _cell(entry: Expr) -> str:
    return f"display({math(entry)})" if large(entry) else math(entry)


def _tall(entry: Expr) -> bool:
    return isinstance(entry, Fraction) or any(_tall(child) for child in children(entry))


def _stack(stack: Stack) -> str:
    rows = [f"{_words(f'{label}:') if label else '#none'}, display({math(item)})" for label, item in stack.items]
    return f"mat(align: #left, column-gap: #.6em, row-gap: #.8em, {'; '.join(rows)})"


def _cases(cases: Cases) -> str:
    rows = [f"inline({math(value)}) & quad {_condition(when, cases.word)}" for value, when in cases.branches]
    return f"cases({', '.join(rows)})"


def _condition(when: Expr, word: str) -> str:
    return math(when) if isinstance(when, Text) else f"{_words(word)} {math(when)}"


def _words(text: str) -> str:
    """Words in mathematics; those whose letters are joined stand in a box, as mathematics sets letters one by one."""
    if all(c < "\u0900" or c > "\u097f" for c in text):
        return literal(text)
    return f'#box(text(font: "{DEVANAGARI}", {literal(text)}))'


_PRINTERS: dict[type[Expr], Callable[[Any], str]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: lambda n: number(n.text),
    Text: lambda t: _words(t.text),
    Negative: lambda n: "−" + _part(n.value, STAR, first=False),
    Sum: _sum,
    Product: _product,
    Hadamard: lambda h: " ⊙ ".join(_part(f, ENTRYWISE, first=i == 0) for i, f in enumerate(h.factors)),
    Star: lambda s: f"{_part(s.left, PRODUCT)} ∗ {_part(s.right, PRODUCT, first=False)}",
    Fraction: lambda f: f"frac({math(f.numerator)}, {math(f.denominator)})",
    Power: lambda p: f"{_raised(p.base)}^({math(p.exponent)})",
    Function: _function,
    Bracketed: _bracketed,
    Matrix: _matrix,
    Stack: _stack,
    Dots: lambda d: _DOTS[d.direction],
    Transpose: lambda t: f"{_raised(t.value)}^(upright(T))",
    Partial: _partial,
    Gradient: _gradient,
    BigSum: _big_sum,
    Relation: lambda r: f"{math(r.left)} {r.sign} {math(r.right)}",
    Cases: _cases,
    Sqrt: lambda s: f"sqrt({math(s.value)})",
    Absolute: lambda a: f"lr(|{math(a.value)}|)",
    Highlight: lambda h: f"#marked($inline({math(h.value)})$)",
}
