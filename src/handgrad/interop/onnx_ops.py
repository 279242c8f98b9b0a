"""Which layers each node of ONNX becomes: the table of converters, and those of products and activations."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from handgrad.interop.onnx_layers import Call, Tensor

Converter = Callable[[Call], Any]
"""From the call of a node to the tensor that it gives, or a tuple of them."""

CONVERTERS: dict[str, Converter] = {}
"""Every op of ONNX that can be brought over."""


def converts(*names: str) -> Callable[[Converter], Converter]:
    """Decorator: the function converts nodes with these ops."""

    def known(function: Converter) -> Converter:
        CONVERTERS.update(dict.fromkeys(names, function))
        return function

    return known


def nearest_op(name: str) -> str:
    """A hint for an op that cannot be brought over."""
    close = get_close_matches(name, CONVERTERS, n=1, cutoff=0.5)
    return (
        f"; the nearest that can be brought over is {close[0]}" if close else "; docs/onnx.md lists those that it has"
    )


SAME = {
    "Abs": "abs",
    "Cos": "cos",
    "Erf": "erf",
    "Exp": "exp",
    "HardSwish": "hard_swish",
    "Identity": "identity",
    "Log": "log",
    "Mish": "mish",
    "Neg": "negative",
    "Reciprocal": "reciprocal",
    "Relu": "relu",
    "Sigmoid": "logistic",
    "Sin": "sin",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "square_root",
    "Tanh": "tanh",
}
"""Ops of one input without settings, by the name that handgrad has for them."""


@converts(*SAME)
def _same(call: Call) -> Tensor:
    return call.layer(SAME[call.node.op], call.quantity())


SLOPED: dict[str, tuple[str, dict[str, float]]] = {
    "Celu": ("celu", {"alpha": 1.0}),
    "Elu": ("elu", {"alpha": 1.0}),
    "HardSigmoid": ("hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    "LeakyRelu": ("leaky_relu", {"alpha": 0.01}),
    "Selu": ("selu", {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}),
    "ThresholdedRelu": ("thresholded_relu", {"alpha": 1.0}),
}
"""Ops of one input with numbers as settings, and what they are where the node does not say."""


def plain(value: float) -> float | int:
    """A single-precision number as its shortest decimal, so that 0.01 stays 0.01."""
    import numpy as np

    short = float(str(np.float32(value)))
    return int(short) if short == int(short) and abs(short) < 2**24 else short


@converts(*SLOPED)
def _sloped(call: Call) -> Tensor:
    name, defaults = SLOPED[call.node.op]
    return call.layer(
        name, call.quantity(), **{key: plain(call.setting(key, value)) for key, value in defaults.items()}
    )


@converts("Gelu")
def _gelu(call: Call) -> Tensor:
    return call.layer("gelu", call.quantity(), approximate=call.setting("approximate", "none"))


@converts("Swish")
def _swish(call: Call) -> Tensor:
    alpha = call.setting("alpha", 1.0)
    if alpha == 1:
        return call.layer("silu", call.quantity())
    inner = call.layer("scale", call.quantity(), factor=plain(alpha))
    return call.layer("multiply", call.quantity(), call.layer("logistic", inner))


@converts("Shrink")
def _shrink(call: Call) -> Tensor:
    bias, threshold = plain(call.setting("bias", 0.0)), plain(call.setting("lambd", 0.5))
    if bias not in {0, threshold}:
        call.fail(f"expected the bias 0 or that of lambd ({threshold}), found {bias}")
    name = "hard_shrink" if bias == 0 else "soft_shrink"
    return call.layer(name, call.quantity(), threshold=threshold)


@converts("Clip")
def _clip(call: Call) -> Tensor:
    bounds = []
    for place, key in ((1, "min"), (2, "max")):
        value = call.constant(place) if call.has(place) else call.setting(key)
        size = getattr(value, "size", 1)
        if size != 1:
            call.fail(f"its bound {key} must be one number")
        bounds.append(None if value is None else number_of(value))
    low, high = (None if bound is None or abs(bound) > 3e38 else bound for bound in bounds)
    if low is not None and high is not None and low > high:  # the upper bound wins
        return call.layer("minimum", call.layer("maximum", call.quantity(), call.number(low)), call.number(high))
    return call.layer("clip", call.quantity(), low=low, high=high)


def number_of(value: Any) -> float | int:
    """The one number of a constant (or of an attribute) as it is written shortest."""
    if isinstance(value, int) or getattr(getattr(value, "dtype", None), "kind", "") in "iub":
        return int(value)
    if getattr(getattr(value, "dtype", None), "itemsize", 4) == 8:
        return float(value.reshape(()))
    return plain(float(value.reshape(()) if hasattr(value, "reshape") else value))


@converts("PRelu")
def _prelu(call: Call) -> Tensor:
    x = call.quantity()
    slope = call.constant(1)
    given = call.aligned(Tensor(slope.shape, value=slope), call.rank(x)).value
    if given.ndim == 1 and len(x.shape) > 1:
        given = given.reshape((1,) * (len(x.shape) - 1) + given.shape)  # the last axis, not the channel
    return call.layer("prelu", x, slope=given)


@converts("Softmax", "LogSoftmax")
def _softmax(call: Call) -> Tensor:
    x = call.quantity()
    name = {"Softmax": "softmax", "LogSoftmax": "log_softmax"}[call.node.op]
    rank = call.rank(x)
    if call.opset >= 13:
        return call.layer(name, x, axis=call.axis(call.setting("axis", -1), rank))
    start = call.place(call.setting("axis", 1), rank)  # all axes from this one on were one
    first = call.axis(start, rank)
    if start == rank - 1:
        return call.layer(name, x, axis=first)
    shape = x.shape[: first - 1]
    rows = 1
    for n in x.shape[first - 1 :]:
        rows *= n
    flat = reshaped(call, x, (*shape, rows))
    return reshaped(call, call.layer(name, flat, axis=first), x.shape)


def reshaped(call: Call, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x with another shape of an example."""
    if shape == x.shape:
        return x
    return call.layer("flatten", x) if len(shape) == 1 else call.layer("reshape", x, to=list(shape))


