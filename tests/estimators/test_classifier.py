"""NetworkClassifier: what it learns, gives, and goes on from."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import cross_val_score

import handgrad as hg
from handgrad.sklearn import NetworkClassifier
from handgrad.training.schedules import Step

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]


def quick(**settings: Any) -> NetworkClassifier:
    return NetworkClassifier(**{"hidden_layer_sizes": (8,), "max_iter": 10, "random_state": 0, **settings})


def test_iris_is_learned() -> None:
    model = NetworkClassifier(random_state=0).fit(X, NAMES)
    assert model.score(X, NAMES) >= 0.96
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert model.n_iter_ == len(model.loss_curve_) <= model.max_iter
    assert model.t_ == 150 * model.n_iter_
    assert model.loss_ == model.loss_curve_[-1] < 0.2 < model.loss_curve_[0]
    assert model.best_loss_ == min(model.loss_curve_)


def test_the_network_gives_what_predict_gives() -> None:
    model = quick().fit(X, NAMES)
    problem = model.problem(X[60], "versicolor")
    assert problem.network.input == (4,)
    trace = hg.solve(problem)
    logits = np.asarray(trace["yhat"], float)
    probabilities = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(model.predict_proba(X[60:61])[0], probabilities, rtol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(X[60:61])[0], np.log(probabilities), rtol=1e-12)
    assert float(trace["L"]) == pytest.approx(-np.log(probabilities[1]))
    assert {name: array.shape for name, array in model.network_.parameters.items()} == {
        "W1": (8, 4), "b1": (8,), "W2": (3, 8), "b2": (3,),
    }  # fmt: skip


def test_the_working_is_there_in_exact_arithmetic_too() -> None:
    model = quick(hidden_layer_sizes=(2,)).fit(X, Y)
    trace = hg.solve(model.problem(X[0], 0, arithmetic="exact"))
    assert np.asarray(trace["yhat"], float).argmax() == model.predict(X[:1])[0]


def test_names_of_weights_as_in_scikit_learn() -> None:
    model = quick().fit(X, Y)
    hidden = np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0)
    logits = hidden @ model.coefs_[1] + model.intercepts_[1]
    np.testing.assert_array_equal(model.predict(X), logits.argmax(axis=1))


def test_no_hidden_layer_is_a_softmax_regression() -> None:
    model = NetworkClassifier((), random_state=0, learning_rate_init=0.1).fit(X, Y)
    assert [array.shape for array in model.coefs_] == [(4, 3)]
    assert model.score(X, Y) >= 0.94


def test_one_number_is_one_hidden_layer() -> None:
    assert [array.shape for array in quick(hidden_layer_sizes=5).fit(X, Y).coefs_] == [(4, 5), (5, 3)]


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop", "lion"])
def test_every_solver_learns(solver: str) -> None:
    model = quick(solver=solver, max_iter=40, learning_rate_init=0.01).fit(X, Y)
    assert model.score(X, Y) > 0.9


def test_sgd_with_and_without_momentum() -> None:
    plain, heavy, ahead = (
        quick(solver="sgd", momentum=momentum, nesterovs_momentum=nesterov).fit(X, Y).coefs_[0]
        for momentum, nesterov in ((0.0, True), (0.9, False), (0.9, True))
    )
    assert abs(plain - heavy).max() > 1e-3
    assert abs(heavy - ahead).max() > 1e-4


def test_schedules_of_the_training_serve_too() -> None:
    steps = Step(every=3, factor=0.5)
    model, constant = (quick(learning_rate=rate, max_iter=3) for rate in (steps, "constant"))
    with pytest.warns(ConvergenceWarning):
        np.testing.assert_array_equal(model.fit(X, Y).coefs_[0], constant.fit(X, Y).coefs_[0])
    assert not np.array_equal(model.set_params(max_iter=4).fit(X, Y).coefs_[0], quick(max_iter=4).fit(X, Y).coefs_[0])


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "gelu"])
def test_activations_stand_in_the_network(activation: str) -> None:
    model = quick(activation=activation, learning_rate_init=0.02).fit(X, Y)
    assert model.network_.nodes[1].op.name == activation
    assert model.score(X, Y) > 0.5


def test_alpha_draws_the_weights_to_zero() -> None:
    free, bound = (np.abs(quick(alpha=alpha, learning_rate_init=0.05).fit(X, Y).coefs_[0]).mean() for alpha in (0, 100))
    assert bound < 0.5 * free


def test_the_l2_term_is_over_all_examples() -> None:
    """One step of plain gradient descent where the loss has no gradient: W' = (1 − η α/n) W."""
    x, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    model = quick(solver="sgd", momentum=0.0, alpha=2.0, learning_rate_init=0.5, max_iter=1, learning_rate="constant")
    with pytest.warns(ConvergenceWarning):
        after = model.fit(x, y).coefs_[0]
    with pytest.warns(ConvergenceWarning):
        before = model.set_params(alpha=0.0).fit(x, y).coefs_[0]
    np.testing.assert_allclose(after, before * (1 - 0.5 * 2.0 / 4), rtol=1e-12)


