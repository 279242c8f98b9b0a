"""Rectifiers computed by the kernel before them, forward and back."""

from __future__ import annotations

from handgrad.engine.writer import Writer
from handgrad.network import Node


def fused_rectifier(writer: Writer, node: Node) -> bool:
    """Whether a ReLU alone reads the node, so that the node's kernel may write h in the place of a."""
    readers = writer.readers(node.name)
    fuses = node.name != "yhat" and len(readers) == 1 and readers[0].op.name == "relu"
    if fuses:
        writer.alike[readers[0].name] = node.name
        writer.fused.add(readers[0].name)
    return fuses


def gate_of(writer: Writer, name: str) -> bool:
    """Whether a quantity is a ReLU's, in the place of its a, with one reader: that one's dx may be da at once."""
    producer = next((node for node in writer.network.nodes if node.name == name), None)
    gates = producer is not None and name in writer.fused and name != "yhat" and len(writer.readers(name)) == 1
    if gates:
        writer.gated.add(name)
    return gates
