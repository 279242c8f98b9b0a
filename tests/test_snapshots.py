"""One file for each example and format in tests/snapshots; `python tests/test_snapshots.py` writes them anew.

What typst makes (PDF, PNG) is the same bytes for the same version of typst: that of constraints.txt.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typst

import handgrad as hg
from conftest import EXAMPLES, ROOT, example

FOLDER = Path(__file__).parent / "snapshots"
TEXTS = {
    "terminal.txt": "to_terminal",
    "md": "to_markdown",
    "tex": "to_latex",
    "typ": "to_typst",
    "html": "to_html",
    "ipynb": "to_notebook",
    "json": "to_json",
    "csv": "to_csv",
}
PICTURES = {"svg": "to_svg", "picture.tex": "to_tikz"}
PINNED = f"typst=={typst.__version__}" in (ROOT / "constraints.txt").read_text()


def rendered(name: str, form: str) -> str:
    trace = hg.solve(example(name))
    text: str = (
        getattr(hg.draw(trace), PICTURES[form])() if form in PICTURES else getattr(trace.working(), TEXTS[form])()
    )
    return text


def made(name: str, form: str) -> bytes:
    trace = hg.solve(example(name))
    if form == "png":
        return hg.draw(trace).to_png(scale=1)
    content: bytes = getattr(trace.working(), f"to_{form}")()
    return content


@pytest.mark.parametrize("form", [*TEXTS, *PICTURES])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_working_is_as_it_was(name: str, form: str) -> None:
    assert rendered(name, form) == (FOLDER / f"{name}.{form}").read_text()


@pytest.mark.parametrize("form", ["pdf", "png"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_what_typst_sets_is_as_it_was(name: str, form: str) -> None:
    content, before = made(name, form), (FOLDER / f"{name}.{form}").read_bytes()
    if PINNED:
        assert content == before
    else:  # another version of typst sets the same pages in other bytes
        assert outline(content) == outline(before)


def outline(content: bytes) -> Any:
    """How many pages a PDF has; the size of a PNG."""
    return len(re.findall(rb"/Type\s*/Page\b", content)) if content[:4] == b"%PDF" else content[16:24]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_word_file_is_as_it_was(name: str) -> None:
    assert parts(made(name, "docx")) == parts((FOLDER / f"{name}.docx").read_bytes())


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a .docx, whatever they are packed with; the picture is that of the PNG."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {part: packed.read(part) for part in packed.namelist() if not part.endswith(".png")}


def test_there_is_no_snapshot_without_an_example() -> None:
    assert {file.name.partition(".")[0] for file in FOLDER.iterdir()} == set(EXAMPLES)


def test_the_same_input_gives_the_same_text() -> None:
    assert rendered("ann", "tex") == rendered("ann", "tex")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in EXAMPLES:
        for form in (*TEXTS, *PICTURES):
            (FOLDER / f"{name}.{form}").write_text(rendered(name, form))
        for form in ("pdf", "png", "docx"):
            (FOLDER / f"{name}.{form}").write_bytes(made(name, form))
