"""Winograd's transforms of small tiles of places, each a matrix from left and right. Imports Numba.

F(2×2, 3×3): y = Aᵀ[(G k Gᵀ) ⊙ (Bᵀ d B)]A gives 2×2 places from 4×4 with 16 products in place of 36.
Source: Lavin, Gray, Fast algorithms for convolutional neural networks (2016).
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from handgrad.engine.tiles import VECTORS, Lines, finish

Matrix = tuple[tuple[int, ...], ...]

INPUT: Matrix = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
"""Bᵀ."""

OUTPUT: Matrix = ((1, 1, 1, 0), (0, 1, -1, -1))
"""Aᵀ."""

SLOPES: Matrix = ((1, 0), (1, 1), (1, -1), (0, -1))
"""A."""

_INT = ir.IntType(64)


def _applied(lines: Lines, matrix: Matrix, given: list[list[Any]]) -> list[list[Any]]:
    """The matrix times a square of vectors times the matrix transposed."""
    columns = [_products(lines, matrix, list(column)) for column in zip(*given, strict=True)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return [_products(lines, matrix, row) for row in rows]


def _products(lines: Lines, matrix: Matrix, line: list[Any]) -> list[Any]:
    """The matrix, of 0, 1 and −1, times a line of vectors."""
    found = []
    for row in matrix:
        total = None
        for sign, vector in sorted(zip(row, line, strict=True), key=lambda pair: -pair[0]):
            if sign and total is None:
                total = vector if sign > 0 else lines.builder.fsub(lines.zero, vector)
            elif sign:
                total = (lines.builder.fadd if sign > 0 else lines.builder.fsub)(total, vector)
        found.append(total)
    return found


def spread_tile(matrix: Matrix) -> Any:
    """The transform of a square of places, written as 16 places of as many arrays.

    Called as (x, step_i, step_j, inside, outside, out, step, live, ahead): x is where the square begins, ``inside``
    has a bit for each place that there is, ``outside`` points at zeros; the results stand ``step`` apart. What stands
    ``ahead``, the square of the next channel, is brought near meanwhile.
    """
    side = len(matrix[0])

    @intrinsic
    def tile(
        typing: Any, x: Any, step_i: Any, step_j: Any, inside: Any, outside: Any, out: Any, step: Any, live: Any,
        ahead: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            x, step_i, step_j, inside, outside, out, step, live, ahead = arguments
            lines = Lines(context, builder, signature.args[0], live)

            def place(i: int, j: int, *, certain: bool) -> Any:
                there = lines.at(x, builder.add(builder.mul(step_i, _INT(i)), builder.mul(step_j, _INT(j))))
                bit = builder.and_(inside, _INT(1 << (i * side + j)))
                return there if certain else builder.select(builder.icmp_signed("!=", bit, _INT(0)), there, outside)

            for i in range(side):
                for j in range(side - 2, side):
                    there = lines.at(x, builder.add(builder.mul(step_i, _INT(i)), builder.mul(step_j, _INT(j))))
                    for v in range(VECTORS):
                        lines.expect(lines.at(there, ahead), v)

            def write(*, certain: bool, whole: bool) -> None:
                for v in range(VECTORS):
                    given = [
                        [lines.load(place(i, j, certain=certain), v, whole=whole) for j in range(side)]
                        for i in range(side)
                    ]
                    for f, vector in enumerate(chain.from_iterable(_applied(lines, matrix, given))):
                        lines.store(vector, lines.at(out, builder.mul(step, _INT(f))), v)

            certain = builder.icmp_signed("==", inside, _INT((1 << side * side) - 1))
            full = builder.icmp_signed(">=", live, _INT(VECTORS * lines.count))
            with builder.if_else(builder.and_(certain, full)) as (then, otherwise):
                with then:
                    write(certain=True, whole=True)
                with otherwise:
                    write(certain=False, whole=False)
            return context.get_dummy_value()

        i = types.int64
        return types.void(x, i, i, i, x, x, i, i, i), generate

    return tile


@intrinsic
def merge_tile(
    typing: Any, m: Any, step: Any, y: Any, step_i: Any, step_j: Any, inside: Any, bias: Any, gate: Any, live: Any,
    flags: Any,
) -> Any:  # fmt: skip
    """y = Aᵀ m A + bias at the places of a 2×2 tile that there are, finished as the flags say."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        m, step, y, step_i, step_j, inside, bias, gate, live, flags = arguments
        lines = Lines(context, builder, signature.args[0], live)
        start = lines.number(bias, _INT(0))
        away = lines.apart(y, gate)
        rooms = [cgutils.alloca_once(builder, lines.kind) for _ in range(4 * VECTORS)]
        for v in range(VECTORS):
            given = [
                [lines.load(lines.at(m, builder.mul(step, _INT(4 * i + j))), v) for j in range(4)] for i in range(4)
            ]
            for p, vector in enumerate(chain.from_iterable(_applied(lines, OUTPUT, given))):
                builder.store(builder.fadd(vector, start), rooms[p * VECTORS + v])

        def write(*, whole: bool) -> None:
            for p in range(4):
                there = builder.icmp_signed("!=", builder.and_(inside, _INT(1 << p)), _INT(0))
                with builder.if_then(there):
                    offset = builder.add(builder.mul(step_i, _INT(p // 2)), builder.mul(step_j, _INT(p % 2)))
                    for v in range(VECTORS):
                        finish(lines, rooms[p * VECTORS + v], lines.at(y, offset), away, flags, v, whole=whole)

        lines.both(write)
        return context.get_dummy_value()

    i = types.int64
    return types.void(m, i, m, i, i, i, m, m, i, i), generate
