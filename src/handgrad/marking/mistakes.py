"""Which mistake reproduces what a student wrote, from the student's own earlier values.

A mistake is a rule gone wrong, defined beside the right one in its op (``ops.op.mistake``), or one that can
happen with any rule: a sign, a factor, a slipped decimal point, the entry beside the one that is meant. Of all
that reproduce the wrong entries those are named that explain most: the whole quantity before its wrong
entries, a rule before what can happen with any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import chain, pairwise
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.arithmetic import float_functions
from handgrad.marking.course import SLOPE, Way
from handgrad.marking.judge import ULPS, Status, Verdict
from handgrad.marking.own import RELATIVE, Own
from handgrad.ops.elementwise import Elementwise
from handgrad.ops.op import Misrule
from handgrad.ops.sums import Contributions

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
    first, unit = next(iter(verdicts)), own.grain.half * (1 + RELATIVE)
    name, written = first.name, first.written
    if written is None or (written.half or 0.0) <= unit:
        return ()
    if any((verdict.written.half or 0.0) <= unit for verdict in verdicts if verdict.written is not None):
        return ()
    if not unit or not own.touched(name) or not own.goes_on(name):
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


Given = Callable[[int], list[float]]
"""What a mistake makes of the entry at a place: any of these values."""

Candidate = tuple[str, str, Given]
"""Name and hint of a mistake, and what it gives."""


def named(own: Own, verdicts: Collection[Verdict]) -> tuple[Mistake, ...]:
    """The mistakes that explain the wrong entries of one quantity equally well; none where nothing does."""
    if Status.WRONG not in [verdict.status for verdict in verdicts]:
        return ()
    wrong = [verdict for verdict in verdicts if verdict.status is Status.WRONG]
    name = wrong[0].name
    with np.errstate(all="ignore"):
        sources = [(own, _candidates(own, name))]
        if not wrong[0].tainted:
            sources.append((own.truthful(), _by_right_values(own, name)))
        for group in (verdicts, wrong):
            for source, (rules, general) in sources:
                single = _of_entries(source, name) if group is wrong else ()
                if found := _explaining(own, group, rules, chain(general, single)):
                    return found
    return ()


Candidates = tuple[list[Candidate], list[Candidate]]
"""A rule gone wrong, and what can happen with any."""


def _candidates(own: Own, name: str) -> Candidates:
    """What can have gone wrong with a whole quantity."""
    return list(_of_rules(own, name)), list(_of_any_rule(own, name))


def _by_right_values(own: Own, name: str) -> Candidates:
    """The same with the true values, which are worked out once."""
    kept: dict[str, Candidates] = own.course.mistakes
    if name not in kept:
        kept[name] = _candidates(own.truthful(), name)
    return kept[name]


def _explaining(
    own: Own, group: Collection[Verdict], rules: Iterable[Candidate], general: Iterable[Candidate]
) -> tuple[Mistake, ...]:
    """The mistakes that reproduce a group of entries; a general one only where no rule's own says the same."""
    name = next(iter(group)).name
    places = tuple(verdict.place for verdict in group if verdict.status is Status.WRONG)
    found: dict[str, Mistake] = {}
    known: set[tuple[float, ...]] = set()
    for kind in (rules, general):
        for label, hint, given in kind:
            values = _all_met(own, group, given)
            if values is not None and (kind is rules or values not in known):
                found.setdefault(label, Mistake(name, label, hint, places))
                known.add(values)
    return tuple(found.values())


def _all_met(own: Own, group: Collection[Verdict], given: Given) -> tuple[float, ...] | None:
    """What a mistake gives at the places of a group; None as soon as one entry is not that."""
    values = []
    for verdict in group:
        value = _met(own, verdict, given(verdict.place))
        if value is None:
            return None
        values.append(round(value, _PLACES))
    return tuple(values)


_PLACES = 12


def _met(own: Own, verdict: Verdict, values: Iterable[float]) -> float | None:
    """The one of the values that an entry is: rounded, cut off, or to all its digits; None if it is none of them."""
    written = verdict.written
    if written is None:
        return None
    half = own.grain.of(verdict.name, written) if written.half is None else written.half
    aim, unit = written.value, 2 * half
    dust = 0.0 if verdict.truth else own.course.dust(verdict.name)
    nearest = max(unit + CLOSE * abs(aim), dust)
    for value in values:
        off = abs(aim - value)
        if not off <= nearest:
            continue
        if off <= max(unit + ULPS * abs(value), RELATIVE * abs(value), dust) or off <= unit + _spread(
            own, verdict, value
        ):
            return value
    return None


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
    return lambda place: [float(values[place])]


def _of_rules(own: Own, name: str) -> Iterator[Candidate]:
    """The rules of a quantity gone wrong."""
    size = own.course.floats[name].size
    for way in own.ways(name):
        for misrule, value in _misruled(own, way):
            values = np.asarray(value, dtype=float).ravel()
            if values.size == size:
                yield misrule.name, misrule.hint, _everywhere(values)
        for taken, meant in _one_step_early(own, way):
            value = own.course.computed(way, float_functions, _Instead(own, {meant: own[taken]}))
            hint = "the step before is left out, whose result this rule reads"
            yield "one step too early", hint, _everywhere(np.asarray(value).ravel())


