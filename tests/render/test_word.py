"""Word: files that open again, equations with numbers and links to them, words that are only words."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

import pytest
from render_samples import EACH_NODE, HOSTILE, ONE, TWO, A, W, column, every_node, generated, grid
from test_omml import sound

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation, Figure, Line, Paragraph, Section, Table
from handgrad.notation.nodes import Expr, Matrix, Number, Stack, Symbol
from handgrad.notation.picture import Disc, Picture
from handgrad.render.breaking import children
from handgrad.render.omml import NAMESPACE
from handgrad.render.word import render
from handgrad.render.word_pages import EQUATION_WIDTH, TALLEST, TEXT_WIDTH, broken, height, tallness
from handgrad.render.word_widths import measure
from handgrad.working.document import Document

docx = pytest.importorskip("docx")

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
"""The namespace of Word's own elements."""


def part(content: bytes, name: str = "word/document.xml") -> Element:
    with ZipFile(BytesIO(content)) as file:
        return fromstring(file.read(name))  # noqa: S314  written just now


def everything(content: bytes) -> str:
    """All letters of the body: words and mathematics."""
    body = part(content)
    return "".join(t.text or "" for t in body.iter() if t.tag in (f"{{{WORD}}}t", f"{{{NAMESPACE}}}t"))


def body(*blocks: Any) -> bytes:
    return render(Document("T", (Section("S", blocks),)))


def numbers(expression: Expr) -> Iterator[str]:
    match expression:
        case Number(text):
            yield text
        case Matrix(rows):
            for row in rows:
                for entry in row:
                    yield from numbers(entry)
        case Stack(items):
            for _, item in items:
                yield from numbers(item)
    for child in children(expression):
        yield from numbers(child)


@pytest.mark.parametrize(
    ("name", "arithmetic"), [*((name, None) for name in EXAMPLES), ("ann", "rounded(2)"), ("image", "rounded(2)")]
)
def test_the_examples(name: str, arithmetic: str | None) -> None:
    document = hg.solve(example(name), arithmetic).working()
    content = document.to_docx()
    root = part(content)
    mathematics = list(root.iter(f"{{{NAMESPACE}}}oMath"))
    assert mathematics
    for one in (*mathematics, *root.iter(f"{{{NAMESPACE}}}oMathPara")):
        sound(one)
    text = everything(content)
    equations = [block for s in document.sections for block in s.blocks if isinstance(block, Equation)]
    for equation in equations:
        _, rows = broken(equation, EQUATION_WIDTH if equation.number else TEXT_WIDTH)
        for number in (number for row in rows for _, one in row.parts for number in numbers(one)):
            mantissa, _, power = number.replace("-", "−").partition("e")
            assert (f"{mantissa}·10{power}" if power else mantissa) in text
    numbered = [equation.number for equation in equations if equation.number]
    assert all(f"({number})" in text for number in numbered)


@pytest.mark.parametrize("seed", range(6))
def test_generated_documents_open_again(seed: int) -> None:
    content = render(generated(seed))
    for one in part(content).iter(f"{{{NAMESPACE}}}oMath"):
        sound(one)
    assert len(docx.Document(BytesIO(content)).tables) >= 1


def test_the_parts_of_a_document() -> None:
    table = Table(("Op", "Value"), (("dense", ONE), ("relu", TWO)))
    content = body(
        Paragraph(("Layer 1: ", W), "lead"), Paragraph(("See ", A, " here.")), Paragraph(("By hand.",), "note"), table
    )
    file = docx.Document(BytesIO(content))
    styles = [(paragraph.text, paragraph.style.name) for paragraph in file.paragraphs]
    assert styles == [
        ("T", "Title"), ("S", "Heading 1"), ("Layer 1: ", "Heading 2"), ("See  here.", "Normal"), ("By hand.", "Note"),
        ("", "Gap"),
    ]  # fmt: skip
    (grid_of,) = file.tables
    assert [cell.text for cell in grid_of.columns[0].cells] == ["Op", "dense", "relu"]
    assert [cell.paragraphs[0].alignment for cell in grid_of.columns[1].cells] == [
        docx.enum.text.WD_ALIGN_PARAGRAPH.RIGHT
    ] * 3
    assert grid_of.rows[0]._tr.trPr.find(f"{{{WORD}}}tblHeader") is not None  # noqa: SLF001  python-docx has no name for it
    footer = file.sections[0].footer.paragraphs[0]._p.xml  # noqa: SLF001  the same
    assert 'w:instr="PAGE"' in footer


