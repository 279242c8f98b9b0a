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

An op of several inputs names them (``inputs = ("x1", "x2")``) and has a rule for each (``dx1``, ``dx2``).
A ``variadic`` op reads as many as are given: its rules take them as ``**xs`` (x1, x2, …) and one rule
``dx(xp, place, dy, **xs)`` serves all (place from 0). An input without a rule receives no gradient.

Each rule ``r`` has a textbook form ``r_form`` over notation nodes, the same for symbols and for
matrices of numbers, and may have ``r_entry``, the form of one entry of its result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
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


_TAKES_KEYWORDS = 0x08
"""The flag of a function's code with ``**`` (inspect.CO_VARKEYWORDS, whose module starts slowly)."""
_INPUT = re.compile(r"x[1-9]\d*")


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


class Constants(Constant):
    """A setting that is a list of rational numbers."""

    def __init__(self, value: Any) -> None:
        mistakes: list[Mistake] = []
        written = array(value, (), mistakes)
        if written is None or len(written.shape) != 1 or not written.rational:
            raise ValueError(mistakes[0].text if mistakes else "expected a list of rational numbers")
        self.written = written

    def __repr__(self) -> str:
        return f"Constants({self.written.exact()})"


class Operand(Protocol):
    """A letter of a rule as its textbook form meets it: a symbol, or the numbers it stands for."""

    shape: Shape

    def entry(self, *index: int) -> Expr:
        """One entry (places from 0): x₂ among symbols, 0.7311 among numbers."""

    def number(self, *index: int) -> Any:
        """The number at that place, for a choice by its value."""

    @property
    def example(self) -> int:
        """Which example of the batch it is, from 0."""

    @property
    def examples(self) -> Sequence[Operand]:
        """The examples of a batch one by one; a single example is its own only one."""


class Sample(Struct, frozen=True):
    """Arrays a law is tried on: a shape for each letter (batch axis first), settings, range of the entries."""

    shapes: dict[str, Shape]
    settings: dict[str, Any] = {}
    ranges: dict[str, tuple[int, int]] = {}
    integers: tuple[str, ...] = ()
    """Letters that hold whole numbers, from the low to the high end of their range."""


class BadSample(Struct, frozen=True):
    """A layer that must be refused: its table, the shape it reads and the literal message."""

    layer: dict[str, Any]
    reads: Shape
    message: str


class Misrule(Struct, frozen=True):
    """A mistake that people make with ``rule``: ``method`` is the rule gone wrong, ``hint`` a line against it."""

    rule: str
    name: str
    hint: str
    method: str
    needed: tuple[str, ...]
    """Letters that it takes."""
    optional: tuple[str, ...]
    constants: bool
    """Whether it takes all settings that are numbers."""


