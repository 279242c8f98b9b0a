"""Picks the reader of a source by its name: a bundled set, a file by its suffix, a folder."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import structs

from handgrad.errors import Mistake
from handgrad.tables import nearest
from handgrad.training.bundled import BUNDLED
from handgrad.training.examples import Examples, fail
from handgrad.training.settings import Data

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_IDX = ("idx", "ubyte", ".gz")
"""What a name has in it somewhere."""
_KEYS: dict[str, tuple[str, ...]] = {
    "csv": ("header", "separator", "label", "columns"),
    "npz": ("x", "y"),
    "idx": ("labels", "test_labels"),
    "images": ("colour",),
    "bundled": (),
}
"""The kinds of sources, and the keys of [data] that each alone understands."""
_WORDS = {"csv": "a CSV file", "npz": "an NPZ file", "idx": "IDX files", "images": "a folder of images"}


def kind(source: str, folder: FilePath) -> str | None:
    """The kind of a source; None where its name tells none."""
    name = source.lower()
    if source in BUNDLED:
        return "bundled"
    if (folder / source).is_dir():
        return "images"
    if name.endswith(_CSV):
        return "csv"
    if name.endswith(".npz"):
        return "npz"
    return "idx" if any(part in FilePath(name).name for part in _IDX) else None


def check_kind(data: Data, folder: FilePath, mistakes: list[Mistake]) -> None:
    """Whether the kinds of source and test are known, and each key is one of that kind."""
    known = kind(data.source, folder)
    for key, source in (("source", data.source), ("test", data.test)):
        if source is not None and kind(source, folder) is None:
            text = f"data: expected {', '.join(BUNDLED)}, a .csv, .npz or IDX file or a folder of images, found"
            mistakes.append(Mistake(("data", key), f'{text} "{source[:200]}"{_close(source)}'))
    if known is None:
        return
    if data.test is not None and kind(data.test, folder) not in (None, known):
        mistakes.append(Mistake(("data", "test"), "data: expected a test of the same kind as the source"))
    if known == "bundled" and data.test is not None:
        mistakes.append(Mistake(("data", "test"), "data: a bundled set has no test of its own; hold a share out"))
    given = {key for keys in _KEYS.values() for key in keys if getattr(data, key) != _default(key)}
    for key in sorted(given - {*_KEYS[known]}):
        owner = next(other for other, keys in _KEYS.items() if key in keys)
        mistakes.append(Mistake(("data", key), f"data: {key} is for {_WORDS[owner]}, the source is {data.source}"))
    if known == "idx":
        wanted = [("labels", True), ("test_labels", data.test is not None)]
        missing = [key for key, needed in wanted if needed and getattr(data, key) is None]
        mistakes += [
            Mistake(("data", key), f'data: the key "{key}" is missing: the IDX file of them') for key in missing
        ]


def _close(source: str) -> str:
    """A hint where a name is nearly that of a bundled set."""
    hint = nearest(source, list(BUNDLED))
    return hint if "did you mean" in hint else ""


def _default(key: str) -> Any:
    return key if key in _KEYS["npz"] else None


def load(data: Data, folder: FilePath, dtype: DTypeLike, *, test: bool = False) -> Examples:
    """The examples of the source (``test``: of the source of the test), their inputs divided and of that type.

    Raises InputError naming the file and the line, row or image of what is wrong.
    """
    source = data.test if test and data.test is not None else data.source
    found = _read(kind(source, folder), source, data, folder, test=test)
    if not len(found.x):
        fail("expected at least one example, found none", found.file)
    return structs.replace(found, x=_converted(found, data.divide, dtype))


def _read(known: str | None, source: str, data: Data, folder: FilePath, *, test: bool) -> Examples:
    if known == "bundled":
        from handgrad.training.bundled import read as bundled

        return bundled(source)
    file, shown = folder / source, source
    if known == "csv":
        from handgrad.training.csv_files import read as csv

        return csv(file, shown, data)
    if known == "npz":
        from handgrad.training.npz_files import read as npz

        return npz(file, shown, data.x, data.y)
    if known == "idx":
        from handgrad.training.idx_files import read as idx

        labels = (data.test_labels if test else data.labels) or ""
        return idx(file, shown, folder / labels, labels)
    from handgrad.training.image_folders import read as images

    return images(file, shown, data.colour)


def _converted(found: Examples, divide: float | None, dtype: DTypeLike) -> NDArray[Any]:
    """The inputs as contiguous numbers of the type, divided; each of them finite."""
    import numpy as np

    by = found.divide if divide is None else divide
    with np.errstate(over="ignore"):
        x = found.x.astype(dtype) if by == 1 else np.divide(found.x, by, dtype=dtype, casting="unsafe")
    if found.x.dtype.kind == "f" and not np.isfinite(x).all():
        _not_finite(found, x)
    return np.ascontiguousarray(x)


def _not_finite(found: Examples, x: NDArray[Any]) -> NoReturn:
    import numpy as np

    i, *index = np.argwhere(~np.isfinite(x))[0].tolist()
    value = found.x[(i, *index)]
    where = f"{found.feature(index)}: " if index else ""
    if np.isfinite(value):
        found.fail(i, f"{where}{value:g} is too large for {x.dtype}")
    words = "NaN" if np.isnan(value) else "infinity" if value > 0 else "-infinity"
    found.fail(i, f"{where}expected a finite number, found {words}")
