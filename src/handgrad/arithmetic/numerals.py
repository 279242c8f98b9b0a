"""One number as written: an integer, a decimal, or text such as "4/7", "1e-3", "sqrt(2)".

A decimal is that exact decimal (0.1 is 1/10). Text is read by a small grammar of our own, never by eval:

    sum    = term   {("+" | "-") term}
    term   = factor {("*" | "/") factor}
    factor = ("+" | "-") factor | atom ["^" factor]
    atom   = number | "pi" | "e" | ("sqrt" | "ln" | "exp") "(" sum ")" | "(" sum ")"
"""

from __future__ import annotations

import operator
from typing import Any, NoReturn

from flint import arb, ctx, fmpq

MAX_TEXT = 200
MAX_NESTING = 20
MAX_DIGITS = 1000
MAX_EXPONENT = 400
MAX_POWER = 1000
MAX_BITS = 12_000
"""Of the numerator or denominator of a result: below the digits that Python still prints."""

_HALF = fmpq(1, 2)
_MAX_INTEGER = 10**MAX_DIGITS
_LONGEST_POWER = 9
_DIGITS_A_BIT = 0.30103
_SHOWN = 40
_PRECISIONS = (64, 256, 1024, 4096)
"""Bits tried, in turn, until the sign of a number (or that it is finite) is certain."""

Tree = Any
"""A fmpq, or a tuple: the symbol of an operation, then the trees that it is applied to."""


class Literal(str):
    """A decimal as the TOML or JSON reader saw it, so that 0.1 stays 1/10; also nan and inf."""

    __slots__ = ()


class Irrational:
    """A number such as sqrt(2) or pi/4: ``text`` as written; ``ball()`` holds its value."""

    __slots__ = ("text", "tree")

    def __init__(self, text: str, tree: Tree) -> None:
        self.text, self.tree = text, tree

    def __repr__(self) -> str:
        return f"Irrational({self.text!r})"

    def ball(self) -> arb:
        """A ball around the value at flint's current precision (a higher one where it is not finite)."""
        ball = _ball(self.tree)
        for precision in _PRECISIONS:
            if ball.is_finite():
                break
            with ctx.workprec(precision):
                ball = _ball(self.tree)
        return ball

    def __float__(self) -> float:
        """The nearest double."""
        low = high = nearest = 0.0
        for precision in _PRECISIONS:
            with ctx.workprec(precision):
                ball = self.ball()
                low, high, nearest = float(ball.lower()), float(ball.upper()), float(ball.mid())
            if low == high:
                return low
        return nearest if low * high > 0 else 0.0


def number(value: object) -> fmpq | Irrational:
    """The number that was written, as a fmpq where it is rational.

    Takes an integer, Literal, text, float (its shortest decimal), Decimal, Fraction or NumPy scalar.
    Raises ValueError with what was expected and found.
    """
    kind = type(value)
    if kind is int:
        return _integer(value)  # type: ignore[arg-type]  # mypy does not narrow by the type itself
    if kind is Literal:
        return _decimal(value)  # type: ignore[arg-type]
    if isinstance(value, str):
        plain = _plain(value)
        return _Reader(value).number() if plain is None else plain
    return _other(value)


def _other(value: Any) -> fmpq | Irrational:
    if isinstance(value, bool):
        raise _refused(described(value))
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _decimal(float.__repr__(value))
    if isinstance(value, fmpq):
        return value
    if hasattr(value, "as_tuple"):
        return _decimal(str(value).lower())
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        item = value.item()
        return number(float(item) if type(item) is type(value) else item)
    if hasattr(value, "numerator") and hasattr(value, "denominator"):
        return _integer(int(value.numerator)) / _integer(int(value.denominator))
    raise _refused(described(value))


_WORDS = {type(None): "nothing", list: "a list", tuple: "a list", dict: "a table"}


