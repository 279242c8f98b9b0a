"""A problem's notation: what it may say, and what of it questions, traces and the schema follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

import handgrad as hg
from conftest import example
from handgrad.notation.document import Equation, Table
from handgrad.notation.nodes import Expr, Gradient, Number, Partial, Symbol
from handgrad.notation.symbols import CHOICES, CONVENTIONS, LETTERS, as_table, convention, mistakes
from handgrad.plan import plan
from handgrad.query import parse
from handgrad.render.inline import inline
from handgrad.schema import schema


def noted(name: str, **notation: Any) -> hg.Problem:
    problem = example(name)
    problem.notation = {**as_table(problem.notation), **notation}
    return problem


@pytest.mark.parametrize(
    "notation", [*CONVENTIONS, {}, {"a": "z"}, *({key: one} for key in CHOICES for one in CHOICES[key])]
)
def test_good_notations_have_no_mistakes(notation: Any) -> None:
    assert mistakes(notation) == []
    assert convention(notation).symbol("L", bold=False) == Symbol("L")


@pytest.mark.parametrize(
    ("notation", "found"),
    [
        ("x,y", [("", 'unknown notation "x,y"; known are "a,h", "z,a", "net,out", or a table of symbols')]),
        (3, [("", "expected the name of a notation or a table of symbols, found 3")]),
        ({"indices": 1.0}, [("indices", "expected 1 or 0 for indices, found 1.0")]),
        ({"indices": False}, [("indices", "expected 1 or 0 for indices, found false")]),
        ({"decimals": ["comma"]}, [("decimals", 'expected "point" or "comma" for decimals, found [\'comma\']')]),
        ({"a": "x" * 13}, [("a", "expected letters for a, found 'xxxxxxxxxxxxx'")]),
        ({"a": "\\x"}, [("a", "expected letters for a, found '\\\\x'")]),
        ({"a": "_1"}, [("a", "expected letters for a, found '_1'")]),
        (
            {"a": 1, "W": "V", "K": ""},
            [("a", "expected letters for a, found 1"), ("K", "expected letters for K, found ''")],
        ),
    ],
)
def test_a_wrong_notation_says_what_is_known(notation: Any, found: list[tuple[str, str]]) -> None:
    assert mistakes(notation) == found


@pytest.mark.parametrize(
    ("notation", "name", "symbol"),
    [
        ({"a": "u"}, "a2", "u₂"),
        ({"symbols": "z,a"}, "h1", "a₁"),
        ({"symbols": "z,a", "h": "v"}, "h1", "v₁"),
        ({"symbols": "net,out"}, "yhat", "out₃"),
        ({"a": "delta"}, "a2", "δ₂"),
        ({"a": "ξ"}, "a2", "ξ₂"),
        ({"a": "net"}, "a2", "net₂"),
        ({"a": "z_in"}, "a2", "z_in,2"),
        ({"a": "zeta_1"}, "dL/da2", "∂L/∂ζ_1,2"),
        ({"L": "E", "gradients": "nabla"}, "dL/dW1", "∇_W₁ E"),
        ({"gradients": "nabla"}, "dL/dh1@a2", "∇_h₁ L|a₂"),
    ],
)
def test_letters_override_the_named_notation(notation: dict[str, Any], name: str, symbol: str) -> None:
    assert inline(convention(notation, 3).symbol(name)) == symbol


def test_a_gradient_is_one_node_or_the_other() -> None:
    assert isinstance(convention("a,h").symbol("dL/dx"), Partial)
    assert isinstance(convention({"gradients": "nabla"}).symbol("dL/dx"), Gradient)


def test_questions_count_from_zero_where_the_notation_does() -> None:
    known = plan(noted("batch", indices=0))
    assert parse("yhat[2,0]", known).index == (2, 0)
    for question, message in (
        ("yhat[3,0]", '"yhat[3,0]": place 1 of yhat runs from 0 to 2, found 3'),
        ("W1[a,1]", 'cannot read the index of "W1[a,1]"; it is written as in W1[2,3], places counted from 0'),
    ):
        with pytest.raises(hg.InputError) as error:
            parse(question, known)
        assert str(error.value) == message
    assert parse("L[0]", known).index == ()
    with pytest.raises(hg.InputError):
        parse("L[1]", known)


def test_a_trace_counts_from_zero_too() -> None:
    one, zero = hg.solve(example("ann")), hg.solve(noted("ann", indices=0))
    assert zero["dL/dW1[0,2]"] == one["dL/dW1[1,3]"]
    assert (one["argmax(yhat)"], zero["argmax(yhat)"]) == (3, 2)
    assert (one["argmax(W3)"], zero["argmax(W3)"]) == ((1, 1), (0, 0))
    assert (one["argmax(L)"], zero["argmax(L)"]) == (1, 0)
    assert zero.ask("argmax(yhat)").text == "argmax(yhat) = 2"
    assert "argmax(ŷ) = 2" in zero.working(["argmax(yhat)"]).to_terminal()
    assert "∂L/∂W₁[0,2]" in zero.working(["dL/dW1[0,2]"]).to_terminal()


def test_a_label_and_the_axes_of_a_file_count_from_one() -> None:
    tree = {
        "notation": {"indices": 0},
        "network": {"input": [2, 2], "layers": [{"op": "sum", "axes": [1]}, {"op": "softmax"}]},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [[1, 2], [3, 4]], "label": 2},
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    assert [float(entry) for entry in trace["y"]] == [0, 1]
    assert [float(entry) for entry in trace["h1"]] == [4, 6]


def numbers(document: Any) -> Iterator[Number]:
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Equation):
                yield from within((block.left, *(line.expression for line in block.lines)))
            elif isinstance(block, Table):
                yield from within(block.rows)


def within(part: Any) -> Iterator[Number]:
    if isinstance(part, Number):
        yield part
    elif isinstance(part, (Expr, tuple)):
        inner = part if isinstance(part, tuple) else [getattr(part, name) for name in part.__struct_fields__]
        for one in inner:
            yield from within(one)


@pytest.mark.parametrize("name", ["ann", "batch", "image", "recurrent"])
def test_the_name_of_a_number_is_a_question_that_gives_it(name: str) -> None:
    trace = hg.solve(noted(name, indices=0, vectors="row", decimals="comma", gradients="nabla"))
    seen = {number.of: number.value for number in numbers(trace.working([])) if number.of and number.value is not None}
    assert any(of.endswith(("[0]", ",0]")) for of in seen)
    assert not any(of.count("/") > 1 for of in seen)
    for of, value in seen.items():
        if isinstance(value, (int, float)):
            assert abs(float(trace[of])) == pytest.approx(abs(value), rel=1e-3)
        assert parse(of, trace.plan).text == of


def test_a_working_in_another_notation_leaves_the_trace_as_it_is() -> None:
    trace = hg.solve(example("convolution"))
    before = trace.working().to_terminal()
    other = trace.working(notation={"indices": 0, "language": "de"})
    assert other.language == "de"
    assert "Gegeben" in other.to_terminal()
    assert trace.working().to_terminal() == before
    assert trace.plan.base == 1
    assert trace.working(notation="z,a").to_terminal().count("z₁") > 1
    entry = trace.working(["dL/dK1[0]"], notation={"indices": 0})
    assert entry.sections[-1].blocks[0] != trace.working(["dL/dK1[1]"]).sections[-1].blocks[0]
    assert entry.to_json() == trace.noted({"indices": 0}).working(["dL/dK1[0]"]).to_json()
    with pytest.raises(hg.InputError, match=r"notation\.language: expected"):
        trace.working(notation={"language": "xx"})
    with pytest.raises(hg.InputError, match="notation: unknown notation"):
        trace.working(notation="q")


def test_the_problems_own_questions_count_as_the_problem_does() -> None:
    trace = hg.solve(example("ann"))
    trace.problem.questions = ("dL/dW1[1,3]",)
    assert "∂L/∂W₁[0,2]" in trace.working(notation={"indices": 0}).to_terminal()


def test_json_keeps_points_and_the_same_values() -> None:
    plain, other = hg.solve(example("ann")), hg.solve(noted("ann", decimals="comma", language="de", vectors="row"))
    assert plain.working().to_json() == other.working().to_json()


@pytest.mark.parametrize(
    ("notation", "good"),
    [
        ("net,out", True),
        ({"symbols": "z,a", "indices": 0, "vectors": "row", "gradients": "nabla", "decimals": "comma"}, True),
        ({"language": "hi", "a": "u", "L": "E"}, True),
        ({"language": "fr"}, False),
        ({"indices": 2}, False),
        ({"letters": "z"}, False),
    ],
)
def test_the_schema_knows_the_notation(notation: Any, good: bool) -> None:  # noqa: FBT001  one of the cases
    known = schema()
    part = {"$schema": known["$schema"], "$defs": known["$defs"], **known["properties"]["notation"]}
    assert jsonschema.Draft202012Validator(part).is_valid(notation) is good
    assert not (mistakes(notation) if good else [])


def test_every_letter_may_be_chosen() -> None:
    for letter in LETTERS:
        assert inline(convention({letter: "q"}).symbol(f"{letter}7")) in ("q₇", "q̂₇")


def test_an_exam_follows_the_notation() -> None:
    problem = noted("batch", vectors="row", language="de", indices=0, gradients="nabla")
    exam = hg.solve(problem).working(["dL/dW1[0,1]"]).only("questions").to_terminal()
    assert "Die 3 Beispiele stehen als Zeilen untereinander." in exam
    assert "(∇_W₁ L)[0,1]" in exam


def test_an_appendix_counts_from_zero() -> None:
    tree = {
        "network": {"input": 30, "layers": [{"op": "relu"}]},
        "data": {"x": {"random": "integers", "seed": 1, "low": 1, "high": 9}},
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    rows = {
        base: [row[0] for block in trace.working(notation={"indices": base}).sections[-1].blocks
               if isinstance(block, Table) for row in block.rows]
        for base in (0, 1)
    }  # fmt: skip
    assert rows[1][0].startswith("[1–")
    assert rows[0][0].startswith("[0–")
    assert len(rows[0]) == len(rows[1])
    assert rows[0][-1] == "[" + "–".join(str(int(n) - 1) for n in rows[1][-1][1:-1].split("–")) + "]"
