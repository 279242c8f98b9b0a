"""Units in columns by depth, in an order in which few lines cross, and the rows that long networks are broken into."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from handgrad.drawing.graph import Unit

SWEEPS = 4

WIDEST = 1400.0
"""A picture wider than this is broken into rows where one arrow alone goes on."""

ROW = 1150.0
"""About how wide a row is then."""


def columns(found: dict[str, Unit], deep: dict[str, int]) -> list[list[Unit]]:
    """The units of each column from top to bottom."""
    ordered: list[list[Unit]] = [[] for _ in range(1 + max(deep.values()))]
    for name, unit in found.items():
        ordered[deep[name]].append(unit)
    readers = {name: [other.name for other in found.values() if name in other.reads] for name in found}
    for sweep in range(SWEEPS):
        for column in ordered if sweep % 2 else reversed(ordered):
            places = {unit.name: i - (len(each) - 1) / 2 for each in ordered for i, unit in enumerate(each)}
            column.sort(key=_middle(readers if not sweep % 2 else {u.name: list(u.reads) for u in column}, places))
    return ordered


def _middle(near: dict[str, list[str]], places: dict[str, float]) -> Callable[[Unit], float]:
    """The mean place of a unit's neighbours; its own where it has none."""

    def key(unit: Unit) -> float:
        names = near[unit.name]
        return sum(places[name] for name in names) / len(names) if names else places[unit.name]

    return key


def breaks(widths: Sequence[float], whole: Sequence[bool]) -> list[int]:
    """The columns that begin a row: ``widths`` with the gap before each, ``whole``: no row may begin there."""
    total = sum(widths)
    if total <= WIDEST:
        return [0]
    rows = -(-total // ROW)
    starts, used, left = [0], widths[0], total - widths[0]
    for number in range(1, len(widths)):
        enough = used + widths[number] / 2 > total / rows
        if enough and not whole[number] and left > total / rows / 2.5:
            starts.append(number)
            used = 0.0
        used += widths[number]
        left -= widths[number]
    return starts
