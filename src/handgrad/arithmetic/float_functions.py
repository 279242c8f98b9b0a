"""The functions of floating arrays: NumPy's, and those that NumPy lacks. The ``xp`` of float64 and float32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Floats = np.ndarray[Any, Any]


def __getattr__(name: str) -> Any:
    """Any other function is NumPy's."""
    return getattr(np, name)


def masked(x: Floats, condition: Floats) -> Floats:
    """x where the condition holds, else 0: as a product, which is faster than a choice nobody can foresee."""
    masked_x: Floats = x * condition
    return masked_x


def pi_like(x: Floats) -> Floats:
    """π in the shape and type of x."""
    return np.full_like(x, np.pi)


def erf(x: Floats) -> Floats:
    """The error function: computed in float64, rounded to the type of x.

    Up to |x| = 1 its power series; from there 1 less a rational approximation times e^−x².
    Source: Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969).
    """
    x = np.asarray(x)
    wide = x.astype(np.float64)
    far = np.minimum(np.abs(wide), _ONE_FROM)
    near, middle = np.minimum(far, _MIDDLE_FROM), np.clip(far, _MIDDLE_FROM, _TAIL_FROM)
    inner = 2 / math.sqrt(math.pi) * near * _polynomial(near * near, _SERIES)
    outer = np.where(far <= _TAIL_FROM, 1 - _middle(middle), 1 - _tail(np.maximum(far, _TAIL_FROM)))
    value: Floats = np.copysign(np.where(far <= _MIDDLE_FROM, inner, outer), wide).astype(x.dtype)
    return value


def _middle(y: Floats) -> Floats:
    complement: Floats = np.exp(-y * y) * _polynomial(y, _MIDDLE[0]) / _polynomial(y, _MIDDLE[1])
    return complement


def _tail(y: Floats) -> Floats:
    z = 1 / (y * y)
    correction = z * _polynomial(z, _TAIL[0]) / _polynomial(z, _TAIL[1])
    complement: Floats = np.exp(-y * y) / y * (1 / math.sqrt(math.pi) - correction)
    return complement


def _polynomial(x: Floats, coefficients: Sequence[float]) -> Floats:
    """By Horner's rule, the coefficients from the highest power down."""
    value = np.zeros_like(x)
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


_MIDDLE_FROM, _TAIL_FROM, _ONE_FROM = 1.0, 4.0, 6.0
"""Where the second and the third form begin, and where erf is 1 to the last digit."""

_SERIES = [(-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in reversed(range(20))]
"""erf x = 2/√π Σ (−1)ⁿ x²ⁿ⁺¹/(n! (2n+1)), the highest power first."""

_MIDDLE = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e00,
        6.61191906371416295e01,
        2.98635138197400131e02,
        8.81952221241769090e02,
        1.71204761263407058e03,
        2.05107837782607147e03,
        1.23033935479799725e03,
    ),
    (
        1.0,
        1.57449261107098347e01,
        1.17693950891312499e02,
        5.37181101862009858e02,
        1.62138957456669019e03,
        3.29079923573345963e03,
        4.36261909014324716e03,
        3.43936767414372164e03,
        1.23033935480374942e03,
    ),
)
_TAIL = (
    (
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242e00,
        1.87295284992346725e00,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)
