"""Settings out of range, copies of all kinds, and what happens without scikit-learn."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from handgrad.sklearn import ConvNetClassifier, NetworkClassifier, NetworkRegressor
from handgrad.sklearn.layers import Layers
from handgrad.sklearn.settings import ACTIVATIONS, update
from handgrad.training.schedules import Cosine

X, Y = load_iris(return_X_y=True)

SCHEDULE = "one of constant, cosine, one_cycle, or a Schedule within its ranges"
WRONG: list[tuple[str, Any, str]] = [
    ("hidden_layer_sizes", (5, 0), "a tuple of integers of at least 1, found (5, 0)"),
    ("hidden_layer_sizes", "100", "a tuple of integers of at least 1, found '100'"),
    ("solver", "lbfgs", "one of sgd, adam, adamw, rmsprop, lion, found 'lbfgs'"),
    ("alpha", -1, "a number of at least 0, found -1"),
    ("batch_size", 0, '"auto" or an integer of at least 1, found 0'),
    ("batch_size", True, '"auto" or an integer of at least 1, found True'),
    ("learning_rate", "adaptive", f"{SCHEDULE}, found 'adaptive'"),
    ("learning_rate", Cosine(lowest=2), f"{SCHEDULE}, found Cosine"),
    ("learning_rate_init", 0.0, "a number above 0, found 0.0"),
    ("learning_rate_init", float("inf"), "a number above 0, found inf"),
    ("max_iter", 1.5, "an integer of at least 1, found 1.5"),
    ("shuffle", "yes", "True or False, found 'yes'"),
    ("momentum", 1, "a number from 0 to below 1, found 1"),
    ("validation_fraction", 0, "a number between 0 and 1, found 0"),
    ("n_iter_no_change", 0, "an integer of at least 1, found 0"),
]


@pytest.mark.parametrize(("name", "value", "text"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG])
def test_settings_out_of_range(name: str, value: Any, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"NetworkClassifier: {name}: expected {text}")):
        NetworkClassifier(**{name: value}).fit(X, Y)


def test_all_that_is_wrong_is_listed_at_once() -> None:
    text = "NetworkRegressor: activation: .*, found 'softmax'; tol: expected a number of at least 0, found -1"
    with pytest.raises(ValueError, match=text):
        NetworkRegressor(activation="softmax", tol=-1).partial_fit(X, Y)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("blocks", (), "a tuple of blocks, each a tuple of channels, found ()"),
        ("blocks", ((4, 0),), "a tuple of blocks, each a tuple of channels, found ((4, 0),)"),
        ("image_shape", (4,), "(H, W) or (C, H, W), found (4,)"),
        ("dropout", 1.0, "a number from 0 to below 1, found 1.0"),
        ("shift", -1, "an integer of at least 0, found -1"),
        ("pool_size", 0, "an integer of at least 1, found 0"),
    ],
)
def test_settings_of_images_out_of_range(name: str, value: Any, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"ConvNetClassifier: {name}: expected {text}")):
        ConvNetClassifier(**{name: value}).fit(X, Y)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_one_of_a_layer(activation: str) -> None:
    layers = Layers((3,))
    layers.dense(2, activation)
    layers.dense(2)
    assert layers.network(layers.first_parameters(0)).nodes[1].op.name == activation


def test_the_update_of_each_solver() -> None:
    made = {
        solver: update(NetworkClassifier(solver=solver, alpha=0.5), 4) for solver in ("sgd", "adam", "adamw", "lion")
    }
    rate = made["sgd"]["rate"]
    assert made["sgd"] == {"op": "nesterov", "rate": rate, "weight_decay": 0.125, "momentum": 0.9}
    moments = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    assert made["adam"] == {"op": "adam", "rate": rate, "weight_decay": 0.125, **moments}
    assert made["adamw"] == {"op": "adamw", "rate": rate, "weight_decay": 0.125, **moments}
    assert made["lion"] == {"op": "lion", "rate": rate, "weight_decay": 0.125}
    assert update(NetworkClassifier(solver="rmsprop"), 2)["epsilon"] == 1e-8
    assert update(NetworkClassifier(solver="sgd", nesterovs_momentum=False), 2)["op"] == "momentum"
    assert update(NetworkClassifier(solver="sgd", momentum=0), 2)["op"] == "sgd"


ESTIMATORS = [
    NetworkClassifier((4,), max_iter=3, random_state=0),
    NetworkRegressor((4,), max_iter=3, random_state=0),
    ConvNetClassifier(((2,),), (4,), max_iter=3, random_state=0, dropout=0.1),
]


@pytest.fixture(params=ESTIMATORS, ids=lambda model: type(model).__name__)
def model(request: pytest.FixtureRequest) -> Any:
    return clone(request.param).fit(X, Y)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])  # noqa: S301  our own
def test_copies_predict_and_go_on_alike(model: Any, copied: Any) -> None:
    twin, third = copied(model), copied(model)
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    for one in (twin, third):
        one.partial_fit(X, Y)
    np.testing.assert_array_equal(twin.parameters_["b1"], third.parameters_["b1"])
    assert not np.array_equal(twin.parameters_["b1"], model.parameters_["b1"])
    assert twin.n_iter_ == 4


def test_a_copy_goes_on_as_the_first_one_would() -> None:
    model = NetworkClassifier((4,), max_iter=3, random_state=0).fit(X, Y)
    twin = copy.deepcopy(model)
    np.testing.assert_array_equal(model.partial_fit(X, Y).coefs_[0], twin.partial_fit(X, Y).coefs_[0])


def test_clones_are_not_fitted(model: Any) -> None:
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "parameters_")
    assert pickle.loads(pickle.dumps(twin)).get_params() == model.get_params()  # noqa: S301  our own


def test_without_scikit_learn_the_extra_is_named() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import handgrad.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == 'ImportError: handgrad.sklearn needs scikit-learn: pip install "handgrad[sklearn]"'


def test_importing_handgrad_does_not_import_scikit_learn() -> None:
    code = "import sys, handgrad; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
