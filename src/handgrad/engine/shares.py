"""How much each example counts in the loss of a batch, and which classes are right."""

from __future__ import annotations

import numpy as np
from flint import fmpq

from handgrad.engine.arrays import Array
from handgrad.errors import InputError
from handgrad.ops.losses import Loss


def shares(loss: Loss, y: Array, weights: Array | None) -> Array:
    """float64 [n]: dL of each example, from targets [n][…] and weights [n].

    In a mean 1/n, or w/Σw of weighted examples (0 where none counts); in a sum 1 or w.
    """
    count = len(y)
    w = np.ones(count) if weights is None else weights
    if loss.reduction != "mean" or not count:
        return w
    total = float(w.sum())
    if total == 0:
        return w
    return w * (count / total / divisor(loss, y))


def depends(loss: Loss) -> bool:
    """Whether what a mean divides by depends on the targets."""
    return loss.reduction == "mean" and (
        getattr(loss, "weighs", False) or getattr(loss, "ignore_index", None) is not None
    )


def divisor(loss: Loss, y: Array) -> float:
    """What the mean over targets [n][…] divides by: n, unless the loss says otherwise."""
    entries = [fmpq(*float(value).as_integer_ratio()) for value in y.ravel()] if depends(loss) else []
    found = loss.divisor(entries, len(y), y.shape[1:])
    if found == 0:
        message = "y: every target is ignored or has weight 0: there is nothing to take the mean of"
        raise InputError(message)
    return float(found.p) / float(found.q)


def right(loss: Loss | None, yhat: Array, y: Array) -> int:
    """How many examples have the largest ŷ at their class, from targets [n][C]; 0 for a loss without classes.

    One output is a probability: right where it is on the target's side of ½.
    """
    if loss is None or yhat.ndim != 2 or y.shape != yhat.shape:
        return 0
    if loss.labels and yhat.shape[1] > 1:
        return int(np.count_nonzero(yhat.argmax(axis=1) == y.argmax(axis=1)))
    if loss.name == "binary_cross_entropy":
        return int(np.count_nonzero(((yhat > 0.5) == (y > 0.5)).all(axis=1)))
    if loss.name == "binary_cross_entropy_with_logits":
        return int(np.count_nonzero(((yhat > 0) == (y > 0.5)).all(axis=1)))
    return 0
