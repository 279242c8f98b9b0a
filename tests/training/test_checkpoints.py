"""Checkpoints: what is written is read again, what is damaged is passed over, a full disk leaves the last good one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import InputError
from handgrad.training import checkpoints
from handgrad.training.checkpoints import Checkpoint, Source, Store, find, read
from handgrad.training.state import Epoch, State, Warned

TASK = {"batch": 8}


def state(epoch: int) -> State:
    history = [Epoch(epoch=i, steps=3 * i, loss=0.1 / i, rate=0.1, seconds=float(i)) for i in range(1, epoch + 1)]
    return State(epoch=epoch, step=2, loss=1 / 3, history=history, warnings=[Warned(1, "layer 1", "loss", "x")])


def arrays(epoch: int) -> dict[str, np.ndarray[Any, Any]]:
    return {"W1": np.full((2, 3), epoch, np.float32), "v_W1": np.full((2, 3), -epoch, np.float32)}


def stored(folder: Path, *epochs: int) -> Store:
    store = Store(folder)
    for epoch in epochs:
        store.save(arrays(epoch), TASK, state(epoch), Source("/data", "a.toml", "x = 1\n"))
    return store


def last(folder: Path) -> Checkpoint:
    found = Store(folder).last()
    assert found is not None
    return found


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    stored(tmp_path / "new" / "run", 3)
    found = last(tmp_path / "new" / "run")
    assert found.note.state == state(3)
    assert found.note.task == TASK
    assert found.note.source == Source("/data", "a.toml", "x = 1\n")
    assert found.note.versions.keys() == {"handgrad", "python", "numpy"}
    assert {name: array.tolist() for name, array in found.arrays.items()} == {
        name: array.tolist() for name, array in arrays(3).items()
    }


def test_no_checkpoint(tmp_path: Path) -> None:
    assert Store(tmp_path / "none").last() is None
    assert Store(tmp_path).kept() == "there is no checkpoint yet"


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2, 3)
    assert names(tmp_path) == [f"checkpoint-00000{i}.{end}" for i in (2, 3) for end in ("json", "safetensors")]


def shorten(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))


def edit(file: Path, **keys: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **keys}))


W, N = "checkpoint-000002.safetensors", "checkpoint-000002.json"
BROKEN = {
    "cut short": (lambda f: shorten(f / W), f"its weights {W} have 171 bytes in place of 176: they are damaged"),
    "a bit": (lambda f: flip(f / W), f"its weights {W} are damaged: their sha256 is not the one that it notes"),
    "missing": (lambda f: (f / W).unlink(), f"its weights {W} are missing"),
    "a folder": (lambda f: [(f / W).unlink(), (f / W).mkdir()], f"{W} cannot be read: Is a directory"),
    "version": (lambda f: edit(f / N, version=2), "it is of version 2, this handgrad reads version 1"),
    "note cut short": (lambda f: shorten(f / N), "it is cut short or damaged: not valid JSON"),
    "another format": (lambda f: edit(f / N, format="x"), "it is no checkpoint of handgrad"),
    "no table": (lambda f: (f / N).write_text("[]"), "it is no checkpoint of handgrad"),
    "a wrong key": (
        lambda f: edit(f / N, state={"epoch": "x"}),
        "it is damaged: expected `int`, got `str` - at `$.state.epoch`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", BROKEN)
def test_a_damaged_one_is_passed_over_for_the_last_good_one(tmp_path: Path, how: str) -> None:
    damage, message = BROKEN[how]
    stored(tmp_path, 1, 2)
    damage(tmp_path)
    store = Store(tmp_path)
    found = store.last()
    assert found is not None
    assert found.note.state == state(1)
    assert [mistake.text for mistake in store.passed_over] == [f"{tmp_path / N}: {message}"]
    notes: list[str] = []
    assert find(tmp_path, notes.append).note.state == state(1)
    assert notes == [f"passed over {tmp_path / N}: {message}"]


def test_none_is_good(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2)
    for i in (1, 2):
        edit(tmp_path / f"checkpoint-00000{i}.json", version=7 + i)
    with pytest.raises(InputError) as caught:
        Store(tmp_path).last()
    assert str(caught.value).splitlines() == [
        f"{tmp_path / N}: it is of version 9, this handgrad reads version 1",
        f"{tmp_path / 'checkpoint-000001.json'}: it is of version 8, this handgrad reads version 1",
    ]


def test_arrays_that_are_no_safetensors_although_the_sum_is_right(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2)
    from hashlib import sha256

    (tmp_path / W).write_bytes(b"x" * 9)
    edit(tmp_path / N, bytes=9, sha256=sha256(b"x" * 9).hexdigest())
    with pytest.raises(InputError) as caught:
        read(tmp_path / N)
    assert str(caught.value) == f"{tmp_path / N}: its weights {W} are damaged: expected a header, found 9 bytes"


def test_one_is_found_by_its_arrays_too(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2)
    assert find(tmp_path / W, print).file == tmp_path / N
    with pytest.raises(InputError) as caught:
        find(tmp_path / "checkpoint-000009.json", print)
    assert str(caught.value) == f"{tmp_path / 'checkpoint-000009.json'}: there is no such checkpoint"


def test_a_folder_without_any(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find(tmp_path, print)
    assert str(caught.value) == f"{tmp_path}: there is no checkpoint in it"


def test_after_a_damaged_one_the_numbers_go_on_and_the_good_one_stays(tmp_path: Path) -> None:
    stored(tmp_path, 1, 2)
    shorten(tmp_path / W)
    store = Store(tmp_path)
    store.last()
    store.save(arrays(5), TASK, state(5), None)
    assert "checkpoint-000001.json" in names(tmp_path)
    assert last(tmp_path).note.state == state(5)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("call", [1, 2])
def test_a_full_disk_keeps_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, call: int
) -> None:
    store = stored(tmp_path, 1)
    before, calls = names(tmp_path), 0
    owner: Any = os if failing == "fsync" else Path
    real = getattr(owner, failing)

    def full(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*given)

    monkeypatch.setattr(owner, failing, full)
    with pytest.raises(InputError) as caught:
        store.save(arrays(2), TASK, state(2), None)
    assert str(caught.value) == (
        f"{tmp_path / N}: cannot be written: No space left on device; "
        "the last good checkpoint is checkpoint-000001.json"
    )
    assert names(tmp_path) == before
    assert last(tmp_path).note.state == state(1)


LIMITED = """
import resource, sys
from handgrad.errors import InputError
from test_checkpoints import TASK, arrays, state, stored
import numpy as np
store = stored(__import__("pathlib").Path(sys.argv[1]), 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
try:
    store.save({"W1": np.zeros(5000)}, TASK, state(2), None)
except InputError as error:
    print(error)
"""


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.stdout == (
        f"{tmp_path / N}: cannot be written: File too large; the last good checkpoint is checkpoint-000001.json\n"
    )
    assert last(tmp_path).note.state == state(1)
    assert len(names(tmp_path)) == 2


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError) as caught:
        stored(tmp_path / "run", 1)
    file = tmp_path / "run" / "checkpoint-000001.json"
    assert str(caught.value) == f"{file}: cannot be written: File exists; there is no checkpoint yet"


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    store = stored(tmp_path, 1)
    for name in ("checkpoint-000002.json.77.tmp", "weights.safetensors.9.tmp"):
        (tmp_path / name).write_text("half")
    (tmp_path / "notes.tmp").write_text("mine")
    store.sweep()
    assert names(tmp_path) == ["checkpoint-000001.json", "checkpoint-000001.safetensors", "notes.tmp"]


def test_clearing_leaves_what_is_not_a_checkpoint(tmp_path: Path) -> None:
    store = stored(tmp_path, 1, 2)
    (tmp_path / "metrics.jsonl").write_text("")
    store.clear()
    assert names(tmp_path) == ["metrics.jsonl"]
    assert store.last() is None


def test_a_system_without_folders_that_can_be_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(checkpoints.os, "open", refuse)
    stored(tmp_path, 1)
    assert last(tmp_path).note.state == state(1)


def test_a_run_that_is_not_there_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        checkpoints.find(tmp_path / "digits.run", print)
    assert str(error.value) == f"{tmp_path / 'digits.run'}: there is no such run or checkpoint"
