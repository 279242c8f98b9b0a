"""Arrays that are not written in the problem file itself: from .npz, .npy and .csv files, or random.

{ file = "w.npz", key = "W1" }    { file = "w.npy" }    { file = "w.csv" }
{ random = "normal", seed = 1, mean = 0, scale = 0.1, decimals = 2, shape = [3, 2] }
{ random = "uniform", seed = 1, low = -1, high = 1 }    { random = "integers", seed = 1, low = 0, high = 9 }
"""

from __future__ import annotations

from math import prod
from pathlib import Path as FilePath
from typing import IO, TYPE_CHECKING, Any, NoReturn

from handgrad.arithmetic.numerals import Irrational, described, number
from handgrad.arithmetic.written import MAX_AXES, MAX_LISTED, Written, WrittenArray, array, from_floats, nearest
from handgrad.errors import Mistake, Path

if TYPE_CHECKING:
    from zipfile import ZipFile

    from numpy.typing import NDArray

Shape = tuple[int, ...]

MAX_BYTES = 512 * 2**20
_DOUBLE = 8
_MAX_DECIMALS = 15
_LARGEST = 1e100
_MAX_EXACT = 2**53
"""Integers up to here are doubles."""
_FILE_KEYS = ("file", "key")
_KINDS = {"normal": ("mean", "scale"), "uniform": ("low", "high"), "integers": ("low", "high")}
"""The distributions and the keys of each; all of them take seed, shape and decimals."""
_DEFAULTS = {"mean": 0, "scale": 1, ("uniform", "low"): 0, ("uniform", "high"): 1}
_RANDOM_KEYS = ("random", "seed", "shape", "decimals")
_SUFFIXES = (".npz", ".npy", ".safetensors", ".csv", ".tsv", ".txt")
_KEYED = (".npz", ".safetensors")
"""Files of several arrays, each under a key."""


class _Wrong(Exception):  # noqa: N818  # never leaves this file: it becomes a Mistake
    """What is wrong, and at which key of the table."""

    def __init__(self, text: str, *keys: str | int) -> None:
        super().__init__(text)
        self.keys = keys


def load(
    table: dict[str, Any], path: Path, folder: FilePath, shape: Shape | None, mistakes: list[Mistake]
) -> WrittenArray | None:
    """The array that a table describes; None where something is wrong, which is then in ``mistakes``.

    ``folder``: files are looked for here and below; ``shape``: what the array's place in the network asks for,
    if that is known, so that a table of random numbers need not say it.
    """
    try:
        if ("file" in table) == ("random" in table):
            found = "both" if "file" in table else "neither"
            _fail(f'expected a table with either "file" or "random", found {found}')
        if "random" in table:
            return _random(table, shape)
        _known(table, _FILE_KEYS)
        return _from_file(table, path, folder, shape, mistakes)
    except _Wrong as wrong:
        mistakes.append(Mistake((*path, *wrong.keys), str(wrong)))
        return None


def _fail(text: str, *keys: str | int) -> NoReturn:
    raise _Wrong(text, *keys) from None


