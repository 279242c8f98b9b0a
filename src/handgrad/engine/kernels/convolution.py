"""Convolution with the batch last: forward, back to the input, back to the kernel.

Words: written, read, kernel, bias (NONE: there is none), input channels C and output channels O of a group, input
H, W, output H′, W′, taps (2), strides (2), dilations (2), padding before (2), batch B, columns c0 … c1, room, flags.
"Written" and "read" are y and x forward, dx and dy back. A tile takes a few channels, one or two places and two
vectors of examples; a place's terms are only the taps that lie on the input, so that there is no padding to read.
Source: Goto, van de Geijn, ACM TOMS 34 (2008), whose packed panels the kernel is kept in.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import NONE, RATES, STEP
from handgrad.engine.kernels.places import meetings, runs
from handgrad.engine.machine import like, pointed, real_of, shifted
from handgrad.engine.tiles import (
    VECTORS,
    gradient_tile,
    lanes_of,
    product_tile,
    total_along,
    words_at,
)


@register_jitable
def _pack(packed: Any, words: Any, base: Any, rows: Any, back: Any) -> Any:
    """The bias, then the kernel in panels [tile][terms][rows], both with zeros for channels that are not there."""
    ins, outs, taps = words[4], words[5], words[10] * words[11]
    kernel, zero = shifted(base, words[2]), like(0.0, base[0])
    written, read = (ins, outs) if back else (outs, ins)
    tiles = (written + rows - 1) // rows
    for m in range(tiles * rows):
        bias = shifted(base, words[3])[m] if not back and words[3] != NONE and m < written else zero
        packed[m] = bias
    panels = shifted(packed, tiles * rows)
    for m in range(tiles * rows):
        panel = shifted(panels, (m // rows) * read * taps * rows + m % rows)
        for c in range(read):
            o_c = c * ins + m if back else m * ins + c
            for t in range(taps):
                panel[(c * taps + t) * rows] = kernel[o_c * taps + t] if m < written else zero
    return tiles


@register_jitable
def _table(table: Any, words: Any, down: Any, count: Any, run: Any, rows: Any, back: Any) -> Any:
    """Offsets of the terms of a run's first place: (how far on in what is read, where in the panel)."""
    read, height, width = (words[5], words[8], words[9]) if back else (words[4], words[6], words[7])
    batch, terms = words[18], 0
    for c in range(read):
        for i in range(count):
            row = (c * height + down[2 * i + 1]) * width
            tap = (c * words[10] + down[2 * i]) * words[11]
            for j in range(run[2]):
                table[2 * terms] = (row + run[4 + 2 * j]) * batch
                table[2 * terms + 1] = (tap + run[3 + 2 * j]) * rows
                terms += 1
    return terms


def _correlation(rows: int, places: int, back: int) -> Any:
    many, one = product_tile(rows, places), product_tile(rows, 1)

    def kernel(base: Any, words: Any, control: Any) -> None:
        written, read, height, width = words[5], words[4], words[8], words[9]
        size_h, size_w, step = words[6], words[7], words[13]
        if back:
            written, read, height, width = words[4], words[5], words[6], words[7]
            size_h, size_w, step = words[8], words[9], 1
        batch, chunk, flags = words[18], VECTORS * lanes_of(base), words[22]
        bias = shifted(base, words[21])
        tiles = _pack(bias, words, base, rows, back)
        panel = read * words[10] * words[11] * rows
        panels = shifted(bias, tiles * rows)
        # whole cache lines, so that words stand where words may
        ends = (tiles * rows + tiles * panel + 15) // 16 * 16
        down = words_at(shifted(bias, ends), words)
        across = shifted(down, 2 * words[10])
        found = runs(across, width, words[11], words[13], words[15], words[17], size_w, back)
        table = shifted(across, width * (3 + 2 * words[11]))
        plane = height * width * batch
        for low in range(words[19], words[20], chunk):
            live = words[20] - low
            x, y = shifted(base, words[1] + low), shifted(base, words[0] + low)
            gate = shifted(base, words[3] + low) if back else y
            for tile in range(tiles):
                a, b = shifted(panels, tile * panel), shifted(bias, tile * rows)
                present = written - tile * rows
                for i in range(height):
                    count = meetings(down, i, words[10], words[12], words[14], words[16], size_h, back)
                    for k in range(found):
                        run = shifted(across, k * (3 + 2 * words[11]))
                        terms = _table(table, words, down, count, run, rows, back)
                        j, left, on = (tile * rows * height + i) * width + run[0], run[1], 0
                        while left >= places:
                            at = shifted(x, on * step * batch)
                            many(
                                a, at, table, terms, step * batch, shifted(y, j * batch), plane, batch, present, live,
                                b, shifted(gate, j * batch), flags,
                            )  # fmt: skip
                            j, left, on = j + places, left - places, on + places
                        while left > 0:
                            at = shifted(x, on * step * batch)
                            one(
                                a, at, table, terms, step * batch, shifted(y, j * batch), plane, batch, present, live,
                                b, shifted(gate, j * batch), flags,
                            )  # fmt: skip
                            j, left, on = j + 1, left - 1, on + 1

    return kernel


