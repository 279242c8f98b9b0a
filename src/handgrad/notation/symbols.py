"""The conventions people teach with: which letter stands for which quantity on paper.

The names of quantities (``a1``, ``h2``, ``dL/dW1``) are the same in every file; what is printed for
them follows the problem's ``notation``.
"""

from __future__ import annotations

import re

from msgspec import Struct

from handgrad.notation.nodes import Expr, Partial, Symbol

CONVENTIONS: dict[str, dict[str, str]] = {
    "a,h": {},
    "z,a": {"a": "z", "h": "a"},
    "net,out": {"a": "net", "h": "out", "yhat": "out"},
}
"""Known notations: the letter of a quantity and what is written for it, where they differ."""

LETTERS = {"x": "x", "y": "y", "yhat": "y", "a": "a", "h": "h", "W": "W", "b": "b", "K": "K", "L": "L", "losses": "ℓ"}
_HATTED = ("yhat",)
_LONGEST = 12


GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ",
    "mu": "μ", "rho": "ρ", "sigma": "σ", "phi": "φ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
_INDEXED = re.compile(rf"({'|'.join(GREEK)}|[A-Za-z])_?([A-Za-z0-9]*)")
_MOST_STROKES = 2


def parted(name: str) -> tuple[str, int]:
    """A name and how many updates it has seen: W1'' is ("W1", 2), W1'3 is ("W1", 3)."""
    stem, stroke, rest = name.partition("'")
    return stem, 0 if not stroke else int(rest) if rest.isdigit() else 1 + len(rest)


def _primes(strokes: int) -> tuple[int, str]:
    """Up to two strokes as such, more as a number above."""
    return (strokes, "") if strokes <= _MOST_STROKES else (0, str(strokes))


class Convention(Struct, frozen=True):
    """A table of symbols; ``vector`` names are bold unless the quantity is a single number."""

    letters: dict[str, str]
    last: int = 0
    """The number of the last layer, which ŷ bears in a notation without hats."""

    def symbol(self, name: str, *, bold: bool = True) -> Expr:
        """What is printed for a quantity: ``dL/dW1`` gives ∂L/∂W₁."""
        if name.startswith("dL/d"):
            by, _, through = name[4:].partition("@")
            via = self.symbol(through.partition(".")[0], bold=bold) if through else None
            return Partial(self.symbol("L", bold=False), self.symbol(by, bold=bold), via)
        stem, strokes = parted(name)
        letter = stem.rstrip("0123456789")
        number = stem[len(letter) :]
        if letter not in LETTERS:
            return self._own(stem, strokes, bold=bold)
        written = self.letters.get(letter, LETTERS[letter])
        hat = letter in _HATTED and letter not in self.letters
        if letter == "yhat" and not hat and self.last:
            number = str(self.last)
        bold = bold and letter != "L" and len(written) == 1
        primes, sup = _primes(strokes)
        return Symbol(written, number, bold=bold, hat=hat, primes=primes, sup=sup)

    def _own(self, stem: str, strokes: int, *, bold: bool) -> Symbol:
        """A name of the user's own: one letter, perhaps with an index (W_hh, U2), or a word."""
        primes, sup = _primes(strokes)
        match = _INDEXED.fullmatch(stem)
        if match is None:
            return Symbol(stem, primes=primes, sup=sup)
        return Symbol(GREEK.get(match[1], match[1]), match[2], bold=bold, primes=primes, sup=sup)


def convention(notation: object, last: int = 0) -> Convention:
    """The table of symbols of a problem's ``notation``; ValueError if it is none."""
    if isinstance(notation, str):
        if notation not in CONVENTIONS:
            known = ", ".join(f'"{name}"' for name in CONVENTIONS)
            message = f'unknown notation "{notation}"; known are {known}, or a table of symbols'
            raise ValueError(message)
        return Convention(CONVENTIONS[notation], last)
    if not isinstance(notation, dict):
        message = f"expected the name of a notation or a table of symbols, found {notation!r}"
        raise ValueError(message)  # noqa: TRY004  reported as a mistake of the file like any other
    for letter, written in notation.items():
        if letter not in LETTERS:
            message = f'unknown symbol "{letter}"; known are {", ".join(LETTERS)}'
            raise ValueError(message)
        if not isinstance(written, str) or not written.isalpha() or len(written) > _LONGEST:
            message = f"expected letters for {letter}, found {written!r}"
            raise ValueError(message)
    return Convention(dict(notation), last)
