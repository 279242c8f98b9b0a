"""The course of a problem: what a script may name, in the order of computation, and the ways to each.

Beside the quantities of the trace a script may write down two that textbooks use: σ′ at a layer's input,
``sigma'(a2)``, and ∂L/∂ŷ where the trace takes softmax and cross-entropy together. Where a script has one
of them, the next quantity may come from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from msgspec.structs import replace

from handgrad.arithmetic import float_functions
from handgrad.arithmetic.stacked import stacked_functions
from handgrad.errors import InputError
from handgrad.marking.script import Readable, Script
from handgrad.notation.symbols import convention, parted
from handgrad.ops.elementwise import Elementwise
from handgrad.ops.losses import Loss
from handgrad.ops.op import Constant, Op, Shape
from handgrad.plan import HIDDEN, Step
from handgrad.problem import Problem
from handgrad.query import Query, parse
from handgrad.trace import Trace, flat, letter_values, solve

DUST = 1e-14
"""What cancellation leaves of a zero among numbers of the size of 1."""

Array = Any
Values = Mapping[str, Array]


class Way:
    """One way to a quantity: ``rule`` of ``op`` on the values that it ``reads``.

    ``by`` is what a script must have written for this way ("" for the plain one).
    """

    def __init__(self, op: Op, rule: str, reads: dict[str, str], step: Step, by: str = "") -> None:
        self.op, self.rule, self.reads, self.step, self.by = op, rule, reads, step, by
        self.method = None if op.variadic else getattr(op, rule, None)
        """The rule itself, where it serves one letter."""
        self.settings: dict[str, Array] | None = None
        """All of them."""

    def run(self, xp: Any, letters: dict[str, Array]) -> Array:
        """The quantity from the arrays of its letters."""
        if self.rule == PRODUCT:
            return letters["dy"] * letters["slope"]
        if self.rule == SLOPE:
            return self.op.slope(xp, **letters)  # type: ignore[attr-defined]  # an elementwise op has it
        value = self.op.apply(self.rule, xp, letters) if self.method is None else self.method(xp, **letters)
        return xp.sum(value, axis=0) if self.step.over_batch and not self.by else value


class Asked(Way):
    """A question's sum, mean, max or argmax of a quantity; argmax counts from 1."""

    def __init__(self, function: str, name: str, step: Step) -> None:
        super().__init__(step.op, function, {"x": name}, step, "")

    def run(self, xp: Any, letters: dict[str, Array]) -> Array:
        """The function of all entries."""
        x = xp.reshape(letters["x"], (1, -1))
        if self.rule == "argmax":
            return xp.argmax(x, axis=1) + 1
        if self.rule == "max":
            return xp.max(x, axis=1)
        total = xp.sum(x, axis=1)
        return total / x.shape[1] if self.rule == "mean" else total


SLOPE, PRODUCT = "slope", "slope times"
"""Rules that no step has: σ′(a), and ∂L/∂h ⊙ σ′(a) with it."""


class Quantity:
    """A quantity of the course: its ``shape`` (batch axis first, in a batch) and the ways to it."""

    def __init__(self, name: str, shape: Shape, ways: list[Way]) -> None:
        self.name, self.shape, self.ways = name, shape, ways
        self.before: frozenset[str] = frozenset()
        """Everything that it is computed from, by any way."""


