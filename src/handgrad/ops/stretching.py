"""Arrays of different shapes entry by entry: axes of length 1 stretch, shapes are aligned at their last axes."""

from __future__ import annotations

from typing import Any

from handgrad.ops.op import Array, Report, Shape


def common(report: Report, **shapes: Shape) -> Shape | None:
    """The shape that all stretch to; reported where two lengths of an axis differ."""
    rank = max(map(len, shapes.values()))
    result: list[int] = []
    for axis in range(-rank, 0):
        lengths = {letter: shape[axis] for letter, shape in shapes.items() if len(shape) >= -axis}
        longer = {letter: n for letter, n in lengths.items() if n != 1}
        if len(set(longer.values())) > 1:
            (first, m), *rest = longer.items()
            other, n = next((letter, n) for letter, n in rest if n != m)
            report("from", f"its inputs do not fit: axis {axis} has {m} entries in {first}, {n} in {other}")
            return None
        result.append(next(iter(longer.values()), 1))
    return tuple(result)


def aligned(xp: Any, x: Array, rank: int) -> Array:
    """[B][1…][s…]: axes of length 1 after the batch axis, so that an example has ``rank`` axes."""
    missing = rank + 1 - x.ndim
    return x if missing == 0 else xp.reshape(x, (x.shape[0], *([1] * missing), *x.shape[1:]))


def shrunk(xp: Any, gradient: Array, shape: Shape) -> Array:
    """A gradient [B][full…] summed over the axes that were stretched from ``shape``."""
    missing = gradient.ndim - 1 - len(shape)
    padded = (*([1] * missing), *shape)
    axes = tuple(i + 1 for i, n in enumerate(padded) if n == 1 and gradient.shape[i + 1] != 1)
    if axes:
        gradient = xp.sum(gradient, axis=axes, keepdims=True)
    return xp.reshape(gradient, (gradient.shape[0], *shape))


def under(index: Shape, shape: Shape) -> Shape:
    """The entry of an array of ``shape`` that stands at ``index`` of the stretched one."""
    own = index[len(index) - len(shape) :] if shape else ()
    return tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))


def over(index: Shape, shape: Shape, full: Shape) -> list[Shape]:
    """All entries of the stretched array that the entry ``index`` of an array of ``shape`` stands at."""
    missing = len(full) - len(shape)
    padded, own = (*([1] * missing), *shape), (*([0] * missing), *index)
    places: list[Shape] = [()]
    for i, n, m in zip(own, padded, full, strict=True):
        choices = range(m) if n == 1 else (i,)
        places = [(*place, k) for place in places for k in choices]
    return places
