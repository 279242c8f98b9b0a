"""LaTeX as a document: sources of equations, pictures, stacks that are taller than a page, what a fragment needs."""

from __future__ import annotations

import pytest
from render_samples import ONE, TWO, A, L, W, X, column, grid

from handgrad.notation.document import Block, Equation, Figure, Line, Paragraph, Section, Table
from handgrad.notation.nodes import Expr, Matrix, Number, Stack
from handgrad.notation.picture import Disc, Picture
from handgrad.render.latex import origin, render
from handgrad.working.document import Document


def body(*blocks: Block, language: str = "en") -> str:
    text = render(Document("T", (Section("S", blocks),), language=language), fragment=True)
    return text.partition("\\subsection*{S}\n")[2]


def numbered(left: Expr, right: Expr, number: int, name: str, *uses: str) -> Equation:
    return Equation(left, (Line("=", right),), number, name, uses)


def test_an_equation_says_where_it_comes_from() -> None:
    first, second = numbered(A, ONE, 1, "a"), numbered(X, TWO, 2, "x")
    text = body(first, second, numbered(L, A * X, 3, "L", "a", "x", "given"), language="de")
    assert "a &= 1 \\tag*{(1)}\n" in text
    assert r"\tag*{{\footnotesize\textit{aus (1) und (2)}\quad}(3)}" in text


def test_a_source_without_room_stands_below() -> None:
    wide = Matrix((tuple([Number("-0.0123")] * 8),), (1, 8))
    names = [f"a{i}" for i in range(9)]
    text = body(*(numbered(A, ONE, i + 1, name) for i, name in enumerate(names)), numbered(L, wide, 10, "L", *names))
    below = "{\\raggedleft{\\footnotesize\\textit{from (1), (2), (3), (4), (5), (6), (7), (8) and (9)}\\quad}\\par}\n"
    assert f"\\tag{{10}}\n\\end{{align*}}\n{below}" in text


@pytest.mark.parametrize(("numbers", "words"), [((), ""), ((3,), "from (3)"), ((1, 2, 5), "from (1), (2) and (5)")])
def test_sources_in_words(numbers: tuple[int, ...], words: str) -> None:
    assert origin("en", numbers) == words


def test_a_stack_that_is_taller_than_a_page_may_be_broken() -> None:
    matrices = tuple((f"channel {i}", grid(9, 4)) for i in range(4))
    text = body(Equation(W, (Line("=", A), Line("≈", Stack(matrices)))))
    assert "aligned" not in text
    assert text.count(r" \\[4pt]") == 4
    assert text.count("\\quad \\text{channel ") == 3
    low = body(Equation(W, (Line("=", Stack(matrices[:2])),)))
    assert low.count(r"\begin{aligned}") == 1


def test_a_cell_that_begins_with_a_bracket_is_no_length() -> None:
    text = body(Table(("", "b"), (("[1in]", ONE), ("* x", TWO))))
    assert "{}[1in] & $1$" in text
    assert "{}* x & $2$" in text
    assert text.startswith("\n\\begin{tabular}{@{}lr@{}}\n & \\textbf{b} \\\\")


def picture(width: float, height: float) -> Figure:
    shapes = (Disc(10, 10, 5, "node"),)
    return Figure(lambda: Picture(width, height, shapes, "a net"), ("The net ", A))


def test_a_picture_stands_in_the_text_or_on_its_side() -> None:
    plain = body(picture(300, 200))
    assert plain.startswith("\n\\begin{center}\n\\begin{tikzpicture}")
    assert plain.endswith("\\end{tikzpicture}\n\\par{\\small The net $a$}\n\\end{center}\n")
    turned = body(picture(2000, 600))
    assert turned.startswith("\n\\begin{figure}[p]\n\\centering\n\\rotatebox{90}{%\n\\begin{tikzpicture}")
    assert "The net $a$" in turned


def test_tikz_is_asked_for_only_where_there_is_a_picture() -> None:
    words = Document("T", (Section("S", (Paragraph(("w",)),)),))
    drawn = Document("T", (Section("S", (picture(9, 9),)),))
    assert "tikz" not in render(words)
    assert r"\usepackage{tikz}" in render(drawn)
    assert render(words, fragment=True).startswith("% needs amsmath\n")
    assert render(drawn, fragment=True).startswith("% needs amsmath and tikz\n")
    assert "\\usepackage" not in render(drawn, fragment=True)


def test_room_to_write_and_the_same_bytes() -> None:
    document = Document("T", (Section("S", (Paragraph((), "room"), numbered(A, column(ONE, TWO), 1, "a"))),))
    assert r"\vspace{96pt}" in render(document)
    assert render(document) == render(document)
