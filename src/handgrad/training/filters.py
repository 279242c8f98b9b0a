"""The weights that read the input, as pictures: kernels, or rows of a dense layer as images of the input's shape."""

from __future__ import annotations

from math import ceil, isqrt, prod
from typing import Any

import numpy as np

from handgrad.drawing.drawing import Drawing
from handgrad.network import Network, Node
from handgrad.notation.picture import Grid, Label, Shape, Stroke
from handgrad.ops.op import Shape as Sizes

Array = np.ndarray[Any, Any]

MOST = 64
"""Images that are shown."""

CELLS = 30_000
"""Pixels that are shown: of large images fewer."""

_SIDE, _GAP, _SMALL = 56.0, 8.0, 10.5


def filters(network: Network) -> Drawing | None:
    """The first weights on the way from the input; None where no layer has weights.

    Red is negative, blue positive; each image has its own scale, of which the largest size is full.
    """
    node = next((node for node in network.nodes if _letter(node)), None)
    if node is None:
        return None
    name = node.parameters[_letter(node)]
    weights = network.parameters[name].floats()
    images = _images(weights, _letter(node), network.input)
    if images is None:
        return _sheet([weights.reshape(len(weights), -1)], 1, name, "row: a unit, column: what it reads")
    height, width = images.shape[-2:]
    count = max(1, min(len(images), MOST, CELLS // (height * width)))
    shown = f"{count} of {len(images)} are shown" if count < len(images) else f"{count} of them"
    return _sheet(list(images[:count]), ceil(count**0.5), name, f"{height} × {width}, {shown}")


def _letter(node: Node) -> str:
    return next((letter for letter in ("K", "W") if letter in node.parameters), "")


def _images(weights: Array, letter: str, read: Sizes) -> Array | None:
    """[m][height][width]; None where what is read is no image."""
    if letter == "K":
        return weights.reshape(-1, *weights.shape[-2:]) if weights.ndim == 4 else None
    sizes = read[-2:] if len(read) in (2, 3) else (isqrt(read[0]),) * 2
    whole = len(read) > 1 or sizes[0] ** 2 == read[0]
    if min(sizes) < 4 or not whole or weights.shape[-1] != prod(read):
        return None
    return weights.reshape(-1, *sizes)


def _sheet(images: list[Array], columns: int, name: str, words: str) -> Drawing:
    rows = ceil(len(images) / columns)
    height, width = images[0].shape
    unit = max(_SIDE / max(height, width), 1.5) if len(images) > 1 else min(12.0, 420 / max(height, width))
    across, down = unit * width, unit * height
    left, top = 20.0, 52.0
    title = f"The weights {name} that read the input"
    shapes: list[Shape] = [Label(left, 14, title, "value", "start"), Label(left, 32, words, "note", "start", _SMALL)]
    for i, image in enumerate(images):
        x, y = left + (i % columns) * (across + _GAP), top + (i // columns) * (down + _GAP)
        most = float(np.abs(image).max()) or 1.0
        shapes.append(Grid(x, y, across, down, tuple(map(tuple, (image / most).tolist()))))
        right, bottom = x + across, y + down
        shapes.append(Stroke(((x, y), (right, y), (right, bottom), (x, bottom), (x, y)), "edge"))
    size = (max(2 * left + columns * (across + _GAP) - _GAP, 320.0), top + rows * (down + _GAP) - _GAP + 20)
    return Drawing(*size, tuple(shapes), title, words)
