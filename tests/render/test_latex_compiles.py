"""All examples, two hundred generated problems and what is unusual are typeset without an error or an overfull line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from generated import problems
from typesetting import complaints, typeset

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.working.document import Document


def test_complaints_are_told_by_document() -> None:
    log = "<<a>>\n[1]\n<<b>>\nOverfull \\hbox (3pt too wide)\n! Undefined control sequence.\n<<end>>\n"
    assert complaints(log) == {"b": ["Overfull \\hbox (3pt too wide)", "! Undefined control sequence."]}


def unusual() -> dict[str, Document]:
    """Rounded and symbolic working, one question, sheets and keys, other languages, own names, something long."""
    found = {f"rounded {name}": hg.solve(example(name), "rounded(2)").working() for name in ("ann", "mazur", "image")}
    found["symbolic"] = hg.solve(example("xor"), "symbolic").working()
    found["one question"] = hg.solve(example("ann")).working(["dL/dW1[2,3]"])
    for name in ("batch", "convolution", "adam", "attention"):
        document = hg.solve(example(name)).working()
        found |= {f"{name} sheet": document.only("questions"), f"{name} key": document.only("answers")}
    return found | {"long": hg.solve(long_problem()).working()}


def long_problem() -> hg.Problem:
    """784-128-10 with weights drawn by a seed."""

    def drawn(seed: int) -> dict[str, object]:
        return {"random": "normal", "seed": seed, "scale": 0.1}

    layers = [
        {"op": "dense", "units": 128, "weights": drawn(1), "bias": drawn(2), "activation": "relu"},
        {"op": "dense", "units": 10, "weights": drawn(3), "bias": drawn(4), "activation": "softmax"},
    ]
    x = drawn(5) | {"shape": [784]}
    tree = {"title": "784-128-10", "arithmetic": "float64", "network": {"input": 784, "layers": layers}}
    return hg.Problem.from_dict(tree | {"loss": {"op": "cross_entropy"}, "data": {"x": x, "label": 3}})


if os.environ.get("HANDGRAD_LATEX"):  # where LaTeX is installed, as in CI

    @pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
    def test_examples_compile(engine: str, tmp_path: Path) -> None:
        documents = {name: hg.solve(example(name)).working() for name in EXAMPLES}
        assert typeset(documents, tmp_path, engine) == {}

    @pytest.mark.parametrize("part", range(4))
    def test_generated_problems_compile(part: int, tmp_path: Path) -> None:
        documents = {name: hg.solve(problem).working() for name, problem in problems()[part::4]}
        assert typeset(documents, tmp_path) == {}

    def test_what_is_unusual_compiles(tmp_path: Path) -> None:
        assert typeset(unusual(), tmp_path) == {}
