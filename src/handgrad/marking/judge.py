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

from collections.abc import Sequence
from enum import StrEnum
from math import inf, isfinite
from typing import Any

import numpy as np
from flint import fmpq
from msgspec import Struct

from handgrad.marking.block import Block
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


def judge(course: Course, scripts: Sequence[Script]) -> list[tuple[list[Verdict], Own]]:
    """The verdicts on every entry that is written, in the order of computation, and the own values, by script."""
    owns = [Own(course, script, Grain(script)) for script in scripts]
    with np.errstate(all="ignore"):
        found = _judged(Block(course, owns))
        cutting = [row for row, verdicts in enumerate(found) if _cuts(owns[row], verdicts)]
        if cutting:
            again = [Own(course, scripts[row], owns[row].grain, cuts=True) for row in cutting]
            for row, own, verdicts in zip(cutting, again, _judged(Block(course, again)), strict=True):
                owns[row], found[row] = own, verdicts
    return list(zip(found, owns, strict=True))


def _judged(block: Block) -> list[list[Verdict]]:
    course = block.course
    found: list[list[Verdict]] = [[] for _ in block.owns]
    off: list[set[str]] = [set() for _ in block.owns]
    for name, quantity in course.quantities.items():
        truths = course.truths[name]
        for row, seen in zip(block.figures(name).rows, _at_a_glance(block, name), strict=True):
            own = block.owns[row]
            tainted = not quantity.before.isdisjoint(off[row])
            statuses = _SEEN[tainted]
            centre = block.listed(name)[0][row] if max(seen) >= _CARRIED else truths
            verdicts = [
                Verdict(name, place, statuses[sight], entry, truths[place], None, 0.0, tainted)
                if 0 < (sight := seen[place]) < _CARRIED
                else Verdict(name, place, statuses[sight], entry, truths[place], centre[place], 0.0, tainted)
                if sight
                else _verdict(own, name, place, entry, truths[place], tainted)
                for place, entry in own.entries[name].items()
            ]
            wrong = (0 in seen or _OFF in seen) and Status.WRONG in [verdict.status for verdict in verdicts]
            if wrong or own.empty:
                own.refuse(name)
            if wrong or tainted:
                off[row].add(name)
            found[row] += verdicts
    return found


_RIGHT, _ROUNDED, _COARSE, _CARRIED, _SLIPPED, _OFF = 1, 2, 3, 4, 5, 6
_SEEN = (
    (Status.WRONG, Status.RIGHT, Status.ROUNDED, Status.COARSE, Status.ROUNDED, Status.SLIP, Status.WRONG),
    (Status.WRONG, Status.RIGHT, Status.ROUNDED, Status.COARSE, Status.FOLLOWS, Status.SLIP, Status.WRONG),
)
"""What is seen at a glance by its number; behind what is right, and behind what is not."""


def _at_a_glance(block: Block, name: str) -> list[list[int]]:
    """Of each entry that is written with its digits what is plain from the truth and the one centre.

    All scripts of a block at once; 0 for an entry that must be looked into (see ``_verdict``, which says the
    same of each).
    """
    written, truths = block.figures(name), block.course.floats[name].ravel()
    values, halves = written.values, written.halves
    found = np.where(_rounds_to(values, truths, halves), np.where(values != 0, _ROUNDED, _COARSE), 0)
    found[np.abs(values - truths) <= RELATIVE * np.abs(truths)] = _RIGHT
    open_ = (found == 0) & (halves > 0) & (values != 0)
    found[~(halves > 0)] = 0
    if open_.any():
        outlines = [block.owns[row].outline for row in written.rows]
        plain = np.array([outline.touched(name) and len(outline.steps(name)) == 1 for outline in outlines])
        shown = np.array([not outline.hidden(name) for outline in outlines])
        centres = block.expected(name)[0].arrays[written.rows].reshape(values.shape)
        carried = _rounds_to(values, centres, halves)
        dust = block.course.dust(name)
        apart = ~carried & (np.abs(values - centres) >= dust) & ((truths != 0) | (np.abs(values) >= dust))
        apart &= np.abs(values - centres) > RELATIVE * np.maximum(np.abs(values), np.abs(centres))
        apart &= shown[:, None]
        slipped = _slips(values, truths, halves) | _slips(values, centres, halves)
        beyond = ~(_reachable(values, truths, halves) | _reachable(values, centres, halves))
        seen = np.select([carried, apart & slipped, apart & beyond], [_CARRIED, _SLIPPED, _OFF], 0)
        found[open_ & plain[:, None]] = seen[open_ & plain[:, None]]
    listed: list[list[int]] = found.tolist()
    return listed


def _reachable(values: Any, middles: Any, halves: Any) -> Any:
    """Whether numbers could be within the widest of tolerances (see ``_within``)."""
    sizes = np.abs(middles)
    radii = np.maximum(WIDEST * sizes, UNITS * halves)
    near = np.abs(values - middles) <= (2 * halves + 2 * radii) * _ABOVE
    return near & ((values * middles >= 0) | (radii > sizes))


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
    if value and len(ways) == 1 and _rounds_to(value, ways[0][place], half):
        status = Status.FOLLOWS if tainted else Status.ROUNDED
        return Verdict(name, place, status, entry, truth, ways[0][place], 0.0, tainted)
    verdict = Verdict(name, place, Status.WRONG, entry, truth, None, 0.0, tainted)
    if not truth and off < own.course.dust(name):
        verdict.status = Status.ROUNDED
    else:
        _looked_into(own, verdict, value, half, ways)
    return verdict


