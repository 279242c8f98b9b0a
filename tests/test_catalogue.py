"""The table of ops: each says its formula and what it is called elsewhere."""

from __future__ import annotations

import pytest

from handgrad.ops import LOSSES, OPS, PENALTIES, UPDATES
from handgrad.ops.op import Op
from handgrad.working.catalogue import formula

ALL = {**OPS, **LOSSES, **PENALTIES, **UPDATES}

NAMELESS = {
    "l1": "a term that frameworks leave to the writer of the loss",
    "cross_entropy": "theirs take logits or logarithms; this one takes probabilities",
    "hinge": "theirs take labels in another form",
    "inner_product": "a plain sum, written out there",
    "squared_error": "theirs lack the factor ½ or divide by the number of outputs",
    "lion": "no part of them; other packages have it",
    "l2": "weight decay there belongs to the update",
}
"""Ops with no counterpart in ONNX or PyTorch, and why."""


@pytest.mark.parametrize("op", ALL.values(), ids=list(ALL))
def test_each_op_states_a_formula(op: type[Op]) -> None:
    assert len(formula(op)) > 8


def test_only_those_listed_have_no_counterpart() -> None:
    assert {name for name, op in ALL.items() if not op.onnx and not op.torch} == set(NAMELESS)
