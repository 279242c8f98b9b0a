"""Units in columns by depth, in an order in which few lines cross, and the rows that long networks are broken into."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from handgrad.drawing.graph import Unit

SWEEPS = 4

WIDEST = 1400.0
"""A picture wider than this is broken into rows where one arrow alone goes on."""

ROW = 1150.0
"""About how wide a row is then."""

LAST = 0.6
"""The share of a row that may be missing in the last."""


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
    """The columns that begin a row, so that rows are about as wide as one another.

    ``widths`` are those of the columns with the gap before each; where ``whole`` no row may begin.
    """
    if sum(widths) <= WIDEST:
        return [0]
    costs: list[tuple[float, list[int]]] = [(0.0, [])]
    for end in range(1, len(widths) + 1):
        ways = []
        for start in range(end):
            if start == 0 or not whole[start]:
                cost, starts = costs[start]
                ways.append((cost + _ragged(sum(widths[start:end]), last=end == len(widths)), [*starts, start]))
        costs.append(min(ways))
    return costs[-1][1]


def _ragged(width: float, *, last: bool) -> float:
    """How far a row is from the width it should have; the last one may well be shorter, but not a scrap."""
    missing = (ROW - width) / ROW
    return missing**2 * (4 if missing < 0 else 0.4 if last and missing < LAST else 1)
