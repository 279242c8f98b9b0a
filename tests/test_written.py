"""Numbers as written, and arrays of them."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handgrad.arithmetic.written import Irrational, Literal, WrittenArray, array, from_floats, number
from handgrad.errors import Mistake


class Count(IntEnum):
    THREE = 3


laws = settings(derandomize=True, deadline=None)


def rational(value: object) -> Fraction:
    found = number(value)
    assert isinstance(found, fmpq)
    return Fraction(int(found.p), int(found.q))


def refusal(value: object) -> str:
    with pytest.raises(ValueError, match=r"^(cannot read|expected)") as caught:
        number(value)
    return str(caught.value)


def built(value: object) -> WrittenArray:
    mistakes: list[Mistake] = []
    found = array(value, (), mistakes)
    assert found is not None
    assert not mistakes
    return found


def wrong(value: object) -> list[str]:
    mistakes: list[Mistake] = []
    assert array(value, ("W",), mistakes) is None
    return [f"{mistake.key()}: {mistake.text}" for mistake in mistakes]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (3, Fraction(3)),
        (0.1, Fraction(1, 10)),
        (1e-7, Fraction(1, 10**7)),
        (Literal("0.1"), Fraction(1, 10)),
        (Literal("1_000.5e-3"), Fraction(2001, 2000)),
        (Decimal("1E-7"), Fraction(1, 10**7)),
        (Fraction(3, 7), Fraction(3, 7)),
        (fmpq(3, 7), Fraction(3, 7)),
        (np.float64(0.1), Fraction(1, 10)),
        (Count.THREE, Fraction(3)),
        (np.int64(4), Fraction(4)),
        (np.longdouble(0.5), Fraction(1, 2)),
        (np.array(2), Fraction(2)),
        ("4/7", Fraction(4, 7)),
        ("1e-3", Fraction(1, 1000)),
        (" - 1.5 ", Fraction(-3, 2)),
        ("−3", Fraction(-3)),
        (".5", Fraction(1, 2)),
        ("1 - 2 - 3", Fraction(-4)),
        ("8/4/2", Fraction(1)),
        ("1 + 2*3", Fraction(7)),
        ("(1 + 2)*3", Fraction(9)),
        ("-2^2", Fraction(-4)),
        ("2^-1", Fraction(1, 2)),
        ("2^3^2", Fraction(512)),
        ("2**3", Fraction(8)),
        ("sqrt(9/4)", Fraction(3, 2)),
        ("8^(1/3)", Fraction(2)),
        ("4^(-3/2)", Fraction(1, 8)),
        ("ln(1)", Fraction(0)),
        ("ln(e)", Fraction(1)),
        ("exp(0)", Fraction(1)),
        ("pi^0", Fraction(1)),
        ("0^pi", Fraction(0)),
    ],
)
def test_written_rationals_are_exact(written: object, value: Fraction) -> None:
    assert rational(written) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2)", math.sqrt(2)),
        ("ln(2)", math.log(2)),
        ("exp(1)", math.e),
        ("e", math.e),
        ("pi", math.pi),
        ("π/4", math.pi / 4),
        ("2^pi", 2**math.pi),
        ("2^(1/3)", 2 ** (1 / 3)),
        ("2^(1/1001)", 2 ** (1 / 1001)),
        ("pi^(1/2)", math.sqrt(math.pi)),
        ("sqrt(pi)", math.sqrt(math.pi)),
        ("(pi - pi) + 0", 0.0),
        ("-sqrt(2)^3 / 2", -math.sqrt(2)),
    ],
)
def test_other_numbers_are_held_by_a_ball_and_give_the_nearest_double(text: str, value: float) -> None:
    found = number(text)
    assert isinstance(found, Irrational)
    assert found.text == text
    assert repr(found) == f"Irrational({text!r})"
    assert float(found) == pytest.approx(value, rel=1e-15)
    with ctx.workprec(500):
        assert found.ball().rad() < arb(2) ** -450


def test_a_ball_that_is_not_finite_at_low_precision_is_computed_at_a_higher_one() -> None:
    found = number("1/(1 + 1e-40*pi - 1)")
    assert isinstance(found, Irrational)
    assert float(found) == pytest.approx(1e40 / math.pi, rel=1e-15)
    assert found.ball().is_finite()


@given(st.integers(-(10**30), 10**30), st.integers(-60, 30))
@laws
def test_decimals_are_the_fractions_they_are(digits: int, exponent: int) -> None:
    value = digits * Fraction(10) ** exponent
    assert rational(f"{digits}e{exponent}") == value
    assert rational(Literal(f"{digits}.0e{exponent}")) == value
    assert rational(Decimal(f"{digits}e{exponent}")) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(5e-324)
@example(-0.0)
@laws
def test_a_float_is_its_shortest_decimal(value: float) -> None:
    assert rational(value) == Fraction(repr(value))
    assert built([value]).floats()[0] == value


expressions = st.recursive(
    st.fractions(max_denominator=50).map(lambda value: (f"({value})", value)),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: joined(*parts)),
    max_leaves=6,
)


def joined(left: tuple[str, Fraction], symbol: str, right: tuple[str, Fraction]) -> tuple[str, Fraction]:
    (a, x), (b, y) = left, right
    if symbol == "/" and y == 0:
        return left
    value = {"+": x + y, "-": x - y, "*": x * y, "/": x / (y or 1)}[symbol]
    return f"({a} {symbol} {b})", value


@given(expressions.filter(lambda pair: len(pair[0]) <= 200))
@laws
def test_expressions_are_what_fractions_say(pair: tuple[str, Fraction]) -> None:
    assert rational(pair[0]) == pair[1]


@given(st.text(st.sampled_from("0123456789.e+-*/^() sqrtlnxpi²_"), max_size=40))
@laws
def test_any_text_is_a_number_or_a_clear_refusal(text: str) -> None:
    try:
        found = number(text)
    except ValueError:
        assert refusal(text)
    else:
        assert isinstance(found, (fmpq, Irrational))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (True, "expected a number, found true"),
        (np.bool_(0), "expected a number, found false"),
        (None, "expected a number, found nothing"),
        ([1], "expected a number, found a list"),
        ({}, "expected a number, found a table"),
        (1j, "expected a number, found a complex"),
        (math.nan, "expected a finite number, found NaN"),
        (-math.inf, "expected a finite number, found -infinity"),
        (Literal("+inf"), "expected a finite number, found infinity"),
        (Decimal("sNaN"), "expected a finite number, found NaN"),
        ("nan", "expected a finite number, found NaN"),
        (Literal("abc"), 'expected a number, found "abc"'),
        pytest.param(10**5000, "expected at most 1000 digits, found an integer of about 5000 digits", id="long"),
        (Literal("0." + "1" * 1000), "expected at most 1000 digits, found 1001"),
        (Literal("1e500"), "expected an exponent of 10 from -400 to 400, found 500"),
        (Decimal("1e999999"), "expected an exponent of 10 from -400 to 400, found +999999"),
        ("", 'cannot read "" as a number: it is empty'),
        ("1" * 201, f'cannot read "{"1" * 37}..." as a number: it is longer than 200 characters'),
        ("(" * 30 + "1", f'cannot read "{"(" * 30}1" as a number: it is nested deeper than 20'),
        ("2 3", 'cannot read "2 3" as a number: expected an operator (+ - * / ^), found "3"'),
        ("2+", 'cannot read "2+" as a number: expected a number, found the end'),
        ("(1]", 'cannot read "(1]" as a number: expected ")", found "]"'),
        ("sqrt 2", 'cannot read "sqrt 2" as a number: expected "(" after sqrt, found "2"'),
        (".", 'cannot read "." as a number: expected digits beside the "."'),
        ("foo", 'cannot read "foo" as a number: unknown word "foo"; known are sqrt, ln, exp, pi and e'),
        ("__import__('os')", 'cannot read "__import__(\'os\')" as a number: expected a number, found "_"'),
        ("1e999", 'cannot read "1e999" as a number: expected an exponent of 10 from -400 to 400, found 999'),
        ("1/0", 'cannot read "1/0" as a number: division by 0'),
        ("0^-1", 'cannot read "0^-1" as a number: division by 0'),
        ("1/(pi-pi)", 'cannot read "1/(pi-pi)" as a number: division by 0'),
        ("ln(0)", 'cannot read "ln(0)" as a number: ln of 0'),
        ("ln(-pi)", 'cannot read "ln(-pi)" as a number: ln of a negative number'),
        ("sqrt(-2)", 'cannot read "sqrt(-2)" as a number: the square root of a negative number'),
        (
            "sqrt(pi-pi)",
            'cannot read "sqrt(pi-pi)" as a number: the square root of a number that cannot be told from 0',
        ),
        ("(-8)^pi", 'cannot read "(-8)^pi" as a number: a negative number to a power that is not an integer'),
        ("10^1001", 'cannot read "10^1001" as a number: expected a power from -1000 to 1000'),
        ("(10^400)^20", 'cannot read "(10^400)^20" as a number: its value is too large'),
        (
            "9^1000*9^1000*9^1000*9^1000",
            'cannot read "9^1000*9^1000*9^1000*9^1000" as a number: its value is too large',
        ),
        ("exp(exp(exp(10)))", 'cannot read "exp(exp(exp(10)))" as a number: its value is too large'),
        (
            "log(2)",
            (
                'cannot read "log(2)" as a number: unknown word "log"; known are sqrt, ln, exp, pi and e; '
                "the natural logarithm is ln"
            ),
        ),
    ],
)
def test_what_is_no_number_is_refused(written: object, text: str) -> None:
    assert refusal(written) == text


@pytest.mark.parametrize(
    ("value", "shape", "entries"),
    [
        (5, (), [5]),
        ([[1, 2, 3], [4, 5, "6/2"]], (2, 3), [1, 2, 3, 4, 5, 3]),
        ((1, (2)), (2,), [1, 2]),
        ([np.array([1, 2]), np.array([3, 4])], (2, 2), [1, 2, 3, 4]),
        (np.arange(4).reshape(2, 2), (2, 2), [0, 1, 2, 3]),
        (np.array([[0.5, 2.0]]), (1, 2), [fmpq(1, 2), 2]),
    ],
)
def test_arrays(value: object, shape: tuple[int, ...], entries: list[Any]) -> None:
    found = built(value)
    assert found.shape == shape
    assert found.exact() == entries
    assert found.rational
    assert len(found) == len(entries)
    assert found.floats().shape == shape
    assert found.floats().ravel().tolist() == [float(entry) for entry in entries]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ([[1, 2], [3]], ["W[2]: row 2 has 1 entry, row 1 has 2"]),
        ([[[1], [2]], [[1], [2, 3]]], ["W[2][2]: row 2.2 has 2 entries, row 1.1 has 1"]),
        ([[1, 2], 3], ["W[2]: expected a list of 2 entries as in row 1, found 3"]),
        ([[1], "x"], ['W[2]: expected a list of 1 entry as in row 1, found "x"']),
        ([1, [2]], ["W[2]: expected a number, found a list"]),
        ([], ["W: expected at least one number, found an empty list"]),
        ([[], []], ["W[1]: expected at least one number, found an empty list"]),
        ([[[[[[[1]]]]]]], ["W: expected lists nested at most 6 deep, found deeper ones"]),
        ([1, None], ["W[2]: expected a number, found nothing"]),
        (np.zeros((0, 2)), ["W: expected at least one number, found an empty array"]),
        (np.zeros((1,) * 7), ["W: expected at most 6 axes, found 7"]),
        (
            np.array([[1, math.nan], [math.inf, -math.inf]]),
            [
                "W[1][2]: expected a finite number, found NaN",
                "W[2][1]: expected a finite number, found infinity",
                "W[2][2]: expected a finite number, found -infinity",
            ],
        ),
        (
            [True] * 8,
            [f"W[{i}]: expected a number, found true" for i in range(1, 6)] + ["W: … and 3 more like these"],
        ),
    ],
)
def test_what_is_no_array_is_refused(value: object, lines: list[str]) -> None:
    assert wrong(value) == lines


def test_a_list_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    assert wrong(value) == ["W: expected lists nested at most 6 deep, found deeper ones"]


def test_irrational_entries_are_balls_at_the_current_precision() -> None:
    found = built(["sqrt(2)", 1])
    assert not found.rational
    with ctx.workprec(300):
        root, one = found.exact()
        assert isinstance(root, arb)
        assert root.rad() < arb(2) ** -290
        assert one == 1
    assert found.floats().tolist() == [math.sqrt(2), 1.0]


def test_an_array_of_rationals_is_converted_once_and_doubles_are_read_only() -> None:
    found = built([1, 2])
    assert found.exact() is found.exact()
    assert found.floats() is found.floats()
    assert not found.floats().flags.writeable


def test_numbers_beyond_the_doubles_are_infinite_as_doubles() -> None:
    assert built(["10^400", "-10^400", "10^-400"]).floats().tolist() == [math.inf, -math.inf, 0.0]


@pytest.mark.parametrize(
    ("value", "decimals"),
    [
        ([1, 2], False),
        (["4/7", "2*e", "exp(1)"], False),
        ([1, Literal("0.15")], True),
        ([1.0], True),
        (["1/2.5"], True),
        (["1e-3"], True),
        ([Decimal("0.5")], True),
        ([Decimal(5), Fraction(1, 2)], False),
        (np.array([1.0, 2.0]), False),
        (np.array([1.0, 0.15]), True),
    ],
)
def test_it_is_known_whether_decimals_were_written(value: object, decimals: bool) -> None:  # noqa: FBT001
    assert built(value).speaks_decimals is decimals


def test_doubles_are_kept_as_they_are_and_count_as_their_shortest_decimal() -> None:
    values = np.array([[0.1, 3.0]])
    found = from_floats(values)
    values[0, 0] = 7
    assert found.floats().tolist() == [[0.1, 3.0]]
    assert found.rational
    assert found.exact() == [fmpq(1, 10), 3]


def test_reshape() -> None:
    found = built([[1, Literal("0.5")]])
    found.floats()
    column = found.reshape((2, 1))
    assert column.shape == column.floats().shape == (2, 1)
    assert column.speaks_decimals
    assert column.exact() == [1, fmpq(1, 2)]
    assert repr(column) == "WrittenArray of shape (2, 1)"
    with pytest.raises(ValueError, match=r"^an array of shape \(1, 2\) has no shape \(3,\)$"):
        found.reshape((3,))
