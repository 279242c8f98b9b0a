"""What is written down is what is computed: each entry form, evaluated, is the entry of its rule."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from evaluate import Elided, Exactly, Setting, Unknown, holds, places, same, value_of
from flint import fmpq

from handgrad.notation.nodes import (
    Absolute,
    Cases,
    Dots,
    Expr,
    Fraction,
    Function,
    Highlight,
    Number,
    Relation,
    Sqrt,
    Symbol,
    Text,
    add,
    exp,
    hadamard,
    ln,
)
from handgrad.ops import LOSSES, OPS, textbook
from handgrad.ops.op import Op, Sample
from test_laws import EXACT, an_op, drawn, values_of

CASES = [
    pytest.param(kind, sample, id=f"{kind.name}-{i}")
    for kind in (*OPS.values(), *LOSSES.values())
    for i, sample in enumerate(kind.samples)
]


@pytest.fixture(autouse=True)
def nothing_is_elided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textbook, "LONGEST_SUM", 10**9)


def inputs_of(op: Op, sample: Sample) -> tuple[str, ...]:
    """The letters with a batch axis: the inputs."""
    others = (*op.parameters, "dL")
    return op.input_letters(sum(letter not in others for letter in sample.shapes))


def rules_of(op: Op, sample: Sample) -> list[str]:
    gradients = [f"d{letter}" for letter in sample.shapes if op.has_rule(f"d{letter}")]
    return ["forward", *gradients, *sorted(set(getattr(op, "joint", {}).values()))]


def letters_of(op: Op, sample: Sample, seed: int) -> dict[str, Any]:
    """Everything that a rule of the op could ask for."""
    random, inputs = Random(seed), inputs_of(op, sample)
    values: dict[str, Any] = values_of(sample, random)
    if getattr(op, "one_class", False):
        largest = EXACT.xp.max(values["y"], axis=1, keepdims=True)
        values["y"] = EXACT.xp.where(values["y"] == largest, fmpq(1), fmpq(0))
    elif getattr(op, "labels", False):
        # the target is a distribution
        values["y"] = values["y"] / EXACT.xp.sum(values["y"], axis=1, keepdims=True)
    constants = {name: EXACT.array(getattr(op, name).written) for name in op.given_constants}
    shapes = {
        f"{letter}_shape": tuple(value.shape)[int(letter in inputs) :]
        for letter, value in values.items()
    }  # fmt: skip
    known = values | constants | shapes
    y = op.apply("forward", EXACT.xp, {letter: known[letter] for letter in op.needs("forward", known)})
    upstream = drawn(y.shape, -4, 4, random)
    return {"y": y, "dy": upstream, "dL": upstream} | known


def operand(op: Op, sample: Sample, letter: str, value: Any, example: int) -> Any:
    if letter in op.given_constants:
        return Setting(value.flat[0])
    if letter == "dL":
        return Setting(value.flat[example])
    if isinstance(value, tuple):
        return value
    batched = letter in (*inputs_of(op, sample), "y", "dy")
    return Exactly(value, example if batched else None)


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_each_entry_form_is_the_entry_of_its_rule(kind: type[Op], sample: Sample) -> None:
    op = an_op(kind, sample)
    with EXACT.working(0):
        known = letters_of(op, sample, 5)
        for rule in rules_of(op, sample):
            assert op.has_entry(rule) or not op.by_entry, rule
            if op.has_entry(rule):
                _compare(op, sample, rule, known)


def _compare(op: Op, sample: Sample, rule: str, known: dict[str, Any]) -> None:
    needed = {letter: known[letter] for letter in op.needs(rule, known)}
    result = op.apply(rule, EXACT.xp, needed)
    whole = rule[1:] in op.parameters
    for n in range(1 if whole else result.shape[0]):
        letters = {letter: operand(op, sample, letter, value, n) for letter, value in needed.items()}
        there = Exactly(result, None if whole else n)
        for index in places(there.shape):
            written, computed = value_of(op.entry(rule, index, letters)), there.number(*index).value
            assert same(written, computed), f"{rule}{list(index)} of example {n}: {written}, computed {computed}"
            joint = rule in getattr(op, "joint", {}).values()
            assert not op.rational or joint or isinstance(written, fmpq)


HALF = Fraction(Number("1", 1), Number("2"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (Number("-0.25"), fmpq(-1, 4)),
        (Number("2e3"), fmpq(2000)),
        (add(Number("1"), -HALF), fmpq(1, 2)),
        (hadamard(HALF, HALF), fmpq(1, 4)),
        (HALF**2 * 4, fmpq(1)),
        (Sqrt(Number("9", 9)), fmpq(3)),
        (Absolute(-HALF), fmpq(1, 2)),
        (Highlight(HALF), fmpq(1, 2)),
        (exp(Number("0", 0)) + ln(Number("1", 1)), fmpq(1)),
        (Function("max", (HALF, -HALF)), fmpq(1, 2)),
        (Function("min", (HALF, -HALF)), fmpq(-1, 2)),
        (Function(Symbol("σ"), (Number("0"),)), fmpq(1, 2)),
        (Cases(((HALF, Relation(HALF, ">", Number("1"))), (-HALF, Text("otherwise")))), fmpq(-1, 2)),
        (Cases(((HALF, Relation(HALF, "≤", HALF)), (-HALF, Text("otherwise")))), fmpq(1, 2)),
    ],
)
def test_the_evaluator_knows_the_notation(expression: Expr, value: fmpq) -> None:
    assert value_of(expression) == value


def test_irrational_numbers_are_balls() -> None:
    with EXACT.working(0):
        assert same(value_of(Symbol("e")), value_of(exp(Number("1", 1))))
        assert not same(value_of(Symbol("e")), fmpq(2))
        assert abs(float(value_of(Symbol("π"))) - 3.141592653589793) < 1e-15


def test_what_is_left_out_or_no_number_has_no_value() -> None:
    with pytest.raises(Elided):
        value_of(add(HALF, Dots()))
    for no_number in (Symbol("x"), Function("argmax", (HALF,)), Cases(((HALF, Relation(HALF, ">", HALF)),))):
        with pytest.raises(Unknown):
            value_of(no_number)
    with pytest.raises(Unknown):
        holds(HALF)
