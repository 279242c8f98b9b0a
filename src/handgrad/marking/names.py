r"""Which quantity a student means: "\mathbf{h}_1", "∂L/∂W₁[2,3]", "σ'(a_2)" and the other ways to write a name.

A name is read in two steps: its spelling is taken apart (``spelled``), then the parts are held against the
quantities that there are. Only what can mean one thing is taken; everything else is a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from handgrad.marking.script import Readable
from handgrad.marking.spelled_names import Spelled, spelled
from handgrad.marking.spelling import shortened
from handgrad.ops.op import Shape
from handgrad.plan import primed

Found = tuple[str, Shape | None]
"""A quantity, and the entry of it (places from 0) if one is meant."""

_ENTRY = re.compile(r"(.+?) ?\[([0-9]{1,6}(?:, ?[0-9]{1,6})*)\]")
_THROUGH = re.compile(r"(?:\\left\s*\.)?(.+?)(?:\\right\s*)?(?:\||\\vert|\\mid)\s*_\s*(.+)", re.DOTALL)
"""A gradient, a bar, and below it the quantity that a part of it comes through."""
_LONGEST_THROUGH = 400
_PLAIN = re.compile(r"(dL/d)?([A-Za-z]+)([0-9]*'*)")
_GRADIENT = "dL/d"
_COMPARED = 40
"""Characters of an unknown name that are compared with the known ones."""
_LOGISTIC = frozenset(("sigma", "sigmoid", "logistic"))
_ANY_FUNCTION = frozenset(("f", "g", "phi", "varphi", "act"))
_LOSS = frozenset(("L", "Loss", "loss"))


class UnknownNameError(ValueError):
    """A name that stands for no quantity; the nearest known one is looked for once the message is read."""

    def __init__(self, name: str, readable: Readable) -> None:
        self.name, self.readable = name, readable

    def __str__(self) -> str:
        from difflib import get_close_matches

        known = [*self.readable.shapes, *self.readable.aliases]
        short = self.name[:_COMPARED]
        close = [name for name in known if name.lower() == short.lower()]
        close = close or get_close_matches(short, known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known[:12])}"
        return f"unknown quantity {shortened(self.name)}; {hint}"


def resolve(name: str, readable: Readable, letters: Mapping[str, str] | None = None) -> Found:
    """The quantity that a name stands for, and the entry if it names one.

    ``letters`` is the table of the problem's notation ({"a": "z", "h": "a"}); names are read in it first.
    Raises ValueError for a name that stands for nothing, or for more than one thing.
    """
    name = name.strip()
    entry = _ENTRY.fullmatch(name) if name.endswith("]") else None
    quantity = _direct(name if entry is None else entry[1], readable, letters)
    if not quantity:
        return _Search(name, readable, letters or {}).found()
    if entry is None:
        return quantity, None
    return quantity, _index([int(place) for place in entry[2].split(",")], quantity, name, readable)


def _direct(name: str, readable: Readable, letters: Mapping[str, str] | None) -> str:
    """The quantity of a name that is spelled as the quantities are; "" where a search is needed."""
    if not letters:
        return name if name in readable.shapes else readable.aliases.get(name, "")
    parts = _PLAIN.fullmatch(name)
    if parts is None:
        return ""
    start, letter, end = parts.groups("")
    owns = [own for own, written in letters.items() if written == letter] or [letter]
    names = [start + own + end for own in owns]
    found = {name if name in readable.shapes else readable.aliases.get(name, "") for name in names} - {""}
    return found.pop() if len(found) == 1 else ""


def _index(places: list[int], quantity: str, name: str, readable: Readable) -> Shape:
    """Places as written, from 0. Raises ValueError for a wrong number of them, or one out of range."""
    shape, base = readable.shapes[quantity], readable.base
    if not shape and places == [base]:
        return ()
    if len(places) != len(shape):
        message = f"{shortened(name)}: the index has {counted(len(places))}, {quantity} has {axes(shape)}"
        raise ValueError(message)
    for axis, (place, length) in enumerate(zip(places, shape, strict=True)):
        if not base <= place < base + length:
            last = base + length - 1
            message = f"{shortened(name)}: place {axis + 1} of {quantity} runs from {base} to {last}, found {place}"
            raise ValueError(message)
    return tuple(place - base for place in places)


def counted(places: int) -> str:
    """So many places of an index, in words."""
    return "1 place" if places == 1 else f"{places} places"


def axes(shape: Shape) -> str:
    """A shape in words: "2 places (3 × 4)"."""
    return f"{counted(len(shape))} ({' × '.join(map(str, shape))})" if shape else "none (it is a single number)"


def _alike(function: str, written: str) -> bool:
    """Whether a function's name may be written so: sigma is σ, sigmoid and logistic; f is any."""
    low = written.lower()
    return low == function.lower() or (function in _LOGISTIC and low in _LOGISTIC) or written in _ANY_FUNCTION


