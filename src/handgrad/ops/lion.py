"""Lion: the update by the sign of a momentum."""

from __future__ import annotations

from typing import Any, ClassVar

from handgrad.notation.nodes import Expr, Function, product
from handgrad.ops.elementwise_losses import sign_of
from handgrad.ops.op import UPDATES, Array, Constant, Sample
from handgrad.ops.updates import Update


class Lion(Update, frozen=True, kw_only=True):
    """θ′ = θ − η (sign(β₁ m + (1 − β₁) g) + λ θ), m′ = β₂ m + (1 − β₂) g, g = ∂L/∂θ.

    Each entry moves by η, whatever the size of its gradient; the weight decay stands apart from the gradient.
    Convention: sign(0) = 0. Source: Chen et al., Symbolic discovery of optimization algorithms, NeurIPS (2023).
    """

    name: ClassVar[str] = "lion"
    convention: ClassVar[str] = "sign(0) = 0"
    states: ClassVar[tuple[str, ...]] = ("m",)
    constants: ClassVar[tuple[str, ...]] = ("rate", "weight_decay", "beta1", "beta2")
    beta1: Constant = Constant("0.9")
    beta2: Constant = Constant("0.99")

    def next_m(self, xp: Any, dW: Array, m: Array, beta2: Array) -> Array:
        return beta2 * m + (1 - beta2) * dW

    def next_m_formula(self, dW: Expr, m: Expr, beta2: Expr) -> Expr:
        return beta2 * m + (1 - beta2) * dW

    def forward(self, xp: Any, W: Array, dW: Array, m: Array, rate: Array, weight_decay: Array, beta1: Array) -> Array:
        step = sign_of(xp, beta1 * m + (1 - beta1) * dW)
        return W - rate * (step + weight_decay * W if self.decays else step)

    def forward_formula(self, W: Expr, dW: Expr, m: Expr, rate: Expr, weight_decay: Expr, beta1: Expr) -> Expr:
        step = Function("sign", (beta1 * m + (1 - beta1) * dW,))
        return W - product(rate, step + weight_decay * W if self.decays else step)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample({"W": (2, 3), "dW": (2, 3), "m": (2, 3)}, {"rate": "1/2"}),
        Sample({"W": (2, 3), "dW": (2, 3), "m": (2, 3)}, {"rate": "1/2", "weight_decay": "1/10"}),
    )


UPDATES[Lion.name] = Lion
