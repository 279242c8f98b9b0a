"""Checkpoints in a run's folder: a file of arrays (safetensors) and a note (JSON) about it, under one number.

Both are written aside, brought to the disk and renamed, the note last: a checkpoint is there once its note is.
The note bears the sha256 of the arrays, so what was cut short or changed is seen; then the one before it serves,
which is kept for that. Nothing in them is ever run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec import Struct

from handgrad.errors import InputError, Mistake
from handgrad.training.examples import fail
from handgrad.training.safetensors import Arrays, chunks, unpacked
from handgrad.training.state import State

VERSION = 1
"""Of the layout of a note; it is raised whenever an older handgrad could not read it."""

FORMAT = "handgrad checkpoint"
KEPT = 2
_NAME = re.compile(r"checkpoint-(\d{6,})\.json")
_ASIDE = re.compile(r"(checkpoint-\d{6,}|weights)\.(json|safetensors)\.\d+\.tmp")


class Source(Struct, frozen=True):
    """The configuration that a run came from."""

    folder: str
    """What file names in it are relative to."""
    file: str
    text: str
    """As TOML."""


class Note(Struct, frozen=True):
    """What stands in the JSON file of a checkpoint."""

    format: str
    version: int
    weights: str
    """The name of the file of arrays beside it."""
    bytes: int
    sha256: str
    versions: dict[str, str]
    """Of the programs that wrote it."""
    task: dict[str, Any]
    """What a run that goes on from here must have in common with this one."""
    state: State
    source: Source | None = None
    """None: the run was started from arrays."""


class Checkpoint(Struct, frozen=True):
    """A good checkpoint: its note, its arrays, and its file."""

    file: Path
    note: Note
    arrays: Arrays
    """Parameters ("W1"), what the update remembers ("v_W1"), and the best parameters so far ("best.W1")."""


class Store:
    """The checkpoints of one folder. ``passed_over`` says which were not good, and why."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.passed_over: list[Mistake] = []
        self._good: list[int] = []

    def numbers(self) -> list[int]:
        """The numbers of all checkpoints that have a note, the newest first."""
        with suppress(OSError):
            found = (_NAME.fullmatch(name) for name in os.listdir(self.folder))  # noqa: PTH208  names are enough
            return sorted((int(match[1]) for match in found if match), reverse=True)
        return []

    def last(self) -> Checkpoint | None:
        """The newest good checkpoint; None where there is no checkpoint at all.

        Raises InputError if there are some and none of them is good: what is wrong with each.
        """
        for number in self.numbers():
            try:
                found = read(self._file(number))
            except InputError as error:
                self.passed_over += [Mistake((), str(error))]
                continue
            self._good = [number]
            return found
        if self.passed_over:
            raise InputError(self.passed_over)
        return None

    def save(self, arrays: Arrays, task: dict[str, Any], state: State, source: Source | None) -> Path:
        """Writes a checkpoint; the one before it is kept, older ones go. Its file.

        Raises InputError if it cannot be written: the last good one is kept.
        """
        number = 1 + max([*self.numbers(), *self._good], default=0)
        file = self._file(number)
        weights = file.with_suffix(".safetensors")
        parts, digest = chunks(arrays), sha256()
        for part in parts:
            digest.update(part)
        size = sum(map(len, parts))
        note = Note(FORMAT, VERSION, weights.name, size, digest.hexdigest(), versions(), task, state, source)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            durable(weights, *parts)
            durable(file, msgspec.json.format(msgspec.json.encode(note), indent=1) + b"\n")
        except OSError as error:
            with suppress(OSError):
                weights.unlink()
            fail(f"cannot be written: {error.strerror or error}; {self.kept()}", os.fspath(file))
        self._good.append(number)
        self._prune()
        return file

    def clear(self) -> None:
        """Removes every checkpoint, and what was left of one that was being written."""
        for file in self._files():
            with suppress(OSError):
                file.unlink()
        self._good = []

    def sweep(self) -> None:
        """Removes what was left of checkpoints that were being written when their run was killed."""
        for file in self._files():
            with suppress(OSError):
                if _ASIDE.fullmatch(file.name):
                    file.unlink()

    def _files(self) -> Iterator[Path]:
        own = re.compile(r"checkpoint-\d{6,}\.(json|safetensors)")
        names = os.listdir(self.folder) if self.folder.is_dir() else []  # noqa: PTH208  names are enough
        return (self.folder / name for name in names if own.fullmatch(name) or _ASIDE.fullmatch(name))

    def _file(self, number: int) -> Path:
        return self.folder / f"checkpoint-{number:06}.json"

    def kept(self) -> str:
        """A clause that says which the last good checkpoint is."""
        name = self._file(self._good[-1]).name if self._good else None
        return "there is no checkpoint yet" if name is None else f"the last good checkpoint is {name}"

    def _prune(self) -> None:
        """Removes what is older than the good ones that are kept; the note first, so that none lacks its arrays."""
        self._good = self._good[-KEPT:]
        for number in self.numbers():
            if number < self._good[0]:
                with suppress(OSError):
                    self._file(number).unlink()
                    self._file(number).with_suffix(".safetensors").unlink()


