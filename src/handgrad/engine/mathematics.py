"""The elementary functions for Numba kernels, as straight lines of arithmetic that a compiler turns into vectors.

Each name works on float32 and float64, by the type of its argument, and calls no library. Errors are in units in the
last place of the true value, subnormal ones included: the largest among all float32 (against the float64 function),
and the largest found among a million float64 of every exponent and beside every border of the code's cases (against
ball arithmetic). They hold with fused multiply-add, which x86-64-v3 and ARM64 have.

    exp, expm1, log, log1p       e^x, e^x − 1, ln x, ln(1 + x)
    tanh, logistic, softplus     the sigmoids, and the integral of the logistic function
    erf                          2/√π ∫₀ˣ e^−t² dt

Source: Cody, Waite (1980), Software Manual for the Elementary Functions; Muller (2016), Elementary Functions.
"""

# ruff: noqa: ARG001  Numba gives every overload all arguments; not each decides about the types

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from numba import types
from numba.extending import overload

from handgrad.engine.formats import format_of
from handgrad.engine.intrinsics import (
    bits,
    both,
    choose,
    fma,
    from_bits,
    magnitude,
    minus,
    plus,
    polynomial,
    shifted_left,
    shifted_right,
    signed,
)

Function = Callable[..., Any]


def overloaded(make: Callable[..., Function]) -> Function:
    """A name for kernels: `make` gives, for the types of the arguments, the text to compile."""

    @functools.wraps(make)
    def name(*_: object) -> Any:
        message = f"{make.__name__} is for kernels: call it from a function that Numba compiles"
        raise TypeError(message)

    # nothing is reordered or fused but where the text says so, whatever the kernel allows for itself
    overload(name, jit_options={"error_model": "numpy", "fastmath": False, "forceinline": True})(make)
    return name


@overloaded
def _reduced(x: Any) -> Function:
    """(r, t): x = n ln 2 + r with |r| ≤ ½ ln 2, and t, whose lowest bits are the whole number n."""
    f = format_of(x)

    def text(x: Any) -> Any:
        t = fma(x, f.log2_e, f.magic)
        n = t - f.magic
        return fma(n, -f.ln2_low, fma(n, -f.ln2_high, x)), t

    return text


@overloaded
def _scale(t: Any, one: Any) -> Function:
    """2^n from t, times the power of two whose bits are `one`."""
    f = format_of(t)

    def text(t: Any, one: Any) -> Any:
        return from_bits(plus(shifted_left(bits(t), f.digits), one))

    return text


@overloaded
def _expm1_reduced(r: Any) -> Function:
    """e^r − 1 for |r| ≤ ½ ln 2."""
    f = format_of(r)

    def text(r: Any) -> Any:
        return fma(r * r, polynomial(r, f.exp_terms), r)

    return text


@overloaded
def _exp_bounded(x: Any) -> Function:
    """e^x for x ≤ exp_greatest."""
    f = format_of(x)

    def text(x: Any) -> Any:
        r, t = _reduced(choose(x < f.exp_least, f.exp_least, x))
        far = x < f.exp_far
        step = _scale(t, choose(far, f.exp_far_step, f.exp_step))
        return (f.one + _expm1_reduced(r)) * step * choose(far, f.exp_far_back, f.two)

    return text


@overloaded
def exp(x: Any) -> Function:
    """e^x.

    Largest error: 0.99 units in float32, 1.00 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        return _exp_bounded(choose(x > f.exp_greatest, f.exp_greatest, x))

    return text


@overloaded
def expm1(x: Any) -> Function:
    """e^x − 1.

    Largest error: 1.44 units in float32, 1.79 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        low = choose(x < f.expm1_least, f.expm1_least, x)
        r, t = _reduced(choose(x > f.exp_greatest, f.exp_greatest, low))
        step = _scale(t, f.exp_step)  # half of 2^n, for 2^n may be beyond the format
        y = fma(step, _expm1_reduced(r), step - f.half)
        return choose(magnitude(x) < f.tiny, x, y + y)

    return text


@overloaded
def _log_of(g: Any, k: Any) -> Function:
    """ln((1 + g) 2^k) for 1 + g in [√½, √2)."""
    f = format_of(g)

    def short(g: Any, k: Any) -> Any:
        square = g * g
        tail = fma(k, f.ln2_low, square * g * polynomial(g, f.log_terms))
        return fma(k, f.ln2_high, g + fma(-f.half, square, tail))

    def long(g: Any, k: Any) -> Any:
        s = g / (f.two + g)
        z = s * s
        half_square = f.half * g * g
        tail = fma(s, fma(z, polynomial(z, f.log_terms), half_square), k * f.ln2_low)
        return fma(k, f.ln2_high, g - (half_square - tail))

    return short if g is types.float32 else long


