"""Gradients of single examples of dense layers, and their norms.

Words: dy, rows m, x, columns p, whether x stands as [B][p], batch B, columns c0 … c1, where the parameter begins in
the gradient of an example. x NONE: a bias.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import EXAMPLES, NONE, OUT, SKIPPED, STEP
from handgrad.engine.machine import like, pointed, shifted


@register_jitable
def _target(base: Any, words: Any, control: Any, column: Any, size: Any) -> Any:
    """Where the gradient of an example goes: [parameters][examples][size]."""
    example = control[SKIPPED] + control[STEP] * words[5] + column
    return shifted(pointed(control[OUT], base), words[8] * control[EXAMPLES] + example * size)


def weights(base: Any, words: Any, control: Any) -> None:
    """dW[n,m,p] = dy[m,n] x[p,n]."""
    m, p, batch, by_rows = words[1], words[3], words[5], words[4]
    for column in range(words[6], words[7]):
        out, dy = _target(base, words, control, column, m * p), shifted(base, words[0] + column)
        x = shifted(base, words[2] + (column * p if by_rows else column))
        for i in range(m):
            row, factor = shifted(out, i * p), dy[i * batch]
            if by_rows:
                for k in range(p):
                    row[k] = factor * x[k]
            else:
                for k in range(p):
                    row[k] = factor * x[k * batch]


def biases(base: Any, words: Any, control: Any) -> None:
    """db[n,m] = dy[m,n]."""
    for column in range(words[6], words[7]):
        out, dy = _target(base, words, control, column, words[1]), shifted(base, words[0] + column)
        for i in range(words[1]):
            out[i] = dy[i * words[5]]


def squares(base: Any, words: Any, control: Any) -> None:
    """out[n] += Σ dW[n,m,p]² = Σ dy[m,n]² · Σ x[p,n]²; for a bias Σ dy[m,n]². Source: Goodfellow, arXiv:1510.01799."""
    out = shifted(pointed(control[OUT], base), control[SKIPPED] + control[STEP] * words[5])
    for column in range(words[6], words[7]):
        above, below = like(0.0, base[0]), like(0.0, base[0])
        for i in range(words[1]):
            dy = base[words[0] + i * words[5] + column]
            above += dy * dy
        for k in range(words[3]):
            x = base[words[2] + (column * words[3] + k if words[4] else k * words[5] + column)]
            below += x * x
        out[column] += above if words[2] == NONE else above * below
