"""Solutions as people put them on paper: what they write, what they carry on, what they do in the head.

The truth about each (what was planted where) goes with it. Nothing here calls handgrad.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from paper_networks import Net, Row, Shape, nested
from pens import Pen, pen

Rows = list[Row]

LEAVES = ("nothing", "nothing", "some", "some", "half", "all but gradients", "all but parameters", "all but the ends")


@dataclass(frozen=True)
class Habit:
    """How somebody works."""

    pen: Pen
    carry: str
    """What goes on from a written number: "full", "written", "mixed" (at times), "guard" (two digits more).

    "shaky" is nobody: each number goes on as far off as its digits allow.
    """
    head: str
    """What is not written down is "full" or rounded as the rest ("written")."""
    joint: bool
    """softmax with cross-entropy, logistic with binary cross-entropy: by the joint rule or the long way."""
    leaves: str
    """What is not written."""
    slopes: bool
    """Whether σ′ is written down."""
    losses: bool
    seed: int

    def chance(self, name: str) -> Random:
        """The whims of this person at a quantity, the same each time the network is worked."""
        return Random(f"{self.seed} {name}")


def habit(random: Random) -> Habit:
    carry = random.choice(["full", "full", "written", "written", "mixed", "guard"])
    return Habit(
        pen(random), carry, random.choice(["full", "written"]), random.random() < 0.6, random.choice(LEAVES),
        random.random() < 0.3, random.random() < 0.7, random.randrange(10**9),
    )  # fmt: skip


@dataclass
class Paper:
    """A solution in the making. ``plants`` maps a quantity to the mistake that is made there."""

    net: Net
    habit: Habit
    plants: dict[str, str] = field(default_factory=dict)
    doubt: dict[str, Rows] = field(default_factory=dict)
    """How far two people with these digits, neither wrong, may be apart."""
    read: dict[str, Rows] = field(default_factory=dict)
    """What a teacher goes on with instead: the numbers that somebody has written."""
    written: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Rows] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    done: dict[str, set[str]] = field(default_factory=dict)
    """The plants that show, with the entries that they change."""
    offers: dict[str, list[str]] = field(default_factory=dict)
    """The mistakes that show, by quantity."""

    def settle(self, name: str, rows: Rows, shape: Shape, **wrong: Rows) -> Rows:
        """Write a quantity down, with what is planted there; what goes on from it."""
        rows = self._planted(name, rows, shape, wrong)
        self.values[name], self.shapes[name] = rows, shape
        if name in self.read:
            return self.read[name]
        if self._omits(name):
            return self.rounded(name, rows) if self.rounds_in_the_head and not self.read else rows
        self.written[name] = self.as_written(rows, shape)
        carry = self.habit.carry
        if carry == "shaky":
            return self.shaken(name, rows)
        if carry == "mixed":
            carry = self.habit.chance(name).choice(["full", "written"])
        return rows if carry == "full" else self.rounded(name, rows)

    def shaken(self, name: str, rows: Rows) -> Rows:
        chance, hand = self.habit.chance(name), self.habit.pen
        half = 1.0 if hand.rounding == "cut" else 0.5
        moved = [[value + chance.choice((-half, half)) * hand.unit(hand.text(value)) for value in row] for row in rows]
        return rows if name == "yhat" and self._spoilt(rows, moved) else moved

    def rounded(self, name: str, rows: Rows) -> Rows:
        """What goes on of rounded numbers; what one must divide by is never rounded to nothing."""
        rounded = [[self.hand.value(value) for value in row] for row in rows]
        return rows if name == "yhat" and self._spoilt(rows, rounded) else rounded

    @property
    def hand(self) -> Pen:
        """The digits that are carried on where not all of them are."""
        return self.habit.pen.finer(2) if self.habit.carry == "guard" else self.habit.pen

    def inner(self, value: float, more: int = 0, *, significant: bool = False) -> float:
        """A number in the head, on the way to the one that is written."""
        hand = self.hand.finer(more)
        if significant and hand.kind != "machine":
            hand = replace(hand, kind="significant")
        return hand.value(value) if self.rounds_in_the_head else value

    @property
    def rounds_in_the_head(self) -> bool:
        return self.habit.head == "written" and self.habit.carry != "full"

    def as_written(self, rows: Rows, shape: Shape) -> Any:
        texts = [[self.habit.pen.text(value) for value in row] for row in rows]
        return nested([text for row in texts for text in row], shape)

    def texts(self) -> list[str]:
        """Every number on the paper."""
        return [self.habit.pen.text(value) for name in self.written for value in flat(self.values[name])]

    def _spoilt(self, rows: Rows, rounded: Rows) -> bool:
        """Whether rounding leaves a 0 or 1 of what was none, where a logarithm or a quotient follows."""
        pairs = [(a, b) for row, other in zip(rows, rounded, strict=True) for a, b in zip(row, other, strict=True)]
        return "cross_entropy" in self.net.loss and any(not 0 < b < 1 and 0 < a < 1 for a, b in pairs)

    def _omits(self, name: str) -> bool:
        leaves, chance = self.habit.leaves, self.habit.chance(name).random()
        if name in self.plants:
            return False
        if name == "losses":
            return not self.habit.losses
        return {
            "nothing": False,
            "some": chance < 0.25,
            "half": chance < 0.5,
            "all but gradients": not name.startswith("dL/d"),
            "all but parameters": name[:5] not in ("dL/dW", "dL/dK", "dL/db"),
            "all but the ends": name not in ("yhat", "L", "dL/dW1", "dL/dK1", "dL/dx"),
        }[leaves]

    def _planted(self, name: str, rows: Rows, shape: Shape, wrong: dict[str, Rows]) -> Rows:
        kind = self.plants.get(name, "")
        if name not in self.doubt or (self.plants and not kind):
            return rows
        rules = {rule: places for rule, other in wrong.items() if (places := self._shown(name, rows, other))}
        entries = {slip: places for slip in SLIPS if (places := self._slips(name, slip, flat(rows)))}
        self.offers[name] = [*rules, *entries]
        if kind in rules:
            texts = zip(*(map(self.habit.pen.text, flat(these)) for these in (rows, wrong[kind])), strict=True)
            self.done[name] = {where(name, shape, place) for place, (one, other) in enumerate(texts) if one != other}
            return wrong[kind]
        if kind not in entries:
            return rows
        place = self.habit.chance(f"slip {name}").choice(entries[kind])
        self.done[name] = {where(name, shape, place)}
        values = flat(rows)
        values[place] = slipped(values, place, kind)
        return [values[i : i + len(rows[0])] for i in range(0, len(values), len(rows[0]))]

    def _slips(self, name: str, kind: str, values: Row) -> list[int]:
        doubts = flat(self.doubt[name])
        wrong = [slipped(values, place, kind) for place in range(len(values))]
        return [i for i, value in enumerate(values) if self._shows(value, wrong[i], doubts[i])]

    def _shown(self, name: str, rows: Rows, wrong: Rows) -> list[int]:
        trios = zip(flat(rows), flat(wrong), flat(self.doubt[name]), strict=True)
        return [place for place, (right, other, doubt) in enumerate(trios) if self._shows(right, other, doubt)]

    def _shows(self, right: float, other: float, doubt: float) -> bool:
        """Whether no rounding explains a number: it is off by four units of its last digit beyond all doubt."""
        hand = self.habit.pen
        return abs(other - right) > 4 * hand.unit(hand.text(other)) + 4 * doubt and bool(hand.value(other))


SLIPS = ("entry sign", "entry point", "entry other", "entry half")


def flat(rows: Rows) -> Row:
    return [value for row in rows for value in row]


def slipped(values: Row, place: int, kind: str) -> float:
    """An entry gone wrong by itself."""
    value = values[place]
    if kind == "entry other":
        return values[(place + 1) % len(values)]
    return value * {"entry sign": -1, "entry point": 10, "entry half": 0.5}[kind]


def where(name: str, shape: Shape, place: int) -> str:
    """An entry as a report calls it."""
    indices: list[str] = []
    for size in reversed(shape):
        place, index = divmod(place, size)
        indices.insert(0, str(index + 1))
    return f"{name}[{','.join(indices)}]" if shape else name
