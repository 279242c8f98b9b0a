"""Which mistake reproduces what a student wrote, from the student's own earlier values.

A mistake is a rule gone wrong, defined beside the right one in its op (``ops.op.mistake``), or one that can
happen with any rule: a sign, a factor, a slipped decimal point, the entry beside the one that is meant. Of all
that reproduce the wrong entries those are named that explain most: the whole quantity before its wrong
entries, a rule before what can happen with any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain, pairwise
from math import inf, nan
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.marking.candidates import Candidates, candidates
from handgrad.marking.judge import ULPS, Status, Verdict
from handgrad.marking.own import RELATIVE, Own

Array = Any


class Mistake(Struct, frozen=True, gc=False):
    """A mistake that explains the entries of a quantity at ``places``."""

    quantity: str
    name: str
    hint: str
    places: tuple[int, ...]


EARLY = "rounded too early"


def early(own: Own, verdicts: Collection[Verdict]) -> tuple[Mistake, ...]:
    """The entries of a quantity that is written to fewer digits than the script has elsewhere, and rounded by it.

    Only where something that is written comes after it.
    """
    if own.grain.uniform:
        return ()
    first, unit = next(iter(verdicts)), own.grain.half * (1 + RELATIVE)
    name, written = first.name, first.written
    if written is None or (written.half or 0.0) <= unit:
        return ()
    if any((verdict.written.half or 0.0) <= unit for verdict in verdicts if verdict.written is not None):
        return ()
    if not unit or not own.outline.touched(name) or not own.outline.goes_on(name):
        return ()
    with np.errstate(all="ignore"):
        exact = own.centres(name)
    if all(
        any(abs(verdict.written.value - values[verdict.place]) <= unit for values in exact)
        for verdict in verdicts
        if verdict.written
    ):
        return ()
    hint = "keep as many digits as in your other values"
    return (Mistake(name, EARLY, hint, tuple(verdict.place for verdict in verdicts)),)


class _Aim(Struct, frozen=True, gc=False):
    """An entry that a mistake may explain: what is written, and how far at most the mistake's value may lie off."""

    verdict: Verdict
    value: float
    reach: float
    place: int
    wrong: bool


Given = Callable[[_Aim], Sequence[float]]
"""What a mistake makes of an entry: any of these values."""

Candidate = tuple[str, str, Given]
"""Name and hint of a mistake, and what it gives."""

Judged = tuple[Own, list[Verdict]]
"""The own values of a script, and the verdicts on a quantity of it that has wrong entries."""


def named(judged: Sequence[Judged]) -> list[tuple[Mistake, ...]]:
    """The mistakes that explain the wrong entries of a quantity equally well, script by script; () where nothing does.

    The scripts are of one block, and so is the quantity one.
    """
    own, verdicts = judged[0]
    name, course = verdicts[0].name, own.course
    with np.errstate(all="ignore"):
        if name not in course.mistakes:
            course.mistakes[name] = candidates(own.truthful().block, [0], name)
        tried = candidates(own.block, [own.row for own, _ in judged], name)
        aims = [[_aim(own, verdict) for verdict in verdicts] for own, verdicts in judged]
        size = len(course.truths[name])
        held = [_Held(tried, aims, size), _Held(course.mistakes[name], aims, size)]
        return [_named(row, own, aims[row], held) for row, (own, _) in enumerate(judged)]


def _named(row: int, own: Own, aims: list[_Aim], held: list[_Held]) -> tuple[Mistake, ...]:
    wrong = [aim for aim in aims if aim.wrong]
    first = wrong[0].verdict
    sources = [(own, held[0])] if first.tainted else [(own, held[0]), (own.truthful(), held[1])]
    for group in (aims, wrong):
        for source, near in sources:
            rules, general = near.of(row, whole=group is aims)
            single = _of_entries(source, first.name) if group is wrong else ()
            if found := _explaining(own, group, rules, chain(general, single)):
                return found
    return ()


class _Held:
    """Candidates held against what scripts have written: which come near every entry, or every wrong one."""

    def __init__(self, tried: Candidates, aims: list[list[_Aim]], size: int) -> None:
        self.tried = tried
        values, reach, wrong = ([[nothing] * size for _ in aims] for nothing in (0.0, inf, False))
        for row, line in enumerate(aims):
            for aim in line:
                place = aim.place
                values[row][place], reach[row][place], wrong[row][place] = aim.value, aim.reach, aim.wrong
        near, blank = np.abs(np.array(values) - tried.values) <= np.array(reach), np.isinf(reach)
        whole, partly = (near | blank).all(axis=2).T, (near | ~np.array(wrong, dtype=bool)).all(axis=2).T
        self.near = whole.tolist(), partly.tolist()

    def of(self, row: int, *, whole: bool) -> tuple[list[Candidate], list[Candidate]]:
        """The rules gone wrong, and what can happen with any, that come near what a script has written."""
        tried = self.tried
        near = self.near[0 if whole else 1][row]
        if True not in near:
            return [], []
        values = tried.values[:, row % tried.values.shape[1]]
        found = [
            (at, (tried.names[at], tried.hints[at], _everywhere(values[at]))) for at, comes in enumerate(near) if comes
        ]
        return [one for at, one in found if at < tried.rules], [one for at, one in found if at >= tried.rules]


