"""Letters of a rule filled in: with symbols, or with the numbers of a trace as they are printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import product
from typing import Any

from handgrad.arithmetic.exact import exact_expression
from handgrad.arithmetic.real import ONE, Scalar
from handgrad.arithmetic.value import Formula, comparable
from handgrad.notation.nodes import Entry, Expr, Number, entry_of, transpose
from handgrad.notation.symbols import Convention
from handgrad.notation.words import say
from handgrad.ops.op import Shape
from handgrad.plan import HIDDEN, WEIGHT, Step
from handgrad.trace import Trace, flat
from handgrad.working.layout import Cell, arrange
from handgrad.working.rows import Letter


class Board:
    """The numbers and symbols of one trace, as a working writes them down.

    ``exact`` turns false when a number is written that is not the very value (see ``fresh``).
    """

    def __init__(self, trace: Trace, convention: Convention) -> None:
        self.trace, self.plan, self.convention = trace, trace.plan, convention
        self.exact = True
        self._printed = True
        self._floats: dict[str, list[float]] = {}

    def fresh(self) -> None:
        """Forget what was written so far: a new line begins."""
        self.exact = True

    @contextmanager
    def unprinted(self) -> Iterator[None]:
        """Numbers have their values alone meanwhile, as they are computed with."""
        before, self._printed = self._printed, False
        try:
            yield
        finally:
            self._printed = before

    @property
    def language(self) -> str:
        """That of the words."""
        return self.convention.language

    def label(self, words: str, place: int) -> str:
        """What stands before a matrix of a stack: "channel 1"."""
        return say(self.language, words, n=place + self.convention.indices)

    def turned(self, name: str) -> bool:
        """Whether the quantity is written as rows where ops think of columns."""
        flat_vector = len(self.plan.shape(name)) == 1
        scalars = not self.plan.shape(name) and self.side_by_side(name)
        return self.convention.vectors == "row" and (flat_vector or scalars)

    def symbol(self, name: str) -> Expr:
        """What is printed for a quantity."""
        known = name in self.plan.steps or name in self.plan.given
        like = name if known else name.removeprefix("dL/d").partition("@")[0]
        single = not self.plan.shape(like) and not self.side_by_side(like)
        return self.convention.symbol(name, bold=not single)

    def side_by_side(self, name: str) -> bool:
        """Whether the quantity has one value for each example of a batch."""
        return self.plan.batch and name in self.plan.batched

    def number(self, name: str, example: int, index: Shape) -> Expr:
        """An entry as it is printed."""
        if not self._printed:
            return Number("", self.size(name, example, index))
        shown = self.trace.show(name, self._place(name, example, index))
        self.exact = self.exact and shown.exact
        return entry_of(shown.expression, self._called(name, example, index))

    def _called(self, name: str, example: int, index: Shape) -> str:
        """An entry as a question names it: h1[2]."""
        places = (example, *index) if self.side_by_side(name) else index
        base = self.convention.indices
        return f"{name}[{','.join(str(i + base) for i in places)}]" if places else name

    def scalar(self, name: str, example: int, index: Shape) -> Any:
        """An entry as a number that compares."""
        entry: Scalar = flat(self.trace.raw(name))[self._place(name, example, index)]
        return Formula(entry) if getattr(entry, "free_symbols", None) else comparable(entry)

    def size(self, name: str, example: int, index: Shape) -> float:
        """An entry as a float; TypeError if it holds symbols."""
        if name not in self._floats:
            self._floats[name] = [float(comparable(entry)) for entry in flat(self.trace.raw(name))]
        return self._floats[name][self._place(name, example, index)]

    def _place(self, name: str, example: int, index: Shape) -> int:
        place = example if name in self.plan.batched else 0
        for i, length in zip(index, self.plan.shape(name), strict=True):
            place = place * length + i
        return place

    def examples(self, name: str) -> int:
        """How many examples a quantity has values for."""
        return self.trace.problem.examples if name in self.plan.batched else 1

    def value(self, name: str) -> Expr:
        """The whole quantity in numbers."""
        return self.arrange(name, lambda n, index: self.number(name, n, index))

    def arrange(self, name: str, cell: Cell) -> Expr:
        """A quantity written out cell by cell."""
        examples = self.examples(name) if self.side_by_side(name) else None
        whole = arrange(self.plan.shape(name), examples, cell, self.label)
        return transpose(whole) if self.turned(name) else whole

    def cells(self, name: str) -> list[tuple[int, Shape]]:
        """Every (example, index) of a quantity, row by row."""
        indices = list(product(*(range(n) for n in self.plan.shape(name))))
        return [(n, index) for n in range(self.examples(name)) for index in indices]

    def hidden(self, name: str) -> Expr:
        """dL, how much an example counts in L; 1 for a penalty."""
        share = self.trace.problem.share if name == WEIGHT else ONE
        shown = exact_expression(share, decimals=False)
        return Number(str(share), share) if shown is None else shown

    def constant(self, step: Step, name: str) -> Expr:
        """A setting of an op as it is printed."""
        value = self.trace.arithmetic.array(getattr(step.op, name).written)
        shown = self.trace.arithmetic.show(flat(value)[0], given=True)
        self.exact = self.exact and shown.exact
        return shown.expression


class Numbers:
    """An Operand of printed numbers: one example of a quantity."""

    def __init__(self, board: Board, name: str, example: int) -> None:
        self._board, self._name, self._example = board, name, example
        self.shape: Shape = board.plan.shape(name)

    def entry(self, *index: int) -> Expr:
        """The entry as it is printed."""
        return self._board.number(self._name, self._example, index)

    def number(self, *index: int) -> Any:
        """The entry as a number."""
        return self._board.scalar(self._name, self._example, index)

    @property
    def example(self) -> int:
        """Its place among the examples."""
        return self._example

    @cached_property
    def examples(self) -> Sequence[Numbers]:
        """All examples."""
        return [type(self)(self._board, self._name, n) for n in range(self._board.examples(self._name))]


class Symbols(Numbers):
    """An Operand of symbols: x₂ where Numbers prints 0.7311."""

    def entry(self, *index: int) -> Expr:
        """The symbol with its index; of a batch the example stands first."""
        places = tuple(i + 1 for i in index)
        if self._board.side_by_side(self._name):
            places = (self._example + 1, *places)
        symbol = self._board.symbol(self._name)
        return Entry(symbol, places) if places else symbol


class Values(Numbers):
    """An Operand of numbers that are not printed, to compute with."""

    def entry(self, *index: int) -> Expr:
        """The entry as a float."""
        return Number("", self._board.size(self._name, self._example, index))


class Fixed:
    """An Operand that is one known number: a setting, or the weight of an example."""

    shape: Shape = ()
    example = 0

    def __init__(self, expression: Expr, value: Any = None) -> None:
        self._expression, self._value = expression, value

    def entry(self, *index: int) -> Expr:
        """The number."""
        del index
        return self._expression

    def number(self, *index: int) -> Any:
        """The number's value."""
        del index
        return self._value

    @property
    def examples(self) -> Sequence[Fixed]:
        """Itself."""
        return [self]


def operands(board: Board, step: Step, example: int, kind: type[Numbers]) -> dict[str, Any]:
    """The letters of a step's rule for its entry form."""
    letters: dict[str, Any] = {
        letter: Fixed(board.hidden(name)) if name in HIDDEN else kind(board, name, example)
        for letter, name in step.letters.items()
    }
    wanted = step.op.letters(step.rule)
    letters |= {name: Fixed(board.constant(step, name)) for name in step.op.given_constants if name in wanted}
    return letters | step.known


def expressions(board: Board, step: Step, *, numbers: bool) -> dict[str, Any]:
    """The letters of a step's rule for its form over whole arrays."""
    in_rows = board.convention.vectors == "row"
    letters: dict[str, Any] = {}
    for letter, name in step.letters.items():
        if name in HIDDEN:
            letters[letter] = board.hidden(name)
        else:
            value = board.value(name) if numbers else board.symbol(name)
            single = not board.plan.shape(name) and not board.side_by_side(name)
            letters[letter] = value if single or not in_rows else Letter(value, board.turned(name))
    wanted = step.op.letters(step.rule)
    letters |= {name: board.constant(step, name) for name in step.op.given_constants if name in wanted}
    return letters | step.known
