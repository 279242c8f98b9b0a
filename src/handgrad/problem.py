"""Problem: a network, its data and target, the loss, an update, questions and the way to compute.

``Problem.from_dict`` takes the same tree as a problem file and lists every mistake in it at once.
"""

from __future__ import annotations

from functools import partial
from math import prod
from pathlib import Path as FilePath
from typing import Any

from flint import fmpq

from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.written import Written, WrittenArray
from handgrad.errors import InputError, Mistake, Path
from handgrad.network import Builder, Network, in_words, nearest, read_array, settings
from handgrad.notation.symbols import convention
from handgrad.ops import LOSSES, UPDATES
from handgrad.ops.losses import Loss
from handgrad.ops.op import Op, Shape
from handgrad.ops.textbook import described

KEYS = {
    "": ("title", "notation", "arithmetic", "digits", "network", "loss", "data", "update", "questions"),
    "network": ("input", "layers"),
    "data": ("x", "y", "label", "batch"),
    "questions": ("ask",),
}
"""The keys of each table that no op adds to."""

DIGITS = range(1, 101)


class Problem:
    """What is to be worked out; its parts are those of a problem file."""

    title: str
    notation: str | dict[str, str]
    arithmetic: str
    digits: int
    network: Network
    loss: Loss | None
    update: Op | None
    freeze: tuple[str, ...]
    x: WrittenArray
    y: WrittenArray | None
    batch: bool
    questions: tuple[str, ...]

    @classmethod
    def from_dict(cls, tree: dict[str, Any], folder: str | FilePath | None = None) -> Problem:
        """A problem from the tree of a problem file; weight files are looked for in ``folder``.

        Raises InputError with every mistake found: key path, layer, axis, what was found and expected.
        """
        return _Reader(FilePath(folder) if folder is not None else FilePath()).problem(tree)

    @property
    def examples(self) -> int:
        """How many examples there are (1 unless it is a batch)."""
        return self.x.shape[0] if self.batch else 1

    @property
    def speaks_decimals(self) -> bool:
        """Whether some number is written as a decimal, so that results are too (0.15, not 3/20)."""
        return any(array.speaks_decimals for array in self.given.values())

    @property
    def given(self) -> dict[str, WrittenArray]:
        """What is written down, by name: input, target and parameters."""
        target = {"y": self.y} if self.y else {}
        return {"x": self.x, **target, **self.network.parameters}

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that stand in place of numbers, each once."""
        return tuple(dict.fromkeys(name for array in self.given.values() for name in array.symbols))

    def substitute(self, values: dict[str, Any]) -> Problem:
        """The problem with numbers in place of symbols: ``{"w": "1/2", "x": 3}``.

        Without symbols it is computed exactly. InputError for an unknown symbol or what is no number.
        """
        from handgrad.substitution import substituted

        return substituted(self, values)


class _Reader:
    """Checks a tree part by part and gathers the mistakes."""

    def __init__(self, folder: FilePath) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []

    def problem(self, tree: Any) -> Problem:
        tree = self._table(tree, (), "a problem as a table")
        if self.mistakes:
            raise InputError(self.mistakes)
        self._unknown(tree, "", ())
        problem = Problem()
        self._head(problem, tree)
        builder = self._network(tree.get("network"))
        problem.loss = self._loss(tree)
        sound = not builder.mistakes and bool(builder.nodes)
        if sound:
            problem.network = Network.of(builder)
        self._data(problem, tree, builder, sound=sound)
        self._update(problem, tree.get("update"), builder)
        problem.questions = self._questions(tree.get("questions", []))
        if sound and not self.mistakes:
            self._ask(problem)
            if "arithmetic" not in tree and problem.symbols:
                problem.arithmetic = "symbolic"
        if self.mistakes:
            raise InputError(self.mistakes)
        return problem

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

    def _report(self, path: Path, key: str, text: str) -> None:
        del key
        self._mistake(path, text)

    def _unknown(self, table: dict[str, Any], name: str, path: Path) -> None:
        for key in table:
            if key not in KEYS[name]:
                self._mistake((*path, key), f'unknown key "{key}"{nearest(key, list(KEYS[name]))}')

    def _head(self, problem: Problem, tree: dict[str, Any]) -> None:
        problem.title = str(self._typed(tree, "title", str, "a text", ""))
        problem.arithmetic = str(self._typed(tree, "arithmetic", str, "the name of an arithmetic", "exact"))
        problem.digits = int(self._typed(tree, "digits", int, "an integer", 4))
        problem.notation = tree.get("notation", "a,h")
        if problem.digits not in DIGITS:
            self._mistake(("digits",), f"expected 1 to {DIGITS[-1]}, found {problem.digits}")
        for key, check in (("arithmetic", arithmetic), ("notation", convention)):
            try:
                check(getattr(problem, key))
            except ValueError as error:
                self._mistake((key,), str(error))

    def _typed(self, tree: dict[str, Any], key: str, kind: type, words: str, default: Any) -> Any:
        value = tree.get(key, default)
        if type(value) is kind:
            return value
        self._mistake((key,), f"expected {words}, found {in_words(value)}")
        return default

    def _table(self, tree: Any, path: Path, words: str) -> dict[str, Any]:
        if isinstance(tree, dict):
            return tree
        self._mistake(path, f"expected {words}, found {in_words(tree)}")
        return {}

    def _network(self, tree: Any) -> Builder:
        builder = Builder(self.folder)
        table = self._table(tree, ("network",), "a table [network] with input and layers")
        if isinstance(tree, dict):
            self._unknown(table, "network", ("network",))
            builder.build(table.get("layers"), table.get("input"))
            self.mistakes += builder.mistakes
        return builder

    def _loss(self, tree: dict[str, Any]) -> Loss | None:
        if "loss" not in tree:
            return None
        table = self._table(tree["loss"], ("loss",), "a table [loss] with op")
        if not isinstance(tree["loss"], dict):
            return None
        loss = self._op(table, ("loss",), LOSSES, "a loss", ())
        return loss if isinstance(loss, Loss) else None

    def _op(
        self, table: dict[str, Any], path: Path, known: dict[str, type[Op]], words: str, others: tuple[str, ...]
    ) -> Op | None:
        name = table.get("op")
        if not isinstance(name, str) or name not in known:
            self._mistake((*path, "op"), f"expected {words}, found {in_words(name)}{nearest(name, list(known))}")
            return None
        return settings(known[name], table, ("op", *others), path, f"{path[0]} ({name})", self.mistakes)

    def _data(self, problem: Problem, tree: dict[str, Any], builder: Builder, *, sound: bool) -> None:
        table = self._table(tree.get("data"), ("data",), "a table [data] with x and y")
        if not table:
            return
        self._unknown(table, "data", ("data",))
        problem.batch = bool(self._typed(table, "batch", bool, "true or false", default=False))
        if "x" not in table:
            self._mistake(("data", "x"), "x, the input, is missing")
            return
        expected = None if problem.batch else builder.input or None
        x = read_array(table["x"], ("data", "x"), self.folder, expected, self.mistakes)
        if x is not None and sound:
            self._input(problem, x)
            if problem.loss is not None or "loss" not in tree:
                self._target(problem, table)

    def _input(self, problem: Problem, x: WrittenArray) -> None:
        want, have = problem.network.input, x.shape
        if (problem.batch and have[1:] == want) or (not problem.batch and have == want):
            problem.x = x
        elif not problem.batch and have == () and want == (1,):
            problem.x = x.reshape((1,))
        else:
            hint = "; for a list of examples write batch = true" if have[1:] == want and not problem.batch else ""
            each = "a list of examples, each " if problem.batch else ""
            self._mistake(
                ("data", "x"), f"expected {each}{described(want)} (network.input), found {described(have)}{hint}"
            )

    def _target(self, problem: Problem, table: dict[str, Any]) -> None:
        problem.y = None
        if problem.loss is None:
            for key in ("y", "label"):
                if key in table:
                    self._mistake(("data", key), "there is a target but no [loss]; add one, or leave the target out")
            return
        if ("y" in table) == ("label" in table):
            found = "both" if "y" in table else "neither"
            self._mistake(("data",), f"expected a target, either y or label, found {found}")
        elif not hasattr(problem, "x"):
            return
        elif "label" in table:
            problem.y = self._labels(problem, table["label"])
        else:
            problem.y = self._given_target(problem, table["y"])

    def _given_target(self, problem: Problem, value: Any) -> WrittenArray | None:
        y = read_array(value, ("data", "y"), self.folder, None, self.mistakes)
        if y is None:
            return None
        examples = (problem.examples,) if problem.batch else ()
        want = (*examples, *problem.network.output)
        if y.shape != want and not (prod(y.shape) == prod(want) and _same_but_ones(y.shape, want)):
            self._mistake(
                ("data", "y"), f"expected {described(want)}, as the network gives, found {described(y.shape)}"
            )
            return None
        y = y.reshape(want)
        self._check_target(problem, y)
        return y

    def _check_target(self, problem: Problem, y: WrittenArray) -> None:
        if y.symbols:
            return
        entries, size = y.exact(), prod(problem.network.output)
        for n in range(problem.examples):
            path: Path = ("data", "y", n) if problem.batch else ("data", "y")
            if problem.loss is not None:
                report = partial(self._report, path)
                problem.loss.check_target(report, entries[n * size :][:size])

    def _labels(self, problem: Problem, value: Any) -> WrittenArray | None:
        labels = value if problem.batch and isinstance(value, list) else [value]
        classes = problem.network.output[-1] if len(problem.network.output) == 1 else 0
        if problem.loss is not None and not problem.loss.labels:
            self._mistake(("data", "label"), f"{problem.loss.name} takes its target as y, not as a label")
        elif not classes:
            self._mistake(("data", "label"), "a label needs a network that ends in a vector of classes")
        elif len(labels) != problem.examples:
            self._mistake(
                ("data", "label"), f"expected {problem.examples} labels, one for each example, found {len(labels)}"
            )
        elif not all(type(label) is int and 1 <= label <= classes for label in labels):
            wrong = next(label for label in labels if not (type(label) is int and 1 <= label <= classes))
            self._mistake(("data", "label"), f"expected a class from 1 to {classes}, found {in_words(wrong)}")
        else:
            return _one_hot(labels, classes, batch=problem.batch)
        return None

    def _update(self, problem: Problem, tree: Any, builder: Builder) -> None:
        problem.update, problem.freeze = None, ()
        if tree is None:
            return
        table = self._table(tree, ("update",), "a table [update] with op and rate")
        problem.update = self._op(table, ("update",), UPDATES, "an update", ("freeze",))
        if problem.loss is None and problem.update is not None:
            self._mistake(("update",), "an update needs a gradient, so a [loss]")
        freeze = table.get("freeze", [])
        if not isinstance(freeze, list) or not all(isinstance(name, str) for name in freeze):
            self._mistake(("update", "freeze"), f"expected a list of parameters, found {in_words(freeze)}")
            return
        for i, name in enumerate(freeze):
            if builder.parameters and name not in builder.parameters:
                hint = nearest(name, list(builder.parameters))
                self._mistake(("update", "freeze", i), f'unknown parameter "{name}"{hint}')
        problem.freeze = tuple(freeze)

    def _questions(self, tree: Any) -> tuple[str, ...]:
        if not isinstance(tree, list):
            self._mistake(("questions",), "expected a list of tables [[questions]], each with ask")
            return ()
        asked = []
        for i, item in enumerate(tree):
            table = self._table(item, ("questions", i), "a table with ask")
            self._unknown(table, "questions", ("questions", i))
            if isinstance(item, dict) and isinstance(item.get("ask"), str):
                asked.append(item["ask"])
            elif isinstance(item, dict):
                self._mistake(
                    ("questions", i, "ask"), f"expected a question as text, found {in_words(item.get('ask'))}"
                )
        return tuple(asked)

    def _ask(self, problem: Problem) -> None:
        from handgrad.plan import plan
        from handgrad.query import parse

        known = plan(problem)
        for i, question in enumerate(problem.questions):
            try:
                parse(question, known)
            except InputError as error:
                self._mistake(("questions", i, "ask"), str(error))


def _same_but_ones(a: Shape, b: Shape) -> bool:
    return tuple(n for n in a if n != 1) == tuple(n for n in b if n != 1)


def _one_hot(labels: list[int], classes: int, *, batch: bool) -> WrittenArray:
    entries: list[Written] = [fmpq(int(k == label)) for label in labels for k in range(1, classes + 1)]
    return WrittenArray(entries, (len(labels), classes) if batch else (classes,))
