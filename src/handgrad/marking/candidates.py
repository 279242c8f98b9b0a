"""What each mistake with a whole quantity gives, for several scripts at once.

A mistake is a rule gone wrong, defined beside the right one in its op (``ops.op.mistake``), or one that can
happen with any rule: a sign, a factor, the value before the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.arithmetic.stacked import Stack, stacked_functions
from handgrad.marking.block import Block
from handgrad.marking.course import SLOPE, Course, Way
from handgrad.ops.elementwise import Elementwise
from handgrad.ops.op import Misrule
from handgrad.ops.sums import Contributions

Array = Any
Given = tuple[str, str, Array]
"""Name and hint of a mistake, and what it gives."""


class Candidates(Struct, frozen=True):
    """Mistakes with a quantity by ``names`` and ``hints``: ``values`` [mistake][script][place].

    The first ``rules`` are a rule gone wrong, the others can happen with any. Where a script has not gone the
    way that a mistake is one of, it gives NaN.
    """

    names: list[str]
    hints: list[str]
    values: np.ndarray[Any, Any]
    rules: int


class _Some(dict[str, Array]):
    """The own values of some scripts of a block, some quantities replaced by ``others``."""

    def __init__(self, block: Block, rows: Sequence[int], others: Mapping[str, Array] | None = None) -> None:
        super().__init__(others or {})
        self.block, self.rows = block, rows

    def __missing__(self, name: str) -> Array:
        value = self.block[name]
        self[name] = Stack(value.arrays[self.rows]) if isinstance(value, Stack) else value
        return self[name]


def candidates(block: Block, rows: Sequence[int], name: str) -> Candidates:
    """What can have gone wrong with a whole quantity of some scripts of a block."""
    own = _Some(block, rows)
    size = len(block.course.truths[name])
    found: tuple[list[Given], list[Given]] = [], []
    for step, way in enumerate(block.course.quantities[name].ways):
        gone = np.array([step in block.owns[row].outline.steps(name) for row in rows])
        if not gone.any():
            continue
        expected = Stack(block.expected(name)[step].arrays[rows])
        for kind, given in zip(found, (_of_rules(own, way), _of_any_rule(own, way, expected)), strict=True):
            for label, hint, value in given:
                if prod(value.shape) == size:
                    kind.append((label, hint, _flat(value, gone, size)))
    mistakes = [*found[0], *found[1]]
    values = np.array([value for _, _, value in mistakes]).reshape(len(mistakes), len(rows), size)
    return Candidates([label for label, _, _ in mistakes], [hint for _, hint, _ in mistakes], values, len(found[0]))


def _flat(value: Array, gone: Array, size: int) -> Array:
    """[script][place]; NaN for scripts that have not gone the way."""
    arrays = value.arrays.reshape(len(gone), size) if isinstance(value, Stack) else np.reshape(value, (1, size))
    return np.where(gone[:, None], arrays, np.nan)


def _of_rules(own: _Some, way: Way) -> Iterator[Given]:
    """The rules of a quantity gone wrong."""
    course = own.block.course
    for misrule, value in _misruled(own, way):
        yield misrule.name, misrule.hint, value
    for taken, meant in _one_step_early(course, way):
        value = course.computed(way, stacked_functions, _Some(own.block, own.rows, {meant: own[taken]}))
        yield "one step too early", "the step before is left out, whose result this rule reads", value


def _one_step_early(course: Course, way: Way) -> Iterator[tuple[str, str]]:
    """What a rule could read in place of what it should: the value that this is computed from, of the same shape."""
    quantities = course.quantities
    for meant in dict.fromkeys(way.reads.values()):
        if meant in quantities:
            for taken in dict.fromkeys(source for known in quantities[meant].ways for source in known.reads.values()):
                if taken in quantities and quantities[taken].shape == quantities[meant].shape:
                    yield taken, meant


def _misruled(own: _Some, way: Way) -> Iterator[tuple[Misrule, Array]]:
    """The mistakes with the rule of a way, and what each gives."""
    letters = own.block.course.letters(way.step) | way.reads
    for misrule in type(way.op).mistakes(way.rule):
        yield from _tried(own, way, misrule, letters)
    if isinstance(way.op, Elementwise) and way.rule == "dx":
        for misrule in type(way.op).mistakes(SLOPE):
            yield from ((misrule, own[letters["dy"]] * slope) for _, slope in _tried(own, way, misrule, letters))


def _tried(own: _Some, way: Way, misrule: Misrule, letters: dict[str, str]) -> Iterator[tuple[Misrule, Array]]:
    """What a mistake gives, if its letters are known and their shapes fit."""
    op, course = way.op, own.block.course
    if way.settings is None:
        way.settings = {name: course.constant(op, name, stacked_functions) for name in op.given_constants}
    if not all(letter in letters or letter in way.settings for letter in misrule.needed):
        return
    taken = {letter: own[letters[letter]] for letter in (*misrule.needed, *misrule.optional) if letter in letters}
    taken |= {name: value for name, value in way.settings.items() if misrule.constants or name in misrule.needed}
    try:
        yield misrule, getattr(op, misrule.method)(stacked_functions, **taken)
    except ValueError:  # shapes that do not fit: nobody can have made this mistake here
        return


def _of_any_rule(own: _Some, way: Way, expected: Stack) -> Iterator[Given]:
    """What can happen with any rule, to the whole quantity."""
    shape = expected.shape
    yield "sign", "check the sign", -expected
    yield "a factor ½ forgotten", "there is a factor ½", 2 * expected
    yield "a factor ½ too many", "there is no factor ½", expected / 2
    for count in sorted({own.block.course.problem.examples, *shape} - {0, 1}):
        yield "sum in place of the mean", "divide by the count", expected * count
        yield "mean in place of the sum", "do not divide by the count", expected / count
    if len(shape) >= 2 and shape[-1] == shape[-2]:
        yield "transposed", "rows and columns are exchanged", expected.mT
    size = prod(shape)
    for source in dict.fromkeys(way.reads.values()):
        if prod(own[source].shape) == size:
            yield "step left out", "this is the value before the step", own[source]
            if isinstance(way.op, Contributions):
                rest = stacked_functions.reshape(own[source], shape)
                yield "a contribution left out", "add what comes by every path", expected - rest
