"""The three products of a convolution over whole arrays: forward, back to the input, back to the kernel.

x [B][in][n…], K [out][in/groups][k…], y [B][out][n′…]. Taps are laid out as columns, so that each product is
one of matrices for each group; examples are taken in blocks, so that the columns stay small. A transposed
convolution is the same three with other names.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from msgspec import Struct

from handgrad.ops.op import Array
from handgrad.ops.sliding import blocks, filled, fitted, joined, laid_back, padded, stacked, taps, under_taps
from handgrad.ops.windows import Geometry


def correlated(xp: Any, x: Array, K: Array, at: Geometry, groups: int) -> Array:
    """y[B,o,p] = Σ_(c,t) K[o,c,t] x[B, c, s p + d t − pad]."""
    outs, ins = K.shape[0], K.shape[1]
    # y[g,o,BP] = K[g,o,(c,t)] x[g,(c,t),BP]
    kernel = xp.reshape(K, (groups, outs // groups, ins * prod(at.taps)))
    parts = []
    for block in blocks(x.shape[0], x.shape[1] * prod(at.taps) * prod(at.output)):
        columns = _columns(xp, x[block], at, groups)
        y = xp.reshape(kernel @ columns, (outs, -1, *at.output))
        parts.append(_exchanged(xp, y))
    return joined(xp, parts, 0)


def kernel_gradient(xp: Any, dy: Array, x: Array, at: Geometry, groups: int) -> Array:
    """dK[o,c,t] = Σ_B Σ_p dy[B,o,p] x[B, c, s p + d t − pad]."""
    outs, total = dy.shape[1], None
    for block in blocks(x.shape[0], x.shape[1] * prod(at.taps) * prod(at.output)):
        upstream = xp.reshape(_exchanged(xp, dy[block]), (groups, outs // groups, -1))
        # dK[g,o,(c,t)] = dy[g,o,BP] x[g,(c,t),BP]ᵀ
        part = upstream @ _columns(xp, x[block], at, groups).mT
        total = part if total is None else total + part
    return xp.reshape(total, (outs, x.shape[1] // groups, *at.taps))


def _columns(xp: Any, x: Array, at: Geometry, groups: int) -> Array:
    """[g][(c,t)][BP]: what lies under each tap."""
    ready = fitted(xp, _exchanged(xp, x), at)
    seen = stacked(xp, under_taps(ready, at), 1)
    return xp.reshape(seen, (groups, x.shape[1] // groups * prod(at.taps), x.shape[0] * prod(at.output)))


def _exchanged(xp: Any, x: Array) -> Array:
    """Batch and channels exchanged."""
    return xp.permute_dims(x, (1, 0, *range(2, x.ndim)))


class _Phase(Struct, frozen=True):
    """Input places i + before = s q + r of one remainder r: along an axis they lie under the taps t d = s m + r."""

    taps: tuple[int, ...]
    shifts: tuple[int, ...]


class _Axis(Struct, frozen=True):
    """An axis of the way back: dy padded by ``pad``, its places from ``first`` on, so many, in each phase."""

    phases: tuple[_Phase, ...]
    pad: tuple[int, int]
    first: int
    count: int
    crop: slice


def _way_back(n: int, k: int, s: int, before: int, d: int, out: int) -> _Axis:
    first, last = before // s, (before + n - 1) // s
    phases = tuple(
        _Phase(tuple(t for t in range(k) if t * d % s == r), tuple(t * d // s for t in range(k) if t * d % s == r))
        for r in range(s)
    )
    pad = max(d * (k - 1) // s - first, 0), max(last - out + 1, 0)
    start = before - first * s
    return _Axis(phases, pad, first + pad[0], last - first + 1, slice(start, start + n))


def correlated_back(xp: Any, dy: Array, K: Array, at: Geometry, groups: int) -> Array:
    """dx[B,c,i] = Σ_(o,t) K[o,c,t] dy[B,o,p] over all p with s p + d t − pad = i.

    Columns are made of the side with fewer channels: dy is taken from where each tap lies (as in the forward
    pass), or what each tap sends is laid back.
    """
    few = K.shape[1] * groups < K.shape[0]
    way, entries = (_sent, K.shape[1] * groups) if few else (_taken, K.shape[0])
    runs = blocks(dy.shape[0], entries * prod(at.taps) * prod(at.output))
    return joined(xp, [way(xp, dy[run], K, at, groups) for run in runs], 0)


def _sent(xp: Any, dy: Array, K: Array, at: Geometry, groups: int) -> Array:
    """Each tap's part K[o,c,t]ᵀ dy[o,p] laid back to where the tap lay."""
    outs, ins, count = K.shape[0] // groups, K.shape[1], prod(at.taps)
    kernel = xp.reshape(K, (groups, outs, ins * count))
    # parts[g,(c,t),BP] = K[g,o,(c,t)]ᵀ dy[g,o,BP]
    parts = kernel.mT @ xp.reshape(_exchanged(xp, dy), (groups, outs, -1))
    parts = xp.reshape(parts, (groups * ins, count, dy.shape[0], *at.output))
    return _exchanged(xp, laid_back(xp, {tap: parts[:, t] for t, tap in enumerate(taps(at))}, at))


