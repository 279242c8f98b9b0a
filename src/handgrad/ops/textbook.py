"""Pieces that several textbook forms are built of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from handgrad.notation.nodes import BigSum, Dots, Entry, Expr, Fraction, Number, Symbol, add, product

LONGEST_SUM = 8
"""Terms of a sum that are written out; a longer one shows its first three, dots and its last."""

Term = Callable[[int], Expr]
"""The term at a place, counted from 0."""

Elision = Callable[[int, Term], tuple[Expr, ...]]
"""How many terms a long sum has, and its terms -> what is written of it."""


def elided_sum(count: int, term: Term) -> Expr:
    """term(0) + term(1) + …, dots in the middle when there are many; 0 when there are none."""
    if count == 0:
        return Number("0", 0)
    if count <= LONGEST_SUM:
        return add(*map(term, range(count)))
    for found in _watching:
        found.append((count, term))
    return add(*_elision.get()(count, term))


_watching: list[list[tuple[int, Term]]] = []


@contextmanager
def long_sums() -> Iterator[list[tuple[int, Term]]]:
    """The sums that are elided meanwhile: how many terms each has, and its terms."""
    found: list[tuple[int, Term]] = []
    _watching.append(found)
    try:
        yield found
    finally:
        _watching.remove(found)


def elided(count: int, item: Term) -> tuple[Expr, ...]:
    """item(0), item(1), …, dots in the middle when there are many."""
    if count <= LONGEST_SUM:
        return tuple(item(i) for i in range(count))
    return (item(0), item(1), item(2), Dots(), item(count - 1))


_elision: ContextVar[Elision] = ContextVar("elision", default=elided)


@contextmanager
def elided_by(elision: Elision) -> Iterator[None]:
    """Long sums are written that way meanwhile."""
    token = _elision.set(elision)
    try:
        yield
    finally:
        _elision.reset(token)


def weigh(dL: Expr, expression: Expr) -> Expr:
    """The weight of an example times an expression; a weight of 1 is not written."""
    return expression if isinstance(dL, Number) and dL.text == "1" else product(dL, expression)


def sum_over(index: str, body: Expr) -> BigSum:
    """Σ of body over a letter."""
    return BigSum(body, Symbol(index))


def at(array: Expr, *indices: int | str) -> Entry:
    """An entry of an array by letters, or by places from 1."""
    return Entry(array, indices)


def one_over(count: int) -> Expr:
    """1/n."""
    return Fraction(Number("1", 1), Number(str(count), count))


def described(shape: tuple[int, ...]) -> str:
    """A shape in words: "a single number", "a vector of 3", "a 2×3 matrix", "shape [2, 3, 4]"."""
    match shape:
        case ():
            return "a single number"
        case (n,):
            return f"a vector of {n}"
        case (m, n):
            return f"a {m}×{n} matrix"
    return f"shape {list(shape)}"
