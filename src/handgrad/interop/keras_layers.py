"""Keras's layers as those of handgrad: a reader for each class, and what the readers work with."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from math import prod
from typing import Any, NoReturn

from msgspec import Struct

from handgrad.errors import InputError, Mistake
from handgrad.interop.layers import Gathered, Named
from handgrad.network import MAX_ENTRIES
from handgrad.ops import OPS
from handgrad.ops.op import Shape
from handgrad.tables import settings


class Tensor(Struct, frozen=True):
    """What a layer gives: its name, the shape of one example, whether its channels were moved to the front."""

    name: str
    shape: Shape
    first: bool


class Call:
    """One use of a layer: its configuration, its arrays and what it reads."""

    def __init__(
        self,
        gathered: Gathered,
        kind: str,
        name: str,
        config: dict[str, Any],
        arrays: list[Any],
        reads: list[Tensor],
        place: int,
    ) -> None:
        self.kind, self.name, self.config, self.arrays, self.reads = kind, name, config, arrays, reads
        self._gathered, self._place, self._count = gathered, place, 0

    def fail(self, text: str) -> NoReturn:
        """Raises InputError with the layer's name and class."""
        message = f'layer "{self.name[:60]}" ({self.kind}): {text}'
        raise InputError(message) from None

    @property
    def x(self) -> Tensor:
        """The only thing that it reads."""
        if len(self.reads) != 1:
            self.fail(f"expected one input, found {len(self.reads)}")
        return self.reads[0]

    def take(self, count: int) -> list[Any]:
        """The arrays, as many as the configuration asks for."""
        if len(self.arrays) != count:
            self.fail(f"expected {count} arrays of weights, found {len(self.arrays)}")
        return self.arrays

    def setting(self, name: str, *allowed: Any) -> Any:
        """A setting that must be one of those that handgrad has, the first where it is left out."""
        value = self.config.get(name, allowed[0])
        if value not in allowed:
            self.fail(f"{name} = {str(value)[:60]} has no counterpart")
        return value

    def layer(self, op: str, *reads: Tensor, first: bool | None = None, **table: Any) -> Tensor:
        """A new layer, checked against the shapes that it reads; arrays in the table become its parameters."""
        kind = OPS[op]
        arrays = {letter: table[key] for letter, key in kind.parameters.items() if table.get(key) is not None}
        own = {key: value for key, value in table.items() if key not in kind.parameters.values() and value is not None}
        mistakes: list[Mistake] = []
        made = settings(kind, {"op": op} | own, ("op",), (), "", mistakes)
        found = [mistake.text for mistake in mistakes]
        shape = None
        if made is not None:
            letters = dict(zip(made.input_letters(len(reads)), (tensor.shape for tensor in reads), strict=True))
            letters |= {letter: tuple(value.shape) for letter, value in arrays.items()}
            shape = made.shape(lambda key, text: found.append(f"{key}: {text}"), **letters)
        if found or shape is None:
            self.fail(f"as {op}: {'; '.join(found)}")
        if prod(shape) > MAX_ENTRIES:
            self.fail(f"its output has shape {list(shape)}, more than {MAX_ENTRIES} entries")
        self._count += 1
        for letter, value in arrays.items():
            key = f"{self.name}.{self._count}.{kind.parameters[letter]}"
            self._gathered.arrays.setdefault(key, value)
            own[kind.parameters[letter]] = Named(key)
        name = f"{self.name}[{self._place}].{self._count}"
        self._gathered.add(name, {"op": op} | own, [tensor.name for tensor in reads])
        return Tensor(name, shape, first=reads[0].first and len(shape) > 1 if first is None else first)

    def last(self, x: Tensor) -> Tensor:
        """In the order of Keras: channels last."""
        if not x.first:
            return x
        return self.layer("transpose", x, first=False, axes=[*range(2, len(x.shape) + 1), 1])

    def front(self, x: Tensor) -> Tensor:
        """In the order of handgrad: channels first. Nothing to do where there is but one axis."""
        if x.first or len(x.shape) < 2:
            return x
        return self.layer("transpose", x, first=True, axes=[len(x.shape), *range(1, len(x.shape))])

    def alike(self) -> list[Tensor]:
        """What it reads, all in one order."""
        if all(x.first for x in self.reads):
            return self.reads
        return [self.last(x) for x in self.reads]

    def axis(self, axis: Any, x: Tensor) -> int:
        """An axis of Keras, from 0 with the batch or from the end, as one of an example from 1."""
        rank = len(x.shape)
        if type(axis) is not int or not -rank <= axis <= rank or axis == 0:
            self.fail(f"it works along the axis {str(axis)[:20]}, which is none of an example's {rank}")
        place = axis - 1 if axis > 0 else axis + rank
        return place + 1 if not x.first else 1 if place == rank - 1 else place + 2

    def activated(self, x: Tensor) -> Tensor:
        """With the activation of the configuration after it."""
        given = self.config.get("activation")
        if isinstance(given, dict):
            inner = given.get("config")
            given = inner if isinstance(inner, str) else given.get("class_name")
        if given in {None, "linear"}:
            return x
        if given in {"softmax", "log_softmax"}:
            return self.layer(given, x, axis=self.axis(-1, x))
        if given not in _ACTIVATIONS:
            near = get_close_matches(str(given), [*_ACTIVATIONS, "softmax"], n=1)
            hint = f'; the nearest that has is "{near[0]}"' if near else ""
            self.fail(f'the activation "{str(given)[:60]}" has no counterpart{hint}')
        op, table = _ACTIVATIONS[given]
        return self.layer(op, x, **table)


