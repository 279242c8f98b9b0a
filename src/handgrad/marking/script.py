"""What a student has written down: numbers with the digits that they were written with, by quantity."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from msgspec import Struct

from handgrad.ops.op import Shape


class Written(Struct, frozen=True, gc=False):
    """One number as written: ``text``, its value, and half a unit of its last digit.

    ``half`` is 0 for an exact number ("2/7", "sqrt(2)") and None for an integer ("5", "5."), which says nothing
    of digits; "12e2" is right to its hundreds. ``exact`` is the number as a fraction where it is rational. A Python
    float has the digits that it is printed with.
    """

    text: str
    value: float
    ratio: Fraction | tuple[int, int] | None
    half: float | None

    @property
    def exact(self) -> Fraction | None:
        """The number as a fraction."""
        return Fraction(*self.ratio) if isinstance(self.ratio, tuple) else self.ratio


class Unread(Struct, frozen=True):
    """What could not be read: where it stands ("line 3", "h1[2]", "line 3, h1[2]"), its text (cut) and why."""

    where: str
    text: str
    why: str


class Script(Struct, frozen=True):
    """A script: for each quantity the written entries by their place (row by row from 0, batch axis first)."""

    student: str
    entries: dict[str, dict[int, Written]]
    unread: tuple[Unread, ...] = ()
    loss_factor: str = ""
    """The factor before the loss that the student declares in place of the problem's ("1": no ½)."""


Form = tuple[tuple[str, int, int], ...]
"""What a line of a text says: quantity, place, and which of the line's decimals stands there."""


class Readable(Struct, frozen=True):
    """The quantities that a script may name: their shapes (batch axis first), and other names for them."""

    shapes: dict[str, Shape]
    aliases: dict[str, str]
    base: int = 1
    """The first index on paper."""
    weights: tuple[str, ...] = ()
    """The matrices that a script may declare to be written transposed: weights, and their gradients."""
    batched: frozenset[str] = frozenset()
    """The vectors of a batch, one example a row, which may as well be written one example a column."""
    forms: dict[tuple[Any, ...], Form | None] = {}
    """The forms of lines that have been read so far."""
    meant: dict[tuple[Any, ...], Any] = {}
    """What names have been found to stand for so far."""
