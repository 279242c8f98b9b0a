"""A picture as SVG, PNG and TikZ."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from networks import dense

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.nodes import Fraction, Negative, Number, Partial, Product, Relation, Sum, Symbol, Text
from handgrad.notation.picture import Box, Disc, Label, Picture, Stroke
from handgrad.render.svg import COLOURS, LOOKS, svg
from handgrad.render.tikz import tikz

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(1)</script> & "quotes" \\input{/etc/passwd} #import \u202eabc'


def hostile() -> hg.Problem:
    tree = dense(2, 2)
    tree["title"] = HOSTILE
    return hg.Problem.from_dict(tree)


@pytest.mark.parametrize("name", EXAMPLES)
def test_svg_is_one_self_contained_element(name: str) -> None:
    picture = hg.draw(example(name))
    text = picture.to_svg()
    root = ET.fromstring(text)  # noqa: S314  our own
    assert root.tag == f"{SVG}svg"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == example(name).title
    assert root[1].tag == f"{SVG}desc"
    assert "L: " in (root[1].text or "") or name == "upstream"
    assert root.get("viewBox", "").startswith("0 0 ")
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "g", "path", "rect", "circle", "text", "tspan"}
    assert not re.search(r'href|on[a-z]+="|url\(|<!|@import', text)
    assert text == hg.draw(example(name)).to_svg() == picture._repr_svg_()


def test_every_number_and_every_weight_says_what_it_is() -> None:
    trace = hg.solve(example("ann"))
    root = ET.fromstring(hg.draw(trace).to_svg())  # noqa: S314  our own
    texts = {element.get("data-of"): "".join(element.itertext()) for element in root.iter(f"{SVG}text")}
    assert texts["h1[2]"] == "0.8808"
    assert texts["dL/dW1[2,3]"] == "−0.002436"
    assert texts["L"] == "0.3428"
    groups = {g.get("data-of"): g for g in root.iter(f"{SVG}g") if g.get("class") == "hg-weight"}
    assert len(groups) == 27
    group = groups["W1[2,3]"]
    assert group[0].get("class") == "hg-hit"
    assert [e.get("class") for e in group if e.tag == f"{SVG}text"] == ["hg-value", "hg-gradient"]
    edges = {e.get("data-of") for e in root.iter(f"{SVG}path") if e.get("class") == "hg-edge"}
    assert edges == set(groups)


def test_a_batch_names_the_example() -> None:
    root = ET.fromstring(hg.draw(example("batch")).to_svg())  # noqa: S314  our own
    named = {element.get("data-of") for element in root.iter(f"{SVG}text")}
    assert {"h1[1,2]", "yhat[1,3]", "dL/da2[1,1]", "W1[2,1]", "L"} <= named


def test_colours_are_open_to_the_page_and_stand_without_it() -> None:
    text = svg(hg.draw(example("mazur")), embedded=True)
    assert text.startswith("<svg ")
    assert f".hg-gradient{{fill:var(--hg-gradient,{COLOURS['gradient']})}}" in text
    assert f'class="hg-gradient" data-of="dL/dx[1]" fill="{COLOURS["gradient"]}" font-style="italic"' in text


def test_grey_print_tells_gradients_from_values() -> None:
    assert LOOKS["gradient"]["font-style"] == "italic"
    assert "font-style" not in LOOKS["value"]
    assert float(LOOKS["winner"]["stroke-width"]) > 2 * float(LOOKS["cell"]["stroke-width"])
    assert LOOKS["back"]["stroke-dasharray"]


def test_hostile_words_are_words() -> None:
    picture = hg.draw(hostile())
    text = picture.to_svg()
    root = ET.fromstring(text)  # noqa: S314  our own
    assert root[0].text == HOSTILE.replace("\u202e", "\ufffd")
    assert "<script" not in text
    assert r"\input" not in picture.to_tikz()
    assert picture.to_png()[:4] == b"\x89PNG"


def test_signs_and_levels_in_spans() -> None:
    labels = (
        Label(0, 0, Partial(Symbol("L"), Symbol("W", "1", bold=True)), "gradient"),
        Label(0, 20, Number("1.5e-7"), "value", "start", 10.5),
        Label(0, 40, "", "note"),
    )
    text = svg(Picture(10, 10, labels, "t"))
    assert '<tspan font-weight="bold" font-style="normal">W</tspan><tspan dy="2.4" font-size="9">1</tspan>' in text
    assert '1.5·10<tspan dy="-3.78" font-size="9">−7</tspan>' in text
    assert "<desc>" not in text


def test_png_is_the_same_each_time(tmp_path: Path) -> None:
    picture = hg.draw(example("residual"))
    content = picture.to_png(tmp_path / "net.png", scale=1)
    assert content == (tmp_path / "net.png").read_bytes() == picture.to_png(scale=1)
    size = [int.from_bytes(content[at : at + 4]) for at in (16, 20)]
    assert size == [pytest.approx(picture.width, abs=1), pytest.approx(picture.height, abs=1)]
    twice = picture.to_png()
    assert int.from_bytes(twice[16:20]) == pytest.approx(2 * picture.width, abs=2)


def test_what_typst_has_no_font_for_is_looked_for_on_the_machine() -> None:
    picture = Picture(60, 20, (Label(30, 10, "मान", "note"),), "t")
    from handgrad.render.png import png

    assert png(picture)[:4] == b"\x89PNG"


def test_save_goes_by_the_suffix(tmp_path: Path) -> None:
    picture = hg.draw(example("ann"))
    for name in ("net.svg", "net.PNG", "net.tex"):
        picture.save(tmp_path / name)
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == picture.to_svg()
    assert (tmp_path / "net.PNG").read_bytes() == picture.to_png()
    assert (tmp_path / "net.tex").read_text(encoding="utf-8") == picture.to_tikz()
    with pytest.raises(hg.InputError) as error:
        picture.save(tmp_path / "net.gif")
    assert str(error.value) == f'{tmp_path / "net.gif"}: expected a name that ends in .svg, .png or .tex, found ".gif"'
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.PNG", "net.svg", "net.tex"]


def test_tikz_writes_each_shape() -> None:
    expression = Relation(Symbol("b"), "=", Negative(Fraction(Number("1"), Number("3"))))
    through = Partial(Symbol("L"), Symbol("h", "1", bold=True), Symbol("a", "2"))
    shapes = (
        Disc(10, 20, 6, "node"),
        Box(0, 0, 12, 24, "op"),
        Stroke(((0, 0), (12, 0)), "back", arrow=True),
        Label(6, 12, expression, "gradient"),
        Label(6, 12, through, "gradient", "end", 10.5),
        Label(6, 12, "50 % of", "gradient", "start"),
        Label(6, 12, Fraction(Sum((Symbol("a"), Symbol("b"))), Product((Symbol("c"), Symbol("d")))), "value"),
        Label(6, 12, Relation(Text("a_b"), "=", Number("2")), "name"),
    )
    text = tikz(Picture(120, 60, shapes, "t"))
    assert r"(10,20) circle[radius=5pt];" in text
    assert r"rounded corners=4.17pt] (0,0) rectangle (12,24);" in text
    assert r"dash pattern=on 5pt off 3pt,-latex] (0,0) -- (12,0);" in text
    assert r"{$\mathit{b = -1/3}$};" in text
    assert r"\fontsize{8}{9.5}\selectfont] at (6,15.15) {$\partial L/\partial \mathbf{h}_{1}\big|_{a_{2}}$};" in text
    assert r"{\textit{50 \% of}};" in text
    assert r"{$(a + b)/(c \, d)$};" in text
    assert r"{$\text{a\_b} = 2$};" in text
    assert "transform shape" not in text


def test_tikz_is_scaled_down_to_a_width() -> None:
    picture = hg.draw(example("mazur"))
    assert f"scale={400 / (picture.width * 5 / 6):.4f},transform shape" in picture.to_tikz(width=400)
    assert f"scale={100 / (picture.height * 5 / 6):.4f}," in picture.to_tikz(width=4000, height=100)
    assert picture.to_tikz(width=4000) == picture.to_tikz()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not here")
def test_tikz_compiles(tmp_path: Path) -> None:
    """Every example, scaled to the width of its page, and a hostile title."""
    head = r"\documentclass{article}\usepackage{amsmath,tikz}\usepackage[margin=1cm]{geometry}"
    pictures = [hg.draw(problem).to_tikz(width=500, height=700) for problem in (*map(example, EXAMPLES), hostile())]
    document = "\n".join(
        [head, r"\parindent0pt\begin{document}", *(f"{picture}\\newpage" for picture in pictures), r"\end{document}"]
    )
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Overfull" not in log
    assert f"{len(EXAMPLES) + 1} pages" in log
