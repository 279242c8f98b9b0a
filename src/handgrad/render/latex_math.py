"""Expressions as LaTeX mathematics (amsmath; the same text is valid for KaTeX), and how wide they come out."""

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
from handgrad.render.latex_text import GREEK, text_in_mathematics

_OPERATORS = {"ln", "max", "tanh", "exp", "min"}
_SIGNS = {"=": "=", "≈": r"\approx", ">": ">", "≥": r"\ge", "<": "<", "≤": r"\le", "≠": r"\ne"}
_DOTS = {"row": r"\cdots", "column": r"\vdots", "both": r"\ddots"}


def math(expression: Expr) -> str:
    """An expression as LaTeX, for use inside mathematics."""
    return _PRINTERS[type(expression)](expression)


def sign(relation: str) -> str:
    """A relation sign as LaTeX."""
    return _SIGNS[relation]


def _part(expression: Expr, whole: int, *, first: bool = True) -> str:
    if isinstance(expression, Fraction) and whole == PRODUCT:
        return math(expression)
    text = math(expression)
    return rf"\left({text}\right)" if bracketed(expression, whole, first=first) else text


def _symbol(symbol: Symbol) -> str:
    base = _accented(symbol) + "'" * symbol.primes
    sub = f"_{{{_index(symbol.sub)}}}" if symbol.sub else ""
    if not symbol.sup:
        return base + sub
    sup = f"^{{({_index(symbol.sup)})}}"
    # x'_{1}^{(2)} would have two superscripts: where there are strokes they come just before the other
    return base + sup + sub if symbol.primes else base + sub + sup


def _accented(symbol: Symbol) -> str:
    """The letter with its weight and hat."""
    base = symbol.base
    letter = GREEK.get(base) or (r"\ell" if base == "ℓ" else base)
    if len(base) == 1 and letter != base:
        letter = rf"\boldsymbol{{{letter}}}" if symbol.bold else letter
    elif base.isascii() and (len(base) == 1 or not base.isalnum()):
        letter = _index(base)
        letter = rf"\mathbf{{{letter}}}" if symbol.bold else letter
    elif base.isascii():
        letter = rf"\mathrm{{{base}}}"
    else:
        letter = text_in_mathematics(base, "textbf" if symbol.bold else "text")
    return rf"\hat{{{letter}}}" if symbol.hat else letter


def _index(words: str) -> str:
    """Letters, digits, commas and brackets as mathematics; anything else as words."""
    if all(c in "0123456789,+-−.() " or (c.isascii() and c.isalpha()) for c in words):
        return words.replace("−", "-")
    return text_in_mathematics(words)


def _raised(base: Expr) -> str:
    """What an exponent is set on: a letter that has strokes or an example's number is kept together."""
    letters = _part(base, ATOM)
    whole = isinstance(base, (Symbol, Entry)) and ("'" in letters or "^" in letters)
    return f"{{{letters}}}" if whole else letters


def _entry(entry: Entry) -> str:
    written = ",".join(map(str, entry.indices))
    array = entry.array
    if isinstance(array, Symbol) and not array.sub:
        return math(Symbol(array.base, written, hat=array.hat, primes=array.primes, sup=array.sup))
    letters = math(array)
    if not isinstance(array, (Symbol, Partial, Function)):
        letters = rf"\left({letters}\right)"
    return f"{letters}[{_index(written)}]"


def _partial(partial: Partial) -> str:
    fraction = rf"\frac{{\partial {math(partial.of)}}}{{\partial {math(partial.by)}}}"
    return fraction if partial.through is None else rf"\left.{fraction}\right|_{{{math(partial.through)}}}"


def _gradient(gradient: Gradient) -> str:
    nabla = rf"\nabla_{{{math(gradient.by)}}} {math(gradient.of)}"
    return nabla if gradient.through is None else rf"\left.{nabla}\right|_{{{math(gradient.through)}}}"


def _number(number: Number) -> str:
    mantissa, _, power = number.text.replace(",", "{,}").partition("e")
    return rf"{mantissa} \cdot 10^{{{power}}}" if power else mantissa


