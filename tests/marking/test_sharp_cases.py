"""Cases on which marking once stumbled: integers, dust, infinity, steps in the head, columns of a batch."""

from __future__ import annotations

from typing import Any

import pytest

import handgrad as hg
from conftest import example
from handgrad.marking.answers import read
from handgrad.marking.course import Course
from handgrad.marking.report import Report


def net(*layers: dict[str, Any], x: Any, y: Any, loss: str = "squared_error", **more: Any) -> hg.Problem:
    size = x[0] if more.get("batch") else x
    shape = [len(size), len(size[0])] if isinstance(size[0], list) else len(size)
    tree = {"network": {"input": shape, "layers": list(layers)}, "loss": {"op": loss}, "data": {"x": x, "y": y, **more}}
    return hg.Problem.from_dict(tree)


def dense(weights: Any, activation: str | None = None, **more: Any) -> dict[str, Any]:
    return {"op": "dense", "weights": weights, **({"activation": activation} if activation else {}), **more}


def odd(report: Report) -> dict[str, str]:
    return {e.question: e.status.value for e in report.entries if e.status not in ("right", "rounded")}


def names(report: Report) -> set[str]:
    return {mistake.name for mistake in report.mistakes}


STEEP = net(dense([["1/2", 1], [4, 5]], "tanh"), x=["0.31", "0.94"], y=[0, 0])


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"a1": ["1.10", "5.94"], "yhat": ["0.80", 1]}, {}),  # 0.99999 is 1.00: as many decimals as beside it
        ({"a1": ["1.095", "5.940"], "yhat": ["0.7987", "0.99"]}, {"yhat[2]": "slip"}),
        ({"a1": ["1.095", "5.940"], "yhat": ["0.7987", "0.9"]}, {"yhat[2]": "slip"}),
        ({"a1": ["1.095", "5.940"], "yhat": ["0.7987", 2]}, {"yhat[2]": "wrong"}),
        ({"a1": ["1.095", 6]}, {"a1[2]": "wrong"}),  # to three decimals 6 is not 5.94
        ({"yhat": [1, 1]}, {"yhat[1]": "wrong"}),  # of a script of integers the digits are not known: three decimals
    ],
)
def test_an_integer_counts_to_the_digits_of_the_numbers_beside_it(answers: Any, expected: Any) -> None:
    assert odd(hg.mark(STEEP, answers)) == expected


def test_an_integer_counts_to_the_significant_digits_of_its_script() -> None:
    big = net(dense([["123.456"], ["1.23456"], ["0.0123456"]]), x=[1], y=[0, 0, 0])
    assert odd(hg.mark(big, {"yhat": [123, "1.23", "0.0123"]})) == {}
    assert odd(hg.mark(big, {"yhat": [124, "1.23", "0.0123"]})) == {"yhat[1]": "slip"}
    assert odd(hg.mark(big, {"yhat": [125, "1.23", "0.0123"]})) == {"yhat[1]": "wrong"}
    assert odd(hg.mark(big, {"yhat": [123, "1.2346", "0.0123"]})) == {"yhat[1]": "wrong"}  # no such habit


def test_what_cancellation_leaves_of_a_zero_is_right() -> None:
    null = net(dense([["0.1", "0.2"], [1, 1]]), x=[1, 1], y=["0.3", 1])
    report = hg.mark(null, {"dL/dyhat": [5.551115123125783e-17, 1]})
    assert odd(report) == {}
    assert report.entries[0].why == "5.551115123125783e−17 is 0 but for what floating point leaves of it."
    assert odd(hg.mark(null, {"dL/dyhat": [1e-9, 1]})) == {"dL/dyhat[1]": "wrong"}


@pytest.mark.parametrize(
    ("answers", "name", "why"),
    [
        ({"a2": ["0.1"], "yhat": ["0.540"]}, "yhat[1]", "as far as the digits before it tell"),
        ({"yhat": ["0.53"], "dL/dW1": [["-0.02", "-0.02"], ["0.01", "0.00"]]}, "dL/dW1[2,2]", "0.00 has no digit of "),
        ({"a2": ["0.13"], "yhat": ["0.53"], "dL/dyhat": ["-0.46"]}, "dL/dyhat[1]", "is off in its last digit: −0.4"),
    ],
)
def test_what_a_sentence_says_is_so(answers: dict[str, Any], name: str, why: str) -> None:
    found = {entry.question: entry.why for entry in hg.mark(LONG, answers).entries}
    assert why in found[name]


