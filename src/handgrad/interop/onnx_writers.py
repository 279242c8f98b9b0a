"""How each op of handgrad is written in ONNX: the table of writers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from handgrad.interop.onnx_ops import SAME, SLOPED
from handgrad.ops.windows import each, pads

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
    if name == "Celu" and at.doubles:  # ONNX has it in single precision only: α elu(x/α)
        alpha = at.constant(at.number("alpha"))
        at.give("Mul", at.step("Elu", at.step("Div", at.x, alpha)), alpha)
        return
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
    beta = at.number("beta")
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
    if slope.ndim == 1 and rank > 1 and slope.shape == at.x_shape[:1]:
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


def with_channels(at: Writing, rank: int) -> str:
    """x with an axis for its channel, where it has none."""
    return at.x if len(at.x_shape) == rank + 1 else at.step("Unsqueeze", at.x, at.constant([1], integers=True))


def give_spatial(at: Writing, rank: int, op: str, *reads: str, **attributes: Any) -> None:
    """Give a node's result, without the axis of its channel where handgrad has none."""
    if len(at.node.shape) == rank + 1:
        at.give(op, *reads, **attributes)
    else:
        at.give("Squeeze", at.step(op, *reads, **attributes), at.constant([1], integers=True))


def pad_attribute(pairs: Any) -> dict[str, Any]:
    """Pairs (before, after) as ONNX lists them: all befores, then all afters."""
    return {"pads": [int(before) for before, _ in pairs] + [int(after) for _, after in pairs]}


def sliding(at: Writing, stride: Any, taps: Any, size: Any) -> dict[str, Any]:
    """Strides, dilations and padding as attributes; "same" in numbers."""
    rank = at.op.rank
    steps, dilation = each(stride, rank), each(getattr(at.op, "dilation", 1), rank)
    found: dict[str, Any] = {"strides": list(steps)}
    found |= {"dilations": list(dilation)} if set(dilation) != {1} else {}
    pairs = pads(at.op.padding, tuple(size), tuple(taps), steps, dilation)
    return found | (pad_attribute(pairs) if any(map(any, pairs)) else {})


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
    found = sliding(at, at.op.stride, kernel.shape[-rank:], at.x_shape[-rank:])
    found |= {"group": at.op.groups} if at.op.groups != 1 else {}
    give_spatial(at, rank, "Conv", *reads, **found)


@writes("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _conv_transpose(at: Writing) -> None:
    op = at.op
    reads = [at.x, at.parameter("K"), *([at.parameter("b")] if at.parameter("b") else [])]
    there = op.geometry(at.x_shape, at.value("K").shape)
    found: dict[str, Any] = {"strides": list(there.stride), "dilations": list(there.dilation)}
    found |= pad_attribute(there.pads) | ({"group": op.groups} if op.groups != 1 else {})
    along = zip(there.size, there.output, there.stride, there.reach, there.pads, strict=True)
    extra = [n - ((m - 1) * s + reach - sum(pair)) for n, m, s, reach, pair in along]
    found |= {"output_padding": extra} if any(extra) else {}
    at.give("ConvTranspose", *reads, **found)


@writes(*(f"{kind}_pool{rank}d" for kind in ("max", "average", "lp") for rank in (1, 2, 3)))
def _pool(at: Writing) -> None:
    op, rank = at.op, at.op.rank
    kind = op.name.partition("_")[0]
    there = op.geometry(at.x_shape)
    found = {"kernel_shape": list(there.taps)} | sliding(at, there.stride, there.taps, there.size)
    counted = kind == "average" and op.count_include_pad
    if op.ceil_mode and counted:
        found["ceil_mode"] = 1
        at.needs(22)
    elif op.ceil_mode:
        found |= pad_attribute([(before, after) for (before, _), after in zip(there.pads, there.after, strict=True)])
    if kind == "average":
        found["count_include_pad"] = int(counted)
        at.needs(19 if "dilations" in found else 17)
    if kind == "lp":
        found["p"] = op.p
        at.needs(18)
    name = {"max": "MaxPool", "average": "AveragePool", "lp": "LpPool"}[kind]
    give_spatial(at, rank, name, with_channels(at, rank), **found)


@writes("global_average_pool", "global_max_pool", "global_lp_pool")
def _global_pool(at: Writing) -> None:
    names = {"global_average_pool": "GlobalAveragePool", "global_max_pool": "GlobalMaxPool"}
    found = {"p": at.op.p} if at.op.name == "global_lp_pool" else {}
    name = names.get(at.op.name, "GlobalLpPool")
    if at.op.keep_axes:
        at.give(name, at.x, **found)
    else:
        at.give("Flatten", at.step(name, at.x, **found), axis=1)


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
    statistics = (
        [at.parameter("mu"), at.parameter("var")]
        if fixed
        else [at.constant(np.zeros(channels)), at.constant(np.ones(channels))]
    )
    # some runtimes mix the carried mean into y unless the momentum keeps it as it was
    found = {} if fixed else {"training_mode": 1, "momentum": 1.0, "unread": ("mean", "variance")}
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
