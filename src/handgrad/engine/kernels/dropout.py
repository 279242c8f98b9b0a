"""Dropout with the batch last: which units stay is drawn as masks.py says, from seed, step, node and place.

Words: written, read, features m, batch B, columns c0 … c1, node, the draw that a unit needs to stay, what those that
stay are divided by (bits of a float64), whether to accumulate.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import register_jitable

from handgrad.engine.control import FIRST, SEED, STEP
from handgrad.engine.machine import like, real_of, view
from handgrad.engine.masks import FIRST as FIRST_FACTOR
from handgrad.engine.masks import GOLDEN
from handgrad.engine.masks import SECOND as SECOND_FACTOR


@register_jitable
def _finished(z: Any) -> Any:
    z = (z ^ (z >> types.uint64(30))) * types.uint64(FIRST_FACTOR)
    z = (z ^ (z >> types.uint64(27))) * types.uint64(SECOND_FACTOR)
    return z ^ (z >> types.uint64(31))


@register_jitable
def _key(seed: Any, step: Any, node: Any) -> Any:
    """masks.key_of."""
    golden = types.uint64(GOLDEN)
    first = _finished(types.uint64(seed) + golden)
    second = _finished((first ^ types.uint64(step)) + golden)
    return _finished((second ^ types.uint64(node)) + golden)


def mask(base: Any, words: Any, control: Any) -> None:
    """y = x/(1 − p) where a unit stays, else 0; dx from dy the same way."""
    m, batch = words[2], words[3]
    y, x = view(base, words[0], (m, batch)), view(base, words[1], (m, batch))
    key = _key(control[SEED], control[FIRST] + control[STEP] + 1, words[6])
    golden, needed = types.uint64(GOLDEN), types.uint64(words[7])
    divisor, zero = like(real_of(words[8]), base[0]), like(0.0, base[0])
    for i in range(m):
        for j in range(words[4], words[5]):
            draw = _finished(types.uint64(j * m + i) * golden + key) >> types.uint64(11)
            value = x[i, j] / divisor if draw >= needed else zero
            y[i, j] = y[i, j] + value if words[9] else value
