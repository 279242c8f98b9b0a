"""rounded(n): what a person with a calculator does.

Each step is computed exactly from the numbers carried so far; the named quantity that it gives is then
rounded, half up, to n decimals (or n significant figures) and carried on rounded. So each printed line
is true of its printed numbers.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from flint import fmpq

from handgrad.arithmetic import digits, exact_functions, real
from handgrad.arithmetic.arithmetic import Shown
from handgrad.arithmetic.exact import exact_expression
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.arithmetic.real import PRECISIONS, Scalar
from handgrad.arithmetic.value import Real
from handgrad.arithmetic.written import WrittenArray
from handgrad.errors import DomainError
from handgrad.notation.nodes import Number

LARGEST_MAGNITUDE = 10_000
"""Powers of ten beyond this are refused; carried on they would fill the memory."""

_LARGEST_BITS = 33_220
"""The bits of such a number."""


class Rounded:
    """Rounding to ``places`` decimals, or ``places`` significant figures."""

    xp: Any = exact_functions
    attempts = len(PRECISIONS)

    def __init__(self, places: int, *, significant: bool, decimals: bool) -> None:
        self.places, self.significant, self.decimals = places, significant, decimals
        self.name = f"rounded({places} significant)" if significant else f"rounded({places})"

    def working(self, attempt: int) -> AbstractContextManager[None]:
        """A step is computed at 128, 512, then 2048 bits until its rounding is certain."""
        return real.working(PRECISIONS[attempt], strict=attempt < len(PRECISIONS) - 1)

    def array(self, written: WrittenArray) -> ExactArray:
        """Rational numbers as given; a root, logarithm or π is rounded, as it would be written down."""
        entries = [entry if isinstance(entry, fmpq) else self._round(entry) for entry in written.exact()]
        return ExactArray(entries, written.shape)

    def settle(self, value: ExactArray) -> tuple[ExactArray, bool]:
        """Every entry rounded."""
        rounded = [self._round(entry) for entry in value.flat]
        same = all(isinstance(a, fmpq) and a == b for a, b in zip(value.flat, rounded, strict=True))
        return ExactArray(rounded, value.shape), same

    def _round(self, entry: Scalar) -> fmpq:
        return digits.round_half_up(entry, self._decimals(entry))

    def _decimals(self, entry: Scalar) -> int:
        if not self.significant:
            if _bits(entry) > _LARGEST_BITS:
                message = f"a number of more than {LARGEST_MAGNITUDE} digits, which nobody carries by hand,"
                raise DomainError(message)
            return self.places
        if real.sign(entry) == 0:
            return 0
        magnitude = digits.magnitude(entry)
        if abs(magnitude) > LARGEST_MAGNITUDE:
            message = f"a number with the power of ten {magnitude}, which nobody carries by hand,"
            raise DomainError(message)
        return self.places - 1 - magnitude

    def finite(self, value: ExactArray) -> bool:
        """Whether every ball is bounded (a rational always is)."""
        return all(isinstance(entry, fmpq) or entry.is_finite() for entry in value.flat)

    def show(self, entry: fmpq, *, given: bool = False) -> Shown:
        """A given number as written, a settled one with all its decimals (0.30)."""
        exact = exact_expression(entry, decimals=True) if given else None
        if exact is not None:
            return Shown(exact, exact=True)
        return Shown(Number(self._text(entry), entry), exact=True)

    def _text(self, entry: fmpq) -> str:
        decimals = self._decimals(entry)
        needed = digits.terminating(entry)
        if decimals > digits.LONGEST_DECIMAL or (self.significant and decimals < 0):
            return digits.certain_text(entry, max(self.places, 1))
        return digits.plain(entry, max(decimals, needed or 0, 0))

    def outward(self, value: ExactArray) -> Any:
        """An ExactArray; without axes, a Real."""
        return value if value.shape else Real(value.flat[0])


def _bits(entry: Scalar) -> int:
    """About how many bits there are before the point."""
    if isinstance(entry, fmpq):
        return int(entry.p.bit_length() - entry.q.bit_length())
    mantissa, exponent = entry.mid().man_exp()
    return int(mantissa.bit_length() + exponent)
