"""A run from where it stands to its end: a new one, or one that goes on in its folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from handgrad.errors import InputError
from handgrad.training.checkpoints import Checkpoint, Store
from handgrad.training.keeping import Keeper
from handgrad.training.loop import Loop
from handgrad.training.reporting import Reporter, Silent
from handgrad.training.result import Result
from handgrad.training.state import State
from handgrad.training.task import Task
from handgrad.training.watch import SAMPLE, Watch

Going = Literal["auto", "resume", "anew"]
"""Whether a run goes on from the checkpoints of its folder: where there are some; it must; it must not."""


def run(task: Task, folder: Path | None, going: Going, *, watch: bool, reporter: Reporter | None) -> Result:
    """Trains to the end. Raises InputError and Interrupted as ``hg.fit`` says."""
    reporter = reporter or Silent()
    keeper = Keeper(folder, task, task.train.checkpoint_every)
    if going == "resume":
        _check_resumable(folder)
    keeper.lock()
    try:
        return _run(task, keeper, going, reporter, watch=watch)
    finally:
        keeper.unlock()


def _run(task: Task, keeper: Keeper, going: Going, reporter: Reporter, *, watch: bool) -> Result:
    found = _found(keeper, going, reporter)
    compiled = task.compiled(None if found is None else found.note.state.threads)
    state, best = (State(), {}) if found is None else keeper.resumed(compiled, found)
    if found is not None:
        reporter.note(_where(found, state, task))
    keeper.begin(state)
    eye = Watch(task.part.x[task.order(0)[:SAMPLE]], state.warnings) if watch else None
    loop = Loop(task, compiled, state, best, keeper, reporter, eye)
    loop.run()
    if loop.best and task.train.keep_best:
        compiled.set_parameters(loop.best)
    return Result(task, compiled, loop.state, None if keeper.store is None else keeper.store.folder)


def _check_resumable(folder: Path | None) -> None:
    if folder is None:
        message = "there is no folder to resume from: name one as folder"
        raise InputError(message)
    if not Store(folder).numbers():
        message = "there is no checkpoint to resume from"
        raise InputError(message, os.fspath(folder))


def _found(keeper: Keeper, going: Going, reporter: Reporter) -> Checkpoint | None:
    """The checkpoint to go on from."""
    store = keeper.store
    if store is None or going == "anew":
        if store is not None:
            store.clear()
        return None
    store.sweep()
    found = store.last()
    for mistake in store.passed_over:
        reporter.note(f"passed over {mistake.text}")
    return found


def _where(found: Checkpoint, state: State, task: Task) -> str:
    step = f", step {state.step} of {task.steps}" if state.step else ""
    return f"going on from {found.file}: {state.epoch} of {task.train.epochs} epochs are done{step}"
