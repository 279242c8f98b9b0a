"""The fully connected layer."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Symbol, transpose
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, mistake, register
from handgrad.ops.textbook import described, elided_sum


@register
class Dense(Op, frozen=True, kw_only=True):
    """a = W x + b; ∂L/∂W = ∂L/∂a xᵀ, ∂L/∂b = ∂L/∂a, ∂L/∂x = Wᵀ ∂L/∂a.

    Shapes: x [p], W [m][p], b [m] (may be absent), a [m]. ``W[i,j]`` is the weight to node i from node j.
    Source: Rumelhart, Hinton, Williams, Nature 323 (1986).
    """

    name: ClassVar[str] = "dense"
    parameters: ClassVar[dict[str, str]] = {"W": "weights", "b": "bias"}
    sizes: ClassVar[tuple[str, ...]] = ("units",)
    optional: ClassVar[tuple[str, ...]] = ("b",)
    summed: ClassVar[tuple[str, ...]] = ("db",)
    onnx: ClassVar[str] = "Gemm"
    torch: ClassVar[str] = "nn.Linear"
    units: int | None = None
    """The number of outputs m, where the weights are drawn at random."""
    rows: bool = False
    """Whether each row of an input [t…][p] is a vector of its own: the same W and b for all of them."""

    def shape(self, report: Report, *, x: Shape, W: Shape, b: Shape | None = None) -> Shape | None:
        """[m] from x [p], W [m][p], b [m]."""
        if len(W) != 2:
            report("weights", f"expected a matrix [m][p], found {described(W)}")
            return None
        if len(x) != 1 and not (self.rows and x):
            report(
                "weights",
                f"a dense layer reads a vector, its input has shape {list(x)}: put a flatten before it, "
                "or write rows = true to take each row by itself",
            )
        elif x[-1] != W[1]:
            report("weights", f"expected a column for each of the {x[-1]} inputs, found {W[1]}")
        if b is not None and b != (W[0],):
            report("bias", f"expected one entry for each of the {W[0]} rows of the weights, found {described(b)}")
        if self.units not in (None, W[0]):
            report("units", f"expected {W[0]}, the rows of the weights, found {self.units}")
        return (*x[:-1], W[0])

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """W [units][p]; b as long as W has rows."""
        if letter == "b":
            return known["W"][:1] if "W" in known else None
        return (self.units, x[-1]) if self.units else None

    def forward(self, xp: Any, x: Array, W: Array, b: Array | None = None) -> Array:
        # a[B,…,m] = x[B,…,p] W[m,p]ᵀ
        a = x @ W.mT
        return a if b is None else a + b

    @mistake("forward", "weights transposed", "a = W x: row i of W belongs to node i")
    def forward_transposed(self, xp: Any, x: Array, W: Array, b: Array | None = None) -> Array:
        a = x @ W
        return a if b is None else a + b

    @mistake("forward", "bias forgotten", "a = W x + b: add the bias")
    def forward_without_bias(self, xp: Any, x: Array, W: Array, b: Array) -> Array:
        return x @ W.mT

    @mistake("forward", "sign of the bias", "a = W x + b: the bias is added")
    def forward_less_bias(self, xp: Any, x: Array, W: Array, b: Array) -> Array:
        return x @ W.mT - b

    def forward_form(self, x: Expr, W: Expr, b: Expr | None = None) -> Expr:
        if self.rows:
            b = None if b is None else Symbol("1", bold=True) @ transpose(b)
            return x @ transpose(W) if b is None else x @ transpose(W) + b
        return W @ x if b is None else W @ x + b

    def forward_entry(self, index: Shape, x: Operand, W: Operand, b: Operand | None = None) -> Expr:
        *row, i = index
        total = elided_sum(W.shape[1], lambda j: W.entry(i, j) * x.entry(*row, j))
        return total if b is None else total + b.entry(i)

    def dx(self, xp: Any, dy: Array, W: Array) -> Array:
        # dx[B,…,p] = dy[B,…,m] W[m,p]
        return dy @ W

    @mistake("dx", "weights not transposed", "∂L/∂x = Wᵀ ∂L/∂a: on the way back W is transposed")
    def dx_untransposed(self, xp: Any, dy: Array, W: Array) -> Array:
        return dy @ W.mT

    @mistake(
        "dx",
        "gradient with the updated weights",
        "the backward pass uses the weights of the forward pass, not the new ones",
    )
    def dx_updated(self, xp: Any, dy: Array, W_next: Array) -> Array:
        return dy @ W_next

    def dx_form(self, dy: Expr, W: Expr) -> Expr:
        return dy @ W if self.rows else transpose(W) @ dy

    def dx_entry(self, index: Shape, dy: Operand, W: Operand) -> Expr:
        *row, j = index
        return elided_sum(W.shape[0], lambda i: W.entry(i, j) * dy.entry(*row, i))

    def dW(self, xp: Any, dy: Array, x: Array) -> Array:
        # dW[m,p] = dy[N,m]ᵀ x[N,p], summed over the rows of all examples
        return _rows(xp, dy).mT @ _rows(xp, x)

    @mistake("dW", "outer product transposed", "∂L/∂W = ∂L/∂a xᵀ: the gradient's entry comes first, then the input's")
    def dW_transposed(self, xp: Any, dy: Array, x: Array) -> Array:
        return _rows(xp, x).mT @ _rows(xp, dy)

    @mistake("dW", "output taken for the input", "∂L/∂W = ∂L/∂a xᵀ with x, what the layer reads, not what it gives")
    def dW_of_output(self, xp: Any, dy: Array, y: Array) -> Array:
        return _rows(xp, dy).mT @ _rows(xp, y)

    @mistake("dW", "output taken for the input", "∂L/∂W = ∂L/∂a xᵀ with x, what the layer reads, not what it gives")
    def dW_of_activated(self, xp: Any, dy: Array, h: Array) -> Array:
        return _rows(xp, dy).mT @ _rows(xp, h)

    @mistake("dW", "gradient of the first example alone", "∂L/∂W adds the gradients of all examples")
    def dW_of_first(self, xp: Any, dy: Array, x: Array) -> Array:
        return _rows(xp, dy)[:1].mT @ _rows(xp, x)[:1]

    def dW_form(self, dy: Expr, x: Expr) -> Expr:
        return transpose(dy) @ x if self.rows else dy @ transpose(x)

    def dW_entry(self, index: Shape, dy: Operand, x: Operand) -> Expr:
        i, j = index
        pairs = [
            (one, other, row)
            for one, other in zip(dy.examples, x.examples, strict=True)
            for row in product(*(range(n) for n in x.shape[:-1]))
        ]
        return elided_sum(len(pairs), lambda n: pairs[n][0].entry(*pairs[n][2], i) * pairs[n][1].entry(*pairs[n][2], j))

    def db(self, xp: Any, dy: Array) -> Array:
        # db[m] = Σ_N dy[N,m]
        return xp.sum(_rows(xp, dy), axis=0)

    @mistake("db", "mean in place of the sum", "∂L/∂b adds the gradients of all examples")
    def db_averaged(self, xp: Any, dy: Array) -> Array:
        return xp.sum(_rows(xp, dy), axis=0) / _rows(xp, dy).shape[0]

    @mistake("db", "bias gradient of the first example alone", "∂L/∂b adds the gradients of all examples")
    def db_of_first(self, xp: Any, dy: Array) -> Array:
        return _rows(xp, dy)[0]

    def db_form(self, dy: Expr) -> Expr:
        return transpose(dy) @ Symbol("1", bold=True) if self.rows else dy

    def db_entry(self, index: Shape, dy: Operand) -> Expr:
        rows = [(one, row) for one in dy.examples for row in product(*(range(n) for n in dy.shape[:-1]))]
        return elided_sum(len(rows), lambda n: rows[n][0].entry(*rows[n][1], *index))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3), "W": (2, 3)}),
        Sample({"x": (4, 3), "W": (2, 3), "b": (2,)}),
        Sample({"x": (2, 1), "W": (1, 1), "b": (1,)}),
        Sample({"x": (2, 3), "W": (3, 3), "b": (3,)}),
        Sample({"x": (2, 3, 2), "W": (4, 2), "b": (4,)}, {"rows": True}),
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


def _rows(xp: Any, x: Array) -> Array:
    """[N][p]: all rows of all examples."""
    return x if x.ndim == 2 else xp.reshape(x, (-1, x.shape[-1]))
