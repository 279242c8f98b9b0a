"""What the engine needs to know of an op."""

from __future__ import annotations

from typing import Protocol

from handgrad.engine.writer import Writer
from handgrad.network import Network, Node


class Lowering(Protocol):
    """Writes the instructions of a node."""

    takes_rows: bool
    """Whether it can read its input as [B][features], where that is the examples themselves."""

    def knows(self, node: Node, network: Network) -> bool:
        """Whether there are kernels for the node's settings and shapes."""

    def forward(self, writer: Writer, node: Node) -> None:
        """What gives the node's quantity."""

    def backward(self, writer: Writer, node: Node) -> None:
        """What hands its gradient on to what it reads, and to its parameters."""
