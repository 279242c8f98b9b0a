"""One number as students write it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import exp, isclose, sqrt
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from handgrad.marking.numbers import written

CASES = [
    ("3", Fraction(3), None),
    ("-0", Fraction(0), None),
    ("5.", Fraction(5), None),
    ("0.73", Fraction(73, 100), 0.005),
    ("0.70", Fraction(7, 10), 0.005),
    ("+0.70", Fraction(7, 10), 0.005),
    (" .5 ", Fraction(1, 2), 0.05),
    ("-.25", Fraction(-1, 4), 0.005),
    ("1_000.5", Fraction(2001, 2), 0.05),
    ("1.2e-3", Fraction(12, 10000), 5e-5),
    ("12E2", Fraction(1200), 50.0),
    ("1.2·10^-3", Fraction(12, 10000), 5e-5),
    (r"1.2 \cdot 10^{-3}", Fraction(12, 10000), 5e-5),
    (r"1.2 \times 10^{-3}", Fraction(12, 10000), 5e-5),
    ("1.2 × 10⁻³", Fraction(12, 10000), 5e-5),
    ("-1,2 · 10⁻³", Fraction(-12, 10000), 5e-5),
    ("10^-3", Fraction(1, 1000), 0.0),
    ("2/7", Fraction(2, 7), 0.0),
    ("−3/49", Fraction(-3, 49), 0.0),
    ("–0.5", Fraction(-1, 2), 0.05),
    ("2 / -7", Fraction(-2, 7), 0.0),
    (r"\frac{2}{7}", Fraction(2, 7), 0.0),
    (r"-\tfrac{3}{49}", Fraction(-3, 49), 0.0),
    (r"\dfrac{-3}{49}", Fraction(-3, 49), 0.0),
    (r"\frac12", Fraction(1, 2), 0.0),
    (r"1/\frac{2}{3}", Fraction(3, 2), 0.0),
    (r"\frac{1.5}{3}", Fraction(1, 2), 0.0),
    (r"\frac{\frac{1}{2}}{3}", Fraction(1, 6), 0.0),
    ("½", Fraction(1, 2), 0.0),
    ("-¾", Fraction(-3, 4), 0.0),
    ("1⁄4", Fraction(1, 4), 0.0),
    ("0,73", Fraction(73, 100), 0.005),
    ("−0,002", Fraction(-2, 1000), 0.0005),
    ("1{,}5", Fraction(3, 2), 0.05),
    ("1,2e-3", Fraction(12, 10000), 5e-5),
    ("$0.5$", Fraction(1, 2), 0.05),
    ("{0.5}", Fraction(1, 2), 0.05),
    ("(-0.5)", Fraction(-1, 2), 0.05),
    ("((3))", Fraction(3), None),
    ("०.७३", Fraction(73, 100), 0.005),
    ("(1+2)/7", Fraction(3, 7), 0.0),
    (3, Fraction(3), None),
    (10**20, Fraction(10**20), None),
    (0.5, Fraction(1, 2), 0.05),
    (0.7310585786300049, Fraction(7310585786300049, 10**16), 5e-17),
    (1e-05, Fraction(1, 10**5), 5e-6),
    (np.float64(0.1), Fraction(1, 10), 0.05),
    (np.float32(0.73), Fraction(73, 100), 0.005),
    (np.int64(3), Fraction(3), None),
    (np.array(0.25), Fraction(1, 4), 0.005),
    (np.array(4), Fraction(4), None),
    (np.str_("0.5"), Fraction(1, 2), 0.05),
    (Fraction(2, 7), Fraction(2, 7), 0.0),
    (Fraction(3), Fraction(3), None),
    (fmpq(2, 7), Fraction(2, 7), 0.0),
    (Decimal("0.70"), Fraction(7, 10), 0.005),
]


@pytest.mark.parametrize(("value", "exact", "half"), CASES, ids=[repr(case[0])[:30] for case in CASES])
def test_a_number_has_its_value_and_half_a_unit_of_its_last_digit(value: Any, exact: Fraction, half: float) -> None:
    found = written(value)
    assert found is not None
    assert found.exact == exact
    assert found.value == float(exact)
    assert found.half == half
    if isinstance(value, str):
        assert found.text == value.strip()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(2)", sqrt(2)),
        (r"\sqrt{2}", sqrt(2)),
        ("√2", sqrt(2)),
        ("√(2)", sqrt(2)),
        (r"\ln(3)", 1.0986122886681098),
        (r"\frac{1}{1+e^{-1}}", 1 / (1 + exp(-1))),
        (r"\dfrac{1}{1 + e^{-\pi}}", 1 / (1 + exp(-3.141592653589793))),
        ("2π", None),
    ],
)
def test_an_irrational_number_is_exact_without_a_fraction(text: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(ValueError, match="expected an operator"):
            written(text)
        return
    found = written(text)
    assert found is not None
    assert isclose(found.value, value, rel_tol=1e-15)
    assert found.exact is None
    assert found.half == 0


@pytest.mark.parametrize("blank", ["", "  ", "?", "???", "-", "–", "—", "−", "…", "...", "_", "___", r"\dots", None])
def test_what_is_left_out_is_no_number(blank: object) -> None:
    assert written(blank) is None


REFUSED = [
    ("NaN", "expected a finite number, found NaN"),
    ("inf", "expected a finite number, found infinity"),
    ("-∞", "expected a finite number, found -infinity"),
    (r"\infty", "expected a finite number, found infinity"),
    (float("nan"), "expected a finite number, found NaN"),
    (np.float64("inf"), "expected a finite number, found infinity"),
    ("1e400", 'of a size that occurs, from 1e-300 to 1e308, found "1e400"'),
    ("1e-400", 'of a size that occurs, from 1e-300 to 1e308, found "1e-400"'),
    ("1e9999", 'of a size that occurs, found "1e9999"'),
    ("1e99999999", "expected an exponent of 10"),
    ("exp(-9^3)", "of a size that occurs"),
    ("70 %", 'found the percentage "70 %"; 70 % is written 0.70'),
    (r"70\%", "the percentage"),
    ("1,234", "may have a decimal comma or be a thousand and more; write it with a point"),
    ("1,234,567", "a thousand and more"),
    ("banana", 'cannot read "banana" as a number: unknown word "banana"'),
    ("0.5 kg", 'cannot read "0.5 kg" as a number: expected an operator'),
    ("1 000", "expected an operator"),
    ("-1½", "expected an operator"),
    ("2/0", "division by 0"),
    (".", 'expected a number, found "."'),
    ("1.5e", "expected an operator"),
    ("0x10", "expected an operator"),
    (r"\x", "cannot read"),
    ("(" * 150, "nested deeper than"),
    ("1" * 10**7, "expected a number, found a text of 10000000 characters"),
    ("a\x00\u202eb", r'"a\\u0000\\u202eb"'),
    (10**5000, "expected at most 1000 digits, found an integer of about 5000 digits"),
    (10**400, "a text of 401 characters"),
    (True, "expected a number, found true"),
    (np.bool_(1), "expected a number, found true"),
    ([1], "expected a number, found a list"),
    (2 + 3j, "expected a number, found a complex"),
    ({}, "expected a number, found a table"),
]


@pytest.mark.parametrize(("value", "why"), REFUSED, ids=[why[:30] for _, why in REFUSED])
def test_what_is_no_number_is_refused_with_the_reason(value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("(", r"\(").replace(")", r"\)").replace("+", r"\+")) as caught:
        written(value)
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


def test_a_comma_that_is_certain_to_be_the_decimal_one_is_read() -> None:
    found = written("1,234", comma=True)
    assert found is not None
    assert (found.text, found.exact, found.half) == ("1,234", Fraction(1234, 1000), 0.0005)
    assert written("0,5", comma=True) == written("0,5")


@given(st.integers(-(10**12), 10**12), st.integers(1, 12))
def test_every_decimal_is_read_to_its_last_digit(digits: int, places: int) -> None:
    sign, body = "-" if digits < 0 else "", str(abs(digits)).rjust(places + 1, "0")
    text = f"{sign}{body[:-places]}.{body[-places:]}"
    for spelled in (text, text.replace("-", "−"), text.replace(".", "{,}"), f"${text}$"):
        found = written(spelled)
        assert found is not None
        assert found.exact == Fraction(digits, 10**places)
        assert found.half == float(f"5e-{places + 1}")
    assert written(text.replace(".", ","), comma=True).exact == Fraction(digits, 10**places)  # type: ignore[union-attr]


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or abs(x) > 1e-290))
def test_every_double_is_read_as_itself(value: float) -> None:
    found = written(value)
    assert found is not None
    assert found.value == value
    assert found.half is not None


@given(st.integers(-(10**6), 10**6), st.integers(2, 10**6))
def test_every_fraction_is_read(top: int, bottom: int) -> None:
    spellings = [f"{top}/{bottom}", rf"\frac{{{top}}}{{{bottom}}}", f"{top} / {bottom}"]
    spellings.append(rf"{'-' if top < 0 else ''}\tfrac{{{abs(top)}}}{{{bottom}}}")
    for spelled in spellings:
        found = written(spelled)
        assert found is not None
        assert (found.exact, found.half) == (Fraction(top, bottom), 0.0)


@given(st.text(max_size=300))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        found = written(text)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017  a refusal is as good as a number
    else:
        assert found is None or found.value == found.value
