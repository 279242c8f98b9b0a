"""Real numbers that are certain: a rational for as long as it is one, a ball after that.

A scalar is a ``flint.fmpq`` (exact) or a ``flint.arb`` (midpoint and radius; the number lies inside).
Two balls that overlap cannot be compared. While a trace is being computed that raises ``Undecided``
and the whole is computed again with more bits; at the last precision, and outside a computation,
numbers that overlap count as equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flint import arb, ctx, fmpq

from handgrad.errors import DomainError, Undecided

Scalar = Any
"""``fmpq`` or ``arb`` (python-flint carries no types)."""

PRECISIONS = (128, 512, 2048)
"""Working precisions in bits, tried in turn; at the last one overlapping numbers count as equal."""

ZERO, ONE = fmpq(0), fmpq(1)


class _Deciding:
    """Whether overlapping balls raise Undecided (True only inside ``working``)."""

    strict = False


@contextmanager
def working(bits: int, *, strict: bool) -> Iterator[None]:
    """Compute with ``bits`` bits; ``strict``: what overlaps raises Undecided."""
    before = ctx.prec, _Deciding.strict
    ctx.prec, _Deciding.strict = bits, strict
    try:
        yield
    finally:
        ctx.prec, _Deciding.strict = before


def undecided(what: str) -> None:
    """Raise Undecided where a decision is still asked for at a higher precision."""
    if _Deciding.strict:
        raise Undecided(what)


def sign(x: Scalar) -> int:
    """−1, 0 or 1. A ball around zero counts as 0 once it cannot be made smaller."""
    if x > 0:
        return 1
    if x < 0:
        return -1
    if isinstance(x, arb) and not x.is_zero():
        undecided("sign")
    return 0


def exp(x: Scalar) -> Scalar:
    """e^x; e^0 = 1 stays rational."""
    return ONE if x == 0 else arb(x).exp()


def log(x: Scalar) -> Scalar:
    """ln x for x > 0; ln 1 = 0 stays rational."""
    if x == 1:
        return ZERO
    if sign(x) <= 0:
        message = "the logarithm of a number that is not positive"
        raise DomainError(message)
    return arb(x).log()


def tanh(x: Scalar) -> Scalar:
    """The hyperbolic tangent; tanh 0 = 0 stays rational."""
    return ZERO if x == 0 else arb(x).tanh()


def sqrt(x: Scalar) -> Scalar:
    """√x for x ≥ 0; the root of a rational square stays rational."""
    if isinstance(x, fmpq):
        if x < 0:
            message = "the square root of a negative number"
            raise DomainError(message)
        p, q = x.p.isqrt(), x.q.isqrt()
        if p * p == x.p and q * q == x.q:
            return fmpq(p, q)
    elif sign(x) < 0:
        message = "the square root of a negative number"
        raise DomainError(message)
    return arb(x).sqrt()


def expm1(x: Scalar) -> Scalar:
    """e^x − 1; 0 at 0 stays rational."""
    return ZERO if x == 0 else arb(x).expm1()


def log1p(x: Scalar) -> Scalar:
    """ln(1 + x) for x > −1; 0 at 0 stays rational."""
    if x == 0:
        return ZERO
    if sign(x + 1) <= 0:
        message = "the logarithm of a number that is not positive"
        raise DomainError(message)
    return arb(x).log1p()


def erf(x: Scalar) -> Scalar:
    """The error function; erf 0 = 0 stays rational."""
    return ZERO if x == 0 else arb(x).erf()


def sin(x: Scalar) -> Scalar:
    """The sine; sin 0 = 0 stays rational."""
    return ZERO if x == 0 else arb(x).sin()


def cos(x: Scalar) -> Scalar:
    """The cosine; cos 0 = 1 stays rational."""
    return ONE if x == 0 else arb(x).cos()


def pi() -> Scalar:
    """The number π."""
    return arb.pi()


def power(x: Scalar, p: Scalar) -> Scalar:
    """x^p: of any x (but 0 where p < 0) for an integer p, of x > 0 for any other.

    Integer powers of rationals stay rational, and so do halves of them where the root is rational.
    """
    if isinstance(p, fmpq) and p.q == 1:
        return whole_power(x, int(p)) if p >= 0 else divide(ONE, whole_power(x, -int(p)))
    if sign(x) < 0 or (sign(x) == 0 and sign(p) < 0):
        message = "a power of a number that is not positive"
        raise DomainError(message)
    if sign(x) == 0:
        return ZERO
    return power(sqrt(x), 2 * p) if isinstance(p, fmpq) and p.q == 2 else arb(x) ** arb(p)


def whole_power(x: Scalar, n: int) -> Scalar:
    """x^n for n ≥ 0 by squaring: flint has no power of a ball around 0."""
    if isinstance(x, fmpq):
        return x**n
    result: Scalar = ONE
    for digit in f"{n:b}":
        result = result * result * x if digit == "1" else result * result
    return result


def divide(x: Scalar, y: Scalar) -> Scalar:
    """x / y for y ≠ 0."""
    if sign(y) == 0:
        message = "a division by zero"
        raise DomainError(message)
    return x / y


def absolute(x: Scalar) -> Scalar:
    """|x|."""
    return abs(x)
