"""A rule run on stacks gives, for each array of the stack, what it gives for that array alone."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from handgrad.arithmetic import float_functions
from handgrad.arithmetic.stacked import Stack, stacked_functions
from handgrad.ops import LOSSES, OPS, PENALTIES, UPDATES
from handgrad.ops.elementwise import Elementwise
from handgrad.ops.op import Misrule, Op, Sample
from test_laws import an_op, values_of

CASES = [
    pytest.param(kind, sample, id=f"{kind.name}-{i}")
    for kind in (*OPS.values(), *LOSSES.values(), *PENALTIES.values(), *UPDATES.values())
    for i, sample in enumerate(kind.samples)
]


def applied(op: Op, rule: str, xp: Any, known: dict[str, Any]) -> Any:
    return op.apply(rule, xp, {letter: known[letter] for letter in op.needs(rule, known)})


def known_of(op: Op, sample: Sample, seed: int) -> dict[str, Any]:
    """Everything that a rule of the op may read."""
    random, exact = np.random.default_rng(seed), values_of(sample, Random(seed))
    values = {letter: np.array([float(x) for x in value.flat]).reshape(value.shape) for letter, value in exact.items()}
    inputs = op.input_letters(len(values))
    shapes = {f"{letter}_shape": value.shape[int(letter in inputs) :] for letter, value in values.items()}
    values |= {name: getattr(op, name).written.floats() for name in op.given_constants}
    y = np.asarray(applied(op, "forward", float_functions, values))
    upstream = random.normal(size=y.shape)
    return {"y": y, "dy": upstream, "dL": upstream, "t": 2, **values, **shapes}


def rules_of(op: Op, known: dict[str, Any]) -> list[str]:
    joint = getattr(op, "joint", {}).values()
    slope = ["slope"] if isinstance(op, Elementwise) else []
    named = ["forward", *slope, *joint, *(f"d{letter}" for letter in known)]
    return [rule for rule in dict.fromkeys(named) if rule == "forward" or op.has_rule(rule)]


def stacked_of(each: list[dict[str, Any]]) -> dict[str, Any]:
    """Arrays that differ as stacks; shapes and settings as they are."""
    return {
        letter: Stack(np.stack([known[letter] for known in each]))
        if isinstance(value, np.ndarray) and any((known[letter] != value).any() for known in each)
        else value
        for letter, value in each[0].items()
    }


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_each_array_of_a_stack_is_treated_as_if_alone(kind: type[Op], sample: Sample) -> None:
    op = an_op(kind, sample)
    each = [known_of(op, sample, seed) for seed in (1, 2, 3)]
    together = stacked_of(each)
    assert any(isinstance(value, Stack) for value in together.values())
    with np.errstate(all="ignore"):
        for rule in rules_of(op, each[0]):
            found = applied(op, rule, stacked_functions, together)
            alone = [applied(op, rule, float_functions, known) for known in each]
            np.testing.assert_array_equal(found.arrays, np.stack(alone), rule)


def mistaken(op: Op, misrule: Misrule, xp: Any, known: dict[str, Any]) -> Any:
    settings = op.given_constants if misrule.constants else ()
    letters = [letter for letter in (*misrule.needed, *misrule.optional, *settings) if letter in known]
    return getattr(op, misrule.method)(xp, **{letter: known[letter] for letter in letters})


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_so_is_a_rule_gone_wrong(kind: type[Op], sample: Sample) -> None:
    op = an_op(kind, sample)
    each = [known_of(op, sample, seed) for seed in (1, 2, 3)]
    together = stacked_of(each)
    with np.errstate(all="ignore"):
        for misrule in (one for rule in rules_of(op, each[0]) for one in kind.mistakes(rule)):
            if not set(misrule.needed) <= each[0].keys():
                continue
            try:
                alone = [mistaken(op, misrule, float_functions, known) for known in each]
            except ValueError:
                with pytest.raises(ValueError, match=r"."):
                    mistaken(op, misrule, stacked_functions, together)
                continue
            found = mistaken(op, misrule, stacked_functions, together)
            np.testing.assert_array_equal(found.arrays, np.stack(alone), misrule.name)
