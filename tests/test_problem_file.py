"""Problem files: reading, the lines of key paths, writing."""

from __future__ import annotations

import io
import os
import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad import problem_file
from handgrad.arithmetic.written import Literal
from handgrad.errors import InputError, Mistake
from handgrad.problem_file import dumps, located, read, write, write_text
from handgrad.problem_lines import key_lines

TOML = """\
# a comment with [brackets] and = signs
title = "a # b"
notation = "a,h"
[network]
input = 3
[[network.layers]] # one
op = "dense"
weights = [
  [1, 0.1],  # ]
  [2, \"""x
]\"""],
]
[[network.layers]]
op = 'dense'
activation = { op = "leaky_relu", slope = 0.1 }
own."b.c".'d\\' = 1979-05-27 07:32:00
[data]
"x" = [1e3, nan,
 -inf]
"\\u0079" = ['''two
lines''', 1]
[[network.layers]]
[update.a]
[[questions]]
ask = "L"
"""

JSON = """\
{
  "title": "a \\" ] b",
  "network": {"layers": [
    {"weights": [[1, 2.50],
                 [3, 4]]},
    {"op": "dense"}]},
  "\\u0064ata": {"x": [NaN, -Infinity, Infinity]}
}
"""


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write_bytes(data: str | bytes, name: str = "p.toml") -> Path:
        file = tmp_path / name
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return file

    return write_bytes


def refusal(file: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        read(file)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value).replace(str(Path(file).parent) + os.sep, "")


def test_decimals_are_read_as_they_stand(written: Any) -> None:
    file = written(TOML)
    found = read(str(file))
    assert found.file == str(file)
    assert found.folder == file.parent
    weights = found.tree["network"]["layers"][0]["weights"]
    assert weights == [[1, "0.1"], [2, "x\n]"]]
    assert type(weights[0][1]) is Literal
    assert type(weights[1][1]) is str
    assert found.tree["data"]["x"] == ["1e3", "nan", "-inf"]
    assert all(type(value) is Literal for value in found.tree["data"]["x"])


def test_json_is_the_same_tree(written: Any) -> None:
    found = read(written(JSON, "p.json"))
    assert found.tree["network"]["layers"][0]["weights"] == [[1, "2.50"], [3, 4]]
    assert type(found.tree["network"]["layers"][0]["weights"][0][1]) is Literal
    assert found.tree["data"]["x"] == ["nan", "-inf", "inf"]
    assert all(type(value) is Literal for value in found.tree["data"]["x"])


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), None),
        (("loss",), None),
        (("title",), 2),
        (("network",), 4),
        (("network", "input"), 5),
        (("network", "layers"), 6),
        (("network", "layers", 0), 6),
        (("network", "layers", 0, "bias"), 6),
        (("network", "layers", 0, "weights", 0, 1), 9),
        (("network", "layers", 0, "weights", 1, 1), 10),
        (("network", "layers", 0, "weights", 7), 8),
        (("network", "layers", 1), 13),
        (("network", "layers", 1, "activation", "slope"), 15),
        (("network", "layers", 1, "own", "b.c", "d\\"), 16),
        (("network", "layers", 1, "own"), 16),
        (("network", "layers", 2), 22),
        (("data", "x", 1), 18),
        (("data", "x", 2), 19),
        (("data", "y"), 20),
        (("data", "y", 1), 21),
        (("data", "label"), 17),
        (("update",), 23),
        (("questions", 0, "ask"), 25),
    ],
)
def test_lines_of_toml(written: Any, path: tuple[str | int, ...], line: int | None) -> None:
    assert read(written(TOML)).line(path) == line
    assert read(written(TOML.replace("\n", "\r\n"))).line(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("network", "layers", 0, "weights", 0, 1), 4),
        (("network", "layers", 0, "weights", 1), 5),
        (("network", "layers", 1, "op"), 6),
        (("data", "x", 2), 7),
        (("data", "y"), 7),
    ],
)
def test_lines_of_json(written: Any, path: tuple[str | int, ...], line: int) -> None:
    assert read(written(JSON, "p.json")).line(path) == line


def test_an_error_is_given_its_file_and_lines(written: Any) -> None:
    found = read(written(TOML))
    error = InputError([Mistake(("network", "layers", 1, "op"), "one"), Mistake(("loss",), "two"), Mistake((), "3", 9)])
    assert str(located(error, found)) == (
        f"{found.file}, line 14, network.layers[2].op: one\n{found.file}, loss: two\n{found.file}, line 9: 3"
    )


