"""Losses with kernels, and the quantity that each reads."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from handgrad.engine.control import NONE
from handgrad.engine.lowering.activations import OVERWRITTEN
from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.writer import Writer
from handgrad.network import Network
from handgrad.ops.losses import Loss

JOINT = ("softmax", "logistic")
"""Output ops that a joint rule takes with the loss."""

CLASSES = ("cross_entropy", "softmax_cross_entropy")


class LossKernel(Struct, frozen=True):
    """A kernel and what it turns into its gradient: ŷ, or a behind a joint rule."""

    kernel: str
    reads: str
    factor: float = 1.0
    labels: bool = False
    """Whether it can read classes; ``kernel`` + "_of" reads distributions."""


def loss_kernel(loss: Loss, network: Network) -> LossKernel | None:
    """The kernel of a loss; None where the reference rules are needed."""
    last = network.last
    if len(network.output) != 1:
        return None
    joint = loss.joint_with(last.op, network.shape(last.reads[0])) is not None
    before = last.reads[0] if joint else "yhat"
    if loss.name in CLASSES:
        plain = not getattr(loss, "weighs", True) and not _smooths(loss) and getattr(loss, "ignore_index", 0) is None
        known = plain and (joint if loss.name == "cross_entropy" else True)
        return LossKernel("softmax_cross_entropy", before, labels=True) if known else None
    if (loss.name == "binary_cross_entropy" and joint) or loss.name == "binary_cross_entropy_with_logits":
        weighed = float(np.max(loss.pos_weight.written.floats())) != 1 if hasattr(loss, "pos_weight") else False
        factor = _factor(loss, network.output[0])
        return None if weighed else LossKernel("logistic_cross_entropy", before, factor)
    if loss.name == "squared_error":
        return LossKernel("squares", "yhat", float(loss.factor.written.floats()))  # type: ignore[attr-defined]  # its own
    return LossKernel("squares", "yhat", 1 / network.output[0]) if loss.name == "mean_squared_error" else None


def write_loss(writer: Writer, kernel: LossKernel, *, classes: bool) -> None:
    """Leaves the gradient of what the loss reads; each thread its own columns."""
    at, size = _gradient_place(writer, kernel.reads), writer.size(kernel.reads)
    writer.accumulates(kernel.reads)
    name = f"losses.{kernel.kernel}{'_of' if kernel.labels and not classes else ''}"
    room = writer.scratch("room", 3 * writer.rows)
    span = size, writer.rows, writer.first, writer.last
    writer.emit(name, at, *span, writer.pending_bias(kernel.reads), room, kernel.factor)


def _gradient_place(writer: Writer, name: str) -> int:
    """The place of the quantity itself where nobody needs it any more, else a copy of it."""
    producer = next((one for one in writer.network.nodes if one.name == name), None)
    readers = [one for one in writer.readers(name) if one.op.name not in JOINT]
    at, root = writer.value(name), writer.alike.get(name, name)
    if root == name and producer is not None and producer.op.name in OVERWRITTEN and not readers:
        writer.room.places[f"d{root}"] = at
        return at
    add_bias(writer, name)
    slope = writer.slope(name)
    span = writer.size(name), writer.rows, writer.first, writer.last
    writer.emit("activations.identity", slope, at, *span, NONE, 0.0)
    return slope


def _smooths(loss: Loss) -> bool:
    return float(loss.label_smoothing.written.floats()) != 0 if hasattr(loss, "label_smoothing") else False


def _factor(loss: Loss, outputs: int) -> float:
    return float(loss.scale(loss.factor.written.floats(), (1, outputs)))  # type: ignore[attr-defined]  # of these losses
