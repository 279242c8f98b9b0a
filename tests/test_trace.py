"""Traces of the worked examples, in every arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from conftest import EXAMPLES, example

ARITHMETICS = ("exact", "float64", "float32", "rounded(4)", "rounded(6 significant)")


def floats(value: Any) -> Any:
    return np.asarray(value, dtype=float)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_network_example_to_the_digits_given(arithmetic: str) -> None:
    trace = hg.solve(example("ann"), arithmetic)
    expected = {
        "h1": [0.7311, 0.8808, 0.7311],
        "a2": [2.3429, 2.3429, 0.7311],
        "h2": [0.9124, 0.9124, 0.6750],
        "yhat": [0.1451, 0.1451, 0.7098],
        "L": 0.3428,
        "dL/da1": [-0.0046, -0.0024, -0.0171],
    }
    for name, digits in expected.items():
        assert np.abs(floats(trace[name]) - digits).max() < 2.1e-4, name
    assert abs(float(trace.ask("dL/dW3[1,1]")) - 0.1324) < 2e-4
    assert abs(float(trace.ask("dL/dW1[2,3]")) + 0.0024) < 1e-4


def test_a_gradient_that_is_zero_is_shown_as_zero() -> None:
    trace = hg.solve(example("ann"))
    answer = trace.ask("dL/dh2[1]")
    assert float(answer) == 0.0
    assert answer.text == "dL/dh2[1] ≈ 0.0000"
    assert answer.value == 0


def test_the_convolution_example_stays_in_fractions() -> None:
    trace = hg.solve(example("convolution"))
    assert trace["a1"].tolist() == [1, -1, 1, -1, 1, -1, 1]
    assert trace["yhat"] == Fraction(4, 7)
    assert trace["L"] == Fraction(9, 98)
    assert trace["dL/da1"].tolist() == [Fraction(-3, 49), 0] * 3 + [Fraction(-3, 49)]
    assert trace["dL/dK1"].tolist() == [Fraction(-12, 49), 0]
    assert trace.ask("sum(dL/dK1)").text == "sum(dL/dK1) = -12/49"
    assert str(trace["yhat"]) == "4/7"


def test_the_loss_after_mazurs_step() -> None:
    trace = hg.solve(example("mazur"))
    assert trace.ask("L'").text == "L' ≈ 0.29102777"
    assert trace["b1'"].tolist() == trace["b1"].tolist()
    assert float(trace.ask("W2'[1,1]")) == pytest.approx(0.35891648, abs=5e-9)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "symbolic"])
@pytest.mark.parametrize("arithmetic", ["float64", "float32"])
def test_floats_agree_with_the_exact_trace(name: str, arithmetic: str) -> None:
    exact, trace = hg.solve(example(name), "exact"), hg.solve(example(name), arithmetic)
    tolerance = 1e-12 if arithmetic == "float64" else 1e-5
    assert trace.names == exact.names
    for quantity in trace.names:
        np.testing.assert_allclose(floats(trace[quantity]), floats(exact[quantity]), rtol=tolerance, atol=tolerance)


def test_rounded_carries_what_it_shows() -> None:
    trace = hg.solve(example("ann"), "rounded(2)")
    assert trace["h1"].tolist() == [Fraction(73, 100), Fraction(88, 100), Fraction(73, 100)]
    assert trace["a2"].tolist() == [Fraction(234, 100), Fraction(234, 100), Fraction(73, 100)]
    assert trace["dL/da3"].tolist() == [Fraction(15, 100), Fraction(15, 100), Fraction(-29, 100)]
    assert trace.ask("L").text == "L ≈ 0.34"
    assert trace.ask("a2").text == "a2 = (2.34, 2.34, 0.73)"


def test_rounding_is_half_up_away_from_zero() -> None:
    problem = hg.Problem.from_dict(
        {"network": {"input": 1, "layers": [{"op": "dense", "weights": [["1/8"], ["-1/8"]]}]}, "data": {"x": [1]}}
    )
    assert hg.solve(problem, "rounded(2)")["yhat"].tolist() == [Fraction(13, 100), Fraction(-13, 100)]
    assert hg.solve(problem, "rounded(1 significant)")["yhat"].tolist() == [Fraction(1, 10), Fraction(-1, 10)]


def test_one_example_and_the_same_in_a_batch() -> None:
    tree = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2], [3, -1]], "activation": "softmax"}]},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [1, 2], "label": 1},
    }
    one = hg.solve(hg.Problem.from_dict(tree))
    batch = hg.solve(hg.Problem.from_dict(tree | {"data": {"x": [[1, 2], [1, 2]], "label": [1, 1], "batch": True}}))
    assert batch["yhat"].shape == (2, 2)
    np.testing.assert_allclose(floats(batch["dL/dW1"]), floats(one["dL/dW1"]))
    np.testing.assert_allclose(floats(batch["dL/dyhat"])[0] * 2, floats(one["dL/dyhat"]))
    summed = tree | {"loss": {"op": "cross_entropy", "reduction": "sum"}}
    summed |= {"data": {"x": [[1, 2], [1, 2]], "label": [1, 1], "batch": True}}
    total = hg.solve(hg.Problem.from_dict(summed))
    np.testing.assert_allclose(floats(total["dL/dW1"]), 2 * floats(one["dL/dW1"]))


def test_without_a_loss_there_is_a_forward_pass_only() -> None:
    tree = {"network": {"input": 1, "layers": [{"op": "dense", "weights": [[2]]}]}, "data": {"x": [3]}}
    trace = hg.solve(hg.Problem.from_dict(tree))
    assert trace.names == ("x", "W1", "yhat", "h1")
    with pytest.raises(hg.InputError, match=r'^"dL/dW1" asks for a gradient, but the problem has no \[loss\]$'):
        trace.ask("dL/dW1")


def test_names_of_layers_and_of_the_last_output_are_known() -> None:
    trace = hg.solve(example("mazur"))
    assert trace["hidden"].tolist() == trace["h1"].tolist()
    assert trace["output"].tolist() == trace["h2"].tolist() == trace["yhat"].tolist()
    assert trace["dL/doutput"].tolist() == trace["dL/dyhat"].tolist()
    assert "hidden" in trace
    assert "nothing" not in trace


def test_an_answer_has_the_minimal_chain() -> None:
    answer = hg.solve(example("ann")).ask("dL/dW1[2,3]")
    steps = ["a1", "h1", "a2", "h2", "a3", "yhat", "dL/da3", "dL/dh2", "dL/da2", "dL/dh1", "dL/da1", "dL/dW1"]
    assert [step.name for step in answer.steps] == steps
    assert answer.text == "dL/dW1[2,3] ≈ -0.002436"
    assert repr(answer) == answer.text
    assert answer.steps[0].value.tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("mean(h1)", "mean(h1) = 4/7"),
        ("max(h1)", "max(h1) = 1"),
        ("argmax(h1)", "argmax(h1) = 1"),
        ("sum( dL/da1 )", "sum( dL/da1 ) = -12/49"),
        ("∂L/∂K1[1]", "∂L/∂K1[1] = -12/49"),
        ("yhat[1]", "yhat[1] = 4/7"),
        ("sum(a1[2])", "sum(a1[2]) = -1"),
    ],
)
def test_questions(question: str, text: str) -> None:
    assert hg.solve(example("convolution")).ask(question).text == text


def test_argmax_of_a_matrix_is_a_place() -> None:
    assert hg.solve(example("mazur")).ask("argmax(W1)").text == "argmax(W1) = (2, 2)"


def test_equal_maxima_of_transcendental_numbers_go_to_the_first() -> None:
    layers = [
        {"op": "dense", "weights": [[1], [1], [0]], "activation": "logistic"},
        {"op": "max_pool1d", "kernel": 3},
    ]
    tree = {"network": {"input": 1, "layers": layers}, "loss": {"op": "squared_error"}, "data": {"x": [1], "y": [0]}}
    trace = hg.solve(hg.Problem.from_dict(tree))
    gradient = floats(trace["dL/dh1"])
    assert gradient[0] > 0
    assert gradient[1:].tolist() == [0, 0]


def test_saturation_keeps_its_digits_in_the_exact_arithmetic() -> None:
    layers = [{"op": "dense", "weights": [[1], [0]], "activation": "softmax"}]
    tree = {
        "network": {"input": 1, "layers": layers},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [300], "label": 1},
    }
    answer = hg.solve(hg.Problem.from_dict(tree)).ask("dL/da1[1]")
    assert answer.text == "dL/da1[1] ≈ -5.148e-131"


def test_a_number_too_large_for_floats_is_one_clear_error() -> None:
    layers = [{"op": "dense", "weights": [[1], [0]], "activation": "softmax"}]
    tree = {
        "network": {"input": 1, "layers": layers},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [900], "label": 2},
    }
    problem = hg.Problem.from_dict(tree)
    with pytest.raises(hg.InputError) as caught:
        hg.solve(problem, "float64")
    assert str(caught.value) == "L, cross_entropy: a number too large, or none in float64; try the exact arithmetic"
    assert float(hg.solve(problem)["L"]) == 900.0


def test_a_logarithm_of_zero_is_one_clear_error() -> None:
    layers = [{"op": "dense", "weights": [[1], [0]], "activation": "softmax"}]
    tree = {"network": {"input": 1, "layers": layers}, "loss": {"op": "cross_entropy"}, "data": {"x": [9], "label": 2}}
    with pytest.raises(hg.InputError) as caught:
        hg.solve(hg.Problem.from_dict(tree), "rounded(2)")
    assert str(caught.value) == (
        "L, cross_entropy: the logarithm of a number that is not positive in rounded(2); try the exact arithmetic"
    )


def test_an_unknown_arithmetic_is_one_clear_error() -> None:
    with pytest.raises(hg.InputError) as caught:
        hg.solve(example("ann"), "float16")
    assert str(caught.value) == (
        'unknown arithmetic "float16"; known are float64, float32, exact, symbolic, rounded(n), rounded(n significant)'
    )


def saturated(score: str) -> hg.Problem:
    """A softmax whose second class has the probability e^−score, or nearly."""
    layers = [{"op": "dense", "weights": [[score], [0]], "activation": "softmax"}]
    tree = {"network": {"input": 1, "layers": layers}, "loss": {"op": "cross_entropy"}, "data": {"x": [1], "label": 2}}
    return hg.Problem.from_dict(tree)


def test_a_power_of_ten_that_no_integer_could_hold() -> None:
    trace = hg.solve(saturated("1e9"))
    assert trace.ask("yhat[2]").text == "yhat[2] ≈ 1.250e-434294482"  # 10⁹ · log₁₀ e = 434294481.9032…
    assert trace.ask("L").text == "L ≈ 1.000e9"


def test_nobody_carries_such_a_power_by_hand() -> None:
    with pytest.raises(hg.InputError) as caught:
        hg.solve(saturated("1e9"), "rounded(3 significant)")
    assert str(caught.value) == (
        "yhat, layer 1 (softmax): a number with the power of ten -434294482, which nobody carries by hand, "
        "in rounded(3 significant); try the exact arithmetic"
    )


def test_nobody_carries_so_many_digits_by_hand() -> None:
    layers = [{"op": "dense", "weights": [[1]]}, {"op": "exp"}, {"op": "exp"}, {"op": "exp"}]
    tree = {"network": {"input": 1, "layers": layers}, "loss": {"op": "squared_error"}, "data": {"x": [4], "y": [1]}}
    with pytest.raises(hg.InputError) as caught:
        hg.solve(hg.Problem.from_dict(tree), "rounded(2)")
    assert str(caught.value) == (
        "yhat, layer 4 (exp): a number of more than 10000 digits, which nobody carries by hand, "
        "in rounded(2); try the exact arithmetic"
    )


def test_a_rational_beyond_the_doubles() -> None:
    tree = {
        "network": {"input": 1, "layers": [{"op": "dense", "weights": [["1e300"]]}]},
        "loss": {"op": "squared_error"},
        "data": {"x": [-1], "y": [0]},
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    assert (float(trace["L"]), float(trace["dL/dW1"][0][0])) == (float("inf"), 1e300)
    described = trace.working().data()["quantities"]["L"]
    assert (described["value"], described["shown"]) == (None, "5.000e599")