def test_lines_of_tables_in_lists_of_tables(written: Any) -> None:
    found = read(written("[[a]]\n[a.b]\nc = 1\n[[a]]\n[[a.d]]\n[[a.d]]\ne = 2\n"))
    assert found.tree == {"a": [{"b": {"c": 1}}, {"d": [{}, {"e": 2}]}]}
    paths: list[tuple[str | int, ...]] = [("a", 0, "b", "c"), ("a", 1), ("a", 1, "d"), ("a", 1, "d", 1, "e")]
    assert [found.line(path) for path in paths] == [3, 4, 5, 7]


def test_a_problem_is_loaded_or_its_mistakes_are_located(written: Any) -> None:
    text = "[network]\ninput = 1\n[[network.layers]]\nop = 'dense'\nweights = [[{}]]\n[data]\nx = [1]\n"
    assert problem_file.load(written(text.format(0.5))).x.exact() == [1]
    file = written(text.format("true"))
    with pytest.raises(InputError) as caught:
        problem_file.load(file)
    key = "network.layers[1].weights[1][1]"
    assert str(caught.value) == f"{file}, line 5, {key}: expected a number, found true"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", "p.toml: the file is empty, expected a problem with a table [network]"),
        ("# only this\n", "p.toml: the file is empty, expected a problem with a table [network]"),
        (
            "a = 1\nb = \n",
            'p.toml, line 2: not valid TOML at column 5: expected a value (a number, a "text", a list, true or false)',
        ),
        ("a = 1\na = 2\nb = 1", "p.toml, line 2: not valid TOML at column 6: this key stands here a second time"),
        ("a = 1\na = 2", "p.toml, line 2: not valid TOML at the end: this key stands here a second time"),
        ("[a]\n[a]\n", "p.toml, line 2: not valid TOML at column 3: this table stands here a second time"),
        ("a\n", "p.toml, line 1: not valid TOML at column 2: expected = after a key"),
        ('a = "x', "p.toml, line 1: not valid TOML at the end: Unterminated string"),
        ("a = 1\nb = '\0'", "p.toml, line 2: expected text in UTF-8, found a NUL byte"),
        (b"a = 1\n# \xff", "p.toml, line 2: expected text in UTF-8, found the byte 0xff"),
        ("a = " + "[" * 10_000, "p.toml: the file is nested too deep, expected at most 64 levels"),
        (f"a = {'[' * 70}{']' * 70}", "p.toml: the file is nested too deep, expected at most 64 levels"),
        (f"a = 1\nb = {'9' * 5000}", "p.toml, line 2: an integer is too long, expected at most 1000 digits"),
        (f"a = 1\nb = {'9' * 2000}", "p.toml, line 2: an integer is too long, expected at most 1000 digits"),
        (f"a = 0x{'f' * 5000}", "p.toml, line 1: an integer is too long, expected at most 1000 digits"),
    ],
)
def test_bad_toml(written: Any, data: str | bytes, text: str) -> None:
    assert refusal(written(data)) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (" \n", "p.json: the file is empty, expected a problem with a table [network]"),
        ("{}", "p.json: the file is empty, expected a problem with a table [network]"),
        ("[1]", "p.json: expected a table of keys at the top of the file, found a list"),
        ("3", "p.json: expected a table of keys at the top of the file, found 3"),
        ("null", "p.json: expected a table of keys at the top of the file, found null"),
        ('{"a":1,\n}', "p.json, line 2: not valid JSON at column 1: Expecting property name enclosed in double quotes"),
        (
            '{"a": 1, "b": {"c": 1,\n"c": 2},\n"a": 2}',
            (
                "p.json, line 2, b.c: the key stands here a second time\n"
                "p.json, line 3, a: the key stands here a second time"
            ),
        ),
        ('{"a":' + "[" * 100_000, "p.json: the file is nested too deep, expected at most 64 levels"),
        (f'{{"a":{"[" * 100}{"]" * 100}}}', "p.json: the file is nested too deep, expected at most 64 levels"),
        (f'{{"a":\n{"9" * 5000}}}', "p.json, line 2: an integer is too long, expected at most 1000 digits"),
        ('{"a": "\\ud800"}', "p.json: expected text, found half of a character: \\ud800"),
    ],
)
def test_bad_json(written: Any, data: str, text: str) -> None:
    assert refusal(written(data, "p.json")) == text


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.toml") == "no.toml: cannot be read: there is no such file"
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder") == "folder: cannot be read: it is a folder"
    assert refusal("a\0b") == "a\0b: cannot be read: embedded null byte"


