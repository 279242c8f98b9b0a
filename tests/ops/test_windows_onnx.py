"""Transposed convolution and pooling against onnxruntime, in the settings that torch lacks."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from handgrad.arithmetic import float_functions
from handgrad.ops import OPS

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


def run(op: str, arrays: list[np.ndarray[Any, Any]], **attributes: Any) -> Any:
    names = "XWB"[: len(arrays)]
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node(op, list(names), ["Y"], **attributes)
    inputs = [helper.make_tensor_value_info(n, kind, a.shape) for n, a in zip(names, arrays, strict=True)]
    graph = helper.make_graph([node], "g", inputs, [helper.make_tensor_value_info("Y", kind, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, arrays, strict=True)))[0]


def drawn(random: Random, *shape: int) -> np.ndarray[Any, Any]:
    numbers = [random.gauss(0, 1) for _ in range(int(np.prod(shape)))]
    return np.array(numbers, dtype=np.float32).reshape(shape)


def close(ours: Any, theirs: Any) -> None:
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max(initial=0) <= 2e-5 * max(np.abs(theirs).max(initial=0), 1)


AUTO = {"same": "SAME_UPPER", "same_lower": "SAME_LOWER", 0: "NOTSET"}


@pytest.mark.parametrize("seed", range(40))
def test_transposed_convolution_with_an_output_shape(seed: int) -> None:
    random = Random(seed)
    rank = random.randint(1, 2)
    kernel = [random.randint(1, 4) for _ in range(rank)]
    stride = [random.randint(1, 3) for _ in range(rank)]
    dilation = [random.randint(1, 2) for _ in range(rank)]
    size = [random.randint(2, 4) for _ in range(rank)]
    whole = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in zip(size, stride, dilation, kernel, strict=True)]
    wanted = [max(n - random.randint(0, 3), 1) for n in whole]
    padding: Any = random.choice(["same", "same_lower", 0])
    x, K = drawn(random, 2, 2, *size), drawn(random, 2, 3, *kernel)
    op = OPS[f"conv_transpose{rank}d"](  # type: ignore[call-arg]
        stride=stride, dilation=dilation, padding=padding, output_shape=wanted
    )
    theirs = run(
        "ConvTranspose",
        [x, K],
        kernel_shape=kernel,
        strides=stride,
        dilations=dilation,
        output_shape=wanted,
        auto_pad=AUTO[padding],
    )
    close(op.forward(float_functions, x, K), theirs)


@pytest.mark.parametrize("name", ["AveragePool", "MaxPool", "LpPool"])
@pytest.mark.parametrize("seed", range(40))
def test_pools(name: str, seed: int) -> None:
    random = Random(seed)
    rank = random.randint(1, 2)
    kernel = [random.randint(1, 3) for _ in range(rank)]
    stride = [random.randint(1, 3) for _ in range(rank)]
    dilation = [random.randint(1, 2) for _ in range(rank)]
    pads = [[random.randint(0, k - 1), random.randint(0, k - 1)] for k in kernel]
    size = [2 * k + 2 + random.randint(0, 5) for k in kernel]
    settings: dict[str, Any] = {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": pads}
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": stride, "dilations": dilation}
    attributes["pads"] = [pad[0] for pad in pads] + [pad[1] for pad in pads]
    if name != "LpPool":
        settings["ceil_mode"] = random.random() < 0.5
        attributes["ceil_mode"] = int(settings["ceil_mode"])
    if name == "AveragePool":
        settings["count_include_pad"] = random.random() < 0.5
        attributes["count_include_pad"] = int(settings["count_include_pad"])
    if name == "LpPool":
        settings["p"] = attributes["p"] = random.randint(1, 3)
    x = drawn(random, 2, 2, *size)
    ours = {"AveragePool": "average_pool", "MaxPool": "max_pool", "LpPool": "lp_pool"}[name]
    close(OPS[f"{ours}{rank}d"](**settings).forward(float_functions, x), run(name, [x], **attributes))
