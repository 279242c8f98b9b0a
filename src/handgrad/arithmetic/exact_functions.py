"""The array API's functions over ExactArray: the ``xp`` of the exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from flint import arb

from handgrad.arithmetic import real
from handgrad.arithmetic.exact_array import (
    ExactArray,
    Shape,
    asarray,
    broadcast,
    combine,
    common_shape,
    lanes,
    matmul,
    permute_dims,
)
from handgrad.arithmetic.real import Scalar

__all__ = ["asarray", "matmul", "permute_dims"]


def _map(rule: Callable[[Scalar], Scalar], x: ExactArray) -> ExactArray:
    return ExactArray([rule(entry) for entry in x.flat], x.shape)


def exp(x: ExactArray) -> ExactArray:
    """e^x, entry by entry."""
    return _map(real.exp, x)


def log(x: ExactArray) -> ExactArray:
    """ln x, entry by entry; DomainError where x is not positive."""
    return _map(real.log, x)


def expm1(x: ExactArray) -> ExactArray:
    """e^x − 1, entry by entry."""
    return _map(real.expm1, x)


def log1p(x: ExactArray) -> ExactArray:
    """ln(1 + x), entry by entry; DomainError where 1 + x is not positive."""
    return _map(real.log1p, x)


def erf(x: ExactArray) -> ExactArray:
    """The error function, entry by entry."""
    return _map(real.erf, x)


def sin(x: ExactArray) -> ExactArray:
    """The sine, entry by entry."""
    return _map(real.sin, x)


def cos(x: ExactArray) -> ExactArray:
    """The cosine, entry by entry."""
    return _map(real.cos, x)


def power(x: ExactArray, p: Any) -> ExactArray:
    """x^p, entry by entry; DomainError where there is none."""
    return combine(real.power, x, p)


def pi_like(x: ExactArray) -> ExactArray:
    """π in the shape of x."""
    return ExactArray([real.pi()] * len(x.flat), x.shape)


def tanh(x: ExactArray) -> ExactArray:
    """tanh x, entry by entry."""
    return _map(real.tanh, x)


def sqrt(x: ExactArray) -> ExactArray:
    """√x, entry by entry; DomainError where x is negative."""
    return _map(real.sqrt, x)


def abs(x: ExactArray) -> ExactArray:  # noqa: A001  the array API's name
    """|x|, entry by entry."""
    return _map(real.absolute, x)


def where(condition: ExactArray, yes: Any, no: Any) -> ExactArray:
    """``yes`` where the condition holds, else ``no``."""
    a, b = asarray(yes), asarray(no)
    shape = common_shape(common_shape(condition.shape, a.shape), b.shape)
    picked = zip(broadcast(condition, shape), broadcast(a, shape), broadcast(b, shape), strict=True)
    return ExactArray([y if holds else n for holds, y, n in picked], shape)


def masked(x: ExactArray, condition: ExactArray) -> ExactArray:
    """x where the condition holds, else 0."""
    return where(condition, x, real.ZERO)


def maximum(a: Any, b: Any) -> ExactArray:
    """The larger of a and b, entry by entry."""
    a, b = asarray(a), asarray(b)
    return where(a >= b, a, b)


def minimum(a: Any, b: Any) -> ExactArray:
    """The smaller of a and b, entry by entry."""
    a, b = asarray(a), asarray(b)
    return where(a <= b, a, b)


def _reduce(rule: Callable[[list[Scalar]], Scalar], x: ExactArray, axis: Any, *, keepdims: bool) -> ExactArray:
    if axis is None:
        return ExactArray([rule(x.flat)], (1,) * x.ndim if keepdims else ())
    if isinstance(axis, tuple):
        for one in sorted((a % x.ndim for a in axis), reverse=True):
            x = _reduce(rule, x, one, keepdims=keepdims)
        return x
    runs, shape = lanes(x, axis)
    axis %= x.ndim
    return ExactArray([rule(run) for run in runs], (*shape[:axis], 1, *shape[axis:]) if keepdims else shape)


def sum(x: ExactArray, *, axis: Any = None, keepdims: bool = False) -> ExactArray:  # noqa: A001  the API's name
    """The sum over an axis, several axes or all."""
    return _reduce(_total, x, axis, keepdims=keepdims)


def _total(run: list[Scalar]) -> Scalar:
    total = real.ZERO
    for entry in run:
        total = total + entry
    return total


def max(x: ExactArray, *, axis: Any = None, keepdims: bool = False) -> ExactArray:  # noqa: A001  the API's name
    """The largest entry along an axis; of balls that overlap, a ball that holds the largest."""
    return _reduce(_largest, x, axis, keepdims=keepdims)


def _largest(run: list[Scalar]) -> Scalar:
    best = run[0]
    for entry in run[1:]:
        if entry > best:
            best = entry
        elif not best >= entry:
            best = arb(best).max(arb(entry))
    return best


def argmax(x: ExactArray, *, axis: int) -> ExactArray:
    """Where the largest entry stands along an axis, counted from 0; of equal ones the first."""
    runs, shape = lanes(x, axis)
    return ExactArray([_first_largest(run) for run in runs], shape)


def _first_largest(run: list[Scalar]) -> int:
    place = 0
    for i, entry in enumerate(run):
        if i and real.sign(entry - run[place]) > 0:
            place = i
    return place


def take(x: ExactArray, places: Any, *, axis: int) -> ExactArray:
    """The entries at ``places`` (one axis of integers) along an axis."""
    axis %= x.ndim
    inner = prod(x.shape[axis + 1 :])
    length = x.shape[axis]
    flat: list[Scalar] = []
    for outer in range(prod(x.shape[:axis])):
        base = outer * length * inner
        for place in places:
            start = base + place * inner
            flat += x.flat[start : start + inner]
    return ExactArray(flat, (*x.shape[:axis], len(places), *x.shape[axis + 1 :]))


def reshape(x: ExactArray, shape: Shape) -> ExactArray:
    """The same entries in another shape; one length may be −1."""
    if -1 in shape:
        rest = -prod(shape)
        shape = tuple(len(x.flat) // rest if length == -1 else length for length in shape)
    return ExactArray(x.flat, shape)


def concat(arrays: list[ExactArray], *, axis: int) -> ExactArray:
    """Arrays joined along an axis."""
    axis %= arrays[0].ndim
    flat: list[Scalar] = []
    for outer in range(prod(arrays[0].shape[:axis])):
        for array in arrays:
            run = prod(array.shape[axis:])
            flat += array.flat[outer * run : (outer + 1) * run]
    shape = list(arrays[0].shape)
    shape[axis] = _lengths(arrays, axis)
    return ExactArray(flat, tuple(shape))


def _lengths(arrays: list[ExactArray], axis: int) -> int:
    total = 0
    for array in arrays:
        total += array.shape[axis]
    return total


def zeros_like(x: ExactArray) -> ExactArray:
    """Zeros in the shape of x."""
    return ExactArray([real.ZERO] * len(x.flat), x.shape)


def ones_like(x: ExactArray) -> ExactArray:
    """Ones in the shape of x."""
    return ExactArray([real.ONE] * len(x.flat), x.shape)


def expand_dims(x: ExactArray, *, axis: int) -> ExactArray:
    """A new axis of length 1."""
    axis %= x.ndim + 1
    return ExactArray(x.flat, (*x.shape[:axis], 1, *x.shape[axis:]))
