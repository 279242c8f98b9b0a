"""Each entry of a script judged: right, right as rounded, right by what was carried, a slip, or wrong.

Written w with half a unit u of its last digit; t is the true value, c what the rule gives from the
student's own earlier values, r how far the digits of those let it range (by ball arithmetic):

- right: w = t;
- rounded: |w − t| ≤ u, or |w − c| ≤ u + r while everything before is right;
- follow-through: |w − c| ≤ u + r and something before is not right;
- slip: within one unit of the last digit of t or c (cut off, or rounded the wrong way);
- coarse: a zero written for a number that rounds to it: not wrong, and no digit of it is there;
- wrong: anything else.

A zero is right for a true zero only, or follows from an own value that makes it exactly zero.
"""

from __future__ import annotations

from enum import StrEnum
from math import inf, isfinite
from typing import Any

import numpy as np
from flint import fmpq
from msgspec import Struct

from handgrad.marking.course import Course
from handgrad.marking.grain import Grain
from handgrad.marking.own import RELATIVE, Own
from handgrad.marking.script import Script, Written

ULPS = 1e-15
"""What a double may have lost of a number on the way."""

_ABOVE = 1 + RELATIVE

WIDEST = 0.25
"""The largest part of a value that its tolerance may be, unless that is a few units of the last digit."""

_NEARLY = 1.5

UNITS = 4
"""So many halves of a unit a tolerance may be of any value."""


class Status(StrEnum):
    """What an entry is found to be."""

    RIGHT = "right"
    ROUNDED = "rounded"
    FOLLOWS = "follow-through"
    SLIP = "slip"
    COARSE = "coarse"
    WRONG = "wrong"
    BLANK = "blank"


class Verdict(Struct, gc=False):
    """One entry: where, what was written, what is true, what follows from the own values, and the status."""

    name: str
    place: int
    status: Status
    written: Written | None
    truth: float
    expected: float | None = None
    radius: float = 0.0
    tainted: bool = False
    """Whether something that it is computed from is not right."""


def judge(course: Course, script: Script) -> tuple[list[Verdict], Own]:
    """The verdicts on every entry that is written, in the order of computation, and the student's own values."""
    own = Own(course, script, Grain(script))
    with np.errstate(all="ignore"):
        found = _judged(own, script)
        if _cuts(own, found):
            own = own.cutting(script)
            found = _judged(own, script)
    return found, own


def _judged(own: Own, script: Script) -> list[Verdict]:
    found: list[Verdict] = []
    off: set[str] = set()
    course, entries = own.course, script.entries
    for name, quantity in course.quantities.items():
        written = entries.get(name)
        if written is None:
            continue
        tainted, truths = not quantity.before.isdisjoint(off), course.truths[name]
        verdicts = [_verdict(own, name, place, entry, truths[place], tainted) for place, entry in written.items()]
        wrong = Status.WRONG in [verdict.status for verdict in verdicts]
        if wrong or own.empty:
            own.refuse(name)
        if wrong or tainted:
            off.add(name)
        found += verdicts
    return found


def _cuts(own: Own, verdicts: list[Verdict]) -> bool:
    """Whether the script cuts digits off where it should round: many numbers fall short, hardly one is rounded up.

    A number is held against the nearest of what it may come from. More than half a unit below it was cut off, up to
    half a unit above it was rounded up; all else tells nothing.
    """
    if not any(verdict.status is Status.WRONG for verdict in verdicts):
        return False  # no tolerance is asked for
    cut = up = 0
    for verdict in verdicts:
        if verdict.status is Status.WRONG or verdict.written is None or not verdict.written.half:
            continue
        value = abs(verdict.written.value)
        aims = [verdict.truth, *[way[verdict.place] for way in own.centres(verdict.name)]]
        off = min([value - abs(aim) for aim in aims], key=abs) / verdict.written.half
        cut, up = cut + (-2 <= off < -_ABOVE), up + (RELATIVE < off <= 1)
    return cut >= _FEWEST_CUT and up * _SHARE_CUT <= cut


_FEWEST_CUT, _SHARE_CUT = 3, 2


def _verdict(own: Own, name: str, place: int, entry: Written, truth: float, tainted: bool) -> Verdict:  # noqa: FBT001
    value, half = entry.value, entry.half
    off = abs(value - truth)
    if off <= RELATIVE * abs(truth) and (half or _equal(own.course.exact[name][place], entry)):
        return Verdict(name, place, Status.RIGHT, entry, truth, None, 0.0, tainted)
    if half is None:
        half = own.grain.of(name, entry)
    if off <= half * _ABOVE + ULPS * abs(value):
        return Verdict(name, place, Status.ROUNDED if value else Status.COARSE, entry, truth, None, 0.0, tainted)
    ways = own.centres(name)
    if value and len(ways) == 1 and abs(value - ways[0][place]) <= half * _ABOVE + ULPS * abs(value):
        status = Status.FOLLOWS if tainted else Status.ROUNDED
        return Verdict(name, place, status, entry, truth, ways[0][place], 0.0, tainted)
    verdict = Verdict(name, place, Status.WRONG, entry, truth, None, 0.0, tainted)
    if not truth and off < own.course.dust(name):
        verdict.status = Status.ROUNDED
    else:
        _looked_into(own, verdict, value, half)
    return verdict


