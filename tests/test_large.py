"""Large models: both float arithmetics agree, and an answer that is a long sum shows its largest terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.notation.nodes import Fraction, Function, Negative, Number, Power
from handgrad.ops.textbook import elided_sum, long_sums
from handgrad.working.sums import value


def lenet() -> hg.Problem:
    """LeNet-5 on two images of 28×28."""
    random = np.random.default_rng(5)

    def drawn(*shape: int) -> Any:
        return random.normal(size=shape) / 5

    layers = [
        {"op": "conv2d", "kernel": drawn(6, 1, 5, 5), "bias": drawn(6), "padding": 2, "activation": "relu"},
        {"op": "max_pool2d", "kernel": 2},
        {"op": "conv2d", "kernel": drawn(16, 6, 5, 5), "bias": drawn(16), "activation": "relu"},
        {"op": "max_pool2d", "kernel": 2},
        {"op": "flatten"},
        {"op": "dense", "weights": drawn(120, 400), "bias": drawn(120), "activation": "relu"},
        {"op": "dense", "weights": drawn(84, 120), "bias": drawn(84), "activation": "relu"},
        {"op": "dense", "weights": drawn(10, 84), "bias": drawn(10), "activation": "softmax"},
    ]
    tree = {"network": {"input": [1, 28, 28], "layers": layers}, "loss": {"op": "cross_entropy"}}
    return hg.Problem.from_dict(tree | {"data": {"x": drawn(2, 1, 28, 28), "label": [3, 7], "batch": True}})


def test_lenet_is_the_same_in_both_float_arithmetics() -> None:
    """float32 agrees with float64 as far as it reaches, and keeps its type."""
    problem = lenet()
    single, double = hg.solve(problem, "float32"), hg.solve(problem, "float64")
    for name in double.plan.steps:
        scale = float(np.max(np.abs(double[name]))) or 1.0
        assert np.asarray(single[name]).dtype == np.float32, name
        np.testing.assert_allclose(single[name], double[name], rtol=1e-3, atol=1e-4 * scale, err_msg=name)


def test_an_answer_that_is_a_long_sum_shows_its_largest_terms() -> None:
    """How many terms there are, the largest five by size, and their share."""
    trace = hg.solve(lenet(), "float64")
    text = trace.working(["dL/dK1[1,1,3,3]"]).to_terminal()
    assert "The sum has 1568 terms; the 5 largest by size make up" in text
    table = text[text.index("The sum has") :].split("\n\n")[1].splitlines()[2:7]
    terms = trace["x"][:, 0] * trace["dL/da1"][:, 0]
    sizes = np.sort(np.abs(terms).ravel())[::-1][:5]
    printed = [abs(float(row.split()[-1].replace("−", "-"))) for row in table]
    np.testing.assert_allclose(printed, sizes, rtol=1e-3)


def test_a_short_sum_has_no_table() -> None:
    """A bias of a dense layer is the sum of two examples."""
    text = hg.solve(lenet(), "float64").working(["L"]).to_terminal()
    assert "largest by size" not in text


def test_sums_are_watched_only_where_they_are_long() -> None:
    """Eight terms are written out, nine are not."""
    with long_sums() as found:
        elided_sum(8, lambda k: Number(str(k), k))
        elided_sum(9, lambda k: Number(str(k), k))
    assert [count for count, _ in found] == [9]
    elided_sum(9, lambda k: Number(str(k), k))
    assert len(found) == 1


def test_the_value_of_a_term() -> None:
    """Sums, products, fractions and powers of numbers; nothing else."""
    two, three = Number("2", 2), Number("3", 3)
    assert value(Negative(two) * three + Fraction(three, two) + Power(two, three)) == 3.5
    with pytest.raises(TypeError):
        value(Function("ln", (two,)))
