"""Embedding: rows of a table, picked by whole numbers."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.errors import DomainError
from handgrad.notation.nodes import Expr, Function, transpose
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import indices
from handgrad.ops.textbook import described, elided_sum


@register
class Embedding(Op, frozen=True, kw_only=True):
    """y_t = W[x_t], the row of W that x_t names; dW[v] = Σ dy_t over the t with x_t = v.

    Shapes: x [t…] of whole numbers, W [count][size], y [t…][size]. Rows are counted from ``base`` (1).
    x receives no gradient. Source: Bengio et al., JMLR 3 (2003).
    """

    name: ClassVar[str] = "embedding"
    by_entry: ClassVar[bool] = True
    onnx: ClassVar[str] = "Gather"
    torch: ClassVar[str] = "nn.Embedding"
    convention: ClassVar[str] = "Rows are counted from base (1 unless given); another number in x is refused."
    parameters: ClassVar[dict[str, str]] = {"W": "weights"}
    sizes: ClassVar[tuple[str, ...]] = ("count", "size")
    summed: ClassVar[tuple[str, ...]] = ("dW",)
    base: int = 1
    count: int | None = None
    """The number of rows, where the weights are drawn at random."""
    size: int | None = None
    """The length of a row, where the weights are drawn at random."""

    def shape(self, report: Report, *, x: Shape, W: Shape) -> Shape | None:
        """[t…][size] from x [t…] and W [count][size]."""
        if len(W) != 2:
            report("weights", f"expected a matrix [count][size], found {described(W)}")
            return None
        for key, given, found in (("count", self.count, W[0]), ("size", self.size, W[1])):
            if given not in (None, found):
                report(key, f"expected {found}, as the weights have, found {given}")
        return (*x, W[1])

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """W [count][size]."""
        del letter, x, known
        return (self.count, self.size) if self.count and self.size else None

    def forward(self, xp: Any, x: Array, W: Array) -> Array:
        # y[B,t,e] = onehot(x)[B,t,v] W[v,e]
        return self._one_hot(xp, x, W.shape[0], xp.ones_like(W[:1, 0])) @ W

    def dW(self, xp: Any, dy: Array, x: Array, W_shape: Shape) -> Array:
        count, size = W_shape
        rows = prod(x.shape)
        one_hot = self._one_hot(xp, x, count, xp.ones_like(dy[..., :1]))
        # dW[v,e] = Σ_(B,t) onehot(x)[(B,t),v]ᵀ dy[(B,t),e]
        return xp.reshape(one_hot, (rows, count)).mT @ xp.reshape(dy, (rows, size))

    def _one_hot(self, xp: Any, x: Array, count: int, one: Array) -> Array:
        """[B][t…][count]: 1 at the row that x names; ``one`` lends its number type."""
        rows = xp.reshape(xp.asarray(list(range(self.base, self.base + count))), ((1,) * x.ndim) + (count,))
        named = xp.where(xp.expand_dims(x, axis=-1) == rows, one, xp.zeros_like(one))
        if not (xp.sum(named, axis=-1) == 1).all():
            raise DomainError(self._out_of_range(count))
        return named

    def _out_of_range(self, count: int) -> str:
        last = self.base + count - 1
        return f"an index that is none of the {count} rows, {self.base} to {last},"

    def forward_form(self, x: Expr, W: Expr) -> Expr:
        return Function("onehot", (x,)) @ W

    def forward_entry(self, index: Shape, x: Operand, W: Operand) -> Expr:
        *place, e = index
        return W.entry(self._row(x, tuple(place)), e)

    def dW_form(self, dy: Expr, x: Expr, W_shape: Shape) -> Expr:
        del W_shape
        return transpose(Function("onehot", (x,))) @ dy

    def dW_entry(self, index: Shape, dy: Operand, x: Operand, W_shape: Shape) -> Expr:
        del W_shape
        v, e = index
        places = indices(x.shape)
        met = [(n, place) for n in range(len(x.examples)) for place in places if self._row(x.examples[n], place) == v]
        return elided_sum(len(met), lambda k: dy.examples[met[k][0]].entry(*met[k][1], e))

    def _row(self, x: Operand, place: Shape) -> int:
        return round(float(x.number(*place))) - self.base

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3), "W": (4, 2)}, ranges={"x": (1, 4)}, integers=("x",)),
        Sample({"x": (3, 2), "W": (3, 1)}, {"base": 0}, {"x": (0, 2)}, ("x",)),
        Sample({"x": (2, 2, 2), "W": (3, 2)}, {"base": -1}, {"x": (-1, 1)}, ("x",)),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"weights": [1, 2]}, (3,), "layer 1 (embedding): expected a matrix [count][size], found a vector of 2"
        ),
        BadSample(
            {"weights": [[1, 2]], "count": 3}, (3,), "layer 1 (embedding): expected 1, as the weights have, found 3"
        ),
    )
