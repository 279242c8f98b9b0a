"""The batch: chosen examples brought in, results written out.

Words: out, size, batch B, columns c0 … c1, and of images channels, height, width (0: none is moved).
"""

from __future__ import annotations

import math
from typing import Any

from numba import types
from numba.extending import register_jitable

from handgrad.engine.control import LOSSES, MOVES, ORDER, OUT, STEP, STOP, THREAD, THREADS, X, Y
from handgrad.engine.machine import like, pointed, shifted, word_of


@register_jitable
def _place(words: Any, control: Any, column: Any) -> Any:
    order = pointed(control[ORDER], words)
    return order[control[STEP] * words[2] + column]


@register_jitable
def _source(words: Any, control: Any, column: Any, row: Any, across: Any) -> Any:
    """Where pixel (row, across) of an image comes from: its place in the plane, −1 from outside."""
    moves = shifted(pointed(control[MOVES], words), (control[STEP] * words[2] + column) * 3)
    height, width = words[6], words[7]
    i, j = row - moves[0], across - moves[1]
    if i < 0 or i >= height or j < 0 or j >= width:
        return types.int64(-1)
    return i * width + (width - 1 - j if moves[2] != 0 else j)


def classes(base: Any, words: Any, control: Any) -> None:
    """Stops before anything is changed where a class is not one of 0 … m − 1. Words: m, unused, batch B."""
    labels = pointed(control[Y], words)
    for column in range(words[2]):
        label = labels[_place(words, control, column)]
        if label < 0 or label >= words[0]:
            control[STOP] = 1
            pointed(control[LOSSES], words)[control[STEP] * control[THREADS] + control[THREAD]] = word_of(math.nan)


def rows(base: Any, words: Any, control: Any) -> None:
    """out[B][size]: an example in each row."""
    size, moves = words[1], control[MOVES]
    for column in range(words[3], words[4]):
        example = shifted(pointed(control[X], base), _place(words, control, column) * size)
        out = shifted(base, words[0] + column * size)
        if moves == 0:
            for k in range(size):
                out[k] = example[k]
        else:
            plane = words[6] * words[7]
            for k in range(size):
                inside = k % plane
                found = _source(words, control, column, inside // words[7], inside % words[7])
                out[k] = example[k - inside + found] if found >= 0 else like(0.0, base[0])


def columns(base: Any, words: Any, control: Any) -> None:
    """out[size][B]: an example in each column, transposed in blocks that stay in cache."""
    size, batch, moves = words[1], words[2], control[MOVES]
    for low in range(0, size, 16):
        high = min(low + 16, size)
        for column in range(words[3], words[4]):
            example = shifted(pointed(control[X], base), _place(words, control, column) * size)
            out = shifted(base, words[0] + column)
            if moves == 0:
                for k in range(low, high):
                    out[k * batch] = example[k]
            else:
                plane = words[6] * words[7]
                for k in range(low, high):
                    inside = k % plane
                    found = _source(words, control, column, inside // words[7], inside % words[7])
                    out[k * batch] = example[k - inside + found] if found >= 0 else like(0.0, base[0])


def emit(base: Any, words: Any, control: Any) -> None:
    """Writes [size][B] out as rows, behind those of the steps before."""
    size, batch = words[1], words[2]
    out = shifted(pointed(control[OUT], base), control[STEP] * batch * size)
    for column in range(words[3], words[4]):
        for k in range(size):
            out[column * size + k] = base[words[0] + k * batch + column]
