"""Networks and both ways to compute them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from reference_path import ReferencePath

import handgrad as hg
from handgrad.engine import Compiled
from handgrad.engine.arrays import Array

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def dense(*sizes: int, hidden: Any = "logistic", output: Any = "softmax", seed: int = 1) -> hg.Network:
    """Dense layers of these sizes with weights around 0, by seed."""
    layers: list[dict[str, Any]] = []
    for i, (p, m) in enumerate(pairwise(sizes)):
        weights = {"random": "normal", "seed": seed + i, "scale": 1 / p**0.5, "shape": [m, p]}
        bias = {"random": "normal", "seed": seed + 50 + i, "scale": 0.1, "shape": [m]}
        layers.append({"op": "dense", "weights": weights, "bias": bias})
        activation = hidden if i < len(sizes) - 2 else output
        if activation is not None:
            layers[-1]["activation"] = activation
    return hg.Network(layers, input=sizes[0])


def both(network: Any, loss: Any, **settings: Any) -> tuple[Compiled, Compiled]:
    """By kernels, and by the reference rules."""
    native, reference = hg.compile(network, loss, **settings), hg.compile(network, loss, **settings)
    path = ReferencePath(reference._setting)
    for name, array in reference._path.parameters.items():
        path.parameters[name][...] = array
    reference._path = path
    return native, reference


def examples(network: hg.Network, count: int, *, classes: bool, seed: int = 5) -> tuple[Array, Array]:
    """Inputs, and classes or numbers between 0 and 1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, *network.input))
    y = rng.integers(0, network.output[0], count) if classes else rng.uniform(size=(count, *network.output))
    return x, y


def distance(a: dict[str, Array], b: dict[str, Array]) -> float:
    """The largest deviation relative to the largest entry of each array."""
    assert list(a) == list(b)
    return max(float(np.max(np.abs(a[k] - b[k])) / max(np.max(np.abs(b[k])), 1e-30)) for k in a)
