"""Single steps of small networks, where looking at the arguments would take longer than the step."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.engine import control
from handgrad.engine.arrays import Array
from handgrad.engine.path import Setting


class QuickStep:
    """A step on a whole batch of the form that kernels read, in one thread.

    The addresses of the arrays of the step before are kept, together with those arrays.
    """

    def __init__(self, setting: Setting, run: Any, base: int, block: Array, rate: float, share: float) -> None:
        self._run, self._base, self._block = run, base, block
        self._form = setting.dtype, (setting.batch, *setting.network.input), (setting.batch,)
        self._x: Any = None
        self._y: Any = None
        self._losses, self._hits = np.zeros(1), np.zeros(1, np.int64)
        self._order, self._rates = np.arange(setting.batch), np.array([rate])
        arrays = {"ORDER": self._order, "RATES": self._rates, "LOSSES": self._losses, "HITS": self._hits}
        for name, array in arrays.items():
            block[getattr(control, name)] = array.ctypes.data
        block[control.STEPS], block[control.SHARES], block[control.MOVES] = 1, 0, 0
        block[control.SHARE] = np.array(share).view(np.int64)
        self._address = block.ctypes.data

    def __call__(self, x: Any, y: Any, count: int) -> float | None:
        """The loss before the step, ``count`` steps having been made; None where the arrays have another form."""
        if (x is not self._x or y is not self._y) and not self._take(x, y):
            return None
        block = self._block
        block[control.FIRST] = count
        self._run(self._base, None, self._address)
        if block[control.STOP]:
            block[control.STOP] = 0
            return None
        return self._losses.item(0)

    def _take(self, x: Any, y: Any) -> bool:
        dtype, of_x, of_y = self._form
        if not (type(x) is type(y) is np.ndarray and x.dtype == dtype and y.dtype == np.int64):
            return False
        if x.shape != of_x or y.shape != of_y or not (x.flags.c_contiguous and y.flags.c_contiguous):
            return False
        self._x, self._y = x, y
        self._block[control.X], self._block[control.Y] = x.ctypes.data, y.ctypes.data
        return True
