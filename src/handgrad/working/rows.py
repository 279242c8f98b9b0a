"""Vectors as rows: a formula that an op states for columns, as it stands on paper where vectors are rows.

W x + b becomes x Wᵀ + b, by the law of the transpose, (A B)ᵀ = Bᵀ Aᵀ. All else (sums, functions, products entry
by entry) goes over as it is, and so do arrays of two and more axes. Ops know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handgrad.notation.nodes import (
    BigSum,
    Dots,
    Entry,
    Expr,
    Function,
    Gradient,
    Number,
    Partial,
    Product,
    Symbol,
    Text,
    Transpose,
    transpose,
)


class Letter(Expr, frozen=True):
    """A letter of a rule, no single number: ``value`` as it is written; ``turned`` if that is the transpose."""

    value: Expr
    turned: bool


_SCALAR, _COLUMN, _ROW, _GRID, _FREE = range(5)
"""What a formula gives: a number, a column, a row, another array, or what fits (a function, a symbol of an op)."""


def in_rows(formula: Expr, *, turned: bool, grid: bool = False) -> Expr:
    """A formula of Letters as it is written.

    ``turned`` if its result is a row, not a column; ``grid`` if it has two axes or more.
    """

    def write(product: Product) -> Expr:
        if _of_rows(product, grid=grid):
            return Product(tuple(_as_stated(factor) for factor in product.factors))
        return _product(product, turned=turned)

    return _each(formula, write)


def _of_rows(product: Product, *, grid: bool) -> bool:
    """Whether an op takes its vectors for rows already: x A, and xᵀ y that is an array."""
    kinds = [kind for kind in map(_kind, product.factors) if kind != _SCALAR]
    return kinds == [_COLUMN, _GRID] or (grid and kinds == [_ROW, _COLUMN])


def _as_stated(factor: Expr) -> Expr:
    if isinstance(factor, Transpose):
        return transpose(_each(factor.value, _by_kind))
    return _each(factor, _by_kind)


def _each(formula: Expr, write: Callable[[Product], Expr]) -> Expr:
    """A formula whose Letters are written as they stand, and whose products are written in that way."""
    match formula:
        case Letter(value):
            return value
        case Product():
            return write(formula)
        case Transpose(Letter(value, turned)):
            return value if turned else transpose(value)
        case Number() | Symbol() | Text() | Dots() | Partial() | Gradient():
            return formula
        case Function() | Entry() | BigSum():
            # what a function reads has a shape of its own
            write = _by_kind
    return type(formula)(*(_inside(getattr(formula, name), write) for name in formula.__struct_fields__))


def _inside(part: Any, write: Callable[[Product], Expr]) -> Any:
    if isinstance(part, Expr):
        return _each(part, write)
    return tuple(_inside(one, write) for one in part) if isinstance(part, tuple) else part


def _by_kind(product: Product) -> Expr:
    return _product(product, turned=_kind(product) == _COLUMN)


def _product(product: Product, *, turned: bool) -> Expr:
    kinds = [_kind(factor) for factor in product.factors]
    if not _multiplies_matrices(kinds):
        return Product(tuple(_each(factor, _by_kind) for factor in product.factors))
    pairs = list(zip(product.factors, kinds, strict=True))
    scalars = [_each(factor, _by_kind) for factor, kind in pairs if kind == _SCALAR]
    arrays = [pair for pair in pairs if pair[1] != _SCALAR]
    if turned and _kind(product) != _SCALAR:
        return Product((*scalars, *(_factor(*pair, turned=True) for pair in reversed(arrays))))
    return Product((*scalars, *(_factor(*pair, turned=False) for pair in arrays)))


def _multiplies_matrices(kinds: list[int]) -> bool:
    """Whether there are two arrays, and not all of them columns, whose product is entry by entry."""
    arrays = [kind for kind in kinds if kind != _SCALAR]
    return len(arrays) > 1 and not all(kind in (_COLUMN, _FREE) for kind in arrays)


def _factor(factor: Expr, kind: int, *, turned: bool) -> Expr:
    """A factor of a product of matrices, or its transpose."""
    inner = factor.value if isinstance(factor, Transpose) else factor
    written = _each(inner, _by_kind)
    upright = kind in (_COLUMN, _ROW)
    # a column is written as a row, so that it is its transpose that needs no ᵀ
    return transpose(written) if (inner is not factor) != (turned != upright) else written


def _kind(formula: Expr) -> int:  # noqa: PLR0911  one case for each node
    match formula:
        case Letter(_, turned):
            return _COLUMN if turned else _GRID
        case Transpose(inner):
            return {_COLUMN: _ROW, _ROW: _COLUMN}.get(kind := _kind(inner), kind)
        case Symbol(base, _, bold):
            return _SCALAR if not bold else _COLUMN if base == "1" else _FREE
        case Function():
            return _FREE
        case Number() | Entry() | BigSum() | Partial() | Gradient() | Text() | Dots():
            return _SCALAR
        case Product(factors):
            return _kind_of_product([_kind(factor) for factor in factors])
    parts = [getattr(formula, name) for name in formula.__struct_fields__]
    kinds = [_kind(part) for part in _expressions(parts)]
    return next((kind for kind in (_GRID, _ROW, _COLUMN, _FREE) if kind in kinds), _SCALAR)


def _expressions(parts: Any) -> list[Expr]:
    if isinstance(parts, Expr):
        return [parts]
    return [one for part in parts for one in _expressions(part)] if isinstance(parts, (tuple, list)) else []


def _kind_of_product(kinds: list[int]) -> int:
    arrays = [kind for kind in kinds if kind != _SCALAR]
    if not _multiplies_matrices(kinds):
        return next((kind for kind in (_GRID, _COLUMN, _FREE) if kind in arrays), _SCALAR)
    first, last = arrays[0], arrays[-1]
    if last == _COLUMN:
        return _SCALAR if first == _ROW else _COLUMN
    return _ROW if first == _ROW else _GRID
