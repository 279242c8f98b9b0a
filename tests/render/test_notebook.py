"""Notebooks: they hold to the format, run by themselves, and find the numbers of the trace."""

from __future__ import annotations

import json
import sys
import types
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from render_samples import HOSTILE, A, every_node

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.interop.code import floats, variable
from handgrad.notation.document import Equation, Figure, Line, Section
from handgrad.notation.picture import Disc, Picture
from handgrad.notation.program import Cell, Program
from handgrad.render.notebook import render
from handgrad.working.document import Document

nbformat = pytest.importorskip("nbformat")

NUMERIC = [name for name in EXAMPLES if name != "symbolic"]


def notebook(trace: hg.Trace, *questions: str) -> Any:
    """A notebook that has been validated."""
    found = nbformat.reads(trace.working(list(questions) or None).to_notebook(), 4)
    nbformat.validate(found)
    return found


def run(found: Any) -> dict[str, Any]:
    """The variables after all cells; what each cell shows must be what the notebook says it shows."""
    names: dict[str, Any] = {}
    for cell in found.cells:
        if cell.cell_type != "code":
            continue
        *lines, last = cell.source.split("\n")
        if not cell.outputs:
            exec(cell.source, names)  # noqa: S102  what is under test
            continue
        exec("\n".join(lines), names)  # noqa: S102  the same
        assert repr(eval(last, names)) == cell.outputs[0].data["text/plain"], last  # noqa: S307  the same
    return names


def agree(trace: hg.Trace, found: Any, rtol: float = 1e-12) -> None:
    names = run(found)
    for name in trace.plan.steps:
        wanted = floats(trace.raw(name))
        np.testing.assert_allclose(names[variable(name)], wanted, rtol=rtol, atol=1e-13, err_msg=name)


def sources(found: Any, kind: str = "code") -> list[str]:
    return [cell.source for cell in found.cells if cell.cell_type == kind]


@pytest.mark.parametrize("arithmetic", [None, "float64", "rounded(2)", "rounded(3 significant)"])
@pytest.mark.parametrize("name", NUMERIC)
def test_the_cells_compute_the_trace(name: str, arithmetic: str | None) -> None:
    if (name, arithmetic) == ("batch", "rounded(2)"):
        arithmetic = "rounded(3)"  # with two decimals a probability becomes 0, which has no logarithm
    trace = hg.solve(example(name), arithmetic)
    found = nbformat.reads(trace.working([]).to_notebook(), 4)
    nbformat.validate(found)
    agree(trace, found)


def test_float32_is_checked_to_its_own_digits() -> None:
    trace = hg.solve(example("mazur"), "float32")
    agree(trace, nbformat.reads(trace.working([]).to_notebook(), 4), rtol=1e-5)


@pytest.mark.parametrize("name", NUMERIC)
def test_the_questions_of_the_examples(name: str) -> None:
    run(notebook(hg.solve(example(name))))


@pytest.mark.parametrize("name", ["ann", "penalty"])
def test_jupyter_runs_it_and_shows_what_is_kept_in_it(name: str) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    found = notebook(hg.solve(example(name)))
    kept = [cell.get("outputs") for cell in found.cells]
    nbclient.NotebookClient(found, timeout=120, kernel_name="python3").execute()
    assert [cell.get("outputs") for cell in found.cells] == kept


def test_each_code_cell_stands_below_its_equation() -> None:
    found = notebook(hg.solve(example("ann")))
    place = next(i for i, cell in enumerate(found.cells) if cell.source.startswith("a2 = "))
    assert found.cells[place].source == "a2 = h1 @ W2.mT\na2"
    words = found.cells[place - 1].source
    assert words.startswith("### Layer 2")
    assert r"\tag{3}" in words
    assert words.endswith("*from (2)*")
    assert found.cells[place].outputs[0].data["text/plain"] == "array([[2.342914, 2.342914, 0.731059]])"
    assert [cell.id for cell in found.cells] == [f"cell-{n}" for n in range(1, len(found.cells) + 1)]


def test_questions_take_only_what_they_need() -> None:
    trace = hg.solve(example("ann"))
    found = notebook(trace, "dL/dW3[2,3]", "h1", "h1[2]", "L", "sum(h1)", "mean(W1)", "max(h2)", "argmax(yhat)")
    names = run(found)
    assert "dL_dW3" in names
    assert "dL_dW2" not in names
    code = sources(found)
    shown = [cell.outputs[0].data["text/plain"] for cell in found.cells if cell.source in ("dL_dW3[1, 2]", "h1[0, 1]")]
    assert [text.partition("(")[2].rstrip(")")[:6] for text in shown] == ["0.0979", "0.8807"]
    for line in ("h1[0]", "L[0]", "np.sum(h1[0])", "np.mean(W1)", "np.max(h2[0])", "np.argmax(yhat[0]) + 1"):
        assert line in code
    assert 'agrees(np.argmax(yhat[0]) + 1, "3")' in code[-1]


