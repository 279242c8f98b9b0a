"""The width that labels are laid out with is never less than what a font sets."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from handgrad.notation.nodes import (
    Dots,
    Entry,
    Fraction,
    Function,
    Gradient,
    Hadamard,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Relation,
    Sqrt,
    Sum,
    Symbol,
    Transpose,
)
from handgrad.render.lettering import Run, runs, small, width

FONTS = [
    *Path("/usr/share/fonts/truetype/dejavu").glob("DejaVuSerif*.ttf"),
    *Path("/usr/share/texmf/fonts/opentype/public/lm").glob("lmroman10-*.otf"),
]
SIGNS = string.printable[:95] + "−·×≈≤≥≠∂∇⋯√→←ŷσδηαβγλμ′ÄöüßÉñ°½"
W, H, L = Symbol("W", "1", bold=True), Symbol("h", "12"), Symbol("L")


@pytest.mark.skipif(not FONTS, reason="none of the fonts is here")
@pytest.mark.parametrize("font", FONTS, ids=lambda font: font.stem)
def test_no_sign_is_wider_than_it_is_taken_for(font: Path) -> None:
    truetype = pytest.importorskip("PIL.ImageFont").truetype(str(font), 1000)
    bold = "bold" in font.stem.lower()
    for sign in SIGNS:
        taken = width(Symbol(sign, bold=True), 1000) if bold else width(sign, 1000)
        assert truetype.getlength(sign) <= taken + 0.5, sign


def test_words_are_as_wide_as_typst_sets_them() -> None:
    typst = pytest.importorskip("typst")
    for text in ("−0.002436", "backward: gradients (slanted)", "cross entropy", "1/98304", "MWQ@%&"):
        for family in ("New Computer Modern", "Libertinus Serif"):
            source = f'#set text(font: "{family}", size: 10pt)\n#context [#metadata(measure[{text}].width.pt()) <w>]'
            found = float(typst.query(source.encode(), "<w>", field="value", one=True))
            assert 0 < found <= width(text.replace("\\", ""), 10), (text, family)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (W, "W₁"),
        (Symbol("y", "3", hat=True), "ŷ₃"),
        (Symbol("a", hat=True), "a\u0302"),
        (Symbol("x", sup="2", primes=1), "x′⁽2⁾"),
        (Entry(H, (1, 2)), "h₁₂[1,2]"),
        (Number("-1.5e-7"), "−1.5·10⁻7"),
        (Negative(Fraction(Number("1"), Number("3"))), "−1/3"),
        (Fraction(Sum((L, Number("1"))), Product((L, H))), "(L + 1)/(L h₁₂)"),
        (Sum((L, Negative(H), Number("2"))), "L − h₁₂ + 2"),
        (Product((Number("2"), Number("-3"))), "2·(−3)"),
        (Power(Symbol("e"), Negative(L)), "e⁻L"),
        (Function("max", (L, Number("0"))), "max(L, 0)"),
        (Function(Symbol("σ"), (L,)), "σ(L)"),
        (Partial(L, W), "∂L/∂W₁"),
        (Partial(L, W, H), "∂L/∂W₁|h₁₂"),
        (Gradient(L, W), "∇W1L"),
        (Gradient(L, W, H), "∇W1L|h₁₂"),
        (Transpose(W), "W₁T"),
        (Sqrt(Number("2")), "√(2)"),
        (Dots("column"), "⋮"),
        (Relation(L, "=", Number("2")), "L = 2"),
        (Hadamard((L, Number("2"))), "L ⊙ 2"),
    ],
    ids=str,
)
def test_mathematics_as_runs(expression: object, text: str) -> None:
    lowered = str.maketrans("₀₁₂₃⁽⁾⁻", "0123()−")
    assert "".join(run.text for run in runs(expression)) == text.translate(lowered)  # type: ignore[arg-type]
    assert width(expression, 12) > 0  # type: ignore[arg-type]


def test_what_cannot_be_raised_twice_is_written_in_one_line() -> None:
    assert runs(Power(L, W))[-1] == Run("W₁", level=1)


def test_vectors_are_bold_scalars_slanted_indices_lowered() -> None:
    assert runs(W) == (Run("W", bold=True), Run("1", level=-1))
    assert runs(Symbol("w", "i")) == (Run("w", slanted=True), Run("i", slanted=True, level=-1))
    assert runs(Symbol("net")) == (Run("net"),)


def test_neighbours_of_one_style_are_one_run_and_control_characters_are_shown() -> None:
    assert runs(Fraction(Number("1"), Number("3"))) == (Run("1/3"),)
    assert runs("a\u202eb") == (Run("a\ufffdb"),)
    assert runs("") == ()


def test_indices_stay_readable() -> None:
    assert small(12) == 9
    assert small(10.5) == 9
    assert small(8) == 8
