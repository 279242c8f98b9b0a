"""Each convention on paper: files in tests/render/conventions; run as a program, it writes them anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(__file__).parent / "conventions"
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))

import handgrad as hg  # noqa: E402  behind the path that the program needs
from conftest import example  # noqa: E402  the same
from handgrad.notation.conforming import conformed, from_zero  # noqa: E402  the same
from handgrad.notation.nodes import (  # noqa: E402  the same
    Cases,
    Entry,
    Expr,
    Function,
    Gradient,
    Matrix,
    Number,
    Partial,
    Relation,
    Star,
    Symbol,
    Text,
    Transpose,
    separator,
)
from handgrad.notation.symbols import convention  # noqa: E402  the same
from handgrad.render.inline import inline  # noqa: E402  the same
from handgrad.render.latex_math import math  # noqa: E402  the same
from handgrad.render.mathml import math as mathml  # noqa: E402  the same
from handgrad.render.omml import math as omml  # noqa: E402  the same
from handgrad.render.terminal import render_block  # noqa: E402  the same
from handgrad.render.typst_math import math as typst  # noqa: E402  the same
from handgrad.working.document import Document  # noqa: E402  the same

ALL: dict[str, Any] = {"indices": 0, "vectors": "row", "gradients": "nabla", "decimals": "comma"}
NOTATIONS: dict[str, dict[str, Any]] = {
    "zero": {"indices": 0},
    "row": {"vectors": "row"},
    "nabla": {"gradients": "nabla"},
    "comma": {"decimals": "comma"},
    "de": {"language": "de"},
    "hi": {"language": "hi"},
    "net": {"symbols": "net,out"},
    "own": {"symbols": "z,a", "a": "zeta", "h": "act", "W": "W_in", "L": "E", "y": "t"},
    "all-de": {"symbols": "z,a", "language": "de", **ALL},
    "all-hi": {"language": "hi", **ALL},
}
EXAMPLES = ("ann", "batch", "convolution", "image")
FORMATS = ("terminal.txt", "tex.txt")
CASES = [
    (name, key) for name in EXAMPLES for key in NOTATIONS if name in ("ann", "convolution") or key.startswith("all")
]


def document(name: str, key: str) -> Document:
    return hg.solve(example(name), "exact").working(notation=NOTATIONS[key])


def written(name: str, key: str, form: str) -> str:
    """A working in terminal or LaTeX; without preamble and picture, which have files of their own."""
    whole = document(name, key)
    return whole.to_terminal() if form == "terminal.txt" else _PICTURE.sub("", whole.to_latex(fragment=True))


_PICTURE = re.compile(r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}\n?", re.DOTALL)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "key"), CASES)
def test_a_convention_is_as_it_was(name: str, key: str, form: str) -> None:
    assert written(name, key, form) == (FOLDER / f"{name}.{key}.{form}").read_text()


def test_there_is_no_file_without_a_convention() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {
        f"{name}.{key}.{form}" for name, key in CASES for form in FORMATS
    }


@pytest.mark.skipif("HANDGRAD_LATEX" not in os.environ, reason="compiles with LaTeX: set HANDGRAD_LATEX=1")
@pytest.mark.parametrize(("name", "key"), CASES)
def test_latex_of_each_convention_compiles(name: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "out.tex").write_text(document(name, key).to_latex())
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "out.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


L, W, A, ONE, HALF = (
    Symbol("L"),
    Symbol("W", "1", bold=True),
    Symbol("a", "2", bold=True),
    Number("1", 1),
    Number("0.5"),
)


@pytest.mark.parametrize(
    ("notation", "plain", "terminal", "latex"),
    [
        ({"indices": 0}, Entry(W, (2, 3)), "W₁[1,2]", r"\mathbf{W}_{1}[1,2]"),
        ({"indices": 0}, Entry(W, ("i", "i+t−1")), "W₁[i,i+t]", r"\mathbf{W}_{1}[i,i+t]"),
        ({"decimals": "comma"}, Number("-2.4e-7"), "−2,4·10⁻⁷", r"-2{,}4 \cdot 10^{-7}"),
        ({"decimals": "comma"}, Function("max", (HALF, ONE)), "max(0,5; 1)", r"\max\left(0{,}5; 1\right)"),
        ({"decimals": "comma"}, Function("max", (ONE, ONE)), "max(1, 1)", r"\max\left(1, 1\right)"),
        (
            {"decimals": "comma"},
            Matrix(((HALF, ONE), (ONE, HALF)), (2, 2)),
            "[0,5; 1 | 1; 0,5]",
            r"\begin{bmatrix} 0{,}5 & 1 \\ 1 & 0{,}5 \end{bmatrix}",
        ),
        ({"decimals": "comma"}, Matrix(((HALF,), (ONE,)), (2, 1)), "[0,5; 1]", None),
        ({"language": "de"}, Cases(((ONE, Relation(ONE, ">", HALF)),)), "{1 falls 1 > 0.5}", None),
        (
            {"language": "de"},
            Cases(((ONE, Text("otherwise")),)),
            "{1 sonst}",
            r"\begin{cases} 1 & \text{sonst} \end{cases}",
        ),
        ({"L": "E"}, Partial(L, Entry(A, ("j",))), "∂E/∂a₂[j]", None),
        ({"gradients": "nabla"}, Partial(L, A), "∂L/∂a₂", None),
        ({}, Gradient(L, A), "∇_a₂ L", r"\nabla_{\mathbf{a}_{2}} L"),
        ({}, Gradient(L, A, W), "∇_a₂ L|W₁", r"\left.\nabla_{\mathbf{a}_{2}} L\right|_{\mathbf{W}_{1}}"),
        ({}, Entry(Gradient(L, W), (2, 3)), "(∇_W₁ L)[2,3]", r"\left(\nabla_{\mathbf{W}_{1}} L\right)[2,3]"),
        ({}, Transpose(Gradient(L, A)), "(∇_a₂ L)ᵀ", r"\left(\nabla_{\mathbf{a}_{2}} L\right)^{\top}"),
        ({"gradients": "nabla"}, Gradient(L, A) @ W, "(∇_a₂ L) W₁", None),
        ({"gradients": "nabla"}, Transpose(W) @ Gradient(L, A), "W₁ᵀ ∇_a₂ L", None),
        ({"gradients": "nabla"}, Star(Gradient(L, A), W), "(∇_a₂ L) * W₁", None),
    ],
)
def test_an_expression_follows_the_notation(
    notation: dict[str, Any], plain: Expr, terminal: str, latex: str | None
) -> None:
    expression = conformed(plain, convention(notation))
    assert inline(expression) == terminal
    assert latex is None or math(expression) == latex
    assert mathml(expression)


def test_mathml_follows_the_notation() -> None:
    maximum = mathml(conformed(Function("max", (HALF, ONE)), convention({"decimals": "comma"})))
    assert "<mn>0,5</mn><mo>;</mo><mn>1</mn>" in maximum
    assert "falls" in mathml(conformed(Cases(((ONE, Relation(ONE, ">", HALF)),)), convention({"language": "de"})))
    assert "<mi></mi>" not in mathml(Function("", (ONE,)))


def test_a_picture_follows_the_notation() -> None:
    notation = {"language": "de", "decimals": "comma", "gradients": "nabla"}
    svg = hg.draw(hg.solve(example("ann")).noted(notation)).to_svg()
    assert "vorwärts: Werte" in svg
    assert "0,9124" in svg
    assert "0.9124" not in svg


def test_arguments_are_apart_by_semicolons_only_among_decimals_with_a_comma() -> None:
    comma = Number("0,5")
    assert separator((ONE, HALF)) == ","
    assert separator((ONE, Function("ln", (Matrix(((comma,),), (1, 1)),)))) == ";"


@pytest.mark.parametrize(
    ("from_one", "index"),
    [
        ("i", "i"), ("i+t−1", "i+t"), ("2(i−1)+t", "2i+t"), ("3(j−1)+u", "3j+u"), ("2i", "2i+1"), ("k≠l", "k≠l"),
        ("i−t", "i−t−1"), ("−i+5", "−i+3"), ("i+1", "i+1"),
    ],
)  # fmt: skip
def test_an_index_by_letters_counts_from_zero(from_one: str, index: str) -> None:
    assert from_zero(from_one) == index


def test_a_long_function_is_broken_at_semicolons() -> None:
    trace = hg.solve(example("convolution"), "float64")
    text = trace.working(["max(dL/da1)"], notation={"decimals": "comma"}).to_terminal(40)
    assert "0,42857" not in text
    assert ";" in text


def test_a_block_alone_follows_the_notation_too() -> None:
    problem = example("ann")
    problem.notation = {"language": "de", "decimals": "comma"}
    steps = hg.solve(problem).ask("L").steps
    assert "0,3428" in str(steps[-1])
    assert "0,3428" in render_block(hg.solve(problem).working(["L"]).sections[-1].blocks[0])


def test_decimal_commas_stand_below_one_another() -> None:
    lines = written("ann", "comma", "terminal.txt").splitlines()
    column = [line for line in lines if "0,1451" in line and "⎡" in line]
    assert column
    assert any("−0,2902" in line for line in lines)


def test_hindi_has_english_words_in_latex_and_its_own_in_markdown() -> None:
    whole = hg.solve(example("image")).working(notation={"language": "hi"})
    latex, markdown = whole.to_latex(), whole.to_markdown()
    assert "Forward pass" in latex
    assert "[U+" not in latex
    assert latex.isascii() or all(c < "\u0900" for c in latex)
    assert r"\text{चैनल 1: }" in markdown
    assert "[U+" not in markdown


def test_a_letter_that_latex_has_not_is_shown_by_its_number() -> None:
    problem = example("ann")
    problem.notation = {"a": "क"}
    whole = hg.solve(problem).working()
    assert "[U+0915]" in whole.to_latex()
    assert "क" in whole.to_markdown()


def test_an_exam_in_hindi_has_english_words_in_latex() -> None:
    exam = hg.solve(example("convolution")).working(notation={"language": "hi"}).only("questions")
    assert "प्रश्न" in exam.to_terminal()
    assert r"\subsection*{Questions}" in exam.to_latex()


def test_a_pdf_in_hindi_is_set_though_its_letters_move() -> None:
    whole = hg.solve(example("image")).working(notation={"language": "hi"})
    try:
        content = whole.to_pdf()
    except hg.InputError as error:  # neither the package nor the system has the font
        assert "pip install" in str(error)  # noqa: PT017  the other outcome
    else:
        assert content.startswith(b"%PDF")
        assert content == whole.to_pdf()


def test_word_and_typst_follow_the_notation() -> None:
    cases = Cases(((Function("max", (HALF, ONE)), Relation(ONE, ">", HALF)), (ONE, Text("otherwise"))))
    german = conformed(cases, convention({"language": "de", "decimals": "comma"}))
    word = "".join(part for element in omml(german) for part in element.itertext())
    assert "falls " in word
    assert "0,5; 1" in word
    assert "if" not in typst(german)
    assert "falls" in typst(german)
    assert "#box(text(font: " in typst(Text("अन्यथा"))


if __name__ == "__main__":
    for name, key in CASES:
        for form in FORMATS:
            (FOLDER / f"{name}.{key}.{form}").write_text(written(name, key, form))
