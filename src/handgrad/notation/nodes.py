"""Mathematics as data: the nodes that every formula of handgrad is made of.

An op states its rules in these nodes, the working fills numbers in, a renderer prints them.
Nodes are frozen; ``+ - * @ /`` build larger ones from smaller ones, so that a rule such as
``W @ x + b`` is written once and holds for symbols and for numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct


class Expr(Struct, frozen=True):
    """Any piece of mathematics. ``@`` is the matrix product, ``*`` the product of numbers."""

    def __add__(self, other: Expr | int) -> Expr:
        return add(self, lift(other))

    def __radd__(self, other: int) -> Expr:
        return add(lift(other), self)

    def __sub__(self, other: Expr | int) -> Expr:
        return add(self, Negative(lift(other)))

    def __rsub__(self, other: int) -> Expr:
        return add(lift(other), Negative(self))

    def __mul__(self, other: Expr | int) -> Expr:
        return product(self, lift(other))

    def __rmul__(self, other: int) -> Expr:
        return product(lift(other), self)

    def __matmul__(self, other: Expr) -> Expr:
        return product(self, other)

    def __truediv__(self, other: Expr | int) -> Expr:
        return Fraction(self, lift(other))

    def __rtruediv__(self, other: int) -> Expr:
        return Fraction(lift(other), self)

    def __neg__(self) -> Expr:
        return Negative(self)

    def __pow__(self, exponent: Expr | int) -> Expr:
        return Power(self, lift(exponent))


class Symbol(Expr, frozen=True):
    """A named thing: ``Symbol("W", "1", bold=True)`` is W₁, ``hat`` puts a hat on, ``primes`` strokes.

    ``base`` is one letter, a Greek letter as itself ("σ") or an upright word ("net"); vectors and
    matrices are bold. ``sup`` stands above in brackets: example n of a batch is x^(n).
    """

    base: str
    sub: str = ""
    bold: bool = False
    hat: bool = False
    primes: int = 0
    sup: str = ""


class Entry(Expr, frozen=True):
    """An entry of an array, indices from 1: ``Entry(W, (2, 3))`` is W₁[2,3]. An index may be a letter."""

    array: Expr
    indices: tuple[int | str, ...]


class Number(Expr, frozen=True, eq=False):
    """A number as it is shown: an integer or a decimal ("-12", "0.0024", "2.419e-7").

    ``text`` is plain ASCII; a leading "-" makes it negative, an "e" stands for a power of ten.
    ``value`` is the number itself, for a rule that must choose a case by it; ``of`` is the entry that it
    is the value of ("h1[2]", "dL/dW1[2,3]"; "" for a number of a formula). Neither is printed.
    """

    text: str
    value: Any = None
    of: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


class Text(Expr, frozen=True):
    """Words inside a formula ("otherwise")."""

    text: str


class Negative(Expr, frozen=True):
    """−x. A term of a Sum that is a Negative is printed with a minus sign in place of a plus."""

    value: Expr


class Sum(Expr, frozen=True):
    """x + y + …; a term may be Negative, or Dots."""

    terms: tuple[Expr, ...]


class Product(Expr, frozen=True):
    """x y …: between two numbers (or number and fraction) a dot is printed, else nothing.

    A factor may be Dots.
    """

    factors: tuple[Expr, ...]


class Hadamard(Expr, frozen=True):
    """x ⊙ y, entry by entry."""

    factors: tuple[Expr, ...]


class Star(Expr, frozen=True):
    """X * K, the convolution of the textbooks (a cross-correlation unless the text says otherwise)."""

    left: Expr
    right: Expr


class Fraction(Expr, frozen=True):
    """numerator over denominator."""

    numerator: Expr
    denominator: Expr


class Power(Expr, frozen=True):
    """base to the exponent; e^x is ``Power(E, x)``."""

    base: Expr
    exponent: Expr


class Function(Expr, frozen=True):
    """A function applied: ``name`` is an upright word ("ln", "max", "softmax") or a Symbol (σ, σ′)."""

    name: str | Symbol
    arguments: tuple[Expr, ...]


class Matrix(Expr, frozen=True):
    """Rows of entries in brackets; a vector is one column or one row. Left-out entries are Dots.

    ``shape`` is the size of the whole (rows, columns), with the entries that are left out.
    """

    rows: tuple[tuple[Expr, ...], ...]
    shape: tuple[int, int]


class Stack(Expr, frozen=True):
    """An array of more than two axes, written as labelled matrices one after another."""

    items: tuple[tuple[str, Expr], ...]


class Dots(Expr, frozen=True):
    """What is left out: ``direction`` is "row" (⋯), "column" (⋮) or "both" (⋱)."""

    direction: str = "row"


class Transpose(Expr, frozen=True):
    """xᵀ."""

    value: Expr


class Partial(Expr, frozen=True):
    """∂of/∂by; ``through`` names the quantity through which this contribution to it comes."""

    of: Expr
    by: Expr
    through: Expr | None = None


class Gradient(Expr, frozen=True):
    """∇_by of, as some write ∂of/∂by; ``through`` names the quantity through which this contribution comes."""

    of: Expr
    by: Expr
    through: Expr | None = None


class BigSum(Expr, frozen=True):
    """Σ of body, the index running from lower to upper (upper may be absent)."""

    body: Expr
    index: Expr
    lower: Expr | None = None
    upper: Expr | None = None


class Relation(Expr, frozen=True):
    """left sign right; ``sign`` is one of = ≈ > ≥ < ≤ ≠."""

    left: Expr
    sign: str
    right: Expr


class Cases(Expr, frozen=True):
    """A choice by cases: pairs of value and condition (a Relation, before which ``word`` stands, or Text)."""

    branches: tuple[tuple[Expr, Expr], ...]
    word: str = "if"


class Sqrt(Expr, frozen=True):
    """√x."""

    value: Expr


class Absolute(Expr, frozen=True):
    """|x|."""

    value: Expr


class Highlight(Expr, frozen=True):
    """x marked out (a box, an underline), as the winner of a maximum is."""

    value: Expr


E = Symbol("e")


def lift(value: Expr | int) -> Expr:
    """A Python integer as a Number; a node as itself."""
    return Number(str(value), value) if isinstance(value, int) else value


def add(*terms: Expr) -> Expr:
    """The sum of terms, nested sums taken in; one term stays itself."""
    flat: list[Expr] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    return flat[0] if len(flat) == 1 else Sum(tuple(flat))


def product(*factors: Expr) -> Expr:
    """The product of factors, nested products taken in; one factor stays itself."""
    flat: list[Expr] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Product) else (factor,))
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def hadamard(*factors: Expr) -> Expr:
    """The product entry by entry, nested ones taken in; one factor stays itself."""
    flat: list[Expr] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Hadamard) else (factor,))
    return flat[0] if len(flat) == 1 else Hadamard(tuple(flat))


def exp(value: Expr) -> Expr:
    """e to the value."""
    return Power(E, value)


def ln(value: Expr) -> Expr:
    """The natural logarithm of value."""
    return Function("ln", (value,))


def transpose(value: Expr) -> Expr:
    """The transpose: of a written matrix its rows as columns, of a symbol the symbol with a T."""
    if not isinstance(value, Matrix):
        return Transpose(value)
    flipped = tuple(
        tuple(Dots(_FLIPPED[entry.direction]) if isinstance(entry, Dots) else entry for entry in column)
        for column in zip(*value.rows, strict=True)
    )
    return Matrix(flipped, (value.shape[1], value.shape[0]))


def entry_of(value: Expr, name: str) -> Expr:
    """A printed number as the value of the entry ``name``: its Numbers say so (``Number.of``)."""
    match value:
        case Number(text, number):
            return Number(text, number, name)
        case Negative(inner):
            return Negative(entry_of(inner, name))
        case Fraction(p, q):
            return Fraction(entry_of(p, name), entry_of(q, name))
        case Product(factors):
            return Product(tuple(entry_of(factor, name) for factor in factors))
    return value


def counted(dots: Dots, words: str) -> Expr:
    """Dots that say how much there is of what they stand for: ⋯ (784 terms)."""
    return Product((dots, Text(words)))


def leaves_out(expression: Expr) -> bool:
    """Whether an expression is dots, counted or not."""
    match expression:
        case Dots() | Product((Dots(), Text())):
            return True
    return False


_FLIPPED = {"row": "column", "column": "row", "both": "both"}


def negative(value: Expr) -> bool:
    """Whether value is printed with a leading minus sign."""
    return isinstance(value, Negative) or (isinstance(value, Number) and value.text.startswith("-"))


def separator(arguments: Iterable[Expr]) -> str:
    """What stands between arguments: a semicolon where a decimal among them has a comma."""
    return ";" if any(map(_with_comma, arguments)) else ","


def _with_comma(part: Any) -> bool:
    if isinstance(part, Number):
        return "," in part.text
    inner = (getattr(part, name) for name in part.__struct_fields__) if isinstance(part, Expr) else part
    return isinstance(part, (Expr, tuple)) and any(map(_with_comma, inner))
