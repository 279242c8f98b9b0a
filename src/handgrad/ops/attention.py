"""Scaled dot-product attention: a composition of other ops, each with its own line in the working."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from handgrad.ops.joining import Add
from handgrad.ops.matrix_product import Matmul
from handgrad.ops.op import BadSample, Constant, Op, Report, Shape, register
from handgrad.ops.reductions import Scale
from handgrad.ops.reshaping import Flatten, Reshape, Transpose
from handgrad.ops.softmax import Softmax


class Part(Struct, frozen=True):
    """One op of a composition: the letter of the quantity that it gives, and the letters that it reads."""

    letter: str
    op: Op
    reads: tuple[str, ...]


class Composite(Op, frozen=True, kw_only=True):
    """An op that is made of others: the network holds its parts, so it has no rules of its own."""

    variadic: ClassVar[bool] = True

    def parts(self, **xs: Shape) -> list[Part]:
        """The parts in order; x1, x2, … are what the layer reads, the last part is what it gives."""
        raise NotImplementedError


@register
class Attention(Composite, frozen=True, kw_only=True):
    """Y = softmax(Q Kᵀ/√d + M) V, row by row: s = Q Kᵀ, c = s/√d (+ M), p = softmax(c), Y = p V; gradients of each.

    It reads Q [t][d], K [u][d], V [u][v] and perhaps a mask M [t][u] that is added; Y [t][v]. With ``heads`` h,
    d and v are cut into h parts, each attends by itself, and the results are joined.
    Source: Vaswani et al., Attention is all you need (2017).
    """

    name: ClassVar[str] = "attention"
    torch: ClassVar[str] = "nn.functional.scaled_dot_product_attention"
    onnx: ClassVar[str] = "Attention"
    rational: ClassVar[bool] = False
    heads: int = 1

    def shape(self, report: Report, **xs: Shape) -> Shape | None:
        """[t][v] from Q [t][d], K [u][d], V [u][v], M [t][u]."""
        shapes = list(xs.values())
        if len(shapes) not in (3, 4) or any(len(shape) != 2 for shape in shapes[:3]):
            report("from", f"it reads Q, K, V as matrices (and a mask), found {[list(shape) for shape in shapes]}")
            return None
        q, k, v = shapes[:3]
        if q[1] != k[1] or k[0] != v[0]:
            report("from", f"Q {list(q)}, K {list(k)}, V {list(v)} do not fit: expected [t][d], [u][d], [u][v]")
            return None
        if self.heads < 1 or q[1] % self.heads or v[1] % self.heads:
            report("heads", f"expected a divisor of {q[1]} and {v[1]}, found {self.heads}")
            return None
        return (q[0], v[1])

    def parts(self, **xs: Shape) -> list[Part]:
        """Scores, scaled scores (masked), weights, weighted values; around them the heads."""
        d = xs["x1"][1] // self.heads
        before, (q, k, v) = self._heads(xs)
        scores = [
            Part("s", Matmul(transpose_second=True), (q, k)),
            Part("c", Scale(factor=Constant(f"1/sqrt({d})")), ("s",)),
        ]
        if "x4" in xs:
            scores.append(Part("m", Add(), ("c", "x4")))
        weights = Part("p", Softmax(), (scores[-1].letter,))
        product = Part("o", Matmul(), ("p", v))
        after = (
            []
            if self.heads == 1
            else [Part("t", Transpose(axes=[2, 1, 3]), ("o",)), Part("y", Flatten(start=2), ("t",))]
        )
        return [*before, *scores, weights, product, *after]

    def _heads(self, xs: dict[str, Shape]) -> tuple[list[Part], tuple[str, str, str]]:
        """Q, K and V cut into heads [h][t][d/h]."""
        if self.heads == 1:
            return [], ("x1", "x2", "x3")
        parts: list[Part] = []
        for letter, source in zip("qkv", ("x1", "x2", "x3"), strict=True):
            rows, width = xs[source]
            cut = Reshape(to=[rows, self.heads, width // self.heads])
            parts += [Part(f"{letter}c", cut, (source,)), Part(letter, Transpose(axes=[2, 1, 3]), (f"{letter}c",))]
        return parts, ("q", "k", "v")

    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({}, (2, 2), "layer 1 (attention): it reads Q, K, V as matrices (and a mask), found [[2, 2]]"),
    )
