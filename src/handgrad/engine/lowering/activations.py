"""Activations: in the place of what they read where nobody needs it any more, the bias before them with them."""

from __future__ import annotations

from typing import Any

from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node
from handgrad.ops.op import Constant, Op

OVERWRITTEN = ("dense", "conv1d", "conv2d", "add")
"""Ops whose gradients do not need what they gave."""


class Activation:
    """h = σ(a), entry by entry."""

    takes_rows = False

    def __init__(self, kernel: str, setting: str = "", *, needs_input: bool = False, **plain: Any) -> None:
        self.kernel, self.setting, self.needs_input, self.plain = kernel, setting, needs_input, plain

    def knows(self, node: Node, network: Network) -> bool:
        """Any shape; a slope below zero has to be positive, so that h tells the sign of a. Other settings are plain."""
        plain = all(_setting(node.op, name) == value for name, value in self.plain.items())
        return node.reads[0] not in network.parameters and plain and (not self.setting or self._number(node) > 0)

    def forward(self, writer: Writer, node: Node) -> None:
        """h from a and its bias."""
        if node.name in writer.fused:
            return
        (a,) = node.reads
        if self.needs_input and writer.learns:
            add_bias(writer, a)
        elif _overwrites(writer, node):
            writer.alike[node.name] = writer.alike.get(a, a)
        size, bias = writer.size(a), writer.pending_bias(a)
        at = (writer.value(node.name), writer.value(a))
        kernel = f"activations.{self.kernel}"
        writer.emit(kernel, *at, size, writer.rows, writer.first, writer.last, bias, self._number(node))

    def backward(self, writer: Writer, node: Node) -> None:
        """da = dh ⊙ σ′(a)."""
        (a,) = node.reads
        if not writer.wants(a) or node.name in writer.gated:
            return
        inside = writer.alike.get(node.name) == writer.alike.get(a, a)
        adds = 0 if inside else int(writer.accumulates(a))
        values = writer.value(node.name), writer.value(a)
        slopes = writer.slope(a), writer.slope(node.name)
        span = writer.size(a), writer.rows, writer.first, writer.last
        writer.emit(f"activations.{self.kernel}_back", *slopes, *values, *span, adds, self._number(node))

    def _number(self, node: Node) -> float:
        return float(getattr(node.op, self.setting).written.floats()) if self.setting else 0.0


class Softmax:
    """y = softmax(a) of a vector."""

    takes_rows = False

    def knows(self, node: Node, network: Network) -> bool:
        """Vectors; other axes are left to the reference rules."""
        return len(node.shape) == 1 and node.reads[0] not in network.parameters

    def forward(self, writer: Writer, node: Node) -> None:
        """In a copy, unless nobody needs a; the loss does it where there is a joint rule (program.py)."""
        (a,) = node.reads
        span = writer.size(node.name), writer.rows, writer.first, writer.last
        if _overwrites(writer, node):
            writer.alike[node.name] = writer.alike.get(a, a)
        else:
            at = (writer.value(node.name), writer.value(a))
            writer.emit("activations.identity", *at, *span, writer.pending_bias(a), 0.0)
        room = writer.scratch("room", 3 * writer.rows)
        writer.emit("losses.output", writer.value(node.name), *span, writer.pending_bias(a), room, 0.0)

    def backward(self, writer: Writer, node: Node) -> None:
        """da = y ⊙ (dy − Σ dy ⊙ y)."""
        (a,) = node.reads
        adds = writer.alike.get(node.name) != writer.alike.get(a, a) and writer.accumulates(a)
        places = writer.slope(a), writer.slope(node.name), writer.value(node.name)
        span = writer.size(node.name), writer.rows, writer.first, writer.last
        room = writer.scratch("room", 3 * writer.rows)
        writer.emit("losses.output_back", *places, *span, int(adds), room)


def _setting(op: Op, name: str) -> Any:
    value = getattr(op, name)
    return float(value.written.floats()) if isinstance(value, Constant) else value


def _overwrites(writer: Writer, node: Node) -> bool:
    (a,) = node.reads
    producer = next((one for one in writer.network.nodes if one.name == a), None)
    return producer is not None and producer.op.name in OVERWRITTEN and len(writer.readers(a)) == 1


LOWERINGS: dict[str, Lowering] = {
    "identity": Activation("identity"),
    "logistic": Activation("logistic"),
    "tanh": Activation("tanh_"),
    "relu": Activation("relu"),
    "leaky_relu": Activation("leaky_relu", "alpha"),
    "elu": Activation("elu", "alpha", needs_input=True),
    "softplus": Activation("softplus", needs_input=True, beta=1),
    "silu": Activation("silu", needs_input=True),
    "gelu": Activation("gelu", needs_input=True, approximate="none"),
    "softmax": Softmax(),
}