def described(value: object) -> str:
    """What a value of a file is, in a word or two: 3, true, "abc", a list, nothing, 2020-01-01."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= _MAX_INTEGER:
        return f"an integer of about {int(value.bit_length() * _DIGITS_A_BIT)} digits"
    if isinstance(value, (int, float, str)):
        plain = _short(str(value))
        return plain if isinstance(value, (int, float, Literal)) else f'"{plain}"'
    if type(value) in _WORDS:
        return _WORDS[type(value)]
    return str(value) if hasattr(value, "isoformat") else f"a {type(value).__name__}"


def _refused(found: str) -> ValueError:
    return ValueError(f"expected a number, found {found}")


def _integer(value: int) -> fmpq:
    if -_MAX_INTEGER < value < _MAX_INTEGER:
        return fmpq(value)
    message = f"expected at most {MAX_DIGITS} digits, found {described(value)}"
    raise ValueError(message)


_NOT_FINITE = {"nan": "NaN", "snan": "NaN", "inf": "infinity", "infinity": "infinity"}


def _decimal(text: str) -> fmpq:
    """A decimal of sound syntax: sign, digits, point, exponent; underscores between digits."""
    mantissa, _, power = text.replace("E", "e").partition("e")
    whole, _, fraction = mantissa.replace("_", "").partition(".")
    if len(mantissa) > MAX_DIGITS:
        message = f"expected at most {MAX_DIGITS} digits, found {len(whole) + len(fraction)}"
        raise ValueError(message)
    try:
        exponent, digits = int(power[:_LONGEST_POWER] or 0), int(whole + fraction)
    except ValueError:
        raise _not_a_decimal(text) from None
    if abs(exponent) > MAX_EXPONENT or len(power) > _LONGEST_POWER:
        message = f"expected an exponent of 10 from -{MAX_EXPONENT} to {MAX_EXPONENT}, found {_short(power)}"
        raise ValueError(message)
    places = len(fraction) - exponent
    return fmpq(digits, 10**places) if places > 0 else fmpq(digits * 10**-places)


def _not_a_decimal(text: str) -> ValueError:
    word = _NOT_FINITE.get(text.strip().lower().lstrip("+-"))
    if word is None:
        return ValueError(f'expected a number, found "{_short(text)}"')
    sign = "-" if text.strip().startswith("-") and word != "NaN" else ""
    return ValueError(f"expected a finite number, found {sign}{word}")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _plain(text: str) -> fmpq | None:
    """The short way for text such as "-12.5"; None where the grammar is needed."""
    digits = text.removeprefix("-").replace(".", "", 1)
    return _decimal(text) if digits.isdecimal() and digits.isascii() and len(digits) < MAX_TEXT else None


_BALLS: dict[str, Any] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "sqrt": arb.sqrt,
    "ln": arb.log,
    "exp": arb.exp,
    "pi": arb.pi,
    "e": arb.const_e,
}
_FUNCTIONS = ("sqrt", "ln", "exp")
_CONSTANTS = {"pi": "pi", "π": "pi", "e": "e"}


def _ball(tree: Tree) -> arb:
    if isinstance(tree, fmpq):
        return arb(tree)
    ball: arb = _BALLS[tree[0]](*map(_ball, tree[1:]))
    return ball


def _sign(tree: Tree) -> int:
    """-1, 0 or 1; 0 also where 4096 bits do not tell the number from 0."""
    if isinstance(tree, fmpq):
        return (tree > 0) - (tree < 0)
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            ball = _ball(tree)
            if ball > 0 or ball < 0:
                return 1 if ball > 0 else -1
    return 0


class _Reader:
    """Reads one text by the grammar; rational parts are computed at once, the rest kept as a tree."""

    def __init__(self, text: str) -> None:
        self.written, self.text = text, text.replace("\N{MINUS SIGN}", "-").replace("**", "^")
        self.at = self.depth = 0

    def number(self) -> fmpq | Irrational:
        if len(self.text) > MAX_TEXT:
            self._fail(f"it is longer than {MAX_TEXT} characters")
        if not self.text.strip():
            self._fail("it is empty")
        tree = self._sum()
        if self._next():
            self._fail(f'expected an operator (+ - * / ^), found "{self.text[self.at : self.at + 20]}"')
        if isinstance(tree, fmpq):
            return tree
        found = Irrational(self.written, tree)
        if not found.ball().is_finite():
            self._fail("its value is too large")
        return found

    def _fail(self, why: str) -> NoReturn:
        message = f'cannot read "{_short(self.written)}" as a number: {why}'
        raise ValueError(message)

    def _next(self) -> str:
        """The next character that is not a blank; "" at the end."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _take(self, symbols: str) -> str:
        """The next character if it is one of the symbols, else ""."""
        found = self._next()
        if not found or found not in symbols:
            return ""
        self.at += 1
        return found

    def _sum(self) -> Tree:
        tree = self._term()
        while symbol := self._take("+-"):
            tree = self._join(symbol, tree, self._term())
        return tree

    def _term(self) -> Tree:
        tree = self._factor()
        while symbol := self._take("*/"):
            tree = self._join(symbol, tree, self._factor())
        return tree

    def _factor(self) -> Tree:
        self.depth += 1
        if self.depth > MAX_NESTING + 1:
            self._fail(f"it is nested deeper than {MAX_NESTING}")
        if sign := self._take("+-"):
            tree = self._factor()
            tree = self._join("-", fmpq(0), tree) if sign == "-" else tree
        else:
            tree = self._atom()
            if self._take("^"):
                tree = self._power(tree, self._factor())
        self.depth -= 1
        return tree

    def _atom(self) -> Tree:
        found = self._next()
        if found.isascii() and (found.isdigit() or found == "."):
            return self._digits()
        if found.isalpha():
            return self._word()
        if not self._take("("):
            self._fail(f"expected a number, found {self._found()}")
        return self._closed()

    def _closed(self) -> Tree:
        tree = self._sum()
        if not self._take(")"):
            self._fail(f'expected ")", found {self._found()}')
        return tree

    def _found(self) -> str:
        return f'"{self._next()}"' if self._next() else "the end"

    def _run(self, start: int) -> int:
        while "0" <= self.text[start : start + 1] <= "9":
            start += 1
        return start

    def _digits(self) -> fmpq:
        start, end = self.at, self._run(self.at)
        if self.text[end : end + 1] == ".":
            end = self._run(end + 1)
        if self.text[end : end + 1] in ("e", "E"):
            power = end + 1 + (self.text[end + 1 : end + 2] in ("+", "-"))
            end = self._run(power) if self._run(power) > power else end
        self.at = end
        if self.text[start:end] == ".":
            self._fail('expected digits beside the "."')
        try:
            return _decimal(self.text[start:end])
        except ValueError as error:
            self._fail(str(error))

    def _word(self) -> Tree:
        start = self.at
        while self.text[self.at : self.at + 1].isalnum():
            self.at += 1
        word = self.text[start : self.at]
        if word in _CONSTANTS:
            return (_CONSTANTS[word],)
        if word.lower() in _NOT_FINITE:
            raise _not_a_decimal(self.text)
        if word not in _FUNCTIONS:
            hint = "; the natural logarithm is ln" if word == "log" else ""
            self._fail(f'unknown word "{word}"; known are sqrt, ln, exp, pi and e{hint}')
        if not self._take("("):
            self._fail(f'expected "(" after {word}, found {self._found()}')
        return getattr(self, f"_{word}")(self._closed())

    def _join(self, symbol: str, left: Tree, right: Tree) -> Tree:
        if symbol == "/" and _sign(right) == 0:
            self._fail("division by 0")
        if isinstance(left, fmpq) and isinstance(right, fmpq):
            return self._bounded(_BALLS[symbol](left, right))
        return (symbol, left, right)

    def _bounded(self, value: fmpq) -> fmpq:
        if value.height_bits() > MAX_BITS:
            self._fail("its value is too large")
        return value

    def _sqrt(self, tree: Tree) -> Tree:
        if (sign := _sign(tree)) < 0:
            self._fail("the square root of a negative number")
        if isinstance(tree, fmpq):
            return self._power(tree, _HALF)
        if sign == 0:
            self._fail("the square root of a number that cannot be told from 0")
        return ("sqrt", tree)

    def _ln(self, tree: Tree) -> Tree:
        if (sign := _sign(tree)) < 1:
            self._fail("ln of a negative number" if sign else "ln of 0")
        if tree == ("e",):
            return fmpq(1)
        return fmpq(0) if isinstance(tree, fmpq) and tree == 1 else ("ln", tree)

    def _exp(self, tree: Tree) -> Tree:
        return fmpq(1) if isinstance(tree, fmpq) and tree == 0 else ("exp", tree)

    def _power(self, base: Tree, exponent: Tree) -> Tree:
        if not isinstance(exponent, fmpq):
            return self._root(base, exponent)
        if abs(exponent) > MAX_POWER:
            self._fail(f"expected a power from -{MAX_POWER} to {MAX_POWER}")
        if exponent == 0:
            return fmpq(1)
        if exponent < 0 and _sign(base) == 0:
            self._fail("division by 0")
        if exponent.q != 1:
            return self._root(base, exponent)
        if not isinstance(base, fmpq):
            return ("^", base, exponent)
        if base.height_bits() * abs(exponent) > MAX_BITS:
            self._fail("its value is too large")
        return base ** int(exponent.p)

    def _root(self, base: Tree, exponent: Tree) -> Tree:
        """A power that is not an integer; rational where both root and base are."""
        if _sign(base) < 0:
            self._fail("a negative number to a power that is not an integer")
        if not isinstance(base, fmpq):
            return ("^", base, exponent)
        if base == 0 and _sign(exponent) > 0:
            return fmpq(0)
        if isinstance(exponent, fmpq) and exponent.q <= MAX_POWER:
            degree = int(exponent.q)
            root = fmpq(base.p.root(degree), base.q.root(degree))
            if root**degree == base:
                return self._power(root, fmpq(exponent.p))
            if exponent == _HALF:
                return ("sqrt", base)
        return ("^", base, exponent)
