"""The elementary functions as loops over arrays, their true values by ball arithmetic, and hard arguments."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import flint
import numba
import numpy as np
from numba import types

from handgrad.engine import mathematics

NAMES = ("exp", "expm1", "log", "log1p", "tanh", "logistic", "softplus", "erf")
REALS = (np.float32, np.float64)

Array = np.ndarray[Any, np.dtype[Any]]

TRUE: dict[str, Callable[[Any], Any]] = {
    "exp": lambda x: x.exp(),
    "expm1": lambda x: x.expm1(),
    "log": lambda x: x.log(),
    "log1p": lambda x: x.log1p(),
    "tanh": lambda x: x.tanh(),
    "logistic": lambda x: 1 / (1 + (-x).exp()),
    "softplus": lambda x: x.exp().log1p(),
    "erf": lambda x: x.erf(),
}

OVERFLOW = {np.float32: 2.0**128 - 2.0**103, np.float64: np.inf}
"""From here on a value rounds to ∞."""

SPAN = {np.float32: 110.0, np.float64: 760.0}
"""Beyond it e^x is 0 or ∞."""


def loop(name: str, real: type, module: ModuleType = mathematics) -> Any:
    """The compiled loop y[i] = f(x[i])."""
    function, pointer = getattr(module, name), types.CPointer(getattr(types, real.__name__))

    def kernel(x: Any, y: Any, count: Any) -> None:
        for i in range(count):
            y[i] = function(x[i])

    return numba.cfunc(types.void(pointer, pointer, types.intp), nopython=True, error_model="numpy")(kernel)


compiled = cache(loop)


def apply(kernel: Any, x: Array) -> Array:
    """What the loop writes for x."""
    y = np.empty_like(x)
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(kernel.address)
    call(x.ctypes.data, y.ctypes.data, x.size)
    return y


def errors(name: str, x: Array, y: Array) -> Array:
    """|y − f(x)| in units in the last place of f(x); 0 where both are beyond the format, ∞ where one of them is."""
    info = np.finfo(x.dtype)
    high, low = _true_values(name, x)
    _, exponent = np.frexp(np.maximum(np.abs(high), float(info.smallest_normal)))
    unit = np.ldexp(1.0, exponent - 1 - info.nmant)
    with np.errstate(invalid="ignore"):
        error = np.abs((y.astype(float) - high) - low) / unit
    same = np.where(y == np.copysign(np.inf, high), 0.0, np.inf)
    error = np.where(np.abs(high) >= OVERFLOW[x.dtype.type], same, error)
    return np.where(np.isnan(error), np.inf, error)


def _true_values(name: str, x: Array) -> tuple[Array, Array]:
    """f(x) as the sum of two float64."""
    function, high, low = TRUE[name], np.empty(x.size), np.zeros(x.size)
    with flint.ctx.workprec(130):
        for place, value in enumerate(x.tolist()):
            exact = function(flint.arb(value))
            high[place] = float(exact)
            if x.dtype == np.float64 and abs(high[place]) < np.inf:
                low[place] = float(exact - high[place])
    return high, low


def arguments(name: str, real: type, count: int) -> Array:
    """Some `count` finite arguments: every exponent, the lively middle, and both sides of what the code divides at."""
    random = np.random.default_rng(NAMES.index(name))
    info, span = np.finfo(real), SPAN[real]
    least, most = int(info.minexp) - info.nmant, int(info.maxexp) - 1
    exponents = np.linspace(least, most, count // 4, endpoint=False).round()
    spread = np.ldexp(random.uniform(-2, 2, exponents.size), exponents.astype(int))
    halves = (np.arange(-int(span * 1.5), int(span * 1.5)) + 0.5) * np.log(2)  # between two exponents of e^x
    borders = np.concatenate(
        [halves, halves / 2, [1.0, -1.0, 0.5, *np.ldexp(2**0.5, np.arange(least // 2, most // 2))]]
    )
    near = (borders * (1 + random.integers(-3, 4, (4, borders.size)) * float(info.eps))).ravel()
    middle = random.uniform(-4, 4, count // 4)
    wide = random.uniform(-span, span, count // 4)
    close = 1 + random.choice([-1, 1], count // 4) * 0.5 ** random.uniform(0, info.nmant + 1, count // 4)
    x = np.concatenate([spread, near, middle, wide, close]).astype(real)
    x = x[np.isfinite(x)]
    if name == "log":
        return x[x > 0]
    if name == "log1p":
        return x[x > -1]
    return x[np.abs(x) < 8 * span]
