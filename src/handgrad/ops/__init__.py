"""Every op, defined once: importing this package fills the tables OPS, LOSSES, PENALTIES and UPDATES."""

from handgrad.ops import (
    activations,
    binary_cross_entropies,
    convolution,
    cross_entropies,
    dense,
    divergences,
    elementwise_losses,
    losses,
    margin_losses,
    penalties,
    pooling,
    regression_losses,
    reshaping,
    updates,
)
from handgrad.ops.op import LOSSES, OPS, PENALTIES, UPDATES, Op, register

__all__ = [
    "LOSSES",
    "OPS",
    "PENALTIES",
    "UPDATES",
    "Op",
    "activations",
    "binary_cross_entropies",
    "convolution",
    "cross_entropies",
    "dense",
    "divergences",
    "elementwise_losses",
    "losses",
    "margin_losses",
    "penalties",
    "pooling",
    "register",
    "regression_losses",
    "reshaping",
    "updates",
]
