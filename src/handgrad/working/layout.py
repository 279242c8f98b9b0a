"""Arrays on paper: a vector is a column, the examples of a batch stand side by side as columns.

Where vectors are rows, Board.arrange turns what is written here.

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

LABELS = ("example {n}", "channel {n}", "out {n}", "in {n}", "axis {n}")
"""The words of labels; see ``notation.words``."""

Label = Callable[[str, int], str]
"""What is written for one of LABELS and a place from 0."""


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


def arrange(shape: Shape, examples: int | None, cell: Cell, label: Label) -> Expr:
    """An array of ``shape`` (for each of so many examples; None: no batch) written out cell by cell."""
    if examples is None:
        return _single(shape, lambda index: cell(0, index), label)
    match shape:
        case ():
            return matrix(1, examples, lambda _, n: cell(n, ()))
        case (rows,):
            return matrix(rows, examples, lambda i, n: cell(n, (i,)))
    stacked: list[tuple[str, Expr]] = []
    for n in places(examples, MOST_MATRICES):
        if n is None:
            stacked.append(("", Dots("column")))
            continue
        one, head = _single(shape, partial(cell, n), label), label("example {n}", n)
        stacked += (
            [(f"{head}, {inner}", part) for inner, part in one.items] if isinstance(one, Stack) else [(head, one)]
        )
    return Stack(tuple(stacked))


def _single(shape: Shape, cell: Callable[[Shape], Expr], label: Label) -> Expr:
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
        head = ", ".join(label(words, i) for words, i in zip(_named(len(leading)), leading, strict=True))
        parts.append((head, matrix(shape[-2], shape[-1], partial(_within, cell, leading))))
    return Stack(tuple(parts))


def _within(cell: Callable[[Shape], Expr], leading: Shape, i: int, j: int) -> Expr:
    return cell((*leading, i, j))


def _named(axes: int) -> tuple[str, ...]:
    return ("channel {n}",) if axes == 1 else ("out {n}", "in {n}") if axes == 2 else ("axis {n}",) * axes


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
