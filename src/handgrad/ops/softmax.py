"""Softmax and its logarithm, along one axis."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Entry, Expr, Function, Symbol, exp, hadamard, ln
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, mistake, register
from handgrad.ops.textbook import elided_sum, sum_over


class _AlongAxis(Op, frozen=True, kw_only=True):
    """The axis, counted from 1 without the batch axis or from the end, so that of an array it is the axis itself."""

    rational: ClassVar[bool] = False
    by_entry: ClassVar[bool] = True
    activates: ClassVar[bool] = True
    axis: int = -1

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x, which has the axis."""
        n = len(x)
        if n == 0:
            report("", f"{self.name} needs an axis, its input is a single number")
        elif not (1 <= self.axis <= n or -n <= self.axis <= -1):
            report("axis", f"expected an axis from 1 to {n}, or from -{n} to -1, found {self.axis}")
        return x

    def _along(self, array: Operand, index: Shape, term: Any) -> Expr:
        """The sum of ``term`` over the places along the axis through ``index``."""
        axis = self.axis - 1 if self.axis > 0 else self.axis % len(index)
        return elided_sum(array.shape[axis], lambda k: term((*index[:axis], k, *index[axis + 1 :])))


@register
class Softmax(_AlongAxis, frozen=True, kw_only=True):
    """ŷ_i = e^(a_i) / Σ_k e^(a_k) over a vector; ∂L/∂a_i = ŷ_i (∂L/∂ŷ_i − Σ_k ∂L/∂ŷ_k ŷ_k).

    A vector has at least two nodes. Of an array of several axes, i and k run along ``axis`` (from 1, or −1 for
    the last). Source: Bridle (1990).
    """

    name: ClassVar[str] = "softmax"
    onnx: ClassVar[str] = "Softmax"
    torch: ClassVar[str] = "nn.Softmax"

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x; a vector has at least two nodes."""
        if x == (1,):
            report("", "a softmax of one node is always 1: use two nodes, or logistic")
        return super().shape(report, x=x)

    def forward(self, xp: Any, x: Array) -> Array:
        # the largest entry is taken off first, so that no e^a overflows; the quotient is the same
        e = xp.exp(x - xp.max(x, axis=self.axis, keepdims=True))
        return e / xp.sum(e, axis=self.axis, keepdims=True)

    @mistake("forward", "not normalised", "ŷ_i = e^(a_i) / Σ_k e^(a_k): divide by the sum, so that ŷ sums to 1")
    def forward_undivided(self, xp: Any, x: Array) -> Array:
        return xp.exp(x)

    @mistake("forward", "exponential forgotten", "ŷ_i = e^(a_i) / Σ_k e^(a_k)")
    def forward_of_shares(self, xp: Any, x: Array) -> Array:
        return x / xp.sum(x, axis=self.axis, keepdims=True)

    def forward_form(self, x: Expr) -> Expr:
        return Function("softmax", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        return exp(x.entry(*index)) / self._along(x, index, lambda k: exp(x.entry(*k)))

    def dx(self, xp: Any, dy: Array, y: Array) -> Array:
        return y * (dy - xp.sum(dy * y, axis=self.axis, keepdims=True))

    @mistake("dx", "softmax taken entry by entry", "every ŷ depends on each a: ∂L/∂a_i = ŷ_i (∂L/∂ŷ_i − Σ ∂L/∂ŷ_k ŷ_k)")
    def dx_diagonal(self, xp: Any, dy: Array, y: Array) -> Array:
        return dy * y * (1 - y)

    def dx_form(self, dy: Expr, y: Expr) -> Expr:
        inner = sum_over("k", Entry(dy, ("k",)) * Entry(y, ("k",)))
        return hadamard(y, dy - inner)

    def dx_entry(self, index: Shape, dy: Operand, y: Operand) -> Expr:
        inner = self._along(y, index, lambda k: dy.entry(*k) * y.entry(*k))
        return y.entry(*index) * (dy.entry(*index) - inner)

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """softmax of one entry."""
        a = Symbol(a.base, bold=True) if isinstance(a, Symbol) else a
        value = exp(Entry(a, ("i",))) / sum_over("k", exp(Entry(a, ("k",))))
        return ((Entry(Function("softmax", (a,)), ("i",)), value),)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3)}),
        Sample({"x": (3, 4)}),
        Sample({"x": (2, 3, 2)}, {"axis": 1}),
        Sample({"x": (2, 3, 2)}),
        Sample({"x": (1, 2, 3, 2)}, {"axis": -2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({}, (1,), "layer 1 (softmax): a softmax of one node is always 1: use two nodes, or logistic"),
        BadSample({"axis": 0}, (2, 3), "layer 1 (softmax): expected an axis from 1 to 2, or from -2 to -1, found 0"),
        BadSample({"axis": 3}, (2, 3), "layer 1 (softmax): expected an axis from 1 to 2, or from -2 to -1, found 3"),
    )


@register
class LogSoftmax(_AlongAxis, frozen=True, kw_only=True):
    """ŷ_i = a_i − ln Σ_k e^(a_k), the logarithm of a softmax; ∂L/∂a_i = ∂L/∂ŷ_i − e^(ŷ_i) Σ_k ∂L/∂ŷ_k.

    Of an array of several axes, i and k run along ``axis`` (from 1, or −1 for the last). Source: Bridle (1990).
    """

    name: ClassVar[str] = "log_softmax"
    onnx: ClassVar[str] = "LogSoftmax"
    torch: ClassVar[str] = "nn.LogSoftmax"

    def forward(self, xp: Any, x: Array) -> Array:
        # the largest entry is taken off first, so that no e^a overflows
        low = x - xp.max(x, axis=self.axis, keepdims=True)
        return low - xp.log(xp.sum(xp.exp(low), axis=self.axis, keepdims=True))

    def forward_form(self, x: Expr) -> Expr:
        return Function("logsoftmax", (x,))

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        return x.entry(*index) - ln(self._along(x, index, lambda k: exp(x.entry(*k))))

    def dx(self, xp: Any, dy: Array, y: Array) -> Array:
        return dy - xp.exp(y) * xp.sum(dy, axis=self.axis, keepdims=True)

    def dx_form(self, dy: Expr, y: Expr) -> Expr:
        return dy - exp(y) * sum_over("k", Entry(dy, ("k",)))

    def dx_entry(self, index: Shape, dy: Operand, y: Operand) -> Expr:
        return dy.entry(*index) - exp(y.entry(*index)) * self._along(dy, index, lambda k: dy.entry(*k))

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """The logarithm of a softmax of one entry."""
        a = Symbol(a.base, bold=True) if isinstance(a, Symbol) else a
        value = Entry(a, ("i",)) - ln(sum_over("k", exp(Entry(a, ("k",)))))
        return ((Entry(Function("logsoftmax", (a,)), ("i",)), value),)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 3)}),
        Sample({"x": (3, 4)}),
        Sample({"x": (2, 3, 2)}, {"axis": 1}),
        Sample({"x": (1, 2, 3, 2)}, {"axis": -2}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"axis": 2}, (3,), "layer 1 (log_softmax): expected an axis from 1 to 1, or from -1 to -1, found 2"),
    )
