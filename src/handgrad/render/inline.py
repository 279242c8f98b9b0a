"""Expressions in one line of Unicode: W₁[2,3], e⁻¹, ∂L/∂a₂, 1/(1 + e^−0.73)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import category

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
    POWER,
    PRODUCT,
    STAR,
    SUM,
    Bracketed,
    bracketed,
    dotted,
    signed_terms,
    tightness,
)

_SUBSCRIPTS = dict(zip("0123456789aehijklmnoprstuvx+-−", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋₋", strict=True))
_SUPERSCRIPTS = dict(zip("0123456789+-−()aijknxz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ᵃⁱʲᵏⁿˣᶻ", strict=True))
_HATS = {"y": "ŷ", "a": "â", "o": "ô", "x": "x̂"}
_NOT_SHOWN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_DOTS = {"row": "⋯", "column": "⋮", "both": "⋱"}


def subscript(text: str) -> str:
    """The text lowered, or with an underscore where Unicode has no such sign."""
    return "".join(_SUBSCRIPTS[c] for c in text) if all(c in _SUBSCRIPTS for c in text) else f"_{text}"


def superscript(text: str) -> str:
    """The text raised, or behind a caret where Unicode has no such sign."""
    if all(c in _SUPERSCRIPTS for c in text):
        return "".join(_SUPERSCRIPTS[c] for c in text)
    return f"^{text}" if text.replace("−", "").replace(".", "").isalnum() else f"^({text})"


def clean(text: str) -> str:
    """Text whose control and direction characters are shown, not obeyed; tabs and line ends are blanks."""
    if text.isprintable():
        return text
    return "".join(" " if c in "\n\t\r" else c if category(c) not in _NOT_SHOWN else "\ufffd" for c in text)


def inline(expression: Expr) -> str:
    """An expression in one line."""
    return _PRINTERS[type(expression)](expression)


def wrapped(expression: Expr, whole: int, *, first: bool = True) -> str:
    """A part of a larger whole, in brackets where it needs them."""
    text = inline(expression)
    signed = not first and text.startswith("−")  # as −a/b is in one line, which has no need where it is stacked
    return f"({text})" if signed or bracketed(expression, whole, first=first) else text


def _symbol(symbol: Symbol) -> str:
    base = clean(symbol.base)
    if symbol.hat:
        base = _HATS.get(base, base + "\u0302")
    sup = superscript(f"({clean(symbol.sup)})") if symbol.sup else ""
    return base + (subscript(clean(symbol.sub)) if symbol.sub else "") + "′" * symbol.primes + sup


def _entry(entry: Entry) -> str:
    indices = ",".join(str(index) for index in entry.indices)
    array = entry.array
    simple = isinstance(array, Symbol) and not array.sub and not array.primes and len(array.base) == 1
    if simple and len(entry.indices) == 1 and all(c in _SUBSCRIPTS for c in indices):
        return inline(array) + subscript(indices)
    text = wrapped(array, ATOM) if not isinstance(array, Partial) else inline(array)
    return f"{text}[{indices}]"


def number(text: str) -> str:
    """A number with a true minus sign and a raised power of ten."""
    mantissa, _, power = text.replace("-", "−").partition("e")
    return f"{mantissa}·10{superscript(power)}" if power else mantissa


def _sum(total: Sum) -> str:
    words = []
    for i, (sign, term) in enumerate(signed_terms(total.terms)):
        tight = STAR if sign == "−" else SUM
        text = wrapped(term, tight, first=i == 0 and not sign)
        words.append(text if not sign else f"{sign}{text}" if i == 0 else f"{sign} {text}")
    return " ".join(words)


def _product(product: Product) -> str:
    text = ""
    for i, factor in enumerate(product.factors):
        joint = ""
        if i:
            joint = "·" if dotted(product.factors[i - 1], factor) else " "
        text += joint + wrapped(factor, PRODUCT, first=i == 0)
    return text


def _fraction(fraction: Fraction) -> str:
    top = wrapped(fraction.numerator, PRODUCT)
    return f"{top}/{wrapped(fraction.denominator, POWER)}"


def _power(power: Power) -> str:
    base = wrapped(power.base, ATOM)
    return base + superscript(inline(power.exponent))


def word(name: str | Symbol) -> str:
    """The name of a function."""
    return clean(name) if isinstance(name, str) else inline(name)


def _bracketed(part: Bracketed) -> str:
    head = f"{word(part.name)}(" if part.opens else ""
    return f"{head}{inline(part.value)}{')' if part.closes else part.separator}"


def _function(function: Function) -> str:
    name = word(function.name)
    if name == "ln" and len(function.arguments) == 1 and tightness(function.arguments[0]) == ATOM:
        return f"{name} {inline(function.arguments[0])}"
    joint = f"{separator(function.arguments)} "
    return f"{name}({joint.join(inline(argument) for argument in function.arguments)})"


def _big_sum(total: BigSum) -> str:
    index = inline(total.index).replace(" ", "")
    low = subscript(index) if all(c in _SUBSCRIPTS for c in index) else f"[{index}]"
    return f"Σ{low} {wrapped(total.body, PRODUCT)}"


def _cases(cases: Cases) -> str:
    return "{" + "; ".join(f"{inline(value)} {condition(when, cases.word)}" for value, when in cases.branches) + "}"


def condition(when: Expr, word: str) -> str:
    """When a case holds; words such as "otherwise" say it by themselves."""
    return inline(when) if isinstance(when, Text) else f"{clean(word)} {inline(when)}"


def _matrix(matrix: Matrix) -> str:
    comma = separator([entry for row in matrix.rows for entry in row])
    below = "; " if comma == "," or matrix.shape[1] == 1 else " | "
    return "[" + below.join(f"{comma} ".join(inline(entry) for entry in row) for row in matrix.rows) + "]"


_PRINTERS: dict[type[Expr], Callable[[Any], str]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: lambda n: number(n.text),
    Text: lambda t: clean(t.text),
    Negative: lambda n: "−" + wrapped(n.value, STAR, first=False),
    Sum: _sum,
    Product: _product,
    Hadamard: lambda h: " ⊙ ".join(wrapped(factor, ENTRYWISE, first=i == 0) for i, factor in enumerate(h.factors)),
    Star: lambda s: f"{wrapped(s.left, PRODUCT)} * {wrapped(s.right, PRODUCT, first=False)}",
    Fraction: _fraction,
    Power: _power,
    Function: _function,
    Bracketed: _bracketed,
    Matrix: _matrix,
    Stack: lambda s: ", ".join(f"{clean(label)}: {inline(item)}" if label else inline(item) for label, item in s.items),
    Dots: lambda d: _DOTS[d.direction],
    Transpose: lambda t: wrapped(t.value, ATOM) + "ᵀ",
    Partial: lambda p: f"∂{inline(p.of)}/∂{inline(p.by)}" + (f"|{inline(p.through)}" if p.through else ""),
    Gradient: lambda g: f"∇_{inline(g.by)} {inline(g.of)}" + (f"|{inline(g.through)}" if g.through else ""),
    BigSum: _big_sum,
    Relation: lambda r: f"{inline(r.left)} {r.sign} {inline(r.right)}",
    Cases: _cases,
    Sqrt: lambda s: f"√({inline(s.value)})",
    Absolute: lambda a: f"|{inline(a.value)}|",
    Highlight: lambda h: f"‹{inline(h.value)}›",
}
