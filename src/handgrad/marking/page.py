"""A report as a Document: the marks, each entry, what could not be read, the working with the student's lines."""

from __future__ import annotations

from collections.abc import Iterable

from handgrad.marking.judge import Status
from handgrad.marking.report import Entry, Report
from handgrad.marking.sentences import minus
from handgrad.notation.document import Block, Equation, Paragraph, Section, Span, Table
from handgrad.notation.words import say
from handgrad.working.document import Document

MARKS = {
    Status.RIGHT: "✓",
    Status.ROUNDED: "✓",
    Status.FOLLOWS: "(✓)",
    Status.SLIP: "≈",
    Status.COARSE: "○",
    Status.WRONG: "✗",
    Status.BLANK: "–",
}
"""The sign of each verdict."""


def document(report: Report) -> Document:
    """The report to be read."""
    trace = report.course.trace
    working = trace.working()
    language = working.language
    sections = [Section(say(language, "Marks"), tuple(_marks(report, language)), "marks")]
    sections.append(Section(say(language, "Entries"), (_entries(report, language),), "entries"))
    if report.mistakes:
        sections.append(Section(say(language, "Mistakes"), tuple(_mistakes(report, language)), "mistakes"))
    if report.unread:
        sections.append(Section(say(language, "Not read"), (_unread(report, language),), "unread"))
    lines = _lines(report)
    sections += [
        Section(section.title, tuple(_beside(section.blocks, lines, language)), section.key)
        for section in working.sections
    ]
    title = f"{working.title}: {report.student}" if report.student else working.title
    return Document(title, tuple(sections), report.data, language)


def _marks(report: Report, language: str) -> Iterable[Block]:
    yield Paragraph((say(language, "{score} of {total} marks.", score=f"{report.score:g}", total=f"{report.total:g}"),))
    first = report.first_error
    if first is None:
        yield Paragraph((say(language, "No entry is wrong."),))
    else:
        yield Paragraph((say(language, "The first wrong entry is {entry}.", entry=first.question), " ", first.why))
    for name, why in report.own.degenerate.items():
        text = "Nothing is carried forward from {name}: {why}."
        yield Paragraph((say(language, text, name=name, why=say(language, why)),), "note")


def _entries(report: Report, language: str) -> Table:
    header = ("Entry", "Yours", "Verdict", "Right", "Marks", "Why")
    rows = tuple(_row(entry) for entry in report.entries)
    return Table(tuple(say(language, word) for word in header), rows)


def _row(entry: Entry) -> tuple[Span, ...]:
    marks = f"{entry.marks:g}/{entry.worth:g}" if entry.worth else ""
    return (entry.question, minus(entry.written), MARKS[entry.status], entry.right, marks, entry.why)


def _mistakes(report: Report, language: str) -> Iterable[Block]:
    for mistake in report.mistakes:
        hint = say(language, mistake.hint)
        yield Paragraph((f"{mistake.quantity}: {say(language, mistake.name)}. {hint[:1].upper()}{hint[1:]}.",))


def _unread(report: Report, language: str) -> Table:
    header = tuple(say(language, word) for word in ("Where", "Text", "Why"))
    return Table(header, tuple((one.where, one.text, one.why) for one in report.unread))


def _lines(report: Report) -> dict[str, list[Entry]]:
    """What the student wrote, by quantity."""
    found: dict[str, list[Entry]] = {}
    for entry in report.entries:
        if entry.status is not Status.BLANK:
            found.setdefault(entry.quantity, []).append(entry)
    return found


def _beside(blocks: Iterable[Block], lines: dict[str, list[Entry]], language: str) -> Iterable[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Equation) and block.number and block.name in lines:
            yours = ", ".join(f"{minus(entry.written)} {MARKS[entry.status]}" for entry in lines[block.name])
            yield Paragraph((say(language, "Yours: {line}", line=yours),), "note")
