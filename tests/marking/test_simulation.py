"""Twenty thousand made-up scripts, marked: no false alarm, and every mistake found and named.

`python tests/marking/test_simulation.py [SCRIPTS] [SEED]` prints the counts, and what was missed.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from simulate import ENTRIES, Net, Student, network, script

import handgrad as hg
from handgrad.marking.course import Course
from handgrad.marking.judge import Status
from handgrad.marking.report import Report, reports
from handgrad.marking.script import Script, Written

A_NETWORK = 40
"""Scripts of each network."""

ALSO = {
    "entry sign": {"sign"},
    "entry point": {"decimal point"},
    "entry other": {"another entry"},
    "entry half": {"a factor ½ too many"},
}
"""How the mistakes with single entries are called; of a single number a rule gone wrong may say the same."""


def written(text: str) -> Written:
    decimals = len(text.partition(".")[2])
    return Written(text, float(text), Fraction(text), 0.5 * 10.0**-decimals if decimals else None)


def flat(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [text for part in value for text in flat(part)]


def as_script(student: Student, left_out: set[str]) -> Script:
    entries = {
        name: {i: written(text) for i, text in enumerate(flat(value))}
        for name, value in student.written.items()
        if name not in left_out
    }
    return Script("", entries)


@dataclass
class Count:
    """What a run of scripts came to."""

    found: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def add(self, student: Student, report: Report) -> None:
        wrong = [verdict for verdict in report.verdicts if verdict.status is Status.WRONG]
        if not student.done:
            self.right(student, report, wrong)
        elif len(student.done) == 1:
            self.one(student, report, wrong)
        else:
            self.two(student, report)

    def right(self, student: Student, report: Report, wrong: list[Any]) -> None:
        self.found["right"] += 1
        if wrong:
            self.found["false alarms"] += 1
            self.missed.append(f"false alarm: {student.written} {[(v.name, v.place) for v in wrong]}")

    def one(self, student: Student, report: Report, wrong: list[Any]) -> None:
        ((name, where),) = student.done.items()
        first = report.first_wrong
        here = "" if first is None else report.question(first.name, first.place)
        located = here == where or (first is not None and where == name == first.name)
        called = {mistake.name for mistake in report.mistakes if mistake.quantity == name}
        kind = student.plants[name]
        named = kind in called or bool(ALSO.get(kind, set()) & called) or (kind in ENTRIES and bool(called))
        later = [verdict for verdict in wrong if verdict.name != name]
        accepted = not later or bool(report.own.degenerate)
        self.found.update(one=1, located=located, named=named, accepted=accepted)
        if not (located and named and accepted):
            self.missed.append(f"{kind} at {where}: found {here}, called {sorted(called)}, later {later[:2]}")

    def two(self, student: Student, report: Report) -> None:
        names = {verdict.name for verdict in report.verdicts if verdict.status is Status.WRONG}
        self.found.update(two=1, both=names >= student.done.keys())


def run(scripts: int, seed: int) -> Count:
    random, count = Random(seed), Count()
    for _ in range(scripts // A_NETWORK):
        net: Net = network(random)
        course = Course(hg.Problem.from_dict(net.tree()))
        students, scripts_of_it = [], []
        for i in range(A_NETWORK):
            student = script(net, random, i % 3)
            names = [name for name in student.written if name not in student.done]
            left_out = set(random.sample(names, len(names) // 4)) if random.random() < 0.3 else set()
            students.append(student)
            scripts_of_it.append(as_script(student, left_out))
        for student, report in zip(students, reports(course, scripts_of_it), strict=True):
            count.add(student, report)
    return count


@pytest.fixture(scope="module")
def count() -> Count:
    return run(20_000, seed=1)


def test_no_right_script_is_marked_wrong_anywhere(count: Count) -> None:
    assert count.found["right"] > 6000
    assert count.found["false alarms"] == 0, count.missed[:3]


def test_one_mistake_is_located_named_and_carried_forward(count: Count) -> None:
    planted = count.found["one"]
    assert planted > 6000
    assert count.found["located"] >= 0.995 * planted, count.missed[:9]
    assert count.found["named"] >= 0.97 * planted, count.missed[:9]
    assert count.found["accepted"] >= 0.995 * planted, count.missed[:9]


def test_two_mistakes_are_both_found(count: Count) -> None:
    assert count.found["two"] > 5000
    assert count.found["both"] >= 0.9 * count.found["two"]


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    total = run(*(numbers + [2000, 1][len(numbers) :]))
    sys.stdout.write("\n".join([str(dict(total.found)), *total.missed[:30], ""]))
