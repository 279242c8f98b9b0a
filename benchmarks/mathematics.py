"""The elementary functions of kernels beside NumPy's and PyTorch's: nanoseconds an element, one thread, in the cache.

    python benchmarks/mathematics.py [--json OUT] [--sweep]

4096 numbers from a normal distribution, the best of interleaved repeats. --sweep takes every float32 instead, and
prints the largest error in units in the last place against the float64 function (some minutes).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numba import types

from handgrad.engine import mathematics
from handgrad.engine.intrinsics import bits, both, choose, from_bits, magnitude, minus

COUNT, BLOCK = 4096, 1 << 18

NUMPY: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
}
TORCH: dict[str, Callable[..., Any]] = {
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "softplus": lambda x, **_: torch.nn.functional.softplus(x),
    "erf": torch.erf,
}


def callable_loop(kernel: Callable[..., None], source: Any, target: Any) -> Callable[..., object]:
    """The kernel compiled over (source, target, count), called with two addresses and the count."""
    signature = types.void(types.CPointer(source), types.CPointer(target), types.intp)
    compiled = numba.cfunc(signature, nopython=True, error_model="numpy")(kernel)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(compiled.address)
    function.kept = compiled
    return function


def ours(name: str, real: str) -> Callable[..., object]:
    """The loop y[i] = f(x[i])."""
    function, kind = getattr(mathematics, name), getattr(types, real)

    def kernel(x: Any, y: Any, count: Any) -> None:
        for i in range(count):
            y[i] = function(x[i])

    return callable_loop(kernel, kind, kind)


def nanoseconds(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The best time an element of each, in turn."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(50):
                run()
            best[name] = min(best[name], (time.perf_counter() - start) / 50 / COUNT * 1e9)
    return best


def compare(name: str, real: str, repeats: int) -> dict[str, float]:
    """One function on one type."""
    x = np.random.default_rng(1).normal(scale=2, size=COUNT).astype(real)
    x = np.abs(x) if name.startswith("log") and name != "logistic" else x
    y, loop = np.empty_like(x), ours(name, real)
    given, taken = torch.from_numpy(x), torch.empty(COUNT, dtype=getattr(torch, real))
    source, target = x.ctypes.data, y.ctypes.data
    runs = {
        "handgrad": lambda: loop(source, target, COUNT),
        "torch": lambda: TORCH[name](given, out=taken),
    }
    if name in NUMPY:
        runs["numpy"] = lambda: NUMPY[name](x)
    return nanoseconds(runs, repeats)


def error_loop(name: str) -> Callable[..., object]:
    """u[i] = |f(x[i]) − f(float64 x[i])| in units in the last place; 10⁹ where only one is NaN or ∞."""
    function = getattr(mathematics, name)
    infinity, zero, wrong = np.float64(np.inf), np.float64(0), np.float64(1e9)
    least, overflow = np.float64(2.0**-126), np.float64(2.0**128 - 2.0**103)
    exponent_bits, mirror = np.int64(0x7FF << 52), np.int64(((2 * 1023 + 23) << 52) - (1 << 64))

    def kernel(x: Any, u: Any, count: Any) -> None:
        for i in range(count):
            y, true = np.float64(function(x[i])), function(np.float64(x[i]))
            size = magnitude(true)
            per_unit = from_bits(minus(mirror, both(bits(choose(size < least, least, size)), exponent_bits)))
            error = magnitude(y - true) * per_unit
            error = choose(size >= overflow, choose(magnitude(y) == infinity, zero, wrong), error)
            both_nan = choose(y != y, zero, wrong)  # noqa: PLR0124  how a NaN is told
            u[i] = np.float32(choose(true != true, both_nan, choose(y != y, wrong, error)))  # noqa: PLR0124  the same

    return callable_loop(kernel, types.float32, types.float32)


def sweep(name: str) -> tuple[float, float]:
    """The largest error over every float32, and where."""
    loop, first, u = error_loop(name), np.arange(BLOCK, dtype=np.uint32), np.empty(BLOCK, np.float32)
    largest, at = -1.0, 0.0
    for start in range(0, 1 << 32, BLOCK):
        x = (first + np.uint32(start)).view(np.float32)
        loop(x.ctypes.data, u.ctypes.data, BLOCK)
        place = int(u.argmax())
        if u[place] > largest:
            largest, at = float(u[place]), float(x[place])
    return largest, at


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--json", metavar="OUT")
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--sweep", action="store_true")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    if options.sweep:
        for name in TORCH:
            largest, at = results[name] = sweep(name)
            print(f"{name:<10}{largest:>8.4f} units at {at!r}", flush=True)
    else:
        torch.set_num_threads(1)
        print(f"{'ns an element':<20}{'handgrad':>10}{'torch':>10}{'numpy':>10}{'torch / handgrad':>18}")
        for real in ("float32", "float64"):
            for name in TORCH:
                times = results[f"{name} {real}"] = compare(name, real, options.repeats)
                numpy = f"{times['numpy']:>10.3f}" if "numpy" in times else f"{'':>10}"
                share = times["torch"] / times["handgrad"]
                print(f"{name:<9} {real:<10}{times['handgrad']:>10.3f}{times['torch']:>10.3f}{numpy}{share:>18.2f}")
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
