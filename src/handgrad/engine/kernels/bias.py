"""Biases: added to each row of a [m][B], and their gradients, sums over the batch.

Words of the gradients: db, dy, rows m0 … m1, batch B, whether to accumulate.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import RATES, STEP
from handgrad.engine.kernels.product import shifted_words
from handgrad.engine.machine import like, real_of, view


@register_jitable
def _sum(row: Any) -> Any:
    """In eight strands, so that it is vectorised and the same on every machine."""
    zero = like(0.0, row[0])
    a = b = c = d = e = f = g = h = zero
    count = len(row)
    whole = count - count % 8
    for j in range(0, whole, 8):
        a += row[j]
        b += row[j + 1]
        c += row[j + 2]
        d += row[j + 3]
        e += row[j + 4]
        f += row[j + 5]
        g += row[j + 6]
        h += row[j + 7]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for j in range(whole, count):
        total += row[j]
    return total


def gradient(base: Any, words: Any, control: Any) -> None:
    """db[m] = Σ_B dy[m,B]."""
    batch = words[4]
    db, dy = view(base, words[0], (words[3],)), view(base, words[1], (words[3], batch))
    for i in range(words[2], words[3]):
        db[i] = _sum(dy[i]) + (db[i] if words[5] else like(0.0, db[i]))


def descent(base: Any, words: Any, control: Any) -> None:
    """b −= η Σ_B dy[m,B]."""
    batch = words[4]
    b, dy = view(base, words[0], (words[3],)), view(base, words[1], (words[3], batch))
    rate = like(real_of(shifted_words(control[RATES], words)[control[STEP]]), base[0])
    for i in range(words[2], words[3]):
        b[i] -= rate * _sum(dy[i])
