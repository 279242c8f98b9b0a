"""Renderers: every node in every format, widths kept, nothing hostile obeyed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from random import Random
from typing import Any
from unicodedata import combining

import pytest

import handgrad as hg
from handgrad.notation.document import Equation, Line, Paragraph, Section, Table
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
from handgrad.render.inline import inline
from handgrad.render.latex_math import math
from handgrad.working.document import Document

W, X, A = Symbol("W", "1", bold=True), Symbol("x", bold=True), Symbol("a")
ONE, TWO, MINUS = Number("1", 1), Number("2", 2), Number("-0.5", -0.5)
NODES = [
    (W, "W₁", r"\mathbf{W}_{1}"),
    (Symbol("y", bold=True, hat=True), "ŷ", r"\hat{\mathbf{y}}"),
    (Symbol("σ", primes=1), "σ′", r"\sigma'"),
    (Symbol("net", "2", primes=1), "net₂′", r"\mathrm{net}'_{2}"),
    (Symbol("x", sup="2"), "x⁽²⁾", r"x^{(2)}"),
    (Entry(W, (2, 3)), "W₁[2,3]", r"\mathbf{W}_{1}[2,3]"),
    (Entry(X, (3,)), "x₃", r"x_{3}"),
    (Number("-2.419e-7"), "−2.419·10⁻⁷", r"-2.419 \cdot 10^{-7}"),
    (ONE + MINUS, "1 + (−0.5)", r"1 + \left(-0.5\right)"),
    (ONE - TWO, "1 − 2", r"1 - 2"),
    (TWO * (ONE - A), "2·(1 − a)", r"2 \cdot \left(1 - a\right)"),
    (TWO * MINUS, "2·(−0.5)", r"2 \cdot \left(-0.5\right)"),
    (W @ X, "W₁ x", r"\mathbf{W}_{1} \, \mathbf{x}"),
    (ONE / (ONE + exp(-A)), "1/(1 + e⁻ᵃ)", r"\frac{1}{1 + e^{-a}}"),
    (exp(Number("-0.73")), "e^−0.73", "e^{-0.73}"),
    (Power(MINUS, TWO), "(−0.5)²", r"\left(-0.5\right)^{2}"),
    (-(A + ONE), "−(a + 1)", r"-\left(a + 1\right)"),
    (ln(A), "ln a", r"\ln a"),
    (ln(ONE - A), "ln(1 − a)", r"\ln\left(1 - a\right)"),
    (Hadamard((W, X)), "W₁ ⊙ x", r"\mathbf{W}_{1} \odot \mathbf{x}"),
    (Star(X, W), "x * W₁", r"\mathbf{x} * \mathbf{W}_{1}"),
    (Transpose(W), "W₁ᵀ", r"\mathbf{W}_{1}^{\top}"),
    (Transpose(W @ X), "(W₁ x)ᵀ", r"\left(\mathbf{W}_{1} \, \mathbf{x}\right)^{\top}"),
    (Partial(Symbol("L"), W), "∂L/∂W₁", r"\frac{\partial L}{\partial \mathbf{W}_{1}}"),
    (BigSum(Entry(X, ("k",)), Symbol("k")), "Σₖ xₖ", r"\sum_{k} x_{k}"),
    (BigSum(A, Symbol("k"), ONE, Symbol("n")), "Σₖ a", r"\sum_{k=1}^{n} a"),
    (Relation(A, "≤", ONE), "a ≤ 1", r"a \le 1"),
    (Cases(((A, Relation(A, ">", ONE)),)), "{a if a > 1}", r"\begin{cases} a & \text{if } a > 1 \end{cases}"),
    (Sqrt(A), "√(a)", r"\sqrt{a}"),
    (Absolute(A), "|a|", r"\left|a\right|"),
    (Highlight(TWO), "‹2›", r"\boxed{2}"),
    (Function("max", (ONE, Dots(), TWO)), "max(1, ⋯, 2)", r"\max\left(1, \cdots, 2\right)"),
    (Matrix(((ONE, TWO),), (1, 2)), "[1, 2]", r"\begin{bmatrix} 1 & 2 \end{bmatrix}"),
    (Text("otherwise"), "otherwise", r"\text{otherwise}"),
    (Negative(Fraction(ONE, TWO)) * TWO, "−1/2·2", r"-\frac{1}{2} \cdot 2"),
    (Stack((("in 1", ONE),)), "in 1: 1", r"\text{in 1: } 1"),
]


@pytest.mark.parametrize(("node", "text", "latex"), NODES, ids=lambda value: value if isinstance(value, str) else "")
def test_each_node(node: Expr, text: str, latex: str) -> None:
    assert inline(node) == text
    assert math(node) == latex


def a_matrix(random: Random, depth: int) -> Matrix:
    m, n = random.randint(1, 6), random.randint(1, 14)
    entries = [[an_expression(random, min(depth - 1, 1)) for _ in range(n)] for _ in range(m)]
    return Matrix(tuple(tuple(row) for row in entries), (m, n))


def an_expression(random: Random, depth: int) -> Expr:
    if depth <= 0:
        return random.choice([Number(f"{random.uniform(-99, 99):.4f}"), W, Entry(X, (random.randint(1, 20),)), TWO])
    parts = [an_expression(random, depth - 1) for _ in range(random.randint(2, 12))]
    kinds: list[Any] = [
        lambda: Sum(tuple(parts)),
        lambda: Product(tuple(parts)),
        lambda: Hadamard(tuple(parts)),
        lambda: Fraction(parts[0], parts[1]),
        lambda: Function("max", tuple(parts)),
        lambda: Negative(parts[0]),
        lambda: Transpose(parts[0]),
        lambda: exp(parts[0]),
        lambda: Star(parts[0], parts[1]),
        lambda: Stack((("channel 1", parts[0]), ("channel 2", parts[1]))),
        lambda: Cases(((parts[0], Relation(A, ">", ONE)), (parts[1], Relation(A, "≤", ONE)))),
        lambda: a_matrix(random, depth),
        lambda: a_matrix(random, depth),
    ]
    made: Expr = random.choice(kinds)()
    return made


def generated(seed: int) -> Document:
    random = Random(seed)
    blocks = []
    for number in range(1, 9):
        lines = tuple(Line(random.choice("=≈"), an_expression(random, random.randint(1, 3))) for _ in range(3))
        blocks.append(Equation(Partial(Symbol("L"), W), lines, number))
    words = Paragraph(("long words " * 20 + "x" * 200, W), random.choice(["text", "lead", "note"]))
    table = Table(("Op", "Formula"), (("dense", W @ X), ("a" * 90, "b " * 90)))
    return Document("A title " * 30, (Section("One", (words, table, *blocks)),))


def width(line: str) -> int:
    return sum(not combining(c) for c in line)


@pytest.mark.parametrize("columns", [50, 80])
@pytest.mark.parametrize("seed", range(25))
def test_no_line_of_the_terminal_is_too_long(seed: int, columns: int) -> None:
    for line in generated(seed).to_terminal(columns).splitlines():
        assert width(line) <= columns, line


HOSTILE = (
    r"\input{/etc/passwd} <script>alert(1)</script> $\x$ #import `x` *y* {} % & _ ^ ~ | " + "\x1b[31m\u202eאב" + "é∂"
)


def test_hostile_text_is_only_text() -> None:
    document = Document(HOSTILE, (Section("S", (Paragraph((HOSTILE,)),)),))
    terminal, latex, markdown = document.to_terminal(), document.to_latex(), document.to_markdown()
    assert "\x1b" not in terminal
    assert "\u202e" not in terminal
    assert r"\input{" not in latex
    assert r"\textbackslash{}input\{/etc/passwd\}" in latex
    assert "[U+05D0]" in latex
    assert "<script>" not in markdown
    assert "\x1b" not in markdown
    assert "\u202e" not in markdown


def test_a_title_of_ten_thousand_characters() -> None:
    document = Document("x" * 10_000, ())
    assert max(map(width, document.to_terminal().splitlines())) == 80


def a_large_problem() -> hg.Problem:
    layers = [
        {"op": "conv2d", "kernel": {"random": "integers", "low": -2, "high": 2, "seed": 1, "shape": [8, 3, 3, 3]},
         "padding": "same", "activation": "relu"},
        {"op": "max_pool2d", "kernel": 2},
        {"op": "flatten"},
        {"op": "dense", "units": 12, "weights": {"random": "normal", "seed": 2, "scale": 0.1, "decimals": 3},
         "bias": {"random": "uniform", "seed": 3, "decimals": 2}, "activation": "softmax"},
    ]  # fmt: skip
    x = {"random": "integers", "low": 0, "high": 9, "seed": 4, "shape": [4, 3, 6, 6]}
    return hg.Problem.from_dict(
        {
            "network": {"input": [3, 6, 6], "layers": layers},
            "loss": {"op": "cross_entropy"},
            "data": {"x": x, "label": [1, 2, 3, 12], "batch": True},
        }
    )


def test_large_arrays_are_elided_and_fit() -> None:
    trace = hg.solve(a_large_problem(), "float64")
    document = trace.working()
    for line in document.to_terminal().splitlines():
        assert width(line) <= 80, line
    assert "⋯" in document.to_terminal()
    assert len(document.to_latex()) < 300_000
    assert trace["dL/dK1"].shape == (8, 3, 3, 3)


def compiled(latex: str, folder: Path) -> str:
    (folder / "d.tex").write_text(latex)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


if os.environ.get("HANDGRAD_LATEX"):  # where LaTeX is installed, as in CI

    @pytest.mark.parametrize("seed", range(12))
    def test_generated_documents_compile_without_overfull_lines(seed: int, tmp_path: Path) -> None:
        log = compiled(generated(seed).to_latex(), tmp_path)
        assert (tmp_path / "d.pdf").exists(), log[-2000:]
        assert "Overfull \\hbox" not in log, log

    @pytest.mark.parametrize("document", ["hostile", "large"])
    def test_hostile_and_large_documents_compile(document: str, tmp_path: Path) -> None:
        hostile = Document(HOSTILE, (Section(HOSTILE, (Paragraph((HOSTILE,)),)),))
        shown = hostile if document == "hostile" else hg.solve(a_large_problem(), "float64").working()
        log = compiled(shown.to_latex(), tmp_path)
        assert (tmp_path / "d.pdf").exists(), log[-2000:]
        assert "Overfull \\hbox" not in log, log