def test_a_sign_counts_however_small_the_number() -> None:
    tiny = net(dense([["1e-12"]], "identity"), dense([["1e-12"]]), x=["1"], y=["0"])
    assert odd(hg.mark(tiny, {"dL/dyhat": ["1e-24"], "dL/dW2": [["-1e-36"]]})) == {"dL/dW2[1,1]": "wrong"}


def test_nothing_follows_from_what_is_not_finite() -> None:
    wrong = {"a1": [3, 2], "yhat": ["0.00", "1.00"], "L": "46.21"}
    sure = net(dense([[1, 2], [1, 1]], "softmax"), x=[1, 1], y=[1, 0], loss="cross_entropy")
    assert odd(hg.mark(sure, wrong)) == {"yhat[1]": "wrong", "yhat[2]": "wrong", "L": "wrong"}


LONG = net(
    dense([["0.3", "-0.2"], ["0.7", "0.4"]], "logistic"), dense([["0.9", "-0.5"]], "logistic"), x=["0.8", "0.6"], y=[1]
)


def test_half_of_a_number_is_no_slip_however_much_is_left_out() -> None:
    truth = hg.solve(LONG, "float64")
    for name in ("dL/dW1", "dL/da1", "dL/dW2"):
        halved = {name: [[f"{value / 2:.3f}" for value in row] if isinstance(row, list) else f"{row / 2:.3f}"
                         for row in truth[name].tolist()]}  # fmt: skip
        assert set(odd(hg.mark(LONG, halved)).values()) == {"wrong"}


def test_a_slope_may_be_rounded_in_the_head() -> None:
    truth = hg.solve(LONG, "float64")
    h, above = float(truth["yhat"][0]), float(truth["dL/dyhat"][0])
    inputs = {"a2": [f"{float(truth['a2'][0]):.4f}"], "yhat": [f"{h:.4f}"], "dL/dyhat": [f"{above:.4f}"]}
    slope = round(h * (1 - h) + 0.00004, 4)
    assert odd(hg.mark(LONG, inputs | {"dL/da2": [f"{round(above, 4) * slope:.5f}"]})) == {}


def test_what_is_left_out_follows_from_the_slope_that_is_written() -> None:
    truth = hg.solve(LONG, "float64")
    h, above = float(truth["yhat"][0]), float(truth["dL/dyhat"][0])
    answers = {"yhat": [h], "dL/dyhat": [above], "sigma'(a2)": [1 - h], "h1": truth["h1"].tolist()}
    gradient = [[above * (1 - h) * value for value in truth["h1"].tolist()]]
    report = hg.mark(LONG, answers | {"dL/dW2": gradient})
    follows = dict.fromkeys(("dL/dW2[1,1]", "dL/dW2[1,2]"), "follow-through")
    assert odd(report) == {"sigma'(a2)[1]": "wrong", **follows}


def test_a_short_number_among_those_of_a_machine_claims_all_its_digits() -> None:
    leaky = net(dense([["0.37", "-0.81"], ["-0.93", "0.12"]], "leaky_relu"), x=["1/3", "1/7"], y=["0.1", "0.9"])
    truth = hg.solve(leaky, "float64")
    given = {name: truth[name].tolist() for name in ("a1", "yhat", "dL/dyhat")}
    assert odd(hg.mark(leaky, given | {"sigma'(a1)": [1.0, 0]})) == {"sigma'(a1)[2]": "wrong"}


def test_rounded_too_early_is_said_only_where_something_comes_after_and_digits_are_lost() -> None:
    ann = example("ann")
    truth = hg.solve(ann, "float64")
    rest = {name: [f"{value:.4f}" for value in truth[name].tolist()] for name in ("a2", "h2", "a3", "yhat")}
    assert names(hg.mark(ann, rest | {"L": "0.35"})) == set()  # the last number may have fewer digits
    assert "rounded too early" in names(hg.mark(ann, rest | {"h2": ["0.9", "0.9", "0.7"]}))


def test_the_tolerance_does_not_depend_on_who_is_marked_first() -> None:
    truth = hg.solve(LONG, "float64")
    coarse = {"a1": [f"{value:.1f}" for value in truth["a1"].tolist()], "L": "0.14", "dL/dyhat": ["-0.47"]}
    fine = {"a1": [f"{value:.6f}" for value in truth["a1"].tolist()], "L": "0.14", "dL/dyhat": ["-0.45"]}

    def marked(*scripts: dict[str, Any]) -> list[dict[str, str]]:
        course = Course(LONG)
        return [odd(Report(course, read(script, course.readable))) for script in scripts]

    alone = [marked(one)[0] for one in (coarse, fine)]
    assert marked(coarse, fine) == alone
    assert marked(fine, coarse) == alone[::-1]


