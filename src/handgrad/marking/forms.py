r"""Lines of one form are read once: "- h1 = (0.73, 0.88)" says of "- h1 = (0.61, 0.70)" all but the numbers.

Which place of which quantity a decimal stands for does not depend on its digits. So a line is read with marked
numbers in place of its decimals, once, and the next of the same form takes its own to the same places. That
holds for lines that stand for themselves; a text with any other line, or with one that cannot be read, is read
as a whole (see ``prose``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from handgrad.marking.collecting import Collector
from handgrad.marking.numbers import all_written
from handgrad.marking.preparing import EQUALS, prepared
from handgrad.marking.script import Form, Written
from handgrad.marking.values import CLOSE, OPEN

_DECIMAL = re.compile(r"((?<![\w.)\]}])[-+−–]?[0-9]{1,12}\.[0-9]{1,12}(?!\w|\.[0-9]))")
_GAP = "\0"
"""Stands for a decimal in a form; no text has it."""
_LONGEST, _LONGEST_LINE, _MOST_LINES, _MOST_FORMS = 50_000, 1000, 1000, 4000
_FROM_BEFORE = re.compile(rf"[\s$`]*(?:\\[(\[\])])*[\s$`]*(?:{EQUALS.pattern})")
"""A line that goes on from the one before it."""
_NOT_ALONE = re.compile(r"\s*[.{\[]|.*(?:tikzpicture|begin\s*\{document\}|\\(?:begin|end)\s*$)", re.DOTALL)
"""A line that may change how others are read."""
_MATRIX = re.compile(r"\\(begin|end)\s*\{\s*(?:[pbBvV]?matrix|smallmatrix|array)\s*\}")
_DISPLAY = re.compile(r"\\[()\[\]]")
_BODY = r"\begin{document}"


def quick(text: str, into: Collector, *, tex: bool = False) -> bool:
    """Reads a text all of whose lines have forms, known or to be learnt; False, and nothing done, for any other."""
    plain = _body(text, tex=tex)
    if len(plain) > _LONGEST or "\r" in plain or _GAP in plain or plain.count("\n") > _MOST_LINES:
        return False
    parts = _DECIMAL.split(plain)
    numbers, at = parts[1::2], 0
    taken: list[tuple[Form, int]] = []
    for lines in _together(_GAP.join(parts[::2]).split("\n")):
        form = _form(lines, into, tex=tex)
        if form is None:
            return False
        if form:
            taken.append((form, at))
        at += lines.count(_GAP)
    return _give(taken, numbers, into)


def _together(lines: list[str]) -> Iterator[str]:
    """Lines one by one, those of one matrix, list or equation as one."""
    begun, *rest = lines
    for line in rest:
        if _goes_on(begun) or _FROM_BEFORE.match(line) is not None:
            begun = f"{begun}\n{line}"
        else:
            yield begun
            begun = line
    yield begun


def _goes_on(lines: str) -> bool:
    """Whether a matrix or a list is still open."""
    if "\\begin" in lines:
        marks = _MATRIX.findall(lines)
        if marks.count("begin") > marks.count("end"):
            return True
    opened, closed = (lines.count(pair[0]) + lines.count(pair[1]) for pair in ("([", ")]"))
    return opened > closed and not _closed(_DISPLAY.sub("", lines)) and EQUALS.search(lines) is not None


def _give(taken: list[tuple[Form, int]], numbers: list[str], into: Collector) -> bool:
    """Takes the numbers to their places, if none is given twice."""
    read = all_written(numbers)
    found: dict[str, dict[int, Written]] = {}
    count = 0
    for form, start in taken:
        for quantity, place, at in form:
            if (number := read[start + at]) is not None:
                found.setdefault(quantity, {})[place] = number
        count += len(form)
    if sum(map(len, found.values())) < count:
        return False
    into.entries.update(found)
    return True


def _body(text: str, *, tex: bool) -> str:
    """A text from where its document begins, its lines ended alike."""
    plain = text.replace("\r\n", "\n")
    start = plain.find(_BODY) if tex else -1
    if start < 0:
        return plain
    return plain[start + len(_BODY) :] if "%" not in plain[:start] else _GAP


def _form(line: str, into: Collector, *, tex: bool) -> Form | None:
    """What stands at which place in lines of a form; None where such a line cannot be read alone."""
    if len(line) > _LONGEST_LINE:
        return None
    known = into.readable.forms
    key = (line, tex, *(into.letters or {}).items())
    if key not in known:
        if len(known) >= _MOST_FORMS:
            known.clear()
        known[key] = _learnt(line, into, tex=tex)
    return known[key]


def _learnt(line: str, into: Collector, *, tex: bool) -> Form | None:
    from handgrad.marking.prose import Scanner, read

    if _NOT_ALONE.match(line) is not None or _FROM_BEFORE.match(line) is not None:
        return None
    first, *rest = line.split(_GAP)
    marks = [f"0.{i + 1:07}1" for i in range(len(rest))]
    marked = first + "".join(mark + part for mark, part in zip(marks, rest, strict=True))
    ready = prepared(marked, tex=tex)
    alone = Collector(into.readable, into.letters)
    whole = [equation.sides[-1] for equation in Scanner(alone).equations(marked, tex=tex)]
    if ready.count(OPEN) != ready.count(CLOSE) or not all(side and _closed(side) for side in whole):
        return None
    read(marked, alone, tex=tex)
    places = {mark: at for at, mark in enumerate(marks)}
    given = [(name, place, entry.text) for name, written in alone.entries.items() for place, entry in written.items()]
    if alone.unread or alone.by_columns or any(text not in places for _, _, text in given):
        return None
    return tuple((name, place, places[text]) for name, place, text in given)


def _closed(side: str) -> bool:
    return side.count("(") + side.count("[") <= side.count(")") + side.count("]")