_ACTIVATIONS: dict[Any, tuple[str, dict[str, Any]]] = {
    name: (name, {})
    for name in ("relu", "relu6", "elu", "selu", "celu", "tanh", "softplus", "softsign", "silu", "mish")
} | {
    "sigmoid": ("logistic", {}),
    "swish": ("silu", {}),
    "exponential": ("exp", {}),
    "log_sigmoid": ("log_sigmoid", {}),
    "gelu": ("gelu", {}),
    "leaky_relu": ("leaky_relu", {"alpha": 0.2}),
    "hard_sigmoid": ("hard_sigmoid", {"alpha": "1/6", "beta": "1/2"}),
    "hard_silu": ("hard_swish", {}),
    "hard_swish": ("hard_swish", {}),
}

Reader = Callable[[Call], Tensor]
LAYERS: dict[str, Reader] = {}


def reads(*kinds: str) -> Callable[[Reader], Reader]:
    """Enters the reader of some classes in the table."""

    def entered(reader: Reader) -> Reader:
        LAYERS.update(dict.fromkeys(kinds, reader))
        return reader

    return entered


def nearest_layer(kind: str) -> str:
    """The class nearest by name that has a counterpart, as a hint."""
    near = get_close_matches(kind, list(LAYERS), n=1)
    return f"; the nearest that has one is {near[0]}" if near else ""


@reads("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise", "GaussianDropout",
       "AlphaDropout", "ActivityRegularization", "Identity")  # fmt: skip
def _same(call: Call) -> Tensor:
    return call.x


@reads("Activation")
def _activation(call: Call) -> Tensor:
    return call.activated(call.x)


@reads("ReLU")
def _relu(call: Call) -> Tensor:
    call.setting("threshold", 0)
    slope, most = call.config.get("negative_slope") or 0, call.setting("max_value", None, 6)
    if slope:
        return call.layer("leaky_relu", call.x, alpha=slope) if most is None else call.fail("it has a slope and a top")
    return call.layer("relu" if most is None else "relu6", call.x)


@reads("LeakyReLU")
def _leaky_relu(call: Call) -> Tensor:
    return call.layer("leaky_relu", call.x, alpha=call.config.get("negative_slope", 0.3))


@reads("ELU")
def _elu(call: Call) -> Tensor:
    return call.layer("elu", call.x, alpha=call.config.get("alpha", 1.0))