class Course:
    """The quantities of a problem in order, with their true values: exact ones and their floats."""

    def __init__(self, problem: Problem) -> None:
        floating = problem.arithmetic.startswith("float")
        self.problem = problem
        self.trace: Trace = solve(problem, problem.arithmetic if floating else "exact")
        self.plan = self.trace.plan
        self.quantities: dict[str, Quantity] = {}
        self.exact: dict[str, list[Any]] = {}
        self.floats: dict[str, Array] = {}
        self.truths: dict[str, list[float]] = {}
        self.radii: dict[Any, list[Array] | None] = {}
        """Of right scripts: how far the digits of what is written let a quantity range."""
        self.numbers: dict[tuple[Any, ...], int] = {}
        """What scripts write, with how many digits, by a number for each: the next of ``count``."""
        self.count = count()
        self.outlines: dict[tuple[str, ...], Any] = {}
        """What scripts write (an Outline), by the names."""
        self._letters: dict[str, dict[str, str]] = {}
        self.right: Any = None
        """The values of one who writes nothing wrong (an Own), once they are needed."""
        self.mistakes: dict[str, Any] = {}
        """What each mistake gives from the true values, by quantity, once it is needed."""
        self.shares: dict[bool, dict[Any, float]] = {}
        """Of marks.earned: what each status earns, with and without follow-through."""
        self._dust: dict[str, float] = {}
        self.aliases = dict(self.plan.aliases)
        for name in (*self.plan.given, *(hidden for hidden in HIDDEN if self.trace.has(hidden))):
            self._keep(name, self.trace.raw(name))
        for step in self.plan.steps.values():
            self._take(step)
        for question in problem.questions:
            self._ask(parse(question, self.plan))

    def dust(self, name: str) -> float:
        """What cancellation leaves of a zero, by the size of a quantity and of what it is computed from."""
        if name not in self._dust:
            sources = (source for way in self.quantities[name].ways for source in way.reads.values())
            size = max((abs(value) for source in (name, *sources) for value in self.truths[source]), default=1.0)
            self._dust[name] = DUST * min(1.0, size or 1.0)
        return self._dust[name]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return sum(map(len, self.truths.values()))

    @cached_property
    def given(self) -> list[float]:
        """The numbers that are given."""
        return [value for name in self.plan.given for value in self.truths[name]]

    @cached_property
    def readable(self) -> Readable:
        """What a script may name."""
        given = {name: self.outer(name, shape) for name, shape in self.plan.given.items()}
        named = {name: quantity.shape for name, quantity in self.quantities.items()}
        matrices = {name for name, written in self.problem.network.parameters.items() if len(written.shape) == 2}
        weights = [name for name in (*given, *named) if parted(name.removeprefix("dL/d"))[0] in matrices]
        vectors = [name for name, shape in (given | named).items() if len(shape) == 2 and self._each(name)]
        return Readable({**given, **named}, self.aliases, weights=tuple(weights), batched=frozenset(vectors))

    def _each(self, name: str) -> bool:
        """Whether each example of a batch has its own of a quantity."""
        source = self.quantities[name].ways[0].step.name if name in self.quantities else name
        return self.plan.batch and source in self.plan.batched

    @cached_property
    def letters_on_paper(self) -> dict[str, str]:
        """The letters of the problem's notation, where they differ."""
        return convention(self.problem.notation).letters

    def _ask(self, query: Query) -> None:
        """A function of a whole quantity, which a script may answer under the question's own name."""
        if query.function and query.index is None and query.name in self.plan.steps:
            way = Asked(query.function, query.name, self.plan.steps[query.name])
            self._between(asked_name(query), way, ())

    def _keep(self, name: str, value: Array) -> None:
        self.exact[name] = list(flat(value))
        self.floats[name] = np.asarray(value, dtype=float)
        self.truths[name] = self.floats[name].ravel().tolist()

    def _take(self, step: Step) -> None:
        ways = [Way(step.op, step.rule, step.letters, step)]
        if isinstance(step.op, Elementwise) and step.rule == "dx":
            ways.append(self._by_slope(step))
        if isinstance(step.op, Loss) and step.rule in step.op.joint.values():
            ways.append(self._by_output(step))
        self._add(step.name, self.outer(step.name, step.shape), ways, self.trace.raw(step.name))

    def outer(self, name: str, shape: Shape) -> Shape:
        """A shape with the batch axis, where the quantity has one on paper."""
        return (self.problem.examples, *shape) if self.plan.batch and name in self.plan.batched else shape

    def _add(self, name: str, shape: Shape, ways: list[Way], value: Array) -> None:
        quantity = Quantity(name, shape, ways)
        direct = {source for way in ways for source in way.reads.values()}
        known = [self.quantities[source].before for source in direct if source in self.quantities]
        quantity.before = frozenset[str]().union(direct, *known)
        self.quantities[name] = quantity
        self._keep(name, value)

    def _by_slope(self, step: Step) -> Way:
        """σ′(a) as a quantity of its own, and ∂L/∂a = ∂L/∂h ⊙ σ′(a) by it."""
        name = f"sigma'({self.letters(step)['x']})"
        reads = {letter: source for letter, source in step.letters.items() if letter != "dy"}
        self._between(name, Way(step.op, SLOPE, reads, step), self.outer(step.name, step.shape))
        return Way(step.op, PRODUCT, {"dy": step.letters["dy"], SLOPE: name}, step, name)

    def _by_output(self, step: Step) -> Way:
        """∂L/∂ŷ as a quantity of its own, and ∂L/∂a from it by the output's own rule."""
        node, yhat = self.problem.network.last, step.letters["yhat"]
        name = f"dL/d{yhat}"
        loss = {letter: step.letters[letter] for letter in step.op.letters("dyhat") if letter in step.letters}
        self._between(name, Way(step.op, "dyhat", loss, step), self.outer("yhat", node.shape))
        known = {**self.plan.steps[yhat].letters, "y": yhat, "dy": name}
        reads = {letter: known[letter] for letter in node.op.letters("dx") if letter in known}
        return Way(node.op, "dx", reads, step, name)

    def _between(self, name: str, way: Way, shape: Shape) -> None:
        """A quantity that the trace does not settle by itself."""
        self._add(name, shape, [way], self.computed(way, self.trace.arithmetic.xp, _Raw(self.trace)))

    def letters(self, step: Step) -> dict[str, str]:
        """All letters that a rule of a step could read with their quantities, those too that the right rule leaves."""
        if step.name not in self._letters:
            self._letters[step.name] = self._all_letters(step)
        return self._letters[step.name]

    def _all_letters(self, step: Step) -> dict[str, str]:
        found = dict(step.letters)
        output = found.get("yhat") or (
            step.name if step.rule == "forward" else found.get("dy", "").removeprefix("dL/d").partition("@")[0]
        )
        forward = self.plan.steps.get(output)
        if forward is None:
            return found
        if forward is not step and "yhat" in found:
            return {"x": forward.letters.get("x", output), **found}
        updated = {
            f"{letter}_next": f"{name}'" for letter, name in forward.letters.items() if f"{name}'" in self.plan.steps
        }
        after = [("h", step.name) for step in self.plan.steps.values() if _activates(step, output)]
        return {**dict(after), **forward.letters, **updated, **found, **({"y": output} if forward is not step else {})}

    def computed(self, way: Way, xp: Any, values: Values) -> Array:
        """A way taken with these values."""
        return way.run(xp, self._plain_letters(way, xp, values) | self.constants(way, xp))

    def _plain_letters(self, way: Way, xp: Any, values: Values) -> dict[str, Array]:
        if way.by or way.reads is not way.step.letters:
            return {letter: values[name] for letter, name in way.reads.items()}
        return letter_values(way.step, values, xp, self.problem.examples)  # type: ignore[arg-type]  # a mapping will do

    def constants(self, way: Way, xp: Any) -> dict[str, Array]:
        """The settings that are numbers, of those that a rule takes."""
        if way.rule == PRODUCT or isinstance(way, Asked):
            return {}
        wanted = way.op.letters("dx" if way.rule == SLOPE else way.rule)
        return {name: self.constant(way.op, name, xp) for name in way.op.given_constants if name in wanted}

    def constant(self, op: Op, name: str, xp: Any) -> Array:
        """A setting of an op in an arithmetic."""
        written = getattr(op, name).written
        floating = xp is float_functions or xp is stacked_functions
        return written.floats() if floating else self.trace.arithmetic.array(written)


