"""What a script writes down of a course, the numbers aside: the same for all scripts that write the same quantities."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

from handgrad.marking.course import Course, Way

_MOST = 500
"""So many are kept: enough for a class whose scripts are written alike."""


class Outline:
    """Which quantities are written (``names``), and what that says of each quantity of the course."""

    def __init__(self, course: Course, names: Collection[str]) -> None:
        self.course, self.names = course, frozenset(names)
        self.touched: Callable[[str], bool] = cache(self._touched)
        """Whether something that a quantity is computed from is written down."""
        self.hidden: Callable[[str], bool] = cache(self._hidden)
        """Whether it is computed from something that is left out, though what comes before is written."""
        self.steps: Callable[[str], list[int]] = cache(self._steps)
        """Of the ways to a quantity those that may have been gone: the plain one, and by what is written."""

    def _touched(self, name: str) -> bool:
        return not self.course.quantities[name].before.isdisjoint(self.names)

    def _hidden(self, name: str) -> bool:
        course = self.course
        reads = {source for way in self.ways(name) for source in way.reads.values()}
        return any(way.by and way.by not in self.names for way in course.quantities[name].ways) or any(
            source in course.quantities and source not in self.names for source in reads
        )

    def _steps(self, name: str) -> list[int]:
        ways = self.course.quantities[name].ways
        return [step for step, way in enumerate(ways) if not way.by or way.by in self.names]

    def ways(self, name: str) -> list[Way]:
        """The ways themselves."""
        ways = self.course.quantities[name].ways
        return [ways[step] for step in self.steps(name)]

    def goes_on(self, name: str) -> bool:
        """Whether something that is written is computed from a quantity."""
        return any(name in self.course.quantities[later].before for later in self.names)


def outline(course: Course, names: Collection[str]) -> Outline:
    """The outline of a script, kept for the next one that writes the same."""
    key = tuple(names)
    if key not in course.outlines:
        if len(course.outlines) >= _MOST:
            course.outlines.clear()
        course.outlines[key] = Outline(course, names)
    found: Outline = course.outlines[key]
    return found
