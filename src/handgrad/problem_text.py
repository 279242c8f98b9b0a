"""A problem tree as TOML text, laid out as a person would: a table each, rows of a matrix in line."""

from __future__ import annotations

import re
from typing import Any

from handgrad.arithmetic.numerals import Literal, described
from handgrad.errors import InputError, Mistake, Path

WIDTH = 100
_INDENT = "    "
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def toml(tree: dict[str, Any]) -> str:
    """The tree as TOML: plain keys first, then a [table] each, lists of tables as [[table]].

    Numbers that are no TOML numbers (fractions, decimals) keep their value: a Fraction becomes "4/7".
    Raises InputError with the key path of a value that TOML does not have.
    """
    blocks = ["\n".join(_pairs({key: tree[key] for key in tree if not _is_table(tree[key])}, ()))]
    for key, value in tree.items():
        if isinstance(value, dict):
            blocks += _table((key,), value)
        elif _is_table(value):
            blocks += [_block(f"[[{_key(key)}]]", entry, (key, i)) for i, entry in enumerate(value)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _is_table(value: Any) -> bool:
    """A table, or a list of tables only."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(entry, dict) for entry in value)
    return isinstance(value, dict)


def _table(path: Path, table: dict[str, Any]) -> list[str]:
    """[name], then the lists of tables in it; other tables in it stand inline."""
    lists = [key for key, value in table.items() if not isinstance(value, dict) and _is_table(value)]
    name = ".".join(_key(str(step)) for step in path)
    blocks = [_block(f"[{name}]", {key: value for key, value in table.items() if key not in lists}, path)]
    for key in lists:
        header = f"[[{name}.{_key(key)}]]"
        blocks += [_block(header, entry, (*path, key, i)) for i, entry in enumerate(table[key])]
    return blocks


def _block(header: str, table: dict[str, Any], path: Path) -> str:
    return "\n".join([header, *_pairs(table, path)])


def _pairs(table: dict[str, Any], path: Path) -> list[str]:
    lines: list[str] = []
    for key, value in table.items():
        start = f"{_key(key)} = "
        lines.append(start + _laid_out(value, "", len(start), (*path, key)))
    return lines


def _laid_out(value: Any, indent: str, before: int, path: Path) -> str:
    """A value on one line if it fits, else a list over several: nested lists a line each, numbers filled."""
    value = _listed(value)
    line = _inline(value, path)
    if before + len(line) <= WIDTH or not isinstance(value, (list, tuple)):
        return line
    inner = indent + _INDENT
    if any(isinstance(_listed(entry), (list, tuple, dict)) for entry in value):
        rows = [_laid_out(entry, inner, len(inner) + 1, (*path, i)) for i, entry in enumerate(value)]
    else:
        rows = _filled([_inline(entry, (*path, i)) for i, entry in enumerate(value)], WIDTH - len(inner) - 1)
    return "[\n" + "".join(f"{inner}{row},\n" for row in rows) + f"{indent}]"


def _filled(words: list[str], width: int) -> list[str]:
    """Words joined by commas into rows of at most this width."""
    rows: list[list[str]] = []
    room = -1
    for word in words:
        if room < len(word) + 2:
            rows.append([])
            room = width + 2
        rows[-1].append(word)
        room -= len(word) + 2
    return [", ".join(row) for row in rows]


def _listed(value: Any) -> Any:
    """A NumPy array or number as lists and Python numbers; anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") and hasattr(value, "shape") else value


def _inline(value: Any, path: Path) -> str:
    value = _listed(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Literal, int, float)):
        return str(value) if isinstance(value, (Literal, int)) else float.__repr__(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_inline(entry, (*path, i)) for i, entry in enumerate(value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_inline(entry, (*path, key))}" for key, entry in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    return _other(value, path)


def _other(value: Any, path: Path) -> str:
    """Dates as TOML dates; a Decimal as a decimal; a Fraction or flint number as an integer or "p/q"."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "as_tuple"):
        text = str(value).lower()
        return text if text.lstrip("-").replace(".", "", 1).isdigit() and "." in text else _quoted(text)
    if hasattr(value, "numerator") and hasattr(value, "denominator"):
        text = str(value)
        return _quoted(text) if "/" in text else text
    raise InputError([Mistake(path, f"TOML has no such value: {described(value)}")])


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise InputError([Mistake((), f"expected a text as key, found {described(key)}")])
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else _code(c)) for c in text) + '"'


def _code(character: str) -> str:
    return f"\\U{ord(character):08X}"
