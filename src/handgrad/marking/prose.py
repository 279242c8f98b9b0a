r"""The equations of a Markdown, LaTeX or plain text: "\mathbf{h}_1 = [0.73, 0.88]^T", "ŷ = 4/7 ≈ 0.57".

A text is prepared (matrices become one line, environments lines of their own), cut into equations, and each
equation's left side taken as a name, the last number on its right as the value. Nothing is ever expanded or
run. What is no equation is text, and passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from handgrad.marking.collecting import Collector
from handgrad.marking.numbers import written
from handgrad.marking.preparing import EQUALS, LINES_WITHIN, NEW_LINE, prepared, shown, sides
from handgrad.marking.values import Reading, readings

MOST_EQUATIONS = 20_000
MOST_LINES = 100_000
MOST_ON_A_LINE = 100
_LONGEST_NAME = 200
_TRIED = 8
"""Sides of an equation, from the last, that are tried as its number."""
LONGEST = 200_000
"""Characters of one equation, or of one line."""

_DEFINES = re.compile(
    r"\\(?:[gex]?def|let|(?:re)?newcommand|providecommand|DeclareMathOperator|input|include|csname|catcode|write"
    r"|loop|immediate|openin|read)(?![A-Za-z])"
)
_OPENING, _CLOSING = re.compile(r"[\[(]"), re.compile(r"[\])]")
_BOX, _BRACES = re.compile(r"\\(?:boxed|fbox)\s*\{"), re.compile(r"(?<!\\)[{}]")
_MOST_BOXES = 10
_RULE = re.compile(r"[=\-~\s]+")
_DOLLARS = re.compile(r"`+|\$+|\\[()\[\]]")
_SEPARATORS = re.compile(r"[\[({\x02]|[\])}\x03]|[,;&]|\s(?:and|und)\s")


class Equation(Struct, frozen=True):
    """One equation: the line that it begins on, and its sides ("h1", "σ(a1)", "[0.73, 0.88]")."""

    line: int
    sides: list[str]


def read(text: str, into: Collector, *, tex: bool = False) -> None:
    """Everything that a text says of the quantities; what looks like it but cannot be read is listed."""
    for count, equation in enumerate(Scanner(into).equations(text, tex=tex)):
        if count >= MOST_EQUATIONS:
            into.refuse(f"line {equation.line}", "", f"more than {MOST_EQUATIONS} equations; reading stops here")
            return
        if into.full:
            return
        _Taken(equation, into).take()


class _Growing:
    """An equation that may go on: on a line that begins with "=", or within a bracket that is still open."""

    def __init__(self, line: int, text: str) -> None:
        self.line, self.size, self.depth = line, len(text), 0
        *self.sides, last = sides(text)
        self.last: list[str] = []
        self._more(last)

    def _more(self, text: str) -> None:
        if text:
            self.last.append(text)
            opened = len(_OPENING.findall(text))
            self.depth += opened - len(_CLOSING.findall(text))

    def goes_on(self, line: str) -> bool:
        """Takes the next line if it belongs to the equation."""
        plain = _DOLLARS.sub(" ", line).strip()
        self.size += len(plain)
        if not plain or self.size > LONGEST or _RULE.fullmatch(plain):
            return False
        first, *rest = sides(plain)
        if rest and not first:
            *middle, last = rest
            self.sides += ["".join(self.last), *middle]
            self.last, self.depth = [], 0
            self._more(last)
            return True
        if rest or (self.last and self.depth <= 0):
            return False
        self._more(" " + plain)
        return True

    def equation(self) -> Equation:
        """The equation as far as it goes."""
        found = [*self.sides, "".join(self.last).strip()]
        while len(found) > 2 and not found[-1]:
            found.pop()
        return Equation(self.line, found)


class Scanner:
    """Cuts a text into equations."""

    def __init__(self, into: Collector) -> None:
        self.into = into

    def equations(self, text: str, *, tex: bool) -> Iterator[Equation]:
        """The equations of a text in order; those that go on over several lines as one."""
        current: _Growing | None = None
        before = ""
        for number, given in self._lines(text, tex=tex):
            line = self._checked(number, given)
            if current is None and before and _goes_on(line):
                line = f"{before} {line}"
            if current is not None:
                if current.goes_on(line):
                    continue
                yield current.equation()
                current = None
            for piece in self._pieces(number, line):
                if current is not None:
                    yield current.equation()
                current = _Growing(number, piece)
            before = line.strip() if len(line) < _LONGEST_NAME else ""
        if current is not None:
            yield current.equation()

    def _lines(self, text: str, *, tex: bool) -> Iterator[tuple[int, str]]:
        """Lines with their numbers, rows of environments as lines of their own."""
        lines = text.split("\n", MOST_LINES)
        if len(lines) > MOST_LINES:
            self.into.refuse(f"line {MOST_LINES + 1}", "", f"more than {MOST_LINES} lines; the rest is not read")
            lines.pop()
        short = "\n".join(self._checked(number, line, whole=True) for number, line in enumerate(lines, 1))
        number = 1
        for line in prepared(short, tex=tex).split("\n"):
            rows = line.split(NEW_LINE)
            for row in [row for row in rows if row.strip()] if len(rows) > 1 else rows:
                yield number, row.replace(LINES_WITHIN, "").replace("\t", " ")
            number += 1 + line.count(LINES_WITHIN)

    def _checked(self, number: int, line: str, *, whole: bool = False) -> str:
        """A line, or nothing in place of one that is too long or would run something."""
        if len(line) > LONGEST:
            why = f"a line of {len(line)} characters, expected at most {LONGEST}"
        elif not whole and _DEFINES.search(line):
            why = "LaTeX's definitions and files are not carried out"
        else:
            return line
        self.into.refuse(f"line {number}", shown(line[:80]), why)
        return ""

    def _pieces(self, number: int, line: str) -> list[str]:
        """The equations that stand on one line."""
        found: list[list[str]] = []
        for formula in _formulas(line) if EQUALS.search(line) else ():
            start = len(found)
            for part in _parted(formula) if EQUALS.search(formula) else ():
                left, equals = _left(part)
                if len(found) == start or (equals and known(left, self.into)):
                    found.append([part])
                else:
                    found[-1].append(part)
                if len(found) > MOST_ON_A_LINE:
                    self.into.refuse(
                        f"line {number}", shown(line[:80]), f"more than {MOST_ON_A_LINE} equations on one line"
                    )
                    return []
        return [",".join(parts) for parts in found]


def _goes_on(line: str) -> bool:
    """Whether a line begins with "="."""
    match = EQUALS.match(line.strip(" $"))
    return match is not None and _RULE.fullmatch(line) is None


def known(left: str, into: Collector) -> bool:
    """Whether a left side names a quantity."""
    try:
        return bool(into.resolve(_name(left)))
    except ValueError:
        return False


def _left(text: str) -> tuple[str, bool]:
    match = EQUALS.search(text)
    return (text, False) if match is None else (text[: match.start()], True)


def _formulas(line: str) -> list[str]:
    """What stands between dollars, if equations do; else the line itself."""
    plain = _DOLLARS.sub("$", _unboxed(line))
    if "$" not in plain:
        return [plain]
    inside = [part.strip() for part in plain.split("$")[1::2]]
    whole = [part for part in inside if (cut := _left(part))[1] and cut[0].strip() and sides(part)[-1]]
    return whole or [plain.replace("$", " ")]


def _unboxed(line: str) -> str:
    """A line without the boxes that are drawn around its results."""
    for _ in range(_MOST_BOXES):
        box = _BOX.search(line)
        if box is None:
            break
        depth, end = 1, len(line)
        for brace in _BRACES.finditer(line, box.end()):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                end = brace.start()
                break
        line = f"{line[: box.start()]} {line[box.end() : end]} {line[end + 1 :]}"
    return line


def _parted(formula: str) -> list[str]:
    """A formula parted at the commas and cells that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for match in _SEPARATORS.finditer(formula):
        if match[0] in "[({\x02":
            depth += 1
        elif match[0] in "])}\x03":
            depth -= 1
        elif depth <= 0:
            parts.append(formula[start : match.start()])
            start = match.end()
    return [*parts, formula[start:]]


