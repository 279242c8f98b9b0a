"""Update rules: how a parameter moves along its gradient. All of them work entry by entry."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from handgrad.notation.nodes import Expr, Fraction, Number, Sqrt, product
from handgrad.ops.op import UPDATES, Array, Constant, Op, Operand, Report, Sample, Shape, mistake


class Update(Op, frozen=True, kw_only=True):
    """An update reads a parameter W and its gradient dW, and gives the parameter after the step (``forward``).

    ``states`` are what it remembers of each parameter from step to step; rule ``next_v`` gives the next v,
    which ``forward`` may read as ``v_next``. The letter ``t`` is the number of the step, from 1. Beside each
    rule stands its formula, the same for an entry and for the whole array.
    """

    inputs: ClassVar[tuple[str, ...]] = ("W", "dW")
    states: ClassVar[tuple[str, ...]] = ()
    by_entry: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("rate", "weight_decay")
    rate: Constant
    weight_decay: Constant = Constant(0)
    """λ: the gradient is taken of L + λ/2 Σ W²."""

    def shape(self, report: Report, *, W: Shape, dW: Shape) -> Shape | None:
        """The shape of the parameter."""
        return W

    def start(self, state: str) -> Constant:
        """What a state is before the first step, in each entry."""
        return Constant(0)

    def gradient(self, W: Array, dW: Array, weight_decay: Array) -> Array:
        """g = ∂L/∂W + λ W."""
        return dW + weight_decay * W if self.decays else dW

    @property
    def decays(self) -> bool:
        """Whether there is a weight decay."""
        return self.weight_decay.written.exact()[0] != 0

    def gradient_formula(self, W: Expr, dW: Expr, weight_decay: Expr) -> Expr:
        """g as a formula."""
        return dW + weight_decay * W if self.decays else dW

    def form(self, rule: str, letters: dict[str, Expr]) -> Expr:
        """The formula of a rule on the symbols of whole arrays."""
        return self._formula(rule, letters)

    def has_entry(self, rule: str) -> bool:
        """Every rule works entry by entry."""
        return True

    def entry(self, rule: str, index: Shape, letters: dict[str, Operand]) -> Expr:
        """The formula of a rule on the entries at one place."""
        entries = {
            letter: value if isinstance(value, int) else value.entry(*index) for letter, value in letters.items()
        }
        return self._formula(rule, entries)

    def _formula(self, rule: str, letters: dict[str, Any]) -> Expr:
        expression: Expr = getattr(self, f"{rule}_formula")(**letters)
        return expression


def _known(update: type[Update]) -> type[Update]:
    UPDATES[update.name] = update
    return update


_PAIR: dict[str, Shape] = {"W": (2, 3), "dW": (2, 3)}


@_known
class Sgd(Update, frozen=True, kw_only=True):
    """θ′ = θ − η ∂L/∂θ, one step of gradient descent with rate η.

    Source: Cauchy (1847); Robbins, Monro (1951).
    """

    name: ClassVar[str] = "sgd"
    torch: ClassVar[str] = "optim.SGD"
    by_entry: ClassVar[bool] = False

    def forward(self, xp: Any, W: Array, dW: Array, rate: Array, weight_decay: Array) -> Array:
        return W - rate * self.gradient(W, dW, weight_decay)

    @mistake("forward", "step uphill", "θ′ = θ − η ∂L/∂θ: against the gradient")
    def forward_uphill(self, xp: Any, W: Array, dW: Array, rate: Array) -> Array:
        return W + rate * dW

    @mistake("forward", "learning rate forgotten", "θ′ = θ − η ∂L/∂θ: the gradient times the learning rate")
    def forward_without_rate(self, xp: Any, W: Array, dW: Array) -> Array:
        return W - dW

    @mistake("forward", "change in place of the parameter", "θ′ is θ and its change: θ − η ∂L/∂θ")
    def forward_change(self, xp: Any, dW: Array, rate: Array) -> Array:
        return -rate * dW

    def forward_formula(self, W: Expr, dW: Expr, rate: Expr, weight_decay: Expr) -> Expr:
        return W - rate * self.gradient_formula(W, dW, weight_decay)

    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(_PAIR, {"rate": "1/2"}),
        Sample(_PAIR, {"rate": "1/2", "weight_decay": "1/10"}),
    )


class WithVelocity(Update, frozen=True, kw_only=True):
    """An update with a velocity v and the momentum μ, in one of two forms.

    "velocity": v′ = μ v − η g. "torch": v′ = μ v + (1 − d) g with the dampening d (v′ = g in the first step).
    """

    states: ClassVar[tuple[str, ...]] = ("v",)
    constants: ClassVar[tuple[str, ...]] = ("rate", "weight_decay", "momentum", "dampening")
    momentum: Constant = Constant("0.9")
    dampening: Constant = Constant(0)
    form_of: Literal["velocity", "torch"] = "velocity"

    def next_v(
        self, xp: Any, W: Array, dW: Array, v: Array, t: int, rate: Array, weight_decay: Array, momentum: Array,
        dampening: Array,
    ) -> Array:  # fmt: skip
        g = self.gradient(W, dW, weight_decay)
        if self.form_of == "velocity":
            return momentum * v - rate * g
        return momentum * v + g if t == 1 else momentum * v + (1 - dampening) * g

    def next_v_formula(
        self, W: Expr, dW: Expr, v: Expr, t: int, rate: Expr, weight_decay: Expr, momentum: Expr, dampening: Expr
    ) -> Expr:
        g = self.gradient_formula(W, dW, weight_decay)
        if self.form_of == "velocity":
            return momentum * v - rate * g
        plain = t == 1 or self.dampening.written.exact()[0] == 0
        return momentum * v + (g if plain else (1 - dampening) * g)


@_known
class Momentum(WithVelocity, frozen=True, kw_only=True):
    """v′ = μ v − η g, θ′ = θ + v′; as ``form_of = "torch"`` v′ = μ v + g, θ′ = θ − η v′; g = ∂L/∂θ + λ θ.

    Source: Polyak (1964); Sutskever et al., ICML (2013).
    """

    name: ClassVar[str] = "momentum"
    onnx: ClassVar[str] = "Momentum"
    torch: ClassVar[str] = "optim.SGD(momentum=…)"

    def forward(self, xp: Any, W: Array, v_next: Array, rate: Array) -> Array:
        return W + v_next if self.form_of == "velocity" else W - rate * v_next

    def forward_formula(self, W: Expr, v_next: Expr, rate: Expr) -> Expr:
        return W + v_next if self.form_of == "velocity" else W - rate * v_next


@_known
class Nesterov(WithVelocity, frozen=True, kw_only=True):
    """v′ = μ v − η g, θ′ = θ + μ v′ − η g; as ``form_of = "torch"`` v′ = μ v + g, θ′ = θ − η (g + μ v′).

    The gradient is taken at the point looked ahead to. Source: Nesterov (1983); Sutskever et al. (2013).
    """

    name: ClassVar[str] = "nesterov"
    onnx: ClassVar[str] = "Momentum (nesterov)"
    torch: ClassVar[str] = "optim.SGD(nesterov=True)"

    def forward(
        self, xp: Any, W: Array, dW: Array, v_next: Array, rate: Array, weight_decay: Array, momentum: Array
    ) -> Array:
        g = self.gradient(W, dW, weight_decay)
        if self.form_of == "velocity":
            return W + momentum * v_next - rate * g
        return W - rate * (g + momentum * v_next)

    def forward_formula(self, W: Expr, dW: Expr, v_next: Expr, rate: Expr, weight_decay: Expr, momentum: Expr) -> Expr:
        g = self.gradient_formula(W, dW, weight_decay)
        if self.form_of == "velocity":
            return W + momentum * v_next - rate * g
        return W - rate * (g + momentum * v_next)


@_known
class Adagrad(Update, frozen=True, kw_only=True):
    """s′ = s + g², θ′ = θ − η_t g/(√s′ + ε) with η_t = η/(1 + (t−1) decay); s starts at ``initial``.

    Source: Duchi, Hazan, Singer, JMLR (2011).
    """

    name: ClassVar[str] = "adagrad"
    onnx: ClassVar[str] = "Adagrad"
    torch: ClassVar[str] = "optim.Adagrad"
    rational: ClassVar[bool] = False
    states: ClassVar[tuple[str, ...]] = ("s",)
    constants: ClassVar[tuple[str, ...]] = ("rate", "weight_decay", "epsilon", "decay")
    epsilon: Constant = Constant("1e-10")
    decay: Constant = Constant(0)
    initial: Constant = Constant(0)

    def start(self, state: str) -> Constant:
        """The accumulator's first value."""
        return self.initial

    def next_s(self, xp: Any, W: Array, dW: Array, s: Array, weight_decay: Array) -> Array:
        return s + self.gradient(W, dW, weight_decay) ** 2

    def next_s_formula(self, W: Expr, dW: Expr, s: Expr, weight_decay: Expr) -> Expr:
        return s + self.gradient_formula(W, dW, weight_decay) ** 2

    def forward(
        self, xp: Any, W: Array, dW: Array, s_next: Array, t: int, rate: Array, weight_decay: Array, epsilon: Array,
        decay: Array,
    ) -> Array:  # fmt: skip
        rate_now = rate / (1 + (t - 1) * decay)
        return W - rate_now * self.gradient(W, dW, weight_decay) / (xp.sqrt(s_next) + epsilon)

    def forward_formula(
        self, W: Expr, dW: Expr, s_next: Expr, t: int, rate: Expr, weight_decay: Expr, epsilon: Expr, decay: Expr
    ) -> Expr:
        steady = t == 1 or self.decay.written.exact()[0] == 0
        rate_now = rate if steady else Fraction(rate, 1 + (t - 1) * decay)
        return W - product(rate_now, Fraction(self.gradient_formula(W, dW, weight_decay), Sqrt(s_next) + epsilon))