class _Raw(Mapping[str, Array]):
    """The values of a trace as it holds them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __getitem__(self, name: str) -> Array:
        return self.trace.raw(name)

    def __iter__(self) -> Any:
        return iter(self.trace.names)

    def __len__(self) -> int:
        return len(self.trace.names)


def asked_name(query: Query) -> str:
    """The name of a function of a quantity: sum(dL/dK1)."""
    return f"{query.function}({query.name})"


def _activates(step: Step, name: str) -> bool:
    """Whether a step applies an activation to a quantity."""
    return step.rule == "forward" and isinstance(step.op, Elementwise) and step.letters.get("x") == name


class Courses:
    """The course of a problem, and of the same with another loss factor, as scripts declare it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.plain = Course(problem)
        self._others: dict[str, Course] = {}

    def of(self, script: Script) -> Course:
        """The course that a script is held against. Raises InputError if the loss has no such factor."""
        factor = script.loss_factor
        if not factor:
            return self.plain
        if factor not in self._others:
            self._others[factor] = Course(self._with(factor))
        return self._others[factor]

    def _with(self, factor: str) -> Problem:
        loss = self.problem.loss
        if loss is None or "factor" not in loss.__struct_fields__:
            message = f"loss_factor = {factor}: the loss of this problem has no factor"
            raise InputError(message)
        problem = copy(self.problem)
        problem.loss = replace(loss, factor=Constant(factor))
        return problem
