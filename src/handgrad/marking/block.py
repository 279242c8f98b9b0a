"""The own values of many scripts at once: what each has written, and by the rules what follows where it has not.

A rule is run once for the whole block, on stacks with one array for each script. Scripts are judged quantity by
quantity, all of a block together, so that what is refused is known before anything is computed from it.
"""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.arithmetic.stacked import Stack, stacked_functions
from handgrad.marking.course import Course
from handgrad.marking.own import Own
from handgrad.marking.script import Written

Array = Any


NOTHING = Written("", nan, None, None)
"""An entry that is not written."""


class Figures(Struct, frozen=True):
    """What the scripts of ``rows`` have written of one quantity: ``values`` and ``halves`` [script][place].

    A value is NaN where nothing is written, a half where it says nothing of digits.
    """

    rows: list[int]
    values: np.ndarray[Any, Any]
    halves: np.ndarray[Any, Any]


class Block(dict[str, Array]):
    """Values by quantity: a stack with the own values of each script; what is given is the same for all.

    They are made as they are asked for.
    """

    def __init__(self, course: Course, owns: list[Own]) -> None:
        super().__init__()
        self.course, self.owns = course, owns
        self._figures: dict[str, Figures] = {}
        self._expected: dict[str, list[Array]] = {}
        self._listed: dict[str, list[list[list[float]]]] = {}
        for row, own in enumerate(owns):
            own.block, own.row = self, row

    def __missing__(self, name: str) -> Array:
        value = self._values(name) if name in self.course.quantities else self.course.floats[name]
        self[name] = value
        return value

    def _values(self, name: str) -> Stack:
        """What is written, and where nothing is what the last way gives, or the truth if nothing comes before."""
        truth, written = self.course.floats[name], self.figures(name)
        found = np.empty((len(self.owns), truth.size))
        found[:] = truth.ravel()
        partly = np.ones(len(found), dtype=bool)
        partly[written.rows] = np.isnan(written.values).any(axis=1)
        for row in partly.nonzero()[0]:
            outline = self.owns[row].outline
            if outline.touched(name):
                found[row] = self.expected(name)[outline.steps(name)[-1]].arrays[row].ravel()
        found[written.rows] = np.where(np.isnan(written.values), found[written.rows], written.values)
        found[[name in own.degenerate for own in self.owns]] = truth.ravel()
        return Stack(found.reshape(len(found), *truth.shape))

    def figures(self, name: str) -> Figures:
        """What is written of a quantity."""
        if name not in self._figures:
            places = list(range(self.course.floats[name].size))
            given = [(row, own.entries[name]) for row, own in enumerate(self.owns) if name in own.entries]
            entries = [
                written.values() if list(written) == places else [written.get(place, NOTHING) for place in places]
                for _, written in given
            ]
            values = [[entry.value for entry in line] for line in entries]
            halves = [[entry.half for entry in line] for line in entries]
            shape = (len(given), len(places))
            self._figures[name] = Figures(
                [row for row, _ in given],
                np.array(values, dtype=float).reshape(shape),
                np.array(halves, dtype=float).reshape(shape),
            )
        return self._figures[name]

    def expected(self, name: str) -> list[Array]:
        """What the rule gives from the own values of each script, by each way that one of them may have gone."""
        if name not in self._expected:
            ways = self.course.quantities[name].ways
            taken = {step for own in self.owns for step in own.outline.steps(name)}
            self._expected[name] = [
                self.stack(self.course.computed(way, stacked_functions, self)) if step in taken else None
                for step, way in enumerate(ways)
            ]
        return self._expected[name]

    def stack(self, value: Array) -> Stack:
        """A value as a stack, if it is the same for all."""
        return value if isinstance(value, Stack) else Stack(np.broadcast_to(value, (len(self.owns), *np.shape(value))))

    def listed(self, name: str) -> list[list[list[float]]]:
        """The same by way and script, entry after entry."""
        if name not in self._listed:
            self._listed[name] = [
                [] if value is None else value.arrays.reshape(len(self.owns), -1).tolist()
                for value in self.expected(name)
            ]
        return self._listed[name]
