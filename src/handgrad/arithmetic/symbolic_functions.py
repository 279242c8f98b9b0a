"""The array API's functions over NumPy arrays of SymPy expressions: the ``xp`` of the symbolic arithmetic.

A symbol stands for a number in general: ``==`` holds for formulas that are the same, ``>`` stays open and
makes a choice by cases. The largest of several formulas is not known; what depends on it is refused, what
does not (a softmax that takes the largest entry off first) loses it again in ``settled``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import sympy

from handgrad.errors import DomainError

UNDECIDED = "cannot decide which of several formulas is the largest"


class SymbolicArray(np.ndarray[Any, Any]):
    """An array of expressions whose comparisons stay expressions."""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: Any = False) -> Any:  # noqa: FBT002  NumPy's
        del context, return_scalar
        return np.asarray(array, object).view(SymbolicArray)

    def __gt__(self, other: Any) -> SymbolicArray:
        return _map(partial(_compared, sympy.StrictGreaterThan), self, other)

    def __ge__(self, other: Any) -> SymbolicArray:
        return _map(partial(_compared, sympy.GreaterThan), self, other)

    def __lt__(self, other: Any) -> SymbolicArray:
        return _map(partial(_compared, sympy.StrictLessThan), self, other)

    def __le__(self, other: Any) -> SymbolicArray:
        return _map(partial(_compared, sympy.LessThan), self, other)

    def __eq__(self, other: object) -> SymbolicArray:  # type: ignore[override]  # entry by entry
        return _combine(operator.eq, self, other)

    def __ne__(self, other: object) -> SymbolicArray:  # type: ignore[override]  # entry by entry
        return _combine(operator.ne, self, other)

    __hash__ = None  # == compares entry by entry


def asarray(value: Any) -> SymbolicArray:
    """An expression, number, nested lists or array of them as an array of expressions."""
    if isinstance(value, SymbolicArray):
        return value
    plain = np.asarray(value, object)
    return _filled([_lifted(entry) for entry in plain.ravel().tolist()], plain.shape)


def _lifted(entry: Any) -> Any:
    return sympy.Rational(entry) if isinstance(entry, float) else sympy.sympify(entry, strict=True)


def _filled(entries: list[Any], shape: tuple[int, ...]) -> SymbolicArray:
    found = np.empty(len(entries), object)
    found[:] = entries
    return cast("SymbolicArray", found.reshape(shape).view(SymbolicArray))


def _map(rule: Callable[..., Any], *arrays: Any) -> SymbolicArray:
    spread = np.broadcast_arrays(*map(asarray, arrays), subok=False)
    rows = zip(*(array.ravel().tolist() for array in spread), strict=True)
    return _filled([rule(*entries) for entries in rows], spread[0].shape)


def _combine(rule: Callable[[Any, Any], Any], left: Any, right: Any) -> SymbolicArray:
    return _map(lambda a, b: sympy.sympify(rule(a, b)), left, right)


def _compared(kind: Any, a: Any, b: Any) -> Any:
    """A comparison, decided where that is quickly done: what is known of a long formula takes SymPy minutes."""
    difference = a - b
    if difference.free_symbols and size(difference, SMALL) == SMALL:
        return kind(a, b, evaluate=False)
    return kind(a, b)


def exp(x: SymbolicArray) -> SymbolicArray:
    """e^x, entry by entry."""
    return _map(sympy.exp, x)


def log(x: SymbolicArray) -> SymbolicArray:
    """ln x, entry by entry; DomainError where x is known not to be positive."""
    return _map(_log, x)


def _log(x: Any) -> Any:
    if x.is_nonpositive:
        message = "the logarithm of a number that is not positive"
        raise DomainError(message)
    return sympy.log(x)


def tanh(x: SymbolicArray) -> SymbolicArray:
    """tanh x, entry by entry."""
    return _map(sympy.tanh, x)


def sqrt(x: SymbolicArray) -> SymbolicArray:
    """√x, entry by entry; DomainError where x is known to be negative."""
    return _map(_sqrt, x)


def _sqrt(x: Any) -> Any:
    if x.is_negative:
        message = "the square root of a negative number"
        raise DomainError(message)
    return sympy.sqrt(x)


def abs(x: SymbolicArray) -> SymbolicArray:  # noqa: A001  the array API's name
    """|x|, entry by entry."""
    return _map(sympy.Abs, x)


def sin(x: SymbolicArray) -> SymbolicArray:
    """The sine, entry by entry."""
    return _map(sympy.sin, x)


def cos(x: SymbolicArray) -> SymbolicArray:
    """The cosine, entry by entry."""
    return _map(sympy.cos, x)


def erf(x: SymbolicArray) -> SymbolicArray:
    """The error function, entry by entry."""
    return _map(sympy.erf, x)


def expm1(x: SymbolicArray) -> SymbolicArray:
    """e^x − 1, entry by entry."""
    return _map(lambda entry: sympy.exp(entry) - 1, x)


def log1p(x: SymbolicArray) -> SymbolicArray:
    """ln(1 + x), entry by entry."""
    return _map(lambda entry: _log(1 + entry), x)


def power(x: SymbolicArray, p: Any) -> SymbolicArray:
    """x^p, entry by entry."""
    return _map(sympy.Pow, x, p)


def pi_like(x: SymbolicArray) -> SymbolicArray:
    """π in the shape of x."""
    return _filled([sympy.pi] * x.size, x.shape)


def where(condition: Any, yes: Any, no: Any) -> SymbolicArray:
    """``yes`` where the condition holds, else ``no``; a choice by cases where it is open."""
    return _map(_chosen, condition, yes, no)


def masked(x: Any, condition: Any) -> SymbolicArray:
    """x where the condition holds, else 0."""
    return where(condition, x, sympy.Integer(0))


def _chosen(condition: Any, yes: Any, no: Any) -> Any:
    if condition in (sympy.true, sympy.false):
        return yes if condition == sympy.true else no
    if yes == no:
        return yes
    if not (condition.has(sympy.Piecewise, sympy.Heaviside) and hasattr(condition, "gts")):
        return sympy.Piecewise((yes, condition), (no, True), evaluate=False)
    # a choice inside a condition would be multiplied out into all its cases; a step of height 1 is not
    strict = isinstance(condition, (sympy.StrictGreaterThan, sympy.StrictLessThan))
    return no + (yes - no) * sympy.Heaviside(condition.gts - condition.lts, 0 if strict else 1, evaluate=False)


def maximum(a: Any, b: Any) -> SymbolicArray:
    """The larger of a and b, entry by entry."""
    return where(asarray(a) >= asarray(b), a, b)


def minimum(a: Any, b: Any) -> SymbolicArray:
    """The smaller of a and b, entry by entry."""
    return where(asarray(a) <= asarray(b), a, b)


def sum(x: SymbolicArray, *, axis: Any = None, keepdims: bool = False) -> SymbolicArray:  # noqa: A001  the API's name
    """The sum over an axis, several axes or all."""
    return asarray(np.sum(x, axis=axis, keepdims=keepdims))


def _along(rule: Callable[[list[Any]], Any], x: SymbolicArray, axis: Any) -> SymbolicArray:
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = [one % x.ndim for one in axes] if x.ndim else []
    kept = [one for one in range(x.ndim) if one not in gone]
    runs = np.transpose(np.asarray(x), (*kept, *gone)).reshape(*(x.shape[one] for one in kept), -1)
    rows = runs.reshape(-1, runs.shape[-1]).tolist()
    return _filled([rule(row) for row in rows], runs.shape[:-1])


def max(x: SymbolicArray, *, axis: Any = None, keepdims: bool = False) -> SymbolicArray:  # noqa: A001  the API's name
    """The largest entry along an axis: of formulas an unnamed one, which ``settled`` must get rid of."""
    found = _along(_largest, x, axis)
    if not keepdims:
        return found
    gone = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return asarray(np.expand_dims(found, tuple(one % x.ndim for one in gone)))


def _largest(run: list[Any]) -> Any:
    place = _place(run)
    return sympy.log(sympy.Dummy("largest", positive=True)) if place is None else run[place]


def argmax(x: SymbolicArray, *, axis: int) -> SymbolicArray:
    """Where the largest entry stands, of equal ones the first; DomainError where that is not decided."""
    return _along(_first_largest, x, axis)


def _first_largest(run: list[Any]) -> Any:
    place = _place(run)
    if place is None:
        raise DomainError(UNDECIDED)
    return sympy.Integer(place)


def _place(run: list[Any]) -> int | None:
    place = 0
    for i, entry in enumerate(run):
        larger = _compared(sympy.StrictGreaterThan, entry, run[place]) if i else sympy.false
        if larger not in (sympy.true, sympy.false):
            return None
        place = i if larger == sympy.true else place
    return place


def settled(entry: Any) -> Any:
    """An expression without the unnamed largest one, and shorter where it is a small fraction."""
    if entry.has(sympy.Float):
        entry = sympy.nsimplify(entry, rational=True)
    if entry.has(sympy.Dummy):
        shallow = sympy.together(entry)
        entry = sympy.expand_log(sympy.together(entry, deep=True)) if shallow.has(sympy.Dummy) else shallow
        if entry.has(sympy.Dummy):
            raise DomainError(UNDECIDED)
    small = size(entry, SMALL) < SMALL
    if not small or not entry.free_symbols or not entry.is_rational_function(*entry.free_symbols):
        return entry
    if entry.has(sympy.Piecewise):
        return entry
    cancelled = sympy.cancel(entry)
    return min((entry, cancelled, sympy.factor(cancelled)), key=lambda form: size(form, 10 * SMALL))


SMALL = 60
"""Expressions of fewer nodes are brought to a shorter form."""


def size(entry: Any, most: int) -> int:
    """How many nodes an expression has, counted up to ``most``."""
    count, waiting = 0, [entry]
    while waiting and count < most:
        count += 1
        waiting += waiting.pop().args
    return count


def take(x: SymbolicArray, places: Any, *, axis: int) -> SymbolicArray:
    """The entries at ``places`` along an axis."""
    return asarray(np.take(x, [int(place) for place in places], axis=axis))


def reshape(x: SymbolicArray, shape: tuple[int, ...]) -> SymbolicArray:
    """The same entries in another shape; one length may be −1."""
    return asarray(np.reshape(x, shape))


def concat(arrays: list[SymbolicArray], *, axis: int) -> SymbolicArray:
    """Arrays joined along an axis."""
    return asarray(np.concatenate(arrays, axis=axis))


def permute_dims(x: SymbolicArray, axes: tuple[int, ...]) -> SymbolicArray:
    """The axes in another order."""
    return asarray(np.transpose(x, axes))


def matmul(left: SymbolicArray, right: SymbolicArray) -> SymbolicArray:
    """The product of the last two axes."""
    return asarray(left @ right)


def zeros_like(x: SymbolicArray) -> SymbolicArray:
    """Zeros in the shape of x."""
    return _filled([sympy.S.Zero] * x.size, x.shape)


def ones_like(x: SymbolicArray) -> SymbolicArray:
    """Ones in the shape of x."""
    return _filled([sympy.S.One] * x.size, x.shape)


def expand_dims(x: SymbolicArray, *, axis: int) -> SymbolicArray:
    """A new axis of length 1."""
    return asarray(np.expand_dims(x, axis))
