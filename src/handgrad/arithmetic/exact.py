"""exact: rationals while a value is rational, balls after an exp, log, tanh or root.

The working precision rises until each comparison is decided and each printed digit is certain.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from flint import arb, fmpq

from handgrad.arithmetic import digits as digit
from handgrad.arithmetic import exact_functions, real
from handgrad.arithmetic.arithmetic import Shown
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.arithmetic.real import PRECISIONS, Scalar
from handgrad.arithmetic.value import Real
from handgrad.arithmetic.written import WrittenArray
from handgrad.notation.nodes import Expr, Fraction, Negative, Number


class Exact:
    """Certain numbers. ``decimals``: terminating decimals are shown as such (0.15, not 3/20)."""

    name = "exact"
    xp: Any = exact_functions
    attempts = len(PRECISIONS)

    def __init__(self, *, decimals: bool, digits: int) -> None:
        self.decimals, self.digits = decimals, digits

    def working(self, attempt: int) -> AbstractContextManager[None]:
        """At 128, 512, then 2048 bits; at the last, numbers that overlap count as equal."""
        return real.working(PRECISIONS[attempt], strict=attempt < len(PRECISIONS) - 1)

    def array(self, written: WrittenArray) -> ExactArray:
        """The written numbers themselves."""
        return ExactArray(list(written.exact()), written.shape)

    def settle(self, value: ExactArray) -> tuple[ExactArray, bool]:
        """The value as it is."""
        return value, True

    def finite(self, value: ExactArray) -> bool:
        """Whether every ball is bounded (a rational always is)."""
        return all(isinstance(entry, fmpq) or entry.is_finite() for entry in value.flat)

    def show(self, entry: Scalar, *, given: bool = False) -> Shown:
        """A fraction or short decimal as itself, anything else in decimals that are certain."""
        del given
        if isinstance(entry, fmpq):
            exact = exact_expression(entry, decimals=self.decimals)
            if exact is not None:
                return Shown(exact, exact=True)
        return Shown(Number(digit.certain_text(entry, self.digits), entry), exact=False)

    def outward(self, value: ExactArray) -> Any:
        """An ExactArray; without axes, a Real. A ball around zero is narrowed first, it may be a small number."""
        for entry in value.flat:
            if isinstance(entry, arb) and entry.contains(0):
                real.undecided("zero or small")
        return value if value.shape else Real(value.flat[0])


def exact_expression(entry: fmpq, *, decimals: bool) -> Expr | None:
    """A rational written exactly: an integer, a terminating decimal, a fraction; None if it is too long."""
    if entry.q == 1:
        return Number(str(entry), entry) if abs(entry) < digit.LONGEST_INTEGER else None
    places = digit.terminating(entry) if decimals else None
    if places is not None:
        return Number(digit.short(entry, places), entry)
    longest = digit.LONGEST_AMONG_DECIMALS if decimals else digit.LONGEST_FRACTION
    if abs(entry.p) >= longest or entry.q >= longest:
        return None
    return quotient(entry)


def quotient(entry: fmpq) -> Expr:
    """A rational as an integer or a fraction, however long."""
    if entry.q == 1:
        return Number(str(entry), entry)
    fraction = Fraction(Number(str(abs(entry.p)), abs(entry.p)), Number(str(entry.q), entry.q))
    return Negative(fraction) if entry < 0 else fraction
