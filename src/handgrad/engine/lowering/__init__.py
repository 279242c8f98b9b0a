"""How the engine computes each op: which kernels, on which arrays. An op is known here by its name."""

from __future__ import annotations

from handgrad.engine.lowering import activations, convolution, dense, dropout, joining, pooling, reshaping
from handgrad.engine.lowering.lowering import Lowering

LOWERINGS: dict[str, Lowering] = {
    **activations.LOWERINGS,
    **convolution.LOWERINGS,
    **dense.LOWERINGS,
    **dropout.LOWERINGS,
    **joining.LOWERINGS,
    **pooling.LOWERINGS,
    **reshaping.LOWERINGS,
}
"""Ops that have kernels."""
