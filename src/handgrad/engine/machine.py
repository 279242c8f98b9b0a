"""What the kernels need of the machine: arrays at an address, indirect calls, barriers. Imports Numba.

A kernel is ``void kernel(base, words, control)``: ``base`` points at floating numbers and every array is an offset
from it; ``words`` are its own integers; ``control`` is the thread's block (see program.py).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic, register_jitable

_INT = ir.IntType(64)


@intrinsic
def shifted(typing: Any, pointer: Any, offset: Any) -> Any:
    """The pointer moved on by so many entries."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        entry = context.get_value_type(signature.args[0].dtype)
        return builder.gep(arguments[0], [arguments[1]], source_etype=entry)

    return pointer(pointer, types.int64), generate


@intrinsic
def pointed(typing: Any, address: Any, like: Any) -> Any:
    """The address as a pointer of the type of ``like``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return like(types.int64, like), generate


@intrinsic
def address_of(typing: Any, pointer: Any) -> Any:
    """The address that a pointer holds."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], _INT)

    return types.int64(pointer), generate


@intrinsic
def real_of(typing: Any, word: Any) -> Any:
    """The float64 whose bits the word holds."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def word_of(typing: Any, real: Any) -> Any:
    """The bits of a float64 as a word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _INT)

    return types.int64(types.float64), generate


@intrinsic
def like(typing: Any, number: Any, x: Any) -> Any:
    """The number in the floating type of x: mixed with anything else, a float32 would become a float64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(builder, arguments[0], signature.args[0], signature.return_type)

    return x(types.float64, x), generate


@intrinsic
def call_kernel(typing: Any, address: Any, base: Any, words: Any, control: Any) -> Any:
    """Runs the kernel at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in arguments[1:]])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(types.int64, base, words, control), generate


@intrinsic
def gemm(
    typing: Any, address: Any, flip_a: Any, flip_b: Any, m: Any, n: Any, k: Any, alpha: Any, a: Any, lda: Any,
    b: Any, ldb: Any, beta: Any, c: Any, ldc: Any,
) -> Any:  # fmt: skip
    """C [m][n] = alpha A B + beta C of row-major matrices; a flipped one is stored transposed. BLAS's cblas_?gemm."""
    real = a.dtype

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        narrow = ir.IntType(32)
        at, fa, fb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc = arguments

        def short(value: Any) -> Any:
            return builder.trunc(value, narrow)

        def order(flip: Any) -> Any:
            return builder.select(builder.icmp_signed("!=", flip, _INT(0)), narrow(112), narrow(111))

        values = [
            narrow(101), order(fa), order(fb), short(m), short(n), short(k), alpha, a, short(lda), b, short(ldb),
            beta, c, short(ldc),
        ]  # fmt: skip
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        builder.call(builder.inttoptr(at, kind.as_pointer()), values)
        return context.get_dummy_value()

    i = types.int64
    return types.void(i, i, i, i, i, i, real, a, i, b, i, real, c, i), generate


@intrinsic
def add_atomically(typing: Any, pointer: Any, value: Any) -> Any:
    """Adds to an integer that other threads see; what it was."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.atomic_rmw("add", arguments[0], arguments[1], "acq_rel")

    return types.int64(pointer, types.int64), generate


@intrinsic
def seen(typing: Any, pointer: Any) -> Any:
    """The integer as other threads left it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(arguments[0], "acquire", 8, typ=_INT)

    return types.int64(pointer), generate


@intrinsic
def yield_now(typing: Any, address: Any) -> Any:
    """Lets another thread run: sched_yield at its address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def nanoseconds(typing: Any, address: Any, clock: Any) -> Any:
    """The time of a clock of the C library, by the address of clock_gettime."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        room = builder.alloca(_INT, 2)
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32), room.type])
        clock = builder.trunc(arguments[1], ir.IntType(32))
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [clock, room])
        seconds = builder.load(room, typ=_INT)
        rest = builder.load(builder.gep(room, [_INT(1)], source_etype=_INT), typ=_INT)
        return builder.add(builder.mul(seconds, _INT(1_000_000_000)), rest)

    return types.int64(types.int64, types.int64), generate


@register_jitable
def view(base: Any, offset: Any, shape: Any) -> Any:
    """The array of a shape that begins so many entries behind ``base``."""
    return carray(shifted(base, offset), shape)
