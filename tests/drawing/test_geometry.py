"""Labels never lie on one another, nor on what they do not belong to: in all examples and in hundreds of networks."""

from __future__ import annotations

import time
from typing import Any

import pytest
from geometry import faults
from hypothesis import HealthCheck, Phase, given, settings
from networks import dense, lenet, made_up, resnet

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.picture import Box, Disc, Label, Picture, Stroke, Weight
from test_random_graphs import graphs
from test_random_networks import problems

ARITHMETICS = ("exact", "float64", "float32", "rounded(2)", "rounded(3 significant)", "symbolic")
UNSOLVED = {
    *(("symbolic", arithmetic) for arithmetic in ARITHMETICS if arithmetic != "symbolic"),  # symbols are no numbers
    ("batch", "rounded(2)"),  # a probability of 0.00 has no logarithm
    ("mazur", "symbolic"),  # their formulas take long
    ("xor", "symbolic"),
}
GENERATED = settings(max_examples=40, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    ("name", "arithmetic"),
    [(name, arithmetic) for name in EXAMPLES for arithmetic in ARITHMETICS if (name, arithmetic) not in UNSOLVED],
)
def test_labels_of_examples_are_apart(name: str, arithmetic: str) -> None:
    trace = hg.solve(example(name), arithmetic)
    for options in ({}, {"gradients": False}, {"values": False}):
        assert faults(hg.draw(trace, **options)) == []


@pytest.mark.parametrize("seed", range(100))
def test_labels_of_layers_are_apart(seed: int) -> None:
    assert faults(hg.draw(hg.Problem.from_dict(made_up(seed)))) == []


@GENERATED
@given(graphs())
def test_labels_of_graphs_are_apart(tree: dict[str, Any]) -> None:
    assert faults(hg.draw(hg.Problem.from_dict(tree))) == []


@GENERATED
@given(problems())
def test_labels_of_convolutions_are_apart(tree: dict[str, Any]) -> None:
    assert faults(hg.draw(hg.Problem.from_dict(tree))) == []


@pytest.mark.parametrize(
    "tree",
    [dense(12, 12, 12), dense(784, 128, 10), lenet(), resnet()],
    ids=["12-12-12", "784-128-10", "LeNet", "ResNet"],
)
def test_large_networks_are_drawn_within_a_second(tree: dict[str, Any]) -> None:
    trace = hg.solve(hg.Problem.from_dict(tree))
    start = time.process_time()
    picture = hg.draw(trace)
    assert time.process_time() - start < 1
    assert faults(picture) == []


def test_the_check_finds_what_is_wrong() -> None:
    """Each kind of fault, in a picture made for it."""
    label = Label(50, 50, "0.5", "value", of="w")
    for shape, fault in {
        Label(55, 50, "0.25", "value", of="v"): "w lies on v",
        Disc(50, 50, 8, "node"): "w is crossed by a node",
        Box(50, 0, 100, 100, "op"): "w is crossed by a op",
        Stroke(((0, 0), (100, 100)), "arrow"): "w is crossed by a arrow",
        Weight(Stroke(((0, 50), (100, 50)), "edge"), (), "u"): "w lies on the edge u",
        Label(0, 0, "0.25", "value", of="v"): "v is off the sheet",
        Label(90, 90, "0.25", "value", size=8, of="v"): "v is too small",
    }.items():
        assert fault in faults(Picture(200, 200, (label, shape), ""))
    away = Weight(Stroke(((0, 0), (100, 0)), "edge"), (Box(40, 40, 5, 20, "halo"), label), "u")
    assert faults(Picture(200, 200, (away,), "")) == ["u is not on its edge", "w is wider than its halo"]
    assert faults(Picture(200, 200, (label,), "")) == []