def mistake(rule: str, name: str, hint: str) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Marks a method as a way in which ``rule`` is got wrong; the letters of its signature are what it needs."""

    def marked(method: Callable[..., Array]) -> Callable[..., Array]:
        code = method.__code__
        letters = code.co_varnames[2 : code.co_argcount]
        needed = len(letters) - len(method.__defaults__ or ())
        rest = bool(code.co_flags & _TAKES_KEYWORDS)
        misrule = Misrule(rule, name, hint, method.__name__, letters[:needed], letters[needed:], rest)
        method.misrule = misrule  # type: ignore[attr-defined]  # a function takes attributes
        return method

    return marked


class Op(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of all ops; the fields of a subclass are its settings in the problem file."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]] = ("x",)
    variadic: ClassVar[bool] = False
    """Whether it reads any number of inputs (at least one), called x1, x2, …"""
    rational: ClassVar[bool] = True
    """Whether rational inputs give rational outputs and gradients, so that the laws hold with ``==``."""
    parameters: ClassVar[dict[str, str]] = {}
    """Letter of each parameter and its key in the file."""
    optional: ClassVar[tuple[str, ...]] = ()
    """Parameters that may be absent."""
    sizes: ClassVar[tuple[str, ...]] = ()
    """Settings that tell the shapes of parameters that are drawn at random."""
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
    convention: ClassVar[str] = ""
    """What holds at kinks, ties and the ends of a range, where there are any."""
    onnx: ClassVar[str] = ""
    torch: ClassVar[str] = ""
    """The names of its counterparts."""
    samples: ClassVar[tuple[Sample, ...]] = ()
    bad_samples: ClassVar[tuple[BadSample, ...]] = ()

    def shape(self, report: Report, *args: Any, **shapes: Any) -> Shape | None:
        """The output's shape from those of the letters; None if it cannot be told."""
        raise NotImplementedError

    def expected(self, letter: str, x: Shape, known: dict[str, Shape]) -> Shape | None:
        """The shape of a parameter that is drawn at random, from the input's and those known; None: not said."""
        del letter, x, known
        return None

    @property
    def given_constants(self) -> tuple[str, ...]:
        """The settings that are numbers and have a value (an optional one may have none)."""
        return tuple(name for name in self.constants if getattr(self, name) is not None)

    def input_letters(self, count: int) -> tuple[str, ...]:
        """The letters of so many inputs."""
        return tuple(f"x{i + 1}" for i in range(count)) if self.variadic else self.inputs

    def has_rule(self, rule: str) -> bool:
        """Whether there is such a rule (an index or a mask receives no gradient)."""
        return hasattr(self, self._served(rule)[0])

    def letters(self, rule: str) -> tuple[str, ...]:
        """What a rule needs: the letters of its signature after ``self`` and ``xp``."""
        stem, place = self._served(rule)
        code = getattr(type(self), stem).__code__
        return tuple(code.co_varnames[2 if place is None else 3 : code.co_argcount])

    def needs(self, rule: str, known: Iterable[str]) -> tuple[str, ...]:
        """Those of the known letters that a rule needs; of a variadic op ``**xs`` stands for all inputs."""
        wanted = self.letters(rule)
        if self.variadic and getattr(type(self), self._served(rule)[0]).__code__.co_flags & _TAKES_KEYWORDS:
            wanted = (*wanted, *(letter for letter in known if _INPUT.fullmatch(letter)))
        available = set(known)
        return tuple(letter for letter in wanted if letter in available)

    def _served(self, rule: str) -> tuple[str, int | None]:
        """The rule of a variadic op that serves input x3: ("dx", 2) of "dx3"; any other as it is."""
        if self.variadic and _INPUT.fullmatch(rule[1:]):
            return "dx", int(rule[2:]) - 1
        return rule, None

    def _call(self, rule: str, suffix: str, first: Any, letters: dict[str, Any]) -> Any:
        stem, place = self._served(rule)
        between = () if place is None else (place,)
        return getattr(self, stem + suffix)(*first, *between, **letters)

    def apply(self, rule: str, xp: Any, letters: dict[str, Array]) -> Array:
        """A rule on the arrays of its letters."""
        return self._call(rule, "", (xp,), letters)

    def form(self, rule: str, letters: dict[str, Expr]) -> Expr:
        """The textbook form of a rule."""
        expression: Expr = self._call(rule, "_form", (), letters)
        return expression

    def has_entry(self, rule: str) -> bool:
        """Whether the rule has a form for one entry."""
        return hasattr(self, f"{self._served(rule)[0]}_entry")

    def entry(self, rule: str, index: Shape, letters: dict[str, Operand]) -> Expr:
        """The textbook form of one entry of a rule's result (places from 0)."""
        expression: Expr = self._call(rule, "_entry", (index,), letters)
        return expression

    @classmethod
    def mistakes(cls, rule: str) -> tuple[Misrule, ...]:
        """The mistakes that are known of a rule."""
        return tuple(one for one in _misrules(cls) if one.rule == rule)

    def definitions(self, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
        """Pairs of a symbol and what it stands for (σ(a) and 1/(1+e^−a)), shown once; ``a`` is one entry."""
        del a
        return ()


@cache
def _misrules(kind: type[Op]) -> tuple[Misrule, ...]:
    methods = {name: method for base in reversed(kind.__mro__) for name, method in vars(base).items()}
    known = (getattr(method, "misrule", None) for method in methods.values())
    return tuple(one for one in known if isinstance(one, Misrule))


OPS: dict[str, type[Op]] = {}
"""Every op that a layer can have, by name."""

LOSSES: dict[str, type[Op]] = {}
"""Every loss, by name."""

PENALTIES: dict[str, type[Op]] = {}
"""Every penalty on a parameter, by name."""

UPDATES: dict[str, type[Op]] = {}
"""Every update rule, by name."""

Kind = TypeVar("Kind", bound=type[Op])


def register(op: Kind) -> Kind:
    """Class decorator: the op is known in problem files from now on."""
    OPS[op.name] = op
    return op
