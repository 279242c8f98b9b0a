"""The backend that ONNX's own test suite drives: every node runs through the forward rules of handgrad's ops."""

from __future__ import annotations

from typing import Any

import numpy as np
from handgrad_training import RUNNERS
from onnx import ModelProto, NodeProto, helper
from onnx.backend.base import Backend, BackendRep

from handgrad.arithmetic.floating import Floating
from handgrad.errors import InputError
from handgrad.interop.onnx_import import in_order, tree_of, with_arrays
from handgrad.interop.onnx_model import Graph, Input, read_graph
from handgrad.network import Network

WEIGHTS_FROM = {
    "Conv": 1,
    "ConvTranspose": 1,
    "BatchNormalization": 1,
    "InstanceNormalization": 1,
    "GroupNormalization": 1,
    "LayerNormalization": 1,
    "RMSNormalization": 1,
    "PRelu": 1,
    "Clip": 1,
    "Gemm": 1,
    "MatMul": 1,
    "Dropout": 1,
    "Reshape": 1,
    "Squeeze": 1,
    "Unsqueeze": 1,
    "Slice": 1,
    "Pad": 1,
    "Tile": 1,
    "Expand": 1,
    "Split": 1,
    "ReduceSum": 1,
    "ReduceMean": 1,
    "ReduceMax": 1,
    "ReduceMin": 1,
    "ReduceL1": 1,
    "ReduceL2": 1,
    "ReduceSumSquare": 1,
    "ReduceLogSum": 1,
    "ReduceLogSumExp": 1,
}
"""From which input on (counted from 0) a node's inputs are weights or settings rather than data."""

BATCHED = {
    "AveragePool",
    "BatchNormalization",
    "Conv",
    "ConvTranspose",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "GroupNormalization",
    "InstanceNormalization",
    "LpPool",
    "MaxPool",
}
"""Ops that work on each example of a batch; to all others the whole tensor is one example."""


def forward(network: Network, values: dict[str, Any], parameters: dict[str, Any], dtype: Any) -> Any:
    """ŷ of a network by the forward rules of its nodes, in floats of one type."""
    xp = Floating("float64" if dtype == np.float64 else "float32", 4).xp
    values = dict(values)
    examples = len(next(iter(values.values())))
    for name, value in parameters.items():
        values[name] = value
    for node in network.nodes:
        letters: dict[str, Any] = {}
        for letter, name in node.inputs.items():
            value = values[name]
            if name in network.parameters:
                value = np.broadcast_to(value, (examples, *value.shape))
            letters[letter] = value
        letters |= {letter: values[name] for letter, name in node.parameters.items()}
        shapes = {f"{letter}_shape": network.shape(name) for letter, name in {**node.inputs, **node.parameters}.items()}
        wanted = node.op.needs("forward", [*letters, *shapes])
        given = {letter: (letters | shapes)[letter] for letter in wanted}
        for name in node.op.constants:
            constant = getattr(node.op, name)
            if name in node.op.letters("forward") and constant is not None:
                given[name] = constant.written.floats().astype(dtype)
        with np.errstate(all="ignore"):
            values[node.name] = node.op.apply("forward", xp, given)
    return values["yhat"]


def run_graph(graph: Graph, arrays: dict[str, Any]) -> list[Any]:
    """The outputs of a graph for given inputs."""
    arrays = dict(arrays)
    plain = Graph(
        tuple(node for node in graph.nodes if node.op not in RUNNERS),
        graph.constants, graph.inputs, graph.outputs, graph.opset, "", graph.file,
    )  # fmt: skip
    for node in graph.nodes:
        if node.op in RUNNERS:
            if node.op != "Gradient":
                given = arrays | graph.constants
                arrays |= {name: _output(plain, arrays, name) for name in node.reads if name and name not in given}
            arrays |= dict(zip(node.gives, RUNNERS[node.op](graph, node, arrays | graph.constants), strict=False))
    return [arrays[name] if name in arrays else _output(plain, arrays, name) for name in graph.outputs]


def _output(graph: Graph, arrays: dict[str, Any], output: str) -> Any:
    data, weights = _parted(graph, arrays)
    nodes = tuple(node for node in graph.nodes if not set(node.gives) & set(arrays))
    known = Graph(nodes, graph.constants | weights, _inputs(data), graph.outputs, graph.opset, "", graph.file)
    modes = [True, False] if {node.op for node in graph.nodes} & BATCHED else [False, True]
    mistakes = []
    for batched in modes:
        try:
            return _run(known, data, output, batched=batched)
        except InputError as error:
            mistakes.append(error)
    raise mistakes[0]


def _parted(graph: Graph, arrays: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs that are data, and those that are weights or settings of a node."""
    weights: dict[str, Any] = {}
    for node in graph.nodes:
        start = WEIGHTS_FROM.get(node.op)
        if start is not None:
            weights |= {name: arrays[name] for name in node.reads[start:] if name in arrays}
    if len(graph.nodes) == 1:
        weights |= {name: value for name, value in list(arrays.items())[1:] if value.dtype.kind in "ib"}
    return {name: value for name, value in arrays.items() if name not in weights}, weights


def _inputs(data: dict[str, Any]) -> tuple[Input, ...]:
    return tuple(Input(name, str(value.dtype), value.shape) for name, value in data.items())


def _run(graph: Graph, data: dict[str, Any], output: str, *, batched: bool) -> Any:
    tree, arrays = tree_of(graph, output, batched=batched)
    table = with_arrays(tree["network"], arrays)
    network = Network(table["layers"], table["input"], table.get("parameters", {}))
    dtype = next(iter(data.values())).dtype
    needed = {name for node in in_order(graph, output) for name in node.reads}
    read = [data[value.name] for value in graph.inputs if value.name in needed]
    names = list(network.inputs)
    values = dict(zip(names, read if batched else [value[np.newaxis] for value in read], strict=True))
    parameters = {name: written.floats().astype(dtype) for name, written in network.parameters.items()}
    found = forward(network, values, parameters, dtype)
    return found if batched else found[0]


class Prepared(BackendRep):
    """A model that was read."""

    def __init__(self, model: ModelProto) -> None:
        self.graph = read_graph(model)

    def run(self, inputs: Any, **_: Any) -> list[Any]:
        names = [value.name for value in self.graph.inputs]
        return run_graph(self.graph, dict(zip(names, inputs, strict=False)))


class HandgradBackend(Backend):
    """handgrad as a backend of ONNX."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **_: Any) -> Prepared:
        super().prepare(model, device)
        return Prepared(model)

    @classmethod
    def run_node(cls, node: NodeProto, inputs: Any, device: str = "CPU", **_: Any) -> list[Any]:
        from onnx import TensorProto

        feeds = dict(zip([name for name in node.input if name], inputs, strict=True))
        values = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feeds.items()
        ]
        given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in node.output]
        graph = helper.make_graph([node], "node", values, given)
        return cls.prepare(helper.make_model(graph), device).run(list(feeds.values()))

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"
