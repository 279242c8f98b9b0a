"""The problem of a training example as a checkpoint left the network: ``handgrad solve --from``."""

from __future__ import annotations

import os
from collections.abc import Callable

from handgrad.errors import InputError
from handgrad.problem import Problem
from handgrad.problem_file import toml_tree
from handgrad.training.checkpoints import Checkpoint, find
from handgrad.training.config import Config
from handgrad.training.examples import fail
from handgrad.training.keeping import best_of
from handgrad.training.learned import problem_of
from handgrad.training.safetensors import Arrays
from handgrad.training.task import Task
from handgrad.training.tasks import of_config


def problem_from(
    checkpoint: str | os.PathLike[str], example: int = 1, note: Callable[[str], None] | None = None
) -> Problem:
    """The problem of an example (from 1, as the data count) with the parameters of a checkpoint.

    ``checkpoint``: its .json or .safetensors file, or the folder of a run, of which the newest good one counts; then
    ``note`` is told of those that were passed over. The data are read again as the run's configuration says; where
    early stopping ended the run, the parameters are those of its best epoch. Raises InputError: no such checkpoint,
    a damaged one, one of a run on arrays, no such example, data that cannot be read.
    """
    found = find(checkpoint, note or (lambda _: None))
    task = _task(found)
    return problem_of(task, _parameters(found, task), example)


def _task(found: Checkpoint) -> Task:
    source = found.note.source
    if source is None:
        fail("the run was started from arrays, which it does not hold; use result.problem(…)", os.fspath(found.file))
    try:
        return of_config(Config.from_dict(toml_tree(source.text, source.file), source.folder, source.file), {})
    except InputError as error:
        raise error if error.file else InputError(error.mistakes, source.file) from None


def _parameters(found: Checkpoint, task: Task) -> Arrays:
    best = best_of(found.arrays) if found.note.state.finished and task.train.keep_best else {}
    arrays = best or found.arrays
    wrong = [
        name for name, own in task.problem.network.parameters.items()
        if name not in arrays or arrays[name].shape != own.shape
    ]  # fmt: skip
    if wrong:
        fail(f"its parameter {wrong[0]} is missing or of another shape", os.fspath(found.file))
    return arrays
