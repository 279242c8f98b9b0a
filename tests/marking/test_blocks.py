"""Scripts that are marked together are marked as if each were alone; lines of one form are read as all others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import paper_networks
import pytest
from paper_working import doubts
from papers import habit
from simulate import network, script
from test_papers import tried
from test_simulation import as_script

import handgrad as hg
from conftest import ROOT
from handgrad.marking import classrun, forms, judge, prose
from handgrad.marking.answers import read
from handgrad.marking.collecting import Collector
from handgrad.marking.course import Course
from handgrad.marking.report import Report, reports
from handgrad.marking.script import Script, Written

EXAMPLE = hg.load(ROOT / "examples" / "ann.toml")


def seen(report: Report) -> tuple[Any, ...]:
    """All that a report says."""
    verdicts = [(v.name, v.place, v.status, v.expected, bool(v.radius), v.tainted) for v in report.verdicts]
    return verdicts, report.mistakes, report.own.degenerate, report.score


def scripts(seed: int) -> tuple[Course, list[Script]]:
    random = Random(seed)
    net = network(random)
    course = Course(hg.Problem.from_dict(net.tree()))
    students = [script(net, random, i % 4) for i in range(12)]
    left_out = [
        set(random.sample(sorted(student.written), 2)) if i % 3 == 0 else set() for i, student in enumerate(students)
    ]
    return course, [as_script(student, names) for student, names in zip(students, left_out, strict=True)]


def of_many_habits(seed: int) -> tuple[Course, list[Script]]:
    """Scripts of one network that leave out what they like, with all kinds of digits, some with one mistake."""
    random = Random(seed)
    net = paper_networks.network(random)
    course = Course(hg.Problem.from_dict(net.tree()))
    found = []
    for way in [habit(random) for _ in range(8)]:
        right = tried(net, way)
        names = sorted(right.written) if right else []
        wrong = tried(net, way, dict.fromkeys(names[:1], "entry sign"), doubts(net, way, right)) if right else None
        found += [read(one.written, course.readable) for one in (right, wrong) if one and one.written]
    return course, found


CLASSES = [(scripts, seed) for seed in range(25)] + [(of_many_habits, seed) for seed in range(25)]


@pytest.mark.parametrize(("make", "seed"), CLASSES)
def test_marked_together_is_marked_alone(make: Callable[[int], tuple[Course, list[Script]]], seed: int) -> None:
    course, found = make(seed)
    together = [seen(report) for report in reports(course, found)]
    assert together == [seen(Report(course, one)) for one in found]


@pytest.mark.parametrize(("make", "seed"), CLASSES)
def test_what_is_seen_at_a_glance_is_what_looking_into_it_says(
    make: Callable[[int], tuple[Course, list[Script]]], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    course, found = make(seed)
    glanced = [seen(report) for report in reports(course, found)]

    def nothing(block: Any, name: str) -> list[list[int]]:
        return [[0] * len(line) for line in block.figures(name).values]

    monkeypatch.setattr(judge, "_at_a_glance", nothing)
    assert glanced == [seen(report) for report in reports(course, found)]


def test_verdicts_do_not_depend_on_the_scripts_before() -> None:
    course = Course(EXAMPLE)
    wrong = {"h1": ["0.73", "1.88", "0.73"], "a2": ["3.34", "3.34", "1.88"], "h2": ["0.97", "0.97", "0.87"]}
    right = {"h1": ["0.73", "0.88", "0.73"], "a2": ["2.34", "2.34", "0.73"], "h2": ["0.91", "0.91", "0.66"]}

    def of(answers: dict[str, list[str]]) -> Script:
        entries = {
            name: {i: Written(text, float(text), None, 0.005) for i, text in enumerate(texts)}
            for name, texts in answers.items()
        }
        return Script("", entries)

    first = [seen(Report(Course(EXAMPLE), of(answers))) for answers in (wrong, right)]
    assert [seen(Report(course, of(answers))) for answers in (wrong, right)] == first
    assert [seen(Report(course, of(answers))) for answers in (right, wrong)] == first[::-1]


def folder_of(tmp_path: Path, texts: dict[str, str]) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def test_a_script_that_cannot_be_marked_is_a_line_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, dict.fromkeys(("a.toml", "c.toml"), "h1 = [0.73, 0.88, 0.73]"))

    def failing(course: Course, found: list[Script]) -> list[Report]:
        if any(one.student == "b" for one in found):
            raise RuntimeError
        return reports(course, found)

    (folder / "b.toml").write_text('student = "b"\nh1 = [0.73, 0.88, 0.73]')
    monkeypatch.setattr(classrun, "reports", failing)
    classrun.mark_class(EXAMPLE, folder, tmp_path / "marks.csv")
    rows = (tmp_path / "marks.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["a.toml", "b.toml", "c.toml"]
    assert rows[1].startswith("b.toml,b,0.0,0.0,,,0,could not be marked: RuntimeError")
    assert rows[0].startswith("a.toml,a,3.0,3,")
    assert rows[2].startswith("c.toml,c,3.0,3,")


def test_a_class_larger_than_a_block_is_marked_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classrun, "AT_ONCE", 2)
    texts = {f"{i}.toml": f"h1 = [0.73, 0.88, 0.{70 + i}]" for i in range(5)}
    done: list[tuple[int, int]] = []
    tally = classrun.mark_class(
        EXAMPLE, folder_of(tmp_path, texts), tmp_path / "marks.csv", lambda *at: done.append(at)
    )
    assert tally.scripts == 5
    assert done == [(i, 5) for i in range(1, 6)]
    assert tally.first_errors == {"h1[3]": 2}


PLAIN = "# Solution\n\n- a1 = [1.00, 2.00, 1.00]\n- h1 = [0.73, 0.88, 0.73]\n\nso the loss is\nL = -ln 0.71 = 0.34.\n"
TEX = r"""\documentclass{article}
\begin{document}
\[ \mathbf{h}_1 = \begin{pmatrix} 0.73 \\ 0.88 \\ 0.73 \end{pmatrix} \]
\begin{align*}
a_2 &= (2.34, 2.34, -0.73)^T \\
W
\end{align*}
$\frac{\partial L}{\partial W_3} = \begin{bmatrix}
0.13 & 0.13 & 0.10 \\
0.13 & 0.13 & 0.10 \\
-0.26 & -0.26 & -0.19
\end{bmatrix}$ % done
\end{document}
"""
LINES = "Then h1\n= [0.73,\n  0.88, 0.73]\n\ndL/dW1[2,3] = -0.0021\nsoftmax: y = e^a / sum\n"


@pytest.mark.parametrize(
    ("text", "tex"), [(PLAIN, False), (TEX, True), (LINES, False), (TEX.replace("\n", "\r\n"), True), ("", False)]
)
def test_lines_of_known_forms_say_what_the_whole_text_says(text: str, tex: bool) -> None:  # noqa: FBT001  a parameter
    readable = Course(EXAMPLE).readable
    for shown in (text, text.replace("0.73", "0.74").replace("0.88", "-12.5")):
        quick, whole = Collector(readable), Collector(readable)
        assert forms.quick(shown, quick, tex=tex)
        prose.read(shown, whole, tex=tex)
        assert [(name, list(entries.items())) for name, entries in quick.entries.items()] == [
            (name, list(entries.items())) for name, entries in whole.entries.items()
        ]
        assert not whole.unread


@pytest.mark.parametrize(
    "text",
    [
        "h1 = [0.73, 0.88, 0.73]\nh1[2] = 0.88",  # given twice
        "h1 = [0.73, 0.88]",  # another shape
        "h1 = (0,73; 0,88; 0,73)",  # a decimal comma
        "= 0.34",  # goes on from nothing
        "h1 = [0.73, 0.88, 0.73",  # never closed
        "[2pt] h1 = 0.5",
        "\\begin{pmatrix}\nh1 = 0.5",
        "L = 0.34 %\r% and a lone carriage return",
        "L = 0.34" + " and so on" * 200,
        "2/7 = x1\nL = 34/99",
    ],
)
def test_a_text_with_any_other_line_is_read_as_a_whole(text: str) -> None:
    into = Collector(Course(EXAMPLE).readable)
    assert not forms.quick(text, into)
    assert not into.entries
    assert not into.unread


def test_the_preamble_of_a_document_says_nothing_unless_it_may_be_a_comment() -> None:
    readable = Course(EXAMPLE).readable
    into = Collector(readable)
    assert forms.quick("h1 = [0.5, 0.5, 0.5]\n\\begin{document}\nL = 0.34", into, tex=True)
    assert list(into.entries) == ["L"]
    assert not forms.quick("% \\begin{document}\nL = 0.34", Collector(readable), tex=True)


def test_few_forms_and_names_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    readable = Course(EXAMPLE).readable
    monkeypatch.setattr(forms, "_MOST_FORMS", 3)
    monkeypatch.setattr("handgrad.marking.collecting._MOST_NAMES", 3)
    for i in range(10):
        into = Collector(readable)
        assert forms.quick(f"line {i}\nL = 0.34", into)
        into.give("h1[1]" + " " * i, "0.73")
        assert [written.text for entries in into.entries.values() for written in entries.values()] == ["0.34", "0.73"]
    assert len(readable.forms) <= 3
    assert all(len(names) <= 3 for names in readable.meant.values())
