"""Conventions of the activations and functions, settings that they refuse, exact numbers, their workings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

import handgrad as hg
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.errors import DomainError, InputError
from handgrad.notation.nodes import Number, Symbol
from handgrad.ops import OPS
from handgrad.ops.elementwise import Elementwise
from handgrad.ops.op import Constant, Op

EXACT = arithmetic("exact")


def an_op(name: str, **given: Any) -> Op:
    return OPS[name](
        **{key: value if key in ("axis", "approximate") else Constant(value) for key, value in given.items()}
    )


def row(*numbers: Any) -> ExactArray:
    return ExactArray([fmpq(str(number)) if "/" not in str(number) else fmpq(*map(int, str(number).split("/")))
                       for number in numbers], (1, len(numbers)))  # fmt: skip


def both(op: Op, x: ExactArray) -> tuple[list[Any], list[Any]]:
    """y and dy/dx, entry by entry."""
    known: dict[str, Any] = {name: EXACT.array(getattr(op, name).written) for name in op.given_constants}
    known |= {"x": x, "dy": EXACT.xp.ones_like(x)}
    with EXACT.working(0):
        known["y"] = op.apply("forward", EXACT.xp, {letter: known[letter] for letter in op.needs("forward", known)})
        dx = op.apply("dx", EXACT.xp, {letter: known[letter] for letter in op.needs("dx", known)})
    return known["y"].tolist()[0], dx.tolist()[0]


@pytest.mark.parametrize(
    ("op", "x", "y", "slope"),
    [
        (an_op("relu"), row(-1, 0, 1), [0, 0, 1], [0, 0, 1]),
        (an_op("leaky_relu", alpha="1/4"), row(-2, 0, 2), ["-1/2", 0, 2], ["1/4", "1/4", 1]),
        (an_op("thresholded_relu", alpha=1), row(0, 1, 2), [0, 0, 2], [0, 0, 1]),
        (an_op("elu", alpha=3), row(0, 2), [0, 2], [3, 1]),
        (an_op("selu", alpha=3, gamma=2), row(0, 2), [0, 4], [6, 2]),
        (an_op("celu", alpha=3), row(0, 2), [0, 2], [1, 1]),
        (an_op("relu6"), row(-1, 0, 3, 6, 7), [0, 0, 3, 6, 6], [0, 0, 1, 0, 0]),
        (an_op("hard_tanh"), row(-2, -1, 0, 1, 2), [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
        (an_op("hard_sigmoid"), row(-4, -3, 0, 3, 4), [0, 0, "1/2", 1, 1], [0, 0, "1/6", 0, 0]),
        (an_op("hard_swish"), row(-4, -3, 0, 3, 4), [0, 0, 0, 3, 4], [0, 0, "1/2", 1, 1]),
        (an_op("hard_shrink", threshold=1), row(-2, -1, 0, 1, 2), [-2, 0, 0, 0, 2], [1, 0, 0, 0, 1]),
        (an_op("soft_shrink", threshold=1), row(-3, -1, 0, 1, 3), [-2, 0, 0, 0, 2], [1, 0, 0, 0, 1]),
        (an_op("clip", low=-1, high=1), row(-2, -1, 0, 1, 2), [-1, -1, 0, 1, 1], [0, 1, 1, 1, 0]),
        (an_op("clip", low=0), row(-2, 0, 2), [0, 0, 2], [0, 1, 1]),
        (an_op("clip", high=0), row(-2, 0, 2), [-2, 0, 0], [1, 1, 0]),
        (an_op("clip"), row(-2, 2), [-2, 2], [1, 1]),
        (an_op("abs"), row(-2, 0, 2), [2, 0, 2], [-1, 0, 1]),
        (an_op("softsign"), row(-1, 0), ["-1/2", 0], ["1/4", 1]),
        (an_op("power", exponent=3), row(-2, "1/2"), [-8, "1/8"], [12, "3/4"]),
        (an_op("power", exponent=-2), row(-2, "1/2"), ["1/4", 4], ["1/4", -16]),
        (an_op("power", exponent="1/2"), row(4, "1/9"), [2, "1/3"], ["1/4", "3/2"]),
        (an_op("power", exponent=0), row(0, 5), [1, 1], [0, 0]),
        (an_op("power", exponent=1), row(0, 5), [0, 5], [1, 1]),
        (an_op("reciprocal"), row(-2, "1/2"), ["-1/2", 2], ["-1/4", -4]),
        (an_op("negative"), row(3), [-3], [-1]),
        (an_op("square"), row(-3), [9], [-6]),
        (an_op("exp"), row(0), [1], [1]),
        (an_op("log"), row(1), [0], [1]),
        (an_op("square_root"), row(4), [2], ["1/4"]),
        (an_op("sin"), row(0), [0], [1]),
        (an_op("cos"), row(0), [1], [0]),
        (an_op("silu"), row(0), [0], ["1/2"]),
        (an_op("gelu"), row(0), [0], ["1/2"]),
        (an_op("gelu", approximate="tanh"), row(0), [0], ["1/2"]),
    ],
    ids=lambda value: value.name if isinstance(value, Op) else "",
)
def test_values_and_kinks(op: Op, x: ExactArray, y: list[Any], slope: list[Any]) -> None:
    found = both(op, x)
    for numbers, expected in zip(found, (y, slope), strict=True):
        for number, wanted in zip(numbers, row(*expected)[0], strict=True):
            assert number == wanted


def test_rational_values_of_functions_stay_rational() -> None:
    for name in ("sin", "erf", "exp", "cos", "square_root", "elu"):
        assert both(an_op(name), row(1 if name == "square_root" else 0))[0][0].fraction is not None


def test_the_error_function_is_right_to_two_units_in_the_last_place() -> None:
    floats = arithmetic("float64").xp
    x = np.concatenate([np.random.default_rng(1).uniform(-7, 7, 3000), [0.0, 1.0, 4.0, 6.0, 1e-300, 1e300]])
    for at, found in zip(x, floats.erf(x), strict=True):
        with EXACT.working(0):
            right = arb(float(at)).erf()
        assert abs(float(arb(float(found)) - right)) <= 2.01 * np.spacing(abs(found)) + 5e-324, at
    assert np.isnan(floats.erf(np.array([np.nan])))[0]
    assert floats.erf(np.array([np.inf, -np.inf])).tolist() == [1, -1]
    assert floats.erf(np.float32(0.5)).dtype == np.float32


@pytest.mark.parametrize(
    ("name", "settings", "x"),
    [("log", {}, 0), ("square_root", {}, 0), ("reciprocal", {}, 0), ("power", {"exponent": -1}, 0),
     ("power", {"exponent": "1/3"}, -1), ("power", {"exponent": "sqrt(2)"}, -1)],
)  # fmt: skip
def test_where_there_is_no_value_or_slope_the_domain_is_named(name: str, settings: dict[str, Any], x: int) -> None:
    with pytest.raises(DomainError):
        both(an_op(name, **settings), row(x))


def test_a_power_of_zero_and_logarithms_near_one() -> None:
    xp = EXACT.xp
    assert xp.power(row(0), fmpq(1, 3)).tolist() == [[0]]
    assert xp.log1p(row(0)).tolist() == xp.expm1(row(0)).tolist() == [[0]]
    with pytest.raises(DomainError):
        xp.log1p(row(-1))


def problem(layer: dict[str, Any], x: list[Any], target: list[Any], *, batch: bool = False) -> hg.Problem:
    layers = [layer, {"op": "flatten"}] if isinstance(x[0], list) and not batch else [layer]
    shape = np.shape(x)[int(batch) :]
    return hg.Problem.from_dict(
        {
            "network": {"input": list(shape), "layers": layers},
            "loss": {"op": "squared_error"},
            "data": {"x": x, "y": target} | ({"batch": True} if batch else {}),
        }
    )


SETTINGS: dict[str, dict[str, Any]] = {
    "power": {"exponent": "3/2"},
    "prelu": {"slope": ["1/4"]},
    "clip": {"low": 1},
    "gelu": {"approximate": "tanh"},
    "softplus": {"beta": 2},
}
ELEMENTWISE = [name for name, kind in OPS.items() if issubclass(kind, Elementwise)]


@pytest.mark.parametrize("name", [*ELEMENTWISE, "prelu", "softmax", "log_softmax"])
def test_each_is_written_out_in_every_format_and_verified(name: str) -> None:
    for settings in ({}, SETTINGS.get(name, {})):
        if name in ("power", "prelu") and not settings:
            continue
        given = problem({"op": name, **settings}, ["1/2", 2], [0, 1])
        document = hg.solve(given).working()
        assert name in document.to_terminal()
        assert document.to_latex()
        assert document.to_json()
        assert all(check.agrees for check in hg.verify(given))


@pytest.mark.parametrize("slope", ["1/4", ["1/4"], ["1/4", "1/3"], [["1/4"], ["1/3"]], [["1/4", "1/3"]]])
def test_prelu_of_a_batch_is_written_out_and_verified(slope: Any) -> None:
    given = problem(
        {"op": "prelu", "slope": slope}, [[[1, -2], [-3, 4]], [[-5, -6], [7, 8]]], [[[0, 0], [0, 0]]] * 2, batch=True
    )
    assert "prelu" in hg.solve(given).working().to_terminal()
    assert {check.verdict for check in hg.verify(given)} == {"equal"}


def test_the_gradient_of_a_slope_collects_what_is_below_zero() -> None:
    trace = hg.solve(problem({"op": "prelu", "slope": ["1/2"]}, [-2, 3, -4], [0, 0, 0]))
    assert trace["dL/ds1"].tolist() == [(-1) * (-2) + (-2) * (-4)]
    assert trace["dL/dx"].tolist() == [fmpq(-1, 2), 3, -1]
    assert "−1·(−2) + (−2·(−4))" in trace.working().to_terminal()


def test_prelu_without_a_number_below_zero() -> None:
    assert hg.solve(problem({"op": "prelu", "slope": ["1/2"]}, [2, 3], [0, 0]))["dL/ds1"].tolist() == [0]


def test_prelu_of_random_slopes_has_one_a_channel() -> None:
    drawn = {"random": "uniform", "seed": 1, "low": 0, "high": 1}
    given = problem({"op": "prelu", "slope": drawn}, [[1, -2, 3], [4, -5, 6]], [0] * 6)
    assert hg.solve(given)["s1"].shape == (2,)


def test_a_softmax_runs_along_its_axis() -> None:
    x = ExactArray([fmpq(0)] * 6, (1, 2, 3))
    for axis, share in ((1, fmpq(1, 2)), (2, fmpq(1, 3)), (-1, fmpq(1, 3)), (-2, fmpq(1, 2))):
        assert an_op("softmax", axis=axis).apply("forward", EXACT.xp, {"x": x}).flat == [share] * 6


def test_a_softmax_of_a_matrix_is_written_out() -> None:
    given = problem({"op": "softmax", "axis": 1}, [[0, 1], [0, 2]], [0, 0, 0, 1])
    assert "e⁰/(e⁰ + e⁰)" in hg.solve(given).working().to_terminal()
    assert all(check.agrees for check in hg.verify(given))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_single_number_has_no_axis(name: str) -> None:
    told: list[str] = []
    an_op(name).shape(lambda key, text: told.append(f"{key}:{text}"), x=())
    assert told == [f":{name} needs an axis, its input is a single number"]


def test_a_bound_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"layer 1 \(clip\)"):
        problem({"op": "clip", "low": [1]}, [1, 2], [0, 0])


def test_an_exponent_in_symbols_has_one_taken_off() -> None:
    a = Symbol("a")
    assert an_op("power", exponent=3).slope_formula(a, Symbol("p")) == Symbol("p") * a ** (Symbol("p") - 1)  # type: ignore[attr-defined]
    assert an_op("power", exponent=3).slope_formula(a, Number("3", 3)) == 3 * a**2  # type: ignore[attr-defined]
    assert an_op("power", exponent=2).slope_formula(a, Number("2", 2)) == 2 * a  # type: ignore[attr-defined]
    assert an_op("power", exponent="1.5").slope_formula(a, Number("1.5")) == Number("1.5") * a ** Number("0.5")  # type: ignore[attr-defined]
