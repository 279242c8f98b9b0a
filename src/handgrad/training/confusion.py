"""The confusion matrix: how often each class was taken for which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from handgrad.drawing.drawing import Drawing
from handgrad.drawing.pieces import wide
from handgrad.notation.picture import Grid, Label, Shape, Stroke
from handgrad.ops.losses import Loss

Array = np.ndarray[Any, Any]

WRITTEN = 30
"""Up to so many classes the counts and names stand beside the shades."""

DARKEST = 0.45
"""The shade of a whole row: counts in ink can still be read on it."""

_SMALL, _LARGEST = 10.5, 460.0


def classes_of(loss: Loss, values: Array, *, target: bool = False) -> Array | None:
    """The classes [n] that outputs ŷ [n][C] (or targets) stand for; None where an example has no single one.

    One output is the probability, or the logit, of the second of two classes.
    """
    if values.dtype.kind in "iu" and values.ndim == 1:
        return values
    if values.ndim == 2 and values.shape[1] == 1:
        middle = 0.0 if loss.name == "binary_cross_entropy_with_logits" and not target else 0.5
        found: Array = (values[:, 0] > middle).astype(np.int64)
        return found
    return values.argmax(axis=1) if values.ndim == 2 and loss.labels else None


def counts(found: Array, true: Array, classes: int) -> Array:
    """[C][C]: in row i and column j how many examples of class i were taken for class j."""
    return np.bincount(true * classes + found, minlength=classes**2).reshape(classes, classes)


def confusion(table: Array, names: Sequence[str] = ()) -> Drawing:
    """The table as shades, blue on the diagonal and red beside it, darker the larger the share of its row."""
    classes, small = len(table), len(table) <= WRITTEN
    names = names or [str(k) for k in range(classes)]
    cell = max(26.0, 10 + 7.5 * len(str(int(table.max())))) if small else _LARGEST / classes
    left = (16 + max(_width(name) for name in names) if small else 16.0) + 24
    top, side = 64.0, cell * classes
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    signed = np.where(np.eye(classes, dtype=bool), share, -(share**0.5)) * DARKEST
    shapes: list[Shape] = [Grid(left, top, side, side, tuple(map(tuple, signed.tolist())))]
    shapes += _frame(left, top, side)
    if small:
        shapes += _words(table, names, left, top, cell)
    right = int(np.trace(table))
    title = f"Confusion matrix: {right} of {int(table.sum())} right"
    return Drawing(max(left + side + 16, 340), top + side + 20, tuple(shapes), title, _description(table, names))


def _width(name: str) -> float:
    return wide([(name, "value", "")], _SMALL)


def _frame(left: float, top: float, side: float) -> Iterator[Shape]:
    right, bottom = left + side, top + side
    yield Stroke(((left, top), (right, top), (right, bottom), (left, bottom), (left, top)), "edge")
    yield Label(16, 14, "Confusion matrix", "value", "start")
    yield Label(16, 32, "row: the class, column: what it was taken for", "note", "start", _SMALL)


def _words(table: Array, names: Sequence[str], left: float, top: float, cell: float) -> Iterator[Shape]:
    for i, name in enumerate(names):
        middle = (i + 0.5) * cell
        yield Label(left - 8, top + middle, name, "value", "end", _SMALL)
        short = name if _width(name) <= cell else str(i + 1)
        yield Label(left + middle, top - 10, short, "value", "middle", _SMALL)
    for (i, j), count in np.ndenumerate(table):
        if count:
            yield Label(left + (j + 0.5) * cell, top + (i + 0.5) * cell, str(count), "value", "middle", _SMALL)


def _description(table: Array, names: Sequence[str]) -> str:
    wrong = table * (1 - np.eye(len(table), dtype=table.dtype))
    i, j = divmod(int(wrong.argmax()), len(wrong))
    if not wrong[i, j]:
        return "Every example was classed right."
    return f"Most often {names[i]} was taken for {names[j]}: {wrong[i, j]} of {table[i].sum()}."
