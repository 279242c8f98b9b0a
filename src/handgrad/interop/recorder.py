"""Arrays that remember how they were made: a rule run on them becomes a line of a program.

Rules are written over the array API alone, so running one on ``Recorded`` arrays gives its text as well as
its value. A ``Dialect`` says how a function is written in NumPy or in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.arithmetic.arithmetic import arithmetic

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON = range(6)
"""How tightly a piece of a program binds, the tightest first."""


class Piece(Struct, frozen=True, eq=False):
    """One operation: ``write`` makes its text from those of its parts."""

    write: Callable[[list[str]], str]
    parts: tuple[Piece, ...]
    binds: int = ATOM
    inner: tuple[int, ...] = ()
    """How tightly each part must bind to stand without brackets."""


class Recorded:
    """An array (``value``) and the piece of a program that gives it."""

    __slots__ = ("piece", "value")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # == compares entry by entry

    def __init__(self, value: Any, piece: Piece) -> None:
        self.value, self.piece = value, piece

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return tuple(self.value.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return int(self.value.ndim)

    @property
    def dtype(self) -> Any:
        """The type of the value's entries."""
        return self.value.dtype

    @property
    def mT(self) -> Recorded:
        """The last two axes exchanged."""
        return Recorded(self.value.mT, Piece(lambda p: f"{p[0]}.mT", (self.piece,), ATOM, (ATOM,)))

    def __getitem__(self, key: Any) -> Recorded:
        text = key_text(key)
        return Recorded(self.value[key], Piece(lambda p: f"{p[0]}[{text}]", (self.piece,), ATOM, (ATOM,)))

    def all(self) -> bool:
        """Whether every entry is true: known as the program is written."""
        return bool(self.value.all())

    def any(self) -> bool:
        """Whether some entry is true."""
        return bool(self.value.any())

    def _two(self, sign: str, value: Any, left: Any, right: Any, binds: int) -> Recorded:
        pieces = (piece_of(left), piece_of(right))
        # a − (b + c) and a / (b · c) keep their brackets
        tight = (binds, binds - 1 if sign in "-/@" or binds == COMPARISON else binds)
        return Recorded(value, Piece(lambda p: f"{p[0]} {sign} {p[1]}", pieces, binds, tight))

    def __add__(self, other: Any) -> Recorded:
        return self._two("+", self.value + bare(other), self, other, SUM)

    def __radd__(self, other: Any) -> Recorded:
        return self._two("+", bare(other) + self.value, other, self, SUM)

    def __sub__(self, other: Any) -> Recorded:
        return self._two("-", self.value - bare(other), self, other, SUM)

    def __rsub__(self, other: Any) -> Recorded:
        return self._two("-", bare(other) - self.value, other, self, SUM)

    def __mul__(self, other: Any) -> Recorded:
        return self._two("*", self.value * bare(other), self, other, PRODUCT)

    def __rmul__(self, other: Any) -> Recorded:
        return self._two("*", bare(other) * self.value, other, self, PRODUCT)

    def __truediv__(self, other: Any) -> Recorded:
        return self._two("/", self.value / bare(other), self, other, PRODUCT)

    def __rtruediv__(self, other: Any) -> Recorded:
        return self._two("/", bare(other) / self.value, other, self, PRODUCT)

    def __matmul__(self, other: Any) -> Recorded:
        return self._two("@", self.value @ bare(other), self, other, PRODUCT)

    def __pow__(self, exponent: Any) -> Recorded:
        pieces = (self.piece, piece_of(exponent))
        return Recorded(self.value ** bare(exponent), Piece(lambda p: f"{p[0]} ** {p[1]}", pieces, POWER, (ATOM, ATOM)))

    def __neg__(self) -> Recorded:
        return Recorded(-self.value, Piece(lambda p: f"-{p[0]}", (self.piece,), UNARY, (POWER,)))

    def __invert__(self) -> Recorded:
        return Recorded(~self.value, Piece(lambda p: f"~{p[0]}", (self.piece,), UNARY, (POWER,)))

    def __and__(self, other: Any) -> Recorded:
        pieces = (self.piece, piece_of(other))
        return Recorded(
            self.value & bare(other), Piece(lambda p: f"{p[0]} & {p[1]}", pieces, COMPARISON, (UNARY, UNARY))
        )

    def __or__(self, other: Any) -> Recorded:
        pieces = (self.piece, piece_of(other))
        return Recorded(
            self.value | bare(other), Piece(lambda p: f"{p[0]} | {p[1]}", pieces, COMPARISON, (UNARY, UNARY))
        )

    def __gt__(self, other: Any) -> Recorded:
        return self._two(">", self.value > bare(other), self, other, COMPARISON)

    def __ge__(self, other: Any) -> Recorded:
        return self._two(">=", self.value >= bare(other), self, other, COMPARISON)

    def __lt__(self, other: Any) -> Recorded:
        return self._two("<", self.value < bare(other), self, other, COMPARISON)

    def __le__(self, other: Any) -> Recorded:
        return self._two("<=", self.value <= bare(other), self, other, COMPARISON)

    def __eq__(self, other: object) -> Recorded:  # type: ignore[override]  # entry by entry
        return self._two("==", self.value == bare(other), self, other, COMPARISON)

    def __ne__(self, other: object) -> Recorded:  # type: ignore[override]  # entry by entry
        return self._two("!=", self.value != bare(other), self, other, COMPARISON)


