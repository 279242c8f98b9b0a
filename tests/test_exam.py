"""The exam sheet and its key: numbered alike, nothing given away, room to write, in each language."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation, Figure, Paragraph
from handgrad.notation.document import Table as Rows
from handgrad.notation.nodes import Fraction, Negative, Number
from handgrad.notation.picture import Label
from handgrad.render.inline import inline
from handgrad.working.document import Document
from handgrad.working.exam import settings, usual


def words(document: Document, key: str) -> list[str]:
    """The paragraphs of a section."""
    blocks = next(section.blocks for section in document.sections if section.key == key)
    return [
        "".join(span if isinstance(span, str) else inline(span) for span in block.spans)
        for block in blocks
        if isinstance(block, Paragraph)
    ]


def test_questions_in_words_with_room_to_write() -> None:
    sheet = hg.solve(example("ann")).working(["dL/dW1[2,3]", "sum(dL/dW1)", "yhat"]).only("questions")
    assert words(sheet, "questions") == ["1. Find ∂L/∂W₁[2,3].", "", "2. Find sum(∂L/∂W₁).", "", "3. Find ŷ.", ""]
    assert [section.key for section in sheet.sections] == ["given", "questions"]
    blank = "2. Find sum(∂L/∂W₁).\n" + "\n" * 8
    assert blank in sheet.to_terminal()
    assert r"\vspace{96pt}" in sheet.to_latex()
    assert "<br>\n<br>" in sheet.to_markdown()


def test_answers_have_the_same_numbers_and_their_values_alone() -> None:
    document = hg.solve(example("ann")).working(["dL/dW1[2,3]", "L"])
    key = document.only("answers")
    (section,) = key.sections
    answers = [block for block in section.blocks if isinstance(block, Equation)]
    assert [(answer.number, inline(answer.left), len(answer.lines)) for answer in answers] == [
        (1, "∂L/∂W₁[2,3]", 1),
        (2, "L", 1),
    ]
    assert [(line.sign, inline(line.expression)) for answer in answers for line in answer.lines] == [
        ("≈", "−0.002436"),
        ("≈", "0.3428"),
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("ann", ["L", "dL/dW1", "dL/dW2", "dL/dW3"]),
        ("upstream", ["dL/dW1", "dL/dW2"]),
        ("convolution", ["dL/dK1", "sum(dL/dK1)"]),
    ],
)
def test_what_is_asked_where_nothing_is(name: str, asked: list[str]) -> None:
    data = json.loads(hg.solve(example(name)).working().only("questions").to_json())
    assert data["questions"] == asked


def test_without_a_loss_the_output_is_asked_for() -> None:
    tree = {"network": {"input": 1, "layers": [{"op": "dense", "weights": [[2]]}]}, "data": {"x": [3]}}
    trace = hg.solve(hg.Problem.from_dict(tree))
    assert [query.text for query in usual(trace)] == ["yhat"]
    assert "ŷ = [ 6 ]" in trace.working().only("answers").to_terminal()


def drawn(document: Document) -> list[Label]:
    """What is written in a document's picture."""
    figures = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    return [shape for figure in figures for shape in figure.draw().shapes if isinstance(shape, Label)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_sheet_gives_nothing_away(name: str) -> None:
    trace = hg.solve(example(name))
    sheet = trace.working().only("questions")
    given = set(trace.plan.given)
    equations = [block for section in sheet.sections for block in section.blocks if isinstance(block, Equation)]
    assert {block.name for block in equations} - {""} <= given
    assert all(len(block.lines) == 1 for block in equations)
    assert drawn(sheet)
    assert not [label for label in drawn(sheet) if isinstance(label.text, (Number, Negative, Fraction))]
    assert set(json.loads(sheet.to_json())["quantities"]) <= given
    assert {row[0] for row in csv.reader(io.StringIO(sheet.to_csv()))} <= {*given, "quantity"}


def test_the_loss_is_stated_where_a_gradient_is_asked_for_and_only_there() -> None:
    trace = hg.solve(example("convolution"))
    assert "L = 1/2 Σₖ (ŷₖ − yₖ)²" in trace.working(["dL/dK1"]).only("questions").to_terminal()
    assert "  L = " not in trace.working(["yhat"]).only("questions").to_terminal()


def test_an_update_is_stated_where_it_is_asked_for() -> None:
    trace = hg.solve(example("adam"))
    text = trace.working(["W1'"]).only("questions").to_terminal()
    assert "1. Find W₁′." in text
    assert "W₁′ = W₁ − " in text


def test_how_to_compute_is_said_where_it_is_not_exactly() -> None:
    rounded = hg.solve(example("batch"), "rounded(4)").working().only("questions")
    assert words(rounded, "given") == [
        "Compute as by hand, rounded(4): round each named quantity half up and carry it on rounded.",
        "The 3 examples stand side by side as columns.",
    ]
    assert words(hg.solve(example("ann")).working().only("questions"), "given") == []


def test_layers_say_their_settings() -> None:
    layers: list[dict[str, Any]] = [
        {"op": "conv1d", "kernel": [[[1, -1]]], "stride": 2},
        {"op": "leaky_relu"},
        {"op": "hard_tanh", "low": "-1/2"},
    ]
    tree = {"network": {"input": [1, 4], "layers": layers}, "data": {"x": [[1, 0.5, 1, 2]]}}
    trace = hg.solve(hg.Problem.from_dict(tree))
    told = [settings(trace, node.op) for node in trace.problem.network.nodes]
    assert told == ["stride = 2", "alpha = 0.01", "low = -0.5, high = 1"]
    sheet = trace.working().only("questions")
    table = next(block for block in sheet.sections[0].blocks if isinstance(block, Rows))
    assert [row[1] for row in table.rows] == [
        "conv1d (stride = 2)", "leaky_relu (alpha = 0.01)", "hard_tanh (low = -0.5, high = 1)",
    ]  # fmt: skip


def test_a_list_of_settings_is_said_as_a_list() -> None:
    tree = {
        "network": {"input": 2, "layers": [{"op": "softmax"}]},
        "loss": {"op": "cross_entropy", "class_weights": [1, "1/2"]},
        "data": {"x": [1, 0], "label": 1},
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    assert trace.problem.loss is not None
    assert settings(trace, trace.problem.loss) == "class_weights = [1, 1/2], label_smoothing = 0"


@pytest.mark.parametrize(
    ("language", "question", "answers"),
    [("de", "1. Berechnen Sie L.", "Ergebnisse"), ("hi", "1. L ज्ञात कीजिए।", "उत्तर")],
)
def test_sheets_in_other_languages(language: str, question: str, answers: str) -> None:
    trace = hg.solve(example("ann")).noted({"language": language})
    document = trace.working(["L"])
    assert words(document.only("questions"), "questions")[0] == question
    assert document.only("answers").sections[0].title == answers


def test_what_is_long_stands_at_the_end_of_sheet_and_key() -> None:
    tree = {
        "network": {"input": 12, "layers": [{"op": "dense", "weights": [[1] * 12]}]},
        "loss": {"op": "squared_error"},
        "data": {"x": list(range(12)), "y": [1]},
    }
    document = hg.solve(hg.Problem.from_dict(tree)).working(["dL/dx"])
    assert [section.key for section in document.only("questions").sections] == ["given", "questions", "appendix"]
    assert [section.key for section in document.only("answers").sections] == ["answers", "appendix"]
    assert ["dL/dx", "12", "65.0", "65"] in list(csv.reader(io.StringIO(document.only("answers").to_csv())))


def test_a_document_that_is_no_working_has_no_sheet() -> None:
    with pytest.raises(hg.InputError, match="only the working of a problem has questions of its own"):
        Document("T", ()).only("questions")