_BULLET = re.compile(r"\s*(?:[-*+•>|]+\s+|\(?(?:\d{1,3}|[a-z])[.)]\s+|#{1,6}\s+)")
_LEAD = re.compile(
    r"\s*(?:(?:then|so|thus|hence|with|and|also|now|where|therefore|dann|also|und|somit|daraus|mit|also|nun)\s+"
    r"|\\(?:Rightarrow|implies|therefore|to|rightarrow|Longrightarrow|quad|qquad)(?![A-Za-z])|[⇒→∴])",
    re.IGNORECASE,
)


def _name(left: str) -> str:
    """The left side without bullets, words and what stands before a colon."""
    plain = left.strip()
    for pattern in (_BULLET, _LEAD, _LEAD):
        plain = pattern.sub("", plain, count=1) if pattern.match(plain) else plain
    head, colon, tail = plain.rpartition(":")
    plain = tail if colon and tail.strip() else head if colon else plain
    return plain.strip().strip("*").strip()


_WORD = re.compile(r"\\?[^\W\d_]+(?:_(?:\{[^{}]{0,20}\}|\w+)|\d+)?")
_NUMERIC_WORDS = frozenset((
    r"\frac", r"\dfrac", r"\tfrac", r"\left", r"\right", r"\sqrt", r"\cdot", r"\times", r"\ln", r"\exp", r"\pi",
    r"\infty", r"\text", r"\top", "sqrt", "ln", "exp", "e", "pi", "T", "nan", "NaN", "inf", "infinity", "true", "false",
))  # fmt: skip
_FUNCTIONS = frozenset((
    "softmax", "sigma", "σ", "relu", "tanh", "sigmoid", "logistic", "sum", "log", "max", "mean", r"\sum", r"\sigma",
    r"\log", r"\max", r"\tanh", r"\operatorname", r"\mathbf", r"\mathrm", r"\hat", r"\partial", r"\odot",
))  # fmt: skip
_FORMULA = 500
_WORDS = 40
_NOT_FINITE = frozenset(("nan", "inf", "infinity", "∞", "\\infty"))
_SHOWN = 80
_VALUE = re.compile(r"\s*(?:[-+−–]?\s*(?:[0-9.]|\\[dt]?frac\s*\{?\s*[-0-9])|[\[(\x02]\s*[-+−–]?\s*[0-9.\[?])")


