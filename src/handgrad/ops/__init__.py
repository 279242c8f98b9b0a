"""Every op, defined once: importing this package fills the tables OPS, LOSSES and UPDATES."""

from handgrad.ops import (
    activations,
    batch_normalisation,
    convolution,
    dense,
    dropout,
    embedding,
    group_normalisation,
    layer_normalisation,
    local_response,
    losses,
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
    "batch_normalisation",
    "convolution",
    "dense",
    "dropout",
    "embedding",
    "group_normalisation",
    "layer_normalisation",
    "local_response",
    "losses",
    "pooling",
    "register",
    "reshaping",
    "updates",
]
