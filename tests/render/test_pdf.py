"""PDF: on its paper, searchable, tagged, the same bytes each time, and nothing in it obeyed."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest
import typst
from msgspec.structs import replace
from render_samples import every_node

import handgrad as hg
from conftest import EXAMPLES, ROOT, example
from handgrad.notation.document import Equation, Line, Paragraph, Section
from handgrad.notation.nodes import Number
from handgrad.render import pdf
from handgrad.render.inline import number
from handgrad.render.typst import render as source
from handgrad.working.document import Document

HOSTILE = (
    '#import "x"', r"\input{/etc/passwd}", "<script>alert(1)</script>", "@ref //", "/*x*/ `raw` *b* _i_ = h ]#",
    '#read("/etc/passwd")', r'\" \u{41} \\', "$x$",
)  # fmt: skip


def ran(tool: str, content: bytes, tmp_path: Path, *options: str) -> bytes:
    """What one of the PDF tools prints of a PDF."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} of poppler-utils is not here")
    file = tmp_path / "document.pdf"
    file.write_bytes(content)
    into = [] if tool in ("pdffonts", "pdfinfo", "pdftoppm") else ["-"]
    return subprocess.run([tool, *options, str(file), *into], capture_output=True, check=True).stdout


def words(content: bytes, tmp_path: Path) -> str:
    return ran("pdftotext", content, tmp_path, "-layout").decode()


def info(content: bytes, tmp_path: Path) -> dict[str, str]:
    lines = ran("pdfinfo", content, tmp_path).decode().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def titled(title: str, *blocks: Any) -> Document:
    return Document(title, (Section(title[:200], blocks or (Paragraph(("Words.",)),)),))


def worked(name: str) -> Document:
    return hg.solve(example(name)).working()


def numbers_of(document: Document) -> set[str]:
    """Every number of its equations as it is shown, those with a power of ten left out."""
    found: set[str] = set()

    def visit(part: Any) -> None:
        if isinstance(part, Number):
            found.add(number(part.text))
        elif isinstance(part, tuple):
            for inner in part:
                visit(inner)
        elif hasattr(part, "__struct_fields__"):
            for name in part.__struct_fields__:
                visit(getattr(part, name))

    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Equation):
                visit(block)
    return {text for text in found if "·" not in text}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_of_an_example_is_found_in_its_text(name: str, tmp_path: Path) -> None:
    document = worked(name)
    found = set(re.findall(r"−?\d[\d.]*", words(document.to_pdf(), tmp_path).replace(" ", " ")))
    shown = numbers_of(document)
    missing = {text for text in shown if text not in found and not any(text in other for other in found)}
    # what is left out of a long equation is left out here as well; almost nothing is
    assert len(missing) <= len(shown) // 20, missing


def test_signs_decimals_fractions_and_subscripts_are_text(tmp_path: Path) -> None:
    from handgrad.notation.nodes import Entry, Fraction, Negative, Symbol

    line = Line("=", Number("-0.0024") + Negative(Fraction(Number("12"), Number("49"))) + Entry(Symbol("x"), (3,)))
    text = words(titled("T", Equation(Symbol("a", "2"), (line,), 1)).to_pdf(), tmp_path)
    assert "−0.0024" in text
    for part in ("12", "49", "𝑥3", "𝑎2", "(1)", "1/1"):
        assert part in text.replace(" ", "")


@pytest.mark.parametrize(("paper", "size"), [("a4", "595.276 x 841.89 pts (A4)"), ("letter", "612 x 792 pts (letter)")])
def test_it_is_on_its_paper_with_title_language_and_tags(paper: Any, size: str, tmp_path: Path) -> None:
    document = replace(worked("ann"), language="de")
    content = document.to_pdf(paper=paper)
    about = info(content, tmp_path)
    assert about["Page size"] == size
    assert about["Title"] == document.title
    assert about["Tagged"] == "yes"
    assert "CreationDate" not in about
    assert b"/Lang(de)" in content
    assert b"pdfuaid" in content


def test_all_fonts_are_embedded(tmp_path: Path) -> None:
    table = ran("pdffonts", every_node().to_pdf(), tmp_path).decode().splitlines()
    embedded = [line.split()[-5:-2] for line in table[2:]]
    assert len(embedded) >= 4
    assert all(flags == ["yes", "yes", "yes"] for flags in embedded), table