def test_room_to_write_is_blank_paragraphs() -> None:
    file = docx.Document(BytesIO(body(Paragraph((), "room"), Paragraph(("next",)))))
    assert [paragraph.text for paragraph in file.paragraphs] == ["T", "S", *[""] * 7, "next"]


@pytest.mark.parametrize("kind", ["questions", "answers"])
def test_sheets_and_keys(kind: Any) -> None:
    content = hg.solve(example("ann")).working().only(kind).to_docx()
    for one in part(content).iter(f"{{{NAMESPACE}}}oMath"):
        sound(one)
    assert ("0.3428" in everything(content)) == (kind == "answers")


def test_the_notation_of_the_problem() -> None:
    trace = hg.solve(example("maxpool")).noted({"decimals": "comma", "language": "de", "gradients": "nabla"})
    text = everything(trace.working([]).to_docx())
    assert "∇" in text
    assert "sonst" in text or "falls" in text


def test_an_equation_has_its_number_and_links_to_those_it_is_from() -> None:
    first, second = (Equation(A, (Line("=", ONE),), n, name) for n, name in ((1, "a"), (2, "b")))
    third = Equation(W, (Line("=", A), Line("≈", TWO)), 3, "c", ("a", "b"))
    root = part(body(first, second, third))
    marks = [mark.get(f"{{{WORD}}}name") for mark in root.iter(f"{{{WORD}}}bookmarkStart")]
    assert marks == ["equation_1", "equation_2", "equation_3"]
    links = [(link.get(f"{{{WORD}}}anchor"), link[0][-1].text) for link in root.iter(f"{{{WORD}}}hyperlink")]
    assert links == [("equation_1", "(1)"), ("equation_2", "(2)")]
    cell = docx.Document(BytesIO(body(first, second, third))).tables[2].cell(0, 1)
    assert [paragraph.style.name for paragraph in cell.paragraphs] == ["Equation Number", "Equation Sources"]
    assert cell.paragraphs[0].text == "(3)"


def test_an_unnumbered_equation_is_a_paragraph() -> None:
    content = body(Equation(A, (Line("=", ONE),)))
    file = docx.Document(BytesIO(content))
    assert not file.tables
    assert file.paragraphs[-1].style.name == "Equation"
    assert everything(content) == "TSa\u200b=1"


def test_a_long_equation_stands_in_rows_with_its_signs_below_each_other() -> None:
    long = Equation(A, (Line("=", grid(2, 6) @ grid(6, 2)), Line("≈", grid(2, 6) @ grid(6, 2))), 4)
    (table,) = docx.Document(BytesIO(body(long))).tables
    assert (len(table.rows), len(table.columns)) == (2, 3)
    cells = [cell._tc for row in table.rows for cell in row.cells]  # noqa: SLF001  python-docx has no name for it
    texts = ["".join(t.text for t in cell.iter(f"{{{NAMESPACE}}}t")) for cell in cells]
    assert [text[:2] for text in texts] == ["a", "\u200b=", "", "", "\u200b≈", ""]
    (plain,) = docx.Document(BytesIO(body(Equation(A, long.lines)))).tables
    assert len(plain.columns) == 2


@pytest.mark.parametrize("node", EACH_NODE)
def test_rows_fit_the_page(node: Expr) -> None:
    left, found = broken(Equation(A, (Line("=", node), Line("=", node + node))), TEXT_WIDTH)
    for row in found:
        if not row.sign.startswith("…"):
            assert measure(left) + sum(measure(one) for _, one in row.parts) <= TEXT_WIDTH
        assert tallness(row) <= TALLEST


