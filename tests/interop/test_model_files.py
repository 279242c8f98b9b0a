"""``handgrad import``: a model file as a problem file with its weights beside it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import handgrad as hg
from handgrad.cli.main import main
from handgrad.interop.model_files import import_model, save

pytest.importorskip("safetensors")


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def export(torch: Any, module: Any, x: Any, file: Path) -> None:
    torch.export.save(torch.export.export(module.eval(), (x,)), file)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def test_a_program_of_torch_becomes_a_problem_that_solves(tmp_path: Path, torch: Any) -> None:
    nn = torch.nn
    torch.manual_seed(1)
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 5))
    x = torch.randn(1, 2, 4, 4)
    export(torch, module, x, tmp_path / "m.pt2")
    np.save(tmp_path / "x.npy", x[0].numpy())
    problem = tmp_path / "p.toml"
    done = run(
        tmp_path / "m.pt2", "-o", problem, "--x", tmp_path / "x.npy", "--loss", "softmax_cross_entropy", "--label", 2
    )
    assert done.exit_code == 0, done.output
    text = problem.read_text()
    assert 'weights = { file = "p.safetensors", key = "W' in text
    assert 'x = { file = "p.safetensors", key = "x" }' in text
    assert "bias = [" in text  # few numbers stand in the file itself
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.pt2", "p.safetensors", "p.toml", "x.npy"]
    trace = hg.solve(hg.load(problem))
    np.testing.assert_allclose(np.asarray(trace["yhat"]).ravel(), module(x).detach().numpy().ravel(), rtol=1e-5)
    loss = nn.functional.cross_entropy(module(x), torch.tensor([1]))
    np.testing.assert_allclose(float(np.asarray(trace["L"])), float(loss.detach()), rtol=1e-5)


def test_a_random_input_is_drawn_by_its_seed(tmp_path: Path, torch: Any) -> None:
    export(torch, torch.nn.Linear(3, 2), torch.randn(1, 3), tmp_path / "m.pt2")
    assert run(tmp_path / "m.pt2", "-o", tmp_path / "p.toml", "--seed", 7).exit_code == 0
    assert 'x = { random = "normal", seed = 7, decimals = 2, shape = [3] }' in (tmp_path / "p.toml").read_text()
    assert not (tmp_path / "p.safetensors").exists()
    assert np.asarray(hg.solve(hg.load(tmp_path / "p.toml"))["yhat"]).shape == (2,)


def test_an_embedding_reads_whole_numbers(tmp_path: Path, torch: Any) -> None:
    export(torch, torch.nn.Embedding(7, 3), torch.tensor([[1, 2]]), tmp_path / "m.pt2")
    import_model(str(tmp_path / "m.pt2"), tmp_path / "p.toml")
    assert 'random = "integers", seed = 1, low = 0, high = 6' in (tmp_path / "p.toml").read_text()
    hg.solve(hg.load(tmp_path / "p.toml"))


def test_an_onnx_model_becomes_a_problem(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    tree = {
        "arithmetic": "float64",
        "network": {"input": [3], "layers": [{"op": "dense", "weights": np.arange(24.0).reshape(8, 3)}]},
        "data": {"x": np.array([1.0, 2.0, 3.0])},
    }
    problem = hg.Problem.from_dict(tree)
    onnx.save(hg.to_onnx(problem), tmp_path / "m.onnx")
    np.save(tmp_path / "x.npy", np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]))
    import_model(str(tmp_path / "m.onnx"), tmp_path / "p.toml", x=str(tmp_path / "x.npy"))
    found = hg.load(tmp_path / "p.toml")
    assert found.batch
    np.testing.assert_allclose(np.asarray(hg.solve(found)["yhat"])[0], np.asarray(hg.solve(problem)["yhat"]))


def test_what_holds_no_graph_is_refused_with_what_to_do(tmp_path: Path, torch: Any) -> None:
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "s.pt")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "m.pth")
    (tmp_path / "t.pt2").write_bytes(b"PK\x03\x04 broken")
    texts = {"s.pt": "it holds weights but no graph", "m.pth": "is no program of torch.export", "t.pt2": "no program"}
    for name, text in texts.items():
        done = run(tmp_path / name, "-o", tmp_path / "p.toml")
        assert done.exit_code == 2
        assert text in done.output
        assert "torch.export.save" in done.output
        assert done.output.count("error:") == 1
    assert not (tmp_path / "p.toml").exists()


class Trap:
    """What a pickle would do on being opened."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (Path.touch, (self.file,))