class _Search:
    """The quantities that one spelled name can stand for."""

    def __init__(self, name: str, readable: Readable, letters: Mapping[str, str]) -> None:
        self.name, self.readable = name, readable
        self.meant: dict[str, list[str]] = {}
        """Letters of the notation -> the letters of the quantities' own names."""
        for own, letter in letters.items():
            self.meant.setdefault(letter, []).append(own)

    def found(self) -> Found:
        if (through := _THROUGH.fullmatch(self.name[:_LONGEST_THROUGH])) is not None:
            return self._contribution(through)
        parts = spelled(self.name)
        if parts.index is not None:
            whole, entry = self._one(parts)
            if entry is not None:
                message = f"{shortened(self.name)} has two indices"
                raise ValueError(message)
            return whole, _index(list(parts.index), whole, self.name, self.readable)
        return self._one(parts)

    def _contribution(self, parts: re.Match[str]) -> Found:
        """The part of a gradient that comes through a quantity: (∂L/∂x)|_{h3} is dL/dx@h3."""
        below = parts[2].strip()
        below = below[1:-1] if below.startswith("{") and below.endswith("}") else below
        names = [_Search(part, self.readable, {}) for part in (parts[1], below)]
        for search in names:
            search.meant = self.meant
        (gradient, _), (through, _) = [search.found() for search in names]
        name = f"{gradient}@{through}"
        if name not in self.readable.shapes:
            raise UnknownNameError(self.name, self.readable)
        return name, None

    def _one(self, parts: Spelled) -> Found:
        whole = list(dict.fromkeys(self._known(name) for name in self._whole(parts) if self._known(name)))
        readings: list[Found] = [(name, None) for name in whole]
        readings = readings or list(dict.fromkeys(self._entries(parts)))
        if not readings and parts.letter.startswith("d") and not parts.wrap and len(parts.letter) > 1:
            # dW1, as programs call ∂L/∂W1
            readings = [self._one(parts.of_gradient())]
        if len(readings) == 1:
            return self._straight(readings[0], parts)
        if readings:
            words = " or ".join(self._word(reading) for reading in readings[:4])
            message = f"{shortened(self.name)} may be {words}"
            raise ValueError(message)
        raise UnknownNameError(self.name, self.readable)

    def _straight(self, reading: Found, parts: Spelled) -> Found:
        """A reading, refused where the name is that of a transposed matrix."""
        shape = self.readable.shapes[reading[0]]
        if parts.transposed and reading[1] is None and sum(length > 1 for length in shape) > 1:
            message = f"{shortened(self.name)} is transposed; write {reading[0]} itself"
            raise ValueError(message)
        return reading

    def _word(self, reading: Found) -> str:
        name, entry = reading
        return name if entry is None else f"{name}[{','.join(str(i + self.readable.base) for i in entry)}]"

    def _known(self, name: str) -> str:
        """The quantity of a name or of another name for it; "" if there is none."""
        return name if name in self.readable.shapes else self.readable.aliases.get(name, "")

    def _frames(self, parts: Spelled) -> list[tuple[str, str]]:
        """What stands before and behind a symbol: of its gradient, of a function's derivative there, nothing."""
        if not parts.wrap:
            return [("", "")]
        if parts.wrap == "dL":
            is_loss = parts.loss in _LOSS or "L" in self.meant.get(parts.loss, ())
            return [(_GRADIENT, "")] if is_loss else []
        known = dict.fromkeys(name.partition("'(")[0] for name in self.readable.shapes if "'(" in name)
        return [(f"{function}'(", ")") for function in known if _alike(function, parts.wrap)]

    def _wrapped(self, parts: Spelled, symbol: str) -> list[str]:
        """The names that a symbol makes with what stands around it: h1, dL/dh1, sigma'(h1)."""
        frames = self._frames(parts)
        if parts.wrap not in {"", "dL"}:
            symbol = self._known(symbol) or symbol
        return [start + symbol + end for start, end in frames]

    def _letters(self, parts: Spelled) -> list[str]:
        return self.meant.get(parts.letter, [parts.letter])

    def _whole(self, parts: Spelled) -> Iterator[str]:
        """Names of whole quantities that the parts may be, the most literal first."""
        if parts.literal and parts.letter not in self.meant:
            yield from self._wrapped(parts, parts.literal)
        if len(parts.numbers) > 1:
            return
        number = parts.numbers[0] if parts.numbers else ""
        for letter in self._letters(parts):
            yield from self._wrapped(parts, primed(letter + number, parts.strokes))
        if not number and not parts.wrap and parts.letter in _LOSS:
            yield primed("L", parts.strokes)
        if not number and not any(self._known(name) for name in self._bare(parts)):
            yield from self._numbered(parts)

    def _bare(self, parts: Spelled) -> list[str]:
        return [name for letter in self._letters(parts) for name in self._wrapped(parts, primed(letter, parts.strokes))]

    def _numbered(self, parts: Spelled) -> list[str]:
        """The quantities of a letter that have a number which the name leaves out."""
        strokes = primed("", parts.strokes)
        frames, letters = self._frames(parts), self._letters(parts)
        forms = [
            re.compile(re.escape(start + letter) + "[0-9]+" + re.escape(strokes + end))
            for letter in letters
            for start, end in frames
        ]
        for names in (self.readable.shapes, self.readable.aliases):
            found = [name for form in forms for name in names if form.fullmatch(name)]
            if found:
                return found
        return []

    def _entries(self, parts: Spelled) -> Iterator[Found]:
        """Entries that the numbers of a name may mean: h_{1,2} is h1[2], W_{1,23} is W1[2,3], x_2 is x[2]."""
        if not parts.numbers or (parts.superscript and len(parts.numbers) == 1):
            return
        first, *rest = parts.numbers
        splits = [(first, rest)] if rest else []
        if not rest and "_" in parts.literal:
            splits = [(first[:i], [first[i:]]) for i in range(1, len(first))]
        heads = [
            (name, places)
            for number, places in splits
            for letter in self._letters(parts)
            for name in self._wrapped(parts, primed(letter + number, parts.strokes))
        ]
        if not parts.superscript:
            plain = [name for name in self._bare(parts) if self._known(name)] or self._numbered(parts)
            heads += [(name, list(parts.numbers)) for name in plain]
        for name, places in heads:
            quantity = self._known(name)
            if quantity and (entry := self._places(places, self.readable.shapes[quantity])) is not None:
                yield quantity, entry

    def _places(self, numbers: list[str], shape: Shape) -> Shape | None:
        """An index of digits, "23" being 2,3 where no axis needs two digits; None where it is none."""
        base = self.readable.base
        if len(numbers) == 1 and len(shape) > 1 and len(numbers[0]) == len(shape):
            numbers = list(numbers[0]) if all(length + base <= 10 for length in shape) else []
        if any(len(number) > 1 and number.startswith("0") for number in numbers):
            return None
        places = [int(number) - base for number in numbers]
        fits = len(places) == len(shape) and all(0 <= place < n for place, n in zip(places, shape, strict=True))
        return tuple(places) if fits and shape else None
