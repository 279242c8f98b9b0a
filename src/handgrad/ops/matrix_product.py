"""Two inputs: differences, quotients and the matrix product."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, hadamard, transpose
from handgrad.ops.op import Array, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.stretching import aligned, common, over, shrunk, under
from handgrad.ops.textbook import elided_sum


class Pair(Op, frozen=True, kw_only=True):
    """Two inputs entry by entry; axes of length 1 stretch, shapes are aligned at their last axes."""

    inputs: ClassVar[tuple[str, ...]] = ("x1", "x2")
    by_entry: ClassVar[bool] = True

    def shape(self, report: Report, *, x1: Shape, x2: Shape) -> Shape | None:
        """The shape that both stretch to."""
        return common(report, x1=x1, x2=x2)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x1": (2, 3), "x2": (2, 3)}, ranges={"x2": (1, 5)}),
        Sample({"x1": (2, 3), "x2": (2, 2, 3)}, ranges={"x2": (1, 5)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 1)}, ranges={"x2": (1, 5)}),
        Sample({"x1": (3,), "x2": (3, 2)}, ranges={"x2": (1, 5)}),
    )


def _both(xp: Any, x1: Array, x2: Array) -> tuple[Array, Array]:
    rank = max(x1.ndim, x2.ndim) - 1
    return aligned(xp, x1, rank), aligned(xp, x2, rank)


@register
class Subtract(Pair, frozen=True, kw_only=True):
    """y = x₁ − x₂; ∂L/∂x₁ = ∂L/∂y, ∂L/∂x₂ = −∂L/∂y, summed over stretched axes."""

    name: ClassVar[str] = "subtract"
    onnx: ClassVar[str] = "Sub"
    torch: ClassVar[str] = "sub"

    def forward(self, xp: Any, x1: Array, x2: Array) -> Array:
        a, b = _both(xp, x1, x2)
        return a - b

    def forward_form(self, x1: Expr, x2: Expr) -> Expr:
        return x1 - x2

    def forward_entry(self, index: Shape, x1: Operand, x2: Operand) -> Expr:
        return x1.entry(*under(index, x1.shape)) - x2.entry(*under(index, x2.shape))

    def dx1(self, xp: Any, dy: Array, x1_shape: Shape) -> Array:
        return shrunk(xp, dy, x1_shape)

    def dx1_form(self, dy: Expr, x1_shape: Shape) -> Expr:
        return dy

    def dx1_entry(self, index: Shape, dy: Operand, x1_shape: Shape) -> Expr:
        places = over(index, x1_shape, dy.shape)
        return elided_sum(len(places), lambda k: dy.entry(*places[k]))

    def dx2(self, xp: Any, dy: Array, x2_shape: Shape) -> Array:
        return -shrunk(xp, dy, x2_shape)

    def dx2_form(self, dy: Expr, x2_shape: Shape) -> Expr:
        return -dy

    def dx2_entry(self, index: Shape, dy: Operand, x2_shape: Shape) -> Expr:
        places = over(index, x2_shape, dy.shape)
        return elided_sum(len(places), lambda k: -dy.entry(*places[k]))


@register
class Divide(Pair, frozen=True, kw_only=True):
    """y = x₁/x₂ entry by entry; ∂L/∂x₁ = ∂L/∂y / x₂, ∂L/∂x₂ = −∂L/∂y ⊙ x₁/x₂², summed over stretched axes."""

    name: ClassVar[str] = "divide"
    onnx: ClassVar[str] = "Div"
    torch: ClassVar[str] = "div"

    def forward(self, xp: Any, x1: Array, x2: Array) -> Array:
        a, b = _both(xp, x1, x2)
        return a / b

    def forward_form(self, x1: Expr, x2: Expr) -> Expr:
        return Fraction(x1, x2)

    def forward_entry(self, index: Shape, x1: Operand, x2: Operand) -> Expr:
        return Fraction(x1.entry(*under(index, x1.shape)), x2.entry(*under(index, x2.shape)))

    def dx1(self, xp: Any, dy: Array, x2: Array, x1_shape: Shape) -> Array:
        return shrunk(xp, dy / aligned(xp, x2, dy.ndim - 1), x1_shape)

    def dx1_form(self, dy: Expr, x2: Expr, x1_shape: Shape) -> Expr:
        return Fraction(dy, x2)

    def dx1_entry(self, index: Shape, dy: Operand, x2: Operand, x1_shape: Shape) -> Expr:
        places = over(index, x1_shape, dy.shape)
        return elided_sum(len(places), lambda k: Fraction(dy.entry(*places[k]), x2.entry(*under(places[k], x2.shape))))

    def dx2(self, xp: Any, dy: Array, x1: Array, x2: Array) -> Array:
        a, b = (aligned(xp, x, dy.ndim - 1) for x in (x1, x2))
        return -shrunk(xp, dy * a / (b * b), tuple(x2.shape[1:]))

    def dx2_form(self, dy: Expr, x1: Expr, x2: Expr) -> Expr:
        return -hadamard(dy, Fraction(x1, x2**2))

    def dx2_entry(self, index: Shape, dy: Operand, x1: Operand, x2: Operand) -> Expr:
        places, below = over(index, x2.shape, dy.shape), x2.entry(*index)

        def term(k: int) -> Expr:
            return -(dy.entry(*places[k]) * Fraction(x1.entry(*under(places[k], x1.shape)), below**2))

        return elided_sum(len(places), term)


@register
class Matmul(Op, frozen=True, kw_only=True):
    """Y = X₁ X₂; ∂L/∂X₁ = ∂L/∂Y X₂ᵀ, ∂L/∂X₂ = X₁ᵀ ∂L/∂Y.

    Shapes: X₁ [l…][m][k], X₂ [l…][k][n], Y [l…][m][n]; leading axes stretch; a vector x₁ [k] is a row, a
    vector x₂ [k] a column. ``transpose_second``: X₂ is [l…][n][k] and stands transposed, as Q Kᵀ has it.
    """

    name: ClassVar[str] = "matmul"
    onnx: ClassVar[str] = "MatMul"
    torch: ClassVar[str] = "matmul"
    inputs: ClassVar[tuple[str, ...]] = ("x1", "x2")
    by_entry: ClassVar[bool] = True
    transpose_second: bool = False

    def shape(self, report: Report, *, x1: Shape, x2: Shape) -> Shape | None:
        """[l…][m][n] from [l…][m][k] and [l…][k][n]."""
        if not x1 or not x2:
            report("from", f"a matrix product needs vectors or matrices, found {list(x1)} and {list(x2)}")
            return None
        if self.transpose_second and len(x2) == 1:
            report("transpose_second", "x2 is a vector, which stands as a column: there is nothing to transpose")
            return None
        a, b = self._matrices(x1, x2)
        if a[-1] != b[-2]:
            report("from", f"x1 has {a[-1]} columns, x2 has {b[-2]} rows: they do not fit")
            return None
        leading = common(report, x1=a[:-2], x2=b[:-2])
        if leading is None:
            return None
        return (*leading, *((a[-2],) if len(x1) > 1 else ()), *((b[-1],) if len(x2) > 1 else ()))

    def _matrices(self, x1: Shape, x2: Shape) -> tuple[Shape, Shape]:
        """Both shapes as matrices, the second as it stands in the product."""
        a = (1, *x1) if len(x1) == 1 else x1
        if len(x2) == 1:
            return a, (*x2, 1)
        return a, (*x2[:-2], x2[-1], x2[-2]) if self.transpose_second else x2

    def _arrays(self, xp: Any, x1: Array, x2: Array) -> tuple[Array, Array]:
        a, b = self._matrices(tuple(x1.shape[1:]), tuple(x2.shape[1:]))
        rank = max(len(a), len(b))
        second = x2.mT if self.transpose_second else x2
        return (
            aligned(xp, xp.reshape(x1, (x1.shape[0], *a)), rank),
            aligned(xp, xp.reshape(second, (x2.shape[0], *b)), rank),
        )

    def forward(self, xp: Any, x1: Array, x2: Array) -> Array:
        a, b = self._arrays(xp, x1, x2)
        # y[B,l,m,n] = Σ_k a[B,l,m,k] b[B,l,k,n]
        y = a @ b
        rows = () if x1.ndim == 2 else (a.shape[-2],)
        columns = () if x2.ndim == 2 else (b.shape[-1],)
        return xp.reshape(y, (*y.shape[:-2], *rows, *columns))

    def forward_form(self, x1: Expr, x2: Expr) -> Expr:
        return x1 @ (transpose(x2) if self.transpose_second else x2)

    def forward_entry(self, index: Shape, x1: Operand, x2: Operand) -> Expr:
        leading, i, j = self._split(index, x1.shape, x2.shape)
        return elided_sum(x1.shape[-1], lambda k: self._first(x1, leading, i, k) * self._second(x2, leading, k, j))

    def _split(self, index: Shape, x1: Shape, x2: Shape) -> tuple[Shape, int, int]:
        """An index of the product as leading places, row and column."""
        rest = list(index)
        j = rest.pop() if len(x2) > 1 else 0
        i = rest.pop() if len(x1) > 1 else 0
        return tuple(rest), i, j

    def _first(self, x1: Operand, leading: Shape, i: int, k: int) -> Expr:
        if len(x1.shape) == 1:
            return x1.entry(k)
        return x1.entry(*under(leading, x1.shape[:-2]), i, k)

    def _second(self, x2: Operand, leading: Shape, k: int, j: int) -> Expr:
        if len(x2.shape) == 1:
            return x2.entry(k)
        return x2.entry(*under(leading, x2.shape[:-2]), *((j, k) if self.transpose_second else (k, j)))

    def _upstream(self, xp: Any, dy: Array, x1: Shape, x2: Shape) -> Array:
        """dy as [B][l…][m][n]."""
        a, b = self._matrices(x1, x2)
        leading = dy.shape[: dy.ndim - (len(x1) > 1) - (len(x2) > 1)]
        return xp.reshape(dy, (*leading, a[-2], b[-1]))

    def dx1(self, xp: Any, dy: Array, x2: Array, x1_shape: Shape) -> Array:
        x2_shape = tuple(x2.shape[1:])
        a, b = self._matrices(x1_shape, x2_shape)
        up = self._upstream(xp, dy, x1_shape, x2_shape)
        second = x2.mT if self.transpose_second else x2
        b_array = aligned(xp, xp.reshape(second, (x2.shape[0], *b)), up.ndim - 1)
        # da[B,l,m,k] = dy[B,l,m,n] b[B,l,k,n]ᵀ
        return xp.reshape(shrunk(xp, up @ b_array.mT, a), (dy.shape[0], *x1_shape))

    def dx1_form(self, dy: Expr, x2: Expr, x1_shape: Shape) -> Expr:
        return dy @ (x2 if self.transpose_second else transpose(x2))

    def dx1_entry(self, index: Shape, dy: Operand, x2: Operand, x1_shape: Shape) -> Expr:
        *own, k = index
        i = own.pop() if len(x1_shape) > 1 else 0
        terms = self._terms(dy, x1_shape, x2.shape, tuple(own), x1_shape[:-2])
        n = self._matrices(x1_shape, x2.shape)[1][-1]
        pairs = [(leading, j) for leading in terms for j in range(n)]
        return elided_sum(
            len(pairs),
            lambda p: (
                self._dy(dy, x1_shape, x2.shape, pairs[p][0], i, pairs[p][1])
                * self._second(x2, pairs[p][0], k, pairs[p][1])
            ),
        )

    def dx2(self, xp: Any, dy: Array, x1: Array, x2_shape: Shape) -> Array:
        x1_shape = tuple(x1.shape[1:])
        a, b = self._matrices(x1_shape, x2_shape)
        up = self._upstream(xp, dy, x1_shape, x2_shape)
        a_array = aligned(xp, xp.reshape(x1, (x1.shape[0], *a)), up.ndim - 1)
        # db[B,l,k,n] = a[B,l,m,k]ᵀ dy[B,l,m,n]
        gradient = shrunk(xp, a_array.mT @ up, b)
        turned = gradient.mT if self.transpose_second else gradient
        return xp.reshape(turned, (dy.shape[0], *x2_shape))

    def dx2_form(self, dy: Expr, x1: Expr, x2_shape: Shape) -> Expr:
        return transpose(dy) @ x1 if self.transpose_second else transpose(x1) @ dy

    def dx2_entry(self, index: Shape, dy: Operand, x1: Operand, x2_shape: Shape) -> Expr:
        own = list(index)
        if len(x2_shape) == 1:
            k, j = own.pop(), 0
        elif self.transpose_second:
            k, j = own.pop(), own.pop()
        else:
            j, k = own.pop(), own.pop()
        leadings = self._terms(dy, x1.shape, x2_shape, tuple(own), x2_shape[:-2])
        rows = self._matrices(x1.shape, x2_shape)[0][-2]
        pairs = [(leading, i) for leading in leadings for i in range(rows)]
        return elided_sum(
            len(pairs),
            lambda p: (
                self._first(x1, pairs[p][0], pairs[p][1], k)
                * self._dy(dy, x1.shape, x2_shape, pairs[p][0], pairs[p][1], j)
            ),
        )

    def _terms(self, dy: Operand, x1: Shape, x2: Shape, own: Shape, leading: Shape) -> list[Shape]:
        """The leading places of the product that a leading place of one input stands at."""
        full = dy.shape[: len(dy.shape) - (len(x1) > 1) - (len(x2) > 1)]
        return over(own, leading, full)

    def _dy(self, dy: Operand, x1: Shape, x2: Shape, leading: Shape, i: int, j: int) -> Expr:
        return dy.entry(*leading, *((i,) if len(x1) > 1 else ()), *((j,) if len(x2) > 1 else ()))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x1": (2, 2, 3), "x2": (2, 3, 4)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 4, 3)}, {"transpose_second": True}),
        Sample({"x1": (2, 3), "x2": (2, 3, 2)}),
        Sample({"x1": (2, 2, 3), "x2": (2, 3)}),
        Sample({"x1": (2, 3), "x2": (2, 3)}),
        Sample({"x1": (1, 2, 2, 3), "x2": (1, 3, 2)}),
        Sample({"x1": (1, 1, 2, 3), "x2": (1, 2, 3, 2)}),
    )
