"""The layers of the estimators' networks, as tables of a problem file with the names of parameters for their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.engine.arrays import Array
from handgrad.network import Network
from handgrad.ops.op import Shape
from handgrad.training.initialisation import draw
from handgrad.training.settings import Initialise


class Layers:
    """Layers put one behind another on an input: ``tables``, and the shape of each parameter that they name."""

    def __init__(self, shape: Shape) -> None:
        self.input = self.shape = shape
        """What the first layer reads, and what the last one gives."""
        self.tables: list[dict[str, Any]] = []
        self.parameters: dict[str, Shape] = {}

    def dense(self, units: int, activation: str | None = None) -> None:
        """A dense layer, behind a flatten where it does not read a vector."""
        if len(self.shape) > 1:
            self._flatten()
        table = {"op": "dense", **self._named({"weights": (units, *self.shape), "bias": (units,)})}
        self.tables.append(table if activation is None else {**table, "activation": activation})
        self.shape = (units,)

    def convolution(self, channels: int, size: int, activation: str) -> None:
        """A convolution that keeps the sides of the image; along a shorter side it reaches over all of it."""
        ins, *sides = self.shape
        taps = [min(size, side) for side in sides]
        named = self._named({"kernel": (channels, ins, *taps), "bias": (channels,)})
        self.tables.append({"op": "conv2d", **named, "padding": "same", "activation": activation})
        self.shape = (channels, *sides)

    def pooling(self, size: int) -> None:
        """The maximum of each window; along a shorter side the window is all of it."""
        channels, *sides = self.shape
        window = [min(size, side) for side in sides]
        self.tables.append({"op": "max_pool2d", "kernel": window})
        self.shape = (channels, *(side // length for side, length in zip(sides, window, strict=True)))

    def dropout(self, rate: float) -> None:
        """Units left out with this probability while the network trains; nothing where it is 0."""
        if rate:
            self.tables.append({"op": "dropout", "rate": str(rate)})

    def network(self, parameters: dict[str, Array]) -> Network:
        """The network with these parameters."""
        return Network(self.filled(parameters), list(self.input))

    def filled(self, parameters: dict[str, Array]) -> list[dict[str, Any]]:
        """The tables with arrays in place of the names of parameters."""
        return [
            {key: parameters.get(value, value) if isinstance(value, str) else value for key, value in table.items()}
            for table in self.tables
        ]

    def first_parameters(self, seed: int) -> dict[str, Array]:
        """Weights by Glorot behind every activation, as in scikit-learn; biases 0."""
        network = self.network({name: np.zeros(shape) for name, shape in self.parameters.items()})
        return draw(network, tuple(network.parameters), seed, Initialise(scheme="glorot"), {})

    def _flatten(self) -> None:
        self.tables.append({"op": "flatten"})
        self.shape = (int(np.prod(self.shape)),)

    def _named(self, shapes: dict[str, Shape]) -> dict[str, str]:
        """The names W{i}, K{i}, b{i} of the parameters of the next layer."""
        letters = {"weights": "W", "kernel": "K", "bias": "b"}
        names = {key: f"{letters[key]}{len(self.tables) + 1}" for key in shapes}
        self.parameters |= {names[key]: shape for key, shape in shapes.items()}
        return names
