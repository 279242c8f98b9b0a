"""A symbol in place of a number: "w", "w_12", "alpha".

A letter, then letters, digits and underscores, at most 40 signs; not a word of the number grammar.
"""

from __future__ import annotations

import re
from typing import NoReturn

from handgrad.errors import InputError

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_TAKEN = frozenset(("pi", "e", "sqrt", "ln", "exp", "log", "nan", "snan", "inf", "infinity", "true", "false"))


class Unknown:
    """A number that is not said; ``name`` stands for it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Unknown({self.name!r})"

    def ball(self) -> NoReturn:
        """An unknown has no value: InputError."""
        raise InputError(self.refusal())

    def __float__(self) -> float:
        raise InputError(self.refusal())

    def refusal(self) -> str:
        """Why there is no number here."""
        return f'"{self.name}" is a symbol; give it a value or use the symbolic arithmetic'


def unknown(value: object) -> Unknown | None:
    """The symbol that a text names; None where it is no text or could be a number."""
    if not isinstance(value, str) or not _WORD.fullmatch(value) or value.lower() in _TAKEN:
        return None
    return Unknown(str(value))
