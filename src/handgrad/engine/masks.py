"""Which units a dropout leaves out while a network trains: drawn from the seed, the step and the place alone.

So a mask does not depend on threads, on the path that computes it, or on whether a run was interrupted.
Source: the finaliser of SplitMix64; Steele, Lea, Flood, OOPSLA (2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.ops.op import Shape

GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def key_of(seed: int, step: int, node: int) -> int:
    """The key of one node's masks in one step, 64 bits."""
    return _mixed(_mixed(_mixed(seed & _ALL) ^ step) ^ node)


def mask(key: int, rows: int, shape: Shape, rate: float) -> np.ndarray[Any, Any]:
    """True where a unit stays: [rows][…shape]. The draw of unit u of row r is that of the number r·size + u."""
    size = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over="ignore"):
        z = np.arange(rows * size, dtype=np.uint64) * np.uint64(GOLDEN) + np.uint64(key)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND)
    draws = (z ^ (z >> np.uint64(31))) >> np.uint64(11)
    return (draws >= np.uint64(threshold(rate))).reshape(rows, *shape)


def threshold(rate: float) -> int:
    """A draw of 53 bits below it leaves the unit out: with probability ``rate``."""
    return round(rate * 2**53)


_ALL = 2**64 - 1


def _mixed(z: int) -> int:
    z = (z + GOLDEN) & _ALL
    z = ((z ^ (z >> 30)) * FIRST) & _ALL
    z = ((z ^ (z >> 27)) * SECOND) & _ALL
    return z ^ (z >> 31)
