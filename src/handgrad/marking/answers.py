"""Reads a student's script: TOML, JSON, CSV, a Markdown or LaTeX text, or a dict.

What cannot be read is listed in the script, never guessed. Only a file that cannot be opened, that is no text,
or that is no TOML or JSON at all raises InputError.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from handgrad.arithmetic.numerals import described
from handgrad.errors import InputError, Mistake
from handgrad.marking.collecting import DECLARATIONS, Collector
from handgrad.marking.plain_toml import quick
from handgrad.marking.script import Readable, Script
from handgrad.problem_file import read_text, toml_tree

TABLES = ("answers", "printed")
"""Tables of a file that hold the answers; what is beside them is then no answer."""

PROSE = (".md", ".markdown", ".txt", ".tex", ".latex")
_STUDENT = "student"
_NAMED = re.compile(r"^[\W_]*student[*_]*[ \t]*[:=]([^\n]{1,100})$", re.IGNORECASE | re.MULTILINE)
_HEAD = 2000
"""Characters of a text in which the student's name is looked for."""
_MOST_KEYS = 100_000


def read(
    source: str | os.PathLike[str] | Mapping[str, Any],
    readable: Readable,
    *,
    student: str = "",
    letters: Mapping[str, str] | None = None,
) -> Script:
    """The script of a file (by its suffix) or of a dict: name -> number, text, or nested lists of them.

    A table [answers] or [printed] may stand around the answers, and beside them ``student = "a name"`` (the
    ``student`` given here goes before it), ``loss_factor = 1`` for another factor of the loss than the problem's,
    ``transposed = true`` (or a list of names) for weights that are written transposed. ``letters``: the table of
    the problem's notation. Of an entry that is given twice the first counts. Raises InputError for a file that
    cannot be read at all.
    """
    into = Collector(readable, letters)
    if isinstance(source, Mapping):
        return into.script(student or _table(source, into))
    suffix = os.path.splitext(source)[1].lower()  # noqa: PTH122  a Path costs more than the reading
    if suffix not in _READERS:
        message = f"expected a script that ends in {', '.join(_READERS)}, found {suffix or 'no ending'}"
        raise InputError([Mistake((), message)], os.fspath(source))
    file = os.fspath(source)
    found = _READERS[suffix](read_text(file), into, file)
    return into.script(student or found)


def _table(tree: Mapping[Any, Any], into: Collector) -> str:
    """The answers of a tree of keys; the student's name if it holds one."""
    student = str(tree[_STUDENT]) if isinstance(tree.get(_STUDENT), str) else ""
    tables = [name for name in TABLES if isinstance(tree.get(name), Mapping)]
    for key in DECLARATIONS:
        if key in tree:
            into.declare(key, tree[key])
    for count, (key, value) in enumerate(tree.items()):
        if into.full or count >= _MOST_KEYS:
            into.refuse(str(key), "", f"more than {_MOST_KEYS} answers; the rest is not read")
            break
        if isinstance(value, Mapping):
            if key in tables:
                student = _table(value, into) or student
            elif not tables:
                into.refuse(str(key), "a table", "expected a number, a text or a list of them, found a table")
        elif key != _STUDENT and key not in DECLARATIONS:
            _pair(key, value, into)
    return student


def _pair(key: Any, value: Any, into: Collector) -> None:
    if isinstance(key, str):
        into.give(key, value)
    else:
        into.refuse(described(key), value, f"expected a text as name, found {described(key)}")


def _toml(text: str, into: Collector, file: str) -> str:
    tree = quick(text)
    return _table(toml_tree(text, file) if tree is None else tree, into)


class _Repeated(list[tuple[str, Any]]):
    """The pairs of a JSON object, of which a key stands in two."""


def _pairs(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Repeated(pairs)


def _json(text: str, into: Collector, file: str) -> str:
    import json

    if not text.strip():
        return ""
    try:
        tree = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        _refuse(file, f"not valid JSON at column {error.colno}: {error.msg}", error.lineno)
    except RecursionError:
        _refuse(file, "lists and tables are nested too deep")
    if not isinstance(tree, (dict, _Repeated)):
        _refuse(file, f"expected a table of names, found {described(tree)}")
    return _table(_once(tree, into), into)


def _once(tree: Any, into: Collector) -> dict[str, Any]:
    """A JSON object with each key once, the first that is given; tables of answers likewise."""
    pairs = tree.items() if isinstance(tree, dict) else tree
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            into.refuse(key, value if isinstance(value, str) else described(value), "given twice; the first counts")
        else:
            found[key] = _once(value, into) if isinstance(value, _Repeated) else value
    return found


def _refuse(file: str, text: str, line: int | None = None) -> NoReturn:
    raise InputError([Mistake((), text, line)], file) from None


def _csv(text: str, into: Collector, _: str) -> str:
    from handgrad.marking.answer_rows import rows

    return rows(text, into)


def _prose(text: str, into: Collector, file: str) -> str:
    from handgrad.marking.forms import quick as quick_prose
    from handgrad.marking.prose import read as read_prose

    tex = os.path.splitext(file)[1].lower() in {".tex", ".latex"}  # noqa: PTH122  a Path costs more than the reading
    if not quick_prose(text, into, tex=tex):
        read_prose(text, into, tex=tex)
    name = _NAMED.search(text[:_HEAD])
    return name[1].strip(" \"'*") if name else ""


_READERS = {".toml": _toml, ".json": _json, ".csv": _csv, ".tsv": _csv, **dict.fromkeys(PROSE, _prose)}
