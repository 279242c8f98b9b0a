"""The proof: every gradient against a derivative of the forward pass alone.

For a direction v of a parameter θ, the forward pass is run on dual numbers θ + vε. Its ε-part is the
directional derivative D_v L, found without any backward rule; the gradient g must satisfy

    ⟨g, v⟩ = D_v L,

with == where the network is rational, within certified balls otherwise. A small parameter is tried along
each of its entries, a large one along random directions: a wrong entry is missed by none of them with
probability 1 − 2⁻²⁰ each.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from math import prod
from random import Random
from typing import Any

from flint import arb, fmpq
from msgspec import Struct

from handgrad.arithmetic import real
from handgrad.arithmetic.dual import Dual, dual_namespace
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.arithmetic.value import Real
from handgrad.errors import InputError
from handgrad.ops.op import Array, Op
from handgrad.plan import UPSTREAM, WEIGHT
from handgrad.problem import Problem
from handgrad.substitution import at_random
from handgrad.trace import Trace, letter_values, solve

ENTRY_BY_ENTRY = 64
"""Parameters of up to so many entries are checked along each entry."""

RANDOM_DIRECTIONS = 3

SMALL = fmpq(1, 10**20)
"""A ball around zero proves agreement when it is narrower than this."""


class Check(Struct, frozen=True):
    """The result for one quantity: the largest |⟨g, v⟩ − D_v L| over the directions tried."""

    name: str
    entries: int
    directions: int
    exact: bool
    """Whether all of it was rational, so that agreement means equality."""
    deviation: float
    """0 for equality; else how large the deviation can be at most (agreement) or is (disagreement)."""
    agrees: bool

    @property
    def bound(self) -> str:
        """The largest deviation as text: "0", "< 1.0e-37", or its size where the rule is wrong."""
        if self.exact and self.agrees:
            return "0"
        least = max(self.deviation, 1e-300)
        return f"< {least:.1e}" if self.agrees else f"{self.deviation:.1e}"

    @property
    def verdict(self) -> str:
        """One of "equal" (exactly), "certain" (within balls around zero) and "WRONG"."""
        if not self.agrees:
            return "WRONG"
        return "equal" if self.exact else "certain"


def verify(problem: Problem) -> list[Check]:
    """Check dL/dx and the gradient of every parameter. InputError if the problem has no loss."""
    return list(checks(problem))


def checks(problem: Problem) -> Iterator[Check]:
    """The checks one after another, as they are done. InputError at once if the problem has no loss.

    In place of symbols stand random rationals, the same each time.
    """
    if problem.loss is None and problem.upstream is None:
        message = "there is no gradient to verify: the problem has no [loss]"
        raise InputError(message)
    first = copy(at_random(problem))
    first.update = None  # the gradients of the first pass are what is checked
    trace = solve(first, "exact")
    names = (*problem.network.parameters, *problem.network.inputs)
    return (trace.decided(partial(_check, trace, name)) for name in names if f"dL/d{name}" in trace.plan.steps)


def _check(trace: Trace, name: str) -> Check:
    value, gradient = trace.raw(name), trace.raw(f"dL/d{name}")
    directions = list(_directions(value))
    deviations = [
        _inner(gradient, direction) - directional_derivative(trace, name, direction) for direction in directions
    ]
    agree = [agreement(deviation) for deviation in deviations]
    worst = max((abs(d) if isinstance(d, fmpq) else abs(d).upper() for d in deviations), key=float)
    exact = all(isinstance(deviation, fmpq) for deviation in deviations)
    return Check(name, prod(value.shape), len(directions), exact, _float(worst), all(agree))


def _float(value: Any) -> float:
    return float(Real(value)) if isinstance(value, fmpq) else float(value)


def agreement(deviation: Any) -> bool:
    """Whether a deviation is zero: exactly, or a ball around zero (asked for narrow by ``Undecided``)."""
    if isinstance(deviation, fmpq):
        return bool(deviation == 0)
    if not deviation.contains(0):
        return False
    if not deviation.rad() < arb(SMALL):
        real.undecided("a ball around zero that is not narrow")
    return True


def _directions(value: ExactArray) -> Iterator[ExactArray]:
    size = len(value.flat)
    if size <= ENTRY_BY_ENTRY:
        for place in range(size):
            yield ExactArray([fmpq(int(i == place)) for i in range(size)], value.shape)
        return
    random = Random(size)  # noqa: S311  directions, not secrets; the same for each run
    for _ in range(RANDOM_DIRECTIONS):
        yield ExactArray([fmpq(random.randint(-(2**20), 2**20), 2**10) for _ in range(size)], value.shape)


def directional_derivative(trace: Trace, name: str, direction: ExactArray) -> Any:
    """D_v L along a direction of one quantity, from the forward pass alone."""
    xp = trace.arithmetic.xp
    dual_xp = dual_namespace(xp)
    values: dict[str, Any] = {
        given: Dual(xp, trace.raw(given), direction if given == name else xp.zeros_like(trace.raw(given)))
        for given in (*trace.plan.given, WEIGHT)
        if trace.has(given)
    }
    for step in trace.plan.steps.values():
        if step.section not in ("forward", "loss"):
            continue
        letters = letter_values(step, values, dual_xp, trace.problem.examples)
        letters |= constants(step.op, step.rule, trace.arithmetic, dual_xp)
        values[step.name] = step.op.apply(step.rule, dual_xp, letters)
    return _objective(trace, values)


def _objective(trace: Trace, values: dict[str, Any]) -> Any:
    """The ε-part of L; of ⟨dL/dŷ, ŷ⟩ where that gradient is given in place of a loss."""
    if trace.problem.upstream is not None:
        return _inner(trace.raw(UPSTREAM), values["yhat"].tangent)
    if "L" in values:
        return values["L"].tangent.flat[0]
    return _inner(trace.raw(WEIGHT), values["losses"].tangent)


def constants(op: Op, rule: str, arithmetic: Any, xp: Any) -> dict[str, Array]:
    """The settings of an op that a rule takes by name, as arrays of ``xp``."""
    wanted = [name for name in op.given_constants if name in op.letters(rule)]
    return {name: xp.asarray(arithmetic.array(getattr(op, name).written)) for name in wanted}


def _inner(a: ExactArray, b: ExactArray) -> Any:
    total = real.ZERO
    for x, y in zip(a.flat, b.flat, strict=True):
        total = total + x * y
    return total


def law(op: Op, letter: str, values: dict[str, Array], upstream: Array, direction: Array, arithmetic: Any) -> Any:
    """⟨dy, J v⟩ − ⟨Jᵀ dy, v⟩ for one letter of an op: 0 if its gradient rule is right.

    J v comes from ``forward`` on dual numbers, Jᵀ dy from the rule ``d<letter>``.
    """
    xp = arithmetic.xp
    dual_xp = dual_namespace(xp)
    lifted = {
        name: Dual(xp, value, direction if name == letter else xp.zeros_like(value)) for name, value in values.items()
    }
    forward = op.apply("forward", dual_xp, lifted | constants(op, "forward", arithmetic, dual_xp))
    rule = f"d{letter}"
    available = {**values, "y": values.get("y", forward.value), "dy": upstream, "dL": upstream}
    inputs = op.input_letters(len(values))
    available |= {f"{name}_shape": tuple(value.shape)[int(name in inputs) :] for name, value in values.items()}
    needed = {name: available[name] for name in op.needs(rule, available)}
    gradient = op.apply(rule, xp, needed | constants(op, rule, arithmetic, xp))
    return xp.sum(upstream * forward.tangent) - xp.sum(gradient * direction)
