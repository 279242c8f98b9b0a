"""Whole random networks: every gradient proven, floats held against them, every line of the working kept in width."""

from __future__ import annotations

import json
from typing import Any
from unicodedata import combining

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import handgrad as hg

NUMBERS = st.one_of(
    st.integers(-1, 1),
    st.builds("{}/{}".format, st.integers(-3, 3), st.integers(3, 7)),
    st.integers(-60, 60).map(lambda n: n / 100),
)
"""Small, so that no output saturates and floats keep their digits."""
ACTIVATIONS = st.sampled_from([None, "logistic", "tanh", "relu", {"op": "leaky_relu", "alpha": "1/10"}, "identity"])
OUTPUT = {"cross_entropy": "softmax", "binary_cross_entropy": "logistic"}


@st.composite
def arrays(draw: Any, *shape: int) -> Any:
    return [draw(arrays(*shape[1:])) for _ in range(shape[0])] if shape else draw(NUMBERS)


def with_activation(layer: dict[str, Any], activation: Any) -> dict[str, Any]:
    return layer | {"activation": activation} if activation else layer


@st.composite
def convolutions(draw: Any, size: list[int], channels: int) -> list[dict[str, Any]]:
    """A convolution, perhaps a pooling, and a flatten over an input of so many channels (0: no channel axis)."""
    rank = len(size)
    taps = [draw(st.integers(1, 3)) for _ in size]
    outs = draw(st.integers(1, 2))
    kernel = draw(arrays(*((outs, channels, *taps) if channels else taps)))
    layer = {"op": f"conv{rank}d", "kernel": kernel, "stride": draw(st.integers(1, 2))}
    layer["padding"] = draw(st.sampled_from([0, 1, "same"]))
    if channels:
        layer["bias"] = draw(arrays(outs))
    layers = [with_activation(layer, draw(ACTIVATIONS))]
    if draw(st.booleans()):
        pool = draw(st.sampled_from(["max_pool", "average_pool"]))
        layers.append({"op": f"{pool}{rank}d", "kernel": 2, "stride": draw(st.integers(1, 2)), "padding": 1})
    return [*layers, {"op": "flatten"}]


@st.composite
def problems(draw: Any) -> dict[str, Any]:
    rank, channels = draw(st.sampled_from([(0, 0), (1, 0), (1, 2), (2, 0), (2, 1)]))
    size = [draw(st.integers(4, 6)) for _ in range(rank)]
    reads = [channels] * bool(channels) + size if rank else [draw(st.integers(1, 4))]
    layers = draw(convolutions(size, channels)) if rank else []
    width = hg.Network(layers, reads).output[0] if layers else reads[0]
    for _ in range(draw(st.integers(0, 1))):
        units = draw(st.integers(2, 3))
        layer = {"op": "dense", "weights": draw(arrays(units, width)), "bias": draw(arrays(units))}
        layers.append(with_activation(layer, draw(st.one_of(ACTIVATIONS, st.just("softmax")))))
        width = units
    loss = draw(st.sampled_from(["cross_entropy", "binary_cross_entropy", "squared_error", "mean_squared_error"]))
    outs = draw(st.integers(2, 3))
    layers.append(with_activation({"op": "dense", "weights": draw(arrays(outs, width))}, OUTPUT.get(loss)))
    examples = draw(st.integers(1, 3))
    target = {"cross_entropy": ["1/2", "1/2", 0][:outs], "binary_cross_entropy": [0, "1/3", 1][:outs]}.get(loss)
    data = {
        "batch": True,
        "x": draw(arrays(examples, *reads)),
        "y": [target or draw(arrays(outs)) for _ in range(examples)],
    }
    tree = {"network": {"input": reads, "layers": layers}, "loss": {"op": loss}, "data": data}
    return tree | {"update": {"op": "sgd", "rate": "1/2"}} if draw(st.booleans()) else tree


@settings(max_examples=25, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(problems())
def test_gradients_floats_and_working(tree: dict[str, Any]) -> None:
    problem = hg.Problem.from_dict(tree)
    exact, floats = hg.solve(problem), hg.solve(problem, "float64")
    assert all(check.agrees for check in hg.verify(problem))
    for name in exact.names:
        expected = np.asarray(exact[name], dtype=float)
        np.testing.assert_allclose(np.asarray(floats[name]), expected, rtol=1e-8, atol=1e-10, err_msg=name)
    document = exact.working()
    for line in document.to_terminal().splitlines():
        assert sum(not combining(c) for c in line) <= 80, line
    assert json.loads(document.to_json())["quantities"].keys() >= {"x", "L", "dL/dx"}


@pytest.mark.parametrize("notation", ["z,a", "net,out", {"a": "u", "h": "v", "L": "E", "yhat": "o", "W": "w"}])
def test_a_notation_is_followed_through(notation: Any) -> None:
    tree: dict[str, Any] = {
        "notation": notation,
        "network": {
            "input": 1,
            "layers": [
                {"op": "dense", "weights": [[1], [2]], "activation": "logistic"},
                {"op": "dense", "weights": [[1, 1]], "activation": "logistic"},
            ],
        },
        "loss": {"op": "squared_error"},
        "data": {"x": [1], "y": [0]},
    }
    text = hg.solve(hg.Problem.from_dict(tree)).working().to_terminal()
    expected = {
        "z,a": ["z₁ = W₁ x", "a₁ = σ(z₁)", "σ(z) =", "∂L/∂z₂ = ∂L/∂ŷ ⊙ ŷ ⊙ (1 − ŷ)"],
        "net,out": ["net₁ = W₁ x", "out₁ = σ(net₁)", "∂L/∂net₂ = ∂L/∂out₂ ⊙ out₂ ⊙ (1 − out₂)"],
    }
    for line in expected.get(str(notation), ["u₁ = w₁ x", "v₁ = σ(u₁)", "∂E/∂u₁ =", "∂E/∂w₁ ="]):
        assert line in text, line
