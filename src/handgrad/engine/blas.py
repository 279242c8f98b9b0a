"""A BLAS of our own: a private copy of OpenBLAS with the kernels for the processor at hand.

NumPy keeps its own copy. The type of processor has to be named before the library is opened; its own choice is right
except on processors with AVX-512 that it does not know. Source: Goto, van de Geijn, ACM TOMS 34 (2008).
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import InputError

_WIDE = ("avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd")


@cache
def library() -> ctypes.CDLL:
    """The open library, which computes in the thread that calls it."""
    # only found, not imported: its own start takes longer than opening the library
    package = find_spec("scipy_openblas32")
    if package is None or package.origin is None:
        message = 'the engine multiplies with OpenBLAS, which is not installed: pip install "handgrad[train]"'
        raise InputError(message)
    files = sorted((Path(package.origin).parent / "lib").iterdir())
    file = next(path for path in files if path.name.startswith(("libscipy_openblas", "scipy_openblas")))
    chosen = {"OPENBLAS_CORETYPE": _core(), "OPENBLAS_NUM_THREADS": "1"}
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update({name: value for name, value in chosen.items() if value})
    try:
        return ctypes.CDLL(str(file))
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def gemm(dtype: np.dtype[Any]) -> int:
    """The address of cblas_sgemm or cblas_dgemm."""
    letter = "s" if dtype == np.float32 else "d"
    address = ctypes.cast(getattr(library(), f"scipy_cblas_{letter}gemm"), ctypes.c_void_p).value
    assert address is not None  # noqa: S101  a symbol has an address
    return address


def _core() -> str:
    """The processor to name; the user's own wish, or nothing, where the library's choice is right."""
    wish = os.environ.get("OPENBLAS_CORETYPE")
    if wish:
        return wish
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return "SKYLAKEX" if all(features.get(name) for name in _WIDE) else ""