@_known
class RmsProp(Update, frozen=True, kw_only=True):
    """s′ = ρ s + (1 − ρ) g², θ′ = θ − η g/(√s′ + ε); ``epsilon_inside``: √(s′ + ε).

    Source: Tieleman, Hinton, lecture 6.5 of Neural networks for machine learning (2012).
    """

    name: ClassVar[str] = "rmsprop"
    torch: ClassVar[str] = "optim.RMSprop"
    rational: ClassVar[bool] = False
    states: ClassVar[tuple[str, ...]] = ("s",)
    constants: ClassVar[tuple[str, ...]] = ("rate", "weight_decay", "rho", "epsilon")
    rho: Constant = Constant("0.9")
    epsilon: Constant = Constant("1e-8")
    epsilon_inside: bool = False

    def next_s(self, xp: Any, W: Array, dW: Array, s: Array, weight_decay: Array, rho: Array) -> Array:
        return rho * s + (1 - rho) * self.gradient(W, dW, weight_decay) ** 2

    def next_s_formula(self, W: Expr, dW: Expr, s: Expr, weight_decay: Expr, rho: Expr) -> Expr:
        return rho * s + (1 - rho) * self.gradient_formula(W, dW, weight_decay) ** 2

    def forward(
        self, xp: Any, W: Array, dW: Array, s_next: Array, rate: Array, weight_decay: Array, epsilon: Array
    ) -> Array:
        below = xp.sqrt(s_next + epsilon) if self.epsilon_inside else xp.sqrt(s_next) + epsilon
        return W - rate * self.gradient(W, dW, weight_decay) / below

    def forward_formula(self, W: Expr, dW: Expr, s_next: Expr, rate: Expr, weight_decay: Expr, epsilon: Expr) -> Expr:
        below = Sqrt(s_next + epsilon) if self.epsilon_inside else Sqrt(s_next) + epsilon
        return W - product(rate, Fraction(self.gradient_formula(W, dW, weight_decay), below))


