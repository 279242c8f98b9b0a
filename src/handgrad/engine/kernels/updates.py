"""Update rules over a stretch of the parameters; the gradient of L + λ/2 Σ θ² where there is a weight decay λ.

Words: θ, g, first … last entry, first state, second state, then settings as bits of float64s.
"""

from __future__ import annotations

import math
from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import FIRST, RATES, STEP
from handgrad.engine.machine import like, pointed, real_of, shifted


@register_jitable
def _rate(base: Any, words: Any, control: Any) -> Any:
    return real_of(pointed(control[RATES], words)[control[STEP]])


@register_jitable
def _setting(base: Any, words: Any, k: Any) -> Any:
    return like(real_of(words[6 + k]), base[0])


def sgd(base: Any, words: Any, control: Any) -> None:
    """θ −= η (g + λ θ). Settings: λ."""
    theta, g = shifted(base, words[0]), shifted(base, words[1])
    rate, decay = like(_rate(base, words, control), base[0]), _setting(base, words, 0)
    for i in range(words[2], words[3]):
        theta[i] -= rate * (g[i] + decay * theta[i])


def momentum(base: Any, words: Any, control: Any) -> None:
    """v = μ v − η g, θ += v. Settings: λ, μ."""
    theta, g, v = shifted(base, words[0]), shifted(base, words[1]), shifted(base, words[4])
    rate, decay, mu = like(_rate(base, words, control), base[0]), _setting(base, words, 0), _setting(base, words, 1)
    for i in range(words[2], words[3]):
        v[i] = mu * v[i] - rate * (g[i] + decay * theta[i])
        theta[i] += v[i]


def momentum_torch(base: Any, words: Any, control: Any) -> None:
    """v = μ v + (1 − d) g, in the first step v = g; θ −= η v. Settings: λ, μ, d."""
    theta, g, v = shifted(base, words[0]), shifted(base, words[1]), shifted(base, words[4])
    rate, decay, mu = like(_rate(base, words, control), base[0]), _setting(base, words, 0), _setting(base, words, 1)
    fresh = like(1.0, base[0]) if control[FIRST] + control[STEP] == 0 else like(1.0, base[0]) - _setting(base, words, 2)
    for i in range(words[2], words[3]):
        v[i] = mu * v[i] + fresh * (g[i] + decay * theta[i])
        theta[i] -= rate * v[i]


def nesterov(base: Any, words: Any, control: Any) -> None:
    """v = μ v − η g, θ += μ v − η g. Settings: λ, μ."""
    theta, g, v = shifted(base, words[0]), shifted(base, words[1]), shifted(base, words[4])
    rate, decay, mu = like(_rate(base, words, control), base[0]), _setting(base, words, 0), _setting(base, words, 1)
    for i in range(words[2], words[3]):
        slope = g[i] + decay * theta[i]
        v[i] = mu * v[i] - rate * slope
        theta[i] += mu * v[i] - rate * slope


def nesterov_torch(base: Any, words: Any, control: Any) -> None:
    """v = μ v + (1 − d) g, in the first step v = g; θ −= η (g + μ v). Settings: λ, μ, d."""
    theta, g, v = shifted(base, words[0]), shifted(base, words[1]), shifted(base, words[4])
    rate, decay, mu = like(_rate(base, words, control), base[0]), _setting(base, words, 0), _setting(base, words, 1)
    fresh = like(1.0, base[0]) if control[FIRST] + control[STEP] == 0 else like(1.0, base[0]) - _setting(base, words, 2)
    for i in range(words[2], words[3]):
        slope = g[i] + decay * theta[i]
        v[i] = mu * v[i] + fresh * slope
        theta[i] -= rate * (slope + mu * v[i])


def rmsprop(base: Any, words: Any, control: Any) -> None:
    """s = ρ s + (1 − ρ) g², θ −= η g/(√s + ε). Settings: λ, ρ, ε."""
    theta, g, s = shifted(base, words[0]), shifted(base, words[1]), shifted(base, words[4])
    rate, decay, rho = like(_rate(base, words, control), base[0]), _setting(base, words, 0), _setting(base, words, 1)
    epsilon, rest = _setting(base, words, 2), like(1.0 - real_of(words[7]), base[0])
    for i in range(words[2], words[3]):
        slope = g[i] + decay * theta[i]
        s[i] = rho * s[i] + rest * (slope * slope)
        theta[i] -= rate * slope / (math.sqrt(s[i]) + epsilon)


def adam(base: Any, words: Any, control: Any) -> None:
    """m = β₁ m + (1 − β₁) g, s = β₂ s + (1 − β₂) g², θ −= η m̂/(√ŝ + ε). Settings: λ, β₁, β₂, ε, apart.

    ``apart`` 1: the weight decay is no part of g but of the parameter, θ −= η λ θ (AdamW).
    """
    theta, g, m, s = shifted(base, words[0]), shifted(base, words[1]), shifted(base, words[4]), shifted(base, words[5])
    beta1, beta2, t = real_of(words[7]), real_of(words[8]), float(control[FIRST] + control[STEP] + 1)
    rate, decay, apart = _rate(base, words, control), real_of(words[6]), real_of(words[10]) != 0
    first, second = like(rate / (1.0 - beta1**t), base[0]), like(1.0 / (1.0 - beta2**t), base[0])
    inside, kept = like(0.0 if apart else decay, base[0]), like(1.0 - (rate * decay if apart else 0.0), base[0])
    b1, b2, epsilon = like(beta1, base[0]), like(beta2, base[0]), _setting(base, words, 3)
    c1, c2 = like(1.0 - beta1, base[0]), like(1.0 - beta2, base[0])
    for i in range(words[2], words[3]):
        slope = g[i] + inside * theta[i]
        m[i] = b1 * m[i] + c1 * slope
        s[i] = b2 * s[i] + c2 * (slope * slope)
        theta[i] = kept * theta[i] - first * m[i] / (math.sqrt(s[i] * second) + epsilon)


def squares(base: Any, words: Any, control: Any) -> None:
    """out[thread] (+)= Σ g²: for clipping. Words: out, g, first … last, whether to accumulate, thread."""
    g, total = shifted(base, words[1]), 0.0
    for i in range(words[2], words[3]):
        total += g[i] * g[i]
    out = shifted(base, words[0])
    out[words[5]] = like(total, base[0]) + (out[words[5]] if words[4] else like(0.0, base[0]))


def clip(base: Any, words: Any, control: Any) -> None:
    """g scaled so that the norm of the whole gradient is at most a bound. Words: squares, g, first … last, threads.

    Settings: the bound.
    """
    parts, g, total = shifted(base, words[0]), shifted(base, words[1]), like(0.0, base[0])
    for i in range(words[4]):
        total += parts[i]
    norm, bound = math.sqrt(total), _setting(base, words, 0)
    if norm > bound:
        scale = bound / norm
        for i in range(words[2], words[3]):
            g[i] *= scale