def _looked_into(own: Own, verdict: Verdict, value: float, half: float) -> None:
    """Judge an entry that is not the truth rounded."""
    if ways := own.centres(verdict.name):
        _carried(own, verdict, value, half, ways)
        if verdict.status is not Status.WRONG:
            return
    if verdict.status is Status.WRONG and _slipped(verdict, value, half):
        verdict.status = Status.SLIP if value else Status.COARSE
    if verdict.status is Status.WRONG and (own.touched(verdict.name) or own.hidden(verdict.name)):
        _ranged(own, verdict, value, half)
    if verdict.status is Status.WRONG:
        _by_rounded_slopes(own, verdict, value, half)


def _equal(exact: Any, entry: Written) -> bool:
    """Whether a number as close as that is the very one, where both are fractions."""
    if entry.half or entry.exact is None or not isinstance(exact, fmpq):
        return True
    return bool(exact == fmpq(entry.exact.numerator, entry.exact.denominator))


def _rounds_to(value: float, truth: float, half: float) -> bool:
    return abs(value - truth) <= half * _ABOVE + ULPS * abs(value)


def _carried(own: Own, verdict: Verdict, value: float, half: float, ways: list[list[float]]) -> None:
    """Judge an entry by what follows from the own values as they are written."""
    place = verdict.place
    centre = ways[0][place] if len(ways) == 1 else min([way[place] for way in ways], key=lambda way: abs(value - way))
    verdict.expected = centre
    if _follows(value, centre, half) or abs(value - centre) < _dust(own, verdict):
        zero = not value and not (verdict.tainted and abs(centre) < _dust(own, verdict))
        verdict.status = Status.COARSE if zero else _carried_status(verdict)
    elif own.hidden(verdict.name):
        _ranged(own, verdict, value, half)


def _dust(own: Own, verdict: Verdict) -> float:
    """What cancellation may leave of a zero; nothing where the true value itself is as small."""
    dust = own.course.dust(verdict.name)
    return 0.0 if 0 < abs(verdict.truth) < dust else dust


def _carried_status(verdict: Verdict) -> Status:
    return Status.FOLLOWS if verdict.tainted else Status.ROUNDED


def _by_rounded_slopes(own: Own, verdict: Verdict, value: float, half: float) -> None:
    """Judge an entry by what follows where σ′ is rounded, or cut off, in the head to the digits of the script."""
    for way in own.in_the_head(verdict.name):
        if _follows(value, way[verdict.place], half * own.reach):
            verdict.status = _carried_status(verdict) if value else Status.COARSE
            verdict.expected = way[verdict.place]


def _ranged(own: Own, verdict: Verdict, value: float, half: float) -> None:
    """Judge an entry by how far the digits of the own values, and of steps left out, let it range.

    Behind a wrong value too that is first tried by the tolerance of a right script, which is known already.
    """
    for tainted in (False, True) if verdict.tainted else (False,):
        radii = own.radii(verdict.name, tainted=tainted)
        if _within(own, verdict, value, half, radii or [[inf] * (verdict.place + 1)] * len(own.ways(verdict.name))):
            return


def _within(own: Own, verdict: Verdict, value: float, half: float, radii: list[Any]) -> bool:
    touched = own.touched(verdict.name)
    # one in the last digit of the script may stand for less than half of it, by a quarter
    least = _NEARLY * half if half >= own.grain.half else 0.0
    centres = own.centres(verdict.name) or own.worked_out(verdict.name)
    if not all(isfinite(centre[verdict.place]) for centre in centres):
        centres = own.kept_whole(verdict.name)
    for centre, reach in zip(centres, radii, strict=True):
        for middle in filter(isfinite, (centre[verdict.place], *(() if verdict.tainted else (verdict.truth,)))):
            radius = min(float(reach[verdict.place]), max(WIDEST * abs(middle), UNITS * half))
            off = abs(value - middle) / (1 + RELATIVE)
            if not value and off >= 2 * half + min(radius, 2 * half):
                continue
            follows = touched and off <= half * own.reach + radius
            # behind a wrong value nothing else tells what was carried on: its digits may be cut off too
            within = 2 * half + radius * (2 if verdict.tainted else 1)
            # a number within the last digits of the script may have either sign
            one_sign = value * middle >= 0 or (follows and radius > abs(middle) and half >= own.grain.half)
            if one_sign and (follows or off <= min(within, max(abs(middle), least))):
                verdict.expected, verdict.radius = middle, radius
                verdict.status = _ranged_status(verdict, value, half, follows=follows)
                return True
    return False


def _ranged_status(verdict: Verdict, value: float, half: float, *, follows: bool) -> Status:
    if value:
        return _carried_status(verdict) if follows else Status.SLIP
    return Status.COARSE if half else Status.WRONG


def _follows(value: float, centre: float, half: float) -> bool:
    """Whether a number is another one rounded, or the same but for the last bits."""
    off = abs(value - centre)
    return off <= half * _ABOVE + ULPS * abs(value) or off <= RELATIVE * max(abs(value), abs(centre)) < inf


def _slipped(verdict: Verdict, value: float, half: float) -> bool:
    """Whether the entry is off by no more than a unit of its last digit, and that less than the number itself."""
    aims = [verdict.truth, *([] if verdict.expected is None else [verdict.expected])]
    if not value:
        return any(abs(aim) < 2 * half for aim in aims)
    return any(_rounds_to(value, aim, min(2 * half, abs(aim))) and value * aim > 0 for aim in aims)
