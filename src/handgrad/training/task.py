"""What a run of training needs, wherever it came from: a configuration, or arrays."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.engine import Compiled, compile_network
from handgrad.problem import Problem
from handgrad.training.checkpoints import Source
from handgrad.training.examples import Part
from handgrad.training.orders import moves, order
from handgrad.training.schedules import Schedule
from handgrad.training.settings import Augment, Train

_BINARY = ("binary_cross_entropy", "binary_cross_entropy_with_logits")


class Task(Struct, frozen=True, kw_only=True):
    """What is trained, on what, and how."""

    problem: Problem
    """The network with its first parameters, loss, penalties and update; without data."""
    part: Part
    """What is trained on."""
    held: Part | None
    test: Part | None
    weights: np.ndarray[Any, Any] | None
    """[N]: how much each example counts; None: all the same."""
    classes: tuple[str, ...]
    schedule: Schedule
    augment: Augment
    train: Train
    source: Source | None

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-len(self.part) // self.train.batch)

    @property
    def classifies(self) -> bool:
        """Whether the targets are classes, so that an accuracy has a meaning."""
        loss, output = self.problem.loss, self.problem.network.output
        return loss is not None and (loss.name in _BINARY or (loss.labels and len(output) == 1 and output[0] > 1))

    @property
    def rate(self) -> float:
        """η, the update's own rate."""
        update = self.problem.update
        return 0.0 if update is None else float(update.rate.written.floats())

    def compiled(self, threads: int | None) -> Compiled:
        """The network compiled, with its first parameters; ``threads`` where neither task nor environment say."""
        train = self.train
        if train.threads is not None or "HANDGRAD_THREADS" in os.environ:
            threads = train.threads
        return compile_network(
            self.problem, batch=train.batch, dtype=train.dtype, threads=threads, clip=train.clip, seed=train.seed
        )

    def order(self, epoch: int) -> np.ndarray[Any, Any]:
        """The order of the examples in an epoch (from 0)."""
        count = len(self.part)
        return order(count, self.train.seed, epoch) if self.train.shuffle else np.arange(count)

    def moves(self, epoch: int) -> np.ndarray[Any, Any] | None:
        """How the image that is met at each place of an epoch is moved."""
        return moves(len(self.part), self.augment, self.train.seed, epoch)

    def rates(self, epoch: int, first: int, count: int) -> np.ndarray[Any, Any]:
        """The learning rates of so many steps of an epoch."""
        total, before = self.steps * self.train.epochs, self.steps * epoch
        return self.schedule.rates(self.rate, before + first, count, total, self.steps)

    def signature(self) -> dict[str, Any]:
        """What a run that goes on must have in common with the one that was broken off."""
        network, train = self.problem.network, self.train
        return {
            "network": [f"{node.name} = {node.op!r} of {', '.join(node.reads)}" for node in network.nodes],
            "parameters": {name: list(array.shape) for name, array in network.parameters.items()},
            "first parameters": _digest(*(array.floats() for array in network.parameters.values())),
            "loss": repr(self.problem.loss),
            "penalties": repr(self.problem.penalties),
            "update": repr(self.problem.update),
            "freeze": list(self.problem.freeze),
            "schedule": repr(self.schedule),
            "augment": repr(self.augment),
            "batch": train.batch,
            "dtype": train.dtype,
            "seed": train.seed,
            "shuffle": train.shuffle,
            "clip": train.clip,
            "training data": _digest(self.part.x, self.part.y, *(() if self.weights is None else (self.weights,))),
            "held-out data": "" if self.held is None else _digest(self.held.x, self.held.y),
        }


def _digest(*arrays: np.ndarray[Any, Any]) -> str:
    """The sha256 of arrays, shapes included."""
    found = sha256()
    for array in arrays:
        found.update(f"{array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data if array.size else b"")
    return found.hexdigest()
