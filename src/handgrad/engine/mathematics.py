"""Stands in until the vectorised functions are here."""

import math
from numba.extending import register_jitable


@register_jitable
def exp(x):
    return math.exp(x)


@register_jitable
def expm1(x):
    return math.expm1(x)


@register_jitable
def tanh(x):
    return math.tanh(x)


@register_jitable
def log(x):
    return math.log(x)


@register_jitable
def log1p(x):
    return math.log1p(x)


@register_jitable
def erf(x):
    return math.erf(x)
