"""Windows over whole arrays: one strided slice a tap, and back. Spatial axes come last."""

from __future__ import annotations

from itertools import product
from typing import Any

from handgrad.ops.op import Array, Shape
from handgrad.ops.windows import Geometry

BLOCK = 1 << 20
"""About so many entries of columns are held at once, so that they stay near the processor."""


def padded(xp: Any, x: Array, pairs: list[tuple[int, int]], fill: Array | None = None) -> Array:
    """x with so many zeros (or a number of x's own kind) before and after along its last axes."""
    for place, (before, after) in enumerate(pairs):
        axis = x.ndim - len(pairs) + place
        if before or after:
            line = xp.zeros_like(x[(slice(None),) * axis + (slice(0, 1),)])
            line = line if fill is None else line + fill
            x = xp.concat([line] * before + [x] + [line] * after, axis=axis)
    return x


def fitted(xp: Any, x: Array, at: Geometry, fill: Array | None = None) -> Array:
    """x with the padding that its windows need."""
    return padded(xp, x, [(pad[0], after) for pad, after in zip(at.pads, at.after, strict=True)], fill)


def under_taps(x: Array, at: Geometry) -> list[Array]:
    """What lies under each tap of each window of a padded x, tap by tap."""
    along = []
    for k, d, out, s in zip(at.taps, at.dilation, at.output, at.stride, strict=True):
        along.append([slice(t * d, t * d + (out - 1) * s + 1, s) for t in range(k)])
    return [x[(Ellipsis, *key)] for key in product(*along)]


def taps(at: Geometry) -> list[Shape]:
    """The taps of a window, row by row."""
    return list(product(*(range(k) for k in at.taps)))


def fitted_along(xp: Any, x: Array, at: Geometry, axis: int, fill: Array | None = None) -> Array:
    """x with the padding that its windows along one axis need (counted from the end: −1, −2, …)."""
    return padded(xp, x, [(at.pads[axis][0], at.after[axis]), *[(0, 0)] * (-1 - axis)], fill)


def under_tap_along(x: Array, at: Geometry, axis: int, t: int) -> Array:
    """What lies under tap t of each window along one axis of a padded x."""
    start, s = t * at.dilation[axis], at.stride[axis]
    return _sliced(x, axis, slice(start, start + (at.output[axis] - 1) * s + 1, s))


def _sliced(x: Array, axis: int, part: slice) -> Array:
    return x[(Ellipsis, part, *[slice(None)] * (-1 - axis))]


def laid_back_along(xp: Any, parts: list[Array], at: Geometry, axis: int) -> Array:
    """The adjoint of ``under_tap_along``: each tap's part added where the tap lay, padding dropped.

    Places i + before = s q + r with one remainder r are those of the taps t with t d = s m + r, shifted by m.
    """
    s, d, out, n, before = at.stride[axis], at.dilation[axis], at.output[axis], at.size[axis], at.pads[axis][0]
    count = max(-(-(n + before) // s), out + (len(parts) - 1) * d // s)
    phases: list[Array | None] = [None] * s
    for t, part in enumerate(parts):
        shift, r = divmod(t * d, s)
        moved = padded(xp, part, [(shift, count - out - shift), *[(0, 0)] * (-1 - axis)])
        phases[r] = moved if phases[r] is None else phases[r] + moved
    return _sliced(_interleaved(xp, filled(xp, phases), axis), axis, slice(before, before + n))


def _interleaved(xp: Any, phases: list[Array], axis: int) -> Array:
    like = phases[0]
    place = like.ndim + axis
    woven = stacked(xp, phases, place + 1)
    return xp.reshape(woven, (*like.shape[:place], like.shape[place] * len(phases), *like.shape[place + 1 :]))


def laid_back(xp: Any, parts: dict[Shape, Array], at: Geometry) -> Array:
    """The same in all dimensions, from a part for each tap."""
    for axis in range(-1, -1 - len(at.size), -1):
        lines: dict[Shape, list[Array]] = {}
        for tap, part in parts.items():
            lines.setdefault(tap[:-1], []).append(part)
        parts = {tap: laid_back_along(xp, line, at, axis) for tap, line in lines.items()}
    return parts[()]


def filled(xp: Any, phases: list[Array | None]) -> list[Array]:
    """Zeros for what is missing."""
    there = [phase for phase in phases if phase is not None]
    if len(there) == len(phases):
        return there
    nothing = xp.zeros_like(there[0])
    return [nothing if phase is None else phase for phase in phases]


def joined(xp: Any, arrays: list[Array], axis: int) -> Array:
    """Arrays joined along an axis; a single one as it is."""
    return arrays[0] if len(arrays) == 1 else xp.concat(arrays, axis=axis)


def stacked(xp: Any, arrays: list[Array], axis: int) -> Array:
    """Arrays of one shape along a new axis."""
    new = (*(slice(None),) * axis, None)
    return joined(xp, [array[new] for array in arrays], axis)


def blocks(batch: int, entries: int) -> list[slice]:
    """The examples in runs whose columns (so many entries an example) stay within a block."""
    step = max(BLOCK // max(entries, 1), 1)
    return [slice(start, min(start + step, batch)) for start in range(0, batch, step)]
