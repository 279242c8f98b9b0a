"""How the engine computes each op: which kernels, on which arrays. An op is known here by its name."""

from __future__ import annotations

from handgrad.engine.lowering import activations, convolution, dense, dropout, joining, pooling, reshaping
from handgrad.engine.lowering.by_rule import BY_RULE
from handgrad.engine.lowering.lowering import Lowering
from handgrad.network import Network, Node

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


def lowering_of(node: Node, network: Network) -> Lowering:
    """How a node is computed: by kernels where they know its settings and shapes, else by its reference rules."""
    found = LOWERINGS.get(node.op.name)
    return found if found is not None and found.knows(node, network) else BY_RULE
