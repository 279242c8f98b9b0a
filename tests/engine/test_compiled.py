"""The compiled path against the reference rules and PyTorch, and what its arguments may be."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from both_ways import TOLERANCE, both, dense, distance, examples

import handgrad as hg
from handgrad.engine import team
from handgrad.engine.native import NativePath

DTYPES = ("float32", "float64")

ENDS = [
    ("softmax", "cross_entropy", True),
    (None, "softmax_cross_entropy", True),
    (None, "softmax_cross_entropy", False),
    ("softmax", "cross_entropy", False),
    ("logistic", "binary_cross_entropy", False),
    (None, "binary_cross_entropy_with_logits", False),
    ("logistic", {"op": "binary_cross_entropy", "factor": "1/2"}, False),
    (None, "mean_squared_error", False),
    ("tanh", {"op": "squared_error", "factor": "1/3"}, False),
    ("relu", {"op": "squared_error", "reduction": "sum"}, False),
]
HIDDEN = [
    "identity", "logistic", "tanh", "relu", {"op": "leaky_relu", "alpha": "0.2"}, {"op": "elu", "alpha": 2}, "softplus",
    "silu", "gelu",
]  # fmt: skip
UPDATES: list[Any] = [
    {"op": "sgd", "rate": 0.1},
    {"op": "sgd", "rate": 0.1, "weight_decay": 0.01},
    {"op": "momentum", "rate": 0.1, "momentum": 0.8},
    {"op": "momentum", "rate": 0.1, "form_of": "torch", "dampening": 0.1, "weight_decay": 0.01},
    {"op": "nesterov", "rate": 0.1},
    {"op": "nesterov", "rate": 0.1, "form_of": "torch", "dampening": 0.2},
    {"op": "rmsprop", "rate": 0.01},
    {"op": "rmsprop", "rate": 0.01, "epsilon_inside": True},
    {"op": "adam", "rate": 0.01, "weight_decay": 0.01},
    {"op": "adam", "rate": 0.01, "form_of": "folded"},
    {"op": "adamw", "rate": 0.01},
    {"op": "adagrad", "rate": 0.1},
    {"op": "lion", "rate": 0.01},
]


def native(compiled: hg.Compiled) -> bool:
    return isinstance(compiled._path, NativePath)


@pytest.mark.parametrize(("dtype", "threads"), list(itertools.product(DTYPES, (1, 2, 3))))
@pytest.mark.parametrize("end", ENDS, ids=str)
def test_losses_and_gradients(end: tuple[Any, Any, bool], dtype: str, threads: int) -> None:
    output, loss, classes = end
    network = dense(5, 40, 4, output=output)
    ours, rules = both(network, loss, batch=7, dtype=dtype, threads=threads)
    assert native(ours)
    x, y = examples(network, 18, classes=classes)
    if not classes and "softmax" in str(end):
        y = y / y.sum(axis=1, keepdims=True)
    weights = np.linspace(0, 2, 18)
    for given in (None, weights):
        value, gradients = ours.value_and_grad(x, y, given)
        expected, right = rules.value_and_grad(x, y, given)
        assert value == pytest.approx(expected, rel=TOLERANCE[dtype])
        assert distance(gradients, right) < TOLERANCE[dtype]
    assert ours.evaluate(x, y) == pytest.approx(rules.evaluate(x, y), rel=TOLERANCE[dtype])
    np.testing.assert_allclose(ours.predict(x), rules.predict(x), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
def test_activations(hidden: Any, dtype: str) -> None:
    network = dense(33, 20, 20, 3, hidden=hidden)
    ours, rules = both(network, "cross_entropy", batch=21, dtype=dtype)
    assert native(ours)
    x, y = examples(network, 21, classes=True)
    assert distance(ours.value_and_grad(x, y)[1], rules.value_and_grad(x, y)[1]) < TOLERANCE[dtype]
    np.testing.assert_allclose(ours.predict(x), rules.predict(x), rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize(("threads", "clip"), [(1, None), (2, None), (2, 0.05)])
@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_updates(update: Any, threads: int, clip: float | None) -> None:
    network = dense(6, 9, 3)
    settings: dict[str, Any] = {"batch": 8, "dtype": "float64", "update": update, "threads": threads, "clip": clip}
    ours, rules = both(network, "cross_entropy", **settings)
    x, y = examples(network, 30, classes=True)
    order = np.random.default_rng(3).permutation(30)
    rates, weights = np.linspace(0.1, 0.02, 8), np.linspace(0.5, 2, 30)
    for _ in range(2):
        found = ours.train(x, y, np.tile(order, 2)[:59], rates, weights)
        right = rules.train(x, y, np.tile(order, 2)[:59], rates, weights)
        np.testing.assert_allclose(found[0], right[0], rtol=1e-10)
        np.testing.assert_array_equal(found[1], right[1])
    assert distance(ours.parameters, rules.parameters) < 1e-10
    assert not ours.states or distance(ours.states, rules.states) < 1e-9
    assert ours.steps == rules.steps == 16


def test_the_same_loss_curve_as_pytorch() -> None:
    import torch

    network = dense(20, 30, 15, 4)
    ours = hg.compile(network, "cross_entropy", batch=16, dtype="float64", update={"op": "sgd", "rate": 0.3})
    layers: list[Any] = []
    for k in range(1, 4):
        layer = torch.nn.Linear(*ours.parameters[f"W{k}"].shape[::-1], dtype=torch.float64)
        layer.weight.data, layer.bias.data = (torch.tensor(ours.parameters[f"{letter}{k}"]) for letter in "Wb")
        layers += [layer, torch.nn.Sigmoid()]
    peer = torch.nn.Sequential(*layers[:-1])
    step = torch.optim.SGD(peer.parameters(), lr=0.3)
    x, y = examples(network, 64, classes=True)
    order = np.concatenate([np.random.default_rng(k).permutation(64) for k in range(50)])
    losses, _ = ours.train(x, y, order)
    curve = []
    for places in order.reshape(-1, 16):
        loss = torch.nn.functional.cross_entropy(peer(torch.tensor(x[places])), torch.tensor(y[places]))
        step.zero_grad()
        loss.backward()
        step.step()
        curve.append(loss.item())
    assert len(curve) == 200
    np.testing.assert_allclose(losses, curve, rtol=1e-9)


@pytest.mark.parametrize("threads", [2, 3])
def test_a_thread_count_gives_the_same_bits_each_time(threads: int) -> None:
    network = dense(50, 40, 5)
    x, y = examples(network, 100, classes=True)
    found = []
    for turns in (0, 0, 1000):
        ours = hg.compile(network, "cross_entropy", batch=32, update={"op": "adam", "rate": 0.01},
                          threads=threads)  # fmt: skip
        team.team(threads)._left = turns  # together, together, in turn
        losses, _ = ours.train(x, y, np.arange(100))
        team.team(threads)._left = 0
        found.append((losses, ours.parameters))
    for losses, parameters in found[1:]:
        np.testing.assert_array_equal(losses, found[0][0])
        assert all((parameters[name] == found[0][1][name]).all() for name in parameters)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_more_threads_than_examples_or_rows(batch: int) -> None:
    settings: dict[str, Any] = {"batch": batch, "dtype": "float64", "update": {"op": "sgd", "rate": 0.1}, "threads": 5}
    network = dense(3, 3, 2)
    ours, rules = both(network, "cross_entropy", **settings)
    x, y = examples(network, 2 * batch, classes=True)
    order = np.arange(2 * batch)
    for turns in (0, 1):
        team.team(5)._left = turns
        np.testing.assert_allclose(ours.train(x, y, order)[0], rules.train(x, y, order)[0], rtol=1e-12)
    assert distance(ours.parameters, rules.parameters) < 1e-12


def test_a_busy_machine_is_seen_by_the_time_spent_waiting() -> None:
    crew = team.Team(1)
    crew._learn(crowded=True)
    assert crew._left == 2
    crew._learn(crowded=True)
    assert crew._left == 4
    crew._learn(crowded=False)
    assert crew._left == 0


def test_pieces_of_an_epoch_are_the_epoch() -> None:
    network = dense(7, 8, 3)
    x, y = examples(network, 40, classes=True)
    whole, parts = (hg.compile(network, "cross_entropy", batch=8, update={"op": "adam", "rate": 0.01}) for _ in "ab")
    losses, _ = whole.train(x, y, np.arange(40))
    pieces = [parts.train(x, y, np.arange(at, at + 8))[0] for at in range(0, 40, 8)]
    np.testing.assert_array_equal(losses, np.concatenate(pieces))
    assert all((whole.parameters[k] == parts.parameters[k]).all() for k in whole.parameters)


def test_states_go_on_where_they_were() -> None:
    network = dense(7, 8, 3)
    x, y = examples(network, 16, classes=True)
    settings: dict[str, Any] = {"batch": 8, "update": {"op": "adam", "rate": 0.01}}
    first, second = (hg.compile(network, "cross_entropy", **settings) for _ in "ab")
    first.train(x, y, np.arange(16))
    second.set_parameters(first.parameters)
    second.set_states(first.states, first.steps)
    np.testing.assert_array_equal(first.train(x, y, np.arange(16))[0], second.train(x, y, np.arange(16))[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("sizes", [(5, 7, 3), (40, 9, 4)])
def test_gradients_of_single_examples(sizes: tuple[int, ...], threads: int) -> None:
    network = dense(*sizes)
    ours, rules = both(network, "cross_entropy", batch=4, dtype="float64", threads=threads)
    x, y = examples(network, 10, classes=True)
    found, right = ours.per_example_gradients(x, y), rules.per_example_gradients(x, y)
    assert [array.shape[0] for array in found.values()] == [10] * 4
    assert distance(found, right) < 1e-12
    np.testing.assert_allclose(ours.gradient_norms(x, y), rules.gradient_norms(x, y), rtol=1e-12)
    assert rules.gradient_norms(x[:0], y[:0]).shape == ours.gradient_norms(x[:0], y[:0]).shape == (0,)


def test_a_shared_weight_counts_once_for_each_use() -> None:
    weights = np.random.default_rng(1).normal(size=(4, 4)).tolist()
    layers = [
        {"op": "dense", "weights": "U", "activation": "tanh"},
        {"op": "dense", "weights": "U", "activation": "tanh"},
        {"op": "dense", "weights": weights[:2], "activation": "softmax"},
    ]
    network = hg.Network(layers, input=4, parameters={"U": weights})
    ours, rules = both(network, "cross_entropy", batch=5, dtype="float64", update={"op": "sgd", "rate": 0.1})
    assert native(ours)
    x, y = examples(network, 11, classes=True)
    assert distance(ours.value_and_grad(x, y)[1], rules.value_and_grad(x, y)[1]) < 1e-12
    assert distance(ours.per_example_gradients(x, y), rules.per_example_gradients(x, y)) < 1e-12
    np.testing.assert_allclose(ours.gradient_norms(x, y), rules.gradient_norms(x, y), rtol=1e-12)
    np.testing.assert_allclose(ours.train(x, y, np.arange(11))[0], rules.train(x, y, np.arange(11))[0], rtol=1e-12)


def test_branches_that_meet_again() -> None:
    rng = np.random.default_rng(2)
    layers: list[dict[str, Any]] = [
        {"op": "dense", "weights": rng.normal(size=(6, 4)).tolist(), "bias": [0.1] * 6, "name": "p"},
        {"op": "relu", "from": "p", "name": "q"},
        {"op": "dense", "weights": rng.normal(size=(6, 6)).tolist(), "bias": [0.2] * 6, "from": "q", "name": "r"},
        {"op": "tanh", "from": "p", "name": "s"},
        {"op": "add", "from": ["p", "r", "s"], "name": "t"},
        {"op": "dense", "weights": rng.normal(size=(3, 6)).tolist(), "from": "t", "activation": "softmax"},
    ]
    network = hg.Network(layers, input=4)
    for threads in (1, 2):
        ours, rules = both(network, "cross_entropy", batch=9, dtype="float64", threads=threads)
        assert native(ours)
        x, y = examples(network, 20, classes=True)
        assert distance(ours.value_and_grad(x, y)[1], rules.value_and_grad(x, y)[1]) < 1e-12
        np.testing.assert_allclose(ours.predict(x), rules.predict(x), atol=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
def test_layers_without_an_activation_between_them_add_their_biases(threads: int) -> None:
    network = dense(9, 40, 8, 3, hidden=None, output=None)
    assert all(network.parameters[f"b{i}"].floats().all() for i in (1, 2, 3))
    ours, rules = both(network, "softmax_cross_entropy", batch=5, dtype="float64", threads=threads)
    assert native(ours)
    x, y = examples(network, 12, classes=True)
    np.testing.assert_allclose(ours.predict(x), rules.predict(x), rtol=1e-12)
    assert distance(ours.value_and_grad(x, y)[1], rules.value_and_grad(x, y)[1]) < 1e-12
    assert distance(ours.per_example_gradients(x, y), rules.per_example_gradients(x, y)) < 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("output", "loss"), [("logistic", "binary_cross_entropy"), ("softmax", "cross_entropy")])
def test_a_saturated_output_has_the_same_loss_with_gradients_and_without(output: str, loss: str, dtype: str) -> None:
    count = 1 if output == "logistic" else 2
    layer = {"op": "dense", "weights": [[1], [0]][:count], "bias": [0] * count, "activation": output}
    ours = hg.compile(hg.Network([layer], input=1), loss, batch=2, dtype=dtype)
    x, y = np.array([[1000.0], [-1000.0]]), np.array([[0.0], [0.0]]) if count == 1 else np.array([1, 1])
    assert ours.evaluate(x, y) == (500, 1)
    assert ours.value_and_grad(x, y)[0] == 500
    assert ours.evaluate(x, y, np.array([0.0, 1.0]))[0] == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_several_threads_may_call_the_same_network(threads: int) -> None:
    network = dense(4, 30, 3, output=None)
    ours = hg.compile(network, "softmax_cross_entropy", batch=32, threads=threads)
    x, y = examples(network, 150, classes=True)
    right = ours.predict(x), ours.value_and_grad(x, y)[1]["W1"]

    def calls(_: int) -> bool:
        found = [(ours.predict(x), ours.value_and_grad(x, y)[1]["W1"]) for _ in range(50)]
        return all((a == right[0]).all() and (b == right[1]).all() for a, b in found)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(calls, range(4)))


def test_frozen_parameters_stay() -> None:
    problem = hg.Problem.from_dict(
        {
            "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2], [3, 4]], "bias": [0, 1]}]},
            "loss": {"op": "squared_error"},
            "data": {"x": [1, 2], "y": [0, 1]},
            "update": {"op": "momentum", "rate": "0.1", "freeze": ["W1"]},
        }
    )
    ours, rules = both(problem, None, batch=2, dtype="float64")
    x, y = examples(problem.network, 4, classes=False)
    for one in (ours, rules):
        one.train(x, y, np.arange(4))
    assert (ours.parameters["W1"] == [[1, 2], [3, 4]]).all()
    assert list(ours.states) == ["v_b1"]
    assert distance(ours.parameters, rules.parameters) < 1e-12


def test_what_has_no_kernel_runs_by_the_rules_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    network = dense(4, 5, 3, hidden="mish")
    with caplog.at_level(logging.WARNING, logger="handgrad"):
        for _ in range(2):
            ours = hg.compile(network, "cross_entropy", batch=4, update={"op": "sgd", "rate": 0.1})
    assert native(ours)
    assert [record.getMessage() for record in caplog.records] == [
        "mish: no kernel yet, so the reference rules compute it, slower"
    ]
    x, y = examples(network, 8, classes=True)
    before = ours.evaluate(x, y)[0]
    for _ in range(20):
        ours.train(x, y, np.arange(8))
    assert ours.step(x[:4], y[:4]) < before


def test_penalties_and_the_gradient_of_their_sum() -> None:
    tree: dict[str, Any] = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2], [3, 4]], "activation": "softmax"}]},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [1, 2], "label": 1},
        "penalties": [{"op": "l2", "rate": "0.5"}],
    }
    problem = hg.Problem.from_dict(tree)
    value, gradients = hg.compile(problem, dtype="float64").value_and_grad([[1, 2]], [0])
    trace = hg.solve(problem, "float64")
    assert value == pytest.approx(float(trace["L"]), rel=1e-14)
    np.testing.assert_allclose(gradients["W1"], trace["dL/dW1"], rtol=1e-14)


def test_single_steps_of_any_form_are_the_same() -> None:
    network = dense(3, 3, 3, 3)
    x, y = examples(network, 2, classes=True)
    forms: list[tuple[Any, Any]] = [
        (x.astype(np.float32), y),
        (x.tolist(), y.tolist()),
        (np.asfortranarray(x), y.astype(np.int32)),
    ]
    found = []
    for given in forms:
        ours = hg.compile(network, "cross_entropy", batch=2, update={"op": "sgd", "rate": 0.1})
        found.append([ours.step(*given) for _ in range(3)])
        assert ours.steps == 3
    assert found[0] == found[1] == found[2]
    assert found[0][2] < found[0][0]


def test_a_class_that_there_is_not_changes_nothing() -> None:
    ours = hg.compile(dense(3, 3), "cross_entropy", batch=2, update={"op": "sgd", "rate": 0.1})
    x, y = np.ones((2, 3), np.float32), np.array([0, 1])
    ours.step(x, y)
    before = ours.parameters
    y[1] = 3
    with pytest.raises(hg.InputError, match=r"^y: expected classes from 0 to 2, found 0 to 3$"):
        ours.step(x, y)
    assert all((ours.parameters[name] == before[name]).all() for name in before)
    assert ours.steps == 1


def test_a_forked_process_has_threads_of_its_own() -> None:
    script = (
        "import os, numpy as np, handgrad as hg\n"
        "net = hg.Network([{'op': 'dense', 'weights': [[1, 2], [3, 4]], 'activation': 'softmax'}])\n"
        "def run():\n"
        "    c = hg.compile(net, 'cross_entropy', batch=4, update={'op': 'sgd', 'rate': 0.1}, threads=2)\n"
        "    return c.train(np.ones((8, 2)), np.zeros(8, int), np.arange(8))[0].sum()\n"
        "first = run()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if run() == first else 1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    environment = {
        **os.environ,
        "PYTHONWARNINGS": "ignore",
    }  # Python warns of forks beside threads: the very thing here
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert found.stdout == "0\n"


@pytest.mark.parametrize("threads", [1, 2])
def test_single_steps_see_what_the_arrays_hold_now(threads: int) -> None:
    network = dense(3, 4, 3)
    settings: dict[str, Any] = {"batch": 2, "dtype": "float64", "update": {"op": "sgd", "rate": 0.1}}
    ours, other = (hg.compile(network, "cross_entropy", threads=threads, **settings) for _ in "ab")
    x, y = examples(network, 2, classes=True)
    z = np.asfortranarray(x[::-1].copy())
    for k, given in enumerate((x, x, x, z, z, z, x, z, x, x)):
        np.multiply(given, 1.1, out=given)
        y[k % 2] = k % 3
        expected = other.train(given.copy(), y.copy(), np.arange(2))[0][0]
        assert ours.step(given, y) == expected
    assert all((ours.parameters[name] == other.parameters[name]).all() for name in other.parameters)
