"""CSV files: a line for each example, its features in columns and its label in another.

NumPy's reader is tried first; what it cannot read the careful reader (``csv_cells``) reads, or says where.
"""

from __future__ import annotations

import io
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from handgrad.errors import InputError
from handgrad.tables import nearest
from handgrad.training import csv_cells
from handgrad.training.csv_cells import Layout, number
from handgrad.training.examples import Examples, fail
from handgrad.training.files import text as text_of
from handgrad.training.settings import Column, Data

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEPARATORS = (";", "\t", ",")


def read(file: FilePath, shown: str, data: Data) -> Examples:
    """The examples of a CSV file. Raises InputError naming each line and column that is wrong."""
    text = text_of(file, shown)
    if not text.strip():
        fail("the file is empty, expected a line for each example", shown)
    separator = data.separator or _separator(text)
    layout, sample = _layout(text, separator, shown, data)
    found = _fast(text, layout, sample) or csv_cells.read(text, layout)
    names = tuple(layout.names[i] for i in layout.features) if layout.names else ()
    return Examples(x=found.x, y=found.y, file=shown, unit="line", places=found.lines, features=names)


def _separator(text: str) -> str | None:
    """The first of ; tab , that the first line has outside of quotes; None: blanks."""
    first = next(line for line in text.split("\n", 50) if line.strip())
    bare = "".join(first.split('"')[::2])
    return next((sign for sign in _SEPARATORS if sign in bare), None)


def _layout(text: str, separator: str | None, shown: str, data: Data) -> tuple[Layout, list[str]]:
    """Where header, features and labels stand, and the first line of data."""
    plain = Layout(file=shown, separator=separator)
    rows = csv_cells.first_rows(text, plain)
    width = len(rows[0][1])
    header = _has_header(rows, data)
    names = [cell.strip() for cell in rows[0][1]] if header else []
    if header and len(rows) == 1:
        fail("expected at least one example below the names of the columns, found none", shown)
    places = _Places(names, width, shown)
    given = [-1] if data.label is None else data.label if isinstance(data.label, list) else [data.label]
    labels = [places.of(column, "label") for column in given]
    if data.columns is None:
        features = [i for i in range(width) if i not in labels]
    else:
        features = [places.of(column, "columns") for column in data.columns]
    if not features:
        fail("expected at least one column of features beside the label, found none", shown)
    both = [i for i in features if i in labels]
    if both:
        fail(f"{places.name(both[0])} is the label, it cannot be a feature too", shown)
    layout = Layout(
        file=shown, separator=separator, width=width, names=tuple(names), features=tuple(features),
        labels=tuple(labels), skip=rows[0][0] if header else 0, first=rows[0][0],
    )  # fmt: skip
    return layout, rows[-1][1] if header else rows[0][1]


def _has_header(rows: list[tuple[int, list[str]]], data: Data) -> bool:
    """As told; else where no cell of the first line is a number, or only a label there is none but is one below."""
    if data.header is not None:
        return data.header
    words, below = ([not csv_cells.finite(cell) for cell in row] for _, row in (rows[0], rows[-1]))
    return all(words) or (len(words) == len(below) and any(words) and not any(below) and _named(rows[0][1], data))


def _named(cells: list[str], data: Data) -> bool:
    """Whether what is no number in a line is the label's cell alone."""
    given = -1 if data.label is None else data.label
    words = [i for i, cell in enumerate(cells) if not csv_cells.finite(cell)]
    if isinstance(given, list) or len(words) != 1:
        return False
    return (
        cells[words[0]].strip() == given if isinstance(given, str) else given in (words[0] + 1, words[0] - len(cells))
    )


class _Places(Struct):
    """The places of columns by their names or numbers."""

    names: list[str]
    width: int
    file: str

    def of(self, column: Column, key: str) -> int:
        if isinstance(column, int):
            if column == 0 or abs(column) > self.width:
                fail(f"{key}: there is no column {column}, the columns are 1 to {self.width}", self.file)
            return column - 1 if column > 0 else column + self.width
        if not self.names:
            fail(f'{key}: there is no column "{column}", the first line does not name the columns', self.file)
        if self.names.count(column) != 1:
            known = f": {self.names.count(column)} have that name" if column in self.names else ""
            self._fail(key, column, known)
        return self.names.index(column)

    def _fail(self, key: str, column: str, known: str) -> NoReturn:
        fail(f'{key}: there is no one column "{column}"{known or nearest(column, self.names)}', self.file)

    def name(self, i: int) -> str:
        return csv_cells.column(i, self.names)


def _fast(text: str, layout: Layout, sample: list[str]) -> csv_cells.Table | None:
    """By NumPy's reader; None where it stumbles, or where lines and examples are not one to one."""
    import numpy as np

    start = 0
    for _ in range(layout.skip):
        start = text.index("\n", start) + 1
    end = len(text)
    while end > start and text[end - 1] == "\n":
        end -= 1
    count = text.count("\n", start, end) + 1
    words: dict[str, int] = {}

    def code(cell: str) -> int:
        word = cell.strip()
        if csv_cells.missing(word):
            raise InputError(word)
        return words.setdefault(word, len(words))

    texts = len(layout.labels) == 1 and len(sample) == layout.width and number(sample[layout.labels[0]]) is None
    converters: Any = {layout.labels[0]: code} if texts else None
    try:
        found: NDArray[Any] = np.loadtxt(
            io.StringIO(text[start:end]), delimiter=layout.separator, comments=None, quotechar='"', ndmin=2,
            converters=converters, encoding=None,
        )  # fmt: skip
    except (ValueError, InputError):
        return None
    if found.shape != (count, layout.width) or not np.isfinite(found).all():
        return None
    x, y = found[:, list(layout.features)], found[:, list(layout.labels)]
    labels = np.array(list(words))[y[:, 0].astype(np.int64)] if texts else y if y.shape[1] > 1 else y[:, 0]
    return csv_cells.Table(x, labels, np.arange(count) + layout.skip + 1)
