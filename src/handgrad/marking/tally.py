"""What a class got wrong, to be read: how many reach which marks, where errors begin, which mistakes are common."""

from __future__ import annotations

from collections import Counter

from handgrad.marking.classrun import Tally
from handgrad.notation.document import Block, Figure, Paragraph, Section, Table
from handgrad.notation.nodes import Number
from handgrad.notation.picture import Box, Label, Picture, Shape, Stroke
from handgrad.notation.symbols import convention
from handgrad.notation.words import say
from handgrad.problem import Problem
from handgrad.working.document import Document

LISTED = 12
"""Lines of each table."""

_BAR, _GAP, _HEIGHT, _MARGIN = 36.0, 8.0, 120.0, 30.0


def document(tally: Tally, problem: Problem) -> Document:
    """The report on a class."""
    language = convention(problem.notation).language
    head = say(
        language, "{scripts} scripts, {failed} of them could not be read.", scripts=tally.scripts, failed=tally.failed
    )
    marks: tuple[Block, ...] = (Paragraph((head,)), _marks(tally, language), Figure(lambda: plot(tally, language), ()))
    sections = [Section(say(language, "Marks"), marks, "marks")]
    counted = (("Where errors begin", "Entry", tally.first_errors), ("Mistakes", "Mistake", tally.mistakes))
    for title, what, counts in counted:
        if counts:
            sections.append(Section(say(language, title), (_counted(counts, what, language),), "counts"))
    title = problem.title or say(language, "Worked solution")
    return Document(title, tuple(sections), tally.data, language)


def _counted(counts: Counter[str], what: str, language: str) -> Table:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:LISTED]
    rows = tuple((name, Number(str(count), count)) for name, count in ranked)
    return Table((say(language, what), say(language, "Scripts")), rows)


def _marks(tally: Tally, language: str) -> Table:
    rows = tuple((f"{10 * tenth} %", Number(str(tally.tenths[tenth]), tally.tenths[tenth])) for tenth in range(11))
    return Table((say(language, "Marks from"), say(language, "Scripts")), rows)


def plot(tally: Tally, language: str = "en") -> Picture:
    """How many scripts reach which tenth of the marks, as bars."""
    most = max(tally.tenths.values(), default=1)
    shapes: list[Shape] = []
    for tenth in range(11):
        left, count = _MARGIN + tenth * (_BAR + _GAP), tally.tenths[tenth]
        size = _HEIGHT * count / most
        top = _MARGIN + _HEIGHT - size
        shapes.append(Box(left, top, _BAR, size, "op"))
        shapes.append(Label(left + _BAR / 2, top - 8, str(count), "value"))
        shapes.append(Label(left + _BAR / 2, _MARGIN + _HEIGHT + 12, f"{10 * tenth} %", "value"))
    width = 2 * _MARGIN + 11 * _BAR + 10 * _GAP
    floor = _MARGIN + _HEIGHT
    shapes.append(Stroke(((_MARGIN, floor), (width - _MARGIN, floor)), "edge"))
    return Picture(width, floor + _MARGIN, tuple(shapes), say(language, "Scripts by the marks that they reach"))
