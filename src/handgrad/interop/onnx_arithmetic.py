"""Converters of nodes with several inputs, and of those that sum up along axes."""

from __future__ import annotations

from typing import Any

from handgrad.interop.onnx_layers import Call, Tensor
from handgrad.interop.onnx_ops import converts, number_of, plain, scaled

PAIRS = {
    "Add": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "Div": "divide",
    "Max": "maximum",
    "Min": "minimum",
    "Sum": "add",
    "Mean": "add",
}
"""Ops of several inputs that stretch to one shape, entry by entry."""


def stretched(call: Call) -> list[Tensor]:
    """The inputs as one shape stretches them: without the batch axis, data beside data of as many axes."""
    read = [call.tensor(place) for place in range(len(call.read))]
    rank = max(call.rank(tensor) for tensor in read)
    for place, tensor in enumerate(read):
        if call.batched and tensor.value is None and call.rank(tensor) < rank:
            call.fail(f"its input {place + 1} has fewer axes than another, so its batch would meet another axis")
    return [call.aligned(tensor, rank) for tensor in read]


@converts(*PAIRS)
def _entry_by_entry(call: Call) -> Tensor:
    read = stretched(call)
    if len(read) == 1:
        return call.layer("identity", *read)
    number = _factor(call, read)
    if number is not None:
        return number
    if call.node.op == "Mean":
        return scaled(call, call.layer("add", *read), 1 / len(read))
    return call.layer(PAIRS[call.node.op], *read)


def _factor(call: Call, read: list[Tensor]) -> Tensor | None:
    """A product with one number, or a quotient by it."""
    data = next((tensor for tensor in read if tensor.value is None), None)
    numbers = [tensor.value for tensor in read if tensor.value is not None and tensor.value.size == 1]
    if call.node.op == "Mul" and data and numbers and len(numbers[0].shape) <= len(data.shape):
        return call.layer("scale", data, factor=number_of(numbers[0]))
    return None


@converts("Pow")
def _power(call: Call) -> Tensor:
    exponent = call.tensor(1)
    if exponent.value is None or exponent.value.size != 1:
        call.fail("expected a constant number as its exponent")
    return call.layer("power", call.quantity(), exponent=number_of(exponent.value))


def axes_of(call: Call, x: Tensor) -> list[int]:
    """The axes that a node reduces, as handgrad counts."""
    found = call.integers(1, "axes")
    rank = call.rank(x)
    if not found:
        found = [] if call.setting("noop_with_empty_axes", 0) else list(range(rank))
    return sorted({call.axis(axis, rank) for axis in found})


def reduced(call: Call, name: str, x: Tensor, axes: list[int], *, keep: bool) -> Tensor:
    """x reduced along axes."""
    return call.layer(name, x, axes=axes, keep_axes=keep or None) if axes else x


REDUCED = {
    "ReduceSum": ("", "sum", ""),
    "ReduceMean": ("", "mean", ""),
    "ReduceMax": ("", "max", ""),
    "ReduceMin": ("", "min", ""),
    "ReduceL1": ("abs", "sum", ""),
    "ReduceL2": ("square", "sum", "square_root"),
    "ReduceSumSquare": ("square", "sum", ""),
    "ReduceLogSum": ("", "sum", "log"),
    "ReduceLogSumExp": ("exp", "sum", "log"),
}
"""What is done before, along the axes, and after."""


@converts(*REDUCED)
def _reduce(call: Call) -> Tensor:
    x = call.quantity()
    before, along, after = REDUCED[call.node.op]
    axes, keep = axes_of(call, x), bool(call.setting("keepdims", 1))
    inner = call.layer(before, x) if before else x
    total = reduced(call, along, inner, axes, keep=keep)
    total = call.layer(after, total) if after else total
    return call.layer("identity", x) if total is x else total


@converts("Where")
def _where(call: Call) -> Any:
    call.fail("it chooses by a condition, which has no counterpart; relu, clip, maximum and minimum do")


@converts("Concat")
def _concat(call: Call) -> Tensor:
    rank = max(call.rank(tensor) for tensor in call.read if tensor is not None)
    read = [call.tensor(place) for place in range(len(call.read))]
    if any(tensor.value is not None for tensor in read) and call.batched:
        call.fail("it joins a constant to each example; expected quantities")
    axis = call.axis(call.setting("axis", 1), rank)
    return call.layer("identity", *read) if len(read) == 1 else call.layer("concat", *read, axis=axis)


@converts("LRN")
def _lrn(call: Call) -> Tensor:
    settings = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0}
    numbers = {key: plain(call.setting(key, value)) for key, value in settings.items()}
    return call.layer("local_response_norm", call.quantity(), size=call.setting("size", 1), **numbers)
