"""The terminal: what each shape looks like, and that no line is ever too long."""

from __future__ import annotations

import re
from unicodedata import category

import pytest
from render_samples import HOSTILE, MINUS, ONE, TWO, A, L, W, X, column, columns, every_node, generated, grid

from handgrad.notation.document import Block, Equation, Line, Paragraph, Section, Table
from handgrad.notation.nodes import (
    BigSum,
    Cases,
    Entry,
    Expr,
    Fraction,
    Function,
    Hadamard,
    Negative,
    Number,
    Partial,
    Relation,
    Sum,
    Symbol,
    Text,
    Transpose,
    exp,
)
from handgrad.render.inline import inline
from handgrad.render.terminal import render, render_block
from handgrad.working.document import Document

SGR = re.compile("\x1b\\[[0-9]*m")


def equation(left: Expr, *expressions: Expr, number: int = 0) -> Equation:
    return Equation(left, tuple(Line("=", each) for each in expressions), number)


def drawn(block: Block, width: int = 80) -> str:
    return "\n" + render_block(block, width) + "\n"


def test_column_vectors_and_numbers_on_the_point() -> None:
    values = column(Number("0.7311"), Number("-12.5"), Number("3"))
    assert (
        drawn(equation(Symbol("h", "1", bold=True), Function(Symbol("σ"), (W @ X,)), values, number=3))
        == """
                 ⎡   0.7311 ⎤                                                (3)
  h₁ = σ(W₁ x) = ⎢ −12.5    ⎥
                 ⎣   3      ⎦
"""
    )


def test_fractions_are_stacked_but_short_within_a_matrix() -> None:
    sigmoid = 1 / (1 + exp(-A))
    assert (
        drawn(equation(A, sigmoid))
        == """
          1
  a = ─────────
       1 + e⁻ᵃ
"""
    )
    assert (
        drawn(equation(A, column(sigmoid, Negative(Fraction(Number("12"), Number("49"))))))
        == """
  a = ⎡ 1/(1 + e⁻ᵃ) ⎤
      ⎣ −12/49      ⎦
"""
    )


def test_a_sum_with_limits_and_a_choice() -> None:
    total = BigSum(Entry(X, ("k",)), Symbol("k"), ONE, Symbol("n"))
    assert (
        drawn(equation(A, total))
        == """
       n
  a =  Σ  xₖ
      k=1
"""
    )
    cases = Cases(((A, Relation(A, ">", ONE)), (TWO, Text("otherwise"))))
    assert (
        drawn(equation(A, cases))
        == """
  a = ⎧ a  if a > 1
      ⎩ 2  otherwise
"""
    )


def test_a_long_sum_goes_on_below_with_its_operator() -> None:
    terms = Sum(tuple(Number(str(i)) * MINUS for i in range(1, 9)))
    assert (
        drawn(equation(A, terms, Number("-18"), number=12), 40)
        == """
  a = 1·(−0.5) + 2·(−0.5)           (12)
      + 3·(−0.5) + 4·(−0.5)
      + 5·(−0.5) + 6·(−0.5)
      + 7·(−0.5) + 8·(−0.5)
    = −18
"""
    )


def test_a_long_function_is_broken_at_its_commas() -> None:
    most = Function("max", tuple(Number(f"{i}.25") for i in range(10, 18)))
    assert (
        drawn(equation(A, most), 40)
        == """
  a = max(10.25, 11.25, 12.25,
      13.25, 14.25, 15.25,
      16.25, 17.25)
"""
    )


def test_a_wide_matrix_keeps_its_first_columns_and_the_last() -> None:
    assert (
        drawn(equation(W, grid(2, 30)), 40)
        == """
  W₁ = ⎡ −5.00  −2.01   1.02  ⋯  5.09 ⎤
       ⎣  2.10   5.11  −3.12  ⋯  1.19 ⎦
"""
    )


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Transpose(W) @ Hadamard((X, X)), "W₁ᵀ (x ⊙ x)"),
        (Hadamard((Transpose(W) @ X, X)), "W₁ᵀ x ⊙ x"),
        (Transpose(Partial(L, W)), "(∂L/∂W₁)ᵀ"),
        (TWO * Fraction(-A, TWO), "2 (−a/2)"),
        (ONE + Fraction(-A, TWO), "1 + (−a/2)"),
        (ONE * ONE + TWO * Number("-1"), "1·1 + 2·(−1)"),
        (Number("2.4e-7") ** 2, "(2.4·10⁻⁷)²"),
        (Text("a\x1b[31mb\nc"), "a\ufffd[31mb c"),
        (Symbol("y\u202e", "1"), "y\ufffd₁"),
    ],
)
def test_brackets_and_signs(node: Expr, text: str) -> None:
    assert inline(node) == text


@pytest.mark.parametrize("width", [8, 24, 60, 80])
@pytest.mark.parametrize("seed", range(40))
def test_no_line_is_too_long(seed: int, width: int) -> None:
    for line in render(generated(seed), width=width).splitlines():
        assert columns(line) <= width, line


@pytest.mark.parametrize("width", [1, 20, 60, 80, 200])
def test_every_node_and_a_hostile_title_keep_the_width(width: int) -> None:
    text = render(every_node(), width=width)
    assert max(map(columns, text.split("\n"))) <= width
    assert not [c for c in text if c != "\n" and category(c) in ("Cc", "Cf")]


def test_colour_changes_nothing_but_the_colour() -> None:
    plain, coloured = render(every_node()), render(every_node(), colour=True)
    assert coloured != plain
    assert "\x1b" not in SGR.sub("", coloured)
    assert [line.rstrip() for line in SGR.sub("", coloured).split("\n")] == plain.split("\n")


def test_words_are_wrapped_and_tables_aligned() -> None:
    table = Table(("op", "value"), (("sigmoid", MINUS), ("relu", Number("12"))))
    document = Document("T", (Section("S", (Paragraph(("one two three four", " ", A)), table)),))
    assert (
        render(document, width=15)
        == """T
═

S
─

one two three
four a

op       value
───────  ─────
sigmoid   −0.5
relu        12
"""
    )


def test_a_hostile_title_is_shown() -> None:
    assert "\ufffd[31m\ufffd" in render(Document(HOSTILE, ()))
