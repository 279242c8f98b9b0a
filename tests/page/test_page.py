"""The page as text: its policy, its data, its links, its words, its size."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from page_samples import HOSTILE, hostile, large

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation, Figure, Line, Paragraph, Section, Table, sources
from handgrad.notation.nodes import Entry, Fraction, Matrix, Negative, Number, Product, Symbol
from handgrad.notation.picture import Picture
from handgrad.render.html import fragment, render
from handgrad.render.page_data import page_data, printed
from handgrad.working.document import Document


class Elements(HTMLParser):
    """The elements of a page with their attributes, in order, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.texts.append(data)

    def values(self, key: str) -> list[str]:
        return [value for _, attributes in self.found if (value := attributes.get(key)) is not None]


@pytest.fixture(scope="module")
def page() -> str:
    return hg.solve(example("ann")).working().to_html()


def data_of(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data


def test_only_the_script_of_the_page_may_run(page: str) -> None:
    *_, script = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    policy = next(a["content"] for tag, a in Elements(page).found if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_it_loads_nothing(page: str) -> None:
    elements = Elements(page)
    assert not {tag for tag, _ in elements.found} & {"link", "img", "iframe", "object", "embed"}
    assert not elements.values("src")
    assert "@import" not in page
    assert "url(" not in page


def test_every_link_has_its_place_and_every_place_is_one(page: str) -> None:
    elements = Elements(page)
    places = elements.values("id")
    assert len(places) == len(set(places))
    assert set(elements.values("href")) <= {f"#{place}" for place in places}
    assert "#e9" in elements.values("href")


@pytest.mark.parametrize("name", EXAMPLES)
def test_headings_are_in_order(name: str) -> None:
    tags = [tag for tag, _ in Elements(hg.solve(example(name)).working().to_html()).found]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_page_of_an_example_is_small(name: str) -> None:
    assert len(hg.solve(example(name)).working().to_html().encode()) < 200_000


def test_a_page_of_a_large_network_is_small() -> None:
    assert len(large().to_html().encode()) < 300_000


def test_the_same_document_gives_the_same_page(page: str) -> None:
    assert hg.solve(example("ann")).working().to_html() == page


def test_the_data_of_the_script(page: str) -> None:
    data = data_of(page)
    assert data["sources"]["10"] == [4, 9]
    assert data["quantities"]["h1"] == {"text": "h₁", "sign": "≈", "made": 2, "used": [3, 13, 15]}
    assert data["quantities"]["W1"] == {"text": "W₁", "sign": "=", "made": 0, "used": [1, 17]}
    assert data["entries"]["dL/dW1[2,3]"] == ["∂L/∂W₁[2,3]", "−0.002436"]


def test_an_entry_is_read_with_its_sign_and_as_a_whole() -> None:
    half = Fraction(Number("1", of="x[1]"), Number("2", of="x[1]"))
    power = Product((Number("2", of="x[2]"), Number("10", of="x[2]")))
    other = Fraction(Number("1", of="x[1]"), Number("2", of="x[3]"))
    row = Matrix(((Negative(half), power, other),), (1, 3))
    found = dict(printed(row))
    assert found == {"x[1]": Number("1"), "x[2]": power, "x[3]": Number("2")} | {"x[1]": found["x[1]"]}
    assert [of for of, _ in printed(row)] == ["x[1]", "x[2]", "x[1]", "x[3]"]
    assert next(printed(row)) == ("x[1]", Negative(half))


def test_an_entry_of_what_no_equation_settles_keeps_its_name() -> None:
    lines = (Line("=", Matrix(((Number("1", of="u[1]"), Number("2", of="s")),), (1, 2))),)
    document = Document("", (Section("A", (Equation(Symbol("s"), lines, 1, "s"),)),))
    entries = json.loads(page_data(document))["entries"]
    assert entries == {"u[1]": ["u[1]", "1"], "s": ["s", "2"]}


def test_an_answer_comes_from_where_its_value_was_settled() -> None:
    document = hg.solve(example("recurrent")).working()
    found = sources(document.sections)
    assert found[28] == (23,)


def test_hostile_words_are_text() -> None:
    page = hostile().to_html()
    elements = Elements(page)
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert "img" not in [tag for tag, _ in elements.found]
    shown = HOSTILE.replace("\u202e", "\ufffd")
    assert elements.texts.count(shown) >= 2
    assert "\u202e" not in page
    assert data_of(page)["sources"]


def test_data_cannot_end_its_element() -> None:
    name = "</script><script>alert(1)</script>\u2028"
    one = Equation(Symbol(name), (Line("=", Number("1", of=f"{name}[1]")),), 1, name)
    page = render(Document("", (Section("A", (one,)),)))
    assert page.count("</script>") == 2
    assert name in data_of(page)["quantities"]


def test_blocks() -> None:
    picture = Picture(10, 10, (), 'a "picture"')
    blocks = (
        Paragraph(("see ", Symbol("x"), " <b>"), "note"),
        Paragraph((), "room"),
        Table(("Name", Symbol("x")), (("a&b", Number("1")), ("c", Number("2")))),
        Figure(lambda: picture, ("the ", Symbol("x"))),
        Equation(Entry(Symbol("x"), (1,)), (Line("=", Number("1")),)),
    )
    page = render(Document("T", (Section("A", blocks), Section("B", ()))))
    assert '<p class="note block" dir="auto">see <math>' in page
    assert "&lt;b&gt;</p>" in page
    assert '<div class="room block"></div>' in page
    assert '<th scope="col">Name</th><th scope="col" class="right"><span class="unseen">x</span>' in page
    assert "<bdi>a&amp;b</bdi>" in page
    assert 'aria-label="a &quot;picture&quot;"' in page
    assert '<figcaption dir="auto">the <math>' in page
    assert 'aria-label="x₁"' in page
    assert '<h2 id="section-1" dir="auto">A</h2>' in page
    assert '<h2 id="section-2" dir="auto">B</h2>' in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Zur Rechnung springen", "Nächster Schritt", "aus (4) und (9)", "Gleichung (2), h₁", "Kopieren")),
        ("hi", ("सीधे हल पर जाएँ", "अगला चरण", "(4) और (9) से", "समीकरण (2), h₁", "कॉपी करें")),
    ],
)
def test_the_words_of_a_language(language: str, words: tuple[str, ...]) -> None:
    whole = hg.solve(example("ann")).working()
    page = Document(whole.title, whole.sections, whole.data, language).to_html()
    assert f'<html lang="{language}">' in page
    text = re.sub(r"<a [^>]*>|</a>", "", page)
    for said in words:
        assert said in text, said
    assert "Next step" not in page


def test_a_cell_brings_its_style_and_nothing_else() -> None:
    cell = fragment(hg.solve(example("ann")).working())
    elements = Elements(cell)
    assert not elements.values("id")
    assert not elements.values("href")
    assert "script" not in [tag for tag, _ in elements.found]
    assert "from (4) and (9)" in cell
    style = re.search(r"<style>(.*?)</style>", cell, re.DOTALL)
    assert style is not None
    selectors = re.findall(r"^([^\s@}].*?)[,{]$", style[1].replace(" {", "{"), re.MULTILINE)
    assert all(one.startswith((".handgrad", ".hg-", "math")) for one in selectors), selectors