def test_same_seed_same_weights() -> None:
    one, same, other = (quick(random_state=seed).fit(X, Y).coefs_[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert abs(one - other).max() > 0.01


def test_without_shuffle_the_examples_come_in_their_order() -> None:
    one, other = (quick(shuffle=shuffle).fit(X, Y).coefs_[0] for shuffle in (False, True))
    assert abs(one - other).max() > 1e-4


@pytest.mark.parametrize(("kind", "computed"), [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64)])
def test_it_computes_in_the_type_of_x(kind: type, computed: type) -> None:
    model = quick(max_iter=2).fit(X.astype(kind), Y)
    assert model.predict_proba(X.astype(kind)).dtype == computed


def test_partial_fit_is_an_epoch() -> None:
    model = quick()
    for _ in range(3):
        model.partial_fit(X, Y, classes=[0, 1, 2])
    whole = quick(max_iter=3, learning_rate="constant")
    with pytest.warns(ConvergenceWarning, match=re.escape("max_iter (3) was reached while the loss was still falling")):
        whole.fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], whole.coefs_[0])
    assert model.loss_curve_ == whole.loss_curve_
    assert model.n_iter_ == 3


def test_partial_fit_meets_classes_bit_by_bit() -> None:
    model = quick(learning_rate_init=0.01)
    model.partial_fit(X[:50], Y[:50], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (150, 3)
    for _ in range(40):
        model.partial_fit(X[50:], Y[50:]).partial_fit(X[:50], Y[:50])
    assert model.score(X, Y) > 0.8


def test_warm_start_goes_on() -> None:
    model = quick(warm_start=True, learning_rate_init=0.01).fit(X, Y)
    loss = model.loss_
    model.fit(X, Y)
    assert model.n_iter_ == 20
    assert model.loss_ < loss
    assert len(model.loss_curve_) == 20
    assert model.set_params(warm_start=False).fit(X, Y).n_iter_ == 10


def test_another_solver_begins_its_memory_anew() -> None:
    model = quick(warm_start=True).fit(X, Y)
    model.set_params(solver="sgd").fit(X, Y)
    assert model.n_iter_ == 20
    fresh = quick(solver="sgd", warm_start=True).fit(X, Y)
    assert model.loss_ != fresh.loss_


def test_it_stops_when_the_loss_does_not_fall() -> None:
    model = quick(max_iter=200, tol=0.5, n_iter_no_change=3, learning_rate="constant").fit(X, Y)
    assert model.n_iter_ < 20


def test_early_stopping_keeps_the_best_held_out_parameters() -> None:
    model = quick(early_stopping=True, validation_fraction=0.2, max_iter=30, n_iter_no_change=5).fit(X, Y)
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.t_ == 120 * model.n_iter_


def test_weights_of_0_leave_out() -> None:
    weights = np.tile([0.0, 1.0, 2.0], 50)
    repeated = np.repeat(np.arange(150), weights.astype(int))
    settings = {"batch_size": 1000, "max_iter": 30}
    weighted = quick(**settings).fit(X, Y, sample_weight=weights)
    plain = quick(**settings).fit(X[repeated], Y[repeated])
    np.testing.assert_allclose(weighted.predict_proba(X), plain.predict_proba(X), rtol=1e-9)


def test_classes_can_weigh() -> None:
    one = quick().fit(X, Y, sample_weight=np.where(Y == 2, 3.0, 1.0))
    other = quick(class_weight={2: 3.0}).fit(X, Y)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])
    balanced = quick(class_weight="balanced").fit(X, Y)
    np.testing.assert_allclose(balanced.coefs_[0], quick().fit(X, Y).coefs_[0], rtol=1e-9)
    without = quick(class_weight={1: 0.0}, max_iter=50).fit(X, Y, sample_weight=np.ones(150))
    assert 1 not in without.predict(X)


