"""What the normalisations share: entries are centred and divided by their root mean square, group by group.

Each op says which entries form a group (``parts``) and how its parameters lie over them (``laid``); the
statistics, the rules and the entry forms are stated here once.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Function, Number, Power, Sqrt, Symbol, hadamard
from handgrad.notation.nodes import product as multiply
from handgrad.ops.op import Array, Constant, Op, Operand, Report, Shape
from handgrad.ops.places import ravel, unravel
from handgrad.ops.textbook import described, elided_sum, sum_over

SQUARE, XHAT = Power(Symbol("σ"), Number("2", 2)), Symbol("x", bold=True, hat=True)

Places = list[tuple[int, Shape]]
"""Entries of a batch: example and index."""


def mean(xp: Any, x: Array, axes: tuple[int, ...]) -> Array:
    """The mean over some axes, which stay with length 1."""
    return xp.sum(x, axis=axes, keepdims=True) / prod(x.shape[axis] for axis in axes)


class Normalisation(Op, frozen=True, kw_only=True):
    """y = γ x̂ + β with x̂ = (x − μ)/√(σ² + ε); dx = (g − mean g − x̂ mean(g x̂))/√(σ² + ε) with g = γ dy.

    μ and σ² are mean and (biased) variance of the group that an entry belongs to; both depend on x.
    Where ``centred`` is false μ = 0 and the term mean g is absent.
    """

    by_entry: ClassVar[bool] = True
    rational: ClassVar[bool] = False
    centred: ClassVar[bool] = True
    over_batch: ClassVar[bool] = False
    """Whether a group reaches over all examples."""
    one_scale: ClassVar[bool] = False
    """Whether γ is the same for a whole group, so that it can stand before the bracket of ∂L/∂x."""
    parameters: ClassVar[dict[str, str]] = {"gamma": "scale", "beta": "shift"}
    optional: ClassVar[tuple[str, ...]] = ("gamma", "beta")
    remarks: ClassVar[dict[str, str]] = {
        "dx": "The statistics that are taken from x depend on every entry of a group: hence the means.",
    }
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)
    summed: ClassVar[tuple[str, ...]] = ("dgamma", "dbeta")
    convention: ClassVar[str] = "The variance is the biased one (divided by the count); 0 with ε = 0 is refused."
    epsilon: Constant = Constant("1e-5")

    def parts(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """A shape of the same entries (batch left out), and its axes that a group runs over (1 is its first)."""
        raise NotImplementedError

    def laid(self, parameter: Shape, shape: Shape) -> Shape:
        """A parameter's shape against that of ``parts``: length 1 where it stretches."""
        raise NotImplementedError

    def forward(
        self, xp: Any, x: Array, epsilon: Array, gamma: Array | None = None, beta: Array | None = None
    ) -> Array:
        xhat, _ = self._standard(xp, x, epsilon)
        return xp.reshape(self._shifted(xp, self._scaled(xp, xhat, gamma, x.shape), beta, x.shape), x.shape)

    def dx(self, xp: Any, dy: Array, x: Array, epsilon: Array, gamma: Array | None = None) -> Array:
        xhat, root = self._standard(xp, x, epsilon)
        g = self._scaled(xp, xp.reshape(dy, xhat.shape), gamma, x.shape)
        axes = self._axes(x.shape)
        # dx = (g − mean g − x̂ mean(g x̂))/√(σ² + ε), the means over the group
        slope = g - xhat * mean(xp, g * xhat, axes)
        slope = slope - mean(xp, g, axes) if self.centred else slope
        return xp.reshape(slope / root, x.shape)

    def dgamma(self, xp: Any, dy: Array, x: Array, epsilon: Array, gamma_shape: Shape) -> Array:
        xhat, _ = self._standard(xp, x, epsilon)
        return self._gathered(xp, xp.reshape(dy, xhat.shape) * xhat, gamma_shape, x.shape)

    def dbeta(self, xp: Any, dy: Array, beta_shape: Shape) -> Array:
        split, _ = self.parts(tuple(dy.shape[1:]))
        return self._gathered(xp, xp.reshape(dy, (dy.shape[0], *split)), beta_shape, dy.shape)

    def _axes(self, x: Shape) -> tuple[int, ...]:
        axes = self.parts(tuple(x[1:]))[1]
        return (0, *axes) if self.over_batch else axes

    def _standard(self, xp: Any, x: Array, epsilon: Array) -> tuple[Array, Array]:
        """x̂ in the shape of ``parts``, and √(σ² + ε)."""
        z = xp.reshape(x, (x.shape[0], *self.parts(tuple(x.shape[1:]))[0]))
        axes = self._axes(x.shape)
        away = z - mean(xp, z, axes) if self.centred else z
        root = xp.sqrt(mean(xp, away * away, axes) + epsilon)
        return away / root, root

    def _over(self, xp: Any, parameter: Array, x: Shape) -> Array:
        return xp.reshape(parameter, (1, *self.laid(tuple(parameter.shape), tuple(x[1:]))))

    def _scaled(self, xp: Any, z: Array, gamma: Array | None, x: Shape) -> Array:
        return z if gamma is None else z * self._over(xp, gamma, x)

    def _shifted(self, xp: Any, z: Array, beta: Array | None, x: Shape) -> Array:
        return z if beta is None else z + self._over(xp, beta, x)

    def _gathered(self, xp: Any, z: Array, parameter: Shape, x: Shape) -> Array:
        # dγ and dβ: summed over the batch and over each axis along which the parameter stretches
        laid = self.laid(parameter, tuple(x[1:]))
        axes = (0, *(axis for axis, length in enumerate(laid, 1) if length == 1))
        return xp.reshape(xp.sum(z, axis=axes), parameter)

    def forward_form(self, x: Expr, epsilon: Expr, gamma: Expr | None = None, beta: Expr | None = None) -> Expr:
        return affine(Fraction(self._away(x), Sqrt(SQUARE + epsilon)), gamma, beta, hadamard)

    def dx_form(self, dy: Expr, x: Expr, epsilon: Expr, gamma: Expr | None = None) -> Expr:
        del x
        before = gamma if gamma is not None and self.one_scale else None
        g = dy if gamma is None or before is not None else hadamard(gamma, dy)
        slope = g - Function("mean", (g,)) if self.centred else g
        slope = slope - hadamard(XHAT, Function("mean", (hadamard(g, XHAT),)))
        spread = Sqrt(SQUARE + epsilon)
        return Fraction(slope, spread) if before is None else hadamard(Fraction(before, spread), slope)

    def dgamma_form(self, dy: Expr, x: Expr, epsilon: Expr, gamma_shape: Shape) -> Expr:
        del x, epsilon, gamma_shape
        return self.total(hadamard(dy, XHAT))

    def dbeta_form(self, dy: Expr, beta_shape: Shape) -> Expr:
        del beta_shape
        return self.total(dy)

    def total(self, expression: Expr) -> Expr:
        """The sum over the places that share a parameter (within one example)."""
        return expression

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """σ² of a group, and x̂."""
        away = self._away(Symbol(a.base, bold=True) if isinstance(a, Symbol) else a)
        return (SQUARE, Function("mean", (hadamard(away, away),))), (XHAT, Fraction(away, Sqrt(SQUARE + Symbol("ε"))))

    def _away(self, x: Expr) -> Expr:
        return x - Function("mean", (x,)) if self.centred else x

    def forward_entry(
        self, index: Shape, x: Operand, epsilon: Operand, gamma: Operand | None = None, beta: Operand | None = None
    ) -> Expr:
        centre, spread = self._moments(x, self._group(x, index))
        away = x.entry(*index) if centre is None else x.entry(*index) - centre
        scale, shift = (None if p is None else self._at(p, index, x.shape) for p in (gamma, beta))
        return affine(Fraction(away, Sqrt(spread + epsilon.entry())), scale, shift)

    def dx_entry(self, index: Shape, dy: Operand, x: Operand, epsilon: Operand, gamma: Operand | None = None) -> Expr:
        group = self._group(x, index)
        centre, spread = self._moments(x, group)
        square = spread + epsilon.entry()
        count = Number(str(len(group)), len(group))
        upstream, inputs = self._examples(dy), self._examples(x)

        def g(example: Operand, place: Shape) -> Expr:
            entry = example.entry(*place)
            return entry if gamma is None else self._at(gamma, place, x.shape) * entry

        def weighed(k: int) -> Expr:
            n, place = group[k]
            return g(upstream[n], place) * inputs[n].entry(*place)

        # mean(g (x − μ)) = mean(g x) − μ mean(g), so that μ is written once
        inner: Expr = Fraction(elided_sum(len(group), weighed), count)
        own = g(dy, index)
        if centre is None:
            return Fraction(own - x.entry(*index) * Fraction(inner, square), Sqrt(square))
        middle = Fraction(elided_sum(len(group), lambda k: g(upstream[group[k][0]], group[k][1])), count)
        pull = (x.entry(*index) - centre) * Fraction(inner - centre * middle, square)
        return Fraction(own - middle - pull, Sqrt(square))

    def dgamma_entry(self, index: Shape, dy: Operand, x: Operand, epsilon: Operand, gamma_shape: Shape) -> Expr:
        groups = self._shared(index, x, gamma_shape)
        return elided_sum(len(groups), lambda k: self._product(dy, x, epsilon, *groups[k]))

    def _product(self, dy: Operand, x: Operand, epsilon: Operand, n: int, places: Places) -> Expr:
        """Σ dy x̂ over places of one group."""
        one = x if self.over_batch else x.examples[n]
        centre, spread = self._moments(one, self._group(one, places[0][1]))
        root = Sqrt(spread + epsilon.entry())
        pairs = [(dy.examples[m].entry(*place), x.examples[m].entry(*place)) for m, place in places]
        if len(pairs) == 1 and centre is not None:
            return pairs[0][0] * Fraction(pairs[0][1] - centre, root)
        total = elided_sum(len(pairs), lambda k: pairs[k][0] * pairs[k][1])
        if centre is not None:
            total = total - centre * elided_sum(len(pairs), lambda k: pairs[k][0])
        return Fraction(total, root)

    def dbeta_entry(self, index: Shape, dy: Operand, beta_shape: Shape) -> Expr:
        places = self._sharing(index, dy.shape, beta_shape)
        met = [(n, place) for n in range(len(dy.examples)) for place in places]
        return elided_sum(len(met), lambda k: dy.examples[met[k][0]].entry(*met[k][1]))

    def _examples(self, operand: Operand) -> list[Operand]:
        return list(operand.examples) if self.over_batch else [operand]

    def _group(self, x: Operand, index: Shape) -> Places:
        """The entries that belong to the group of an entry; of the example at hand, or of all."""
        split, axes = self.parts(x.shape)
        places = self._places(unravel(ravel(index, x.shape), split), set(axes), x.shape)
        return [(n, place) for n in range(len(self._examples(x))) for place in places]

    def _places(self, at: Shape, free: set[int], shape: Shape) -> list[Shape]:
        """The places of one example that agree with an index of ``parts`` but for the free axes."""
        split, _ = self.parts(shape)
        runs = [range(n) if axis in free else (at[axis - 1],) for axis, n in enumerate(split, 1)]
        return [unravel(ravel(place, split), shape) for place in product(*runs)]

    def _key(self, index: Shape, shape: Shape) -> Shape:
        """What tells groups of one example apart: the index along the axes that no group runs over."""
        split, axes = self.parts(shape)
        at = unravel(ravel(index, shape), split)
        return tuple(i for axis, i in enumerate(at, 1) if axis not in axes)

    def _moments(self, x: Operand, group: Places) -> tuple[Expr | None, Expr]:
        """μ (None: not centred) and σ² = mean(x²) − μ² of a group, as sums over its entries."""
        inputs, count = self._examples(x), Number(str(len(group)), len(group))

        def entry(k: int) -> Expr:
            return inputs[group[k][0]].entry(*group[k][1])

        squares = Fraction(elided_sum(len(group), lambda k: entry(k) ** 2), count)
        if not self.centred:
            return None, squares
        centre = Fraction(elided_sum(len(group), entry), count)
        return centre, squares - centre**2

    def _home(self, index: Shape, parameter: Shape, shape: Shape) -> Shape:
        """The index of the parameter that serves an entry."""
        laid = self.laid(parameter, shape)
        at = unravel(ravel(index, shape), self.parts(shape)[0])
        place = ravel(tuple(i if length > 1 else 0 for i, length in zip(at, laid, strict=True)), laid)
        return unravel(place, parameter)

    def _at(self, parameter: Operand, index: Shape, shape: Shape) -> Expr:
        return parameter.entry(*self._home(index, parameter.shape, shape))

    def _sharing(self, home: Shape, shape: Shape, parameter: Shape) -> list[Shape]:
        """The places that one entry of a parameter serves."""
        laid = self.laid(parameter, shape)
        free = {axis for axis, length in enumerate(laid, 1) if length == 1}
        return self._places(unravel(ravel(home, parameter), laid), free, shape)

    def _shared(self, home: Shape, x: Operand, parameter: Shape) -> list[tuple[int, Places]]:
        """The entries that one parameter serves, group by group."""
        groups: dict[tuple[int, Shape], Places] = {}
        for n in range(len(x.examples)):
            for place in self._sharing(home, x.shape, parameter):
                key = (0 if self.over_batch else n, self._key(place, x.shape))
                groups.setdefault(key, []).append((n, place))
        return [(key[0], places) for key, places in groups.items()]


class ByChannel(Normalisation, frozen=True, kw_only=True):
    """A normalisation of [c][n…] with one scale and one shift for each channel."""

    def laid(self, parameter: Shape, shape: Shape) -> Shape:
        """[c][1…]."""
        return (*parameter, *(1,) * (len(shape) - 1))

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """[c]."""
        del letter, known
        return x[:1]

    def total(self, expression: Expr) -> Expr:
        """The sum over the places of a channel."""
        return sum_over("p", expression)

    def check(self, report: Report, x: Shape, **parameters: Shape | None) -> None:
        """Each parameter has one entry a channel."""
        for letter, found in parameters.items():
            if found is not None and found != x[:1]:
                text = f"expected one entry for each of the {x[0]} channels, found {described(found)}"
                report(self.parameters[letter], text)


def affine(value: Expr, scale: Expr | None, shift: Expr | None, times: Callable[..., Expr] = multiply) -> Expr:
    """γ x̂ + β; what is absent is not written. ``times`` is ``hadamard`` for whole arrays."""
    value = value if scale is None else times(scale, value)
    return value if shift is None else value + shift
