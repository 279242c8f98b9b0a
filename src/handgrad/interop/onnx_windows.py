"""Converters of nodes whose windows slide, and of those that normalise."""

from __future__ import annotations

from typing import Any

from handgrad.interop.onnx_layers import Call, Tensor
from handgrad.interop.onnx_ops import converts, plain, scaled


def spatial(call: Call, x: Tensor) -> int:
    """How many axes windows slide along."""
    rank = len(x.shape) - 1
    if not call.batched or not 1 <= rank <= 3:
        call.fail(f"expected a batch of inputs with channels and 1 to 3 axes, found shape {list(x.shape)} an example")
    return rank


def lengths(call: Call, name: str, rank: int, default: int) -> list[int]:
    """An attribute with one positive integer for each axis."""
    found = call.setting(name, [default] * rank)
    if len(found) != rank or not all(type(n) is int for n in found):
        call.fail(f'the attribute "{name}" must list {rank} integers, found {list(found)[:8]}')
    return [int(n) for n in found]


def padding(call: Call, rank: int) -> Any:
    """The padding as handgrad has it."""
    auto = call.setting("auto_pad", "NOTSET")
    known = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": 0}
    if auto in known:
        return known[auto]
    if auto != "NOTSET":
        call.fail(f'unknown auto_pad "{auto}"')
    pads = call.setting("pads", [0] * 2 * rank)
    if len(pads) != 2 * rank or not all(type(n) is int and 0 <= n < 2**20 for n in pads):
        call.fail(f'the attribute "pads" must list {2 * rank} integers from 0, found {list(pads)[:8]}')
    pairs = [[int(pads[k]), int(pads[k + rank])] for k in range(rank)]
    first = pairs[0][0]
    return first if all(pair == [first, first] for pair in pairs) else pairs


def one(values: list[int]) -> int | list[int]:
    """A list of equal numbers as one of them."""
    return values[0] if len(set(values)) == 1 else values


def window(call: Call, rank: int) -> dict[str, Any]:
    """Kernel, strides and padding of a pooling node."""
    settings: dict[str, Any] = {
        "kernel": one(lengths(call, "kernel_shape", rank, 0)),
        "stride": one(lengths(call, "strides", rank, 1)),
        "padding": padding(call, rank),
    }
    dilation = one(lengths(call, "dilations", rank, 1))
    ceil = bool(call.setting("ceil_mode", 0))
    return settings | ({"dilation": dilation} if dilation != 1 else {}) | ({"ceil_mode": True} if ceil else {})


@converts("MaxPool")
def _max_pool(call: Call) -> Tensor:
    x = call.quantity()
    rank = spatial(call, x)
    return call.layer(f"max_pool{rank}d", x, **window(call, rank))


@converts("AveragePool")
def _average_pool(call: Call) -> Tensor:
    x = call.quantity()
    rank = spatial(call, x)
    settings = window(call, rank)
    if settings["padding"] != 0 or "ceil_mode" in settings:
        settings["count_include_pad"] = bool(call.setting("count_include_pad", 0))
    return call.layer(f"average_pool{rank}d", x, **settings)


@converts("LpPool")
def _lp_pool(call: Call) -> Tensor:
    x = call.quantity()
    rank = spatial(call, x)
    return call.layer(f"lp_pool{rank}d", x, p=call.setting("p", 2), **window(call, rank))


GLOBAL = {
    "GlobalAveragePool": "global_average_pool",
    "GlobalMaxPool": "global_max_pool",
    "GlobalLpPool": "global_lp_pool",
}


@converts(*GLOBAL)
def _global_pool(call: Call) -> Tensor:
    x = call.quantity()
    spatial(call, x)
    settings = {"p": call.setting("p", 2)} if call.node.op == "GlobalLpPool" else {}
    return call.layer(GLOBAL[call.node.op], x, keep_axes=True, **settings)


def _kernel(call: Call, rank: int) -> Any:
    kernel = call.constant(1)
    if kernel.ndim != rank + 2:
        call.fail(f"expected a kernel of {rank + 2} axes, found shape {list(kernel.shape)}")
    lengths_ = call.setting("kernel_shape", list(kernel.shape[2:]))
    if list(lengths_) != list(kernel.shape[2:]):
        call.fail(f"its kernel has shape {list(kernel.shape)}, but kernel_shape says {list(lengths_)[:8]}")
    return kernel


