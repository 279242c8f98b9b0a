"""Reads the table [data] of a problem: inputs, target or label, or an upstream gradient in place of a loss."""

from __future__ import annotations

from functools import partial
from math import prod
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from handgrad.arithmetic.written import Written, WrittenArray
from handgrad.errors import Mistake, Path
from handgrad.network import read_array
from handgrad.ops.op import Shape
from handgrad.ops.targets import one_hot
from handgrad.ops.textbook import described
from handgrad.plan import UPSTREAM
from handgrad.tables import nearest

if TYPE_CHECKING:
    from handgrad.problem import Problem

TARGETS = ("y", "label")


class DataReader:
    """Checks the data against a network (``problem.network``) that is known to be sound."""

    def __init__(self, problem: Problem, folder: FilePath, mistakes: list[Mistake]) -> None:
        self.problem, self.folder, self.mistakes = problem, folder, mistakes

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

    def _report(self, path: Path, key: str, text: str) -> None:
        del key
        self._mistake(path, text)

    def read(self, table: dict[str, Any], *, loss_stands: bool) -> None:
        """Fill inputs, target and upstream; ``loss_stands``: the table [loss], if any, was understood."""
        self._inputs(table)
        if self.problem.inputs and loss_stands:
            self._target(table)

    def _inputs(self, table: dict[str, Any]) -> None:
        problem = self.problem
        found: dict[str, WrittenArray] = {}
        for name, shape in problem.network.inputs.items():
            if name not in table:
                what = "x, the input," if name == "x" else f"the input {name}"
                self._mistake(("data", name), f"{what} is missing")
                continue
            expected = None if problem.batch else shape
            x = read_array(table[name], ("data", name), self.folder, expected, self.mistakes)
            x = None if x is None else self._fitted(name, x, shape)
            if x is not None:
                found[name] = x
        if len(found) == len(problem.network.inputs):
            problem.inputs = found
            self._same_examples()

    def _fitted(self, name: str, x: WrittenArray, want: Shape) -> WrittenArray | None:
        batch, have = self.problem.batch, x.shape
        if (batch and have and have[1:] == want) or (not batch and have == want):
            return x
        if not batch and have == () and want == (1,):
            return x.reshape((1,))
        hint = "; for a list of examples write batch = true" if have[1:] == want and not batch else ""
        each = "a list of examples, each " if batch else ""
        place = "network.input" if name == "x" else f"network.input.{name}"
        self._mistake(("data", name), f"expected {each}{described(want)} ({place}), found {described(have)}{hint}")
        return None

    def _same_examples(self) -> None:
        problem = self.problem
        for name, x in problem.inputs.items():
            if problem.batch and x.shape[0] != problem.examples:
                self._mistake(("data", name), f"expected {problem.examples} examples, found {x.shape[0]}")

    def _target(self, table: dict[str, Any]) -> None:
        problem = self.problem
        if UPSTREAM in table:
            self._upstream(table)
        elif problem.loss is None:
            for key in TARGETS:
                if key in table:
                    self._mistake(("data", key), "there is a target but no [loss]; add one, or leave the target out")
        elif ("y" in table) == ("label" in table):
            found = "both" if "y" in table else "neither"
            self._mistake(("data",), f"expected a target, either y or label, found {found}")
        elif "label" in table:
            problem.y = self._labels(table["label"])
        else:
            problem.y = self._given_target(table["y"])
        if problem.y is not None and problem.divisor == 0:
            self._mistake(("data",), "every target is ignored or has weight 0: there is nothing to take the mean of")

    def _upstream(self, table: dict[str, Any]) -> None:
        problem = self.problem
        if problem.loss is not None or any(key in table for key in TARGETS):
            self._mistake(("data", UPSTREAM), f"{UPSTREAM} stands in place of a loss: leave [loss], y and label out")
            return
        problem.upstream = self._like_output(UPSTREAM, table[UPSTREAM], problem.network.output)

    def _like_output(self, key: str, value: Any, shape: Shape) -> WrittenArray | None:
        """An array with one value for each output, axes of length 1 aside."""
        given = read_array(value, ("data", key), self.folder, None, self.mistakes)
        if given is None:
            return None
        want = (*((self.problem.examples,) if self.problem.batch else ()), *shape)
        if given.shape != want and not (prod(given.shape) == prod(want) and _same_but_ones(given.shape, want)):
            self._mistake(
                ("data", key), f"expected {described(want)}, as the network gives, found {described(given.shape)}"
            )
            return None
        return given.reshape(want)

    def _given_target(self, value: Any) -> WrittenArray | None:
        y = self._like_output("y", value, self.problem.target_shape)
        if y is not None:
            self._check_target(y)
        return y

    def _check_target(self, y: WrittenArray) -> None:
        problem = self.problem
        if y.symbols:
            return
        entries, size = y.exact(), prod(problem.target_shape)
        for n in range(problem.examples):
            path: Path = ("data", "y", n) if problem.batch else ("data", "y")
            if problem.loss is not None:
                problem.loss.check_target(partial(self._report, path), entries[n * size :][:size], problem.target_shape)

    def _labels(self, value: Any) -> WrittenArray | None:
        problem = self.problem
        labels = value if problem.batch and isinstance(value, list) else [value]
        if problem.loss is not None and not problem.loss.labels:
            self._mistake(("data", "label"), f"{problem.loss.name} takes its target as y, not as a label")
            return None
        if len(labels) != problem.examples:
            self._mistake(
                ("data", "label"), f"expected {problem.examples} labels, one for each example, found {len(labels)}"
            )
            return None
        shape, ignored = problem.target_shape, getattr(problem.loss, "ignore_index", None)
        report = partial(self._report, ("data", "label"))
        columns = [one_hot(label, shape, ignore=ignored, report=report) for label in labels]
        if None in columns:
            return None
        entries: list[Written] = [entry for column in columns if column is not None for entry in column]
        return WrittenArray(entries, (len(labels), *shape) if problem.batch else shape)


def unknown_keys(table: dict[str, Any], inputs: list[str], mistakes: list[Mistake]) -> None:
    """Keys of [data] that are neither an input nor one of its own."""
    known = [*(inputs or ["x"]), *TARGETS, "batch", UPSTREAM]
    unknown = [key for key in table if key not in known]
    mistakes += [Mistake(("data", key), f'unknown key "{key}"{nearest(key, known)}') for key in unknown]


def _same_but_ones(a: Shape, b: Shape) -> bool:
    return tuple(n for n in a if n != 1) == tuple(n for n in b if n != 1)
