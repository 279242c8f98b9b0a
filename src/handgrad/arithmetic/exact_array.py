"""ExactArray: arrays of certain numbers, with the part of the array API that the rules are written in.

The scalars are rationals (``fmpq``) and balls (``arb``) in one flat list, row by row. NumPy is not
needed, so that a small problem starts quickly; products of matrices go to flint's own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import product as index_product
from math import prod
from typing import TYPE_CHECKING, Any

from flint import arb, arb_mat, fmpq, fmpq_mat

from handgrad.arithmetic import real
from handgrad.arithmetic.real import Scalar
from handgrad.arithmetic.value import Real

if TYPE_CHECKING:
    import numpy as np

Shape = tuple[int, ...]


class ExactArray:
    """An array of certain numbers (or of truth values): ``shape`` and ``flat``, the entries row by row.

    It indexes, iterates, compares and converts as a NumPy array does: ``a[1, 2]``, ``numpy.asarray(a)``.
    """

    __slots__ = ("flat", "shape")
    __array_priority__ = 100
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # == compares entry by entry

    def __init__(self, flat: list[Scalar], shape: Shape) -> None:
        self.flat, self.shape = flat, shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self.flat)

    @property
    def mT(self) -> ExactArray:
        """The last two axes exchanged."""
        axes = (*range(self.ndim - 2), self.ndim - 1, self.ndim - 2)
        return permute_dims(self, axes)

    def __len__(self) -> int:
        if not self.shape:
            message = "len() of a single number"
            raise TypeError(message)
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        picked = select(self, key if isinstance(key, tuple) else (key,))
        return picked if picked.shape else outward(picked.flat[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:  # noqa: FBT001  NumPy's protocol
        import numpy as np

        if dtype is not None and np.dtype(dtype) == object:
            entries = np.empty(len(self.flat), dtype=object)
            entries[:] = [outward(entry) for entry in self.flat]
            return entries.reshape(self.shape)
        numbers = [entry if isinstance(entry, int) else float(Real(entry)) for entry in self.flat]
        return np.array(numbers, dtype=dtype).reshape(self.shape)

    def __float__(self) -> float:
        return float(self._single())

    def __bool__(self) -> bool:
        return bool(self._single())

    def _single(self) -> Any:
        if len(self.flat) != 1:
            message = f"only an array of one entry is a single number; this one has shape {self.shape}"
            raise TypeError(message)
        return outward(self.flat[0])

    def tolist(self) -> Any:
        """Nested lists of numbers (a single number for an array without axes)."""
        return (
            [entry.tolist() if isinstance(entry, ExactArray) else entry for entry in self]
            if self.shape
            else (outward(self.flat[0]))
        )

    def all(self) -> bool:
        """Whether every entry is true."""
        return all(bool(outward(entry)) for entry in self.flat)

    def any(self) -> bool:
        """Whether some entry is true."""
        return any(bool(outward(entry)) for entry in self.flat)

    def sum(self, axis: None = None, dtype: None = None, out: None = None) -> Any:
        """The sum of all entries (the arguments are those that ``numpy.sum`` hands on)."""
        del axis, dtype, out
        return outward(sum(self.flat, real.ZERO))

    def __repr__(self) -> str:
        return f"ExactArray({self._text()})"

    def _text(self) -> str:
        if not self.shape:
            return str(outward(self.flat[0]))
        return "[" + ", ".join(repr(e)[11:-1] if isinstance(e, ExactArray) else str(e) for e in self) + "]"

    def __add__(self, other: Any) -> ExactArray:
        return combine(operator.add, self, other)

    def __radd__(self, other: Any) -> ExactArray:
        return combine(operator.add, other, self)

    def __sub__(self, other: Any) -> ExactArray:
        return combine(operator.sub, self, other)

    def __rsub__(self, other: Any) -> ExactArray:
        return combine(operator.sub, other, self)

    def __mul__(self, other: Any) -> ExactArray:
        # a product with truth values keeps an entry or gives the rational 0, not a ball of no width
        return combine(operator.mul, self, other)

    def __rmul__(self, other: Any) -> ExactArray:
        return combine(operator.mul, other, self)

    def __truediv__(self, other: Any) -> ExactArray:
        return combine(real.divide, self, other)

    def __rtruediv__(self, other: Any) -> ExactArray:
        return combine(real.divide, other, self)

    def __neg__(self) -> ExactArray:
        return ExactArray([-entry for entry in self.flat], self.shape)

    def __pow__(self, exponent: int) -> ExactArray:
        return ExactArray([real.whole_power(entry, exponent) for entry in self.flat], self.shape)

    def __matmul__(self, other: ExactArray) -> ExactArray:
        return matmul(self, other)

    def __gt__(self, other: Any) -> ExactArray:
        return combine(lambda a, b: real.sign(a - b) > 0, self, other)

    def __ge__(self, other: Any) -> ExactArray:
        return combine(lambda a, b: real.sign(a - b) >= 0, self, other)

    def __lt__(self, other: Any) -> ExactArray:
        return combine(lambda a, b: real.sign(a - b) < 0, self, other)

    def __le__(self, other: Any) -> ExactArray:
        return combine(lambda a, b: real.sign(a - b) <= 0, self, other)

    def __eq__(self, other: object) -> ExactArray:  # type: ignore[override]  # entry by entry
        return combine(lambda a, b: real.sign(a - b) == 0, self, other)

    def __ne__(self, other: object) -> ExactArray:  # type: ignore[override]  # entry by entry
        return combine(lambda a, b: real.sign(a - b) != 0, self, other)


def outward(entry: Scalar) -> Any:
    """An entry as the user sees it: a Real, or a truth value."""
    return entry if isinstance(entry, (bool, int)) else Real(entry)


def asarray(value: Any) -> ExactArray:
    """Numbers, nested lists of them or NumPy arrays as an ExactArray."""
    if isinstance(value, ExactArray):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return stack([asarray(item) for item in value])
    return ExactArray([Real.of(value).value], ())


def stack(items: list[ExactArray]) -> ExactArray:
    """Arrays of one shape along a new first axis."""
    shape = items[0].shape if items else ()
    return ExactArray([entry for item in items for entry in item.flat], (len(items), *shape))


def broadcast(array: ExactArray, shape: Shape) -> list[Scalar]:
    """The entries of ``array`` repeated to ``shape`` (axes of length 1 stretch)."""
    if array.shape == shape:
        return array.flat
    if len(array.flat) == 1:
        return array.flat * prod(shape)
    offsets = [0]
    padded = (1,) * (len(shape) - array.ndim) + array.shape
    for axis, (have, want) in enumerate(zip(padded, shape, strict=True)):
        step = 0 if have == 1 else prod(padded[axis + 1 :])
        offsets = [base + i * step for base in offsets for i in range(want)]
    return [array.flat[offset] for offset in offsets]


def common_shape(a: Shape, b: Shape) -> Shape:
    """The shape that both a and b stretch to."""
    if a == b:
        return a
    width = max(len(a), len(b))
    a, b = (1,) * (width - len(a)) + a, (1,) * (width - len(b)) + b
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
        message = f"shapes {a} and {b} do not fit"
        raise ValueError(message)
    return tuple(n if m == 1 else m for m, n in zip(a, b, strict=True))


def combine(rule: Callable[[Scalar, Scalar], Scalar], left: Any, right: Any) -> ExactArray:
    """``rule`` entry by entry over two arrays or numbers, stretched to one shape."""
    a, b = asarray(left), asarray(right)
    shape = common_shape(a.shape, b.shape)
    return ExactArray(list(map(rule, broadcast(a, shape), broadcast(b, shape))), shape)


def select(array: ExactArray, key: tuple[Any, ...]) -> ExactArray:
    """Indexing by integers, slices, None and an ellipsis, as NumPy's basic indexing."""
    if Ellipsis in key:
        at = key.index(Ellipsis)
        given = sum(part is not None for part in key) - 1
        key = (*key[:at], *[slice(None)] * (array.ndim - given), *key[at + 1 :])
    offsets, shape, axis = [0], [], 0
    for part in (*key, *[slice(None)] * (array.ndim - sum(p is not None for p in key))):
        if part is None:
            shape.append(1)
            continue
        step = prod(array.shape[axis + 1 :])
        places = range(array.shape[axis])[part]
        if isinstance(places, range):
            shape.append(len(places))
            offsets = [base + i * step for base in offsets for i in places]
        else:
            offsets = [base + places * step for base in offsets]
        axis += 1
    return ExactArray([array.flat[offset] for offset in offsets], tuple(shape))


