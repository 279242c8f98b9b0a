"""Arrays of numbers as written, exact where they are rational and as doubles where floats are wanted.

The number itself (``number``, ``Irrational``, ``Literal``) is defined in ``numerals``.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

from flint import arb, fmpq

from handgrad.arithmetic.numerals import Irrational, Literal, described, number
from handgrad.arithmetic.unknown import Unknown, unknown
from handgrad.errors import Mistake, Path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Irrational", "Literal", "Unknown", "Written", "WrittenArray", "array", "from_floats", "number"]

Written = fmpq | Irrational | Unknown
"""A number as written, or a symbol in its place."""

MAX_AXES = 6
MAX_LISTED = 5
"""Bad entries of one array that are listed one by one."""


class WrittenArray:
    """Numbers in row-major order. ``shape`` is () for a single number.

    ``speaks_decimals``: an entry was written as a decimal such as 0.15, not as an integer or fraction.
    """

    __slots__ = ("_entries", "_floats", "_rational", "shape", "speaks_decimals")

    def __init__(
        self,
        entries: list[Written] | None,
        shape: tuple[int, ...],
        floats: NDArray[np.float64] | None = None,
        *,
        speaks_decimals: bool = False,
    ) -> None:
        """Of exact entries, of finite doubles of the shape, or of both where they are the same numbers."""
        self.shape, self.speaks_decimals = shape, speaks_decimals
        self._entries, self._floats = entries, floats
        self._rational: bool | None = None

    def __len__(self) -> int:
        return prod(self.shape)

    def __repr__(self) -> str:
        return f"WrittenArray of shape {self.shape}"

    @property
    def rational(self) -> bool:
        """Whether every entry is rational."""
        if self._rational is None:
            self._rational = self._entries is None or all(type(entry) is fmpq for entry in self._entries)
        return self._rational

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of the symbols among the entries, each once."""
        if self.rational:
            return ()
        return tuple(dict.fromkeys(entry.name for entry in self._entries or () if isinstance(entry, Unknown)))

    def written(self) -> list[Written]:
        """Every entry in row-major order as it was written. Not to be changed."""
        if self._entries is None:
            self.exact()
        return self._entries or []

    def replaced(self, values: dict[str, Written]) -> WrittenArray:
        """The same with numbers in place of the symbols that ``values`` names."""
        if not self.symbols:
            return self
        entries = [values.get(entry.name, entry) if isinstance(entry, Unknown) else entry for entry in self.written()]
        return WrittenArray(entries, self.shape, speaks_decimals=self.speaks_decimals)

    def exact(self) -> list[fmpq | arb]:
        """Every entry in row-major order, an irrational one as a ball at flint's current precision.

        Not to be changed: an array of rationals gives the same list each time.
        """
        if self._entries is None:
            floats = self.floats().ravel().tolist()
            self._entries = [number(value) for value in floats]
        if self.rational:
            return cast("list[fmpq | arb]", self._entries)
        return [entry if isinstance(entry, fmpq) else entry.ball() for entry in self._entries]

    def floats(self) -> NDArray[np.float64]:
        """The nearest doubles as a read-only array of the shape (infinite where a number is too large)."""
        if self._floats is None:
            import numpy as np

            found = np.fromiter(map(nearest, self._entries or ()), np.float64, len(self)).reshape(self.shape)
            found.flags.writeable = False
            self._floats = found
        return self._floats

    def reshape(self, shape: tuple[int, ...]) -> WrittenArray:
        """The same numbers in another shape of the same size. Raises ValueError for another size."""
        if prod(shape) != len(self):
            message = f"an array of shape {self.shape} has no shape {shape}"
            raise ValueError(message)
        floats = None if self._floats is None else self._floats.reshape(shape)
        return WrittenArray(self._entries, shape, floats, speaks_decimals=self.speaks_decimals)


def nearest(entry: Written) -> float:
    """The nearest double, infinite where the number is too large."""
    try:
        return float(entry)
    except OverflowError:
        return float("inf") if isinstance(entry, fmpq) and entry > 0 else float("-inf")


def from_floats(values: NDArray[np.float64]) -> WrittenArray:
    """An array of finite doubles, kept as such; each counts as its shortest decimal once asked exactly."""
    import numpy as np

    floats = np.array(values, np.float64)
    floats.flags.writeable = False
    return WrittenArray(None, floats.shape, floats, speaks_decimals=bool((floats != np.floor(floats)).any()))


