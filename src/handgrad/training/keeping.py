"""When a run is saved, and what of it: checkpoints by the clock, a line of metrics for each epoch."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from handgrad.engine import Compiled
from handgrad.training.checkpoints import Checkpoint, Store, durable
from handgrad.training.examples import fail
from handgrad.training.safetensors import Arrays
from handgrad.training.state import Epoch, State, Warned
from handgrad.training.task import Task

METRICS = "metrics.jsonl"
BEST = "best."
"""What the names of the best parameters so far begin with, among the arrays of a checkpoint."""

SHARE = 20
"""A checkpoint that takes t seconds is followed by at least 20 t without one."""


class Keeper:
    """Saves a run in its folder; without a folder it does nothing."""

    def __init__(self, folder: Path | None, task: Task, every: float) -> None:
        self.store = None if folder is None else Store(folder)
        self._signature: dict[str, Any] = {} if folder is None else task.signature()
        self._every = self._wait = every
        self._since = perf_counter()
        self._locked: int | None = None

    def resumed(self, compiled: Compiled, found: Checkpoint) -> tuple[State, Arrays]:
        """Puts a checkpoint's arrays in place. The state, and the best parameters so far.

        Raises InputError if the checkpoint is of another run.
        """
        there, here = found.note.task, msgspec.to_builtins(self._signature)
        for key in here:
            if there.get(key) != here[key]:
                fail(_other(key, there.get(key), here[key]), os.fspath(found.file.parent))
        arrays, state = found.arrays, found.note.state
        compiled.set_parameters({name: arrays[name] for name in compiled.parameters})
        compiled.set_states({name: arrays[name] for name in compiled.states}, state.steps)
        return state, best_of(arrays)

    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return self.store is not None and perf_counter() - self._since >= self._wait

    def save(self, task: Task, compiled: Compiled, state: State, best: Arrays) -> bool:
        """Writes a checkpoint; whether there is a folder. Raises InputError if it cannot be written."""
        if self.store is None:
            return False
        begun = perf_counter()
        state.steps, state.threads = compiled.steps, compiled.threads
        arrays = compiled.parameters | compiled.states | {f"{BEST}{name}": array for name, array in best.items()}
        self.store.save(arrays, self._signature, state, task.source)
        self._since = perf_counter()
        self._wait = max(self._every, SHARE * (self._since - begun)) if self._every else 0.0
        return True

    def lock(self) -> None:
        """Keeps other runs out of the folder for as long as this process lives. InputError if one is in it."""
        if self.store is None:
            return
        folder = self.store.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._locked = locked(folder)
        except BlockingIOError:
            fail("another run is training in this folder", os.fspath(folder))
        except OSError as error:
            fail(f"cannot be written in: {error.strerror or error}", os.fspath(folder))

    def unlock(self) -> None:
        """Lets other runs in."""
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None

    def begin(self, state: State) -> None:
        """Writes the metrics anew, up to where the run stands: lines after a checkpoint come again."""
        if self.store is not None:
            known: list[Epoch | Warned] = sorted([*state.warnings, *state.history], key=_when)
            lines = b"".join(msgspec.json.encode(one) + b"\n" for one in known)
            self._write(lambda file: durable(file, lines))

    def line(self, one: Epoch | Warned) -> None:
        """Adds a line to the metrics."""
        if self.store is not None:
            self._write(lambda file: _append(file, msgspec.json.encode(one) + b"\n"))

    def last(self) -> str:
        """A clause that says where the last good checkpoint is."""
        return "" if self.store is None else f"; {self.store.kept()}"

    def _write(self, how: Any) -> None:
        file = (self.store or Store("")).folder / METRICS
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            how(file)
        except OSError as error:
            fail(f"cannot be written: {error.strerror or error}{self.last()}", os.fspath(file))


def locked(folder: Path) -> int | None:
    """An open handle of a folder that no other process holds; None on a system without such locks.

    Raises BlockingIOError if another one holds it.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    return handle


def best_of(arrays: Arrays) -> Arrays:
    """The best parameters so far, among the arrays of a checkpoint."""
    return {name.removeprefix(BEST): array for name, array in arrays.items() if name.startswith(BEST)}


def _when(one: Epoch | Warned) -> int:
    return one.steps if isinstance(one, Epoch) else one.step


def _append(file: Path, line: bytes) -> None:
    with file.open("ab") as out:
        out.write(line)


_LONG = ("network", "parameters", "first parameters", "penalties", "freeze", "training data", "held-out data")


def _other(key: str, there: Any, here: Any) -> str:
    what = f"another {key}" if key == "network" else f"other {key}"
    if key not in _LONG:
        what = f"{key} = {there}, here it is {here}"
    return f"the run in this folder has {what}; choose another folder, or begin anew"
