"""What a compiled network is made of, and what each way to compute it offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from handgrad.engine.arrays import Array
from handgrad.network import Network
from handgrad.ops.losses import Loss
from handgrad.ops.op import Op
from handgrad.ops.updates import Update


class Setting(Struct, frozen=True):
    """The network with all that is decided once."""

    network: Network
    loss: Loss | None
    penalties: tuple[tuple[Op, tuple[str, ...]], ...]
    update: Update | None
    freeze: tuple[str, ...]
    clip: float | None
    batch: int
    dtype: np.dtype[Any]
    threads: int
    seed: int


class Run(Struct, frozen=True):
    """Steps of training: the data, the order of examples, the rate of each step."""

    x: Array
    y: Array
    order: Array
    rates: Array
    weights: Array | None
    moves: Array | None
    first: int
    """How many updates were made before."""


class Path(Protocol):
    """One way to compute. ``parameters`` and ``states`` are its own arrays, in the shapes of the network."""

    parameters: dict[str, Array]
    states: dict[str, Array]

    def quick(self) -> Callable[[Any, Any, int], float | None] | None:
        """A step on x and y after so many steps, without a look at them; None where there is no such way."""

    def predict(self, x: Array) -> Array:
        """ŷ [n][…]."""

    def gradients(self, x: Array, y: Array, weights: Array) -> tuple[float, int, dict[str, Array]]:
        """L = Σ weights · losses, the number of right classes, and dL/dp of each parameter."""

    def norms(self, x: Array, y: Array) -> Array:
        """The Euclidean norm of the whole gradient of each example [n]."""

    def each(self, x: Array, y: Array) -> dict[str, Array]:
        """The gradient of each example's loss [n][…]."""

    def train(self, run: Run) -> tuple[Array, Array]:
        """Losses float64 and right classes int64 of each step."""
