"""Dropout: masks drawn anew in each step of training, nothing left out elsewhere."""

from __future__ import annotations

from typing import Any

from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.masks import threshold
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node


class Dropout:
    """y = M ⊙ x/(1 − p)."""

    takes_rows = False

    def knows(self, node: Node, network: Network) -> bool:
        """Masks of its own; one that is given, or NumPy's from a seed, is left to the reference rule."""
        op: Any = node.op
        return node.reads[0] not in network.parameters and not node.parameters and op.seed is None

    def forward(self, writer: Writer, node: Node) -> None:
        """The mask of the step, or y at the place of x."""
        (x,) = node.reads
        add_bias(writer, x)
        if writer.draws:
            self._emit(writer, node, writer.value(node.name), writer.value(x), adds=False)
        else:
            writer.alike[node.name] = writer.alike.get(x, x)

    def backward(self, writer: Writer, node: Node) -> None:
        """dx = M ⊙ dy/(1 − p)."""
        (x,) = node.reads
        if writer.draws and writer.wants(x):
            adds = writer.accumulates(x)
            self._emit(writer, node, writer.slope(x), writer.slope(node.name), adds=adds)

    def _emit(self, writer: Writer, node: Node, written: int, read: int, *, adds: bool) -> None:
        op: Any = node.op
        rate = float(op.rate.written.floats())
        divisor = 1.0 - writer.setting.dtype.type(rate) if op.scale else 1.0
        span = writer.size(node.name), writer.rows, writer.first, writer.last
        writer.emit("dropout.mask", written, read, *span, node.layer, threshold(rate), float(divisor), int(adds))


LOWERINGS: dict[str, Lowering] = {"dropout": Dropout()}
