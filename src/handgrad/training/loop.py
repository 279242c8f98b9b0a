"""The loop: epochs in pieces, each a single call of the engine; evaluation, early stopping, checkpoints between.

What a step does follows from the parameters, the seed, the epoch and the step alone, so neither how an epoch is
cut into pieces nor where a run was broken off changes a bit of its results.
"""

from __future__ import annotations

from math import isfinite
from time import perf_counter
from typing import Any, NoReturn

import numpy as np

from handgrad.engine import Compiled
from handgrad.errors import InputError
from handgrad.training.interrupts import Interrupted, Interrupts
from handgrad.training.keeping import Keeper
from handgrad.training.reporting import Progress, Reporter
from handgrad.training.safetensors import Arrays
from handgrad.training.state import Epoch, State
from handgrad.training.task import Task
from handgrad.training.watch import Before, Watch, first_not_finite

SECONDS = 0.3
"""What a piece should take: progress, Ctrl-C and checkpoints come between pieces."""

GROWTH = 8
"""A piece has at most so many times the steps of the one before."""

Losses = np.ndarray[Any, Any]


class Loop:
    """A run of training from a state to its end."""

    def __init__(
        self, task: Task, compiled: Compiled, state: State, best: Arrays, keeper: Keeper, reporter: Reporter,
        watch: Watch | None,
    ) -> None:  # fmt: skip
        self.task, self.compiled, self.state, self.best = task, compiled, state, best
        self.keeper, self.reporter, self.watch = keeper, reporter, watch
        self._piece = 1
        self._speed = (0, 0.0)
        """Examples and seconds of this epoch, in this process."""

    def run(self) -> None:
        """Trains until it is over. Raises InputError where the loss is no longer finite, Interrupted on a signal."""
        with Interrupts() as interrupts:
            while not over(self.task, self.state):
                self._epoch(interrupts)
        why = over(self.task, self.state)
        if self.state.finished != why:
            self.state.finished = why
            self._save()

    def _epoch(self, interrupts: Interrupts) -> None:
        task, state = self.task, self.state
        order, moves = task.order(state.epoch), task.moves(state.epoch)
        self._speed = (0, 0.0)
        while state.step < task.steps:
            if self.watch is not None:
                self._look(order)
            self._take(order, moves)
            self._between(interrupts)
        self._close()
        self._between(interrupts)

    def _take(self, order: Losses, moves: Losses | None) -> None:
        """One piece: some steps in a single call."""
        task, state, batch = self.task, self.state, self.task.train.batch
        first, last = state.step, min(state.step + self._steps(), task.steps)
        before = None if self.watch is None else Before.of(self.compiled)
        begun = perf_counter()
        losses, correct = self._steps_from(first, last, order, moves)
        took = perf_counter() - begun
        if not np.isfinite(losses).all():
            bad = first + int(np.argmin(np.isfinite(losses)))
            why = "" if before is None else self._first_cause(before, first, bad, order, moves)
            self._fail(bad + 1, f"the loss is {float(losses[bad - first])}{why}")
        counts = np.diff(np.minimum(np.arange(first, last + 1) * batch, len(order)))
        per = losses * counts if averages(task) else losses
        state.loss = float(np.cumsum(np.concatenate([[state.loss], per]))[-1])  # one by one, whatever the pieces
        state.correct += int(correct.sum())
        state.step, state.seconds = last, state.seconds + took
        self._speed = (self._speed[0] + int(counts.sum()), self._speed[1] + took)
        wanted = int(SECONDS * (last - first) / max(took, 1e-9))
        self._piece = max(1, min(wanted, GROWTH * (last - first)))

    def _steps_from(self, first: int, last: int, order: Losses, moves: Losses | None) -> tuple[Losses, Losses]:
        """Takes some steps of the epoch; the loss and the right classes of each."""
        task, batch = self.task, self.task.train.batch
        examples = slice(first * batch, last * batch)
        return self.compiled.train(
            task.part.x, task.part.y, order[examples], task.rates(self.state.epoch, first, last - first),
            task.weights, None if moves is None else moves[examples],
        )  # fmt: skip

    def _first_cause(self, before: Before, first: int, bad: int, order: Losses, moves: Losses | None) -> str:
        """Goes back and up to the step whose loss is not finite, and says where numbers cease to be."""
        before.restore(self.compiled)
        if bad > first:
            self._steps_from(first, bad, order, moves)
        rows = order[bad * self.task.train.batch : (bad + 1) * self.task.train.batch]
        found = first_not_finite(self.compiled, self.task.part.x[rows])
        return f", from {found}" if found else ""

    def _steps(self) -> int:
        """How many steps to take at once: not beyond the next look of ``watch``."""
        if self.watch is None:
            return self._piece
        return min(self._piece, self.watch.until(self.state.epoch * self.task.steps + self.state.step))

    def _look(self, order: Losses) -> None:
        """Shows ``watch`` the batch of the next step, where it wants to see it."""
        watch, state, batch = self.watch, self.state, self.task.train.batch
        step = state.epoch * self.task.steps + state.step
        if watch is None or not watch.wants(step):
            return
        rows = order[state.step * batch : (state.step + 1) * batch]
        weights = None if self.task.weights is None else self.task.weights[rows]
        found = watch.look(self.compiled, self.task.part.x[rows], self.task.part.y[rows], weights, step + 1)
        for warned in found:
            state.warnings.append(warned)
            self.keeper.line(warned)
            self.reporter.warning(warned)

    def _close(self) -> None:
        """The end of an epoch: evaluation, history, whether it was the best so far."""
        task, state, count = self.task, self.state, len(self.task.part)
        begun = perf_counter()
        held = None if task.held is None else evaluated(task, self.compiled, task.held)
        state.seconds += perf_counter() - begun
        progress = self.progress()
        done = Epoch(
            epoch=state.epoch + 1,
            steps=(state.epoch + 1) * task.steps,
            loss=state.loss / count,
            rate=float(task.rates(state.epoch, task.steps - 1, 1)[0]),
            seconds=round(state.seconds, 3),
            accuracy=state.correct / count if task.classifies else None,
            held_loss=None if held is None else held[0],
            held_accuracy=None if held is None else held[1],
        )
        if held is not None and not isfinite(held[0]):
            self._fail(task.steps, f"the loss of the held-out examples after it is {held[0]}")
        self._check_finite()
        state.history.append(done)
        state.epoch, state.step, state.loss, state.correct = state.epoch + 1, 0, 0.0, 0
        if task.train.patience is not None and improved(task, state):
            state.best, self.best = state.epoch, self.compiled.parameters
        self.keeper.line(done)
        self.reporter.epoch(done, progress)

    def progress(self) -> Progress:
        """Where the run is."""
        task, state = self.task, self.state
        count, seconds = self._speed
        seen = min(state.step * task.train.batch, len(task.part))
        rate = count / seconds if seconds else 0.0
        left = (task.train.epochs - state.epoch) * len(task.part) - seen
        return Progress(
            state.epoch + 1, task.train.epochs, state.step, task.steps, state.loss / max(seen, 1),
            state.correct / max(seen, 1) if task.classifies else None, rate, left / rate if rate else 0.0,
        )  # fmt: skip

    def _between(self, interrupts: Interrupts) -> None:
        """Between two pieces: progress, a checkpoint where it is time, an interruption."""
        if self.state.step:
            self.reporter.piece(self.progress())
        if interrupts.asked:
            where = f"epoch {self.state.epoch + 1}, step {self.state.step} of {self.task.steps}"
            saved = self._save()
            text = f"interrupted in {where}" + ("; saved" if saved else "; nothing is saved, as there is no folder")
            raise Interrupted(interrupts.asked, text)
        if self.keeper.due():
            self._save()

    def _save(self) -> bool:
        """Whether there is a folder to save in. What is not finite is not saved."""
        self._check_finite()
        return self.keeper.save(self.task, self.compiled, self.state, self.best)

    def _check_finite(self) -> None:
        for name, array in self.compiled.parameters.items():
            if not np.isfinite(array).all():
                self._fail(self.state.step, f"the parameter {name} is no longer finite after it")

    def _fail(self, place: int, what: str) -> NoReturn:
        """Stops the run at a step of the epoch (from 1; 0 is the last one of the epoch before)."""
        train, step = self.task.train, self.state.epoch * self.task.steps + place
        epoch = (step - 1) // self.task.steps
        rate = float(self.task.rates(epoch, step - 1 - epoch * self.task.steps, 1)[0])
        clip = "clip = 1" if train.clip is None else f"a clip below {train.clip:g}"
        text = f"step {step} (epoch {epoch + 1}): {what}; the learning rate is {rate:g}: try {rate / 10:g}, or {clip}"
        raise InputError(text + self.keeper.last())