def _taken(xp: Any, dy: Array, K: Array, at: Geometry, groups: int) -> Array:
    """The phases of dx, each a convolution of dy with some of the taps, interleaved."""
    ins, rank = K.shape[1] * groups, len(at.size)
    before = (pad[0] for pad in at.pads)
    axes = [_way_back(*line) for line in zip(at.size, at.taps, at.stride, before, at.dilation, at.output, strict=True)]
    counts = tuple(axis.count for axis in axes)
    ready = padded(xp, _exchanged(xp, dy), [axis.pad for axis in axes])
    phases = [_phase(xp, ready, K, phase, axes, groups) for phase in product(*(axis.phases for axis in axes))]
    # [B][c][q₁][r₁][q₂][r₂]…: the phases interleaved
    order = (1, 0, *(axis for d in range(rank) for axis in (2 + rank + d, 2 + d)))
    woven = xp.reshape(stacked(xp, filled(xp, phases), 2), (ins, dy.shape[0], *at.stride, *counts))
    whole = (count * s for count, s in zip(counts, at.stride, strict=True))
    dx = xp.reshape(xp.permute_dims(woven, order), (dy.shape[0], ins, *whole))
    return dx[(Ellipsis, *(axis.crop for axis in axes))]


def _phase(xp: Any, dy: Array, K: Array, phase: tuple[_Phase, ...], axes: list[_Axis], groups: int) -> Array | None:
    """[c][B][q…]: the input places of one remainder in each dimension; None where no tap lies on them."""
    shifts = list(product(*(part.shifts for part in phase)))
    if not shifts:
        return None
    begins = [[axis.first - m for axis, m in zip(axes, shift, strict=True)] for shift in shifts]
    windows = [
        dy[(Ellipsis, *(slice(begin, begin + axis.count) for begin, axis in zip(row, axes, strict=True)))]
        for row in begins
    ]
    batch, counts = dy.shape[1], tuple(axis.count for axis in axes)
    columns = xp.reshape(stacked(xp, windows, 1), (groups, -1, batch * prod(counts)))
    # dx[g,c,Bq] = K[g,(o,t),c]ᵀ dy[g,(o,t),Bq]
    product_ = _kernel_under(xp, K, phase, groups) @ columns
    return xp.reshape(product_, (K.shape[1] * groups, batch, *counts))


def _kernel_under(xp: Any, K: Array, phase: tuple[_Phase, ...], groups: int) -> Array:
    """[g][c][(o,t)]: the kernel at the taps of a phase."""
    outs, ins = K.shape[0] // groups, K.shape[1]
    chosen = stacked(xp, [K[(Ellipsis, *tap)] for tap in product(*(part.taps for part in phase))], 2)
    split = xp.reshape(chosen, (groups, outs, ins, chosen.shape[2]))
    return xp.reshape(xp.permute_dims(split, (0, 2, 1, 3)), (groups, ins, outs * chosen.shape[2]))
