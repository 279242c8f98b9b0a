"""The network with what it has learned, and the problem of one example: to be solved, marked, drawn."""

from __future__ import annotations

from copy import copy
from math import prod
from typing import Any

import numpy as np
from flint import fmpq

from handgrad.arithmetic.written import WrittenArray, from_floats
from handgrad.errors import InputError
from handgrad.network import Network
from handgrad.problem import Problem
from handgrad.training.examples import Part
from handgrad.training.safetensors import Arrays
from handgrad.training.task import Task


def learned(network: Network, parameters: Arrays) -> Network:
    """The same network with other parameters."""
    found = copy(network)
    found.parameters = {name: from_floats(parameters[name].astype(np.float64)) for name in network.parameters}
    return found


def problem_of(task: Task, parameters: Arrays, example: int) -> Problem:
    """The problem of one example (from 1, as the data count) with these parameters, without an update.

    Its inputs are those that the network reads: standardised, where the data are. Raises InputError if there is
    no such example.
    """
    part, row, where = _place(task, example)
    problem = copy(task.problem)
    problem.network = learned(task.problem.network, parameters)
    name, shape = next(iter(problem.network.inputs.items()))
    problem.inputs = {name: from_floats(part.x[row].astype(np.float64).reshape(shape))}
    problem.y = _target(problem, part.y[row])
    problem.update, problem.steps, problem.freeze, problem.batch = None, 1, (), False
    title = problem.title or "The network as it was trained"
    problem.title = f"{title}: example {example}{where}{_class(task, part.y[row])}"
    problem.arithmetic = "float64"
    return problem


def _place(task: Task, example: int) -> tuple[Part, int, str]:
    """The part of the data that an example is in, its row there, and words for that part."""
    for part, where in ((task.part, ""), (task.held, ", held out")):
        if part is not None and (part.numbers == example - 1).any():
            return part, int(np.argmax(part.numbers == example - 1)), where
    count = 1 + max(int(part.numbers.max()) for part in (task.part, task.held) if part is not None)
    message = f"there is no example {example}, expected 1 to {count}"
    raise InputError(message)


def _target(problem: Problem, y: Any) -> WrittenArray:
    shape = problem.target_shape
    if np.ndim(y) == 0 and np.asarray(y).dtype.kind in "iu":
        return WrittenArray([fmpq(int(k == y)) for k in range(prod(shape))], shape)
    return from_floats(np.asarray(y, np.float64)).reshape(shape)


def _class(task: Task, y: Any) -> str:
    """The class of an example, where it has one, as the data name it."""
    if np.ndim(y) or np.asarray(y).dtype.kind not in "iu":
        return ""
    return f", class {task.classes[int(y)]}" if task.classes else f", y = {int(y)}"