def _sum(total: Sum) -> str:
    words = []
    for i, (plus, term) in enumerate(signed_terms(total.terms)):
        minus = plus == "−"
        text = _part(term, STAR if minus else SUM, first=i == 0 and not plus)
        words.append(plus.replace("−", "-") + " " * bool(i) + text)
    return " ".join(words)


def _product(product: Product) -> str:
    text = ""
    for i, factor in enumerate(product.factors):
        joint = ""
        if i:
            joint = r" \cdot " if dotted(product.factors[i - 1], factor) else r" \, "
        text += joint + _part(factor, PRODUCT, first=i == 0)
    return text


def _fraction(fraction: Fraction) -> str:
    return rf"\frac{{{math(fraction.numerator)}}}{{{math(fraction.denominator)}}}"


def _power(power: Power) -> str:
    return f"{_raised(power.base)}^{{{math(power.exponent)}}}"


def operator(name: str) -> str:
    """The name of a function, upright."""
    if name in _OPERATORS:
        return rf"\{name}"
    if name.isascii() and name.isalnum():
        return rf"\operatorname{{{name}}}"
    return text_in_mathematics(name) if name else ""


def _function(function: Function) -> str:
    name = operator(function.name) if isinstance(function.name, str) else math(function.name)
    arguments = f"{separator(function.arguments)} ".join(math(argument) for argument in function.arguments)
    if function.name == "ln" and not bracketed(function.arguments[0], ATOM):
        return f"{name} {arguments}"
    return rf"{name}\left({arguments}\right)"


def _bracketed(part: Bracketed) -> str:
    """Brackets that open and close in different rows cannot grow with what they hold."""
    name = operator(part.name) if isinstance(part.name, str) else math(part.name)
    if part.opens and part.closes:
        return rf"{name}\left({math(part.value)}\right)"
    return f"{name}{'(' if part.opens else ''}{math(part.value)}{')' if part.closes else part.separator}"


def _big_sum(total: BigSum) -> str:
    low = math(total.index) + (f"={math(total.lower)}" if total.lower is not None else "")
    high = f"^{{{math(total.upper)}}}" if total.upper is not None else ""
    return rf"\sum_{{{low}}}{high} {_part(total.body, PRODUCT)}"


def _matrix(matrix: Matrix) -> str:
    large = any(_large(entry) for row in matrix.rows for entry in row)
    tall = any(_fractional(entry) for row in matrix.rows for entry in row)
    rows = (r" \\[14pt] " if large else r" \\[5pt] " if tall else r" \\ ").join(
        " & ".join(_cell(entry) for entry in row) for row in matrix.rows
    )
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _cell(entry: Expr) -> str:
    # a formula as a fraction is set large; a cell that starts with [ would be read as a length after \\
    text = math(entry)
    if _large(entry):
        text = rf"\,{text.replace(chr(92) + 'frac', chr(92) + 'dfrac', 1)}\,"
    return f"{{{text}}}" if text.startswith("[") else text


def _large(entry: Expr) -> bool:
    return isinstance(entry, Fraction) and not (
        isinstance(entry.numerator, Number) and isinstance(entry.denominator, Number)
    )


def _fractional(entry: Expr) -> bool:
    return isinstance(entry, Fraction) or any(_fractional(child) for child in children(entry))


def _stack(stack: Stack) -> str:
    rows = []
    for label, item in stack.items:
        head = text_in_mathematics(f"{label}: ") if label else ""
        rows.append(f"{head} & {math(item)}")
    if len(rows) == 1:
        return rows[0].replace(" & ", " ", 1).strip()
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"


def _condition(when: Expr, word: str) -> str:
    return math(when) if isinstance(when, Text) else f"{text_in_mathematics(f'{word} ')} {math(when)}"


def _cases(cases: Cases) -> str:
    rows = r" \\ ".join(f"{math(value)} & {_condition(when, cases.word)}" for value, when in cases.branches)
    return rf"\begin{{cases}} {rows} \end{{cases}}"


