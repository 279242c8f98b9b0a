"""How wide the processor's vectors are, and what tiles of a convolution fit its registers."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

WIDEST = 64
"""Bytes of the widest vector there is."""


@cache
def vector_bytes() -> int:
    """64 with AVX-512, 32 with AVX2, else 16."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


def lanes(dtype: np.dtype[Any]) -> int:
    """Numbers in a vector."""
    return vector_bytes() // dtype.itemsize


def tile_rows(outs: int, *, fast: bool = False) -> int:
    """How many output channels a tile of a product takes, ``fast`` those of Winograd: the least work in all."""
    sizes: tuple[int, ...] = (8, 6) if fast else (8, 6, 4, 1)
    if vector_bytes() == 32:
        sizes = tuple(size for size in sizes if size <= 6)
    # two loads of vectors beside the factors of each channel
    return min(sizes, key=lambda size: (-(-outs // size) * (size + 2), -size))


def gradient_rows(outs: int) -> int:
    """How many output channels a tile of a kernel's gradient takes: the fewest that are not there."""
    sizes = (4, 6) if vector_bytes() != 32 else (2,)
    return min(sizes, key=lambda size: -outs % size)


def matrix_rows() -> tuple[int, int, int, int, int]:
    """The rows that tiles of a matrix product take: their sums fill the registers, then fewer for what is left."""
    return (12, 8, 4, 2, 1) if vector_bytes() == WIDEST else (6, 4, 3, 2, 1)
