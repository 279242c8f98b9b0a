"""One file for each example and format in tests/snapshots; `python tests/test_snapshots.py` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import handgrad as hg
from conftest import EXAMPLES, example

FOLDER = Path(__file__).parent / "snapshots"
FORMATS = {"terminal.txt": "to_terminal", "md": "to_markdown", "tex": "to_latex", "json": "to_json"}


def rendered(name: str, form: str) -> str:
    text: str = getattr(hg.solve(example(name)).working(), FORMATS[form])()
    return text


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_working_is_as_it_was(name: str, form: str) -> None:
    assert rendered(name, form) == (FOLDER / f"{name}.{form}").read_text()


def test_there_is_no_snapshot_without_an_example() -> None:
    assert {file.name.partition(".")[0] for file in FOLDER.iterdir()} == set(EXAMPLES)


def test_the_same_input_gives_the_same_text() -> None:
    assert rendered("ann", "tex") == rendered("ann", "tex")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in EXAMPLES:
        for form in FORMATS:
            (FOLDER / f"{name}.{form}").write_text(rendered(name, form))
