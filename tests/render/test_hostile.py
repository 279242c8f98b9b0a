"""Hostile titles and names in every format: they appear as text, run nothing, and what is not shown is replaced."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import category

import pytest
from typesetting import typeset

import handgrad as hg
from handgrad.working.document import Document

MARK = "Zebra"
"""A word at the end of each title, which must be there to read."""

TITLES = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "typst": '#import "/etc/passwd" #eval("1") *strong* $x$ @ref <label> ```raw```',
    "latex": r"\input{/etc/passwd} \write18{id} \catcode`\%=0 ^^5cinput %comment & _ ^ ~ # {",
    "mathematics": r"$$\href{javascript:alert(1)}{x}$$ \( \unicode{x202e} \) $\htmlClass{a}{b}$",
    "spreadsheet": "=cmd|' /C calc'!A0",
    "markdown": "![x](javascript:alert(1)) [a](b) `code` **b** | c |\n# heading\n\n---\n- item",
    "long": "x" * 10_000,
    "words": "many words " * 900,
    "right-to-left": "שלום \u202eabc\u202c \u2066left\u2069 \u200f العربية",
    "control": "\x00\x01\x07\x08\x1b[31mred\x1b[0m\r\n\t\x7f\x85\u2028\u2029\ufeff",
    "emoji": "👩‍🔬🧮 \U0001f1e9\U0001f1ea 漢字 हिन्दी",
    "combining": "Z" + "\u0301\u0327\u0489" * 60 + "algo",
    "closing": "]]> --> </style></title></script> ?> <![CDATA[ &lt; &#x3c;script>",
    "surrogate": "half \ud800 a sign",
    "cell": "[0pt] * \\\\[1in] \\hline & \\\\",
    "empty": "\u200b",
}
NAMES = ("é", "שלום", "x\u0301", "ﬁn_1", "input_", "एक", "__", "A_b_c_1")
"""What a reader lets through as the name of an input: letters, digits and _ of any language."""


def solved(title: str, name: str = "x") -> Document:
    layers = [
        {"op": "dense", "weights": [[1, 2], ["1/2", -1]], "from": name, "name": "first_layer"},
        {"op": "dense", "weights": [[1, -1]], "activation": "logistic"},
    ]
    tree = {"title": title, "network": {"input": {name: 2}, "layers": layers}, "loss": {"op": "squared_error"}}
    return hg.solve(hg.Problem.from_dict(tree | {"data": {name: [1, 2], "y": [1]}})).working()


def no_markup(document: Document) -> str:
    """The page or picture as text; it holds no element or attribute that runs."""

    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "img", "iframe", "style"}, tag
            assert not [name for name, _ in attrs if name.startswith("on")], attrs

    text = document.to_markdown()
    outside = re.sub(r"^\$\$\n.*?\n\$\$$|\\.", "", text, flags=re.DOTALL | re.MULTILINE)
    Elements().feed(re.sub(r"(?<!\\)\$.*?(?<!\\)\$", "", outside))
    assert "](" not in outside
    return text


def latex(document: Document) -> str:
    text = document.to_latex()
    assert not re.search(r"\\(input|include|write|href|catcode|unicode|url|immediate|openin)\b", text)
    assert "^^" not in text
    return text


def as_json(document: Document) -> str:
    text = document.to_json()
    assert isinstance(json.loads(text)["title"], str)
    return text


def as_csv(document: Document) -> str:
    text = document.to_csv()
    for row in csv.reader(io.StringIO(text)):
        assert len(row) == 4
        for cell in row:
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r") or re.fullmatch(r"-[\d./e-]+", cell), cell
    return text + MARK  # it has no title


FORMATS: dict[str, Callable[[Document], str]] = {
    "terminal": lambda document: document.to_terminal(),
    "markdown": no_markup,
    "latex": latex,
    "fragment": lambda document: document.to_latex(fragment=True),
    "json": as_json,
    "csv": as_csv,
}


def unseen(text: str) -> set[str]:
    """Characters that a format must not hand on: what controls, turns round or cannot be written."""
    return {c for c in text if c not in "\n\u200d" and category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("title", TITLES)
def test_a_hostile_title_is_only_text(title: str, form: str) -> None:
    document = solved(f"{TITLES[title]} {MARK}")
    for made in (document, document.only("questions"), document.only("answers")):
        text = FORMATS[form](made)
        assert MARK in text
        assert not unseen(text)
        text.encode()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_input_is_only_text(name: str, form: str) -> None:
    assert MARK in FORMATS[form](solved(MARK, name))


@pytest.mark.parametrize("name", ["<b>", "a b", "=x", "x\u202e", "a'b", "$x", "x\x00", "#x", "\\x", "", "x" * 41])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(hg.InputError, match="expected a short word of letters, digits and _"):
        solved(MARK, name)


def test_json_gives_the_title_back() -> None:
    for title in TITLES.values():
        assert json.loads(solved(title).to_json())["title"] == title


def test_csv_quotes_what_a_spreadsheet_would_run() -> None:
    layers = [{"op": "dense", "weights": [["w"]]}, {"op": "negative"}]
    tree = {"network": {"input": 1, "layers": layers}, "data": {"x": ["v"]}}
    rows = list(csv.reader(io.StringIO(hg.solve(hg.Problem.from_dict(tree)).working().to_csv())))
    assert ["x", "1", "", "v"] in rows
    assert ["yhat", "1", "", "'-v*w"] in rows


if os.environ.get("HANDGRAD_LATEX"):  # where LaTeX is installed, as in CI

    @pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
    def test_hostile_titles_and_names_compile(engine: str, tmp_path: Path) -> None:
        documents = {f"title {title}": solved(TITLES[title]) for title in TITLES}
        documents |= {f"name {i}": solved(MARK, name) for i, name in enumerate(NAMES)}
        assert typeset(documents, tmp_path, engine) == {}
