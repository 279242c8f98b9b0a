"""Answers in the rows of a table: quantity, index, value under a heading in any order, or name, value."""

from __future__ import annotations

import csv
import re

from handgrad.marking.collecting import Collector

_NAMES = frozenset(("quantity", "name", "question", "answer to", "symbol", "grösse", "größe", "groesse", "frage"))
_VALUES = frozenset(("value", "answer", "result", "number", "wert", "antwort", "ergebnis", "zahl"))
_INDICES = frozenset(("index", "entry", "place", "eintrag"))
_PLACES = re.compile(r"[\[(]?\s*([0-9]{1,6}(?:\s*[,; .]\s*[0-9]{1,6})*)\s*[\])]?")
_MOST_ROWS = 100_000
_LONGEST = 200_000


def rows(text: str, into: Collector) -> str:
    """Gives every row of a table in commas, semicolons or tabs; the student's name, if a row says it.

    Rows that cannot be read are listed.
    """
    short = _lines(text, into)
    first = next((line for line in short if line.strip()), "")
    delimiter = next((sign for sign in "\t;" if sign in first), ",")
    reader = csv.reader((f"{line}\n" for line in short), delimiter=delimiter, skipinitialspace=True)
    order: dict[str, int] | None = None
    student = ""
    try:
        for cells in reader:
            if into.full:
                break
            row = [cell.strip() for cell in cells]
            if not any(row):
                continue
            if order is None:
                order = _heading(row)
                if order:
                    continue
            if row[0].lower() == "student" and len(row) > 1:
                student = row[-1]
                continue
            _row(row, order, into, f"line {reader.line_num}", comma=delimiter == ";")
    except csv.Error as error:
        into.refuse(f"line {reader.line_num}", "", f"the table cannot be read from here on: {error}")
    return student


def _lines(text: str, into: Collector) -> list[str]:
    """The lines of a text; nothing in place of one that is too long."""
    lines = text.split("\n", _MOST_ROWS)
    if len(lines) > _MOST_ROWS:
        into.refuse(f"line {_MOST_ROWS + 1}", "", f"more than {_MOST_ROWS} lines; the rest is not read")
        lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST:
            into.refuse(f"line {number}", line[:80], f"a line of {len(line)} characters, expected at most {_LONGEST}")
    return [line if len(line) <= _LONGEST else "" for line in lines]


def _heading(row: list[str]) -> dict[str, int]:
    """The columns of a heading by what they hold; nothing if the row is none."""
    found: dict[str, int] = {}
    for column, cell in enumerate(row):
        word = cell.lower()
        for kind, words in (("name", _NAMES), ("value", _VALUES), ("index", _INDICES)):
            if word in words:
                found.setdefault(kind, column)
    return found if {"name", "value"} <= found.keys() else {}


def _row(row: list[str], order: dict[str, int], into: Collector, where: str, *, comma: bool) -> None:
    columns = order or {"name": 0, "value": 1}
    last = max(columns.values())
    given = row
    while len(row) > last + 1 and not row[-1]:
        row = row[:-1]
    if len(row) <= max(columns["name"], columns["value"]) or (not order and len(row) != 2):
        wanted = "a name and a value" if not order else f"{last + 1} cells as in the heading"
        why = f"expected {wanted}, found {len(row)} cell{'s' if len(row) != 1 else ''}"
        into.refuse(where, ", ".join(given), why)
        return
    name, index = row[columns["name"]], ""
    if "index" in columns and columns["index"] < len(row):
        index = row[columns["index"]]
    if index:
        places = _PLACES.fullmatch(index)
        if places is None:
            into.refuse(where, ", ".join(given), f"expected an index such as 2,3, found {index[:20]}")
            return
        name += f"[{','.join(re.findall('[0-9]+', places[1]))}]"
    into.give(name, row[columns["value"]], where, comma=comma)
