"""Programs written from problems: run, they print the loss and gradients of the trace."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from random import Random
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.interop.code import floats
from handgrad.ops.attention import Composite
from handgrad.ops.op import OPS, Sample

LIBRARIES = {"numpy": hg.to_numpy_code, "torch": hg.to_torch_code}
SYMBOLS = {"symbolic"}
"""Examples with symbols in place of numbers: there is nothing to print."""


def printed(text: str) -> dict[str, Any]:
    """The values by name that a program prints, one line each."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.partition(" = ")
        if equals and re.fullmatch(r"[\[\]\d.,e+\-\s]*|nan|inf", value):
            found[name] = np.array(json.loads(value))
    return found


def run(program: str) -> dict[str, Any]:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})  # noqa: S102  what is under test
    return printed(output.getvalue())


def agree(problem: hg.Problem, library: str) -> None:
    if library == "torch":
        pytest.importorskip("torch")
    found, trace = run(LIBRARIES[library](problem)), hg.solve(problem, "float64")
    gradients = [name for name in trace.plan.steps if name in found]
    assert "L" in found or problem.loss is None
    for name in gradients:
        wanted = np.asarray(trace[name], dtype=float)
        np.testing.assert_allclose(found[name].reshape(wanted.shape), wanted, rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in SYMBOLS])
def test_the_examples(name: str, library: str) -> None:
    agree(example(name), library)


CASES = [
    pytest.param(name, sample, id=f"{name}-{i}")
    for name, kind in OPS.items()
    if not issubclass(kind, Composite)
    for i, sample in enumerate(kind.samples[:3])
]


def problem_of(name: str, sample: Sample) -> hg.Problem:
    """A batch through one layer, its output weighed by an upstream gradient."""
    op, random = OPS[name], Random(11)
    values = {}
    for letter, shape in sample.shapes.items():
        low, high = sample.ranges.get(letter, (-4, 4))
        drawn = [random.uniform(low + 0.01, high - 0.01) for _ in range(int(np.prod(shape, dtype=int)))]
        if letter in sample.integers:
            drawn = [random.randint(low, high) for _ in drawn]
        values[letter] = np.array(drawn, dtype=float).reshape(shape)
    letters = [letter for letter in values if letter not in op.parameters]
    layer: dict[str, Any] = {"op": name, **sample.settings, "from": letters}
    for letter, key in op.parameters.items():
        if letter in values:
            layer[key] = values[letter] if values[letter].shape else float(values[letter])
    inputs = {letter: list(sample.shapes[letter][1:]) for letter in letters}
    data: dict[str, Any] = {letter: values[letter] for letter in letters} | {"batch": True}
    tree = {"network": {"input": inputs, "layers": [layer]}, "data": data, "arithmetic": "float64"}
    output = np.asarray(hg.solve(hg.Problem.from_dict(tree))["yhat"])
    data["y"] = np.array([random.uniform(-1, 1) for _ in range(output.size)]).reshape(output.shape)
    return hg.Problem.from_dict(tree | {"loss": {"op": "squared_error"}})


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("name", "sample"), CASES)
def test_every_op(name: str, sample: Sample, library: str) -> None:
    agree(problem_of(name, sample), library)


@pytest.mark.parametrize(("name", "sample"), [case for case in CASES if str(case.id).endswith("-0")])
def test_every_op_in_the_cells_of_a_notebook(name: str, sample: Sample) -> None:
    trace = hg.solve(problem_of(name, sample), "rounded(3)")
    program = trace.working().code()
    assert program is not None
    names: dict[str, Any] = {}
    cells = [*program.given.values(), *program.steps.values()]
    for lines in (*program.opening, *("\n".join((*cell.lines, cell.check)) for cell in cells)):
        exec(lines, names)  # noqa: S102  what is under test
    found = [np.asarray(names[cell.shows]) for cell in program.steps.values()]
    for quantity, value in zip(program.steps, found, strict=True):
        np.testing.assert_allclose(value, floats(trace.raw(quantity)), rtol=1e-12, err_msg=quantity)


def test_a_program_runs_by_itself(tmp_path: Any) -> None:
    problem, file = example("ann"), tmp_path / "program.py"
    file.write_text(hg.to_numpy_code(problem))
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    np.testing.assert_allclose(printed(done.stdout)["dL/dW1"], hg.solve(problem, "float64")["dL/dW1"], rtol=1e-12)


def test_a_program_reads_as_a_textbook_does() -> None:
    text = hg.to_numpy_code(example("ann"))
    for line in ("a1 = x @ W1.mT", "h1 = 1 / (1 + np.exp(-a1))", "dL_dW3 = dL_da3.mT @ h2", "dL_dh2 = dL_da3 @ W3"):
        assert line in text.splitlines()
    assert "W1.requires_grad_()" in hg.to_torch_code(example("ann"))
