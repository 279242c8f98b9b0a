"""The conventions people teach with: which letter stands for which quantity on paper, and how things are laid out.

The names of quantities (``a1``, ``h2``, ``dL/dW1``) are the same in every file; what is printed for
them follows the problem's ``notation``.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from handgrad.notation.nodes import Expr, Gradient, Partial, Symbol
from handgrad.notation.words import LANGUAGES

CONVENTIONS: dict[str, dict[str, str]] = {
    "a,h": {},
    "z,a": {"a": "z", "h": "a"},
    "net,out": {"a": "net", "h": "out", "yhat": "out"},
}
"""Known notations: the letter of a quantity and what is written for it, where they differ."""

LETTERS = {"x": "x", "y": "y", "yhat": "y", "a": "a", "h": "h", "W": "W", "b": "b", "K": "K", "L": "L", "losses": "ℓ"}
_HATTED = ("yhat",)
_LONGEST = 12

CHOICES: dict[str, tuple[str | int, ...]] = {
    "symbols": tuple(CONVENTIONS),
    "indices": (1, 0),
    "vectors": ("column", "row"),
    "gradients": ("partial", "nabla"),
    "decimals": ("point", "comma"),
    "language": tuple(LANGUAGES),
}
"""What a notation decides beside letters, each with its choices, the default first."""


GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ",
    "mu": "μ", "rho": "ρ", "sigma": "σ", "phi": "φ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
_ALL_GREEK = GREEK | {"zeta": "ζ", "kappa": "κ", "nu": "ν", "xi": "ξ", "pi": "π", "tau": "τ", "chi": "χ"}
"""Those that an own table may name; a parameter called nu or xi stays the word that it is."""
_INDEXED = re.compile(rf"((?:{'|'.join(GREEK)}|[A-Za-z])(?=_|\d|$)|[A-Z](?=[A-Za-z]{{1,2}}\d*$))_?([A-Za-z0-9]*)")
"""A letter, by its name if it is Greek, with an index behind: W_hh, U2, gamma3, Wxh; "bias" is a word."""
_WRITTEN = re.compile(r"([^\W\d_]+)(?:_([^\W_]+))?")
"""What an own table writes for a quantity: a letter or a word, perhaps with an index: z, ζ, net, z_in."""
_STATE = re.compile(r"([msv])_(\w+)")
"""What an update remembers of a parameter: m_W1, v_W_hh, s_gamma2."""
_MOST_STROKES = 2


def parted(name: str) -> tuple[str, int]:
    """A name and how many updates it has seen: W1'' is ("W1", 2), W1'3 is ("W1", 3)."""
    stem, stroke, rest = name.partition("'")
    return stem, 0 if not stroke else int(rest) if rest.isdigit() else 1 + len(rest)


def _primes(strokes: int) -> tuple[int, str]:
    """Up to two strokes as such, more as a number above."""
    return (strokes, "") if strokes <= _MOST_STROKES else (0, str(strokes))