def test_what_is_taller_than_a_page_is_parted() -> None:
    tall = Stack(tuple((f"channel {n}", grid(10, 2)) for n in range(6)))
    assert height(tall) > TALLEST
    _, found = broken(Equation(A, (Line("=", tall), Line("≈", ONE))), TEXT_WIDTH)
    assert [row.sign for row in found] == ["=", "", "", "", "", "", "≈"]
    assert all(tallness(row) <= TALLEST for row in found)


def test_the_picture_has_words_that_stand_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    from PIL import Image

    def png(picture: Picture) -> bytes:
        stream = BytesIO()
        Image.new("RGB", (int(picture.width), int(picture.height))).save(stream, "PNG")
        return stream.getvalue()

    stand_in = types.ModuleType("handgrad.render.png")
    monkeypatch.setattr(stand_in, "png", png, raising=False)
    monkeypatch.setitem(sys.modules, "handgrad.render.png", stand_in)
    shown = Picture(2 * TEXT_WIDTH, 100, (Disc(1, 1, 1, "node"),), "A net\x00 <of> three")
    content = body(
        Figure(lambda: shown, ("The net ", A)), Figure(lambda: shown, ()), Figure(lambda: Picture(0, 0, (), ""), ())
    )
    file = docx.Document(BytesIO(content))
    assert [round(shape.width.pt) for shape in file.inline_shapes] == [round(TEXT_WIDTH)] * 2
    names = [shape._inline.docPr.get("descr") for shape in file.inline_shapes]  # noqa: SLF001  python-docx has no name for it
    assert names == ["A net\ufffd <of> three"] * 2
    assert [p.text for p in file.paragraphs if p.style.name == "Caption"] == ["The net "]


def test_properties_and_language() -> None:
    german = hg.solve(example("ann")).noted({"language": "de"}).working()
    file = docx.Document(BytesIO(render(german)))
    properties = file.core_properties
    assert (properties.title, properties.language, properties.author) == (german.title, "de", "handgrad")
    assert properties.comments == ""
    styles = part(render(german), "word/styles.xml")
    languages = [tag.get(f"{{{WORD}}}val") for tag in styles.iter(f"{{{WORD}}}lang")]
    assert languages[0] == "de"
    assert "aus (4) und (9)" in everything(render(german))
    sizes = [(r.find(f"{{{WORD}}}sz"), r.find(f"{{{WORD}}}szCs")) for r in styles.iter(f"{{{WORD}}}rPr")]
    named = [(a.get(f"{{{WORD}}}val"), b.get(f"{{{WORD}}}val")) for a, b in sizes if a is not None and b is not None]
    assert len(named) >= 13
    assert all(size == complex_size for size, complex_size in named)


@pytest.mark.parametrize("title", [HOSTILE, "x" * 10_000, "\x00\x0b\ud800\ufffe\uffff&<b>]]>"])
def test_a_hostile_title_is_text(title: str) -> None:
    document = every_node()
    content = render(Document(title, document.sections))
    file = docx.Document(BytesIO(content))
    shown = file.paragraphs[0].text
    assert len(shown) == len(title)
    assert not re.search("[\x00-\x1f\ud800-\udfff\u202e\ufffe\uffff]", shown)
    assert len(file.core_properties.title) <= 255
    assert shown.startswith(file.core_properties.title[:254])


def test_the_same_document_gives_the_same_bytes() -> None:
    trace = hg.solve(example("ann"))
    content = trace.working().to_docx()
    assert content == hg.solve(example("ann")).working().to_docx()
    with ZipFile(BytesIO(content)) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any("thumbnail" in name for name in file.namelist())


def test_the_file_is_written(tmp_path: Any) -> None:
    document = hg.solve(example("convolution")).working()
    content = document.to_docx(tmp_path / "a.docx")
    assert (tmp_path / "a.docx").read_bytes() == content


def test_without_python_docx_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(hg.InputError, match=re.escape('needs the package python-docx: pip install "handgrad[docx]"')):
        body()


def test_many_columns_become_fewer() -> None:
    assert measure(broken(Equation(Symbol("x"), (Line("=", grid(1, 60)),)), TEXT_WIDTH)[1][0].parts[0][1]) <= TEXT_WIDTH
    assert height(column(ONE, TWO)) == 2 * height(ONE)
