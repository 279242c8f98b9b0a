"""What shows itself in a notebook's cell: problem, network, trace, answer, document and one step."""

from __future__ import annotations

import re

import pytest
from page_samples import HOSTILE

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.working.document import Document


def words(html: str) -> str:
    """The text of a cell, without its style."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


@pytest.mark.parametrize("name", EXAMPLES)
def test_everything_shows_itself(name: str) -> None:
    problem = example(name)
    trace = hg.solve(problem)
    for shown in (problem, problem.network, trace, trace.working(), trace.working().step(1)):
        cell = shown._repr_html_()
        assert cell.startswith('<div class="handgrad cell" lang="en"><style>')
        assert cell.count("<div") == cell.count("</div>")
        assert not re.search(r"<script| id=| href=", cell)


def test_a_problem_shows_title_layers_loss_and_data() -> None:
    said = words(example("xor")._repr_html_())
    assert said.startswith("XOR with tanh: four examples at once Layer Op Shape Parameters 1 dense 2 → 2 W1 2×2, b1 2")
    assert "9 numbers in the parameters" in said
    assert "Loss binary_cross_entropy Data x 2, y 1, 4 examples Update sgd × 1 Arithmetic exact" in said


def test_a_problem_shows_penalties_and_of_many_questions_the_first() -> None:
    assert "Penalties l2 (" in words(example("penalty")._repr_html_())
    tree = {
        "network": {"layers": [{"op": "dense", "weights": [[1, 2]]}], "input": 2},
        "data": {"x": [1, 2]},
        "questions": [{"ask": "yhat"}] * 30,
    }
    said = words(hg.Problem.from_dict(tree)._repr_html_())
    assert said.endswith("Questions " + "yhat, " * 20 + "…")
    assert said.startswith("Layer Op")
    assert "Loss" not in said


def test_a_network_shows_its_layers() -> None:
    network = hg.Network([{"op": "dense", "weights": [[1, 2]], "activation": "relu"}])
    assert words(network._repr_html_()) == (
        "Layer Op Shape Parameters 1 dense 2 → 1 W1 1×2 1 relu 1 → 1 2 numbers in the parameters"
    )


def test_a_trace_shows_each_quantity_with_shape_and_value() -> None:
    cell = hg.solve(example("ann"))._repr_html_()
    assert words(cell).startswith("Three logistic layers into a softmax, exact Quantity Shape Value x 3 [ 1 0 1 ]")
    assert "L 1 ≈ 0.3428" in words(cell)
    assert "dL/dW1 3×3" in words(cell)
    untitled = hg.solve(hg.Problem.from_dict({"network": {"layers": [{"op": "relu"}], "input": 1}, "data": {"x": [1]}}))
    assert words(untitled._repr_html_()).startswith("exact Quantity")


def test_a_long_trace_shows_the_first_and_the_last() -> None:
    layers = [{"op": "relu"}] * 70
    tree = {"network": {"layers": layers, "input": 1}, "data": {"x": [1]}}
    said = words(hg.solve(hg.Problem.from_dict(tree))._repr_html_())
    assert "h59" not in said
    assert "⋯ ⋯ ⋯ yhat" in said


def test_a_batch_shows_its_examples_in_the_shape() -> None:
    assert "yhat 4×1" in words(hg.solve(example("xor"))._repr_html_())


def test_an_answer_shows_its_text_and_its_working() -> None:
    cell = hg.solve(example("ann")).ask("dL/dW1[2,3]")._repr_html_()
    assert words(cell).startswith("dL/dW1[2,3] ≈ -0.002436 Three logistic layers into a softmax Given")
    assert words(cell).count("Answers") == 1


def test_a_step_shows_itself_as_text_and_in_a_cell() -> None:
    step = hg.solve(example("mazur")).working().step(8)
    assert str(step) == repr(step)
    assert str(step).endswith("from (2) and (7)")
    assert "out₁" in str(step)
    assert words(step._repr_html_()).count("from (2) and (7)") == 1


def test_the_first_step_comes_from_nothing() -> None:
    step = hg.solve(example("ann")).working().step(1)
    assert "from" not in str(step)
    assert "a₁ = W₁ x = ⎢ 1  1  1 ⎥ ⎢ 0 ⎥ = ⎢ 2 ⎥" in str(step)


@pytest.mark.parametrize("number", [0, -1, 18])
def test_a_step_that_there_is_not(number: int) -> None:
    with pytest.raises(hg.InputError, match=rf"^the working has no step {number}; its steps are 1 to 17$"):
        hg.solve(example("ann")).working().step(number)


def test_a_document_without_steps() -> None:
    with pytest.raises(hg.InputError, match=r"^the working has no numbered steps$"):
        Document("", ()).step(1)


def test_hostile_titles_are_text_in_a_cell() -> None:
    tree = {
        "title": HOSTILE,
        "network": {"layers": [{"op": "relu"}], "input": 1},
        "data": {"x": [1]},
        "questions": [{"ask": "yhat"}],
    }
    problem = hg.Problem.from_dict(tree)
    for shown in (problem, hg.solve(problem), hg.solve(problem).working()):
        cell = shown._repr_html_()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in cell
        assert "<script" not in cell
        assert "<img" not in cell
        assert "\u202e" not in cell


def test_a_cell_follows_the_notation() -> None:
    tree = {
        "notation": {"language": "de", "decimals": "comma"},
        "network": {"layers": [{"op": "logistic"}], "input": 1},
        "data": {"x": [0.5]},
    }
    problem = hg.Problem.from_dict(tree)
    assert words(problem._repr_html_()).startswith("Schicht Operation Form Parameter")
    assert "yhat 1 ≈ [ 0,6225 ]" in words(hg.solve(problem)._repr_html_())
    assert 'lang="de"' in hg.solve(problem).ask("yhat")._repr_html_()
