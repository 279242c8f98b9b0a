"""Typst: every node, words as words, equations that fit their page by typst's own measure."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import typst
from generated import problems
from render_samples import EACH_NODE, every_node, generated, grid

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation, Figure, Line, Paragraph, Section, Table
from handgrad.notation.nodes import (
    Absolute,
    BigSum,
    Cases,
    Dots,
    Entry,
    Expr,
    Fraction,
    Function,
    Gradient,
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
from handgrad.notation.picture import Disc, Picture
from handgrad.render.breaking import Bracketed
from handgrad.render.typst import PREAMBLE, TEXT_WIDTH, render
from handgrad.render.typst_math import math
from handgrad.render.typst_text import text
from handgrad.render.typst_width import height, width
from handgrad.working.document import Document

W, X, A, L = Symbol("W", "1", bold=True), Symbol("x", bold=True), Symbol("a"), Symbol("L")
ONE, TWO, MINUS = Number("1"), Number("2"), Number("-0.5")
TALL = grid(10, 2)

NODES: list[tuple[Expr, str]] = [
    (W, "bf(W)_(1)"),
    (Symbol("y", bold=True, hat=True), "hat(bf(y))"),
    (Symbol("δ", "2", bold=True, primes=1, sup="3"), "bold(δ)'_(2)^((3))"),
    (Symbol("Σ", bold=True), "bf(Σ)"),
    (Symbol("net", "2"), 'upright("net")_(2)'),
    (Symbol("é", bold=True), '#text(weight: "bold", "é")'),
    (Symbol("t, u"), "t , u"),
    (Symbol("x", "hh"), "x_(h h)"),
    (Symbol("x", "2(i−1)+t"), "x_(2( i −1)+ t)"),
    (Symbol("x", "a)b"), 'x_("a)b")'),
    (Symbol("x", "#read"), 'x_("#read")'),
    (Entry(W, (2, "j")), "bf(W)_(1) [2,j]"),
    (Entry(X, (3,)), "x_(3)"),
    (Entry(Star(X, W), ("i", "j")), "(bf(x) ∗ bf(W)_(1)) [i,j]"),
    (Entry(Partial(L, W), (2, 3)), "frac(∂ L, ∂ bf(W)_(1)) [2,3]"),
    (Number("-2.419e-7"), "−2.419 ⋅ 10^(−7)"),
    (Number("0,5"), "0 decimal 5"),
    (Number("-1,5e-7"), "−1 decimal 5 ⋅ 10^(−7)"),
    (Number("nan"), '"nan"'),
    (Text('a "b" \\'), r'"a \"b\" \\"'),
    (Negative(A), "−a"),
    (ONE + MINUS, "1 + (−0.5)"),
    (ONE - TWO, "1 − 2"),
    (Sum((Negative(A), ONE)), "− a + 1"),
    (TWO * (ONE - A), "2 ⋅ (1 − a)"),
    (W @ X, "bf(W)_(1) thin bf(x)"),
    (Product((ONE / TWO, A)), "frac(1, 2) thin a"),
    (ONE / (ONE + exp(-A)), "frac(1, 1 + e^(−a))"),
    (Power(MINUS, TWO), "(−0.5)^(2)"),
    (Power(Symbol("x", sup="2"), TWO), 'class("normal", x^((2)))^(2)'),
    (-(A + ONE), "−(a + 1)"),
    (ln(A), 'op("ln") a'),
    (ln(ONE - A), 'op("ln") (1 − a)'),
    (Function(Symbol("σ", primes=1), (X,)), "σ' (bf(x))"),
    (Function("max", (ONE, Dots(), TWO)), r'op("max") (1\, ⋯\, 2)'),
    (Function("max", (Number("1,5"), TWO)), r'op("max") (1 decimal 5\; 2)'),
    (Function("", (ONE, TWO)), r" (1\, 2)"),
    (Bracketed("max", ONE, closes=False), r'op("max") \(1\,'),
    (Bracketed("", ONE, opens=False), r"1\)"),
    (Bracketed("max", ONE), 'op("max") (1)'),
    (Hadamard((W, A + ONE)), "bf(W)_(1) ⊙ (a + 1)"),
    (Star(X, W), "bf(x) ∗ bf(W)_(1)"),
    (Transpose(W @ X), "(bf(W)_(1) thin bf(x))^(upright(T))"),
    (Partial(L, W), "frac(∂ L, ∂ bf(W)_(1))"),
    (Partial(L, W, A), "lr(frac(∂ L, ∂ bf(W)_(1))|)_(a)"),
    (Gradient(L, W), "∇_(bf(W)_(1)) L"),
    (Gradient(L, W, A), "lr(∇_(bf(W)_(1)) L|)_(a)"),
    (BigSum(A, Symbol("k"), ONE, Symbol("n")), "∑_(k = 1)^(n) a"),
    (BigSum(A + ONE, Symbol("k")), "∑_(k) (a + 1)"),
    (Relation(A, "≤", ONE), "a ≤ 1"),
    (
        Cases(((A, Relation(A, ">", ONE)), (ONE, Text("otherwise")))),
        'cases(inline(a) & quad "if" a > 1, inline(1) & quad "otherwise")',
    ),
    (Sqrt(A), "sqrt(a)"),
    (Absolute(A), "lr(|a|)"),
    (Highlight(TWO), "#marked($inline(2)$)"),
    (Matrix(((A, Dots()), (Dots("column"), Dots("both"))), (9, 9)), "[thin mat(a, ⋯; ⋮, ⋱) thin]"),
    (
        Matrix(((ONE,), (MINUS,), (Dots("column"),)), (9, 1)),
        "[thin mat( #h(0.778em) 1 #h(0.778em) ; −0.5; ⋮) thin]",
    ),
    (Matrix(((ONE,), (Number("2.4e-7"),)), (2, 1)), "[thin mat(1; 2.4 ⋅ 10^(−7)) thin]"),
    (Matrix(((ONE / TWO,),), (1, 1)), "[thin mat(row-gap: #.55em, frac(1, 2)) thin]"),
    (Matrix(((ONE / (A + 1),),), (1, 1)), "[thin mat(row-gap: #1.1em, display(frac(1, a + 1))) thin]"),
    (
        Stack((("in 1", ONE), ("", Dots("column")))),
        'mat(align: #left, column-gap: #.6em, row-gap: #.8em, "in 1:", display(1); #none, display(⋮))',
    ),
]


@pytest.mark.parametrize(("node", "expected"), NODES, ids=[expected for _, expected in NODES])
def test_each_node(node: Expr, expected: str) -> None:
    assert math(node) == expected


def measures(source: str) -> Iterator[tuple[str, bool, bool, float]]:
    """Each equation's alternative text, whether it is numbered, whether a display, and typst's own width of it."""
    asked = (
        "\n#context [#metadata(query(math.equation).map(e => (e.alt, e.numbering != none, e.block,"
        " measure(math.equation(block: e.block, numbering: none, e.body)).width.pt()))) <widths>]"
    )
    answer = typst.query((source + asked).encode(), "<widths>", field="value", one=True, ignore_system_fonts=True)
    yield from json.loads(answer)


def check_widths(source: str) -> int:
    """No equation is wider than its room: the text less the indent, and less the number's room where it has one."""
    found = 0
    for alternative, numbered, block, across in measures(source):
        if alternative is not None:  # a part of another equation, such as what is boxed
            assert across <= TEXT_WIDTH - 12 * block - 30 * numbered, alternative
            found += 1
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_equation_of_an_example_is_wider_than_its_page(name: str) -> None:
    assert check_widths(render(hg.solve(example(name)).working(), paper="letter")) > 5


