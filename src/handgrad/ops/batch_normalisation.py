"""Batch normalisation, with the statistics of the batch or with fixed ones."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Sqrt, hadamard
from handgrad.ops.normalisation import ByChannel, affine
from handgrad.ops.op import Array, BadSample, Operand, Report, Sample, Shape, register
from handgrad.ops.textbook import elided_sum


@register
class BatchNorm(ByChannel, frozen=True, kw_only=True):
    """y = γ (x − μ)/√(σ² + ε) + β for each channel; dx = γ/√(σ² + ε) (dy − mean dy − x̂ mean(dy x̂)).

    Shapes: x [c] or [c][n…], scale γ, shift β, mean μ and variance σ² [c]; each may be absent. Without mean
    and variance both are taken over the batch and all places (training), and dx counts their dependence on x;
    given, they are constants (evaluation), dx = γ/√(σ² + ε) dy, and receive no gradient.
    Source: Ioffe, Szegedy, ICML (2015).
    """

    name: ClassVar[str] = "batch_norm"
    one_scale: ClassVar[bool] = True
    over_batch: ClassVar[bool] = True
    onnx: ClassVar[str] = "BatchNormalization"
    torch: ClassVar[str] = "nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d"
    parameters: ClassVar[dict[str, str]] = {"gamma": "scale", "beta": "shift", "mu": "mean", "var": "variance"}
    optional: ClassVar[tuple[str, ...]] = ("gamma", "beta", "mu", "var")

    def shape(
        self, report: Report, *, x: Shape, gamma: Shape | None = None, beta: Shape | None = None,
        mu: Shape | None = None, var: Shape | None = None,
    ) -> Shape | None:  # fmt: skip
        """The shape of x, whose first axis is the channels."""
        self.check(report, x, gamma=gamma, beta=beta, mu=mu, var=var)
        if (mu is None) != (var is None):
            given, missing = ("variance", "mean") if mu is None else ("mean", "variance")
            report(given, f"fixed statistics are a mean and a variance: {missing} is missing")
        return x

    def parts(self, shape: Shape) -> tuple[Shape, tuple[int, ...]]:
        """A group is a channel, over all places (and all examples)."""
        return shape, tuple(range(2, len(shape) + 1))

    def forward(
        self, xp: Any, x: Array, epsilon: Array, gamma: Array | None = None, beta: Array | None = None,
        mu: Array | None = None, var: Array | None = None,
    ) -> Array:  # fmt: skip
        if mu is None or var is None:
            return super().forward(xp, x, epsilon, gamma, beta)
        return self._shifted(xp, self._scaled(xp, self._fixed(xp, x, epsilon, mu, var), gamma, x.shape), beta, x.shape)

    def dx(
        self, xp: Any, dy: Array, x: Array, epsilon: Array, gamma: Array | None = None, var: Array | None = None
    ) -> Array:
        if var is None:
            return super().dx(xp, dy, x, epsilon, gamma)
        return self._scaled(xp, dy, gamma, x.shape) / self._over(xp, xp.sqrt(var + epsilon), x.shape)

    def dgamma(
        self, xp: Any, dy: Array, x: Array, epsilon: Array, gamma_shape: Shape,
        mu: Array | None = None, var: Array | None = None,
    ) -> Array:  # fmt: skip
        if mu is None or var is None:
            return super().dgamma(xp, dy, x, epsilon, gamma_shape)
        return self._gathered(xp, dy * self._fixed(xp, x, epsilon, mu, var), gamma_shape, x.shape)

    def _fixed(self, xp: Any, x: Array, epsilon: Array, mu: Array, var: Array) -> Array:
        return (x - self._over(xp, mu, x.shape)) / self._over(xp, xp.sqrt(var + epsilon), x.shape)

    def forward_form(
        self, x: Expr, epsilon: Expr, gamma: Expr | None = None, beta: Expr | None = None,
        mu: Expr | None = None, var: Expr | None = None,
    ) -> Expr:  # fmt: skip
        if mu is None or var is None:
            return super().forward_form(x, epsilon, gamma, beta)
        return affine(Fraction(x - mu, Sqrt(var + epsilon)), gamma, beta, hadamard)

    def dx_form(self, dy: Expr, x: Expr, epsilon: Expr, gamma: Expr | None = None, var: Expr | None = None) -> Expr:
        if var is None:
            return super().dx_form(dy, x, epsilon, gamma)
        return Fraction(dy if gamma is None else hadamard(gamma, dy), Sqrt(var + epsilon))

    def dgamma_form(
        self, dy: Expr, x: Expr, epsilon: Expr, gamma_shape: Shape, mu: Expr | None = None, var: Expr | None = None
    ) -> Expr:
        if mu is None or var is None:
            return super().dgamma_form(dy, x, epsilon, gamma_shape)
        return self.total(hadamard(dy, Fraction(x - mu, Sqrt(var + epsilon))))

    def forward_entry(
        self, index: Shape, x: Operand, epsilon: Operand, gamma: Operand | None = None, beta: Operand | None = None,
        mu: Operand | None = None, var: Operand | None = None,
    ) -> Expr:  # fmt: skip
        if mu is None or var is None:
            return super().forward_entry(index, x, epsilon, gamma, beta)
        c = index[0]
        value = Fraction(x.entry(*index) - mu.entry(c), Sqrt(var.entry(c) + epsilon.entry()))
        scale, shift = (None if p is None else p.entry(c) for p in (gamma, beta))
        return affine(value, scale, shift)

    def dx_entry(
        self, index: Shape, dy: Operand, x: Operand, epsilon: Operand,
        gamma: Operand | None = None, var: Operand | None = None,
    ) -> Expr:  # fmt: skip
        if var is None:
            return super().dx_entry(index, dy, x, epsilon, gamma)
        c, g = index[0], dy.entry(*index)
        return Fraction(g if gamma is None else gamma.entry(c) * g, Sqrt(var.entry(c) + epsilon.entry()))

    def dgamma_entry(
        self, index: Shape, dy: Operand, x: Operand, epsilon: Operand, gamma_shape: Shape,
        mu: Operand | None = None, var: Operand | None = None,
    ) -> Expr:  # fmt: skip
        if mu is None or var is None:
            return super().dgamma_entry(index, dy, x, epsilon, gamma_shape)
        centre, places = mu.entry(*index), self._sharing(index, x.shape, gamma_shape)
        met = [(n, place) for n in range(len(x.examples)) for place in places]

        def term(k: int) -> Expr:
            n, place = met[k]
            return dy.examples[n].entry(*place) * (x.examples[n].entry(*place) - centre)

        total = elided_sum(len(met), term)
        return Fraction(total, Sqrt(var.entry(*index) + epsilon.entry()))

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (3, 2)}),
        Sample({"x": (4, 2), "gamma": (2,), "beta": (2,)}),
        Sample({"x": (2, 2, 3), "gamma": (2,)}, {"epsilon": "1/10"}),
        Sample({"x": (2, 3, 2, 2), "gamma": (3,), "beta": (3,)}),
        Sample({"x": (2, 2, 2), "gamma": (2,), "beta": (2,), "mu": (2,), "var": (2,)}, {}, {"var": (0, 4)}),
        Sample({"x": (1, 3), "mu": (3,), "var": (3,)}, {}, {"var": (0, 4)}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample(
            {"scale": [1, 2]},
            (3,),
            "layer 1 (batch_norm): expected one entry for each of the 3 channels, found a vector of 2",
        ),
        BadSample(
            {"mean": [1, 2, 3]},
            (3,),
            "layer 1 (batch_norm): fixed statistics are a mean and a variance: variance is missing",
        ),
    )