def test_nothing_is_unpickled(tmp_path: Path, torch: Any) -> None:
    torch.save(Trap(tmp_path / "sprung"), tmp_path / "m.pt")
    assert run(tmp_path / "m.pt", "-o", tmp_path / "p.toml").exit_code == 2
    export(torch, torch.nn.Linear(2, 2), torch.randn(1, 2), tmp_path / "good.pt2")
    import io

    trap = io.BytesIO()
    torch.save((((Trap(tmp_path / "sprung"),), {})), trap)
    altered(tmp_path / "good.pt2", tmp_path / "bad.pt2", "sample_inputs/model.pt", lambda _: trap.getvalue())
    done = run(tmp_path / "bad.pt2", "-o", tmp_path / "p.toml")
    assert done.exit_code == 2
    assert done.output.count("error:") == 1
    assert not (tmp_path / "sprung").exists()


def altered(source: Path, target: Path, ending: str, change: Any) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename.endswith(ending) else data)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b"torch.ops.aten.linear.default", b"torch.hub.load", 'the operation "torch.hub.load" has no counterpart'),
        (b"{", b"[", "its graph is not valid JSON"),
    ],
)
def test_a_graph_is_checked_before_it_is_read(tmp_path: Path, torch: Any, old: bytes, new: bytes, text: str) -> None:
    export(torch, torch.nn.Linear(2, 2), torch.randn(1, 2), tmp_path / "good.pt2")
    altered(tmp_path / "good.pt2", tmp_path / "bad.pt2", "models/model.json", lambda data: data.replace(old, new))
    done = run(tmp_path / "bad.pt2", "-o", tmp_path / "p.toml")
    assert done.exit_code == 2
    assert text in done.output


def test_sizes_are_arithmetic_only() -> None:
    from handgrad.interop.torch_files import _harmless

    _harmless({"a": [{"expr_str": "Max(1, s77*2)"}]})
    with pytest.raises(hg.InputError, match="is no arithmetic of sizes"):
        _harmless({"a": [{"expr_str": "__import__('os')"}]})


def test_other_mistakes_are_one_error_each(tmp_path: Path, torch: Any) -> None:
    export(torch, torch.nn.Linear(2, 2), torch.randn(1, 2), tmp_path / "m.pt2")
    np.save(tmp_path / "x.npy", np.zeros(5))
    (tmp_path / "not.npy").write_text("no")
    np.save(tmp_path / "words.npy", np.array(["a"]))
    cases = [
        (("none.onnx",), "none.onnx: there is no such file"),
        (("m.txt",), "expected a model file (.onnx, .pt2, .pt, .pth, .keras)"),
        ((tmp_path / "m.pt2", "--x", tmp_path / "x.npy"), "expected the shape [2], or a batch of it, found [5]"),
        ((tmp_path / "m.pt2", "--x", tmp_path / "not.npy"), "cannot be read as a .npy file"),
        ((tmp_path / "m.pt2", "--x", tmp_path / "words.npy"), "expected a .npy file of real numbers"),
        ((tmp_path / "m.pt2", "--label", 1), "--loss and --label belong together"),
        ((tmp_path / "m.pt2", "--label", 3, "--loss", "softmax_cross_entropy"), "expected a class from 1 to 2"),
    ]
    for arguments, text in cases:
        done = run(*arguments, "-o", tmp_path / "p.toml")
        assert done.exit_code == 2, done.output
        assert text in done.output
        assert done.output.count("error:") == 1
    assert not (tmp_path / "p.toml").exists()


def test_nothing_is_left_where_it_cannot_be_written(tmp_path: Path) -> None:
    tree = {"network": {"input": [20], "layers": [{"op": "dense", "weights": np.zeros((2, 20))}]}}
    with pytest.raises(hg.InputError, match="cannot be written"):
        save(tree, tmp_path / "none" / "p.toml")
    with pytest.raises(hg.InputError, match="needs another suffix"):
        save(tree, tmp_path / "p.safetensors")
    assert not list(tmp_path.iterdir())


def test_safetensors_as_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import save_file

    save_file({"W1": np.ones((2, 3))}, tmp_path / "w.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 20)

    def load(**weights: str) -> Any:
        layers = [{"op": "dense", "weights": weights}]
        return hg.Problem.from_dict({"network": {"input": [3], "layers": layers}, "data": {"x": [1, 2, 3]}}, tmp_path)

    assert np.asarray(hg.solve(load(file="w.safetensors", key="W1"))["yhat"], float).tolist() == [6.0, 6.0]
    for weights, text in [
        ({"file": "w.safetensors", "key": "W2"}, 'one of those in w.safetensors: W1, found "W2"'),
        ({"file": "w.safetensors"}, "expected a key, one of those in w.safetensors: W1"),
        ({"file": "bad.safetensors", "key": "W1"}, "bad.safetensors cannot be read"),
        ({"file": "none.safetensors", "key": "W1"}, "none.safetensors"),
    ]:
        with pytest.raises(hg.InputError) as caught:
            load(**weights)
        assert text in str(caught.value)
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    with pytest.raises(hg.InputError, match="needs the package safetensors"):
        load(file="w.safetensors", key="W1")
