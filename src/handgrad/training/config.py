"""Reads the configuration of a training: a problem file without data, and how to train it.

    title, notation, digits, [network], [loss], [[penalties]], [update]    as in a problem file
    [data]          source, held_out, standardise, …    see settings.Data
    [augment]       shift, flip
    [initialise]    scheme, distribution, gain; of one parameter [initialise.W2]
    [schedule]      op = "constant", "step", "cosine" or "one_cycle", and warm_up
    [train]         epochs, batch, dtype, seed, clip, …    see settings.Train

A layer may leave its weights, kernel and bias out, which are then drawn; it says its units, or channels and size.
"""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from typing import Any, TypeVar

from msgspec import Struct

from handgrad.arithmetic.numerals import Literal
from handgrad.arithmetic.written import from_floats
from handgrad.errors import InputError, Mistake, Path
from handgrad.network import Network
from handgrad.ops.losses import Loss
from handgrad.ops.updates import Update
from handgrad.problem import Problem
from handgrad.tables import in_words, nearest, settings
from handgrad.training.initialisation import WEIGHTS, draw
from handgrad.training.network import Places, explained, filled, names
from handgrad.training.schedules import SCHEDULES, Schedule
from handgrad.training.schedules import Constant as Steady
from handgrad.training.settings import Augment, Data, Initialise, Train, Wrong
from handgrad.training.sources import check_kind

OF_PROBLEM = ("title", "notation", "digits", "network", "loss", "penalties", "update")
"""The tables and keys that a problem file has too."""
OWN = ("data", "augment", "initialise", "schedule", "train")
_NEEDED = {"loss": "a table [loss] with op", "update": "a table [update] with op and rate"}

Table = TypeVar("Table", Data, Augment, Initialise, Train, Schedule)


class Config(Struct, frozen=True, kw_only=True):
    """What to train, on what, and how. All of it is checked; the data are not read yet."""

    problem: Problem
    """Network (drawn parameters in place), loss, penalties, update and what is frozen; without data."""
    data: Data
    augment: Augment
    schedule: Schedule
    train: Train
    drawn: tuple[str, ...]
    """The parameters that the file leaves out."""
    initialise: Initialise
    own_initialise: dict[str, Initialise]
    """Parameters with a scheme of their own."""
    folder: FilePath
    """What file names in it are relative to."""
    file: str
    """Its name for messages."""
    tree: dict[str, Any]
    """The configuration as it was read."""

    @classmethod
    def from_dict(cls, tree: dict[str, Any], folder: str | FilePath | None = None, file: str = "") -> Config:
        """The configuration of a tree as a file has it. Raises InputError with every mistake found."""
        return _Reader(FilePath(folder) if folder is not None else FilePath(), file).config(tree)

    def changed(self, **train: Any) -> Config:
        """The same with other values of keys of [train] (None: without the key), the parameters drawn anew.

        Raises InputError.
        """
        table = {key: value for key, value in {**self.tree["train"], **train}.items() if value is not None}
        return Config.from_dict({**self.tree, "train": table}, self.folder, self.file)

    @property
    def network(self) -> Network:
        """The network with its first parameters."""
        return self.problem.network

    @property
    def loss(self) -> Loss:
        """The loss."""
        assert self.problem.loss is not None  # noqa: S101  it was checked on reading
        return self.problem.loss

    @property
    def update(self) -> Update:
        """The update."""
        assert self.problem.update is not None  # noqa: S101  it was checked on reading
        return self.problem.update

    @property
    def rate(self) -> float:
        """η, the update's own rate."""
        return float(self.update.rate.written.floats())


def read(file: str | os.PathLike[str]) -> Config:
    """The configuration of a TOML or JSON file. Raises InputError with file, line and key path of each mistake."""
    from handgrad.problem_file import located
    from handgrad.problem_file import read as tree_of

    found = tree_of(file)
    try:
        return Config.from_dict(found.tree, found.folder, found.file)
    except InputError as error:
        raise located(error, found) from None


