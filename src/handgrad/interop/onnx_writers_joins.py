"""How ops of several inputs, and those that move or sum up entries, are written in ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handgrad.interop.onnx_writers import writes

if TYPE_CHECKING:
    from handgrad.interop.onnx_export import Writing

_JOINED = {"add": "Sum", "maximum": "Max", "minimum": "Min", "subtract": "Sub", "divide": "Div"}


@writes(*_JOINED)
def _joined(at: Writing) -> None:
    at.give(_JOINED[at.op.name], *at.inputs)


@writes("multiply")
def _multiply(at: Writing) -> None:
    first, *middle = at.inputs
    if not middle:
        at.give("Identity", first)
        return
    for factor in middle[:-1]:
        first = at.step("Mul", first, factor)
    at.give("Mul", first, middle[-1])


@writes("concat")
def _concat(at: Writing) -> None:
    at.give("Concat", *at.inputs, axis=at.op.axis)


@writes("matmul")
def _matmul(at: Writing) -> None:
    first, second = at.inputs
    if at.op.transpose_second:
        rank = len(at.export.network.shape(at.node.reads[1])) + 1
        order = [*range(rank - 2), rank - 1, rank - 2]
        second = at.step("Transpose", second, perm=order)
    at.give("MatMul", first, second)


@writes("local_response_norm")
def _local_response(at: Writing) -> None:
    found = {key: at.number(key) for key in ("alpha", "beta", "bias")}
    at.give("LRN", at.x, size=at.op.size, **found)
