"""MathML in headless Chromium: no equation is wider than its column, no row overlaps another, no error is logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from browser import CHROMIUM, chromium_and, node
from generated import documents
from render_samples import EACH_NODE, every_node, generated

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation
from handgrad.notation.nodes import Expr
from handgrad.render.mathml import CSS, display, math, width
from handgrad.working.document import Document

COLUMN = 700
"""A column of 760 pixels less an equation's number."""
PHONE = 330


def equations(shown: list[Document]) -> list[Equation]:
    blocks = [block for document in shown for section in document.sections for block in section.blocks]
    return [block for block in blocks if isinstance(block, Equation)]


def sides(equation: Equation) -> tuple[Expr, ...]:
    return (equation.left, *(line.expression for line in equation.lines))


def a_set(column: int, written: Iterable[str], parts: dict[str, float]) -> dict[str, Any]:
    return {"column": column, "equations": sorted(set(written)), "parts": sorted(parts.items())}


def of_problems() -> dict[str, Any]:
    """All equations of the examples and of the two hundred problems, and the widths reckoned for some of them."""
    shown = equations([hg.solve(example(name)).working() for name in EXAMPLES] + [made for _, made in documents()])
    parts = {math(part): width(part) for equation in shown[::5] for part in sides(equation) if width(part) < COLUMN}
    assert len(shown) > 5000
    assert len(parts) > 500
    return a_set(COLUMN, (display(equation, COLUMN) for equation in shown), parts)


def of_every_node() -> dict[str, Any]:
    shown = equations([every_node(), *map(generated, range(20))])
    return a_set(
        PHONE, (display(equation, PHONE) for equation in shown), {math(node): width(node) for node in EACH_NODE}
    )


WIDE = f"<math display='block'><mn>{'1' * 100}</mn></math>"
UP = "<mtr style='transform:translateY(-20px)'>"
TWO_ROWS = f"<mtable><mtr><mtd><mn>1</mn></mtd></mtr>{UP}<mtd><mn>2</mn></mtd></mtr></mtable>"
OVERLAPPING = f"<math display='block'>{TWO_ROWS}</math>"
NOTHING: dict[str, Any] = {"wide": [], "overlapping": [], "wider": [], "errors": []}


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    """What is wrong with the problems, with every node in a narrow column, and with what is wrong on purpose."""
    modules = chromium_and("playwright-core")
    wrong = a_set(200, (WIDE, OVERLAPPING), {"<mn>12345</mn>": 9.0})
    results: list[dict[str, Any]] = node(
        "mathml.mjs", modules, {"css": CSS, "sets": [of_problems(), of_every_node(), wrong]}, CHROMIUM
    )
    return results


def test_every_equation_of_two_hundred_problems_fits_its_column(found: list[dict[str, Any]]) -> None:
    assert found[0] == NOTHING


def test_every_node_fits_a_narrow_column(found: list[dict[str, Any]]) -> None:
    assert found[1] == NOTHING


def test_what_is_wrong_is_found(found: list[dict[str, Any]]) -> None:
    wrong = found[2]
    assert wrong["wide"] == [WIDE]
    assert wrong["overlapping"] == [OVERLAPPING]
    assert [part[:2] for part in wrong["wider"]] == [["<mn>12345</mn>", 9.0]]
