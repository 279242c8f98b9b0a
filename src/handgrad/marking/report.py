"""A marked script: marks, a verdict on each entry, the first error, and the mistakes by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from handgrad.marking.course import Course
from handgrad.marking.judge import Status, Verdict, judge
from handgrad.marking.marks import Part, earned, parts, share, shares
from handgrad.marking.mistakes import Mistake, early, named
from handgrad.marking.own import Own
from handgrad.marking.script import Script
from handgrad.marking.sentences import sentence, shown
from handgrad.notation.symbols import convention
from handgrad.ops.places import unravel

if TYPE_CHECKING:
    from handgrad.working.document import Document


class Entry(Struct, frozen=True):
    """One entry as it is marked: ``status`` is one of the words of ``Status``, ``why`` a sentence with the numbers."""

    question: str
    """Its name: "h1[2]"."""
    quantity: str
    written: str
    status: Status
    truth: float
    right: str
    """The true value as it is printed."""
    expected: float | None
    """What follows from the student's own earlier values."""
    marks: float
    worth: float
    why: str
    mistakes: tuple[str, ...] = ()


class Report:
    """``score`` of ``total``, ``entries``, ``first_error`` (an Entry or None), ``mistakes``, ``unread``."""

    def __init__(self, course: Course, script: Script, judged: tuple[list[Verdict], Own] | None = None) -> None:
        self.course, self.script = course, script
        self.student, self.unread = script.student, script.unread
        self.verdicts, self.own = judged or judge(course, [script])[0]
        self.by_quantity: dict[str, dict[int, Verdict]] = {}
        """The verdicts by quantity and place."""
        for verdict in self.verdicts:
            self.by_quantity.setdefault(verdict.name, {})[verdict.place] = verdict

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What counts, and for how much."""
        return parts(self.course, self.script)

    def __repr__(self) -> str:
        return f"Report({self.student or 'a script'}: {self.score:g} of {self.total:g})"

    @property
    def language(self) -> str:
        """The language of its sentences, that of the problem's notation."""
        return convention(self.course.problem.notation).language

    @cached_property
    def marks(self) -> tuple[float, ...]:
        """The marks earned in each part."""
        return tuple(round(earned(self.course, part, self.by_quantity.get(part.name, {})), 6) for part in self.parts)

    @property
    def score(self) -> float:
        """The marks earned."""
        problem = self.course.problem
        if problem.questions:
            return round(sum(self.marks), 6)
        earns, marking = (
            shares(self.course, follow_through=problem.scheme.marking.follow_through),
            problem.scheme.marking,
        )
        return round(marking.marks * sum([earns[verdict.status] for verdict in self.verdicts]), 6)

    @property
    def total(self) -> float:
        """The marks that could be earned."""
        if self.course.problem.questions:
            return sum(part.total for part in self.parts)
        return self.course.problem.scheme.marking.marks * len(self.verdicts)

    @cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        """What went wrong, by name, in the order of the working; several where they explain a quantity equally."""
        return mistakes_of([self])[0]

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry that counts or was written, in the order of the working."""
        worth = {(part.name, place): part for part in self.parts for place in part.places}
        keys = {*worth, *((verdict.name, verdict.place) for verdict in self.verdicts)}
        order = {name: i for i, name in enumerate(self.course.quantities)}
        return tuple(self._entry(*key, worth.get(key)) for key in sorted(keys, key=lambda key: (order[key[0]], key[1])))

    def _entry(self, name: str, place: int, part: Part | None) -> Entry:
        found = self.by_quantity.get(name, {}).get(place)
        verdict = found or Verdict(name, place, Status.BLANK, None, float(self.course.floats[name].flat[place]))
        worth = part.accuracy / len(part.places) if part is not None else 0.0
        named_here = [mistake.name for mistake in self.mistakes if mistake.quantity == name and place in mistake.places]
        return Entry(
            self.question(name, place), name, "" if found is None or found.written is None else found.written.text,
            verdict.status, verdict.truth, shown(self.course, verdict), verdict.expected,
            round(worth * share(self.course, part, verdict.status), 6) if part is not None else 0.0, worth,
            sentence(self.course, verdict, self.language), tuple(named_here),
        )  # fmt: skip

    def question(self, name: str, place: int) -> str:
        """An entry as a question names it."""
        index = unravel(place, self.course.quantities[name].shape)
        return f"{name}[{','.join(str(i + 1) for i in index)}]" if index else name

    @cached_property
    def first_error(self) -> Entry | None:
        """The first entry that is wrong; everything before it is right, or right from the student's own values."""
        return next((entry for entry in self.entries if entry.status is Status.WRONG), None)

    @property
    def wrong(self) -> dict[str, list[Verdict]]:
        """The verdicts on the quantities that have wrong entries."""
        names = dict.fromkeys(verdict.name for verdict in self.verdicts if verdict.status is Status.WRONG)
        return {name: list(self.by_quantity[name].values()) for name in names}

    @property
    def first_wrong(self) -> Verdict | None:
        """The verdict on the first wrong entry."""
        return next((verdict for verdict in self.verdicts if verdict.status is Status.WRONG), None)

    @property
    def document(self) -> Document:
        """The report to be read: the marks, each entry, and the working with the student's lines."""
        from handgrad.marking.page import document

        return document(self)

    def to_terminal(self, width: int = 80, *, colour: bool = False) -> str:
        """The report as text."""
        return self.document.to_terminal(width, colour=colour)

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return self.document.to_markdown()

    def to_html(self) -> str:
        """The report as a page."""
        return self.document.to_html()

    def data(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "student": self.student,
            "score": self.score,
            "total": self.total,
            "first_error": None if self.first_error is None else self.first_error.question,
            "mistakes": [{"quantity": m.quantity, "name": m.name, "hint": m.hint} for m in self.mistakes],
            "entries": [_plain(entry) for entry in self.entries],
            "unread": [{"where": one.where, "text": one.text, "why": one.why} for one in self.unread],
            "no_follow_through": dict(self.own.degenerate),
        }

    def to_json(self) -> str:
        """The report as JSON."""
        import json

        return json.dumps(self.data(), ensure_ascii=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """The entries as CSV."""
        import csv
        import io

        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("student", "entry", "written", "status", "right", "marks", "worth", "mistakes", "why"))
        for entry in self.entries:
            row = (self.student, entry.question, entry.written, entry.status, entry.right, entry.marks, entry.worth)
            writer.writerow((*map(cell, row), cell("; ".join(entry.mistakes)), cell(entry.why)))
        return out.getvalue()


