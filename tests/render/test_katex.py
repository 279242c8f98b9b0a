"""KaTeX, which shows the mathematics of Markdown in notebooks and on pages, takes all of it in strict mode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from browser import node, node_modules
from generated import documents as generated_documents
from render_samples import L, W, X, every_node, generated

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.nodes import Gradient, Partial
from handgrad.render.latex_math import math
from handgrad.working.document import Document

Piece = tuple[bool, str]

DISPLAY = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.DOTALL | re.MULTILINE)
IN_LINE = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$")
ALIGNED = re.compile(r"\\begin\{align\*\}.*?\\end\{align\*\}", re.DOTALL)


def of_markdown(document: Document) -> list[Piece]:
    text = document.to_markdown()
    return _pieces(DISPLAY.findall(text), DISPLAY.sub("", text))


def of_latex(document: Document) -> list[Piece]:
    text = document.to_latex(fragment=True)
    return _pieces(ALIGNED.findall(text), ALIGNED.sub("", text))


def _pieces(displays: list[str], rest: str) -> list[Piece]:
    return [(True, latex) for latex in displays] + [(False, latex) for latex in IN_LINE.findall(rest)]


def rejected(documents: Iterable[Document]) -> list[list[str]]:
    """What KaTeX rejects of documents, with its message."""
    modules = node_modules("katex")
    pieces = sorted({piece for document in documents for piece in [*of_markdown(document), *of_latex(document)]})
    assert len(pieces) > 30
    found: list[list[str]] = node("katex.mjs", modules, pieces)
    return found


def test_every_example() -> None:
    assert rejected(hg.solve(example(name)).working() for name in EXAMPLES) == []


@pytest.mark.parametrize("arithmetic", ["rounded(3)", "float64"])
def test_every_example_in_decimals(arithmetic: str) -> None:
    assert rejected(hg.solve(example(name), arithmetic).working() for name in EXAMPLES if name != "symbolic") == []


def test_formulas() -> None:
    assert rejected(hg.solve(example(name), "symbolic").working() for name in ("convolution", "regression")) == []


def test_two_hundred_problems() -> None:
    assert rejected(made_up()) == []


def made_up() -> Iterator[Document]:
    """The two hundred, worked out when they are wanted."""
    yield from (document for _, document in generated_documents())


def test_every_node_and_documents_made_up() -> None:
    assert rejected([every_node(), *map(generated, range(20))]) == []


def test_derivatives_as_gradients_and_through_a_quantity() -> None:
    pieces = [(True, math(each)) for each in (Gradient(L, W), Gradient(L, W, X), Partial(L, W, X))]
    assert node("katex.mjs", node_modules("katex"), pieces) == []


def test_what_is_wrong_is_rejected() -> None:
    wrong = [(False, r"\frac{1}"), (False, r"\unknown"), (False, "é")]
    assert len(node("katex.mjs", node_modules("katex"), wrong)) == len(wrong)