def array(value: object, path: Path, mistakes: list[Mistake], *, symbols: bool = False) -> WrittenArray | None:
    """The array of a number, of nested lists or of a NumPy array; None where something is wrong.

    ``symbols``: a word such as "w" is a symbol in place of a number (see ``unknown``).
    Appends a mistake for each entry that is no number (the first five one by one), for rows of different
    lengths, an empty list, or lists nested deeper than six.
    """
    report = _Report(path, mistakes)
    if getattr(value, "shape", None) and getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return _native(value, report)
    flat, shape = _flattened(value, report)
    entries: list[Written] = []
    for place, entry in enumerate(flat):
        try:
            entries.append((unknown(entry) if symbols else None) or number(entry))
        except ValueError as error:
            report.add(_index(place, shape), str(error))
    if report.close():
        return None
    return WrittenArray(entries, shape, speaks_decimals=any(map(_speaks_decimals, flat)))


class _Report:
    """Gathers the mistakes of one array, at most five one by one."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        self.path, self.mistakes, self.count = path, mistakes, 0

    def add(self, index: tuple[int, ...], text: str) -> None:
        self.count += 1
        if self.count <= MAX_LISTED:
            self.mistakes.append(Mistake((*self.path, *index), text))

    def close(self) -> bool:
        """Says how many were not listed; whether there were any at all."""
        if self.count > MAX_LISTED:
            self.mistakes.append(Mistake(self.path, f"… and {self.count - MAX_LISTED} more like these"))
        return self.count > 0


def _native(value: Any, report: _Report) -> WrittenArray | None:
    import numpy as np

    if value.size == 0:
        report.add((), "expected at least one number, found an empty array")
    elif value.ndim > MAX_AXES:
        report.add((), f"expected at most {MAX_AXES} axes, found {value.ndim}")
    elif not np.isfinite(value).all():
        for index in np.argwhere(~np.isfinite(value)).tolist():
            entry = value[tuple(index)]
            found = "NaN" if np.isnan(entry) else "infinity" if entry > 0 else "-infinity"
            report.add(tuple(index), f"expected a finite number, found {found}")
    return None if report.close() else from_floats(value)


def _index(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of a place in row-major order."""
    index: list[int] = []
    for size in reversed(shape):
        index.append(place % size)
        place //= size
    return tuple(reversed(index))


def _listed(value: Any) -> Any:
    """A NumPy array as nested lists; anything else as it is."""
    return value.tolist() if getattr(value, "shape", None) and hasattr(value, "tolist") else value


def _flattened(value: object, report: _Report) -> tuple[list[Any], tuple[int, ...]]:
    """The entries in row-major order and the shape, level by level; ([], ()) where it has no shape."""
    level: list[Any] = [_listed(value)]
    shape: tuple[int, ...] = ()
    while level and isinstance(level[0], (list, tuple)):
        if len(shape) == MAX_AXES:
            report.add((), f"expected lists nested at most {MAX_AXES} deep, found deeper ones")
        elif not all(isinstance(row, (list, tuple)) and len(row) == len(level[0]) for row in level):
            _ragged(level, shape, report)
        elif not level[0]:
            report.add(_index(0, shape), "expected at least one number, found an empty list")
        if report.count:
            return [], ()
        shape = (*shape, len(level[0]))
        level = [_listed(entry) for row in level for entry in row]
    return level, shape


def _ragged(level: list[Any], shape: tuple[int, ...], report: _Report) -> None:
    """Names each row that is no list, or of another length than the first one."""
    size, first = len(level[0]), f"row {'.'.join('1' for _ in shape)}"
    for place, row in enumerate(level):
        index = _index(place, shape)
        name = f"row {'.'.join(str(i + 1) for i in index)}"
        if not isinstance(row, (list, tuple)):
            report.add(index, f"expected a list of {_entries(size)} as in {first}, found {described(row)}")
        elif len(row) != size:
            report.add(index, f"{name} has {_entries(len(row))}, {first} has {size}")


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _speaks_decimals(value: object) -> bool:
    kind = type(value)
    if kind is int:
        return False
    if kind is Literal or isinstance(value, float):
        return True
    if not isinstance(value, str):
        return hasattr(value, "as_tuple") and "." in str(value)
    if unknown(value):
        return False
    exponents = (place for place, letter in enumerate(value) if letter in "eE")
    return "." in value or any(place and value[place - 1].isdigit() for place in exponents)
