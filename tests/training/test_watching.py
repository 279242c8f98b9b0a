"""What ``watch`` finds: each thing on a network made for it, once, with its layer and step."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from setting import CLASSES, blobs, layer, network

import handgrad as hg
from handgrad.training import loop
from handgrad.training.fit import fit
from handgrad.training.interrupts import Interrupted
from handgrad.training.reporting import Progress, Silent
from handgrad.training.result import Result
from handgrad.training.state import Warned
from handgrad.training.watch import Watch

X, Y = blobs()


def watched(net: hg.Network, **settings: Any) -> Result:
    return fit(net, X, Y, **{**CLASSES, "epochs": 1, "batch": 30, "watch": True, **settings})


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_a_sound_network_gives_no_warning(activation: str) -> None:
    assert watched(network(activation), epochs=5).warnings == []


def dying() -> hg.Network:
    first = {**layer(4, 6, "relu"), "bias": np.array([-50.0] * 4 + [0.0] * 2)}
    return hg.Network([first, layer(6, 3, seed=2)], 4)


def test_dead_units() -> None:
    found = watched(dying()).warnings
    assert found == [Warned(1, "layer 1 (relu)", "dead units", "4 of 6 units give 0 for each of 90 examples")]


def test_dead_channels_of_images() -> None:
    images = np.random.default_rng(1).random((20, 1, 5, 5))
    kernel = np.random.default_rng(2).normal(size=(2, 1, 3, 3))
    layers = [
        {"op": "conv2d", "kernel": kernel, "bias": np.array([-99.0, 9.0]), "activation": "relu"},
        {"op": "flatten"},
        layer(18, 3),
    ]
    found = fit(hg.Network(layers, [1, 5, 5]), images, Y[:20], **CLASSES, epochs=1, watch=True).warnings
    assert found[0] == Warned(1, "layer 1 (relu)", "dead units", "1 of 2 units give 0 for each of 20 examples")


@pytest.mark.parametrize(("activation", "low"), [("tanh", "-1"), ("logistic", "0")])
def test_saturated_units(activation: str, low: str) -> None:
    found = watched(hg.Network([layer(4, 6, activation, scale=300.0), layer(6, 3, seed=2)], 4)).warnings
    saturated = next(one for one in found if one.what == "saturated units")
    assert (saturated.step, saturated.layer) == (1, f"layer 1 ({activation})")
    assert saturated.text.endswith(f"% of its values lie within 0.01 of {low} or 1")


def test_the_last_layer_may_be_sure_of_itself() -> None:
    net = hg.Network([layer(4, 1, "logistic", scale=1000.0)], 4)
    update = {"op": "sgd", "rate": 0.1}
    y = (X[:, :1] > 1) * 1.0
    found = fit(net, X, y, loss="binary_cross_entropy", update=update, epochs=1, batch=90, dtype="float64", clip=1.0,
                watch=True).warnings  # fmt: skip
    assert "saturated units" not in {one.what for one in found}


def test_vanishing_gradients_name_the_layers() -> None:
    layers = [layer(4, 4, "tanh", seed=i, scale=0.01) for i in range(5)]
    found = watched(hg.Network([*layers, layer(4, 3, seed=9)], 4)).warnings
    vanishing = [one for one in found if one.what == "vanishing gradient"]
    assert vanishing[0].layer == "layer 1 (dense)"
    assert vanishing[0].text.startswith("the norm of its gradient is ")
    assert "entry for entry" in vanishing[0].text
    assert all(one.layer != "layer 6 (dense)" for one in vanishing)


def test_a_gradient_of_nothing_vanishes() -> None:
    first = {**layer(4, 6, "relu"), "bias": np.full(6, -99.0)}
    found = watched(hg.Network([first, layer(6, 3, seed=2)], 4)).warnings
    text = "the norm of its gradient is 0"
    assert Warned(1, "layer 1 (dense)", "vanishing gradient", text) in found


def test_exploding_gradients_name_the_layers() -> None:
    net = hg.Network([*(layer(4, 4, seed=i, scale=30.0) for i in range(6)), layer(4, 3, seed=9)], 4)
    found = watched(net, update={"op": "sgd", "rate": 1e-12}).warnings
    exploding = [one for one in found if one.what == "exploding gradient"]
    assert exploding[0].layer == "layer 1 (dense)"
    assert exploding[0].text.startswith("the norm of its gradient is ")
    assert exploding[0].text.endswith(" times that of its parameters")


def test_a_loss_and_gradients_that_are_not_finite() -> None:
    compiled = hg.compile(network(), batch=90, **CLASSES)
    compiled.set_parameters({"W2": np.full((3, 6), np.nan)})
    found = Watch(X[:10].astype(np.float32)).look(compiled, X, Y, None, 7)
    assert found[0] == Warned(7, "", "loss", "the loss is nan")
    assert found[1] == Warned(7, "layer 1 (dense)", "exploding gradient", "the norm of its gradient is nan")


class Ear(Silent):
    """Hears warnings, and interrupts in the second epoch if it is told to."""

    def __init__(self, *, stop: bool) -> None:
        self.stop = stop
        self.heard: list[Warned] = []

    def warning(self, warned: Warned) -> None:
        self.heard.append(warned)

    def piece(self, progress: Progress) -> None:
        if self.stop and progress.epoch == 2:
            signal.raise_signal(signal.SIGINT)


def test_what_was_said_is_not_said_again_nor_after_going_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SECONDS", 0.0)
    settings = {"epochs": 60, "batch": 90, "folder": str(tmp_path)}
    once, again = Ear(stop=True), Ear(stop=False)
    with pytest.raises(Interrupted):
        watched(dying(), **settings, reporter=once)
    result = watched(dying(), **settings, reporter=again)
    assert [one.what for one in once.heard] == ["dead units"]
    assert again.heard == []
    assert result.warnings == once.heard
    first = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])
    assert first["what"] == "dead units"


def test_watching_changes_nothing() -> None:
    plain = fit(network(), X, Y, **CLASSES, epochs=20, batch=30).parameters
    seen = watched(network(), epochs=20).parameters
    assert all(plain[name].tobytes() == seen[name].tobytes() for name in plain)


def test_looks_come_each_so_many_steps() -> None:
    eye = Watch(X)
    assert [step for step in range(1501) if eye.wants(step)] == [
        *(0, 1, 2, 4, 8, 16, 32),
        *range(50, 501, 50),
        *(1000, 1500),
    ]
    assert [eye.until(step) for step in (0, 1, 2, 3, 5, 32, 33)] == [1, 1, 2, 1, 3, 18, 17]
    assert [eye.until(step) for step in (49, 50, 499, 500, 501, 999)] == [1, 50, 1, 500, 499, 1]
