"""The works that are timed: networks, batches, start weights and data, the same for every framework."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 0.05
CHECKED = 10
"""How many losses of a work are held against each other."""


@dataclass(frozen=True)
class Layer:
    """One layer. ``op``: dense, conv, max_pool, average_pool or flatten; ``size``: of a kernel or a window."""

    op: str
    outs: int = 0
    size: int = 0
    padding: int = 0
    activation: str = ""


@dataclass(frozen=True)
class Work:
    """A network and what is done with it.

    ``kind`` is "step" (forward, loss, backward, SGD), "per_example" (gradients of each example, no update)
    or "epoch" (every example of a data set once, shuffled). ``chunk`` is how many steps one call of ``train``
    or one ``lax.scan`` makes. ``target`` is what the best peer's time over ours must reach.
    """

    key: str
    title: str
    input: tuple[int, ...]
    layers: tuple[Layer, ...]
    batch: int
    target: float | None = None
    kind: str = "step"
    chunk: int = 20
    batches: int = 4
    """How many batches the data have; an epoch's last one is smaller where they do not divide."""
    examples: int = 0
    """How many examples an epoch has; 0: ``batch`` × ``batches``."""

    @property
    def images(self) -> bool:
        """Whether there are convolutions."""
        return len(self.input) == 3

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self.layers[-1].outs

    @property
    def count(self) -> int:
        """The number of examples."""
        return self.examples or self.batch * self.batches

    def shapes(self) -> list[tuple[int, ...]]:
        """The shape of each layer's output, the input's first."""
        found: list[tuple[int, ...]] = [self.input]
        for layer in self.layers:
            before = found[-1]
            if layer.op == "dense":
                found.append((layer.outs,))
            elif layer.op == "flatten":
                found.append((prod(before),))
            elif layer.op == "conv":
                sides = (n + 2 * layer.padding - layer.size + 1 for n in before[1:])
                found.append((layer.outs, *sides))
            else:
                found.append((before[0], *(n // layer.size for n in before[1:])))
        return found

    def parameters(self) -> list[NDArray[np.float32]]:
        """Start weights W [m][p] or K [o][c][k][k] and bias of each layer that has them (Glorot, seed 1)."""
        rng = np.random.default_rng(1)
        found: list[NDArray[np.float32]] = []
        for layer, before in zip(self.layers, self.shapes(), strict=False):
            if layer.op not in ("dense", "conv"):
                continue
            shape = (layer.outs, before[0], *(2 * (layer.size,) if layer.op == "conv" else ()))
            taps = prod(shape[2:])
            limit = (6 / (taps * (shape[0] + shape[1]))) ** 0.5
            found += [rng.uniform(-limit, limit, shape).astype(np.float32), np.zeros(layer.outs, np.float32)]
        return found

    def data(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Inputs and classes of all examples (seed 2)."""
        rng = np.random.default_rng(2)
        x = rng.random((self.count, *self.input), dtype=np.float32)
        return x, rng.integers(0, self.classes, self.count)

    def order(self, seed: int) -> NDArray[np.int64]:
        """The examples of an epoch in the order they are met."""
        return np.random.default_rng(seed).permutation(self.count)

    def flops(self) -> int:
        """Multiplications and additions of a step's matrix products: forward, dW, and dx behind the first layer."""
        total, first = 0, True
        for layer, before, after in zip(self.layers, self.shapes(), self.shapes()[1:], strict=False):
            if layer.op in ("dense", "conv"):
                taps = layer.size**2 if layer.op == "conv" else 1
                total += 2 * self.batch * before[0] * taps * prod(after) * (2 if first else 3)
                first = False
        return total

    def tables(self) -> list[dict[str, Any]]:
        """The layers as handgrad reads them, with the start weights."""
        values = iter(self.parameters())
        tables: list[dict[str, Any]] = []
        for layer in self.layers:
            table: dict[str, Any] = {"op": {"conv": "conv2d"}.get(layer.op, layer.op)}
            if layer.op in ("max_pool", "average_pool"):
                table = {"op": f"{layer.op}2d", "kernel": layer.size}
            elif layer.op != "flatten":
                table |= {"kernel" if layer.op == "conv" else "weights": next(values), "bias": next(values)}
                table |= {"padding": layer.padding} if layer.padding else {}
            if layer.activation:
                table["activation"] = layer.activation
            tables.append(table)
        return tables


def dense(*widths: int) -> tuple[Layer, ...]:
    """Dense layers with logistic hidden units; the last one gives logits."""
    return (*(Layer("dense", n, activation="logistic") for n in widths[:-1]), Layer("dense", widths[-1]))


def _conv(outs: int, size: int, padding: int = 0) -> Layer:
    return Layer("conv", outs, size, padding, "relu")


def _relu(outs: int) -> Layer:
    return Layer("dense", outs, activation="relu")


LENET = (
    _conv(6, 5, 2),
    Layer("average_pool", size=2),
    _conv(16, 5),
    Layer("average_pool", size=2),
    Layer("flatten"),
    _relu(120),
    _relu(84),
    Layer("dense", 10),
)
VGG = (
    *(_conv(32, 3, 1), _conv(32, 3, 1), Layer("max_pool", size=2)),
    *(_conv(64, 3, 1), _conv(64, 3, 1), Layer("max_pool", size=2)),
    *(Layer("flatten"), _relu(256), Layer("dense", 10)),
)

WORKS = (
    Work("tiny", "3-3-3-3, one example", (3,), dense(3, 3, 3), 1, 10, chunk=1000),
    Work("iris", "4-16-3, batch 32", (4,), dense(16, 3), 32, 4, chunk=500),
    Work("digits", "64-100-10, batch 64", (64,), dense(100, 10), 64, 2.5, chunk=200),
    Work("mnist", "784-128-10, batch 64", (784,), dense(128, 10), 64, 2, chunk=100),
    Work("mnist3", "784-256-128-10, batch 256", (784,), dense(256, 128, 10), 256, 1.5),
    Work("wide", "784-512-512-10, batch 128", (784,), dense(512, 512, 10), 128, 1.5),
    Work("large", "1024-2048-2048-1000, batch 512", (1024,), dense(2048, 2048, 1000), 512, 1.15, chunk=10, batches=2),
    Work("lenet", "LeNet-5 (28×28), batch 64", (1, 28, 28), LENET, 64, 2.5),
    Work("vgg", "VGG-style 32-32-64-64, batch 64", (3, 32, 32), VGG, 64, 1.5, chunk=10),
    Work(
        "per_example",
        "per-example gradients, 784-128-10, batch 64",
        (784,),
        dense(128, 10),
        *(64, 3),
        kind="per_example",
        batches=1,
    ),
    Work(
        "epoch",
        "an epoch of 60,000 × 784, 784-128-10, batch 64",
        (784,),
        dense(128, 10),
        *(64, 2),
        kind="epoch",
        examples=60_000,
    ),
)
"""The rows of the table, with the ratio that each must reach."""


def square(width: int, batch: int) -> Work:
    """A work of the scaling table: width-width-width-10."""
    return Work(
        f"{width}x{batch}", f"{width}-{width}-{width}-10, batch {batch}", (width,), dense(width, width, 10), batch
    )


def named(key: str) -> Work:
    """A work by its key, "256x64" being one of the scaling table, "epoch:600" an epoch of 600 examples."""
    base, _, examples = key.partition(":")
    for work in WORKS:
        if work.key == base:
            title = work.title.replace("60,000", f"{int(examples):,}") if examples else work.title
            return replace(work, key=key, title=title, examples=int(examples or work.examples))
    width, _, batch = key.partition("x")
    return square(int(width), int(batch))
