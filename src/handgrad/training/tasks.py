"""The task of a run: from a configuration, or from a network and arrays."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import numpy as np

from handgrad.engine import compile_network
from handgrad.errors import InputError, Mistake
from handgrad.network import Network
from handgrad.problem import Problem
from handgrad.problem_file import dumps
from handgrad.scheme import Scheme
from handgrad.tables import in_words, nearest, settings
from handgrad.training.checkpoints import Source
from handgrad.training.config import Config
from handgrad.training.examples import Part
from handgrad.training.labels import Classes, example_weights
from handgrad.training.preparing import prepare, split
from handgrad.training.schedules import SCHEDULES, Constant, Schedule
from handgrad.training.settings import Augment, Train
from handgrad.training.task import Task

Table = TypeVar("Table", Augment, Train, Schedule)


def of_config(config: Config, train: dict[str, Any]) -> Task:
    """The task of a configuration, with ``train`` in place of some keys of its table [train]. Reads the data.

    Raises InputError for a wrong key, and for data that cannot be read, naming file and row.
    """
    if train:
        _checked(Train, {**msgspec.structs.asdict(config.train), **train}, "train")
        config = config.changed(**train)  # a seed draws other parameters, a dtype reads other data
    found = prepare(config)
    return Task(
        problem=config.problem, part=found.train, held=found.held_out, test=found.test, weights=found.weights,
        classes=found.classes, schedule=config.schedule, augment=config.augment, train=config.train,
        source=Source(str(config.folder.resolve()), config.file, dumps(config.tree)),
    )  # fmt: skip


def of_arrays(  # noqa: PLR0913  what fit was given
    network: Network | Problem, x: Any, y: Any, *, loss: Any, update: Any, held_out: Any, schedule: Any,
    augment: Any, train: dict[str, Any],
) -> Task:  # fmt: skip
    """The task of a network and arrays. Raises InputError for what does not fit."""
    own = _checked(Train, train, "train")
    if isinstance(network, Problem) and x is None and y is None and network.inputs and network.y is not None:
        x = network.x.floats().reshape(network.examples, *network.network.input)
        y = network.y.floats().reshape(network.examples, *network.target_shape)
    problem = _problem(network, loss, update)
    if x is None or y is None:
        message = f"{'x' if x is None else 'y'} is missing: the examples to train on"
        raise InputError(message)
    part = whole = _part(problem, x, y, own, ("x", "y"))
    held: Part | None
    if isinstance(held_out, (tuple, list)) and len(held_out) == 2:
        held = _part(problem, held_out[0], held_out[1], own, ("held_out x", "held_out y"))
    else:
        part, held = _split(problem, whole, held_out, own.seed)
    _check_classes(problem, [one for one in (part, held) if one is not None])
    return Task(
        problem=problem, part=part, held=held, test=None, weights=_weights(problem, part, own), classes=(),
        schedule=_schedule(schedule), augment=_checked(Augment, augment or {}, "augment"), train=own, source=None,
    )  # fmt: skip


def _checked(kind: type[Table], table: Any, context: str) -> Table:
    """A table of settings, each of them in range."""
    mistakes: list[Mistake] = []
    if not isinstance(table, dict):
        message = f"{context}: expected a table, found {in_words(table)}"
        raise InputError(message)
    found = settings(kind, table, ("op",), (), context, mistakes)
    if found is not None:
        mistakes += [Mistake((key,), f"{context}: {text}") for key, text in found.wrong()]
    if found is None or mistakes:
        raise InputError(mistakes)
    return found


def _schedule(given: Any) -> Schedule:
    table = {"op": given} if isinstance(given, str) else given
    if table is None:
        return Constant()
    name = table.get("op") if isinstance(table, dict) else table
    if not isinstance(name, str) or name not in SCHEDULES:
        message = f"schedule: expected the name of a schedule or a table, found {in_words(name)}"
        raise InputError(message + nearest(name, list(SCHEDULES)))
    return _checked(SCHEDULES[name], table, f"schedule ({name})")


def _problem(network: Network | Problem, loss: Any, update: Any) -> Problem:
    """Network, loss and update as a problem without data."""
    read = compile_network(network, loss, batch=1, update=update)  # loss and update as the engine reads them
    if read.loss is None or read.update is None:
        what = ("loss", '"softmax_cross_entropy"') if read.loss is None else ("update", '{"op": "adam", "rate": 0.001}')
        message = f"{what[0]} is missing, such as {what[1]}"
        raise InputError(message)
    problem = Problem()
    problem.title, problem.notation, problem.digits = "", "a,h", 4
    problem.penalties, problem.freeze, problem.origins = (), (), {}
    if isinstance(network, Problem):
        problem.__dict__.update({key: value for key, value in network.__dict__.items() if key != "divisor"})
    problem.network, problem.loss, problem.update = read.network, read.loss, read.update
    problem.arithmetic, problem.steps, problem.batch = "float64", 1, True
    problem.inputs, problem.y, problem.upstream, problem.questions = {}, None, None, ()
    problem.scheme = Scheme()
    return problem


def _part(problem: Problem, x: Any, y: Any, train: Train, names: tuple[str, str]) -> Part:
    """Arrays as the engine takes them; their shapes are the engine's to check."""
    inputs = np.ascontiguousarray(_real(x, names[0]), dtype=train.dtype)
    targets, loss = _real(y, names[1]), problem.loss
    labels = loss is not None and loss.labels and targets.ndim == 1 and targets.dtype.kind in "iu"
    targets = np.ascontiguousarray(targets, dtype=np.int64 if labels else train.dtype)
    if not inputs.ndim or not len(inputs) or inputs.shape[1:] != problem.network.input:
        want = "".join(f", {size}" for size in problem.network.input)
        message = f"{names[0]}: expected [n{want}] as the network reads, found shape {list(inputs.shape)}"
        raise InputError(message)
    if not targets.ndim or len(targets) != len(inputs):
        message = f"{names[1]}: expected {len(inputs)} targets, found shape {list(targets.shape)}"
        raise InputError(message)
    return Part(x=inputs, y=targets, numbers=np.arange(len(inputs)))


