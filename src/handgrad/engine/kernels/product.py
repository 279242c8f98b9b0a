"""Products of matrices, C = α A B + β C. Row-major; a flipped one is stored transposed.

Words: flip A, flip B, m, n, k, A, its leading dimension, B, its own, C, its own, α, β (bits of float64).
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import GEMM, RATES, STEP
from handgrad.engine.machine import data, gemm, like, real_of, shifted


@register_jitable
def _large(base: Any, words: Any, control: Any, alpha: Any, beta: Any) -> None:
    gemm(
        control[GEMM], words[0], words[1], words[2], words[3], words[4], like(alpha, base[0]), shifted(base, words[5]),
        words[6], shifted(base, words[7]), words[8], like(beta, base[0]), shifted(base, words[9]), words[10],
    )  # fmt: skip


@register_jitable
def _rate(base: Any, words: Any, control: Any) -> Any:
    return real_of(shifted_words(control[RATES], words)[control[STEP]])


@register_jitable
def shifted_words(address: Any, words: Any) -> Any:
    """The words at an address."""
    return data(address, words, (1 << 40,))


def large(base: Any, words: Any, control: Any) -> None:
    """By the BLAS."""
    _large(base, words, control, real_of(words[11]), real_of(words[12]))


def large_descent(base: Any, words: Any, control: Any) -> None:
    """C −= η A B by the BLAS: a gradient and its step at once."""
    _large(base, words, control, -_rate(base, words, control), 1.0)


@register_jitable
def _small(base: Any, words: Any, alpha: Any, beta: Any) -> None:
    flip_a, flip_b, m, n, count = words[0], words[1], words[2], words[3], words[4]
    a, lda, b, ldb = shifted(base, words[5]), words[6], shifted(base, words[7]), words[8]
    c, ldc = shifted(base, words[9]), words[10]
    scale, keep, zero = like(alpha, c[0]), like(beta, c[0]), like(0.0, c[0])
    for i in range(m):
        for j in range(n):
            c[i * ldc + j] = c[i * ldc + j] * keep if beta != 0.0 else zero
        for k in range(count):
            factor = scale * (a[k * lda + i] if flip_a else a[i * lda + k])
            if flip_b:
                for j in range(n):
                    c[i * ldc + j] += factor * b[j * ldb + k]
            else:
                for j in range(n):
                    c[i * ldc + j] += factor * b[k * ldb + j]


def small(base: Any, words: Any, control: Any) -> None:
    """By plain loops."""
    _small(base, words, real_of(words[11]), real_of(words[12]))


def small_descent(base: Any, words: Any, control: Any) -> None:
    """C −= η A B by plain loops."""
    _small(base, words, -_rate(base, words, control), 1.0)
