"""Biases: added to each row of a [m][B], and their gradients, sums over the batch.

Words of the gradients: db, dy, rows m0 … m1, batch B, whether to accumulate.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import RATES, STEP
from handgrad.engine.machine import like, pointed, real_of, shifted


@register_jitable
def _sum(row: Any, count: Any) -> Any:
    """In eight strands, so that it is vectorised and the same on every machine."""
    zero = like(0.0, row[0])
    a = b = c = d = e = f = g = h = zero
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
    db, batch, adds = shifted(base, words[0]), words[4], words[5]
    for i in range(words[2], words[3]):
        total = _sum(shifted(base, words[1] + i * batch), batch)
        db[i] = total + (db[i] if adds else like(0.0, base[0]))


def descent(base: Any, words: Any, control: Any) -> None:
    """b −= η Σ_B dy[m,B]."""
    b, batch = shifted(base, words[0]), words[4]
    rate = like(real_of(pointed(control[RATES], words)[control[STEP]]), base[0])
    for i in range(words[2], words[3]):
        b[i] -= rate * _sum(shifted(base, words[1] + i * batch), batch)