@converts("Dropout")
def _dropout(call: Call) -> Tensor:
    kept = call.has(1) and not call.constant(1).any()
    if call.has(2) and bool(call.constant(2).any()) and not kept:
        call.fail("it drops at random (training_mode); export the model for inference")
    return call.layer("identity", call.quantity())


@converts("Cast", "CastLike")
def _cast(call: Call) -> Tensor:
    return call.layer("identity", call.quantity())


@converts("Gemm")
def _gemm(call: Call) -> Tensor:
    import numpy as np

    a, b = call.tensor(0), call.tensor(1)
    alpha, beta = plain(call.setting("alpha", 1.0)), plain(call.setting("beta", 1.0))
    turned = [bool(call.setting(key, 0)) for key in ("transA", "transB")]
    c = call.tensor(2) if call.has(2) else None
    fits = a.value is None and b.value is not None and (c is None or c.value is not None)
    if not fits or (turned[0] and call.batched):
        return _general_product(call, turned, alpha, beta)
    matrix = b.value
    if matrix.ndim != 2:
        call.fail(f"expected a matrix as its input 2, found shape {list(matrix.shape)}")
    weights = matrix if turned[1] else matrix.T
    weights = weights if alpha == 1 else weights * np.asarray(alpha, matrix.dtype)
    bias = None
    if c is not None:
        bias = c.value
        if bias.ndim == 2 and bias.shape[0] != 1:
            return _general_product(call, turned, alpha, beta)
        bias = bias.reshape(bias.shape[-1:])
        if bias.shape != (weights.shape[0],):
            if bias.size != 1:
                call.fail(f"its input 3 of shape {list(c.shape)} does not fit {weights.shape[0]} outputs")
            bias = np.broadcast_to(bias.reshape(-1), (weights.shape[0],))
        bias = bias if beta == 1 else bias * np.asarray(beta, bias.dtype)
    a = moved(call, a, [2, 1]) if turned[0] else a
    return dense(call, a, weights, bias)


def dense(call: Call, x: Tensor, weights: Any, bias: Any) -> Tensor:
    """A dense layer; of several axes the last one is multiplied."""
    rows = True if len(x.shape) > 1 else None
    return call.layer("dense", x, weights=weights, bias=bias, rows=rows)


def _general_product(call: Call, turned: list[bool], alpha: float, beta: float) -> Tensor:
    """alpha A B + beta C of quantities."""
    if call.batched and (call.tensor(1).value is None or (call.has(2) and call.rank(call.tensor(2)) != 2)):
        call.fail("axis 0 of its input 2 or 3 is not the batch; expected constants")
    factors = []
    for place in (0, 1):
        factor = call.tensor(place)
        if turned[place]:
            if call.batched:
                call.fail("its transposed input would put the batch on another axis")
            factor = moved(call, factor, [2, 1])
        factors.append(factor)
    total = call.layer("matmul", *factors)
    total = total if alpha == 1 else call.layer("scale", total, factor=alpha)
    if not call.has(2):
        return total
    c = call.tensor(2)
    c = c if beta == 1 else scaled(call, c, beta)
    return call.layer("add", total, call.aligned(c, 2))


def moved(call: Call, x: Tensor, axes: list[int]) -> Tensor:
    """x with its axes in another order (counted from 1)."""
    if x.value is None:
        return call.layer("transpose", x, axes=axes)
    value = x.value.transpose([axis - 1 for axis in axes])
    return Tensor(value.shape, value=value)


def scaled(call: Call, x: Tensor, factor: float) -> Tensor:
    """factor · x."""
    if x.value is None:
        return call.layer("scale", x, factor=factor)
    value = x.value * x.value.dtype.type(factor)
    return Tensor(value.shape, value=value)


@converts("MatMul")
def _matmul(call: Call) -> Tensor:
    a, b = call.tensor(0), call.tensor(1)
    if call.batched and not _keeps_batch(call, a, b):
        call.fail("axis 0, the batch, would not stay the first axis of both factors and the product")
    if a.value is None and b.value is not None and b.value.ndim == 2 and a.shape:
        return dense(call, a, b.value.T, None)
    return call.layer("matmul", call.aligned(a, call.rank(b)), call.aligned(b, call.rank(a)))


def _keeps_batch(call: Call, a: Tensor, b: Tensor) -> bool:
    """Whether a product of matrices is one for each example."""
    ranks = call.rank(a), call.rank(b)
    if a.value is None and b.value is None:
        return ranks[0] == ranks[1] > 2
    if a.value is None:
        return ranks[0] >= max(ranks[1], 2)
    return ranks[1] >= max(ranks[0], 3)