def test_the_same_document_gives_the_same_bytes_in_every_process() -> None:
    here = worked("image").to_pdf()
    assert worked("image").to_pdf() == here
    code = (
        "import hashlib, handgrad as hg;"
        "print(hashlib.sha256(hg.solve(hg.load('examples/image.toml')).working().to_pdf()).hexdigest())"
    )
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT, env=environment)
        assert done.stdout.decode().strip() == hashlib.sha256(here).hexdigest()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_titles_are_shown_and_not_obeyed(hostile: str, tmp_path: Path) -> None:
    content = titled(hostile).to_pdf()
    text = words(content, tmp_path)
    assert text.replace(" ", "").count(hostile.replace(" ", "")) == 2
    assert "root:" not in text
    assert info(content, tmp_path)["Title"] == hostile


def test_control_and_direction_characters_are_shown(tmp_path: Path) -> None:
    text = words(titled("a\u202eb\x00c\x1b[31m\nd").to_pdf(), tmp_path)
    assert "a\ufffdb\ufffdc\ufffd[31m d" in text


@pytest.mark.parametrize("title", ["w" * 10_000, "word " * 2_000, "é" * 10_000])
def test_a_title_of_ten_thousand_characters_stays_on_its_pages(title: str, tmp_path: Path) -> None:
    content = titled(title).to_pdf()
    letter = title[0]
    assert words(content, tmp_path).count(letter) >= title.count(letter)
    assert margins_are_blank(content, tmp_path)


def test_letters_of_many_languages(tmp_path: Path) -> None:
    text = words(titled("Größe Ελλάδα Привет שלום العربية Łódź").to_pdf(), tmp_path)
    for word in ("Größe", "Ελλάδα", "Привет", "שלום", "العربية", "Łódź"):
        assert word in text


def test_what_no_font_has_is_shown_by_its_number_and_stays_in_the_title_as_data(tmp_path: Path) -> None:
    document = titled("a \u0378 b", Equation(Number("-1"), (Line("=", Number("2")),)))
    content = document.to_pdf()
    text = words(content, tmp_path)
    assert text.count("[U+0378]") == 2
    assert "−1" in text
    assert info(content, tmp_path)["Title"] == document.title


def test_a_mark_that_no_font_has_leaves_the_letter_before_it() -> None:
    fonts = pdf.fonts_at_hand(system=False)
    missing = pdf.compiled('#set document(title: "t")\n#"−\u0e47"', fonts)
    assert missing == {"\u0e47"}
    numbered = pdf.numbered('"t−\u0e47"\n− #"−\u0e47 \\" −\u0e47" −', {"\u0e47", "−"})
    assert numbered == '"t−\u0e47"\n− #"[U+2212][U+0E47] \\" [U+2212][U+0E47]" −'


def test_a_source_can_read_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("/etc/passwd", str(tmp_path / "secret.txt"), "../secret.txt", "secret.txt"):
        with pytest.raises(hg.InputError, match="typst could not set the document: "):
            pdf.compiled(f'#set document(title: "t")\n#read("{path}")', pdf.fonts_at_hand(system=False))


def test_a_source_that_does_not_compile_is_one_clear_error() -> None:
    with pytest.raises(hg.InputError) as caught:
        pdf.compiled('#set document(title: "t")\n$ frac(1 $', pdf.fonts_at_hand(system=False))
    assert str(caught.value) == "typst could not set the document: unclosed delimiter"


class NoDevanagari:
    """Fonts as they are where the one for Hindi is missing."""

    @staticmethod
    def families() -> list[str]:
        return ["New Computer Modern"]


def test_hindi_needs_its_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "fonts_at_hand", lambda **_: NoDevanagari)
    with pytest.raises(hg.InputError) as caught:
        replace(titled("T"), language="hi").to_pdf()
    message = 'a PDF in Hindi needs the font Noto Sans Devanagari: pip install "handgrad[hindi]"'
    assert str(caught.value) == message


