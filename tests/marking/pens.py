"""How people write a number down: so many decimals, so many significant digits, more of them for small numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random

ROUNDINGS = {"half up": ROUND_HALF_UP, "half even": ROUND_HALF_EVEN, "cut": ROUND_DOWN}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Pen:
    """``kind`` is "decimals", "significant", "mixed" (decimals, but ``least`` significant digits) or "machine"."""

    kind: str
    digits: int
    least: int = 2
    rounding: str = "half up"
    drops_zeros: bool = False
    power: str = ""
    """How a small number is written as a power of ten: "", "e", "·10^" or "×10⁻"."""

    def text(self, value: float) -> str:
        """The number as it stands on the paper."""
        if self.kind == "machine":
            return repr(value)
        number = Decimal(f"{value:.12g}")  # as a calculator has it
        if self.power and value and abs(value) < 10.0 ** -min(self.digits, 3):
            return self._powered(number)
        rounded = self._rounded(number)
        text = f"{rounded:f}"
        text = text.removeprefix("-") if not rounded else text
        return shortened(text) if self.drops_zeros else text

    def value(self, value: float) -> float:
        """What a person who goes on with the written number goes on with."""
        return self.read(self.text(value))

    @staticmethod
    def read(text: str) -> float:
        """The value of a text of this pen."""
        for mark in ("·10^", " × 10"):
            head, found, power = text.partition(mark)
            if found:
                plain = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
                return float(f"{head}e{plain}")
        return float(text)

    def unit(self, text: str) -> float:
        """One in the last digit written; of an integer whose zeros may have been dropped, of the last digit kept."""
        value = self.read(text)
        if self.kind == "machine":
            return 1e-14 * max(abs(value), 1.0)
        head = text.replace("·10^", "e").replace(" × 10", "e").partition("e")[0]
        if self.drops_zeros and "." not in head:
            return float(10.0 ** self._exponent(Decimal(repr(value))))
        return 10.0 ** -len(head.partition(".")[2]) * (abs(value / float(head)) if float(head) else 1.0)

    def finer(self, more: int) -> Pen:
        """The same hand with more digits."""
        return self if self.kind == "machine" else replace(self, digits=self.digits + more, least=self.least + more)

    def _rounded(self, number: Decimal) -> Decimal:
        rounded = number.quantize(Decimal(1).scaleb(self._exponent(number)), ROUNDINGS[self.rounding])
        if self.kind == "significant" and rounded and rounded.adjusted() > number.adjusted():
            return number.quantize(Decimal(1).scaleb(self._exponent(rounded)), ROUNDINGS[self.rounding])
        return rounded

    def _exponent(self, number: Decimal) -> int:
        if self.kind == "decimals" or not number:
            return -self.digits
        if self.kind == "significant":
            return min(number.adjusted() - self.digits + 1, 0)
        return min(-self.digits, number.adjusted() - self.least + 1)

    def _powered(self, number: Decimal) -> str:
        exponent = number.adjusted()
        places = number.adjusted() - self._exponent(number)
        head = number.scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUNDINGS[self.rounding])
        if head.adjusted() > 0:
            head, exponent = head.scaleb(-1).quantize(Decimal(1).scaleb(-places)), exponent + 1
        text = shortened(f"{head:f}") if self.drops_zeros else f"{head:f}"
        if self.power == "×10⁻":
            return f"{text} × 10{str(exponent).translate(SUPERSCRIPTS)}"
        return f"{text}{self.power}{exponent}"


def shortened(text: str) -> str:
    """A decimal without the zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def pen(random: Random) -> Pen:
    """Somebody's way of writing numbers."""
    kind = random.choice(["decimals"] * 4 + ["significant"] * 3 + ["mixed"] * 3 + ["machine"])
    digits = random.randint(2, 6)
    return Pen(
        kind,
        digits,
        least=random.randint(1, max(1, digits - 1)) if kind == "mixed" else digits,
        rounding=random.choice(["half up", "half up", "half even", "cut"]),
        drops_zeros=random.random() < 0.3,
        power=random.choice(["", "", "e", "·10^", "×10⁻"]) if kind != "decimals" else "",
    )


def given(random: Random, scale: str) -> str:
    """A number of a problem as its author writes it, of one of the sizes in SCALES."""
    if scale == "fractions":
        return str(Fraction(random.randint(-9, 9), random.choice([2, 3, 4, 5, 7])))
    if scale == "integers":
        return str(random.randint(-3, 3))
    decimals, reach = SCALES[scale]
    text = f"{random.uniform(-reach, reach):.{decimals}f}"
    return "0" if random.random() < 0.04 else text


SCALES: dict[str, tuple[int, float]] = {
    "integers": (0, 3.0),
    "fractions": (0, 3.0),
    "one digit": (1, 1.0),
    "two digits": (2, 1.0),
    "three digits": (3, 1.5),
    "four digits": (4, 1.0),
    "small": (3, 0.05),
    "tiny": (5, 0.002),
    "large": (1, 6.0),
}
