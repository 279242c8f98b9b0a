"""Trace -> Program: the working as lines of NumPy, and each number held against the printed one."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from handgrad.arithmetic.rounded import Rounded
from handgrad.interop.code import Recording, floats, helpers, numpy_recording, variable
from handgrad.interop.recorder import ATOM, COMPARISON, Piece, Recorded
from handgrad.notation.nodes import Expr, Fraction, Negative, Number
from handgrad.notation.program import Cell, Program
from handgrad.notation.symbols import convention
from handgrad.plan import HIDDEN, UNIT, WEIGHT, Step
from handgrad.query import Query
from handgrad.trace import Trace, flat
from handgrad.working.layout import places

MOST_STEPS = 3_000
"""So many quantities are computed; ten thousand updates are no notebook."""

LONGEST_LIST = 2_000
"""A longer array is packed, not listed."""

LONGEST_CHECK = 100
"""Of a longer array the entries that are printed are held against the printed ones."""

_ROWS = "In the code each example is a row of its own: the column x on paper is x[0] in an array of shape (1, n)."
_ROW = "In the code the row x on paper is x[0] in an array of shape (1, n)."
_BATCH = "In the code each example of the batch is a row; on paper it is a column."
_AS_BY_HAND = "The cells round each named quantity as the working does, so the numbers are those of the working."
_DOUBLES = "The cells compute in float64; the last cell holds every number against the printed one."
_SYMBOLS = "The working has symbols in place of numbers, so there is nothing to compute."
_CUT = "There are too many steps for a notebook: the last ones have no cells."


def program(trace: Trace, steps: Sequence[Step], queries: Sequence[Query]) -> Program:
    """The steps as cells; without any where symbols stand in place of numbers."""
    if trace.problem.symbols:
        return Program((), (_SYMBOLS,), {}, {}, ())
    return trace.decided(lambda: _Programmer(trace, queries).program(steps))


class _Programmer:
    def __init__(self, trace: Trace, queries: Sequence[Query]) -> None:
        self.trace, self.plan, self.queries = trace, trace.plan, queries
        arithmetic = trace.arithmetic
        self.rounded = arithmetic if isinstance(arithmetic, Rounded) else None
        self.recording: Recording = numpy_recording(trace, _rounding if self.rounded else None)
        self.given: dict[str, Cell] = {}
        self.steps: dict[str, Cell] = {}

    def program(self, steps: Sequence[Step]) -> Program:
        used = {name for step in steps for name in step.letters.values()} | {query.name for query in self.queries}
        for name in (*self.plan.given, *HIDDEN):
            if name in used and self.trace.has(name):
                self._give(name)
        for step in steps[:MOST_STEPS]:
            lines = tuple(self.recording.step(step))
            value = self.recording.values[step.name].value
            seen = _seen(value if value.shape else value[()])
            self.steps[step.name] = Cell(lines, variable(step.name), seen, self._check(step.name))
        answers = tuple(self._answer(query) for query in self.queries)
        notes = [*self._layout(), _AS_BY_HAND if self.rounded else _DOUBLES]
        if len(steps) > MOST_STEPS:
            notes.append(_CUT)
        return Program(self._opening(), tuple(notes), self.given, self.steps, answers)

    def _layout(self) -> list[str]:
        """Where arrays lie otherwise than on paper."""
        if convention(self.trace.problem.notation).vectors == "row":
            return [] if self.plan.batch else [_ROW]
        return [_BATCH if self.plan.batch else _ROWS]

    def _give(self, name: str) -> None:
        folded = prod(self.trace.raw(name).shape) > LONGEST_LIST
        line = self.recording.given(name, _packed if folded else None)
        if name in HIDDEN:
            line += f"  # {_HIDDEN[name]}"
        self.given[name] = Cell((line,), variable(name), _seen(self.recording.values[name].value), folded=folded)

    def _opening(self) -> tuple[str, ...]:
        """What the cells use: imports and functions."""
        lines = [line for cell in self.steps.values() for line in cell.lines]
        tolerance = "1e-5" if self.trace.arithmetic.name == "float32" else "1e-9"
        parts = [_IMPORTS, helpers("\n".join(lines)), _AGREES.replace("{tolerance}", tolerance)]
        if any(cell.folded for cell in self.given.values()):
            parts.insert(1, _UNPACKED)
        if self.rounded is not None:
            template = _SIGNIFICANT if self.rounded.significant else _DECIMALS
            parts.insert(1, template.replace("{places}", str(self.rounded.places)))
        return tuple(part for part in parts if part)

    def _index(self, query: Query) -> tuple[int, ...]:
        """Where in its array stands what a question asks for, before a function of it is taken."""
        alone = query.name in self.plan.batched and not self.plan.batch
        return (0, *(query.index or ())) if alone else (query.index or ())

    def _answer(self, query: Query) -> Cell:
        """The answer to a question; nothing where it is beyond what is computed."""
        if query.name not in {**self.given, **self.steps}:
            return Cell((), "")
        text = self._asked(query)
        check = f'agrees({text}, "{self._answer_printed(query)}")' if query.function else ""
        return Cell((), text, self._answer_seen(query), check)

    def _asked(self, query: Query) -> str:
        """A question as an expression of the program."""
        index = self._index(query)
        text = variable(query.name) + (f"[{', '.join(map(str, index))}]" if index else "")
        if not query.function:
            return text
        if query.function != "argmax":
            return f"rounded(np.{query.function}({text}))" if self.rounded else f"np.{query.function}({text})"
        axes = len(self.plan.shape(query.name)) + (self.plan.batch and query.name in self.plan.batched)
        place = f"np.argmax({text})"
        if query.index is None and axes > 1:
            return f"[int(i) + 1 for i in np.unravel_index({place}, {text}.shape)]"
        return f"{place} + 1"

    def _answer_seen(self, query: Query) -> str:
        if query.function == "argmax":
            found = self.trace.function(query)[0]
            return repr(list(found) if isinstance(found, tuple) else np.int64(found))
        if query.function and self.rounded is not None:
            return _seen(np.float64(self.trace.function(query)[0]))
        value = self.recording.values[query.name].value[self._index(query)]
        return _seen(getattr(np, query.function)(value) if query.function else value)

    def _answer_printed(self, query: Query) -> str:
        found = self.trace.function(query)[0]
        if query.function == "argmax":
            return " ".join(map(str, found if isinstance(found, tuple) else (found,)))
        return self._printed(getattr(found, "value", found))

    def _check(self, name: str) -> str:
        """One quantity held against what is printed of it: all of it, or the corners of a long one."""
        value = self.trace.raw(name)
        entries, shape = flat(value), tuple(value.shape)
        axes: list[Sequence[int]] = [range(size) for size in shape]
        shown = variable(name)
        if prod(shape) > LONGEST_CHECK:
            axes = [[place for place in places(size) if place is not None] for size in shape]
            shown += f"[np.ix_({', '.join(str(list(axis)) for axis in axes)})]"
        printed = [self._printed(entries[place]) for place in _positions(shape, axes)]
        return f'agrees({shown}, "{" ".join(printed)}")'

    def _printed(self, entry: Any) -> str:
        shown = self.trace.arithmetic.show(entry)
        text = _text(shown.expression)
        if text is None:  # a formula: its value
            return repr(float(getattr(entry, "value", entry)))
        return text if shown.exact else f"≈{text}"


def _positions(shape: tuple[int, ...], axes: Sequence[Sequence[int]]) -> list[int]:
    """Places row by row of the entries whose index stands in the axes."""
    found = [0]
    for size, axis in zip(shape, axes, strict=True):
        found = [position * size + place for position in found for place in axis]
    return found


def _rounding(result: Recorded) -> Recorded:
    return Recorded(result.value, Piece(lambda p: f"rounded({p[0]})", (result.piece,), ATOM, (COMPARISON,)))


def _seen(value: Any) -> str:
    """What an interactive Python shows of an array."""
    with np.printoptions(precision=6, linewidth=100):
        return repr(value)


def _packed(value: Any) -> str:
    text = base64.b64encode(zlib.compress(floats(value).astype("<f8").tobytes(), 9)).decode()
    return f'unpacked("{text}", {value.shape})'


def _text(expression: Expr) -> str | None:
    """A printed number as ASCII ("-0.0024", "4/7"); None for a formula."""
    match expression:
        case Number(text):
            return text
        case Negative(inner):
            size = _text(inner)
            return None if size is None else f"-{size}"
        case Fraction(Number(p), Number(q)):
            return f"{p}/{q}"
    return None


_HIDDEN = {WEIGHT: "how much each example counts in L", UNIT: "how much a penalty counts in L"}

_IMPORTS = """\
from decimal import Decimal
from fractions import Fraction

