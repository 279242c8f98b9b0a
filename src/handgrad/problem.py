"""Problem: a network, its data and target, the loss, an update, questions and the way to compute.

``Problem.from_dict`` takes the same tree as a problem file and lists every mistake in it at once.
"""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import Any

from flint import fmpq

from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.numerals import Literal
from handgrad.arithmetic.written import WrittenArray
from handgrad.errors import InputError, Mistake, Path
from handgrad.network import Builder, Network
from handgrad.notation.symbols import mistakes as notation_mistakes
from handgrad.ops import LOSSES, UPDATES
from handgrad.ops.losses import Loss, Reduction
from handgrad.ops.op import PENALTIES, Constant, Op, Shape
from handgrad.ops.updates import Update
from handgrad.plan import UPSTREAM
from handgrad.problem_data import DataReader, unknown_keys
from handgrad.scheme import Marking, Scheme, Worth
from handgrad.tables import in_words, nearest, settings

KEYS = {
    "": (
        "title",
        "notation",
        "arithmetic",
        "digits",
        "network",
        "loss",
        "penalties",
        "data",
        "update",
        "questions",
        "marking",
    ),
    "network": ("input", "parameters", "layers"),
    "questions": ("ask", "marks", "method", "follow_through"),
}
"""The keys of each table that no op adds to."""

DIGITS = range(1, 101)

MAX_STEPS = 10_000


