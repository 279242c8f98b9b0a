"""Tiles of a matrix product: rows of A against vectors of columns of B, summed in registers. Imports Numba.

Source: Goto, van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34 (2008).
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from handgrad.engine.tiles import Lines

_INT = ir.IntType(64)


def matrix_tile(rows: int, vectors: int, *, along: bool) -> Any:
    """C[i, j] = keep C[i, j] + scale Σ_k A[i, k] B[k, j] for ``rows`` rows and ``vectors`` vectors of columns.

    Called as (a, step, b, step_b, count, c, step_c, scale, keep, live). ``along``: k runs along memory in A and its
    rows stand ``step`` apart; else i does, and terms stand ``step`` apart. Beyond ``live`` columns nothing is written.
    """

    @intrinsic
    def tile(
        typing: Any, a: Any, step: Any, b: Any, step_b: Any, count: Any, c: Any, step_c: Any, scale: Any, keep: Any,
        live: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            a, step, b, step_b, count, c, step_c, scale, keep, live = arguments
            lines = Lines(context, builder, signature.args[0], live)
            sums = [[cgutils.alloca_once(builder, lines.kind) for _ in range(vectors)] for _ in range(rows)]
            targets = [lines.at(c, builder.mul(step_c, _INT(m))) for m in range(rows)]
            begins = [lines.at(a, builder.mul(step, _INT(m))) for m in range(rows)]
            for room in chain.from_iterable(sums):
                builder.store(lines.zero, room)
            for target in targets:
                for v in range(vectors):
                    lines.expect(target, v)
            with cgutils.for_range(builder, count) as loop:
                _once(builder)
                column = lines.at(a, builder.mul(step, loop.index))
                factors = [
                    lines.at(at, loop.index) if along else lines.at(column, _INT(m)) for m, at in enumerate(begins)
                ]
                seen = [lines.load(lines.at(b, builder.mul(step_b, loop.index)), v) for v in range(vectors)]
                for factor, row in zip(factors, sums, strict=True):
                    number = lines.number(factor, _INT(0))
                    for room, vector in zip(row, seen, strict=True):
                        builder.store(lines.fused(number, vector, builder.load(room, typ=lines.kind)), room)
            _write(lines, sums, targets, scale, keep, vectors)
            return context.get_dummy_value()

        i, real = types.int64, a.dtype
        return types.void(a, i, a, i, i, a, i, real, real, i), generate

    return tile


def _once(builder: Any) -> None:
    """Nothing, but it keeps the loop from being unrolled: its sums fill the registers as it is."""
    kind = ir.FunctionType(ir.VoidType(), [])
    builder.call(ir.InlineAsm(kind, "", "", side_effect=True), [], attrs=("convergent",))


def _write(lines: Lines, sums: list[list[Any]], targets: list[Any], scale: Any, keep: Any, vectors: int) -> None:
    builder = lines.builder
    factor, kept = lines.spread(scale), lines.spread(keep)
    fresh = builder.fcmp_ordered("==", keep, ir.Constant(lines.real, 0.0))
    full = builder.icmp_signed(">=", lines.live, _INT(vectors * lines.count))

    def write(*, adds: bool, whole: bool) -> None:
        for row, target in zip(sums, targets, strict=True):
            for v, room in enumerate(row):
                value = builder.fmul(factor, builder.load(room, typ=lines.kind))
                if adds:
                    value = lines.fused(kept, lines.load(target, v, whole=whole), value)
                lines.store(value, target, v, whole=whole)

    with builder.if_else(full) as (then, otherwise):
        for branch, whole in ((then, True), (otherwise, False)):
            with branch, builder.if_else(fresh) as (first, later):
                with first:
                    write(adds=False, whole=whole)
                with later:
                    write(adds=True, whole=whole)


@intrinsic
def turned(typing: Any, x: Any, step_x: Any, y: Any, step_y: Any) -> Any:
    """y[j, i] = x[i, j] of a square as wide as a vector; rows stand so far apart."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, step_x, y, step_y = arguments
        lines = Lines(context, builder, signature.args[0], _INT(0))
        count = lines.count
        vectors = [lines.load(lines.at(x, builder.mul(step_x, _INT(i)))) for i in range(count)]
        halves = [[half * count // 2 + k // 2 + k % 2 * count for k in range(count)] for half in (0, 1)]
        kind = ir.VectorType(ir.IntType(32), count)
        zips = [ir.Constant(kind, [ir.IntType(32)(k) for k in half]) for half in halves]
        for _ in range(count.bit_length() - 1):
            # each round puts one more bit of the row's number before those of the column's
            pairs = zip(vectors[: count // 2], vectors[count // 2 :], strict=True)
            vectors = [builder.shuffle_vector(a, b, order) for a, b in pairs for order in zips]
        for j, vector in enumerate(vectors):
            lines.store(vector, lines.at(y, builder.mul(step_y, _INT(j))))
        return context.get_dummy_value()

    i = types.int64
    return types.void(x, i, x, i), generate


@intrinsic
def copied(typing: Any, x: Any, step_x: Any, y: Any, step_y: Any, count: Any, vectors: Any) -> Any:
    """y[i] = x[i] of so many rows, so many vectors of each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, step_x, y, step_y, count, vectors = arguments
        lines = Lines(context, builder, signature.args[0], _INT(0))
        with cgutils.for_range(builder, count) as row:
            source, target = (lines.at(at, builder.mul(step, row.index)) for at, step in ((x, step_x), (y, step_y)))
            with cgutils.for_range(builder, vectors) as along:
                on = builder.mul(along.index, _INT(lines.count))
                lines.store(lines.load(lines.at(source, on)), lines.at(target, on))
        return context.get_dummy_value()

    i = types.int64
    return types.void(x, i, x, i, i, i), generate


@intrinsic
def expected(typing: Any, x: Any, step: Any, count: Any, vectors: Any) -> Any:
    """Asks for so many vectors of so many rows, which will be read soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, step, count, vectors = arguments
        lines = Lines(context, builder, signature.args[0], _INT(0))
        with cgutils.for_range(builder, count) as row:
            at = lines.at(x, builder.mul(step, row.index))
            with cgutils.for_range(builder, vectors) as along:
                lines.expect(lines.at(at, builder.mul(along.index, _INT(lines.count))), 0)
        return context.get_dummy_value()

    i = types.int64
    return types.void(x, i, i, i), generate
