"""What the tests of the renderers print: each node once, and documents made up by a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from unicodedata import combining, east_asian_width

from handgrad.notation.document import Block, Equation, Line, Paragraph, Section, Span, Table
from handgrad.notation.nodes import (
    Absolute,
    BigSum,
    Cases,
    Dots,
    Entry,
    Expr,
    Fraction,
    Function,
    Hadamard,
    Highlight,
    Matrix,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Relation,
    Sqrt,
    Stack,
    Star,
    Sum,
    Symbol,
    Text,
    Transpose,
    exp,
    ln,
)
from handgrad.working.document import Document

W, X = Symbol("W", "1", bold=True), Symbol("x", bold=True)
A, L = Symbol("a"), Symbol("L")
ZERO, ONE, TWO, MINUS = (Number(text) for text in ("0", "1", "2", "-0.5"))

HOSTILE = (
    r"\input{/etc/passwd} <script>alert(1)</script> $\x$ #import `x` *y* {{} % & _ ^ ~ | [a](b) !"
    "\x1b[31m\x07\r\n\u202e\u05d0\u05d1 \u4e2d\u6587 é ü ∂ × – Erdős Šķ " + "w" * 200
)


def column(*entries: Expr) -> Matrix:
    return Matrix(tuple((entry,) for entry in entries), (len(entries), 1))


def grid(rows: int, columns: int) -> Matrix:
    def entry(i: int, j: int) -> Expr:
        return Number(f"{(i * 7 + j * 3) % 11 - 5}.{i}{j % 10}")

    return Matrix(tuple(tuple(entry(i, j) for j in range(columns)) for i in range(rows)), (rows, columns))


EACH_NODE: tuple[Expr, ...] = (
    Symbol("y", bold=True, hat=True),
    Symbol("δ", "2", bold=True, primes=1, sup="3"),
    Symbol("é", bold=True),
    Symbol("א"),
    Symbol("sortie"),
    Symbol("αβ", "1"),
    Entry(Symbol("x", sup="2", bold=True), (3,)),
    Entry(Partial(L, W), (2, 3)),
    Entry(Star(X, W), ("i", "j")),
    Number("-2.419e-7"),
    Text(HOSTILE),
    Negative(Fraction(Number("12"), Number("49"))),
    Sum((ONE, Negative(TWO), MINUS, Dots(), A)),
    Product((ONE, MINUS, Dots(), W, X)),
    Hadamard((Transpose(W) @ X, Function(Symbol("σ", primes=1), (X,)))),
    Star(X, Function("rot180", (W,))),
    Fraction(exp(Number("0.91")), exp(Number("0.91")) + exp(Number("2.49"))),
    Power(Symbol("x", "1", primes=1), TWO),
    Power(Symbol("x", "1", sup="2"), TWO),
    Power(Entry(Symbol("x", primes=1), (1,)), TWO),
    Power(Number("2.4e-7"), TWO),
    Function("max", (ONE, Highlight(TWO), Dots(), ZERO)),
    column(1 / (1 + exp(Number("-1"))), Dots("column"), Function("tanh", (A,))),
    Matrix(((ONE, Dots(), TWO), (Dots("column"), Dots("both"), Dots("column")), (ZERO, Dots(), ONE)), (9, 9)),
    grid(4, 40),
    Stack((("channel 1", grid(2, 30)), (HOSTILE[:30], grid(2, 2)), ("", grid(1, 2)))),
    Transpose(Symbol("x", "1", sup="2", bold=True)),
    Transpose(Partial(L, W)),
    BigSum(Entry(X, ("k",)) * A, Symbol("k"), ONE, Symbol("n")),
    BigSum(ln(A) + 1, Symbol("k")),
    Relation(A, "≤", Entry(X, (1,))),
    Cases(((A, Relation(A, ">", ZERO)), (ONE, Relation(A, "=", ZERO)), (ZERO, Text("otherwise")))),
    Sqrt(A**2 + 1),
    Absolute(A - 1),
    Highlight(grid(1, 2)),
)


def every_node() -> Document:
    equations = [
        Equation(Partial(L, Symbol("a", "3", bold=True)), (Line("=", A), Line("≈", node)), number)
        for number, node in enumerate(EACH_NODE, 1)
    ]
    spans: list[Span] = []
    for node in EACH_NODE:
        spans += [node, ", "]
    table = Table(("Op", "Formula", "Value"), tuple((HOSTILE[:40], node, MINUS) for node in EACH_NODE))
    blocks: tuple[Block, ...] = (
        Paragraph(("Layer 1: ", W), "lead"),
        Paragraph(tuple(spans)),
        Paragraph((HOSTILE,), "note"),
        *equations,
        table,
    )
    return Document(HOSTILE, (Section(HOSTILE, blocks),))


def generated(seed: int) -> Document:
    random = Random(seed)
    equations = [
        Equation(
            expression(random, random.randint(0, 2)),
            tuple(Line(random.choice("=≈"), expression(random, random.randint(1, 4))) for _ in range(3)),
            random.choice([0, number]),
        )
        for number in (1, 23, 456, 7890)
    ]
    words = Paragraph(
        ("w" * random.randint(1, 200), " ", expression(random, 2)), random.choice(["text", "lead", "note"])
    )
    table = Table(("A", "B"), tuple((expression(random, 1), "word " * random.randint(0, 40)) for _ in range(3)))
    return Document("title " * 30, (Section("section " * 30, (words, *equations, table)),))


def expression(random: Random, depth: int) -> Expr:
    """An expression of that depth, of any kind of node."""
    if depth <= 0:
        return random.choice([Number(f"{random.uniform(-99, 99):.4f}"), Number("2.4e-7"), TWO, W, A, Entry(X, (12,))])

    def inner() -> Expr:
        return expression(random, depth - 1)

    parts = tuple(inner() for _ in range(random.randint(2, 9)))
    return random.choice(_KINDS)(random, inner, parts)


def _matrix(random: Random, inner: Callable[[], Expr], _: tuple[Expr, ...]) -> Expr:
    m, n = random.randint(1, 4), random.randint(1, 12)
    simple = Random(random.random())
    entries = [[inner() if m * n < 6 else expression(simple, 0) for _ in range(n)] for _ in range(m)]
    return Matrix(tuple(tuple(row) for row in entries), (m, n))


_KINDS: list[Callable[[Random, Callable[[], Expr], tuple[Expr, ...]], Expr]] = [
    _matrix,
    _matrix,
    lambda _, __, parts: Sum(parts),
    lambda _, __, parts: Product(parts),
    lambda _, __, parts: Hadamard(parts),
    lambda _, __, parts: Fraction(parts[0], parts[1]),
    lambda _, __, parts: Function("max", parts),
    lambda _, __, parts: Function(Symbol("σ", primes=1), parts[:1]),
    lambda _, __, parts: Negative(parts[0]),
    lambda _, __, parts: Negative(Product(parts)),
    lambda _, __, parts: Transpose(parts[0]),
    lambda _, __, parts: Power(parts[0], parts[1]),
    lambda _, __, parts: Star(parts[0], parts[1]),
    lambda _, __, parts: Stack((("channel 1", parts[0]), ("channel 2", parts[1]))),
    lambda _, __, parts: Cases(((parts[0], Relation(A, ">", ONE)), (parts[1], Text("otherwise")))),
    lambda _, __, parts: BigSum(parts[0], Symbol("k"), ONE, Symbol("n")),
    lambda _, __, parts: Relation(parts[0], "<", parts[1]),
    lambda _, __, parts: Sqrt(parts[0]),
    lambda _, __, parts: Absolute(parts[0]),
    lambda _, __, parts: Highlight(parts[0]),
    lambda _, __, parts: Entry(parts[0], (1, "j")),
    lambda _, __, parts: Partial(parts[0], parts[1]),
]


def columns(line: str) -> int:
    """How many columns of a terminal a line takes, reckoned without the renderer."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in line)
