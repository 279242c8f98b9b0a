"""Reads and writes problem files: TOML, or the same tree as JSON.

Every mistake is an InputError that names the file and, where it can be told, the line.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NoReturn

from handgrad.arithmetic.numerals import MAX_DIGITS, Literal
from handgrad.errors import InputError, Mistake, Path

if TYPE_CHECKING:
    from handgrad.problem import Problem

STANDARD_INPUT = "-"
MAX_BYTES = 64 * 2**20
MAX_DEPTH = 64
_SMALL = 2**14
_MAX_BITS = 3322
"""The bits of 1000 digits: a much longer integer could not even be printed in an error."""
_EMPTY = "the file is empty, expected a problem with a table [network]"


class ProblemTree:
    """A file that was read: its ``tree``, its name as given (``file``), and the ``folder`` that it stands in."""

    __slots__ = ("_json", "_lines", "_text", "file", "folder", "tree")

    def __init__(self, tree: dict[str, Any], file: str, folder: FilePath, text: str, *, json: bool) -> None:
        self.tree, self.file, self.folder = tree, file, folder
        self._text, self._json = text, json
        self._lines: dict[Path, int] | None = None

    def line(self, path: Path) -> int | None:
        """The line of a key path, or of the nearest table around it; None for the whole file."""
        if self._lines is None:
            from handgrad.problem_lines import key_lines

            self._lines, _ = key_lines(self._text, json=self._json)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines[path] if path else None


def load(file: str | os.PathLike[str]) -> Problem:
    """The problem of a file; "-" is standard input. Raises InputError with file, lines and key paths."""
    from handgrad.problem import Problem

    found = read(file)
    try:
        return Problem.from_dict(found.tree, found.folder)
    except InputError as error:
        raise located(error, found) from None


def read(file: str | os.PathLike[str]) -> ProblemTree:
    """The tree of a TOML or JSON file, by its suffix, else by its first character; decimals as Literal.

    Raises InputError: no such file, not text, a syntax error, a key twice, nothing in it, too large or too
    deep.
    """
    name = os.fspath(file)
    piped = name == STANDARD_INPUT
    shown = "standard input" if piped else name
    text = _decoded(_piped() if piped else _contents(name), shown)
    suffix = FilePath(name).suffix.lower()
    json = suffix == ".json" or (suffix != ".toml" and text.lstrip().startswith("{"))
    if not text.strip():
        _fail(_EMPTY, shown)
    tree = _json(text, shown) if json else toml_tree(text, shown)
    if not isinstance(tree, dict):
        kind = {list: "a list", str: "a text", type(None): "null"}.get(type(tree), f"{tree!s:.40}")
        _fail(f"expected a table of keys at the top of the file, found {kind}", shown)
    if not tree:
        _fail(_EMPTY, shown)
    _check(tree, text, shown)
    return ProblemTree(tree, shown, FilePath() if piped else FilePath(name).parent, text, json=json)


def read_text(file: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8. Raises InputError: no such file, no text, too large."""
    name = os.fspath(file)
    return _decoded(_small(name) or _contents(name), name)


def located(error: InputError, tree: ProblemTree) -> InputError:
    """The same mistakes with the file and the line of each."""
    lines = [mistake.line or tree.line(mistake.path) for mistake in error.mistakes]
    pairs = zip(error.mistakes, lines, strict=True)
    return InputError([Mistake(mistake.path, mistake.text, line) for mistake, line in pairs], tree.file)


def dumps(tree: dict[str, Any]) -> str:
    """A problem tree as TOML. Raises InputError for a value that TOML does not have."""
    from handgrad.problem_text import toml

    return toml(tree)


def write(tree: dict[str, Any], file: str | os.PathLike[str]) -> None:
    """Writes a problem tree as TOML. Raises InputError."""
    write_text(file, dumps(tree))


def write_text(file: str | os.PathLike[str], text: str) -> None:
    """Writes a text file in UTF-8, as ``write_bytes`` does. Raises InputError."""
    write_bytes(file, text.encode("utf-8"))


def write_bytes(file: str | os.PathLike[str], content: bytes) -> None:
    """Writes a file aside and renames it, so that it is there whole or not at all. Raises InputError."""
    aside = None
    try:
        given = FilePath(file)
        if given.exists() and not given.is_file():
            given.write_bytes(content)  # a device, such as /dev/stdout
            return
        target = given.resolve()
        aside = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        with aside.open("xb") as out:
            out.write(content)
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o7777)
        aside.replace(target)
    except (OSError, ValueError) as error:
        _discard(aside)
        missing = isinstance(error, FileNotFoundError)
        _fail(f"cannot be written: {'its folder does not exist' if missing else _reason(error)}", os.fspath(file))


def _discard(aside: FilePath | None) -> None:
    from contextlib import suppress

    with suppress(OSError):
        if aside is not None:
            aside.unlink()


def _fail(text: str, file: str, line: int | None = None) -> NoReturn:
    raise InputError([Mistake((), text, line)], file) from None


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "permission is denied"
    return str(getattr(error, "strerror", None) or error)


