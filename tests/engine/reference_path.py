"""A whole network by the reference rules, in place of the compiled path: what that is compared with."""

from __future__ import annotations

import numpy as np

from handgrad.engine import updating
from handgrad.engine.arrays import Array, Checks
from handgrad.engine.path import Run, Setting
from handgrad.engine.reference import Rules
from handgrad.engine.shares import right, shares


class ReferencePath:
    """Predicts and trains by the reference rules."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        network = setting.network
        self.parameters = {name: np.zeros(network.shape(name), setting.dtype) for name in network.parameters}
        self.states = updating.start(setting.update, self.parameters, setting.freeze)
        self._rules = Rules(setting, self.parameters)

    def quick(self) -> None:
        """There is no quick way."""

    def predict(self, x: Array) -> Array:
        """ŷ [n][…]."""
        network, size = self.setting.network, max(self.setting.batch, 1)
        if not len(x):
            return np.zeros((0, *network.output), self.setting.dtype)
        return np.concatenate([self._rules.forward(x[i : i + size])["yhat"] for i in range(0, len(x), size)])

    def gradients(self, x: Array, y: Array, weights: Array) -> tuple[float, int, dict[str, Array]]:
        """L = Σ weights · losses, right classes, and the gradients."""
        return self._gradients(x, y, weights, None)

    def _gradients(self, x: Array, y: Array, weights: Array, step: int | None) -> tuple[float, int, dict[str, Array]]:
        checks = Checks(self.setting.network, self.setting.loss, self.setting.dtype)
        target = checks.one_hot(y)
        losses, yhat, found = self._rules.gradients(x, target, weights, step)
        value = float(np.dot(weights, losses.astype(np.float64))) + self._rules.penalty()
        return value, right(self.setting.loss, yhat, target), dict(zip(self.parameters, found, strict=True))

    def each(self, x: Array, y: Array) -> dict[str, Array]:
        """The gradient of each example's loss."""
        one = np.ones(1)
        found = [self._gradients(x[i : i + 1], y[i : i + 1], one, None)[2] for i in range(len(x))]
        return {
            name: np.stack([gradients[name] for gradients in found]) if found else np.zeros((0, *array.shape), x.dtype)
            for name, array in self.parameters.items()
        }

    def norms(self, x: Array, y: Array) -> Array:
        """The norm of each example's whole gradient."""
        squares = [np.square(g).sum(axis=tuple(range(1, g.ndim))) for g in self.each(x, y).values()]
        return np.sqrt(np.sum(squares, axis=0)) if squares else np.zeros(len(x), x.dtype)

    def train(self, run: Run) -> tuple[Array, Array]:
        """Update after each batch."""
        size, count = self.setting.batch, len(run.rates)
        losses, hits = np.zeros(count), np.zeros(count, np.int64)
        for i in range(count):
            chosen = slice(i * size, (i + 1) * size)
            losses[i], hits[i] = self._step(run, chosen, run.rates[i], run.first + i + 1)
        return losses, hits

    def _step(self, run: Run, chosen: slice, rate: float, count: int) -> tuple[float, int]:
        setting, places = self.setting, run.order[chosen]
        x, y = run.x[places], run.y[places]
        x = x if run.moves is None else moved(x, run.moves[chosen])
        target = Checks(setting.network, setting.loss, setting.dtype).one_hot(y)
        assert setting.loss is not None and setting.update is not None  # noqa: PT018  Compiled has seen to it
        weights = shares(setting.loss, target, None if run.weights is None else run.weights[places])
        loss, hits, gradients = self._gradients(x, y, weights, count)
        gradients = {name: g for name, g in gradients.items() if name not in setting.freeze}
        gradients = gradients if setting.clip is None else updating.clipped(gradients, setting.clip)
        with np.errstate(all="ignore"):
            for name, gradient in gradients.items():
                updating.move(setting.update, name, self.parameters[name], gradient, self.states, rate, count)
        return loss, hits


def moved(images: Array, moves: Array) -> Array:
    """Images [n]([C])[H][W] mirrored left-right where told, then shifted (down, right), zeros from outside."""
    result = np.zeros_like(images)
    height, width = images.shape[-2:]
    for image, target, (down, across, flip) in zip(images, result, moves.tolist(), strict=True):
        source = image[..., ::-1] if flip else image
        rows, columns = slice(max(down, 0), height + min(down, 0)), slice(max(across, 0), width + min(across, 0))
        from_rows = slice(max(-down, 0), height + min(-down, 0))
        from_columns = slice(max(-across, 0), width + min(-across, 0))
        target[..., rows, columns] = source[..., from_rows, from_columns]
    return result
