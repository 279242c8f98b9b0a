"""Tiles of a convolution and of pooling: a few rows of vectors that stay in registers. Imports Numba.

Every array has the batch last, so a vector holds neighbouring examples, and a tile takes some channels, some places
and two vectors of examples. ``live`` says how many of its examples there are: beyond them nothing is written; what
is read beyond them is never used. Tables hold pairs of words for each term: how far on its vectors stand in x, and
its factors in a.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from handgrad.engine.vectors import vector_bytes

VECTORS = 2
"""Vectors of examples in a tile."""

ADD, RELU, GATE = 1, 2, 4
"""What a tile does before it writes: adds what is there, cuts off below zero, writes zeros where the gate is not above
zero."""

_INT = ir.IntType(64)
_BIT = ir.IntType(1)


class Lines:
    """Vectors of one floating type at pointers, as instructions of LLVM."""

    def __init__(self, context: Any, builder: Any, pointer: Any, live: Any) -> None:
        self.builder, self.real = builder, context.get_value_type(pointer.dtype)
        bytes_each = 8 if self.real == ir.DoubleType() else 4
        self.align, self.count = bytes_each, vector_bytes() // bytes_each
        self.kind, self.live = ir.VectorType(self.real, self.count), live
        self.letter = f"v{self.count}f{8 * bytes_each}"
        self.zero = ir.Constant(self.kind, [ir.Constant(self.real, 0.0)] * self.count)

    def at(self, pointer: Any, offset: Any) -> Any:
        """The pointer moved on by so many entries."""
        return self.builder.gep(pointer, [offset], source_etype=self.real)

    def apart(self, pointer: Any, other: Any) -> Any:
        """How many entries the other pointer is further on."""
        places = [self.builder.ptrtoint(one, _INT) for one in (other, pointer)]
        return self.builder.sdiv(self.builder.sub(*places), _INT(self.align))

    def spread(self, number: Any) -> Any:
        """A vector of one number."""
        first = self.builder.insert_element(ir.Constant(self.kind, ir.Undefined), number, ir.IntType(32)(0))
        return self.builder.shuffle_vector(
            first, ir.Constant(self.kind, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        )

    def number(self, pointer: Any, offset: Any) -> Any:
        """The number so many entries on, in every lane."""
        return self.spread(self.builder.load(self.at(pointer, offset), typ=self.real))

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c, rounded once."""
        kind = ir.FunctionType(self.kind, [self.kind] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.{self.letter}")
        return self.builder.call(function, [a, b, c])

    def load(self, pointer: Any, vector: int = 0, *, whole: bool = True) -> Any:
        """The vector at a pointer; zeros in lanes without an example unless it is whole or they do not matter."""
        place = self.at(pointer, _INT(vector * self.count))
        if whole:
            return self.builder.load(place, align=self.align, typ=self.kind)
        masks = ir.VectorType(_BIT, self.count)
        kind = ir.FunctionType(self.kind, [place.type, masks, self.kind])
        name = f"llvm.masked.load.{self.letter}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [place, self.mask(vector), self.zero])

    def store(self, value: Any, pointer: Any, vector: int = 0, *, whole: bool = True) -> None:
        """Writes a vector, the lanes with an example alone unless it is whole."""
        place = self.at(pointer, _INT(vector * self.count))
        if whole:
            self.builder.store(value, self.builder.bitcast(place, self.kind.as_pointer()), align=self.align)
            return
        kind = ir.FunctionType(ir.VoidType(), [self.kind, place.type, ir.VectorType(_BIT, self.count)])
        name = f"llvm.masked.store.{self.letter}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        self.builder.call(function, [value, place, self.mask(vector)])

    def expect(self, pointer: Any, vector: int) -> None:
        """Asks for a vector that will be read soon; where there is none, nothing happens."""
        narrow, place = ir.IntType(32), self.at(pointer, _INT(vector * self.count))
        kind = ir.FunctionType(ir.VoidType(), [place.type, narrow, narrow, narrow])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        self.builder.call(function, [place, narrow(0), narrow(2), narrow(1)])

    def mask(self, vector: int) -> Any:
        """Which lanes of the vector have an example."""
        wide = ir.VectorType(_INT, self.count)
        numbers = ir.Constant(wide, [_INT(vector * self.count + i) for i in range(self.count)])
        first = self.builder.insert_element(ir.Constant(wide, ir.Undefined), self.live, ir.IntType(32)(0))
        lane = ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        live = self.builder.shuffle_vector(first, ir.Constant(wide, ir.Undefined), lane)
        return self.builder.icmp_signed("<", numbers, live)

    def both(self, body: Callable[..., None]) -> None:
        """The body for whole vectors where every example is there, else for masked ones."""
        full = self.builder.icmp_signed(">=", self.live, _INT(VECTORS * self.count))
        with self.builder.if_else(full) as (then, otherwise):
            with then:
                body(whole=True)
            with otherwise:
                body(whole=False)


def product_tile(rows: int, places: int) -> Any:
    """y[m, p] = Σ_k a[k, m] x[k, p] for ``rows`` channels m and ``places`` places p, of vectors of examples.

    Called as (a, x, table, count, step_x, y, step_m, step_y, rows there are, live, bias, gate, flags): the places
    stand step_x apart in x and step_y in y, the channels step_m in y; ``bias`` is [m]; ``gate`` stands as y does.
    """

    @intrinsic
    def tile(
        typing: Any, a: Any, x: Any, table: Any, count: Any, step_x: Any, y: Any, step_m: Any, step_y: Any,
        present: Any, live: Any, bias: Any, gate: Any, flags: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            a, x, table, count, step_x, y, step_m, step_y, present, live, bias, gate, flags = arguments
            lines = Lines(context, builder, signature.args[1], live)
            sums = [[cgutils.alloca_once(builder, lines.kind) for _ in range(places * VECTORS)] for _ in range(rows)]
            for m, row in enumerate(sums):
                start = lines.number(bias, _INT(m))
                for room in row:
                    builder.store(start, room)
            at = [lines.at(x, builder.mul(step_x, _INT(p))) for p in range(places)]
            with cgutils.for_range(builder, count) as loop:
                pair = builder.gep(table, [builder.shl(loop.index, _INT(1))], source_etype=_INT)
                on = builder.load(pair, typ=_INT)
                factors = lines.at(a, builder.load(builder.gep(pair, [_INT(1)], source_etype=_INT), typ=_INT))
                seen = [lines.load(lines.at(at[j // VECTORS], on), j % VECTORS) for j in range(places * VECTORS)]
                for m, row in enumerate(sums):
                    factor = lines.number(factors, _INT(m))
                    for room, vector in zip(row, seen, strict=True):
                        builder.store(lines.fused(factor, vector, builder.load(room, typ=lines.kind)), room)
            away = lines.apart(y, gate)

            def write(*, whole: bool) -> None:
                for m, row in enumerate(sums):
                    with builder.if_then(builder.icmp_signed(">", present, _INT(m))):
                        for j, room in enumerate(row):
                            step = builder.mul(step_y, _INT(j // VECTORS))
                            target = lines.at(y, builder.add(builder.mul(step_m, _INT(m)), step))
                            finish(lines, room, target, away, flags, j % VECTORS, whole=whole)

            lines.both(write)
            return context.get_dummy_value()

        i = types.int64
        return types.void(x, x, table, i, i, x, i, i, i, i, x, x, i), generate

    return tile


def finish(lines: Lines, room: Any, target: Any, away: Any, flags: Any, vector: int, *, whole: bool) -> None:
    """Adds, cuts off and gates a vector as the flags say, and writes it. ``away``: how far off its gate stands."""
    builder, kind = lines.builder, lines.kind

    def told(flag: int) -> Any:
        return builder.if_then(builder.icmp_unsigned("!=", builder.and_(flags, _INT(flag)), _INT(0)))

    with told(ADD):
        there = lines.load(target, vector, whole=whole)
        builder.store(builder.fadd(builder.load(room, typ=kind), there), room)
    with told(RELU):
        value = builder.load(room, typ=kind)
        builder.store(builder.select(builder.fcmp_ordered(">", value, lines.zero), value, lines.zero), room)
    with told(GATE):
        gate = lines.load(lines.at(target, away), vector, whole=whole)
        value = builder.load(room, typ=kind)
        builder.store(builder.select(builder.fcmp_ordered(">", gate, lines.zero), value, lines.zero), room)
    lines.store(builder.load(room, typ=kind), target, vector, whole=whole)


def panel_tile(rows: int) -> Any:
    """y[m] = Σ_k a[k, m] x[k], whole vectors at one place.

    Called as (a, x, step_k, count, y, step_m): the terms stand step_k apart in x, the channels step_m in y.
    """

    @intrinsic
    def tile(typing: Any, a: Any, x: Any, step_k: Any, count: Any, y: Any, step_m: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            a, x, step_k, count, y, step_m = arguments
            lines = Lines(context, builder, signature.args[1], _INT(0))
            sums = [[cgutils.alloca_once(builder, lines.kind) for _ in range(VECTORS)] for _ in range(rows)]
            for room in chain.from_iterable(sums):
                builder.store(lines.zero, room)
            with cgutils.for_range(builder, count) as loop:
                factors = lines.at(a, builder.mul(loop.index, _INT(rows)))
                place = lines.at(x, builder.mul(loop.index, step_k))
                seen = [lines.load(place, v) for v in range(VECTORS)]
                for m, row in enumerate(sums):
                    factor = lines.number(factors, _INT(m))
                    for room, vector in zip(row, seen, strict=True):
                        builder.store(lines.fused(factor, vector, builder.load(room, typ=lines.kind)), room)
            for m, row in enumerate(sums):
                for v, room in enumerate(row):
                    lines.store(builder.load(room, typ=lines.kind), lines.at(y, builder.mul(step_m, _INT(m))), v)
            return context.get_dummy_value()

        return types.void(x, x, types.int64, types.int64, x, types.int64), generate

    return tile


def gradient_tile(rows: int, taps: int) -> Any:
    """s[m, t] += Σ over places and examples of dy[m, place] x[t, place], for ``rows`` channels and ``taps`` taps.

    Called as (dy, step_m, step_i, step_j, x, table, step_xi, step_xj, height, width, rows there are, live, sums):
    steps of dy by channel, row and place, of x by row and place; the table says where each tap begins in x, whose
    lanes without an example are zeros; ``sums`` holds a number for each m and t.
    """

    @intrinsic
    def tile(
        typing: Any, dy: Any, step_m: Any, step_i: Any, step_j: Any, x: Any, table: Any, step_xi: Any, step_xj: Any,
        height: Any, width: Any, present: Any, live: Any, sums: Any,
    ) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            dy, step_m, step_i, step_j, x, table, step_xi, step_xj, height, width, present, live, sums = arguments
            lines = Lines(context, builder, signature.args[0], live)
            rooms = [[cgutils.alloca_once(builder, lines.kind) for _ in range(taps)] for _ in range(rows)]
            last = builder.sub(present, _INT(1))
            channels = []
            for m in range(rows):
                channel = builder.select(builder.icmp_signed("<", last, _INT(m)), last, _INT(m))
                channels.append(builder.mul(channel, step_m))
            begins = [builder.load(builder.gep(table, [_INT(t)], source_etype=_INT), typ=_INT) for t in range(taps)]
            for room in chain.from_iterable(rooms):
                builder.store(lines.zero, room)

            def run(*, whole: bool) -> None:
                with cgutils.for_range(builder, height) as down, cgutils.for_range(builder, width) as along:
                    place = builder.add(builder.mul(down.index, step_i), builder.mul(along.index, step_j))
                    under = builder.add(builder.mul(down.index, step_xi), builder.mul(along.index, step_xj))
                    slopes, seen = lines.at(dy, place), lines.at(x, under)
                    for v in range(VECTORS):
                        given = [lines.load(lines.at(slopes, channel), v, whole=whole) for channel in channels]
                        for t, begin in enumerate(begins):
                            vector = lines.load(lines.at(seen, begin), v)
                            for m, slope in enumerate(given):
                                room = rooms[m][t]
                                builder.store(lines.fused(slope, vector, builder.load(room, typ=lines.kind)), room)

            lines.both(run)
            found = [builder.load(room, typ=lines.kind) for room in chain.from_iterable(rooms)]
            for k, vector in enumerate(_totals(lines, found)):
                lines.store(builder.fadd(lines.load(sums, k), vector), sums, k)
            return context.get_dummy_value()

        i = types.int64
        return types.void(dy, i, i, i, x, table, i, i, i, i, i, i, dy), generate

    return tile


def _totals(lines: Lines, vectors: list[Any]) -> list[Any]:
    """The sums of the lanes of vectors, in vectors, in their order; halves of blocks added to each other."""
    block = lines.count
    while block > 1:
        vectors = [*vectors, lines.zero] if len(vectors) % 2 else vectors
        vectors = [_halved(lines, a, b, block) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
        block //= 2
    return vectors


def _halved(lines: Lines, a: Any, b: Any, block: int) -> Any:
    """Each block of a, then of b, with its upper half added to its lower one."""
    narrow, half = ir.IntType(32), block // 2
    low = [start + i for start in range(0, 2 * lines.count, block) for i in range(half)]
    kind = ir.VectorType(narrow, lines.count)
    parts = [ir.Constant(kind, [narrow(i + shift) for i in low]) for shift in (0, half)]
    return lines.builder.fadd(*(lines.builder.shuffle_vector(a, b, part) for part in parts))


@intrinsic
def total_along(typing: Any, x: Any, count: Any, step: Any, live: Any) -> Any:
    """The sum of ``count`` places ``step`` apart, over their examples."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, count, step, live = arguments
        lines = Lines(context, builder, signature.args[0], live)
        rooms = [cgutils.alloca_once(builder, lines.kind) for _ in range(VECTORS)]
        for room in rooms:
            builder.store(lines.zero, room)

        def run(*, whole: bool) -> None:
            with cgutils.for_range(builder, count) as loop:
                place = lines.at(x, builder.mul(loop.index, step))
                for v, room in enumerate(rooms):
                    found = lines.load(place, v, whole=whole)
                    builder.store(builder.fadd(builder.load(room, typ=lines.kind), found), room)

        lines.both(run)
        total = builder.fadd(*(builder.load(room, typ=lines.kind) for room in rooms))
        return builder.extract_element(_totals(lines, [total])[0], ir.IntType(32)(0))

    return x.dtype(x, types.int64, types.int64, types.int64), generate


@intrinsic
def largest_tile(typing: Any, x: Any, table: Any, count: Any, y: Any, live: Any) -> Any:
    """y = the largest x of the table, for two vectors of examples."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, table, count, y, live = arguments
        lines = Lines(context, builder, signature.args[0], live)
        rooms = [cgutils.alloca_once(builder, lines.kind) for _ in range(VECTORS)]
        first = lines.at(x, builder.load(table, typ=_INT))
        for v, room in enumerate(rooms):
            builder.store(lines.load(first, v), room)
        with cgutils.for_range(builder, count) as loop:
            place = _entry(lines, x, table, loop.index)
            for v, room in enumerate(rooms):
                found, best = lines.load(place, v), builder.load(room, typ=lines.kind)
                builder.store(builder.select(builder.fcmp_ordered(">", found, best), found, best), room)

        def write(*, whole: bool) -> None:
            for v, room in enumerate(rooms):
                lines.store(builder.load(room, typ=lines.kind), y, v, whole=whole)

        lines.both(write)
        return context.get_dummy_value()

    return types.void(x, table, types.int64, x, types.int64), generate


@intrinsic
def winner_tile(typing: Any, x: Any, table: Any, count: Any, y: Any, dy: Any, dx: Any, live: Any, flags: Any) -> Any:
    """dx = dy at the first place of the table where x is y, and 0 at the others; with GATE, 0 unless y is above 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, table, count, y, dy, dx, live, flags = arguments
        lines = Lines(context, builder, signature.args[0], live)
        free = [cgutils.alloca_once(builder, lines.kind) for _ in range(VECTORS)]

        def run(*, whole: bool) -> None:
            best = [lines.load(y, v) for v in range(VECTORS)]
            gated = builder.icmp_unsigned("!=", builder.and_(flags, _INT(GATE)), _INT(0))
            for v, room in enumerate(free):
                slope = lines.load(dy, v)
                shut = builder.select(builder.fcmp_ordered(">", best[v], lines.zero), slope, lines.zero)
                builder.store(builder.select(gated, shut, slope), room)
            with cgutils.for_range(builder, count) as loop:
                place, target = _entry(lines, x, table, loop.index), _entry(lines, dx, table, loop.index)
                for v, room in enumerate(free):
                    rest = builder.load(room, typ=lines.kind)
                    wins = builder.fcmp_ordered("==", lines.load(place, v), best[v])
                    part = cgutils.alloca_once(builder, lines.kind)
                    builder.store(builder.select(wins, rest, lines.zero), part)
                    builder.store(builder.select(wins, lines.zero, rest), room)
                    finish(lines, part, target, _INT(0), builder.and_(flags, _INT(ADD)), v, whole=whole)

        lines.both(run)
        return context.get_dummy_value()

    i = types.int64
    return types.void(x, table, i, x, x, x, i, i), generate


def _entry(lines: Lines, x: Any, table: Any, index: Any) -> Any:
    """Where the term of the table stands in x."""
    builder = lines.builder
    pair = builder.gep(table, [builder.shl(index, _INT(1))], source_etype=_INT)
    return lines.at(x, builder.load(pair, typ=_INT))


@intrinsic
def lanes_of(typing: Any, x: Any) -> Any:
    """Numbers in a vector."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _INT(Lines(context, builder, signature.args[0], _INT(0)).count)

    return types.int64(x), generate


@intrinsic
def words_at(typing: Any, x: Any, words: Any) -> Any:
    """The room at a pointer as words."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], arguments[1].type)

    return words(x, words), generate