class Convention(Struct, frozen=True):
    """A table of symbols, and how numbers, arrays and words are written.

    Names are bold unless the quantity is a single number.
    """

    letters: dict[str, str]
    last: int = 0
    """The number of the last layer, which ŷ bears in a notation without hats."""
    indices: int = 1
    """Where indices on paper and in questions count from: 1 or 0."""
    vectors: str = "column"
    """A vector is a "column", or a "row"; the examples of a batch stand side by side, or below one another."""
    gradients: str = "partial"
    """∂L/∂W ("partial") or ∇_W L ("nabla")."""
    decimals: str = "point"
    """Decimals have a "point" or a "comma"."""
    language: str = "en"
    """That of the words, a key of ``words.LANGUAGES``."""

    def symbol(self, name: str, *, bold: bool = True) -> Expr:
        """What is printed for a quantity: ``dL/dW1`` gives ∂L/∂W₁."""
        if name.startswith("dL/d"):
            by, _, through = name[4:].partition("@")
            via = self.symbol(through.partition(".")[0], bold=bold) if through else None
            kind = Gradient if self.gradients == "nabla" else Partial
            return kind(self.symbol("L", bold=False), self.symbol(by, bold=bold), via)
        stem, strokes = parted(name)
        letter = stem.rstrip("0123456789")
        number = stem[len(letter) :]
        if letter not in LETTERS:
            return self._own(stem, strokes, bold=bold)
        written, _, below = self.letters.get(letter, LETTERS[letter]).partition("_")
        hat = letter in _HATTED and letter not in self.letters
        if letter == "yhat" and not hat and self.last:
            number = str(self.last)
        bold = bold and letter != "L" and len(written) == 1
        primes, sup = _primes(strokes)
        return Symbol(written, ",".join(filter(None, (below, number))), bold=bold, hat=hat, primes=primes, sup=sup)

    def decimal(self, text: str) -> str:
        """A decimal number in words."""
        return text.replace(".", ",") if self.decimals == "comma" else text

    def _own(self, stem: str, strokes: int, *, bold: bool) -> Symbol:
        """A name of the user's own: one letter, perhaps with an index (W_hh, U2), or a word."""
        primes, sup = _primes(strokes)
        if (state := _STATE.fullmatch(stem)) is not None:
            index = _INDEXED.fullmatch(state[2])
            below = state[2] if index is None else GREEK.get(index[1], index[1]) + index[2]
            return Symbol(state[1], below, bold=bold, primes=primes, sup=sup)
        match = _INDEXED.fullmatch(stem)
        if match is None:
            return Symbol(stem, primes=primes, sup=sup)
        return Symbol(GREEK.get(match[1], match[1]), match[2], bold=bold, primes=primes, sup=sup)


def as_table(notation: str | dict[str, Any]) -> dict[str, Any]:
    """A notation as a table; a name is the letters of one that is known."""
    return {"symbols": notation} if isinstance(notation, str) else notation


def convention(notation: str | dict[str, Any], last: int = 0) -> Convention:
    """The conventions of a problem's ``notation``, which has no mistakes."""
    table = as_table(notation)
    own = {letter: _spelled(written) for letter, written in table.items() if letter in LETTERS}
    letters = {**CONVENTIONS[table.get("symbols", "a,h")], **own}
    chosen = {key: table[key] for key in CHOICES if key != "symbols" and key in table}
    return Convention(letters, last, **chosen)


def _spelled(written: str) -> str:
    """A Greek letter by its name as the letter: delta, alpha_in."""
    letter, joint, below = written.partition("_")
    return _ALL_GREEK.get(letter, letter) + joint + below


def mistakes(notation: object) -> list[tuple[str, str]]:
    """What is wrong with a ``notation``: pairs of key ("" for the whole of it) and text."""
    if isinstance(notation, str):
        if notation in CONVENTIONS:
            return []
        known = ", ".join(map(_shown, CONVENTIONS))
        return [("", f'unknown notation "{notation}"; known are {known}, or a table of symbols')]
    if not isinstance(notation, dict):
        return [("", f"expected the name of a notation or a table of symbols, found {notation!r}")]
    found = ((str(key), _mistake(key, written)) for key, written in notation.items())
    return [(key if key in CHOICES or key in LETTERS else "", text) for key, text in found if text]


def _mistake(key: Any, written: Any) -> str:
    """What is wrong with one key of a notation; "" if nothing is."""
    if key in CHOICES:
        # type: 1.0 and true are no indices, though they equal 1
        if any(written == choice and type(written) is type(choice) for choice in CHOICES[key]):
            return ""
        *choices, last = map(_shown, CHOICES[key])
        return f"expected {', '.join(choices)} or {last} for {key}, found {_shown(written)}"
    if key not in LETTERS:
        letters, others = ", ".join(LETTERS), ", ".join(CHOICES)
        return f'unknown symbol "{key}"; known are {letters}; and {others}'
    if isinstance(written, str) and len(written) <= _LONGEST and _WRITTEN.fullmatch(written):
        return ""
    return f"expected letters for {key}, found {written!r}"


def _shown(value: Any) -> str:
    """A value as a problem file has it."""
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)
