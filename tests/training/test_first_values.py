"""First values of parameters: their laws, against torch's formulas, the same for the same seed."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from handgrad.network import Network
from handgrad.training.initialisation import draw, fans
from handgrad.training.settings import Initialise

LAYERS: list[dict[str, Any]] = [
    {"op": "conv2d", "kernel": {"random": "normal", "seed": 1}, "channels": 40, "size": [3, 5], "bias": [0] * 40},
    {"op": "batch_norm", "scale": [2] * 40, "shift": [1] * 40},
    {"op": "prelu", "slope": [0] * 40},
    {"op": "conv2d", "kernel": {"random": "normal", "seed": 1}, "channels": 20, "size": 3, "groups": 10, "padding": 1},
    {"op": "conv_transpose2d", "kernel": {"random": "normal", "seed": 1}, "channels": 8, "size": 2, "groups": 4},
    {"op": "flatten"},
    {"op": "dense", "weights": {"random": "normal", "seed": 1}, "units": 30, "bias": [1] * 30},
]
NETWORK = Network(LAYERS, [4, 12, 12])
FANS = {"K1": (60, 600), "K4": (36, 18), "K5": (20, 8), "W7": (8 * 11 * 9, 30)}
ALL = tuple(NETWORK.parameters)


def drawn(seed: int = 0, own: dict[str, Initialise] | None = None, **scheme: Any) -> dict[str, Any]:
    return draw(NETWORK, ALL, seed, Initialise(**scheme), own or {})


@pytest.mark.parametrize("name", FANS)
def test_fans(name: str) -> None:
    node = next(node for node in NETWORK.nodes if name in node.parameters.values())
    assert fans(node, NETWORK.shape(name)) == FANS[name]


def test_fans_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    for name in ("K1", "W7"):
        theirs = torch.nn.init._calculate_fan_in_and_fan_out(torch.zeros(NETWORK.shape(name)))  # noqa: SLF001  no other way
        assert tuple(theirs) == FANS[name]


def test_a_row_of_an_embedding_is_picked_not_summed() -> None:
    layer = {"op": "embedding", "count": 9, "size": 5, "weights": {"random": "normal", "seed": 0}}
    network = Network([layer], [3])
    assert fans(network.nodes[0], (9, 5)) == (1, 5)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@pytest.mark.parametrize("scheme", ["glorot", "he", "lecun"])
@pytest.mark.parametrize("name", FANS)
def test_mean_and_variance(name: str, scheme: str, distribution: str) -> None:
    values = drawn(3, scheme=scheme, distribution=distribution, gain=2.0)[name]
    i, o = FANS[name]
    variance = 4 * {"glorot": 2 / (i + o), "he": 2 / i, "lecun": 1 / i}[scheme]
    spread = sqrt(2 / values.size)
    assert abs(values.mean()) < 4 * sqrt(variance / values.size)
    assert abs(values.var() / variance - 1) < 5 * spread
    bound = sqrt(3 * variance)
    assert (np.abs(values).max() <= bound) == (distribution == "uniform")
    assert np.abs(values).max() > 0.95 * bound


@pytest.mark.parametrize("name", FANS)
def test_orthogonal(name: str) -> None:
    values = drawn(4, scheme="orthogonal", gain=3.0)[name]
    matrix = values.reshape(len(values), -1)
    square = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(square, 9 * np.eye(len(square)), atol=1e-12)


def test_biases_and_shifts_are_zero_scales_one_slopes_a_quarter() -> None:
    values = drawn(scheme="he")
    assert {name: set(values[name].ravel().tolist()) for name in ("b1", "b7", "beta2", "gamma2", "s3")} == {
        "b1": {0}, "b7": {0}, "beta2": {0}, "gamma2": {1}, "s3": {0.25},
    }  # fmt: skip


def test_the_seed_tells_everything_and_parameters_differ() -> None:
    first, again, other = drawn(1), drawn(1), drawn(2)
    assert all((first[name] == again[name]).all() for name in ALL)
    assert all((first[name] != other[name]).any() for name in FANS)
    assert not set(first["K1"].ravel()) & set(first["W7"].ravel())
    alone = draw(NETWORK, ("W7",), 1, Initialise(), {})
    np.testing.assert_array_equal(alone["W7"], first["W7"])


def test_a_parameter_of_its_own() -> None:
    own = {"K1": Initialise(scheme="constant", value=0.5), "b7": Initialise(scheme="constant", value=-1)}
    values = drawn(own=own)
    assert set(values["K1"].ravel()) == {0.5}
    assert set(values["b7"]) == {-1}
    np.testing.assert_array_equal(values["W7"], drawn()["W7"])