def bare(value: Any) -> Any:
    """The value of a recorded array, or of a list of them; anything else itself."""
    if isinstance(value, Recorded):
        return value.value
    if isinstance(value, (list, tuple)):
        return type(value)(bare(item) for item in value)
    return value


def leaf(name: str, value: Any) -> Recorded:
    """A named array of the program."""
    return Recorded(value, Piece(lambda _: name, ()))


def piece_of(value: Any) -> Piece:
    """The piece of an operand: that of an array, or a literal."""
    if isinstance(value, Recorded):
        return value.piece
    text = literal(value)
    return Piece(lambda _: text, (), UNARY if text.startswith("-") else ATOM)


def literal(value: Any) -> str:
    """A number, a list of numbers or an array as Python writes it."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return repr(value)


def key_text(key: Any) -> str:
    """An index or slice as Python writes it."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(_one_key(part) for part in parts)


def _one_key(part: Any) -> str:
    if part is Ellipsis:
        return "..."
    if not isinstance(part, slice):
        return repr(part)
    bounds = [part.start, part.stop] + ([part.step] if part.step is not None else [])
    return ":".join("" if bound is None else str(bound) for bound in bounds)


class Dialect:
    """The functions of the array API on recorded arrays, written as one library writes them."""

    def __init__(self, spell: Callable[[str, list[str], dict[str, Any]], str]) -> None:
        self._spell, self._xp = spell, arithmetic("float64").xp

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._xp, name)

        def recorded(*arguments: Any, **keywords: Any) -> Recorded:
            pieces: list[Piece] = []
            slots = [self._slot(argument, pieces) for argument in arguments]
            value = function(*(bare(argument) for argument in arguments), **keywords)

            def write(parts: list[str]) -> str:
                return self._spell(name, [slot.format(*parts) for slot in slots], keywords)

            loose = (COMPARISON,) * len(pieces)
            return Recorded(np.asarray(value), Piece(write, tuple(pieces), ATOM, loose))

        return recorded

    def _slot(self, argument: Any, pieces: list[Piece]) -> str:
        """An argument's text with places for the pieces in it."""
        if isinstance(argument, Recorded):
            pieces.append(argument.piece)
            return f"{{{len(pieces) - 1}}}"
        if isinstance(argument, list) and any(isinstance(item, Recorded) for item in argument):
            return "[" + ", ".join(self._slot(item, pieces) for item in argument) + "]"
        return literal(argument).replace("{", "{{").replace("}", "}}")


class Writer:
    """Writes the statements of a program; a piece that is used twice gets a name of its own."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def assign(self, name: str, result: Recorded) -> None:
        """``name = …``, and before it what the expression uses more than once."""
        uses: dict[int, int] = {}
        self._count_uses(result.piece, uses)
        named: dict[int, str] = {}
        text, _ = self._text(result.piece, uses, named, top=True)
        self.lines.append(f"{name} = {text}")

    def _count_uses(self, piece: Piece, uses: dict[int, int]) -> None:
        uses[id(piece)] = uses.get(id(piece), 0) + 1
        if uses[id(piece)] == 1:
            for part in piece.parts:
                self._count_uses(part, uses)

    def _text(self, piece: Piece, uses: dict[int, int], named: dict[int, str], *, top: bool = False) -> tuple[str, int]:
        if id(piece) in named:
            return named[id(piece)], ATOM
        parts = []
        for part, tight in zip(piece.parts, piece.inner, strict=True):
            text, binds = self._text(part, uses, named)
            parts.append(text if binds <= tight else f"({text})")
        text = piece.write(parts)
        if piece.parts and uses[id(piece)] > 1 and not top:
            self._count += 1
            named[id(piece)] = name = f"t{self._count}"
            self.lines.append(f"{name} = {text}")
            return name, ATOM
        return text, piece.binds