class _Reader:
    """Checks a tree part by part and gathers the mistakes."""

    def __init__(self, folder: FilePath, file: str) -> None:
        self.folder, self.file = folder, file
        self.mistakes: list[Mistake] = []

    def config(self, tree: Any) -> Config:
        if not isinstance(tree, dict):
            raise InputError([Mistake((), f"expected a configuration as a table, found {in_words(tree)}")])
        self._unknown(tree)
        problem, places = self._problem(tree)
        data = self._table(tree, "data", Data)
        train = self._table(tree, "train", Train)
        augment = self._table(tree, "augment", Augment)
        schedule = self._schedule(tree.get("schedule"))
        drawn = names(problem.network, places) if problem else ()
        scheme, own = self._initialise(tree.get("initialise", {}), problem, drawn)
        self._together(problem, data, train, augment)
        if self.mistakes or not (problem and data and train and augment and schedule and scheme):
            raise InputError(self.mistakes, self.file)
        values = draw(problem.network, drawn, train.seed, scheme, own)
        problem.network.parameters.update({name: from_floats(value) for name, value in values.items()})
        return Config(
            problem=problem, data=data, augment=augment, schedule=schedule, train=train, drawn=drawn,
            initialise=scheme, own_initialise=own, folder=self.folder, file=self.file, tree=tree,
        )  # fmt: skip

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

    def _unknown(self, tree: dict[str, Any]) -> None:
        known = [*OF_PROBLEM, *OWN]
        for key in tree:
            if key not in known:
                self._mistake((key,), f'unknown key "{key}"{nearest(key, known)}')

    def _problem(self, tree: dict[str, Any]) -> tuple[Problem | None, Places]:
        """Network, loss and update, read as a problem without data."""
        network, places = filled(tree.get("network"))
        own = {key: tree[key] for key in OF_PROBLEM if key in tree and (key != "update" or "loss" in tree)}
        for key, words in _NEEDED.items():
            if key not in tree:
                self._mistake((key,), f"expected {words}, found nothing")
        if isinstance(tree.get("update"), dict) and "steps" in tree["update"]:
            self._mistake(("update", "steps"), "a training takes its epochs from [train], not a number of steps")
        try:
            problem = Problem.from_dict({**own, "network": network, "data": {}}, self.folder)
        except InputError as error:
            self.mistakes += [explained(mistake, tree.get("network"), places) for mistake in error.mistakes]
            return None, places
        self._trainable(problem)
        return problem, places

    def _trainable(self, problem: Problem) -> None:
        network = problem.network
        for name, array in network.parameters.items():
            if array.symbols:
                self._mistake(("network",), f"{name}: expected numbers, found the symbol {array.symbols[0]}")
        if len(network.inputs) > 1:
            self._mistake(("network", "input"), f"expected one input, found {len(network.inputs)}")
        if problem.loss is None or self.mistakes:
            return
        name = problem.loss.name
        if problem.loss.reduction == "none":
            self._mistake(("loss", "reduction"), f'loss ({name}): expected "mean" or "sum", found "none"')
        problem.loss.shape(
            lambda key, text: self._mistake(("loss", key), f"loss ({name}): {text}"),
            yhat=network.output, y=problem.target_shape,
        )  # fmt: skip

    def _table(self, tree: dict[str, Any], key: str, kind: type[Table]) -> Table | None:
        if key not in tree and kind is Augment:
            return kind()
        if not isinstance(tree.get(key), dict):
            first = {"data": "source", "train": "epochs"}.get(key, "shift or flip")
            self._mistake((key,), f"expected a table [{key}] with {first}, found {in_words(tree.get(key))}")
            return None
        return self._settings(kind, tree[key], (), (key,), key)

    def _settings(
        self, kind: type[Table], table: dict[str, Any], others: tuple[str, ...], path: Path, context: str
    ) -> Table | None:
        found = settings(kind, plain(table), others, path, context, self.mistakes)
        if found is None:
            return None
        wrong: Wrong = found.wrong()
        mistakes = [Mistake((*path, key), f"{context}: {text}") for key, text in wrong]
        self.mistakes += mistakes
        return None if mistakes else found

    def _schedule(self, table: Any) -> Schedule | None:
        if table is None:
            return Steady()
        if not isinstance(table, dict):
            self._mistake(("schedule",), f"expected a table [schedule] with op, found {in_words(table)}")
            return None
        name = table.get("op")
        if not isinstance(name, str) or name not in SCHEDULES:
            hint = nearest(name, list(SCHEDULES))
            self._mistake(("schedule", "op"), f"expected a schedule, found {in_words(name)}{hint}")
            return None
        return self._settings(SCHEDULES[name], table, ("op",), ("schedule",), f"schedule ({name})")

    def _initialise(
        self, table: Any, problem: Problem | None, drawn: tuple[str, ...]
    ) -> tuple[Initialise | None, dict[str, Initialise]]:
        if not isinstance(table, dict):
            self._mistake(("initialise",), f"expected a table [initialise] with scheme, found {in_words(table)}")
            return None, {}
        tables = {key: value for key, value in table.items() if isinstance(value, dict)}
        others = {key: value for key, value in table.items() if key not in tables}
        scheme = self._settings(Initialise, others, (), ("initialise",), "initialise")
        own = {}
        for name, value in tables.items():
            path: Path = ("initialise", name)
            found = self._settings(Initialise, value, (), path, f"initialise ({name})")
            if problem and name not in drawn:
                self._mistake(path, f'"{name}" is no parameter that is left out{nearest(name, list(drawn))}')
            elif found and problem and found.scheme != "constant" and not _is_weight(problem.network, name):
                self._mistake(path, f'{name} is no weight; expected the scheme "constant", found "{found.scheme}"')
            elif found:
                own[name] = found
        return scheme, own

    def _together(
        self, problem: Problem | None, data: Data | None, train: Train | None, augment: Augment | None
    ) -> None:
        """What tables say of one another."""
        if data:
            check_kind(data, self.folder, self.mistakes)
        if data and train and train.patience is not None and not data.held_out:
            self._mistake(("train", "patience"), "early stopping needs a part to watch: a share held_out in [data]")
        image = problem is None or len(problem.network.input) in (2, 3)
        if augment and augment.moves and problem and not image:
            found = list(problem.network.input)
            self._mistake(
                ("augment",), f"shifts and flips are for inputs [H][W] or [C][H][W], the network reads {found}"
            )
        if data and data.standardise == "channel" and problem and len(problem.network.input) < 2:
            found = list(problem.network.input)
            self._mistake(("data", "standardise"), f'an input {found} has no channels; expected "feature" or "none"')


def _is_weight(network: Network, name: str) -> bool:
    return any(node.parameters.get(letter) == name for node in network.nodes for letter in WEIGHTS)


def plain(value: Any) -> Any:
    """Decimals of the file as floats: nothing here is computed exactly."""
    if isinstance(value, Literal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value
