"""ConvNetClassifier: images in each of their shapes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import handgrad as hg
from handgrad.sklearn import ConvNetClassifier

FLAT, Y = (array[:200] for array in load_digits(return_X_y=True))
IMAGES = FLAT.reshape(-1, 8, 8)


def quick(**settings: Any) -> ConvNetClassifier:
    small = {"blocks": ((4,),), "hidden_layer_sizes": (16,), "max_iter": 4, "random_state": 0}
    return ConvNetClassifier(**{**small, "learning_rate_init": 0.01, **settings})


def test_digits_are_learned() -> None:
    model = quick(max_iter=15).fit(IMAGES, Y)
    assert model.score(IMAGES, Y) > 0.95
    assert model.image_shape_ == (1, 8, 8)


def test_all_shapes_of_the_same_images_are_the_same() -> None:
    models = [quick().fit(x, Y) for x in (FLAT, IMAGES, IMAGES[:, None], IMAGES.tolist())]
    found = [model.predict_proba(FLAT) for model in models]
    for one in found[1:]:
        np.testing.assert_array_equal(one, found[0])
    np.testing.assert_array_equal(models[0].predict_proba(IMAGES), found[0])


def test_the_network_reads_the_image_as_it_is() -> None:
    model = quick(blocks=((3, 4),), dropout=0.25).fit(IMAGES, Y)
    assert model.network_.input == (1, 8, 8)
    for image in (IMAGES[5], FLAT[5]):
        logits = np.asarray(hg.solve(model.problem(image, Y[5]))["yhat"], float)
        probabilities = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose(model.predict_proba(IMAGES[5:6])[0], probabilities, rtol=1e-9)
    names = "conv2d relu conv2d relu max_pool2d dropout flatten dense relu dropout dense"
    assert " ".join(node.op.name for node in model.network_.nodes) == names


def test_channels_and_blocks() -> None:
    colour = np.stack([IMAGES, 16 - IMAGES], axis=1)
    model = quick(blocks=((4,), (6,)), kernel_size=5).fit(colour, Y)
    assert model.image_shape_ == (2, 8, 8)
    assert model.parameters_["K1"].shape == (4, 2, 5, 5)
    assert model.parameters_["K3"].shape == (6, 4, 4, 4)
    given = quick(blocks=((4,), (6,)), kernel_size=5, image_shape=(2, 8, 8)).fit(colour.reshape(200, -1), Y)
    np.testing.assert_array_equal(given.predict_proba(colour), model.predict_proba(colour))


def test_a_number_of_features_that_is_no_square_is_one_row() -> None:
    model = quick().fit(FLAT[:, :63], Y)
    assert model.image_shape_ == (1, 1, 63)
    assert model.parameters_["K1"].shape == (4, 1, 1, 3)
    assert quick(image_shape=(7, 9)).fit(FLAT[:, :63], Y).image_shape_ == (1, 7, 9)


def test_units_of_the_pixels_do_not_matter() -> None:
    one, other = quick().fit(IMAGES, Y), quick().fit(IMAGES * 1000, Y)
    np.testing.assert_allclose(other.predict_proba(IMAGES * 1000), one.predict_proba(IMAGES), rtol=1e-6)


def test_black_images_are_met() -> None:
    assert quick().fit(IMAGES * 0, Y).predict(IMAGES * 0).shape == (200,)


def test_shifts_and_dropout_change_the_course() -> None:
    plain, shifted, dropped = (
        quick(**setting).fit(IMAGES, Y).parameters_["K1"] for setting in ({}, {"shift": 1}, {"dropout": 0.5})
    )
    assert abs(plain - shifted).max() > 1e-3
    assert abs(plain - dropped).max() > 1e-3


def test_partial_fit_with_images() -> None:
    model = quick()
    for _ in range(8):
        model.partial_fit(IMAGES, Y, classes=np.arange(10))
    assert model.score(FLAT, Y) > 0.8


def test_bad_images() -> None:
    with pytest.raises(ValueError, match=re.escape("X: expected [n][H][W] or [n][C][H][W], found an array of 5 axes")):
        quick().fit(IMAGES[:, None, None], Y)
    with pytest.raises(ValueError, match=re.escape("X has 64 features, image_shape (7, 9) has 63")):
        quick(image_shape=(7, 9)).fit(FLAT, Y)
    text = "X has images of shape (1, 8, 8), ConvNetClassifier is expecting (1, 4, 16)"
    with pytest.raises(ValueError, match=re.escape(text)):
        quick(image_shape=(4, 16)).fit(IMAGES, Y)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        quick().fit(np.where(IMAGES > 15, np.nan, IMAGES), Y)
    model = quick().fit(IMAGES, Y)
    with pytest.raises(ValueError, match="X has 49 features, but ConvNetClassifier is expecting 64 features"):
        model.predict(IMAGES[:, 1:, 1:])
    text = "X has images of shape (1, 4, 16), ConvNetClassifier is expecting (1, 8, 8)"
    with pytest.raises(ValueError, match=re.escape(text)):
        model.predict(IMAGES.reshape(-1, 4, 16))
    with pytest.raises(ValueError, match=re.escape(text)):
        model.problem(IMAGES[0].reshape(4, 16), 0)
