"""Dropout: entries are left out by a mask that is given, or drawn from a seed."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Fraction, Number, Symbol, hadamard
from handgrad.ops.op import Array, BadSample, Constant, Op, Operand, Report, Sample, Shape, register
from handgrad.ops.textbook import described


@register
class Dropout(Op, frozen=True, kw_only=True):
    """y = M ⊙ x/(1 − p), M of zeros and ones; dx = M ⊙ dy/(1 − p).

    Shapes: x and y any, ``mask`` M as one example of x (it serves every example). With ``seed`` M is drawn
    over the whole batch, row by row: an entry is 1 where NumPy's ``default_rng(seed).random()`` is at least
    p = ``rate``. With neither, nothing is left out: y = x (evaluation). ``scale = false`` leaves out 1/(1 − p).
    Source: Srivastava et al., JMLR 15 (2014).
    """

    name: ClassVar[str] = "dropout"
    by_entry: ClassVar[bool] = True
    onnx: ClassVar[str] = "Dropout"
    torch: ClassVar[str] = "nn.Dropout"
    parameters: ClassVar[dict[str, str]] = {"M": "mask"}
    optional: ClassVar[tuple[str, ...]] = ("M",)
    constants: ClassVar[tuple[str, ...]] = ("rate",)
    convention: ClassVar[str] = "Without mask and seed y = x. The mask receives no gradient."
    rate: Constant = Constant("1/2")
    seed: int | None = None
    scale: bool = True

    def shape(self, report: Report, *, x: Shape, M: Shape | None = None) -> Shape | None:
        """The shape of x."""
        if not 0 <= self.rate.written.exact()[0] < 1:
            report("rate", f"expected a number from 0 to below 1, found {self.rate.written.exact()[0]}")
        if M is not None and x != M:
            report("mask", f"expected the shape of the input, {list(x)}, found {described(M)}")
        if M is not None and self.seed is not None:
            report("seed", "a mask is given: leave out the seed")
        if self.seed is not None and self.seed < 0:
            report("seed", f"expected a whole number from 0 on, found {self.seed}")
        return x

    def forward(self, xp: Any, x: Array, rate: Array, M: Array | None = None) -> Array:
        return self._masked(xp, x, rate, M)

    def dx(self, xp: Any, dy: Array, rate: Array, M: Array | None = None) -> Array:
        return self._masked(xp, dy, rate, M)

    def _masked(self, xp: Any, x: Array, rate: Array, M: Array | None) -> Array:
        if M is None and self.seed is None:
            return x
        x = x / (1 - rate) if self.scale else x
        if M is not None:
            return M * x
        kept = xp.asarray(self.drawn(tuple(x.shape))) == 1
        return xp.where(kept, x, xp.zeros_like(x))

    def drawn(self, shape: Shape) -> Any:
        """The mask of a whole batch from the seed: zeros and ones."""
        from numpy.random import default_rng

        rate = float(self.rate.written.floats().ravel()[0])
        return (default_rng(self.seed).random(shape) >= rate).astype(int)

    def forward_form(self, x: Expr, rate: Expr, M: Expr | None = None) -> Expr:
        return self._form(x, rate, M)

    def dx_form(self, dy: Expr, rate: Expr, M: Expr | None = None) -> Expr:
        return self._form(dy, rate, M)

    def _form(self, x: Expr, rate: Expr, M: Expr | None) -> Expr:
        if M is None and self.seed is None:
            return x
        mask = Symbol("M", bold=True) if M is None else M
        return hadamard(mask, Fraction(x, 1 - rate) if self.scale else x)

    def forward_entry(self, index: Shape, x: Operand, rate: Operand, M: Operand | None = None) -> Expr:
        return self._entry(index, x, rate, M)

    def dx_entry(self, index: Shape, dy: Operand, rate: Operand, M: Operand | None = None) -> Expr:
        return self._entry(index, dy, rate, M)

    def _entry(self, index: Shape, x: Operand, rate: Operand, M: Operand | None) -> Expr:
        value = x.entry(*index)
        if M is None and self.seed is None:
            return value
        value = Fraction(value, 1 - rate.entry()) if self.scale else value
        if M is not None:
            return M.entry(*index) * value
        mask = self.drawn((len(x.examples), *x.shape))
        kept = int(mask[(x.example, *index)])
        return Number(str(kept), kept) * value

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"x": (2, 3)}),
        Sample({"x": (2, 3), "M": (3,)}, {"rate": "1/4"}),
        Sample({"x": (2, 2, 2), "M": (2, 2)}, {"scale": False}),
        Sample({"x": (3, 4)}, {"seed": 1}),
        Sample({"x": (2, 2, 3)}, {"seed": 4, "rate": "1/3"}),
        Sample({"x": (3, 4)}, {"seed": 2, "scale": False}),
    )
    bad_samples: ClassVar[tuple[BadSample, ...]] = (
        BadSample({"rate": 1}, (3,), "layer 1 (dropout): expected a number from 0 to below 1, found 1"),
        BadSample(
            {"mask": [1, 0]}, (3,), "layer 1 (dropout): expected the shape of the input, [3], found a vector of 2"
        ),
        BadSample({"mask": [1, 0, 1], "seed": 3}, (3,), "layer 1 (dropout): a mask is given: leave out the seed"),
        BadSample({"seed": -1}, (3,), "layer 1 (dropout): expected a whole number from 0 on, found -1"),
    )
