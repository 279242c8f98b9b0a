"""The fully connected layer."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, transpose
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.textbook import described, elided_sum


@register
class Dense(Op, frozen=True, kw_only=True):
    """a = W x + b, every output joined with every input.

    Shapes: x [p], W [m][p], b [m] (may be absent), a [m]. ``W[i,j]`` is the weight to node i from node j.
    Source: Rumelhart, Hinton, Williams, Nature 323 (1986).
    """

    name: ClassVar[str] = "dense"
    parameters: ClassVar[dict[str, str]] = {"W": "weights", "b": "bias"}
    optional: ClassVar[tuple[str, ...]] = ("b",)
    summed: ClassVar[tuple[str, ...]] = ("db",)
    units: int | None = None
    """The number of outputs m, where the weights are drawn at random."""

    def shape(self, report: Report, *, x: Shape, W: Shape, b: Shape | None = None) -> Shape | None:
        """[m] from x [p], W [m][p], b [m]."""
        if len(W) != 2:
            report("weights", f"expected a matrix [m][p], found {described(W)}")
            return None
        if len(x) != 1:
            report("weights", f"a dense layer reads a vector, its input has shape {list(x)}: put a flatten before it")
        elif x[0] != W[1]:
            report("weights", f"expected a column for each of the {x[0]} inputs, found {W[1]}")
        if b is not None and b != (W[0],):
            report("bias", f"expected one entry for each of the {W[0]} rows of the weights, found {described(b)}")
        if self.units not in (None, W[0]):
            report("units", f"expected {W[0]}, the rows of the weights, found {self.units}")
        return (W[0],)

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """W [units][p]; b as long as W has rows."""
        if letter == "b":
            return known["W"][:1] if "W" in known else None
        return (self.units, *x) if self.units else None

    def forward(self, xp: Any, x: Array, W: Array, b: Array | None = None) -> Array:
        # a[B,m] = x[B,p] W[m,p]ᵀ
        a = x @ W.mT
        return a if b is None else a + b

    def forward_form(self, x: Expr, W: Expr, b: Expr | None = None) -> Expr:
        return W @ x if b is None else W @ x + b

    def forward_entry(self, index: Shape, x: Operand, W: Operand, b: Operand | None = None) -> Expr:
        total = elided_sum(W.shape[1], lambda j: W.entry(index[0], j) * x.entry(j))
        return total if b is None else total + b.entry(*index)

    def dx(self, xp: Any, dy: Array, W: Array) -> Array:
        # dx[B,p] = dy[B,m] W[m,p]
        return dy @ W

    def dx_form(self, dy: Expr, W: Expr) -> Expr:
        return transpose(W) @ dy

    def dx_entry(self, index: Shape, dy: Operand, W: Operand) -> Expr:
        return elided_sum(W.shape[0], lambda i: W.entry(i, index[0]) * dy.entry(i))

    def dW(self, xp: Any, dy: Array, x: Array) -> Array:
        # dW[m,p] = dy[B,m]ᵀ x[B,p], summed over the batch
        return dy.mT @ x

    def dW_form(self, dy: Expr, x: Expr) -> Expr:
        return dy @ transpose(x)

    def dW_entry(self, index: Shape, dy: Operand, x: Operand) -> Expr:
        i, j = index
        pairs = list(zip(dy.examples, x.examples, strict=True))
        return elided_sum(len(pairs), lambda n: pairs[n][0].entry(i) * pairs[n][1].entry(j))

    def db(self, xp: Any, dy: Array) -> Array:
        # db[m] = Σ_B dy[B,m]
        return xp.sum(dy, axis=0)

    def db_form(self, dy: Expr) -> Expr:
        return dy

    def db_entry(self, index: Shape, dy: Operand) -> Expr:
        return elided_sum(len(dy.examples), lambda n: dy.examples[n].entry(*index))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3), "W": (2, 3)}),
        Sample({"x": (4, 3), "W": (2, 3), "b": (2,)}),
        Sample({"x": (2, 1), "W": (1, 1), "b": (1,)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"weights": [[1, 2], [3, 4]]},
            (3,),
            "layer 1 (dense): expected a column for each of the 3 inputs, found 2",
        ),
        BadSample(
            {"weights": [[1, 2, 3]], "bias": [1, 2]},
            (3,),
            "layer 1 (dense): expected one entry for each of the 1 rows of the weights, found a vector of 2",
        ),
    )
