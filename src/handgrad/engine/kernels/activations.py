"""Activations, entry by entry: forward with the bias before it, backward from h (and a).

Forward words: h, a, m, batch B, columns c0 … c1, bias (NONE: there is none), setting (bits of a float64).
Backward words: da, dh, h, a, m, batch B, columns c0 … c1, whether to accumulate, setting.
h may stand at the place of a and da at that of dh.
"""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import NONE
from handgrad.engine.machine import like, real_of, shifted
from handgrad.engine.mathematics import erf, exp, expm1, tanh
from handgrad.engine.mathematics import logistic as logistic_of
from handgrad.engine.mathematics import softplus as softplus_of

ROOT_HALF = math.sqrt(0.5)
DENSITY = 1 / math.sqrt(2 * math.pi)
"""The normal density at 0."""


def _forward(function: Any) -> Any:
    def kernel(base: Any, words: Any, control: Any) -> None:
        batch, first, count = words[3], words[4], words[5] - words[4]
        setting, inside = like(real_of(words[7]), base[0]), words[0] == words[1]
        for i in range(words[2]):
            h, a = shifted(base, words[0] + i * batch + first), shifted(base, words[1] + i * batch + first)
            b = like(0.0, base[0]) if words[6] == NONE else shifted(base, words[6])[i]
            # in a branch of its own, one array instead of two that might overlap is vectorised without a check
            if inside:
                for j in range(count):
                    h[j] = function(h[j] + b, setting)
            else:
                for j in range(count):
                    h[j] = function(a[j] + b, setting)

    return kernel


def _backward(slope: Any) -> Any:
    def kernel(base: Any, words: Any, control: Any) -> None:
        batch, first, count = words[5], words[6], words[7] - words[6]
        setting, adds = like(real_of(words[9]), base[0]), words[8]
        inside = words[0] == words[1] and words[2] == words[3]
        for i in range(words[4]):
            at = i * batch + first
            da, dh = shifted(base, words[0] + at), shifted(base, words[1] + at)
            h, a = shifted(base, words[2] + at), shifted(base, words[3] + at)
            if inside:
                for j in range(count):
                    da[j] *= slope(h[j], h[j], setting)
            elif adds:
                for j in range(count):
                    da[j] += dh[j] * slope(h[j], a[j], setting)
            else:
                for j in range(count):
                    da[j] = dh[j] * slope(h[j], a[j], setting)

    return kernel


@register_jitable
def _identity(a: Any, setting: Any) -> Any:
    return a


@register_jitable
def _identity_slope(h: Any, a: Any, setting: Any) -> Any:
    return like(1.0, h)


@register_jitable
def _logistic(a: Any, setting: Any) -> Any:
    return logistic_of(a)


@register_jitable
def _logistic_slope(h: Any, a: Any, setting: Any) -> Any:
    return h * (like(1.0, h) - h)


@register_jitable
def _tanh(a: Any, setting: Any) -> Any:
    return tanh(a)


@register_jitable
def _tanh_slope(h: Any, a: Any, setting: Any) -> Any:
    return like(1.0, h) - h * h


@register_jitable
def _relu(a: Any, setting: Any) -> Any:
    return a if a > like(0.0, a) else like(0.0, a)


@register_jitable
def _relu_slope(h: Any, a: Any, setting: Any) -> Any:
    return like(1.0, h) if h > like(0.0, h) else like(0.0, h)


@register_jitable
def _leaky(a: Any, setting: Any) -> Any:
    return a if a > like(0.0, a) else setting * a


@register_jitable
def _leaky_slope(h: Any, a: Any, setting: Any) -> Any:
    return like(1.0, a) if a > like(0.0, a) else setting


@register_jitable
def _elu(a: Any, setting: Any) -> Any:
    return a if a > like(0.0, a) else setting * expm1(a)


@register_jitable
def _elu_slope(h: Any, a: Any, setting: Any) -> Any:
    return like(1.0, a) if a > like(0.0, a) else setting * exp(a)


@register_jitable
def _softplus(a: Any, setting: Any) -> Any:
    return softplus_of(a)


@register_jitable
def _softplus_slope(h: Any, a: Any, setting: Any) -> Any:
    return _logistic(a, setting)


@register_jitable
def _silu(a: Any, setting: Any) -> Any:
    return a * _logistic(a, setting)


@register_jitable
def _silu_slope(h: Any, a: Any, setting: Any) -> Any:
    s = _logistic(a, setting)
    return s + a * s * (like(1.0, a) - s)


@register_jitable
def _gelu(a: Any, setting: Any) -> Any:
    return like(0.5, a) * a * (like(1.0, a) + erf(a * like(ROOT_HALF, a)))


@register_jitable
def _gelu_slope(h: Any, a: Any, setting: Any) -> Any:
    half = like(0.5, a)
    return half * (like(1.0, a) + erf(a * like(ROOT_HALF, a))) + a * like(DENSITY, a) * exp(-half * a * a)


identity, identity_back = _forward(_identity), _backward(_identity_slope)
logistic, logistic_back = _forward(_logistic), _backward(_logistic_slope)
tanh_, tanh__back = _forward(_tanh), _backward(_tanh_slope)
relu, relu_back = _forward(_relu), _backward(_relu_slope)
leaky_relu, leaky_relu_back = _forward(_leaky), _backward(_leaky_slope)
elu, elu_back = _forward(_elu), _backward(_elu_slope)
softplus, softplus_back = _forward(_softplus), _backward(_softplus_slope)
silu, silu_back = _forward(_silu), _backward(_silu_slope)
gelu, gelu_back = _forward(_gelu), _backward(_gelu_slope)
