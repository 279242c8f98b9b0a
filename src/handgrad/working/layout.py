"""Arrays on paper: a vector is a column, the examples of a batch stand side by side as columns.

Arrays of more axes are written as matrices one after another. What is long is left out in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from math import prod

from handgrad.notation.nodes import Dots, Expr, Matrix, Stack
from handgrad.ops.op import Shape

LONGEST = 10
"""Rows or columns of a matrix that are written out; of a longer one the first four and the last."""

MOST_MATRICES = 6
"""Matrices of a stack that are written out; of more the first four and the last."""

Cell = Callable[[int, Shape], Expr]
"""The expression at (example, index); both from 0."""


def places(count: int, longest: int = LONGEST) -> list[int | None]:
    """The places that are written out; None where some are left out."""
    if count <= longest:
        return list(range(count))
    return [0, 1, 2, 3, None, count - 1]


def shortens(shape: Shape, examples: int | None) -> bool:
    """Whether ``arrange`` leaves entries of such an array out."""
    if examples is not None:
        if len(shape) < 2:
            return max(*shape, examples) > LONGEST if shape else examples > LONGEST
        if examples > MOST_MATRICES:
            return True
    return any(n > LONGEST for n in shape[-2:]) or prod(shape[:-2]) > MOST_MATRICES


def arrange(shape: Shape, examples: int | None, cell: Cell) -> Expr:
    """An array of ``shape`` (for each of so many examples; None: no batch) written out cell by cell."""
    if examples is None:
        return _single(shape, lambda index: cell(0, index))
    match shape:
        case ():
            return matrix(1, examples, lambda _, n: cell(n, ()))
        case (rows,):
            return matrix(rows, examples, lambda i, n: cell(n, (i,)))
    items = [(f"example {n + 1}", n) if n is not None else ("", None) for n in places(examples, MOST_MATRICES)]
    stacked: list[tuple[str, Expr]] = []
    for label, n in items:
        if n is None:
            stacked.append(("", Dots("column")))
            continue
        one = _single(shape, partial(cell, n))
        stacked += (
            [(f"{label}, {inner}", part) for inner, part in one.items] if isinstance(one, Stack) else [(label, one)]
        )
    return Stack(tuple(stacked))


def _single(shape: Shape, cell: Callable[[Shape], Expr]) -> Expr:
    match shape:
        case ():
            return cell(())
        case (rows,):
            return matrix(rows, 1, lambda i, _: cell((i,)))
        case (rows, columns):
            return matrix(rows, columns, lambda i, j: cell((i, j)))
    outer = list(product(*(range(n) for n in shape[:-2])))
    parts: list[tuple[str, Expr]] = []
    for place in places(len(outer), MOST_MATRICES):
        if place is None:
            parts.append(("", Dots("column")))
            continue
        leading = outer[place]
        label = _label(leading)
        parts.append((label, matrix(shape[-2], shape[-1], partial(_within, cell, leading))))
    return Stack(tuple(parts))


def _within(cell: Callable[[Shape], Expr], leading: Shape, i: int, j: int) -> Expr:
    return cell((*leading, i, j))


def _label(leading: Shape) -> str:
    names = ("channel",) if len(leading) == 1 else ("out", "in") if len(leading) == 2 else ("axis",) * len(leading)
    return ", ".join(f"{name} {i + 1}" for name, i in zip(names, leading, strict=True))


def matrix(rows: int, columns: int, cell: Callable[[int, int], Expr]) -> Matrix:
    """A matrix written out, long ones with dots in the middle."""
    written = []
    for i in places(rows):
        row: list[Expr] = []
        for j in places(columns):
            if i is None:
                row.append(Dots("both" if j is None else "column"))
            else:
                row.append(Dots("row") if j is None else cell(i, j))
        written.append(tuple(row))
    return Matrix(tuple(written), (rows, columns))
