"""How each op of handgrad is written in ONNX: the table of writers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from handgrad.interop.onnx_ops import SAME, SLOPED

if TYPE_CHECKING:
    from handgrad.interop.onnx_export import Writing

Writer = Callable[["Writing"], None]

WRITERS: dict[str, Writer] = {}
"""Every op that ONNX has, or that it can be made of, by handgrad's name."""


def writes(*names: str) -> Callable[[Writer], Writer]:
    """Decorator: the function writes these ops."""

    def known(function: Writer) -> Writer:
        WRITERS.update(dict.fromkeys(names, function))
        return function

    return known


_SAME = {own: name for name, own in SAME.items()}
_SLOPED = {own: (name, tuple(defaults)) for name, (own, defaults) in SLOPED.items()}


@writes(*_SAME)
def _same(at: Writing) -> None:
    at.needs({"mish": 18}.get(at.op.name, 17))
    at.give(_SAME[at.op.name], at.x)


@writes(*_SLOPED)
def _sloped(at: Writing) -> None:
    name, keys = _SLOPED[at.op.name]
    at.give(name, at.x, **{key: at.number(key) for key in keys})


@writes("gelu")
def _gelu(at: Writing) -> None:
    at.needs(20)
    at.give("Gelu", at.x, approximate=at.op.approximate)


@writes("silu")
def _silu(at: Writing) -> None:
    at.give("Mul", at.x, at.step("Sigmoid", at.x))


@writes("log_sigmoid")
def _log_sigmoid(at: Writing) -> None:
    at.give("Neg", at.step("Softplus", at.step("Neg", at.x)))


@writes("softplus")
def _softplus(at: Writing) -> None:
    beta = at.number("beta") if hasattr(at.op, "beta") else 1.0
    if beta == 1:
        at.give("Softplus", at.x)
    else:
        factor = at.constant(beta)
        at.give("Div", at.step("Softplus", at.step("Mul", at.x, factor)), factor)


@writes("square")
def _square(at: Writing) -> None:
    at.give("Mul", at.x, at.x)


@writes("power")
def _power(at: Writing) -> None:
    at.give("Pow", at.x, at.constant(at.number("exponent")))


@writes("hard_shrink", "soft_shrink")
def _shrink(at: Writing) -> None:
    threshold = at.number("threshold")
    at.give("Shrink", at.x, lambd=threshold, bias=threshold if at.op.name == "soft_shrink" else 0.0)


@writes("relu6", "hard_tanh", "clip")
def _clip(at: Writing) -> None:
    if at.op.name == "relu6":
        at.give("Clip", at.x, at.constant(0), at.constant(6))
        return
    bounds = ["" if getattr(at.op, key) is None else at.constant(at.number(key)) for key in ("low", "high")]
    at.give("Clip", at.x, *(bounds if bounds[1] else bounds[:1]))


@writes("prelu")
def _prelu(at: Writing) -> None:
    slope, rank = at.value("s"), len(at.x_shape)
    if slope.ndim == 1 and rank > 1:
        slope = slope.reshape(-1, *[1] * (rank - 1))
    at.give("PRelu", at.x, at.constant(slope))


@writes("softmax", "log_softmax")
def _softmax(at: Writing) -> None:
    at.give({"softmax": "Softmax", "log_softmax": "LogSoftmax"}[at.op.name], at.x, axis=at.op.axis)


@writes("dropout")
def _dropout(at: Writing) -> None:
    at.fail("it is meant for training; leave it out")


@writes("dense")
def _dense(at: Writing) -> None:
    bias = [at.parameter("b")] if at.parameter("b") else []
    if len(at.x_shape) == 1:
        at.give("Gemm", at.x, at.parameter("W"), *bias, transB=1)
    else:
        product = at.step if bias else at.give
        made = product("MatMul", at.x, at.constant(at.value("W").T))
        if bias:
            at.give("Add", str(made), *bias)


@writes("flatten")
def _flatten(at: Writing) -> None:
    at.give("Flatten", at.x, axis=1)


@writes("mean")
def _mean(at: Writing) -> None:
    axes = list(range(1, len(at.x_shape) + 1))
    kept = at.step("ReduceMean", at.x, axes=axes, keepdims=1)
    at.give("Reshape", kept, at.constant([0, *at.node.shape], integers=True))


def with_channels(at: Writing, rank: int) -> str:
    """x with an axis for its channel, where it has none."""
    return at.x if len(at.x_shape) == rank + 1 else at.step("Unsqueeze", at.x, at.constant([1], integers=True))


def give_spatial(at: Writing, rank: int, op: str, *reads: str, **attributes: Any) -> None:
    """Give a node's result, without the axis of its channel where handgrad has none."""
    if len(at.node.shape) == rank + 1:
        at.give(op, *reads, **attributes)
    else:
        at.give("Squeeze", at.step(op, *reads, **attributes), at.constant([1], integers=True))


def _each(size: Any, rank: int) -> list[int]:
    return [size] * rank if isinstance(size, int) else [int(n) for n in size] * (rank if len(size) == 1 else 1)


