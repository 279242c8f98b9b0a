"""Scripts of many habits, marked: what is right is never called wrong, what is wrong is found and named.

`python tests/marking/test_papers.py [SCRIPTS] [SEED]` prints the table, and what was missed.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from math import isfinite
from random import Random
from typing import Any

from paper_networks import Net, network
from paper_working import doubts, explained, paper
from papers import SLIPS, Habit, Paper, flat, habit, where

import handgrad as hg
from handgrad.marking.answers import read
from handgrad.marking.course import Course
from handgrad.marking.judge import Status
from handgrad.marking.report import Report

A_NETWORK = 12
"""People who work each network."""

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

    def person(self, way: Habit, random: Random) -> None:
        right = paper(self.net, way)
        if not right.written:
            return
        if not explained(right):
            self.count.found["beyond a teacher"] += 1
            return
        self.right(right)
        doubt = doubts(self.net, way, right)
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

    def changed(self, script: Paper, doubt: dict[str, Any], random: Random) -> None:
        """One entry of a right script changed so far that no rounding explains it."""
        places = [(name, i) for name in script.written for i in range(len(flat(script.values[name])))]
        name, place = random.choice(places)
        value, hand = flat(script.values[name])[place], script.habit.pen
        sure, unit = 4 * flat(doubt[name])[place], hand.unit(hand.text(value))
        changes = {kind: value * factor for kind, factor in FACTORS.items()} | {"units": value + UNITS * unit}
        for kind, wrong in changes.items():
            text = hand.text(wrong)
            if abs(hand.read(text) - value) <= max(sure + 4 * hand.unit(text), 0.025 * abs(value)):
                continue
            self.count.found[f"changed: {kind}"] += 1
            status = statuses(self.report(script.written | {name: put(script.written[name], place, text)}))
            if status[where(name, script.shapes[name], place)] is not Status.WRONG:
                self.count.miss(f"passed: {kind}", self.net, script, (name, place, value, text))


TINY, HUGE = 1e-30, 1e9
"""Between these are the numbers of a network that anybody works by hand; what a saturated unit leaves is far smaller."""

FACTORS = {"+3 %": 1.03, "-3 %": 0.97, "+10 %": 1.1, "-10 %": 0.9, "sign": -1.0, "twice": 2.0, "half": 0.5}
UNITS = 6
"""How many units of its last digit a changed entry is off, at least beyond what is in doubt."""


def put(value: Any, place: int, text: str) -> Any:
    """The nested texts with one of them changed."""
    if isinstance(value, str):
        return text
    size = sum(1 for _ in leaves(value[0]))
    return [put(one, place - i * size, text) if i == place // size else one for i, one in enumerate(value)]


def leaves(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [text for part in value for text in leaves(part)]


def statuses(report: Report) -> dict[str, Status]:
    return {entry.question: entry.status for entry in report.entries}


def wrongs(report: Report) -> list[str]:
    return [entry.question for entry in report.entries if entry.status is Status.WRONG]


def tried(net: Net, way: Habit, *planted: Any) -> Paper | None:
    """The script, where a calculator gets through: no logarithm of 0, nothing beyond its range."""
    try:
        script = paper(net, way, *planted)
    except ArithmeticError:
        return None
    values = [value for rows in script.values.values() for value in flat(rows)]
    return script if all(isfinite(value) and (not value or TINY < abs(value) < HUGE) for value in values) else None


def run(people: int, seed: int) -> Count:
    """So many people, each with a right script and what is made of it."""
    random, count = Random(seed), Count()
    while count.found["right scripts"] < people:
        net = network(random)
        ways = [habit(random) for _ in range(A_NETWORK)]
        marker = Marker(net, count) if tried(net, replace(ways[0], carry="full")) else None
        for way in ways:
            if marker and tried(net, way):
                marker.person(way, random)
    return count


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    total = run(*(numbers + [2000, 1][len(numbers) :]))
    lines = [f"{name:30}{number:8}" for name, number in sorted(total.found.items())]
    sys.stdout.write("\n".join([*total.missed[:30], *lines, ""]))
