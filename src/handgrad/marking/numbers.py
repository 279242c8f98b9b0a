r"""One number as a student writes it: its value, and how many digits it claims.

Integers, decimals, "1.2e-3", "1.2 · 10⁻³", "2/7", LaTeX such as "-\tfrac{3}{49}", and what the grammar of
``numerals`` reads ("sqrt(2)", "ln(3)"). A decimal comma is read where nothing else can be meant.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from typing import Any, NoReturn

from flint import fmpq

from handgrad.arithmetic.numerals import MAX_DIGITS, MAX_TEXT, Irrational, described, number
from handgrad.marking.script import Written
from handgrad.marking.spelling import arithmetic_text, shortened, visible

BLANKS = frozenset(
    ("", "?", "??", "???", "-", "–", "—", "−", "…", "...", "_", "__", "___", r"\cdots", r"\ldots", r"\dots", r"\vdots")
)
"""What stands for an entry that was left out."""

_REMEMBERED = 1 << 14
_KEPT = 32
"""Longer texts are read anew each time, so that the memory of what was read stays small."""
_SMALLEST = 1e-300
_SMALL = 10**15
_LONGEST_INTEGER = 3322
"""Bits of 1000 digits."""

_HALVES = tuple(float(f"5e-{places + 1}") for places in range(MAX_TEXT + 1))
_POWERS = tuple(10**places for places in range(MAX_TEXT + 1))

_DECIMAL = re.compile(r"([+-]?)([0-9]+(?:_[0-9]+)*|(?=\.))\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,4}))?")
_POWER_OF_TEN = re.compile(r"([+-]?[0-9.]+)\*10\^\(?([+-]?[0-9]{1,4})\)?")
_FRACTION = re.compile(r"([+-]?[0-9]{1,40})/([0-9]{1,40})")
_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE*/)].*)?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")


def written(value: object, *, comma: bool = False) -> Written | None:
    """The number of a text or a Python value, None for one that was left out ("", "?", "-", None).

    ``comma``: a comma is certain to be the decimal one ("1,234" might be a thousand and more otherwise).
    Raises ValueError with the reason for what is no number.
    """
    kind = type(value)
    if kind is float or (kind is int and -_SMALL < value < _SMALL):  # type: ignore[operator]  # by its type
        return _short(repr(value))
    if isinstance(value, str) and kind is str:
        if len(value) <= _KEPT:
            return _short_comma(value) if comma else _short(value)
        return _read(value, comma=comma)
    return _other(value, comma=comma)


def all_written(values: list[Any]) -> list[Written | None]:
    """The numbers of several values. Raises ValueError if one of them is none."""
    try:
        return list(map(_known.__getitem__, values))
    except (KeyError, TypeError):  # one is new, or no text
        return [written(value) for value in values]


def known_decimal(text: str) -> Written | None:
    """The number of a text that is a decimal with its digits; None for any other, or one that was not met yet."""
    found = _known.get(text)
    return found if found is not None and found.half and "," not in found.text else None


def _other(value: Any, *, comma: bool) -> Written | None:
    return None if value is None else written(_text(value), comma=comma)


def _text(value: Any) -> str:
    """A Python number with the digits that it is printed with. Raises ValueError for what is none."""
    if isinstance(value, (str, float)):
        return str(value) if isinstance(value, str) else float.__repr__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _LONGEST_INTEGER:
            _refuse(f"expected at most {MAX_DIGITS} digits, found {described(value)}")
        return str(int(value))
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        item = value.item()
        return str(value) if isinstance(item, float) and hasattr(value, "tobytes") else _text(item)
    if hasattr(value, "as_tuple") or isinstance(value, (Fraction, fmpq)):
        return str(value)
    return _refuse(f"expected a number, found {described(value)}")


def _read(value: str, *, comma: bool) -> Written | None:
    text = value.strip()
    if text in BLANKS:
        return None
    if len(text) > MAX_TEXT:
        _refuse(f"expected a number, found a text of {len(text)} characters, {shortened(text)}")
    match = _DECIMAL.fullmatch(text)
    if match is not None:
        return _decimal(text, match)
    return _spelled(text, comma=comma)


_known: dict[str, Written | None] = {}
"""What short texts have been found to say."""


def _short(text: str) -> Written | None:
    if text not in _known:
        found = _read(text, comma=False)
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[text] = found
    return _known[text]


@lru_cache(_REMEMBERED)
def _short_comma(text: str) -> Written | None:
    return _read(text, comma=True)


def _decimal(text: str, match: re.Match[str]) -> Written:
    """A decimal by its parts; without point and exponent an integer, which says nothing of digits."""
    sign, whole, fraction, power = match.groups()
    if not whole and not fraction:
        _refuse(f"expected a number, found {shortened(text)}")
    digits = int(sign + whole + fraction)
    if power is None:
        if not fraction:
            return _checked(text, Fraction(digits), None)
        places = len(fraction)
        return Written(text, float(text), (digits, _POWERS[places]), _HALVES[places])
    exponent = int(power) - len(fraction)
    if abs(exponent) > MAX_TEXT + 400:
        _refuse(f"expected a number of a size that occurs, found {shortened(text)}")
    exact = Fraction(digits * 10**exponent) if exponent >= 0 else Fraction(digits, 10**-exponent)
    return _checked(text, exact, float(f"5e{exponent - 1}"))


def _spelled(text: str, *, comma: bool) -> Written | None:
    """A number that is no plain decimal: other signs, a decimal comma, a power of ten, a fraction, LaTeX."""
    plain = arithmetic_text(text)
    if "%" in plain:
        _refuse(f"expected a number, found the percentage {shortened(text)}; 70 % is written 0.70")
    if not comma and _THOUSANDS.fullmatch(plain):
        _refuse(f"{shortened(text)} may have a decimal comma or be a thousand and more; write it with a point")
    if _COMMA.fullmatch(plain):
        plain = plain.replace(",", ".", 1)
    if plain in BLANKS:
        return None
    match = _DECIMAL.fullmatch(plain)
    if match is None and (power := _POWER_OF_TEN.fullmatch(plain)):
        match = _DECIMAL.fullmatch(f"{power[1]}e{power[2]}")
    if match is not None:
        found = _decimal(plain, match)
        return Written(text, found.value, found.exact, found.half)
    if (ratio := _FRACTION.fullmatch(plain)) and int(ratio[2]):
        return _checked(text, Fraction(int(ratio[1]), int(ratio[2])), 0.0)
    try:
        return _exact(text, number(plain))
    except ValueError as error:
        before, _, why = str(error).rpartition(" as a number: ")
    return _refuse(f"cannot read {shortened(text)} as a number: {visible(why)}" if before else why)


def _exact(text: str, found: Any) -> Written:
    if isinstance(found, Irrational):
        value = float(found)
        if not isfinite(value) or abs(value) < _SMALLEST:
            _refuse(f"expected a number of a size that occurs, found {shortened(text)}")
        return Written(text, value, None, 0.0)
    exact = Fraction(int(found.p), int(found.q))
    return _checked(text, exact, 0.0)


def _checked(text: str, exact: Fraction, half: float | None) -> Written:
    """A rational number, refused where a double holds neither it nor its last digit."""
    try:
        value = float(exact)
    except OverflowError:
        value = float("inf")
    vanishes = exact != 0 and abs(value) < _SMALLEST
    if not isfinite(value) or vanishes or (half is not None and not isfinite(half)):
        _refuse(f"expected a number of a size that occurs, from 1e-300 to 1e308, found {shortened(text)}")
    return Written(text, value, exact, half)


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)
