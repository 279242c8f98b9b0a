"""Programs: what a thread runs for a batch, from the network's nodes to integers that kernels read."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.engine import objects
from handgrad.engine.arrays import Array
from handgrad.engine.calls import Call
from handgrad.engine.control import WIDTH
from handgrad.engine.lowering import lowering_of
from handgrad.engine.lowering.by_rule import BY_RULE, write_loss_by_rule, write_penalties
from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.lowering.losses import loss_kernel, write_loss
from handgrad.engine.lowering.updates import descends, update_kernel
from handgrad.engine.path import Setting
from handgrad.engine.vectors import WIDEST
from handgrad.engine.writer import OfExamples, Workspace, Writer, word
from handgrad.network import Node

Purpose = str
"""``train``, ``apart`` (a step of training whose update is made elsewhere), ``gradient``, ``predict``.

Of each example: ``single``, its gradients, or ``norms``, their squares.
"""


class Program(Struct, frozen=True):
    """Instructions for each thread, and the room they work in."""

    words: Array
    """int64 [threads][instructions][WIDTH]."""
    workspace: Array
    rows: int
    calls: tuple[Call, ...] = ()
    """What some of them call in Python."""


WIDE = 32
"""Features from which examples stay rows: copying them is cheaper than turning them."""


def by_rule(setting: Setting) -> list[str]:
    """The ops, the loss and the penalties that have no kernel for what they are asked here."""
    network = setting.network
    names = [node.op.name for node in network.nodes if lowering_of(node, network) is BY_RULE]
    if setting.loss is not None:
        names += [setting.loss.name] if loss_kernel(setting.loss, network) is None else []
        names += [op.name for op, parameters in setting.penalties if parameters]
    return list(dict.fromkeys(names))


def build(
    setting: Setting, purpose: Purpose, rows: int, offsets: dict[str, int], base: int, *, classes: bool
) -> Program:
    """The program for so many examples. ``offsets`` of parameters, gradients and states from ``base``, an address."""
    room = Workspace()
    writers = [Writer(setting, purpose, rows, thread, offsets, room) for thread in range(setting.threads)]
    for writer in writers:
        _write(writer, classes=classes)
    workspace = aligned(room.size + WIDEST, setting.dtype)  # vectors may read beyond the last column
    shift = (workspace.ctypes.data - base) // setting.dtype.itemsize
    kernels = {kernel for writer in writers for kernel, _ in writer.instructions}
    calls = tuple(kernel for kernel in kernels if isinstance(kernel, Call))
    for call in calls:
        call.lay_out(lambda place: base + word(place, shift) * setting.dtype.itemsize)
    names = sorted(kernel for kernel in kernels if isinstance(kernel, str))
    at: dict[str | Call, int] = {call: call.address for call in calls}
    at.update(objects.addresses(names, setting.dtype).items())
    longest = max(len(writer.instructions) for writer in writers)
    words = np.zeros((setting.threads, longest, WIDTH), np.int64)
    for writer in writers:
        for k, (kernel, values) in enumerate(writer.instructions):
            words[writer.thread, k, : len(values) + 1] = [at[kernel], *(word(value, shift) for value in values)]
    return Program(words, workspace, rows, calls)


def aligned(entries: int, dtype: np.dtype[Any]) -> Array:
    """Zeros that begin at a cache line."""
    return _at_a_line(np.zeros(entries * dtype.itemsize + 64, np.uint8), entries, dtype)


def empty(entries: int, dtype: np.dtype[Any]) -> Array:
    """Room that begins at a cache line."""
    return _at_a_line(np.empty(entries * dtype.itemsize + 64, np.uint8), entries, dtype)


def _at_a_line(raw: Array, entries: int, dtype: np.dtype[Any]) -> Array:
    start = -raw.ctypes.data % 64
    return raw[start : start + entries * dtype.itemsize].view(dtype)


def _write(writer: Writer, *, classes: bool) -> None:
    if writer.learns and classes:
        writer.emit("gather.classes", writer.size("yhat"), 0, writer.rows)
    _bring_in(writer)
    network, loss = writer.network, writer.setting.loss
    kernel = None if loss is None else loss_kernel(loss, network)
    joint = writer.learns and kernel is not None and kernel.reads != "yhat"
    for node in network.nodes:
        if not (joint and node.name == "yhat"):
            lowering_of(node, network).forward(writer, node)
    if not writer.learns or loss is None:
        add_bias(writer, "yhat")
        span = writer.size("yhat"), writer.rows, writer.first, writer.last
        writer.emit("gather.emit", writer.value("yhat"), *span)
        return
    if kernel is not None:
        write_loss(writer, kernel, classes=classes)
        reads = kernel.reads
    else:
        reads = write_loss_by_rule(writer, loss, classes=classes)
    if writer.setting.penalties:
        write_penalties(writer)
    for node in reversed(network.nodes):
        if writer.wants(node.name) and (reads == "yhat" or node.name != "yhat"):
            lowering_of(node, network).backward(writer, node)
    if writer.purpose in ("single", "norms"):
        _write_singles(writer)
    else:
        _write_gradients(writer)


def _write_singles(writer: Writer) -> None:
    """Each thread the gradients of its own examples."""
    start = 0
    for name in writer.network.parameters:
        for contribution in writer.contributions.get(name, ()):
            assert isinstance(contribution, OfExamples)  # noqa: S101  singles() has seen to it
            contribution.single(writer, start, squares=writer.purpose == "norms")
        start += int(np.prod(writer.network.shape(name), dtype=np.int64))


def singles(setting: Setting) -> bool:
    """Whether kernels give the gradients of single examples: each parameter belongs to one dense layer."""
    if by_rule(setting):
        return False
    owners = [name for node in setting.network.nodes for name in node.parameters.values()]
    dense = all(node.op.name == "dense" for node in setting.network.nodes if node.parameters)
    return dense and len(set(owners)) == len(owners)


def _bring_in(writer: Writer) -> None:
    """The examples: in rows where all who read them take them so, else in columns."""
    ((name, shape),) = writer.network.inputs.items()
    by_rows = writer.size(name) >= WIDE and _takes_rows(writer, name)
    if by_rows:
        writer.as_rows |= _behind(writer, name)
    image = (1, 1, *shape)[-3:] if len(shape) > 1 else (1, 1, writer.size(name))
    span = writer.size(name), writer.rows, writer.first, writer.last
    writer.emit(f"gather.{'rows' if by_rows else 'columns'}", writer.value(name), *span, *image)


def _takes_rows(writer: Writer, name: str) -> bool:
    """Whether only dense layers read a quantity, through nothing but other shapes of it."""
    readers = writer.readers(name)
    return bool(readers) and all(_row_reader(writer, node) for node in readers)


def _row_reader(writer: Writer, node: Node) -> bool:
    if not lowering_of(node, writer.network).takes_rows:
        return False
    return node.op.name == "dense" or (node.name != "yhat" and _takes_rows(writer, node.name))


def _behind(writer: Writer, name: str) -> set[str]:
    """A quantity and the other shapes of it."""
    names = {name}
    for node in writer.readers(name):
        if node.op.name != "dense":
            names |= _behind(writer, node.name)
    return names


def _write_gradients(writer: Writer) -> None:
    """Behind a barrier: each thread its rows of every gradient, and the update of them; then a barrier again."""
    writer.barrier()
    setting = writer.setting
    update = setting.update if writer.purpose == "train" else None
    kernel = None if update is None else update_kernel(update)
    straight = update is not None and descends(update) and setting.clip is None
    late: list[str] = []
    for name in writer.network.parameters:
        if writer.purpose == "train" and name in setting.freeze:
            continue
        contributions = writer.contributions.get(name, [])  # without any the gradient stays 0
        first, last = writer.share((*writer.network.shape(name), 1)[0])
        if straight and len(contributions) == 1 and contributions[0].descends:
            contributions[0](writer, first, last, writer.parameter(name), None)
            continue
        for i, contribution in enumerate(contributions):
            contribution(writer, first, last, writer.gradient(name), float(i > 0))
        late.append(name)
        if update is not None and kernel is not None and setting.clip is None:
            _update(writer, name, kernel)
    if kernel is not None and setting.clip is not None:
        _clip(writer, late, setting.clip)
        for name in late:
            _update(writer, name, kernel)
    writer.barrier()


def _clip(writer: Writer, names: list[str], bound: float) -> None:
    squares = writer.scratch("squares", writer.threads)
    for i, name in enumerate(names):
        writer.emit(
            "updates.squares", squares, writer.gradient(name), *_entries(writer, name), int(i > 0), writer.thread
        )
    writer.barrier()
    for name in names:
        span = _entries(writer, name)
        writer.emit("updates.clip", squares, writer.gradient(name), *span, writer.threads, 0, bound)


def _update(writer: Writer, name: str, kernel: tuple[str, tuple[float, ...]]) -> None:
    update = writer.setting.update
    states = () if update is None else update.states
    at = [writer.offsets[f"{state}_{name}"] for state in states] + [0, 0]
    span = _entries(writer, name)
    writer.emit(f"updates.{kernel[0]}", writer.parameter(name), writer.gradient(name), *span, *at[:2], *kernel[1])


def _entries(writer: Writer, name: str) -> tuple[int, int]:
    """The entries of the thread's rows of a parameter."""
    shape = writer.network.shape(name)
    first, last = writer.share((*shape, 1)[0])
    size = int(np.prod(shape[1:], dtype=np.int64))
    return first * size, last * size
