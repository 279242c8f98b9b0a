"""Losses with the gradient they hand back, example by example in columns.

Words: a or ŷ (becomes the gradient), outputs m, batch B, columns c0 … c1, bias (NONE: there is none), room for
3 B numbers, factor (bits of a float64). The targets of example n are classes int64 Y[n], or reals Y[n][m].
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import HITS, LOSSES, NONE, ORDER, SHARE, SHARES, STEP, THREAD, THREADS, Y
from handgrad.engine.machine import like, pointed, real_of, shifted, view, word_of
from handgrad.engine.mathematics import exp, log, log1p


@register_jitable
def _example(words: Any, control: Any, column: Any) -> Any:
    return pointed(control[ORDER], words)[control[STEP] * words[2] + column]


@register_jitable
def _share(words: Any, control: Any, column: Any) -> Any:
    if control[SHARES] == 0:
        return real_of(control[SHARE])
    return real_of(pointed(control[SHARES], words)[control[STEP] * words[2] + column])


@register_jitable
def _bias(base: Any, words: Any, i: Any) -> Any:
    return like(0.0, base[0]) if words[5] == NONE else shifted(base, words[5])[i]


@register_jitable
def _tell(base: Any, words: Any, control: Any, loss: Any, hits: Any) -> None:
    """Leaves the thread's part of the step's loss and of its right classes."""
    at = control[STEP] * control[THREADS] + control[THREAD]
    pointed(control[HITS], words)[at] = hits
    pointed(control[LOSSES], words)[at] = word_of(loss)


@register_jitable
def _target(base: Any, words: Any, control: Any, column: Any, i: Any) -> Any:
    """y[i] of the example in a column, from reals."""
    return pointed(control[Y], base)[_example(words, control, column) * words[1] + i]


@register_jitable
def _probabilities(base: Any, words: Any, a: Any, largest: Any, total: Any) -> None:
    """Leaves e^(a + b − max) in a, the largest a + b and the sum of each column."""
    m, first, last = words[1], words[3], words[4]
    for j in range(first, last):
        largest[j] = a[0, j] + _bias(base, words, 0)
        total[j] = like(0.0, base[0])
    for i in range(m):
        b = _bias(base, words, i)
        for j in range(first, last):
            a[i, j] += b
            largest[j] = max(largest[j], a[i, j])
    for i in range(m):
        for j in range(first, last):
            a[i, j] = exp(a[i, j] - largest[j])
            total[j] += a[i, j]


@register_jitable
def _place_of_largest(a: Any, column: Any) -> Any:
    best = 0
    for i in range(1, a.shape[0]):
        if a[i, column] > a[best, column]:
            best = i
    return best


def softmax(base: Any, words: Any, control: Any) -> None:
    """Classes from scores: ŷ = softmax(a + b) in place; no target."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    a, room = view(base, words[0], (m, batch)), view(base, words[6], (3, batch))
    _probabilities(base, words, a, room[0], room[1])
    for i in range(m):
        for j in range(first, last):
            a[i, j] /= room[1, j]


def softmax_cross_entropy(base: Any, words: Any, control: Any) -> None:
    """L = −ln softmax(a + b)_l of class l; ∂L/∂a = share · (ŷ − e_l)."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    a, room = view(base, words[0], (m, batch)), view(base, words[6], (3, batch))
    loss, hits = 0.0, 0
    for j in range(first, last):
        room[2, j] = a[pointed(control[Y], words)[_example(words, control, j)], j]
    _probabilities(base, words, a, room[0], room[1])
    for j in range(first, last):
        label = pointed(control[Y], words)[_example(words, control, j)]
        share = _share(words, control, j)
        score = room[2, j] + _bias(base, words, label)
        loss += share * (log(room[1, j]) - (score - room[0, j]))
        hits += 1 if _place_of_largest(a, j) == label else 0
        room[1, j] = like(share, base[0]) / room[1, j]
    for i in range(m):
        for j in range(first, last):
            a[i, j] *= room[1, j]
    for j in range(first, last):
        label = pointed(control[Y], words)[_example(words, control, j)]
        a[label, j] -= like(_share(words, control, j), base[0])
    _tell(base, words, control, loss, hits)


def softmax_cross_entropy_of(base: Any, words: Any, control: Any) -> None:
    """L = −Σ y ln softmax(a + b) of a distribution y; ∂L/∂a = share · (ŷ Σ y − y)."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    a, room = view(base, words[0], (m, batch)), view(base, words[6], (3, batch))
    loss, hits = 0.0, 0
    for j in range(first, last):
        room[2, j] = like(0.0, base[0])
        for i in range(m):
            y = _target(base, words, control, j, i)
            room[2, j] += y
            loss -= _share(words, control, j) * (y * (a[i, j] + _bias(base, words, i)))
    _probabilities(base, words, a, room[0], room[1])
    for j in range(first, last):
        share, best, label = _share(words, control, j), 0, 0
        loss += share * (room[2, j] * (log(room[1, j]) + room[0, j]))
        for i in range(m):
            best = i if a[i, j] > a[best, j] else best
            label = i if _target(base, words, control, j, i) > _target(base, words, control, j, label) else label
        hits += 1 if best == label else 0
        for i in range(m):
            y = _target(base, words, control, j, i)
            a[i, j] = like(share, base[0]) * (a[i, j] / room[1, j] * room[2, j] - y)
    _tell(base, words, control, loss, hits)


def logistic_cross_entropy(base: Any, words: Any, control: Any) -> None:
    """L = c Σ ln(1 + e^a) − y a, binary cross-entropy behind a logistic; ∂L/∂a = share · c (ŷ − y)."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    a, factor = view(base, words[0], (m, batch)), like(real_of(words[7]), base[0])
    one, half = like(1.0, base[0]), like(0.5, base[0])
    loss, hits = 0.0, 0
    for j in range(first, last):
        share, wrong = _share(words, control, j), 0
        for i in range(m):
            z, y = a[i, j] + _bias(base, words, i), _target(base, words, control, j, i)
            loss += share * (factor * (max(z, like(0.0, z)) - y * z + log1p(exp(-abs(z)))))
            wrong += 1 if (z > like(0.0, z)) != (y > half) else 0
            a[i, j] = like(share, base[0]) * (factor * (one / (one + exp(-z)) - y))
        hits += 1 if wrong == 0 else 0
    _tell(base, words, control, loss, hits)


def squares(base: Any, words: Any, control: Any) -> None:
    """L = c Σ (ŷ − y)²; ∂L/∂ŷ = share · 2c (ŷ − y)."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    yhat, factor = view(base, words[0], (m, batch)), like(real_of(words[7]), base[0])
    loss = 0.0
    for j in range(first, last):
        share = _share(words, control, j)
        for i in range(m):
            difference = yhat[i, j] + _bias(base, words, i) - _target(base, words, control, j, i)
            loss += share * (factor * (difference * difference))
            yhat[i, j] = like(2 * share, base[0]) * (factor * difference)
    _tell(base, words, control, loss, 0)