@overloaded
def _split(x: Any) -> Function:
    """(e, m): x = m 2^k for a positive normal x, m in [√½, √2), and e = k + bias as an integer."""
    f = format_of(x)

    def text(x: Any) -> Any:
        raised = plus(bits(x), f.to_root_half)
        return shifted_right(raised, f.digits), from_bits(plus(both(raised, f.fraction), f.root_half_bits))

    return text


@overloaded
def _counted(e: Any, counter: Any) -> Function:
    """The integer e as a float, less what `counter` is above 2^W."""
    f = format_of(counter)

    def text(e: Any, counter: Any) -> Any:
        return from_bits(plus(e, f.counter_bits)) - counter

    return text


@overloaded
def log(x: Any) -> Function:
    """ln x; −∞ at 0, NaN below.

    Largest error: 0.83 units in float32, 0.78 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        small = x < f.normal
        e, m = _split(choose(small, x * f.lift, x))
        y = _log_of(m - f.one, _counted(e, choose(small, f.counter + f.lifted, f.counter)))
        at_most_zero = choose(x == f.zero, -f.infinity, f.nan)
        return choose(x < f.infinity, choose(x > f.zero, y, at_most_zero), x)

    return text


@overloaded
def _log1p_positive(x: Any) -> Function:
    """ln(1 + x) for x > −1, but for the sign of 0 and for ∞."""
    f = format_of(x)

    def text(x: Any) -> Any:
        e, m = _split(f.one + x)
        step = from_bits(shifted_left(minus(f.mirror, e), f.digits))
        g = choose(x > f.vast, m - f.one, fma(x, step, step - f.one))
        return _log_of(g, _counted(e, f.counter))

    return text


@overloaded
def log1p(x: Any) -> Function:
    """ln(1 + x); −∞ at −1, NaN below.

    Largest error: 1.39 units in float32, 1.30 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        at_most_one = choose(x == -f.one, -f.infinity, f.nan)
        y = choose(x > -f.one, _log1p_positive(x), at_most_one)
        plain = (magnitude(x) < f.tiny) | (x == f.infinity)
        return choose(plain, x, y)

    return text


@overloaded
def tanh(x: Any) -> Function:
    """tanh x = u/(u + 1) = u − u · u/(u + 1) with u = ½(e^2x − 1), of |x|, with its sign put back.

    Largest error: 1.85 units in float32, 1.93 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        a = magnitude(x)
        a = choose(a > f.tanh_greatest, f.tanh_greatest, a)
        r, t = _reduced(a + a)
        step = _scale(t, f.exp_step)
        u = fma(step, _expm1_reduced(r), step - f.half)
        share = u / (u + f.one)
        return signed(choose(u < f.half, fma(-u, share, u), share), x)

    return text


@overloaded
def logistic(x: Any) -> Function:
    """σ(x) = 1/(1 + e^−x).

    Largest error: 1.69 units in float32, 1.65 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        low = choose(x < f.exp_least, f.exp_least, x)
        r, t = _reduced(-choose(low > f.sigma_greatest, f.sigma_greatest, low))
        far = x < f.sigma_far  # here 1 + 2^n is not exact, and 2^n may be beyond the format
        step = _scale(t, choose(far, f.exp_far_down, f.one_bits))
        power = fma(step, _expm1_reduced(r), choose(far, f.exp_far_back, step + f.one))
        below = power + choose(far, step, f.zero)
        return f.one / below * choose(far, f.exp_far_back, f.one)

    return text


@overloaded
def softplus(x: Any) -> Function:
    """ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|).

    Largest error: 1.66 units in float32, 1.60 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        return choose(x > f.zero, x, f.zero) + _log1p_positive(_exp_bounded(-magnitude(x)))

    return text


@overloaded
def erf(x: Any) -> Function:
    """erf x = 2/√π ∫₀ˣ e^−t² dt: x (1 + P(x²)) up to 1, beyond it 1 − e^−Q(x).

    Largest error: 1.00 units in float32, 1.05 in float64.
    """
    f = format_of(x)

    def text(x: Any) -> Any:
        a = magnitude(x)
        a = choose(a > f.erf_greatest, f.erf_greatest, a)
        near = fma(a, polynomial(a * a, f.erf_terms), a)
        r, t = _reduced(-polynomial(a, f.erfc_terms))
        step = _scale(t, f.one_bits)
        far = fma(-step, _expm1_reduced(r), f.one - step)
        return signed(choose(a < f.one, near, far), x)

    return text
