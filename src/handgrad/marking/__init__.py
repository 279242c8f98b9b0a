"""Marking: a student's numbers held against the trace."""

from __future__ import annotations

import os
from typing import Any

from handgrad.marking.course import Courses
from handgrad.marking.report import Report
from handgrad.problem import Problem

Answers = str | os.PathLike[str] | dict[str, Any]


def mark(problem: Problem, answers: Answers, *, student: str = "") -> Report:
    """Marks a script: a dict of answers, or a file of them (TOML, JSON, CSV, Markdown, LaTeX).

    Each entry is right, right as rounded, right by follow-through, a slip, wrong or blank; the first wrong
    one and the mistakes are named. Raises InputError if the file cannot be read at all.
    """
    from handgrad.marking.answers import read

    courses = Courses(problem)
    script = read(answers, courses.plain.readable, student=student, letters=courses.plain.letters_on_paper)
    return Report(courses.of(script), script)
