"""The Arithmetic protocol, and the table of arithmetics by name."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct

from handgrad.arithmetic.written import WrittenArray
from handgrad.notation.nodes import Expr


class Shown(Struct, frozen=True):
    """A number as it is printed, and whether what is printed is the number itself or rounded."""

    expression: Expr
    exact: bool


class Arithmetic(Protocol):
    """A number system: how a written value becomes a number, is settled when named, and is shown."""

    name: str
    xp: Any
    attempts: int
    """How many precisions there are; each is tried when the one before left something undecided."""

    def working(self, attempt: int) -> AbstractContextManager[None]:
        """Compute at the precision of this attempt."""

    def array(self, written: WrittenArray) -> Any:
        """Written numbers as an array."""

    def settle(self, value: Any) -> tuple[Any, bool]:
        """What is carried on of a named quantity, and whether it is the very value."""

    def finite(self, value: Any) -> bool:
        """Whether every entry is a number."""

    def show(self, entry: Any, *, given: bool = False) -> Shown:
        """One entry as it is printed; ``given``: it stands in the problem, and is shown as written."""

    def outward(self, value: Any) -> Any:
        """An array or number as the user of a trace meets it."""


_ROUNDED = re.compile(r"rounded\(\s*(\d{1,3})\s*(significant)?\s*\)")

NAMES = ("float64", "float32", "exact", "symbolic", "rounded(n)", "rounded(n significant)")


def arithmetic(name: str, *, decimals: bool = True, digits: int = 4) -> Arithmetic:
    """The arithmetic of this name.

    ``decimals``: the problem is written in decimals, so 3/20 is shown as 0.15; ``digits``: how many are
    shown. Raises ValueError for an unknown name.
    """
    if name in ("float64", "float32"):
        from handgrad.arithmetic.floating import Floating

        return Floating(name, digits)
    if name == "exact":
        from handgrad.arithmetic.exact import Exact

        return Exact(decimals=decimals, digits=digits)
    if name == "symbolic":
        from handgrad.arithmetic.symbolic import Symbolic

        return Symbolic(decimals=decimals)
    match = _ROUNDED.fullmatch(name)
    if match and int(match[1]) <= 100 and not (match[2] and int(match[1]) == 0):
        from handgrad.arithmetic.rounded import Rounded

        return Rounded(int(match[1]), significant=bool(match[2]), decimals=decimals)
    message = f'unknown arithmetic "{name}"; known are {", ".join(NAMES)}'
    raise ValueError(message)
