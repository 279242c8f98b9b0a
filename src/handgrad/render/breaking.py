"""What every renderer shares: where brackets stand, and how a long equation is broken into rows.

A renderer brings its own ``measure`` of an expression; widths are in its units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from handgrad.notation.document import Equation
from handgrad.notation.nodes import (
    Absolute,
    BigSum,
    Cases,
    Dots,
    Expr,
    Fraction,
    Function,
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
    Transpose,
)

Measure = Callable[[Expr], float]

RELATION, SUM, PRODUCT, POWER, ATOM = range(5)
"""How tightly an expression holds together."""


def tightness(expression: Expr) -> int:
    """How tightly an expression holds together: a looser part within a tighter whole is bracketed."""
    match expression:
        case Relation():
            return RELATION
        case Sum() | Negative():
            return SUM
        case Number():
            return SUM if expression.text.startswith("-") else PRODUCT if "e" in expression.text else ATOM
        case Product() | Hadamard() | Star() | Fraction() | BigSum():
            return PRODUCT
        case Power() | Transpose():
            return POWER
    return ATOM


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
        or (isinstance(right, (Number, Dots)) or isinstance(left, Dots))
    )


def _numeric(expression: Expr) -> bool:
    match expression:
        case Number():
            return True
        case Negative(inner) | Power(inner, _) | Absolute(inner) | Highlight(inner):
            return _numeric(inner) or inner == Symbol("e")
        case Fraction(p, q):
            return _numeric(p) and _numeric(q)
        case Function(name, arguments):
            return isinstance(name, str) and all(_numeric(argument) for argument in arguments)
        case Sum(terms) | Product(terms):
            return all(_numeric(term) or isinstance(term, Dots) for term in terms)
    return False


def signed_terms(terms: Sequence[Expr]) -> Iterator[tuple[str, Expr]]:
    """The terms of a sum as (sign, term): a Negative turns its plus into a minus; the first has no plus."""
    for i, term in enumerate(terms):
        if isinstance(term, Negative) and not isinstance(term.value, Sum):
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
        fitting = shrunk(part, room - gap, measure)
        size = measure(fitting) + gap
        if packed and used + size <= room:
            packed[-1].append((operator, fitting))
            used += size
        else:
            packed.append([(operator, fitting)])
            used = size
    return packed


def _parts(expression: Expr) -> list[tuple[str, Expr]]:
    """Where an expression may be broken: its top-level terms or factors, each with the operator before it."""
    match expression:
        case Sum(terms):
            return list(signed_terms(terms))
        case Product(factors):
            return [
                _factor(factors, i, "·" if i and dotted(factors[i - 1], factors[i]) else "")
                for i in range(len(factors))
            ]
        case Hadamard(factors):
            return [_factor(factors, i, "⊙" if i else "") for i in range(len(factors))]
        case Star(left, right):
            return [("", left), ("*", right)]
    return [("", expression)]


def _factor(factors: tuple[Expr, ...], i: int, operator: str) -> tuple[str, Expr]:
    factor = factors[i]
    return operator, Function("", (factor,)) if bracketed(factor, PRODUCT, first=i == 0) else factor


def shrunk(expression: Expr, room: float, measure: Measure) -> Expr:
    """An expression made to fit: columns, terms or arguments left out in the middle; dots alone at the last."""
    if measure(expression) <= room:
        return expression
    for smaller in _smaller(expression, room, measure):
        if measure(smaller) <= room:
            return smaller
    return Dots()


def _smaller(expression: Expr, room: float, measure: Measure) -> Iterator[Expr]:
    match expression:
        case Matrix():
            yield from _fewer_columns(expression, room, measure)
        case Stack(items):
            for share in (1.0, 0.85, 0.7, 0.55, 0.4):
                yield Stack(tuple((label, shrunk(item, room * share, measure)) for label, item in items))
        case Sum(terms):
            yield from (Sum(_fewer(terms, n)) for n in range(len(terms) - 1, 1, -1))
        case Product(factors):
            yield from (Product(_fewer(factors, n)) for n in range(len(factors) - 1, 1, -1))
        case Function(name, arguments):
            yield from (Function(name, _fewer(arguments, n)) for n in range(len(arguments) - 1, 0, -1))
            yield Function(name, tuple(shrunk(argument, room / 2, measure) for argument in arguments[:1]))
        case Fraction(p, q):
            yield Fraction(shrunk(p, room, measure), shrunk(q, room, measure))
            yield Fraction(shrunk(p, room / 3, measure), shrunk(q, room / 2, measure))
        case Negative(inner):
            yield Negative(shrunk(inner, room * 0.8, measure))
        case Cases(branches):
            yield Cases(tuple((shrunk(value, room / 2, measure), condition) for value, condition in branches))


def _fewer(items: tuple[Expr, ...], count: int) -> tuple[Expr, ...]:
    """The first ``count − 1`` items, dots, the last."""
    kept = [item for item in items if not isinstance(item, Dots)]
    return (*kept[: max(count - 1, 1)], Dots(), kept[-1])


def _fewer_columns(matrix: Matrix, room: float, measure: Measure) -> Iterator[Expr]:
    columns = list(zip(*matrix.rows, strict=True))
    kept = [column for column in columns if not _all_dots(column)]
    for count in range(len(kept) - 1, 0, -1):
        chosen = [*kept[:count], _dots_column(matrix), kept[-1]] if len(kept) > 1 else kept
        yield _of_columns(matrix, chosen)
    yield _of_columns(matrix, [kept[0], _dots_column(matrix)])
    narrow = [kept[0]] if len(kept) == 1 else [kept[0], _dots_column(matrix), kept[-1]]
    for share in (1.0, 0.8, 0.6, 0.4, 0.25):
        inner = room * share / len(narrow)
        yield _of_columns(matrix, [tuple(shrunk(entry, inner, measure) for entry in column) for column in narrow])


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
        case Negative(a) | Transpose(a) | Sqrt(a) | Absolute(a) | Highlight(a) | BigSum(a):
            return (a,)
    return ()
