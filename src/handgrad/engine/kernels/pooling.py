"""Pooling with the batch last: a window's mean or its largest entry, and the gradients.

Words: written, read, y or gate, channels C, input H, W, output H′, W′, taps (2), strides (2), dilations (2), padding
before (2), batch B, columns c0 … c1, room, flags, then two of the kernel's own.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.kernels.places import meetings
from handgrad.engine.machine import like, shifted
from handgrad.engine.tiles import VECTORS, lanes_of, largest_tile, product_tile, winner_tile, words_at

INCLUDE = 8
"""The flag of means that divide by the padding too."""

_term = product_tile(1, 1)


@register_jitable
def _divisor(place: Any, taps: Any, stride: Any, dilation: Any, before: Any, size: Any, low: Any, high: Any) -> Any:
    """How many taps of a window lie on the input or on the padding that counts."""
    count = 0
    for t in range(taps):
        at = place * stride + t * dilation - before
        count += 1 if at >= -low and at < size + high else 0
    return count


@register_jitable
def _part(words: Any, i: Any, j: Any) -> Any:
    """By how much the mean of window (i, j) divides."""
    low_h, low_w = (words[14], words[15]) if words[20] & INCLUDE else (0, 0)
    rows = _divisor(i, words[8], words[10], words[12], words[14], words[4], low_h, words[21])
    return rows * _divisor(j, words[9], words[11], words[13], words[15], words[5], low_w, words[22])


@register_jitable
def _table(table: Any, down: Any, rows: Any, across: Any, columns: Any, width: Any, batch: Any) -> Any:
    """How far on each entry under the window stands; how many there are."""
    count = 0
    for i in range(rows):
        for j in range(columns):
            table[2 * count] = (down[2 * i + 1] * width + across[2 * j + 1]) * batch
            count += 1
    return count


def _mean(back: int) -> Any:
    def kernel(base: Any, words: Any, control: Any) -> None:
        batch, chunk = words[16], VECTORS * lanes_of(base)
        size_h, size_w, height, width = words[4], words[5], words[6], words[7]
        if back:
            size_h, size_w, height, width = words[6], words[7], words[4], words[5]
        down = words_at(shifted(base, words[19]), words)
        across = shifted(down, 2 * words[8])
        table = shifted(across, 2 * words[9])
        entries = words[8] * words[9]
        factors = shifted(base, words[19] + 4 * (words[8] + words[9] + entries))
        zero = shifted(factors, entries)
        zero[0] = like(0.0, base[0])
        for i in range(height):
            rows = meetings(down, i, words[8], words[10], words[12], words[14], size_h, back)
            for j in range(width):
                columns = meetings(across, j, words[9], words[11], words[13], words[15], size_w, back)
                count = _table(table, down, rows, across, columns, size_w, batch)
                for k in range(count):
                    at_i, at_j = (down[2 * (k // columns) + 1], across[2 * (k % columns) + 1]) if back else (i, j)
                    table[2 * k + 1] = k
                    factors[k] = like(1.0 / _part(words, at_i, at_j), base[0])
                for c in range(words[3]):
                    to, at = ((c * height + i) * width + j) * batch, c * size_h * size_w * batch
                    for low in range(words[17], words[18], chunk):
                        _term(
                            factors, shifted(base, words[1] + at + low), table, count, 0,
                            shifted(base, words[0] + to + low), 0, 0, 1, words[18] - low, zero,
                            shifted(base, words[2] + to + low), words[20],
                        )  # fmt: skip

    return kernel


mean, mean_back = _mean(0), _mean(1)


@register_jitable
def _windows(base: Any, words: Any, back: Any) -> None:
    batch, chunk, width = words[16], VECTORS * lanes_of(base), words[5]
    down = words_at(shifted(base, words[19]), words)
    across = shifted(down, 2 * words[8])
    table = shifted(across, 2 * words[9])
    for i in range(words[6]):
        rows = meetings(down, i, words[8], words[10], words[12], words[14], words[4], 0)
        for j in range(words[7]):
            columns = meetings(across, j, words[9], words[11], words[13], words[15], width, 0)
            count = _table(table, down, rows, across, columns, width, batch)
            for c in range(words[3]):
                to, at = ((c * words[6] + i) * words[7] + j) * batch, c * words[4] * width * batch
                for low in range(words[17], words[18], chunk):
                    live, x = words[18] - low, shifted(base, words[1] + at + low)
                    if back:
                        y, dy = shifted(base, words[2] + to + low), shifted(base, words[21] + to + low)
                        winner_tile(x, table, count, y, dy, shifted(base, words[0] + at + low), live, words[20])
                    else:
                        largest_tile(x, table, count, shifted(base, words[0] + to + low), live)


def largest(base: Any, words: Any, control: Any) -> None:
    """y = the largest entry of each window."""
    _windows(base, words, 0)


def largest_back(base: Any, words: Any, control: Any) -> None:
    """dx from dy, the first of the two own words; the second says whether dx has to be zeroed first."""
    if words[22]:
        for k in range(words[3] * words[4] * words[5]):
            dx = shifted(base, words[0] + k * words[16])
            for n in range(words[17], words[18]):
                dx[n] = like(0.0, base[0])
    _windows(base, words, 1)
