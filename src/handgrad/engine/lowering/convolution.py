"""Convolutions in one and two dimensions, with the bias and a rectifier behind them."""

from __future__ import annotations

from math import prod
from typing import Any

from handgrad.engine.control import NONE
from handgrad.engine.lowering.dense import add_bias, moved
from handgrad.engine.lowering.fusing import fused_rectifier, gate_of
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.vectors import WIDEST, gradient_rows, tile_rows
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node
from handgrad.ops.convolution import input_axes, kernel_axes
from handgrad.ops.windows import Geometry

ADD, RELU, GATE = 1, 2, 4
"""Flags of tiles.py."""

STRIDE = 8
"""The place of the first stride among the sizes."""

FEW = 8
"""Channels below which Winograd's transforms cost more than they save."""


class Convolution:
    """y [O][H′][W′][B] = K [O][C][k][k] * x [C][H][W][B] + b; one dimension as two, the first of one entry."""

    takes_rows = False

    def knows(self, node: Node, network: Network) -> bool:
        """Any geometry; not a single number as the bias, nor a parameter read as x."""
        bias = node.parameters.get("b")
        return node.reads[0] not in network.parameters and (bias is None or bool(network.shape(bias)))

    def forward(self, writer: Writer, node: Node) -> None:
        """y with its bias, and h in its place where a rectifier alone reads it."""
        (x,), at = node.reads, Sizes(writer.network, node)
        add_bias(writer, x)
        flags = RELU if fused_rectifier(writer, node) else 0
        bias = writer.parameter(node.parameters["b"]) if "b" in node.parameters else NONE
        for group in range(at.groups):
            y, read = writer.value(node.name), writer.value(x)
            places = at.moved(writer, y, "out", group), at.moved(writer, read, "in", group)
            kernel = writer.parameter(node.parameters["K"]) + group * at.outs * at.terms
            shift = bias if bias == NONE else bias + group * at.outs
            at.emit(writer, f"forward_{tile_rows(at.outs, fast=at.fast)}", (*places, kernel, shift), flags)

    def backward(self, writer: Writer, node: Node) -> None:
        """dx; the thread's part of dK and db, which are put together behind the barrier."""
        (x,), at = node.reads, Sizes(writer.network, node)
        parts = writer.scratch(f"dK {node.name}", writer.threads * at.part)
        own = writer.thread * at.part
        for group in range(at.groups):
            dy = at.moved(writer, writer.slope(node.name), "out", group)
            kernel = moved(parts, own + group * at.outs * at.terms)
            bias = moved(parts, own + at.groups * at.outs * at.terms + group * at.outs)
            read = at.moved(writer, writer.value(x), "in", group)
            at.emit(writer, f"kernel_gradient_{gradient_rows(at.outs)}", (kernel, read, dy, bias), 0)
        for letter, name in node.parameters.items():
            skipped = at.groups * at.outs * at.terms if letter == "b" else 0
            size = prod(writer.network.shape(name)[1:])
            writer.contribute(name, Gathered(moved(parts, skipped), at.part, size))
        if writer.wants(x):
            flags = (ADD if writer.accumulates(x) else 0) | (GATE if gate_of(writer, x) else 0)
            for group in range(at.groups):
                places = [at.moved(writer, place, side, group) for place, side in self._sides(writer, node)]
                kernel = writer.parameter(node.parameters["K"]) + group * at.outs * at.terms
                at.emit(writer, f"back_{tile_rows(at.ins, fast=at.fast)}", (*places[:2], kernel, places[2]), flags)

    def _sides(self, writer: Writer, node: Node) -> tuple[tuple[int, str], ...]:
        """dx, dy and what gates dx."""
        (x,) = node.reads
        return (writer.slope(x), "in"), (writer.slope(node.name), "out"), (writer.value(x), "in")


