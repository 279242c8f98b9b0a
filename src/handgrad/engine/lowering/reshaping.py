"""Other shapes of the same entries: nothing is moved, the batch being last."""

from __future__ import annotations

from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node


class Reshape:
    """y has the entries of x in their order."""

    takes_rows = True

    def knows(self, node: Node, network: Network) -> bool:
        """Whatever keeps the order of the entries."""
        return node.reads[0] not in network.parameters

    def forward(self, writer: Writer, node: Node) -> None:
        """y stands where x does."""
        (x,) = node.reads
        add_bias(writer, x)
        writer.alike[node.name] = writer.alike.get(x, x)

    def backward(self, writer: Writer, node: Node) -> None:
        """So does its gradient."""


LOWERINGS: dict[str, Lowering] = {"flatten": Reshape(), "reshape": Reshape()}
