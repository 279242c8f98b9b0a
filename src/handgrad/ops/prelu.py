"""The rectifier whose slope below zero is a parameter."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Entry, Expr, Function, Relation, Symbol, hadamard
from handgrad.ops.elementwise import ONE, ZERO, cases, primed
from handgrad.ops.op import Array, BadSample, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.places import unravel
from handgrad.ops.textbook import elided_sum, sum_over


def _aligned(s: Shape, x: Shape) -> Shape:
    """The shape of the slopes with as many axes as x: a vector as long as the first axis is one a channel."""
    if len(s) == 1 and len(x) > 1 and s[0] == x[0]:
        return (*s, *([1] * (len(x) - 1)))
    return (*([1] * (len(x) - len(s))), *s)


@register
class Prelu(Op, frozen=True, kw_only=True):
    """prelu(a) = a for a > 0, else s a; ∂L/∂a = ∂L/∂h ⊙ prelu′(a), 1 or s; ∂L/∂s = Σ ∂L/∂h a over all a ≤ 0.

    Shapes: the ``slope`` s is one number for all ([1] or a number), a vector of one a channel (the first axis),
    or any shape that stretches to that of x from the last axis on.
    Source: He, Zhang, Ren, Sun, ICCV (2015).
    """

    name: ClassVar[str] = "prelu"
    parameters: ClassVar[dict[str, str]] = {"s": "slope"}
    by_entry: ClassVar[bool] = True
    activates: ClassVar[bool] = False
    summed: ClassVar[tuple[str, ...]] = ("ds",)
    remarks: ClassVar[dict[str, str]] = {"ds": "A slope collects from the places below zero that it stands at."}
    convention: ClassVar[str] = "prelu′(0) = s"
    onnx: ClassVar[str] = "PRelu"
    torch: ClassVar[str] = "nn.PReLU"

    def shape(self, report: Report, *, x: Shape, s: Shape) -> Shape | None:
        """The shape of x, if s stretches to it."""
        fits = len(s) <= len(x) and all(n in (1, m) for n, m in zip(_aligned(s, x), x, strict=True))
        if not fits:
            report(
                "slope", f"expected one number, one a channel or a shape that stretches to {list(x)}, found {list(s)}"
            )
        return x

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """One a channel."""
        return x[:1]

    def forward(self, xp: Any, x: Array, s: Array) -> Array:
        return xp.where(x > 0, x, _stretched(xp, s, x) * x)

    def forward_form(self, x: Expr, s: Expr) -> Expr:
        return Function("prelu", (x,))

    def forward_entry(self, index: Shape, x: Operand, s: Operand) -> Expr:
        a, slope = x.entry(*index), s.entry(*_place(index, s.shape, x.shape))
        return cases((a, Relation(a, ">", ZERO)), (slope * a, Relation(a, "≤", ZERO)))

    def dx(self, xp: Any, dy: Array, x: Array, s: Array) -> Array:
        return dy * xp.where(x > 0, xp.ones_like(x), _stretched(xp, s, x) * xp.ones_like(x))

    def dx_form(self, dy: Expr, x: Expr, s: Expr) -> Expr:
        return hadamard(dy, Function(primed("prelu"), (x,)))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand, s: Operand) -> Expr:
        a, slope = x.entry(*index), s.entry(*_place(index, s.shape, x.shape))
        return dy.entry(*index) * cases((ONE, Relation(a, ">", ZERO)), (slope, Relation(a, "≤", ZERO)))

    def ds(self, xp: Any, dy: Array, x: Array, s_shape: Shape) -> Array:
        # ds = Σ dy x over the batch and the axes that s is stretched along, where x ≤ 0
        size = tuple(x.shape[1:])
        aligned = _aligned(s_shape, size)
        along = tuple(i + 1 for i, (n, m) in enumerate(zip(aligned, size, strict=True)) if n < m)
        below = xp.where(x > 0, xp.zeros_like(x), dy * x)
        return xp.reshape(xp.sum(below, axis=(0, *along)), s_shape)

    def ds_form(self, dy: Expr, x: Expr, s_shape: Shape) -> Expr:
        if prod(s_shape) > 1:
            return hadamard(dy, Function("min", (ZERO, x)))
        return sum_over("k", Entry(dy, ("k",)) * Function("min", (ZERO, Entry(x, ("k",)))))

    def ds_entry(self, index: Shape, dy: Operand, x: Operand, s_shape: Shape) -> Expr:
        places = [unravel(k, x.shape) for k in range(prod(x.shape))]
        own = [place for place in places if _place(place, s_shape, x.shape) == index]
        pairs = zip(dy.examples, x.examples, strict=True)
        below = [(g, a, place) for g, a in pairs for place in own if not a.number(*place) > 0]

        def term(i: int) -> Expr:
            g, a, place = below[i]
            return g.entry(*place) * a.entry(*place)

        return elided_sum(len(below), term)

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """prelu and its derivative by cases."""
        s, above, below = Symbol("s"), Relation(a, ">", ZERO), Relation(a, "≤", ZERO)
        return (
            (Function("prelu", (a,)), cases((a, above), (s * a, below))),
            (Function(primed("prelu"), (a,)), cases((ONE, above), (s, below))),
        )

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4), "s": ()}),
        Sample({"x": (3, 2, 2), "s": (1,)}),
        Sample({"x": (2, 3), "s": (3,)}),
        Sample({"x": (2, 3, 2, 2), "s": (3,)}),
        Sample({"x": (2, 3, 2), "s": (2,)}),
        Sample({"x": (2, 3, 2), "s": (3, 1)}),
        Sample({"x": (2, 3, 2), "s": (3, 2)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"slope": [1, 2, 3]},
            (2, 4),
            "layer 1 (prelu): expected one number, one a channel or a shape that stretches to [2, 4], found [3]",
        ),
        BadSample(
            {"slope": [[1, 2]]},
            (2,),
            "layer 1 (prelu): expected one number, one a channel or a shape that stretches to [2], found [1, 2]",
        ),
        BadSample({}, (2,), 'layer 1 (prelu): the key "slope" is missing'),
    )


def _stretched(xp: Any, s: Array, x: Array) -> Array:
    return xp.reshape(s, _aligned(tuple(s.shape), tuple(x.shape[1:])))


def _place(index: Shape, s: Shape, x: Shape) -> Shape:
    """Where the slope for a place of x stands."""
    aligned = _aligned(s, x)
    stretched = tuple(0 if n == 1 else i for i, n in zip(index, aligned, strict=True))
    return stretched[:1] if len(s) == 1 and aligned[:1] == s else stretched[len(x) - len(s) :]
