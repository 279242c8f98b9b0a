"""Files of arrays, there and back, and what is refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from safetensors.numpy import load, save

from handgrad.training.safetensors import packed, unpacked

ARRAYS = {
    "W1": np.arange(6, dtype=np.float32).reshape(2, 3),
    "v_W1": np.linspace(0, 1, 3),
    "n": np.array([2**40, -1]),
    "b": np.float64(0.1).reshape(()),
}


def test_there_and_back() -> None:
    found = unpacked(packed(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()
        assert found[name].shape == array.shape
        assert found[name].flags.writeable


def test_the_library_reads_what_is_written() -> None:
    found = load(packed(ARRAYS))
    assert all((found[name] == array).all() for name, array in ARRAYS.items())


def test_what_the_library_writes_is_read() -> None:
    found = unpacked(save({name: np.asarray(array) for name, array in ARRAYS.items()}, {"a": "b"}))
    assert all((found[name] == array).all() for name, array in ARRAYS.items())


def test_numbers_begin_at_a_multiple_of_eight() -> None:
    assert int.from_bytes(packed(ARRAYS)[:8], "little") % 8 == 0


def test_an_array_that_is_not_contiguous() -> None:
    array = np.arange(6.0).reshape(2, 3).T
    assert (unpacked(packed({"a": array}))["a"] == array).all()


def file(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a header, found 0 bytes"),
        (b"\xff" * 8, "expected a header, found 8 bytes"),
        ((3).to_bytes(8, "little") + b"{{{", "the header is not valid JSON"),
        (file([1]), "expected a table as the header"),
        (file({"a": {**ENTRY, "dtype": "Q8"}}), "a: expected a type (F32, F64, I64), a shape and two places"),
        (file({"a": 3}), "a: expected a type (F32, F64, I64), a shape and two places"),
        (file({"a": {**ENTRY, "shape": [-2]}}), "a: expected a shape and places that are not negative"),
        (file({"a": {**ENTRY, "shape": [True]}}), "a: expected a shape and places that are not negative"),
        (file({"a": {**ENTRY, "data_offsets": [8, 0]}}), "a: expected a shape and places that are not negative"),
        (file({"a": {**ENTRY, "shape": [3]}}, bytes(8)), "a: 8 bytes are not those of the shape [3]"),
        (file({"a": ENTRY}, bytes(7)), "a: it ends at byte 8, the file has 7"),
    ],
)
def test_what_is_damaged_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        unpacked(content)
