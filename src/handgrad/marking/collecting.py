"""What has been read of a script so far: entries by quantity, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from handgrad.arithmetic.numerals import described
from handgrad.marking.arrays import entry_word, fits, leaves, place, refusal, size
from handgrad.marking.names import Found, resolve
from handgrad.marking.numbers import all_written, known_decimal, written
from handgrad.marking.preparing import prepared, sides
from handgrad.marking.script import Readable, Script, Unread, Written
from handgrad.marking.spelling import visible
from handgrad.marking.values import Reading, readings
from handgrad.ops.op import Shape

LOSS_FACTOR, TRANSPOSED = "loss_factor", "transposed"
DECLARATIONS = (LOSS_FACTOR, TRANSPOSED)
"""Keys by which a script says how it is to be read."""

MOST_UNREAD = 200
"""So many lines that cannot be read end the reading: it is no script."""
_LISTED = 5
"""Bad entries of one quantity that are listed one by one."""
_FIRST = 6
"""Entries of a list that a report shows."""
_WHOLE = frozenset("[({\\=≈;&\n\x02")
"""A text with one of these may be more than a number."""


_MOST_NAMES = 4000
"""So many are remembered."""


def _meant_by(readable: Readable, letters: Mapping[str, str] | None) -> dict[str, Found]:
    """What names have been found to stand for so far, with these letters."""
    found: dict[str, Found] = readable.meant.setdefault(tuple((letters or {}).items()), {})
    return found


class Collector:
    """Takes names with their values one after the other. Nothing that it is given makes it raise.

    An entry that is given twice keeps its first value, and the second is listed (unless it is the same).
    """

    def __init__(self, readable: Readable, letters: Mapping[str, str] | None = None) -> None:
        self.readable, self.letters = readable, letters
        self._meant = _meant_by(readable, letters)
        self.entries: dict[str, dict[int, Written]] = {}
        self.unread: list[Unread] = []
        self.loss_factor = ""
        self._transposed: frozenset[str] = frozenset()
        self.by_columns: set[str] = set()
        """The vectors of a batch that are written one example a column, as their shape tells."""
        self.full = False
        """Whether too much could not be read: the rest is not looked at."""

    def script(self, student: str) -> Script:
        """All of it as a script; what was declared to be transposed stands the right way round."""
        for name in (self._transposed | self._square()) & self.entries.keys():
            rows, columns = self.readable.shapes[name]
            turned = {at % columns * rows + at // columns: entry for at, entry in self.entries[name].items()}
            self.entries[name] = dict(sorted(turned.items()))
        return Script(visible(student), self.entries, tuple(self.unread), self.loss_factor)

    def _square(self) -> frozenset[str]:
        """Of as many examples as entries, whose shape tells nothing: as all others, if these stand in columns."""
        if not self.by_columns:
            return frozenset()
        shapes = self.readable.shapes
        square = frozenset(name for name in self.readable.batched if shapes[name][0] == shapes[name][1])
        told = self.readable.batched & self.entries.keys() - square
        return square if told <= self.by_columns else frozenset()

    def declare(self, key: str, value: Any) -> None:
        """What a script says of itself: its loss factor, and which weights (true: all) it writes transposed."""
        if key == LOSS_FACTOR:
            self._declare_factor(value)
            return
        names = list(self.readable.weights) if value is True else value if isinstance(value, list) else []
        unknown = [name for name in names if name not in self.readable.weights and name not in self.readable.batched]
        if unknown or not names:
            known = ", ".join(self.readable.weights)
            self.refuse(key, _shown(value, key), f"expected true or a list of {known}")
            return
        self._transposed = frozenset(names)
        turned = {name: self.readable.shapes[name][::-1] for name in names}
        self.readable = replace(self.readable, shapes={**self.readable.shapes, **turned}, forms={}, meant={})
        self._meant = _meant_by(self.readable, self.letters)

    def _declare_factor(self, value: Any) -> None:
        try:
            number = written(value)
        except ValueError as error:
            self.refuse(LOSS_FACTOR, _shown(value, LOSS_FACTOR), str(error))
        else:
            self.loss_factor = "" if number is None else str(number.exact)

    def refuse(self, where: str, text: object, why: str) -> None:
        """List what could not be read."""
        if self.full:
            return
        if len(self.unread) >= MOST_UNREAD:
            self.full = True
            self.unread.append(Unread(where, "", f"more than {MOST_UNREAD} entries cannot be read; reading stops here"))
            return
        self.unread.append(Unread(where, visible(text) if isinstance(text, str) else described(text), why))

    def resolve(self, name: str) -> Found:
        """The quantity of a name and its entry, if it names one. Raises ValueError."""
        known = self._meant
        if name not in known:
            found = resolve(name, self.readable, self.letters)
            if len(known) >= _MOST_NAMES:
                known.clear()
            known[name] = found
        return known[name]

    def give(self, name: str, value: Any, where: str = "", *, comma: bool = False) -> None:
        """A value for a name: a number, a text, nested lists. ``where`` it stands is its name unless given.

        ``comma``: a comma in a number is certain to be the decimal one.
        """
        try:
            found = self.resolve(name)
        except ValueError as error:
            self.refuse(where or visible(name), _shown(value, name), str(error))
            return
        if self._plain(found[0], value) if found[1] is None else self._entry(found[0], found[1], value):
            return
        try:
            self.put(found, self.chosen(found, _ways(value, comma=comma)), where)
        except ValueError as error:
            self.refuse(where or visible(name), _shown(value, name), str(error))

    def _plain(self, name: str, value: Any) -> bool:
        """Takes a list or matrix of numbers for a quantity, if nothing at all is amiss."""
        shape = self.readable.shapes[name]
        if name in self.entries or type(value) is not list or len(value) != (shape[0] if shape else -1):
            return False
        if len(shape) == 2:
            if any(type(row) is not list or len(row) != shape[1] for row in value):
                return False
            value = [entry for row in value for entry in row]
        elif len(shape) > 2:
            return False
        try:
            numbers = all_written(value)
        except ValueError:
            return False
        have = {at: number for at, number in enumerate(numbers) if number is not None}
        if have:
            self.entries[name] = have
        return True

    def _entry(self, name: str, index: Shape, value: Any) -> bool:
        """Takes a plain decimal for an entry that has none yet."""
        number = known_decimal(value) if type(value) is str and _WHOLE.isdisjoint(value) else None
        if number is None:
            return False
        at, have = place(index, self.readable.shapes[name]), self.entries.get(name)
        if have is None:
            self.entries[name] = {at: number}
        elif at in have:
            return False
        else:
            have[at] = number
        return True

    def chosen(self, found: Found, ways: list[Reading]) -> Reading:
        """The way of reading that has the shape of the quantity. Raises ValueError if none has."""
        why = ""
        for way in ways:
            try:
                self._flat(found, way.value)
            except ValueError as error:
                why = why or str(error)
            else:
                return way
        raise ValueError(why)

    def _flat(self, found: Found, value: Any) -> list[Any]:
        """The entries of a value, row by row. Raises ValueError if it has not the quantity's shape."""
        quantity, index = found
        shape = self.readable.shapes[quantity] if index is None else ()
        have, flat = leaves(value)
        if fits(have, shape):
            return flat
        if index is None and quantity in self.readable.batched and have == shape[::-1]:
            self.by_columns.add(quantity)
            return [flat[at + step] for at in range(have[1]) for step in range(0, len(flat), have[1])]
        if not have and (value is None or (isinstance(value, str) and _blank(value))):
            return []
        raise ValueError(refusal(quantity if index is None else f"an entry of {quantity}", have, shape))

    def put(self, found: Found, way: Reading, where: str = "") -> None:
        """The entries of a value into their places. Raises ValueError if it has not the quantity's shape."""
        quantity, index = found
        shape = self.readable.shapes[quantity]
        start = 0 if index is None else place(index, shape)
        have, bad, twice = self.entries.setdefault(quantity, {}), 0, []
        for at, entry in enumerate(self._flat(found, way.value), start):
            try:
                number = written(entry, comma=way.comma)
            except ValueError as error:
                bad += 1
                if bad <= _LISTED:
                    self.refuse(_at(where, quantity + self._word(at, shape)), entry, str(error))
                continue
            if number is None:
                continue
            if (first := have.setdefault(at, number)) is not number and first.text != number.text:
                twice.append((at, number.text))
        if bad > _LISTED:
            self.refuse(_at(where, quantity), "", f"{bad - _LISTED} more entries of it cannot be read")
        if twice:
            self._twice(quantity, twice, where)
        if not have:
            del self.entries[quantity]

    def _twice(self, quantity: str, twice: list[tuple[int, str]], where: str) -> None:
        at, text = twice[0]
        shape = self.readable.shapes[quantity]
        word = quantity if len(twice) == size(shape) else quantity + self._word(at, shape)
        more = f" (and {len(twice) - 1} more)" if len(twice) > 1 and word != quantity else ""
        self.refuse(_at(where, word), text, f"{word}{more} is given twice; the first counts")

    def _word(self, at: int, shape: tuple[int, ...]) -> str:
        return entry_word(at, shape, self.readable.base)


def _at(where: str, word: str) -> str:
    return f"{where}, {word}" if where else word


def _blank(text: str) -> bool:
    try:
        return written(text) is None
    except ValueError:
        return False


def _shown(value: Any, name: str) -> str:
    """What a report shows of a value: a number or a text as it is, a list with its name and its first entries."""
    if isinstance(value, (list, tuple)) and not any(isinstance(entry, (list, tuple, dict)) for entry in value):
        first = [described(entry).strip('"') for entry in value[:_FIRST]]
        return f"{name} = [{', '.join(first + ['...'] * (len(value) > _FIRST))}]"
    return described(value).strip('"') if isinstance(value, (str, int, float)) else f"{name} = {described(value)}"


def _ways(value: Any, *, comma: bool) -> list[Reading]:
    """The ways to read a value of a file or a dict; a text may hold a list or a chain of equations."""
    if type(value) is not str or _WHOLE.isdisjoint(value):
        return [Reading(value, comma=comma)]
    *_, last = sides(prepared(value).replace("\n", " "))
    return readings(last)
