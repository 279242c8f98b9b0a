"""Mean and deviation of each feature or channel, from the training part alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROWS = 4096
"""Examples that are looked at together, so that the doubles of all of them are never there at once."""
_CONSTANT = 1e-12
"""A deviation below this share of the mean is the rounding of a constant."""


def moments(x: NDArray[Any], *, channels: bool) -> tuple[Floats, Floats]:
    """Mean μ and deviation σ (by n) of the shape of an input: of each entry, or of each channel [C][H][W] or [H][W].

    σ is 1 where an entry is the same in all examples: it becomes 0 and stays there.
    """
    import numpy as np

    shape = x.shape[1:]
    axes = tuple(range(1 if len(shape) < 3 else 2, x.ndim)) if channels else ()
    blocks = [x[i : i + _ROWS] for i in range(0, len(x), _ROWS)]

    def mean(of: Callable[[Any], Any]) -> Floats:
        totals = [np.sum(of(block), axis=(0, *axes), keepdims=True, dtype=np.float64) for block in blocks]
        total = np.sum(totals, axis=0)[0]
        found: Floats = total / (x.size // total.size)
        return found

    mu = mean(lambda block: block)
    sigma = np.sqrt(mean(lambda block: (block - mu) ** 2))
    sigma = np.where(sigma <= _CONSTANT * np.abs(mu), 1.0, sigma)
    return np.broadcast_to(mu, shape).copy(), np.broadcast_to(sigma, shape).copy()


def standardise(x: NDArray[Any], mean: Floats, scale: Floats) -> None:
    """x becomes (x − μ)/σ in place."""
    x -= mean.astype(x.dtype)
    x /= scale.astype(x.dtype)
