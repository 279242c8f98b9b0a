"""Single machine instructions that Numba has no name for, on float32 and float64 alike.

The arithmetic of whole numbers here keeps its width and wraps, as a register does: Numba's own `+` makes 64 bits
of two int32. A comparison with `choose` is a select, never a branch, so that a loop over it becomes a vector loop.
"""

# ruff: noqa: ARG001  Numba gives a rule and its builder all they might ask for, by position

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

WORD: dict[Any, Any] = {types.float32: types.int32, types.float64: types.int64}
"""The integer that holds the bits of a float."""
REAL: dict[Any, Any] = {word: real for real, word in WORD.items()}

Generate = Callable[[Any, Any, Any, Any], Any]
Instruction = Callable[..., Any]


def instruction(rule: Callable[..., tuple[Any, Generate]]) -> Instruction:
    """A name for kernels: the rule gives its signature, to whose types the arguments are cast, and how it is built."""
    name: Instruction = intrinsic(rule)
    return name


def _named(name: str, count: int) -> Generate:
    """A call of one of LLVM's own functions of `count` floats of one type."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = values[0].type
        function = builder.module.declare_intrinsic(f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * count))
        return builder.call(function, values)

    return generate


@instruction
def fma(typing: Any, a: Any, b: Any, c: Any) -> tuple[Any, Generate]:
    """a b + c, rounded once (on a CPU without the instruction: after the product and after the sum)."""
    return a(a, a, a), _named("fmuladd", 3)


@instruction
def magnitude(typing: Any, x: Any) -> tuple[Any, Generate]:
    """|x|, the sign bit cleared."""
    return x(x), _named("fabs", 1)


@instruction
def signed(typing: Any, x: Any, sign: Any) -> tuple[Any, Generate]:
    """|x| with the sign bit of `sign`."""
    return x(x, x), _named("copysign", 2)


@instruction
def choose(typing: Any, condition: Any, yes: Any, no: Any) -> tuple[Any, Generate]:
    """yes where the condition holds, else no; both are computed."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(*values)

    return yes(types.boolean, yes, yes), generate


def _cast(kind: Any) -> Generate:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(values[0], context.get_value_type(kind))

    return generate


@instruction
def bits(typing: Any, x: Any) -> tuple[Any, Generate]:
    """The bits of a float as an integer of its width."""
    return WORD[x](x), _cast(WORD[x])


@instruction
def from_bits(typing: Any, i: Any) -> tuple[Any, Generate]:
    """The float that has these bits."""
    return REAL[i](i), _cast(REAL[i])


def _integers(operation: str) -> Generate:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return getattr(builder, operation)(*values)

    return generate


@instruction
def plus(typing: Any, i: Any, j: Any) -> tuple[Any, Generate]:
    """i + j modulo 2^width."""
    return i(i, i), _integers("add")


@instruction
def minus(typing: Any, i: Any, j: Any) -> tuple[Any, Generate]:
    """i − j modulo 2^width."""
    return i(i, i), _integers("sub")


@instruction
def both(typing: Any, i: Any, j: Any) -> tuple[Any, Generate]:
    """The bits set in i and in j."""
    return i(i, i), _integers("and_")


@instruction
def shifted_left(typing: Any, i: Any, count: Any) -> tuple[Any, Generate]:
    """i · 2^count modulo 2^width."""
    return i(i, i), _integers("shl")


@instruction
def shifted_right(typing: Any, i: Any, count: Any) -> tuple[Any, Generate]:
    """The bits of i moved down by count, zeros from above."""
    return i(i, i), _integers("lshr")


@instruction
def polynomial(typing: Any, x: Any, coefficients: Any) -> tuple[Any, Generate]:
    """c₀ + c₁ x + c₂ x² + …, by Horner's rule in fused steps; the coefficients are a tuple of x's type."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        step = _named("fmuladd", 3)
        at, terms = values[0], [builder.extract_value(values[1], place) for place in range(len(coefficients))]
        value = terms[-1]
        for term in reversed(terms[:-1]):
            value = step(context, builder, signature, (value, at, term))
        return value

    return x(x, coefficients), generate
