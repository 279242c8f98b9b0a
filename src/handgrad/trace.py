"""The trace: every named quantity of a problem, computed in an arithmetic, and the answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

from flint import fmpq
from msgspec.structs import replace

from handgrad.arithmetic.arithmetic import Arithmetic, Shown, arithmetic
from handgrad.arithmetic.written import Written, WrittenArray
from handgrad.errors import DomainError, InputError, Mistake, Undecided
from handgrad.notation.symbols import as_table, convention, mistakes
from handgrad.ops.op import Shape
from handgrad.ops.places import unravel
from handgrad.plan import HIDDEN, UNIT, UPSTREAM, WEIGHT, Plan, Step, plan
from handgrad.problem import Problem
from handgrad.query import Query, parse
from handgrad.substitution import refusal

if TYPE_CHECKING:
    from handgrad.working.answer import Answer
    from handgrad.working.document import Document

Result = TypeVar("Result")


def solve(problem: Problem, arithmetic: str | None = None) -> Trace:
    """Forward pass, loss, backward pass (and update) of a problem.

    ``arithmetic`` is that of the problem unless given. InputError if a value is not finite.
    """
    return Trace(problem, arithmetic or problem.arithmetic)


class Trace:
    """All quantities by name: ``trace["h2"]``, ``trace["dL/dW1"]``; ``names`` lists them.

    Arrays have no batch axis unless the problem is a batch. In the exact arithmetics they hold Reals.
    """

    def __init__(self, problem: Problem, arithmetic_name: str) -> None:
        self.problem = problem
        if problem.symbols and arithmetic_name != "symbolic":
            raise InputError(refusal(problem))
        try:
            self.arithmetic: Arithmetic = arithmetic(
                arithmetic_name, decimals=problem.speaks_decimals, digits=problem.digits
            )
        except ValueError as error:
            raise InputError(str(error)) from None
        self.plan: Plan = plan(problem)
        self._attempt = 0
        self._values: dict[str, Any] = {}
        self._exact: dict[str, bool] = {}
        self.decided(self._compute)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all quantities, other names for them last."""
        return self.plan.names

    def __contains__(self, name: str) -> bool:
        return self.plan.resolve(name) is not None

    def __getitem__(self, name: str) -> Any:
        query = parse(name, self.plan)
        return self.value(query)

    def __repr__(self) -> str:
        return f"Trace({self.problem.title or 'untitled'!r}, {self.arithmetic.name})"

    def _repr_html_(self) -> str:
        from handgrad.render.summary import trace

        return trace(self)

    def value(self, query: Query) -> Any:
        """The value of a parsed question, as a user of the trace meets it."""
        return self.decided(lambda: self._value(query))

    def _value(self, query: Query) -> Any:
        if query.function:
            return self.function(query)[0]
        whole = self.arithmetic.outward(self._outer(query.name))
        if query.index is None:
            return whole
        return whole[query.index] if query.index else whole

    def ask(self, question: str) -> Answer:
        """One question with the minimal chain of steps to its answer."""
        from handgrad.working.answer import Answer

        return Answer(self, parse(question, self.plan))

    def working(
        self, questions: Sequence[str] | None = None, *, notation: str | dict[str, Any] | None = None
    ) -> Document:
        """The worked solution; with questions, only what their answers need.

        ``notation`` has keys of a problem's that hold in place of the problem's own.
        """
        from handgrad.working.builder import document

        shown = self if notation is None else self.noted(notation)
        # the problem's own questions count as the problem does
        known, asked = (self.plan, self.problem.questions) if questions is None else (shown.plan, questions)
        queries = [parse(question, known) for question in asked]
        return shown.decided(lambda: document(shown, queries))

    def noted(self, notation: str | dict[str, Any]) -> Trace:
        """The same numbers in another notation: its keys hold in place of the problem's. InputError for a wrong one."""
        wrong = [Mistake(("notation", key) if key else ("notation",), text) for key, text in mistakes(notation)]
        if wrong:
            raise InputError(wrong)
        other, problem = copy(self), copy(self.problem)
        problem.notation = {**as_table(problem.notation), **as_table(notation)}
        other.problem, other.plan = problem, replace(self.plan, base=convention(problem.notation).indices)
        return other

    def substitute(self, values: dict[str, Any], arithmetic: str | None = None) -> Trace:
        """The trace with numbers in place of symbols; exact where none is left, unless an arithmetic is named."""
        return solve(self.problem.substitute(values), arithmetic)

    def raw(self, name: str) -> Any:
        """A quantity as the arithmetic holds it, batch axis first where there is one."""
        return self._values[name]

    def has(self, name: str) -> bool:
        """Whether the quantity, a hidden one too, has a value."""
        return name in self._values

    def batched(self, name: str) -> bool:
        """Whether a quantity has one value for each example (and so a batch axis)."""
        return name in self.plan.batched

    def exact(self, name: str) -> bool:
        """Whether settling the quantity did not change it."""
        return self._exact.get(name, True)

    def show(self, name: str, place: int) -> Shown:
        """The entry at a place (counted row by row, batch axis first) as it is printed."""
        return self.arithmetic.show(flat(self._values[name])[place], given=name in self.plan.given or name in HIDDEN)

    def decided(self, work: Callable[[], Result]) -> Result:
        """Do some work with these numbers, at a higher precision if it needs one."""
        while True:
            with self.arithmetic.working(self._attempt):
                try:
                    return work()
                except Undecided:
                    self._attempt += 1
                except DomainError as error:
                    raise InputError(str(error)) from None
            self.decided(self._compute)

    def _compute(self) -> None:
        problem, values = self.problem, self._values
        values.clear()
        for name, shape in problem.network.inputs.items():
            values[name] = self._with_batch_axis(problem.inputs[name], shape)
        if problem.loss is not None and problem.y is not None:
            values["y"] = self._with_batch_axis(problem.y, problem.target_shape)
            shares: list[Written] = [problem.share] * problem.examples
            values[WEIGHT] = self.arithmetic.array(WrittenArray(shares, (problem.examples,)))
        if problem.upstream is not None:
            values[UPSTREAM] = self._with_batch_axis(problem.upstream, problem.network.output)
        for name, written in problem.network.parameters.items():
            values[name] = self.arithmetic.array(written)
        self._start_states()
        for step in self.plan.steps.values():
            self._take(step)

    def _start_states(self) -> None:
        values, update = self._values, self.problem.update
        values[UNIT] = self.arithmetic.array(WrittenArray([fmpq(1)], ()))
        for name in self.plan.given:
            if name not in values and update is not None:
                state, _, parameter = name.partition("_")
                start = self.arithmetic.array(update.start(state).written)
                values[name] = self.arithmetic.xp.zeros_like(values[parameter]) + start

    def _with_batch_axis(self, written: WrittenArray, shape: Shape) -> Any:
        return self.arithmetic.array(written.reshape((self.problem.examples, *shape)))

    def _take(self, step: Step) -> None:
        letters = letter_values(step, self._values, self.arithmetic.xp, self.problem.examples)
        for constant in step.op.given_constants:
            if constant in step.op.letters(step.rule):
                letters[constant] = self.arithmetic.array(getattr(step.op, constant).written)
        try:
            value = step.op.apply(step.rule, self.arithmetic.xp, letters)
            if step.over_batch:
                value = self.arithmetic.xp.sum(value, axis=0)
            self._values[step.name], self._exact[step.name] = self.arithmetic.settle(value)
        except (DomainError, ZeroDivisionError) as error:
            raise InputError(self._failure(step, str(error))) from None
        if not self.arithmetic.finite(self._values[step.name]):
            raise InputError(self._failure(step, "a number too large, or none"))

    def _failure(self, step: Step, what: str) -> str:
        place = f"layer {step.layer} ({step.op.name})" if step.layer else step.op.name
        hint = "" if self.arithmetic.name in ("exact", "symbolic") else "; try the exact arithmetic"
        return f"{step.name}, {place}: {what} in {self.arithmetic.name}{hint}"

    def _outer(self, name: str) -> Any:
        value = self._values[name]
        if self.batched(name) and not self.problem.batch:
            return self.arithmetic.xp.reshape(value, tuple(value.shape[1:]))
        return value

    def function(self, query: Query) -> tuple[Any, bool]:
        """The value of sum, mean, max or argmax, and whether it is the very value of what is carried."""
        xp, value = self.arithmetic.xp, self._outer(query.name)
        if query.index is not None:
            value = value[query.index] if query.index else value
            value = xp.asarray(value)
        if query.function == "argmax":
            return _place(xp, value, self.plan.base), True
        found = xp.max(value, axis=None) if query.function == "max" else xp.sum(value, axis=None)
        settled, exact = self.arithmetic.settle(found / prod(value.shape) if query.function == "mean" else found)
        return self.arithmetic.outward(settled), exact


def letter_values(step: Step, values: dict[str, Any], xp: Any, examples: int) -> dict[str, Any]:
    """The arrays of a step's letters; a parameter that is read as an input stands once for each example."""
    letters: dict[str, Any] = {}
    inputs = step.op.input_letters(len(step.letters)) if step.reads_parameters else ()
    for letter, name in step.letters.items():
        value = values[name]
        if letter in inputs and name in step.reads_parameters:
            value = xp.concat([xp.expand_dims(value, axis=0)] * examples, axis=0)
        letters[letter] = value
    return letters | step.known


def _place(xp: Any, value: Any, base: int) -> int | tuple[int, ...]:
    """Where the largest entry stands, as a question counts; one number for a vector."""
    best = int(flat(xp.argmax(xp.reshape(value, (1, -1)), axis=1))[0])
    index = tuple(i + base for i in unravel(best, tuple(value.shape)))
    return index[0] if len(index) == 1 else index or base


def flat(value: Any) -> Any:
    """The entries of an array row by row."""
    entries = getattr(value, "flat", None)
    return [value] if entries is None else entries
