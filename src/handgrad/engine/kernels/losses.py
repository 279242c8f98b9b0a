"""Losses with the gradient they hand back, example by example in columns.

Words: a or ŷ (becomes the gradient), outputs m, batch B, columns c0 … c1, bias (NONE: there is none), room for
3 B numbers, factor (bits of a float64). The targets of example n are classes int64 Y[n], or reals Y[n][m].
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import HITS, LOSSES, NONE, ORDER, SHARE, SHARES, STEP, THREAD, THREADS, Y
from handgrad.engine.machine import like, pointed, real_of, shifted, word_of
from handgrad.engine.mathematics import exp, log, logistic, softplus


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
def _probabilities(base: Any, words: Any) -> None:
    """Leaves e^(a + b − max) in a, the largest a + b and the sum of each column in the room."""
    batch, first, count = words[2], words[3], words[4] - words[3]
    largest, total = shifted(base, words[6] + first), shifted(base, words[6] + batch + first)
    for i in range(words[1]):
        a, b = shifted(base, words[0] + i * batch + first), _bias(base, words, i)
        if i == 0:
            for j in range(count):
                a[j] += b
                largest[j] = a[j]
                total[j] = like(0.0, base[0])
        else:
            for j in range(count):
                a[j] += b
                largest[j] = a[j] if a[j] > largest[j] else largest[j]
    for i in range(words[1]):
        a = shifted(base, words[0] + i * batch + first)
        for j in range(count):
            a[j] = exp(a[j] - largest[j])
            total[j] += a[j]


@register_jitable
def _place_of_largest(base: Any, words: Any, column: Any) -> Any:
    best, a, batch = 0, shifted(base, words[0] + column), words[2]
    for i in range(1, words[1]):
        best = i if a[i * batch] > a[best * batch] else best
    return best


def output(base: Any, words: Any, control: Any) -> None:
    """The output alone: ŷ = softmax(a + b), in place."""
    batch, first, count = words[2], words[3], words[4] - words[3]
    _probabilities(base, words)
    total = shifted(base, words[6] + batch + first)
    for i in range(words[1]):
        a = shifted(base, words[0] + i * batch + first)
        for j in range(count):
            a[j] /= total[j]


def output_back(base: Any, words: Any, control: Any) -> None:
    """da = y ⊙ (dy − Σ dy ⊙ y). Words: da, dy, y, m, batch B, columns c0 … c1, whether to accumulate, room for B."""
    batch, first, count = words[4], words[5], words[6] - words[5]
    total, zero = shifted(base, words[8] + first), like(0.0, base[0])
    for j in range(count):
        total[j] = zero
    for i in range(words[3]):
        dy, y = shifted(base, words[1] + i * batch + first), shifted(base, words[2] + i * batch + first)
        for j in range(count):
            total[j] += dy[j] * y[j]
    for i in range(words[3]):
        at = i * batch + first
        da, dy, y = shifted(base, words[0] + at), shifted(base, words[1] + at), shifted(base, words[2] + at)
        for j in range(count):
            slope = y[j] * (dy[j] - total[j])
            da[j] = da[j] + slope if words[7] else slope


def softmax_cross_entropy(base: Any, words: Any, control: Any) -> None:
    """L = −ln softmax(a + b)_l of class l; ∂L/∂a = share · (ŷ − e_l)."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    a, labels = shifted(base, words[0]), pointed(control[Y], words)
    largest, total, room = shifted(base, words[6]), shifted(base, words[6] + batch), shifted(base, words[6] + 2 * batch)
    loss, hits = 0.0, 0
    for j in range(first, last):
        room[j] = a[labels[_example(words, control, j)] * batch + j]
    _probabilities(base, words)
    for j in range(first, last):
        label, share = labels[_example(words, control, j)], _share(words, control, j)
        score = room[j] + _bias(base, words, label)
        loss += share * (log(total[j]) - (score - largest[j]))
        hits += 1 if _place_of_largest(base, words, j) == label else 0
        room[j] = like(share, base[0])
        total[j] = room[j] / total[j]
    for i in range(m):
        row = shifted(a, i * batch)
        for j in range(first, last):
            row[j] *= total[j]
    for j in range(first, last):
        a[labels[_example(words, control, j)] * batch + j] -= room[j]
    _tell(base, words, control, loss, hits)


def softmax_cross_entropy_of(base: Any, words: Any, control: Any) -> None:
    """L = −Σ y ln softmax(a + b) of a distribution y; ∂L/∂a = share · (ŷ Σ y − y)."""
    m, batch, first, last = words[1], words[2], words[3], words[4]
    a, zero = shifted(base, words[0]), like(0.0, base[0])
    largest, total, room = shifted(base, words[6]), shifted(base, words[6] + batch), shifted(base, words[6] + 2 * batch)
    loss, hits = 0.0, 0
    for j in range(first, last):
        room[j] = zero
        for i in range(m):
            y = _target(base, words, control, j, i)
            room[j] += y
            loss -= _share(words, control, j) * (y * (a[i * batch + j] + _bias(base, words, i)))
    _probabilities(base, words)
    for j in range(first, last):
        share, label = _share(words, control, j), 0
        loss += share * (room[j] * (log(total[j]) + largest[j]))
        best = _place_of_largest(base, words, j)
        for i in range(m):
            label = i if _target(base, words, control, j, i) > _target(base, words, control, j, label) else label
        hits += 1 if best == label else 0
        for i in range(m):
            y = _target(base, words, control, j, i)
            a[i * batch + j] = like(share, base[0]) * (a[i * batch + j] / total[j] * room[j] - y)
    _tell(base, words, control, loss, hits)


def logistic_cross_entropy(base: Any, words: Any, control: Any) -> None:
    """L = c Σ ln(1 + e^a) − y a, binary cross-entropy behind a logistic; ∂L/∂a = share · c (ŷ − y)."""
    batch, factor, half = words[2], like(real_of(words[7]), base[0]), like(0.5, base[0])
    loss, hits = 0.0, 0
    for j in range(words[3], words[4]):
        a, share, wrong = shifted(base, words[0] + j), _share(words, control, j), 0
        for i in range(words[1]):
            z, y = a[i * batch] + _bias(base, words, i), _target(base, words, control, j, i)
            loss += share * (factor * (softplus(z) - y * z))
            wrong += 1 if (z > like(0.0, z)) != (y > half) else 0
            a[i * batch] = like(share, base[0]) * (factor * (logistic(z) - y))
        hits += 1 if wrong == 0 else 0
    _tell(base, words, control, loss, hits)


def squares(base: Any, words: Any, control: Any) -> None:
    """L = c Σ (ŷ − y)²; ∂L/∂ŷ = share · 2c (ŷ − y)."""
    batch, factor, loss = words[2], like(real_of(words[7]), base[0]), 0.0
    for j in range(words[3], words[4]):
        yhat, share = shifted(base, words[0] + j), _share(words, control, j)
        for i in range(words[1]):
            difference = yhat[i * batch] + _bias(base, words, i) - _target(base, words, control, j, i)
            loss += share * (factor * (difference * difference))
            yhat[i * batch] = like(2 * share, base[0]) * (factor * difference)
    _tell(base, words, control, loss, 0)
