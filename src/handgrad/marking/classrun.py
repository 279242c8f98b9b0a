"""A whole class: every submission of a folder marked, one line of CSV each, and what the class got wrong.

The lines are written as they come, to a file beside the one that is asked for; a run that was broken off goes
on after the last whole line. One script that cannot be read is a line with its error and stops nothing.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from handgrad.errors import InputError, Mistake
from handgrad.marking.answers import read
from handgrad.marking.course import Course, Courses
from handgrad.marking.report import Report, cell, reports
from handgrad.marking.script import Script
from handgrad.problem import Problem

SUFFIXES = (".toml", ".json", ".csv", ".md", ".tex", ".txt")
"""Of the files of a folder that are submissions."""

AT_ONCE, NUMBERS_AT_ONCE = 1024, 100_000
"""So many scripts at most are marked together, and so many numbers of them; each time their lines are written."""

HEAD = ("submission", "student", "score", "total", "first_error", "mistakes", "unread", "error")

Progress = Callable[[int, int], None]
"""Called with how many are done, of how many."""


class Line(Struct, frozen=True):
    """One submission of a class: its marks, its first wrong entry, its mistakes; or why it could not be marked."""

    submission: str
    student: str
    score: float
    total: float
    first_error: str
    mistakes: tuple[str, ...]
    unread: int
    error: str
    parts: tuple[float, ...] = ()
    """The marks of each question of the problem."""


def submissions(folder: str | os.PathLike[str]) -> list[str]:
    """The names of the submissions in a folder, sorted. Raises InputError if there is none, or no such folder."""
    shown = os.fspath(folder)
    try:
        with os.scandir(folder) as found:
            names = sorted(one.name for one in found if one.name.lower().endswith(SUFFIXES) and one.is_file())
    except OSError as error:
        raise InputError([Mistake((), f"cannot be read: {error.strerror}")], shown) from None
    if not names:
        raise InputError([Mistake((), f"there are no submissions in it, expected files {', '.join(SUFFIXES)}")], shown)
    return names


def mark_class(
    problem: Problem, folder: str | os.PathLike[str], out: str | os.PathLike[str], progress: Progress | None = None
) -> Tally:
    """Marks every submission of a folder and writes the CSV; lines of a run that was broken off are kept.

    After the columns of HEAD one for each question of the problem holds its marks. With a name that ends in
    .json the same lines are a list of tables. Raises InputError if there are no submissions, or the file
    cannot be written.
    """
    courses, names, tally = Courses(problem), submissions(folder), Tally()
    aside, head = Path(f"{os.fspath(out)}.partial"), (*HEAD, *problem.questions)
    try:
        end = _resumed(aside, head, names, tally)
        with aside.open("a" if end else "w", encoding="utf-8", newline="") as sheet:
            sheet.truncate(end)
            writer = csv.writer(sheet, lineterminator="\n")
            if not end:
                writer.writerow(map(cell, head))
            at_once = max(1, min(AT_ONCE, NUMBERS_AT_ONCE // courses.plain.size))
            for start in range(tally.scripts, len(names), at_once):
                for line in marked(courses, [Path(folder, name) for name in names[start : start + at_once]]):
                    writer.writerow(_cells(line, len(head)))
                    tally.add(line)
                    if progress is not None:
                        progress(tally.scripts, len(names))
        if os.fspath(out).lower().endswith(".json"):
            _as_json(aside)
        aside.replace(out)
    except OSError as error:
        raise InputError([Mistake((), f"cannot be written: {error.strerror}")], os.fspath(out)) from None
    return tally


def _as_json(sheet: Path) -> None:
    """The finished lines as JSON: a list with a table for each script."""
    import json

    whole = sheet.with_suffix(f"{sheet.suffix}.tmp")
    with sheet.open(encoding="utf-8", newline="") as lines, whole.open("w", encoding="utf-8") as tree:
        head = [text.removeprefix("'") for text in next(csv.reader(lines))]
        for i, row in enumerate(csv.reader(lines)):
            line = _line(row)
            table = {name: getattr(line, name) for name in HEAD}
            table |= zip(head[len(HEAD) :], line.parts, strict=False)
            tree.write(("[\n" if i == 0 else ",\n") + json.dumps(table, ensure_ascii=False))
        tree.write("\n]\n")
    whole.replace(sheet)


def _resumed(sheet: Path, head: tuple[str, ...], names: list[str], tally: Tally) -> int:
    """Counts the whole lines of a run that was broken off; where the last of them ends (0: begin anew)."""
    if not sheet.is_file():
        return 0
    end = 0
    with sheet.open(encoding="utf-8", errors="replace", newline="") as lines:
        for i, text in enumerate(lines):
            row = next(csv.reader([text]))
            whole = text.endswith("\n") and len(row) == len(head)
            begins = [str(cell(word)) for word in head] if i == 0 else [cell(name) for name in names[i - 1 : i]]
            if not whole or row[: len(begins)] != begins:
                break
            if i:
                tally.add(_line(row))
            end += len(text.encode())
    return end


def _line(row: list[str]) -> Line:
    plain = [value.removeprefix("'") for value in row]
    name, student, score, total, first, mistakes, unread, error = plain[: len(HEAD)]
    named, parts = tuple(mistakes.split("; ")) if mistakes else (), tuple(map(float, filter(None, plain[len(HEAD) :])))
    return Line(name, student, float(score), float(total), first, named, int(unread), error, parts)


def marked(courses: Courses, paths: Sequence[Path]) -> list[Line]:
    """Submissions, marked together."""
    lines: dict[Path, Line] = {}
    alike: dict[Course, list[tuple[Path, Script]]] = {}
    for path in paths:
        with _lines_for_errors(path, lines):
            script = read(path, courses.plain.readable, letters=courses.plain.letters_on_paper)
            alike.setdefault(courses.of(script), []).append((path, script))
    for course, found in alike.items():
        try:
            lines |= _lines_of(course, found)
        except Exception:  # noqa: BLE001  whatever it is, one script never stops the rest
            for one in found:
                with _lines_for_errors(one[0], lines):
                    lines |= _lines_of(course, [one])
    return [lines[path] for path in paths]


@contextmanager
def _lines_for_errors(path: Path, lines: dict[Path, Line]) -> Iterator[None]:
    """Makes an error the line of a submission."""
    why = ""
    try:
        yield
    except InputError as error:
        why = str(error).partition("\n")[0]
    except Exception as error:  # noqa: BLE001  whatever it is, one script never stops the rest
        why = f"could not be marked: {type(error).__name__}"
    if why:
        lines[path] = Line(path.name, path.stem, 0.0, 0.0, "", (), 0, why)


def _lines_of(course: Course, found: list[tuple[Path, Script]]) -> dict[Path, Line]:
    marked_scripts = reports(course, [script for _, script in found])
    return {path: line_of(path.name, report) for (path, _), report in zip(found, marked_scripts, strict=True)}


def line_of(submission: str, report: Report) -> Line:
    """The line of a report."""
    first = report.first_wrong
    where = "" if first is None else report.question(first.name, first.place)
    mistakes = tuple(f"{mistake.quantity}: {mistake.name}" for mistake in report.mistakes)
    student = report.student or Path(submission).stem
    parts = report.marks if report.course.problem.questions else ()
    return Line(submission, student, report.score, report.total, where, mistakes, len(report.unread), "", parts)


def _cells(line: Line, count: int) -> list[Any]:
    """The cells of a line, those of a script that could not be marked empty at the end."""
    mistakes = "; ".join(line.mistakes)
    cells = (line.submission, line.student, line.score, line.total, line.first_error, mistakes, line.unread, line.error)
    found = [cell(value) for value in (*cells, *line.parts)]
    return found + [""] * (count - len(found))


class Tally:
    """What a class got wrong: how many reach which marks, where errors begin, which mistakes are common."""

    def __init__(self) -> None:
        self.scripts = self.failed = 0
        self.first_errors: Counter[str] = Counter()
        self.mistakes: Counter[str] = Counter()
        self.tenths: Counter[int] = Counter()
        """Scripts by the tenth of the marks that they reach, 0 to 10."""

    def add(self, line: Line) -> None:
        """Count a line."""
        self.scripts += 1
        if line.error:
            self.failed += 1
            return
        if line.first_error:
            self.first_errors[line.first_error] += 1
        self.mistakes.update(set(line.mistakes))
        self.tenths[int(10 * line.score / line.total) if line.total else 0] += 1

    def data(self) -> dict[str, Any]:
        """The counts as plain data."""
        return {
            "scripts": self.scripts,
            "failed": self.failed,
            "first_errors": dict(self.first_errors.most_common()),
            "mistakes": dict(self.mistakes.most_common()),
            "marks": {f"{10 * tenth} %": self.tenths[tenth] for tenth in range(11)},
        }
