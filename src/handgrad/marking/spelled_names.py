"""The parts of a name as students write it: letter, numbers, strokes, index, whether it is a gradient."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NoReturn

from msgspec import Struct

from handgrad.marking.spelling import SPACING, shortened
from handgrad.notation.symbols import GREEK

LONGEST = 200
_LONGEST_NUMBER = 9

_STYLES = re.compile(
    r"\\(?:math(?:bf|bb|rm|it|sf|tt|cal|scr|frak|normal)|boldsymbol|bm|bs|vec|overrightarrow|operatorname\*?|symbf|"
    r"text(?:bf|it|rm|normal)?|underline|bold|pmb|limits|nolimits)(?![A-Za-z])"
)
_COMMANDS = {
    "partial": "d", "prime": "'", "top": "T", "intercal": "T", "nabla": "∇", "ell": "losses", "odot": "⊙",
    "tanh": "tanh", "max": "max", "varphi": "varphi", "varepsilon": "epsilon",
} | {name: name for name in GREEK}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+|.?)", re.DOTALL)
_HAT = re.compile(r"\\(?:wide)?hat\s*(?:\{\s*y\s*\}|y(?![A-Za-z]))")
_TWICE = re.compile(r"\{\s*\{([^{}]*)\}\s*\}")
_LONE = re.compile(r"(?<![_^}\s])(?<!frac)(\s*)\{([^{}]*)\}")
_ARGUMENT = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_OVER = re.compile(rf"\\[dt]?frac\s*{_ARGUMENT}\s*{_ARGUMENT}")
_NABLA = re.compile(rf"∇\s*_?\s*(?:{_ARGUMENT}|([A-Za-z]\w*'*))\s*[({{]?\s*([A-Za-z]+)\s*[)}}]?")
_ROUNDS = 6

_SIGNS = {
    **{ord(sign): name for name, sign in GREEK.items()},
    ord("∂"): "d", ord("′"): "'", ord("’"): "'", ord("ʹ"): "'", ord("‵"): "'", ord("″"): "''", ord("‴"): "'''",
    ord("ŷ"): "yhat", ord("ℒ"): "L", ord("ℓ"): "losses", ord("`"): None, ord("*"): None, ord("ᵀ"): "^T",
    ord("⊤"): "T", ord("ϕ"): "phi",
}  # fmt: skip
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₍₎", "0123456789()")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺", "0123456789()+")
_LOWERED_RUN = re.compile(r"[₀₁₂₃₄₅₆₇₈₉₍₎]+(?:\s*[,،]\s*[₀₁₂₃₄₅₆₇₈₉]+)*")
_RAISED_RUN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁺]+")

_PLACES = r"\d{1,6}(?:,\d{1,6})*"
_TAGGED = re.compile(r"<su([bp])>([^<>]*)</su\1>")
_INDEX = re.compile(rf"(.*?)(\[{_PLACES}\]|(?:\[\d{{1,6}}\]){{2,6}}|\({_PLACES}\))", re.ASCII | re.DOTALL)
_GRADIENT = re.compile(r"\(?d([A-Za-z]+)\)?/\(?d([^()]+)\)?|\(?d([A-Za-z]+)\)?/\(?d([^()]+(?:\([^()]*\)[^()]*)?)\)?")
_DERIVATIVE = re.compile(r"([A-Za-z]+)'\((.+)\)")
_BELOW = r"\w+?(?=[_^'(\[]|$)"
_ABOVE = r"\w+|\+|\(\d+\)|\[\d+\]"
_SYMBOL = re.compile(rf"([A-Za-z]+)(\d*)((?:_(?:\{{[^{{}}]*\}}|{_BELOW})|\^(?:\{{[^{{}}]*\}}|{_ABOVE})|')*)")
_MARK = re.compile(rf"_(?:\{{([^{{}}]*)\}}|({_BELOW}))|\^(?:\{{([^{{}}]*)\}}|({_ABOVE}))|('+)")
_NEW = frozenset(("new", "neu", "+", "next"))
_LAYER = re.compile(r"[(\[](\d+)[)\]]")


class Spelled(Struct, frozen=True):
    """A name taken apart: W_{1,23}^{new} has the letter W, the numbers "1" and "23", and one stroke."""

    letter: str
    literal: str
    """Letter and index as they stand, for a name of the user's own: W_hh."""
    numbers: tuple[str, ...] = ()
    strokes: int = 0
    index: tuple[int, ...] | None = None
    """In brackets behind the name, as written."""
    wrap: str = ""
    """"dL" for a gradient, the function's name for its derivative."""
    loss: str = "L"
    """What a gradient is taken of."""
    superscript: bool = False
    """Whether the first number is that of a layer beyond doubt, as in h^{(1)}."""
    transposed: bool = False

    def of_gradient(self) -> Spelled:
        """The name dW1 as the gradient of W1."""
        return Spelled(
            self.letter[1:], self.literal[1:], self.numbers, self.strokes, self.index, "dL", "L", self.superscript
        )


