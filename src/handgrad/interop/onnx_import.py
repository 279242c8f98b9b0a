"""An ONNX model as a problem: constants are folded, each other node becomes layers of handgrad's own ops.

``from_onnx`` gives the problem, ``problem_tree_from_onnx`` the tree of a problem file with its weights aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from handgrad.interop import onnx_arithmetic, onnx_shapes, onnx_windows
from handgrad.interop.onnx_constants import FOLDED, fold, shape_of, size_of
from handgrad.interop.onnx_layers import Call, Layers, Tensor
from handgrad.interop.onnx_model import FLOATS, Graph, Input, Node, read_graph
from handgrad.interop.onnx_ops import CONVERTERS, nearest_op

if TYPE_CHECKING:
    from handgrad.problem import Problem

TABLES = (onnx_arithmetic, onnx_shapes, onnx_windows)
"""The files that fill the table of converters."""

WEIGHTS = "weights.npz"
"""The file that the tree of a problem names for its weights."""


def from_onnx(model: Any, x: Any = None, y: Any = None, loss: Any = None) -> Problem:
    """The problem of an ONNX model (a file, bytes or a ModelProto).

    ``x``: the input, or a table of inputs by name; with one axis more than the model's examples it is a batch;
    an example is drawn at random where it is absent. ``loss`` is the name of a loss or its table, ``y`` the
    target; without them the problem is the forward pass. Raises InputError.
    """
    from handgrad.problem import Problem

    tree, arrays = problem_tree_from_onnx(model)
    tree = with_arrays(tree, arrays)
    shapes = _shapes(tree["network"]["input"])
    data, batch = _inputs(shapes, x)
    tree["data"] = data | {"batch": batch}
    if loss is not None:
        tree["loss"] = {"op": loss} if isinstance(loss, str) else loss
    if y is not None:
        tree["data"]["y"] = y
    return Problem.from_dict(tree)


def _shapes(given: Any) -> dict[str, list[int]]:
    return given if isinstance(given, dict) else {"x": given}


def _inputs(shapes: dict[str, list[int]], x: Any) -> tuple[dict[str, Any], bool]:
    """The inputs by name, and whether they are a batch."""
    import numpy as np

    if x is None:
        drawn = {"random": "normal", "decimals": 2}
        return {name: drawn | {"seed": i + 1, "shape": shape} for i, (name, shape) in enumerate(shapes.items())}, False
    given = x if isinstance(x, dict) else dict.fromkeys(list(shapes)[:1], x)
    data = {name: value if hasattr(value, "shape") else np.asarray(value, np.float64) for name, value in given.items()}
    name = next((name for name in shapes if name in data), None)
    return data, name is not None and data[name].ndim == len(shapes[name]) + 1


def with_arrays(tree: Any, arrays: dict[str, Any]) -> Any:
    """The tree with the arrays in place of the tables that name them."""
    if isinstance(tree, dict) and tree.get("file") == WEIGHTS:
        found = arrays[tree["key"]]
        return found if found.shape else float(found)
    if isinstance(tree, dict):
        return {key: with_arrays(value, arrays) for key, value in tree.items()}
    return [with_arrays(value, arrays) for value in tree] if isinstance(tree, list) else tree


def problem_tree_from_onnx(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tree of a problem file without [data], and the weights that it names, by name.

    The tree names a weight as ``{"file": "weights.npz", "key": name}``. Raises InputError.
    """
    graph = read_graph(model)
    if len(graph.outputs) != 1:
        graph.fail(f"the graph has {len(graph.outputs)} outputs ({', '.join(graph.outputs[:8])}); handgrad has one, ŷ")
    return tree_of(graph, graph.outputs[0], batched=_has_batch(graph))


def _has_batch(graph: Graph) -> bool:
    """Whether axis 0 of the inputs is the batch: it is, unless an input has no axes or they differ in its length."""
    lengths = [input_.shape[0] if input_.shape else 0 for input_ in graph.inputs if input_.shape is not None]
    known = {length for length in lengths if length is not None}
    return 0 not in known and len(known) <= 1


def tree_of(graph: Graph, output: str, *, batched: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tree of the part of a graph that gives ``output``; ``batched``: axis 0 is the batch, else one example."""
    layers = Layers(graph, batched=batched, file=WEIGHTS)
    needed = list(in_order(graph, output))
    wanted = {name for node in needed for name in node.reads} | {output}
    tensors: dict[str, Tensor] = {name: Tensor(value.shape, value=value) for name, value in graph.constants.items()}
    inputs = [value for value in graph.inputs if value.name in wanted]
    for value in inputs:
        name = "x" if len(inputs) == 1 else layers.named(value.name, "x")
        tensors[value.name] = layers.input(name, _shape(graph, value, batched=batched))
    for node in needed:
        tensors |= convert(graph, layers, node, tensors)
    found = tensors.get(output)
    if found is None:
        graph.fail(f'the output "{output}" of {graph.giver[output]} is not read; the first one is')
    if found.value is not None:
        graph.fail(f'the output "{output}" is a constant: no input leads to it')
    return layers.tree(found, title=graph.name)


def convert(graph: Graph, layers: Layers, node: Node, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What a node gives, by name."""
    read = [tensors[name] if name else None for name in node.reads]
    call = Call(graph, layers, node, read)
    if node.op == "Shape" and read[0] is not None:
        return {node.gives[0]: shape_of(call, read[0])}
    if node.op == "Size" and read[0] is not None:
        return {node.gives[0]: size_of(call, read[0])}
    if node.op == "CastLike" and read[0] is not None and read[0].value is not None:
        return {node.gives[0]: read[0]}
    if all(tensor is None or tensor.value is not None for tensor in read) and node.op in FOLDED:
        return fold(call)
    converter = CONVERTERS.get(node.op)
    if converter is None:
        call.fail(f"handgrad has no such op{nearest_op(node.op)}")
    if all(tensor is None or tensor.value is not None for tensor in read):
        call.fail("it reads constants only; fold them (onnxsim, onnxruntime) before")
    given = converter(call)
    given = given if isinstance(given, tuple) else (given,)
    return {name: tensor for name, tensor in zip(node.gives, given, strict=False) if tensor is not None}


def in_order(graph: Graph, output: str) -> Iterator[Node]:
    """The nodes that an output needs, each after those that it reads. A cycle is refused."""
    giver, done, path = graph.giver, set[int](), dict[int, None]()
    stack = [(giver[output], False)] if output in giver else []
    while stack:
        node, ready = stack.pop()
        if ready:
            path.pop(node.place, None)
            done.add(node.place)
            yield node
        elif node.place in path:
            graph.fail(f"{node}: the nodes form a cycle, it reads what comes from itself")
        elif node.place not in done:
            path[node.place] = None
            stack.append((node, True))
            stack += [(giver[name], False) for name in reversed(node.reads) if name in giver]


def _shape(graph: Graph, given: Input, *, batched: bool) -> tuple[int, ...]:
    what = f'the input "{given.name}"'
    if given.shape is None:
        graph.fail(f"{what} has no shape; give it one (onnx.shape_inference)")
    if given.type not in FLOATS and not re.fullmatch(r"u?int\d+", given.type):
        graph.fail(f"{what} has the type {given.type}, expected numbers")
    if batched and not given.shape:
        graph.fail(f"{what} has no axes, expected a batch")
    shape = given.shape[1:] if batched else given.shape
    for axis, length in enumerate(shape):
        if not length:
            found = "no fixed length" if length is None else "length 0"
            graph.fail(f"{what} has {found} along axis {axis + batched}; give it one")
    return tuple(length or 1 for length in shape)