def reports(course: Course, scripts: Sequence[Script]) -> list[Report]:
    """The reports on many scripts, whose rules are run together."""
    judged = judge(course, scripts)
    found = [Report(course, script, one) for script, one in zip(scripts, judged, strict=True)]
    for report, mistakes in zip(found, mistakes_of(found), strict=True):
        report.mistakes = mistakes
    return found


def mistakes_of(marked: Sequence[Report]) -> list[tuple[Mistake, ...]]:
    """The mistakes of each of several reports; those with one quantity are looked for together."""
    alike: dict[tuple[int, str], list[tuple[int, Own, list[Verdict]]]] = {}
    for at, report in enumerate(marked):
        for name, verdicts in report.wrong.items():
            alike.setdefault((id(report.own.block), name), []).append((at, report.own, verdicts))
    called: dict[tuple[int, str], tuple[Mistake, ...]] = {}
    for (_, name), group in alike.items():
        explained = named([(own, verdicts) for _, own, verdicts in group])
        called |= {(at, name): mistakes for (at, _, _), mistakes in zip(group, explained, strict=True)}
    return [
        tuple(
            mistake
            for name, verdicts in report.by_quantity.items()
            for mistake in (*called.get((at, name), ()), *early(report.own, verdicts.values()))
        )
        for at, report in enumerate(marked)
    ]


def _plain(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in Entry.__struct_fields__}


def cell(value: object) -> object:
    """A cell of a spreadsheet: text in one line that is never obeyed as a formula; a number as it is."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.splitlines())
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t") and not text[1:2].isdigit() else text
