"""What comes in from outside, checked: examples, targets, weights, orders, moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.errors import InputError
from handgrad.network import Network
from handgrad.ops.losses import Loss
from handgrad.ops.op import Shape

Array = np.ndarray[Any, Any]


class Batch(Struct, frozen=True):
    """Examples [n][…], their targets [n][…] (or classes [n]), and how much each counts."""

    x: Array
    y: Array
    weights: Array | None


class Checks:
    """Reads arrays against a network and a loss. Every failure is an InputError that names the argument."""

    def __init__(self, network: Network, loss: Loss | None, dtype: np.dtype[Any]) -> None:
        self.network, self.loss, self.dtype = network, loss, dtype

    def examples(self, x: Any) -> Array:
        """x [n][…input], C-contiguous, of the dtype."""
        array = self._numbers("x", x)
        want = self.network.input
        if array.shape[1:] != want or array.ndim == 0:
            _refuse("x", f"expected [n{''.join(f', {size}' for size in want)}] as the network reads", array.shape)
        return np.ascontiguousarray(array, dtype=self.dtype)

    def batch(self, x: Any, y: Any, weights: Any) -> Batch:
        """Examples with as many targets and weights."""
        examples = self.examples(x)
        return Batch(examples, self.targets(y, len(examples)), self.weights(weights, len(examples)))

    def targets(self, y: Any, count: int) -> Array:
        """Classes int64 [n] from 0 where the loss takes labels and y has one axis of integers; else reals [n][…]."""
        loss = self.known_loss
        shape = loss.target_shape(self.network.output)
        array = np.asarray(y)
        if loss.labels and array.ndim == 1 and array.dtype.kind in "iu" and shape != ():
            return self._classes(array, count, shape)
        reals = self._numbers("y", array)
        if reals.shape != (count, *shape):
            wanted = f"[{count}{''.join(f', {size}' for size in shape)}]"
            labels = f", or [{count}] classes from 0" if loss.labels else ""
            _refuse("y", f"expected {wanted}{labels}", reals.shape)
        return np.ascontiguousarray(reals, dtype=self.dtype)

    def one_hot(self, y: Array) -> Array:
        """Targets [n][…target] from classes; what has that shape already stays."""
        shape = self.known_loss.target_shape(self.network.output)
        if y.dtype != np.int64:
            return y
        rows = np.zeros((len(y), *shape), self.dtype)
        rows[np.arange(len(y)), y] = 1
        return rows

    def weights(self, weights: Any, count: int) -> Array | None:
        """float64 [n], none of them negative, not all zero; None: each counts once."""
        if weights is None:
            return None
        array = self._numbers("weights", weights).astype(np.float64)
        if array.shape != (count,):
            _refuse("weights", f"expected one for each of the {count} examples", array.shape)
        if not np.isfinite(array).all() or (array < 0).any():
            message = "weights: expected finite numbers that are not negative"
            raise InputError(message)
        return np.ascontiguousarray(array)

    def order(self, order: Any, count: int) -> Array:
        """int64 [m], places of examples from 0."""
        array = np.asarray(order)
        if array.ndim != 1 or array.dtype.kind not in "iu":
            _refuse("order", "expected a list of places of examples", array.shape)
        if len(array) and not 0 <= int(array.min()) <= int(array.max()) < count:
            message = f"order: expected places from 0 to {count - 1}, found {int(array.min())} to {int(array.max())}"
            raise InputError(message)
        return np.ascontiguousarray(array, dtype=np.int64)

    def rates(self, rates: Any, steps: int, rate: float) -> Array:
        """float64 [steps]."""
        if rates is None:
            return np.full(steps, rate)
        array = self._numbers("rates", rates).astype(np.float64)
        if array.shape != (steps,):
            _refuse("rates", f"expected one for each of the {steps} steps", array.shape)
        return np.ascontiguousarray(array)

    def moves(self, moves: Any, count: int) -> Array | None:
        """int64 [m][3]: down, right, flip, for inputs [H][W] or [C][H][W]."""
        if moves is None:
            return None
        array = np.asarray(moves)
        if len(self.network.input) not in (2, 3):
            message = f"moves: images are moved, the input has shape {list(self.network.input)}"
            raise InputError(message)
        if array.shape != (count, 3) or array.dtype.kind not in "iu":
            _refuse("moves", f"expected integers (down, right, flip) for each of the {count} examples", array.shape)
        return np.ascontiguousarray(array, dtype=np.int64)

    @property
    def known_loss(self) -> Loss:
        """The loss; InputError if there is none."""
        if self.loss is None:
            message = 'there is no loss: name one, such as compile(network, loss="softmax_cross_entropy")'
            raise InputError(message)
        return self.loss

    def _classes(self, array: Array, count: int, shape: Shape) -> Array:
        if array.shape != (count,):
            _refuse("y", f"expected one class for each of the {count} examples", array.shape)
        if count and not 0 <= int(array.min()) <= int(array.max()) < shape[0]:
            found = f"found {int(array.min())} to {int(array.max())}"
            message = f"y: expected classes from 0 to {shape[0] - 1}, {found}"
            raise InputError(message)
        if len(shape) > 1:
            _refuse("y", f"expected [{count}, {', '.join(map(str, shape))}]", array.shape)
        return np.ascontiguousarray(array, dtype=np.int64)

    def _numbers(self, name: str, value: Any) -> Array:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            message = f"{name}: expected numbers, found {array.dtype}"
            raise InputError(message)
        return array


def _refuse(name: str, expected: str, shape: Shape) -> None:
    message = f"{name}: {expected}, found shape {list(shape)}"
    raise InputError(message)
