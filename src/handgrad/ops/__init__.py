"""Every op, defined once: importing this package fills the tables OPS, LOSSES and UPDATES."""

from handgrad.ops import (
    activations,
    convolution,
    dense,
    functions,
    hard,
    losses,
    pooling,
    prelu,
    rectifiers,
    reshaping,
    smooth,
    softmax,
    updates,
)
from handgrad.ops.op import LOSSES, OPS, UPDATES, Op, register

__all__ = [
    "LOSSES",
    "OPS",
    "UPDATES",
    "Op",
    "activations",
    "convolution",
    "dense",
    "functions",
    "hard",
    "losses",
    "pooling",
    "prelu",
    "rectifiers",
    "register",
    "reshaping",
    "smooth",
    "softmax",
    "updates",
]
