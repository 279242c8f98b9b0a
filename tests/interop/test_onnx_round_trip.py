"""Networks written as ONNX models: checked, run by another runtime, read back as the same problem."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

import numpy as np

import handgrad as hg
from handgrad.interop.onnx_writers import WRITERS
from handgrad.ops.op import Sample

from_onnx, to_onnx, problem_tree_from_onnx = hg.from_onnx, hg.to_onnx, hg.problem_tree_from_onnx

TOO_LONG = "must be less than max(stride, dilation)"
LIMITS = ("NOT_IMPLEMENTED", "pool_attributes.h", "lrn.h", "lrn.cc", TOO_LONG)
"""What onnxruntime does not do: doubles of some ops, pads as long as a window, even or flat responses."""


NOT_EXPORTED = ("a product with a vector is not written", "dropout")
"""What is refused, with a text that says why."""

SINGLE = {"gelu": 1e-6, "group_norm": 1e-4}
"""Ops that onnxruntime makes of others, with constants in single precision; so are all float attributes."""


def cases() -> list[Any]:
    found = []
    for name in sorted(set(WRITERS) & set(hg.OPS)):
        found += [pytest.param(name, sample, id=f"{name}-{i}") for i, sample in enumerate(hg.OPS[name].samples)]
    return found


def array(random: Random, shape: tuple[int, ...], bounds: tuple[int, int], dtype: Any, *, whole: bool) -> Any:
    low, high = bounds
    size = int(np.prod(shape, dtype=int))
    if whole:
        return np.array([random.randint(low, high) for _ in range(size)], np.float64).reshape(shape)
    drawn = [round(random.uniform(low, high) or 0.5, 3) for _ in range(size)]
    return np.array(drawn, dtype).astype(np.float64).reshape(shape)


def problem_of(name: str, sample: Sample, dtype: Any) -> hg.Problem:
    """A batch through one layer, with numbers in the ranges of the sample."""
    op, random = hg.OPS[name], Random(7)
    values = {
        letter: array(random, shape, sample.ranges.get(letter, (-2, 2)), dtype, whole=letter in sample.integers)
        for letter, shape in sample.shapes.items()
    }
    letters = [letter for letter in values if letter not in op.parameters]
    layer = {"op": name, **sample.settings}
    layer |= {key: values[letter] if values[letter].shape else float(values[letter])
              for letter, key in op.parameters.items() if letter in values}  # fmt: skip
    names = {letter: "x" if letters == ["x"] else f"in_{letter}" for letter in letters}
    shapes: Any = {names[letter]: list(sample.shapes[letter][1:]) for letter in letters}
    layer["from"] = list(names.values())
    data = {names[letter]: values[letter] for letter in letters}
    tree = {
        "network": {"input": shapes["x"] if list(shapes) == ["x"] else shapes, "layers": [layer]},
        "data": data | {"batch": True},
        "arithmetic": np.dtype(dtype).name,
    }
    return hg.Problem.from_dict(tree)


def run(model: Any, problem: hg.Problem, dtype: Any) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(model.SerializeToString(), options)
    feeds = {name: value.floats().astype(dtype) for name, value in problem.inputs.items()}
    return session.run(None, feeds)[0]


@pytest.mark.parametrize(("name", "sample"), cases())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_model_gives_the_same(name: str, sample: Sample, dtype: Any) -> None:
    problem = problem_of(name, sample, dtype)
    try:
        model = to_onnx(problem)
    except hg.InputError as error:
        assert any(words in str(error) for words in NOT_EXPORTED), error  # noqa: PT017  most of them are exported
        return
    onnx.checker.check_model(model, full_check=True)
    expected = hg.solve(problem)["yhat"]
    try:
        found = run(model, problem, dtype)
    except Exception as error:
        limit = next((words for words in LIMITS if words in str(error)), None)
        if not limit or (dtype == np.float32 and limit == "NOT_IMPLEMENTED"):
            raise
        found = None  # no kernel: the way back below is what can be compared
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    single = name in SINGLE or any(
        a.type == onnx.AttributeProto.FLOAT for node in model.graph.node for a in node.attribute
    )
    if found is not None:
        tolerances = (SINGLE.get(name, 1e-5), 1e-7) if single else (tolerance, tolerance)
        np.testing.assert_allclose(found, expected, rtol=tolerances[0], atol=tolerances[1])
    data = {key: value.floats() for key, value in problem.inputs.items()}
    data = data if len(data) > 1 else {"x": problem.x.floats()}
    if "output_shape" in sample.settings and name == "conv_transpose1d":
        return  # its output padding is longer than the stride, which no reader of ONNX takes
    back = from_onnx(model, x=data)
    trace = hg.solve(back, np.dtype(dtype).name)
    tolerance = 1e-6 if single else tolerance  # an attribute came back in single precision
    np.testing.assert_allclose(trace["yhat"], expected, rtol=tolerance, atol=tolerance)


MLP = {
    "title": "two layers",
    "network": {
        "input": 3,
        "layers": [
            {"op": "dense", "weights": [[0.1, 0.2, -0.3], [0.4, -0.5, 0.6]], "bias": [0.1, 0.2], "activation": "tanh"},
            {"op": "dense", "weights": [[0.7, -0.8], [0.9, 1.0]], "bias": [0, 0.5], "activation": "softmax"},
        ],
    },
    "loss": {"op": "cross_entropy"},
    "data": {"x": [1, 0.5, -1], "y": [1, 0]},
    "arithmetic": "float64",
}

CNN = {
    "network": {
        "input": [1, 6, 6],
        "layers": [
            {"op": "conv2d", "kernel": {"random": "normal", "seed": 1, "shape": [2, 1, 3, 3]}, "activation": "relu"},
            {"op": "max_pool2d", "kernel": 2},
            {"op": "flatten"},
            {"op": "dense", "weights": {"random": "normal", "seed": 2, "shape": [3, 8]}},
        ],
    },
    "loss": {"op": "squared_error"},
    "data": {"x": {"random": "normal", "seed": 3, "shape": [1, 6, 6]}, "y": [1, 0, 0]},
    "arithmetic": "float64",
}


@pytest.mark.parametrize("tree", [MLP, CNN], ids=["mlp", "cnn"])
def test_the_trace_is_the_same(tree: dict[str, Any]) -> None:
    problem = hg.Problem.from_dict(tree)
    assert problem.y is not None
    before = hg.solve(problem)
    back = from_onnx(to_onnx(problem), x=problem.x.floats(), y=problem.y.floats(), loss=tree["loss"]["op"])
    after = hg.solve(back)
    assert after.names == before.names
    for name in before.names:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def test_the_tree_names_its_weights() -> None:
    tree, arrays = problem_tree_from_onnx(to_onnx(hg.Problem.from_dict(MLP)))
    first = tree["network"]["layers"][0]
    assert first["weights"] == {"file": "weights.npz", "key": "W_1"} or first["weights"]["key"] in arrays
    assert first["activation"] == "tanh"
    assert [value.shape for value in arrays.values()] == [(2, 3), (2,), (2, 2), (2,)]
    assert tree["title"] == "two layers"


def test_an_example_is_drawn_where_none_is_given() -> None:
    problem = from_onnx(to_onnx(hg.Problem.from_dict(MLP)))
    assert problem.x.shape == (3,)
    assert problem.loss is None


def test_a_batch_is_told_from_an_example() -> None:
    model = to_onnx(hg.Problem.from_dict(MLP), "float32")
    assert from_onnx(model, x=np.ones((4, 3))).examples == 4
    assert from_onnx(model, x=[1, 2, 3]).examples == 1


def test_shared_weights_are_one_parameter() -> None:
    layer = {"op": "dense", "weights": "both"}
    network = hg.Network([layer, layer], 2, {"both": [[1.0, 2.0], [3.0, 4.0]]})
    back = from_onnx(to_onnx(network), x=[1, 2])
    assert list(back.network.parameters) == ["both"]
