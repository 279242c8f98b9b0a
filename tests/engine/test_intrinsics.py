"""The machine instructions that kernels have names for."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

from handgrad.engine.intrinsics import (
    bits,
    both,
    choose,
    fma,
    from_bits,
    magnitude,
    minus,
    plus,
    polynomial,
    shifted_left,
    shifted_right,
    signed,
)


@pytest.mark.parametrize("word", [np.int32, np.int64])
def test_whole_numbers_keep_their_width_and_wrap(word: type) -> None:
    @numba.njit
    def operations(i: Any, j: Any) -> Any:
        return plus(i, j), minus(i, j), both(i, j), shifted_left(i, j), shifted_right(i, j)

    info = np.iinfo(word)
    width = np.dtype(word).itemsize * 8
    most, one = word(info.max), word(1)
    assert operations(most, one) == (info.min, info.max - 1, 1, -2, info.max >> 1)
    kind = numba.typeof(most)
    assert operations.overloads[(kind, kind)].signature.return_type == numba.types.UniTuple(kind, 5)
    assert operations(word(-8), one) == (-7, -9, 0, -16, (1 << (width - 1)) - 4)


@pytest.mark.parametrize(("real", "word"), [(np.float32, np.int32), (np.float64, np.int64)])
def test_bits_and_floats_are_the_same_pattern(real: type, word: type) -> None:
    @numba.njit
    def there_and_back(x: Any) -> Any:
        return bits(x), from_bits(bits(x))

    for value in (1.0, -2.5, float("inf"), -0.0):
        pattern, back = there_and_back(real(value))
        assert pattern == real(value).view(word)
        assert real(back).view(word) == real(value).view(word)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_floats_keep_their_type_and_signs(real: type) -> None:
    @numba.njit
    def operations(x: Any, y: Any) -> Any:
        return fma(x, y, y), magnitude(x), signed(x, y), choose(x < y, x, y)

    kind = numba.typeof(real(1))
    assert operations(real(-1.5), real(4)) == (-2.0, 1.5, 1.5, -1.5)
    assert operations(real(3), real(-0.5)) == (-2.0, 3.0, -3.0, -0.5)
    assert np.signbit(operations(real(3), real(-0.0))[2])
    assert operations.overloads[(kind, kind)].signature.return_type == numba.types.UniTuple(kind, 4)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_a_polynomial_begins_with_its_constant(real: type) -> None:
    terms, single = (real(1), real(-2), real(0.5)), (real(7),)

    @numba.njit
    def values(x: Any) -> Any:
        return polynomial(x, terms), polynomial(x, single)

    assert values(real(4)) == (1.0, 7.0)
    assert values(real(-2)) == (7.0, 7.0)
