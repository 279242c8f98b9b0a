"""Entries taken along an axis, and what is taken given back: the two halves of slices, pads and repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handgrad.ops.op import Array, Report

NOTHING = -1
"""The place of what is not taken from anywhere (a pad)."""


def from_zero(axis: int, rank: int) -> int:
    """An axis counted from 1 (or from the end) as one counted from 0."""
    return axis - 1 if axis > 0 else axis + rank


def is_axis(report: Report, key: str, axis: int, rank: int) -> bool:
    """Whether an array of so many axes has the axis; else it is reported."""
    if 1 <= axis <= rank or -rank <= axis <= -1:
        return True
    report(key, f"expected an axis from 1 to {rank}, or from -{rank} to -1, found {axis}")
    return False


def are_axes(report: Report, key: str, axes: Sequence[int], rank: int) -> bool:
    """Whether an array has all of these axes, each named once; else it is reported."""
    fits = [is_axis(report, key, axis, rank) for axis in axes]
    if all(fits) and len({from_zero(axis, rank) for axis in axes}) < len(axes):
        report(key, f"expected each axis once, found {list(axes)}")
        return False
    return all(fits)


def taken(xp: Any, x: Array, places: Sequence[int], axis: int) -> Array:
    """The entries at ``places`` along an axis; zeros where that is NOTHING."""
    n = x.shape[axis]
    key = _slice(places)
    if key is not None:
        return x[(*([slice(None)] * axis), key)]
    if NOTHING not in places:
        return xp.take(x, list(places), axis=axis)
    zero = xp.zeros_like(x[(*([slice(None)] * axis), slice(0, 1))])
    return xp.take(xp.concat([x, zero], axis=axis), [n if p == NOTHING else p for p in places], axis=axis)


def _slice(places: Sequence[int]) -> slice | None:
    """Evenly spaced places as a slice."""
    if not places or places[0] == NOTHING:
        return None
    step = places[1] - places[0] if len(places) > 1 else 1
    if step < 1 or list(places) != list(range(places[0], places[0] + step * len(places), step)):
        return None
    return slice(places[0], places[-1] + 1, step if step > 1 else None)


def returned(xp: Any, dy: Array, places: Sequence[int], n: int, axis: int) -> Array:
    """The adjoint of ``taken``: dx[i] = Σ dy[p] over the places p that i was taken to, along an axis of length n."""
    total = None
    for row in _turned(places, n):
        part = taken(xp, dy, row, axis)
        total = part if total is None else total + part
    return total


def destinations(places: Sequence[int], n: int) -> list[list[int]]:
    """For each entry of an axis of length n the places that it was taken to."""
    to: list[list[int]] = [[] for _ in range(n)]
    for p, i in enumerate(places):
        if i != NOTHING:
            to[i].append(p)
    return to


def _turned(places: Sequence[int], n: int) -> list[list[int]]:
    """Row k: where each entry was taken to for the k-th time."""
    to = destinations(places, n)
    most = max(1, *map(len, to))
    return [[row[k] if k < len(row) else NOTHING for row in to] for k in range(most)]
