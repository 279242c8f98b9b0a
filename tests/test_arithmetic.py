"""Numbers: exact arrays against NumPy, digits against fractions, balls and their decisions, rounding."""

from __future__ import annotations

import operator
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from handgrad.arithmetic import digits, exact_functions, real
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.dual import Dual, dual_namespace
from handgrad.arithmetic.exact_array import ExactArray, asarray
from handgrad.arithmetic.value import Real
from handgrad.errors import DomainError, Undecided

xp = exact_functions
SHAPES = st.sampled_from([(), (1,), (3,), (2, 3), (1, 3), (2, 1, 2), (2, 2, 3)])
FRACTIONS = st.fractions(min_value=-50, max_value=50, max_denominator=64)


@st.composite
def arrays(draw: Any, shape: tuple[int, ...] | None = None) -> Any:
    size = draw(SHAPES) if shape is None else shape
    count = int(np.prod(size, dtype=int))
    return np.array(draw(st.lists(st.integers(-9, 9), min_size=count, max_size=count)), dtype=float).reshape(size)


def same(exact: Any, expected: Any) -> None:
    found = np.asarray(exact, dtype=float)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@given(arrays(), st.sampled_from([operator.add, operator.sub, operator.mul, operator.gt, operator.le, operator.ne]))
def test_operators_as_in_numpy(a: Any, rule: Any) -> None:
    b = a[..., :1] if a.ndim else a
    same(rule(asarray(a), asarray(b)), rule(a, b))
    same(rule(asarray(a), 2), rule(a, 2))
    same(rule(asarray(a), 3), rule(a, 3))


@given(arrays())
def test_functions_as_in_numpy(a: Any) -> None:
    exact = asarray(a)
    same(2 - exact, 2 - a)
    same(-exact, -a)
    same(exact**2, a**2)
    same(1 / (exact * exact + 1), 1 / (a * a + 1))
    same(xp.abs(exact), np.abs(a))
    same(xp.exp(exact), np.exp(a))
    same(xp.tanh(exact), np.tanh(a))
    same(xp.sqrt(exact * exact), np.abs(a))
    same(xp.log(exact * exact + 1), np.log(a * a + 1))
    same(xp.maximum(exact, 1), np.maximum(a, 1))
    same(xp.sum(exact), a.sum())
    same(xp.zeros_like(exact) + xp.ones_like(exact), np.ones(a.shape))
    same(xp.where(exact > 0, exact, 0), np.where(a > 0, a, 0))


@given(arrays((2, 2, 3)), st.sampled_from([0, 1, 2, -1]))
def test_axes_as_in_numpy(a: Any, axis: int) -> None:
    exact = asarray(a)
    same(xp.sum(exact, axis=axis, keepdims=True), a.sum(axis=axis, keepdims=True))
    same(xp.max(exact, axis=axis), a.max(axis=axis))
    same(xp.argmax(exact, axis=axis), a.argmax(axis=axis))
    same(xp.take(exact, [1, 0, 1], axis=axis), np.take(a, [1, 0, 1], axis=axis))
    same(xp.concat([exact, exact], axis=axis), np.concat([a, a], axis=axis))
    same(xp.expand_dims(exact, axis=axis), np.expand_dims(a, axis=axis))
    same(xp.sum(exact, axis=(0, 2)), a.sum(axis=(0, 2)))
    same(exact.mT, a.mT)
    same(exact @ exact.mT, a @ a.mT)
    same(xp.permute_dims(exact, (2, 0, 1)), a.transpose(2, 0, 1))
    same(xp.reshape(exact, (3, -1)), a.reshape(3, -1))


@given(arrays((2, 2, 3)))
def test_indexing_as_in_numpy(a: Any) -> None:
    exact = asarray(a)
    for key in [
        0,
        -1,
        (0, 1),
        (slice(None), 1),
        (Ellipsis, 2),
        (None, 0),
        (slice(0, 1), slice(None), slice(None, None, 2)),
    ]:
        same(exact[key], a[key])
    assert exact[1, 1, 2] == a[1, 1, 2]
    assert exact.tolist() == a.tolist()
    assert [row.tolist() for row in exact] == a.tolist()
    assert (exact.size, exact.ndim, len(exact)) == (a.size, a.ndim, len(a))