class Problem:
    """What is to be worked out; its parts are those of a problem file."""

    title: str
    notation: str | dict[str, Any]
    """Symbols and layout; places of questions count as it says, labels and axes of the file always from 1."""
    arithmetic: str
    digits: int
    network: Network
    loss: Loss | None
    penalties: tuple[tuple[Op, tuple[str, ...]], ...]
    """Penalties, each with the parameters that it is for."""
    update: Update | None
    steps: int
    """How many updates follow one another."""
    freeze: tuple[str, ...]
    inputs: dict[str, WrittenArray]
    y: WrittenArray | None
    upstream: WrittenArray | None
    """dL/dyhat, where it stands in place of a loss."""
    batch: bool
    questions: tuple[str, ...]
    scheme: Scheme
    origins: dict[str, str]
    """Of an imported model: the name there of each parameter."""

    @classmethod
    def from_dict(cls, tree: dict[str, Any], folder: str | FilePath | None = None) -> Problem:
        """A problem from the tree of a problem file; weight files are looked for in ``folder``.

        Raises InputError with every mistake found: key path, layer, axis, what was found and expected.
        """
        return _Reader(FilePath(folder) if folder is not None else FilePath()).problem(tree)

    def __repr__(self) -> str:
        return f"Problem({self.title or 'untitled'!r}, {self.network!r})"

    @property
    def x(self) -> WrittenArray:
        """The (first) input."""
        return next(iter(self.inputs.values()))

    @property
    def examples(self) -> int:
        """How many examples there are (1 unless it is a batch)."""
        return self.x.shape[0] if self.batch else 1

    @property
    def target_shape(self) -> Shape:
        """The shape of an example's target."""
        output = self.network.output
        return output if self.loss is None else self.loss.target_shape(output)

    @cached_property
    def divisor(self) -> fmpq:
        """What L divides the sum of the losses by."""
        if self.loss is None or self.loss.reduction != "mean" or self.y is None:
            return fmpq(1)
        return self.loss.divisor(self.y.written(), self.examples, self.target_shape)

    @property
    def reduces(self) -> bool:
        """Whether L is made of losses of examples; else it is the loss of the only one."""
        return self.batch or self.divisor != 1

    @property
    def reduction(self) -> Reduction:
        """How L comes from the losses of a batch."""
        how = "none" if self.loss is None else self.loss.reduction
        plain = self.divisor == self.examples
        return Reduction(how=how, divisor=None if plain else Constant(str(self.divisor)))

    @property
    def share(self) -> fmpq:
        """How much an example counts in L: 1, or 1/n in the mean of n."""
        return 1 / self.divisor

    @property
    def penalty_terms(self) -> tuple[tuple[str, Op, str], ...]:
        """The terms that penalties add to L: name, op and parameter of each."""
        pairs = [(op, name) for op, names in self.penalties for name in names]
        return tuple((f"R{i + 1}", op, name) for i, (op, name) in enumerate(pairs))

    @property
    def speaks_decimals(self) -> bool:
        """Whether some number is written as a decimal, so that results are too (0.15, not 3/20)."""
        return any(array.speaks_decimals for array in self.given.values())

    @property
    def given(self) -> dict[str, WrittenArray]:
        """What is written down, by name: inputs, target, gradient from above and parameters."""
        optional = {"y": self.y, UPSTREAM: self.upstream}
        others = {name: array for name, array in optional.items() if array is not None}
        return {**self.inputs, **others, **self.network.parameters}

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

    def _repr_html_(self) -> str:
        from handgrad.render.summary import problem

        return problem(self)


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
        problem.origins = {}
        self._head(problem, tree)
        builder = self._network(tree.get("network"))
        problem.loss = self._loss(tree)
        sound = not builder.mistakes and bool(builder.nodes)
        if sound:
            problem.network = Network.of(builder)
        self._data(problem, tree, builder, sound=sound)
        self._penalties(problem, tree.get("penalties", []), builder)
        self._update(problem, tree.get("update"), builder)
        problem.questions, worths = self._questions(tree.get("questions", []))
        problem.scheme = Scheme(self._marking(tree.get("marking", {})), worths)
        if sound and not self.mistakes:
            self._ask(problem)
            if "arithmetic" not in tree and problem.symbols:
                problem.arithmetic = "symbolic"
        if self.mistakes:
            raise InputError(self.mistakes)
        return problem

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

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
        try:
            arithmetic(problem.arithmetic)
        except ValueError as error:
            self._mistake(("arithmetic",), str(error))
        for key, text in notation_mistakes(problem.notation):
            self._mistake(("notation", key) if key else ("notation",), text)

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
            builder.build(table.get("layers"), table.get("input"), table.get("parameters", {}))
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

    def _loss_mistake(self, name: str, key: str, text: str) -> None:
        self._mistake(("loss", key) if key else ("loss",), f"loss ({name}): {text}")

    def _loss_is_wrong(self) -> bool:
        """Whether there is a loss that could not be read."""
        return any(mistake.path[:1] == ("loss",) for mistake in self.mistakes)

    def _op(
        self, table: dict[str, Any], path: Path, known: dict[str, type[Op]], words: str, others: tuple[str, ...]
    ) -> Op | None:
        name = table.get("op")
        if not isinstance(name, str) or name not in known:
            self._mistake((*path, "op"), f"expected {words}, found {in_words(name)}{nearest(name, list(known))}")
            return None
        return settings(known[name], table, ("op", *others), path, f"{path[0]} ({name})", self.mistakes)

    def _data(self, problem: Problem, tree: dict[str, Any], builder: Builder, *, sound: bool) -> None:
        problem.inputs, problem.y, problem.upstream = {}, None, None
        table = self._table(tree.get("data"), ("data",), "a table [data] with x and y")
        if not table:
            return
        unknown_keys(table, list(builder.inputs), self.mistakes)
        problem.batch = bool(self._typed(table, "batch", bool, "true or false", default=False))
        if sound and problem.loss is not None:
            report = partial(self._loss_mistake, problem.loss.name)
            problem.loss.shape(report, yhat=problem.network.output, y=problem.target_shape)
        if sound:
            reader = DataReader(problem, self.folder, self.mistakes)
            reader.read(table, loss_stands=problem.loss is not None or "loss" not in tree)
        elif not builder.inputs and "x" not in table:
            self._mistake(("data", "x"), "x, the input, is missing")

    def _penalties(self, problem: Problem, tree: Any, builder: Builder) -> None:
        problem.penalties = ()
        if not isinstance(tree, list):
            self._mistake(("penalties",), "expected a list of tables [[penalties]], each with op and rate")
            return
        if tree and problem.loss is None and not self._loss_is_wrong():
            self._mistake(("penalties",), "a penalty is a term of the loss, so it needs a [loss]")
        elif tree and problem.loss is not None and problem.loss.reduction == "none":
            self._mistake(("penalties",), 'with reduction = "none" there is no L that a penalty could be a term of')
        for i, item in enumerate(tree):
            path: Path = ("penalties", i)
            table = self._table(item, path, "a table with op and rate")
            op = self._op(table, path, PENALTIES, "a penalty", ("parameters",)) if isinstance(item, dict) else None
            names = self._parameter_names(table, "parameters", path, builder)
            weights = tuple(name for name in builder.parameters if name in _weights(builder))
            if op is not None:
                problem.penalties += ((op, names if "parameters" in table else weights),)

    def _parameter_names(self, table: dict[str, Any], key: str, path: Path, builder: Builder) -> tuple[str, ...]:
        """The parameters that a list names."""
        names = table.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._mistake((*path, key), f"expected a list of parameters, found {in_words(names)}")
            return ()
        for i, name in enumerate(names):
            if builder.parameters and name not in builder.parameters:
                hint = nearest(name, list(builder.parameters))
                self._mistake((*path, key, i), f'unknown parameter "{name}"{hint}')
        return tuple(names)

    def _update(self, problem: Problem, tree: Any, builder: Builder) -> None:
        problem.update, problem.freeze, problem.steps = None, (), 1
        if tree is None:
            return
        table = self._table(tree, ("update",), "a table [update] with op and rate")
        update = self._op(table, ("update",), UPDATES, "an update", ("freeze", "steps"))
        problem.update = update if isinstance(update, Update) else None
        if problem.loss is None and problem.update is not None and not self._loss_is_wrong():
            self._mistake(("update",), "an update needs a gradient, so a [loss]")
        problem.freeze = self._parameter_names(table, "freeze", ("update",), builder)
        names = {f"{state}_{name}" for state in getattr(update, "states", ()) for name in builder.parameters}
        for name in sorted(names & {*builder.parameters, *builder.inputs}):
            self._mistake(("update",), f'the name "{name}" is that of what the update remembers; rename the other one')
        steps = table.get("steps", 1)
        if type(steps) is not int or not 1 <= steps <= MAX_STEPS:
            self._mistake(("update", "steps"), f"expected 1 to {MAX_STEPS}, found {in_words(steps)}")
        else:
            problem.steps = steps

    def _questions(self, tree: Any) -> tuple[tuple[str, ...], tuple[Worth, ...]]:
        if not isinstance(tree, list):
            self._mistake(("questions",), "expected a list of tables [[questions]], each with ask")
            return (), ()
        asked, worths = [], []
        for i, item in enumerate(tree):
            table = self._table(item, ("questions", i), "a table with ask")
            self._unknown(table, "questions", ("questions", i))
            if isinstance(item, dict) and isinstance(item.get("ask"), str):
                asked.append(item["ask"])
                worths.append(self._worth(item, ("questions", i)))
            elif isinstance(item, dict):
                self._mistake(
                    ("questions", i, "ask"), f"expected a question as text, found {in_words(item.get('ask'))}"
                )
        return tuple(asked), tuple(worths)

    def _worth(self, item: dict[str, Any], path: Path) -> Worth:
        own = {key: _plain(value) for key, value in item.items() if key in Worth.__struct_fields__}
        return settings(Worth, own, (), path, "question", self.mistakes) or Worth()

    def _marking(self, tree: Any) -> Marking:
        table = self._table(tree, ("marking",), "a table [marking]")
        table = {key: _plain(value) for key, value in table.items()}
        return settings(Marking, table, (), ("marking",), "marking", self.mistakes) or Marking()

    def _ask(self, problem: Problem) -> None:
        from handgrad.plan import plan
        from handgrad.query import parse

        if not problem.questions:  # of many updates the plan is long
            return
        known = plan(problem)
        for i, question in enumerate(problem.questions):
            try:
                parse(question, known)
            except InputError as error:
                self._mistake(("questions", i, "ask"), str(error))


def _plain(value: Any) -> Any:
    """A decimal of the file as a float: marks are no quantities of the network."""
    return float(value) if isinstance(value, Literal) else value


def _weights(builder: Builder) -> set[str]:
    """The parameters that some node holds as weights or as a kernel: those that a penalty is on unless it says so."""
    return {name for node in builder.nodes for letter, name in node.parameters.items() if letter in ("W", "K")}
