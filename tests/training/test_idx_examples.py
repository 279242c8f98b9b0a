"""IDX files: all types, gzip, and what a damaged one is called."""

from __future__ import annotations

import gzip
import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from handgrad.errors import InputError
from handgrad.training.examples import Examples
from handgrad.training.idx_files import array, read

TYPES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(values: np.ndarray) -> bytes:
    head = bytes((0, 0, TYPES[values.dtype.str[1:]], values.ndim)) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes()


IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([0, 1, 2, 1], np.uint8)


def pair(folder: Path, images: bytes, labels: bytes) -> Examples:
    (folder / "images").write_bytes(images)
    (folder / "labels").write_bytes(labels)
    return read(folder / "images", "images", folder / "labels", "labels")


@pytest.mark.parametrize("packed", [False, True])
def test_images_and_labels(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001  pytest's parameter
    pack = partial(gzip.compress, mtime=0) if packed else bytes
    found = pair(tmp_path, pack(idx(IMAGES)), pack(idx(LABELS)))
    np.testing.assert_array_equal(found.x, IMAGES)
    np.testing.assert_array_equal(found.y, LABELS)
    assert (found.divide, found.place(1)) == (255, "image 2")


@pytest.mark.parametrize("kind", TYPES)
def test_every_type(tmp_path: Path, kind: str) -> None:
    values = np.array([[1, 2], [3, 100]], kind)
    (tmp_path / "a").write_bytes(idx(values))
    found = array(tmp_path / "a", "a")
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype


def test_only_bytes_are_divided_by_255(tmp_path: Path) -> None:
    assert pair(tmp_path, idx(IMAGES.astype("f4")), idx(LABELS)).divide == 1


@pytest.mark.parametrize(
    ("images", "labels", "expected"),
    [
        (b"", idx(LABELS), "images: the file is empty, expected an IDX file"),
        (
            idx(IMAGES)[:3],
            idx(LABELS),
            "images: expected the magic number of an IDX file (such as 00000803), found 000008",
        ),
        (
            b"\x89PNG" + bytes(40),
            idx(LABELS),
            "images: expected the magic number of an IDX file (such as 00000803), found 89504e47",
        ),
        (
            idx(IMAGES),
            b"\0\0\x07\1" + bytes(8),
            "labels: expected the magic number of an IDX file (such as 00000803), found 00000701",
        ),
        (idx(IMAGES)[:9], idx(LABELS), "images: the file is cut short: it ends in the sizes of its axes"),
        (
            idx(IMAGES)[:-1],
            idx(LABELS),
            "images: the file is cut short: its header says 4 × 2 × 3 entries, it ends in example 4",
        ),
        (
            idx(IMAGES)[:17],
            idx(LABELS),
            "images: the file is cut short: its header says 4 × 2 × 3 entries, it ends in example 1",
        ),
        (
            idx(IMAGES),
            idx(LABELS) + b"ab",
            "labels: the file is too long: its header says 4 entries, 2 bytes follow them",
        ),
        (idx(IMAGES), idx(LABELS[:3]), "labels: expected a label for each of the 4 images of images, found 3"),
        (idx(LABELS), idx(LABELS), "images: expected images, so at least 2 axes, found 1"),
        (idx(IMAGES), idx(IMAGES), "labels: expected one label for each image, so 1 axis, found 3"),
        (gzip.compress(idx(IMAGES), mtime=0)[:-5], idx(LABELS), "images: cannot be read: the gzip file is cut short"),
    ],
)
def test_each_mistake_is_one_clear_line(tmp_path: Path, images: bytes, labels: bytes, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        pair(tmp_path, images, labels)
    assert str(caught.value) == expected


def test_a_header_that_promises_more_than_memory_holds_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes((0, 0, 8, 3)) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"abc")
    with pytest.raises(InputError, match="the file is cut short") as caught:
        array(tmp_path / "a", "a")
    assert str(caught.value).endswith("it ends in example 1")


def test_images_of_no_size_are_not_divided_by(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes((0, 0, 8, 2)) + struct.pack(">2I", 3, 0))
    assert array(tmp_path / "a", "a").shape == (3, 0)