def test_questions_of_a_batch_and_in_rounded_numbers() -> None:
    trace = hg.solve(example("xor"), "rounded(3)")
    found = notebook(trace, "argmax(dL/dW1)", "argmax(yhat)", "yhat[2,1]", "sum(dL/dW1)")
    run(found)
    code = sources(found)
    assert "yhat[1, 0]" in code
    assert "rounded(np.sum(dL_dW1))" in code
    assert "[int(i) + 1 for i in np.unravel_index(np.argmax(dL_dW1), dL_dW1.shape)]" in code
    assert any("round each named quantity" in words for words in sources(found, "markdown"))


def test_the_check_fails_where_a_number_is_not_the_printed_one() -> None:
    found = notebook(hg.solve(example("ann")))
    names = run(found)
    names["h2"] = names["h2"] + 0.0001
    with pytest.raises(AssertionError):
        exec(found.cells[-1].source, names)  # noqa: S102  what is under test


@pytest.mark.parametrize(
    ("printed", "good", "bad"), [("0.5", 0.5, 0.501), ("≈0.51", 0.514, 0.516), ("-4/7", -4 / 7, 0)]
)
def test_what_counts_as_the_printed_number(printed: str, good: float, bad: float) -> None:
    names: dict[str, Any] = {}
    exec(sources(notebook(hg.solve(example("ann"))))[0], names)  # noqa: S102  what is under test
    names["agrees"](good, printed)
    with pytest.raises(AssertionError):
        names["agrees"](bad, printed)


def test_symbols_leave_nothing_to_compute() -> None:
    found = notebook(hg.solve(example("symbolic")))
    assert not sources(found)
    words = sources(found, "markdown")
    assert sum("symbols in place of numbers" in text for text in words) == 1
    assert len(words) > 5


def test_formulas_of_numbers_are_held_against_their_value() -> None:
    tree = {
        "network": {"input": 1, "layers": [{"op": "dense", "weights": [["1/2"]], "activation": "logistic"}]},
        "data": {"x": [-1], "y": [1]},
        "loss": {"op": "squared_error"},
        "arithmetic": "symbolic",
    }
    found = notebook(hg.solve(hg.Problem.from_dict(tree)), "yhat", "dL/dW1", "max(yhat)")
    run(found)
    assert 'agrees(a1, "-1/2")' in sources(found)[-1]
    assert 'agrees(yhat, "0.377' in sources(found)[-1]


