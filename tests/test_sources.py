"""Arrays from files and random ones."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from handgrad import sources
from handgrad.arithmetic.written import Literal, WrittenArray
from handgrad.errors import Mistake
from handgrad.sources import load

NORMAL = {"random": "normal", "seed": 1}
UNIFORM = {"random": "uniform", "seed": 1}
INTEGERS = {"random": "integers", "seed": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a problem, with files good and bad, and one file outside of it."""
    inside = tmp_path / "problem"
    inside.mkdir()
    (tmp_path / "outside.csv").write_text("1")
    (inside / "link.csv").symlink_to(tmp_path / "outside.csv")
    (inside / "folder.csv").mkdir()
    np.savez(inside / "w.npz", W=np.eye(2), i=np.arange(6).reshape(2, 3), z=np.array(5))
    np.savez(
        inside / "bad.npz",
        nan=np.array([[1, np.nan]]),
        complex=np.array([1j]),
        empty=np.zeros((0, 3)),
        deep=np.zeros((1,) * 7),
    )
    np.savez(inside / "objects.npz", o=np.array([None]))
    np.save(inside / "w.npy", np.array([0.1, 0.5]))
    np.save(inside / "big.npy", np.array([2**60 + 1]))
    return inside


def loaded(table: dict[str, Any], folder: Path, shape: tuple[int, ...] | None = None) -> WrittenArray:
    mistakes: list[Mistake] = []
    found = load(table, ("W",), folder, shape, mistakes)
    assert not mistakes
    assert found is not None
    return found


def wrong(table: dict[str, Any], folder: Path, shape: tuple[int, ...] | None = (2,)) -> list[str]:
    mistakes: list[Mistake] = []
    assert load(table, ("W",), folder, shape, mistakes) is None
    return [f"{mistake.key()}: {mistake.text}" for mistake in mistakes]


@pytest.mark.parametrize(
    ("table", "shape", "entries"),
    [
        ({"file": "w.npz", "key": "W"}, (2, 2), [1, 0, 0, 1]),
        ({"file": "w.npz", "key": "i"}, (2, 3), [0, 1, 2, 3, 4, 5]),
        ({"file": "w.npz", "key": "z"}, (), [5]),
        ({"file": "w.npy"}, (2,), [fmpq(1, 10), fmpq(1, 2)]),
        ({"file": "big.npy"}, (1,), [2**60 + 1]),
    ],
)
def test_numpy_files(folder: Path, table: dict[str, Any], shape: tuple[int, ...], entries: list[Any]) -> None:
    found = loaded(table, folder)
    assert found.shape == shape
    assert found.exact() == entries


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("1,2\n3,0.1\n", [1, 2, 3, fmpq(1, 10)]),
        ("\ufeff# head\n1; 2\r\n\n3; 1/10 # tail\n", [1, 2, 3, fmpq(1, 10)]),
        ("1 2\n3\t1e-1", [1, 2, 3, fmpq(1, 10)]),
        ('"1","2"\n"3","0.1"', [1, 2, 3, fmpq(1, 10)]),
    ],
)
def test_csv_is_read_exactly(folder: Path, text: str, entries: list[Any]) -> None:
    (folder / "w.csv").write_text(text, encoding="utf-8")
    found = loaded({"file": "w.csv"}, folder)
    assert found.shape == (2, 2)
    assert found.exact() == entries
    assert found.speaks_decimals is ("/" not in text)


