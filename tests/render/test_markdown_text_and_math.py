"""Markdown: mathematics that no Markdown reader takes for markup, and words that are only words."""

from __future__ import annotations

import re

import pytest
from render_samples import HOSTILE, MINUS, ONE, TWO, A, W, X, column, every_node

from handgrad.notation.document import Equation, Line, Paragraph, Section, Span, Table
from handgrad.notation.nodes import Absolute, Expr, Star
from handgrad.render.markdown import render
from handgrad.working.document import Document


def body(*blocks: Paragraph | Equation | Table) -> str:
    return render(Document("T", (Section("S", blocks),))).removeprefix("# T\n\n## S\n\n")


@pytest.mark.parametrize(
    ("node", "markdown"),
    [
        (W @ X, r"$\mathbf{W} _ {1}\thinspace \mathbf{x}$"),
        (column(ONE, TWO), r"$\begin{bmatrix} 1 \cr  2 \end{bmatrix}$"),
        (Star(X, W), r"$\mathbf{x} \ast \mathbf{W} _ {1}$"),
        (Absolute(A), r"$\left\vert a\right\vert $"),
    ],
)
def test_mathematics_in_the_line(node: Expr, markdown: str) -> None:
    assert body(Paragraph((node,))) == markdown + "\n"


def test_an_equation_is_a_block_of_its_own() -> None:
    equation = Equation(A, (Line("=", ONE + TWO), Line("≈", MINUS)), 4)
    assert body(Paragraph(("Then",)), equation) == (
        "Then\n\n$$\n\\begin{aligned}\na &= 1 + 2 \\approx -0.5\n\\end{aligned} \\tag{4}\n$$\n"
    )


def test_tables_set_numbers_to_the_right() -> None:
    table = Table(("a|b", "value"), (("<b>", MINUS), (Absolute(A), TWO)))
    assert body(table) == (
        "| a\\|b | value |\n| --- | ---: |\n| &lt;b&gt; | $-0.5$ |\n| $\\left\\vert a\\right\\vert $ | $2$ |\n"
    )


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("+ 2", r"\+ 2"),
        ("# *a* _b_ `c` [d](e)", r"\# \*a\* \_b\_ \`c\` \[d\](e)"),
        ("<script> & \x1b\u202e\n", "&lt;script&gt; &amp; \ufffd\ufffd"),
        ("12 inputs, 3 outputs", "12 inputs, 3 outputs"),
    ],
)
def test_words_are_only_words(words: str, markdown: str) -> None:
    spans: tuple[Span, ...] = (words,)
    assert body(Paragraph(spans)) == markdown + "\n"


def test_hostile_words_leave_the_mathematics_alone() -> None:
    text = render(every_node())
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    outside = re.sub(r"^\$\$\n.*?\n\$\$$", "", text, flags=re.DOTALL | re.MULTILINE)
    for line in outside.splitlines():
        assert len(re.findall(r"(?<!\\)\$", line)) % 2 == 0, line
        for mathematics in re.findall(r"(?<!\\)\$(.*?)(?<!\\)\$", line):
            assert "|" not in mathematics
            assert not re.search(r"\S_|_\S", mathematics), mathematics
    assert HOSTILE not in text