def test_no_equation_of_a_made_up_problem_is_wider_than_its_page() -> None:
    found = sum(check_widths(render(hg.solve(problem).working())) for _, problem in problems(120))
    assert found > 2000


@pytest.mark.parametrize("seed", range(25))
def test_no_equation_of_a_made_up_document_is_wider_than_its_page(seed: int) -> None:
    assert check_widths(render(generated(seed))) >= 4


def test_every_node_fits() -> None:
    assert check_widths(render(every_node())) > 2 * len(EACH_NODE)


def sizes(nodes: list[Expr], which: str) -> list[float]:
    """Typst's own widths or heights of expressions in a display."""
    lines = [f"#context [#metadata(measure($ {math(node)} $).{which}.pt()) <size>]" for node in nodes]
    source = "\n".join([PREAMBLE, *lines])
    found: list[float] = json.loads(typst.query(source.encode(), "<size>", field="value", ignore_system_fonts=True))
    return found


def test_a_width_is_never_too_little_and_seldom_far_too_much() -> None:
    nodes = [node for node, _ in NODES]
    nodes += [grid(3, 7), Fraction(A + W, A), exp(Fraction(ONE, TWO)), Function("softmax", (grid(2, 1),))]
    for node, across in zip(nodes, sizes(nodes, "width"), strict=True):
        assert across - 0.5 <= width(node) <= 1.45 * across + 9, node


