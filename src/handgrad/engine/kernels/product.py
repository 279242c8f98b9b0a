"""Products of matrices, C = α A B + β C. Row-major; a flipped one is stored transposed.

Words: flip A, flip B, m, n, k, A, its leading dimension, B, its own, C, its own, α, β (bits of float64).
Those in tiles are in tiled.py.
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
def _by_dots(base: Any, words: Any, scale: Any, keep: Any) -> None:
    """Each entry a sum over k: for a vector, and where k runs along memory in B."""
    flip_b, count, ldc = words[1], words[4], words[10]
    c = shifted(base, words[9])
    step, row = (words[6], 1) if words[0] else (1, words[6])
    along, across = (1, words[8]) if flip_b else (words[8], 1)
    for i in range(words[2]):
        for j in range(words[3]):
            a, b = shifted(base, words[5] + i * row), shifted(base, words[7] + j * across)
            total = _dot(a, b, count) if step == along == 1 else _stepped(a, step, b, along, count)
            c[i * ldc + j] = scale * total + (c[i * ldc + j] * keep if keep != 0 else like(0.0, c[0]))


@register_jitable
def _by_rows(base: Any, words: Any, scale: Any, keep: Any) -> None:
    """Each row of C from rows of B."""
    n, count = words[3], words[4]
    step, row = (words[6], 1) if words[0] else (1, words[6])
    across = words[8] if words[1] else 1
    for i in range(words[2]):
        a, c = shifted(base, words[5] + i * row), shifted(base, words[9] + i * words[10])
        if keep == 0:
            for j in range(n):
                c[j] = like(0.0, c[j])
        elif keep != 1:
            for j in range(n):
                c[j] *= keep
        for k in range(count):
            factor, b = scale * a[k * step], shifted(base, words[7] + (0 if words[1] else k * words[8]))
            for j in range(n):
                c[j] += factor * b[j * across]


@register_jitable
def _small(base: Any, words: Any, alpha: Any, beta: Any) -> None:
    scale, keep = like(alpha, base[0]), like(beta, base[0])
    if words[3] == 1 or (words[1] and words[4] > 1):
        _by_dots(base, words, scale, keep)
    else:
        _by_rows(base, words, scale, keep)


def small(base: Any, words: Any, control: Any) -> None:
    """By plain loops."""
    _small(base, words, real_of(words[11]), real_of(words[12]))


def small_descent(base: Any, words: Any, control: Any) -> None:
    """C −= η A B by plain loops."""
    _small(base, words, -_rate(base, words, control), 1.0)