def sliding(at: Writing, rank: int, stride: Any) -> dict[str, Any]:
    """Strides, dilations and padding as attributes."""
    found: dict[str, Any] = {"strides": _each(stride, rank)}
    dilation = _each(getattr(at.op, "dilation", 1), rank)
    found |= {"dilations": dilation} if dilation != [1] * rank else {}
    padding = at.op.padding
    if isinstance(padding, str):
        return found | {"auto_pad": {"same": "SAME_UPPER", "same_lower": "SAME_LOWER", "valid": "VALID"}[padding]}
    pairs = [[p, p] if isinstance(p, int) else p for p in ([padding] * rank if isinstance(padding, int) else padding)]
    pairs = pairs * rank if len(pairs) == 1 else pairs
    return found | {"pads": [before for before, _ in pairs] + [after for _, after in pairs]}


@writes("conv1d", "conv2d", "conv3d")
def _conv(at: Writing) -> None:
    rank, kernel = at.op.rank, at.value("K")
    name = at.parameter("K")
    if kernel.ndim < rank + 2:
        outs = 1 if kernel.ndim == rank else kernel.shape[0]
        name = at.constant(kernel.reshape(outs, 1, *kernel.shape[-rank:]))
    bias = at.parameter("b")
    if bias and at.value("b").ndim != 1:
        bias = at.constant(at.value("b").reshape(-1))
    reads = [with_channels(at, rank), name, *([bias] if bias else [])]
    groups = {"group": at.op.groups} if getattr(at.op, "groups", 1) != 1 else {}
    give_spatial(at, rank, "Conv", *reads, **sliding(at, rank, at.op.stride), **groups)


@writes("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _conv_transpose(at: Writing) -> None:
    op = at.op
    reads = [at.x, at.parameter("K"), *([at.parameter("b")] if at.parameter("b") else [])]
    found = sliding(at, op.rank, op.stride) | ({"group": op.groups} if op.groups != 1 else {})
    found |= {} if op.output_padding == 0 else {"output_padding": _each(op.output_padding, op.rank)}
    found |= {} if op.output_shape is None else {"output_shape": list(op.output_shape)}
    at.give("ConvTranspose", *reads, **found)


@writes(*(f"{kind}_pool{rank}d" for kind in ("max", "average", "lp") for rank in (1, 2, 3)))
def _pool(at: Writing) -> None:
    op, rank = at.op, at.op.rank
    kind = op.name.partition("_")[0]
    found = {"kernel_shape": _each(op.kernel, rank)}
    found |= sliding(at, rank, op.kernel if op.stride is None else op.stride)
    found |= {"ceil_mode": 1} if getattr(op, "ceil_mode", False) else {}
    if kind == "average":
        found["count_include_pad"] = int(getattr(op, "count_include_pad", True))
        at.needs(19 if "dilations" in found else 17)
    if kind == "lp":
        found["p"] = op.p
        at.needs(18)
    give_spatial(
        at, rank, {"max": "MaxPool", "average": "AveragePool", "lp": "LpPool"}[kind], with_channels(at, rank), **found
    )


@writes("global_average_pool", "global_max_pool", "global_lp_pool")
def _global_pool(at: Writing) -> None:
    names = {"global_average_pool": "GlobalAveragePool", "global_max_pool": "GlobalMaxPool"}
    found = {"p": at.op.p} if at.op.name == "global_lp_pool" else {}
    pooled = at.step(names.get(at.op.name, "GlobalLpPool"), at.x, **found)
    at.give("Flatten", pooled, axis=1)


def _scale_and_shift(at: Writing, shape: tuple[int, ...]) -> list[str]:
    import numpy as np

    found = []
    for letter, fill in (("gamma", 1.0), ("beta", 0.0)):
        value = at.value(letter) if at.parameter(letter) else np.full(shape, fill)
        whole = at.parameter(letter) and value.shape == shape
        found.append(at.parameter(letter) if whole else at.constant(np.broadcast_to(value, shape)))
    return found


@writes("batch_norm")
def _batch_norm(at: Writing) -> None:
    import numpy as np

    channels = at.x_shape[:1]
    fixed = bool(at.parameter("mu"))
    statistics = [at.parameter("mu"), at.parameter("var")] if fixed else [at.constant(np.zeros(channels))] * 2
    found = {} if fixed else {"training_mode": 1}
    reads = [at.x, *_scale_and_shift(at, channels), *statistics]
    at.give("BatchNormalization", *reads, epsilon=at.number("epsilon"), **found)


@writes("instance_norm")
def _instance_norm(at: Writing) -> None:
    at.give("InstanceNormalization", at.x, *_scale_and_shift(at, at.x_shape[:1]), epsilon=at.number("epsilon"))


@writes("group_norm")
def _group_norm(at: Writing) -> None:
    at.needs(21)
    found = {"epsilon": at.number("epsilon"), "num_groups": at.op.groups}
    at.give("GroupNormalization", at.x, *_scale_and_shift(at, at.x_shape[:1]), **found)


@writes("layer_norm", "rms_norm")
def _layer_norm(at: Writing) -> None:
    axis = at.op.axis if at.op.axis > 0 else len(at.x_shape) + 1 + at.op.axis
    reads = _scale_and_shift(at, at.x_shape[axis - 1 :])
    if at.op.name == "rms_norm":
        at.needs(23)
        at.give("RMSNormalization", at.x, reads[0], axis=axis, epsilon=at.number("epsilon"))
    else:
        at.give("LayerNormalization", at.x, *reads, axis=axis, epsilon=at.number("epsilon"))
