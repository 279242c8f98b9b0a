"""Losses: one number for each example from the output ŷ and the target y.

The loss of a batch, L, weighs the losses of its examples: by 1/n in a mean (the default), by 1 in a sum.
That weight is the letter ``dL`` of the gradient rules.
"""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, Literal

from flint import fmpq

from handgrad.arithmetic.exact import exact_expression
from handgrad.notation.nodes import Entry, Expr, Fraction, Number, Partial, Symbol
from handgrad.ops.op import Array, Constant, Op, Operand, Report, Sample, Shape
from handgrad.ops.places import unravel
from handgrad.ops.textbook import described, elided_sum, one_over, sum_over

Derivation = tuple[tuple[Expr, ...], ...]
"""Chains of equal expressions: each (left, right, right, …)."""


class Loss(Op, frozen=True, kw_only=True):
    """A loss reads ŷ and the target y of one shape and gives a number for each example."""

    inputs: ClassVar[tuple[str, ...]] = ("yhat", "y")
    by_entry: ClassVar[bool] = True
    joint: ClassVar[dict[str, str]] = {}
    """Output op and the rule that gives ∂L/∂a of both together, as the textbooks do."""
    labels: ClassVar[bool] = False
    """Whether the target may be given as the number of a class."""
    one_class: ClassVar[bool] = False
    """Whether the target must be a single class at each place."""
    reduction: Literal["mean", "sum", "none"] = "mean"
    """What becomes of the losses of a batch; with "none" they stay apart and the gradients are those of their sum."""

    def shape(self, report: Report, *, yhat: Shape, y: Shape) -> Shape | None:
        """A single number from ŷ and y of one shape."""
        if yhat != y and prod(yhat) != prod(y):
            report("y", f"expected {described(yhat)} as the network gives, found {described(y)}")
        return ()

    def joint_with(self, op: Op, shape: Shape) -> str | None:
        """The joint rule with an output op that reads ``shape``; None where there is none."""
        axis = getattr(op, "axis", 1)
        classes_first = (axis if axis > 0 else axis + len(shape) + 1) == 1
        return self.joint.get(op.name) if classes_first else None

    def target_shape(self, yhat: Shape) -> Shape:
        """The shape of the target for an output of this shape."""
        return yhat

    def check_target(self, report: Report, target: list[Any], shape: Shape | None = None) -> None:
        """Report a target (entries of one example, of that shape) that this loss has no meaning for."""

    def divisor(self, y: list[Any], examples: int, shape: Shape) -> fmpq:
        """What a mean divides by, from the entries of the targets [n][…shape]: the number of examples."""
        del y, shape
        return fmpq(examples)


def over_outputs(xp: Any, terms: Array) -> Array:
    """[B]: the sum over everything but the batch axis."""
    return xp.sum(xp.reshape(terms, (terms.shape[0], -1)), axis=1)


def weight_of(xp: Any, dL: Array, like: Array) -> Array:
    """dL [B] in a shape that stretches over ``like`` [B][…]."""
    return xp.reshape(dL, (dL.shape[0], *([1] * (like.ndim - 1))))


def places_of(yhat: Operand) -> list[Shape]:
    """Every index of an operand, row by row."""
    return [unravel(k, yhat.shape) for k in range(prod(yhat.shape))]


def number(value: Any) -> Expr:
    """A rational as an expression, exactly."""
    expression = exact_expression(value, decimals=False)
    return Number(str(value), value) if expression is None else expression


def equals(value: Any, what: int) -> bool:
    """Whether a number is that integer."""
    return bool(value == what)


def component(array: Expr, letter: str = "k") -> Expr:
    """y_k."""
    return Entry(array, (letter,))


def partial(of: Expr, i: str, by: Expr, j: str) -> Expr:
    """∂of_i/∂by_j."""
    return Partial(Entry(of, (i,)), Entry(by, (j,)))


def loss_partial(by: Expr, j: str) -> Expr:
    """∂L/∂by_j."""
    return Partial(Symbol("L"), Entry(by, (j,)))


class Reduction(Op, frozen=True, kw_only=True):
    """L of a batch: the mean (or the sum) of the losses of its examples.

    The mean divides by ``divisor``, unless given the number of examples.
    """

    name: ClassVar[str] = "reduction"
    by_entry: ClassVar[bool] = True
    how: Literal["mean", "sum", "none"] = "mean"
    divisor: Constant | None = None

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """A single number."""
        del report, x
        return ()

    def forward(self, xp: Any, x: Array) -> Array:
        # L = Σ_B x[B] / n
        total = xp.sum(x, axis=0)
        if self.how != "mean":
            return total
        n = self._count(x.shape[0])
        return total / int(n.p) if n.q == 1 else total * int(n.q) / int(n.p)

    def _count(self, examples: int) -> Any:
        return fmpq(examples) if self.divisor is None else self.divisor.written.exact()[0]

    def forward_form(self, x: Expr) -> Expr:
        total = sum_over("n", component(x, "n"))
        return Fraction(Number("1", 1), Symbol("N")) * total if self.how == "mean" else total

    def forward_entry(self, index: Shape, x: Operand) -> Expr:
        del index
        count = len(x.examples)
        total = elided_sum(count, lambda n: x.examples[n].entry())
        if self.how != "mean":
            return total
        n = self._count(count)
        return (one_over(int(n.p)) if n.q == 1 else number(1 / n)) * total

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (3,)}),
        Sample({"x": (3,)}, {"divisor": "7/2"}),
        Sample({"x": (2,)}, {"how": "sum"}),
    )


def twice(constant: Constant, written: Expr) -> Expr:
    """2c: worked out where c is rational, else as a product."""
    value = constant.written.exact()[0]
    return number(2 * value) if isinstance(value, fmpq) else 2 * written
