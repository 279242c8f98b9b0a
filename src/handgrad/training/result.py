"""What a run of training gives back."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from handgrad.engine import Compiled
from handgrad.network import Network
from handgrad.problem import Problem
from handgrad.training.examples import Part
from handgrad.training.learned import learned, problem_of
from handgrad.training.safetensors import Arrays
from handgrad.training.state import Epoch, State, Warned
from handgrad.training.task import Task

if TYPE_CHECKING:
    from handgrad.drawing.drawing import Drawing


class Result(Struct, frozen=True, dict=True):
    """The network that was learned, and how it got there.

    After early stopping its parameters are those of the best epoch, unless ``keep_best`` is off.
    """

    task: Task
    compiled: Compiled
    """The engine with the learned parameters: ``compiled.predict(x)``."""
    state: State
    folder: Path | None

    @property
    def parameters(self) -> Arrays:
        """The learned parameters by name."""
        return self.compiled.parameters

    @cached_property
    def network(self) -> Network:
        """The network with the learned parameters."""
        return learned(self.task.problem.network, self.parameters)

    @property
    def history(self) -> list[Epoch]:
        """What each epoch came to."""
        return self.state.history

    @property
    def warnings(self) -> list[Warned]:
        """What ``watch`` found."""
        return self.state.warnings

    @property
    def best(self) -> int:
        """The epoch whose parameters these are, where the run could stop early; else the last one."""
        return self.state.best if self.state.best and self.task.train.keep_best else self.state.epoch

    @property
    def scored(self) -> Part:
        """What ``score`` is measured on: the test examples, else the held-out ones, else those of the training."""
        return next(part for part in (self.task.test, self.task.held, self.task.part) if part is not None)

    @cached_property
    def score(self) -> float:
        """The accuracy on the ``scored`` examples; in a regression R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²."""
        part = self.scored
        if self.task.classifies:
            return self.compiled.evaluate(part.x, part.y)[1] / len(part)
        yhat, y = self.compiled.predict(part.x).astype(np.float64).reshape(len(part), -1), part.y.reshape(len(part), -1)
        spread = float(np.sum((y - y.mean(axis=0)) ** 2))
        return 1 - float(np.sum((y - yhat) ** 2)) / spread if spread else 0.0

    def problem(self, example: int = 1) -> Problem:
        """The problem of one example (from 1, as the data count) with the learned parameters.

        ``hg.solve(result.problem(17)).working()`` is its worked solution. Raises InputError if there is no such
        example.
        """
        return problem_of(self.task, self.parameters, example)

    def curves(self) -> Drawing:
        """Loss, accuracy and learning rate of each epoch."""
        from handgrad.training.curves import curves

        return curves(self.history, self.best)

    def confusion(self) -> Drawing | None:
        """How often each class was taken for which, on the examples of ``score``; None for a regression."""
        from handgrad.training.confusion import classes_of, confusion, counts

        part, loss = self.scored, self.compiled.loss
        if not self.task.classifies or loss is None:
            return None
        found, true = classes_of(loss, self.compiled.predict(part.x)), classes_of(loss, part.y, target=True)
        if found is None or true is None:
            return None
        return confusion(counts(found, true, max(2, self.network.output[0])), self.task.classes)

    def filters(self) -> Drawing | None:
        """The weights that read the input, as images where the input is one; None where there are none."""
        from handgrad.training.filters import filters

        return filters(self.network)

    def __repr__(self) -> str:
        return f"Result({self.state.epoch} epochs, score {self.score:.4f})"
