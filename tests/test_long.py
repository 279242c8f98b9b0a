"""Long things: what a long sum shows, corners of large matrices, the appendix and the CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.notation.document import Equation, Paragraph, Table
from handgrad.notation.nodes import Absolute, Dots, E, Expr, Function, Matrix, Number, Power, Sqrt, Sum, Symbol
from handgrad.ops.textbook import elided, elided_by, elided_sum
from handgrad.render.breaking import shrunk
from handgrad.render.inline import inline
from handgrad.render.latex_math import math
from handgrad.working.sums import value


def numbers(*sizes: float) -> list[Any]:
    return [Number(str(size), size) for size in sizes]


def dense(weights: Any, x: Any, **more: Any) -> hg.Trace:
    tree = {"network": {"input": len(x), "layers": [{"op": "dense", "weights": weights}]}, "data": {"x": x}, **more}
    return hg.solve(hg.Problem.from_dict(tree))


def entry(size: list[int]) -> str:
    """The one entry of a row of ones times a vector, as it is written."""
    document = dense([[1] * len(size)], size).working(["yhat[1]"])
    answer = next(block for block in document.sections[-2 if len(size) > 10 else -1].blocks)
    assert isinstance(answer, Equation)
    return inline(answer.lines[1].expression)


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (1, "1·1 + 1·(−9) + 1·1 + ⋯ (30 terms)"),
        (3, "1·1 + 1·1 + 1·1 + 1·(−9) + ⋯ (30 terms)"),
        (17, "1·1 + 1·1 + 1·1 + ⋯ + 1·(−9) + ⋯ (30 terms)"),
        (29, "1·1 + 1·1 + 1·1 + ⋯ (30 terms) + 1·(−9)"),
    ],
)
def test_a_sum_of_many_terms_shows_its_first_its_largest_and_how_many(place: int, written: str) -> None:
    sizes = [1] * 30
    sizes[place] = -9
    assert entry(sizes) == written


def test_a_sum_of_some_terms_shows_its_first_and_its_last() -> None:
    assert entry([1] * 8 + [5, 1]) == "1·1 + 1·1 + 1·1 + ⋯ + 1·1"


def test_a_sum_of_symbols_shows_its_last() -> None:
    document = dense([[1] * 30], [f"v{i}" for i in range(30)]).working(["yhat[1]"])
    text = document.to_terminal()
    assert "W₁[1,1] x₁ + W₁[1,2] x₂ + W₁[1,3] x₃ + ⋯ + W₁[1,30] x₃₀" in text
    assert "1 v₀ + 1 v₁ + 1 v₂ + ⋯ + 1 v₂₉" in text
    assert "terms" not in text


def test_a_long_document_looks_at_so_many_terms_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.working.sums.MOST_TERMS", 29)
    assert entry([1] * 17 + [7] + [1] * 12) == "1·1 + 1·1 + 1·1 + ⋯ + 1·1"


def test_long_sums_are_written_as_they_are_told_to_be() -> None:
    with elided_by(lambda count, _: (Number(str(count)), Dots())):
        assert elided_sum(9, lambda k: Number(str(k))) == Sum((Number("9"), Dots()))
        assert elided_sum(8, lambda k: Number(str(k))) == Sum(tuple(Number(str(k)) for k in range(8)))
    assert elided_sum(9, lambda k: Number(str(k))) == Sum(elided(9, lambda k: Number(str(k))))


def test_the_value_of_an_expression_of_numbers() -> None:
    (nine, two) = numbers(-9, 2)
    assert value(Absolute(nine) + Sqrt(two) * Sqrt(two)) == pytest.approx(11)
    assert value(Power(E, two)) == pytest.approx(np.e**2)
    for unknown in (Symbol("x"), Function("ln", (two,)), Dots()):
        with pytest.raises(TypeError):
            value(unknown + two)


def counted_sum() -> Expr:
    ones = [1] * 17 + [7] + [1] * 12
    document = dense([[1] * 30], ones).working(["yhat[1]"])
    answer = next(block for block in document.sections[-2].blocks)
    assert isinstance(answer, Equation)
    return answer.lines[1].expression


def test_in_little_room_the_count_stays() -> None:
    whole = counted_sum()
    texts = {inline(shrunk(whole, room, lambda part: len(inline(part)))) for room in range(50)}
    assert {
        "⋯",
        "1·1 + ⋯ (30 terms)",
        "1·1 + ⋯ + 1·7 + ⋯ (30 terms)",
        "1·1 + 1·1 + ⋯ + 1·7 + ⋯ (30 terms)",
        "1·1 + 1·1 + 1·1 + ⋯ + 1·7 + ⋯ (30 terms)",
    } >= texts
    assert len(texts) == 5
    assert math(whole).endswith(r"+ \cdots \, \text{(30 terms)}")


def test_a_large_matrix_shows_its_corners_in_any_room() -> None:
    weights = np.arange(12 * 15).reshape(12, 15).tolist()
    document = dense(weights, [1] * 15).working()
    given = [block for block in document.sections[0].blocks if isinstance(block, Equation) and block.name == "W1"]
    shown = given[0].lines[0].expression
    assert isinstance(shown, Matrix)
    assert shown.shape == (12, 15)
    for room in (30, 50, 80):
        fitting = shrunk(shown, room, lambda part: max(map(len, _lines(part))))
        assert isinstance(fitting, Matrix)
        corners = [[fitting.rows[i][j] for j in (0, -1)] for i in (0, -1)]
        assert [[inline(corner) for corner in row] for row in corners] == [["0", "14"], ["165", "179"]]


def _lines(part: Expr) -> list[str]:
    from handgrad.render.boxes import box

    return box(part).lines


def long_trace() -> hg.Trace:
    rows = np.arange(12 * 40).reshape(12, 40)
    return dense(rows.tolist(), list(range(40)))


def test_the_appendix_has_what_is_left_out_and_says_where_the_rest_is() -> None:
    document = long_trace().working()
    section = document.sections[-1]
    assert (section.title, section.key) == ("All values", "appendix")
    note, *tables = section.blocks
    assert isinstance(note, Paragraph)
    text = "".join(span if isinstance(span, str) else inline(span) for span in note.spans)
    assert text == (
        "What ⋯ and ⋮ leave out above, except what is too long to print: W₁; the full values are in the CSV."
    )
    assert all(isinstance(table, Table) for table in tables)
    assert [inline(table.header[0]) for table in tables if isinstance(table, Table)] == ["x", "ŷ"]
    first = tables[0]
    assert isinstance(first, Table)
    assert [row[0] for row in first.rows] == ["[1–10]", "[11–20]", "[21–30]", "[31–40]"]
    assert [inline(cell) for cell in first.rows[3][1:] if not isinstance(cell, str)] == [str(n) for n in range(30, 40)]


def test_what_is_whole_has_no_appendix() -> None:
    document = dense([[1, 2]], [3, 4]).working()
    assert [section.key for section in document.sections] == ["given", "forward"]


def test_short_rows_stand_several_to_a_line_and_examples_come_first() -> None:
    x = [[i, -i] for i in range(12)]
    tree = {"network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2]]}]}}
    problem = hg.Problem.from_dict(tree | {"data": {"x": x, "batch": True}})
    document = hg.solve(problem).working()
    text = document.to_terminal()
    assert "[1,1] … [5,2]" in text
    assert "[11,1] … [12,2]" in text
    assert ["x", "12,2", "-11.0", "-11"] in list(csv.reader(io.StringIO(document.to_csv())))


def test_formulas_are_not_printed_in_the_appendix() -> None:
    document = dense([[f"w{i}" for i in range(12)]], [1] * 12).working()
    titles = [inline(block.header[0]) for block in document.sections[-1].blocks if isinstance(block, Table)]
    assert titles == ["x"]
    assert "W₁; the full values are in the CSV." in document.to_terminal().replace("\n", " ")


def test_the_csv_has_every_entry() -> None:
    trace = long_trace()
    rows = list(csv.reader(io.StringIO(trace.working(["yhat", "sum(yhat)"]).to_csv())))
    assert rows[0] == ["quantity", "index", "value", "exact"]
    assert len(rows) == 1 + 40 + 480 + 12 + 1
    assert ["W1", "2,3", "42.0", "42"] in rows
    assert ["yhat", "12", str(float(trace["yhat"][11])), str(trace["yhat"][11])] in rows
    assert rows[-1][:2] == ["sum(yhat)", ""]


def test_the_csv_of_floats_gives_them_back() -> None:
    trace = dense([[0.1, "1/3"]], [0.7, 0.1], arithmetic="float64")
    found = {(row[0], row[1]): row for row in csv.reader(io.StringIO(trace.working().to_csv()))}
    assert float(found["yhat", "1"][2]) == float(trace["yhat"][0])
    assert found["yhat", "1"][3] == ""
