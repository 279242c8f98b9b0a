"""Expressions as MathML Core: each node one element, so that it can stand wherever one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
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
    entry_of,
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
from handgrad.render.mathml_letters import (
    brackets,
    element,
    identifier,
    index_of,
    indexed,
    operator,
    row,
    symbol_of,
    words,
)

_DOTS = {"row": "⋯", "column": "⋮", "both": "⋱"}
_THIN = "0.1667em"
_APPLIED, _TIMES = "\N{FUNCTION APPLICATION}", "\N{INVISIBLE TIMES}"


def math(expression: Expr) -> str:
    """An expression as one element, for use inside <math>."""
    name = "" if isinstance(expression, Number) else _owner(expression)
    if name:
        return element("mrow", _print(entry_of(expression, "")), data_of=name)
    return _print(expression)


def _print(expression: Expr) -> str:
    return _PRINTERS[type(expression)](expression)


def _owner(expression: Expr) -> str:
    """The entry that a printed number of several parts (−12/49) is the value of; "" where they differ."""
    match expression:
        case Number():
            return expression.of
        case Negative(inner):
            return _owner(inner)
        case Fraction(p, q):
            return _owner(p) if _owner(p) == _owner(q) else ""
    return ""


def _height(*expressions: Expr) -> str:
    """How high expressions are: a line, a fraction, or more."""
    if any(_holds(expression, _LARGE) for expression in expressions):
        return "large"
    return "fraction" if any(_holds(expression, (Fraction, Partial)) for expression in expressions) else "line"


_LARGE = (Matrix, Stack, Cases, BigSum)


def _holds(expression: Expr, kinds: tuple[type[Expr], ...]) -> bool:
    inside = (expression.array,) if isinstance(expression, Entry) else children(expression)
    return isinstance(expression, kinds) or any(_holds(each, kinds) for each in inside)


def part(expression: Expr, whole: int, *, first: bool = True) -> str:
    """A part of a larger whole, in brackets where it needs them."""
    text = math(expression)
    return brackets(text, height=_height(expression)) if bracketed(expression, whole, first=first) else text


def _entry(entry: Entry) -> str:
    indices = row(*_commas(index_of(str(index)) for index in entry.indices))
    array = entry.array
    if isinstance(array, Symbol) and not array.sub:
        return indexed(Symbol(array.base, hat=array.hat, primes=array.primes, sup=array.sup), indices)
    letters = math(array)
    held = letters if isinstance(array, (Symbol, Partial, Function)) else brackets(letters, height=_height(array))
    return element("mrow", held, brackets(indices, around="[]"))


def _commas(parts: Iterable[str], comma: str = ",") -> list[str]:
    separated: list[str] = []
    for each in parts:
        separated += [operator(comma), each] if separated else [each]
    return separated


def _number(number: Number) -> str:
    """The minus sign is in the number: what is copied is the number, and what is pointed at is one thing."""
    mantissa, _, power = number.text.replace("-", "−").partition("e")
    if not power:
        return element("mn", mantissa, data_of=number.of)
    raised = element("msup", element("mn", "10"), element("mn", power))
    return element("mrow", element("mn", mantissa), operator("⋅"), raised, data_of=number.of)


def _sum(total: Sum) -> str:
    parts = []
    for i, (sign, term) in enumerate(signed_terms(total.terms)):
        if sign:
            parts.append(operator(sign, form="infix" if i else "prefix"))
        parts.append(part(term, STAR if sign == "−" else SUM, first=i == 0 and not sign))
    return row(*parts)


def joint(sign: str) -> str:
    """What stands between two factors: a sign, or for none a little room."""
    if sign:
        return operator(_SIGNS.get(sign, sign), form="infix")
    return operator(_TIMES, lspace=_THIN, rspace="0")


_SIGNS = {"·": "⋅", "*": "∗"}


def _product(product: Product) -> str:
    parts = []
    for i, factor in enumerate(product.factors):
        if i:
            parts.append(joint("·" if dotted(product.factors[i - 1], factor) else ""))
        parts.append(part(factor, PRODUCT, first=i == 0))
    return row(*parts)


def _hadamard(product: Hadamard) -> str:
    parts = []
    for i, factor in enumerate(product.factors):
        parts += [joint("⊙")] if i else []
        parts.append(part(factor, ENTRYWISE, first=i == 0))
    return row(*parts)


def _power(power: Power) -> str:
    return _raised(power.base, math(power.exponent))


def _raised(base: Expr, exponent: str) -> str:
    """A base with its exponent, which stands above an index, not behind it."""
    held = part(base, ATOM)
    if held.startswith("<msub>") and held.endswith("</msub>") and isinstance(base, (Symbol, Entry)):
        return f"<msubsup>{held[6:-7]}{exponent}</msubsup>"
    return element("msup", held, exponent)


def _name(name: str | Symbol) -> str:
    """The name of a function: a word stands upright, of one letter too."""
    if isinstance(name, Symbol):
        return math(name)
    return identifier(name, mathvariant="normal" if len(name) == 1 else "")


def _function(function: Function) -> str:
    name = _name(function.name)
    if function.name == "ln" and not bracketed(function.arguments[0], ATOM):
        return element("mrow", name, operator(_APPLIED, rspace=_THIN), math(function.arguments[0]))
    arguments = _commas(map(math, function.arguments), separator(function.arguments))
    held = brackets(*arguments, height=_height(*function.arguments))
    return element("mrow", name, operator(_APPLIED), held) if function.name else held


def _bracketed(part: Bracketed) -> str:
    """Brackets that open and close in different rows cannot grow with what they hold."""
    name = (_name(part.name), operator(_APPLIED)) if part.name else ()
    if part.opens and part.closes:
        return row(*name, brackets(math(part.value), height=_height(part.value)))
    opening = (*name, operator("(", form="prefix", stretchy="false")) if part.opens else ()
    closing = operator(")", form="postfix", stretchy="false") if part.closes else operator(part.separator)
    return element("mrow", *opening, math(part.value), closing)


def _partial(partial: Partial) -> str:
    d = identifier("∂")
    return _through(element("mfrac", row(d, math(partial.of)), row(d, math(partial.by))), partial.through)


def _gradient(gradient: Gradient) -> str:
    nabla = element("msub", identifier("∇", mathvariant="normal"), math(gradient.by))
    return _through(element("mrow", nabla, math(gradient.of)), gradient.through)


def _through(derivative: str, through: Expr | None) -> str:
    if through is None:
        return derivative
    return element("msub", element("mrow", derivative, operator("|", form="postfix")), math(through))


def _big_sum(total: BigSum) -> str:
    low = math(total.index)
    if total.lower is not None:
        low = element("mrow", low, operator("="), math(total.lower))
    upper = total.upper
    sign = operator("∑")
    head = element("munder", sign, low) if upper is None else element("munderover", sign, low, math(upper))
    return element("mrow", head, part(total.body, PRODUCT))


def _table(kind: str, rows: Iterable[Iterable[str]]) -> str:
    return element("mtable", *(element("mtr", *cells) for cells in rows), **{"class": kind})


def _matrix(matrix: Matrix) -> str:
    columns = list(zip(*matrix.rows, strict=True))
    height = "large" if len(matrix.rows) > 1 else _height(*matrix.rows[0])
    if height == "line":
        return brackets(*_spaced(map(math, matrix.rows[0])), around="[]")
    if all(_decimal(entry) or isinstance(entry, Dots) for entry in chain(*columns)):
        cells = zip(*map(_decimals, columns), strict=True)
        return brackets(_table("hg-matrix hg-decimals", cells), around="[]", height=height)
    kind = "hg-matrix hg-formulas" if any(map(_formula, chain(*columns))) else "hg-matrix"
    return brackets(_table(kind, (map(_cell, entries) for entries in matrix.rows)), around="[]", height=height)


def _spaced(entries: Iterable[str]) -> list[str]:
    """Entries of a single row, which stand on the line."""
    separated: list[str] = []
    for entry in entries:
        separated += [element("mspace", width="1em"), entry] if separated else [entry]
    return separated


def _cell(entry: Expr) -> str:
    return element("mtd", math(entry), displaystyle="true" if _formula(entry) else "")


def _formula(entry: Expr) -> bool:
    """A formula that is a fraction is set as large as in the line; a fraction of numbers is small."""
    return isinstance(entry, Fraction) and not (
        isinstance(entry.numerator, Number) and isinstance(entry.denominator, Number)
    )


def _decimal(entry: Expr) -> bool:
    number = entry.value if isinstance(entry, Negative) else entry
    return isinstance(number, Number) and "e" not in number.text


def _places(entry: Expr) -> int:
    """How many places stand at and behind the point."""
    number = entry.value if isinstance(entry, Negative) else entry
    _, point, places = number.text.replace(",", ".").partition(".") if isinstance(number, Number) else ("", "", "")
    return len(point + places)


def _decimals(column: tuple[Expr, ...]) -> list[str]:
    """Numbers one under another with their points: what a shorter one lacks is left free behind it."""
    longest = max(map(_places, column))
    return [
        element("mtd", math(entry), **{"class": "hg-dots"})
        if isinstance(entry, Dots)
        else element("mtd", math(entry), _free(_places(entry), longest))
        for entry in column
    ]


def _free(places: int, longest: int) -> str:
    if places == longest:
        return ""
    room = longest - places if places else longest - _POINT
    return element("mspace", width=f"{room:g}ch")


_POINT = 0.45
"""What a point is narrower than a digit, in digits."""


def _stack(stack: Stack) -> str:
    return _table(
        "hg-stack",
        (
            (element("mtd", words(f"{label}: ") if label else ""), element("mtd", math(item)))
            for label, item in stack.items
        ),
    )


def _cases(cases: Cases) -> str:
    rows = (
        (element("mtd", math(value)), element("mtd", _condition(when, cases.word))) for value, when in cases.branches
    )
    return element("mrow", operator("{", form="prefix"), _table("hg-cases", rows))


def _condition(when: Expr, word: str) -> str:
    return math(when) if isinstance(when, Text) else row(words(f"{word} "), math(when))


_PRINTERS: dict[type[Expr], Callable[[Any], str]] = {
    Symbol: symbol_of,
    Entry: _entry,
    Number: _number,
    Text: lambda t: words(t.text),
    Negative: lambda n: row(operator("−", form="prefix"), part(n.value, STAR, first=False)),
    Sum: _sum,
    Product: _product,
    Hadamard: _hadamard,
    Star: lambda s: row(part(s.left, PRODUCT), joint("*"), part(s.right, PRODUCT, first=False)),
    Fraction: lambda f: element("mfrac", math(f.numerator), math(f.denominator)),
    Power: _power,
    Function: _function,
    Bracketed: _bracketed,
    Matrix: _matrix,
    Stack: _stack,
    Dots: lambda d: identifier(_DOTS[d.direction]),
    Transpose: lambda t: _raised(t.value, identifier("⊤")),
    Partial: _partial,
    Gradient: _gradient,
    BigSum: _big_sum,
    Relation: lambda r: row(math(r.left), operator(r.sign), math(r.right)),
    Cases: _cases,
    Sqrt: lambda s: element("msqrt", math(s.value)),
    Absolute: lambda a: element("mrow", operator("|", form="prefix"), math(a.value), operator("|", form="postfix")),
    Highlight: lambda h: element("mrow", math(h.value), **{"class": "hg-highlight"}),
}
