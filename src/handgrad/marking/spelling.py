"""The spellings of mathematics in a student's text: Unicode's signs and LaTeX's commands made plain."""

from __future__ import annotations

import re
import unicodedata

SHOWN = 60
"""Characters of a text that a message shows."""

_MINUS = dict.fromkeys((0x2212, 0x2013, 0x2010, 0x2011, 0x2012, 0xFE63, 0xFF0D), "-")
_SIGNS = {
    **_MINUS, ord("×"): "*", ord("·"): "*", ord("⋅"): "*", ord("∙"): "*", ord("∗"): "*", ord("÷"): "/", ord("⁄"): "/",
    ord("∕"): "/", ord("π"): "pi", ord("∞"): "inf", 0xFF0B: "+",
}  # fmt: skip
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾", "0123456789+-()")
_RAISED_RUN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾]+")
_VULGAR = re.compile(r"(?<![0-9.,/^])[¼½¾⅐-⅞](?![0-9.,/])")
_ROOT = re.compile(r"√\s*([0-9]+(?:\.[0-9]+)?)")

SPACING = re.compile(r"\\(?:[,;:!> ]|quad\b|qquad\b|displaystyle\b|(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])\.?)|[~$]")
_GROUPS = (
    (re.compile(r"\{\s*,\s*\}"), ","),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]?frac\s*([0-9])\s*([0-9])"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"sqrt(\1)"),
    (re.compile(r"\^\s*\{([^{}]*)\}"), r"^(\1)"),
    (re.compile(r"\\(?:math(?:rm|bf|it)|text)\s*\{\s*([a-z]*)\s*\}"), r"\1"),
)
_LONE_GROUP = re.compile(r"(?<![A-Za-z}\]])(\s*)\{([^{}]*)\}")
_ROUNDS = 20
_WORDS = (
    (re.compile(r"\\(?:cdot|times)(?![A-Za-z])"), "*"),
    (re.compile(r"\\(?:ln|exp|pi)(?![A-Za-z])"), lambda match: match[0][1:]),
    (re.compile(r"\\infty(?![A-Za-z])"), "inf"),
    (re.compile(r"\\%"), "%"),
)
_SIMPLE = re.compile(r"\(\(([0-9.]+)\)/\(([0-9.]+)\)\)")
_BLANKS = re.compile(r"\s*([-+*/^()])\s*")


def shortened(text: str) -> str:
    """A text as a message quotes it: cut, and only with characters that can be seen."""
    seen = "".join(c if c.isprintable() else " " if c.isspace() else f"\\u{ord(c):04x}" for c in text[: SHOWN + 1])
    return f'"{seen}"' if len(seen) <= SHOWN else f'"{seen[: SHOWN - 3]}..."'


def visible(text: str) -> str:
    """A text cut for a report, without what cannot be seen."""
    return shortened(text.strip())[1:-1]


def arithmetic_text(text: str) -> str:
    r"""A number's text in the characters of the grammar of ``numerals``: "-\tfrac{3}{49}" is "-(3/49)"."""
    plain = text.translate(_SIGNS)
    plain = _RAISED_RUN.sub(lambda run: f"^({run[0].translate(_RAISED)})", plain)
    plain = _VULGAR.sub(lambda sign: f"({unicodedata.normalize('NFKC', sign[0]).translate(_SIGNS)})", plain)
    plain = _ROOT.sub(r"sqrt(\1)", plain).replace("√", "sqrt")
    if not plain.isascii():
        plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)
    if any(sign in plain for sign in "\\{$~"):
        plain = _without_commands(plain)
    plain = _SIMPLE.sub(r"(\1/\2)", plain)
    plain = _BLANKS.sub(r"\1", plain.strip())
    return _bare(plain)


def _without_commands(text: str) -> str:
    plain = SPACING.sub("", text)
    for pattern, by in _WORDS:
        plain = pattern.sub(by, plain)
    for _ in range(_ROUNDS):
        before = plain
        for pattern, by in _GROUPS:
            plain = pattern.sub(by, plain)
        if plain == before:
            plain = _LONE_GROUP.sub(r"\1(\2)", plain) if "\\" not in plain else plain
        if plain == before:
            break
    return plain


_RATIO = re.compile(r"([+-]?)\(?\(?([+-]?)([0-9]+)\)?/\(?([0-9]+)\)?\)?")
_ENCLOSED = re.compile(r"\((\(?[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?\)?)\)")


def _bare(text: str) -> str:
    """Without the brackets around a number or a simple fraction, its sign before it: -(3/49) and (-3)/(49)."""
    for _ in range(2):
        enclosed = _ENCLOSED.fullmatch(text)
        text = text if enclosed is None else enclosed[1]
    match = _RATIO.fullmatch(text)
    if match is None or text.count("(") != text.count(")"):
        return text
    sign = "-" if (match[1] == "-") != (match[2] == "-") else ""
    return f"{sign}{match[3]}/{match[4]}"
