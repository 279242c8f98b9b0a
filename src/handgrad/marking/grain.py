"""How finely a script is written: what an integer, and a number that is left out, may be off by."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from math import floor, log10

from handgrad.marking.script import Script, Written

_MACHINE = 1e-12
"""Half a unit of the last digit, of a number of the size of 1 with the digits of a machine."""


_FEWEST, _TINY, _USUAL = 4, 5e-9, 5e-4
"""Of so few decimals (those of tiny numbers aside) nothing is learnt: an integer then counts to three decimals."""


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
        self.fine = bool(counts) and min(counts) < _TINY and self._whole() > sum(counts.values())
        """Whether most numbers have all the digits of a machine: a short one among them is then no rounded one."""
        if self.fine:
            self.half = min(counts)
        else:
            self.half = max(counts, key=lambda half: (counts[half], half)) if counts else 0.0
        plain = sum(count for half, count in counts.items() if half > _TINY)
        self._integer = self.half if plain >= _FEWEST or self.fine else max(self.half, _USUAL)
        self._most = counts.get(self.half, 0)
        often = [half for half, count in counts.items() if _SHARE * count >= sum(counts.values())]
        self.coarse = self.half if self.fine else max(often, default=self.half)
        """Half a unit of the coarsest digits that are usual in the script."""
        self._uniform = len(counts) < 2
        total = sum(map(len, script.entries.values()))
        self.uniform = 0.0 if self.fine or counts.get(self.half, 0) < total else self.half
        """Half a unit of the last digit that each number of the script is written to; 0 if they differ."""

    def _whole(self) -> int:
        """Twice the count of the numbers with all the digits of a machine."""
        entries = [entry for written in self._entries.values() for entry in written.values() if entry.half]
        return 2 * sum((entry.half or 0.0) < _MACHINE * abs(entry.value) for entry in entries)

    def unit(self, size: float) -> float:
        """What a number of a size that is left out may be off by: it was rounded, or cut off, as what is written."""
        return 2 * (self.relative * size if self.relative else self.coarse)

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
        finest = (
            (self._integer if entry.value else self.half) if not beside or self._has(name, self.half) else min(beside)
        )
        return max(finest, self.relative * _ten(entry.value))

    def _has(self, name: str, half: float) -> bool:
        return any(entry.half == half for entry in self._entries[name].values())

    @cached_property
    def relative(self) -> float:
        """Half a unit for a number of the size of 1, where the script keeps to significant digits; else 0."""
        digits, last = Counter[int](), dict[float, int]()
        for written in () if self.fine or self._uniform else self._entries.values():
            for entry in written.values():
                if (half := entry.half) and entry.value:
                    if half not in last:
                        last[half] = _order(2 * half)
                    digits[_order(entry.value) - last[half]] += 1
        often, count = min(digits.items(), key=lambda item: (-item[1], item[0]), default=(0, 0))
        return float(0.5 * 10.0**-often) if count > self._most else 0.0


def _order(value: float) -> int:
    """The place of the first digit: 0 for units, −1 for tenths."""
    return floor(log10(abs(value)) + _NUDGE)


_NUDGE = 1e-9


def _ten(value: float) -> float:
    """The power of ten that a number begins with; 0 for 0."""
    return float(10.0 ** _order(value)) if value else 0.0
