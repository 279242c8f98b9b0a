"""IDX files, the format of MNIST: two zeros, a type, the number of axes, their sizes, then the entries.

Sizes are unsigned 32-bit and entries of the type, all with the highest byte first; a file may be a gzip file.
Source: LeCun, Cortes, Burges, The MNIST database.
"""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from handgrad.training.examples import Examples, fail
from handgrad.training.files import contents

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MAX_AXES = 6
_BYTE = 255.0


def read(file: FilePath, shown: str, labels: FilePath, labels_shown: str) -> Examples:
    """The images of a file and the labels of another. Raises InputError."""
    x, y = array(file, shown), array(labels, labels_shown)
    if x.ndim < 2:
        fail(f"expected images, so at least 2 axes, found {x.ndim}", shown)
    if y.ndim != 1:
        fail(f"expected one label for each image, so 1 axis, found {y.ndim}", labels_shown)
    if len(x) != len(y):
        fail(f"expected a label for each of the {len(x)} images of {shown}, found {len(y)}", labels_shown)
    return Examples(x=x, y=y, file=shown, unit="image", divide=_BYTE if x.dtype == "uint8" else 1.0)


def array(file: FilePath, shown: str) -> NDArray[Any]:
    """The array of an IDX file. Raises InputError: no such file, a wrong magic number, cut short or too long."""
    import numpy as np

    data = contents(file, shown)
    shape, dtype = _header(data, shown)
    start, entry = 4 + 4 * len(shape), np.dtype(dtype)
    needed, have = prod(shape) * entry.itemsize, len(data) - start
    sizes = " × ".join(str(size) for size in shape)
    if have < needed:
        whole = have // (prod(shape[1:]) * entry.itemsize)
        fail(f"the file is cut short: its header says {sizes} entries, it ends in example {whole + 1}", shown)
    if have > needed:
        fail(f"the file is too long: its header says {sizes} entries, {have - needed} bytes follow them", shown)
    found = np.frombuffer(data, entry, offset=start).reshape(shape)
    return found.astype(entry.newbyteorder("="), copy=False)


def _header(data: bytes, shown: str) -> tuple[tuple[int, ...], str]:
    """Sizes of the axes and the type of the entries."""
    if not data:
        fail("the file is empty, expected an IDX file", shown)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES or not 1 <= data[3] <= _MAX_AXES:
        fail(f"expected the magic number of an IDX file (such as 00000803), found {data[:4].hex()}", shown)
    axes = data[3]
    if len(data) < 4 + 4 * axes:
        fail("the file is cut short: it ends in the sizes of its axes", shown)
    return struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes]), _TYPES[data[2]]