def _contents(name: str) -> bytes:
    try:
        with FilePath(name).open("rb") as source:
            return source.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        _fail(f"cannot be read: {_reason(error)}", name)


def _small(name: str) -> bytes:
    """The bytes of a small file, in one go: no room for a large one is set aside. Nothing for any other."""
    from contextlib import suppress
    from stat import S_ISREG

    with suppress(OSError, ValueError):
        about = os.stat(name)  # noqa: PTH116  a Path costs more than the reading
        if S_ISREG(about.st_mode) and about.st_size < _SMALL:
            opened = os.open(name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                data = os.read(opened, _SMALL)
            finally:
                os.close(opened)
            return data if len(data) == about.st_size else b""
    return b""


def _piped() -> bytes:
    source = getattr(sys.stdin, "buffer", None)
    if source is not None:
        return bytes(source.read(MAX_BYTES + 1))
    return sys.stdin.read(MAX_BYTES + 1).encode("utf-8", "surrogateescape") if sys.stdin else b""


def _decoded(data: bytes, shown: str) -> str:
    if len(data) > MAX_BYTES:
        _fail(f"the file is too large, expected at most {MAX_BYTES // 2**20} MiB", shown)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _fail(f"expected text in UTF-8, found the byte 0x{error.object[error.start]:02x}", shown, line)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        _fail("expected text in UTF-8, found a NUL byte", shown, line)
    return text


def toml_tree(text: str, shown: str) -> Any:
    """The tree of a TOML text, decimals as Literal. InputError, with the file as ``shown``, for a syntax error."""
    import tomllib

    try:
        return tomllib.loads(text, parse_float=Literal)
    except tomllib.TOMLDecodeError as error:
        _toml_mistake(str(error), text, shown)
    except RecursionError:
        _too_deep(shown)
    except ValueError:
        _long_integer(text, shown)


_PLAIN = {
    "Cannot overwrite a value": "this key stands here a second time",
    "Cannot declare": "this table stands here a second time",
    "Invalid value": 'expected a value (a number, a "text", a list, true or false)',
    "Expected '=' after a key": "expected = after a key",
}
"""What some of the parser's messages say, in words for a student."""


def _toml_mistake(message: str, text: str, shown: str) -> NoReturn:
    """Takes the place out of the message: "… (at line 3, column 5)" or "… (at end of document)"."""
    what, _, place = message.rpartition(" (at ")
    what = next((plain for start, plain in _PLAIN.items() if what.startswith(start)), what or message)
    words = place.rstrip(")").replace(",", "").split()
    if words[:1] == ["line"]:
        _syntax("TOML", what, int(words[1]), f"column {words[3]}", shown)
    _syntax("TOML", what, text.rstrip().count("\n") + 1, "the end", shown)


def _syntax(form: str, what: str, line: int, where: str, shown: str) -> NoReturn:
    _fail(f"not valid {form} at {where}: {what}", shown, line)


def _json(text: str, shown: str) -> Any:
    import json

    repeated = []

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated.append(found)
        return found

    def constant(word: str) -> Literal:
        return Literal({"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[word])

    try:
        tree = json.loads(text, parse_float=Literal, parse_constant=constant, object_pairs_hook=table)
    except json.JSONDecodeError as error:
        _syntax("JSON", error.msg, error.lineno, f"column {error.colno}", shown)
    except RecursionError:
        _too_deep(shown)
    except ValueError:
        _long_integer(text, shown)
    if repeated:
        _repeated_key(tree, text, shown)
    return tree


def _repeated_key(tree: Any, text: str, shown: str) -> NoReturn:
    from handgrad.problem_lines import key_lines

    _check(tree, text, shown)
    _, repeated = key_lines(text, json=True)
    raise InputError([Mistake(path, "the key stands here a second time", line) for path, line in repeated], shown)


def _too_deep(shown: str) -> NoReturn:
    _fail(f"the file is nested too deep, expected at most {MAX_DEPTH} levels", shown)


def _long_integer(text: str, shown: str) -> NoReturn:
    import re

    found = re.search(r"0[xob]\w{800,}|[\d_]{1001,}", text)
    line = text.count("\n", 0, found.start()) + 1 if found else None
    _fail(f"an integer is too long, expected at most {MAX_DIGITS} digits", shown, line)


def _check(tree: Any, text: str, shown: str) -> None:
    """Refuses what later parts could not even print: nesting, integers of many digits, half characters."""
    level = [tree]
    for _ in range(MAX_DEPTH + 1):
        if any(type(value) is int and value.bit_length() > _MAX_BITS for value in level):
            _long_integer(text, shown)
        tables = [value for value in level if type(value) is dict]
        words = [value for value in level if isinstance(value, str)]
        try:
            "".join(words + [key for table in tables for key in table]).encode()
        except UnicodeEncodeError as error:
            _fail(f"expected text, found half of a character: {ascii(error.object[error.start])[1:-1]}", shown)
        lists = [value for value in level if type(value) is list]
        level = [value for table in tables for value in table.values()]
        level += [value for entries in lists for value in entries]
        if not level:
            return
    _too_deep(shown)
