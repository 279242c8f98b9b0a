"""A network compiled for a batch size, a floating type and an update."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from functools import cached_property, wraps
from math import isfinite
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from handgrad.engine.arrays import Array, Checks
from handgrad.engine.native import NativePath, for_work
from handgrad.engine.path import Path, Run, Setting
from handgrad.engine.program import by_rule
from handgrad.engine.reference import Rules
from handgrad.engine.shares import right, shares
from handgrad.errors import InputError, Mistake
from handgrad.network import Network
from handgrad.ops import LOSSES, UPDATES
from handgrad.ops.losses import Loss
from handgrad.ops.op import Op
from handgrad.ops.updates import Update
from handgrad.problem import Problem
from handgrad.tables import in_words, nearest, settings

DTYPES = ("float32", "float64")

Kind = TypeVar("Kind", bound=Op)
Given = ParamSpec("Given")
Result = TypeVar("Result")


def compile_network(
    network: Network | Problem,
    loss: Any = None,
    *,
    batch: int = 64,
    dtype: str = "float32",
    threads: int | None = None,
    update: Any = None,
    clip: float | None = None,
    seed: int = 0,
) -> Compiled:
    """The network ready to train and to answer, whole batches at a time.

    ``loss`` and ``update`` are names, tables as in a problem file, or ops; a Problem brings its own.
    ``clip``: the largest Euclidean norm of a gradient, which is scaled down to it. ``threads``: the environment's
    HANDGRAD_THREADS, else what the work is worth. Raises InputError for a setting that cannot be.
    """
    problem = network if isinstance(network, Problem) else None
    net = problem.network if problem is not None else network
    if not isinstance(net, Network):
        message = f"expected a Network or a Problem, found {type(network).__name__}"
        raise InputError(message)
    loss = problem.loss if loss is None and problem is not None else loss
    update = problem.update if update is None and problem is not None else update
    kind = np.dtype(dtype).name if isinstance(dtype, (str, type, np.dtype)) else str(dtype)
    _check(net, batch, kind, clip)
    setting = Setting(
        net,
        None if loss is None else _op(loss, LOSSES, "loss", Loss),
        problem.penalties if problem is not None else (),
        None if update is None else _op(update, UPDATES, "update", Update),
        problem.freeze if problem is not None else (),
        None if clip is None else float(clip),
        batch,
        np.dtype(kind),
        _threads(threads),
        seed,
    )
    return Compiled(setting if threads is not None else for_work(setting))


def _alone(method: Callable[Concatenate[Compiled, Given], Result]) -> Callable[Concatenate[Compiled, Given], Result]:
    """One thread at a time: calls of all kinds work in the same memory."""

    @wraps(method)
    def called(self: Compiled, /, *given: Given.args, **named: Given.kwargs) -> Result:
        with self._lock:
            return method(self, *given, **named)

    return called


class Compiled:
    """Computes with a network's parameters, which it holds; arrays have the batch axis first.

    Threads may share it: they are served one after another.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting, self._lock = setting, RLock()
        self._checks = Checks(setting.network, setting.loss, setting.dtype)
        self._path: Path = _path(setting)
        self.steps = 0
        """How many updates have been made."""
        self.set_parameters({name: written.floats() for name, written in setting.network.parameters.items()})

    def __repr__(self) -> str:
        s = self._setting
        return f"Compiled({s.network!r}, batch={s.batch}, {s.dtype.name}, threads={s.threads})"

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self._setting, self._path.parameters)

    @property
    def network(self) -> Network:
        """The network with the parameters it was compiled with."""
        return self._setting.network

    @property
    def loss(self) -> Loss | None:
        """The loss of an example and how a batch's is made of them."""
        return self._setting.loss

    @property
    def update(self) -> Update | None:
        """The update rule."""
        return self._setting.update

    @property
    def batch(self) -> int:
        """How many examples a step takes."""
        return self._setting.batch

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self._setting.dtype

    @property
    def threads(self) -> int:
        """How many threads share the work; results are the same in each run with as many."""
        return self._setting.threads

    @property
    @_alone
    def parameters(self) -> dict[str, Array]:
        """Copies of the parameters, in the network's shapes."""
        return {name: array.copy() for name, array in self._path.parameters.items()}

    @_alone
    def set_parameters(self, values: dict[str, Any]) -> None:
        """Put values in place of parameters. InputError for an unknown name or a wrong shape; then none is changed."""
        _fill(self._path.parameters, values, "parameter")

    @property
    @_alone
    def states(self) -> dict[str, Array]:
        """Copies of what the update remembers, by name (``v_W1``)."""
        return {name: array.copy() for name, array in self._path.states.items()}

    @_alone
    def set_states(self, values: dict[str, Any], steps: int) -> None:
        """Go on from a state that was saved after so many updates."""
        _fill(self._path.states, values, "state")
        self.steps = steps

    @_alone
    def predict(self, x: Any) -> Array:
        """ŷ [n][…] of the examples x [n][…]."""
        return self._path.predict(self._checks.examples(x))

    @_alone
    def activations(self, x: Any) -> dict[str, Array]:
        """Every quantity of the forward pass, by name, [n][…]."""
        values = self._rules.forward(self._checks.examples(x))
        return {node.name: values[node.name] for node in self.network.nodes}

    @_alone
    def evaluate(self, x: Any, y: Any, weights: Any = None) -> tuple[float, int]:
        """The loss over all examples and how many classes are right (0 where there are none)."""
        given = self._checks.batch(x, y, weights)
        yhat, total, hits = self._path.predict(given.x), 0.0, 0
        shares = self._shares(given.y, given.weights)
        losses = self._rules.losses
        for part in _pieces(len(yhat), 4096):
            y_part = self._checks.one_hot(given.y[part])
            with np.errstate(invalid="ignore"):  # weight 0 times infinity
                total += float(np.dot(shares[part], losses(yhat[part], y_part).astype(np.float64)))
            hits += right(self.loss, yhat[part], y_part)
        if len(yhat) and not isfinite(total) and isinstance(self._path, NativePath):
            total = self._path.gradients(given.x, given.y, shares)[0]  # with the output's op in one: log 0 nowhere
        return total, hits

    @_alone
    def value_and_grad(self, x: Any, y: Any, weights: Any = None) -> tuple[float, dict[str, Array]]:
        """L of the examples and dL/dp of each parameter."""
        given = self._checks.batch(x, y, weights)
        self._some(len(given.x))
        value, _, gradients = self._path.gradients(given.x, given.y, self._shares(given.y, given.weights))
        return value, gradients

    @_alone
    def per_example_gradients(self, x: Any, y: Any) -> dict[str, Array]:
        """The gradient of each example's own loss, [n][…shape of the parameter]."""
        given = self._checks.batch(x, y, None)
        return self._path.each(given.x, given.y)

    @_alone
    def gradient_norms(self, x: Any, y: Any) -> Array:
        """The Euclidean norm of the whole gradient of each example's loss, [n]."""
        given = self._checks.batch(x, y, None)
        return self._path.norms(given.x, given.y)

    def step(self, x: Any, y: Any, rate: float | None = None, weights: Any = None) -> float:
        """One update from these examples (at most a batch); the loss before it."""
        if rate is None and weights is None:
            with self._lock:
                loss = self._quickly(x, y, self.steps)
                if loss is not None:
                    self.steps += 1
                    return loss
        order = np.arange(len(x))
        if len(order) > self.batch:
            message = f"x: expected at most the {self.batch} examples of a batch, found {len(order)}"
            raise InputError(message)
        losses, _ = self.train(x, y, order, None if rate is None else [rate], weights)
        return float(losses[0])

    @cached_property
    def _quickly(self) -> Callable[[Any, Any, int], float | None]:
        quick = self._path.quick()
        return _never if quick is None else quick

    @_alone
    def train(
        self, x: Any, y: Any, order: Any, rates: Any = None, weights: Any = None, moves: Any = None
    ) -> tuple[Array, Array]:
        """Update after each batch of ``order``; the loss before each step and how many classes were right.

        ``rates`` [steps]: learning rates in place of the update's; ``weights`` [N] of the examples; ``moves``
        [len(order)][3]: (down, right, flip) of the image that is met at that place.
        """
        if self.update is None:
            message = 'there is no update: name one, such as compile(…, update={"op": "sgd", "rate": 0.1})'
            raise InputError(message)
        given = self._checks.batch(x, y, weights)
        places = self._checks.order(order, len(given.x))
        self._some(len(places))
        steps = -(-len(places) // self.batch)
        speeds = self._checks.rates(rates, steps, float(self.update.rate.written.floats()))
        turns = self._checks.moves(moves, len(places))
        run = Run(given.x, given.y, places, speeds, given.weights, turns, self.steps)
        result = self._path.train(run)
        self.steps += steps
        return result

    def _some(self, count: int) -> None:
        if not count:
            message = "x: expected at least one example, found none"
            raise InputError(message)

    def _shares(self, y: Array, weights: Array | None) -> Array:
        if weights is not None and not weights.any():
            message = "weights: all examples have weight 0"
            raise InputError(message)
        return shares(self._checks.known_loss, self._checks.one_hot(y), weights)


def _path(setting: Setting) -> Path:
    """By kernels; by the reference rules what has none, which is said once."""
    without = ", ".join(by_rule(setting))
    if without and without not in _said:
        _said.add(without)
        logging.getLogger("handgrad").warning("%s: no kernel yet, so the reference rules compute it, slower", without)
    try:
        return NativePath(setting)
    except ModuleNotFoundError as error:
        message = f'the engine needs the package {error.name}: pip install "handgrad[train]"'
        raise InputError(message) from error


_said: set[str] = set()
"""Ops that were named as those without kernels."""


def _never(x: Any, y: Any, count: int) -> None:
    """There is no quick way."""
    del x, y, count


def _pieces(count: int, size: int) -> Iterator[slice]:
    return (slice(at, at + size) for at in range(0, count, size))


def _fill(own: dict[str, Array], values: dict[str, Any], what: str) -> None:
    """Copies values over arrays of the same names, after all of them have been checked."""
    checked = {}
    for name, value in values.items():
        if name not in own:
            message = f"unknown {what} {name!r}{nearest(name, list(own))}"
            raise InputError(message)
        array = np.asarray(value)
        if array.shape != own[name].shape:
            message = f"{what} {name}: expected shape {list(own[name].shape)}, found {list(array.shape)}"
            raise InputError(message)
        checked[name] = array
    for name, array in checked.items():
        own[name][...] = array


def _op(given: Any, known: dict[str, type[Op]], what: str, kind: type[Kind]) -> Kind:
    """A loss or an update from its name, its table or the op itself."""
    if isinstance(given, kind):
        return given
    table = {"op": given} if isinstance(given, str) else given
    name = table.get("op") if isinstance(table, dict) else given
    if not isinstance(name, str) or name not in known:
        message = (
            f"expected a{'n' if what[0] in 'aeiou' else ''} {what}, found {in_words(name)}{nearest(name, list(known))}"
        )
        raise InputError(message)
    mistakes: list[Mistake] = []
    values = {key: str(value) if isinstance(value, float) else value for key, value in table.items()}
    op = settings(known[name], values, ("op",), (what,), f"{what} ({name})", mistakes)
    if not isinstance(op, kind):
        raise InputError(mistakes)
    return op


def _check(network: Network, batch: Any, dtype: str, clip: Any) -> None:
    if len(network.inputs) != 1:
        message = f"the engine reads one input, the network has {len(network.inputs)}: {', '.join(network.inputs)}"
        raise InputError(message)
    if dtype not in DTYPES:
        message = f"dtype: expected float32 or float64, found {dtype}"
        raise InputError(message)
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        message = f"batch: expected a positive integer, found {in_words(batch)}"
        raise InputError(message)
    if clip is not None and not (isinstance(clip, (int, float)) and clip > 0):
        message = f"clip: expected a positive number, found {in_words(clip)}"
        raise InputError(message)


def _threads(threads: int | None) -> int:
    given: Any = (
        threads if threads is not None else os.environ.get("HANDGRAD_THREADS", os.environ.get("OMP_NUM_THREADS"))
    )
    if given is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        count = int(given)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        name = "threads" if threads is not None else "HANDGRAD_THREADS"
        message = f"{name}: expected a positive integer, found {in_words(given)}"
        raise InputError(message)
    return count
