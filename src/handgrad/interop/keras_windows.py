"""Keras's convolutions, pooling and padding: kernels and inputs turned from channels last to channels first."""

from __future__ import annotations

from typing import Any

from handgrad.interop.keras_layers import Call, Tensor, reads


def _rank(call: Call) -> int:
    """The dimensions of an image, which the class's name ends with."""
    call.setting("data_format", "channels_last", None)
    return int("".join(c for c in call.kind if c.isdigit()))


def _numbers(call: Call, name: str, rank: int) -> list[int]:
    """A setting of one number a dimension."""
    value = call.config.get(name) or 1
    numbers = list(value) if isinstance(value, (list, tuple)) else [value] * rank
    if len(numbers) != rank or not all(type(n) is int and n > 0 for n in numbers):
        call.fail(f"{name} = {str(value)[:60]}, expected a positive integer for each of {rank} dimensions")
    return numbers


def _window(call: Call, rank: int, taps: list[int]) -> dict[str, Any]:
    """Stride, dilation and padding of a convolution."""
    table: dict[str, Any] = {
        "stride": _numbers(call, "strides", rank),
        "dilation": _numbers(call, "dilation_rate", rank),
    }
    padding = call.setting("padding", "valid", "same", *(["causal"] if rank == 1 else []))
    if padding == "causal":
        table["padding"] = [[(taps[0] - 1) * table["dilation"][0], 0]]
    elif padding == "same":
        table["padding"] = "same"
    return {key: value for key, value in table.items() if value != [1] * rank}


def _front_axes(kernel: Any) -> Any:
    """[k…][in][out] as [out][in][k…]."""
    return kernel.transpose(-1, -2, *range(kernel.ndim - 2))


def _biased(call: Call, count: int) -> tuple[list[Any], Any]:
    bias = bool(call.config.get("use_bias", True))
    arrays = call.take(count + bias)
    for kernel in arrays[:count]:
        if kernel.ndim != _rank(call) + 2:
            call.fail(f"expected a kernel of {_rank(call) + 2} axes, found {kernel.ndim}")
    return arrays[:count], arrays[-1] if bias else None


@reads("Conv1D", "Conv2D", "Conv3D")
def _convolution(call: Call) -> Tensor:
    rank = _rank(call)
    (kernel,), bias = _biased(call, 1)
    groups = call.config.get("groups", 1)
    table = _window(call, rank, list(kernel.shape[:rank])) | ({"groups": groups} if groups != 1 else {})
    made = call.layer(f"conv{rank}d", call.front(call.x), kernel=_front_axes(kernel), bias=bias, **table)
    return call.activated(made)


def _depthwise(call: Call, kernel: Any, bias: Any) -> Tensor:
    rank = _rank(call)
    taps, (channels, each) = kernel.shape[:rank], kernel.shape[rank:]
    turned = kernel.transpose(-2, -1, *range(rank)).reshape(channels * each, 1, *taps)
    table = _window(call, rank, list(taps))
    return call.layer(f"conv{rank}d", call.front(call.x), kernel=turned, bias=bias, groups=channels, **table)


@reads("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise_convolution(call: Call) -> Tensor:
    (kernel,), bias = _biased(call, 1)
    return call.activated(_depthwise(call, kernel, bias))


@reads("SeparableConv1D", "SeparableConv2D")
def _separable(call: Call) -> Tensor:
    (depth, point), bias = _biased(call, 2)
    between = _depthwise(call, depth, None)
    return call.activated(call.layer(f"conv{_rank(call)}d", between, kernel=_front_axes(point), bias=bias))


@reads("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _transposed(call: Call) -> Tensor:
    rank = _rank(call)
    (kernel,), bias = _biased(call, 1)
    call.setting("output_padding", None)
    stride, dilation = _numbers(call, "strides", rank), _numbers(call, "dilation_rate", rank)
    if dilation != [1] * rank:
        call.fail("a transposed convolution with a dilation has no counterpart")
    extra = [k - s for k, s in zip(kernel.shape[:rank], stride, strict=True)]
    table: dict[str, Any] = {} if stride == [1] * rank else {"stride": stride}
    if call.setting("padding", "valid", "same") == "same":
        if min(extra) < 0:
            call.fail('its strides are longer than its kernel, with the padding "same"')
        table["padding"] = [[n // 2, n - n // 2] for n in extra]
    elif min(extra) < 0:
        table["output_padding"] = [max(-n, 0) for n in extra]
    # [k…][out][in] as [in][out][k…]
    made = call.layer(f"conv_transpose{rank}d", call.front(call.x), kernel=_front_axes(kernel), bias=bias, **table)
    return call.activated(made)


@reads(*(f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def _pooling(call: Call) -> Tensor:
    rank = _rank(call)
    kernel = _numbers(call, "pool_size", rank)
    table: dict[str, Any] = {"kernel": kernel}
    table["stride"] = _numbers(call, "strides", rank) if call.config.get("strides") else kernel
    if call.setting("padding", "valid", "same") == "same":
        table["padding"] = "same"
    kind = "max" if call.kind.startswith("Max") else "average"
    if kind == "average" and "padding" in table:
        table["count_include_pad"] = False
    return call.layer(f"{kind}_pool{rank}d", call.front(call.x), **table)


@reads(*(f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def _global_pooling(call: Call) -> Tensor:
    _rank(call)
    kind = "max" if call.kind.startswith("GlobalMax") else "average"
    table = {"keep_axes": True} if call.config.get("keepdims") else {}
    return call.layer(f"global_{kind}_pool", call.front(call.x), **table)


@reads("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _padding(call: Call) -> Tensor:
    rank = _rank(call)
    given = call.config["padding"]
    pairs = [given] if rank == 1 else given
    pairs = [[pair, pair] if isinstance(pair, int) else list(pair) for pair in pairs]
    return call.layer("pad", call.front(call.x), padding=[[0, 0], *pairs])
