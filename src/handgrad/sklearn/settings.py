"""The settings of a training by the names that scikit-learn's MLPClassifier has for them: their ranges, the update."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from handgrad.training.schedules import Constant, Cosine, OneCycle, Schedule

ACTIVATIONS = (
    *("identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish"),
    *("softplus", "softsign", "relu6", "hard_tanh", "hard_sigmoid", "hard_swish"),
)

SOLVERS = ("sgd", "adam", "adamw", "rmsprop", "lion")
SCHEDULES: dict[str, Schedule] = {"constant": Constant(), "cosine": Cosine(), "one_cycle": OneCycle()}
"""Schedules that need no more than a name."""

BATCH = 32
"""The batch size "auto"."""

Rule = tuple[str, Callable[[Any], bool], str]
"""The name of a setting, whether a value fits, and what is expected."""


def whole(value: Any, low: int) -> bool:
    """Whether it is an integer of at least ``low``."""
    return isinstance(value, (int, np.integer)) and type(value) is not bool and int(value) >= low


def real(value: Any, low: float, high: float = float("inf")) -> bool:
    """Whether it is a finite number, low ≤ value < high."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and type(value) is not bool
    return number and low <= float(value) < high


def positive(value: Any) -> bool:
    """Whether it is a finite number above 0."""
    return real(value, 0) and float(value) > 0


def _truth(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def sizes(value: Any) -> bool:
    """Whether it is a sequence of positive integers, or one."""
    entries = [value] if isinstance(value, (int, np.integer)) else value
    return isinstance(entries, Iterable) and not isinstance(entries, str) and all(whole(size, 1) for size in entries)


def one_of(names: Iterable[str]) -> tuple[Callable[[Any], bool], str]:
    """The rule of a setting that is one of some names."""
    known = tuple(names)
    return (lambda value: isinstance(value, str) and value in known), f"one of {', '.join(known)}"


def schedule_fits(value: Any) -> bool:
    """Whether it is the name of a schedule, or one whose settings are in their ranges."""
    return value in SCHEDULES if isinstance(value, str) else isinstance(value, Schedule) and not list(value.wrong())


def schedule(learning_rate: Any) -> Schedule:
    """The schedule of that name, or the one that is given."""
    found: Schedule = SCHEDULES.get(learning_rate, learning_rate)
    return found


TRUTH = (_truth, "True or False")
WHOLE = (lambda value: whole(value, 1)), "an integer of at least 1"
SHARE = (lambda value: real(value, 0, 1)), "a number from 0 to below 1"
POSITIVE = positive, "a number above 0"
NOT_NEGATIVE = (lambda value: real(value, 0)), "a number of at least 0"

RULES: tuple[Rule, ...] = (
    ("hidden_layer_sizes", sizes, "a tuple of integers of at least 1"),
    ("activation", *one_of(ACTIVATIONS)),
    ("solver", *one_of(SOLVERS)),
    ("alpha", *NOT_NEGATIVE),
    ("batch_size", lambda value: value == "auto" or whole(value, 1), '"auto" or an integer of at least 1'),
    ("learning_rate", schedule_fits, f"one of {', '.join(SCHEDULES)}, or a Schedule within its ranges"),
    ("learning_rate_init", *POSITIVE),
    ("max_iter", *WHOLE),
    ("shuffle", *TRUTH),
    ("tol", *NOT_NEGATIVE),
    ("warm_start", *TRUTH),
    ("momentum", *SHARE),
    ("nesterovs_momentum", *TRUTH),
    ("early_stopping", *TRUTH),
    ("validation_fraction", lambda value: real(value, 0, 1) and value > 0, "a number between 0 and 1"),
    ("beta_1", *SHARE),
    ("beta_2", *SHARE),
    ("epsilon", *POSITIVE),
    ("n_iter_no_change", *WHOLE),
)
"""What holds for each setting of the estimators, by its name."""


def check(estimator: Any, rules: Iterable[Rule] = RULES) -> None:
    """ValueError that lists every setting out of its range."""
    wrong = [
        f"{name}: expected {words}, found {getattr(estimator, name)!r}"
        for name, fits, words in rules
        if not fits(getattr(estimator, name))
    ]
    if wrong:
        message = f"{type(estimator).__name__}: {'; '.join(wrong)}"
        raise ValueError(message)


def update(estimator: Any, examples: float) -> dict[str, Any]:
    """The table [update] of a solver; ``examples``: how much all of them weigh together.

    Beside the mean loss stands the L2 term alpha/(2 examples) Σ θ², biases included (adamw and lion decay by as much).
    """
    solver, decay = estimator.solver, float(estimator.alpha) / examples
    table: dict[str, Any] = {"op": solver, "rate": float(estimator.learning_rate_init), "weight_decay": decay}
    if solver == "sgd" and estimator.momentum:
        op = "nesterov" if estimator.nesterovs_momentum else "momentum"
        table |= {"op": op, "momentum": float(estimator.momentum)}
    if solver in ("adam", "adamw"):
        table |= {"beta1": float(estimator.beta_1), "beta2": float(estimator.beta_2)}
    if solver in ("adam", "adamw", "rmsprop"):
        table["epsilon"] = float(estimator.epsilon)
    return table
