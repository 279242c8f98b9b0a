"""What every renderer shares: where brackets stand, and how a long equation is broken into rows.

A renderer brings its own ``measure`` of an expression; widths are in its units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from handgrad.notation.document import Equation, Span, Table
from handgrad.notation.nodes import (
    Absolute,
    BigSum,
    Cases,
    Dots,
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
    leaves_out,
    separator,
)

Measure = Callable[[Expr], float]

RELATION, SUM, STAR, ENTRYWISE, PRODUCT, POWER, ATOM = range(7)
"""How tightly an expression holds together."""


class Bracketed(Expr, frozen=True):
    """A bracketed part of a broken equation: a factor, or one argument of the function ``name``.

    A function broken at its commas opens its bracket with the first argument and closes it with the last.
    """

    name: str | Symbol
    value: Expr
    opens: bool = True
    closes: bool = True
    separator: str = ","


_TIGHTNESS: dict[type[Expr], int] = {
    Relation: RELATION,
    Sum: SUM,
    Negative: SUM,
    Star: STAR,
    Hadamard: ENTRYWISE,
    Product: PRODUCT,
    Fraction: PRODUCT,
    BigSum: PRODUCT,
    Partial: PRODUCT,
    Gradient: PRODUCT,
    Power: POWER,
    Transpose: POWER,
}


def tightness(expression: Expr) -> int:
    """How tightly an expression holds together: a looser part within a tighter whole is bracketed."""
    if isinstance(expression, Number):
        return SUM if expression.text.startswith("-") else PRODUCT if "e" in expression.text else ATOM
    return _TIGHTNESS.get(type(expression), ATOM)


def bracketed(part: Expr, whole: int, *, first: bool = True) -> bool:
    """Whether ``part`` needs brackets inside a whole of that tightness; a sign is bracketed unless it stands first."""
    held = tightness(part)
    if whole == SUM:
        return held == RELATION or (not first and negative_start(part))
    if held == SUM and first and negative_start(part) and not isinstance(part, Sum):
        return whole > PRODUCT
    return held < whole


def negative_start(part: Expr) -> bool:
    """Whether an expression is printed with a minus sign in front."""
    match part:
        case Negative():
            return True
        case Number(text):
            return text.startswith("-")
        case Sum((head, *_)) | Product((head, *_)) | Hadamard((head, *_)):
            return negative_start(head)
    return False


def dotted(left: Expr, right: Expr) -> bool:
    """Whether a dot stands between two factors: wherever a number meets a number or a bracket."""
    return (
        (_numeric(left) and (_numeric(right) or isinstance(right, (Sum, Dots))))
        or (_numeric(right) and isinstance(left, (Sum, Dots)))
        or (isinstance(right, (Number, Dots)) or (isinstance(left, Dots) and not isinstance(right, Text)))
        or (isinstance(right, Fraction) and _numeric(right))
    )


def _numeric(expression: Expr) -> bool:
    match expression:
        case Number() | Sqrt():
            return isinstance(expression, Number) or _of_numbers(expression.value)
        case Negative(inner) | Power(inner, _) | Absolute(inner) | Highlight(inner):
            return _numeric(inner) or inner == Symbol("e")
        case Fraction(p, q):
            return _numeric(p) and _numeric(q)
        case Function(name, arguments):
            return isinstance(name, str) and all(_numeric(argument) for argument in arguments)
        case Sum(terms) | Product(terms):
            return all(_numeric(term) or leaves_out(term) for term in terms)
    return False


def _of_numbers(expression: Expr) -> bool:
    """Whether an expression is of numbers and π alone."""
    match expression:
        case Product(parts):
            return all(map(_of_numbers, parts))
        case Fraction(p, q):
            return _of_numbers(p) and _of_numbers(q)
    return expression == Symbol("π") or _numeric(expression)


def signed_terms(terms: Sequence[Expr]) -> Iterator[tuple[str, Expr]]:
    """The terms of a sum as (sign, term): a Negative turns its plus into a minus; the first has no plus."""
    for i, term in enumerate(terms):
        if isinstance(term, Negative):
            yield "−", term.value
        else:
            yield "+" if i else "", term


class Row(Struct, frozen=True):
    """A row of a broken equation: the sign it starts with ("" for a continuation) and parts with their operators."""

    sign: str
    parts: tuple[tuple[str, Expr], ...]


def rows(equation: Equation, width: float, measure: Measure, gap: float) -> list[Row]:
    """The rows of an equation; ``gap`` is the room an operator or sign takes.

    All in one row where that fits; else a row for each "= expression", broken further at its operators.
    """
    left = measure(equation.left)
    whole = left + sum(gap + measure(line.expression) for line in equation.lines)
    if whole <= width:
        return [Row(line.sign, (("", line.expression),)) for line in equation.lines[:1]] + [
            Row("…" + line.sign, (("", line.expression),)) for line in equation.lines[1:]
        ]
    room = max(width - left - gap, width / 2)
    found: list[Row] = []
    for line in equation.lines:
        for i, parts in enumerate(_packed(line.expression, room, measure, gap)):
            found.append(Row("" if i else line.sign, tuple(parts)))
    return found


def _packed(expression: Expr, room: float, measure: Measure, gap: float) -> list[list[tuple[str, Expr]]]:
    """An expression as rows of parts that fit."""
    if measure(expression) <= room:
        return [[("", expression)]]
    packed: list[list[tuple[str, Expr]]] = []
    used = 0.0
    for operator, part in _parts(expression):
        joint = gap if operator or packed else 0.0
        fitting = shrunk(part, room - joint, measure)
        size = measure(fitting) + joint
        if packed and used + size <= room:
            packed[-1].append((operator, fitting))
            used += size
        else:
            packed.append([(operator, fitting)])
            used = size
    return packed


def _parts(expression: Expr) -> list[tuple[str, Expr]]:
    """Where an expression may be broken: its top-level terms, factors or arguments, each after its operator."""
    match expression:
        case Sum(terms):
            return [(sign, _term(term, sign, first=not i)) for i, (sign, term) in enumerate(signed_terms(terms))]
        case Product(factors):
            joints = ("", *("·" if dotted(a, b) else "" for a, b in pairwise(factors)))
            return _factors(factors, joints, PRODUCT)
        case Hadamard(factors):
            return _factors(factors, ("", *("⊙" for _ in factors[1:])), ENTRYWISE)
        case Star(left, right):
            return _factors((left, right), ("", "*"), PRODUCT)
        case Negative(Product() | Hadamard() | Star() as inner):
            (_, head), *rest = _parts(inner)
            return [("−", _held(head, STAR, first=False)), *rest]
    return _arguments(expression)


def _arguments(expression: Expr) -> list[tuple[str, Expr]]:
    """A function in pieces, one for each argument; anything else in one piece."""
    if not isinstance(expression, Function) or len(expression.arguments) == 1:
        return [("", expression)]
    last, comma = len(expression.arguments) - 1, separator(expression.arguments)
    return [
        ("", Bracketed("" if i else expression.name, argument, opens=i == 0, closes=i == last, separator=comma))
        for i, argument in enumerate(expression.arguments)
    ]


def _term(term: Expr, sign: str, *, first: bool) -> Expr:
    return _held(term, STAR if sign == "−" else SUM, first=first and not sign)


def _factors(factors: tuple[Expr, ...], joints: tuple[str, ...], whole: int) -> list[tuple[str, Expr]]:
    return [
        (joint, _held(factor, whole, first=i == 0))
        for i, (joint, factor) in enumerate(zip(joints, factors, strict=True))
    ]


def _held(part: Expr, whole: int, *, first: bool) -> Expr:
    return Bracketed("", part) if bracketed(part, whole, first=first) else part


def shrunk(expression: Expr, room: float, measure: Measure) -> Expr:
    """An expression made to fit: columns, terms or arguments left out in the middle; dots alone at the last."""
    if measure(expression) <= room:
        return expression
    if room >= _FEWEST * measure(Dots()):
        for smaller in _smaller(expression, room, measure):
            if measure(smaller) <= room:
                return smaller
    return Dots()


_FEWEST = 3
"""In less room than so many dots nothing but dots is shown."""


def _smaller(expression: Expr, room: float, measure: Measure) -> Iterator[Expr]:  # noqa: C901  one case for each node
    match expression:
        case Matrix():
            yield from _fewer_columns(expression, room, measure)
        case Stack(items):
            for share in _SHARES:
                yield Stack(tuple((label, shrunk(item, room * share, measure)) for label, item in items))
        case Sum(parts) | Product(parts) | Hadamard(parts) if len(parts) > _PAIR:
            kind = type(expression)
            yield _most(kind, parts, room, measure)
            if isinstance(parts[-1], Product) and leaves_out(parts[-1]):  # how many there are is kept to the last
                yield kind((parts[0], parts[-1]))
        case Function(name, arguments) if len(arguments) > 1:
            yield _most(lambda kept: Function(name, kept), arguments, room, measure)
        case Sum(parts) | Product(parts) | Hadamard(parts):
            kind = type(expression)
            yield from (kind(_shares(parts, room * share, measure)) for share in _SHARES)
        case Fraction(p, q):
            yield Fraction(shrunk(p, room, measure), shrunk(q, room, measure))
            yield Fraction(shrunk(p, room / 3, measure), shrunk(q, room / 2, measure))
        case Star(a, b):
            yield from (Star(*_shares((a, b), room * share, measure)) for share in _SHARES)
        case Relation(a, sign, b):
            yield from (Relation(x, sign, y) for x, y in (_shares((a, b), room * share, measure) for share in _SHARES))
        case Cases(branches):
            yield Cases(tuple((shrunk(value, room / 2, measure), condition) for value, condition in branches))
        case _:
            yield from _smaller_inside(expression, room, measure)


def _most(make: Callable[[tuple[Expr, ...]], Expr], parts: tuple[Expr, ...], room: float, measure: Measure) -> Expr:
    """As many of the parts as fit, dots in the place of those left out."""
    fits = _largest(len(parts) - 1, lambda count: measure(make(_fewer(parts, count))) <= room)
    return make(_fewer(parts, fits))


def _largest(high: int, fits: Callable[[int], bool]) -> int:
    """The largest count up to ``high`` that fits, found by halving; 1 if none does."""
    low = 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _smaller_inside(expression: Expr, room: float, measure: Measure) -> Iterator[Expr]:
    """An expression that holds one other, which gives way."""
    match expression:
        case Function(_, (value,)) | Power(value, _) | BigSum(value):
            field = {Function: "arguments", Power: "base", BigSum: "body"}[type(expression)]
        case Bracketed() | Negative() | Transpose() | Sqrt() | Absolute() | Highlight():
            field, value = "value", expression.value
        case _:
            return

    def around(inner: Expr) -> Expr:
        return replace(expression, **{field: (inner,) if field == "arguments" else inner})

    rest = measure(around(Dots())) - measure(Dots())
    for share in _SHARES:
        yield around(shrunk(value, (room - rest) * share, measure))


_SHARES = (1.0, 0.75, 0.5)
"""What a part is given of its room, tried one after another: its brackets and joints take some too."""

_PAIR = 2
"""So few parts are not left out but shrunk."""


def _shares(parts: Sequence[Expr], room: float, measure: Measure) -> tuple[Expr, ...]:
    """Two parts in a room: the narrower keeps its width where that leaves half the room, else each has half."""
    widths = [measure(part) for part in parts]
    half = room / len(parts)
    spare = sum(max(half - width, 0) for width in widths)
    return tuple(shrunk(part, half + spare, measure) for part in parts)


def _fewer(items: tuple[Expr, ...], count: int) -> tuple[Expr, ...]:
    """The first ``count − 1`` items, dots, the last; dots that say how much there is stay at the end."""
    kept = [item for item in items if not leaves_out(item)]
    said = () if isinstance(items[-1], Dots) or not leaves_out(items[-1]) else items[-1:]
    return (*kept[: max(count - 1, 1)], Dots(), kept[-1], *said)


def _fewer_columns(matrix: Matrix, room: float, measure: Measure) -> Iterator[Expr]:
    columns = list(zip(*matrix.rows, strict=True))
    kept = [column for column in columns if not _all_dots(column)]
    if len(kept) > 1:

        def keeping(count: int) -> Matrix:
            return _of_columns(matrix, [*kept[:count], _dots_column(matrix), kept[-1]])

        yield keeping(_largest(len(kept) - 1, lambda count: measure(keeping(count)) <= room))
    # a first column written out in full says more than two whose entries are cut
    beyond = [_dots_column(matrix)] if len(kept) > 1 else []
    yield _of_columns(matrix, [kept[0], *beyond])
    rest = measure(_of_columns(matrix, [_dots_column(matrix), *beyond])) - measure(Dots())
    for share in _SHARES:
        first = tuple(shrunk(entry, (room - rest) * share, measure) for entry in kept[0])
        yield _of_columns(matrix, [first, *beyond])


def _of_columns(matrix: Matrix, columns: Sequence[tuple[Expr, ...]]) -> Matrix:
    return Matrix(tuple(zip(*columns, strict=True)), matrix.shape)


def _all_dots(column: tuple[Expr, ...]) -> bool:
    return all(isinstance(entry, Dots) for entry in column)


def _dots_column(matrix: Matrix) -> tuple[Expr, ...]:
    return tuple(Dots("both" if isinstance(row[0], Dots) else "row") for row in matrix.rows)


def children(expression: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside one."""
    match expression:
        case Sum(parts) | Product(parts) | Hadamard(parts) | Function(_, parts):
            return parts
        case Star(a, b) | Fraction(a, b) | Power(a, b) | Partial(a, b) | Relation(a, _, b):
            return (a, b)
        case Negative(a) | Transpose(a) | Sqrt(a) | Absolute(a) | Highlight(a) | BigSum(a) | Bracketed(_, a):
            return (a,)
    return ()


def numeric_columns(table: Table) -> list[bool]:
    """For each column of a table whether its entries are numbers, which stand at the right; some may be left out."""
    columns = [[row[i] for row in table.rows if row[i] != ""] for i in range(len(table.header))]
    return [bool(column) and all(map(_is_number, column)) for column in columns]


def _is_number(span: Span) -> bool:
    match span:
        case Negative(inner):
            return _is_number(inner)
        case Fraction(Number(), Number()) | Number():
            return True
    return False
