"""Products of matrices in tiles that stay in registers, of panels that stay in cache: C = α A B + β C.

Words as in product.py, then: whether α is −η instead, terms and columns of a block, whether the rows of A in a tile
are brought together first, whether B is laid out in panels [k][two vectors], room for a block of B and a tile's A.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import RATES, STEP
from handgrad.engine.machine import like, pointed, real_of, shifted
from handgrad.engine.matrices import copied, expected, matrix_tile, turned
from handgrad.engine.tiles import VECTORS, lanes_of
from handgrad.engine.vectors import matrix_rows

SIZES = matrix_rows()
TALL = SIZES[0]


@register_jitable
def _scale(words: Any, control: Any) -> Any:
    if words[13] != 0:
        return -real_of(pointed(control[RATES], words)[control[STEP]])
    return real_of(words[11])


@register_jitable
def _panel(room: Any, b: Any, step: Any, flipped: Any, terms: Any, columns: Any) -> None:
    """room[k, j] = B[k, j] of at most two vectors of columns."""
    lanes = lanes_of(b)
    width = VECTORS * lanes
    if flipped == 0:
        copied(b, step, room, width, terms, VECTORS if columns > lanes else 1)
        return
    for first in range(0, columns, lanes):
        whole = terms // lanes * lanes if first + lanes <= columns else 0
        for k in range(0, whole, lanes):
            turned(shifted(b, first * step + k), step, shifted(room, k * width + first), width)
        for j in range(first, min(first + lanes, columns)):
            for k in range(whole, terms):
                room[k * width + j] = b[j * step + k]


@register_jitable
def _together(room: Any, a: Any, step: Any, rows: Any, terms: Any, along: Any) -> Any:
    """A few rows of A side by side; how far apart they stand, or their terms."""
    lanes = lanes_of(a)
    if along:
        vectors = (terms + lanes - 1) // lanes
        far = (vectors + 1) * lanes
        copied(a, step, room, far, rows, vectors)
        return far
    for k in range(terms):
        row, source = shifted(room, k * TALL), shifted(a, k * step)
        for i in range(rows):
            row[i] = source[i]
    return TALL


@register_jitable
def _ask(a: Any, step: Any, rows: Any, terms: Any, along: Any, part: Any, parts: Any) -> None:
    """Asks for a share of what the next tile takes of A."""
    lanes = lanes_of(a)
    if along:
        first, last = rows * part // parts, rows * (part + 1) // parts
        expected(shifted(a, first * step), step, last - first, (terms + lanes - 1) // lanes)
    else:
        first, last = terms * part // parts, terms * (part + 1) // parts
        expected(shifted(a, first * step), step, last - first, 2)


def _tiles(vectors: int, *, along: bool) -> Any:
    """One tile, of as many rows as it is asked for."""
    full, most, some, two, one = matrix_rows()
    by_full, by_most, by_some, by_two, by_one = (
        matrix_tile(rows, vectors, along=along) for rows in (full, most, some, two, one)
    )

    @register_jitable
    def tile(
        rows: Any, a: Any, far: Any, b: Any, step: Any, terms: Any, c: Any, step_c: Any, scale: Any, keep: Any,
        live: Any,
    ) -> None:  # fmt: skip
        if rows == full:
            by_full(a, far, b, step, terms, c, step_c, scale, keep, live)
        elif rows == most:
            by_most(a, far, b, step, terms, c, step_c, scale, keep, live)
        elif rows == some:
            by_some(a, far, b, step, terms, c, step_c, scale, keep, live)
        elif rows == two:
            by_two(a, far, b, step, terms, c, step_c, scale, keep, live)
        else:
            by_one(a, far, b, step, terms, c, step_c, scale, keep, live)

    return tile


@register_jitable
def _rows(left: Any) -> Any:
    """How many rows the next tile takes."""
    for rows in SIZES:
        if left >= rows:
            return rows
    return 1


def _product(*, along: bool) -> Any:
    wide, narrow = _tiles(VECTORS, along=along), _tiles(1, along=along)

    @register_jitable
    def block(
        a: Any, step_a: Any, b: Any, step_b: Any, panel: Any, terms: Any, c: Any, words: Any, columns: Any, scale: Any,
        keep: Any, room: Any,
    ) -> None:  # fmt: skip
        """C of one block of B, which stands in panels, or as it came with panel two vectors."""
        m, step_c, width, i = words[2], words[10], VECTORS * lanes_of(a), 0
        while i < m:
            rows = _rows(m - i)
            at, far = shifted(a, i * step_a if along else i), step_a
            if words[16] != 0:
                far = _together(room, at, step_a, rows, terms, along)
                at = room
            parts = (columns + width - 1) // width
            ahead = shifted(a, (i + rows) * step_a if along else i + rows)
            more = min(TALL, m - i - rows) if words[16] != 0 else 0
            for j in range(0, columns, width):
                if more > 0:
                    _ask(ahead, step_a, more, terms, along, j // width, parts)
                to, source, live = shifted(c, i * step_c + j), shifted(b, j // width * panel), columns - j
                if live <= lanes_of(a):
                    narrow(rows, at, far, source, step_b, terms, to, step_c, scale, keep, live)
                else:
                    wide(rows, at, far, source, step_b, terms, to, step_c, scale, keep, live)
            i += rows

    def kernel(base: Any, words: Any, control: Any) -> None:
        n, terms, step_a, step_b, zero = words[3], words[4], words[6], words[8], base[0]
        scale, beta = like(_scale(words, control), zero), like(real_of(words[12]), zero)
        width, room = VECTORS * lanes_of(base), shifted(base, words[18])
        own = shifted(room, words[14] * words[15])
        for low in range(0, n, words[15]):
            columns = min(words[15], n - low)
            for first in range(0, terms, words[14]):
                count = min(words[14], terms - first)
                a = shifted(base, words[5] + (first if along else first * step_a))
                b = shifted(base, words[7] + (low * step_b + first if words[1] else first * step_b + low))
                c, keep = shifted(base, words[9] + low), beta if first == 0 else like(1.0, zero)
                if words[17] != 0:
                    for j in range(0, columns, width):
                        source = shifted(b, j * step_b if words[1] else j)
                        _panel(shifted(room, j * count), source, step_b, words[1], count, min(width, columns - j))
                    block(a, step_a, room, width, width * count, count, c, words, columns, scale, keep, own)
                else:
                    block(a, step_a, b, step_b, width, count, c, words, columns, scale, keep, own)

    return kernel


rows, columns = _product(along=True), _product(along=False)
