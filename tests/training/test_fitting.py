"""``hg.fit`` on arrays: what is taken, what is refused, the network and the problems that it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from setting import CLASSES, CONFIG, blobs, configured, layer, network

import handgrad as hg
from handgrad.training.config import read
from handgrad.training.fit import fit

X, Y = blobs()
NUMBERS: dict[str, Any] = {"loss": "mean_squared_error", "update": {"op": "sgd", "rate": 0.1}}
GOOD: dict[str, Any] = {"network": network(), "x": X, "y": Y, **CLASSES, "epochs": 2, "batch": 16}


def test_the_network_it_gives_back_is_solved_and_drawn() -> None:
    result = fit(**GOOD)
    assert [array.floats().tolist() for array in result.network.parameters.values()] == [
        array.astype(float).tolist() for array in result.parameters.values()
    ]
    trace = hg.solve(result.problem(3))
    assert trace["yhat"] == pytest.approx(result.compiled.predict(X[2:3])[0], rel=1e-5)
    assert trace["y"].tolist() == np.eye(3)[Y[2]].tolist()
    loss, gradients = result.compiled.value_and_grad(X[2:3], Y[2:3])
    assert float(trace["L"]) == pytest.approx(loss, rel=1e-5)
    assert trace["dL/dW1"] == pytest.approx(gradients["W1"], rel=1e-4, abs=1e-7)
    assert "update" not in trace.names
    assert hg.draw(trace).to_svg().startswith("<?xml")
    assert hg.mark(result.problem(3), {"L": float(trace["L"])}).entries
    assert result.best == 2


def test_examples_count_as_the_data_do() -> None:
    result = fit(**GOOD, held_out=0.3)
    for number in (1, 17, 90):
        problem = result.problem(number)
        assert problem.x.floats().tolist() == X[number - 1].astype(np.float32).astype(float).tolist()
        held = number - 1 in result.task.held.numbers  # type: ignore[union-attr]
        where = f"example {number}{', held out' * held}, y = {Y[number - 1]}"
        assert problem.title == f"The network as it was trained: {where}"
    with pytest.raises(hg.InputError) as caught:
        result.problem(91)
    assert str(caught.value) == "there is no example 91, expected 1 to 90"


def test_a_problem_brings_its_loss_penalties_and_update() -> None:
    table = {
        "title": "Own",
        "network": {"input": 4, "layers": [layer(4, 3)]},
        "loss": {"op": "softmax_cross_entropy"},
        "penalties": [{"op": "l2", "rate": "1/10"}],
        "data": {"x": [1, 2, 3, 4], "label": 1},
        "update": {"op": "momentum", "rate": "1/10", "freeze": ["b1"]},
    }
    problem = hg.Problem.from_dict(table)
    result = fit(problem, X, Y, epochs=3)
    assert (result.parameters["b1"] == 0).all()
    assert result.problem(1).title == "Own: example 1, y = 0"
    assert result.problem(1).penalties == problem.penalties
    assert problem.update is not None
    held = fit(problem, X, Y, epochs=3, held_out=(X[:9], Y[:9]))
    assert held.history[-1].held_loss is not None


def test_a_problem_may_bring_its_data() -> None:
    table: dict[str, Any] = {
        "network": {"input": 4, "layers": [layer(4, 3)]},
        "loss": {"op": "softmax_cross_entropy"},
        "data": {"x": X.tolist(), "label": (Y + 1).tolist(), "batch": True},
        "update": {"op": "sgd", "rate": "1/10"},
    }
    own = fit(hg.Problem.from_dict(table), epochs=2)
    given = fit(hg.Network([layer(4, 3)], 4), X, Y, loss="softmax_cross_entropy", update=table["update"], epochs=2)
    assert own.history[-1].loss == pytest.approx(given.history[-1].loss, rel=1e-6)
    assert own.history[-1].accuracy == given.history[-1].accuracy
    single = {**table, "data": {"x": X[0].tolist(), "label": 1}}
    assert fit(hg.Problem.from_dict(single), epochs=1).state.epoch == 1


def test_targets_that_are_numbers() -> None:
    net = hg.Network([layer(4, 2)], 4)
    result = fit(net, X, X[:, :2], **NUMBERS, epochs=1)
    assert hg.solve(result.problem(5))["y"] == pytest.approx(X[4, :2], rel=1e-6)
    assert fit(net, X, np.zeros((90, 2)), **NUMBERS, epochs=1).score == 0.0


def test_a_score_on_the_training_examples_where_nothing_is_held_out() -> None:
    result = fit(**GOOD)
    assert result.scored is result.task.part


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"x": None}, "x is missing: the examples to train on"),
        ({"y": None}, "y is missing: the examples to train on"),
        ({"loss": None}, 'loss is missing, such as "softmax_cross_entropy"'),
        ({"update": None}, 'update is missing, such as {"op": "adam", "rate": 0.001}'),
        ({"epochs": 0}, "epochs: train: expected a positive integer, found 0"),
        ({"batch": "x"}, 'batch: train: expected int for batch, found "x"'),
        ({"epoch": 3}, 'epoch: train: unknown key "epoch"; did you mean "epochs"?'),
        ({"x": X[:, :3]}, "x: expected [n, 4] as the network reads, found shape [90, 3]"),
        ({"x": X[:0], "y": Y[:0]}, "x: expected [n, 4] as the network reads, found shape [0, 4]"),
        ({"y": Y[:5]}, "y: expected 90 targets, found shape [5]"),
        ({"y": np.where(np.arange(90) == 6, 3, Y)}, "y[7]: expected a class from 0 to 2, found 3"),
        ({"y": Y - 1}, "y[1]: expected a class from 0 to 2, found -1"),
        ({"x": np.where(X[1, 2] == X, np.nan, X)}, "x[2, 3]: expected a finite number, found nan"),
        ({"x": [[1, 2, 3, 4], [1]]}, "x: expected numbers in rows of one length, found object"),
        ({"y": ["a"] * 90}, "y: expected numbers in rows of one length, found <U1"),
        ({"held_out": 1}, "held_out: expected a share from 0 to below 1, or a pair (x, y), found 1"),
        ({"held_out": (X,)}, "held_out: expected a share from 0 to below 1, or a pair (x, y), found a list"),
        ({"held_out": (X, Y[:2])}, "held_out y: expected 90 targets, found shape [2]"),
        (
            {"schedule": "cosin"},
            'schedule: expected the name of a schedule or a table, found "cosin"; did you mean "cosine"?',
        ),
        ({"schedule": {"op": "step", "every": 0}}, "every: schedule (step): expected at least 1 epoch, found 0"),
        ({"augment": {"shift": -1}}, "shift: augment: expected at least 0 pixels, found -1"),
        ({"augment": "flip"}, 'augment: expected a table, found "flip"'),
        ({"augment": {"flip": True}}, "moves: images are moved, the input has shape [4]"),
        ({"class_weights": [1.0, 2.0]}, "train.class_weights: expected 3 weights, one for each class, found 2"),
    ],
)
def test_what_is_wrong_is_one_error(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(hg.InputError) as caught:
        fit(**{**GOOD, **wrong})
    assert str(caught.value) == message


def test_class_weights_need_classes() -> None:
    net = hg.Network([layer(4, 1)], 4)
    with pytest.raises(hg.InputError) as caught:
        fit(
            net,
            X,
            X[:, :1],
            loss="mean_squared_error",
            update={"op": "sgd", "rate": 0.1},
            epochs=1,
            class_weights="balanced",
        )
    assert str(caught.value) == "class_weights: the targets are no classes"


def test_a_configuration_says_it_all(tmp_path: Path) -> None:
    config = configured(tmp_path, CONFIG)
    with pytest.raises(hg.InputError) as caught:
        fit(config, X, Y, held_out=0.2)
    assert str(caught.value) == "the configuration says it; leave out x, y, held_out"
    with pytest.raises(hg.InputError) as caught:
        fit(config, batch=0)
    assert str(caught.value) == "batch: train: expected a positive integer, found 0"
    same = [fit(given).parameters for given in (config, str(config), read(config))]
    for parameters in same:
        assert all((parameters[name] == array).all() for name, array in same[0].items())
    assert fit(config, epochs=1).state.finished == "1 epochs"
