"""A program being written: where arrays stand, which instructions each thread runs.

Quantities stand as [features][B], the batch last: a bias is one number for a row, every loop over examples runs
along memory, and an image's channels and places keep the order that the network gives them. A thread computes the
columns c0 … c1 of each array on the way forward and back; behind a barrier it takes a share of the rows of each
gradient. Only the examples that a first dense layer reads stand as [B][features], as they came.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Protocol, runtime_checkable

from handgrad.engine.calls import Call, Function, Spot
from handgrad.engine.control import NONE
from handgrad.engine.path import Setting
from handgrad.network import Network, Node

ALIGNMENT = 16
"""Entries; 64 bytes of float32."""

Word = int | float


class Place(int):
    """An offset into the workspace, whose own place is known only when all of it is laid out."""


class Workspace:
    """Arrays by name, one behind the other."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.size = 0

    def array(self, name: str, entries: int) -> Place:
        """The place of an array; room is made when its name is new."""
        if name not in self.places:
            self.places[name] = Place(self.size)
            self.size += -(-entries // ALIGNMENT) * ALIGNMENT
        return self.places[name]


Instruction = tuple[str | Call, tuple[Word, ...]]
"""A kernel's name or a call of Python, and what it reads."""


class Contribution(Protocol):
    """A node's part of a parameter's gradient."""

    descends: bool
    """Whether it can be taken off the parameter at once, times the learning rate."""

    def __call__(self, writer: Writer, first: int, last: int, target: int, beta: float | None) -> None:
        """Rows first … last of the array at ``target``, beta times what is there added; None: W −= η dW."""


@runtime_checkable
class OfExamples(Protocol):
    """A contribution that can be told apart by examples."""

    def single(self, writer: Writer, start: int, *, squares: bool) -> None:
        """The gradient of each example, which begins at ``start`` in that of all parameters; or its squares' sum."""


class Writer:
    """Writes the instructions of one thread."""

    def __init__(
        self, setting: Setting, purpose: str, rows: int, thread: int, offsets: dict[str, int], room: Workspace
    ) -> None:
        self.setting, self.network, self.purpose = setting, setting.network, purpose
        self.rows, self.thread, self.threads = rows, thread, setting.threads
        self.offsets, self.room = offsets, room
        self.first, self.last = columns(rows, setting.threads, thread)
        self.instructions: list[Instruction] = []
        self._wanted = _wanted(setting.network)
        self.biases: dict[str, int] = {}
        """Biases that still have to be added to a quantity, by its name."""
        self.written: set[str] = set()
        """Gradients that some contribution has been written to."""
        self.contributions: dict[str, list[Contribution]] = {}
        self.alike: dict[str, str] = {}
        """Quantities that stand at the place of another one."""
        self.as_rows: set[str] = set()
        """Quantities that stand as [B][features]."""
        self.fused: set[str] = set()
        """Quantities that the kernel before them writes with its own."""
        self.gated: set[str] = set()
        """Quantities whose gradient comes with the rectifier's slope in it."""

    @property
    def learns(self) -> bool:
        """Whether there is a way back."""
        return self.purpose != "predict"

    @property
    def draws(self) -> bool:
        """Whether the masks of dropouts are drawn: a step of training."""
        return self.purpose in ("train", "apart")

    def emit(self, kernel: str | Call, *words: Word) -> None:
        """One more instruction."""
        self.instructions.append((kernel, words))

    def barrier(self) -> None:
        """Waits for the other threads."""
        if self.threads > 1:
            self.emit("running.barrier")

    def call(self, function: Function, spots: dict[str, Spot]) -> None:
        """A Python function on these arrays, in one thread while the others wait."""
        self.barrier()
        self.emit("running.nothing" if self.thread else Call(function, spots, self.setting.dtype))
        self.barrier()

    def size(self, name: str) -> int:
        """The features of a quantity."""
        return prod(self.network.shape(name))

    def value(self, name: str) -> Place:
        """Where a quantity stands."""
        name = self.alike.get(name, name)
        return self.room.array(name, self.size(name) * self.rows)

    def slope(self, name: str) -> Place:
        """Where the gradient of a quantity stands."""
        name = self.alike.get(name, name)
        return self.room.array(f"d{name}", self.size(name) * self.rows)

    def scratch(self, name: str, entries: int, *, own: bool = False) -> Place:
        """Room for what is needed in between; with ``own`` each thread has its own."""
        return self.room.array(f"{name}#{self.thread}" if own else name, entries)

    def parameter(self, name: str) -> int:
        """The offset of a parameter."""
        return self.offsets[name]

    def gradient(self, name: str) -> int:
        """The offset of a parameter's gradient."""
        return self.offsets[f"d{name}"]

    def share(self, count: int) -> tuple[int, int]:
        """The part of so many rows that is this thread's."""
        return self.thread * count // self.threads, (self.thread + 1) * count // self.threads

    def wants(self, name: str) -> bool:
        """Whether a gradient reaches this quantity and is needed: some parameter lies behind it."""
        return name in self._wanted

    def accumulates(self, name: str) -> bool:
        """Whether the next contribution to a quantity's gradient is added to what is there."""
        name = self.alike.get(name, name)
        before = name in self.written
        self.written.add(name)
        return before

    def contribute(self, parameter: str, contribution: Contribution) -> None:
        """A node's part of a parameter's gradient, written behind the barrier."""
        self.contributions.setdefault(parameter, []).append(contribution)

    def readers(self, name: str) -> list[Node]:
        """The nodes that read a quantity."""
        return [node for node in self.network.nodes if name in node.reads]

    def pending_bias(self, name: str) -> int:
        """The offset of a bias that is still to be added to a quantity; its reader adds it."""
        return self.biases.pop(name, NONE)


def _wanted(network: Network) -> set[str]:
    """Quantities on a way from ŷ back to a parameter, every op on it having a gradient."""
    behind, reached = set(network.parameters), {"yhat"}
    for node in network.nodes:
        if node.parameters or any(name in behind for name in node.reads):
            behind.add(node.name)
    for node in reversed(network.nodes):
        if node.name in reached:
            reached |= {name for letter, name in node.inputs.items() if node.op.has_rule(f"d{letter}")}
    return (behind & reached) - set(network.parameters)


def columns(rows: int, threads: int, thread: int) -> tuple[int, int]:
    """The columns of a thread: whole cache lines where there are enough."""
    unit = ALIGNMENT if rows >= ALIGNMENT * threads else 1
    blocks = -(-rows // unit)
    return min(rows, thread * blocks // threads * unit), min(rows, (thread + 1) * blocks // threads * unit)


def word(value: Word, shift: int) -> int:
    """A word as an integer: a float by its bits, a place in the workspace by its offset from the base."""
    if isinstance(value, Place):
        return int(value) + shift
    if isinstance(value, float):
        return int(struct.unpack("<q", struct.pack("<d", value))[0])
    return int(value)
