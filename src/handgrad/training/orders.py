"""The order of the examples in an epoch, and how each image is moved: functions of (seed, epoch) alone.

So a training that is resumed at an epoch meets the same examples, moved in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handgrad.training.settings import Augment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ORDER, _MOVES = 1, 2
"""Streams of random numbers that have nothing to do with one another."""


def _random(seed: int, purpose: int, epoch: int) -> np.random.Generator:
    import numpy as np

    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, purpose, epoch])))


def order(n: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of n examples in an epoch (from 0): int64 [n], each once."""
    import numpy as np

    return _random(seed, _ORDER, epoch).permutation(n).astype(np.int64)


def moves(n: int, augment: Augment, seed: int, epoch: int) -> NDArray[np.int64] | None:
    """(down, right, flip) of the n examples that are met in an epoch, int64 [n,3]; None where nothing moves."""
    import numpy as np

    down, right = augment.reach
    if not (down or right or augment.flip):
        return None
    random, found = _random(seed, _MOVES, epoch), np.zeros((n, 3), np.int64)
    found[:, 0] = random.integers(-down, down, n, endpoint=True)
    found[:, 1] = random.integers(-right, right, n, endpoint=True)
    if augment.flip:
        found[:, 2] = random.integers(0, 2, n)
    return found
