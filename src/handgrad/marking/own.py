"""The student's own values: what is written, and by the rules what follows from it where nothing is."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from flint import arb

from handgrad.arithmetic import exact_functions, float_functions
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.errors import DomainError, Undecided
from handgrad.marking.course import PRODUCT, Course, Way
from handgrad.marking.grain import Grain
from handgrad.marking.script import Script, Written

Array = Any

RELATIVE = 1e-9
"""Two numbers that agree to so much of their size are one number: beyond the digits of any script."""

BETWEEN_ZERO_AND_ONE = frozenset(("softmax", "logistic"))
"""Ops whose output lies between 0 and 1."""


class Own(dict[str, Array]):
    """Values by quantity: a script's written entries, the rest computed from them; made as they are asked for.

    A quantity that is refused (see ``refuse``) is taken at its true value instead.
    """

    def __init__(self, course: Course, script: Script, grain: Grain, *, cuts: bool = False) -> None:
        super().__init__()
        self.course, self.entries, self.grain = course, script.entries, grain
        self.reach = 2 if cuts else 1
        """How many halves of a unit a written number may be off: one as it is rounded, two where digits are cut off."""
        self.degenerate: dict[str, str] = {}
        """Quantities that nothing is carried forward from, and why."""
        self._touched: dict[str, bool] = {}
        self._hidden: dict[str, bool] = {}
        self._expected: dict[str, list[Array]] = {}
        self._centres: dict[str, list[list[float]]] = {}
        self._radii: dict[Any, list[Array] | None] = {}

    def __missing__(self, name: str) -> Array:
        value = self._value(name)
        self[name] = value
        return value

    def cutting(self, script: Script) -> Own:
        """The same of a script that cuts digits off."""
        own = Own(self.course, script, self.grain, cuts=True)
        if not self.degenerate:
            own.update(self)
            own._expected, own._centres = self._expected, self._centres
        return own

    def truthful(self) -> Own:
        """The true values, as someone has them who writes rounded numbers and carries on the whole ones."""
        if self.course.right is None:
            self.course.right = Own(self.course, Script("", {}), self.grain)
        found: Own = self.course.right
        return found

    def touched(self, name: str) -> bool:
        """Whether something that a quantity is computed from is written down."""
        if name not in self._touched:
            self._touched[name] = not self.course.quantities[name].before.isdisjoint(self.entries)
        return self._touched[name]

    def hidden(self, name: str) -> bool:
        """Whether it is computed from something that the script leaves out, though what comes before is written."""
        if name not in self._hidden:
            self._hidden[name] = self._leaves_out(name)
        return self._hidden[name]

    def _leaves_out(self, name: str) -> bool:
        ways = self.course.quantities[name].ways
        reads = {source for way in self.ways(name) for source in way.reads.values()}
        return any(way.by and way.by not in self.entries for way in ways) or any(
            source in self.course.quantities and source not in self.entries for source in reads
        )

    def goes_on(self, name: str) -> bool:
        """Whether something that is written is computed from it."""
        return any(name in self.course.quantities[later].before for later in self.entries)

    def _value(self, name: str) -> Array:
        if name not in self.course.quantities:
            return self.course.floats[name]
        truth, written = self.course.floats[name], self.entries.get(name)
        if name in self.degenerate:
            return truth
        if written is not None and len(written) == truth.size:
            values = [written[place].value for place in range(truth.size)]
            return np.array(values, dtype=float).reshape(truth.shape)
        base = self.expected(name)[-1] if self.touched(name) else truth
        if written is None:
            return base
        value = np.array(base, dtype=float)
        for place, entry in written.items():
            value.flat[place] = entry.value
        return value

    def refuse(self, name: str) -> None:
        """Carry nothing forward from a quantity with wrong entries if it is trivially degenerate."""
        written = self.entries[name].values()
        step = self.course.plan.steps.get(name)
        share = step.op.name if step is not None and step.rule == "forward" else ""
        if (len(written) > 1 or self.empty) and not any(entry.value for entry in written):
            self.degenerate[name] = "all of it is zero"
        elif share in BETWEEN_ZERO_AND_ONE and any(not 0 <= entry.value <= 1 for entry in written):
            self.degenerate[name] = f"{share} gives numbers from 0 to 1"

    @cached_property
    def empty(self) -> bool:
        """Whether the script has nothing but zeros."""
        return not any(entry.value for written in self.entries.values() for entry in written.values())

    def ways(self, name: str) -> list[Way]:
        """The ways that the script may have gone: the plain one, and those by what it has written down."""
        return [way for way in self.course.quantities[name].ways if not way.by or way.by in self.entries]

    def expected(self, name: str) -> list[Array]:
        """What the rule gives from the student's own values, by each way."""
        if name not in self._expected:
            self._expected[name] = [self.course.computed(way, float_functions, self) for way in self.ways(name)]
        return self._expected[name]

    def centres(self, name: str) -> list[list[float]]:
        """The same, entry after entry; of a quantity that nothing written comes before, nothing."""
        if name not in self._centres:
            self._centres[name] = self.worked_out(name) if self.touched(name) else []
        return self._centres[name]

    def kept_whole(self, name: str) -> list[list[float]]:
        """What the rule gives where the numbers just before were carried on whole, as they follow from those before."""
        whole = {
            source: self.expected(source)[-1]
            for way in self.ways(name)
            for source in way.reads.values()
            if source in self.entries and source not in self.degenerate
        }
        values = ChainMap(whole, self)
        return [np.ravel(self.course.computed(way, float_functions, values)).tolist() for way in self.ways(name)]

    def worked_out(self, name: str) -> list[list[float]]:
        """What the rule gives, entry after entry, by each way."""
        return [np.asarray(values).ravel().tolist() for values in self.expected(name)]

    def in_the_head(self, name: str) -> list[list[float]]:
        """What a quantity is where σ′, not written, is rounded to the digits of the script, or cut off there."""
        found = []
        for way in self.course.quantities[name].ways:
            if way.rule == PRODUCT and way.by not in self.entries and self.touched(name):
                for rounding in (np.round, np.trunc):
                    slope = self._to_digits(self[way.by], rounding)
                    values = self.course.computed(way, float_functions, ChainMap({way.by: slope}, self))
                    found.append(np.asarray(values).ravel().tolist())
        return found

    def _to_digits(self, values: Array, rounding: Callable[[Array], Array]) -> Array:
        units = np.array([self.grain.unit(abs(float(value))) or 1e-16 for value in values.flat]).reshape(values.shape)
        return rounding(values / units + _NUDGE) * units

    def radii(self, name: str, *, tainted: bool) -> list[Array] | None:
        """How far that may lie off for the digits that the own values are written to; None where it is not bounded.

        While everything before is right it depends on what is written and to how many digits alone.
        """
        kept = self._radii if tainted else self.course.radii
        key = (name, *(() if tainted else self._digits))
        if key not in kept:
            if len(kept) >= _MOST_RADII:
                kept.clear()
            kept[key] = self._balls(name, tainted=tainted)
        return kept[key]

    def half(self, name: str, place: int, entry: Written) -> float:
        """Half a unit of the last digit that an entry counts to; 0 for the whole number in a machine's script."""
        if self.grain.fine and abs(entry.value - self.course.truths[name][place]) <= RELATIVE * abs(entry.value):
            return 0.0
        return self.grain.of(name, entry) if entry.half is None else entry.half

    @cached_property
    def _digits(self) -> tuple[Any, ...]:
        """What is written, and to how many digits."""
        halves = [
            (name, *written, *[entry.half or self.half(name, place, entry) for place, entry in written.items()])
            if not self.grain.fine
            else (name, *written, *[self.half(name, place, entry) for place, entry in written.items()])
            for name, written in self.entries.items()
        ]
        return (self.reach, self.grain.coarse, self.grain.relative, self.grain.steps, *halves)

    def _balls(self, name: str, *, tainted: bool) -> list[Array] | None:
        found = self._held(name, _Balls(self, tainted=tainted))
        if found is None or not all(map(_bounded, found)):
            found = self._held(name, _Narrow(self, tainted=tainted)) or found
        if found is None:
            return None
        if not tainted:
            return [np.array([_radius(entry) for entry in value.flat]) for value in found]
        return [np.array([_reach(entry, middle) for entry, middle in zip(value.flat, centre.flat, strict=True)])
                for value, centre in zip(found, self.expected(name), strict=True)]  # fmt: skip

    def _held(self, name: str, held: _Balls) -> list[ExactArray] | None:
        """The balls of each way; None where one has no bounds (a logarithm or a quotient of what may be 0)."""
        try:
            found = [held.computed(way) for way in self.ways(name)]
            found[0] = self._in_the_head(name, found[0], held)
        except (Undecided, DomainError, ZeroDivisionError):
            return None
        return found

    def _in_the_head(self, name: str, plain: ExactArray, held: _Balls) -> ExactArray:
        """The plain way's balls, wide enough for σ′ (or ∂L/∂ŷ) rounded before it is used, where it is not written."""
        for way in self.course.quantities[name].ways:
            if way.by and way.by not in self.entries:
                rounded = held.computed(way)
                both = zip(plain.flat, rounded.flat, strict=True)
                plain = ExactArray([_union(a, b) for a, b in both], plain.shape)
        return plain


