"""NPZ files: an array of inputs and one of labels or targets. Nothing in them is ever unpickled."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path as FilePath
from typing import Any

from handgrad.tables import nearest
from handgrad.training.csv_cells import missing
from handgrad.training.examples import Examples, fail

_INPUTS, _LABELS = "fiub", "fiubU"
"""The kinds of NumPy types that are numbers, and those that labels may have."""


def read(file: FilePath, shown: str, x_key: str, y_key: str) -> Examples:
    """The arrays of these names. Raises InputError: no such file or array, Python objects, unequal lengths."""
    import numpy as np

    if not file.exists():
        fail("cannot be read: there is no such file", shown)
    try:
        with file.open("rb") as opened:
            if not zipfile.is_zipfile(opened):
                fail("cannot be read: it is no NPZ file, or it is cut short", shown)
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as archive:
                x = _array(archive, x_key, shown, _INPUTS)
                y = _array(archive, y_key, shown, _LABELS)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, SyntaxError, RuntimeError) as error:
        fail(f"cannot be read: {str(error).partition('. ')[0]}", shown)
    if len(x) != len(y):
        fail(f"expected a label for each of the {len(x)} examples of {x_key}, found {len(y)} in {y_key}", shown)
    found = Examples(x=x, y=y, file=shown)
    _check_labels(found)
    return found


def _check_labels(found: Examples) -> None:
    """Refuses a text that says that there is no label."""
    if found.y.dtype.kind != "U":
        return
    for i, label in enumerate(found.y.reshape(len(found.y), -1)):
        word = next((str(word).strip() for word in label if missing(str(word).strip())), None)
        if word is not None:
            found.fail(i, "the label is missing" + (f', found "{word}"' if word else ""))


def _array(archive: Any, key: str, shown: str, kinds: str) -> Any:
    if key not in archive.files:
        fail(f'there is no array "{key}"{nearest(key, list(archive.files))}', shown)
    try:
        found = archive[key]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        fail(f"{key} holds Python objects, expected numbers", shown)
    if found.dtype.kind not in kinds:
        fail(f"{key} is of the type {found.dtype}, expected {'numbers' if kinds == _INPUTS else 'labels'}", shown)
    if not found.ndim:
        fail(f"{key} is a single value, expected an array with an axis of examples", shown)
    return found
