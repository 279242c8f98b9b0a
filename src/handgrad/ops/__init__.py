"""Every op, defined once: importing this package fills the tables OPS, LOSSES and UPDATES."""

from handgrad.ops import (
    activations,
    average_pooling,
    convolution,
    dense,
    global_pooling,
    losses,
    max_pooling,
    pooling,
    reshaping,
    updates,
)
from handgrad.ops.op import LOSSES, OPS, UPDATES, Op, register

__all__ = [
    "LOSSES",
    "OPS",
    "UPDATES",
    "Op",
    "activations",
    "average_pooling",
    "convolution",
    "dense",
    "global_pooling",
    "losses",
    "max_pooling",
    "pooling",
    "register",
    "reshaping",
    "updates",
]
