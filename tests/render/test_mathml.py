"""MathML: what each node looks like, and that everything written is valid MathML Core."""

from __future__ import annotations

from random import Random
from xml.etree.ElementTree import fromstring

import pytest
from generated import documents
from mathml_core import mistakes
from render_samples import EACH_NODE, HOSTILE, MINUS, ONE, TWO, A, L, W, X, column, every_node, expression

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation, Line, Paragraph, Table
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
    Relation,
    Sqrt,
    Stack,
    Star,
    Sum,
    Symbol,
    Text,
    Transpose,
    entry_of,
    ln,
)
from handgrad.render.breaking import Bracketed
from handgrad.render.mathml import CSS, display, inline, math, width
from handgrad.working.document import Document

MINUS_SIGN = '<mo form="prefix">−</mo>'
THIN = '<mo lspace="0.1667em" rspace="0">\u2062</mo>'
APPLIED = "<mo>\u2061</mo>"
W1 = "<msub><mi>𝐖</mi><mn>1</mn></msub>"
A_TIMES_1 = '<mrow><mi>a</mi><mo form="infix">⋅</mo><mn>1</mn></mrow>'
F = '<mi mathvariant="normal">f</mi>'
F_1_PRIME = "<mrow><msub><mi>f</mi><mn>1</mn></msub><mo>′</mo></mrow>"
OPENING = '<mo form="prefix" stretchy="false">(</mo>'
HALF = "<mfrac><mn>1</mn><mn>2</mn></mfrac>"


def short(inside: str, around: str = "()") -> str:
    """Brackets that do not grow."""
    return f'<mrow><mo stretchy="false">{around[0]}</mo>{inside}<mo stretchy="false">{around[1]}</mo></mrow>'