forward_1, back_1 = _correlation(1, 8, 0), _correlation(1, 8, 1)
forward_4, back_4 = _correlation(4, 2, 0), _correlation(4, 2, 1)
forward_6, back_6 = _correlation(6, 2, 0), _correlation(6, 2, 1)
forward_8, back_8 = _correlation(8, 1, 0), _correlation(8, 1, 1)


@register_jitable
def _spread(room: Any, words: Any, base: Any, low: Any, chunk: Any, height: Any, width: Any) -> None:
    """What is read, its padding with it, a chunk of examples side by side; zeros where no example is."""
    live, batch, zero = min(words[20] - low, chunk), words[18], like(0.0, base[0])
    for c in range(words[4]):
        for i in range(height):
            at = i - words[16]
            for j in range(width):
                to, column = shifted(room, ((c * height + i) * width + j) * chunk), j - words[17]
                if at < 0 or at >= words[6] or column < 0 or column >= words[7]:
                    for n in range(chunk):
                        to[n] = zero
                    continue
                x = shifted(base, words[1] + ((c * words[6] + at) * words[7] + column) * batch + low)
                for n in range(live):
                    to[n] = x[n]
                for n in range(live, chunk):
                    to[n] = zero


def _kernel_gradient(rows: int, taps: int) -> Any:
    tile = gradient_tile(rows, taps)

    def kernel(base: Any, words: Any, control: Any) -> None:
        """Words as above: written is the thread's dK, read x, kernel dy, bias the thread's db."""
        ins, outs, size_h, size_w = words[4], words[5], words[8], words[9]
        lanes, batch, places = lanes_of(base), words[18], words[10] * words[11]
        chunk, terms = VECTORS * lanes, ins * words[10] * words[11]
        height = (size_h - 1) * words[12] + (words[10] - 1) * words[14] + 1
        width = (size_w - 1) * words[13] + (words[11] - 1) * words[15] + 1
        tiles, parts = (outs + rows - 1) // rows, (terms + taps - 1) // taps
        out, sums = shifted(base, words[0]), shifted(base, words[21])
        # sums of a tile fill whole vectors
        share = (rows * taps + lanes - 1) // lanes * lanes
        size = tiles * parts * share
        for k in range(size):
            sums[k] = like(0.0, base[0])
        table = words_at(shifted(sums, size), words)
        for k in range(parts * taps):
            t = min(k, terms - 1)
            c, tap = t // places, t % places
            row, column = tap // words[11] * words[14], tap % words[11] * words[15]
            table[k] = ((c * height + row) * width + column) * chunk
        room = shifted(sums, size + (parts * taps * 2 + 15) // 16 * 16)
        bias = shifted(base, words[3])
        for o in range(outs):
            bias[o] = like(0.0, base[0])
        band = max(1, 96 // size_w)
        for low in range(words[19], words[20], chunk):
            live = words[20] - low
            _spread(room, words, base, low, chunk, height, width)
            for i in range(0, size_h, band):
                lines = min(band, size_h - i)
                x = shifted(room, i * words[12] * width * chunk)
                for o in range(tiles):
                    dy = shifted(base, words[2] + low + (o * rows * size_h + i) * size_w * batch)
                    present = min(rows, outs - o * rows)
                    for part in range(parts):
                        tile(
                            dy, size_h * size_w * batch, size_w * batch, batch, x, shifted(table, part * taps),
                            words[12] * width * chunk, words[13] * chunk, lines, size_w, present, live,
                            shifted(sums, (o * parts + part) * share),
                        )  # fmt: skip
                    for m in range(present):
                        plane = shifted(dy, m * size_h * size_w * batch)
                        bias[o * rows + m] += total_along(plane, lines * size_w, batch, live)
        for o in range(outs):
            for t in range(terms):
                out[o * terms + t] = sums[(o // rows * parts + t // taps) * share + o % rows * taps + t % taps]

    return kernel


kernel_gradient_2, kernel_gradient_4, kernel_gradient_6 = (
    _kernel_gradient(2, 5),
    _kernel_gradient(4, 6),
    _kernel_gradient(6, 4),
)


@register_jitable
def _gathered(base: Any, words: Any, k: Any) -> Any:
    """The sum of what each thread has of an entry."""
    total = like(0.0, base[0])
    for thread in range(words[5]):
        total += shifted(base, words[1] + thread * words[4])[k]
    return total


def gather(base: Any, words: Any, control: Any) -> None:
    """g = Σ over threads of their parts. Words: g, parts, first … last, step from part to part, threads, add."""
    g = shifted(base, words[0])
    for k in range(words[2], words[3]):
        g[k] = _gathered(base, words, k) + (g[k] if words[6] else like(0.0, base[0]))


def descent(base: Any, words: Any, control: Any) -> None:
    """θ −= η Σ over threads of their parts. Words as in ``gather``."""
    theta = shifted(base, words[0])
    rate = like(real_of(pointed(control[RATES], words)[control[STEP]]), base[0])
    for k in range(words[2], words[3]):
        theta[k] -= rate * _gathered(base, words, k)