class Sizes:
    """The sizes that the kernels read, of one group."""

    def __init__(self, network: Network, node: Node) -> None:
        op: Any = node.op
        x, kernel = network.shape(node.reads[0]), network.shape(node.parameters["K"])
        self.geometry: Geometry = op.geometry(x, kernel)
        self.groups: int = op.groups
        outs, ins, taps = kernel_axes(kernel, op.rank)
        self.outs: int = outs // self.groups
        self.ins: int = ins
        self.terms = self.ins * prod(taps)
        self.part = self.groups * self.outs * (self.terms + 1)
        """Entries of a thread's part of dK and db."""
        self.planes = {"in": self.ins * prod(input_axes(x, op.rank)[1]), "out": self.outs * prod(self.geometry.output)}

    def moved(self, writer: Writer, place: int, side: str, group: int) -> int:
        """The place of a group's channels in an array."""
        return moved(place, group * self.planes[side] * writer.rows)

    def emit(self, writer: Writer, kernel: str, places: tuple[int, ...], flags: int) -> None:
        """One instruction; all convolutions work in the same room."""
        nodes = [node for node in writer.network.nodes if node.op.name in LOWERINGS]
        size = writer.setting.dtype.itemsize
        entries = max(Sizes(writer.network, node).room(size) for node in nodes)
        room = writer.scratch("convolution", entries, own=True)
        family, sizes = "convolution", [self.ins, self.outs, *axes(self.geometry)]
        if self.fast:
            family, sizes[STRIDE] = "winograd", self.squares(gradient=kernel.startswith("kernel"))
        span = writer.rows, writer.first, writer.last
        writer.emit(f"{family}.{kernel}", *places, *sizes, *span, room, flags)

    @property
    def fast(self) -> bool:
        """Whether Winograd's products are the way: kernels of 3×3 that move by 1, and channels enough."""
        at = self.geometry
        plain = at.taps == (3, 3) and at.stride == (1, 1) and at.dilation == (1, 1)
        return plain and max(pad[0] for pad in at.pads) <= 2 and min(self.ins, self.outs) >= FEW

    def squares(self, *, gradient: bool) -> int:
        """How many tiles are taken at a time: enough for a sum, few enough for the cache."""
        return max(16 if gradient else 4, 256 // (self.ins + self.outs))

    def room(self, size: int) -> int:
        """Entries of so many bytes that a kernel works in."""
        return self._room_of_squares(size) if self.fast else self._room_of_places(size)

    def _room_of_places(self, size: int) -> int:
        """Panels, tables, sums, a padded input."""
        word, lanes, at = 8 // size, WIDEST // size, self.geometry
        wide, high = max(*at.size, *at.output), max(at.taps)
        channels = max(self.ins, self.outs) + 8
        panels = channels * (1 + channels * prod(at.taps)) + 32
        tables = word * (2 * high + wide * (3 + 2 * high) + 2 * channels * prod(at.taps))
        sums = 2 * (self.outs + 6) * (self.terms + 6) + word * (self.terms + 8) + 16 * lanes
        spread = [(out - 1) * s + r for out, s, r in zip(at.output, at.stride, at.reach, strict=True)]
        return max(panels + tables, sums + self.ins * prod(spread) * 2 * lanes)

    def _room_of_squares(self, size: int) -> int:
        """Panels or sums, 16 places of each tile of what is read and of what is written, a table."""
        word, chunk, channels = 8 // size, 2 * WIDEST // size, (self.ins + 8) * (self.outs + 8)
        squares = max(self.squares(gradient=True), self.squares(gradient=False))
        tiles = 16 * squares * (self.ins + self.outs + 10) * chunk
        return chunk + 32 * channels + tiles + word * (self.ins + 16 + 4 * squares)


def axes(at: Geometry) -> tuple[int, ...]:
    """Sizes in and out, taps, strides, dilations and padding before, of two dimensions each."""
    before = tuple(pad[0] for pad in at.pads)
    lines = ((at.size, 1), (at.output, 1), (at.taps, 1), (at.stride, 1), (at.dilation, 1), (before, 0))
    return tuple(n for line, one in lines for n in ((one,) * (2 - len(line)) + line))


class Gathered:
    """The sum of the threads' parts of dK or db."""

    descends = True

    def __init__(self, parts: int, step: int, size: int) -> None:
        self.parts, self.step, self.size = parts, step, size

    def __call__(self, writer: Writer, first: int, last: int, target: int, beta: float | None) -> None:
        """Rows first … last of the gradient; without beta straight into the parameter with the learning rate."""
        kernel = "convolution.descent" if beta is None else "convolution.gather"
        span = first * self.size, last * self.size, self.step, writer.threads
        writer.emit(kernel, target, self.parts, *span, int(bool(beta)))


LOWERINGS: dict[str, Lowering] = {"conv1d": Convolution(), "conv2d": Convolution()}
