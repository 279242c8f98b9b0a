"""A problem's network as an ONNX model, for whatever runs such models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn

from handgrad.errors import InputError
from handgrad.interop import onnx_writers_joins
from handgrad.interop.onnx_model import package
from handgrad.interop.onnx_writers import WRITERS
from handgrad.network import Network, Node
from handgrad.ops.op import Constant, Shape

if TYPE_CHECKING:
    from handgrad.problem import Problem

TABLES = (onnx_writers_joins,)
"""The files that fill the table of writers, beside its own."""

OPSET = 17
"""The least opset that is written; an op that came later raises it."""

BATCH = "batch"
"""The name of the length of axis 0."""


def to_onnx(problem: Problem | Network, dtype: Literal["float64", "float32"] | None = None) -> Any:
    """The network of a problem as an onnx.ModelProto, from the inputs to ŷ; axis 0 is the batch.

    Weights are doubles unless the problem is worked in float32 (or ``dtype`` says so). The loss stays out.
    Raises InputError for an op that ONNX does not have.
    """
    network = problem if isinstance(problem, Network) else problem.network
    arithmetic = "float64" if isinstance(problem, Network) else problem.arithmetic
    kind = dtype or ("float32" if arithmetic == "float32" else "float64")
    return Export(network, kind).model("" if isinstance(problem, Network) else problem.title)


class Export:
    """Nodes and initialisers of the model so far."""

    def __init__(self, network: Network, dtype: str) -> None:
        import numpy as np

        self.onnx, self.network, self.dtype = package(), network, np.dtype(dtype)
        self.opset = OPSET
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self._spread: dict[str, str] = {}

    def model(self, title: str) -> Any:
        """The whole, checked."""
        helper = self.onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        for name, written in self.network.parameters.items():
            self.constants[name] = written.floats().astype(self.dtype)
        for node in self.network.nodes:
            writer = WRITERS.get(node.op.name)
            if writer is None:
                self.fail(node, "ONNX has no op for it")
            writer(Writing(self, node))
        inputs = [helper.make_tensor_value_info(name, kind, [BATCH, *s]) for name, s in self.network.inputs.items()]
        output = helper.make_tensor_value_info("yhat", kind, [BATCH, *self.network.output])
        used = {name for node in self.nodes for name in node.input}
        kept = {name: value for name, value in self.constants.items() if name in used}
        initialisers = [self.onnx.numpy_helper.from_array(value, name) for name, value in kept.items()]
        graph = helper.make_graph(self.nodes, title or "handgrad", inputs, [output], initialisers)
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, producer_name="handgrad", opset_imports=opsets)
        model.ir_version = min(model.ir_version, 10)
        self.onnx.checker.check_model(model)
        return model

    def fail(self, node: Node, text: str) -> NoReturn:
        """Raise an InputError about a layer."""
        message = f"layer {node.layer} ({node.op.name}): {text}"
        raise InputError(message)

    def spread(self, name: str) -> str:
        """What a node reads: a parameter with an axis for the batch, anything else as it is."""
        if name not in self.network.parameters:
            return name
        if name not in self._spread:
            made = self._spread[name] = f"{name}_all"
            self.constants[made] = self.constants[name][None]
        return self._spread[name]


class Writing:
    """One node of the network that is being written."""

    def __init__(self, export: Export, node: Node) -> None:
        self.export, self.node = export, node
        self.op: Any = node.op
        self._count = 0

    @property
    def doubles(self) -> bool:
        """Whether the model is in double precision."""
        return self.export.dtype.itemsize == 8

    @property
    def x(self) -> str:
        """Its (first) input in the model."""
        return self.export.spread(self.node.reads[0])

    @property
    def inputs(self) -> list[str]:
        """All its inputs in the model."""
        return [self.export.spread(name) for name in self.node.reads]

    def aligned(self, rank: int | None = None) -> list[str]:
        """All its inputs with axes of length 1 behind the batch, so that all have as many."""
        shapes = [self.export.network.shape(name) for name in self.node.reads]
        rank = max(map(len, shapes)) if rank is None else rank
        found = []
        for name, shape in zip(self.inputs, shapes, strict=True):
            missing = list(range(1, rank - len(shape) + 1))
            found.append(self.step("Unsqueeze", name, self.constant(missing, integers=True)) if missing else name)
        return found

    @property
    def x_shape(self) -> Shape:
        """The shape of its first input, without the batch axis."""
        return self.export.network.shape(self.node.reads[0])

    def parameter(self, letter: str) -> str:
        """The initialiser of a parameter, "" where it is absent."""
        return self.node.parameters.get(letter, "")

    def value(self, letter: str) -> Any:
        """The array of a parameter."""
        return self.export.constants[self.node.parameters[letter]]

    def number(self, key: str) -> float:
        """A setting that is a number."""
        return number(getattr(self.op, key))

    def needs(self, opset: int) -> None:
        """Say which opset brought an op that is about to be written."""
        self.export.opset = max(self.export.opset, opset)

    def constant(self, value: Any, *, integers: bool = False) -> str:
        """A new initialiser."""
        import numpy as np

        self._count += 1
        name = f"{self.node.name}_c{self._count}"
        self.export.constants[name] = np.asarray(value, np.int64 if integers else self.export.dtype)
        return name

    def step(self, op: str, *reads: str, **attributes: Any) -> str:
        """A node of the model on the way to what this one gives."""
        self._count += 1
        return self._made(op, reads, f"{self.node.name}_{self._count}", attributes)

    def give(self, op: str, *reads: str, **attributes: Any) -> None:
        """The node of the model that gives what this one gives."""
        self._made(op, reads, self.node.name, attributes)

    def _made(self, op: str, reads: tuple[str, ...], name: str, attributes: dict[str, Any]) -> str:
        unread = [f"{name}_{word}" for word in attributes.pop("unread", ())]
        made = self.export.onnx.helper.make_node(op, list(reads), [name, *unread], name=name, **attributes)
        self.export.nodes.append(made)
        return name

    def fail(self, text: str) -> NoReturn:
        """Raise an InputError about this layer."""
        self.export.fail(self.node, text)


def number(constant: Constant) -> float:
    """A number among the settings as a double."""
    return float(constant.written.floats()[()])