class WithMoments(Update, frozen=True, kw_only=True):
    """Two moments of the gradient, m′ = β₁ m + (1 − β₁) g and s′ = β₂ s + (1 − β₂) g², and their correction.

    "paper": η m̂/(√ŝ + ε) with m̂ = m′/(1 − β₁^t), ŝ = s′/(1 − β₂^t). "folded": the corrections stand in the
    rate, η √(1 − β₂^t)/(1 − β₁^t) · m′/(√s′ + ε), so that ε weighs differently.
    """

    rational: ClassVar[bool] = False
    states: ClassVar[tuple[str, ...]] = ("m", "s")
    constants: ClassVar[tuple[str, ...]] = ("rate", "weight_decay", "beta1", "beta2", "epsilon")
    beta1: Constant = Constant("0.9")
    beta2: Constant = Constant("0.999")
    epsilon: Constant = Constant("1e-8")
    form_of: Literal["paper", "folded"] = "paper"

    def next_m(self, xp: Any, W: Array, dW: Array, m: Array, weight_decay: Array, beta1: Array) -> Array:
        return beta1 * m + (1 - beta1) * self.gradient(W, dW, weight_decay)

    def next_m_formula(self, W: Expr, dW: Expr, m: Expr, weight_decay: Expr, beta1: Expr) -> Expr:
        return beta1 * m + (1 - beta1) * self.gradient_formula(W, dW, weight_decay)

    def next_s(self, xp: Any, W: Array, dW: Array, s: Array, weight_decay: Array, beta2: Array) -> Array:
        return beta2 * s + (1 - beta2) * self.gradient(W, dW, weight_decay) ** 2

    def next_s_formula(self, W: Expr, dW: Expr, s: Expr, weight_decay: Expr, beta2: Expr) -> Expr:
        return beta2 * s + (1 - beta2) * self.gradient_formula(W, dW, weight_decay) ** 2

    def stride(self, xp: Any, m: Array, s: Array, t: int, rate: Array, beta1: Array, beta2: Array, eps: Array) -> Array:
        """How far the parameter moves."""
        first, second = 1 - beta1**t, 1 - beta2**t
        if self.form_of == "paper":
            return rate * (m / first) / (xp.sqrt(s / second) + eps)
        return rate * xp.sqrt(second) / first * m / (xp.sqrt(s) + eps)

    def stride_formula(self, m: Expr, s: Expr, t: int, rate: Expr, beta1: Expr, beta2: Expr, eps: Expr) -> Expr:
        """The same as a formula."""
        power = Number(str(t), t)
        first, second = 1 - beta1**power, 1 - beta2**power
        if self.form_of == "paper":
            return product(rate, Fraction(Fraction(m, first), Sqrt(Fraction(s, second)) + eps))
        return product(rate, Fraction(Sqrt(second), first), Fraction(m, Sqrt(s) + eps))