class _Instead(dict[str, Array]):
    """Own values with another in place of some."""

    def __init__(self, own: Own, others: dict[str, Array]) -> None:
        super().__init__(others)
        self.own = own

    def __missing__(self, name: str) -> Array:
        return self.own[name]


def _one_step_early(own: Own, way: Way) -> Iterator[tuple[str, str]]:
    """What a rule could read in place of what it should: the value that this is computed from, of the same shape."""
    quantities = own.course.quantities
    for meant in dict.fromkeys(way.reads.values()):
        if meant in quantities:
            for taken in dict.fromkeys(source for known in quantities[meant].ways for source in known.reads.values()):
                if taken in quantities and quantities[taken].shape == quantities[meant].shape:
                    yield taken, meant


def _misruled(own: Own, way: Way) -> Iterator[tuple[Misrule, Array]]:
    """The mistakes with the rule of a way, and what each gives."""
    letters = own.course.letters(way.step) | way.reads
    for misrule in type(way.op).mistakes(way.rule):
        yield from _tried(own, way, misrule, letters)
    if isinstance(way.op, Elementwise) and way.rule == "dx":
        for misrule in type(way.op).mistakes(SLOPE):
            yield from ((misrule, own[letters["dy"]] * slope) for _, slope in _tried(own, way, misrule, letters))


def _tried(own: Own, way: Way, misrule: Misrule, letters: dict[str, str]) -> Iterator[tuple[Misrule, Array]]:
    """What a mistake gives, if its letters are known and their shapes fit."""
    op = way.op
    constants = _constants(own, way)
    if not all(letter in letters or letter in constants for letter in misrule.needed):
        return
    taken = {letter: own[letters[letter]] for letter in (*misrule.needed, *misrule.optional) if letter in letters}
    taken |= {name: value for name, value in constants.items() if misrule.constants or name in misrule.needed}
    try:
        yield misrule, getattr(op, misrule.method)(float_functions, **taken)
    except ValueError:  # shapes that do not fit: nobody can have made this mistake here
        return


def _constants(own: Own, way: Way) -> dict[str, Array]:
    """The settings of an op that are numbers, as floats."""
    if way.settings is None:
        way.settings = {name: own.course.constant(way.op, name, float_functions) for name in way.op.given_constants}
    return way.settings


def _of_any_rule(own: Own, name: str) -> Iterator[Candidate]:
    """What can happen with any rule, to the whole quantity."""
    course = own.course
    for way, value in zip(own.ways(name), own.expected(name), strict=True):
        expected = np.asarray(value)
        values = expected.ravel()
        yield "sign", "check the sign", _everywhere(-values)
        yield "a factor ½ forgotten", "there is a factor ½", _everywhere(2 * values)
        yield "a factor ½ too many", "there is no factor ½", _everywhere(values / 2)
        for count in sorted({course.problem.examples, *expected.shape} - {0, 1}):
            yield "sum in place of the mean", "divide by the count", _everywhere(values * count)
            yield "mean in place of the sum", "do not divide by the count", _everywhere(values / count)
        if expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2]:
            yield "transposed", "rows and columns are exchanged", _everywhere(expected.swapaxes(-1, -2).ravel())
        for source in dict.fromkeys(way.reads.values()):
            if own[source].size == values.size:
                yield "step left out", "this is the value before the step", _everywhere(own[source].ravel())
                if isinstance(way.op, Contributions):
                    yield (
                        "a contribution left out",
                        "add what comes by every path",
                        _everywhere(values - own[source].ravel()),
                    )


def _of_entries(own: Own, name: str) -> Iterator[Candidate]:
    """What can happen to single entries."""
    earlier = _earlier(own, name)
    for values in own.worked_out(name):
        for label, hint, given in _SINGLE:
            yield label, hint, partial(given, values)
        yield "copied from elsewhere", "this is the value of an earlier quantity", lambda place: earlier  # noqa: ARG005  the same at each place


def _shifted(values: list[float], place: int) -> list[float]:
    return [values[place] * 10.0**k for k in (-3, -2, -1, 1, 2, 3)]


def _others(values: list[float], place: int) -> list[float]:
    return values[:place] + values[place + 1 :]


def _exchanged(values: list[float], place: int) -> list[float]:
    """A number with two neighbouring digits exchanged, written to one decimal or more."""
    found: list[float] = []
    for decimals in range(1, _LONGEST):
        text = f"{values[place]:.{decimals}f}"
        for i, (a, b) in enumerate(pairwise(text)):
            if a.isdigit() and b.isdigit() and a != b:
                found.append(float(text[:i] + b + a + text[i + 2 :]))
    return found


_LONGEST = 7
_SINGLE: tuple[tuple[str, str, Callable[[list[float], int], list[float]]], ...] = (
    ("decimal point", "the decimal point has slipped", _shifted),
    ("another entry", "this is the value of another entry", _others),
    ("digits exchanged", "two digits have changed places", _exchanged),
)


def _earlier(own: Own, name: str) -> list[float]:
    """The own values of what is written before a quantity, and the numbers that are given."""
    found: list[float] = []
    for source in own.course.quantities:
        if source == name:
            break
        found += [entry.value for entry in own.entries.get(source, {}).values()]
    return found + [value for given in own.course.plan.given for value in own.course.truths[given]]