def test_progress_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    quick(verbose=True, max_iter=2, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"Epoch 2, loss \d\.\d{8}, held-out score \d\.\d{6}", lines[1])


def test_cross_validation_in_two_processes() -> None:
    model = quick()
    np.testing.assert_array_equal(
        cross_val_score(model, X, Y, cv=3, n_jobs=2), cross_val_score(model, X, Y, cv=3, n_jobs=1)
    )


BAD: list[tuple[Any, Any, str]] = [
    (np.where(X > 7.8, np.nan, X), Y, "Input X contains NaN"),
    (X, np.where(Y == 2, np.nan, Y), "Input y contains NaN"),
    (X[:, 0], Y, "Expected 2D array, got 1D array instead"),
    (X, Y[:-1], "Found input variables with inconsistent numbers of samples: [150, 149]"),
    (X, np.zeros(150), "NetworkClassifier needs at least 2 classes, the data has only one class: 0.0"),
    (X, Y + 0.5, "Unknown label type: continuous"),
    (X[:0], Y[:0], "Found array with 0 sample(s)"),
]


@pytest.mark.parametrize(("x", "y", "text"), BAD, ids=[text[:25] for *_, text in BAD])
def test_bad_data(x: Any, y: Any, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        quick().fit(x, y)


def test_errors_of_what_is_asked_of_a_fitted_one() -> None:
    with pytest.raises(NotFittedError):
        quick().predict(X)
    with pytest.raises(NotFittedError):
        quick().problem(X[0], 0)
    with pytest.raises(AttributeError, match="NetworkClassifier has no network_ before it is fitted"):
        _ = quick().network_
    model = quick().fit(X, Y)
    with pytest.raises(ValueError, match="X has 3 features, but NetworkClassifier is expecting 4 features as input"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="x has 3 features, NetworkClassifier is expecting 4"):
        model.problem(X[0, :3], 0)
    for label, found in ((7, "7"), ([0, 1], "[0, 1]"), (None, "None")):
        with pytest.raises(ValueError, match=re.escape(f"y: expected one of the classes [0 1 2], found {found}")):
            model.problem(X[0], label)


def test_errors_of_partial_fit() -> None:
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        quick().partial_fit(X, Y)
    with pytest.raises(ValueError, match=re.escape("y has classes that are not in classes_ [0 1]: [2]")):
        quick().partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match="NetworkClassifier needs at least 2 classes, found only one class"):
        quick().partial_fit(X, np.zeros(150), classes=[0])
    with pytest.raises(ValueError, match='class_weight="balanced" needs all examples at once'):
        quick(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2])
    model = quick().partial_fit(X, Y, classes=[0, 1, 2])
    text = "classes [0 1] are not those of the first call to partial_fit, [0 1 2]"
    with pytest.raises(ValueError, match=re.escape(text)):
        model.partial_fit(X, Y, classes=[0, 1])


def test_errors_of_warm_start_and_weights() -> None:
    model = quick(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=re.escape("warm_start goes on with the classes [0 1 2], y has [0 1]")):
        model.fit(X[:100], Y[:100])
    for weights, text in [
        (-np.ones(150), "sample_weight: expected no negative weight, found -1"),
        (np.zeros(150), "sample_weight: all weights are zero, so there is no example to learn from"),
        (np.ones((150, 2)), "sample_weight: expected one for each example, found an array of shape (150, 2)"),
        (np.full(150, np.nan), "Input sample_weight contains NaN"),
        (np.ones(3), "Found input variables with inconsistent numbers of samples: [150, 3]"),
    ]:
        with pytest.raises(ValueError, match=re.escape(text)):
            model.fit(X, Y, sample_weight=weights)
    with pytest.raises(ValueError, match="class_weight: expected no negative weight, and some example that counts"):
        quick(class_weight={0: -1}).fit(X, Y)


def test_a_loss_that_runs_away_is_told_and_nothing_is_kept() -> None:
    model = quick().fit(X, Y)
    with pytest.raises(ValueError, match="the loss is no longer finite: scale the input, or take a smaller"):
        model.set_params(solver="sgd", learning_rate_init=1e300).fit(X * 1e100, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)
