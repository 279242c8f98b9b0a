"""Scripts in files of each format, and in dicts."""

from __future__ import annotations

import os
import re
import threading
import time
import tomllib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_student_names import CONVOLUTION, NETWORK

import handgrad as hg
from conftest import ROOT
from handgrad.errors import InputError
from handgrad.marking.answers import read
from handgrad.marking.plain_toml import quick
from handgrad.marking.script import Readable, Script

PUBLISHED = ROOT / "tests" / "cases" / "published"
PRINTED = """
a1 = [1, 2, 1]
h1 = [0.73, 0.88, 0.73]
a2 = [2.34, 2.34, 0.73]
h2 = [0.91, 0.91, 0.67]
a3 = [0.91, 0.91, 2.49]
yhat = [0.15, 0.15, 0.70]
L = 0.35
"dL/da3" = [0.15, 0.15, -0.3]
"dL/dW3[1,1]" = 0.13
"dL/dh2" = [0, -0.3, -0.3]
"sigma'(a2)" = [0.08, 0.08, 0.21]
"dL/da2" = [0, -0.024, -0.063]
"dL/dh1" = [-0.024, -0.024, -0.087]
"sigma'(a1)" = [0.2, 0.1, 0.2]
"dL/da1" = [-0.0048, -0.002, -0.0174]
"dL/dW1[2,3]" = -0.002
"dL/dx" = [-0.0048, "2/7", "?"]
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        return file

    return written


def texts(script: Script) -> dict[str, dict[int, str]]:
    return {name: {at: number.text for at, number in entries.items()} for name, entries in script.entries.items()}


def unread(script: Script) -> list[tuple[str, str]]:
    return [(line.where, line.text) for line in script.unread]


def as_json(text: str) -> str:
    lines = [line.split(" = ") for line in text.strip().splitlines()]
    return "{" + ",\n".join(f'"{key.strip(chr(34))}": {value}' for key, value in lines) + "}"


def as_rows(text: str) -> str:
    lines = [line.replace('"', "").split(" = ") for line in text.strip().splitlines()]
    return "\n".join(f'"{key}","{value}"' for key, value in lines)


def test_every_format_says_the_same(write: Write) -> None:
    scripts = {
        "toml": read(write("a.toml", PRINTED), NETWORK),
        "answers": read(write("b.toml", "[answers]" + PRINTED), NETWORK),
        "slow toml": read(write("c.toml", PRINTED + "\n'student' = 'Ada'"), NETWORK, student="Ada"),
        "json": read(write("a.json", as_json(PRINTED)), NETWORK),
        "prose": read(write("a.md", PRINTED.replace('"', "")), NETWORK),
        "dict": read(tomllib.loads(PRINTED, parse_float=str), NETWORK),
        "csv": read(write("a.csv", as_rows(PRINTED)), NETWORK),
    }
    first = scripts.pop("toml")
    assert not first.unread
    assert texts(first)["dL/dx"] == {0: "-0.0048", 1: "2/7"}
    assert sum(map(len, first.entries.values())) == 44
    for form, script in scripts.items():
        assert script.entries == first.entries, form
        assert not script.unread, form


def test_the_published_solutions_are_read_whole() -> None:
    for file, readable, count in (("network", NETWORK, 42), ("convolution", CONVOLUTION, 26)):
        script = read(PUBLISHED / f"{file}.toml", readable)
        assert not script.unread
        assert sum(map(len, script.entries.values())) == count


def test_a_dict_takes_what_python_and_numpy_have() -> None:
    script = read(
        {
            "h1": np.array([0.73, 0.88, 0.73], np.float32),
            "W1": np.arange(9).reshape(3, 3),
            "L": 0.35,
            "a1": (1, None, "?"),
            "a2": np.array([0.1, 0.2, np.nan]),
            "ŷ_3": Fraction(5, 7),
            "W2": [[1, 2, 3], "?", [7, 8, 9]],
            "y": "(0; 0; 1)",
            "x": r"\begin{bmatrix} 1 \\ 0 \\ 1 \end{bmatrix}",
            "dL/dh1": "= [0,5; 1; 2]",
            "dL/dW1[2,3]": "-2/7 ≈ -0.29",
        },
        NETWORK,
    )
    assert texts(script) == {
        "h1": {0: "0.73", 1: "0.88", 2: "0.73"},
        "W1": {i: str(i) for i in range(9)},
        "L": {0: "0.35"},
        "a1": {0: "1"},
        "a2": {0: "0.1", 1: "0.2"},
        "yhat": {2: "5/7"},
        "W2": {0: "1", 1: "2", 2: "3", 6: "7", 7: "8", 8: "9"},
        "y": {0: "0", 1: "0", 2: "1"},
        "x": {0: "1", 1: "0", 2: "1"},
        "dL/dh1": {0: "0,5", 1: "1", 2: "2"},
        "dL/dW1": {5: "-0.29"},
    }
    assert unread(script) == [("a2[3]", "nan")]


@pytest.mark.parametrize(
    ("value", "shape"),
    [([1, 2, 3], (3,)), ([[1], [2], [3]], (3,)), ([[1, 2, 3]], (3,)), ([1, 2, 3], (1, 3)), ([1, 2, 3], (3, 1)),
     ([[1, 2, 3]], (3, 1)), ([[[1]], [[2]], [[3]]], (3, 1, 1))],
)  # fmt: skip
def test_a_column_or_a_row_may_be_a_flat_list(value: Any, shape: tuple[int, ...]) -> None:
    script = read({"q": value}, Readable({"q": shape}, {}))
    assert texts(script) == {"q": {0: "1", 1: "2", 2: "3"}}


@pytest.mark.parametrize(
    ("answers", "where", "text", "why"),
    [
        ({"a1": [1, 2]}, "a1", "a1 = [1, 2]", "a1 is 3 numbers, found 2 numbers"),
        ({"W1": [*range(9)]}, "W1", "W1 = [0, 1, 2, 3, 4, 5, ...]", "W1 is 3 × 3 numbers, found 9 numbers"),
        ({"W1": [[1, 2], [3]]}, "W1", "W1 = a list", "rows of different lengths, 1 and 2"),
        ({"a1": []}, "a1", "a1 = []", "a1 is 3 numbers, found 0 numbers"),
        ({"a1": 0.5}, "a1", "0.5", "a1 is 3 numbers, found a single number"),
        ({"L": {"x": 1}}, "L", "a table", "found a table"),
        ({"a1": [1, 2, {}]}, "a1[3]", "a table", "expected a number, found a table"),
        ({"L": True}, "L", "true", "expected a number, found true"),
        ({"L": "70 %"}, "L", "70 %", "percentage"),
        ({"foo": 3}, "foo", "3", 'unknown quantity "foo"'),
        ({"foo": [3]}, "foo", "foo = [3]", 'unknown quantity "foo"'),
        ({7: 3}, "7", "3", "expected a text as name, found 7"),
        ({"h_1": [1, 2, 3], "h1": [1, 2, 4]}, "h1[3]", "4", "h1[3] is given twice; the first counts"),
        ({"L": float("inf")}, "L", "inf", "expected a finite number, found infinity"),
        ({"L": 10**5000}, "L", "an integer of about 5000 digits", "expected at most 1000 digits"),
        ({"L": "[" * 100_000}, "L", "[[[[[", "brackets are nested deeper than 24"),
        ({"dL/dx": "[1,2;3,4;5,6]" }, "dL/dx", "", ""),
        ({"W1": "1 = 2 = x"}, "W1", "1 = 2 = x", "W1 is 3 × 3 numbers"),
    ],
)  # fmt: skip
def test_what_a_dict_has_wrong_is_listed(answers: dict[Any, Any], where: str, text: str, why: str) -> None:
    script = read(answers, NETWORK)
    if not why:  # three decimals with commas
        assert texts(script) == {"dL/dx": {0: "1,2", 1: "3,4", 2: "5,6"}}
        return
    assert len(script.unread) == 1
    line = script.unread[0]
    assert line.where == where
    assert line.text.startswith(text)
    assert why in line.why


def test_lists_that_are_too_deep_are_listed() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    try:
        script = read({"L": deep}, NETWORK)
        assert unread(script) == [("L", "L = a list")]
        assert script.unread[0].why == "lists are nested deeper than 8"
    finally:
        while isinstance(deep, list):  # taken apart here: Python frees so deep a list by recursion
            deep = deep.pop()


def test_the_student_has_a_name(write: Write) -> None:
    assert read({"student": "Ada", "L": 1}, NETWORK).student == "Ada"
    assert read({"answers": {"student": "Ada", "L": 1}}, NETWORK).student == "Ada"
    assert read(write("a.json", '{"student": "Ada", "L": 1}'), NETWORK).student == "Ada"
    assert read({"student": "Ada"}, NETWORK, student="Bob").student == "Bob"
    assert read({"L": 1}, NETWORK).student == ""
    assert read(write("a.csv", "student,Ada\nL,1"), NETWORK) == read({"student": "Ada", "L": "1"}, NETWORK)
    assert read(write("a.md", "# **Student:** Ada\n\nL = 1"), NETWORK) == read({"student": "Ada", "L": "1"}, NETWORK)
    assert read(write("b.md", 'student = "Ada"\nL = 1'), NETWORK) == read({"student": "Ada", "L": "1"}, NETWORK)
    assert len(read({"student": "x\u202e" * 1000}, NETWORK).student) <= 60


def test_tables_beside_the_answers_are_passed_over() -> None:
    script = read({"problem": {"x": [9, 9, 9]}, "printed": {"L": "0.35"}, "h1": [1, 2, 3]}, NETWORK)
    assert texts(script) == {"L": {0: "0.35"}, "h1": {0: "1", 1: "2", 2: "3"}}
    assert not script.unread


@pytest.mark.parametrize(
    ("text", "found", "lines"),
    [
        ('quantity,index,value\nh1,2,0.88\nL,,0.35\ndL/dW1,"2,3",-0.002\nW1,2;3,7', None, []),
        ("value,quantity,index\n0.88,h1,2\n0.35,L\n-0.002,dL/dW1,[2 3]\n7,W1,(2 3)", None, []),
        ('Question;Answer\nh1[2];0.88\nL;0.35\n"dL/dW1[2,3]";-0.002\nW1[2,3];7\n', None, []),
        ("\n\nh1[2]\t0.88\nL\t0.35\ndL/dW1[2,3]\t-0.002\nW1[2,3]\t7", None, []),
        ('name,value\nh1,"[1, 2, 3]"\n', {"h1": {0: "1", 1: "2", 2: "3"}}, []),
        ("L;0,35", {"L": {0: "0,35"}}, []),
        ("L,?", {}, []),
        ("", {}, []),
        ("L,0,35", {}, [("line 1", "L, 0, 35")]),
        ("L", {}, [("line 1", "L")]),
        ("name,value\nL", {}, [("line 2", "L")]),
        ("quantity,index,value\nh1,x,3\nh1,4,3\nL,,1", {"L": {0: "1"}}, [("line 2", "h1, x, 3"), ("line 3", "3")]),
        ("L,0.3\nL,0.4", {"L": {0: "0.3"}}, [("line 2, L", "0.4")]),
        ("foo,0.3\n", {}, [("line 1", "0.3")]),
        ('L,"0.3\n', {"L": {0: "0.3"}}, []),
        ("L," + "1" * 300_000, {}, [("line 1", "L,1111")]),
        ('L,0.5\nh1,"' + "1\n" * 90_000, {"L": {0: "0.5"}}, [("line", "")]),
        ("L,0.5\n" * 100_001, {"L": {0: "0.5"}}, [("line 100001", "")]),
        ("L,\x001", {}, None),
    ],
)  # fmt: skip
def test_rows_of_a_table(write: Write, text: str, found: Any, lines: Any) -> None:
    if lines is None:
        with pytest.raises(InputError, match="NUL byte"):
            read(write("a.csv", text), NETWORK)
        return
    script = read(write("a.csv", text), NETWORK)
    four = {"h1": {1: "0.88"}, "L": {0: "0.35"}, "dL/dW1": {5: "-0.002"}, "W1": {5: "7"}}
    assert texts(script) == (four if found is None else found)
    assert len(script.unread) == len(lines)
    for line, (where, shown) in zip(script.unread, lines, strict=True):
        assert line.where.startswith(where)
        assert line.text.startswith(shown)
        assert line.why


def test_a_table_may_be_full_of_errors(write: Write) -> None:
    script = read(write("a.csv", "foo,1\n" * 5000), NETWORK)
    assert len(script.unread) == 201


def test_a_dict_may_be_full_of_errors() -> None:
    script = read({f"foo{i}": i for i in range(1000)} | {"L": 1}, NETWORK)
    assert len(script.unread) == 201
    assert script.entries == {}


def test_keys_that_a_json_file_has_twice_count_once(write: Write) -> None:
    script = read(write("a.json", '{"L": 0.1, "L": 0.2, "answers": {"h1[1]": 1, "h1[1]": [2]}}'), NETWORK)
    assert texts(script) == {"L": {0: "0.1"}, "h1": {0: "1"}}
    assert unread(script) == [("L", "0.2"), ("h1[1]", "a list")]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.toml", "L = 0.1\nL = 0.2", "line 2: not valid TOML"),
        ("a.toml", "L = 0.1\ndL/da1 = 3", "line 2: not valid TOML at column 3: expected = after a key"),
        ("a.toml", "L = \n", "line 1: not valid TOML"),
        ("a.toml", "L = 1 2\n", "line 1: not valid TOML"),
        ("a.toml", "L = " + "[" * 100_000, "nested too deep"),
        ("a.toml", "L = " + "1" * 5000, "too long"),
        ("a.json", '{"L": 0.1', "line 1: not valid JSON"),
        ("a.json", "[1]", "expected a table of names, found a list"),
        ("a.json", "3", "expected a table of names, found"),
        ("a.json", '{"L": ' + "[" * 100_000, "nested too deep"),
        ("a.docx", "L = 1", "expected a script that ends in .toml, .json, .csv"),
        ("a", "L = 1", "found no ending"),
        ("missing.toml", None, "there is no such file"),
        ("folder.toml", None, "it is a folder"),
        ("latin.toml", None, "expected text in UTF-8, found the byte 0xfc"),
        ("nul\0.toml", None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_so(tmp_path: Path, name: str, text: str | None, why: str) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text, "utf-8")
    elif name.startswith("folder"):
        file.mkdir()
    elif name.startswith("latin"):
        file.write_bytes("L = 0.1 # für".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        read(file, NETWORK)
    assert why in str(caught.value)


@pytest.mark.parametrize("name", ["a.toml", "a.json", "a.csv", "a.md", "a.tex", "a.txt"])
def test_an_empty_file_is_an_empty_script(write: Write, name: str) -> None:
    assert read(write(name, ""), NETWORK) == Script("", {})
    assert read(write(name, "\ufeff \n"), NETWORK) == Script("", {})


def test_a_large_file_and_a_pipe_are_read_whole(write: Write, tmp_path: Path) -> None:
    script = read(write("a.toml", f"# {'x' * 70_000}\nL = 0.35"), NETWORK)
    assert texts(script) == {"L": {0: "0.35"}}
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("L = 0.35",))
    writer.start()
    assert texts(read(pipe, NETWORK)) == {"L": {0: "0.35"}}
    writer.join()


PLAIN = [
    PRINTED,
    "[answers]\r\nL = 0.35 # a remark\r\n\r\n  h1 = [ 1,2 , 3 ]\t\n[other]\nx = 'no'".replace("'no'", '"no"'),
    'student = "Zoë, 3b"\n"∂L/∂a1" = ["−3/49", 0, -0]\nx_1 = [[1.50, -2e-3], [3E5, 4]]',
    "a = []\nb = [[], [1]]\n3 = 4\n[t]\n[u]\na = 1",
]
NOT_PLAIN = [
    "a = 'literal'", "a = [1, 2,]", "a = [\n1,\n2]", "a.b = 1", "a = { b = 1 }", 'a = """x"""', "a = +1", "a = 1_000",
    "a = inf", "a = true", "a = 0x10", "[[a]]\nb = 1", 'a = "\\n"', "a = 1979-05-27", '"a\\"b" = 1', "'a' = 1",
    "[ a ]\nb = 1",
]  # fmt: skip
WRONG = [
    "a = 1\na = 2", 'a = 1\n"a" = 2', "[a]\n[a]", "a = 1\n[a]", "a = 1, 2", 'a = 1, "b"', "a = [1\nb = 2]",
    'a = ["x",\n"b" = 2]', "a = 01", "a = 1.", "a = 1.e", "a = .5", "a = -", "a = e", "a =", "= 1", "a = 1 2",
    "a = [1 2]", "a", "a = 1 b = 2", "a = \x001", "[a", "a = ]", 'a = "x" "y"', "a = 1\x0b", "a = 1 # \x07",
    "a = \u00a01",
]  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_plain_toml_is_read_quickly(text: str) -> None:
    assert quick(text) == tomllib.loads(text, parse_float=str)


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_other_toml_is_left_to_the_parser(text: str) -> None:
    assert tomllib.loads(text)
    assert quick(text) is None


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_toml_is_left_to_the_parser(text: str) -> None:
    assert quick(text) is None
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)


PIECES = [
    "a", "b1", '"dL/da1"', "=", " = ", "1", "-2.50", "1e-3", "[", "]", ", ", ",", '"x"', "\n", "\r\n", "# c", "[t]",
    " ", "'", '"', ".",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_the_quick_reader_never_says_anything_else_than_the_parser(pieces: list[str]) -> None:
    text = "".join(pieces)
    tree = quick(text)
    if tree is not None:
        assert tree == tomllib.loads(text, parse_float=str)


def test_reading_is_quick(write: Write) -> None:
    for file, limit in ((write("a.toml", PRINTED), 1e-3), (write("a.json", as_json(PRINTED)), 1e-3)):
        times = []
        for _ in range(200):
            start = time.process_time()
            read(file, NETWORK)
            times.append(time.process_time() - start)
        assert min(times) < limit


def test_a_problem_says_what_may_be_read() -> None:
    trace = hg.solve(hg.load(ROOT / "examples" / "convolution.toml"))
    plan = trace.plan
    readable = Readable({name: plan.shape(name) for name in [*plan.given, *plan.steps]}, plan.aliases)
    script = read({"h": [1, 0, 1, 0, 1, 0, 1], "dL/dK": ["-12/49", 0]}, readable)
    assert texts(script)["dL/dK1"] == {0: "-12/49", 1: "0"}
    assert texts(script)["h1"][6] == "1"


def test_a_script_may_be_written_in_the_problem_s_notation(write: Write) -> None:
    plain = read(write("a.toml", PRINTED), NETWORK)
    swapped = {"a1": "z1", "a2": "z2", "a3": "z3", "h1": "a1", "h2": "a2"}
    text = "".join(swapped.get(part, part) for part in re.split(r"([ah]\d)", PRINTED))
    assert read(write("z.toml", text), NETWORK, letters={"a": "z", "h": "a"}) == plain
