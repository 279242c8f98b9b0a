"""Documents that a page is tried on."""

from __future__ import annotations

import handgrad as hg
from handgrad.working.document import Document

_SIGNS = """<script>alert(1)</script>"><img src=x onerror=alert(2)></script> ]]> &amp; \u202egnirts שלום"""
HOSTILE = _SIGNS + "x" * 10_000


def hostile() -> Document:
    """A document whose title would run a script if it could."""
    layers = [
        {"op": "dense", "weights": [[1, 2]], "name": "alert", "activation": "logistic"},
    ]
    tree = {
        "title": HOSTILE,
        "network": {"input": 2, "layers": layers},
        "loss": {"op": "squared_error"},
        "data": {"x": [1, 2], "y": [1]},
    }
    return hg.solve(hg.Problem.from_dict(tree)).working()


def large() -> Document:
    """The working of a 784-128-10 network."""
    layers = [
        {"op": "dense", "weights": _random(1, [128, 784]), "activation": "relu"},
        {"op": "dense", "weights": _random(2, [10, 128]), "activation": "softmax"},
    ]
    tree = {
        "title": "Digits",
        "arithmetic": "float64",
        "network": {"input": 784, "layers": layers},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [i * 37 % 100 / 100 for i in range(784)], "label": 3},
    }
    return hg.solve(hg.Problem.from_dict(tree)).working()


def _random(seed: int, shape: list[int]) -> dict[str, object]:
    return {"random": "normal", "seed": seed, "scale": 0.1, "shape": shape}