@pytest.mark.parametrize(
    ("node", "mathml"),
    [
        (Symbol("a"), "<mi>a</mi>"),
        (Symbol("net", "1"), "<msub><mi>net</mi><mn>1</mn></msub>"),
        (Symbol("W", "hh", bold=True), "<msub><mi>𝐖</mi><mrow><mi>h</mi><mi>h</mi></mrow></msub>"),
        (Symbol("W", "out"), "<msub><mi>W</mi><mi>out</mi></msub>"),
        (Symbol("t, u"), '<mrow><mi>t</mi><mo stretchy="false">,</mo><mi>u</mi></mrow>'),
        (Symbol("y", bold=True, hat=True), '<mover accent="true"><mi>𝐲</mi><mo stretchy="false">^</mo></mover>'),
        (Symbol("δ", bold=True), "<mi>𝜹</mi>"),
        (Symbol("Γ", bold=True), "<mi>𝚪</mi>"),
        (Symbol("1", bold=True), "<mi>𝟏</mi>"),
        (Symbol("ℓ", bold=True), '<mi mathvariant="normal" class="hg-bold">ℓ</mi>'),
        (Symbol("f", primes=1), "<mrow><mi>f</mi><mo>′</mo></mrow>"),
        (Symbol("f", "1", primes=2), "<mrow><msub><mi>f</mi><mn>1</mn></msub><mo>″</mo></mrow>"),
        (Symbol("f", "1", primes=1, sup="2"), f"<msup>{F_1_PRIME}{short('<mn>2</mn>')}</msup>"),
        (Symbol("f", primes=3), "<mrow><mi>f</mi><mo>′′′</mo></mrow>"),
        (Symbol("x", sup="2"), f"<msup><mi>x</mi>{short('<mn>2</mn>')}</msup>"),
        (Symbol("x", "1", sup="2"), f"<msubsup><mi>x</mi><mn>1</mn>{short('<mn>2</mn>')}</msubsup>"),
        (Entry(X, (2, "j")), "<msub><mi>x</mi><mrow><mn>2</mn><mo>,</mo><mi>j</mi></mrow></msub>"),
        (Entry(W, (1,)), f"<mrow>{W1}{short('<mn>1</mn>', '[]')}</mrow>"),
        (Number("-2.5e-7"), "<mrow><mn>−2.5</mn><mo>⋅</mo><msup><mn>10</mn><mn>−7</mn></msup></mrow>"),
        (Text("a < b "), "<mtext>a\u00a0&lt;\u00a0b\u00a0</mtext>"),
        (Negative(A), f"<mrow>{MINUS_SIGN}<mi>a</mi></mrow>"),
        (
            Sum((Negative(A), Negative(TWO), MINUS)),
            (
                f'<mrow>{MINUS_SIGN}<mi>a</mi><mo form="infix">−</mo><mn>2</mn><mo form="infix">+</mo>'
                f"{short('<mn>−0.5</mn>')}</mrow>"
            ),
        ),
        (TWO * ONE, '<mrow><mn>2</mn><mo form="infix">⋅</mo><mn>1</mn></mrow>'),
        (W @ X, f"<mrow>{W1}{THIN}<mi>𝐱</mi></mrow>"),
        (Hadamard((A, A)), '<mrow><mi>a</mi><mo form="infix">⊙</mo><mi>a</mi></mrow>'),
        (Star(X, W), f'<mrow><mi>𝐱</mi><mo form="infix">∗</mo>{W1}</mrow>'),
        (A**2, "<msup><mi>a</mi><mn>2</mn></msup>"),
        (Power(Symbol("x", "1"), TWO), "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (Transpose(W), "<msubsup><mi>𝐖</mi><mn>1</mn><mi>⊤</mi></msubsup>"),
        (Transpose(Symbol("f", "1", primes=1)), f"<msup>{F_1_PRIME}<mi>⊤</mi></msup>"),
        (Function("f", (A, ONE)), f"<mrow>{F}{APPLIED}{short('<mi>a</mi><mo>,</mo><mn>1</mn>')}</mrow>"),
        (ln(A), '<mrow><mi>ln</mi><mo rspace="0.1667em">\u2061</mo><mi>a</mi></mrow>'),
        (ln(A * ONE), f"<mrow><mi>ln</mi>{APPLIED}{short(A_TIMES_1)}</mrow>"),
        (
            Power(Fraction(ONE, TWO), TWO),
            f'<msup><mrow><mo class="hg-round">(</mo>{HALF}<mo class="hg-round">)</mo></mrow><mn>2</mn></msup>',
        ),
        (
            Bracketed("max", A, opens=True, closes=False),
            f"<mrow><mi>max</mi>{APPLIED}{OPENING}<mi>a</mi><mo>,</mo></mrow>",
        ),
        (Bracketed("", A, opens=False), '<mrow><mi>a</mi><mo form="postfix" stretchy="false">)</mo></mrow>'),
        (Bracketed("", A), short("<mi>a</mi>")),
        (Bracketed(Symbol("σ"), A), f"<mrow><mi>σ</mi>{APPLIED}{short('<mi>a</mi>')}</mrow>"),
        (Partial(L, A), "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>a</mi></mrow></mfrac>"),
        (
            Gradient(L, A, X),
            (
                '<msub><mrow><mrow><msub><mi mathvariant="normal">∇</mi><mi>a</mi></msub><mi>L</mi></mrow>'
                '<mo form="postfix">|</mo></mrow><mi>𝐱</mi></msub>'
            ),
        ),
        (BigSum(A, Symbol("k")), "<mrow><munder><mo>∑</mo><mi>k</mi></munder><mi>a</mi></mrow>"),
        (
            BigSum(A, Symbol("k"), ONE, TWO),
            "<mrow><munderover><mo>∑</mo><mrow><mi>k</mi><mo>=</mo><mn>1</mn></mrow><mn>2</mn></munderover><mi>a</mi></mrow>",
        ),
        (Relation(A, "<", ONE), "<mrow><mi>a</mi><mo>&lt;</mo><mn>1</mn></mrow>"),
        (Sqrt(A), "<msqrt><mi>a</mi></msqrt>"),
        (Absolute(A), '<mrow><mo form="prefix">|</mo><mi>a</mi><mo form="postfix">|</mo></mrow>'),
        (Highlight(A), '<mrow class="hg-highlight"><mi>a</mi></mrow>'),
        (Matrix(((ONE, Dots()),), (1, 4)), short('<mn>1</mn><mspace width="1em"></mspace><mi>⋯</mi>', "[]")),
        (
            column(Number("0.5"), Number("-12"), Number("1.25"), Dots("column")),
            (
                '<mrow><mo>[</mo><mtable class="hg-matrix hg-decimals"><mtr><mtd><mn>0.5</mn><mspace width="1ch">'
                '</mspace></mtd></mtr><mtr><mtd><mn>−12</mn><mspace width="2.55ch"></mspace></mtd></mtr><mtr><mtd>'
                "<mn>1.25</mn></mtd>"
                '</mtr><mtr><mtd class="hg-dots"><mi>⋮</mi></mtd></mtr></mtable><mo>]</mo></mrow>'
            ),
        ),
        (
            column(Fraction(A, TWO), Fraction(ONE, TWO)),
            (
                '<mrow><mo>[</mo><mtable class="hg-matrix hg-formulas"><mtr><mtd displaystyle="true"><mfrac>'
                f"<mi>a</mi><mn>2</mn></mfrac></mtd></mtr><mtr><mtd>{HALF}</mtd></mtr></mtable><mo>]</mo></mrow>"
            ),
        ),
        (
            Stack((("out 1", A), ("", ONE))),
            (
                '<mtable class="hg-stack"><mtr><mtd><mtext>out\u00a01:\u00a0</mtext></mtd><mtd><mi>a</mi></mtd></mtr>'
                "<mtr><mtd></mtd><mtd><mn>1</mn></mtd></mtr></mtable>"
            ),
        ),
        (
            Cases(((A, Relation(A, ">", ONE)), (ONE, Text("otherwise")))),
            (
                '<mrow><mo form="prefix">{</mo><mtable class="hg-cases"><mtr><mtd><mi>a</mi></mtd><mtd><mrow>'
                "<mtext>if\u00a0</mtext><mrow><mi>a</mi><mo>&gt;</mo><mn>1</mn></mrow></mrow></mtd></mtr><mtr><mtd><mn>1</mn>"
                "</mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>"
            ),
        ),
    ],
)
def test_mathematics(node: Expr, mathml: str) -> None:
    assert math(node) == mathml
    assert mistakes(mathml) == []


@pytest.mark.parametrize(
    ("node", "mathml"),
    [
        (Number("-1"), '<mn data-of="W1[2,3]">−1</mn>'),
        (Fraction(ONE, TWO), f'<mrow data-of="W1[2,3]">{HALF}</mrow>'),
        (Negative(Fraction(ONE, TWO)), f'<mrow data-of="W1[2,3]"><mrow>{MINUS_SIGN}{HALF}</mrow></mrow>'),
        (
            Number("1e-9"),
            '<mrow data-of="W1[2,3]"><mn>1</mn><mo>⋅</mo><msup><mn>10</mn><mn>−9</mn></msup></mrow>',
        ),
    ],
)
def test_a_printed_number_says_as_a_whole_whose_value_it_is(node: Expr, mathml: str) -> None:
    assert math(entry_of(node, "W1[2,3]")) == mathml


def test_a_quotient_of_two_values_is_of_neither() -> None:
    quotient = Fraction(Number("1", of="a[1]"), Number("2", of="b[1]"))
    assert math(quotient) == '<mfrac><mn data-of="a[1]">1</mn><mn data-of="b[1]">2</mn></mfrac>'
    assert math(Number("1", of='"><script>')) == '<mn data-of="&quot;&gt;&lt;script&gt;">1</mn>'


def test_an_equation_stands_in_a_row_or_in_rows_aligned_at_the_sign() -> None:
    equation = Equation(A, (Line("=", A + ONE), Line("≈", MINUS)), 4)
    line = '<mrow><mi>a</mi><mo form="infix">+</mo><mn>1</mn></mrow>'
    assert display(equation, 700) == (
        '<math display="block" alttext="a = a + 1 ≈ −0.5"><mrow><mi>a</mi><mo form="infix">=</mo>'
        f"{line}<mo>≈</mo><mn>−0.5</mn></mrow></math>"
    )
    assert display(equation, 150) == (
        '<math display="block" alttext="a = a + 1 ≈ −0.5"><mtable displaystyle="true" class="hg-rows">'
        f'<mtr><mtd><mi>a</mi></mtd><mtd><mo form="infix">=</mo>{line}</mtd></mtr>'
        '<mtr><mtd></mtd><mtd><mo form="infix">≈</mo><mn>−0.5</mn></mtd></mtr></mtable></math>'
    )


def test_a_row_that_goes_on_is_indented_and_begins_with_its_operator() -> None:
    long = Equation(A, (Line("=", Sum(tuple(Function("f", (Number(str(n)),)) for n in range(40)))),))
    rows = fromstring(display(long, 500)).findall("./mtable/mtr")  # noqa: S314  our own
    assert len(rows) > 2
    for row in rows[1:]:
        first, second = row[1][0], row[1][1]
        assert (first.tag, second.tag, second.text) == ("mspace", "mo", "+")


def test_words_and_names_are_only_words() -> None:
    hostile = Relation(Text(HOSTILE), "=", Symbol(HOSTILE, HOSTILE, sup=HOSTILE, bold=True))
    written = inline(Cases(((hostile, Text("x")), (Function(HOSTILE, (A,)), hostile))))
    assert mistakes(written) == []
    assert "<script" not in written
    assert "\x1b" not in written
    assert "\u202e" not in written


def mathematics(document: Document) -> list[str]:
    """All mathematics of a document as MathML, as a page has it."""
    found = []
    for section in document.sections:
        for block in section.blocks:
            match block:
                case Equation():
                    found.append(display(block, 700))
                case Paragraph(spans):
                    found += [inline(span) for span in spans if isinstance(span, Expr)]
                case Table(header, rows):
                    found += [inline(span) for row in (header, *rows) for span in row if isinstance(span, Expr)]
    return found


def assert_valid(pieces: list[str]) -> None:
    assert pieces
    for piece in pieces:
        assert mistakes(piece) == [], piece


def test_every_node_is_valid_and_has_only_known_classes() -> None:
    pieces = mathematics(every_node())
    assert_valid(pieces)
    classes = {name for piece in pieces for node in fromstring(piece).iter() for name in node.get("class", "").split()}  # noqa: S314
    assert classes >= {"hg-rows", "hg-matrix", "hg-decimals", "hg-highlight", "hg-cases", "hg-stack", "hg-round"}
    for name in classes:
        assert f".{name} " in CSS


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid(name: str) -> None:
    assert_valid(mathematics(hg.solve(example(name)).working()))


@pytest.mark.parametrize("arithmetic", ["rounded(3)", "float64"])
@pytest.mark.parametrize("name", sorted({*EXAMPLES} - {"symbolic"}))
def test_every_example_is_valid_in_decimals(name: str, arithmetic: str) -> None:
    assert_valid(mathematics(hg.solve(example(name), arithmetic).working()))


@pytest.mark.parametrize("name", ["symbolic", "convolution", "regression"])
def test_formulas_are_valid(name: str) -> None:
    assert_valid(mathematics(hg.solve(example(name), "symbolic").working()))


def test_two_hundred_problems_are_valid() -> None:
    for name, document in documents():
        for piece in mathematics(document):
            assert mistakes(piece) == [], (name, piece)


def test_expressions_made_up_are_valid_and_none_is_without_width() -> None:
    random = Random(2)
    for _ in range(300):
        node = expression(random, random.randint(0, 4))
        assert mistakes(math(node)) == [], node
        assert width(node) > 0
    assert width(Gradient(L, W, X)) > width(Gradient(L, W))


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        ("<mi>a", "not well-formed"),
        ("<mfenced></mfenced>", "<mfenced> is none of MathML Core's"),
        ("<mfrac><mn>1</mn></mfrac>", "<mfrac> has 1 children"),
        ("<msubsup><mi>a</mi><mi>a</mi></msubsup>", "<msubsup> has 2 children"),
        ("<mrow>a</mrow>", "text in <mrow>: 'a'"),
        ("<mrow><mi>a</mi>b</mrow>", "text in <mrow>: 'b'"),
        ("<mi> a</mi>", "<mi> holds ' a'"),
        ("<mo></mo>", "<mo> holds None"),
        ("<mn><mi>a</mi></mn>", "<mn> holds elements"),
        ("<mtable><mtd></mtd></mtable>", "<mtd> in <mtable>"),
        ("<mrow><mtd></mtd></mrow>", "<mtd> in <mrow>"),
        ("<mtable><mtr><mtd></mtd></mtr><mtr></mtr></mtable>", "rows of [0, 1] cells"),
        ('<mi mathvariant="bold">a</mi>', '<mi> takes no mathvariant="bold"'),
        ('<mtable columnalign="left"></mtable>', "<mtable> takes no columnalign"),
        ('<mrow data-of="a"><mn data-of="b">1</mn></mrow>', "the value of b within that of a"),
    ],
)
def test_the_validator_finds_what_is_wrong(wrong: str, mistake: str) -> None:
    assert any(found.startswith(mistake) for found in mistakes(wrong)), mistakes(wrong)


def test_a_text_alternative_is_never_markup() -> None:
    written = display(Equation(Text('"><b>'), (Line("=", EACH_NODE[0]),)), 700)
    assert mistakes(written) == []
    assert fromstring(written).get("alttext") == '"><b> = ŷ'  # noqa: S314  our own
