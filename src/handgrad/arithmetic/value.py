"""Real: one certain number, as the user of a trace meets it."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any, NoReturn

from flint import arb, fmpq

from handgrad.arithmetic import real
from handgrad.arithmetic.real import Scalar
from handgrad.errors import DomainError


class Real:
    """A certain number: compares, computes and converts as a number.

    ``Real == 4/7`` as a Fraction holds exactly while the number is rational (``fraction`` is not None);
    a ball equals what it cannot be told apart from. ``float`` gives the nearest double
    (infinity beyond the largest).
    """

    __slots__ = ("value",)
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # a ball has no hash that agrees with ==

    def __init__(self, value: Scalar) -> None:
        self.value = value

    @classmethod
    def of(cls, number: Any) -> Real:
        """An integer, Fraction, float (its exact value), flint number or Real as a Real."""
        if isinstance(number, cls):
            return number
        if isinstance(number, (fmpq, arb)):
            return cls(number)
        if isinstance(number, int):
            return cls(fmpq(number))
        if isinstance(number, Fraction):
            return cls(fmpq(number.numerator, number.denominator))
        return cls(fmpq(*float(number).as_integer_ratio()))

    @property
    def fraction(self) -> Fraction | None:
        """The number as a Fraction while it is rational, else None."""
        if not isinstance(self.value, fmpq):
            return None
        return Fraction(int(self.value.p), int(self.value.q))

    @property
    def radius(self) -> float:
        """How far the number can lie from its midpoint; 0 while it is rational."""
        return 0.0 if isinstance(self.value, fmpq) else float(self.value.rad())

    def __float__(self) -> float:
        if isinstance(self.value, fmpq):
            try:
                return int(self.value.p) / int(self.value.q)
            except OverflowError:
                return inf if self.value > 0 else -inf
        return 0.0 if self.value.contains(0) else float(self.value.mid())

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return str(self.value) if isinstance(self.value, fmpq) else str(float(self))

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(self)

    def __bool__(self) -> bool:
        return real.sign(self.value) != 0

    def _compare(self, other: Any) -> int | None:
        try:
            return real.sign(self.value - Real.of(other).value)
        except (TypeError, ValueError, OverflowError):
            return None

    def __eq__(self, other: object) -> bool:
        return self._compare(other) == 0

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) == -1

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) == 1

    def __le__(self, other: Any) -> bool:
        return self._compare(other) in (-1, 0)

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) in (1, 0)

    def __add__(self, other: Any) -> Real:
        return Real(self.value + Real.of(other).value)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Real:
        return Real(self.value - Real.of(other).value)

    def __rsub__(self, other: Any) -> Real:
        return Real(Real.of(other).value - self.value)

    def __mul__(self, other: Any) -> Real:
        return Real(self.value * Real.of(other).value)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Real:
        return Real(real.divide(self.value, Real.of(other).value))

    def __rtruediv__(self, other: Any) -> Real:
        return Real(real.divide(Real.of(other).value, self.value))

    def __neg__(self) -> Real:
        return Real(-self.value)

    def __abs__(self) -> Real:
        return Real(abs(self.value))

    def __round__(self, digits: int = 0) -> float:
        return round(float(self), digits)


class Formula:
    """A formula in symbols: equal to the same formula only, and neither larger nor smaller than anything."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]  # it is compared, not kept

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return bool(self.value == getattr(other, "value", other))

    def _refused(self, other: Any) -> NoReturn:
        del other
        message = "the working depends on which of several formulas is the largest; put numbers in for the symbols"
        raise DomainError(message)

    __lt__ = __le__ = __gt__ = __ge__ = _refused


def comparable(entry: Any) -> Any:
    """An entry of an array as a number that compares: a flint scalar as a Real, any other as it is."""
    return Real(entry) if isinstance(entry, (fmpq, arb)) else entry
