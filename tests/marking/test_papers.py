"""Scripts of many habits, marked: what is right is never called wrong, what is wrong is found and named.

`python tests/marking/test_papers.py [SCRIPTS] [SEED] [EVERY]` prints what was missed and the table; of one right
script in EVERY, mistakes are made too.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from math import isfinite
from random import Random
from typing import Any

import pytest
from paper_networks import Net, network
from paper_working import doubts, explained, paper
from papers import SLIPS, Habit, Paper, flat, habit, where
from pens import Pen

import handgrad as hg
from handgrad.marking.answers import read
from handgrad.marking.course import Course
from handgrad.marking.judge import Status
from handgrad.marking.report import Report

A_NETWORK = 12
"""People who work each network."""

A_PERSON = 3
"""Changes tried with one number of a right script of each."""

SAID = {
    "entry sign": {"sign"},
    "entry point": {"decimal point"},
    "entry other": {"another entry"},
    "entry half": {"a factor ½ too many"},
}
"""How the slips with single entries are called."""


@dataclass
class Count:
    """What a run of scripts came to."""

    found: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def miss(self, what: str, net: Net, script: Paper, detail: object) -> None:
        self.found[what] += 1
        self.missed.append(f"{what}: {detail}\n    {script.habit}\n    {script.written}\n    {net.tree()}")


@dataclass
class Marker:
    """The marking of one network."""

    net: Net
    count: Count
    course: Course = field(init=False)

    def __post_init__(self) -> None:
        self.course = Course(hg.Problem.from_dict(self.net.tree()))

    def report(self, answers: dict[str, Any]) -> Report:
        return Report(self.course, read(answers, self.course.readable))

    def person(self, way: Habit) -> Paper | None:
        """The right script of somebody, marked."""
        script = paper(self.net, way)
        if not script.written:
            return None
        if not explained(script):
            self.count.found["beyond a teacher"] += 1
            return None
        self.right(script)
        return script

    def mistakes(self, right: Paper, random: Random) -> None:
        """What is made of a right script: an entry changed, one mistake, two."""
        way, doubt = right.habit, doubts(self.net, right.habit, right)
        self.changed(right, doubt, random)
        offers = paper(self.net, way, doubt=doubt).offers
        names = sorted(name for name, kinds in offers.items() if kinds)
        for many in (1, 2):
            chosen = {name: random.choice(offers[name]) for name in random.sample(names, min(many, len(names)))}
            script = tried(self.net, way, chosen, doubt)
            if script and len(script.done) == many:
                (self.one if many == 1 else self.two)(script)

    def right(self, script: Paper) -> None:
        self.count.found["right scripts"] += 1
        report = self.report(script.written)
        wrong = [*wrongs(report), *report.unread]
        if wrong:
            self.count.miss("false alarms", self.net, script, wrong)

    def one(self, script: Paper) -> None:
        ((name, entries),) = script.done.items()
        report, kind, found = self.report(script.written), script.plants[name], self.count.found
        found["one mistake"] += 1
        first = report.first_error
        here = "" if first is None else first.question
        if here not in entries:
            self.count.miss("not located", self.net, script, (kind, name, entries, here))
        called = {mistake.name for mistake in report.mistakes if mistake.quantity == name}
        if not (kind in called or SAID.get(kind, set()) & called or (kind in SLIPS and called)):
            self.count.miss("not named", self.net, script, (kind, name, called))
        later = [question for question in wrongs(report) if question.partition("[")[0] != name]
        if later and not report.own.degenerate:
            self.count.miss("consequence refused", self.net, script, (kind, name, later))

    def two(self, script: Paper) -> None:
        self.count.found["two mistakes"] += 1
        names = {question.partition("[")[0] for question in wrongs(self.report(script.written))}
        if not names >= script.done.keys():
            self.count.miss("not both found", self.net, script, (script.plants, script.done, names))

    def zeros(self) -> None:
        """A script of zeros earns what is truly zero."""
        truth = paper(self.net, PLAIN)
        for zero in ("0", "0.00"):
            answers = {name: all_put(answer, zero) for name, answer in truth.written.items()}
            for verdict in self.report(answers).verdicts:
                self.count.found["zeros"] += 1
                if verdict.status not in (Status.WRONG, Status.COARSE) and abs(verdict.truth) > NOTHING:
                    self.count.miss("zeros passed", self.net, truth, (verdict.name, verdict.place, verdict.truth))

    def changed(self, script: Paper, doubt: dict[str, Any], random: Random) -> None:
        """One entry of a right script changed so far that no rounding explains it."""
        places = [(name, i) for name in script.written for i in range(len(flat(script.values[name])))]
        name, place = random.choice(places)
        value, hand = flat(script.values[name])[place], script.habit.pen
        sure, unit = 4 * flat(doubt[name])[place], hand.unit(hand.text(value))
        changes = {kind: value * factor for kind, factor in FACTORS.items()} | {"units": value + UNITS * unit}
        for kind, wrong in random.sample(list(changes.items()), A_PERSON):
            text = hand.text(wrong)
            if abs(hand.read(text) - value) <= max(sure + 4 * hand.unit(text), 0.025 * abs(value)):
                continue
            self.count.found[f"changed: {kind}"] += 1
            status = statuses(self.report(script.written | {name: put(script.written[name], place, text)}))
            if status[where(name, script.shapes[name], place)] is not Status.WRONG:
                self.count.miss(f"passed: {kind}", self.net, script, (name, place, value, text))


PLAIN = Habit(Pen("decimals", 4), "full", "full", joint=False, leaves="nothing", slopes=False, losses=True, seed=0)
NOTHING = 1e-13
"""What floating point leaves of a zero is no more."""

TINY, HUGE = 1e-30, 1e9
"""Between these are the numbers of a network that anybody works by hand."""

FACTORS = {"+3 %": 1.03, "-3 %": 0.97, "+10 %": 1.1, "-10 %": 0.9, "sign": -1.0, "twice": 2.0, "half": 0.5}
UNITS = 6
"""How many units of its last digit a changed entry is off, at least beyond what is in doubt."""


def put(value: Any, place: int, text: str) -> Any:
    """The nested texts with one of them changed."""
    if isinstance(value, str):
        return text
    size = sum(1 for _ in leaves(value[0]))
    return [put(one, place - i * size, text) if i == place // size else one for i, one in enumerate(value)]


def all_put(value: Any, text: str) -> Any:
    return text if isinstance(value, str) else [all_put(one, text) for one in value]


def leaves(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [text for part in value for text in leaves(part)]


def statuses(report: Report) -> dict[str, Status]:
    return {report.question(verdict.name, verdict.place): verdict.status for verdict in report.verdicts}


def wrongs(report: Report) -> list[str]:
    return [question for question, status in statuses(report).items() if status is Status.WRONG]


def tried(net: Net, way: Habit, *planted: Any) -> Paper | None:
    """The script, where a calculator gets through: no logarithm of 0, nothing beyond its range."""
    try:
        script = paper(net, way, *planted)
    except ArithmeticError:
        return None
    values = [value for rows in script.values.values() for value in flat(rows)]
    return script if all(isfinite(value) and (not value or TINY < abs(value) < HUGE) for value in values) else None


def run(people: int, seed: int, every: int = 1) -> Count:
    """So many right scripts; of one in ``every`` also what mistakes and changes make of it."""
    random, count = Random(seed), Count()
    while count.found["right scripts"] < people:
        net = network(random)
        ways = [habit(random) for _ in range(A_NETWORK)]
        if not tried(net, replace(ways[0], carry="full")):
            continue
        marker = Marker(net, count)
        if any(0 < abs(truth) < NOTHING for truths in marker.course.truths.values() for truth in truths):
            continue  # a unit so saturated that floating point tells its numbers from nothing no more
        for way in ways:
            right = marker.person(way) if tried(net, way) else None
            if right and count.found["right scripts"] % every == 0:
                marker.mistakes(right, random)
        marker.zeros()
    return count


@pytest.fixture(scope="module")
def count() -> Count:
    return run(1600, seed=20, every=12)


def share(count: Count, what: str, of: str) -> float:
    return count.found[what] / count.found[of]


def test_what_a_teacher_can_call_right_is_never_called_wrong(count: Count) -> None:
    assert count.found["right scripts"] >= 1600
    assert count.found["false alarms"] == 0, count.missed[:3]
    assert share(count, "beyond a teacher", "right scripts") < 0.03


def test_one_mistake_is_found_named_and_carried_forward(count: Count) -> None:
    assert count.found["one mistake"] > 100
    assert share(count, "not located", "one mistake") <= 0.02, count.missed[:3]
    assert share(count, "not named", "one mistake") <= 0.03, count.missed[:3]
    assert share(count, "consequence refused", "one mistake") <= 0.03, count.missed[:3]


def test_two_mistakes_are_both_found(count: Count) -> None:
    assert count.found["two mistakes"] > 100
    assert share(count, "not both found", "two mistakes") <= 0.1


def test_an_entry_is_refused_where_its_digits_leave_no_doubt(count: Count) -> None:
    changed = {kind: number for kind, number in count.found.items() if kind.startswith("changed")}
    passed = {kind: number for kind, number in count.found.items() if kind.startswith("passed")}
    assert sum(changed.values()) > 200
    assert sum(passed.values()) <= 0.04 * sum(changed.values()), count.missed[:3]
    assert passed.get("passed: sign", 0) == 0


def test_a_script_of_zeros_earns_true_zeros_alone(count: Count) -> None:
    assert count.found["zeros"] > 5000
    assert count.found["zeros passed"] == 0, count.missed[:3]


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    total = run(*(numbers + [2000, 1, 1][len(numbers) :]))
    lines = [f"{name:30}{number:8}" for name, number in sorted(total.found.items())]
    sys.stdout.write("\n".join([*total.missed[:30], *lines, ""]))