def test_a_long_array_is_packed_and_folded() -> None:
    weights = {"random": "normal", "seed": 1, "shape": [3, 800]}
    tree = {
        "network": {"input": 800, "layers": [{"op": "dense", "weights": weights, "activation": "softmax"}]},
        "data": {"x": {"random": "uniform", "seed": 2, "shape": [800]}, "label": 1},
        "loss": {"op": "cross_entropy"},
        "arithmetic": "float64",
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    found = notebook(trace)
    agree(trace, found)
    folded = [cell for cell in found.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert [cell.source.partition(" = ")[0] for cell in folded] == ["W1"]
    assert max(len(cell.source) for cell in found.cells if cell not in folded) < 25_000
    assert "agrees(dL_dW1[np.ix_([0, 1, 2], [0, 1, 2, 3, 799])]" in sources(found)[-1]


def test_of_many_updates_what_is_between_is_computed_too() -> None:
    tree = {
        "network": {"input": 1, "layers": [{"op": "dense", "weights": [[1]]}]},
        "data": {"x": [1], "y": [3]},
        "loss": {"op": "squared_error"},
        "update": {"op": "sgd", "rate": 0.1, "steps": 6},
        "arithmetic": "float64",
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    found = notebook(trace)
    names = run(found)
    np.testing.assert_allclose(names["W1_6"], trace["W1'6"])
    assert 'agrees(W1_6, "' in sources(found)[-1]
    assert 'agrees(W1_4, "' not in sources(found)[-1]


def test_beyond_a_number_of_steps_nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.working.program.MOST_STEPS", 3)
    found = notebook(hg.solve(example("ann")), "h1", "L")
    assert "a2" in run(found)
    assert not any("h2" in code for code in sources(found))
    assert "too many steps" in sources(found, "markdown")[0]


def test_names_that_python_has_itself() -> None:
    names = {"lambda": 2, "np": 2, "t1": 2, "print": 2}
    layers = [{"op": "add", "from": list(names), "name": "None"}]
    tree = {
        "network": {"input": names, "layers": layers},
        "data": {**{key: [1, 2] for key in names}, "y": [1, 1]},
        "loss": {"op": "squared_error"},
    }
    trace = hg.solve(hg.Problem.from_dict(tree))
    found = run(notebook(trace))
    np.testing.assert_array_equal(found["lambda_"], [[1, 2]])
    assert found["np"] is np


def test_the_picture_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = types.ModuleType("handgrad.render.svg")
    monkeypatch.setattr(stand_in, "svg", lambda picture: f"<svg>{picture.title}</svg>", raising=False)
    monkeypatch.setitem(sys.modules, "handgrad.render.svg", stand_in)
    picture = Picture(9, 9, (Disc(1, 1, 1, "node"),), "](x) *a* net")
    figures = (Figure(lambda: picture, ("The net ", A)), Figure(lambda: Picture(0, 0, (), ""), ()))
    found = nbformat.reads(render(Document("T", (Section("Given", figures, "given"),))), 4)
    nbformat.validate(found)
    (cell,) = found.cells
    ((name, data),) = cell.attachments.items()
    assert b64decode(data["image/svg+xml"]).decode() == "<svg>](x) *a* net</svg>"
    assert rf"![\](x) \*a\* net](attachment:{name})" in cell.source
    assert "*The net $a$*" in cell.source


def test_a_document_without_code_is_words_alone() -> None:
    found = nbformat.reads(render(every_node()), 4)
    nbformat.validate(found)
    assert {cell.cell_type for cell in found.cells} == {"markdown"}


def test_an_opening_without_given_equations() -> None:
    program = Program(("a = 1",), ("Note.",), {}, {"a": Cell(("b = a",), "b", "1", "assert b == 1")}, ())
    equation = Equation(A, (Line("=", A),), 1, "a")
    sections = (Section("Given", (), "given"), Section("Forward", (equation,), "forward"))
    found = nbformat.reads(render(Document("T", sections, code=lambda: program)), 4)
    assert sources(found) == ["a = 1", "b = a\nb", "assert b == 1"]
    run(found)


@pytest.mark.parametrize("title", [HOSTILE, "$$ \\input{x} `%run x` <script>alert(1)</script> " * 200, "%%bash\n!ls"])
def test_a_hostile_title_is_text(title: str) -> None:
    problem = example("ann")
    problem.title = title
    found = notebook(hg.solve(problem))
    run(found)
    words = sources(found, "markdown")[0].partition("\n\n## ")[0]
    assert "\n" not in words
    for run_of in ("<script", "$$", "\x1b", "\u202e"):
        assert run_of not in words
    assert "script" not in "".join(sources(found))


def test_the_same_document_gives_the_same_text() -> None:
    trace = hg.solve(example("ann"))
    text = trace.working().to_notebook()
    assert text == hg.solve(example("ann")).working().to_notebook()
    assert json.loads(text)["nbformat_minor"] == 5


def test_the_answers_alone_can_be_run() -> None:
    document = hg.solve(example("ann")).working(["dL/dW3[2,3]", "W1[1,1]"])
    answers = tuple(section for section in document.sections if section.key == "answers")
    found = nbformat.reads(render(Document("T", answers, code=document.code)), 4)
    assert "dL_dW3" in run(found)
    assert sources(found)[-1] == "W1[0, 0]"


def test_the_words_are_of_the_language() -> None:
    text = hg.solve(example("ann")).noted({"language": "de"}).working().to_notebook()
    for words in ("*aus (4) und (9)*", "## Probe", "Die Zellen rechnen in float64", "## Gegeben"):
        assert words in text


NOTED = [
    {"vectors": "row", "gradients": "nabla"},
    {"indices": 0, "decimals": "comma", "language": "hi"},
]


@pytest.mark.parametrize("notation", NOTED, ids=str)
@pytest.mark.parametrize("name", ["ann", "xor"])
def test_whatever_the_notation_the_cells_find_the_numbers(name: str, notation: dict[str, Any]) -> None:
    trace = hg.solve(example(name)).noted(notation)
    found = nbformat.reads(trace.working([]).to_notebook(), 4)
    agree(trace, found)
    words = "".join(sources(found, "markdown"))
    assert ("the row x on paper" in words) == (name == "ann" and "vectors" in notation)
    assert "the column x" not in words


def test_a_sheet_of_questions_has_no_cells_to_run() -> None:
    found = nbformat.reads(hg.solve(example("ann")).working().only("questions").to_notebook(), 4)
    nbformat.validate(found)
    assert not sources(found)
    assert "<br>" in "".join(sources(found, "markdown"))
