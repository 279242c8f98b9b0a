"""The proof of whole problems, and that it finds a wrong rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import handgrad as hg
from conftest import EXAMPLES, ROOT, example
from handgrad.cli.main import main
from handgrad.ops.dense import Dense

RATIONAL = ("adam", "convolution", "maxpool", "penalty", "regression", "residual", "symbolic", "upstream")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_proven(name: str) -> None:
    problem = example(name)
    checks = hg.verify(problem)
    assert [check.name for check in checks] == [*problem.network.parameters, *problem.network.inputs]
    assert all(check.agrees for check in checks)
    assert {check.verdict for check in checks} == {"equal" if name in RATIONAL else "certain"}


def test_a_large_parameter_is_tried_along_random_directions() -> None:
    tree = {
        "network": {
            "input": 20,
            "layers": [
                {"op": "dense", "weights": {"random": "integers", "low": -3, "high": 3, "seed": 1, "shape": [9, 20]}}
            ],
        },
        "loss": {"op": "squared_error"},
        "data": {"x": {"random": "integers", "low": 0, "high": 9, "seed": 2}, "y": [0] * 9},
    }
    weights = hg.verify(hg.Problem.from_dict(tree))[0]
    assert (weights.entries, weights.directions, weights.verdict, weights.bound) == (180, 3, "equal", "0")


def test_a_wrong_rule_is_found_and_the_program_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Dense.dW

    def wrong(self: Dense, xp: Any, dy: Any, x: Any) -> Any:
        return right(self, xp, dy, x) * 2

    monkeypatch.setattr(Dense, "dW", wrong)
    result = CliRunner().invoke(main, ["verify", str(ROOT / "examples" / "ann.toml")])
    assert result.exit_code == 1
    rows = {line.split()[0]: line.split()[-1] for line in result.output.splitlines()[1:]}
    assert rows == {"dL/dW1": "WRONG", "dL/dW2": "WRONG", "dL/dW3": "WRONG", "dL/dx": "certain"}


def test_without_a_loss_there_is_nothing_to_prove() -> None:
    tree = {"network": {"input": 1, "layers": [{"op": "relu"}]}, "data": {"x": [1]}}
    with pytest.raises(hg.InputError, match=r"^there is no gradient to verify: the problem has no \[loss\]$"):
        hg.verify(hg.Problem.from_dict(tree))


def test_the_program_says_so_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"network": {"input": 1, "layers": [{"op": "relu"}]}, "data": {"x": [1]}}')
    result = CliRunner().invoke(main, ["verify", str(file)])
    assert (result.exit_code, result.output) == (
        2,
        "error: there is no gradient to verify: the problem has no [loss]\n",
    )


def test_updates_are_no_part_of_the_proof() -> None:
    tree = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2], [3, 4]]}]},
        "loss": {"op": "squared_error"},
        "update": {"op": "sgd", "rate": "1/1000", "steps": 10_000},
        "data": {"x": [1, 2], "y": [0, 0]},
    }
    problem = hg.Problem.from_dict(tree)
    assert [check.verdict for check in hg.verify(problem)] == ["equal", "equal"]
    assert problem.update is not None