def test_an_array_is_no_number_and_a_number_no_list() -> None:
    with pytest.raises(TypeError, match="only an array of one entry is a single number; this one has shape"):
        float(asarray([1, 2]))
    with pytest.raises(TypeError, match="len"):
        len(asarray(1))
    with pytest.raises(ValueError, match="do not fit"):
        asarray([1, 2]) + asarray([1, 2, 3])
    assert float(asarray([[3]])) == 3.0
    assert bool(asarray(1))
    assert (asarray([1, 2]) == [1, 2]).all()
    assert (asarray([1, 2]) == [1, 3]).any()
    assert asarray([1, 2]).sum() == np.sum(asarray([1, 2])) == 3


def test_objects_keep_what_is_exact() -> None:
    third = asarray([Fraction(1, 3)])
    assert np.asarray(third, dtype=object)[0] == Fraction(1, 3)
    assert repr(third) == "ExactArray([1/3])"
    assert repr(asarray([[1, 2], [3, 4]])) == "ExactArray([[1, 2], [3, 4]])"


def test_a_real_is_a_number() -> None:
    third = Real(fmpq(1, 3))
    assert third == Fraction(1, 3)
    assert third != Fraction(1, 2)
    assert third < 0.5
    assert third <= 1
    assert third > 0
    assert third >= Fraction(1, 3)
    assert (third + 1, 1 - third, third - 1, 2 * third, third / 2, 1 / third) == (
        Fraction(4, 3), Fraction(2, 3), Fraction(-2, 3), Fraction(2, 3), Fraction(1, 6), 3,
    )  # fmt: skip
    assert (abs(-third), round(third, 2), str(third), bool(third)) == (third, 0.33, "1/3", True)
    assert third != "a word"
    assert (f"{third:.3f}", f"{third}") == ("0.333", "1/3")
    assert (third.fraction, third.radius) == (Fraction(1, 3), 0.0)
    ball = Real(arb(2).exp())
    assert ball.fraction is None
    assert ball.radius > 0
    assert str(ball) == str(float(ball)) == "7.3890560989306495"


def test_what_stays_rational() -> None:
    assert [real.exp(fmpq(0)), real.log(fmpq(1)), real.tanh(fmpq(0)), real.sqrt(fmpq(4, 9))] == [1, 0, 0, fmpq(2, 3)]
    assert isinstance(real.sqrt(fmpq(2)), arb)


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda: real.log(fmpq(0)), "the logarithm of a number that is not positive"),
        (lambda: real.sqrt(fmpq(-1)), "the square root of a negative number"),
        (lambda: real.sqrt(arb(-2).sinh()), "the square root of a negative number"),
        (lambda: real.divide(fmpq(1), fmpq(0)), "a division by zero"),
    ],
)
def test_what_has_no_value(work: Any, message: str) -> None:
    with pytest.raises(DomainError) as caught:
        work()
    assert str(caught.value) == message


def test_balls_that_overlap_are_undecided_then_equal() -> None:
    zero = arb(2).exp() - arb(2).exp()
    with real.working(128, strict=True), pytest.raises(Undecided):
        real.sign(zero)
    with real.working(128, strict=False):
        assert real.sign(zero) == 0


@given(FRACTIONS, st.integers(0, 6))
def test_rounding_is_half_up_away_from_zero(x: Fraction, decimals: int) -> None:
    scaled = floor(abs(x) * 10**decimals + Fraction(1, 2))
    expected = Fraction(scaled, 10**decimals) * (-1 if x < 0 else 1)
    found = digits.round_half_up(fmpq(x.numerator, x.denominator), decimals)
    assert Fraction(int(found.p), int(found.q)) == expected


