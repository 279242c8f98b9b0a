"""Pooling: conventions at ties, zeros and edges, refusals, and entry forms that say what the rules compute."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from windows_evaluate import Given, value_of

import handgrad as hg
from handgrad.arithmetic import float_functions
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.ops import OPS
from handgrad.ops.op import Op, Sample
from test_laws import an_op, values_of

XP = arithmetic("exact").xp
FAMILY = [kind for name, kind in OPS.items() if "pool" in name]
CASES = [pytest.param(kind, sample, id=f"{kind.name}-{i}") for kind in FAMILY for i, sample in enumerate(kind.samples)]


def array(*rows: Any) -> ExactArray:
    return XP.asarray(list(rows))


def op_of(name: str, **settings: Any) -> Any:
    return OPS[name](**settings)


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_an_entry_form_says_what_the_rule_computes(
    kind: type[Op], sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handgrad.ops.textbook.LONGEST_SUM", 10**6)
    op, random = an_op(kind, sample), Random(1)
    x = values_of(sample, random)["x"]
    y = op.apply("forward", XP, {"x": x})
    dy = ExactArray([fmpq(random.randint(-9, 9), 4) for _ in y.flat], y.shape)
    known: dict[str, Any] = {"x": x, "y": y, "dy": dy, "x_shape": x.shape[1:]}
    for rule in ("forward", "dx"):
        needed = {letter: known[letter] for letter in op.letters(rule)}
        result = op.apply(rule, XP, needed)
        for n in range(x.shape[0]):
            operands = {
                letter: value if isinstance(value, tuple) else Given(value, batched=True, example=n)
                for letter, value in needed.items()
            }
            for index in product(*(range(size) for size in result.shape[1:])):
                found, expected = value_of(op.entry(rule, index, operands)), result[(n, *index)]
                assert abs(float(found) - float(expected)) < 1e-13
                assert not kind.rational or found == expected


def test_of_equal_entries_the_first_wins_row_by_row() -> None:
    x = array([[0, 1], [1, 1]])
    assert op_of("max_pool2d", kernel=2).dx(XP, array([[5]]), x).tolist() == [[[0, 5], [0, 0]]]
    x = array([[[3, 3], [3, 3]]])
    assert op_of("global_max_pool").dx(XP, array([5]), x).tolist() == [[[[5, 0], [0, 0]]]]


@pytest.mark.parametrize("values", [[-3, -3, -3], [0, 0, 0], [7, 7, 7]])
def test_padding_never_wins(values: list[int]) -> None:
    pool, x = op_of("max_pool1d", kernel=2, stride=2, padding=1), array(values)
    assert pool.forward(XP, x).tolist() == [[values[0], values[1]]]
    assert pool.dx(XP, array([1, 10]), x).tolist() == [[1, 10, 0]]


@pytest.mark.parametrize("size", [1e-300, 1e20, 1e308])
def test_padding_never_wins_among_coarse_floats(size: float) -> None:
    pool, x = op_of("max_pool1d", kernel=2, stride=2, padding=1), np.array([[-size, -size, -size]])
    with np.errstate(over="ignore"):
        assert pool.forward(float_functions, x).tolist() == [[-size, -size]]
        assert pool.dx(float_functions, np.array([[1.0, 10.0]]), x).tolist() == [[1, 10, 0]]


def test_a_last_window_that_starts_in_the_padding_is_dropped() -> None:
    pool = op_of("max_pool1d", kernel=2, stride=2, padding=1, ceil_mode=True)
    assert pool.geometry((2,)).output == (2,)
    assert pool.geometry((3,)).output == (2,)
    assert pool.geometry((4,)).output == (3,)


def test_what_hangs_over_counts_only_up_to_the_end_of_the_padding() -> None:
    x = array([6, 6, 6, 6, 6])
    settings: dict[str, Any] = {"kernel": 4, "stride": 3, "padding": [[0, 1]], "ceil_mode": True}
    # the last window holds two entries, one zero of the padding and one place beyond it
    assert op_of("average_pool1d", **settings).forward(XP, x).tolist() == [[6, 4]]
    assert op_of("average_pool1d", **settings, count_include_pad=False).forward(XP, x).tolist() == [[6, 6]]


def test_same_lower_pads_more_at_the_start() -> None:
    x = array([1, 2, 3])
    assert op_of("max_pool1d", kernel=2, stride=1, padding="same_lower").forward(XP, x).tolist() == [[1, 2, 3]]
    assert op_of("max_pool1d", kernel=2, stride=1, padding="same").forward(XP, x).tolist() == [[2, 3, 3]]


def test_the_gradient_of_a_norm_is_zero_where_the_norm_is() -> None:
    for p in (1, 2, 3):
        x, y = array([0, 0, -2, 0]), array([0, 2])
        assert op_of("lp_pool1d", kernel=2, p=p).dx(XP, array([5, 7]), x, y).tolist() == [[0, 0, -7, 0]]
        assert op_of("global_lp_pool", p=p).dx(XP, array([5]), array([[0, 0]]), array([0])).tolist() == [[[0, 0]]]
    assert op_of("lp_pool1d", kernel=2).forward(XP, array([3, -4])).tolist() == [[5]]


@pytest.mark.parametrize("p", [1, 2, 3, 7])
def test_a_norm_of_huge_floats_does_not_overflow(p: int) -> None:
    x = np.array([[1e200, -1e200]])
    pool = op_of("lp_pool1d", kernel=2, p=p)
    y = pool.forward(float_functions, x)
    assert abs(float(y[0, 0]) / (1e200 * 2 ** (1 / p)) - 1) < 1e-14
    assert np.isfinite(pool.dx(float_functions, np.ones((1, 1)), x, y)).all()
    tiny = pool.forward(float_functions, x * 1e-300 * 1e-200)
    assert abs(float(tiny[0, 0]) / (1e-300 * 2 ** (1 / p)) - 1) < 1e-14


def test_global_pools_keep_their_axes_when_asked() -> None:
    x = array([[1, 2], [3, 6]])
    for name in ("global_average_pool", "global_max_pool", "global_lp_pool"):
        assert op_of(name).forward(XP, x).shape == (1, 2)
        assert op_of(name, keep_axes=True).forward(XP, x).shape == (1, 2, 1)
        assert op_of(name, keep_axes=True).shape(lambda *_: None, x=(2, 5, 5)) == (2, 1, 1)


@pytest.mark.parametrize("name", ["average_pool1d", "max_pool1d", "lp_pool1d"])
def test_a_negative_padding_is_refused(name: str) -> None:
    found: list[str] = []
    assert op_of(name, kernel=2, padding=-1).shape(lambda key, text: found.append(f"{key}: {text}"), x=(4,)) is None
    assert found == [
        'padding: expected 0 or more, a list of 1 (or of pairs, before and after), "same" or "valid", found -1'
    ]


@pytest.mark.parametrize(
    "layer",
    [
        {"op": "lp_pool1d", "kernel": 2, "p": 3},
        {"op": "lp_pool1d", "kernel": 2, "p": 1},
        {"op": "lp_pool1d", "kernel": 2},
        {"op": "global_max_pool"},
        {"op": "global_lp_pool", "keep_axes": True},
        {"op": "average_pool1d", "kernel": 2, "ceil_mode": True},
    ],
)
def test_the_working_is_written_in_every_format(layer: dict[str, Any]) -> None:
    problem = hg.Problem.from_dict(
        {
            "network": {"input": [2, 3], "layers": [layer, {"op": "mean"}]},
            "loss": {"op": "squared_error"},
            "data": {"x": [[0, 0, 3], [-2, 4, 0]], "y": 1},
        }
    )
    document = hg.solve(problem).working()
    assert document.to_terminal()
    assert document.to_latex()
    assert f'"op": "{layer["op"]}"' in document.to_json()
    assert all(check.verdict != "WRONG" for check in hg.verify(problem))


def test_those_that_lose_receive_a_plain_zero_also_among_balls() -> None:
    problem = hg.Problem.from_dict(
        {
            "network": {
                "input": [4],
                "layers": [{"op": "logistic"}, {"op": "max_pool1d", "kernel": 4}, {"op": "mean"}],
            },
            "loss": {"op": "squared_error"},
            "data": {"x": [1, 2, 2, 0], "y": 1},
        }
    )
    gradient = hg.solve(problem).raw("dL/dh1").flat
    assert [isinstance(entry, fmpq) for entry in gradient] == [True, False, True, True]