_PRINTERS: dict[type[Expr], Callable[[Any], str]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: _number,
    Text: lambda t: text_in_mathematics(t.text),
    Negative: lambda n: "-" + _part(n.value, STAR, first=False),
    Sum: _sum,
    Product: _product,
    Hadamard: lambda h: r" \odot ".join(_part(f, ENTRYWISE, first=i == 0) for i, f in enumerate(h.factors)),
    Star: lambda s: f"{_part(s.left, PRODUCT)} * {_part(s.right, PRODUCT, first=False)}",
    Fraction: _fraction,
    Power: _power,
    Function: _function,
    Bracketed: _bracketed,
    Matrix: _matrix,
    Stack: _stack,
    Dots: lambda d: _DOTS[d.direction],
    Transpose: lambda t: rf"{_raised(t.value)}^{{\top}}",
    Partial: _partial,
    Gradient: _gradient,
    BigSum: _big_sum,
    Relation: lambda r: f"{math(r.left)} {sign(r.sign)} {math(r.right)}",
    Cases: _cases,
    Sqrt: lambda s: rf"\sqrt{{{math(s.value)}}}",
    Absolute: lambda a: rf"\left|{math(a.value)}\right|",
    Highlight: lambda h: rf"\boxed{{{math(h.value)}}}",
}

_GAP, _BRACKET, _COLUMN = 13.0, 9.0, 10.5
"""Points that an operator with its room, a bracket, and the room between columns take at 10 pt."""


def points(expression: Expr) -> float:  # noqa: C901, PLR0911  one case for each node
    """About how wide an expression comes out, in points at 10 pt; never too little."""
    match expression:
        case Number(text):
            mantissa, _, power = text.partition("e")
            return 5.3 * len(mantissa) + 3.0 * ("-" in mantissa) + (22 + 4 * len(power) if power else 0)
        case Symbol():
            base = 6.2 * len(expression.base) if len(expression.base) > 1 else 9.0
            return base + 4.2 * len(expression.sub) + 3 * expression.primes + 9 * bool(expression.sup)
        case Entry(array, indices):
            return points(array) + sum(5.5 * len(str(index)) + 3 for index in indices) + 6
        case Matrix(rows):
            widths = [max(points(entry) for entry in column) for column in zip(*rows, strict=True)]
            return sum(widths) + _COLUMN * (len(widths) - 1) + 2 * _BRACKET
        case Stack(items):
            return max(6 * len(label) + 12 + points(item) for label, item in items)
        case Fraction(p, q):
            return max(points(p), points(q)) * (1.0 if isinstance(p, Matrix) else 0.95) + 4
        case Partial(of, by, through):
            return max(points(of), points(by)) + 10 + (points(through) if through is not None else 0)
        case Gradient(of, by, through):
            return points(of) + 0.75 * points(by) + 12 + (points(through) if through is not None else 0)
        case Power(base, exponent):
            return points(base) + 0.75 * points(exponent) + 2
        case Cases(branches):
            return max(points(value) + points(when) for value, when in branches) + 36
        case Text(text):
            return 6.0 * len(text)
        case Dots():
            return 14.0
    return _compound(expression)


def _compound(expression: Expr) -> float:  # noqa: PLR0911  one case for each node
    match expression:
        case Sum(parts) | Hadamard(parts):
            return sum(points(part) + _GAP for part in parts) + _brackets(parts)
        case Product(parts):
            return sum(points(part) + 5.5 for part in parts) + _brackets(parts)
        case Function(name, arguments):
            head = 6.0 * len(name) if isinstance(name, str) else points(name)
            return head + 14 + sum(points(argument) + 6 for argument in arguments)
        case Bracketed(name, inner):
            return (6.0 * len(name) if isinstance(name, str) else points(name)) + 20 + points(inner)
        case Star(a, b) | Relation(a, _, b):
            return points(a) + points(b) + _GAP + _brackets((a, b))
        case BigSum(body, index):
            return points(body) + max(18.0, 0.8 * points(index)) + _GAP
        case Negative(inner):
            return points(inner) + 9 + _brackets((inner,))
        case Transpose(inner) | Sqrt(inner) | Absolute(inner) | Highlight(inner):
            return points(inner) + 18
    message = f"no width is known for {type(expression).__name__}"
    raise TypeError(message)


def _brackets(parts: tuple[Expr, ...]) -> float:
    return sum(_BRACKET for part in parts if bracketed(part, PRODUCT, first=False))
