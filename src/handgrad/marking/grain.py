"""How finely a script is written: what an integer, and a number that is left out, may be off by."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from math import floor, inf, isfinite, log10

from handgrad.marking.script import Script, Written

_MACHINE = 1e-12
"""Half a unit of the last digit, of a number of the size of 1 with the digits of a machine."""


_FEWEST, _TINY, _USUAL = 4, 5e-9, 5e-4
"""Of so few decimals (those of tiny numbers aside) nothing is learnt: an integer then counts to three decimals."""


_DECADE = 10
"""Numbers are of one size within so large a factor."""

_SHARE = 4
"""Digits that one number in so many has are usual."""


class Grain:
    """``half`` a unit of the last digit that most numbers of a script are written to."""

    def __init__(self, script: Script) -> None:
        self._entries = script.entries
        counts: dict[float, int] = {}
        for written in script.entries.values():
            for entry in written.values():
                if half := entry.half:
                    counts[half] = counts.get(half, 0) + 1
        self.fine = bool(counts) and min(counts) < _TINY and self._whole() > len(self._sizes)
        """Whether many numbers have all the digits of a machine: a short one among them is then no rounded one."""
        if self.fine:
            self.half = min(counts)
        else:
            self.half = max(counts, key=lambda half: (counts[half], half)) if counts else 0.0
        plain = sum(count for half, count in counts.items() if half > _TINY)
        self._integer = self.half if plain >= _FEWEST or self.fine else max(self.half, _USUAL)
        nonzero = [entry for written in self._entries.values() for entry in written.values() if entry.value]
        self._most = sum(entry.half == self.half for entry in nonzero)
        often = [half for half, count in counts.items() if _SHARE * count >= sum(counts.values())]
        self.coarse = self.half if self.fine else max(often, default=self.half)
        """Half a unit of the coarsest digits that are usual in the script."""
        total = sum(map(len, script.entries.values()))
        self.uniform = 0.0 if self.fine or counts.get(self.half, 0) < total else self.half
        """Half a unit of the last digit that each number of the script is written to; 0 if they differ."""

    def _whole(self) -> int:
        """The numbers with all the digits of a machine, so often that more than all are enough of them."""
        return _SHARE * sum(half < _MACHINE * value for half, value in self._sizes)

    def unit(self, size: float) -> float:
        """What a number of a size that is left out may be off by: it was rounded, or cut off, as what is written."""
        if self.relative:
            return 2 * self.relative * size
        order = _order(size) - 1 if size and isfinite(size) else 0
        return 2 * min((half for least, half in self.steps if least >= order), default=self.coarse)

    @cached_property
    def steps(self) -> tuple[tuple[int, float], ...]:
        """The finest half a unit, coarse at least, of the numbers from a size on, by the place of the first digit.

        From large to small, where it gets finer; nothing, where no number is coarser.
        """
        found: dict[int, float] = {}
        for half, size in self._sizes:
            order = _order(size)
            found[order] = min(half, found.get(order, half))
        kept: list[tuple[int, float]] = []
        for order in sorted(found, reverse=True):
            half = max(found[order], self.coarse)
            if half < (kept[-1][1] if kept else inf):
                kept.append((order, half))
        return tuple(kept) if kept and kept[0][1] > self.coarse else ()

    def of(self, name: str, entry: Written) -> float:
        """Half a unit of the last digit that a number of a quantity counts to.

        An integer counts to the digits of the others in its quantity, or of its script; to as many significant
        ones as they have, where those are what the script keeps to.
        """
        if entry.half is not None:
            return entry.half
        if self.fine:
            return self.half
        beside = {one.half for one in self._entries.get(name, {}).values() if one.half and one.half > self.half}
        if beside and not self._has(name, self.half):
            finest = min(beside)
        else:
            finest = self._of_its_size(entry.value) if entry.value else self.half
        return max(finest, self._significant * _ten(entry.value))

    def _of_its_size(self, value: float) -> float:
        """The finest digits that are usual in numbers of a size; what the script has elsewhere, where there are few."""
        size = abs(value)
        halves = sorted(half for half, one in self._sizes if size <= _DECADE * one <= _DECADE**2 * size)
        return halves[len(halves) // _SHARE] if len(halves) >= _FEWEST else self._integer

    @cached_property
    def _sizes(self) -> list[tuple[float, float]]:
        entries = [entry for written in self._entries.values() for entry in written.values()]
        return [(entry.half, abs(entry.value)) for entry in entries if entry.half and entry.value]

    def _has(self, name: str, half: float) -> bool:
        return any(entry.half == half for entry in self._entries[name].values())

    @cached_property
    def relative(self) -> float:
        """Half a unit for a number of the size of 1, where the script keeps to significant digits; else 0."""
        return self._significant if max(self._lengths.values(), default=0) > self._most else 0.0

    @cached_property
    def _significant(self) -> float:
        """The same, where the script may just as well keep to decimals."""
        often, count = min(self._lengths.items(), key=lambda item: (-item[1], item[0]), default=(0, 0))
        longer = sum(number for length, number in self._lengths.items() if length > often)
        keeps = often and count >= self._most and _SHARE * longer < self._lengths.total()
        return float(0.5 * 10.0**-often) if keeps else 0.0

    @cached_property
    def _lengths(self) -> Counter[int]:
        """How many numbers have so many significant digits after the first."""
        digits, last = Counter[int](), dict[float, int]()
        for half, value in () if self.fine else self._sizes:
            if half not in last:
                last[half] = _order(2 * half)
            digits[_order(value) - last[half]] += 1
        return digits


def _order(value: float) -> int:
    """The place of the first digit: 0 for units, −1 for tenths."""
    return floor(log10(abs(value)) + _NUDGE)


_NUDGE = 1e-9


def _ten(value: float) -> float:
    """The power of ten that a number begins with; 0 for 0."""
    return float(10.0 ** _order(value)) if value else 0.0
