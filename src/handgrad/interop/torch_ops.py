"""PyTorch's operations (as ``torch.export`` names them) and the layers that they are."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from handgrad.interop.torch_import import Call, Tensor, refuse

Operation = Callable[[Call], None]

OPERATIONS: dict[str, Operation] = {}


def nearest_operation(name: str) -> str:
    """A hint for an operation that has no counterpart."""
    from difflib import get_close_matches

    close = get_close_matches(name, OPERATIONS, n=1, cutoff=0.4)
    return f'; the nearest that has one is "{close[0]}"' if close else ""


def _operation(*names: str) -> Callable[[Operation], Operation]:
    def known(function: Operation) -> Operation:
        OPERATIONS.update(dict.fromkeys(names, function))
        return function

    return known


def _batch_first(call: Call, tensor: Tensor) -> None:
    if tensor.batch != 0:
        refuse(call.node, "its input has no batch axis in front")


@_operation("linear")
def _linear(call: Call) -> None:
    x = call.tensor()
    table: dict[str, Any] = {"op": "dense", "weights": call.named("weight"), "bias": call.named("bias")}
    if len(x.example) > 1:
        table["rows"] = True
    call.give(table, x, batch=x.batch)


@_operation("conv1d", "conv2d", "conv3d")
def _convolution(call: Call) -> None:
    x = call.tensor()
    _batch_first(call, x)
    name = str(call.node.target).split(".")[1]
    padding = call["padding"]
    table = {
        "op": name, "kernel": call.named("weight"), "bias": call.named("bias"), "stride": call["stride"],
        "padding": padding, "dilation": call["dilation"], "groups": call["groups"],
    }  # fmt: skip
    call.give(_short(table), x)


@_operation("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _transposed(call: Call) -> None:
    x = call.tensor()
    _batch_first(call, x)
    table = {
        "op": str(call.node.target).split(".")[1], "kernel": call.named("weight"), "bias": call.named("bias"),
        "stride": call["stride"], "padding": call["padding"], "output_padding": call["output_padding"],
        "dilation": call["dilation"], "groups": call["groups"],
    }  # fmt: skip
    call.give(_short(table), x)


_PLAIN = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "ceil_mode": False}


def _short(table: dict[str, Any]) -> dict[str, Any]:
    """Settings as one number where all dimensions agree; those that say nothing are left out."""
    short: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, list) and value and all(entry == value[0] for entry in value):
            value = value[0]  # noqa: PLW2901  the same setting, shorter
        if key not in _PLAIN or value != _PLAIN[key]:
            short[key] = value
    return short


@_operation("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d")
def _pool(call: Call) -> None:
    x = call.tensor("self")
    _batch_first(call, x)
    kind, _, rank = str(call.node.target).split(".")[1].rpartition("_pool")
    op = f"{'average' if kind == 'avg' else 'max'}_pool{rank}"
    stride = call["stride"] or call["kernel_size"]
    table = {"op": op, "kernel": call["kernel_size"], "padding": call["padding"], "ceil_mode": call["ceil_mode"]}
    table = _short(table) | {"stride": _one(stride)}
    if "dilation" in call.arguments and _one(call["dilation"]) != 1:
        table["dilation"] = _one(call["dilation"])
    if call.arguments.get("count_include_pad") is False:
        table["count_include_pad"] = False
    if call.arguments.get("divisor_override") is not None:
        refuse(call.node, "divisor_override has no counterpart")
    call.give(table, x)


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and all(entry == value[0] for entry in value) else value


@_operation("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def _adaptive(call: Call) -> None:
    x = call.tensor("self")
    _batch_first(call, x)
    sizes, rank = call.shape[2:], len(call.shape) - 2
    if all(n == 1 for n in sizes):
        call.give({"op": "global_average_pool", "keep_axes": True}, x)
        return
    whole = x.shape[2:]
    if any(n % m for n, m in zip(whole, sizes, strict=True)):
        refuse(call.node, f"an adaptive pool of {list(whole)} to {list(sizes)} has windows of several sizes")
    kernel = [n // m for n, m in zip(whole, sizes, strict=True)]
    call.give({"op": f"average_pool{rank}d", "kernel": _one(kernel), "stride": _one(kernel)}, x)


_SIMPLE = {
    "relu": "relu", "sigmoid": "logistic", "tanh": "tanh", "selu": "selu", "silu": "silu", "mish": "mish",
    "softsign": "softsign", "hardsigmoid": "hard_sigmoid", "hardswish": "hard_swish", "relu6": "relu6",
    "log_sigmoid": "log_sigmoid", "exp": "exp", "log": "log", "sqrt": "square_root", "abs": "abs", "erf": "erf",
    "neg": "negative", "reciprocal": "reciprocal", "square": "square", "sin": "sin", "cos": "cos",
}  # fmt: skip


def _simple(op: str) -> Operation:
    def read(call: Call) -> None:
        x = call.tensor("self")
        call.give({"op": op}, x, batch=x.batch)

    return read


OPERATIONS |= {name: _simple(op) for name, op in _SIMPLE.items()}

_SET = {
    "leaky_relu": ("leaky_relu", {"negative_slope": "alpha"}),
    "elu": ("elu", {"alpha": "alpha"}),
    "celu": ("celu", {"alpha": "alpha"}),
    "gelu": ("gelu", {"approximate": "approximate"}),
    "hardtanh": ("hard_tanh", {"min_val": "low", "max_val": "high"}),
    "hardshrink": ("hard_shrink", {"lambd": "threshold"}),
    "softshrink": ("soft_shrink", {"lambd": "threshold"}),
    "clamp": ("clip", {"min": "low", "max": "high"}),
    "softplus": ("softplus", {"beta": "beta"}),
}


def _with_settings(op: str, keys: dict[str, str]) -> Operation:
    def read(call: Call) -> None:
        x = call.tensor("self")
        call.give({"op": op} | {ours: call.arguments.get(theirs) for theirs, ours in keys.items()}, x, batch=x.batch)

    return read


OPERATIONS |= {name: _with_settings(op, keys) for name, (op, keys) in _SET.items()}


@_operation("prelu")
def _prelu(call: Call) -> None:
    x = call.tensor("self")
    call.give({"op": "prelu", "slope": call.named("weight")}, x, batch=x.batch)


@_operation("softmax", "log_softmax")
def _softmax(call: Call) -> None:
    x = call.tensor("self")
    name = "log_softmax" if "log" in str(call.node.target) else "softmax"
    (axis,) = call.axes(x, call["dim"])
    call.give({"op": name, "axis": None if axis == len(x.example) else axis}, x, batch=x.batch)


@_operation("batch_norm")
def _batch_norm(call: Call) -> None:
    x = call.tensor()
    _batch_first(call, x)
    table = {"op": "batch_norm", "scale": call.named("weight"), "shift": call.named("bias"), "epsilon": call["eps"]}
    mean = call["running_mean"]
    if mean is not None and mean.name not in call.reader.training:
        table |= {"mean": call.named("running_mean"), "variance": call.named("running_var")}
    call.give(table, x)


@_operation("layer_norm")
def _layer_norm(call: Call) -> None:
    x = call.tensor()
    table = {"op": "layer_norm", "scale": call.named("weight"), "shift": call.named("bias"), "epsilon": call["eps"]}
    count = len(call["normalized_shape"])
    call.give(table | {"axis": None if count == 1 else -count}, x, batch=x.batch)


@_operation("group_norm")
def _group_norm(call: Call) -> None:
    x = call.tensor()
    _batch_first(call, x)
    table = {"op": "group_norm", "groups": call["num_groups"], "scale": call.named("weight")}
    call.give(table | {"shift": call.named("bias"), "epsilon": call["eps"]}, x)


@_operation("instance_norm")
def _instance_norm(call: Call) -> None:
    x = call.tensor()
    _batch_first(call, x)
    table = {"op": "instance_norm", "scale": call.named("weight"), "shift": call.named("bias"), "epsilon": call["eps"]}
    call.give(table, x)


@_operation("dropout", "feature_dropout", "alpha_dropout")
def _dropout(call: Call) -> None:
    if call["train"] and call["p"]:
        refuse(call.node, "dropout in training draws a random mask: call module.eval() first")
    x = call.tensor()
    call.same(x, x.batch)


@_operation("contiguous", "clone", "detach", "alias", "to", "type_as", "lift_fresh_copy")
def _same(call: Call) -> None:
    x = call.tensor("self")
    call.same(x, x.batch)


@_operation("view", "reshape", "flatten", "unflatten", "unsqueeze", "squeeze", "_unsafe_view")
def _reshape(call: Call) -> None:
    x = call.tensor("self")
    batch = call.batch_after(x)
    after = Tensor("", call.shape, batch).example
    if after == x.example:
        call.same(x, batch)
    elif len(after) == 1:
        call.give({"op": "flatten"}, x, batch=batch)
    else:
        call.give({"op": "reshape", "to": list(after)}, x, batch=batch)


@_operation("transpose", "permute", "t", "numpy_T")
def _permute(call: Call) -> None:
    x = call.tensor("self")
    rank = len(x.shape)
    order = list(range(rank))
    if "dims" in call.arguments:
        order = [axis % rank for axis in call["dims"]]
    else:
        a, b = call.arguments.get("dim0", 0), call.arguments.get("dim1", -1)
        order[a], order[b] = order[b], order[a]
    batch = None if x.batch is None else order.index(x.batch)
    moved = [axis for axis in (x.axis(place) for place in order) if axis is not None]
    if moved == sorted(moved):
        call.same(x, batch)
    else:
        call.give({"op": "transpose", "axes": moved}, x, batch=batch)


@_operation("select")
def _select(call: Call) -> None:
    x = call.tensor("self")
    (axis,) = call.axes(x, call["dim"])
    place = call["index"] % x.shape[call["dim"]] + 1
    picked = call.part("entry", {"op": "slice", "axes": [axis], "start": [place], "stop": [place]}, x, like=x)
    dropped = call["dim"] % len(x.shape)
    batch = None if x.batch is None else x.batch - (dropped < x.batch)
    call.give({"op": "reshape", "to": list(Tensor("", call.shape, batch).example)}, picked, batch=batch)


@_operation("slice")
def _slice(call: Call) -> None:
    x = call.tensor("self")
    length = x.shape[call["dim"]]
    start, stop, step = call["start"] or 0, call["end"], call["step"]
    stop = length if stop is None else min(stop if stop >= 0 else stop + length, length)
    start = start if start >= 0 else start + length
    if (start, stop, step) == (0, length, 1):
        call.same(x, x.batch)
        return
    (axis,) = call.axes(x, call["dim"])
    table = {"op": "slice", "axes": [axis], "start": [start + 1], "stop": [stop]}
    call.give(table | ({"step": [step]} if step != 1 else {}), x, batch=x.batch)


@_operation("cat", "concat")
def _concat(call: Call) -> None:
    parts: list[Tensor] = call["tensors"]
    (axis,) = call.axes(parts[0], call["dim"])
    call.give({"op": "concat", "axis": axis}, *parts, batch=parts[0].batch)


_BINARY = {"add": "add", "sub": "subtract", "rsub": "subtract", "mul": "multiply", "div": "divide"}


def _binary(name: str, op: str) -> Operation:
    def read(call: Call) -> None:
        first, second = call["self"], call["other"]
        if name == "rsub":
            first, second = second, first
        if call.arguments.get("alpha", 1) != 1:
            refuse(call.node, "alpha other than 1 has no counterpart")
        tensors = [value if isinstance(value, Tensor) else call.constant(value) for value in (first, second)]
        data = next(tensor for tensor in tensors if not call.is_parameter(tensor))
        call.give({"op": op}, *tensors, batch=data.batch)

    return read


OPERATIONS |= {name: _binary(name, op) for name, op in _BINARY.items()}


@_operation("pow")
def _power(call: Call) -> None:
    x = call.tensor("self")
    if isinstance(call["exponent"], Tensor):
        refuse(call.node, "a power with a computed exponent has no counterpart")
    call.give({"op": "power", "exponent": call["exponent"]}, x, batch=x.batch)


@_operation("matmul", "bmm", "mm")
def _matmul(call: Call) -> None:
    first, second = call["self"], call["other"] if "other" in call.arguments else call["mat2"]
    data = first if not call.is_parameter(first) else second
    call.give({"op": "matmul"}, first, second, batch=data.batch)


@_operation("mean", "sum", "amax")
def _reduce(call: Call) -> None:
    x = call.tensor("self")
    name = str(call.node.target).split(".")[1]
    op = {"amax": "max"}.get(name, name)
    dims = call.arguments.get("dim")
    if not dims:
        refuse(call.node, "it works along the batch axis")
    keep = bool(call.arguments.get("keepdim"))
    lost = [axis % len(x.shape) for axis in (dims if isinstance(dims, list) else [dims])]
    batch = None if x.batch is None else x.batch if keep else x.batch - sum(axis < x.batch for axis in lost)
    call.give({"op": op, "axes": call.axes(x, dims), "keep_axes": keep or None}, x, batch=batch)


@_operation("embedding")
def _embedding(call: Call) -> None:
    x = call.tensor("indices")
    call.give({"op": "embedding", "weights": call.named("weight"), "base": 0}, x, batch=x.batch)


@_operation("scaled_dot_product_attention")
def _attention(call: Call) -> None:
    """softmax(Q Kᵀ/√d + mask) V, layer by layer."""
    query, key, value = (call.tensor(name) for name in ("query", "key", "value"))
    if call["is_causal"]:
        refuse(call.node, "is_causal has no counterpart: give the mask as a tensor of the module")
    scores = call.part("scores", {"op": "matmul", "transpose_second": True}, query, key, like=query)
    factor = call["scale"] if call["scale"] is not None else 1 / sqrt(query.shape[-1])
    scaled = call.part("scaled", {"op": "scale", "factor": factor}, scores, like=query)
    if call["attn_mask"] is not None:
        scaled = call.part("masked", {"op": "add"}, scaled, call["attn_mask"], like=query)
    weights = call.part("weights", {"op": "softmax"}, scaled, like=query)
    call.give({"op": "matmul"}, weights, value, batch=query.batch)
