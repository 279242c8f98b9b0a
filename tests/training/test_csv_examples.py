"""CSV files: headers, separators, columns, labels; every mistake names its line and column."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import InputError
from handgrad.training.csv_cells import Layout
from handgrad.training.csv_cells import read as carefully
from handgrad.training.csv_files import read
from handgrad.training.examples import Examples
from handgrad.training.settings import Data

NAMELESS = ", the first line does not name the columns"
FLOWERS = "length,width,species\n5.1,3.5,setosa\n7,3.2,versicolor\n6.3,-3e-1,setosa\n"


def examples(folder: Path, text: str | bytes, **table: Any) -> Examples:
    file = folder / "data.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(file, "data.csv", Data(source="data.csv", **table))


def message(folder: Path, text: str | bytes, **table: Any) -> str:
    with pytest.raises(InputError) as caught:
        examples(folder, text, **table)
    return str(caught.value)


def test_a_header_names_the_columns_and_the_last_one_is_the_label(tmp_path: Path) -> None:
    found = examples(tmp_path, FLOWERS)
    assert found.x.tolist() == [[5.1, 3.5], [7.0, 3.2], [6.3, -0.3]]
    assert found.y.tolist() == ["setosa", "versicolor", "setosa"]
    assert found.features == ("length", "width")
    assert found.place(2) == "line 4"


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("1,2,0\n3,4,1\n", {}),
        ("1;2;0\n3;4;1\n", {}),
        ("1\t2\t0\n3\t4\t1", {}),
        ("1 2  0\n 3 4 1\n", {}),
        ("1|2|0\n3|4|1\n", {"separator": "|"}),
        ("0,1,2\n1,3,4\n", {"label": 1}),
        ("1,0,2\n3,1,4\n", {"label": -2}),
        ("c,1,2\n0,1,2\n1,3,4\n", {"label": "c"}),
        ("1,2,c\n1,2,0\n3,4,1\n", {}),
        ("c,1,2\n0,1,2\n1,3,4\n", {"label": 1}),
        ("a,b,c,d\n9,1,0,2\n9,3,1,4\n", {"label": "c", "columns": ["b", -1]}),
        ('"1","2","0"\n"3","4","1"\n', {}),
        ("1,2,0\r\n3,4,1\r\n", {}),
        ("1,2,0\r3,4,1\r", {}),
        ("\ufeff1,2,0\n3,4,1\n\n\n", {}),
        ("\n\n1,2,0\n\n3,4,1\n", {}),
        ("9,9,9\n1,2,0\n3,4,1\n", {"header": True}),
        ("a b c\n1 2 0\n3 4 1\n", {}),
    ],
)
def test_forms_of_the_same_table(tmp_path: Path, text: str, table: dict[str, Any]) -> None:
    found = examples(tmp_path, text, **table)
    assert found.x.tolist() == [[1, 2], [3, 4]]
    assert found.y.tolist() == [0, 1]


def test_lines_are_counted_in_the_file_where_some_are_blank_or_broken(tmp_path: Path) -> None:
    found = examples(tmp_path, 'a,b,c\n\n1,2,x\n3,4,"y\ny"\n\n5,6,z\n')
    assert [found.place(i) for i in range(3)] == ["line 3", "line 5", "line 7"]
    assert found.y.tolist() == ["x", "y\ny", "z"]
    assert found.x.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_quoted_cells_may_hold_separators_and_quotes(tmp_path: Path) -> None:
    found = examples(tmp_path, 'a,b\n1,"x, ""y"""\n2, z \n')
    assert found.y.tolist() == ['x, "y"', "z"]


def test_labels_are_texts_as_soon_as_one_is_no_number(tmp_path: Path) -> None:
    assert examples(tmp_path, "a,b\n1,0\n2,one\n").y.tolist() == ["0", "one"]
    assert examples(tmp_path, "a,b\n1,none\n2,1\n").y.tolist() == ["none", "1"]


def test_several_columns_of_targets(tmp_path: Path) -> None:
    found = examples(tmp_path, "a,b,c\n1,2,3\n4,5,6\n", label=["b", "c"])
    assert found.y.tolist() == [[2, 3], [5, 6]]
    assert found.x.tolist() == [[1], [4]]
    with pytest.raises(InputError) as caught:
        examples(tmp_path, "a,b,c\n1,2,3\n4,5,big\n", label=["b", "c"])
    assert str(caught.value) == 'data.csv, line 3: expected a number where there are several targets, found "big"'


def test_a_gzip_file_is_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(FLOWERS.encode())
    assert len(examples(tmp_path, packed).x) == 3
    assert message(tmp_path, packed[:-9]) == "data.csv: cannot be read: the gzip file is cut short"
    damaged = packed[:12] + b"\xff\xff\xff" + packed[15:]
    assert message(tmp_path, damaged) == "data.csv: cannot be read: the gzip file is damaged"


