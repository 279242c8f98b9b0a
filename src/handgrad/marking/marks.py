"""What a script earns: the parts that count, from the questions of the problem, and the marks of each."""

from __future__ import annotations

from math import prod

from msgspec import Struct

from handgrad.marking.course import Course, asked_name
from handgrad.marking.judge import Status, Verdict
from handgrad.marking.script import Script
from handgrad.ops.places import ravel
from handgrad.query import Query, parse
from handgrad.scheme import Worth


class Part(Struct, frozen=True):
    """Entries of one quantity that count together: their marks for accuracy, and for the method."""

    name: str
    places: tuple[int, ...]
    accuracy: float
    method: float
    follow_through: bool

    @property
    def total(self) -> float:
        """All that can be earned."""
        return self.accuracy + self.method


def parts(course: Course, script: Script) -> tuple[Part, ...]:
    """What counts: the questions of the problem; without any, every entry that is written."""
    problem = course.problem
    queries = [parse(question, course.plan) for question in problem.questions]
    if queries:
        worths = zip(queries, problem.scheme.questions, strict=True)
        return tuple(_part(course, *_asked(course, query), worth) for query, worth in worths)
    names = [name for name in course.quantities if name in script.entries]
    return tuple(_part(course, name, tuple(sorted(script.entries[name])), Worth()) for name in names)


def _part(course: Course, name: str, places: tuple[int, ...], worth: Worth) -> Part:
    marking = course.problem.scheme.marking
    accuracy = marking.marks * len(places) if worth.marks is None else worth.marks
    follows = marking.follow_through if worth.follow_through is None else worth.follow_through
    return Part(name, places, accuracy, worth.method, follows)


def _asked(course: Course, query: Query) -> tuple[str, tuple[int, ...]]:
    """The quantity and the places that a question asks for."""
    if query.function:
        return asked_name(query), (0,)
    shape = course.outer(query.name, course.plan.shape(query.name))
    return query.name, tuple(range(prod(shape))) if query.index is None else (ravel(query.index, shape),)


def share(course: Course, part: Part, status: Status) -> float:
    """The part of its marks that an entry earns for accuracy."""
    return shares(course, follow_through=part.follow_through)[status]


def shares(course: Course, *, follow_through: bool) -> dict[Status, float]:
    """The part of its marks that an entry of each status earns for accuracy."""
    if follow_through not in course.shares:
        slip = course.problem.scheme.marking.slip
        whole = {Status.RIGHT: 1.0, Status.ROUNDED: 1.0, Status.FOLLOWS: float(follow_through), Status.SLIP: slip}
        course.shares[follow_through] = dict.fromkeys(Status, 0.0) | whole
    return course.shares[follow_through]


def earned(course: Course, part: Part, verdicts: dict[int, Verdict]) -> float:
    """The marks of a part: for each entry, and for the method where every entry comes of the right rule."""
    statuses = [verdicts[place].status if place in verdicts else Status.BLANK for place in part.places]
    earns = shares(course, follow_through=part.follow_through)
    accuracy = part.accuracy * sum([earns[status] for status in statuses]) / len(statuses)
    return accuracy + (part.method if part.method and _EARN_METHOD.issuperset(statuses) else 0.0)


_EARN_METHOD = frozenset((Status.RIGHT, Status.ROUNDED, Status.FOLLOWS, Status.SLIP, Status.COARSE))
"""What an entry must be for its part to earn the marks for the method: by the right rule, whatever the digits."""