@pytest.mark.parametrize(
    ("text", "asked", "shape"),
    [
        ("1,2,3", None, (1, 3)),
        ("1,2,3", (3,), (3,)),
        ("1\n2\n3", (3,), (3,)),
        ("1,2,3,4\n5,6,7,8", (2, 1, 2, 2), (2, 1, 2, 2)),
        ("1,2,3\n4,5,6", (3, 2), (2, 3)),
    ],
)
def test_a_csv_takes_the_shape_asked_for_where_only_ones_differ(
    folder: Path, text: str, asked: tuple[int, ...] | None, shape: tuple[int, ...]
) -> None:
    (folder / "w.csv").write_text(text)
    assert loaded({"file": "w.csv"}, folder, asked).shape == shape


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "1,x\n# note\n2\n,3",
            [
                (
                    'W.file: w.csv, row 1, column 2: cannot read "x" as a number: '
                    'unknown word "x"; known are sqrt, ln, exp, pi and e'
                ),
                "W.file: w.csv, row 4, column 1: expected a number, found nothing",
                "W.file: w.csv, row 3 has 1 columns, row 1 has 2",
            ],
        ),
        ("1\nnan", ["W.file: w.csv, row 2, column 1: expected a finite number, found NaN"]),
        ("# nothing\n", ["W.file: expected at least one number, found none in w.csv"]),
        (
            "nan\n" * 7,
            [f"W.file: w.csv, row {i}, column 1: expected a finite number, found NaN" for i in range(1, 6)]
            + ["W.file: … and 2 more like these"],
        ),
    ],
)
def test_csv_mistakes_name_row_and_column(folder: Path, text: str, lines: list[str]) -> None:
    (folder / "w.csv").write_text(text)
    assert wrong({"file": "w.csv"}, folder) == lines


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({}, 'W: expected a table with either "file" or "random", found neither'),
        ({"file": "w.npy", "random": "normal"}, 'W: expected a table with either "file" or "random", found both'),
        ({"file": "w.npz", "kye": "W"}, 'W.kye: unknown key "kye"; did you mean "key"?'),
        ({"file": "w.npz", "seed": 1}, 'W.seed: unknown key "seed"; known are file, key'),
        ({"file": 3}, "W.file: expected the name of a file, found 3"),
        ({"file": ""}, 'W.file: expected the name of a file, found ""'),
        ({"file": "w.txt2"}, 'W.file: expected a .npz, .npy, .safetensors or .csv file, found "w.txt2"'),
        ({"file": "w.npy", "key": "W"}, 'W.key: only .npz and .safetensors files have keys, found a key for "w.npy"'),
        ({"file": "w.npz", "key": 3}, "W.key: expected the name of an array in w.npz, found 3"),
        ({"file": "w.npz"}, "W.key: expected a key, one of those in w.npz: W, i, z"),
        ({"file": "w.npz", "key": "V"}, 'W.key: w.npz has no array "V", it has W, i, z'),
        ({"file": "no.csv"}, 'W.file: there is no file "no.csv" in the folder of the problem'),
        ({"file": "folder.csv"}, 'W.file: expected a file, found the folder "folder.csv"'),
        ({"file": "a\0.csv"}, "W.file: a\0.csv cannot be read: embedded null byte"),
        ({"file": "bad.npz", "key": "nan"}, "W.file[1][2]: expected a finite number, found NaN"),
        (
            {"file": "bad.npz", "key": "complex"},
            "W.file: expected real numbers of at most 64 bits in bad.npz, found the type complex128",
        ),
        ({"file": "bad.npz", "key": "empty"}, "W.file: expected at least one number, found an empty array in bad.npz"),
        ({"file": "bad.npz", "key": "deep"}, "W.file: expected at most 6 axes in bad.npz, found 7"),
        (
            {"file": "objects.npz", "key": "o"},
            "W.file: expected real numbers of at most 64 bits in objects.npz, found the type object",
        ),
    ],
)
def test_wrong_tables_of_files(folder: Path, table: dict[str, Any], line: str) -> None:
    assert wrong(table, folder) == [line]


@pytest.mark.parametrize("name", ["../outside.csv", "link.csv", "/etc/hosts.csv"])
def test_files_outside_the_folder_are_refused(folder: Path, name: str) -> None:
    found = wrong({"file": name}, folder)
    assert found == [f'W.file: expected a file in the folder of the problem, found "{name}" outside of it']


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "w.csv").write_bytes(b"\xff")
    assert wrong({"file": "w.csv"}, folder) == ["W.file: expected text in UTF-8, w.csv is not"]


def test_a_file_without_permission_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    (folder / "w.csv").write_text("1")
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_text", refuse)
    assert wrong({"file": "w.csv"}, folder) == ["W.file: w.csv cannot be read: permission is denied"]
    assert wrong({"file": "w.npy"}, folder) == ["W.file: w.npy cannot be read: permission is denied"]