def test_a_ball_around_a_half_is_rounded_up_at_the_last_precision() -> None:
    half = arb(2).log().exp() / 4
    with real.working(128, strict=True), pytest.raises(Undecided):
        digits.round_half_up(half, 0)
    with real.working(128, strict=False):
        assert digits.round_half_up(half, 0) == 1
        assert digits.certain_text(half / 1000, 3) == "0.000500"


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (fmpq(0), "0.0000"),
        (fmpq(1, 3), "0.3333"),
        (fmpq(-2, 3), "-0.6667"),
        (fmpq(99999, 100000), "1.0000"),
        (fmpq(24193, 10000000), "0.002419"),
        (fmpq(1, 1000000), "1.000e-6"),
        (fmpq(-99999, 10**10), "-1.000e-5"),
        (fmpq(1234567891), "1.235e9"),
        (fmpq(1234567), "1234567.0000"),
        (arb(1).exp(), "2.7183"),
        (arb(10).log().exp() ** -30, "1.000e-30"),
        (arb(10).log().exp() ** 9, "1.000e9"),
        (arb(-400).exp(), "1.915e-174"),
        (arb(400).exp(), "5.221e173"),
    ],
)
def test_shown_decimals(x: Any, text: str) -> None:
    assert digits.certain_text(x, 4) == text


@given(st.fractions(min_value=Fraction(-(10**6)), max_value=10**6, max_denominator=10**6))
def test_every_shown_digit_is_certain(x: Fraction) -> None:
    ball = arb(fmpq(x.numerator, x.denominator)) + arb(1).exp() - arb(1).exp()
    text = digits.certain_text(ball, 4) if x else "0.0000"
    unit = Fraction(10) ** (-len(text.partition("e")[0].partition(".")[2]))
    power = Fraction(10) ** int(text.partition("e")[2] or 0)
    assert abs(Fraction(text) - x) <= unit * power / 2 * (1 + Fraction(1, 10**20))


@pytest.mark.parametrize(
    ("name", "entry", "text"),
    [
        ("float64", 0.5, "0.5"),
        ("float64", 0.1 + 0.2, "0.3000"),
        ("float32", np.float32(0.1), "0.1"),
        ("float64", 1e-9, "1.000e-9"),
        ("float64", 12345.678901, "12345.6789"),
    ],
)
def test_shown_floats(name: str, entry: Any, text: str) -> None:
    assert arithmetic(name).show(entry).expression.text == text  # type: ignore[attr-defined]  # a Number


def test_an_infinite_float_is_shown_as_such() -> None:
    assert arithmetic("float64").show(np.inf).expression.text == "inf"  # type: ignore[attr-defined]  # a Number


def test_duals_carry_the_derivative() -> None:
    space = dual_namespace(xp)
    x = Dual(xp, asarray([2, -3]), asarray([1, 1]))

    def slope(y: Dual) -> Any:
        return np.asarray(y.tangent, dtype=float).round(12).tolist()

    assert slope(1 / x) == [-0.25, -0.111111111111]
    assert slope(x / 2) == [0.5, 0.5]
    assert slope(3 - x) == [-1, -1]
    assert slope(x**3) == [12, 27]
    assert slope(space.sqrt(x * x)) == [1, -1]
    assert slope(space.abs(x)) == [1, -1]
    assert slope(space.maximum(x, 0)) == [1, 0]
    assert slope(x[:1]) == [1]
    assert slope(space.matmul(asarray([[1, 2]]), space.reshape(x, (2, 1)))) == [[3]]
    assert (x <= 0).tolist() == [False, True]
    assert (x < 0).tolist() == [False, True]
    assert (x >= 2).tolist() == [True, False]
    assert (x != 2).tolist() == [False, True]
    assert space.argmax(x, axis=0).tolist() == 0
    assert ExactArray([fmpq(1)], (1,)).shape == space.ones_like(x[:1]).shape
