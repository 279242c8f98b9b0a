"""The course of a training: epochs on the engine, until the loss or the held-out score stops getting better."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct
from sklearn.exceptions import ConvergenceWarning

from handgrad.engine import Compiled
from handgrad.engine.arrays import Array
from handgrad.sklearn.settings import schedule
from handgrad.training.orders import moves, order
from handgrad.training.schedules import Constant
from handgrad.training.settings import Augment


class Examples(Struct, frozen=True):
    """Examples as the engine reads them, with how much each counts (None: all alike)."""

    x: Array
    y: Array
    weights: Array | None

    def chosen(self, places: Array) -> Examples:
        """Those at some places."""
        return Examples(self.x[places], self.y[places], None if self.weights is None else self.weights[places])


class Progress(Struct):
    """What is known after some epochs: for each of them the mean loss and, with early stopping, the score."""

    losses: list[float] = []
    scores: list[float] = []
    best: float = -np.inf
    """The best negative loss or score."""
    since: int = 0
    """Epochs since it last got better by more than the tolerance."""
    parameters: dict[str, Array] = {}
    """Those of the best score."""

    def meet(self, value: float, tolerance: float) -> bool:
        """Take in an epoch's value; whether it is the best so far."""
        self.since = 0 if value > self.best + tolerance else self.since + 1
        better = value > self.best
        self.best = max(value, self.best)
        return better


class Course:
    """Trains ``compiled`` by the settings of an estimator, of whom ``seed`` decides every order and move."""

    def __init__(self, estimator: Any, compiled: Compiled, seed: int, first: int) -> None:
        self.estimator, self.compiled, self.seed = estimator, compiled, seed
        self.epoch = first
        """Epochs before this course: orders go on from there."""

    def epochs(self, data: Examples, score: Callable[[], float] | None) -> Progress:
        """Up to ``max_iter`` epochs by the schedule; ``score`` of the held-out examples where there are some.

        With a score the parameters of the best one are put back in the end.
        """
        settings, done = self.estimator, Progress()
        steps = -(-len(data.x) // self.compiled.batch)
        course, total = schedule(settings.learning_rate), steps * settings.max_iter
        for i in range(settings.max_iter):
            rates = course.rates(float(settings.learning_rate_init), i * steps, steps, total, steps)
            self._meet(done, self.once(data, rates), score)
            if settings.verbose:
                print(_line(i + 1, done))  # noqa: T201  it was asked for
            if done.since >= settings.n_iter_no_change:
                break
        else:
            self._unfinished()
        if done.parameters:
            self.compiled.set_parameters(done.parameters)
        return done

    def once(self, data: Examples, rates: Array) -> float:
        """One epoch; its mean loss. ValueError where a number is no longer finite."""
        n, batch = len(data.x), self.compiled.batch
        met = order(n, self.seed, self.epoch) if self.estimator.shuffle else np.arange(n)
        turns = moves(n, Augment(shift=getattr(self.estimator, "shift", 0)), self.seed, self.epoch)
        losses, _ = self.compiled.train(data.x, data.y, met, rates, data.weights, turns)
        self.epoch += 1
        if not np.isfinite(losses).all():
            message = "the loss is no longer finite: scale the input, or take a smaller learning_rate_init"
            raise ValueError(message)
        counts = np.ones(n) if data.weights is None else data.weights[met]
        return float(np.average(losses, weights=np.add.reduceat(counts, np.arange(0, n, batch))))

    def _meet(self, done: Progress, loss: float, score: Callable[[], float] | None) -> None:
        done.losses.append(loss)
        if score is None:
            done.meet(-loss, self.estimator.tol)
            return
        done.scores.append(score())
        if done.meet(done.scores[-1], self.estimator.tol):
            done.parameters = self.compiled.parameters

    def _unfinished(self) -> None:
        if isinstance(schedule(self.estimator.learning_rate), Constant):
            message = f"max_iter ({self.estimator.max_iter}) was reached while the loss was still falling"
            warnings.warn(message, ConvergenceWarning, stacklevel=5)


def _line(epoch: int, done: Progress) -> str:
    score = f", held-out score {done.scores[-1]:.6f}" if done.scores else ""
    return f"Epoch {epoch}, loss {done.losses[-1]:.8f}{score}"
