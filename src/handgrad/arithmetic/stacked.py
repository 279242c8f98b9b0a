"""Stacks: many arrays of one shape at once, what is done to the stack being done to each of them.

A rule run on stacks runs once for all of them, in one call of NumPy for each of its operations. No rule sees
the axis along which they are stacked: axes, shapes and indices are those of one array. Arrays that are no
stack are the same for all. Source: vmap of Bradbury et al., JAX (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from handgrad.arithmetic import float_functions

Floats = np.ndarray[Any, Any]


class Stack:
    """``arrays`` [n][…]: so many arrays, one after the other along the first axis."""

    __slots__ = ("arrays",)
    __array_ufunc__ = None

    def __init__(self, arrays: Floats) -> None:
        self.arrays = arrays

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of each."""
        shape: tuple[int, ...] = self.arrays.shape[1:]
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes of each."""
        return self.arrays.ndim - 1

    @property
    def mT(self) -> Stack:
        """The last two axes exchanged."""
        return Stack(self.arrays.mT)

    def __getitem__(self, key: Any) -> Stack:
        return Stack(self.arrays[(slice(None), *(key if isinstance(key, tuple) else (key,)))])

    def __neg__(self) -> Stack:
        return Stack(-self.arrays)

    def __add__(self, other: Any) -> Stack:
        return _joined(np.add, self, other)

    def __radd__(self, other: Any) -> Stack:
        return _joined(np.add, other, self)

    def __sub__(self, other: Any) -> Stack:
        return _joined(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Stack:
        return _joined(np.subtract, other, self)

    def __mul__(self, other: Any) -> Stack:
        return _joined(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Stack:
        return _joined(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Stack:
        return _joined(np.divide, self, other)

    def __rtruediv__(self, other: Any) -> Stack:
        return _joined(np.divide, other, self)

    def __pow__(self, exponent: int) -> Stack:
        return Stack(self.arrays**exponent)

    def __matmul__(self, other: Any) -> Stack:
        return _joined(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Stack:
        return _joined(np.matmul, other, self)

    def __gt__(self, other: Any) -> Stack:
        return _joined(np.greater, self, other)

    def __ge__(self, other: Any) -> Stack:
        return _joined(np.greater_equal, self, other)

    def __lt__(self, other: Any) -> Stack:
        return _joined(np.less, self, other)

    def __le__(self, other: Any) -> Stack:
        return _joined(np.less_equal, self, other)

    def __eq__(self, other: object) -> Any:
        return _joined(np.equal, self, other)

    def __ne__(self, other: object) -> Any:
        return _joined(np.not_equal, self, other)

    def all(self) -> bool:
        """Whether it holds for every entry of every array."""
        return bool(self.arrays.all())

    __hash__ = None  # type: ignore[assignment]  # == compares entry by entry


def _joined(function: Callable[..., Floats], *arrays: Any) -> Stack:
    """A function of arrays that are broadcast against each other, each of a stack by itself."""
    most = max(getattr(array, "ndim", 0) for array in arrays)
    return Stack(function(*(_lifted(array, most) for array in arrays)))


def _lifted(array: Any, ndim: int) -> Any:
    """The arrays of a stack with so many axes each, new ones before their own."""
    if not isinstance(array, Stack):
        return array
    missing = ndim - array.ndim
    stacked = array.arrays
    return stacked if missing <= 0 else stacked.reshape(len(stacked), *(1,) * missing, *stacked.shape[1:])


def _after(axis: Any) -> Any:
    """An axis (or several) of each array as one of the stack."""
    if isinstance(axis, tuple):
        return tuple(_after(one) for one in axis)
    return axis + 1 if axis >= 0 else axis


def _along(function: Callable[..., Floats]) -> Callable[..., Any]:
    """A function along an axis, or over all of them."""

    def taken(x: Any, *, axis: Any = None, **keywords: Any) -> Any:
        if not isinstance(x, Stack):
            return function(x, axis=axis, **keywords)
        axes = tuple(range(1, x.arrays.ndim)) if axis is None else _after(axis)
        return Stack(function(x.arrays, axis=axes, **keywords))

    return taken


def _entrywise(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of each entry by itself."""

    def taken(*arrays: Any) -> Any:
        stacked = any(isinstance(array, Stack) for array in arrays)
        return _joined(function, *arrays) if stacked else function(*arrays)

    return taken


def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    return Stack(x.arrays.reshape(len(x.arrays), *shape)) if isinstance(x, Stack) else np.reshape(x, shape)


def _permute_dims(x: Any, axes: tuple[int, ...]) -> Any:
    if not isinstance(x, Stack):
        return np.permute_dims(x, axes)
    return Stack(np.permute_dims(x.arrays, (0, *_after(tuple(axes)))))


def _expand_dims(x: Any, *, axis: int) -> Any:
    return Stack(np.expand_dims(x.arrays, axis=_after(axis))) if isinstance(x, Stack) else np.expand_dims(x, axis=axis)


def _take(x: Any, indices: Any, *, axis: int) -> Any:
    if not isinstance(x, Stack):
        return np.take(x, indices, axis=axis)
    return Stack(np.take(x.arrays, indices, axis=_after(axis)))


def _concat(arrays: Sequence[Any], *, axis: int) -> Any:
    count = next((len(array.arrays) for array in arrays if isinstance(array, Stack)), None)
    if count is None:
        return np.concat(list(arrays), axis=axis)
    each = [
        array.arrays if isinstance(array, Stack) else np.broadcast_to(array, (count, *array.shape)) for array in arrays
    ]
    return Stack(np.concat(each, axis=_after(axis)))


_ENTRYWISE = (
    "exp", "log", "tanh", "sqrt", "abs", "expm1", "log1p", "erf", "sin", "cos", "power", "maximum", "minimum",
    "where", "masked", "ones_like", "zeros_like", "pi_like",
)  # fmt: skip

stacked_functions = SimpleNamespace(
    asarray=lambda x: x if isinstance(x, Stack) else np.asarray(x),
    sum=_along(np.sum), max=_along(np.max), argmax=_along(np.argmax),
    reshape=_reshape, permute_dims=_permute_dims, expand_dims=_expand_dims, take=_take, concat=_concat,
    matmul=lambda a, b: a @ b,
    **{name: _entrywise(getattr(float_functions, name)) for name in _ENTRYWISE},
)  # fmt: skip
"""The array functions over stacks: those of floats."""
