"""A grid of numbers as rectangles of one shade each: neighbours of the same shade in a row are one."""

from __future__ import annotations

from msgspec import Struct

from handgrad.notation.picture import Grid

LEVELS = 16
"""Shades on each side of white."""

_BLUE, _RED, _WHITE = (0x1F, 0x4E, 0x9C), (0xB3, 0x26, 0x1E), (0xFF, 0xFF, 0xFF)


class Patch(Struct, frozen=True):
    """A rectangle, in cells of the grid."""

    column: int
    row: int
    columns: int


def patches(grid: Grid) -> dict[str, list[Patch]]:
    """The rectangles of each shade but white, by its colour as #rrggbb."""
    found: dict[int, list[Patch]] = {}
    for row, values in enumerate(grid.values):
        levels = [max(-LEVELS, min(LEVELS, round(value * LEVELS))) for value in values]
        begin = 0
        for column in range(1, len(levels) + 1):
            if column == len(levels) or levels[column] != levels[begin]:
                found.setdefault(levels[begin], []).append(Patch(begin, row, column - begin))
                begin = column
    return {colour(level / LEVELS): found[level] for level in sorted(found) if level}


def colour(value: float) -> str:
    """The shade of a number from −1 to 1."""
    end, share = (_BLUE if value > 0 else _RED), abs(value)
    return "#" + "".join(f"{round(w + (e - w) * share):02x}" for w, e in zip(_WHITE, end, strict=True))
