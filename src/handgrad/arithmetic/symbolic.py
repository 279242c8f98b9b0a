"""symbolic: formulas in the symbols of the problem, computed by SymPy.

Expressions are built from SymPy's own objects; no text is ever handed to its parser.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

from flint import fmpq

from handgrad.arithmetic.arithmetic import Shown
from handgrad.arithmetic.numerals import Irrational, Tree
from handgrad.arithmetic.unknown import Unknown
from handgrad.arithmetic.written import Written, WrittenArray
from handgrad.errors import InputError


def _loaded() -> ModuleType:
    try:
        from handgrad.arithmetic import symbolic_functions
    except ImportError:
        message = 'the symbolic arithmetic needs SymPy: pip install "handgrad[symbolic]"'
        raise InputError(message) from None
    return symbolic_functions


class Symbolic:
    """Formulas. ``decimals``: terminating decimals are shown as such (0.15, not 3/20)."""

    name = "symbolic"
    attempts = 1

    def __init__(self, *, decimals: bool) -> None:
        self.decimals = decimals
        self.xp: Any = _loaded()

    def working(self, attempt: int) -> AbstractContextManager[None]:
        """There is one precision: all of it."""
        del attempt
        return nullcontext()

    def array(self, written: WrittenArray) -> Any:
        """The numbers and symbols themselves."""
        entries = self.xp.asarray([_entry(entry) for entry in written.written()])
        return self.xp.reshape(entries, written.shape)

    def settle(self, value: Any) -> tuple[Any, bool]:
        """The value in a shorter form where that is quickly found. DomainError where a choice is open."""
        value = self.xp.asarray(value)
        entries = [self.xp.settled(entry) for entry in value.ravel().tolist()]
        return self.xp.reshape(self.xp.asarray(entries), value.shape), True

    def finite(self, value: Any) -> bool:
        """Whether every entry is free of infinities and of what is no number."""
        import sympy

        none = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)
        return not any(entry.has(*none) for entry in value.ravel().tolist())

    def show(self, entry: Any, *, given: bool = False) -> Shown:
        """The formula, dots where it is too long for a page."""
        del given
        from handgrad.arithmetic.symbolic_display import shown

        return Shown(shown(entry, decimals=self.decimals), exact=True)

    def outward(self, value: Any) -> Any:
        """A NumPy array of SymPy expressions; without axes, the expression."""
        import numpy as np

        plain = np.asarray(value)
        return plain if plain.shape else plain[()]


def _entry(entry: Written) -> Any:
    import sympy

    if isinstance(entry, Unknown):
        return sympy.Symbol(entry.name, real=True)
    return _expression(entry.tree if isinstance(entry, Irrational) else entry)


def _expression(tree: Tree) -> Any:
    """The tree of a written number as an expression."""
    import sympy

    if isinstance(tree, fmpq):
        return sympy.Rational(int(tree.p), int(tree.q))
    symbol, *parts = tree
    values = [_expression(part) for part in parts]
    rules: dict[str, Any] = {
        "+": sympy.Add,
        "-": lambda a, b: a - b,
        "*": sympy.Mul,
        "/": lambda a, b: a / b,
        "^": sympy.Pow,
        "sqrt": sympy.sqrt,
        "ln": sympy.log,
        "exp": sympy.exp,
        "pi": lambda: sympy.pi,
        "e": lambda: sympy.E,
    }
    return rules[symbol](*values)