def test_hindi_takes_the_system_s_font_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Devanagari:
        @staticmethod
        def families() -> list[str]:
            return ["Noto Sans Devanagari"]

    def compiled(text: str, fonts: Any) -> bytes:
        asked.append(fonts)
        return text.encode()

    monkeypatch.setattr(pdf, "fonts_at_hand", lambda *, system: Devanagari if system else NoDevanagari)
    monkeypatch.setattr(pdf, "compiled", compiled)
    document = replace(titled("T"), language="hi")
    assert document.to_pdf() == source(document).encode()
    assert asked == [Devanagari]
    monkeypatch.setattr(pdf, "fonts_at_hand", lambda *, system: NoDevanagari if system else Devanagari)
    document.to_pdf()
    assert asked == [Devanagari] * 2


def test_the_folder_of_the_font_package_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Found without importing it."""
    package = tmp_path / "fontpkg_noto_sans_devanagari"
    (package / "files").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    asked: list[Any] = []
    monkeypatch.setattr(typst, "Fonts", lambda **options: asked.append(options))
    pdf.fonts_at_hand.__wrapped__(system=False)
    assert asked == [{"include_system_fonts": False, "font_paths": [str(package / "files")]}]


def test_devanagari_is_found_as_text(tmp_path: Path) -> None:
    assert "दिया है" in words(titled("दिया है").to_pdf(), tmp_path)


def margins_are_blank(content: bytes, tmp_path: Path) -> bool:
    """Whether nothing is set in the outer 50 points at the left and the right; 36 of a page that lies on its side."""
    pages = ran("pdftoppm", content, tmp_path, "-r", "36", "-gray")
    while pages:
        _, size, _, rest = pages.split(b"\n", 3)
        across, down = map(int, size.split())
        page = np.frombuffer(rest[: across * down], np.uint8).reshape(down, across)
        margin = 25 if across < down else 18
        if min(page[:, :margin].min(), page[:, -margin:].min()) < 255:
            return False
        pages = rest[across * down :]
    return True


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_of_an_example_stands_in_the_margins(name: str, tmp_path: Path) -> None:
    assert margins_are_blank(worked(name).to_pdf(), tmp_path)


def test_something_in_the_margin_would_be_seen(tmp_path: Path) -> None:
    wide = typst.compile(b"#set page(margin: 57pt)\n#box(width: 600pt, height: 9pt, fill: black)")
    assert not margins_are_blank(wide, tmp_path)


def deep() -> hg.Problem:
    """A network of six layers, more than thirty steps."""
    layers = [{"op": "dense", "weights": [[1, 2], [i, -1]], "bias": [0, 1], "activation": "tanh"} for i in range(6)]
    tree = {
        "network": {"input": 2, "layers": layers},
        "loss": {"op": "squared_error"},
        "data": {"x": [1, 2], "y": [0, 1]},
    }
    return hg.Problem.from_dict(tree)


def test_thirty_steps_take_less_than_half_a_second() -> None:
    document = hg.solve(deep()).working()
    steps = [block for section in document.sections for block in section.blocks if isinstance(block, Equation)]
    assert sum(block.number > 0 for block in steps) >= 30
    document.to_pdf()
    times = []
    for _ in range(3):
        start = process_time()
        document.to_pdf()
        times.append(process_time() - start)
    assert min(times) < 0.5


def test_a_large_network_takes_at_most_twelve_pages(tmp_path: Path) -> None:
    def drawn(seed: int, *shape: int) -> dict[str, Any]:
        return {"random": "normal", "seed": seed, "scale": 0.1, "shape": list(shape)}

    layers = [
        {"op": "dense", "weights": drawn(1, 128, 784), "bias": drawn(2, 128), "activation": "relu"},
        {"op": "dense", "weights": drawn(3, 10, 128), "bias": drawn(4, 10), "activation": "softmax"},
    ]
    tree = {"network": {"input": 784, "layers": layers}, "loss": {"op": "cross_entropy"}, "arithmetic": "float64"}
    problem = hg.Problem.from_dict(tree | {"data": {"x": drawn(5, 784), "label": 3}})
    content = hg.solve(problem).working().to_pdf()
    assert int(info(content, tmp_path)["Pages"]) <= 12
    assert margins_are_blank(content, tmp_path)
