"""The careful reader of CSV files: cell by cell, so that it can say where a mistake is."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from handgrad.arithmetic.written import MAX_LISTED
from handgrad.errors import InputError, Mistake

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MISSING = ("", "nan", "na", "n/a", "null", "?")
_MAX_CELL = 2**17
Row = tuple[int, list[str]]
"""The number of a line and its cells."""


class Table(NamedTuple):
    """Features [N][columns], labels [N] (numbers or texts) or [N][columns], and the line of each example."""

    x: NDArray[Any]
    y: NDArray[Any]
    lines: NDArray[Any]


class Layout(Struct, frozen=True, kw_only=True):
    """How a file is laid out; columns are counted from 0."""

    file: str
    separator: str | None
    """None: any blanks."""
    width: int = 0
    """How many cells each line has."""
    names: tuple[str, ...] = ()
    features: tuple[int, ...] = ()
    labels: tuple[int, ...] = ()
    skip: int = 0
    """How many lines come before the data."""
    first: int = 1
    """The line that tells the width."""


def missing(word: str) -> bool:
    """Whether a cell says that there is no value."""
    return word.lower() in _MISSING


def number(cell: str) -> float | None:
    """The number of a cell (also NaN and infinity); None where it is none."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def finite(cell: str) -> bool:
    """Whether a cell is a finite number."""
    value = number(cell)
    return value is not None and abs(value) < inf


def column(i: int, names: Sequence[str]) -> str:
    """A column in words."""
    return f'column {i + 1} ("{names[i]}")' if names and names[i] else f"column {i + 1}"


def first_rows(text: str, layout: Layout) -> list[Row]:
    """The first two lines that are not blank, or the only one. Raises InputError."""
    rows = _rows(text, layout)
    return [row for row, _ in zip(rows, range(2), strict=False)]


def _rows(text: str, layout: Layout) -> Iterator[Row]:
    if layout.separator is None:
        yield from ((i, line.split()) for i, line in enumerate(text.split("\n"), 1) if line.strip())
        return
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=layout.separator, strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row) or len(row) > 1:
                yield reader.line_num, row
    except csv.Error as error:
        reason = f"a cell is longer than {_MAX_CELL} characters" if "limit" in str(error) else str(error)
        raise InputError([Mistake((), f"not valid CSV: {reason}", reader.line_num)], layout.file) from None


def read(text: str, layout: Layout) -> Table:
    """All cells. Raises InputError that lists what is wrong, at most five cells or lines."""
    import numpy as np

    x, words, lines = array("d"), [], array("q")
    mistakes: list[Mistake] = []
    plain = "_" not in text  # which float takes within a number
    for line, row in _rows(text, layout):
        if line <= layout.skip:
            continue
        if not (plain and _sound(row, layout)):
            mistakes += [Mistake((), wrong, line) for wrong in _wrong(row, layout)]
        if len(mistakes) > MAX_LISTED:
            mistakes[MAX_LISTED:] = [Mistake((), "there is more; the rest of the file was not looked at", line)]
            break
        if not mistakes:
            x.extend(float(row[i]) for i in layout.features)
            words.append([row[i].strip() for i in layout.labels])
            lines.append(line)
    if mistakes:
        raise InputError(mistakes, layout.file)
    return Table(np.array(x).reshape(len(lines), -1), _labels(words, layout, lines), np.array(lines))


def _sound(row: list[str], layout: Layout) -> bool:
    """Whether a line is quickly seen to be right."""
    try:
        total = sum(abs(float(row[i])) for i in layout.features)
    except (ValueError, IndexError):
        return False
    labels = len(row) == layout.width and not any(missing(row[i].strip()) for i in layout.labels)
    return labels and total < inf and all(_finite(number(row[i])) for i in layout.labels)


def _wrong(row: list[str], layout: Layout) -> Iterator[str]:
    """What is wrong in a line."""
    if len(row) != layout.width:
        yield f"has {_cells(len(row))}, line {layout.first} has {layout.width}"
        return
    for i in sorted(layout.features + layout.labels):
        value, word = number(row[i]), row[i].strip()
        if i in layout.labels and (missing(word) or not _finite(value)):
            yield f"{column(i, layout.names)}: the label is missing" + (f', found "{word}"' if word else "")
        elif i in layout.features and not word:
            yield f"{column(i, layout.names)}: expected a number, found nothing"
        elif i in layout.features and value is None:
            yield f'{column(i, layout.names)}: expected a number, found "{word[:40]}"'
        elif i in layout.features and not _finite(value):
            yield f"{column(i, layout.names)}: expected a finite number, found {word[:40]}"


def _finite(value: float | None) -> bool:
    return value is None or abs(value) < inf


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _labels(words: list[list[str]], layout: Layout, lines: Sequence[int]) -> NDArray[Any]:
    """As numbers where all of them are, else as texts."""
    import numpy as np

    numbers = [[number(word) for word in row] for row in words]
    flat = [value for row in numbers for value in row]
    if None not in flat:
        found = np.array(numbers, dtype=np.float64)
        return found if len(layout.labels) > 1 else found[:, 0]
    if len(layout.labels) > 1:
        i = next(i for i, row in enumerate(numbers) if None in row)
        word = words[i][numbers[i].index(None)]
        text = f'expected a number where there are several targets, found "{word[:40]}"'
        raise InputError([Mistake((), text, lines[i])], layout.file)
    return np.array([row[0] for row in words])
