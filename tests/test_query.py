"""Questions and what is wrong with some."""

from __future__ import annotations

import pytest

import handgrad as hg
from conftest import example
from handgrad.plan import plan
from handgrad.query import parse

PLAN = plan(example("batch"))


def test_an_index_counts_from_one_and_the_example_comes_first() -> None:
    assert parse("yhat[3,1]", PLAN).index == (2, 0)
    assert parse("W1[2,1]", PLAN).index == (1, 0)
    assert parse("losses[2]", PLAN).index == (1,)


def test_spaces_and_printed_signs_are_understood() -> None:
    assert parse(" ∂L / ∂W1 [ 1 , 2 ] ", PLAN).name == "dL/dW1"
    assert parse("ŷ", PLAN).name == "yhat"
    assert parse("h2", PLAN).name == "yhat"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "a question has 1 to 200 characters, this one has 0"),
        ("x" * 201, "a question has 1 to 200 characters, this one has 201"),
        ("dL/dw1", 'unknown quantity "dL/dw1"; did you mean dL/dW1?'),
        (
            "zzzzzz",
            (
                'unknown quantity "zzzzzz"; known are x, y, W1, b1, W2, a1, h1, a2, yhat, losses, L, dL/dyhat, dL/da2, '
                "dL/dW2, dL/dh1, dL/da1, dL/dW1, dL/db1, dL/dx, h2, dL/dh2"
            ),
        ),
        ("W1[1,2", 'cannot read the index of "W1[1,2"; it is written as in W1[2,3], places counted from 1'),
        ("W1[1,-2]", 'cannot read the index of "W1[1,-2]"; it is written as in W1[2,3], places counted from 1'),
        ("W1[]", 'cannot read the index of "W1[]"; it is written as in W1[2,3], places counted from 1'),
        ("W1[0,1]", '"W1[0,1]": place 1 of W1 runs from 1 to 2, found 0'),
        ("L[2]", '"L[2]": L has 0 places (it is a single number), the index has 1'),
        ("sum(W1", 'cannot read the question "sum(W1"; a function is one of sum, mean, max, argmax with ( )'),
        ("eval(W1)", 'cannot read the question "eval(W1)"; a function is one of sum, mean, max, argmax with ( )'),
    ],
)
def test_what_cannot_be_asked(question: str, message: str) -> None:
    with pytest.raises(hg.InputError) as caught:
        parse(question, PLAN)
    assert str(caught.value) == message


def test_an_example_out_of_the_batch_is_refused() -> None:
    with pytest.raises(hg.InputError) as caught:
        hg.solve(example("batch")).ask("yhat[4,1]")
    assert str(caught.value) == '"yhat[4,1]": place 1 of yhat runs from 1 to 3, found 4'
