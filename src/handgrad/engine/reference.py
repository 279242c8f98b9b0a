"""The reference rules on batches in NumPy, each step of the plan: for what is asked for by name, and losses alone."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from handgrad.arithmetic import float_functions
from handgrad.arithmetic.written import WrittenArray
from handgrad.engine.arrays import Array
from handgrad.engine.masks import key_of, mask
from handgrad.engine.path import Setting
from handgrad.ops.dropout import Dropout
from handgrad.plan import UNIT, WEIGHT, Step, plan
from handgrad.problem import Problem
from handgrad.trace import letter_values


class Rules:
    """Forward pass, loss and gradients of a batch by the rules of the ops."""

    def __init__(self, setting: Setting, parameters: dict[str, Array]) -> None:
        self.setting, self.parameters = setting, parameters
        self._plan = plan(_problem(setting))
        steps = self._plan.steps.values()
        self._forward = [step for step in steps if step.section == "forward"]
        self._loss = [step for step in steps if step.section == "loss"]
        self._backward = [step for step in steps if step.section == "backward"]
        self._gradients = [f"dL/d{name}" for name in parameters]

    def forward(self, x: Array, step: int | None = None) -> dict[str, Array]:
        """Every quantity of the forward pass; ``step``: the step of training that its dropouts are drawn for."""
        network = self.setting.network
        values = {next(iter(network.inputs)): x, **self.parameters}
        with np.errstate(all="ignore"):
            for one in self._forward:
                values[one.name] = self._apply(self._drawn(one, step, len(x)), values, len(x))
        return values

    def gradients(
        self, x: Array, y: Array, weights: Array, step: int | None = None
    ) -> tuple[Array, Array, list[Array]]:
        """The loss of each example [n], ŷ [n][…], and dL/dp of each parameter for L = Σ weights · losses."""
        values = self.forward(x, step)
        values |= {"y": y, WEIGHT: weights.astype(x.dtype), UNIT: np.ones((), x.dtype)}
        with np.errstate(all="ignore"):
            for one in [*self._loss, *self._backward]:
                if one.batched or one.section == "backward":
                    values[one.name] = self._apply(self._drawn(one, step, len(x)), values, len(x))
        found = [values.get(name) for name in self._gradients]
        zeros = [np.zeros_like(array) for array in self.parameters.values()]
        return values["losses"], values["yhat"], [z if g is None else g for g, z in zip(found, zeros, strict=True)]

    def penalty(self) -> float:
        """What the penalties add to L."""
        terms = [self._apply(one, self.parameters, 1) for one in self._loss if one.name[0] == "R"]
        return float(sum(float(term) for term in terms))

    def losses(self, yhat: Array, y: Array) -> Array:
        """The loss of each example [n]."""
        with np.errstate(all="ignore"):
            return self._apply(self._loss[0], {"yhat": yhat, "y": y}, len(y))

    def _apply(self, step: Step, values: dict[str, Array], rows: int) -> Array:
        letters = letter_values(step, values, float_functions, rows)
        wanted = step.op.letters(step.rule)
        for constant in step.op.given_constants:
            if constant in wanted:
                letters[constant] = getattr(step.op, constant).written.floats().astype(self.setting.dtype)
        value = step.op.apply(step.rule, float_functions, letters)
        found: Array = np.sum(value, axis=0) if step.over_batch else value
        return found

    def _drawn(self, step: Step, count: int | None, rows: int) -> Step:
        """A dropout without a mask of its own while training: with the mask of this step."""
        op = step.op
        if count is None or not isinstance(op, Dropout) or "M" in step.letters or op.seed is not None:
            return step
        kept = mask(key_of(self.setting.seed, count, step.layer), rows, step.shape, float(op.rate.written.floats()))
        return replace(step, known={**step.known, "M": kept.astype(self.setting.dtype)})


def _problem(setting: Setting) -> Problem:
    """A problem that has no data but that there is a batch."""
    problem = Problem()
    problem.network, problem.loss, problem.penalties = setting.network, setting.loss, setting.penalties
    problem.update, problem.steps, problem.freeze, problem.upstream = None, 1, (), None
    problem.batch, problem.notation, problem.y = True, "a,h", None
    problem.inputs = {name: WrittenArray([], (2, 0)) for name in setting.network.inputs}
    return problem
