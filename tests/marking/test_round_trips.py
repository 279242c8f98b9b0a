"""Numbers printed in each of the formats are read back as the same numbers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from handgrad.marking.answers import read
from handgrad.marking.script import Readable


class Figure(Struct, frozen=True):
    """A number to be printed: a decimal of some digits, or a fraction."""

    top: int
    places: int
    bottom: int

    @property
    def exact(self) -> Fraction:
        return Fraction(self.top, self.bottom or 10**self.places)

    @property
    def half(self) -> float | None:
        if self.bottom:
            return 0.0
        return float(f"5e-{self.places + 1}") if self.places else None

    def plain(self, point: str = ".", minus: str = "-") -> str:
        sign = minus if self.top < 0 else ""
        if self.bottom:
            return f"{sign}{abs(self.top)}/{self.bottom}"
        body = str(abs(self.top)).rjust(self.places + 1, "0")
        end = len(body) - self.places
        return sign + body[:end] + (point + body[end:] if self.places else "")

    def latex(self, point: str = ".") -> str:
        if not self.bottom:
            return self.plain(point)
        return rf"{'-' if self.top < 0 else ''}\tfrac{{{abs(self.top)}}}{{{self.bottom}}}"

    def scientific(self) -> str:
        return self.plain() if self.bottom or not self.places else rf"{self.top} \cdot 10^{{-{self.places}}}"


figures = st.builds(
    Figure, st.integers(-99_999, 99_999), st.integers(0, 6), st.one_of(st.just(0), st.just(0), st.integers(2, 997))
)
shapes = st.sampled_from([(), (1,), (3,), (2, 3), (3, 3), (1, 4), (4, 1), (2, 1, 2)])
NAMES = {
    "dL/dW1": ["dL/dW1", "∂L/∂W₁", r"\frac{\partial L}{\partial \mathbf{W}_1}", r"\nabla_{\mathbf{W}_1} L"],
    "h1": ["h1", "h_1", r"\mathbf{h}_1", r"\boldsymbol{h}_{1}"],
    "yhat": ["ŷ", r"\hat{\mathbf y}", "yhat"],
}


def nested(texts: list[str], shape: tuple[int, ...], opened: str = "[", closed: str = "]", comma: str = ", ") -> str:
    if not shape:
        return texts[0]
    size = len(texts) // shape[0]
    rows = [nested(texts[i * size : (i + 1) * size], shape[1:], opened, closed, comma) for i in range(shape[0])]
    return opened + comma.join(rows) + closed


def toml(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    values = [f'"{figure.plain()}"' if figure.bottom else figure.plain() for figure in numbers]
    return f"{json.dumps(name, ensure_ascii=False)} = {nested(values, shape)}\n"


def as_json(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    values = [f'"{figure.plain()}"' if figure.bottom else figure.plain() for figure in numbers]
    return json.dumps({"answers": {name: "@"}}).replace('"@"', nested(values, shape))


def table(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    lines = ["index;value;quantity"]
    for at, figure in enumerate(numbers):
        places = []
        for length in reversed(shape):
            at, place = divmod(at, length)  # noqa: PLW2901  taken apart digit by digit
            places.append(str(place + 1))
        lines.append(f"{','.join(reversed(places))};{figure.plain(',')};{name}")
    return "\n".join(lines)


def lists(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    return f"* ${name} = {nested([figure.plain(minus='−') for figure in numbers], shape)}$, as asked.\n"


def brackets(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    return f"{name} = {nested([figure.plain() for figure in numbers], shape, '(', ')')}"


def numpy_print(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    return f"{name} =\n{nested([figure.plain() for figure in numbers], shape, comma=' ')}\n"


def commas(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    return f"{name} = {nested([figure.plain(',') for figure in numbers], shape, comma='; ')}"


def powers(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    return f"{name} \\approx {nested([figure.scientific() for figure in numbers], shape)}"


def matrix(name: str, numbers: list[Figure], shape: tuple[int, ...]) -> str:
    width = shape[-1] if len(shape) > 1 else 1
    rows = [numbers[i : i + width] for i in range(0, len(numbers), width)]
    body = " \\\\\n".join(" & ".join(figure.latex("{,}") for figure in row) for row in rows)
    return f"\\begin{{align}}\n{name} &= \\begin{{bmatrix}}\n{body}\n\\end{{bmatrix}} \\tag{{1}}\n\\end{{align}}\n"


FORMS = {
    "toml": (toml, ".toml"),
    "json": (as_json, ".json"),
    "csv": (table, ".csv"),
    "lists": (lists, ".md"),
    "brackets": (brackets, ".txt"),
    "numpy": (numpy_print, ".md"),
    "commas": (commas, ".txt"),
    "powers": (powers, ".tex"),
    "matrix": (matrix, ".tex"),
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_printed_is_read_back(form: str, tmp_path: Path, data: st.DataObject) -> None:
    printer, suffix = FORMS[form]
    shape = data.draw(shapes)
    if form == "matrix" and len(shape) > 2:
        shape = (2, 2)
    if form == "commas" and shape[-1:] == (1,):
        shape = (5,)  # without a second number, nothing says that (0,5) is no list of two
    quantity = data.draw(st.sampled_from(sorted(NAMES)))
    name = data.draw(st.sampled_from(NAMES[quantity]))
    count = 1
    for length in shape:
        count *= length
    numbers: list[Any] = data.draw(st.lists(figures, min_size=count, max_size=count))
    file = tmp_path / f"answers{suffix}"
    file.write_text(printer(name, numbers, shape), "utf-8")
    script = read(file, Readable({"L": (), quantity: shape}, {}))
    assert not script.unread, file.read_text("utf-8")
    found = script.entries[quantity]
    assert sorted(found) == list(range(count))
    for at, figure in enumerate(numbers):
        assert found[at].exact == figure.exact
        assert found[at].value == float(figure.exact)
        assert found[at].half == figure.half or (form == "powers" and figure.places)