def averages(task: Task) -> bool:
    """Whether a batch's loss is a mean over its examples."""
    return task.problem.loss is not None and task.problem.loss.reduction == "mean"


def evaluated(task: Task, compiled: Compiled, part: Any) -> tuple[float, float | None]:
    """The loss of an example and the accuracy over a part of the data."""
    loss, correct = compiled.evaluate(part.x, part.y)
    count = len(part)
    return (loss if averages(task) else loss / count), (correct / count if task.classifies else None)


def over(task: Task, state: State) -> str:
    """Why a run is over; "" if it is not."""
    train = task.train
    if train.patience is not None and state.best and state.epoch - state.best >= train.patience:
        return f"no improvement in {train.patience} epoch{'s' if train.patience > 1 else ''}"
    return f"{state.epoch} epochs" if state.epoch >= train.epochs else ""


def improved(task: Task, state: State) -> bool:
    """Whether the last epoch is better than the best before it."""
    if not state.best:
        return True
    now, before = (monitored(task, state.history[i - 1]) for i in (state.epoch, state.best))
    return now < before - task.train.improvement


def monitored(task: Task, epoch: Epoch) -> float:
    """What early stopping goes by, the smaller the better: that of the held-out examples where there are any."""
    if task.train.monitor == "accuracy":
        accuracy = epoch.accuracy if epoch.held_accuracy is None else epoch.held_accuracy
        return -(accuracy or 0.0)
    return epoch.loss if epoch.held_loss is None else epoch.held_loss