def test_a_height_is_about_right() -> None:
    nodes: list[Expr] = [
        TALL,
        grid(3, 3),
        Stack((("a", TALL), ("b", grid(2, 2)))),
        Partial(L, W),
        ONE / A,
        BigSum(A, A),
    ]
    nodes += [Matrix(((ONE / (A + 1),),) * 4, (4, 1)), Cases(((A, Relation(A, ">", ONE)), (ONE, Text("otherwise"))))]
    for node, tall in zip(nodes, sizes(nodes, "height"), strict=True):
        assert 0.8 * tall <= height(node) <= 1.3 * tall + 6, node


def lines_of(*equations: Equation) -> str:
    return render(Document("T", (Section("S", equations),)))


def test_an_equation_has_its_number_its_sources_and_its_alternative_text() -> None:
    first = Equation(A, (Line("=", ONE),), 1, "a")
    second = Equation(L, (Line("=", TWO * A), Line("≈", MINUS)), 2, "L", ("a",))
    source = lines_of(first, second)
    assert '#equation("a = 1", number: 1)[$ a &= 1 $]' in source
    assert (
        '#equation("L = 2 a ≈ −0.5", number: 2, from: [#"from ";#link(label("equation-1"))[(1)];#"";])'
        "[$ L &= 2 thin a ≈ −0.5 $]" in source
    )


def test_sources_stand_below_where_the_last_row_leaves_no_room() -> None:
    wide = Equation(L, (Line("=", grid(2, 11)),), 2, "L", ("a",))
    assert ", below: [#" in lines_of(Equation(A, (Line("=", ONE),), 1, "a"), wide)


def test_a_long_equation_is_broken_into_rows_aligned_at_the_sign() -> None:
    long = Sum((grid(2, 7), grid(2, 7), grid(2, 1)))
    source = lines_of(Equation(L, (Line("=", long), Line("≈", grid(2, 2)))))
    assert source.count(" \\\n &") == 2
    assert " \\\n &quad + med [thin mat(" in source
    assert " \\\n &≈ [thin mat(" in source


def test_an_equation_too_tall_to_stay_on_one_page_goes_on_in_pieces_of_which_the_last_is_numbered() -> None:
    tall = Equation(L, tuple(Line("=", Product((grid(10, 5), grid(10, 2)))) for _ in range(3)), 7, "L")
    source = lines_of(tall)
    assert source.count("#equation(") == 3
    assert source.count("number: 7") == 1
    assert source.index("number: 7") > source.rindex("#equation(")
    assert source.count("$ #context h(measure($ L $).width) &=") == 2


def test_a_stack_too_tall_for_a_page_is_cut_between_its_matrices() -> None:
    stack = Stack(tuple((f"channel {i}", TALL) for i in range(6)))
    source = lines_of(Equation(L, (Line("=", stack),), 1, "L"))
    assert source.count("mat(align: #left") == 2
    assert "#context h(measure($ L $).width) &quad mat(align" in source


def test_what_is_given_stands_side_by_side() -> None:
    short = [Equation(Symbol(c), (Line("=", ONE),)) for c in "abc"]
    blocks = (*short, Equation(L, (Line("=", grid(2, 19)),)), Equation(A, (Line("=", ONE),), 1))
    source = render(Document("T", (Section("Given", blocks, "given"),)))
    assert source.count("#side-by-side(") == 1
    assert '\n  m("b = 1", $display(b = 1)$)' in source
    assert source.count("#equation(") == 2
    assert "#side-by-side(" not in render(Document("T", (Section("Given", blocks, "forward"),)))


def test_words_of_each_role() -> None:
    roles = ["lead", "note", "text", "room"]
    blocks = tuple(Paragraph(("Hello ", A), role) for role in roles)
    source = render(Document("T", (Section("S", blocks),)))
    words = '#"Hello ";#m("a", $a$);'
    assert f"\n== {words}\n" in source
    assert f"\n#note[{words}]\n" in source
    assert f"\n#words[{words}]\n" in source
    assert source.endswith("\n#v(96pt)\n")


def test_a_tall_formula_makes_its_line_taller() -> None:
    source = render(Document("T", (Section("S", (Paragraph((TALL, " and ", ONE / TWO)),)),)))
    assert "#words[#tall(" in source
    assert source.count("#tall(") == 2
    assert '#m("1"' in render(Document("T", (Section("S", (Paragraph((ONE,)),)),)))


