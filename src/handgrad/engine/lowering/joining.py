"""Sums of quantities: residual connections."""

from __future__ import annotations

from handgrad.engine.control import NONE
from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node


class Add:
    """y = x1 + x2 + …, all of one shape."""

    takes_rows = False

    def knows(self, node: Node, network: Network) -> bool:
        """No stretching, no parameters read as inputs."""
        return all(name not in network.parameters and network.shape(name) == node.shape for name in node.reads)

    def forward(self, writer: Writer, node: Node) -> None:
        """The first copied, the others added."""
        y = writer.value(node.name)
        for i, name in enumerate(node.reads):
            add_bias(writer, name)
            kernel = "activations.identity_back" if i else "activations.identity"
            _copy(writer, kernel, y, writer.value(name), writer.size(name), adds=i > 0)

    def backward(self, writer: Writer, node: Node) -> None:
        """dy to each."""
        for name in node.reads:
            if writer.wants(name):
                adds = writer.accumulates(name)
                dy = writer.slope(node.name)
                _copy(writer, "activations.identity_back", writer.slope(name), dy, writer.size(name), adds=adds)


def _copy(writer: Writer, kernel: str, target: int, source: int, size: int, *, adds: bool) -> None:
    span = size, writer.rows, writer.first, writer.last
    if kernel == "activations.identity":
        writer.emit(kernel, target, source, *span, NONE, 0.0)
    else:
        writer.emit(kernel, target, source, source, source, *span, int(adds), 0.0)


LOWERINGS: dict[str, Lowering] = {"add": Add()}
