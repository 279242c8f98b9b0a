"""The command line as a user meets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

import handgrad as hg
from conftest import EXAMPLES, ROOT
from handgrad.cli.main import main
from handgrad.ops import LOSSES, OPS, UPDATES

NETWORK = str(ROOT / "examples" / "ann.toml")


def run(*arguments: str, given: str | None = None) -> str:
    result = CliRunner().invoke(main, list(arguments), input=given)
    assert result.exit_code == 0, result.output
    return result.output


def test_solve_prints_the_whole_working() -> None:
    text = run("solve", NETWORK)
    for heading in ("Given", "Forward pass", "Loss", "Backward pass"):
        assert f"\n{heading}\n" in text
    assert "\x1b" not in text


def test_questions_are_answered_with_the_steps_they_need() -> None:
    text = run("solve", NETWORK, "--ask", "dL/dW1[2,3]", "--ask", "max(h1)")
    assert "∂L/∂W₁[2,3] = ∂L/∂a₁[2] x₃ ≈ −0.002436·1 ≈ −0.002436" in text
    assert "max(h₁) ≈ max(0.7311, 0.8808, 0.7311) ≈ 0.8808" in text
    assert "∂L/∂W₃" not in text


def test_standard_input_and_another_arithmetic() -> None:
    text = run("solve", "-", "--arithmetic", "rounded(2)", "--ask", "L", given=Path(NETWORK).read_text())
    assert "L = −ln ŷ₃ = −ln 0.71 ≈ 0.34" in text


def test_digits() -> None:
    assert "≈ 0.3428164970" in run("solve", NETWORK, "--ask", "L", "--digits", "10")


def test_an_output_file_is_written_aside_and_renamed(tmp_path: Path) -> None:
    out = tmp_path / "solution.md"
    assert run("solve", NETWORK, "--to", "markdown", "-o", str(out)) == ""
    assert out.read_text().startswith("# Three logistic layers into a softmax\n")
    assert [file.name for file in tmp_path.iterdir()] == ["solution.md"]


def test_json_holds_exact_and_decimal_values() -> None:
    tree = json.loads(run("solve", str(ROOT / "examples" / "convolution.toml"), "--to", "json"))
    kernel = tree["quantities"]["dL/dK1"]
    assert kernel["exact"] == kernel["shown"] == ["-12/49", "0"]
    assert kernel["value"] == [-12 / 49, 0.0]
    assert tree["answers"][1]["exact"] == "-12/49"


def test_a_latex_fragment_has_no_preamble() -> None:
    text = run("solve", NETWORK, "--to", "latex", "--fragment")
    assert "documentclass" not in text
    assert r"\begin{align*}" in text


def test_every_op_is_in_the_table() -> None:
    text = run("ops")
    for name in (*OPS, *LOSSES, *UPDATES):
        assert name in text


def test_the_schema_is_valid_and_takes_every_example() -> None:
    schema = json.loads(run("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    import tomllib

    for name in EXAMPLES:
        validator.validate(tomllib.loads((ROOT / "examples" / f"{name}.toml").read_text()))
    assert not validator.is_valid({"network": {"input": 1, "layers": [{"op": "denze"}]}, "data": {"x": [1]}})


def test_unknown_options_and_help() -> None:
    assert CliRunner().invoke(main, ["solve"]).exit_code == 2
    assert CliRunner().invoke(main, ["solve", NETWORK, "--to", "word"]).exit_code == 2
    text = run("solve", "--help")
    assert "\n  handgrad solve examples/ann.toml\n" in text
    for word in ("--ask", "--arithmetic", "--to", "-o", "handgrad solve examples/ann.toml"):
        assert word in text


def test_an_unknown_arithmetic_on_the_command_line() -> None:
    result = CliRunner().invoke(main, ["solve", NETWORK, "--arithmetic", "decimal"])
    assert result.exit_code == 2
    assert result.output.startswith('error: unknown arithmetic "decimal"; known are float64')


@pytest.mark.parametrize("colour", [False, True])
def test_colour_marks_headings_only_where_asked(colour: bool) -> None:  # noqa: FBT001  pytest passes it
    text = hg.solve(hg.load(NETWORK)).working().to_terminal(colour=colour)
    assert ("\x1b[1mGiven\x1b[0m" in text) == colour


def test_as_a_module_of_its_own() -> None:
    command = [sys.executable, "-m", "handgrad", "solve", "nothing.toml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: nothing.toml: cannot be read: there is no such file\n"


@pytest.mark.parametrize(
    ("key", "value", "good"),
    [
        ("network", {"input": {"p": 2, "q": [2]}, "layers": [{"op": "add", "from": ["p", "q"]}]}, True),
        ("network", {"input": {}, "layers": [{"op": "identity"}]}, False),
        ("network", {"input": 1, "parameters": {"U": [[1]]}, "layers": [{"op": "dense", "weights": "U"}]}, True),
        ("network", {"input": 1, "layers": [{"op": "identity", "from": 1}]}, False),
        ("penalties", [{"op": "l2", "rate": "1/10", "parameters": ["W1"]}], True),
        ("penalties", [{"op": "l3", "rate": 1}], False),
        ("update", {"op": "adam", "rate": 1, "steps": 3, "freeze": ["b1"]}, True),
        ("update", {"op": "sgd", "rate": 1, "steps": 0}, False),
        ("data", {"p": [1, 2], "q": [1, 2], "dL/dyhat": [1, 1]}, True),
        ("data", {"x": {"file": 1}}, False),
    ],
)
def test_the_schema_knows_graphs_penalties_and_steps(key: str, value: Any, good: bool) -> None:  # noqa: FBT001
    tree = {"network": {"input": 1, "layers": [{"op": "identity"}]}, "data": {"x": 1}, key: value}
    assert jsonschema.Draft202012Validator(json.loads(run("schema"))).is_valid(tree) is good


def test_values_too_long_to_print_stand_in_a_csv_beside(tmp_path: Path) -> None:
    tree = {
        "arithmetic": "float64",
        "network": {
            "input": 30,
            "layers": [{"op": "dense", "weights": {"random": "normal", "seed": 1, "shape": [20, 30]}}],
        },
        "loss": {"op": "squared_error"},
        "data": {"x": [1] * 30, "y": [0] * 20},
    }
    problem, out = tmp_path / "wide.json", tmp_path / "wide.md"
    problem.write_text(json.dumps(tree))
    done = CliRunner().invoke(main, ["solve", str(problem), "-o", str(out)])
    assert (done.exit_code, done.stderr) == (0, f"the full values of W1, dL/dW1: {tmp_path / 'wide.values.csv'}\n")
    lines = (tmp_path / "wide.values.csv").read_text().splitlines()
    assert lines[0] == "quantity,index,value,exact"
    assert sum(line.startswith("dL/dW1,") for line in lines) == 600
    assert not (tmp_path / "wide.csv").exists()


@pytest.mark.parametrize(
    ("command", "output", "said"),
    [
        (["solve", NETWORK], "solution.pfd", ".txt .md .tex .typ .html .htm .pdf .ipynb .docx .json .csv"),
        (["solve", NETWORK], "network.png", '(or a format after --to), found ".png"'),
        (["ops"], "ops.csv", ".txt .md .tex .html .htm .pdf (or"),
        (["ops"], "ops.ipynb", 'found ".ipynb"'),
        (["draw", NETWORK], "network.pdf", 'expected a name that ends in .svg, .png or .tex, found ".pdf"'),
        (["draw", NETWORK, "--scale", "20"], "network.png", "expected a scale up to 14.9 for this picture"),
    ],
)
def test_a_file_that_names_no_format_is_not_written(command: list[str], output: str, said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [*command, "-o", str(tmp_path / output)])
    assert result.exit_code == 2
    assert result.output.startswith("error: ")
    assert result.output.count("\n") == 1
    assert said in result.output
    assert not list(tmp_path.iterdir())


def test_a_file_without_a_suffix_is_plain_text_and_an_option_says_otherwise(tmp_path: Path) -> None:
    run("solve", NETWORK, "-o", str(tmp_path / "solution"))
    assert (tmp_path / "solution").read_text() == run("solve", NETWORK)
    run("solve", NETWORK, "--to", "csv", "-o", str(tmp_path / "solution.dat"))
    assert (tmp_path / "solution.dat").read_text().startswith("quantity,index,value,exact\n")


@pytest.mark.parametrize("command", ["solve", "draw"])
def test_a_problem_is_not_overwritten_by_its_solution(command: str, tmp_path: Path) -> None:
    problem = tmp_path / "problem.json"
    tree = {"network": {"input": 1, "layers": [{"op": "identity"}]}, "data": {"x": [1]}}
    problem.write_text(json.dumps(tree))
    (tmp_path / "same.json").symlink_to(problem)
    for output in (problem, tmp_path / "same.json"):
        result = CliRunner().invoke(main, [command, str(problem), "-o", str(output)])
        refused = f"error: {output}: cannot be written: it is the file that is read\n"
        assert (result.exit_code, result.output) == (2, refused)
    assert json.loads(problem.read_text()) == tree


def test_what_the_formats_refuse() -> None:
    document, picture = hg.solve(hg.load(NETWORK)).working(), hg.draw(hg.load(NETWORK))
    wrong: Any = "key"
    with pytest.raises(hg.InputError, match='expected questions or answers, found "key"'):
        document.only(wrong)
    for write in (document.to_pdf, document.to_typst):
        with pytest.raises(hg.InputError, match='expected the paper a4 or letter, found "key"'):
            write(paper=wrong)
    for scale in (0, -1, 1e-9, 1e9, float("nan"), float("inf")):
        with pytest.raises(hg.InputError, match=r"expected a scale up to 14\.9 for this picture"):
            picture.to_png(scale=scale)


def test_what_python_prints_fits_in_a_line() -> None:
    problem = hg.load(NETWORK)
    trace = hg.solve(problem)
    assert repr(trace.working(["L"])) == (
        "Document('Three logistic layers into a softmax', Given, Forward pass, Loss, Answers)"
    )
    assert re.fullmatch(r"Drawing\('Three logistic layers into a softmax', \d+ × \d+ points\)", repr(hg.draw(trace)))
    assert repr(problem) == f"Problem('Three logistic layers into a softmax', {problem.network!r})"
