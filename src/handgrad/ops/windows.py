"""Windows sliding over an input: which entry of the input meets which tap of the window, where.

The geometry serves convolution and pooling in any number of dimensions. The rules slide over whole
arrays (see sliding.py); the working looks places up in a table, in which spatial axes are taken together
as one, row by row, and place N (one past the last) stands for the padding.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod

from msgspec import Struct

from handgrad.ops.op import Report, Shape

Padding = int | str | list[int | list[int]]
"""0, "same", "same_lower" or "valid"; one number, one a dimension, or a pair (before, after) a dimension."""

SAME = ("same", "same_lower")

Pairs = tuple[tuple[int, int], ...]
"""Before and after, for each dimension."""

Size = int | list[int]
"""One number for all dimensions, or one a dimension."""


class Geometry(Struct, frozen=True):
    """How windows slide over an input: in each dimension its size, the taps, the steps and the number of windows."""

    size: Shape
    taps: Shape
    stride: Shape
    pads: Pairs
    dilation: Shape
    output: Shape

    @property
    def reach(self) -> Shape:
        """How many entries a window spans, the gaps of a dilation counted."""
        return reaches(self.taps, self.dilation)

    @property
    def after(self) -> Shape:
        """How much padding after the input the last window needs (less than given, or more where it overhangs)."""
        ends = zip(self.size, self.output, self.stride, self.pads, self.reach, strict=True)
        return tuple(max((out - 1) * s + reach - pad[0] - n, 0) for n, out, s, pad, reach in ends)

    def inside(self, axis: int, *, given: bool = False) -> list[int]:
        """How many taps of each window along an axis lie on the input (``given``: or on the padding that is given)."""
        low, high = self.pads[axis] if given else (0, 0)
        n, s, d, before = self.size[axis], self.stride[axis], self.dilation[axis], self.pads[axis][0]
        places = [[o * s + t * d - before for t in range(self.taps[axis])] for o in range(self.output[axis])]
        return [sum(-low <= i < n + high for i in row) for row in places]


class Windows(Struct, frozen=True):
    """Where windows lie, place by place: for the working, which looks at few entries.

    ``gather[t][p]`` is the input's place under tap t at output place p (N: padding);
    ``scatter[t][i]`` is the output's place at which tap t lies over input i (P: none).
    """

    input: Shape
    output: Shape
    taps: Shape
    gather: tuple[tuple[int, ...], ...]
    scatter: tuple[tuple[int, ...], ...]

    def inside(self, p: int) -> tuple[int, ...]:
        """The taps of output place p that lie on the input, in order."""
        count = prod(self.input)
        return tuple(t for t, row in enumerate(self.gather) if row[p] < count)

    def sources(self, i: int) -> list[tuple[int, int]]:
        """Taps and output places of the windows that hold input place i."""
        none = prod(self.output)
        return [(t, row[i]) for t, row in enumerate(self.scatter) if row[i] < none]


@lru_cache(maxsize=64)
def windows(at: Geometry) -> Windows:
    """The table of places."""
    axes = [
        _axis(*along)
        for along in zip(at.size, at.output, at.taps, at.stride, (p[0] for p in at.pads), at.dilation, strict=True)
    ]
    steps = [prod(at.size[d + 1 :]) for d in range(len(at.size))]
    nowhere, gather = prod(at.size), []
    for tap in product(*(range(k) for k in at.taps)):
        rows = [axes[d][t] for d, t in enumerate(tap)]
        gather.append(tuple(_place(place, steps, nowhere) for place in product(*rows)))
    scatter = [_inverse(row, nowhere, prod(at.output)) for row in gather]
    return Windows(at.size, at.output, at.taps, tuple(gather), tuple(scatter))


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


def reaches(taps: Shape, dilation: Shape) -> Shape:
    """dilation (k−1) + 1 for each dimension."""
    return tuple(d * (k - 1) + 1 for k, d in zip(taps, dilation, strict=True))


def out_size(size: Shape, taps: Shape, stride: Shape, padding: Pairs, dilation: Shape) -> Shape:
    """⌊(n + before + after − dilation (k−1) − 1)/stride⌋ + 1 for each dimension."""
    along = zip(size, reaches(taps, dilation), stride, padding, strict=True)
    return tuple((n + sum(pad) - reach) // s + 1 for n, reach, s, pad in along)


def ceil_size(size: Shape, taps: Shape, stride: Shape, padding: Pairs, dilation: Shape) -> Shape:
    """The same rounded up, without a last window that would start in the padding after the input."""
    along = zip(size, reaches(taps, dilation), stride, padding, strict=True)
    return tuple(min(-((reach - n - sum(pad)) // s), (n + pad[0] - 1) // s) + 1 for n, reach, s, pad in along)


def each(value: Size, rank: int) -> Shape:
    """A size for each dimension."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def pads(padding: Padding, size: Shape, taps: Shape, stride: Shape, dilation: Shape) -> Pairs:
    """A pair (before, after) for each dimension; "same" makes the output ⌈n/stride⌉ long."""
    if padding == "valid":
        return ((0, 0),) * len(size)
    if padding in SAME:
        along = zip(size, reaches(taps, dilation), stride, strict=True)
        return halves(
            [max((-(-n // s) - 1) * s + reach - n, 0) for n, reach, s in along], lower=padding == "same_lower"
        )
    if isinstance(padding, int):
        return ((padding, padding),) * len(size)
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in padding if not isinstance(p, str))


def halves(totals: list[int], *, lower: bool) -> Pairs:
    """Each total in two halves; what is left of an odd one comes after the input, or (``lower``) before it."""
    pairs = tuple((total // 2, total - total // 2) for total in totals)
    return tuple((b, a) for a, b in pairs) if lower else pairs


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
    if padding in (*SAME, "valid") or (isinstance(padding, int) and padding >= 0):
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