@_known
class Adam(WithMoments, frozen=True, kw_only=True):
    """θ′ = θ − η m̂/(√ŝ + ε), m̂ = m′/(1 − β₁^t), ŝ = s′/(1 − β₂^t), m′ = β₁ m + (1−β₁) g, s′ = β₂ s + (1−β₂) g².

    Weight decay counts in g. Source: Kingma, Ba, ICLR (2015).
    """

    name: ClassVar[str] = "adam"
    onnx: ClassVar[str] = "Adam"
    torch: ClassVar[str] = "optim.Adam"

    def forward(
        self, xp: Any, W: Array, m_next: Array, s_next: Array, t: int, rate: Array, beta1: Array, beta2: Array,
        epsilon: Array,
    ) -> Array:  # fmt: skip
        return W - self.stride(xp, m_next, s_next, t, rate, beta1, beta2, epsilon)

    def forward_formula(
        self, W: Expr, m_next: Expr, s_next: Expr, t: int, rate: Expr, beta1: Expr, beta2: Expr, epsilon: Expr
    ) -> Expr:
        return W - self.stride_formula(m_next, s_next, t, rate, beta1, beta2, epsilon)


@_known
class AdamW(WithMoments, frozen=True, kw_only=True):
    """θ′ = θ − η λ θ − η m̂/(√ŝ + ε): Adam, the weight decay apart from the gradient.

    Source: Loshchilov, Hutter, ICLR (2019). λ is 0.01 unless given.
    """

    name: ClassVar[str] = "adamw"
    torch: ClassVar[str] = "optim.AdamW"
    weight_decay: Constant = Constant("0.01")

    def gradient(self, W: Array, dW: Array, weight_decay: Array) -> Array:
        """∂L/∂W alone."""
        return dW

    def gradient_formula(self, W: Expr, dW: Expr, weight_decay: Expr) -> Expr:
        """The same."""
        return dW

    def forward(
        self, xp: Any, W: Array, m_next: Array, s_next: Array, t: int, rate: Array, weight_decay: Array, beta1: Array,
        beta2: Array, epsilon: Array,
    ) -> Array:  # fmt: skip
        return W - rate * weight_decay * W - self.stride(xp, m_next, s_next, t, rate, beta1, beta2, epsilon)

    def forward_formula(
        self, W: Expr, m_next: Expr, s_next: Expr, t: int, rate: Expr, weight_decay: Expr, beta1: Expr, beta2: Expr,
        epsilon: Expr,
    ) -> Expr:  # fmt: skip
        kept = W - product(rate, weight_decay, W)
        return kept - self.stride_formula(m_next, s_next, t, rate, beta1, beta2, epsilon)
