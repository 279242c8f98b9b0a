"""Instructions that are Python functions: between two kernels, on the arrays that they share.

A program goes on without the GIL; a call takes it, and gives it back. One thread makes it while the others wait.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.engine import control
from handgrad.engine.arrays import Array
from handgrad.ops.op import Shape

_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Spot(Struct, frozen=True):
    """An array: its place, its shape without the batch axis, and how many examples it has, 0 for a parameter."""

    place: int
    shape: Shape
    rows: int = 0

    def read(self, raw: Array) -> Array:
        """With the batch axis first: [B][…] from [features][B]."""
        return np.ascontiguousarray(raw.T).reshape(self.rows, *self.shape) if self.rows else raw

    def write(self, raw: Array, value: Any, *, adds: bool) -> None:
        """The other way round."""
        turned = np.reshape(value, (self.rows, -1)).T if self.rows else np.reshape(value, self.shape)
        raw[...] = raw + turned if adds else turned


Function = Callable[[dict[str, Array], Array], None]
"""Of the arrays as they stand, [features][B], and the thread's control block."""


class Call:
    """An instruction that runs a Python function. What the function raises stops the program and is kept."""

    def __init__(self, function: Function, spots: dict[str, Spot], dtype: np.dtype[Any]) -> None:
        self._function, self._spots, self._dtype = function, spots, dtype
        self._arrays: dict[str, Array] = {}
        self._failure: BaseException | None = None
        self._entry = _KERNEL(self._run)

    @property
    def address(self) -> int:
        """Where the kernel begins that makes the call."""
        return ctypes.cast(self._entry, ctypes.c_void_p).value or 0

    def lay_out(self, address: Callable[[int], int]) -> None:
        """Finds the arrays, whose places have addresses now."""
        for name, spot in self._spots.items():
            shape = (prod(spot.shape), spot.rows) if spot.rows else spot.shape
            self._arrays[name] = array_at(address(spot.place), self._dtype, shape)

    def raise_failure(self) -> None:
        """Raises what the function raised."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _run(self, base: int, words: int, block: int) -> None:
        del base, words
        state = array_at(block, np.dtype(np.int64), (control.SIZE,))
        try:
            with np.errstate(all="ignore"):
                self._function(self._arrays, state)
        except BaseException as failure:  # noqa: BLE001  an interrupt too is raised where Python called the program
            self._failure = failure
            _stop(state)


def array_at(address: int, dtype: np.dtype[Any], shape: Shape) -> Array:
    """The array of a shape at an address."""
    room: Any = (ctypes.c_char * (prod(shape) * dtype.itemsize)).from_address(address)
    array: Array = np.frombuffer(room, dtype).reshape(shape)
    return array


def _stop(state: Array) -> None:
    """The thread that is alone at once, several at the barrier behind the call."""
    if state[control.THREADS] == 1:
        state[control.STOP] = 1
    else:
        array_at(int(state[control.BARRIER]), np.dtype(np.int64), (control.FLAG + 1,))[control.FLAG] = 1
