"""The network of a configuration: a layer may leave its parameters out, which are then drawn.

A parameter that an op must have is drawn where it is left out, and the bias with the weights; of those that an
op may have, ``true`` asks for one that is drawn (``scale = true``) and ``false`` for none (``bias = false``).
"""

from __future__ import annotations

from typing import Any

from handgrad.errors import Mistake, Path
from handgrad.network import Network
from handgrad.ops import OPS

Places = set[tuple[int, str]]
"""Of each parameter that is drawn the place of its layer (from 0) and its key."""

_LAYERS: Path = ("network", "layers")
_ZEROS = {"random": "uniform", "seed": 0, "low": 0, "high": 0}
"""Stands in the file's place of a parameter until the shapes are solved."""


def filled(network: Any) -> tuple[Any, Places]:
    """The table [network] with zeros for the parameters that are left out, and where those are."""
    layers = network.get("layers") if isinstance(network, dict) else None
    if not isinstance(layers, list):
        return network, set()
    places: Places = set()
    return {**network, "layers": [_layer(i, layer, places) for i, layer in enumerate(layers)]}, places


def _layer(i: int, layer: Any, places: Places) -> Any:
    name = layer.get("op") if isinstance(layer, dict) else None
    if not isinstance(name, str) or name not in OPS:
        return layer
    op, done = OPS[name], dict(layer)
    for letter, key in op.parameters.items():
        required = letter not in op.optional
        with_weights = letter == "b" and any(place == i for place, _ in places)  # parameters list them first
        if layer.get(key) is True or (key not in layer and (required or with_weights)):
            done[key] = _ZEROS
            places.add((i, key))
        elif layer.get(key) is False and not required:
            del done[key]
    return done


def names(network: Network, places: Places) -> tuple[str, ...]:
    """The names of the parameters at these places, in the network's order."""
    pairs = [(node, letter, name) for node in network.nodes for letter, name in node.parameters.items()]
    drawn = {name for node, letter, name in pairs if (node.layer - 1, node.op.parameters[letter]) in places}
    return tuple(name for name in network.parameters if name in drawn)


def explained(mistake: Mistake, network: Any, places: Places) -> Mistake:
    """A mistake in the shape of a parameter that is left out says which keys tell its shape."""
    place = (mistake.path[2], mistake.path[3]) if mistake.path[4:] == ("shape",) else None
    if mistake.path[:2] != _LAYERS or place not in places:
        return mistake
    i, key = place
    layer = network["layers"][i]
    context, sizes = f"layer {i + 1} ({layer['op']})", OPS[layer["op"]].sizes
    if not sizes:
        text = f'{context}: "{key}" is left out, and nothing tells its shape'
    elif any(size not in layer for size in sizes):
        text = f'{context}: "{key}" is left out, so it has to say its {" and ".join(sizes)}'
    else:
        text = f"{context}: expected sizes of a parameter that can be drawn for its {' and '.join(sizes)}"
    return Mistake((*_LAYERS, i), text)