def _known(table: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            from difflib import get_close_matches

            close = get_close_matches(str(key), keys, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(keys)}"
            _fail(f'unknown key "{key}"{hint}', str(key))


def _from_file(
    table: dict[str, Any], path: Path, folder: FilePath, shape: Shape | None, mistakes: list[Mistake]
) -> WrittenArray | None:
    name, key = table["file"], table.get("key")
    if not isinstance(name, str) or not name:
        _fail(f"expected the name of a file, found {described(name)}", "file")
    suffix = FilePath(name).suffix.lower()
    if suffix not in _SUFFIXES:
        _fail(f'expected a .npz, .npy, .safetensors or .csv file, found "{name}"', "file")
    if "key" in table and suffix not in _KEYED:
        _fail(f'only .npz and .safetensors files have keys, found a key for "{name}"', "key")
    if "key" in table and not isinstance(key, str):
        _fail(f"expected the name of an array in {name}, found {described(key)}", "key")
    file = _inside(name, folder)
    if suffix not in (*_KEYED, ".npy"):
        return _csv(_text(file, name), name, path, shape, mistakes)
    values = _safetensors(file, name, key) if suffix == ".safetensors" else _binary(file, name, key)
    if not values.size:
        _fail(f"expected at least one number, found an empty array in {name}", "file")
    written = array(values if values.dtype.kind == "f" else _whole(values), (*path, "file"), mistakes)
    return written if written is None or shape is None else _fitted(written, shape)


def _inside(name: str, folder: FilePath) -> FilePath:
    """The file in the folder or below it. Links that lead out of it count as outside."""
    try:
        root, file = folder.resolve(), (folder / name).resolve()
        if not file.is_relative_to(root):
            _fail(f'expected a file in the folder of the problem, found "{name}" outside of it', "file")
        if not file.exists():
            _fail(f'there is no file "{name}" in the folder of the problem', "file")
        if not file.is_file():
            _fail(f'expected a file, found the folder "{name}"', "file")
        if file.stat().st_size > MAX_BYTES:
            _too_large(name)
    except (OSError, ValueError, RuntimeError) as error:
        _unreadable(name, error)
    return file


def _too_large(name: str) -> NoReturn:
    _fail(f"{name} is too large, expected at most {MAX_BYTES // 2**20} MiB", "file")


def _unreadable(name: str, error: Exception) -> NoReturn:
    reason = "permission is denied" if isinstance(error, PermissionError) else str(error).partition(". ")[0]
    _fail(f"{name} cannot be read: {reason}", "file")


def _binary(file: FilePath, name: str, key: str | None) -> NDArray[Any]:
    """The array of a .npy or .npz file; nothing in it is ever unpickled."""
    import struct
    import zlib
    from zipfile import BadZipFile, ZipFile

    try:
        if file.suffix.lower() == ".npy":
            with file.open("rb") as stream:
                return _npy(stream, name)
        with ZipFile(file) as archive, archive.open(_member(archive, name, key)) as stream:
            return _npy(stream, name)
    except (OSError, ValueError, EOFError, SyntaxError, RuntimeError, MemoryError) as error:
        _unreadable(name, error)
    except (BadZipFile, zlib.error, struct.error) as error:
        _unreadable(name, error)


def _safetensors(file: FilePath, name: str, key: str | None) -> NDArray[Any]:
    """One array of a .safetensors file, by the library that defines the format."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        _fail(f'{name} needs the package safetensors: pip install "handgrad[weights]"', "file")
    try:
        with safe_open(file, framework="numpy") as archive:
            keys = list(archive.keys())
            if key is None or key not in keys:
                listed = ", ".join(keys[:20]) or "no arrays"
                found = "" if key is None else f', found "{key}"'
                _fail(f"expected a key, one of those in {name}: {listed}{found}", "key")
            values: NDArray[Any] = archive.get_tensor(key)
    except (OSError, SafetensorError, TypeError) as error:
        _unreadable(name, error)
    if values.dtype.kind not in "fiu":
        _fail(f"expected real numbers in {name}, found the type {values.dtype}", "file")
    return values


def _member(archive: ZipFile, name: str, key: str | None) -> str:
    sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
    listed = ", ".join(list(sizes)[:20]) or "no arrays"
    if key is None:
        _fail(f"expected a key, one of those in {name}: {listed}", "key")
    if key not in sizes:
        _fail(f'{name} has no array "{key}", it has {listed}', "key")
    if sizes[key] > MAX_BYTES:
        _too_large(name)
    return f"{key}.npy"


def _npy(stream: IO[bytes], name: str) -> NDArray[Any]:
    """Reads the header first, so that its promises are checked before memory is taken for them."""
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    if dtype.kind not in "fiu" or dtype.itemsize > _DOUBLE:
        _fail(f"expected real numbers of at most 64 bits in {name}, found the type {dtype}", "file")
    if prod(shape) * dtype.itemsize > MAX_BYTES:
        _too_large(name)
    if len(shape) > MAX_AXES:
        _fail(f"expected at most {MAX_AXES} axes in {name}, found {len(shape)}", "file")
    stream.seek(0)
    values: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return values


def _whole(values: NDArray[Any]) -> Any:
    """Integers as doubles where those are the same numbers, else as lists."""
    fits = int(values.min()) >= -_MAX_EXACT and int(values.max()) <= _MAX_EXACT
    return values.astype("float64") if fits and values.shape else values.tolist()


def _fitted(written: WrittenArray, shape: Shape) -> WrittenArray:
    """In the shape that is asked for where only axes of length 1 differ; else as it is."""
    have, want = ([n for n in axes if n != 1] for axes in (written.shape, shape))
    return written.reshape(shape) if have == want else written


def _text(file: FilePath, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _fail(f"expected text in UTF-8, {name} is not", "file")
    except OSError as error:
        _unreadable(name, error)


def _csv(text: str, name: str, path: Path, shape: Shape | None, mistakes: list[Mistake]) -> WrittenArray | None:
    """Rows of numbers, read exactly. A row is counted as a line of the file, as a spreadsheet does.

    Separated by semicolons, commas or else blanks, whichever the first row has; # begins a comment.
    """
    stripped = (line.partition("#")[0].strip() for line in text.split("\n"))
    lines = [(i, line) for i, line in enumerate(stripped, 1) if line]
    if not lines:
        _fail(f"expected at least one number, found none in {name}", "file")
    separator = next((sign for sign in ";," if sign in lines[0][1]), None)
    rows = [(i, line.split(separator)) for i, line in lines]
    wrong: list[str] = []
    entries = [entry for i, row in rows for entry in _cells(row, f"{name}, row {i}", wrong)]
    size = len(rows[0][1])
    ragged = [(i, len(row)) for i, row in rows if len(row) != size]
    wrong += [f"{name}, row {i} has {n} columns, row {rows[0][0]} has {size}" for i, n in ragged]
    if wrong:
        mistakes += [Mistake((*path, "file"), words) for words in wrong[:MAX_LISTED]]
        if len(wrong) > MAX_LISTED:
            mistakes.append(Mistake((*path, "file"), f"… and {len(wrong) - MAX_LISTED} more like these"))
        return None
    decimals = any("." in line or "e-" in line.lower() for _, line in lines)
    written = WrittenArray(entries, (len(rows), size), speaks_decimals=decimals)
    if shape is not None and len(shape) > len(written.shape) and written.shape == (shape[0], prod(shape[1:])):
        return written.reshape(shape)  # a kernel: one row for each output channel
    return written if shape is None else _fitted(written, shape)


def _cells(row: list[str], place: str, wrong: list[str]) -> list[Written]:
    entries: list[Written] = []
    for column, cell in enumerate(row, 1):
        text = cell.strip().strip('"')
        try:
            entries.append(number(text))
        except ValueError as error:
            wrong.append(f"{place}, column {column}: {error if text else 'expected a number, found nothing'}")
    return entries


def _random(table: dict[str, Any], wanted: Shape | None) -> WrittenArray:
    """Numbers from NumPy's default_rng(seed): the same table gives the same numbers again."""
    kind = table["random"]
    if not isinstance(kind, str) or kind not in _KINDS:
        _fail(f'expected "normal", "uniform" or "integers", found {described(kind)}', "random")
    _known(table, (*_RANDOM_KEYS, *_KINDS[kind]))
    if "seed" not in table:
        _fail("seed is missing: an integer that makes the random numbers the same each time", "seed")
    seed = _natural(table, "seed")
    first, second = (_setting(table, kind, key) for key in _KINDS[kind])
    places = _natural(table, "decimals") if "decimals" in table else None
    shape = _shape(table, wanted)
    import numpy as np

    draw = np.random.default_rng(seed)
    if kind == "normal":
        values = first + second * draw.standard_normal(shape)
    elif first > second:
        _fail(f"expected low to be at most high, found {first:g} and {second:g}", "low")
    elif kind == "uniform":
        values = draw.uniform(first, second, shape)
    else:
        values = draw.integers(int(first), int(second), shape, endpoint=True).astype(np.float64)
    return from_floats(values if places is None else np.round(values, places))


def _natural(table: dict[str, Any], key: str) -> int:
    value, most = table[key], _MAX_DECIMALS if key == "decimals" else _MAX_EXACT
    if type(value) is not int or not 0 <= value <= most:
        _fail(f"expected an integer from 0 to {most}, found {described(value)}", key)
    return value


def _setting(table: dict[str, Any], kind: str, key: str) -> float:
    value = table.get(key, _DEFAULTS.get(key, _DEFAULTS.get((kind, key))))
    if value is None:
        _fail(f"{key} is missing: random integers go from low to high, both included", key)
    try:
        exact = number(value)
    except ValueError as error:
        _fail(str(error), key)
    found = nearest(exact)
    if abs(found) > _LARGEST:
        _fail(f"expected a number of size at most {_LARGEST:g}, found {described(value)}", key)
    if kind == "integers" and (isinstance(exact, Irrational) or exact.q != 1 or abs(exact) > _MAX_EXACT):
        _fail(f"expected an integer, found {described(value)}", key)
    if key == "scale" and found < 0:
        _fail(f"expected a scale of at least 0, found {described(value)}", key)
    return found


def _shape(table: dict[str, Any], wanted: Shape | None) -> Shape:
    if "shape" not in table and wanted is None:
        _fail("shape is missing: nothing else tells how many random numbers there are", "shape")
    value = table.get("shape", wanted)
    sizes = value if isinstance(value, (list, tuple)) else [value]
    if not 1 <= len(sizes) <= MAX_AXES or not all(type(size) is int and size > 0 for size in sizes):
        found = described(value) if sizes is not value else f"[{', '.join(map(described, sizes[:9]))}]"
        _fail(f"expected a list of positive integers such as [3, 2], found {found}", "shape")
    if prod(sizes) * _DOUBLE > MAX_BYTES:
        _fail(f"expected at most {MAX_BYTES // _DOUBLE} random numbers, found more", "shape")
    if wanted is not None and tuple(sizes) != wanted:
        _fail(f"expected {list(wanted)}, as the network asks for, found {list(sizes)}", "shape")
    return tuple(sizes)
