"""Convolution with kernels of 3×3, stride 1, by Winograd's F(2×2, 3×3): forward, back to the input and to the kernel.

Words as in convolution.py; the first stride is how many tiles of 2×2 places are taken at a time, so that they stay
in cache between their transforms and the products.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import NONE
from handgrad.engine.machine import like, shifted
from handgrad.engine.tiles import VECTORS, gradient_tile, lanes_of, panel_tile, total_along, words_at
from handgrad.engine.transforms import INPUT, SLOPES, merge_tile, spread_tile

_spread, _spread_slopes = spread_tile(INPUT), spread_tile(SLOPES)


@register_jitable
def _pack(panels: Any, words: Any, base: Any, rows: Any, back: Any) -> None:
    """U = G k Gᵀ of each kernel (turned by half a circle on the way back), [16][tile][channel read][rows]."""
    ins, outs = words[4], words[5]
    written, read = (ins, outs) if back else (outs, ins)
    tiles = (written + rows - 1) // rows
    half, step = like(0.5, base[0]), tiles * read * rows
    for m in range(tiles * rows):
        for c in range(read):
            to = shifted(panels, (m // rows * read + c) * rows + m % rows)
            if m >= written:
                for f in range(16):
                    to[f * step] = like(0.0, base[0])
                continue
            k = shifted(base, words[2] + 9 * (c * ins + m if back else m * ins + c))
            for j in range(3):
                a, b, d = (k[8 - j], k[5 - j], k[2 - j]) if back else (k[j], k[3 + j], k[6 + j])
                to[j * step], to[(12 + j) * step] = a, d
                to[(4 + j) * step], to[(8 + j) * step] = half * (a + d + b), half * (a + d - b)
            for i in range(0, 16, 4):
                a, b, d = to[i * step], to[(i + 1) * step], to[(i + 2) * step]
                to[(i + 1) * step], to[(i + 2) * step], to[(i + 3) * step] = half * (a + d + b), half * (a + d - b), d


@register_jitable
def _inside(first: Any, second: Any, height: Any, width: Any, side: Any) -> Any:
    """A bit for each place of a square that lies on an array."""
    bits = 0
    for i in range(side):
        for j in range(side):
            there = first + i >= 0 and first + i < height and second + j >= 0 and second + j < width
            bits |= (1 if there else 0) << (i * side + j)
    return bits


@register_jitable
def _places(table: Any, start: Any, count: Any, across: Any, above: Any, before: Any, read: Any, written: Any) -> None:
    """Of each tile where its square of 4×4 begins on an array and which of it lies there, the same of its 2×2."""
    for s in range(count):
        i, j = (start + s) // across * 2, (start + s) % across * 2
        table[4 * s] = (i - above) * read[1] + j - before
        table[4 * s + 1] = _inside(i - above, j - before, read[0], read[1], 4)
        table[4 * s + 2] = i * written[1] + j
        table[4 * s + 3] = _inside(i, j, written[0], written[1], 2)


def _correlation(rows: int, back: int) -> Any:
    product = panel_tile(rows)

    def kernel(base: Any, words: Any, control: Any) -> None:
        written, read, height, width = words[5], words[4], words[8], words[9]
        size_h, size_w, above, before = words[6], words[7], words[16], words[17]
        if back:
            written, read, height, width = words[4], words[5], words[6], words[7]
            size_h, size_w, above, before = words[8], words[9], 2 - above, 2 - before
        batch, chunk, many = words[18], VECTORS * lanes_of(base), words[12]
        tiles, step = (written + rows - 1) // rows, many * chunk
        nothing = shifted(base, words[21])
        panels = shifted(nothing, chunk)
        for k in range(chunk):
            nothing[k] = like(0.0, base[0])
        _pack(panels, words, base, rows, back)
        spread = shifted(panels, 16 * tiles * rows * read)
        # one array more than there are: frequencies that stand a power of two apart would meet in the cache
        apart, merged_apart = (read + 1) * step, (tiles * rows + 1) * step
        merged = shifted(spread, 16 * apart)
        places = words_at(shifted(merged, 16 * merged_apart), words)
        across = (width + 1) // 2
        squares = (height + 1) // 2 * across
        for low in range(words[19], words[20], chunk):
            live = words[20] - low
            for start in range(0, squares, many):
                count = min(many, squares - start)
                _places(places, start, count, across, above, before, (size_h, size_w), (height, width))
                for c in range(read):
                    x, to = words[1] + low + c * size_h * size_w * batch, shifted(spread, c * step)
                    for s in range(count):
                        at = shifted(base, x + places[4 * s] * batch)
                        inside = places[4 * s + 1]
                        _spread(
                            at, size_w * batch, batch, inside, nothing, shifted(to, s * chunk), apart, live,
                            size_h * size_w * batch,
                        )  # fmt: skip
                for f in range(16):
                    for tile in range(tiles):
                        a = shifted(panels, (f * tiles + tile) * read * rows)
                        x, m = shifted(spread, f * apart), shifted(merged, f * merged_apart + tile * rows * step)
                        for s in range(count):
                            product(a, shifted(x, s * chunk), step, read, shifted(m, s * chunk), step)
                for o in range(written):
                    bias = nothing if back or words[3] == NONE else shifted(base, words[3] + o)
                    for s in range(count):
                        place = low + (o * height * width + places[4 * s + 2]) * batch
                        gate = shifted(base, words[3] + place) if back else nothing
                        merge_tile(
                            shifted(merged, o * step + s * chunk), merged_apart, shifted(base, words[0] + place),
                            width * batch, batch, places[4 * s + 3], bias, gate, live, words[22],
                        )  # fmt: skip

    return kernel


forward_6, back_6 = _correlation(6, 0), _correlation(6, 1)
forward_8, back_8 = _correlation(8, 0), _correlation(8, 1)


@register_jitable
def _merged(kernel: Any, sums: Any, step: Any) -> None:
    """dk = Gᵀ dU G, from 16 numbers that stand ``step`` apart."""
    half = like(0.5, sums[0])
    for j in range(4):
        a, b, c, d = sums[j * step], sums[(4 + j) * step], sums[(8 + j) * step], sums[(12 + j) * step]
        sums[j * step] = a + half * (b + c)
        sums[(4 + j) * step] = half * (b - c)
        sums[(8 + j) * step] = d + half * (b + c)
    for i in range(3):
        a, b, c, d = sums[4 * i * step], sums[(4 * i + 1) * step], sums[(4 * i + 2) * step], sums[(4 * i + 3) * step]
        kernel[3 * i] = a + half * (b + c)
        kernel[3 * i + 1] = half * (b - c)
        kernel[3 * i + 2] = d + half * (b + c)


def _kernel_gradient(rows: int, taps: int) -> Any:
    product = gradient_tile(rows, taps)

    def kernel(base: Any, words: Any, control: Any) -> None:
        """As in convolution.py: written is the thread's dK, read x, kernel dy, bias the thread's db."""
        ins, outs, size_h, size_w, height, width = words[4], words[5], words[6], words[7], words[8], words[9]
        lanes, batch, many = lanes_of(base), words[18], words[12]
        chunk, zero = VECTORS * lanes, like(0.0, base[0])
        tiles, parts = (outs + rows - 1) // rows, (ins + taps - 1) // taps
        share = (rows * taps + lanes - 1) // lanes * lanes
        step = tiles * parts * share
        stride = many * chunk
        nothing = shifted(base, words[21])
        sums = shifted(nothing, chunk)
        for k in range(chunk + 16 * step):
            nothing[k] = zero
        spread = shifted(sums, 16 * step)
        apart, slopes_apart = (ins + 1) * stride, (outs + 1) * stride
        slopes = shifted(spread, 16 * apart)
        places = words_at(shifted(slopes, 16 * slopes_apart), words)
        table = shifted(places, 4 * many)
        for t in range(parts * taps):
            table[t] = min(t, ins - 1) * stride
        bias = shifted(base, words[3])
        for o in range(outs):
            bias[o] = zero
        across = (width + 1) // 2
        squares = (height + 1) // 2 * across
        for low in range(words[19], words[20], chunk):
            live = words[20] - low
            for start in range(0, squares, many):
                count = min(many, squares - start)
                _places(places, start, count, across, words[16], words[17], (size_h, size_w), (height, width))
                for c in range(ins):
                    x, to = words[1] + low + c * size_h * size_w * batch, shifted(spread, c * stride)
                    for s in range(count):
                        at = shifted(base, x + places[4 * s] * batch)
                        inside = places[4 * s + 1]
                        _spread(
                            at, size_w * batch, batch, inside, nothing, shifted(to, s * chunk), apart, live,
                            size_h * size_w * batch,
                        )  # fmt: skip
                for o in range(outs):
                    dy, to = words[2] + low + o * height * width * batch, shifted(slopes, o * stride)
                    for s in range(count):
                        at = shifted(base, dy + places[4 * s + 2] * batch)
                        inside = places[4 * s + 3]
                        _spread_slopes(
                            at, width * batch, batch, inside, nothing, shifted(to, s * chunk), slopes_apart, live,
                            height * width * batch,
                        )  # fmt: skip
                for f in range(16):
                    x = shifted(spread, f * apart)
                    for part in range(parts):
                        for o in range(tiles):
                            dy = shifted(slopes, f * slopes_apart + o * rows * stride)
                            product(
                                dy, stride, 0, chunk, x, shifted(table, part * taps), 0, chunk, 1, count,
                                min(rows, outs - o * rows), chunk,
                                shifted(sums, f * step + (o * parts + part) * share),
                            )  # fmt: skip
                # row 1 of A is (1, 1): its square holds the sums of the tiles
                for o in range(outs):
                    bias[o] += total_along(shifted(slopes, 5 * slopes_apart + o * stride), count, chunk, chunk)
        for o in range(outs):
            for c in range(ins):
                place = (o // rows * parts + c // taps) * share + o % rows * taps + c % taps
                _merged(shifted(base, words[0] + 9 * (o * ins + c)), shifted(sums, place), step)

    return kernel


kernel_gradient_2, kernel_gradient_4, kernel_gradient_6 = (
    _kernel_gradient(2, 5),
    _kernel_gradient(4, 6),
    _kernel_gradient(6, 4),
)