def read(file: str | os.PathLike[str]) -> Checkpoint:
    """A checkpoint by its note (.json) or its arrays (.safetensors). Raises InputError if it is not a good one."""
    path = Path(file).with_suffix(".json")
    note = _note(path)
    content = _contents(path.with_name(Path(note.weights).name), "its weights {name} are missing", path)
    if len(content) != note.bytes:
        _bad(path, f"its weights {note.weights} have {len(content)} bytes in place of {note.bytes}: they are damaged")
    if sha256(content).hexdigest() != note.sha256:
        _bad(path, f"its weights {note.weights} are damaged: their sha256 is not the one that it notes")
    try:
        return Checkpoint(path, note, unpacked(content))
    except ValueError as error:
        _bad(path, f"its weights {note.weights} are damaged: {error}")


def find(place: str | os.PathLike[str], note: Callable[[str], None]) -> Checkpoint:
    """The checkpoint that a file names, or the newest good one of a folder. Raises InputError.

    ``note`` is told of each that was passed over.
    """
    if not Path(place).exists() and Path(place).suffix not in (".json", ".safetensors"):
        fail("there is no such run or checkpoint", os.fspath(place))
    if not Path(place).is_dir():
        return read(place)
    store = Store(place)
    found = store.last()
    if found is None:
        fail("there is no checkpoint in it", os.fspath(place))
    for mistake in store.passed_over:
        note(f"passed over {mistake.text}")
    return found


def _note(path: Path) -> Note:
    content = _contents(path, "there is no such checkpoint", path)
    try:
        tree = msgspec.json.decode(content)
    except msgspec.DecodeError:
        _bad(path, "it is cut short or damaged: not valid JSON")
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        _bad(path, "it is no checkpoint of handgrad")
    if tree.get("version") != VERSION:
        _bad(path, f"it is of version {tree.get('version')}, this handgrad reads version {VERSION}")
    try:
        return msgspec.convert(tree, Note)
    except msgspec.ValidationError as error:
        text = str(error)
        _bad(path, f"it is damaged: {text[:1].lower()}{text[1:]}")


def _contents(path: Path, missing: str, blamed: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        _bad(blamed, missing.format(name=path.name))
    except OSError as error:
        _bad(blamed, f"{path.name} cannot be read: {error.strerror}")


def _bad(path: Path, text: str) -> NoReturn:
    fail(text, os.fspath(path))


def durable(path: Path, *parts: bytes | memoryview) -> None:
    """Writes a file aside, brings it to the disk and renames it. Raises OSError; then nothing is left of it."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as out:
            out.writelines(parts)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Brings the names in a folder to the disk, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def versions() -> dict[str, str]:
    """Of the programs that a run's numbers come from."""
    import platform

    import numpy as np

    import handgrad

    return {"handgrad": handgrad.__version__, "python": platform.python_version(), "numpy": np.__version__}