def _real(value: Any, name: str) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        message = f"{name}: expected numbers in rows of one length, found {array.dtype}"
        raise InputError(message)
    wrong: list[Any] = np.argwhere(~np.isfinite(array)).tolist()
    if len(wrong):
        place, found = ", ".join(str(i + 1) for i in wrong[0]), array[tuple(wrong[0])]
        message = f"{name}[{place}]: expected a finite number, found {found}"
        raise InputError(message)
    return array


def _split(problem: Problem, whole: Part, share: Any, seed: int) -> tuple[Part, Part | None]:
    """Training and held-out part; of classes each gives its share."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
        message = f"held_out: expected a share from 0 to below 1, or a pair (x, y), found {in_words(share)}"
        raise InputError(message)
    codes = whole.y if _classed(problem, whole) else None
    parts = [
        Part(x=whole.x[rows], y=whole.y[rows], numbers=whole.numbers[rows])
        for rows in split(len(whole), share, seed, codes)
    ]
    return parts[0], parts[1] if len(parts[1]) else None


def _classed(problem: Problem, part: Part) -> bool:
    return problem.loss is not None and problem.loss.labels and part.y.ndim == 1 and part.y.dtype.kind == "i"


def _check_classes(problem: Problem, parts: list[Part]) -> None:
    """Refuses a class that the network has no output for, naming the example."""
    for part in parts:
        if _classed(problem, part):
            count = problem.network.output[0]
            wrong = np.flatnonzero((part.y < 0) | (part.y >= count))
            if len(wrong):
                i = int(wrong[0])
                message = f"y[{part.numbers[i] + 1}]: expected a class from 0 to {count - 1}, found {part.y[i]}"
                raise InputError(message)


def _weights(problem: Problem, part: Part, train: Train) -> Any:
    """How much each example counts, from the weights of the classes."""
    if train.class_weights is None:
        return None
    if not _classed(problem, part):
        message = "class_weights: the targets are no classes"
        raise InputError(message)
    labels = np.arange(problem.network.output[0])
    classes = Classes(labels=labels, names=tuple(map(str, labels.tolist())))
    return example_weights(part.y, train.class_weights, classes, "")
