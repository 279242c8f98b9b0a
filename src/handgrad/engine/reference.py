"""The path by the reference rules: each step of the plan in NumPy. It serves what has no kernel, and the tests."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from handgrad.arithmetic import float_functions
from handgrad.arithmetic.written import WrittenArray
from handgrad.engine import updating
from handgrad.engine.arrays import Array, Checks, moved
from handgrad.engine.masks import key_of, mask
from handgrad.engine.path import Run, Setting
from handgrad.engine.shares import right, shares
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


class ReferencePath:
    """Predicts and trains by the reference rules."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        network = setting.network
        self.parameters = {name: np.zeros(network.shape(name), setting.dtype) for name in network.parameters}
        self.states = updating.start(setting.update, self.parameters, setting.freeze)
        self._rules = Rules(setting, self.parameters)

    def quick(self) -> None:
        """There is no quick way."""

    def predict(self, x: Array) -> Array:
        """ŷ [n][…]."""
        network, size = self.setting.network, max(self.setting.batch, 1)
        if not len(x):
            return np.zeros((0, *network.output), self.setting.dtype)
        return np.concatenate([self._rules.forward(x[i : i + size])["yhat"] for i in range(0, len(x), size)])

    def gradients(self, x: Array, y: Array, weights: Array) -> tuple[float, int, dict[str, Array]]:
        """L = Σ weights · losses, right classes, and the gradients."""
        return self._gradients(x, y, weights, None)

    def _gradients(self, x: Array, y: Array, weights: Array, step: int | None) -> tuple[float, int, dict[str, Array]]:
        checks = Checks(self.setting.network, self.setting.loss, self.setting.dtype)
        target = checks.one_hot(y)
        losses, yhat, found = self._rules.gradients(x, target, weights, step)
        value = float(np.dot(weights, losses.astype(np.float64))) + self._rules.penalty()
        return value, right(self.setting.loss, yhat, target), dict(zip(self.parameters, found, strict=True))

    def each(self, x: Array, y: Array) -> dict[str, Array]:
        """The gradient of each example's loss."""
        one = np.ones(1)
        found = [self._gradients(x[i : i + 1], y[i : i + 1], one, None)[2] for i in range(len(x))]
        return {
            name: np.stack([gradients[name] for gradients in found]) if found else np.zeros((0, *array.shape), x.dtype)
            for name, array in self.parameters.items()
        }

    def norms(self, x: Array, y: Array) -> Array:
        """The norm of each example's whole gradient."""
        squares = [np.square(g).sum(axis=tuple(range(1, g.ndim))) for g in self.each(x, y).values()]
        return np.sqrt(np.sum(squares, axis=0)) if squares else np.zeros(len(x), x.dtype)

    def train(self, run: Run) -> tuple[Array, Array]:
        """Update after each batch."""
        size, count = self.setting.batch, len(run.rates)
        losses, hits = np.zeros(count), np.zeros(count, np.int64)
        for i in range(count):
            chosen = slice(i * size, (i + 1) * size)
            losses[i], hits[i] = self._step(run, chosen, run.rates[i], run.first + i + 1)
        return losses, hits

    def _step(self, run: Run, chosen: slice, rate: float, count: int) -> tuple[float, int]:
        setting, places = self.setting, run.order[chosen]
        x, y = run.x[places], run.y[places]
        x = x if run.moves is None else moved(x, run.moves[chosen])
        target = Checks(setting.network, setting.loss, setting.dtype).one_hot(y)
        assert setting.loss is not None and setting.update is not None  # noqa: S101,PT018  Compiled has seen to it
        weights = shares(setting.loss, target, None if run.weights is None else run.weights[places])
        loss, hits, gradients = self._gradients(x, y, weights, count)
        gradients = {name: g for name, g in gradients.items() if name not in setting.freeze}
        gradients = gradients if setting.clip is None else updating.clipped(gradients, setting.clip)
        with np.errstate(all="ignore"):
            for name, gradient in gradients.items():
                updating.move(setting.update, name, self.parameters[name], gradient, self.states, rate, count)
        return loss, hits


def _problem(setting: Setting) -> Problem:
    """A problem that has no data but that there is a batch."""
    problem = Problem()
    problem.network, problem.loss, problem.penalties = setting.network, setting.loss, setting.penalties
    problem.update, problem.steps, problem.freeze, problem.upstream = None, 1, (), None
    problem.batch, problem.notation, problem.y = True, "a,h", None
    problem.inputs = {name: WrittenArray([], (2, 0)) for name in setting.network.inputs}
    return problem
