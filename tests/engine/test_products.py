"""Products of matrices by tiles against NumPy's, in every form, with what stands around C left alone."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from handgrad.engine import control, objects
from handgrad.engine.program import aligned
from handgrad.engine.writer import word

SIZES = [
    (1, 8, 1),
    (2, 9, 3),
    (3, 16, 40),
    (5, 33, 17),
    (7, 31, 64),
    (12, 32, 32),
    (13, 70, 35),
    (29, 64, 100),
    (40, 25, 8),
]
"""Rows, columns, terms."""


@pytest.mark.parametrize("panels", [False, True], ids=["as it is", "panels"])
@pytest.mark.parametrize("together", [False, True], ids=["apart", "together"])
@pytest.mark.parametrize("flip_b", [False, True], ids=["B", "B flipped"])
@pytest.mark.parametrize("flip_a", [False, True], ids=["A", "A flipped"])
@pytest.mark.parametrize("real", ["float32", "float64"])
def test_tiles_multiply(real: str, *, flip_a: bool, flip_b: bool, together: bool, panels: bool) -> None:
    if flip_b and not panels:
        return  # a flipped B is always laid out in panels
    dtype = np.dtype(real)
    call = kernel("tiled.columns" if flip_a else "tiled.rows", dtype)
    rng = np.random.default_rng(7)
    width = 2 * 64 // dtype.itemsize
    for m, n, k in SIZES:
        # all of it in one block, or blocks that end within the matrices
        for terms, columns, alpha, beta in ((k, -(-n // width) * width, 1.0, 0.0), (max(1, k // 2), width, -0.5, 2.0)):
            if terms < k and not panels:
                continue
            memory = aligned(200_000, dtype)
            lda, ldb, ldc = (m if flip_a else k) + 3, (k if flip_b else n) + 5, n + 2
            a, b = (
                rng.standard_normal((k, lda) if flip_a else (m, lda)),
                rng.standard_normal(((n, ldb), (k, ldb))[not flip_b]),
            )
            before = rng.standard_normal((m, ldc)).astype(dtype)
            places = [64, 20_000, 40_000, 60_000]
            for place, matrix in zip(places, (a, b, before), strict=False):
                memory[place : place + matrix.size] = matrix.ravel()
            memory[places[2] + before.size : places[3]] = memory[places[1] + b.size : places[2]] = np.nan
            words = [int(flip_a), int(flip_b), m, n, k, places[0], lda, places[1], ldb, places[2], ldc]
            words += [word(alpha, 0), word(beta, 0), 0, terms, columns, int(together), int(panels), places[3]]
            call(
                memory.ctypes.data, np.array(words, np.int64).ctypes.data, np.zeros(control.SIZE, np.int64).ctypes.data
            )
            found = memory[places[2] : places[2] + before.size].reshape(m, ldc)
            left = (a[:, :m].T if flip_a else a[:, :k]).astype(dtype).astype(float)
            right = (b[:, :k].T if flip_b else b[:, :n]).astype(dtype).astype(float)
            expected = alpha * (left @ right) + beta * before[:, :n].astype(float)
            assert np.abs(found[:, :n] - expected).max() < 50 * k * np.finfo(dtype).eps
            assert np.array_equal(found[:, n:], before[:, n:])
            assert np.isnan(memory[places[2] + before.size : places[3]]).all()


def test_a_gradient_and_its_step_at_once() -> None:
    dtype = np.dtype("float32")
    memory, rates, block = aligned(10_000, dtype), np.array([0.5, 0.25]), np.zeros(control.SIZE, np.int64)
    memory[:40] = 1
    memory[1000:1320] = 2
    memory[2000:2320] = 3
    block[control.RATES], block[control.STEP] = rates.ctypes.data, 1
    words = [0, 0, 10, 32, 4, 0, 4, 1000, 32, 2000, 32, word(0.0, 0), word(1.0, 0), 1, 4, 32, 0, 0, 4000]
    kernel("tiled.rows", dtype)(memory.ctypes.data, np.array(words, np.int64).ctypes.data, block.ctypes.data)
    assert memory[2000:2320].tolist() == [3 - 0.25 * 8] * 320


def kernel(name: str, dtype: np.dtype[Any]) -> Any:
    """A kernel as a function of addresses."""
    address = objects.addresses([name], dtype)[name]
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(address)