def test_files_that_are_no_numpy_files_are_refused(folder: Path) -> None:
    (folder / "x.npz").write_text("hello")
    (folder / "x.npy").write_text("hello hello")
    assert wrong({"file": "x.npz", "key": "W"}, folder) == ["W.file: x.npz cannot be read: File is not a zip file"]
    assert wrong({"file": "x.npy"}, folder)[0].startswith("W.file: x.npy cannot be read: the magic string is not")


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(folder: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    assert wrong({"file": "x.npy"}, folder) == ["W.file: x.npy is too large, expected at most 512 MiB"]


def test_files_beyond_the_limit_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 2**20)
    with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("W.npy", bytes(2**21))
    (folder / "long.csv").write_bytes(b" " * (2**20 + 1))
    assert wrong({"file": "bomb.npz", "key": "W"}, folder) == ["W.file: bomb.npz is too large, expected at most 1 MiB"]
    assert wrong({"file": "long.csv"}, folder) == ["W.file: long.csv is too large, expected at most 1 MiB"]


def test_random_numbers_repeat_and_are_those_of_numpy(folder: Path) -> None:
    draw = np.random.default_rng(1)
    found = loaded({**NORMAL, "mean": "1/2", "scale": Literal("0.1")}, folder, (2, 3))
    assert found.floats().tolist() == (0.5 + 0.1 * draw.standard_normal((2, 3))).tolist()
    assert loaded(UNIFORM, folder, (2,)).floats().tolist() == np.random.default_rng(1).uniform(0, 1, 2).tolist()
    whole = loaded({**INTEGERS, "low": -1, "high": 1}, folder, (200,))
    assert {int(value) for value in whole.floats()} == {-1, 0, 1}
    assert not whole.speaks_decimals


def test_random_numbers_can_be_rounded_and_given_a_shape(folder: Path) -> None:
    found = loaded({**NORMAL, "decimals": 1, "shape": [2, 2]}, folder)
    assert found.shape == (2, 2)
    assert all(entry.q in {1, 2, 5, 10} for entry in found.exact() if isinstance(entry, fmpq))
    assert loaded({**NORMAL, "shape": 3}, folder, (3,)).shape == (3,)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"random": "gauss"}, 'W.random: expected "normal", "uniform" or "integers", found "gauss"'),
        ({"random": ["normal"]}, 'W.random: expected "normal", "uniform" or "integers", found a list'),
        (
            {"random": "normal"},
            "W.seed: seed is missing: an integer that makes the random numbers the same each time",
        ),
        ({**NORMAL, "seed": -1}, "W.seed: expected an integer from 0 to 9007199254740992, found -1"),
        ({**NORMAL, "seed": True}, "W.seed: expected an integer from 0 to 9007199254740992, found true"),
        ({**NORMAL, "decimals": 99}, "W.decimals: expected an integer from 0 to 15, found 99"),
        ({**NORMAL, "scal": 1}, 'W.scal: unknown key "scal"; did you mean "scale"?'),
        ({**NORMAL, "low": 1}, 'W.low: unknown key "low"; known are random, seed, shape, decimals, mean, scale'),
        ({**NORMAL, "scale": -1}, "W.scale: expected a scale of at least 0, found -1"),
        ({**NORMAL, "scale": [1]}, "W.scale: expected a number, found a list"),
        ({**NORMAL, "mean": "10^400"}, 'W.mean: expected a number of size at most 1e+100, found "10^400"'),
        ({**UNIFORM, "low": 2}, "W.low: expected low to be at most high, found 2 and 1"),
        ({**INTEGERS, "low": 1}, "W.high: high is missing: random integers go from low to high, both included"),
        ({**INTEGERS, "low": 0.5, "high": 2}, "W.low: expected an integer, found 0.5"),
        ({**NORMAL, "shape": [0]}, "W.shape: expected a list of positive integers such as [3, 2], found [0]"),
        ({**NORMAL, "shape": "a"}, 'W.shape: expected a list of positive integers such as [3, 2], found "a"'),
        ({**NORMAL, "shape": [3]}, "W.shape: expected [2], as the network asks for, found [3]"),
        ({**NORMAL, "shape": [10**9]}, "W.shape: expected at most 67108864 random numbers, found more"),
    ],
)
def test_wrong_tables_of_random_numbers(folder: Path, table: dict[str, Any], line: str) -> None:
    assert wrong(table, folder) == [line]


def test_random_numbers_need_a_shape(folder: Path) -> None:
    line = "W.shape: shape is missing: nothing else tells how many random numbers there are"
    assert wrong(NORMAL, folder, None) == [line]
