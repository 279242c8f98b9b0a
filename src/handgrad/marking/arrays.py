"""Lists of numbers held against the shape of a quantity."""

from __future__ import annotations

from math import prod
from typing import Any

from handgrad.marking.numbers import BLANKS
from handgrad.ops.op import Shape

DEEPEST = 8
"""Lists in lists that are looked into."""


def leaves(value: Any) -> tuple[Shape, list[Any]]:
    """The shape of nested lists (or of an array) and their entries row by row; () and the value if it is none.

    A row left blank ("?", None) among rows of numbers is a row of blanks. Raises ValueError for rows of
    different lengths, and for lists nested too deep.
    """
    shape: list[int] = []
    level, one = [value], True
    for _ in range(DEEPEST):
        if not any(_is_list(entry) for entry in level):
            return tuple(shape), level
        rows = _rows(level)
        length = len(rows[0])
        if any(len(row) != length for row in rows):
            lengths = sorted({len(row) for row in rows})
            message = f"rows of different lengths, {lengths[0]} and {lengths[-1]}"
            raise ValueError(message)
        shape.append(length)
        level = level_of(rows) if not one else rows[0]
        one = False
    message = f"lists are nested deeper than {DEEPEST}"
    raise ValueError(message)


def level_of(rows: list[list[Any]]) -> list[Any]:
    """The entries of all rows."""
    return [entry for row in rows for entry in row]


def _is_list(value: Any) -> bool:
    return type(value) is list or isinstance(value, (list, tuple)) or bool(getattr(value, "shape", ()))


def _rows(level: list[Any]) -> list[list[Any]]:
    """Every entry of a level as a list, a blank one as a list of blanks."""
    length = next(len(entry) for entry in level if _is_list(entry))
    rows = []
    for entry in level:
        if _is_list(entry):
            rows.append(list(entry))
        elif entry is None or (isinstance(entry, str) and entry.strip() in BLANKS):
            rows.append([None] * length)
        else:
            message = "numbers and lists stand side by side"
            raise ValueError(message)
    return rows


def fits(found: Shape, shape: Shape) -> bool:
    """Whether numbers of one shape are those of another row by row: a column or a row may be a flat list."""
    return found == shape or [n for n in found if n != 1] == [n for n in shape if n != 1]


def refusal(quantity: str, found: Shape, shape: Shape) -> str:
    """Why numbers of one shape are none of a quantity's."""
    return f"{quantity} is {_words(shape)}, found {_words(found)}"


def _words(shape: Shape) -> str:
    if not shape:
        return "a single number"
    return f"{' × '.join(map(str, shape))} number{'s' if shape != (1,) else ''}"


def place(index: Shape, shape: Shape) -> int:
    """The place of an entry, counted row by row from 0."""
    found = 0
    for i, length in zip(index, shape, strict=True):
        found = found * length + i
    return found


def entry_word(at: int, shape: Shape, base: int) -> str:
    """The index of a place as on paper: "[2,3]"; nothing for a single number."""
    steps = []
    for length in reversed(shape):
        at, step = divmod(at, length)
        steps.append(step + base)
    return f"[{','.join(map(str, reversed(steps)))}]" if steps else ""


def size(shape: Shape) -> int:
    """How many entries there are."""
    return prod(shape)
