"""Arrays in the format safetensors: the length of a JSON header (8 bytes), the header, the raw numbers.

The header gives each array's type, its shape and where its bytes begin and end, counted from the header's end.
Nothing in such a file is ever run. Source: https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any, NoReturn

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]

_TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_LENGTH = 8


def chunks(arrays: Mapping[str, np.ndarray[Any, Any]]) -> list[bytes | memoryview]:
    """What a file with these arrays (float32, float64, int64) consists of: header and arrays, which are not copied."""
    header: dict[str, Any] = {}
    parts: list[bytes | memoryview] = []
    end = 0
    for name, array in arrays.items():
        begin, dtype = end, array.dtype.newbyteorder("<")
        parts.append(np.ascontiguousarray(array, dtype).reshape(-1).view(np.uint8).data)
        end += array.nbytes
        header[name] = {"dtype": _NAMES[dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH)  # the numbers begin at a multiple of 8
    return [len(text).to_bytes(_LENGTH, "little"), text, *parts]


def packed(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """The bytes of a file with these arrays, each under its name."""
    return b"".join(chunks(arrays))


def unpacked(content: bytes) -> Arrays:
    """The arrays of a file. Raises ValueError that says what is wrong with it."""
    size = int.from_bytes(content[:_LENGTH], "little")
    if len(content) < _LENGTH or size > len(content) - _LENGTH:
        _wrong(f"expected a header, found {len(content)} bytes")
    try:
        header = json.loads(content[_LENGTH : _LENGTH + size])
    except (ValueError, RecursionError):
        _wrong("the header is not valid JSON")
    if not isinstance(header, dict):
        _wrong("expected a table as the header")
    body = memoryview(content)[_LENGTH + size :]
    header.pop("__metadata__", None)
    return {name: _array(name, entry, body) for name, entry in header.items()}


def _array(name: str, entry: Any, body: memoryview) -> np.ndarray[Any, Any]:
    match entry:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [int(begin), int(end)]} if kind in _TYPES:
            dtype = _TYPES[kind]
        case _:
            _wrong(f"{name}: expected a type ({', '.join(_TYPES)}), a shape and two places")
    if not all(type(n) is int and n >= 0 for n in shape) or not 0 <= begin <= end:
        _wrong(f"{name}: expected a shape and places that are not negative")
    if end - begin != prod(shape) * dtype.itemsize:
        _wrong(f"{name}: {end - begin} bytes are not those of the shape {shape}")
    if end > len(body):
        _wrong(f"{name}: it ends at byte {end}, the file has {len(body)}")
    whole: np.ndarray[Any, Any] = np.frombuffer(body[begin:end].tobytes(), dtype)
    return whole.reshape(shape).copy()


def _wrong(text: str) -> NoReturn:
    raise ValueError(text)
