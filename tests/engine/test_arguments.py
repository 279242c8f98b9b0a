"""What the settings and arguments of a compiled network may be; what others are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from both_ways import dense

import handgrad as hg

NETWORK = dense(3, 2)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"loss": "cross_entrop"}, 'expected a loss, found "cross_entrop"; did you mean "cross_entropy"?'),
    ({"loss": 3}, "expected a loss, found 3; known are"),
    (
        {"loss": {"op": "cross_entropy", "x": 1}},
        'loss (cross_entropy): unknown key "x"; known are class_weights, ignore_index',
    ),
    ({"update": "adm"}, 'expected an update, found "adm"; did you mean "adam"?'),
    ({"update": {"op": "sgd"}}, 'update (sgd): the key "rate" is missing'),
    ({"dtype": "float16"}, "dtype: expected float32 or float64, found float16"),
    ({"batch": 0}, "batch: expected a positive integer, found 0"),
    ({"batch": True}, "batch: expected a positive integer, found true"),
    ({"clip": -1}, "clip: expected a positive number, found -1"),
    ({"threads": 0}, "threads: expected a positive integer, found 0"),
    ({"threads": "many"}, 'threads: expected a positive integer, found "many"'),
]


@pytest.mark.parametrize(("settings", "text"), WRONG, ids=str)
def test_settings_that_cannot_be(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(hg.InputError) as error:
        hg.compile(NETWORK, **settings)
    assert text in str(error.value)


def test_what_is_no_network() -> None:
    with pytest.raises(hg.InputError, match=r"^expected a Network or a Problem, found list$"):
        hg.compile([])  # type: ignore[arg-type]  # what is refused
    two = hg.Network([{"op": "add", "from": ["x", "z"]}], input={"x": 2, "z": 2})
    with pytest.raises(hg.InputError, match=r"^the engine reads one input, the network has 2: x, z$"):
        hg.compile(two)


def test_the_environment_says_how_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = dense(400, 300, 300)
    monkeypatch.setenv("HANDGRAD_THREADS", "3")
    assert hg.compile(wide, batch=64).threads == 3
    assert hg.compile(NETWORK, batch=64).threads == 1
    monkeypatch.setenv("HANDGRAD_THREADS", "x")
    with pytest.raises(hg.InputError, match=r'^HANDGRAD_THREADS: expected a positive integer, found "x"$'):
        hg.compile(NETWORK)


X, Y = np.zeros((4, 3)), np.array([0, 1, 1, 0])
CALLS: list[tuple[str, tuple[Any, ...], str]] = [
    ("predict", (np.zeros((4, 2)),), "x: expected [n, 3] as the network reads, found shape [4, 2]"),
    ("predict", (np.zeros(3),), "x: expected [n, 3] as the network reads, found shape [3]"),
    ("predict", ([["a", "b", "c"]],), "x: expected numbers, found <U1"),
    ("value_and_grad", (X, Y[:3]), "y: expected one class for each of the 4 examples, found shape [3]"),
    ("value_and_grad", (X, Y + 1), "y: expected classes from 0 to 1, found 1 to 2"),
    ("value_and_grad", (X, np.zeros((4, 3))), "y: expected [4, 2], or [4] classes from 0, found shape [4, 3]"),
    ("value_and_grad", (X[:0], Y[:0]), "x: expected at least one example, found none"),
    ("value_and_grad", (X, Y, [1, 2]), "weights: expected one for each of the 4 examples, found shape [2]"),
    ("value_and_grad", (X, Y, [1, 2, 3, -1]), "weights: expected finite numbers that are not negative"),
    ("value_and_grad", (X, Y, np.zeros(4)), "weights: all examples have weight 0"),
    ("train", (X, Y, [0, 4]), "order: expected places from 0 to 3, found 0 to 4"),
    ("train", (X, Y, [0.5]), "order: expected a list of places of examples, found shape [1]"),
    ("train", (X, Y, [0], [1, 2]), "rates: expected one for each of the 1 steps, found shape [2]"),
    ("train", (X, Y, []), "order: expected a list of places of examples, found shape [0]"),
    ("train", (X, Y, [0], None, None, [[0, 0, 0]]), "moves: images are moved, the input has shape [3]"),
    ("step", (X, Y), "x: expected at most the 2 examples of a batch, found 4"),
    ("set_parameters", ({"W": 1},), "unknown parameter 'W'; did you mean \"W1\"?"),
    ("set_parameters", ({"W1": [1]},), "parameter W1: expected shape [2, 3], found [1]"),
    ("set_states", ({"v_W1": 1}, 3), "unknown state 'v_W1'; known are "),
]


@pytest.mark.parametrize(("method", "arguments", "text"), CALLS, ids=str)
def test_arguments_that_cannot_be(method: str, arguments: tuple[Any, ...], text: str) -> None:
    ours = hg.compile(NETWORK, "cross_entropy", batch=2, update={"op": "sgd", "rate": 0.1})
    with pytest.raises(hg.InputError) as error:
        getattr(ours, method)(*arguments)
    assert str(error.value) == text
    assert ours.steps == 0


def test_what_needs_a_loss_or_an_update_says_so() -> None:
    with pytest.raises(hg.InputError, match=r"^there is no loss: name one, such as compile\(network, loss="):
        hg.compile(NETWORK).value_and_grad(X, Y)
    with pytest.raises(hg.InputError, match=r"^there is no update: name one, such as compile\(…, update="):
        hg.compile(NETWORK, "cross_entropy").train(X, Y, [0])


def test_a_network_says_what_it_is() -> None:
    ours = hg.compile(NETWORK, "cross_entropy", batch=2, update={"op": "sgd", "rate": 0.1})
    assert repr(ours) == "Compiled(Network([3] → dense → softmax), batch=2, float32, threads=1)"
    assert (ours.batch, ours.dtype, ours.network) == (2, np.float32, NETWORK)
    assert ours.loss is not None
    assert ours.update is not None
    assert list(ours.activations(X)) == ["a1", "yhat"]
    assert ours.predict(X[:0]).shape == (0, 2)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(_: object) -> None:
        raise ModuleNotFoundError("No module named 'llvmlite'", name="llvmlite")

    monkeypatch.setattr("handgrad.engine.compiled.NativePath", without)
    network = hg.Network([{"op": "dense", "weights": [[1, 2]]}])
    with pytest.raises(
        hg.InputError, match=r'^the engine needs the package llvmlite: pip install "handgrad\[train\]"$'
    ):
        hg.compile(network)
