"""Document -> CSV: every value of every quantity, an entry a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from handgrad.working.document import Document

HEADER = ("quantity", "index", "value", "exact")


def render(document: Document) -> str:
    """The values of a document as CSV; the index of an entry is that of a question ("2,3"; a batch's example first).

    ``value`` is the nearest double, ``exact`` the number itself where it is rational (or a formula).
    """
    data = document.data()
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    quantities = data.get("quantities", {})
    for name, described in quantities.items():
        writer.writerows(_rows(name, described))
    for answer in data.get("answers", []):
        if answer["question"].partition("[")[0] not in quantities and "shape" in answer:
            writer.writerows(_rows(answer["question"], answer))
    return file.getvalue()


def _rows(name: str, described: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    exact = dict(_entries(described["exact"])) if "exact" in described else {}
    for places, number in _entries(described["value"]):
        written = "" if number is None else repr(number)
        index = ",".join(map(str, places))
        yield _cell(name), index, written, _cell(exact.get(places, ""))


def _entries(nested: Any, places: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The entries of nested lists, each with its places counted from 1."""
    if not isinstance(nested, list):
        yield places, nested
        return
    for i, inner in enumerate(nested):
        yield from _entries(inner, (*places, i + 1))


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: what is no number and starts like one stands behind a quote."""
    return f"'{text}" if text[:1] in _STARTS and not _NUMBER.fullmatch(text) else text


_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?(/\d+)?")
