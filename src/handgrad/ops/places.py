"""Places counted row by row from 0, and the index of each axis."""

from __future__ import annotations

from itertools import product

from handgrad.ops.op import Shape


def unravel(place: int, size: Shape) -> Shape:
    """A place counted row by row as an index of each axis."""
    index = []
    for n in reversed(size):
        place, i = divmod(place, n)
        index.append(i)
    return tuple(reversed(index))


def ravel(index: Shape, size: Shape) -> int:
    """An index of each axis as a place counted row by row."""
    place = 0
    for i, n in zip(index, size, strict=True):
        place = place * n + i
    return place


def indices(size: Shape) -> list[Shape]:
    """Every index, row by row."""
    return list(product(*(range(n) for n in size)))
