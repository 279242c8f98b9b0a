"""Office Math: elements nested as ISO/IEC 29500-1 §22.1 has them, and the letters that a reader is to see."""

from __future__ import annotations

import re
from itertools import chain
from xml.etree.ElementTree import Element, tostring

import pytest
from render_samples import EACH_NODE, HOSTILE, MINUS, ONE, TWO, A, L, W, X, column, generated

from handgrad.notation.document import Equation
from handgrad.notation.nodes import (
    BigSum,
    Cases,
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
    Symbol,
    Text,
    Transpose,
    exp,
    ln,
)
from handgrad.render.breaking import Bracketed, Row
from handgrad.render.latex_math import _PRINTERS as LATEX_PRINTERS
from handgrad.render.omml import _PRINTERS, NAMESPACE, display, formula, math, row_parts

MATHEMATICS = "(r|acc|bar|d|f|func|m|nary|rad|sSub|sSup|sSubSup)"
ARGUMENT = rf"({MATHEMATICS} )+"
CHILDREN = {
    "oMathPara": "oMathParaPr oMath ",
    "oMathParaPr": "jc ",
    "oMath": ARGUMENT,
    **dict.fromkeys(("e", "num", "den", "fName"), ARGUMENT),
    **dict.fromkeys(("sub", "sup", "deg"), rf"({MATHEMATICS} )*"),
    "r": "rPr t ",
    "rPr": "(nor|sty) ",
    "acc": "accPr e ",
    "accPr": "chr ",
    "bar": "barPr e ",
    "barPr": "pos ",
    "d": "dPr e ",
    "dPr": "begChr endChr grow ",
    "f": "num den ",
    "func": "fName e ",
    "m": "mPr (mr )+",
    "mPr": "baseJc plcHide mcs ",
    "mcs": "mc ",
    "mc": "mcPr ",
    "mcPr": "count mcJc ",
    "mr": "(e )+",
    "nary": "naryPr sub sup e ",
    "naryPr": "chr limLoc (supHide )?",
    "rad": "radPr deg e ",
    "radPr": "degHide ",
    "sSub": "e sub ",
    "sSup": "e sup ",
    "sSubSup": "e sub sup ",
    **dict.fromkeys(("t", "nor", "sty", "chr", "begChr", "endChr", "grow", "baseJc", "plcHide", "count", "mcJc"), ""),
    **dict.fromkeys(("limLoc", "supHide", "degHide", "jc", "pos"), ""),
}
"""What may stand within an element, in order: the part of the schema that the printers use."""

VALUES = {
    "sty": {"p", "i", "b"},
    "jc": {"left", "right"},
    "limLoc": {"undOvr"},
    "pos": {"bot"},
    "mcJc": {"left", "center"},
    "baseJc": {"center"},
    **{key: {"1"} for key in ("grow", "plcHide", "supHide", "degHide")},
}


def name(part: Element) -> str:
    space, _, local = part.tag.partition("}")
    assert space == "{" + NAMESPACE
    return local


def sound(part: Element) -> None:
    """Assert that an element and all in it are nested as the schema says."""
    inside = "".join(f"{name(child)} " for child in part)
    assert re.fullmatch(CHILDREN[name(part)], inside), f"{name(part)} holds {inside}"
    value = part.get(f"{{{NAMESPACE}}}val")
    assert name(part) not in VALUES or value in VALUES[name(part)]
    assert (part.text is None) == (name(part) != "t")
    if name(part) == "m":
        count = int(part.find(f".//{{{NAMESPACE}}}count").get(f"{{{NAMESPACE}}}val"))  # type: ignore[union-attr]
        assert all(len(row) == count for row in part.findall(f"{{{NAMESPACE}}}mr"))
    for child in part:
        sound(child)


def shape(expression: Expr) -> str:
    """An expression as its elements with brackets and the letters, the properties left out."""
    return "".join(map(_shape, math(expression)))


def _shape(part: Element) -> str:
    if name(part) == "r":
        style = part[0][0].get(f"{{{NAMESPACE}}}val") or "w"
        return f"{part[1].text}" if style == "p" else f"{style}:{part[1].text}"
    if name(part) == "e":  # an entry of a matrix
        return f"e({''.join(map(_shape, part))})"
    inside = ",".join("".join(map(_shape, child)) for child in part if not name(child).endswith("Pr"))
    brackets = "".join(
        child.get(f"{{{NAMESPACE}}}val", "") for child in part.findall(f"{{{NAMESPACE}}}dPr/*") if "Chr" in child.tag
    )
    return f"{name(part)}{brackets}({inside})"


def test_each_node_that_latex_prints_is_printed() -> None:
    assert set(_PRINTERS) == set(LATEX_PRINTERS)


@pytest.mark.parametrize("node", [*EACH_NODE, Gradient(L, W), Gradient(L, W, A), Partial(L, W, A)], ids=str)
def test_each_node_is_sound(node: Expr) -> None:
    sound(display(math(node)))


