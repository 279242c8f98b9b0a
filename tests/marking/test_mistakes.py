"""The library of mistakes: each is another value than its rule's, under a name and with a hint of its own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from conftest import ROOT
from handgrad.arithmetic import float_functions as xp
from handgrad.marking import mark
from handgrad.marking.course import SLOPE
from handgrad.marking.mistakes import _SINGLE, EARLY
from handgrad.notation.mistake_words import HINTS, MISTAKES
from handgrad.ops import LOSSES, OPS, PENALTIES, UPDATES
from handgrad.ops.op import Misrule, Op, Sample
from handgrad.ops.rectifiers import Relu
from test_laws import an_op

KINDS = (*OPS.values(), *LOSSES.values(), *PENALTIES.values(), *UPDATES.values())


def of(kind: type[Op]) -> Iterator[Misrule]:
    """All mistakes that are known of an op."""
    rules = {"forward", SLOPE, "dyhat", "da", *(f"d{letter}" for letter in (*kind.inputs, *kind.parameters))}
    for rule in sorted(rules):
        yield from kind.mistakes(rule)


ALL = {(misrule.method, misrule.name, misrule.hint) for kind in KINDS for misrule in of(kind)}


def arrays(op: Op, sample: Sample, seed: int) -> dict[str, Any]:
    """Every letter that a rule of the op, or a mistake with it, could read."""
    random = np.random.default_rng(seed)
    letters: dict[str, Any] = {}
    for letter, shape in sample.shapes.items():
        low, high = sample.ranges.get(letter, (-2, 2))
        letters[letter] = random.uniform(low + 0.1, high, shape)
    if isinstance(op, Relu):
        letters["x"][0] = 0  # at a kink
    constants = {name: getattr(op, name).written.floats() for name in op.given_constants}
    takes = {letter: value for letter, value in (letters | constants).items() if letter in op.letters("forward")}
    output = op.apply("forward", xp, takes)
    letters |= constants
    letters.setdefault("y", output)
    letters.setdefault("h", np.tanh(output))
    letters.setdefault("x", letters.get("yhat"))
    letters |= {"dy": random.uniform(-1, 1, np.shape(output)), "dL": np.ones(np.shape(output)), "t": 1}
    letters |= {f"{letter}_shape": np.shape(value)[1:] for letter, value in letters.items()}
    letters |= {f"{letter}_shape": sample.shapes[letter] for letter in op.parameters if letter in sample.shapes}
    return letters | {"W_next": letters["W"] + 1} if "W" in letters else letters


def right(op: Op, rule: str, letters: dict[str, Any]) -> Any:
    if rule == SLOPE:
        wanted = op.letters("dx")[1:]
        return op.slope(xp, **{letter: letters[letter] for letter in wanted if letter in letters})  # type: ignore[attr-defined]  # elementwise
    return op.apply(rule, xp, {letter: letters[letter] for letter in op.letters(rule) if letter in letters})


def tried(kind: type[Op], misrule: Misrule) -> Iterator[bool]:
    """Of every sample that a mistake can be made with: whether it gives another value than the rule."""
    for i, sample in enumerate(kind.samples):
        op = an_op(kind, sample)
        letters = arrays(op, sample, i)
        if not all(letter in letters for letter in misrule.needed):
            continue
        taken = {letter: letters[letter] for letter in (*misrule.needed, *misrule.optional) if letter in letters}
        taken |= {name: letters[name] for name in op.given_constants if misrule.constants}
        try:
            wrong = getattr(op, misrule.method)(xp, **taken)
        except ValueError:
            continue
        value = right(op, misrule.rule, letters)
        if np.shape(wrong) == np.shape(value):
            yield bool(np.abs(np.asarray(wrong) - np.asarray(value)).max() > 1e-6)


@pytest.mark.parametrize(("method", "name", "hint"), sorted(ALL))
def test_a_mistake_gives_another_value_than_the_rule(method: str, name: str, hint: str) -> None:
    found = [
        differs
        for kind in KINDS
        for misrule in of(kind)
        if (misrule.method, misrule.name, misrule.hint) == (method, name, hint)
        for differs in tried(kind, misrule)
    ]
    assert any(found), f"{name} is made with no sample"


def test_there_are_more_than_fifty_mistakes() -> None:
    assert len({name for _, name, _ in ALL}) + len(_SINGLE) + len([EARLY]) > 50


def test_every_hint_is_one_short_line() -> None:
    for _, name, hint in ALL:
        assert "\n" not in hint
        assert len(hint) < 100
        assert not hint.endswith(".")
        assert name[0].islower() or not name[0].isalpha() or name[0] in "ŷσ"


def test_where_two_mistakes_explain_it_equally_both_are_named() -> None:
    """Of a negative a and a positive gradient: the mask forgotten, or taken from the gradient, comes to the same."""
    problem = hg.Problem.from_dict(
        {
            "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, -2], [3, 4]], "activation": "relu"}]},
            "loss": {"op": "squared_error"},
            "data": {"x": [1, 1], "y": [-2, 1]},
        }
    )
    report = mark(problem, {"dL/da1": [2, 6]})
    assert [mistake.name for mistake in report.mistakes] == ["σ′ forgotten", "mask from the gradient"]
    assert [entry.mistakes for entry in report.entries] == [("σ′ forgotten", "mask from the gradient"), ()]


def test_a_mistake_that_nothing_explains_is_said_to_be_none() -> None:
    problem = hg.load("examples/ann.toml")
    report = mark(problem, {"h1": ["0.73", "0.51372", "0.73"]})
    assert report.first_error is not None
    assert report.first_error.mistakes == ()
    assert report.mistakes == ()


def test_every_mistake_and_hint_has_its_words_in_each_language() -> None:
    files = (ROOT / "src/handgrad/marking" / name for name in ("mistakes.py", "candidates.py"))
    source = "".join(file.read_text() for file in files)
    general = re.findall(r'^ +(?:yield |\()"([^"]+)", "([^"]+)"', source, re.MULTILINE)
    assert len(general) > 10
    for name, hint in [*((name, hint) for _, name, hint in ALL), *general]:
        assert {"de", "hi"} <= MISTAKES[name].keys(), name
        assert {"de", "hi"} <= HINTS[hint].keys(), hint


def test_a_report_speaks_the_language_of_the_problem() -> None:
    tree = tomllib.loads((ROOT / "examples/ann.toml").read_text()) | {"notation": {"language": "de"}}
    report = mark(hg.Problem.from_dict(tree), {"h1": ["0.73", "0.88", "0.12"], "a2": ["1.73", "1.73", "0.12"]})
    text = report.to_markdown()
    assert "0.12 ist falsch, es ist 0.7311." in text
    assert "folgt aus deinen eigenen Werten" in text
