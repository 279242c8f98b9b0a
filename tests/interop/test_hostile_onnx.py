"""Models that are broken or meant to do harm: each one is a clear InputError, quickly and without much memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

onnx = pytest.importorskip("onnx")

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import handgrad as hg
from handgrad.interop.onnx_import import from_onnx, problem_tree_from_onnx

FLOAT = TensorProto.FLOAT
WEIGHTS = np.ones((2, 3), np.float32)
SECONDS = 5
MEGABYTES = 1024


def model(nodes: list[Any], constants: dict[str, Any] | None = None, **parts: Any) -> Any:
    """A model that reads x [N][3] and gives y, with parts changed."""
    inputs = parts.get("inputs", [helper.make_tensor_value_info("x", FLOAT, ["N", 3])])
    outputs = parts.get("outputs", [helper.make_tensor_value_info("y", FLOAT, ["N", 2])])
    tensors = [
        value if isinstance(value, TensorProto) else numpy_helper.from_array(value, name)
        for name, value in (constants or {}).items()
    ]
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", parts.get("opset", 17))])


def gemm(*names: str, **settings: Any) -> Any:
    return helper.make_node("Gemm", list(names or ("x", "w")), ["y"], transB=1, **settings)


def tensor(**fields: Any) -> Any:
    """The initialiser w [2][3], with fields changed."""
    found = TensorProto(name="w", data_type=FLOAT)
    found.dims.extend(fields.pop("dims", [2, 3]))
    for key, value in fields.items():
        setattr(found, key, value)
    return found


def external(location: str, **entries: str) -> Any:
    found = tensor(data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        found.external_data.add(key=key, value=value)
    return model([gemm()], {"w": found})


def node(op: str, *reads: str, **settings: Any) -> Any:
    return helper.make_node(op, list(reads), ["y"], **settings)


def twice_given() -> Any:
    return model([node("Relu", "x"), node("Tanh", "x")])


def changed(change: Callable[[Any], Any]) -> Any:
    found = model([gemm()], {"w": WEIGHTS})
    change(found)
    return found


def with_input(*shape: Any, kind: int = FLOAT) -> Any:
    return model([node("Relu", "x")], inputs=[helper.make_tensor_value_info("x", kind, shape)])


def local_function(found: Any) -> None:
    found.functions.add(name="bomb", domain="d")


def sparse(found: Any) -> None:
    found.graph.sparse_initializer.add()


def chain(op: str, count: int) -> list[Any]:
    """Each node doubles the tensor of the one before."""
    names = ["c", *(f"t{i}" for i in range(count))]
    return [helper.make_node(op, [a, a], [b], axis=0) for a, b in pairwise(names)]


def conv(**settings: Any) -> Any:
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["N", 1, 8, 8])]
    kernel = np.ones((1, 1, 3, 3), np.float32)
    return model([node("Conv", "x", "k", **settings)], {"k": kernel}, inputs=inputs)


WHOLE = model([gemm()], {"w": WEIGHTS}).SerializeToString()

HOSTILE: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "empty"),
    "noise": (b"\xff\xfe\xfd" * 50, "no ONNX model"),
    "text": (b"[network]\ninput = 3\n", "no ONNX model"),
    "cut off": (WHOLE[: len(WHOLE) // 2], "cut off"),
    "no graph": (onnx.ModelProto(ir_version=8), "no graph"),
    "no opset": (changed(lambda found: found.ClearField("opset_import")), "opset"),
    "opset of the past": (model([gemm()], {"w": WEIGHTS}, opset=3), "opset 3 is not read"),
    "opset of the future": (model([gemm()], {"w": WEIGHTS}, opset=9999), "opset 9999 is not read"),
    "promises more than raw": (model([gemm()], {"w": tensor(raw_data=b"\0" * 4)}), "needs 24 bytes, found 4"),
    "promises more than listed": (model([gemm()], {"w": tensor()}), "needs 6 numbers, found 0"),
    "huge initialiser": (model([gemm()], {"w": tensor(dims=[2**40, 2**20], raw_data=b"")}), "too large"),
    "negative length": (model([gemm()], {"w": tensor(dims=[-2, 3], raw_data=b"")}), "negative length"),
    "unknown type": (model([gemm()], {"w": tensor(data_type=777, raw_data=b"")}), "type number 777"),
    "texts": (model([gemm()], {"w": tensor(data_type=TensorProto.STRING)}), "type STRING"),
    "complex": (model([gemm()], {"w": np.ones((2, 3), np.complex64)}), "type COMPLEX64"),
    "external from bytes": (external("w.bin"), "lies in another file"),
    "cycle": (
        model([helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]), node("Relu", "b")]),
        "cycle",
    ),
    "reads itself": (model([node("Add", "x", "y")]), "cycle"),
    "missing input": (model([gemm("x", "nowhere")]), '"nowhere", which nothing gives'),
    "missing output": (model([helper.make_node("Relu", ["x"], ["z"])]), 'nothing gives the output "y"'),
    "no output": (model([node("Relu", "x")], outputs=[]), "no output"),
    "two outputs": (
        model(
            [node("Relu", "x")], outputs=[helper.make_tensor_value_info(name, FLOAT, ["N", 3]) for name in ("y", "x")]
        ),
        "2 outputs",
    ),
    "given twice": (twice_given(), "given already"),
    "two initialisers": (changed(lambda found: found.graph.initializer.append(found.graph.initializer[0])), "two init"),
    "wrong columns": (model([gemm()], {"w": np.ones((2, 4), np.float32)}), "the 3 inputs, found 4"),
    "wrong bias": (model([gemm("x", "w", "b")], {"w": WEIGHTS, "b": np.ones(5, np.float32)}), "does not fit 2"),
    "no matrix": (model([gemm()], {"w": np.ones((2, 3, 1), np.float32)}), "expected a matrix"),
    "infinite weight": (model([gemm()], {"w": WEIGHTS * np.float32(np.inf)}), "infinite or not a number"),
    "unknown op": (model([node("Frobnicate", "x")]), r"node 1 \(Frobnicate\): handgrad has no such op"),
    "near op": (model([node("Sofmax", "x")]), "the nearest that can be brought over is Softmax"),
    "unknown domain": (model([node("Relu", "x", domain="com.evil")]), 'domain "com.evil"'),
    "branches": (model([node("If", "x")]), r"node 1 \(If\)"),
    "local function": (changed(local_function), "local function"),
    "sparse": (changed(sparse), "sparse"),
    "no shape": (model([node("Relu", "x")], inputs=[helper.make_tensor_value_info("x", FLOAT, None)]), "no shape"),
    "open length": (with_input("N", "w"), "no fixed length along axis 1"),
    "length of nothing": (with_input("N", 0), "length 0"),
    "huge input": (with_input("N", 2**40), "too large"),
    "negative input": (with_input("N", -3), "negative length"),
    "input of texts": (with_input("N", 3, kind=TensorProto.STRING), "type STRING"),
    "constant output": (model([node("Identity", "c")], {"c": WEIGHTS}), "is a constant"),
    "no such axis": (model([node("Softmax", "x", axis=9)]), "no axis 9"),
    "along the batch": (model([node("Softmax", "x", axis=0)]), "axis 0, which is the batch"),
    "wrong attribute": (model([node("Softmax", "x", axis="one")]), "wrong type"),
    "negative padding": (conv(pads=[-1, 0, 0, 0]), "integers from 0"),
    "short padding": (conv(pads=[1]), "must list 4 integers"),
    "huge padding": (conv(pads=[2**18] * 4), "entries|padding"),
    "no stride": (conv(strides=[0, 0]), "positive integer"),
    "wrong groups": (conv(group=7), "group"),
    "kernel says otherwise": (conv(kernel_shape=[5, 5]), "kernel_shape says"),
    "doubling constants": (
        model([*chain("Concat", 40), node("Add", "x", "t39")], {"c": np.ones(1000, np.float32)}),
        "more than 50000000|too large",
    ),
    "huge fill": (
        model(
            [helper.make_node("ConstantOfShape", ["s"], ["c"]), node("Add", "x", "c")],
            {"s": np.array([2**31, 2**31], np.int64)},
        ),
        "more than 50000000",
    ),
}


def check(source: Any, words: str) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(hg.InputError, match=words) as found:
        problem_tree_from_onnx(source)
    assert time.monotonic() - start < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024
    assert len(str(found.value).splitlines()) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_one_clear_error(name: str) -> None:
    source, words = HOSTILE[name]
    check(source if isinstance(source, bytes) else source.SerializeToString(), words)


@pytest.mark.parametrize(
    ("location", "entries", "words"),
    [
        ("../secret.bin", {}, "outside the model's folder"),
        ("/etc/passwd", {}, "outside the model's folder"),
        ("", {}, "outside the model's folder"),
        ("a\0b", {}, "outside the model's folder"),
        ("link.bin", {}, "outside the model's folder"),
        ("absent.bin", {}, "which is not there"),
        ("short.bin", {}, "reaches past the end"),
        ("short.bin", {"offset": "99999999999"}, "reaches past the end"),
        ("short.bin", {"offset": "-4"}, "expected a number of bytes"),
        ("short.bin", {"length": "5"}, "needs 24 bytes, found 5"),
    ],
)
def test_external_data_stays_in_the_folder(tmp_path: Path, location: str, entries: dict[str, str], words: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"\0" * 24)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "short.bin").write_bytes(b"\0" * 8)
    file = folder / "m.onnx"
    file.write_bytes(external(location, **entries).SerializeToString())
    check(file, words)


def test_external_data_in_the_folder_is_read(tmp_path: Path) -> None:
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    (tmp_path / "w.bin").write_bytes(b"\0" * 4 + values.tobytes())
    file = tmp_path / "m.onnx"
    file.write_bytes(external("w.bin", offset="4", length="24").SerializeToString())
    problem = from_onnx(file, x=[1.0, 0.0, 2.0])
    assert hg.solve(problem)["yhat"].tolist() == [4.0, 13.0]


def test_files_that_are_none(tmp_path: Path) -> None:
    check(tmp_path / "none.onnx", "there is no such file")
    check(tmp_path, "it is a folder")
    large = tmp_path / "large.onnx"
    with large.open("wb") as stream:
        stream.truncate(600 * 2**20)
    check(large, "at most 536870912 are read")
    check(3, "expected a file, bytes or an onnx.ModelProto, found int")


def test_too_many_nodes() -> None:
    names = [f"t{i}" for i in range(5_001)]
    nodes = [helper.make_node("Relu", [a], [b]) for a, b in zip(["x", *names], names, strict=False)]
    check(model(nodes).SerializeToString(), "at most 5000 are read")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    check(b"x", r'pip install "handgrad\[onnx\]"')