_NUDGE = 1e-9

_MOST_RADII = 2000
"""So many are kept: enough for a class whose scripts are written alike."""


def _union(a: Any, b: Any) -> Any:
    return a if a == b and not isinstance(a, arb) else arb(a).union(arb(b))


def _radius(ball: Any) -> float:
    return float(ball.rad()) if isinstance(ball, arb) else 0.0


def _reach(ball: Any, centre: float) -> float:
    if not isinstance(ball, arb):
        return 0.0
    return max(float(ball.upper()) - centre, centre - float(ball.lower()))


def _bounded(value: ExactArray) -> bool:
    return all(entry.is_finite() for entry in value.flat if isinstance(entry, arb))


def _points(ball: Any) -> tuple[Any, Any, Any]:
    return (ball.lower(), ball.mid(), ball.upper()) if isinstance(ball, arb) else (ball, ball, ball)


class _Balls(dict[str, ExactArray]):
    """The own values as balls: as wide as a written number's last digit leaves open.

    Untainted ones stand around the true values, so that all who write the same digits have the same.
    """

    def __init__(self, own: Own, *, tainted: bool) -> None:
        super().__init__()
        self.own, self.course, self.tainted = own, own.course, tainted

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
            computed = self.computed(own.ways(name)[-1]).flat
            for way in self.course.quantities[name].ways:
                if way.by and way.by not in own.entries:  # σ′, or ∂L/∂ŷ, may have been rounded in the head
                    computed = [_union(a, b) for a, b in zip(computed, self.computed(way).flat, strict=True)]
            entries = [entry + self._unit(entry) for entry in computed]
        for place, entry in written.items():
            half = own.half(name, place, entry) * own.reach
            entries[place] = arb(entry.value, half) if self.tainted else self.course.exact[name][place] + arb(0, half)
        return ExactArray(entries, shape)

    def computed(self, way: Way) -> ExactArray:
        """The balls of a way. Where its rule has a kink all its sides count: ends and middles are taken too."""
        found: ExactArray = self.course.computed(way, exact_functions, self)
        source = way.reads.get("x", "")
        if not way.op.convention or not source:
            return found
        for points in zip(*map(_points, self[source].flat), strict=True):
            side = ChainMap({source: ExactArray(list(points), self[source].shape)}, self)
            other = self.course.computed(way, exact_functions, side)
            found = ExactArray([_union(a, b) for a, b in zip(found.flat, other.flat, strict=True)], found.shape)
        return found

    def _unit(self, entry: Any) -> arb:
        """What a number that is left out may be off by."""
        return arb(0, self.own.grain.unit(abs(float(entry.mid() if isinstance(entry, arb) else entry))))


class _Narrow(_Balls):
    """The same, each written number no wider than what comes just before it lets it be.

    0.00 may have been 0.003 in the calculator, and have a logarithm.
    """

    def __init__(self, own: Own, *, tainted: bool) -> None:
        super().__init__(own, tainted=tainted)
        self.wide = _Balls(own, tainted=tainted)

    def _value(self, name: str) -> ExactArray:
        plain = super()._value(name)
        if name not in self.own.entries or name in self.own.degenerate or name not in self.course.quantities:
            return plain
        computed = self.wide.computed(self.own.ways(name)[-1])
        pairs = zip(plain.flat, computed.flat, strict=True)
        return ExactArray([b if _radius(b) < _radius(a) else a for a, b in pairs], plain.shape)