@reads("PReLU")
def _prelu(call: Call) -> Tensor:
    (slope,) = call.take(1)
    x = call.x
    if x.first and slope.ndim == len(x.shape):
        slope = slope.transpose(-1, *range(slope.ndim - 1))
    return call.layer("prelu", x, slope=slope)


@reads("Softmax")
def _softmax(call: Call) -> Tensor:
    axis = call.config.get("axis", -1)
    return call.layer(
        "softmax", call.x, axis=call.axis(axis[0] if isinstance(axis, list) and len(axis) == 1 else axis, call.x)
    )


@reads("Dense")
def _dense(call: Call) -> Tensor:
    bias = bool(call.config.get("use_bias", True))
    kernel, *rest = call.take(1 + bias)
    x = call.last(call.x)
    table = {"rows": True} if len(x.shape) > 1 else {}
    return call.activated(call.layer("dense", x, weights=kernel.T, bias=rest[0] if rest else None, **table))


def _off(call: Call, name: str) -> None:
    if call.config.get(name):
        call.fail(f"{name} has no counterpart")


@reads("Embedding")
def _embedding(call: Call) -> Tensor:
    (weights,) = call.take(1)
    _off(call, "mask_zero")
    return call.layer("embedding", call.last(call.x), weights=weights, base=0)


@reads("Flatten")
def _flatten(call: Call) -> Tensor:
    return call.layer("flatten", call.last(call.x), first=False)


@reads("Reshape")
def _reshape(call: Call) -> Tensor:
    x, shape = call.last(call.x), list(call.config["target_shape"])
    if shape.count(-1) == 1:
        shape[shape.index(-1)] = prod(x.shape) // max(1, -prod(shape))
    return call.layer("reshape", x, first=False, to=shape)


@reads("Permute")
def _permute(call: Call) -> Tensor:
    return call.layer("transpose", call.last(call.x), first=False, axes=list(call.config["dims"]))


@reads("BatchNormalization")
def _batch_norm(call: Call) -> Tensor:
    x = call.front(call.x)
    axis = call.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if call.axis(axis, x) != 1:
        call.fail("it normalises another axis than the last, the channels")
    scale, shift = bool(call.config.get("scale", True)), bool(call.config.get("center", True))
    arrays = iter(call.take(2 + scale + shift))
    gamma, beta = next(arrays) if scale else None, next(arrays) if shift else None
    mean, variance = arrays
    epsilon = call.config.get("epsilon", 1e-3)
    return call.layer("batch_norm", x, scale=gamma, shift=beta, mean=mean, variance=variance, epsilon=epsilon)


@reads("LayerNormalization")
def _layer_norm(call: Call) -> Tensor:
    x, axis = call.last(call.x), call.config.get("axis", -1)
    _off(call, "rms_scaling")
    axes = sorted(call.axis(a, x) for a in (axis if isinstance(axis, list) else [axis]))
    if axes != list(range(axes[0], len(x.shape) + 1)):
        call.fail("it normalises other axes than the last ones")
    scale, shift = bool(call.config.get("scale", True)), bool(call.config.get("center", True))
    arrays = iter(call.take(scale + shift))
    gamma, beta = next(arrays) if scale else None, next(arrays) if shift else None
    epsilon = call.config.get("epsilon", 1e-3)
    return call.layer("layer_norm", x, scale=gamma, shift=beta, epsilon=epsilon, axis=axes[0])


@reads("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average")
def _merge(call: Call) -> Tensor:
    tensors = call.alike()
    op = "add" if call.kind == "Average" else call.kind.lower()
    merged = call.layer(op, *tensors)
    return call.layer("scale", merged, factor=f"1/{len(tensors)}") if call.kind == "Average" else merged


@reads("Concatenate")
def _concatenate(call: Call) -> Tensor:
    tensors = call.alike()
    return call.layer("concat", *tensors, axis=call.axis(call.config.get("axis", -1), tensors[0]))
