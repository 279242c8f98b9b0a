"""The page as its readers meet it: in Chromium, by mouse and by keyboard, without scripts, on paper."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from page_samples import hostile, large

import handgrad as hg
from conftest import EXAMPLES, ROOT, example
from handgrad.notation.document import Paragraph, Section
from handgrad.working.document import Document

HERE = Path(__file__).parent
CHECKS = re.findall(r'^  "(.+)": async', (HERE / "checks.mjs").read_text(), re.MULTILINE)
CHROMIUM = shutil.which("chromium")
MODULES = os.environ.get("HANDGRAD_NODE", "")

if shutil.which("node") is None or CHROMIUM is None or not MODULES:
    pytest.skip("needs node, chromium, and HANDGRAD_NODE, a folder of modules", allow_module_level=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of each example, one large and one hostile."""
    pages = tmp_path_factory.mktemp("pages")
    documents = {name: hg.solve(example(name)).working() for name in EXAMPLES}
    documents["rounded"] = hg.solve(example("ann"), "rounded(2)").working(["dL/dW1[2,3]"])
    documents["plain"] = Document("Plain", (Section("Questions", (Paragraph(("What is L?",)),)),))
    for name, document in {**documents, "hostile": hostile(), "large": large()}.items():
        (pages / f"{name}.html").write_text(document.to_html(), encoding="utf-8")
    return pages


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, str]:
    """What came of each check, from one browser."""
    command = ["node", str(HERE / "browser.mjs"), str(folder)]
    environment = {**os.environ, "HANDGRAD_CHROMIUM": CHROMIUM or ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT, timeout=600)
    assert done.returncode == 0, done.stderr
    results: dict[str, str] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("check", CHECKS)
def test_in_a_browser(check: str, found: dict[str, str]) -> None:
    assert found[check] == ""


def test_every_check_is_run(found: dict[str, str]) -> None:
    assert list(found) == CHECKS
    assert len(CHECKS) >= 15


@pytest.mark.usefixtures("found")
def test_the_printed_page_is_searched(folder: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    command = ["pdftotext", "-layout", str(folder / "ann.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "0.7311" in text
    assert "from (4) and (9)" in text
    assert "17 steps" not in text
