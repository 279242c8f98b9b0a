"""The student's own values: what is written, and by the rules what follows from it where nothing is."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb

from handgrad.arithmetic import exact_functions, float_functions
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.errors import DomainError, Undecided
from handgrad.marking.course import Course, Way
from handgrad.marking.script import Script

Array = Any

BETWEEN_ZERO_AND_ONE = frozenset(("softmax", "logistic"))
"""Ops whose output lies between 0 and 1."""


class Own(dict[str, Array]):
    """Values by quantity: a script's written entries, the rest computed from them; made as they are asked for.

    A quantity that is refused (see ``refuse``) is taken at its true value instead.
    """

    def __init__(self, course: Course, script: Script, grain: float, *, cuts: bool = False) -> None:
        super().__init__()
        self.course, self.entries, self.grain = course, script.entries, grain
        self.reach = 2 if cuts else 1
        """How many halves of a unit a written number may be off: one as it is rounded, two where digits are cut off."""
        self.degenerate: dict[str, str] = {}
        """Quantities that nothing is carried forward from, and why."""
        self._expected: dict[str, list[Array]] = {}
        self._centres: dict[str, list[list[float]]] = {}
        self._radii: dict[Any, list[Array] | None] = {}

    def __missing__(self, name: str) -> Array:
        value = self._value(name)
        self[name] = value
        return value

    def truthful(self) -> Own:
        """The true values, as someone has them who writes rounded numbers and carries on the whole ones."""
        return Own(self.course, Script("", {}), self.grain)

    def touched(self, name: str) -> bool:
        """Whether something that a quantity is computed from is written down."""
        return not self.course.quantities[name].before.isdisjoint(self.entries)

    def hidden(self, name: str) -> bool:
        """Whether it is computed from something that the script leaves out, though what comes before is written."""
        reads = {source for way in self.ways(name) for source in way.reads.values()}
        return any(source in self.course.quantities and source not in self.entries for source in reads)

    def _value(self, name: str) -> Array:
        if name not in self.course.quantities:
            return self.course.floats[name]
        base = self.expected(name)[0] if self.touched(name) else self.course.floats[name]
        written = self.entries.get(name)
        if written is None:
            return base
        value = np.array(base, dtype=float)
        for place, entry in written.items():
            value.flat[place] = entry.value
        return self.course.floats[name] if name in self.degenerate else value

    def refuse(self, name: str) -> None:
        """Carry nothing forward from a quantity with wrong entries if it is trivially degenerate."""
        written = self.entries[name].values()
        step = self.course.plan.steps.get(name)
        share = step.op.name if step is not None and step.rule == "forward" else ""
        if len(written) > 1 and not any(entry.value for entry in written):
            self.degenerate[name] = "all of it is zero"
        elif share in BETWEEN_ZERO_AND_ONE and any(not 0 <= entry.value <= 1 for entry in written):
            self.degenerate[name] = f"{share} gives numbers from 0 to 1"

    def ways(self, name: str) -> list[Way]:
        """The ways that the script may have gone: the plain one, and those by what it has written down."""
        return [way for way in self.course.quantities[name].ways if not way.by or way.by in self.entries]

    def expected(self, name: str) -> list[Array]:
        """What the rule gives from the student's own values, by each way."""
        if name not in self._expected:
            with np.errstate(all="ignore"):
                found = [np.asarray(self.course.computed(way, float_functions, self)) for way in self.ways(name)]
            self._expected[name] = found
        return self._expected[name]

    def centres(self, name: str) -> list[list[float]]:
        """The same, entry after entry."""
        if name not in self._centres:
            self._centres[name] = [values.ravel().tolist() for values in self.expected(name)]
        return self._centres[name]

    def radii(self, name: str, *, tainted: bool) -> list[Array] | None:
        """How far that may lie off for the digits that the own values are written to; None where it is not bounded.

        While everything before is right it depends on what is written and to how many digits alone.
        """
        kept = self._radii if tainted else self.course.radii
        key = (name, None) if tainted else (name, frozenset(self.entries), self.grain, self.reach)
        if key not in kept:
            kept[key] = self._balls(name)
        return kept[key]

    def _balls(self, name: str) -> list[Array] | None:
        held = _Balls(self)
        try:
            found = [self.course.computed(way, exact_functions, held) for way in self.ways(name)]
        except (Undecided, DomainError, ZeroDivisionError):
            return None
        return [np.array([_reach(entry, middle) for entry, middle in zip(value.flat, centre.flat, strict=True)])
                for value, centre in zip(found, self.expected(name), strict=True)]  # fmt: skip


def _reach(ball: Any, centre: float) -> float:
    if not isinstance(ball, arb):
        return 0.0
    return max(float(ball.upper()) - centre, centre - float(ball.lower()))


class _Balls(dict[str, ExactArray]):
    """The own values as balls: as wide as a written number's last digit leaves open."""

    def __init__(self, own: Own) -> None:
        super().__init__()
        self.own, self.course = own, own.course

    def __missing__(self, name: str) -> ExactArray:
        value = self._value(name)
        self[name] = value
        return value

    def _value(self, name: str) -> ExactArray:
        shape = tuple(self.course.floats[name].shape)
        own = self.own
        if name not in self.course.quantities or name in own.degenerate:
            return ExactArray(list(self.course.exact[name]), shape)
        written = own.entries.get(name, {})
        if len(written) == self.course.floats[name].size:
            entries = list(self.course.exact[name])
        else:
            unit = arb(0, 2 * own.grain)  # what is left out was rounded, or cut off, as what is written
            entries = [entry + unit for entry in self.course.computed(own.ways(name)[0], exact_functions, self).flat]
        for place, entry in written.items():
            half = own.grain if entry.half is None else entry.half
            entries[place] = arb(entry.value, half * own.reach)
        return ExactArray(entries, shape)
