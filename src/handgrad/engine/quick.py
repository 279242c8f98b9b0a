"""Single steps of small networks, where looking at the arguments would take longer than the step."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from handgrad.engine import control
from handgrad.engine.arrays import Array
from handgrad.engine.path import Setting

Quick = Callable[[Any, Any, int], float | None]


def quick_step(setting: Setting, program: int, base: int, block: Array, rate: float, share: float) -> Quick:
    """A step on a whole batch x [B][…], y classes [B] after so many steps: the loss before it.

    None, and nothing is changed, where the arrays are not of the very form that kernels read, or a class is unknown.
    The addresses of the arrays of the step before are kept, together with those arrays. ``block`` is the thread's.
    """
    dtype, of_x, of_y = setting.dtype, (setting.batch, *setting.network.input), (setting.batch,)
    order, rates, losses = np.arange(setting.batch), np.array([rate]), np.zeros(1)
    hits = np.zeros(1, np.int64)
    kept = {"ORDER": order, "RATES": rates, "LOSSES": losses, "HITS": hits}
    for name, array in kept.items():
        block[getattr(control, name)] = array.ctypes.data
    block[control.STEPS], block[control.SHARES], block[control.MOVES] = 1, 0, 0
    block[control.SHARE] = np.array(share).view(np.int64)
    # the call is too short for letting other Python threads run meanwhile
    run = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(program)
    address, loss = block.ctypes.data, ctypes.c_double.from_address(losses.ctypes.data)
    seen: tuple[Any, Any] = (None, None)

    def taken(x: Any, y: Any) -> bool:
        nonlocal seen
        if not (type(x) is type(y) is np.ndarray and x.dtype == dtype and y.dtype == np.int64):
            return False
        if x.shape != of_x or y.shape != of_y or not (x.flags.c_contiguous and y.flags.c_contiguous):
            return False
        seen = x, y
        block[control.X], block[control.Y] = x.__array_interface__["data"][0], y.__array_interface__["data"][0]
        return True

    def step(x: Any, y: Any, count: int, _kept: Any = kept) -> float | None:
        if (x is not seen[0] or y is not seen[1]) and not taken(x, y):
            return None
        block[control.FIRST] = count
        run(base, None, address)
        value: float = loss.value
        if value != value and block[control.STOP]:  # noqa: PLR0124  NaN alone differs from itself
            block[control.STOP] = 0
            return None
        return value

    return step
