"""Numbers to digits: rounding half up and decimals of which every digit is certain.

"Half up" is the schoolbook's rule: a half goes away from zero (0.125 → 0.13, −0.125 → −0.13).
"""

from __future__ import annotations

from flint import arb, fmpq, fmpz

from handgrad.arithmetic import real
from handgrad.arithmetic.real import Scalar

SCIENTIFIC_BELOW, SCIENTIFIC_FROM = -4, 7
"""Powers of ten at which a number is written with a power of ten (0.00001234 → 1.234e-5)."""

LONGEST_FRACTION, LONGEST_AMONG_DECIMALS = 100_000, 1_000
LONGEST_DECIMAL = 8
LONGEST_INTEGER = 10**12
"""Beyond these a rational is shown as a rounded decimal."""

_HALF = fmpq(1, 2)


def round_half_up(x: Scalar, decimals: int) -> fmpq:
    """x rounded to so many decimals (negative: tens, hundreds); Undecided while a ball allows two answers."""
    scale = fmpq(10) ** decimals
    whole = _nearest(abs(x) * scale)
    rounded = fmpq(whole) / scale
    return -rounded if whole != 0 and real.sign(x) < 0 else rounded


def _nearest(x: Scalar) -> fmpz:
    """The integer nearest to x ≥ 0, a half upwards."""
    if isinstance(x, fmpq):
        return fmpz((x + _HALF).floor())
    nearest = (x + _HALF).floor().unique_fmpz()
    if nearest is None:
        # at the last precision the ball still holds a half: the number counts as the half
        real.undecided("rounding")
        nearest = (x + _HALF).upper().floor().unique_fmpz()
    return fmpz(nearest)


def magnitude(x: Scalar) -> int:
    """The power of ten of the leading digit of x ≠ 0 (0.0024 → −3)."""
    if isinstance(x, fmpq):
        p, q = abs(x.p), x.q
        guess = len(str(p)) - len(str(q)) if max(p, q) < fmpz(10) ** 4000 else _ball_magnitude(arb(abs(x)))
        return guess if abs(x) >= fmpq(10) ** guess else guess - 1
    return _ball_magnitude(abs(x))


def _ball_magnitude(x: arb) -> int:
    exponent = x.mid().log() / arb(10).log()
    power = exponent.floor().unique_fmpz()
    if power is None:
        # so near to a power of ten that it cannot be told from it: that power
        return round(float(exponent.mid()))
    return int(power) + 1 if x >= arb(10) ** (power + 1) else int(power)


def plain(x: fmpq, decimals: int) -> str:
    """A decimal with exactly so many decimals; x must have no more."""
    scaled = str(abs(x.p) * fmpz(10) ** decimals // x.q).rjust(decimals + 1, "0")
    text = f"{scaled[:-decimals]}.{scaled[-decimals:]}" if decimals else scaled
    return f"-{text}" if x < 0 else text


def short(x: fmpq, decimals: int) -> str:
    """A decimal that needs so many decimals, a small one as a power of ten: 0.15, 2.5e-8."""
    text = plain(x, decimals)
    digits = text.lstrip("-0.")
    power = len(digits) - 1 - decimals
    if power >= SCIENTIFIC_BELOW or x == 0:
        return text
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{'-' * (x < 0)}{mantissa}e{power}"


def terminating(x: fmpq) -> int | None:
    """How many decimals a rational needs; None if they never end or are too many to write."""
    q, twos, fives = int(x.q), 0, 0
    if q > 10**LONGEST_DECIMAL:
        return None
    while q % 2 == 0:
        q, twos = q // 2, twos + 1
    while q % 5 == 0:
        q, fives = q // 5, fives + 1
    needed = max(twos, fives)
    return needed if q == 1 and needed <= LONGEST_DECIMAL else None


def certain_text(x: Scalar, digits: int) -> str:
    """x with ``digits`` decimals or as many significant digits, whichever shows more; each digit certain.

    A ball around zero is shown as 0 to the digits that are certain.
    """
    for more in (*range(digits, digits + 5), *range(digits - 1, -1, -1)):
        text = _text(x, more)
        if text is not None:
            return text
        real.undecided("digits")
    return str(float(arb(x).mid()))


def _text(x: Scalar, digits: int) -> str | None:
    if isinstance(x, arb) and x.contains(0):
        real.undecided("zero or small")
        return plain(fmpq(0), digits) if abs(x) < fmpq(1, 2) / fmpq(10) ** digits else None
    if x == 0:
        return plain(fmpq(0), digits)
    power = magnitude(x)
    if not SCIENTIFIC_BELOW <= power < SCIENTIFIC_FROM:
        return _scientific(x, power, digits)
    decimals = max(digits, digits - 1 - power)
    rounded = _rounded(x, decimals)
    return None if rounded is None else plain(rounded, decimals)


def _scientific(x: Scalar, power: int, digits: int) -> str | None:
    # a ball is divided by a ball: e^(−10⁹) has a power of ten that no integer should be made of
    ten = arb(10) if isinstance(x, arb) else fmpq(10)
    mantissa = _rounded(x / ten**power, max(digits - 1, 0))
    if mantissa is None:
        return None
    if abs(mantissa) >= 10:
        mantissa, power = mantissa / 10, power + 1
    return f"{plain(mantissa, max(digits - 1, 0))}e{power}"


def _rounded(x: Scalar, decimals: int) -> fmpq | None:
    if isinstance(x, fmpq):
        return round_half_up(x, decimals)
    whole = (abs(x) * fmpq(10) ** decimals + _HALF).floor().unique_fmpz()
    if whole is None:
        return None
    return fmpq(whole) / fmpq(10) ** decimals * (1 if x > 0 else -1)
