"""Pooling in one and two dimensions, and of whole channels."""

from __future__ import annotations

from math import prod
from typing import Any

from handgrad.engine.lowering.convolution import ADD, GATE, axes
from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.lowering.fusing import gate_of
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node
from handgrad.ops.convolution import input_axes
from handgrad.ops.windows import Geometry

INCLUDE = 8
"""The flag of kernels/pooling.py."""


class Pooling:
    """y [C][H′][W′][B] from windows of x [C][H][W][B]; one dimension as two, the first of one entry."""

    takes_rows = False

    def knows(self, node: Node, network: Network) -> bool:
        """Any geometry."""
        return node.reads[0] not in network.parameters

    def geometry(self, writer: Writer, node: Node) -> tuple[int, Geometry]:
        """Channels, and how the windows slide."""
        op: Any = node.op
        shape = writer.network.shape(node.reads[0])
        return input_axes(shape, op.rank)[0], op.geometry(shape)

    def forward(self, writer: Writer, node: Node) -> None:
        """y from x."""
        add_bias(writer, node.reads[0])
        y = writer.value(node.name)
        self.emit(writer, node, "", (y, writer.value(node.reads[0]), y), 0)

    def backward(self, writer: Writer, node: Node) -> None:
        """dx from dy."""
        (x,) = node.reads
        if writer.wants(x):
            flags = (ADD if writer.accumulates(x) else 0) | (GATE if gate_of(writer, x) else 0)
            self.emit_back(writer, node, flags)

    def emit_back(self, writer: Writer, node: Node, flags: int) -> None:
        """The instruction on the way back."""
        raise NotImplementedError

    def emit(self, writer: Writer, node: Node, kernel: str, places: tuple[int, int, int], flags: int) -> None:
        """One instruction."""
        raise NotImplementedError

    def words(self, writer: Writer, node: Node, flags: int) -> tuple[int, ...]:
        """What every kernel reads behind its three places."""
        channels, at = self.geometry(writer, node)
        taps = prod(at.taps)
        room = writer.scratch(f"windows {taps}", 4 * (sum(at.taps) + 2 + taps) + taps + 64, own=True)
        return channels, *axes(at), writer.rows, writer.first, writer.last, room, flags


class Mean(Pooling):
    """The mean of each window."""

    def emit_back(self, writer: Writer, node: Node, flags: int) -> None:
        (x,) = node.reads
        self.emit(writer, node, "_back", (writer.slope(x), writer.slope(node.name), writer.value(x)), flags)

    def emit(self, writer: Writer, node: Node, kernel: str, places: tuple[int, int, int], flags: int) -> None:
        _, at = self.geometry(writer, node)
        given = getattr(node.op, "count_include_pad", True)
        after = (0, *(pad[1] for pad in at.pads))[-2:] if given else (0, 0)
        words = self.words(writer, node, flags | (INCLUDE if given else 0))
        writer.emit(f"pooling.mean{kernel}", *places, *words, *after)


class WholeMean(Mean):
    """The mean of each channel: one window over all its places."""

    def geometry(self, writer: Writer, node: Node) -> tuple[int, Geometry]:
        """The places in one line."""
        channels, *size = writer.network.shape(node.reads[0])
        n = prod(size)
        return channels, Geometry((n,), (n,), (1,), ((0, 0),), (1,), (1,))


class Largest(Pooling):
    """The largest entry of each window."""

    def emit(self, writer: Writer, node: Node, kernel: str, places: tuple[int, int, int], flags: int) -> None:
        writer.emit(f"pooling.largest{kernel}", *places, *self.words(writer, node, flags), 0, 0)

    def emit_back(self, writer: Writer, node: Node, flags: int) -> None:
        (x,), (_, at) = node.reads, self.geometry(writer, node)
        apart = at.stride == at.taps and set(at.dilation) == {1}
        covers = apart and all(o * s == n for o, s, n in zip(at.output, at.stride, at.size, strict=True))
        zeroed = not covers and not flags & ADD
        words = self.words(writer, node, flags | (0 if covers else ADD))
        places = writer.slope(x), writer.value(x), writer.value(node.name)
        writer.emit("pooling.largest_back", *places, *words, writer.slope(node.name), int(zeroed))


LOWERINGS: dict[str, Lowering] = {
    "average_pool1d": Mean(),
    "average_pool2d": Mean(),
    "global_average_pool": WholeMean(),
    "max_pool1d": Largest(),
    "max_pool2d": Largest(),
}