def _looked_into(own: Own, verdict: Verdict, value: float, half: float, ways: list[list[float]]) -> None:
    """Judge an entry that is not the truth rounded."""
    if ways:
        _carried(own, verdict, value, half, ways)
        if verdict.status is not Status.WRONG:
            return
    if _slipped(verdict, value, half):
        verdict.status = Status.SLIP if value else Status.COARSE
    elif ways or own.outline.hidden(verdict.name):
        _ranged(own, verdict, value, half)
    if verdict.status is Status.WRONG:
        _by_rounded_slopes(own, verdict, value, half)


def _equal(exact: Any, entry: Written) -> bool:
    """Whether a number as close as that is the very one, where both are fractions."""
    if entry.half or entry.exact is None or not isinstance(exact, fmpq):
        return True
    return bool(exact == fmpq(entry.exact.numerator, entry.exact.denominator))


def _rounds_to(value: Any, truth: Any, half: Any) -> Any:
    """Whether a number is another one rounded: of floats, or of arrays entry by entry."""
    return abs(value - truth) <= half * _ABOVE + ULPS * abs(value)


def _carried(own: Own, verdict: Verdict, value: float, half: float, ways: list[list[float]]) -> None:
    """Judge an entry by what follows from the own values as they are written."""
    place = verdict.place
    centre = ways[0][place] if len(ways) == 1 else min([way[place] for way in ways], key=lambda way: abs(value - way))
    verdict.expected = centre
    off = abs(value - centre)
    if _follows(value, centre, half) or (off < own.course.dust(verdict.name) and off < _dust(own, verdict)):
        zero = not value and not (verdict.tainted and abs(centre) < _dust(own, verdict))
        verdict.status = Status.COARSE if zero else _carried_status(verdict)
    elif own.outline.hidden(verdict.name):
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
    ways = own.worked_out(verdict.name)
    if not all(isfinite(way[verdict.place]) for way in ways):
        ways = own.kept_whole(verdict.name)
    if _within(own, verdict, value, half, ways, [inf] * len(ways)) is None:
        return  # not by the widest of tolerances: they need not be worked out
    for tainted in (False, True) if verdict.tainted else (False,):
        radii = own.radii(verdict.name, tainted=tainted)
        reaches = [inf] * len(ways) if radii is None else [float(reach[verdict.place]) for reach in radii]
        found = _within(own, verdict, value, half, ways, reaches)
        if found is not None:
            verdict.expected, verdict.radius, verdict.status = found
            return


def _within(
    own: Own, verdict: Verdict, value: float, half: float, ways: list[list[float]], reaches: list[float]
) -> tuple[float, float, Status] | None:
    """The number that an entry is within reach of, the tolerance by which it is, and the status that this gives."""
    touched = own.outline.touched(verdict.name)
    # one in the last digit of the script may stand for less than half of it, by a quarter
    least = _NEARLY * half if half >= own.grain.half else 0.0
    for centre, reach in zip(ways, reaches, strict=True):
        for middle in filter(isfinite, (centre[verdict.place], *(() if verdict.tainted else (verdict.truth,)))):
            radius = min(reach, max(WIDEST * abs(middle), UNITS * half))
            off = abs(value - middle) / (1 + RELATIVE)
            if not value and off >= 2 * half + min(radius, 2 * half):
                continue
            follows = touched and off <= half * own.reach + radius
            # behind a wrong value nothing else tells what was carried on: its digits may be cut off too
            within = 2 * half + radius * (2 if verdict.tainted else 1)
            # a number within the last digits of the script may have either sign
            one_sign = value * middle >= 0 or (follows and radius > abs(middle) and half >= own.grain.half)
            if one_sign and (follows or off <= min(within, max(abs(middle), least))):
                return middle, radius, _ranged_status(verdict, value, half, follows=follows)
    return None


def _ranged_status(verdict: Verdict, value: float, half: float, *, follows: bool) -> Status:
    if value:
        return _carried_status(verdict) if follows else Status.SLIP
    return Status.COARSE if half else Status.WRONG


def _follows(value: float, centre: float, half: float) -> bool:
    """Whether a number is another one rounded, or the same but for the last bits."""
    off = abs(value - centre)
    return off <= half * _ABOVE + ULPS * abs(value) or off <= RELATIVE * max(abs(value), abs(centre)) < inf


def _slips(value: Any, aim: Any, half: Any) -> Any:
    """Whether a number is off another one by no more than a unit of its last digit, and by less than that number."""
    return (value * aim > 0) & _rounds_to(value, aim, 2 * half) & _rounds_to(value, aim, abs(aim))


def _slipped(verdict: Verdict, value: float, half: float) -> bool:
    """Whether the entry is off by no more than a unit of its last digit, and that less than the number itself."""
    aims = (verdict.truth,) if verdict.expected is None else (verdict.truth, verdict.expected)
    return any(_slips(value, aim, half) if value else abs(aim) < 2 * half for aim in aims)
