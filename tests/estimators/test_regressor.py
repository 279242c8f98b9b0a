"""NetworkRegressor: one number or several."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import handgrad as hg
from handgrad.sklearn import NetworkRegressor

X, Y = load_diabetes(return_X_y=True)
X = X / X.std(axis=0)


def quick(**settings: Any) -> NetworkRegressor:
    return NetworkRegressor(**{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0, **settings})


def test_diabetes_is_learned_in_its_own_units() -> None:
    model = quick(learning_rate_init=0.01).fit(X, Y)
    assert model.score(X, Y) > 0.45
    assert abs(model.predict(X).mean() - Y.mean()) < 5


def test_the_network_gives_what_predict_gives() -> None:
    model = quick().fit(X, Y)
    trace = hg.solve(model.problem(X[3], Y[3]))
    assert float(trace["yhat"][0]) == pytest.approx(model.predict(X[3:4])[0], rel=1e-12)
    assert float(trace["L"]) == pytest.approx((model.predict(X[3:4])[0] - Y[3]) ** 2 / 2, rel=1e-9)


def test_several_outputs() -> None:
    both = np.column_stack([Y, 1000 - 3 * Y])
    model = quick(learning_rate_init=0.01).fit(X, both)
    assert model.predict(X).shape == (442, 2)
    assert model.score(X, both) > 0.4
    trace = hg.solve(model.problem(X[3], both[3]))
    np.testing.assert_allclose(np.asarray(trace["yhat"], float), model.predict(X[3:4])[0], rtol=1e-9)


def test_a_column_stays_a_column() -> None:
    assert quick().fit(X, Y[:, None]).predict(X).shape == (442, 1)


def test_a_constant_target_is_learned() -> None:
    model = quick(max_iter=60, learning_rate_init=0.01).fit(X, np.full(442, 7.0))
    np.testing.assert_allclose(model.predict(X), 7, atol=0.2)


def test_scale_of_the_targets_does_not_matter() -> None:
    one, other = quick().fit(X, Y), quick().fit(X, 1e6 * Y - 3)
    np.testing.assert_allclose(other.predict(X), 1e6 * one.predict(X) - 3, rtol=1e-6)


def test_partial_fit_and_warm_start_keep_the_scale() -> None:
    model = quick(learning_rate_init=0.01)
    for _ in range(10):
        model.partial_fit(X[:200], Y[:200]).partial_fit(X[200:], Y[200:])
    assert model.n_iter_ == 20
    assert model.score(X, Y) > 0.4
    assert model.set_params(warm_start=True).fit(X, Y).n_iter_ > 20
    text = "y has 2 outputs, NetworkRegressor was fitted with 1"
    with pytest.raises(ValueError, match=text):
        model.partial_fit(X, np.column_stack([Y, Y]))


def test_early_stopping_by_r2_with_weights() -> None:
    model = quick(early_stopping=True).fit(X, Y, sample_weight=np.linspace(0, 2, 442))
    assert len(model.validation_scores_) == model.n_iter_
    assert -1 < model.best_validation_score_ <= 1


def test_weights_draw_the_fit_to_their_examples() -> None:
    middle = np.median(Y)
    model = quick(learning_rate_init=0.01).fit(X, Y, sample_weight=np.where(middle > Y, 1.0, 1e-3))
    assert model.predict(X).mean() < middle - 10


def test_bad_targets() -> None:
    with pytest.raises(ValueError, match="Input y contains NaN"):
        quick().fit(X, np.where(Y > 300, np.nan, Y))
    with pytest.raises(ValueError, match=re.escape("y: expected 1 numbers, found an array of shape (2,)")):
        quick().fit(X, Y).problem(X[0], [1, 2])
    with pytest.raises(ValueError, match="Input y contains NaN"):
        quick().fit(X, Y).problem(X[0], None)
    text = "validation_fraction: R² needs at least 2 held-out examples, found 1"
    with pytest.raises(ValueError, match=text):
        quick(early_stopping=True).fit(X[:9], Y[:9])