class _Taken:
    """One equation held against the quantities."""

    def __init__(self, equation: Equation, into: Collector) -> None:
        self.sides, self.into = equation.sides, into
        self.where = f"line {equation.line}"
        self.name = shown(_name(equation.sides[0]))

    def take(self) -> None:
        last = self.sides[-1]
        try:
            found = self.into.resolve(self.name)
        except ValueError as error:
            if self.name and _is_value(last) and not _formula(last, self.into):
                self.into.refuse(self.where, self._text(), str(error))
            return
        why = ""
        for side in reversed(self.sides[1:][-_TRIED:]):
            try:
                way = self._way(found, side)
            except ValueError as error:
                why = why or str(error)
                continue
            self.into.put(found, way, self.where)
            why = why and f"{why}; the number before it counts"
            break
        else:
            why = why or "expected a number"
        if why and not _formula(last, self.into, letters=not _is_value(last)):
            self.into.refuse(self.where, self._text(), why)

    def _text(self) -> str:
        return shown(f"{self.sides[0][:_SHOWN]} = {self.sides[-1][:_SHOWN]}")

    def _way(self, found: tuple[str, tuple[int, ...] | None], side: str) -> Reading:
        """A side as a value of the quantity; ValueError if it is a formula, or has another shape."""
        ways = readings(side)
        if not isinstance(ways[0].value, list):
            written(ways[0].value)
        return self.into.chosen(found, ways)


def _formula(side: str, into: Collector, *, letters: bool = True) -> bool:
    """Whether a side speaks of quantities and functions (or of any ``letters``), and so states no number."""
    words = [word for word in _WORD.findall(side[:_FORMULA]) if word not in _NUMERIC_WORDS]
    return any(
        (letters and len(word) == 1) or word.lower() in _FUNCTIONS or known(word, into) for word in words[:_WORDS]
    )


def _is_value(side: str) -> bool:
    """Whether a text begins like a number or a list of them."""
    if _VALUE.match(side) is not None:
        return True
    return len(side) < _SHOWN and side.lower().strip("+-−–. ") in _NOT_FINITE
