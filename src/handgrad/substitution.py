"""Numbers in place of the symbols of a problem."""

from __future__ import annotations

from copy import copy
from functools import partial
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any

from flint import fmpq

from handgrad.arithmetic.unknown import Unknown
from handgrad.arithmetic.written import Written, WrittenArray, number
from handgrad.errors import InputError, Mistake
from handgrad.ops.places import unravel

if TYPE_CHECKING:
    from handgrad.problem import Problem


def substituted(problem: Problem, values: dict[str, Any]) -> Problem:
    """``Problem.substitute``."""
    mistakes: list[Mistake] = []
    numbers: dict[str, Written] = {}
    for name, value in values.items():
        if name not in problem.symbols:
            known = ", ".join(problem.symbols) or "none"
            mistakes.append(Mistake((), f'unknown symbol "{name}"; known are {known}'))
            continue
        try:
            numbers[name] = number(value)
        except ValueError as error:
            mistakes.append(Mistake((name,), str(error)))
    if not mistakes:
        problem = replaced(problem, numbers)
        _check_target(problem, mistakes)
    if mistakes:
        raise InputError(mistakes)
    return problem


def replaced(problem: Problem, numbers: dict[str, Written]) -> Problem:
    """The problem with these numbers, its target not checked again."""
    new = copy(problem)
    new.network = copy(problem.network)
    new.network.parameters = {name: array.replaced(numbers) for name, array in problem.network.parameters.items()}
    new.inputs = {name: array.replaced(numbers) for name, array in problem.inputs.items()}
    new.y = None if problem.y is None else problem.y.replaced(numbers)
    new.upstream = None if problem.upstream is None else problem.upstream.replaced(numbers)
    if new.arithmetic == "symbolic" and not new.symbols:
        new.arithmetic = "exact"
    return new


def _check_target(problem: Problem, mistakes: list[Mistake]) -> None:
    if problem.y is None or problem.loss is None or problem.y.symbols:
        return
    entries, size = problem.y.exact(), prod(problem.target_shape)
    for n in range(problem.examples):
        problem.loss.check_target(partial(_report, mistakes), entries[n * size :][:size])


def _report(mistakes: list[Mistake], key: str, text: str) -> None:
    mistakes.append(Mistake((key,), text))


def at_random(problem: Problem) -> Problem:
    """The problem with a random rational from 0 to 1 for each symbol, the same each time."""
    names = problem.symbols
    random = Random(len(names))  # noqa: S311  points to check at, not secrets
    return replaced(problem, {name: fmpq(random.randint(1, 999), 1000) for name in names}) if names else problem


def refusal(problem: Problem) -> list[Mistake]:
    """Where the symbols stand, for an arithmetic that has none."""
    return [_first(name, array) for name, array in problem.given.items() if array.symbols]


def _first(name: str, array: WrittenArray) -> Mistake:
    place, entry = next((i, entry) for i, entry in enumerate(array.written()) if isinstance(entry, Unknown))
    index = ",".join(str(i + 1) for i in unravel(place, array.shape))
    return Mistake((), f"{name}[{index}]: {entry.refusal()}" if index else f"{name}: {entry.refusal()}")
