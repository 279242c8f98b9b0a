"""Ops of every kind in the middle of a compiled network: by kernels or by their reference rules, in one program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from both_ways import both, examples

import handgrad as hg
from handgrad.engine import team
from handgrad.engine.arrays import Array
from handgrad.errors import DomainError
from handgrad.ops.op import Sample

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def layer(m: int, p: int, **more: Any) -> dict[str, Any]:
    """A dense layer with a bias."""
    weights = {"random": "normal", "seed": 10 * m + p, "scale": 0.4, "shape": [m, p]}
    return {"op": "dense", "weights": weights, "bias": [0.1] * m, **more}


def network_of(name: str, sample: Sample) -> tuple[hg.Network, Array]:
    """A rectifier with a parameter, so that there is a gradient to want, then the op; and five examples."""
    op, rng = hg.OPS[name], np.random.default_rng(7)

    def drawn(letter: str, shape: tuple[int, ...]) -> Any:
        low, high = sample.ranges.get(letter, (-2, 2))
        whole = letter in sample.integers
        return rng.integers(low, high + 1, shape) if whole else np.round(rng.uniform(low, high, shape), 3)

    letters = [letter for letter in sample.shapes if letter not in op.parameters]
    others = {letter: drawn(letter, sample.shapes[letter][1:]) for letter in letters[1:]}
    table = {"op": name, **sample.settings, "from": ["start", *others]}
    table |= {key: drawn(letter, sample.shapes[letter]).tolist()
              for letter, key in op.parameters.items() if letter in sample.shapes}  # fmt: skip
    shape = sample.shapes[letters[0]][1:]
    whole, slope = letters[0] in sample.integers, [1.0] if shape else 1.0
    start = {"op": "identity"} if whole else {"op": "prelu", "slope": slope}
    layers = [{**start, "name": "start"}, table]
    parameters = {letter: value.tolist() for letter, value in others.items()}
    return hg.Network(layers, input=list(shape), parameters=parameters), drawn(letters[0], (5, *shape)).astype(float)


def cases() -> list[Any]:
    return [
        pytest.param(name, sample, id=f"{name}-{i}")
        for name, kind in hg.OPS.items()
        for i, sample in enumerate(kind.samples)
    ]


def near(found: dict[str, Array], right: dict[str, Array], tolerance: float) -> None:
    assert list(found) == list(right)
    for name, array in right.items():
        scale = max(1.0, float(np.max(np.abs(array), initial=0)))
        np.testing.assert_allclose(found[name], array, rtol=0, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "sample"), cases())
def test_every_op_of_the_registry(name: str, sample: Sample, dtype: str) -> None:
    network, x = network_of(name, sample)
    update = {"op": "momentum", "rate": 0.001, "weight_decay": 0.1}
    loss = {"op": "squared_error", "reduction": "sum"}
    ours, rules = both(network, loss, batch=3, dtype=dtype, threads=2, update=update)
    y = np.random.default_rng(1).uniform(size=(5, *network.output))
    tolerance = TOLERANCE[dtype]
    value, gradients = ours.value_and_grad(x, y)
    expected, right = rules.value_and_grad(x, y)
    assert value == pytest.approx(expected, rel=tolerance)
    near(gradients, right, tolerance)
    near({"yhat": ours.predict(x)}, {"yhat": rules.predict(x)}, tolerance)
    order = np.arange(5)
    np.testing.assert_allclose(ours.train(x, y, order)[0], rules.train(x, y, order)[0], rtol=10 * tolerance)
    near(ours.parameters, rules.parameters, 10 * tolerance)


def test_softmax_in_the_middle_and_before_another_loss() -> None:
    layers = [layer(6, 5, activation="softmax"), layer(4, 6, activation="softmax")]
    ours, rules = both(hg.Network(layers, input=5), "squared_error", batch=7, dtype="float64", threads=2)
    x, y = examples(ours.network, 18, classes=False)
    near(ours.value_and_grad(x, y)[1], rules.value_and_grad(x, y)[1], 1e-12)
    assert not ours._path._program("gradient", 7, classes=False).calls  # type: ignore[attr-defined]  # a native path


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("norm", ["layer_norm", "batch_norm"])
def test_training_with_normalisation(norm: str, threads: int) -> None:
    scale = {"op": norm, "scale": [0.5, 1, 1.5, 2, 1, 1], "shift": [0.1] * 6}
    layers = [layer(6, 5), scale, {"op": "tanh"}, {"op": "dropout", "rate": "0.3"}, layer(3, 6, activation="softmax")]
    network = hg.Network(layers, input=5)
    settings: dict[str, Any] = {"batch": 7, "dtype": "float64", "threads": threads, "clip": 0.5}
    ours, rules = both(network, "cross_entropy", update={"op": "adam", "rate": 0.01}, **settings)
    x, y = examples(network, 18, classes=True)
    order, weights = np.tile(np.arange(18), 3), np.linspace(0, 2, 18)
    found, right = (one.train(x, y, order, weights=weights) for one in (ours, rules))
    np.testing.assert_allclose(found[0], right[0], rtol=1e-12)
    np.testing.assert_array_equal(found[1], right[1])
    near(ours.per_example_gradients(x, y), rules.per_example_gradients(x, y), 1e-12)
    near(ours.value_and_grad(x, y, weights)[1], rules.value_and_grad(x, y, weights)[1], 1e-12)


LOSSES: list[Any] = [
    {"op": "softmax_cross_entropy", "class_weights": [1, 2, "1/2"], "label_smoothing": "0.1"},
    {"op": "softmax_cross_entropy", "ignore_index": 1},
    {"op": "hinge"},
    {"op": "huber"},
]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_and_penalties_by_rule(loss: Any, threads: int) -> None:
    network = hg.Network([layer(6, 5, activation="tanh"), layer(3, 6)], input=5)
    settings: dict[str, Any] = {"batch": 7, "dtype": "float64", "threads": threads}
    ours, rules = both(network, loss, update={"op": "sgd", "rate": 0.1}, **settings)
    x, y = examples(network, 18, classes="cross" in loss["op"])
    found, right = (one.train(x, y, np.arange(18)) for one in (ours, rules))
    np.testing.assert_allclose(found[0], right[0], rtol=1e-12)
    np.testing.assert_array_equal(found[1], right[1])
    near(ours.parameters, rules.parameters, 1e-12)
    assert ours.evaluate(x, y) == pytest.approx(rules.evaluate(x, y), rel=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_penalties_count_once(threads: int) -> None:
    tree: dict[str, Any] = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2], [3, -4]], "activation": "softmax"}]},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [1, 2], "label": 1},
        "penalties": [{"op": "l2", "rate": "0.5"}, {"op": "l1", "rate": "0.1"}],
        "update": {"op": "sgd", "rate": "0.1"},
    }
    ours, rules = both(hg.Problem.from_dict(tree), None, batch=2, dtype="float64", threads=threads)
    x, y = examples(ours.network, 5, classes=True)
    value, gradients = ours.value_and_grad(x, y)
    expected, right = rules.value_and_grad(x, y)
    assert value == pytest.approx(expected, rel=1e-12)
    near(gradients, right, 1e-12)
    np.testing.assert_allclose(ours.gradient_norms(x, y), rules.gradient_norms(x, y), rtol=1e-12)
    np.testing.assert_allclose(ours.train(x, y, np.arange(5))[0], rules.train(x, y, np.arange(5))[0], rtol=1e-12)


@pytest.mark.parametrize(("threads", "turns"), [(1, 0), (2, 0), (2, 1)])
def test_a_rule_that_fails_changes_nothing(threads: int, turns: int) -> None:
    table = {"op": "embedding", "rows": [[1, 2], [3, 4], [5, 6]]}
    network = hg.Network([table, {"op": "flatten"}, layer(3, 4, activation="softmax")], input=[2])
    settings: dict[str, Any] = {"batch": 2, "update": {"op": "sgd", "rate": 0.1}, "threads": threads}
    ours = hg.compile(network, "cross_entropy", **settings)
    before = ours.parameters
    team.team(2)._left = turns
    with pytest.raises(DomainError, match="an index that is none of the 3 rows"):
        ours.train([[0, 1], [7, 0]], [0, 1], np.arange(2))
    assert all((ours.parameters[name] == before[name]).all() for name in before)
    team.team(2)._left = turns
    assert np.isfinite(ours.train([[0, 1], [2, 0]], [0, 1], np.arange(2))[0]).all()
    team.team(2)._left = 0


def test_a_dropped_parameter() -> None:
    layers: list[dict[str, Any]] = [
        {"op": "dropout", "rate": "0.5", "from": "P", "name": "d"},
        {"op": "add", "from": ["x", "d"], "name": "s"},
        layer(3, 4, activation="softmax") | {"from": "s"},
    ]
    network = hg.Network(layers, input=4, parameters={"P": [1, 2, 3, 4]})
    ours, rules = both(network, "cross_entropy", batch=3, dtype="float64", update={"op": "sgd", "rate": 0.1}, seed=4)
    x, y = examples(network, 6, classes=True)
    np.testing.assert_allclose(ours.train(x, y, np.arange(6))[0], rules.train(x, y, np.arange(6))[0], rtol=1e-12)
    near(ours.parameters, rules.parameters, 1e-12)