def _explaining(
    own: Own, aims: list[_Aim], rules: Iterable[Candidate], general: Iterable[Candidate]
) -> tuple[Mistake, ...]:
    """The mistakes that reproduce a group of entries; a general one only where no rule's own says the same."""
    name = aims[0].verdict.name
    places = tuple(aim.place for aim in aims if aim.wrong)
    found: dict[str, Mistake] = {}
    known: set[tuple[float, ...]] = set()
    for kind in (rules, general):
        for label, hint, given in kind:
            values = _all_met(own, aims, given)
            if values is not None and (kind is rules or values not in known):
                found.setdefault(label, Mistake(name, label, hint, places))
                known.add(values)
    return tuple(found.values())


def _all_met(own: Own, aims: Collection[_Aim], given: Given) -> tuple[float, ...] | None:
    """What a mistake gives at the places of a group; None as soon as one entry is not that."""
    values = []
    for aim in aims:
        value = _met(own, aim, given(aim))
        if value is None:
            return None
        values.append(round(value, _PLACES))
    return tuple(values)


_PLACES = 12


def _met(own: Own, aim: _Aim, values: Iterable[float]) -> float | None:
    """The one of the values that an entry is: rounded, cut off, or to all its digits; None if it is none of them."""
    written, reach, verdict = aim.value, aim.reach, aim.verdict
    near = [value for value in values if abs(written - value) <= reach]
    if not near or verdict.written is None:
        return None
    unit = 2 * own.grain.of(verdict.name, verdict.written)
    dust = 0.0 if verdict.truth else own.course.dust(verdict.name)
    for value in near:
        off = abs(written - value)
        if off <= max(unit + ULPS * abs(value), RELATIVE * abs(value), dust) or off <= unit + _spread(
            own, verdict, value
        ):
            return value
    return None


def _aim(own: Own, verdict: Verdict) -> _Aim:
    written = verdict.written
    if written is None:
        return _Aim(verdict, nan, 0.0, verdict.place, wrong=verdict.status is Status.WRONG)
    unit = 2 * (own.grain.of(verdict.name, written) if written.half is None else written.half)
    dust = 0.0 if verdict.truth else own.course.dust(verdict.name)
    reach = max(unit + CLOSE * abs(written.value), dust)
    return _Aim(verdict, written.value, reach, verdict.place, wrong=verdict.status is Status.WRONG)


CLOSE = 0.05
"""The part of a number that the digits of the own values may let a mistake's value be off by."""


def _spread(own: Own, verdict: Verdict, value: float) -> float:
    """How far the digits of the own values let a mistake's value range: as far as the right one's, for its size."""
    radii = own.radii(verdict.name, tainted=verdict.tainted)
    if radii is None:
        return 0.0
    right = abs(own.worked_out(verdict.name)[0][verdict.place])
    return float(radii[0][verdict.place]) * max(1.0, abs(value) / right if right else 1.0)


def _everywhere(values: Array) -> Given:
    return lambda aim: [float(values[aim.place])]


def _of_entries(own: Own, name: str) -> Iterator[Candidate]:
    """What can happen to single entries."""
    earlier = own.earlier(name)
    for values in own.worked_out(name):
        for label, hint, given in _SINGLE:
            yield label, hint, partial(given, values)
        yield "copied from elsewhere", "this is the value of an earlier quantity", lambda aim: earlier  # noqa: ARG005  the same for each entry


def _shifted(values: list[float], aim: _Aim) -> list[float]:
    return [values[aim.place] * 10.0**k for k in (-3, -2, -1, 1, 2, 3)]


def _others(values: list[float], aim: _Aim) -> list[float]:
    return values[: aim.place] + values[aim.place + 1 :]


def _exchanged(values: list[float], aim: _Aim) -> tuple[float, ...]:
    """An exchange keeps the sign, and makes a number some ten times as large or small at most."""
    value, written = values[aim.place], aim.value
    size = abs(value)
    if written * value < 0 and abs(written) > aim.reach:
        return ()
    if not size / _AT_MOST - aim.reach <= abs(written) <= size * _AT_MOST + aim.reach:
        return ()
    return _with_digits_exchanged(value)


_AT_MOST = 25


@lru_cache(4096)
def _with_digits_exchanged(value: float) -> tuple[float, ...]:
    """A number with two neighbouring digits exchanged, written to one decimal or more."""
    found: list[float] = []
    for decimals in range(1, _LONGEST):
        text = f"{value:.{decimals}f}"
        for i, (a, b) in enumerate(pairwise(text)):
            if a.isdigit() and b.isdigit() and a != b:
                found.append(float(text[:i] + b + a + text[i + 2 :]))
    return tuple(found)


_LONGEST = 7
_SINGLE: tuple[tuple[str, str, Callable[[list[float], _Aim], Sequence[float]]], ...] = (
    ("decimal point", "the decimal point has slipped", _shifted),
    ("another entry", "this is the value of another entry", _others),
    ("digits exchanged", "two digits have changed places", _exchanged),
)