TWICE = net(
    dense([["0.4", "-0.7"], ["0.2", "0.9"]], "tanh", bias=["0.3", "-0.5"]), dense([["0.6", "-0.8"]], "logistic"),
    x=[["0.5", "0.1"], ["-0.3", "0.8"], ["0.9", "0.4"]], y=[[1], [0], [1]], loss="binary_cross_entropy", batch=True,
)  # fmt: skip
TRUTH = hg.solve(TWICE, "float64")


def test_a_batch_may_be_written_one_example_a_column() -> None:
    columns = {name: TRUTH[name].T.tolist() for name in ("a1", "h1", "dL/dh1", "dL/da1", "dL/dx")}
    report = hg.mark(TWICE, columns)
    assert (odd(report), report.unread, report.total) == ({}, (), 30)
    assert hg.mark(TWICE, {"dL/dW2": TRUTH["dL/dW2"].T.tolist()}).unread == ()  # one row is as good as a column


def test_as_many_examples_as_entries_stand_as_the_rest_of_the_batch() -> None:
    batch = example("batch")
    truth = hg.solve(batch, "float64")
    a1, a2 = truth["a1"], truth["a2"]
    assert {e.status.value for e in hg.mark(batch, {"a1": a1.T.tolist(), "a2": a2.T.tolist()}).entries} <= {
        "right", "rounded", "blank"}  # fmt: skip
    for answers in (
        {"a2": a2.tolist()},
        {"a1": a1.tolist(), "a2": a2.tolist()},
        {"transposed": ["a2"], "a2": a2.T.tolist()},
    ):
        assert hg.mark(batch, answers).first_error is None
    assert hg.mark(batch, {"a2": a2.T.tolist()}).first_error is not None


@pytest.mark.parametrize(
    ("name", "value", "mistake"),
    [
        ("dL/dW1", TRUTH["dL/dh1"].T @ TRUTH["x"], "one step too early"),
        ("dL/dW2", TRUTH["dL/da2"].T @ TRUTH["a1"], "one step too early"),
        ("dL/dW1", TRUTH["dL/da1"][:1].T @ TRUTH["x"][:1], "gradient of the first example alone"),
        ("a1", TRUTH["x"] @ TRUTH["W1"].T - TRUTH["b1"], "sign of the bias"),
        ("dL/dyhat", TRUTH["dL/da2"], "denominator ŷ(1 − ŷ) forgotten"),
        ("dL/da2", -TRUTH["dL/da2"], "ŷ − y the wrong way round"),
        ("dL/da2", TRUTH["yhat"] / 3, "target forgotten"),
        ("losses", TRUTH["losses"] / 2.302585092994046, "logarithm to base 10"),
        ("dL/dW2", TRUTH["dL/da2"][:, 0] @ TRUTH["h1"] / 3, "mean in place of the sum"),
    ],
)
def test_mistakes_of_a_batch_are_named(name: str, value: Any, mistake: str) -> None:
    before = {one: TRUTH[one].tolist() for one in ("a1", "h1", "yhat", "dL/dyhat", "dL/da2", "dL/dh1", "dL/da1")}
    report = hg.mark(TWICE, before | {name: value.tolist()})
    assert report.first_error is not None
    assert report.first_error.quantity == name
    assert mistake in names(report)


SLIDE = net(
    {"op": "conv1d", "kernel": [[["0.5", "-1", "0.25"]]], "bias": ["0.3"], "stride": 2, "padding": 1},
    {"op": "flatten"}, dense([["0.2", "0.7", "-0.4"]]), x=[["0.9", "-0.4", "1.3", "0.8", "0.6"]], y=["0.5"],
)  # fmt: skip


def test_a_stride_or_a_padding_misread_is_named() -> None:
    x, kernel = [0.0, 0.9, -0.4, 1.3, 0.8, 0.6, 0.0], (0.5, -1, 0.25)
    slid = [sum(k * x[i + t] for t, k in enumerate(kernel)) + 0.3 for i in range(5)]
    assert "stride taken as 1" in names(hg.mark(SLIDE, {"h1": [slid[:3]]}))
    assert "padding at the end alone" in names(hg.mark(SLIDE, {"h1": [[slid[1], slid[3], 0.5 * 0.6 + 0.3]]}))
