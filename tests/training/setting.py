"""Small networks and data that the tests of training share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import handgrad as hg

Array = np.ndarray[Any, Any]

CLASSES: dict[str, Any] = {"loss": "softmax_cross_entropy", "update": {"op": "adam", "rate": 0.02}}


def layer(inputs: int, units: int, activation: str | None = None, seed: int = 1, scale: float = 1.0) -> dict[str, Any]:
    weights = np.random.default_rng(seed).normal(0, scale * (2 / inputs) ** 0.5, (units, inputs))
    table: dict[str, Any] = {"op": "dense", "weights": weights, "bias": np.zeros(units)}
    return table if activation is None else {**table, "activation": activation}


def network(activation: str = "tanh", classes: int = 3) -> hg.Network:
    return hg.Network([layer(4, 6, activation), layer(6, classes, seed=2)], 4)


def blobs(count: int = 90, classes: int = 3, seed: int = 5) -> tuple[Array, Array]:
    """Points around a centre for each class."""
    random = np.random.default_rng(seed)
    y = np.arange(count) % classes
    return random.normal(0, 0.7, (count, 4)) + 2 * np.eye(4)[y], y


CONFIG = """title = "Blobs"

[network]
input = 4

[[network.layers]]
op = "dense"
units = 6
activation = "tanh"

[[network.layers]]
op = "dense"
units = 3

[loss]
op = "softmax_cross_entropy"

[data]
source = "blobs.npz"
held_out = 0.3

[update]
op = "adam"
rate = 0.02

[train]
epochs = 4
batch = 8
"""


def configured(folder: Path, text: str = CONFIG) -> Path:
    """A configuration in a folder, its data beside it."""
    x, y = blobs()
    np.savez(folder / "blobs.npz", x=x, y=y)
    file = folder / "blobs.toml"
    file.write_text(text)
    return file
