"""Windows sliding over an input: which entry of the input meets which tap of the window, where.

One table of places serves convolution and pooling in any number of dimensions, forward and backward,
and the working too. Spatial axes are taken together as one, row by row; place N (one past the last)
stands for the padding.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod

from msgspec import Struct

from handgrad.ops.op import Report, Shape

Padding = int | str | list[int | list[int]]
"""0, "same" or "valid"; one number, one a dimension, or a pair (before, after) a dimension."""

Size = int | list[int]
"""One number for all dimensions, or one a dimension."""


class Windows(Struct, frozen=True):
    """Where windows lie.

    ``gather[t][p]`` is the input's place under tap t at output place p (N: padding);
    ``scatter[t][i]`` is the output's place at which tap t lies over input i (P: none).
    """

    input: Shape
    output: Shape
    taps: Shape
    gather: tuple[tuple[int, ...], ...]
    scatter: tuple[tuple[int, ...], ...]

    @property
    def inside(self) -> tuple[tuple[int, ...], ...]:
        """For each output place its taps that lie on the input, in order."""
        count = prod(self.input)
        return tuple(tuple(t for t, row in enumerate(self.gather) if row[p] < count) for p in range(prod(self.output)))


@lru_cache(maxsize=256)
def windows(size: Shape, taps: Shape, stride: Shape, padding: tuple[tuple[int, int], ...], dilation: Shape) -> Windows:
    """The table for an input of ``size`` and windows of ``taps``."""
    output = out_size(size, taps, stride, padding, dilation)
    axes = [
        _axis(*geometry) for geometry in zip(size, output, taps, stride, (p[0] for p in padding), dilation, strict=True)
    ]
    steps = [prod(size[d + 1 :]) for d in range(len(size))]
    nowhere, gather = prod(size), []
    for tap in product(*(range(k) for k in taps)):
        rows = [axes[d][t] for d, t in enumerate(tap)]
        gather.append(tuple(_place(at, steps, nowhere) for at in product(*rows)))
    scatter = [_inverse(row, nowhere, prod(output)) for row in gather]
    return Windows(size, output, taps, tuple(gather), tuple(scatter))


def _axis(n: int, out: int, taps: int, stride: int, before: int, dilation: int) -> list[list[int]]:
    # tap t at output o lies over input o·stride + t·dilation − before; −1: outside
    places = [[o * stride + t * dilation - before for o in range(out)] for t in range(taps)]
    return [[i if 0 <= i < n else -1 for i in row] for row in places]


def _place(at: tuple[int, ...], steps: list[int], nowhere: int) -> int:
    return nowhere if -1 in at else sum(i * step for i, step in zip(at, steps, strict=True))


def _inverse(row: tuple[int, ...], inputs: int, outputs: int) -> tuple[int, ...]:
    where = [outputs] * (inputs + 1)
    for p, i in enumerate(row):
        where[i] = p
    return tuple(where[:inputs])


def out_size(size: Shape, taps: Shape, stride: Shape, padding: tuple[tuple[int, int], ...], dilation: Shape) -> Shape:
    """⌊(n + before + after − dilation (k−1) − 1)/stride⌋ + 1 for each dimension."""
    return tuple(
        (n + sum(pad) - d * (k - 1) - 1) // s + 1
        for n, k, s, pad, d in zip(size, taps, stride, padding, dilation, strict=True)
    )


def each(value: Size, rank: int) -> Shape:
    """A size for each dimension."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def pads(padding: Padding, size: Shape, taps: Shape, stride: Shape, dilation: Shape) -> tuple[tuple[int, int], ...]:
    """A pair (before, after) for each dimension; "same" makes the output ⌈n/stride⌉ long."""
    if padding == "valid":
        return ((0, 0),) * len(size)
    if padding == "same":
        totals = [
            max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
            for n, k, s, d in zip(size, taps, stride, dilation, strict=True)
        ]
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, int):
        return ((padding, padding),) * len(size)
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in padding if not isinstance(p, str))


def check_sizes(report: Report, rank: int, sizes: dict[str, Size], padding: Padding) -> bool:
    """Report settings that are no geometry: not positive, or not one a dimension."""
    good = True
    for key, value in sizes.items():
        wanted = f"expected a positive integer or a list of {rank}" if rank > 1 else "expected a positive integer"
        entries = [value] if isinstance(value, int) else value
        if min(entries, default=0) < 1 or (not isinstance(value, int) and len(value) != rank):
            report(key, f"{wanted}, found {value}")
            good = False
    return _padding_fits(report, rank, padding) and good


def _padding_fits(report: Report, rank: int, padding: Padding) -> bool:
    if padding in ("same", "valid") or (isinstance(padding, int) and padding >= 0):
        return True
    entries = padding if isinstance(padding, list) else []
    if len(entries) == rank and all(_is_pad(entry) for entry in entries):
        return True
    report(
        "padding",
        f'expected 0 or more, a list of {rank} (or of pairs, before and after), "same" or "valid", found {padding!r}',
    )
    return False


def _is_pad(entry: int | list[int]) -> bool:
    if isinstance(entry, int):
        return entry >= 0
    return len(entry) == 2 and min(entry) >= 0
