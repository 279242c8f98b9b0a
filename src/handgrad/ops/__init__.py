"""Every op, defined once: importing this package fills the tables OPS, LOSSES and UPDATES."""

from handgrad.ops import (
    activations,
    average_pooling,
    convolution,
    dense,
    global_pooling,
    losses,
    lp_pooling,
    max_pooling,
    pooling,
    reshaping,
    transposed_convolution,
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
    "lp_pooling",
    "max_pooling",
    "pooling",
    "register",
    "reshaping",
    "transposed_convolution",
    "updates",
]