def test_both_readers_agree(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    rows = random.normal(size=(50, 4)) * 10.0 ** random.integers(-9, 9, (50, 4))
    text = "\n".join(",".join(map(repr, row)) for row in rows.tolist())
    found = examples(tmp_path, text)
    layout = Layout(file="data.csv", separator=",", width=4, features=(0, 1, 2), labels=(3,))
    slow = carefully(text, layout)
    np.testing.assert_array_equal(found.x, slow.x)
    np.testing.assert_array_equal(found.y, slow.y)
    np.testing.assert_array_equal(found.x, rows[:, :3])
    assert found.places is not None
    assert found.places.tolist() == slow.lines.tolist() == list(range(1, 51))


@pytest.mark.parametrize(
    ("text", "table", "expected"),
    [
        ("", {}, "data.csv: the file is empty, expected a line for each example"),
        (" \n\n", {}, "data.csv: the file is empty, expected a line for each example"),
        ("a,b\n", {}, "data.csv: expected at least one example below the names of the columns, found none"),
        (b"a,b\n1,\xff\n", {}, "data.csv, line 2: expected text in UTF-8, found the byte 0xff"),
        ("a,b\n1,\0\n", {}, "data.csv, line 2: expected text in UTF-8, found a NUL byte"),
        ("a,b,c\n1,2,0\n3,1\n", {}, "data.csv, line 3: has 2 cells, line 1 has 3"),
        ("1,2,0\n3,4,5,1\n", {}, "data.csv, line 2: has 4 cells, line 1 has 3"),
        ("1,2,0\n3\n", {}, "data.csv, line 2: has 1 cell, line 1 has 3"),
        (
            "a,b,c\n1,2,0\n3,x,1\n",
            {},
            'data.csv, line 3: column 2 ("b"): expected a number, found "x"',
        ),
        ("1,2,0\n3,,1\n", {}, "data.csv, line 2: column 2: expected a number, found nothing"),
        ("1,2,0\nnan,4,1\n", {}, "data.csv, line 2: column 1: expected a finite number, found nan"),
        ("1,2,0\n3,-inf,1\n", {}, "data.csv, line 2: column 2: expected a finite number, found -inf"),
        ("1,2,0\n3,1e999,1\n", {}, "data.csv, line 2: column 2: expected a finite number, found 1e999"),
        ("1,2,0\n3,1_0,1\n", {}, 'data.csv, line 2: column 2: expected a number, found "1_0"'),
        ("1,2,0\n3,4,\n", {}, "data.csv, line 2: column 3: the label is missing"),
        ("1,2,a\n3,4,NaN\n", {}, 'data.csv, line 2: column 3: the label is missing, found "NaN"'),
        ("1,2,a\n3,4,?\n", {}, 'data.csv, line 2: column 3: the label is missing, found "?"'),
        ("1,2,0\n3,4,inf\n", {}, 'data.csv, line 2: column 3: the label is missing, found "inf"'),
        ("a,b\n1,0\n", {"label": "bb"}, 'data.csv: label: there is no one column "bb"; did you mean "b"?'),
        ("a,a\n1,0\n", {"label": "a"}, 'data.csv: label: there is no one column "a": 2 have that name'),
        ("1,0\n", {"label": "b"}, f'data.csv: label: there is no column "b"{NAMELESS}'),
        ("1,0\n", {"label": 0}, "data.csv: label: there is no column 0, the columns are 1 to 2"),
        ("1,0\n", {"columns": [3]}, "data.csv: columns: there is no column 3, the columns are 1 to 2"),
        ("a,b\n1,0\n", {"columns": ["b"]}, 'data.csv: column 2 ("b") is the label, it cannot be a feature too'),
        ("1,0\n", {"columns": [2]}, "data.csv: column 2 is the label, it cannot be a feature too"),
        ("1\n2\n", {}, "data.csv: expected at least one column of features beside the label, found none"),
        (
            "1,2\nx,y\n",
            {"label": ["b"]},
            'data.csv: label: there is no column "b", the first line does not name the columns',
        ),
        ("x,1,y\n1,2,3\n", {}, 'data.csv, line 1: column 1: expected a number, found "x"'),
        ("x,1,y\n1,2,3\n", {"label": [3]}, 'data.csv, line 1: column 1: expected a number, found "x"'),
        ('1,"2\n', {}, "data.csv, line 1: not valid CSV: unexpected end of data"),
        (
            "1,0\n2,1\n" + "3" * 140_000 + ",1\n",
            {},
            "data.csv, line 3: not valid CSV: a cell is longer than 131072 characters",
        ),
    ],
)
def test_each_mistake_is_one_clear_line(
    tmp_path: Path, text: str | bytes, table: dict[str, Any], expected: str
) -> None:
    assert message(tmp_path, text, **table) == expected


def test_many_mistakes_are_listed_up_to_five(tmp_path: Path) -> None:
    text = "a,b\n" + "x,1\n" * 9
    lines = message(tmp_path, text).splitlines()
    assert lines[0] == 'data.csv, line 2: column 1 ("a"): expected a number, found "x"'
    assert lines[5] == "data.csv, line 7: there is more; the rest of the file was not looked at"
    assert len(lines) == 6


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    reasons = {"none.csv": "there is no such file", ".": "it is a folder", "n" * 300: "File name too long"}
    for name, reason in reasons.items():
        with pytest.raises(InputError) as caught:
            read(tmp_path / name, name, Data(source=name))
        assert str(caught.value) == f"{name}: cannot be read: {reason}"
