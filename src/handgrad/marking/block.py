"""The own values of many scripts at once: what each has written, and by the rules what follows where it has not.

A rule is run once for the whole block, on stacks with one array for each script. Scripts are judged quantity by
quantity, all of a block together, so that what is refused is known before anything is computed from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.arithmetic.stacked import Stack, stacked_functions
from handgrad.marking.course import Course
from handgrad.marking.own import Own

Array = Any


class Block(dict[str, Array]):
    """Values by quantity: a stack with the own values of each script; what is given is the same for all.

    They are made as they are asked for.
    """

    def __init__(self, course: Course, owns: list[Own]) -> None:
        super().__init__()
        self.course, self.owns = course, owns
        self._expected: dict[str, list[Array]] = {}
        self._listed: dict[str, list[list[list[float]]]] = {}
        for row, own in enumerate(owns):
            own.block, own.row = self, row

    def __missing__(self, name: str) -> Array:
        value = self._values(name) if name in self.course.quantities else self.course.floats[name]
        self[name] = value
        return value

    def _values(self, name: str) -> Stack:
        truth = self.course.floats[name]
        places, truths = range(truth.size), self.course.truths[name]
        rows, partly = [], []
        for row, own in enumerate(self.owns):
            written = own.entries.get(name, {})
            if name in own.degenerate:
                rows.append(truths)
            elif len(written) == truth.size:
                rows.append([written[place].value for place in places])
            else:
                rows.append(truths)
                partly.append(row)
        found = np.array(rows, dtype=float)
        for row in partly:
            own = self.owns[row]
            if own.touched(name):
                found[row] = self.expected(name)[own.steps(name)[-1]].arrays[row].ravel()
            for place, entry in own.entries.get(name, {}).items():
                found[row, place] = entry.value
        return Stack(found.reshape(len(rows), *truth.shape))

    def expected(self, name: str) -> list[Array]:
        """What the rule gives from the own values of each script, by each way that one of them may have gone."""
        if name not in self._expected:
            ways = self.course.quantities[name].ways
            taken = {step for own in self.owns for step in own.steps(name)}
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