def test_a_table_has_numbers_at_the_right_and_shares_its_width() -> None:
    source = render(Document("T", (Section("S", (Table(("A", "B"), (("x", MINUS), ("y", ONE))),)),)))
    assert "#table(columns: (auto, auto,), align: (left, right,)," in source
    assert 'table.header([*#"A";*], [*#"B";*], table.hline' in source
    assert '[#m("1", $1$);#h(0.778em)]' in source
    many = Table(("A",) * 9, tuple((MINUS, ONE) * 4 + (Number(f"0.{i:012}"),) for i in range(2)))
    assert "#h(" not in render(Document("T", (Section("S", (many,)),))).replace(PREAMBLE, "")
    wide = render(Document("T", (Section("S", (Table(("A", "B"), (("word " * 90, MINUS),)),)),)))
    assert "columns: (" in wide
    assert "columns: (auto, auto" not in wide


def figure(picture: Picture, caption: tuple[Any, ...] = ()) -> str:
    return render(Document("T", (Section("S", (Figure(lambda: picture, caption),)),)))


def test_a_figure_is_an_svg_with_an_alternative_text(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(
        svg=lambda picture: f'<svg xmlns="http://www.w3.org/2000/svg"><!--{picture.title}--></svg>'
    )
    monkeypatch.setitem(sys.modules, "handgrad.render.svg", stand_in)
    picture = Picture(600, 300, (Disc(10, 10, 5, "node"),), 'The "net"')
    source = figure(picture, ("The net ", A))
    assert (
        r'image(bytes("<svg xmlns=\"http://www.w3.org/2000/svg\"><!--The \"net\"--></svg>"), format: "svg",' in source
    )
    assert r'width: 480.00pt, alt: "The \"net\"")' in source
    assert '#picture(240.00pt, [#"The net ";#m("a", $a$);], image' in source
    small = figure(Picture(120, 60, (Disc(10, 10, 5, "node"),), "n"))
    assert "#picture(50.00pt, none, image" in small
    assert "width: 100.00pt" in small
    assert "height > page.height" in small


def test_a_wide_picture_lies_on_a_page_behind_the_text_which_names_the_page() -> None:
    drawn = (Disc(10, 10, 5, "node"),)
    assert "#plate([" not in figure(Picture(800, 300, drawn, "n"))
    assert "#plate([" not in figure(Picture(900, 1300, drawn, "n"))
    wide = figure(Picture(1500, 500, drawn, "n"), ("The net",))
    assert wide.index('= #"S";') < wide.index('#plate([#metadata(none) <plate-1>], [#"The net";], image(')
    assert "drawn on page" in wide
    assert "#link(<plate-1>)[#context counter(page).at(<plate-1>).first()]" in wide
    assert "width: 761.89pt" in wide
    picture = Figure(lambda: Picture(1500, 500, drawn, "n"), ())
    twice = render(Document("T", (Section("S", (picture, picture)),)), paper="letter")
    assert "#plate([#metadata(none) <plate-2>], none, image(" in twice
    assert "width: 712.00pt" in twice


def test_nothing_drawn_is_no_figure() -> None:
    assert "image(" not in figure(Picture(0, 0, (), "nothing"))


def test_both_papers_have_the_same_text_width() -> None:
    document = Document("T", ())
    assert '#set page(paper: "a4", margin: (x: 57.64pt' in render(document)
    assert '#set page(paper: "us-letter", margin: (x: 66.00pt' in document.to_typst(paper="letter")


def test_words_are_string_literals_and_their_control_characters_are_shown() -> None:
    assert text('#import "x" $a$ \\') == r'#"#import \"x\" $a$ \\";'
    assert text("a\u202eb\x00\nc\u2066") == '#"a\ufffdb\ufffd c\ufffd";'
    assert text("") == '#"";'
    assert text("w" * 31) == "#{" + '"wwwww"\nz\n' * 6 + '"w"};'
    assert text("w" * 30) == f'#"{"w" * 30}";'
    assert text("ab " * 80) == "#{" + f'"{"ab " * 40}"\n"{"ab " * 40}"' + "};"


def test_hostile_words_stand_in_literals_everywhere() -> None:
    """What is left of a source without its string literals is the renderer's own."""
    import re

    source = render(every_node())
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", source.replace(PREAMBLE, ""))
    assert "passwd" in source
    for word in ("passwd", "#import", "<script", "alert", "\\x", "\u202e", "Erd"):
        assert word not in bare
