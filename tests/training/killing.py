"""Kills a run of training again and again, and holds what comes out against an undisturbed run, bit for bit.

    python tests/training/killing.py CONFIG FOLDER --kills 50 --seed 1

Every second time the run kills itself at a random one of the system calls that write, rename and remove its files
(so within a checkpoint too); the other times this program kills it once it has been told of a random number of
pieces of work (so wherever it is by then). Children are forked: they start within milliseconds.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

EVENTS = ("open", "os.rename", "os.remove", "os.listdir", "os.mkdir")
"""What Python tells an audit hook of, on the way of a file to the disk."""


class Telling:
    """A reporter that writes a byte for each piece."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def piece(self, progress: Any) -> None:
        os.write(self.pipe, b".")

    def epoch(self, epoch: Any, progress: Any) -> None:
        os.write(self.pipe, b".")

    def warning(self, warned: Any) -> None: ...

    def note(self, text: str) -> None: ...


def train(config: str, folder: Path, pipe: int, at_event: int | None, *, pieces: float) -> None:
    """One run, in a process of its own; it kills itself at that event, if one is given."""
    from handgrad.training import loop
    from handgrad.training.fit import fit

    loop.SECONDS = pieces
    left = at_event

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if left is not None and event in EVENTS and str(folder) in str(arguments[0] if arguments else ""):
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    fit(config, folder=str(folder), checkpoint_every=0, reporter=Telling(pipe))


def forked(config: str, folder: Path, at_event: int | None, at_piece: int | None, *, pieces: float = 0.0) -> bool:
    """Runs in a child; whether it was killed. Raises RuntimeError if it failed."""
    out, told = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(out)
            train(config, folder, told, at_event, pieces=pieces)
            status = 0
        finally:
            os._exit(status)
    os.close(told)
    seen = 0
    while os.read(out, 1):
        seen += 1
        if seen == at_piece:
            os.kill(child, signal.SIGKILL)
    os.close(out)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        message = f"the run ended with status {status}"
        raise RuntimeError(message)
    return status != 0


def outcome(folder: Path) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """All arrays of the last checkpoint, byte for byte, and the history without its times."""
    import msgspec

    from handgrad.training.checkpoints import Store

    found = Store(folder).last()
    if found is None or not found.note.state.finished:
        message = "the run did not come to its end"
        raise RuntimeError(message)
    history: list[dict[str, Any]] = msgspec.to_builtins(found.note.state.history)
    return {name: array.tobytes() for name, array in found.arrays.items()}, [
        {key: value for key, value in epoch.items() if key != "seconds"} for epoch in history
    ]


def killed(config: str, folder: Path, kills: int, seed: int) -> tuple[int, bool]:
    """How often a run was killed, and whether it came to the same as an undisturbed one."""
    import numba
    import sklearn.datasets

    import handgrad.training.fit

    del numba, sklearn, handgrad  # loaded once for all children; nothing is computed before they are forked
    draw = random.Random(seed)
    forked(config, folder / "whole", None, None, pieces=0.3)
    count, run = 0, folder / "killed"
    while count < kills:
        event, piece = (draw.randint(1, 60), None) if count % 2 else (None, draw.randint(1, 12))
        if not forked(config, run, event, piece):
            break
        count += 1
    forked(config, run, None, None)
    return count, outcome(folder / "whole") == outcome(run)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    options.add_argument("config")
    options.add_argument("folder", type=Path)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    count, same = killed(given.config, given.folder.absolute(), given.kills, given.seed)
    sys.stdout.write(f"{count} kills; the results are {'the same' if same else 'DIFFERENT'}\n")
    sys.exit(0 if same and count == given.kills else 1)


if __name__ == "__main__":
    main()
