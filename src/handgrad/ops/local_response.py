"""Local response normalisation: an entry is divided by a power of the squares in neighbouring channels."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Entry, Expr, Fraction, Negative, Number, Power, Symbol, hadamard
from handgrad.ops.op import Array, BadSample, Constant, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.textbook import elided_sum, sum_over

S = Symbol("s", bold=True)


@register
class LocalResponseNorm(Op, frozen=True, kw_only=True):
    """y_c = x_c s_c^−β, s_c = k + α/n Σ_j x_j²; dx_c = dy_c s_c^−β − 2αβ/n x_c Σ_j dy_j x_j s_j^(−β−1).

    Shapes: x and y [c][n…]; n = ``size`` channels from c − ⌊(n−1)/2⌋ to c + ⌈(n−1)/2⌉, those that exist
    (dx: the channels j in whose window c stands). k is ``bias``.
    Source: Krizhevsky, Sutskever, Hinton, NeurIPS (2012).
    """

    name: ClassVar[str] = "local_response_norm"
    rational: ClassVar[bool] = False
    by_entry: ClassVar[bool] = True
    onnx: ClassVar[str] = "LRN"
    torch: ClassVar[str] = "nn.LocalResponseNorm"
    convention: ClassVar[str] = (
        "A window of even size reaches one channel further up than down, as in ONNX; "
        "PyTorch's reaches one further down."
    )
    constants: ClassVar[tuple[str, ...]] = ("alpha", "beta", "bias")
    size: int = 5
    alpha: Constant = Constant("1e-4")
    beta: Constant = Constant("3/4")
    bias: Constant = Constant("1")

    def shape(self, report: Report, *, x: Shape) -> Shape | None:
        """The shape of x."""
        if self.size < 1:
            report("size", f"expected at least 1 channel, found {self.size}")
        return x

    def forward(self, xp: Any, x: Array, alpha: Array, beta: Array, bias: Array) -> Array:
        # s^−β = e^(−β ln s)
        return x * xp.exp(-beta * xp.log(self._s(xp, x, alpha, bias)))

    def dx(self, xp: Any, dy: Array, x: Array, alpha: Array, beta: Array, bias: Array) -> Array:
        s = self._s(xp, x, alpha, bias)
        power = xp.exp(-beta * xp.log(s))
        met = _window_sum(xp, dy * x * (power / s), *self._reach()[::-1])
        return dy * power - (2 * alpha * beta / self.size) * x * met

    def _reach(self) -> tuple[int, int]:
        """How many channels the window reaches down and up."""
        return (self.size - 1) // 2, self.size // 2

    def _s(self, xp: Any, x: Array, alpha: Array, bias: Array) -> Array:
        return bias + (alpha / self.size) * _window_sum(xp, x * x, *self._reach())

    def forward_form(self, x: Expr, alpha: Expr, beta: Expr, bias: Expr) -> Expr:
        del alpha, bias
        return hadamard(x, Power(S, Negative(beta)))

    def dx_form(self, dy: Expr, x: Expr, alpha: Expr, beta: Expr, bias: Expr) -> Expr:
        del bias
        power = Power(Entry(S, ("j",)), -beta - 1)
        inner = sum_over("j", Entry(dy, ("j",)) * Entry(x, ("j",)) * power)
        factor = Fraction(2 * alpha * beta, Number(str(self.size), self.size))
        return hadamard(dy, Power(S, Negative(beta))) - factor * hadamard(x, inner)

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """s of one channel."""
        n = Number(str(self.size), self.size)
        squares = sum_over("j", Power(Entry(a, ("j",)), Number("2", 2)))
        return ((Entry(S, ("c",)), Symbol("k") + Fraction(Symbol("α"), n) * squares),)

    def forward_entry(self, index: Shape, x: Operand, alpha: Operand, beta: Operand, bias: Operand) -> Expr:
        return x.entry(*index) * Power(self._s_entry(index, x, alpha, bias), Negative(beta.entry()))

    def dx_entry(self, index: Shape, dy: Operand, x: Operand, alpha: Operand, beta: Operand, bias: Operand) -> Expr:
        (c, *place), (down, up) = index, self._reach()
        met = [(j, *place) for j in range(max(0, c - up), min(x.shape[0], c + down + 1))]

        def term(k: int) -> Expr:
            s = self._s_entry(met[k], x, alpha, bias)
            return dy.entry(*met[k]) * x.entry(*met[k]) * Power(s, -beta.entry() - 1)

        own = dy.entry(*index) * Power(self._s_entry(index, x, alpha, bias), Negative(beta.entry()))
        factor = Fraction(2 * alpha.entry() * beta.entry(), Number(str(self.size), self.size))
        return own - factor * x.entry(*index) * elided_sum(len(met), term)

    def _s_entry(self, index: Shape, x: Operand, alpha: Operand, bias: Operand) -> Expr:
        (c, *place), (down, up) = index, self._reach()
        near = range(max(0, c - down), min(x.shape[0], c + up + 1))
        squares = elided_sum(len(near), lambda k: x.entry(near[k], *place) ** 2)
        return bias.entry() + Fraction(alpha.entry(), Number(str(self.size), self.size)) * squares

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (1, 4)}, {"size": 3, "alpha": "1/2"}),
        Sample({"x": (2, 3, 2)}, {"size": 2, "alpha": 1, "beta": "1/2"}),
        Sample({"x": (2, 5, 2, 1)}, {"alpha": "1/10", "bias": 2}),
        Sample({"x": (2, 2)}, {"size": 1, "alpha": 1, "beta": 1}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"size": 0}, (3,), "layer 1 (local_response_norm): expected at least 1 channel, found 0"),
    )


def _window_sum(xp: Any, z: Array, down: int, up: int) -> Array:
    """For each channel c (axis 1) the sum of channels c − down to c + up, those that exist."""
    channels, nothing = z.shape[1], xp.zeros_like(z[:, :1])
    padded = xp.concat([*[nothing] * down, z, *[nothing] * up], axis=1)
    total = padded[:, :channels]
    for t in range(1, down + up + 1):
        total = total + padded[:, t : t + channels]
    return total
