"""NPZ files: the arrays by name, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import InputError
from handgrad.training.npz_files import read


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "d.npz", **arrays)
    return folder / "d.npz"


def message(file: Path, x: str = "x", y: str = "y") -> str:
    with pytest.raises(InputError) as caught:
        read(file, "d.npz", x, y)
    return str(caught.value)


def test_arrays_by_name(tmp_path: Path) -> None:
    x, y = np.arange(12.0).reshape(3, 2, 2), np.array(["a", "b", "a"])
    found = read(saved(tmp_path, images=x, kinds=y), "d.npz", "images", "kinds")
    np.testing.assert_array_equal(found.x, x)
    assert found.y.tolist() == ["a", "b", "a"]
    assert found.place(0) == "example 1"


def test_what_is_refused(tmp_path: Path) -> None:
    x, y = np.ones((3, 2)), np.arange(3)
    assert message(tmp_path / "none.npz") == "d.npz: cannot be read: there is no such file"
    assert message(saved(tmp_path, x=x, yy=y)) == 'd.npz: there is no array "y"; did you mean "yy"?'
    assert message(saved(tmp_path, x=x, y=np.array([{}, 1, 2], object))) == (
        "d.npz: y holds Python objects, expected numbers"
    )
    assert message(saved(tmp_path, x=x * 1j, y=y)) == "d.npz: x is of the type complex128, expected numbers"
    assert message(saved(tmp_path, x=x, y=y * 1j)) == "d.npz: y is of the type complex128, expected labels"
    assert message(saved(tmp_path, x=np.float64(1), y=y)) == (
        "d.npz: x is a single value, expected an array with an axis of examples"
    )
    assert message(saved(tmp_path, x=x, y=y[:2])) == (
        "d.npz: expected a label for each of the 3 examples of x, found 2 in y"
    )


def test_a_text_that_says_that_there_is_no_label(tmp_path: Path) -> None:
    x = np.ones((3, 2))
    assert message(saved(tmp_path, x=x, y=np.array(["a", "", "b"]))) == "d.npz: example 2: the label is missing"
    assert message(saved(tmp_path, x=x, y=np.array([["a"], ["b"], ["NaN "]]))) == (
        'd.npz: example 3: the label is missing, found "NaN"'
    )


def test_damaged_files(tmp_path: Path) -> None:
    file = saved(tmp_path, x=np.ones((30, 20)), y=np.arange(30))
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    assert message(file) == "d.npz: cannot be read: it is no NPZ file, or it is cut short"
    file.write_bytes(whole[:200] + b"\1" * 50 + whole[250:])
    assert message(file).startswith("d.npz: cannot be read: Bad CRC-32")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\1\0\x10\0{'descr': 'boo'}\n")
        archive.writestr("y.npy", b"")
    assert message(file).startswith("d.npz: cannot be read: ")
