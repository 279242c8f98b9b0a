r"""Numbers, lists and matrices in a text: "(0,73; 0,88)", "[[1, 2], [3, 4]]^T", "\begin{bmatrix} 1 & 2 \end{bmatrix}".

A text becomes nested lists of the texts of numbers. Where it can be read in two ways ("[1,2; 3,4]" is two
decimals, or four numbers in two rows) both are given, and the shape of the quantity decides.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from handgrad.marking.arrays import DEEPEST, leaves
from handgrad.marking.numbers import BLANKS
from handgrad.marking.spelling import SPACING

OPEN, CLOSE, ROW, CELL = "\x02", "\x03", "\x1e", "\x1f"
"""A matrix in a text that has been prepared: where it begins and ends, its rows and its cells."""

_PAIRS = {"[": "]", "(": ")", OPEN: CLOSE}
_DEEPEST_BRACKETS = 24
_TRANSPOSED = re.compile(
    r"\s*(?:\^\s*(?:\{\s*(?:\\top|\\intercal|\\mathsf\s*T|T|t|\\mathrm\{T\})\s*\}|\\top(?![a-z])|T|t)|[ᵀ⊤]|'|\.T)\s*$"
)
_CALLED = re.compile(r"(?:np\.|numpy\.|torch\.)?(?:array|tensor|Tensor)\s*(?=\()")
_ENDING = re.compile(
    r"(?:[\s.,;]|\\(?:notag|nonumber|qquad|quad|,|;|!)|\\(?:text|mbox)\{[^{}]*\}|\(\s*(?:rounded|gerundet)\s*\))+$"
)
_DECIMAL_COMMA = re.compile(r"[+\-−–]?\s*[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
_REMARK = re.compile(r"\s#\s[^\n]*$")
_BOLD = re.compile(r"\\(?:mathbf|boldsymbol|bm|mathrm|textbf|underline|mathit)\s*\{([^{}\\]*)\}")
_FLAT = re.compile(r"[\[(]([^\[\](){};|\\\x02\x03]*)[\])]")
"""The plainest of lists, the most frequent one."""
_SIDE_BY_SIDE = re.compile(r"[0-9.)\]}]\s+[-+−–]?(?:[0-9.(\[]|\\[dt]?frac)")


class Reading(Struct, frozen=True):
    """One way to read a text: nested lists of number texts; whether a comma in them is the decimal one."""

    value: Any
    comma: bool = False


def readings(text: str) -> list[Reading]:
    """The ways to read a text that is to be a number or a list; ValueError if its brackets are no good."""
    plain = SPACING.sub(" ", text)
    plain = _without_ending(_REMARK.sub("", plain)).strip("*")
    if (bold := _BOLD.fullmatch(plain)) is not None:
        plain = bold[1].strip()
    transposed = bool(plain[:1] in _PAIRS and _TRANSPOSED.search(plain))
    if transposed:
        plain = _TRANSPOSED.sub("", plain)
    plain = _CALLED.sub("", plain, count=1) if plain[:1].isalpha() else plain
    if plain[:1] not in _PAIRS:
        if OPEN in plain or CLOSE in plain:
            message = "expected a number or one list, found something beside a matrix"
            raise ValueError(message)
        return [Reading(plain)]
    if (flat := _FLAT.fullmatch(plain)) is not None and "," in flat[1]:
        return [Reading([part.strip() for part in flat[1].rstrip(", ").split(",")])]
    _check(plain)
    if ";" not in plain and "|" not in plain:
        return [Reading(_turned(_nested(plain, rows=False), transposed), comma=OPEN in plain)]
    found = [Reading(_turned(_nested(plain, rows=rows), transposed), comma=not rows) for rows in (False, True)]
    return found[:1] if found[0].value == found[1].value else found


def _without_ending(text: str) -> str:
    """Without the punctuation and remarks that may follow a number."""
    plain = text.strip()
    if plain in BLANKS:
        return plain
    tail = plain[-400:]
    return plain[: len(plain) - len(tail)] + _ENDING.sub("", tail)


def _check(text: str) -> None:
    """Raises ValueError for brackets that do not close, or too deep."""
    depth = deepest = 0
    for character in re.findall(r"[\[\](){}\x02\x03]", text):
        depth += 1 if character in "[({\x02" else -1
        deepest = max(deepest, depth)
        if depth < 0:
            break
    if deepest > _DEEPEST_BRACKETS:
        message = f"brackets are nested deeper than {_DEEPEST_BRACKETS}"
        raise ValueError(message)
    if depth:
        message = "a bracket does not close" if depth > 0 else "a bracket closes that was not opened"
        raise ValueError(message)


def _turned(value: Any, transposed: bool) -> Any:  # noqa: FBT001
    """The transpose of a matrix; a list has none."""
    if not transposed or not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        return value
    shape, _ = leaves(value)
    return [list(column) for column in zip(*value, strict=True)] if len(shape) == 2 else value


def _nested(text: str, *, rows: bool, depth: int = 0) -> Any:
    """The nested lists of a text; ``rows``: a semicolon parts rows, whose numbers are parted by commas."""
    text = text.strip()
    kind = text[:1]
    if kind not in _PAIRS or depth > DEEPEST or not _closes_at_end(text):
        return text
    inner = text[1:-1]
    if kind == OPEN:
        return _matrix(inner, rows=rows, depth=depth)
    if (found := _listed(inner, rows=rows, depth=depth)) is not None:
        return found
    if inner.strip()[:1] in _PAIRS and _closes_at_end(inner.strip()):
        value = _nested(inner, rows=rows, depth=depth + 1)
        return [value] if kind == "[" else value
    return [inner.strip()] if kind == "[" else text


def _listed(inner: str, *, rows: bool, depth: int) -> list[Any] | None:
    """The items of a list; None where nothing parts them."""
    inner = inner.replace("\\;", " ")
    parts = _split(inner, ";|")
    if len(parts) > 1:
        parts = parts[:-1] if not parts[-1].strip() else parts
        if any(_is_row(part, rows=rows) for part in parts):
            return [_row(part, depth) for part in parts]
        return [_nested(part, rows=rows, depth=depth + 1) for part in parts]
    parts = _split(inner, ",")
    if len(parts) > 1:
        parts = parts[:-1] if not parts[-1].strip() else parts
        return [_nested(part, rows=rows, depth=depth + 1) for part in parts]
    if _SIDE_BY_SIDE.search(inner):
        return [_nested(part, rows=rows, depth=depth + 1) for part in _split(inner.strip(), " \t\n\r") if part]
    return None


def _is_row(part: str, *, rows: bool) -> bool:
    """Whether what stands between semicolons is a row of several numbers, not one with a decimal comma."""
    pieces = _split(part, ",")
    if len(pieces) == 1:
        return bool(_SIDE_BY_SIDE.search(part)) and part.strip()[:1] not in _PAIRS
    return rows or len(pieces) > 2 or not _DECIMAL_COMMA.fullmatch(part.strip())


def _row(part: str, depth: int) -> list[Any]:
    pieces = _split(part, ",")
    if len(pieces) == 1 and _SIDE_BY_SIDE.search(part):
        pieces = [piece for piece in _split(part.strip(), " \t\n\r") if piece]
    return [_nested(piece, rows=True, depth=depth + 2) for piece in pieces]


def _matrix(inner: str, *, rows: bool, depth: int) -> list[Any]:
    lines = inner.split(ROW)
    if not lines[-1].strip():
        lines.pop()
    return [[_nested(cell, rows=rows, depth=depth + 2) for cell in line.split(CELL)] for line in lines]


def _closes_at_end(text: str) -> bool:
    """Whether the bracket that a text begins with closes at its very end."""
    depth = 0
    for match in re.finditer(r"[\[(\x02]|[\])\x03]", text):
        depth += 1 if match[0] in _PAIRS else -1
        if depth == 0:
            return match.end() == len(text)
    return False


def _split(text: str, separators: str) -> list[str]:
    """Text parted at separators that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rf"[\[({{\x02]|[\])}}\x03]|[{separators}]", text):
        character = match[0]
        if character in "[({\x02":
            depth += 1
        elif character in "])}\x03":
            depth -= 1
        elif depth == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]
