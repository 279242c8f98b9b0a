"""The update rules on the arrays of a training run."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.arithmetic import float_functions
from handgrad.engine.arrays import Array
from handgrad.ops.updates import Update


def start(update: Update | None, parameters: dict[str, Array], freeze: tuple[str, ...]) -> dict[str, Array]:
    """What the update remembers of each parameter before the first step, ``v_W1`` and so on."""
    if update is None:
        return {}
    return {
        f"{state}_{name}": np.full_like(array, float(update.start(state).written.floats()))
        for name, array in parameters.items()
        if name not in freeze
        for state in update.states
    }


def move(
    update: Update, name: str, parameter: Array, gradient: Array, states: dict[str, Array], rate: float, count: int
) -> None:
    """One update of a parameter and of what is remembered of it, in place; ``count`` from 1."""
    letters: dict[str, Any] = {"W": parameter, "dW": gradient, "t": count}
    for constant in update.given_constants:
        letters[constant] = getattr(update, constant).written.floats().astype(parameter.dtype)
    letters["rate"] = np.asarray(rate, parameter.dtype)
    for state in update.states:
        letters[state] = states[f"{state}_{name}"]
        letters[f"{state}_next"] = _apply(update, f"next_{state}", letters)
    parameter[...] = _apply(update, "forward", letters)
    for state in update.states:
        states[f"{state}_{name}"][...] = letters[f"{state}_next"]


def _apply(update: Update, rule: str, letters: dict[str, Any]) -> Any:
    needed = update.needs(rule, letters)
    return update.apply(rule, float_functions, {letter: letters[letter] for letter in needed})


def clipped(gradients: dict[str, Array], largest: float) -> dict[str, Array]:
    """The gradients scaled so that the Euclidean norm of all of them together is at most ``largest``.

    Source: Pascanu, Mikolov, Bengio, ICML (2013).
    """
    norm = float(np.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradients.values())))
    if not norm > largest:
        return gradients
    return {name: gradient * gradient.dtype.type(largest / norm) for name, gradient in gradients.items()}
