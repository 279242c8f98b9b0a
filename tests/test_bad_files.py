"""Bad problem files: each gives its literal error, exit status 2, no traceback and writes nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import handgrad as hg
from handgrad.cli.main import main
from handgrad.ops import LOSSES, OPS
from handgrad.ops.op import BadSample

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(file.name for file in FOLDER.iterdir() if file.suffix != ".txt")


def refused(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the program says of a file that it must refuse."""
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    result = CliRunner().invoke(main, ["solve", name, "-o", "out.md", "--to", "json"])
    assert result.exit_code == 2, result.output
    assert sorted(folder.iterdir()) == before
    return result.output


def test_there_are_at_least_forty() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_gives_its_literal_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FOLDER / name, tmp_path / name)
    assert refused(tmp_path, name, monkeypatch) == (FOLDER / f"{name}.txt").read_text()


def test_a_file_nested_ten_thousand_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep.toml").write_text("x = " + "[" * 10_000 + "]" * 10_000)
    output = refused(tmp_path, "deep.toml", monkeypatch)
    assert output.startswith("error: deep.toml")
    assert output.count("\n") == 1


def test_ten_megabytes_of_numbers_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ", ".join(["0.1234567"] * 1000)
    rows = ",\n".join(f"[{row}]" for _ in range(1000))
    text = f'[network]\ninput = 2\n[[network.layers]]\nop = "dense"\nweights = [{rows}]\n[data]\nx = [1, 2]\n'
    assert len(text) > 10_000_000
    (tmp_path / "large.toml").write_text(text)
    assert refused(tmp_path, "large.toml", monkeypatch) == (
        "error: large.toml, line 5, network.layers[1].weights: layer 1 (dense): "
        "expected a column for each of the 2 inputs, found 1000\n"
    )


def test_no_file_and_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        refused(tmp_path, "nothing.toml", monkeypatch) == "error: nothing.toml: cannot be read: there is no such file\n"
    )


def test_a_pickle_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "w.npz", W=np.array([[{"a": 1}]], dtype=object), allow_pickle=True)
    layer = '[[network.layers]]\nop = "dense"\nweights = { file = "w.npz", key = "W" }\n'
    (tmp_path / "p.toml").write_text(f"[network]\ninput = 1\n{layer}[data]\nx = [1]\n")
    output = refused(tmp_path, "p.toml", monkeypatch)
    assert output.startswith("error: p.toml, line 5, network.layers[1].weights")


@pytest.mark.parametrize(
    ("op", "bad"),
    [(name, bad) for name, kind in OPS.items() for bad in kind.bad_samples],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_samples_of_ops_give_their_message(op: str, bad: BadSample) -> None:
    with pytest.raises(hg.InputError) as caught:
        hg.Network([{"op": op, **bad.layer}], list(bad.reads))
    assert [mistake.text for mistake in caught.value.mistakes] == [bad.message]


@pytest.mark.parametrize(
    ("loss", "bad"),
    [(name, bad) for name, kind in LOSSES.items() for bad in kind.bad_samples],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_targets_give_their_message(loss: str, bad: BadSample) -> None:
    tree = {
        "network": {"input": list(bad.reads), "layers": [{"op": "identity"}]},
        "loss": {"op": loss},
        "data": {"x": [1] * bad.reads[0], **bad.layer},
    }
    with pytest.raises(hg.InputError) as caught:
        hg.Problem.from_dict(tree)
    assert [mistake.text for mistake in caught.value.mistakes] == [bad.message]


def test_a_problem_that_is_no_table() -> None:
    with pytest.raises(hg.InputError, match=r"^expected a problem as a table, found a list$"):
        hg.Problem.from_dict([1, 2])  # type: ignore[arg-type]  # that is the point


def test_json_says_the_same_as_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {"network": {"input": 2, "layers": [{"op": "dense", "weights": [[1]]}]}, "data": {"x": [1, 2]}}
    (tmp_path / "p.json").write_text(json.dumps(tree, indent=1))
    output = refused(tmp_path, "p.json", monkeypatch)
    assert output.endswith("expected a column for each of the 2 inputs, found 1\n")
    assert "line 7, network.layers[1].weights" in output
