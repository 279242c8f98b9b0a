"""Products of matrices, C = α A B + β C. Row-major; a flipped one is stored transposed.

Words: flip A, flip B, m, n, k, A, its leading dimension, B, its own, C, its own, α, β (bits of float64).
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import GEMM, RATES, STEP
from handgrad.engine.machine import gemm, like, pointed, real_of, shifted


@register_jitable
def _large(base: Any, words: Any, control: Any, alpha: Any, beta: Any) -> None:
    gemm(
        control[GEMM], words[0], words[1], words[2], words[3], words[4], like(alpha, base[0]), shifted(base, words[5]),
        words[6], shifted(base, words[7]), words[8], like(beta, base[0]), shifted(base, words[9]), words[10],
    )  # fmt: skip


@register_jitable
def _rate(base: Any, words: Any, control: Any) -> Any:
    return real_of(pointed(control[RATES], words)[control[STEP]])


def large(base: Any, words: Any, control: Any) -> None:
    """By the BLAS."""
    _large(base, words, control, real_of(words[11]), real_of(words[12]))


def large_descent(base: Any, words: Any, control: Any) -> None:
    """C −= η A B by the BLAS: a gradient and its step at once."""
    _large(base, words, control, -_rate(base, words, control), 1.0)


@register_jitable
def _stepped(a: Any, step: Any, b: Any, along: Any, count: Any) -> Any:
    total = like(0.0, a[0])
    for k in range(count):
        total += a[k * step] * b[k * along]
    return total


@register_jitable
def _dot(x: Any, y: Any, count: Any) -> Any:
    """In eight strands, so that it is vectorised and the same on every machine."""
    a = b = c = d = e = f = g = h = like(0.0, x[0])
    whole = count - count % 8
    for j in range(0, whole, 8):
        a += x[j] * y[j]
        b += x[j + 1] * y[j + 1]
        c += x[j + 2] * y[j + 2]
        d += x[j + 3] * y[j + 3]
        e += x[j + 4] * y[j + 4]
        f += x[j + 5] * y[j + 5]
        g += x[j + 6] * y[j + 6]
        h += x[j + 7] * y[j + 7]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for j in range(whole, count):
        total += x[j] * y[j]
    return total


@register_jitable
def _small(base: Any, words: Any, alpha: Any, beta: Any) -> None:
    flip_b, m, n, count = words[1], words[2], words[3], words[4]
    a, b, c = shifted(base, words[5]), shifted(base, words[7]), shifted(base, words[9])
    lda, ldb, ldc = words[6], words[8], words[10]
    step, row = (lda, 1) if words[0] else (1, lda)
    scale, keep, zero = like(alpha, c[0]), like(beta, c[0]), like(0.0, c[0])
    if n == 1 or (flip_b and count > 1):
        along, across = (1, ldb) if flip_b else (ldb, 1)
        for i in range(m):
            for j in range(n):
                one, other = shifted(a, i * row), shifted(b, j * across)
                total = _dot(one, other, count) if step == along == 1 else _stepped(one, step, other, along, count)
                c[i * ldc + j] = scale * total + (c[i * ldc + j] * keep if beta != 0.0 else zero)
        return
    across = ldb if flip_b else 1
    for i in range(m):
        target = shifted(c, i * ldc)
        if beta == 0.0:
            for j in range(n):
                target[j] = zero
        elif beta != 1.0:
            for j in range(n):
                target[j] *= keep
        for k in range(count):
            factor, source = scale * a[i * row + k * step], shifted(b, 0 if flip_b else k * ldb)
            for j in range(n):
                target[j] += factor * source[j * across]


def small(base: Any, words: Any, control: Any) -> None:
    """By plain loops."""
    _small(base, words, real_of(words[11]), real_of(words[12]))


def small_descent(base: Any, words: Any, control: Any) -> None:
    """C −= η A B by plain loops."""
    _small(base, words, -_rate(base, words, control), 1.0)
