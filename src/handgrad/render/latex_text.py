"""Words as LaTeX: nothing in them is obeyed, and what no font here has is shown by its number."""

from __future__ import annotations

from unicodedata import category, normalize

_LONGEST_WORD = 30

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "|": r"\textbar{}",
    '"': "''",
    "–": "--",
    "—": "---",
    "’": "'",
    "‘": "`",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
}
_LETTERS = {"ł": r"\l{}", "Ł": r"\L{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ı": r"\i{}", "ẞ": "SS"}

_GREEK_LETTERS = "αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho varsigma sigma tau upsilon"
    " phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = {letter: f"\\{name}" for letter, name in zip(_GREEK_LETTERS, _GREEK_NAMES.split(), strict=True)}
"""Greek letters and their commands."""

_MATHEMATICS = {
    **GREEK,
    "<": "<",
    ">": ">",
    "°": r"^\circ",
    "∂": r"\partial",
    "×": r"\times",
    "·": r"\cdot",
    "÷": r"\div",
    "±": r"\pm",
    "→": r"\to",
    "←": r"\leftarrow",
    "⇒": r"\Rightarrow",
    "≈": r"\approx",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "−": "-",
    "⊙": r"\odot",
    "∇": r"\nabla",
    "∈": r"\in",
    "∑": r"\sum",
    "√": r"\surd",
    "½": r"\tfrac12",
    "∞": r"\infty",
    "²": "^2",
    "³": "^3",
    "⁻": "^{-}",
    "ᵀ": r"^{\top}",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
    "ŷ": r"\hat{y}",
    "ℓ": r"\ell",
    "′": "'",
    "⋯": r"\cdots",
    "⋮": r"\vdots",
    **{digit: f"_{i}" for i, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}

_ACCENTS = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0331",
        "`'^~=u.\"rHvdcb",
        strict=True,
    )
)
DEVANAGARI = frozenset(map(chr, range(0x0900, 0x0980)))
"""Signs of Hindi: KaTeX and MathJax have them within mathematics, the fonts of LaTeX have not."""

_LAST_LATIN = 0xFF
_NOT_IN_FONT = "ÐðÞþªºµ"
"""Letters up to here are in the font that LaTeX starts with, but for these."""


def text(words: str) -> str:
    """Words as LaTeX text."""
    return " ".join(_word(word) for word in normalize("NFC", words).split(" "))


def text_in_mathematics(words: str, command: str = "text") -> str:
    r"""Words within mathematics, in amsmath and in KaTeX; a sign of mathematics stands between two \text."""
    inner = "".join(c if c in DEVANAGARI else _character(c, "}", rf"\{command}{{") for c in normalize("NFC", words))
    return rf"\{command}{{{inner}}}"


def without_devanagari(latex: str) -> str:
    """LaTeX for its own fonts: signs that mathematics could show elsewhere are shown by their numbers."""
    return "".join(_letter(c) if c in DEVANAGARI else c for c in latex)


def _word(word: str) -> str:
    """A word, which may be broken anywhere if it is very long."""
    joint = r"\allowbreak{}" if len(word) > _LONGEST_WORD else ""
    return joint.join(_character(c, r"\ensuremath{", "}") for c in word)


def _character(c: str, opens: str, closes: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c in _MATHEMATICS:
        return f"{opens}{_MATHEMATICS[c]}{closes}"
    if " " <= c <= "~":
        return c
    return " " if c in "\n\r\t\u00a0" else _letter(c)


def _letter(c: str) -> str:
    """A letter beyond ASCII."""
    if category(c) not in ("Ll", "Lu") or c in _NOT_IN_FONT:
        return f"[U+{ord(c):04X}]"
    if ord(c) <= _LAST_LATIN:
        return c
    base, mark = (*normalize("NFD", c), "", "")[:2]
    if base.isascii() and mark in _ACCENTS and len(normalize("NFD", c)) == len(base + mark):
        return rf"\{_ACCENTS[mark]}{{{base}}}"
    return _LETTERS.get(c, f"[U+{ord(c):04X}]")
