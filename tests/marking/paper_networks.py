"""Networks small enough to be done by hand, with sums of their own: nothing here calls handgrad.

Every linear layer is a list of taps (o, i, k): output o adds weight k times input i. The three sums of
backpropagation run over the same taps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from random import Random
from typing import Any

from pens import SCALES, given

Row = list[float]
Shape = tuple[int, ...]
Tap = tuple[int, int, int]


CLEAN = 1e-13
"""A sum so much smaller than its terms is the zero that a person finds, and not the other side of a kink."""


@dataclass
class Layer:
    """A layer by its taps or its windows; ``table`` is how a problem file writes it."""

    table: dict[str, Any]
    shape: Shape
    taps: list[Tap] = field(default_factory=list)
    weights: Row = field(default_factory=list)
    letter: str = ""
    weight_shape: Shape = ()
    bias: Row = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    """The entry of the bias that an output adds."""
    flipped: list[int] = field(default_factory=list)
    """The weight in whose place a flipped kernel has each weight."""
    windows: list[list[int]] = field(default_factory=list)
    also: int = 0
    """The earlier layer whose output a residual sum adds."""

    @property
    def act(self) -> str:
        return str(self.table.get("activation", ""))

    def out(self, x: Row, weights: Row | None = None, bias: Row | None = None) -> Row:
        """y[o] = Σ w[k] x[i] over the taps, + b[owner of o]."""
        if self.windows:
            return [max(x[i] for i in window) for window in self.windows]
        if not self.taps:
            return list(x)
        weights, bias = self.weights if weights is None else weights, self.bias if bias is None else bias
        y = [bias[o] for o in self.owner] if bias else [0.0] * prod(self.shape)
        size = [abs(value) for value in y]
        for o, i, k in self.taps:
            y[o] += weights[k] * x[i]
            size[o] += abs(weights[k] * x[i])
        return [0.0 if abs(v) < CLEAN * size[o] else float(f"{v:.14g}") for o, v in enumerate(y)]  # ties stay ties

    def back(self, g: Row, x: Row, weights: Row | None = None) -> Row:
        """dx[i] = Σ w[k] g[o] over the taps; of a window the first of its largest entries has it all."""
        if not self.windows and not self.taps:
            return list(g)
        dx = [0.0] * len(x)
        for o, window in enumerate(self.windows):
            dx[max(window, key=lambda i: (x[i], -i))] += g[o]
        for o, i, k in self.taps:
            dx[i] += (self.weights if weights is None else weights)[k] * g[o]
        return dx

    def weight_gradient(self, gs: list[Row], xs: list[Row]) -> Row:
        """dw[k] = Σ g[o] x[i] over the taps and the examples."""
        found = [0.0] * len(self.weights)
        for g, x in zip(gs, xs, strict=True):
            for o, i, k in self.taps:
                found[k] += g[o] * x[i]
        return found

    def bias_gradient(self, gs: list[Row]) -> Row:
        """db[p] = Σ g[o] over the outputs of the entry, and the examples."""
        found = [0.0] * len(self.bias)
        for g in gs:
            for o, value in enumerate(g):
                found[self.owner[o]] += value
        return found


@dataclass
class Net:
    """A chain of layers (a residual sum reads an earlier one too), the data of one or more examples, and the loss."""

    layers: list[Layer]
    input: Shape
    x: list[list[str]]
    y: list[list[str]]
    loss: str
    batch: bool

    def tree(self) -> dict[str, Any]:
        """The problem as a problem file has it."""
        x = [nested(row, self.input) for row in self.x]
        data = {"x": x, "y": self.y, "batch": True} if self.batch else {"x": x[0], "y": self.y[0]}
        size: Any = list(self.input) if len(self.input) > 1 else self.input[0]
        layers = [layer.table for layer in self.layers]
        return {"network": {"input": size, "layers": layers}, "loss": {"op": self.loss}, "data": data}

    def joint(self, number: int) -> bool:
        """Whether the activation of this layer and the loss have ŷ − y for their joint derivative."""
        pair = self.layers[number - 1].act, self.loss
        return number == len(self.layers) and pair in (
            ("softmax", "cross_entropy"),
            ("logistic", "binary_cross_entropy"),
        )

    def inputs(self) -> list[Row]:
        return [reals(row) for row in self.x]

    def targets(self) -> list[Row]:
        return [reals(row) for row in self.y]


def reals(texts: list[str]) -> Row:
    return [float(Fraction(text)) for text in texts]


def nested(flat: list[Any], shape: Shape) -> Any:
    """A flat list in a shape."""
    if not shape:
        return flat[0]
    size = len(flat) // shape[0]
    return [nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def numbers(random: Random, count: int, scale: str) -> list[str]:
    """So many numbers of a problem, not all of them zero."""
    found = [given(random, scale) for _ in range(count)]
    return found if any(float(Fraction(text)) for text in found) else numbers(random, count, scale)


def dense(random: Random, units: int, count: int, act: str, scale: str) -> Layer:
    weights = numbers(random, units * count, scale)
    bias = numbers(random, units, scale) if random.random() < 0.5 else []
    table = {"op": "dense", "weights": nested(weights, (units, count))}
    return Layer(
        table | ({"bias": bias} if bias else {}) | ({"activation": act} if act else {}),
        (units,),
        [(o, i, o * count + i) for o in range(units) for i in range(count)],
        reals(weights), "W", (units, count), reals(bias), list(range(units)),
    )  # fmt: skip


@dataclass
class Sliding:
    """Where windows stand over an input of (channels, height, width); one dimension has the height 1."""

    shape: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    @property
    def out(self) -> tuple[int, int]:
        places = zip(self.shape[1:], self.kernel, self.stride, self.padding, strict=True)
        height, width = ((size + 2 * p - k) // s + 1 for size, k, s, p in places)
        return height, width

    def taps(self, out_channels: int) -> list[Tap]:
        channels, height, width = self.shape
        found = []
        for o, c in product(range(out_channels), range(channels)):
            for (r, s), (t, u) in product(grid(self.out), grid(self.kernel)):
                i, j = r * self.stride[0] + t - self.padding[0], s * self.stride[1] + u - self.padding[1]
                if 0 <= i < height and 0 <= j < width:
                    place = (o * self.out[0] + r) * self.out[1] + s
                    weight = ((o * channels + c) * self.kernel[0] + t) * self.kernel[1] + u
                    found.append((place, (c * height + i) * width + j, weight))
        return found

    def windows(self) -> list[list[int]]:
        """The inputs of each window, channel by channel (without padding)."""
        _, height, width = self.shape
        return [
            [(c * height + r * self.stride[0] + t) * width + s * self.stride[1] + u for t, u in grid(self.kernel)]
            for c in range(self.shape[0])
            for r, s in grid(self.out)
        ]


def grid(size: tuple[int, int]) -> list[tuple[int, int]]:
    return list(product(range(size[0]), range(size[1])))


def convolution(random: Random, shape: Shape, act: str, scale: str) -> Layer:
    """A convolution over (length), (channels, length) or (channels, height, width)."""
    flat, bare = len(shape) < 3, len(shape) == 1
    channels = 1 if bare else shape[0]
    out_channels = 1 if bare else random.choice([1, 1, 2])
    size, step, pad = random.randint(2, 3), random.choice([1, 1, 2]), random.choice([0, 0, 1])
    full = (channels, 1, shape[-1]) if flat else (channels, shape[1], shape[2])
    place = Sliding(full, (1 if flat else size, size), (1 if flat else step, step), (0 if flat else pad, pad))
    spatial = (size,) if flat else (size, size)
    weight_shape = spatial if bare else (out_channels, channels, *spatial)
    weights, cells = numbers(random, prod(weight_shape), scale), prod(spatial)
    bias = numbers(random, out_channels, scale) if not bare and random.random() < 0.5 else []
    table: dict[str, Any] = {"op": "conv1d" if flat else "conv2d", "kernel": nested(weights, weight_shape)}
    table |= {"stride": step, "padding": pad} | ({"bias": bias} if bias else {}) | ({"activation": act} if act else {})
    out = place.out[1:] if flat else place.out
    return Layer(
        table,
        out if bare else (out_channels, *out),
        place.taps(out_channels),
        reals(weights), "K", weight_shape, reals(bias),
        [o for o in range(out_channels) for _ in grid(place.out)],
        [k // cells * cells + cells - 1 - k % cells for k in range(len(weights))],
    )  # fmt: skip


def pooling(random: Random, shape: Shape) -> Layer:
    """Windows of two (by two), side by side or overlapping; the largest or the mean."""
    flat, bare = len(shape) < 3, len(shape) == 1
    channels, step = 1 if bare else shape[0], random.choice([2, 2, 1])
    full = (channels, 1, shape[-1]) if flat else (channels, shape[1], shape[2])
    place = Sliding(full, (1 if flat else 2, 2), (1 if flat else step, step), (0, 0))
    kind = random.choice(["max_pool", "average_pool"])
    table = {"op": f"{kind}{1 if flat else 2}d", "kernel": 2, "stride": step}
    out = place.out[1:] if flat else place.out
    windows = place.windows()
    layer = Layer(table, out if bare else (channels, *out), windows=windows)
    if kind == "average_pool":
        layer.taps = [(o, i, 0) for o, window in enumerate(windows) for i in window]
        layer.weights, layer.windows = [1 / len(windows[0])], []
    return layer


HIDDEN = ("logistic", "tanh", "relu")
ENDS = (
    ("softmax", "cross_entropy"), ("softmax", "cross_entropy"), ("logistic", "binary_cross_entropy"),
    ("", "squared_error"), ("logistic", "squared_error"), ("tanh", "squared_error"), ("relu", "squared_error"),
    ("", "mean_squared_error"), ("logistic", "mean_squared_error"), ("softmax", "squared_error"),
    ("", "softmax_cross_entropy"),
)  # fmt: skip


def network(random: Random) -> Net:
    """A network of any of these kinds whose numbers a calculator can hold."""
    scale = random.choice(list(SCALES))
    kind = random.choice(["dense", "dense", "dense", "residual", "conv1d", "channels", "conv2d", "conv2d"])
    layers: list[Layer] = []
    shape = first_shape(random, kind)
    entry = shape
    if len(shape) > 1 or kind == "conv1d":
        shape = slides(random, layers, shape, scale)
    for _ in range(random.choice([0, 1, 1, 2, 3]) if kind != "residual" else 1):
        layers.append(dense(random, random.randint(2, 3), shape[0], random.choice(HIDDEN), scale))
        shape = layers[-1].shape
    if kind == "residual":
        layers.append(dense(random, shape[0], shape[0], random.choice(["", *HIDDEN]), scale))
        layers.append(Layer({"op": "add", "from": [f"h{len(layers)}", f"h{len(layers) - 1}"]}, shape))
        layers[-1].also = len(layers) - 2
    act, loss = random.choice(ENDS)
    units = random.randint(2, 3) if "softmax" in act + loss else random.randint(1, 2)
    layers.append(dense(random, units, shape[0], act, random.choice([scale, "one digit", "two digits"])))
    return with_data(random, layers, entry, scale, loss)


def first_shape(random: Random, kind: str) -> Shape:
    if kind == "conv1d":
        return (random.randint(4, 7),)
    if kind == "channels":
        return (random.randint(1, 2), random.randint(3, 5))
    if kind == "conv2d":
        return (random.choice([1, 1, 2]), random.randint(3, 4), random.randint(3, 4))
    return (random.randint(1, 4),)


def slides(random: Random, layers: list[Layer], shape: Shape, scale: str) -> Shape:
    """A convolution, perhaps pooled, made flat."""
    layers.append(convolution(random, shape, random.choice(["", *HIDDEN]), scale))
    shape = layers[-1].shape
    if min(shape[-1:] if len(shape) < 3 else shape[1:]) > 1 and random.random() < 0.6:
        layers.append(pooling(random, shape))
        shape = layers[-1].shape
    if len(shape) > 1:
        layers.append(Layer({"op": "flatten"}, (prod(shape),)))
    return (prod(shape),)


def with_data(random: Random, layers: list[Layer], entry: Shape, scale: str, loss: str) -> Net:
    examples = random.choice([1, 1, 1, 2, 3])
    size = "two digits" if scale in ("tiny", "small") else scale
    x = [numbers(random, prod(entry), random.choice([size, "integers", "two digits"])) for _ in range(examples)]
    y = [target(random, layers[-1].shape[0], loss, scale) for _ in range(examples)]
    return Net(layers, entry, x, y, loss, batch=examples > 1)


def target(random: Random, units: int, loss: str, scale: str) -> list[str]:
    if "softmax" in loss or loss == "cross_entropy":
        place = random.randrange(units)
        return ["1" if i == place else "0" for i in range(units)]
    if loss == "binary_cross_entropy":
        return [random.choice("01") for _ in range(units)]
    return [given(random, random.choice([scale, "one digit", "two digits"])) for _ in range(units)]