@lru_cache(4096)
def spelled(name: str) -> Spelled:
    """The parts of a name. Raises ValueError for what has not the form of one."""
    if len(name) > LONGEST:
        message = f"a name has at most {LONGEST} characters, {shortened(name)} has {len(name)}"
        raise ValueError(message)
    return _parts(_flat(name), name)


def _refuse(name: str) -> NoReturn:
    message = f"cannot read {shortened(name)} as the name of a quantity"
    raise ValueError(message)


def _parts(flat: str, name: str) -> Spelled:
    index, stem = None, flat
    match = _INDEX.fullmatch(flat)
    if match is not None and not match[1].endswith(("'", "_", "^")):
        index = tuple(int(place) for place in re.findall(r"\d+", match[2]))
        stem = match[1]
    if match := _GRADIENT.fullmatch(stem):
        return _symbol(match[2] or match[4], name, index, "dL", match[1] or match[3])
    if match := _DERIVATIVE.fullmatch(stem):
        inner = _parts(match[2], name)
        if inner.wrap or (index is not None and inner.index is not None):
            _refuse(name)
        place = index if index is not None else inner.index
        return Spelled(
            inner.letter, inner.literal, inner.numbers, inner.strokes, place, match[1], "L",
            inner.superscript, inner.transposed,
        )  # fmt: skip
    return _symbol(stem, name, index)


def _symbol(text: str, name: str, index: tuple[int, ...] | None, wrap: str = "", loss: str = "L") -> Spelled:
    """A letter with what hangs on it: h_1, W_{1,23}^{new}, a^{(2)}_3, W_hh'."""
    match = _SYMBOL.fullmatch(text)
    if match is None:
        _refuse(name)
    letter, number, marks = match.groups()
    if "_hat" in marks and letter == "y":
        letter, marks = "yhat", marks.replace("_hat", "", 1)
    below, kept = [number] if number else [], letter + number
    layer, strokes, transposed = "", 0, False
    for low, low_bare, high, high_bare, primes in _MARK.findall(marks):
        if down := low or low_bare:
            parts = down.split(",")
            named = [part for part in parts if part not in _NEW]
            below, strokes, kept = below + named, strokes + (len(named) < len(parts)), "_".join([kept, *named])
            continue
        above = _above(primes or high or high_bare, name)
        layer, strokes, transposed = layer or above[0], strokes + above[1], transposed or above[2]
    below = [layer, *below] if layer else below
    numbers = tuple(below) if all(part.isdigit() and len(part) < _LONGEST_NUMBER for part in below) else ()
    plain = letter if numbers or not below else kept
    return Spelled(plain, kept + "'" * strokes, numbers, strokes, index, wrap, loss, bool(layer), transposed)


def _above(mark: str, name: str) -> tuple[str, int, bool]:
    """What stands above a letter: the number of a layer, strokes, whether it is transposed."""
    if mark in _NEW:
        return "", 1, False
    if mark == "T":
        return "", 0, True
    if mark and not mark.strip("'"):
        return "", len(mark), False
    layer = _LAYER.fullmatch(mark)
    return (layer[1], 0, False) if layer else _refuse(name)


def _flat(name: str) -> str:
    """A name without spacing and styles, its signs and commands as plain letters: dL/dW_{1}."""
    text = _TAGGED.sub(lambda tag: f"{'_' if tag[1] == 'b' else '^'}{{{tag[2]}}}", name)
    text = _LOWERED_RUN.sub(lambda run: "_{" + "".join(run[0].translate(_LOWERED).split()) + "}", text)
    text = _RAISED_RUN.sub(lambda run: "^{" + run[0].translate(_RAISED) + "}", text)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    text = SPACING.sub("", text.replace("\\_", "_"))
    text = _STYLES.sub(" ", text)
    for _ in range(_ROUNDS):
        before = text
        text = _TWICE.sub(r"{\1}", text)
        text = _HAT.sub("yhat", text)
        text = _LONE.sub(r" \2", text) if "\\hat" not in text else text
        text = _OVER.sub(r"\1/\2", text)
        if text == before:
            break
    text = _COMMAND.sub(lambda command: _command(command, name), text)
    text = _NABLA.sub(lambda match: f"d{match[3]}/d{match[1] or match[2]}", text)
    return "".join(text.split())


def _command(command: re.Match[str], name: str) -> str:
    if command[1] not in _COMMANDS:
        message = f"cannot read {shortened(name)}: unknown command {shortened(command[0])[1:-1]}"
        raise ValueError(message)
    return _COMMANDS[command[1]] + " "
