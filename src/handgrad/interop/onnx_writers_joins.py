"""How ops of several inputs, and those that move or sum up entries, are written in ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handgrad.interop.onnx_writers import writes

if TYPE_CHECKING:
    from handgrad.interop.onnx_export import Writing

_JOINED = {"add": "Sum", "maximum": "Max", "minimum": "Min", "subtract": "Sub", "divide": "Div"}


@writes(*_JOINED)
def _joined(at: Writing) -> None:
    at.give(_JOINED[at.op.name], *at.aligned())


@writes("multiply")
def _multiply(at: Writing) -> None:
    first, *middle = at.aligned()
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
    shapes = [at.export.network.shape(name) for name in at.node.reads]
    if min(map(len, shapes)) < 2:
        at.fail("a product with a vector is not written; reshape it to a matrix")
    first, second = at.aligned()
    if at.op.transpose_second:
        rank = max(map(len, shapes)) + 1
        second = at.step("Transpose", second, perm=[*range(rank - 2), rank - 1, rank - 2])
    at.give("MatMul", first, second)


@writes("local_response_norm")
def _local_response(at: Writing) -> None:
    found = {key: at.number(key) for key in ("alpha", "beta", "bias")}
    at.give("LRN", at.x, size=at.op.size, **found)


@writes("flatten", "reshape")
def _reshape(at: Writing) -> None:
    if len(at.node.shape) == 1:
        at.give("Flatten", at.x, axis=1)
    else:
        at.give("Reshape", at.x, at.constant([0, *at.node.shape], integers=True))


@writes("transpose")
def _transpose(at: Writing) -> None:
    axes = at.op.axes or list(range(len(at.x_shape), 0, -1))
    at.give("Transpose", at.x, perm=[0, *axes])


@writes("slice")
def _slice(at: Writing) -> None:
    rank = len(at.x_shape)
    axes = [axis if axis > 0 else rank + 1 + axis for axis in at.op.axes or range(1, len(at.op.start) + 1)]
    steps = at.op.step or [1] * len(axes)
    ends = [stop if step > 0 else stop - 2 for stop, step in zip(at.op.stop, steps, strict=True)]
    ends = [end if end >= 0 else -(2**31) for end in ends]
    starts = [start - 1 for start in at.op.start]
    at.give("Slice", at.x, *(at.constant(part, integers=True) for part in (starts, ends, axes, steps)))


@writes("take")
def _take(at: Writing) -> None:
    axis = at.op.axis if at.op.axis > 0 else len(at.x_shape) + 1 + at.op.axis
    at.give("Gather", at.x, at.constant([place - 1 for place in at.op.at], integers=True), axis=axis)


@writes("pad")
def _pad(at: Writing) -> None:
    pairs = [[0, 0], *at.op.padding]
    pads = at.constant([before for before, _ in pairs] + [after for _, after in pairs], integers=True)
    value = [at.constant(at.number("value"))] if at.op.mode == "constant" else []
    at.give("Pad", at.x, pads, *value, mode=at.op.mode)


@writes("expand")
def _expand(at: Writing) -> None:
    x = at.x
    extra = len(at.op.to) - len(at.x_shape)
    if extra:
        x = at.step("Reshape", x, at.constant([0, *[1] * extra, *at.x_shape], integers=True))
    at.give("Expand", x, at.constant([1, *at.op.to], integers=True))


@writes("scale")
def _scale(at: Writing) -> None:
    at.give("Mul", at.x, at.constant(at.number("factor")))


_REDUCED = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}


@writes(*_REDUCED)
def _reduce(at: Writing) -> None:
    rank = len(at.x_shape)
    axes = [axis if axis > 0 else rank + 1 + axis for axis in at.op.axes or range(1, rank + 1)]
    at.needs(18)
    at.give(_REDUCED[at.op.name], at.x, at.constant(axes, integers=True), keepdims=int(at.op.keep_axes))


@writes("embedding")
def _embedding(at: Writing) -> None:
    place = at.x if at.op.base == 0 else at.step("Sub", at.x, at.constant(at.op.base))
    at.give("Gather", at.parameter("W"), at.step("Cast", place, to=7))
