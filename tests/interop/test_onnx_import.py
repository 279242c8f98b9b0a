"""Graphs as exporters write them, read with axis 0 as the batch and compared with another runtime."""

from __future__ import annotations

from typing import Any

import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import handgrad as hg

SHAPE = (2, 3, 4)
"""Of an example."""


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def graph(nodes: list[Any], constants: dict[str, Any] | None = None) -> Any:
    """A model from x [N][2][3][4] to y."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *SHAPE])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    made = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def node(op: str, *reads: str, to: str = "y", **settings: Any) -> Any:
    return helper.make_node(op, list(reads), [to], **settings)


ONES = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4) / 7

GOOD: dict[str, Any] = {
    "flatten": graph([node("Flatten", "x")]),
    "view of the batch": graph(
        [
            node("Shape", "x", to="s"),
            node("Gather", "s", "zero", to="n"),
            node("Unsqueeze", "n", "axis", to="n1"),
            node("Concat", "n1", "rest", to="shape", axis=0),
            node("Reshape", "x", "shape"),
        ],
        {"zero": np.array(0, np.int64), "axis": ints(0), "rest": ints(-1)},
    ),
    "reshape with zeros": graph([node("Reshape", "x", "s")], {"s": ints(0, 0, 12)}),
    "reshape from the end": graph([node("Reshape", "x", "s")], {"s": ints(-1, 6, 4)}),
    "transpose": graph([node("Transpose", "x", perm=[0, 3, 1, 2])]),
    "slice": graph(
        [node("Slice", "x", "a", "b", "c", "d")],
        {"a": ints(-1, 0), "b": ints(-100, 3), "c": ints(2, -1), "d": ints(-1, 2)},
    ),
    "take": graph([node("Gather", "x", "i", axis=2)], {"i": ints(2, -3, 1)}),
    "select": graph([node("Gather", "x", "i", axis=1)], {"i": np.array(1, np.int64)}),
    "pad": graph([node("Pad", "x", "p", mode="edge")], {"p": ints(0, 0, 1, 2, 0, 0, 0, 1)}),
    "squeeze": graph([node("ReduceMax", "x", "a", to="m"), node("Squeeze", "m", "a")], {"a": ints(2)}),
    "unsqueeze": graph([node("Unsqueeze", "x", "a")], {"a": ints(1, -1)}),
    "expand": graph(
        [node("ReduceSum", "x", "a", to="s"), node("Expand", "s", "e")], {"a": ints(3), "e": ints(1, 1, 1, 5)}
    ),
    "tile": graph([node("Tile", "x", "r")], {"r": ints(1, 2, 1, 3)}),
    "sum with a constant": graph([node("Add", "x", "c")], {"c": ONES}),
    "product with a number": graph([node("Mul", "c", "x")], {"c": np.array(0.5, np.float32)}),
    "quotient": graph([node("Exp", "x", to="e"), node("Div", "x", "e")]),
    "power": graph([node("Pow", "x", "p")], {"p": np.array(3.0, np.float32)}),
    "swish with a factor": graph(
        [node("Mul", "x", "c", to="t"), node("Sigmoid", "t", to="u"), node("Mul", "x", "u")],
        {"c": np.array(1.5, np.float32)},
    ),
    "parts": graph(
        [helper.make_node("Split", ["x"], ["p", "q"], axis=3, num_outputs=2), node("Sub", "p", "q")],
    ),
    "mean of three": graph([node("Relu", "x", to="r"), node("Mean", "x", "r", "x")]),
    "product of matrices": graph(
        [node("Transpose", "x", perm=[0, 1, 3, 2], to="t"), node("MatMul", "x", "t")],
    ),
    "rows": graph([node("MatMul", "x", "w")], {"w": np.ones((4, 2), np.float32)}),
    "output is read on": graph([node("Relu", "x"), node("Exp", "y", to="unused")]),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_graph_gives_the_same(name: str) -> None:
    model = GOOD[name]
    x = np.random.default_rng(5).normal(size=(3, *SHAPE)).astype(np.float32)
    expected = runtime.InferenceSession(model.SerializeToString()).run(["y"], {"x": x})[0]
    trace = hg.solve(hg.from_onnx(model, x=x.astype(np.float64)), "float32")
    np.testing.assert_allclose(trace["yhat"], expected, rtol=1e-5, atol=1e-6)


BAD: dict[str, tuple[Any, str]] = {
    "batch moved": (graph([node("Transpose", "x")]), "moves the batch"),
    "no order": (graph([node("Transpose", "x", perm=[0, 1, 1, 2])]), "no order of 4 axes"),
    "batch flattened": (graph([node("Flatten", "x", axis=2)]), "flatten the batch"),
    "batch reshaped": (graph([node("Reshape", "x", "s")], {"s": ints(24, -1)}), "keep axis 0"),
    "batch summed": (graph([node("ReduceSum", "x")]), "axis 0, which is the batch"),
    "batch padded": (graph([node("Pad", "x", "p")], {"p": ints(1, 0, 0, 0, 0, 0, 0, 0)}), "pads the batch"),
    "cut away": (graph([node("Pad", "x", "p")], {"p": ints(0, 0, 0, -1, 0, 0, 0, 0)}), "cuts away"),
    "batch stretched": (graph([node("Expand", "x", "e")], {"e": ints(2, 1, 1, 1)}), "stretches the batch"),
    "does not stretch": (graph([node("Expand", "x", "e")], {"e": ints(1, 1, 7, 1)}), "does not stretch"),
    "far repeats": (graph([node("Tile", "x", "r")], {"r": ints(1, 1, 1, 10**9)}), "repeats from 1 to 64"),
    "no step": (
        graph([node("Slice", "x", "a", "b", "a", "c")], {"a": ints(1), "b": ints(2), "c": ints(0)}),
        "step is 0",
    ),
    "nothing left": (graph([node("Slice", "x", "a", "a", "a")], {"a": ints(1)}), "nothing is left"),
    "no such place": (graph([node("Gather", "x", "i", axis=1)], {"i": ints(5)}), "not all among 2"),
    "not of length 1": (graph([node("Squeeze", "x", "a")], {"a": ints(2)}), "longer than 1"),
    "parts too long": (graph([node("Split", "x", "p", axis=1)], {"p": ints(5)}), "do not make up"),
    "other examples": (graph([node("Add", "x", "c")], {"c": np.ones((3, 1, 1, 1), np.float32)}), "for each example"),
    "product of few axes": (graph([node("MatMul", "w", "x")], {"w": np.ones((1, 1, 1, 2, 3), np.float32)}), "stay the"),
    "a choice": (graph([node("Where", "x", "x", "x")]), "chooses by a condition"),
    "power of an array": (graph([node("Pow", "x", "x")]), "a constant number as its exponent"),
    "constants joined": (graph([node("Concat", "x", "c", axis=1)], {"c": ONES}), "joins a constant"),
    "a constant alone": (graph([node("Relu", "c")], {"c": ONES}), "reads constants only"),
    "bounds that are arrays": (graph([node("Clip", "x", "c")], {"c": ONES}), "must be one number"),
    "no bias of the two": (graph([node("Shrink", "x", bias=0.25)]), "expected the bias 0"),
    "a computed kernel": (graph([node("Conv", "x", "x")]), "must be a constant"),
    "indices that are numbers": (graph([node("Reshape", "x", "c")], {"c": ONES}), "list of integers"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_brought_names_the_node(name: str) -> None:
    model, words = BAD[name]
    with pytest.raises(hg.InputError, match=words) as found:
        hg.problem_tree_from_onnx(model)
    assert "node 1" in str(found.value)
