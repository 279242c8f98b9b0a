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


def tile_rows(outs: int) -> int:
    """How many output channels a tile of a product takes: the fewest tiles, then the fewest idle rows."""
    sizes = (8, 6, 4, 2, 1) if vector_bytes() != 32 else (6, 4, 2, 1)
    return min(sizes, key=lambda size: (-(-outs // size) * (size + 2), -size))


def gradient_rows(outs: int) -> int:
    """How many output channels a tile of a kernel's gradient takes."""
    sizes = (4, 6) if vector_bytes() != 32 else (4, 2)
    return min(sizes, key=lambda size: (-(-outs // size) * size, sizes.index(size)))
