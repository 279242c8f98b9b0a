"""float64 and float32: NumPy's binary floating point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

import numpy as np
from flint import fmpq

from handgrad.arithmetic import digits as digit
from handgrad.arithmetic import float_functions
from handgrad.arithmetic.arithmetic import Shown
from handgrad.arithmetic.exact import exact_expression
from handgrad.arithmetic.written import WrittenArray
from handgrad.notation.nodes import Number


class Floating:
    """NumPy arrays of one floating type."""

    xp: Any = float_functions
    attempts = 1

    def __init__(self, name: str, digits: int) -> None:
        self.name, self.digits, self.dtype = name, digits, np.dtype(name)

    @contextmanager
    def working(self, attempt: int) -> Iterator[None]:
        """Overflow goes to infinity silently; a result that is not finite is refused by the trace."""
        del attempt
        with np.errstate(all="ignore"):
            yield

    def array(self, written: WrittenArray) -> np.ndarray[Any, Any]:
        """The nearest floating numbers."""
        return written.floats().astype(self.dtype, copy=False)

    def settle(self, value: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], bool]:
        """The value as it is."""
        return value, True

    def finite(self, value: np.ndarray[Any, Any]) -> bool:
        """Whether no entry is infinite or NaN."""
        return bool(np.isfinite(value).all())

    def show(self, entry: Any, *, given: bool = False) -> Shown:
        """A short decimal as itself, else so many decimals or significant digits."""
        del given
        number = float(entry)
        if not isfinite(number):
            return Shown(Number(str(number), number), exact=False)
        shortest = fmpq_of(str(entry))
        decimals = digit.terminating(shortest)
        exact = decimals is not None and decimals <= self.digits and exact_expression(shortest, decimals=True)
        if exact:
            return Shown(exact, exact=True)
        return Shown(Number(digit.certain_text(fmpq(*number.as_integer_ratio()), self.digits), number), exact=False)

    def outward(self, value: np.ndarray[Any, Any]) -> Any:
        """A NumPy array; without axes, a NumPy number."""
        return value if value.shape else value[()]


def fmpq_of(text: str) -> fmpq:
    """The rational that a decimal text ("0.15", "1e-07") says."""
    from fractions import Fraction

    exact = Fraction(text)
    return fmpq(exact.numerator, exact.denominator)