@pytest.mark.parametrize("seed", range(40))
def test_generated_expressions_are_sound(seed: int) -> None:
    for section in generated(seed).sections:
        for equation in (block for block in section.blocks if isinstance(block, Equation)):
            sound(formula(chain(math(equation.left), *(math(line.expression) for line in equation.lines))))


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        (W @ X, "sSub(b:W,1)\u2009b:x"),
        (Transpose(W), "sSubSup(b:W,1,⊤)"),
        (Transpose(W @ X), "sSup(d()(sSub(b:W,1)\u2009b:x),⊤)"),
        (Symbol("y", bold=True, hat=True), "acc(b:y)"),
        (Symbol("x", "1", primes=2, sup="3"), "sSubSup(i:x,1,″(3))"),
        (Symbol("W", primes=4), "sSup(i:W,′′′′)"),
        (Symbol("x", sup="n"), "sSup(i:x,i:(n))"),
        (Power(Symbol("x", primes=1), TWO), "sSup(sSup(i:x,′),2)"),
        (Power(MINUS, TWO), "sSup(d()(−0.5),2)"),
        (Entry(Symbol("x", bold=True), (3, "j")), "sSub(i:x,3,j)"),
        (Entry(X, ("k",)), "sSub(i:x,i:k)"),
        (Entry(W, (2, 3)), "sSub(b:W,1)[2,3]"),
        (Entry(Hadamard((A, A)), (1,)), "d()(i:a⊙i:a)[1]"),
        (Number("-2.4e-7"), "−2.4·sSup(10,−7)"),
        (ONE - TWO, "1−2"),
        (ONE + MINUS, "1+d()(−0.5)"),
        (Negative(ONE + TWO), "−d()(1+2)"),
        (TWO * MINUS, "2·d()(−0.5)"),
        (Fraction(ONE, 1 + exp(-A)), "f(1,1+sSup(i:e,−i:a))"),
        (ln(A), "func(w:ln,i:a)"),
        (ln(A + 1), "func(w:ln,d()(i:a+1))"),
        (Function(Symbol("σ", primes=1), (A,)), "sSup(i:σ,′)d()(i:a)"),
        (Function("", (ONE, TWO)), "d()(1, 2)"),
        (Function("max", (ONE, TWO)), "func(w:max,d()(1, 2))"),
        (column(ONE, TWO), "d[](m(e(1),e(2)))"),
        (Partial(L, A), "f(∂i:L,∂i:a)"),
        (Partial(L, A, X), "sSub(d|(f(∂i:L,∂i:a)),b:x)"),
        (Gradient(L, A), "sSub(∇,i:a)i:L"),
        (BigSum(A, Symbol("k"), ONE, Symbol("n")), "nary(i:k=1,i:n,i:a)"),
        (BigSum(A, Symbol("k")), "nary(i:k,,i:a)"),
        (Relation(A, "≤", ONE), "i:a≤1"),
        (Sqrt(A), "rad(,i:a)"),
        (Highlight(A), "bar(i:a)"),
        (Text("otherwise"), "w:otherwise"),
        (Function("max", (Number("0,5"), ONE)), "func(w:max,d()(0,5; 1))"),
        (Bracketed("max", A, closes=False), "w:maxw:(i:a,"),
        (Bracketed("", A, opens=False), "i:aw:)"),
        (Bracketed(Symbol("σ"), A), "i:σd()(i:a)"),
    ],
)
def test_the_elements_of_a_node(node: Expr, wanted: str) -> None:
    assert shape(node) == wanted


def test_rows_and_columns() -> None:
    assert shape(Matrix(((ONE, TWO),), (1, 2))) == "d[](m(e(1)e(2)))"
    cases = Cases(((A, Relation(A, ">", ONE)), (ONE, Text("otherwise"))))
    assert shape(cases) == "d{(m(e(i:a)e(w:if i:a>1),e(1)e(w:otherwise)))"
    assert "w:falls i:a>1" in shape(Cases(cases.branches, "falls"))
    stack = Stack((("channel 1", A), ("", ONE)))
    assert shape(stack) == "m(e(w:channel 1: )e(i:a),e(\u200b)e(1))"


def test_a_row_of_a_broken_equation() -> None:
    row = Row("=", (("", A), ("·", ONE), ("", X)))
    assert "".join(map(_shape, row_parts(row))) == "\u200b=i:a·1\u2009b:x"
    assert "".join(map(_shape, row_parts(Row("…≈", (("", A),))))) == "\u200b≈i:a"
    assert "".join(map(_shape, row_parts(Row("", (("+", A),))))) == "\u2003+i:a"


def test_hostile_words_are_text_that_xml_takes() -> None:
    words = HOSTILE + "\x00\x0b\ufffe\uffff\ud800"
    (run,) = math(Text(words))
    sound(run)
    text = run[1].text or ""
    assert not re.search("[\x00-\x1f\ud800-\udfff\ufffe\uffff\u202e]", text)
    assert b"<script>" not in tostring(run)
    assert text.count("\ufffd") == 8