def _sliding(call: Call, rank: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "stride": one(lengths(call, "strides", rank, 1)),
        "padding": padding(call, rank),
        "dilation": one(lengths(call, "dilations", rank, 1)),
        "groups": call.setting("group", 1),
    }
    plain_ = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    return {key: value for key, value in found.items() if value != plain_[key]}


@converts("Conv")
def _conv(call: Call) -> Tensor:
    x = call.quantity()
    rank = spatial(call, x)
    bias = call.constant(2) if call.has(2) else None
    return call.layer(f"conv{rank}d", x, kernel=_kernel(call, rank), bias=bias, **_sliding(call, rank))


@converts("ConvTranspose")
def _conv_transpose(call: Call) -> Tensor:
    x = call.quantity()
    rank = spatial(call, x)
    settings = _sliding(call, rank)
    extra = one(lengths(call, "output_padding", rank, 0))
    output = call.setting("output_shape")
    if extra != 0:
        settings["output_padding"] = extra
    if output is not None:
        settings["output_shape"] = lengths(call, "output_shape", rank, 0)
    bias = call.constant(2) if call.has(2) else None
    return call.layer(f"conv_transpose{rank}d", x, kernel=_kernel(call, rank), bias=bias, **settings)


def epsilon(call: Call) -> float | int:
    """ε as it is written shortest."""
    return plain(call.setting("epsilon", 1e-5))


@converts("BatchNormalization")
def _batch_norm(call: Call) -> tuple[Tensor | None, ...]:
    x = call.quantity()
    training = bool(call.setting("training_mode", 0))
    if not call.batched:
        if not training:
            call.fail("expected a batch")
        return (None, *_running(call, x))
    statistics = {} if training else {"mean": call.constant(3), "variance": call.constant(4)}
    given = {"scale": call.constant(1), "shift": call.constant(2)} | statistics
    return (call.layer("batch_norm", x, epsilon=epsilon(call), **given),)


def _running(call: Call, x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance as training carries them on, of a batch that is one whole."""
    axes = [axis for axis in range(1, len(x.shape) + 1) if axis != 2]
    momentum = call.setting("momentum", 0.9)
    mean = call.layer("mean", x, axes=axes, keep_axes=True)
    centred = call.layer("subtract", x, mean)
    found = (call.layer("mean", x, axes=axes), call.layer("mean", call.layer("square", centred), axes=axes))
    return tuple(  # type: ignore[return-value]  # two of them
        call.layer("add", scaled(call, now, plain(1 - momentum)), scaled(call, call.tensor(place), plain(momentum)))
        for now, place in zip(found, (3, 4), strict=True)
    )


@converts("InstanceNormalization")
def _instance_norm(call: Call) -> Tensor:
    scale, shift = call.constant(1), call.constant(2)
    return call.layer("instance_norm", call.quantity(), epsilon=epsilon(call), scale=scale, shift=shift)


@converts("GroupNormalization")
def _group_norm(call: Call) -> Tensor:
    x, scale, shift = call.quantity(), call.constant(1), call.constant(2)
    groups = call.setting("num_groups", 1)
    if scale.size == groups != x.shape[0]:
        call.fail("a scale for each group (opset 18 to 20) is not read; one for each channel is")
    return call.layer("group_norm", x, epsilon=epsilon(call), groups=groups, scale=scale, shift=shift)


@converts("LayerNormalization")
def _layer_norm(call: Call) -> tuple[Tensor, ...]:
    x = call.quantity()
    rank = call.rank(x)
    axis = call.axis(call.setting("axis", -1), rank)
    shift = call.constant(2) if call.has(2) else None
    y = call.layer("layer_norm", x, epsilon=epsilon(call), axis=axis, scale=call.constant(1), shift=shift)
    if len(call.node.gives) < 2:
        return (y,)
    axes = list(range(axis, len(x.shape) + 1))
    mean = call.layer("mean", x, axes=axes, keep_axes=True)
    centred = call.layer("square", call.layer("subtract", x, mean))
    variance = call.layer("mean", centred, axes=axes, keep_axes=True)
    root = call.layer("square_root", call.layer("add", variance, call.number(epsilon(call))))
    return (y, mean, call.layer("reciprocal", root))


@converts("RMSNormalization")
def _rms_norm(call: Call) -> Tensor:
    x = call.quantity()
    axis = call.axis(call.setting("axis", -1), call.rank(x))
    return call.layer("rms_norm", x, epsilon=epsilon(call), axis=axis, scale=call.constant(1))