def test_a_file_without_permission(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    file = written("a = 1")
    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(file) == "p.toml: cannot be read: permission is denied"


def test_a_file_that_is_too_large(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problem_file, "MAX_BYTES", 2**20)
    assert refusal(written("#" * (2**20 + 1))) == "p.toml: the file is too large, expected at most 1 MiB"


def test_without_a_known_suffix_the_first_character_tells(written: Any) -> None:
    assert read(written('\ufeff\n {"a": 1}', "p")).tree == {"a": 1}
    assert read(written("\ufeffa = 1", "p.txt")).tree == {"a": 1}


@pytest.mark.parametrize("text", ['{"a": 0.5}', "a = 0.5"])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    found = read("-")
    assert (found.tree, found.file, found.folder) == ({"a": "0.5"}, "standard input", Path())
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert read("-").tree == {"a": "0.5"}


def test_standard_input_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert refusal("-") == "standard input: the file is empty, expected a problem with a table [network]"


def test_a_problem_is_laid_out_as_a_person_would() -> None:
    tree = {
        "title": 'q"\\\n\t\x01é',
        "network": {
            "input": [1, 8],
            "layers": [
                {"op": "dense", "weights": np.eye(2, dtype=int), "bias": [Fraction(4, 7), Decimal("0.5")]},
                {"op": "dense", "weights": [list(range(100, 118)), list(range(100, 130))], "activation": {"op": "x"}},
            ],
        },
        "update": {
            "since": date(2020, 1, 2),
            "rate": Literal("0.10"),
            "freeze": [],
            "none": {},
            "on": True,
            "small": 1e-07,
        },
        "questions": [{"ask": "L"}, {"ask": "dL/dW1"}],
    }
    assert dumps(tree) == (
        'title = "q\\"\\\\\\n\\t\\U00000001é"\n'
        "\n"
        "[network]\n"
        "input = [1, 8]\n"
        "\n"
        "[[network.layers]]\n"
        'op = "dense"\n'
        "weights = [[1, 0], [0, 1]]\n"
        'bias = ["4/7", 0.5]\n'
        "\n"
        "[[network.layers]]\n"
        'op = "dense"\n'
        "weights = [\n"
        "    [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117],\n"
        "    [\n"
        "        100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117,\n"
        "        118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129,\n"
        "    ],\n"
        "]\n"
        'activation = { op = "x" }\n'
        "\n"
        "[update]\n"
        "since = 2020-01-02\n"
        "rate = 0.10\n"
        "freeze = []\n"
        "none = {}\n"
        "on = true\n"
        "small = 1e-07\n"
        "\n"
        "[[questions]]\n"
        'ask = "L"\n'
        "\n"
        "[[questions]]\n"
        'ask = "dL/dW1"\n'
    )


keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
scalars = st.integers(-(10**20), 10**20) | st.booleans() | keys
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(places(child, (*path, step)) for step, child in children))


@given(st.dictionaries(keys, values, max_size=4))
@settings(derandomize=True, deadline=None)
def test_what_is_written_is_read_again_and_every_key_has_a_line(tree: dict[str, Any]) -> None:
    import json

    text = dumps(tree)
    assert tomllib.loads(text) == tree
    lines, repeated = key_lines(text, json=False)
    assert places(tree) - {()} <= set(lines)
    assert not repeated
    in_json, _ = key_lines(json.dumps(tree, indent=1), json=True)
    assert places(tree) - {()} == set(in_json)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"a": [1, None]}, "a[2]: TOML has no such value: nothing"),
        ({"a": {"b": [{"c": object()}]}}, "a.b[1].c: TOML has no such value: a object"),
        ({"a": {3: 1}}, "expected a text as key, found 3"),
    ],
)
def test_what_toml_does_not_have_is_refused(tree: dict[Any, Any], text: str) -> None:
    with pytest.raises(InputError) as caught:
        dumps(tree)
    assert str(caught.value) == text


def test_a_file_is_written_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    write({"a": 1}, file)
    assert file.read_text() == "a = 1\n"
    file.chmod(0o600)
    write_text(file, "b = 2\n")
    assert read(file).tree == {"b": 2}
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
    write_text("/dev/null", "text")


def test_files_that_cannot_be_written_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(file: Path) -> str:
        with pytest.raises(InputError) as caught:
            write_text(file, "text")
        return str(caught.value).replace(f"{tmp_path}{os.sep}", "")

    assert refused(tmp_path / "no" / "p.toml") == "no/p.toml: cannot be written: its folder does not exist"
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "folder") == "folder: cannot be written: it is a folder"

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    assert refused(tmp_path / "p.toml") == "p.toml: cannot be written: No space left on device"
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
