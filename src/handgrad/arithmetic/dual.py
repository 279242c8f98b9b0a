"""Dual numbers over whole arrays: a value and its derivative along one direction.

Running a forward rule on duals gives the directional derivative J·v from the forward pass alone; no
backward rule takes part. So the checker's second opinion is independent, and exact over the rationals:

    (a + a′ε)(b + b′ε) = ab + (a′b + ab′)ε,    ε² = 0.

At a kink the derivative is that of the branch the forward rule takes (relu′(0) = 0, first of a tie).
Source: Griewank, Walther, Evaluating Derivatives (2008), chapter 3.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class Dual:
    """``value + tangent ε``; ``xp`` is the array namespace of both parts."""

    __slots__ = ("tangent", "value", "xp")
    __array_ufunc__ = None

    def __init__(self, xp: Any, value: Any, tangent: Any) -> None:
        self.xp, self.value, self.tangent = xp, value, tangent

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def mT(self) -> Dual:
        """The last two axes exchanged."""
        return Dual(self.xp, self.value.mT, self.tangent.mT)

    def _with(self, value: Any, tangent: Any) -> Dual:
        return Dual(self.xp, value, tangent)

    def _lift(self, other: Any) -> Dual:
        if isinstance(other, Dual):
            return other
        return self._with(other, self.xp.zeros_like(self.xp.asarray(other)))

    def __add__(self, other: Any) -> Dual:
        other = self._lift(other)
        return self._with(self.value + other.value, self.tangent + other.tangent)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Dual:
        other = self._lift(other)
        return self._with(self.value - other.value, self.tangent - other.tangent)

    def __rsub__(self, other: Any) -> Dual:
        return self._lift(other) - self

    def __mul__(self, other: Any) -> Dual:
        other = self._lift(other)
        return self._with(self.value * other.value, self.tangent * other.value + self.value * other.tangent)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        other = self._lift(other)
        quotient = self.value / other.value
        return self._with(quotient, (self.tangent - quotient * other.tangent) / other.value)

    def __rtruediv__(self, other: Any) -> Dual:
        return self._lift(other) / self

    def __neg__(self) -> Dual:
        return self._with(-self.value, -self.tangent)

    def __pow__(self, exponent: int) -> Dual:
        return self._with(self.value**exponent, exponent * self.value ** (exponent - 1) * self.tangent)

    def __matmul__(self, other: Any) -> Dual:
        other = self._lift(other)
        return self._with(self.value @ other.value, self.tangent @ other.value + self.value @ other.tangent)

    def __rmatmul__(self, other: Any) -> Dual:
        return self._lift(other) @ self

    def __getitem__(self, key: Any) -> Dual:
        return self._with(self.value[key], self.tangent[key])

    def __gt__(self, other: Any) -> Any:
        return self.value > self._lift(other).value

    def __ge__(self, other: Any) -> Any:
        return self.value >= self._lift(other).value

    def __lt__(self, other: Any) -> Any:
        return self.value < self._lift(other).value

    def __le__(self, other: Any) -> Any:
        return self.value <= self._lift(other).value

    def __eq__(self, other: object) -> Any:
        return self.value == self._lift(other).value

    def __ne__(self, other: object) -> Any:
        return self.value != self._lift(other).value

    __hash__ = None  # type: ignore[assignment]  # == compares entry by entry


def dual_namespace(xp: Any) -> SimpleNamespace:  # noqa: C901  a table of short functions
    """The array functions over Duals, made of those of ``xp``."""

    def lift(x: Any) -> Dual:
        return x if isinstance(x, Dual) else Dual(xp, xp.asarray(x), xp.zeros_like(xp.asarray(x)))

    def exp(x: Dual) -> Dual:
        value = xp.exp(x.value)
        return Dual(xp, value, value * x.tangent)

    def log(x: Dual) -> Dual:
        return Dual(xp, xp.log(x.value), x.tangent / x.value)

    def expm1(x: Dual) -> Dual:
        value = xp.expm1(x.value)
        return Dual(xp, value, (value + 1) * x.tangent)

    def log1p(x: Dual) -> Dual:
        return Dual(xp, xp.log1p(x.value), x.tangent / (1 + x.value))

    def erf(x: Dual) -> Dual:
        slope = 2 * xp.exp(-(x.value * x.value)) / xp.sqrt(xp.pi_like(x.value))
        return Dual(xp, xp.erf(x.value), slope * x.tangent)

    def sin(x: Dual) -> Dual:
        return Dual(xp, xp.sin(x.value), xp.cos(x.value) * x.tangent)

    def cos(x: Dual) -> Dual:
        return Dual(xp, xp.cos(x.value), -(xp.sin(x.value) * x.tangent))

    def power(x: Dual, p: Any) -> Dual:
        # the exponent is a constant
        p = lift(p).value
        return Dual(xp, xp.power(x.value, p), p * xp.power(x.value, p - 1) * x.tangent)

    def tanh(x: Dual) -> Dual:
        value = xp.tanh(x.value)
        return Dual(xp, value, (1 - value * value) * x.tangent)

    def sqrt(x: Dual) -> Dual:
        value = xp.sqrt(x.value)
        return Dual(xp, value, x.tangent / (2 * value))

    def where(condition: Any, yes: Any, no: Any) -> Dual:
        yes, no = lift(yes), lift(no)
        value = xp.where(condition, yes.value, no.value)
        return Dual(xp, value, xp.where(condition, yes.tangent, no.tangent))

    def maximum(a: Any, b: Any) -> Dual:
        a, b = lift(a), lift(b)
        return where(a.value >= b.value, a, b)

    def minimum(a: Any, b: Any) -> Dual:
        a, b = lift(a), lift(b)
        return where(a.value <= b.value, a, b)

    def largest(x: Dual, *, axis: int, keepdims: bool = False) -> Dual:
        # the entry at argmax is picked by a sum over the axis in which all others count zero
        winner = xp.expand_dims(xp.argmax(x.value, axis=axis), axis=axis)
        shape = [1] * x.ndim
        shape[axis] = x.shape[axis]
        places = xp.reshape(xp.asarray(list(range(x.shape[axis]))), tuple(shape))
        tangent = xp.where(places == winner, x.tangent, xp.zeros_like(x.tangent))
        return Dual(
            xp,
            xp.max(x.value, axis=axis, keepdims=keepdims),
            xp.sum(tangent, axis=axis, keepdims=keepdims),
        )

    def on_both(function: Any) -> Any:
        def applied(x: Dual, *arguments: Any, **keywords: Any) -> Dual:
            return Dual(xp, function(x.value, *arguments, **keywords), function(x.tangent, *arguments, **keywords))

        return applied

    def concat(arrays: list[Any], *, axis: int) -> Dual:
        duals = [lift(array) for array in arrays]
        value = xp.concat([d.value for d in duals], axis=axis)
        return Dual(xp, value, xp.concat([d.tangent for d in duals], axis=axis))

    def absolute(x: Dual) -> Dual:
        # at the kink the slope is 0, as the ops have it
        return where(x.value > 0, x, where(x.value < 0, -x, 0 * x))

    linear = ("sum", "take", "reshape", "permute_dims", "expand_dims")
    return SimpleNamespace(
        exp=exp, log=log, tanh=tanh, sqrt=sqrt, where=where, maximum=maximum, max=largest, concat=concat,
        abs=absolute, asarray=lift, minimum=minimum,
        expm1=expm1, log1p=log1p, erf=erf, sin=sin, cos=cos, power=power,
        pi_like=lambda x: lift(xp.pi_like(x.value)),
        argmax=lambda x, *, axis: xp.argmax(x.value, axis=axis),
        zeros_like=lambda x: lift(xp.zeros_like(x.value)),
        ones_like=lambda x: lift(xp.ones_like(x.value)),
        matmul=lambda a, b: lift(a) @ b,
        **{name: on_both(getattr(xp, name)) for name in linear},
    )  # fmt: skip
