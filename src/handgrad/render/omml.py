"""Expressions as Office Math (OMML, ISO/IEC 29500-1 §22.1), the equations that Word edits, as an XML tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element

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
    Row,
    bracketed,
    dotted,
    signed_terms,
)
from handgrad.render.inline import clean

NAMESPACE = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"

_DOTS = {"row": "⋯", "column": "⋮", "both": "⋱"}
_STROKES = {1: "′", 2: "″", 3: "‴"}
_THIN, _QUAD, _NOTHING = "\u2009", "\u2003", "\u200b"

Elements = list[Element]


def math(expression: Expr) -> Elements:
    """An expression as the elements that stand within an ``m:oMath`` or an ``m:e``."""
    return _PRINTERS[type(expression)](expression)


def formula(elements: Iterable[Element]) -> Element:
    """Mathematics within a line of words."""
    return element("oMath", *elements)


def display(elements: Iterable[Element], side: str = "left") -> Element:
    """Mathematics in a paragraph of its own, at one side of it."""
    return element("oMathPara", element("oMathParaPr", _value("jc", side)), formula(elements))


def row_parts(row: Row) -> Elements:
    """One row of a broken equation: its sign, its parts and the operators between them."""
    sign = row.sign.removeprefix("…")
    # what some readers of the file want to the left of a sign: a blank of no width
    found: Elements = [_run(_NOTHING), _run(sign)] if sign else [_run(_QUAD)]
    for i, (operator, part) in enumerate(row.parts):
        found += [_run(operator)] if operator else [_run(_THIN)] if i else []
        found += math(part)
    return found


def element(name: str, *children: Element) -> Element:
    """An element of the mathematics namespace."""
    made = Element(f"{{{NAMESPACE}}}{name}")
    made.extend(children)
    return made


def _value(name: str, value: str) -> Element:
    made = element(name)
    made.set(f"{{{NAMESPACE}}}val", value)
    return made


def _holder(name: str, parts: Elements) -> Element:
    """An argument; an empty one would be shown as a box to fill in, so it holds a blank of no width."""
    return element(name, *(parts or [_run(_NOTHING)]))


def xml_text(words: str) -> str:
    """Words without the characters that XML refuses."""
    return clean(words).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def _run(text: str, style: str = "p") -> Element:
    """Letters and signs: "p" upright, "i" italic, "b" bold upright, "bi" both; "words" are no mathematics."""
    how = element("nor") if style == "words" else _value("sty", style)
    made = element("t")
    made.text = text if text == _NOTHING else xml_text(text)
    made.set(_SPACE, "preserve")
    return element("r", element("rPr", how), made)


def _words(text: str) -> Element:
    return _run(text, "words")


def _delimited(parts: Elements, opening: str = "(", closing: str = ")") -> Element:
    """Brackets that grow with what they hold."""
    return element(
        "d",
        element("dPr", _value("begChr", opening), _value("endChr", closing), _value("grow", "1")),
        _holder("e", parts),
    )


def _part(expression: Expr, whole: int, *, first: bool = True) -> Elements:
    if isinstance(expression, Fraction) and whole == PRODUCT:
        return math(expression)
    parts = math(expression)
    return [_delimited(parts)] if bracketed(expression, whole, first=first) else parts


def _scripted(base: Elements, sub: Elements, sup: Elements) -> Elements:
    """A base with what stands below and above behind it."""
    if sub and sup:
        return [element("sSubSup", _holder("e", base), element("sub", *sub), element("sup", *sup))]
    if sub:
        return [element("sSub", _holder("e", base), element("sub", *sub))]
    return [element("sSup", _holder("e", base), element("sup", *sup))] if sup else base


def _symbol(symbol: Symbol, above: Elements | None = None) -> Elements:
    """A letter with its index and strokes; ``above`` stands behind those."""
    sup: Elements = [_run(_STROKES.get(symbol.primes, "′" * symbol.primes))] if symbol.primes else []
    if symbol.sup:
        sup.append(_run(f"({symbol.sup})", "i" if symbol.sup.isalpha() else "p"))
    sub = [_index(symbol.sub)] if symbol.sub else []
    return _scripted([_letter(symbol)], sub, sup + (above or []))


def _letter(symbol: Symbol) -> Element:
    """The letter with its weight and hat: single letters are italic unless bold, words are upright."""
    style = "b" if symbol.bold else "i" if len(symbol.base) == 1 else "words"
    letter = _run(symbol.base, style)
    return element("acc", element("accPr", _value("chr", "\u0302")), element("e", letter)) if symbol.hat else letter


def _index(words: str) -> Element:
    return _run(words.replace("-", "−"), "i" if len(words) == 1 and words.isalpha() else "p")


def _entry(entry: Entry) -> Elements:
    places = ",".join(map(str, entry.indices))
    array = entry.array
    if isinstance(array, Symbol) and not array.sub:
        return _symbol(Symbol(array.base, places, hat=array.hat, primes=array.primes, sup=array.sup))
    letters = math(array)
    if not isinstance(array, (Symbol, Partial, Function)):
        letters = [_delimited(letters)]
    return [*letters, _run(f"[{places}]")]


def _number(number: Number) -> Elements:
    mantissa, _, power = number.text.replace("-", "−").partition("e")
    return [_run(f"{mantissa}·"), *_scripted([_run("10")], [], [_run(power)])] if power else [_run(mantissa)]


def _joined(parts: Iterable[Elements], sign: str) -> Elements:
    """Parts with a sign between them."""
    found: Elements = []
    for i, part in enumerate(parts):
        found += [_run(sign), *part] if i else part
    return found


def _sum(total: Sum) -> Elements:
    found: Elements = []
    for i, (sign, term) in enumerate(signed_terms(total.terms)):
        found += [_run(sign)] if sign else []
        found += _part(term, STAR if sign == "−" else SUM, first=i == 0 and not sign)
    return found


def _product(product: Product) -> Elements:
    found: Elements = []
    for i, factor in enumerate(product.factors):
        if i:
            found.append(_run("·" if dotted(product.factors[i - 1], factor) else _THIN))
        found += _part(factor, PRODUCT, first=i == 0)
    return found


def _hadamard(product: Hadamard) -> Elements:
    return _joined((_part(f, ENTRYWISE, first=i == 0) for i, f in enumerate(product.factors)), "⊙")


def _over(above: Elements, below: Elements) -> Element:
    return element("f", _holder("num", above), _holder("den", below))


def _power(power: Power) -> Elements:
    return _raised(power.base, math(power.exponent))


def _raised(base: Expr, above: Elements) -> Elements:
    """A base with something above; the index of a letter without strokes stands below it."""
    if isinstance(base, Symbol) and not base.primes and not base.sup:
        return _symbol(base, above)
    return _scripted(_part(base, ATOM), [], above)


def _name(name: str | Symbol) -> Elements:
    return math(name) if isinstance(name, Symbol) else [_words(name)] if name else []


def _function(function: Function) -> Elements:
    name = _name(function.name)
    arguments = _joined(map(math, function.arguments), f"{separator(function.arguments)} ")
    if function.name != "ln" or bracketed(function.arguments[0], ATOM):
        arguments = [_delimited(arguments)]
    if not isinstance(function.name, str) or not name:
        return [*name, *arguments]
    return [element("func", element("fName", *name), element("e", *arguments))]


def _bracketed(part: Bracketed) -> Elements:
    """Brackets that open and close in different rows cannot grow with what they hold."""
    name, value = _name(part.name), math(part.value)
    if part.opens and part.closes:
        return [*name, _delimited(value)]
    # as words: LibreOffice takes a bracket without its other half for a mistake
    return [*name, *([_words("(")] if part.opens else []), *value, _words(")") if part.closes else _run(part.separator)]


def _partial(partial: Partial) -> Elements:
    fraction = _over([_run("∂"), *math(partial.of)], [_run("∂"), *math(partial.by)])
    return _through([fraction], partial.through)


def _gradient(gradient: Gradient) -> Elements:
    nabla = [*_scripted([_run("∇")], math(gradient.by), []), *math(gradient.of)]
    return _through(nabla, gradient.through)


def _through(parts: Elements, through: Expr | None) -> Elements:
    """A contribution: a bar behind, at whose foot stands through what it comes."""
    return parts if through is None else _scripted([_delimited(parts, "", "|")], math(through), [])


def _big_sum(total: BigSum) -> Elements:
    low = math(total.index) + ([_run("="), *math(total.lower)] if total.lower is not None else [])
    high = math(total.upper) if total.upper is not None else []
    how = element("naryPr", _value("chr", "∑"), _value("limLoc", "undOvr"), *([] if high else [_value("supHide", "1")]))
    return [
        element("nary", how, element("sub", *low), element("sup", *high), element("e", *_part(total.body, PRODUCT)))
    ]


def _grid(rows: Sequence[Sequence[Elements]], side: str) -> Element:
    """Rows and columns, entries at one side of their column."""
    column = element("mc", element("mcPr", _value("count", str(len(rows[0]))), _value("mcJc", side)))
    how = element("mPr", _value("baseJc", "center"), _value("plcHide", "1"), element("mcs", column))
    return element("m", how, *(element("mr", *(_holder("e", cell) for cell in row)) for row in rows))


def _matrix(matrix: Matrix) -> Elements:
    return [_delimited([_grid([[math(entry) for entry in row] for row in matrix.rows], "center")], "[", "]")]


def _stack(stack: Stack) -> Elements:
    return [_grid([[[_words(f"{label}: ")] if label else [], math(item)] for label, item in stack.items], "left")]


def _cases(cases: Cases) -> Elements:
    rows = [[math(value), _condition(when, cases.word)] for value, when in cases.branches]
    return [_delimited([_grid(rows, "left")], "{", "")]


def _condition(when: Expr, word: str) -> Elements:
    return math(when) if isinstance(when, Text) else [_words(f"{word} "), *math(when)]


def _root(root: Sqrt) -> Elements:
    return [element("rad", element("radPr", _value("degHide", "1")), element("deg"), element("e", *math(root.value)))]


_PRINTERS: dict[type[Expr], Callable[[Any], Elements]] = {
    Symbol: _symbol,
    Entry: _entry,
    Number: _number,
    Text: lambda t: [_words(t.text)],
    Negative: lambda n: [_run("−"), *_part(n.value, STAR, first=False)],
    Sum: _sum,
    Product: _product,
    Hadamard: _hadamard,
    Star: lambda s: [*_part(s.left, PRODUCT), _run("∗"), *_part(s.right, PRODUCT, first=False)],
    Fraction: lambda f: [_over(math(f.numerator), math(f.denominator))],
    Power: _power,
    Function: _function,
    Bracketed: _bracketed,
    Matrix: _matrix,
    Stack: _stack,
    Dots: lambda d: [_run(_DOTS[d.direction])],
    Transpose: lambda t: _raised(t.value, [_run("⊤")]),
    Partial: _partial,
    Gradient: _gradient,
    BigSum: _big_sum,
    Relation: lambda r: [*math(r.left), _run(r.sign), *math(r.right)],
    Cases: _cases,
    Sqrt: _root,
    Absolute: lambda a: [_delimited(math(a.value), "|", "|")],
    Highlight: lambda h: [
        element("bar", element("barPr", _value("pos", "bot")), _holder("e", math(h.value)))
    ],  # LibreOffice has no box
}
