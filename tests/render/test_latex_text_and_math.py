"""LaTeX: brackets, raised signs, words as words; and, where LaTeX is installed, that it compiles and fits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from render_samples import TWO, L, W, X, every_node, generated

from handgrad.notation.nodes import Cases, Entry, Expr, Hadamard, Partial, Power, Stack, Symbol, Text, Transpose
from handgrad.render.latex import render
from handgrad.render.latex_math import math
from handgrad.render.latex_text import text


@pytest.mark.parametrize(
    ("node", "latex"),
    [
        (Transpose(W) @ Hadamard((X, X)), r"\mathbf{W}_{1}^{\top} \, \left(\mathbf{x} \odot \mathbf{x}\right)"),
        (Entry(Symbol("x", sup="2"), (3,)), "x_{3}^{(2)}"),
        (Entry(Symbol("X"), ("2(i−1)+t", "j")), "X_{2(i-1)+t,j}"),
        (Power(Symbol("f", "1", primes=1), TWO), "{f'_{1}}^{2}"),
        (Symbol("f", "1", primes=1, sup="2"), "f'^{(2)}_{1}"),
        (Transpose(Symbol("x", sup="2", bold=True)), r"{\mathbf{x}^{(2)}}^{\top}"),
        (Transpose(Partial(L, W)), r"\left(\frac{\partial L}{\partial \mathbf{W}_{1}}\right)^{\top}"),
        (Symbol("א", "1"), r"\text{[U+05D0]}_{1}"),
        (Symbol("é", bold=True), r"\textbf{é}"),
        (Symbol("net", r"\in"), r"\mathrm{net}_{\text{\textbackslash{}in}}"),
        (Text("a_1 & ≤ }"), r"\text{a\_1 \& }\le\text{ \}}"),
        (Cases(((TWO, Text("otherwise")),)), r"\begin{cases} 2 & \text{otherwise} \end{cases}"),
        (Stack((("50% & more", TWO),)), r"\begin{aligned} \text{50\% \& more: } & 2 \end{aligned}"),
    ],
)
def test_mathematics(node: Expr, latex: str) -> None:
    assert math(node) == latex


@pytest.mark.parametrize(
    ("words", "latex"),
    [
        ("50% of $x_1$ & {#}", r"50\% of \$x\_1\$ \& \{\#\}"),
        (r"\input{a}", r"\textbackslash{}input\{a\}"),
        ("é ü ∂ × – a|b", r"é ü \ensuremath{\partial} \ensuremath{\times} -- a\textbar{}b"),
        ("e\u0301", "é"),
        ("Erdős Łuk šķ", r"Erd\H{o}s \L{}uk \v{s}\c{k}"),
        ("א\u202e\x1b", "[U+05D0][U+202E][U+001B]"),
        ("ẅǖ", "[U+1E85][U+01D6]".replace("[U+1E85]", r"\"{w}")),
    ],
)
def test_words(words: str, latex: str) -> None:
    assert text(words) == latex


def test_a_fragment_has_no_preamble() -> None:
    whole, fragment = render(every_node()), render(every_node(), fragment=True)
    assert fragment.strip() in whole
    assert r"\documentclass" not in fragment
    assert r"\input{" not in whole


if os.environ.get("HANDGRAD_LATEX"):  # where LaTeX is installed, as in CI

    def compiled(latex: str, folder: Path) -> str:
        """The log of pdflatex; a document that does not compile is a failure."""
        (folder / "d.tex").write_text(latex)
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        log = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, log[-2000:]
        return log

    def test_every_node_and_hostile_words_compile_and_fit(tmp_path: Path) -> None:
        assert "Overfull \\hbox" not in compiled(render(every_node()), tmp_path)

    @pytest.mark.parametrize("seed", range(30))
    def test_generated_documents_compile_and_fit(seed: int, tmp_path: Path) -> None:
        assert "Overfull \\hbox" not in compiled(render(generated(seed)), tmp_path)
