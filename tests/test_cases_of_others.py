"""Every case of other authors: each printed number agrees, or is a stated slip or convention."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from adapter import FOLDER, Case, agrees, evaluated

NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))

IN_FLOAT64 = ("mazur-2015-10000-steps", "cs231n-batchnorm-forward", "cs231n-svm-loss")
"""Many numbers or many updates: exactly they would take minutes."""


def _values(case: Case) -> dict[str, Any]:
    """The names of the case's expressions with their values."""
    if case.tree.get("type") == "optimizer":
        return case.optimised()
    if "step_inputs" in case.tree:
        return case.with_an_input_for_each_step()
    return case.solved("float64" if case.tree["id"] in IN_FLOAT64 else "exact")


def test_there_are_57() -> None:
    assert len(NAMES) == 57


TRUNCATED = {("burn-sigmoid-grad", "dx")}
"""Printed digits cut off rather than rounded, without the case saying so: 0.2075499 as 0.207549."""


CARRIED_ON = {
    ("dlai-c2w1-dropout-backward", "dA1_masked"),
    ("keras-cce-logits", "mean"),
    ("keras-cce-renormalised-probs", "mean"),
    ("mazur-2015-step1", "dE_o2_dout_h1"),
    ("tinydnn-adagrad", "step2"),
}
"""The source went on with printed numbers ("rounding"): off by more than half a unit, by less than two."""

SUMMED = {("tinydnn-batchnorm-backward-caffe", "dx")}
"""Printed from sums in single precision, whose small results err by their largest terms."""


@pytest.mark.parametrize("name", NAMES)
def test_printed_numbers_agree_or_are_stated_slips(name: str) -> None:
    case = Case(name)
    names = _values(case)
    for quantity, published in case.tree["published"].items():
        value = evaluated(published["expr"], names)
        expect = published.get("expect")
        wrong = expect in ("slip", "truncated", "convention") or (name, quantity) in TRUNCATED | CARRIED_ON
        assert agrees(value, published, summed=(name, quantity) in SUMMED) != wrong, (quantity, np.asarray(value))
        if (name, quantity) in CARRIED_ON:
            assert agrees(value, published, units=2), (quantity, np.asarray(value), published)


def test_mazurs_loss_after_a_step_is_not_the_printed_one() -> None:
    names = Case("mazur-2015-step1").solved("exact")
    assert f"{float(names['new_loss']):.8f}" == "0.29102777"


def test_mazurs_numbers_after_10000_steps_are_those_of_updates_all_at_once() -> None:
    names = Case("mazur-2015-10000-steps").solved("float64")
    assert f"{float(names['new_loss']):.7e}" == "3.5101878e-05"
    assert [f"{y:.10f}" for y in names["new_y"][0]] == ["0.0159136204", "0.9840642735"]


def test_the_printed_batch_norm_is_that_of_another_epsilon() -> None:
    case = Case("mlpack-batchnorm-forward")
    case.tree["network"][0]["eps"] = 1e-3
    case.problem = hg.Problem.from_dict(case.tables())
    published = case.tree["published"]["y"]
    assert agrees(evaluated(published["expr"], case.solved("exact")), published)


def test_the_printed_clipped_loss_is_that_of_single_precision() -> None:
    case = Case("keras-bce-clipped")
    published = case.tree["published"]["loss"]
    assert agrees(case.solved("float32")["loss"], published, units=1)  # cut off: 3.985596
    assert f"{float(case.solved('exact')['loss']):.5f}" == "4.02952"
