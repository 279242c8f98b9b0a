"""What an op is, and the table of all ops.

An op is one class in one file. It states, in this order: its docstring (formula, shapes, convention at
kinks, source), its settings, the shape rule, ``forward``, one rule for each gradient, the textbook form
beside each rule, samples that the laws are tried on and bad samples with their messages.

A rule is a pure function over the array API (``xp``), batch axis first, whose letters say what it
needs: ``dW(self, xp, dy, x)`` needs the gradient of the output and the input. The trace reads the
letters, so a rule's signature is also its place in the minimal chain of steps.

======== =====================================================================
letter   meaning
======== =====================================================================
x, y     input and output of a layer (ŷ and the target, for a loss)
dx, dy   the gradients of L with respect to them
W, b, K  parameters; dW, db, dK their gradients
dL       for a loss: the weight of each example in L (1, or 1/n in a mean)
x_shape  the shape of x alone, batch axis left out; so for any letter
======== =====================================================================

Each rule ``r`` has a textbook form ``r_form`` over notation nodes, the same for symbols and for
matrices of numbers, and may have ``r_entry``, the form of one entry of its result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

from msgspec import Struct

from handgrad.arithmetic.written import WrittenArray, array
from handgrad.errors import Mistake
from handgrad.notation.nodes import Expr

Array = Any
"""An array of the arithmetic at hand; rules use the Python array API on it."""

Shape = tuple[int, ...]
Report = Callable[[str, str], None]
"""``report(key, text)``: something is wrong with that key of the layer."""


class Constant:
    """A setting that is a number (a slope, a factor): as written, for every arithmetic."""

    def __init__(self, value: Any) -> None:
        mistakes: list[Mistake] = []
        written = array(value, (), mistakes)
        if written is None or written.shape:
            raise ValueError(mistakes[0].text if mistakes else "found a list, expected one number")
        self.written: WrittenArray = written

    def __repr__(self) -> str:
        return f"Constant({self.written.exact()[0]})"


class Operand(Protocol):
    """A letter of a rule as its textbook form meets it: a symbol, or the numbers it stands for."""

    shape: Shape

    def entry(self, *index: int) -> Expr:
        """One entry (places from 0): x₂ among symbols, 0.7311 among numbers."""

    def number(self, *index: int) -> Any:
        """The number at that place, for a choice by its value."""

    @property
    def examples(self) -> Sequence[Operand]:
        """The examples of a batch one by one; a single example is its own only one."""


class Sample(Struct, frozen=True):
    """Arrays a law is tried on: a shape for each letter (batch axis first), settings, range of the entries."""

    shapes: dict[str, Shape]
    settings: dict[str, Any] = {}
    ranges: dict[str, tuple[int, int]] = {}


class BadSample(Struct, frozen=True):
    """A layer that must be refused: its table, the shape it reads and the literal message."""

    layer: dict[str, Any]
    reads: Shape
    message: str


class Op(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of all ops; the fields of a subclass are its settings in the problem file."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]] = ("x",)
    parameters: ClassVar[dict[str, str]] = {}
    """Letter of each parameter and its key in the file."""
    optional: ClassVar[tuple[str, ...]] = ()
    """Parameters that may be absent."""
    constants: ClassVar[tuple[str, ...]] = ()
    """Settings that are numbers; rules take them by name."""
    by_entry: ClassVar[bool] = False
    """Whether the numbers are written out entry by entry (``r_entry``) rather than as matrices."""
    activates: ClassVar[bool] = False
    """Whether a layer may name it as its activation."""
    summed: ClassVar[tuple[str, ...]] = ()
    """Rules whose form holds for one example; over a batch their result is the sum of it."""
    remarks: ClassVar[dict[str, str]] = {}
    """A sentence to a rule, shown with it."""
    samples: ClassVar[tuple[Sample, ...]] = ()
    bad_samples: ClassVar[tuple[BadSample, ...]] = ()

    def shape(self, report: Report, *args: Any, **shapes: Any) -> Shape | None:
        """The output's shape from those of the letters; None if it cannot be told."""
        raise NotImplementedError

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """The shape of a parameter that is drawn at random, from the input's and those known; None: not said."""
        del letter, x, known
        return None

    def letters(self, rule: str) -> tuple[str, ...]:
        """What a rule needs: the letters of its signature after ``self`` and ``xp``."""
        code = getattr(type(self), rule).__code__
        return tuple(code.co_varnames[2 : code.co_argcount])

    def apply(self, rule: str, xp: Any, letters: dict[str, Array]) -> Array:
        """A rule on the arrays of its letters."""
        return getattr(self, rule)(xp, **letters)

    def form(self, rule: str, letters: dict[str, Expr]) -> Expr:
        """The textbook form of a rule."""
        expression: Expr = getattr(self, f"{rule}_form")(**letters)
        return expression

    def has_entry(self, rule: str) -> bool:
        """Whether the rule has a form for one entry."""
        return hasattr(self, f"{rule}_entry")

    def entry(self, rule: str, index: Shape, letters: dict[str, Operand]) -> Expr:
        """The textbook form of one entry of a rule's result (places from 0)."""
        expression: Expr = getattr(self, f"{rule}_entry")(index, **letters)
        return expression

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """Pairs of a symbol and what it stands for (σ(a) and 1/(1+e^−a)), shown once; ``a`` is one entry."""
        del a
        return ()


OPS: dict[str, type[Op]] = {}
"""Every op that a layer can have, by name."""

LOSSES: dict[str, type[Op]] = {}
"""Every loss, by name."""

UPDATES: dict[str, type[Op]] = {}
"""Every update rule, by name."""

Kind = TypeVar("Kind", bound=type[Op])


def register(op: Kind) -> Kind:
    """Class decorator: the op is known in problem files from now on."""
    OPS[op.name] = op
    return op