import numpy as np

np.set_printoptions(precision=6, linewidth=100)
"""

_UNPACKED = '''\
import base64
import zlib


def unpacked(text, shape):
    """An array too long to be listed: its doubles, compressed, as text."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").reshape(shape)
'''

_DECIMALS = '''\
def rounded(x):
    """x rounded half up to {places} decimals, as by hand: a half goes away from zero."""
    scale = 10.0**{places}
    return np.sign(x) * np.floor(np.abs(x) * scale + 0.5 + 1e-9) / scale + 0.0
'''

_SIGNIFICANT = '''\
def rounded(x):
    """x rounded half up to {places} significant figures, as by hand: a half goes away from zero."""
    x = np.where(np.abs(x) < 1e-15, 0.0, x)  # what is left of a difference that is 0
    size = np.floor(np.log10(np.where(x == 0, 1.0, np.abs(x))) + 1e-12)
    scale = 10.0 ** ({places} - 1 - size)
    return np.sign(x) * np.floor(np.abs(x) * scale + 0.5 + 1e-9) / scale + 0.0
'''

_AGREES = '''\
def agrees(found, printed):
    """Hold numbers against the printed ones; behind ≈ half a unit of the last digit is left to rounding."""
    for number, text in zip(np.ravel(found), printed.split(), strict=True):
        digits = text.lstrip("≈")
        unit = 0.0 if digits == text else 10.0 ** Decimal(digits).as_tuple().exponent
        np.testing.assert_allclose(number, float(Fraction(digits)), rtol={tolerance}, atol=unit / 2 + 1e-12)
'''