def permute_dims(array: ExactArray, axes: tuple[int, ...]) -> ExactArray:
    """The axes in another order."""
    steps = [prod(array.shape[axis + 1 :]) for axis in axes]
    shape = tuple(array.shape[axis] for axis in axes)
    offsets = [0]
    for length, step in zip(shape, steps, strict=True):
        offsets = [base + i * step for base in offsets for i in range(length)]
    return ExactArray([array.flat[offset] for offset in offsets], shape)


def matmul(left: ExactArray, right: ExactArray) -> ExactArray:
    """The product of the last two axes; leading axes stretch."""
    (m, k), n = left.shape[-2:], right.shape[-1]
    leading = common_shape(left.shape[:-2], right.shape[:-2])
    a = broadcast_matrices(left, leading)
    b = broadcast_matrices(right, leading)
    flat: list[Scalar] = []
    for first, second in zip(a, b, strict=True):
        flat += _product(first, second, m, k, n)
    return ExactArray(flat, (*leading, m, n))


def broadcast_matrices(array: ExactArray, leading: Shape) -> list[list[Scalar]]:
    """One flat list a matrix, for each place of the leading axes."""
    size = prod(array.shape[-2:])
    count = prod(array.shape[:-2])
    places = ExactArray(list(range(count)), array.shape[:-2])
    return [array.flat[place * size : (place + 1) * size] for place in broadcast(places, leading)]


def _product(a: list[Scalar], b: list[Scalar], m: int, k: int, n: int) -> list[Scalar]:
    # c[m,n] = Σ_k a[m,k] b[k,n]
    if all(isinstance(entry, fmpq) for entry in a) and all(isinstance(entry, fmpq) for entry in b):
        return list((fmpq_mat(m, k, a) * fmpq_mat(k, n, b)).entries())
    entries = (arb_mat(m, k, [arb(x) for x in a]) * arb_mat(k, n, [arb(x) for x in b])).entries()
    return [real.ZERO if entry.is_zero() else entry for entry in entries]


def lanes(array: ExactArray, axis: int) -> tuple[list[list[Scalar]], Shape]:
    """The runs of entries along ``axis``, and the shape of what is left."""
    axis %= array.ndim
    length, inner = array.shape[axis], prod(array.shape[axis + 1 :])
    outer = prod(array.shape[:axis])
    runs = [
        array.flat[o * length * inner + i : (o + 1) * length * inner : inner]
        for o, i in index_product(range(outer), range(inner))
    ]
    return runs, array.shape[:axis] + array.shape[axis + 1 :]
