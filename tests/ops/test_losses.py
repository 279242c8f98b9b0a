"""Losses and penalties: conventions at kinks, messages, divisors, and their workings in every output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import fmpq

import handgrad as hg
from handgrad.arithmetic import float_functions
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.network import settings
from handgrad.notation.nodes import Number, Symbol
from handgrad.ops import LOSSES, PENALTIES
from handgrad.ops.losses import Loss, Reduction
from handgrad.ops.op import Constant, Constants, Op
from handgrad.ops.targets import one_hot

EXACT = arithmetic("exact")


def loss_of(name: str, **given: Any) -> Loss:
    mistakes: list[Any] = []
    loss = settings(LOSSES[name], given, (), (), name, mistakes)
    assert isinstance(loss, Loss), [mistake.text for mistake in mistakes]
    return loss


def row(*entries: Any) -> ExactArray:
    return ExactArray([fmpq(entry) for entry in entries], (1, len(entries)))


def gradient(loss: Loss, yhat: ExactArray, y: ExactArray) -> Any:
    constants = {name: EXACT.array(getattr(loss, name).written) for name in loss.constants}
    known = {"dL": ExactArray([fmpq(1)], (1,)), "yhat": yhat, "y": y, **constants}
    with EXACT.working(0):
        return loss.apply("dyhat", EXACT.xp, {key: known[key] for key in loss.letters("dyhat")}).tolist()[0]


def test_conventions_at_kinks() -> None:
    assert gradient(loss_of("absolute_error"), row(0, 2, -1), row(0, 1, 1)) == [0, 1, -1]
    assert gradient(loss_of("huber", delta=2), row(2, -2, 3), row(0, 0, 0)) == [2, -2, 2]
    assert gradient(loss_of("smooth_l1", beta=2), row(2, -2, 1), row(0, 0, 0)) == [1, -1, fmpq(1, 2)]
    assert gradient(loss_of("hinge"), row(1, -1, 0), row(1, -1, 1)) == [0, 0, -1]
    assert gradient(loss_of("multi_class_hinge"), row(1, 2, 2), row(0, 1, 0)) == [0, -1, 1]
    l1 = PENALTIES["l1"](rate=Constant(3))  # type: ignore[call-arg]  # its own setting
    assert l1.dW(EXACT.xp, row(1), row(0, 2, -2), row(3)).tolist() == [[0, 3, -3]]  # type: ignore[attr-defined]


def test_what_is_certain_to_have_no_loss_may_have_no_probability() -> None:
    for name in ("cross_entropy", "binary_cross_entropy", "kl_divergence"):
        loss = loss_of(name)
        known = {"yhat": np.array([[0.0, 1.0]]), "y": np.array([[0.0, 1.0]])}
        known |= {key: arithmetic("float64").array(getattr(loss, key).written) for key in loss.constants}
        assert loss.apply("forward", float_functions, known) == 0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_large_logits_do_not_overflow(dtype: Any) -> None:
    for name in ("softmax_cross_entropy", "binary_cross_entropy_with_logits"):
        loss = loss_of(name)
        floating = arithmetic(np.dtype(dtype).name)
        known = {"yhat": np.array([[1e30, -1e30]], dtype), "y": np.array([[1, 0]], dtype), "dL": np.ones(1, dtype)}
        known |= {key: floating.array(getattr(loss, key).written) for key in loss.constants}
        with np.errstate(under="ignore"):
            for rule in ("forward", "dyhat"):
                found = loss.apply(rule, float_functions, {key: known[key] for key in loss.letters(rule)})
                assert (found == 0).all()
                assert found.dtype == dtype


def test_a_mean_divides_by_what_counts() -> None:
    y = [fmpq(n) for n in (1, 0, 0, 0, 1, 0)]  # one example, 2 classes, 3 places, the last ignored
    assert loss_of("squared_error").divisor(y, 1, (2, 3)) == 1
    assert loss_of("negative_log_likelihood").divisor(y, 1, (2, 3)) == 3
    assert loss_of("negative_log_likelihood", ignore_index=0).divisor(y, 1, (2, 3)) == 2
    assert loss_of("softmax_cross_entropy", class_weights=[1, "5/2"]).divisor(y, 1, (2, 3)) == fmpq(7, 2)
    reduction = Reduction(divisor=Constant("7/2"))
    assert reduction.forward(EXACT.xp, ExactArray([fmpq(3), fmpq(4)], (2,))).tolist() == 2
    assert Reduction(how="none").forward(EXACT.xp, ExactArray([fmpq(3), fmpq(4)], (2,))).tolist() == 7


def said(loss: Loss, yhat: tuple[int, ...]) -> list[str]:
    found: list[str] = []
    loss.shape(lambda _key, text: found.append(text), yhat=yhat, y=yhat)
    return found


def test_settings_that_are_refused() -> None:
    assert said(loss_of("cross_entropy", class_weights=[1, 2, 3]), (2,)) == [
        "expected a weight for each of the 2 classes, found 3"
    ]
    assert said(loss_of("cross_entropy", class_weights=[-1, 2]), (2,)) == ["the weight of a class is not negative"]
    assert said(loss_of("cross_entropy", label_smoothing=1), (2,)) == [
        "expected a rational number from 0 to below 1 for label_smoothing"
    ]
    for name, key in (("huber", "delta"), ("smooth_l1", "beta"), ("binary_cross_entropy_with_logits", "pos_weight")):
        assert said(loss_of(name, **{key: 0}), (2,)) == [f"expected a positive number for {key}"]
    with pytest.raises(ValueError, match="expected a list of rational numbers"):
        Constants(1)
    assert repr(Constants([1, 2])) == "Constants([1, 2])"


@pytest.mark.parametrize(
    ("labels", "shape", "ignore", "message"),
    [
        (4, (3,), None, "expected a class from 1 to 3, found 4"),
        (True, (3,), None, "expected a class from 1 to 3, found true"),
        ("a", (3,), -1, 'expected a class from 1 to 3 or -1 (ignored), found "a"'),
        ([1], (3,), None, "expected one label, found a list of 1"),
        ([1, [2]], (3, 2), None, "expected labels of shape [2], one for each place, found a list of 2"),
        (1, (3, 2), None, "expected labels of shape [2], one for each place, found 1"),
        (1, (), None, "a label needs a network that ends in classes: their axis comes first"),
    ],
)
def test_labels_that_are_refused(labels: Any, shape: tuple[int, ...], ignore: int | None, message: str) -> None:
    found: list[str] = []
    assert one_hot(labels, shape, ignore=ignore, report=lambda _key, text: found.append(text)) is None
    assert found == [message]


def test_labels_become_columns() -> None:
    assert one_hot([2, 9, 1], (2, 3), ignore=9, report=lambda *_: None) == [0, 0, 1, 1, 0, 0]


WORKINGS = [(name, sample.settings) for name, kind in LOSSES.items() for sample in kind.samples]


@pytest.mark.parametrize(("name", "given"), WORKINGS)
def test_workings_are_written(name: str, given: dict[str, Any]) -> None:
    classes = len(given.get("class_weights", [1, 1, 1]))
    y: list[Any] = [0, 1, 0][:classes]
    if name == "hinge":
        y = [1, -1, 1]
    x = ["1/2", "1/4", "1/4"]
    tree = {
        "network": {"input": 3, "layers": [{"op": "identity"}]},
        "loss": {"op": name, **given},
        "data": {"x": [x, ["1/5", "1/5", "3/5"]], "y": [y, y], "batch": True},
    }
    for batch in (True, False):
        if not batch:
            tree["data"] = {"x": x, "y": y}
        working = hg.solve(hg.Problem.from_dict(tree)).working()
        assert working.to_terminal()
        assert working.to_latex()
        assert working.to_json()


class Given:
    shape = (2,)

    def entry(self, *index: int) -> Any:
        return Symbol("W")


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_have_formulas(name: str) -> None:
    penalty: Op = PENALTIES[name](rate=Constant(3))  # type: ignore[call-arg]  # its own setting
    W: Any = Given()
    assert penalty.shape(lambda *_: None, W=(2,)) == ()
    letters: dict[str, Any] = dict.fromkeys(penalty.letters("dW"), W)
    for rule in ("forward", "dW"):
        at = {letter: letters[letter] for letter in penalty.letters(rule)}
        assert penalty.entry(rule, (0,), at)
        assert penalty.form(rule, {letter: operand.entry() for letter, operand in at.items()})


@pytest.mark.parametrize(("loss", "output"), [("cross_entropy", "softmax"), ("binary_cross_entropy", "logistic")])
@pytest.mark.parametrize("smoothing", [0, "1/10"])
def test_the_joint_rule_is_derived_and_written(loss: str, output: str, smoothing: Any) -> None:
    given = {"label_smoothing": smoothing, "class_weights": [1, 2, 3]} if smoothing and output == "softmax" else {}
    tree = {
        "network": {"input": 3, "layers": [{"op": output}]},
        "loss": {"op": loss, **given},
        "data": {"x": [1, 2, 3], "y": [0, 1, 0]},
    }
    text = hg.solve(hg.Problem.from_dict(tree)).working().to_terminal()
    assert f"{output.capitalize()} and {loss} together" in text


def test_a_log_softmax_has_its_derivation() -> None:
    a, yhat, y = Symbol("a"), Symbol("y", hat=True), Symbol("y")
    for given, length in (({}, 4), ({"class_weights": [1, 2]}, 3)):
        loss: Any = loss_of("negative_log_likelihood", **given)
        assert len(loss.da_derivation(a, yhat, y)[1]) == length
        assert loss.da_form(one(), yhat, y)


def one() -> Any:
    return Number("1", 1)


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("cross_entropy", [2, -1], "a target of cross_entropy has no negative entries"),
        ("cross_entropy", [0, 0], "a target of cross_entropy sums to 1, this one to 0"),
    ],
)
def test_targets_that_are_refused(name: str, target: list[int], message: str) -> None:
    found: list[str] = []
    loss_of(name).check_target(lambda _key, text: found.append(text), [fmpq(n) for n in target])
    assert found == [message]
    assert not said(loss_of(name, ignore_index=-1), (2,))
