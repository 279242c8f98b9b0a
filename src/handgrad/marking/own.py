"""The student's own values: what is written, and by the rules what follows from it where nothing is."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from handgrad.arithmetic import exact_functions, float_functions
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.arithmetic.stacked import Stack
from handgrad.errors import DomainError, Undecided
from handgrad.marking.course import PRODUCT, Course, Way
from handgrad.marking.grain import Grain
from handgrad.marking.outline import outline
from handgrad.marking.script import Script, Written

if TYPE_CHECKING:
    from handgrad.marking.block import Block

Array = Any

RELATIVE = 1e-9
"""Two numbers that agree to so much of their size are one number: beyond the digits of any script."""

BETWEEN_ZERO_AND_ONE = frozenset(("softmax", "logistic"))
"""Ops whose output lies between 0 and 1."""


class Own:
    """The values of one script: its written entries, the rest computed from them (see ``Block``).

    A quantity that is refused (see ``refuse``) is taken at its true value instead.
    """

    block: Block
    """The block that computes them, and the row of this script in it."""
    row: int

    def __init__(self, course: Course, script: Script, grain: Grain, *, cuts: bool = False) -> None:
        self.course, self.entries, self.grain = course, script.entries, grain
        self.reach = 2 if cuts else 1
        """How many halves of a unit a written number may be off: one as it is rounded, two where digits are cut off."""
        self.degenerate: dict[str, str] = {}
        """Quantities that nothing is carried forward from, and why."""
        self.outline = outline(course, script.entries)
        self._centres: dict[str, list[list[float]]] = {}
        self._held: dict[bool, _Balls] = {}
        self._narrow: dict[bool, _Narrow] = {}
        self._radii: dict[Any, list[Array] | None] = {}

    def truthful(self) -> Own:
        """The true values, as someone has them who writes rounded numbers and carries on the whole ones."""
        if self.course.right is None:
            from handgrad.marking.block import Block

            self.course.right = Own(self.course, Script("", {}), self.grain)
            Block(self.course, [self.course.right])
        found: Own = self.course.right
        return found

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

    def __getitem__(self, name: str) -> Array:
        """The own value of a quantity, or what is given."""
        value = self.block[name]
        return value.arrays[self.row] if isinstance(value, Stack) else value

    def expected(self, name: str) -> list[Array]:
        """What the rule gives from the student's own values, by each way that the script may have gone."""
        found = self.block.expected(name)
        return [found[step].arrays[self.row] for step in self.outline.steps(name)]

    def kept_whole(self, name: str) -> list[list[float]]:
        """What the rule gives where the numbers just before were carried on whole, as they follow from those before."""
        whole = {
            source: self.expected(source)[-1]
            for way in self.outline.ways(name)
            for source in way.reads.values()
            if source in self.entries and source not in self.degenerate
        }
        return [
            np.ravel(self.course.computed(way, float_functions, _With(whole, self))).tolist()
            for way in self.outline.ways(name)
        ]

    def worked_out(self, name: str) -> list[list[float]]:
        """The same, entry after entry."""
        found = self.block.listed(name)
        return [found[step][self.row] for step in self.outline.steps(name)]

    def centres(self, name: str) -> list[list[float]]:
        """The same; of a quantity that nothing written comes before, nothing."""
        if name not in self._centres:
            self._centres[name] = self.worked_out(name) if self.outline.touched(name) else []
        return self._centres[name]

    def earlier(self, name: str) -> list[float]:
        """The own values of what is written before a quantity, and the numbers that are given."""
        values, counts = self._in_order
        return values[: counts[name]] + self.course.given

    @cached_property
    def _in_order(self) -> tuple[list[float], dict[str, int]]:
        """All that is written in the order of computation, and how much of it comes before each quantity."""
        values: list[float] = []
        counts: dict[str, int] = {}
        for name in self.course.quantities:
            counts[name] = len(values)
            values += [entry.value for entry in self.entries.get(name, {}).values()]
        return values, counts

    def in_the_head(self, name: str) -> list[list[float]]:
        """What a quantity is where σ′, not written, is rounded to the digits of the script, or cut off there."""
        found = []
        for way in self.course.quantities[name].ways:
            if way.rule == PRODUCT and way.by not in self.entries and self.outline.touched(name):
                for rounding in (np.round, np.trunc):
                    slope = self._to_digits(self[way.by], rounding)
                    values = self.course.computed(way, float_functions, _With({way.by: slope}, self))
                    found.append(np.asarray(values).ravel().tolist())
        return found

    def _to_digits(self, values: Array, rounding: Callable[[Array], Array]) -> Array:
        units = np.array([self.grain.unit(abs(float(value))) or 1e-16 for value in values.flat]).reshape(values.shape)
        return rounding(values / units + _NUDGE) * units

    def radii(self, name: str, *, tainted: bool) -> list[Array] | None:
        """How far that may lie off for the digits that the own values are written to; None where it is not bounded.

        While everything before is right it depends on what is written and to how many digits alone.
        """
        kept, key = (self._radii, name) if tainted else (self.course.radii, (name, self._digits, *self.degenerate))
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
    def _digits(self) -> int:
        """What is written, and to how many digits: the same number for the same."""
        numbers, entries, grain = self.course.numbers, self.entries, self.grain
        halves = grain.uniform or tuple(
            (not grain.fine and entry.half) or self.half(name, place, entry)
            for name, written in entries.items()
            for place, entry in written.items()
        )
        written = (tuple(entries), tuple(map(tuple, entries.values())), halves)
        if len(numbers) >= _MOST_RADII:
            numbers.clear()
        key = (self.reach, grain.coarse, grain.relative or grain.steps, written)
        return numbers.setdefault(key, next(self.course.count))

    def _balls(self, name: str, *, tainted: bool) -> list[Array] | None:
        if tainted not in self._held:
            self._held[tainted] = _Balls(self, tainted=tainted)
            self._narrow[tainted] = _Narrow(self._held[tainted])
        found = self._by(name, self._held[tainted])
        if found is None or not all(map(_bounded, found)):
            found = self._by(name, self._narrow[tainted]) or found
        if found is None:
            return None
        if not tainted:
            return [np.array([_radius(entry) for entry in value.flat]) for value in found]
        return [np.array([_reach(entry, middle) for entry, middle in zip(value.flat, centre.flat, strict=True)])
                for value, centre in zip(found, self.expected(name), strict=True)]  # fmt: skip

    def _by(self, name: str, held: _Balls) -> list[ExactArray] | None:
        """The balls of each way; None where one has no bounds (a logarithm or a quotient of what may be 0)."""
        try:
            found = [held.computed(way) for way in self.outline.ways(name)]
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


class _With(dict[str, Array]):
    """The own values with others in the place of some."""

    def __init__(self, others: dict[str, Array], own: Own) -> None:
        super().__init__(others)
        self.own = own

    def __missing__(self, name: str) -> Array:
        return self.own[name]


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
            computed = self.computed(own.outline.ways(name)[-1]).flat
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

    def __init__(self, wide: _Balls) -> None:
        super().__init__(wide.own, tainted=wide.tainted)
        self.wide = wide

    def _value(self, name: str) -> ExactArray:
        plain = super()._value(name)
        if name not in self.own.entries or name in self.own.degenerate or name not in self.course.quantities:
            return plain
        computed = self.wide.computed(self.own.outline.ways(name)[-1])
        pairs = zip(plain.flat, computed.flat, strict=True)
        return ExactArray([b if _radius(b) < _radius(a) else a for a, b in pairs], plain.shape)
