"""On which line of a problem file each key path stands. Needed for error messages only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handgrad.errors import Path

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRING = re.compile(
    r'''"""(?:[^"\\]|\\.|""?(?!"))*"{3,5}'''
    r"""|'''(?:[^']|''?(?!'))*'{3,5}"""
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"""|'[^'\n]*'""",
    re.DOTALL,
)


def key_lines(text: str, *, json: bool) -> tuple[dict[Path, int], list[tuple[Path, int]]]:
    """The line of each key path of a valid TOML (or JSON) text, and the keys that stand there twice."""
    scanner = _Scanner(text, json=json)
    if json:
        scanner.blank()
        scanner.value(())
    else:
        scanner.statements()
    return scanner.lines, scanner.repeated


class _Scanner:
    """Steps through a text that a parser has accepted, so it need not look for mistakes."""

    def __init__(self, text: str, *, json: bool) -> None:
        self.text, self.json = text, json
        self.at = self.counted = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.repeated: list[tuple[Path, int]] = []
        self.tables: dict[Path, int] = {}
        """How many [[tables]] of each path there were so far."""

    def blank(self) -> str:
        """Steps over blanks and comments; the character found then ("" at the end)."""
        self.at = self._end(_BLANK)
        return self.text[self.at : self.at + 1]

    def _end(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        return found.end() if found else len(self.text)

    def _here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def statements(self) -> None:
        """The lines of a TOML file: headers and key = value."""
        table: Path = ()
        while found := self.blank():
            if found == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line = self._here()
        double = self.text.startswith("[[", self.at)
        self.at += 1 + double
        path: Path = ()
        *outer, last = self._key()
        for step in outer:
            path = (*path, step)
            self.lines.setdefault(path, line)
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        path = (*path, last)
        if double:
            self.lines.setdefault(path, line)
            count = self.tables.get(path, 0)
            self.tables[path] = count + 1
            path = (*path, count)
        self.lines[path] = line
        self.blank()
        self.at += 1 + double
        return path

    def _key(self) -> list[str]:
        """A key in its parts: a.b."c d" has three."""
        parts: list[str] = []
        while True:
            quoted = self.blank() in ("'", '"')
            start, self.at = self.at, self._end(_STRING if quoted else _BARE_KEY)
            word = self.text[start : self.at]
            parts.append(self._unquoted(word) if quoted else word)
            if self.json or self.blank() != ".":
                return parts
            self.at += 1

    def _unquoted(self, word: str) -> str:
        if "\\" not in word or word[0] == "'":
            return word[1:-1]
        if self.json:
            import json

            return str(json.loads(word))
        import tomllib

        return str(tomllib.loads(f"key = {word}")["key"])

    def _pair(self, table: Path) -> None:
        line = self._here()
        key = self._key()
        for length in range(1, len(key)):
            self.lines.setdefault((*table, *key[:length]), line)
        path = (*table, *key)
        if path in self.lines:
            self.repeated.append((path, line))
        self.lines[path] = line
        self.blank()
        self.at += 1
        self.blank()
        self.value(path)

    def value(self, path: Path) -> None:
        """Steps over a value; its entries' or keys' lines are noted."""
        found = self.text[self.at : self.at + 1]
        if found == "[":
            self._list(path)
        elif found == "{":
            self._inline_table(path)
        else:
            self.at = self._end(_STRING if found in ("'", '"') else _SCALAR)

    def _list(self, path: Path) -> None:
        self.at += 1
        place = 0
        while self.blank() not in ("]", ""):
            entry = (*path, place)
            self.lines[entry] = self._here()
            self.value(entry)
            place += 1
            if self.blank() == ",":
                self.at += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self.blank() not in ("}", ""):
            self._pair(path)
            if self.blank() == ",":
                self.at += 1
        self.at += 1
