"""The house: which room may import which, and how large a file may grow."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conftest import ROOT

SOURCE = ROOT / "src" / "handgrad"
FILES = sorted(SOURCE.rglob("*.py"))

STOREYS = [
    ("errors",),
    ("notation",),
    ("arithmetic",),
    ("ops",),
    ("tables", "sources"),
    ("wiring", "network"),
    (
        "plan",
        "query",
        "substitution",
        "problem_data",
        "scheme",
        "problem",
        "problem_lines",
        "problem_text",
        "problem_file",
        "schema",
    ),
    ("trace",),
    ("drawing",),
    ("verify", "working", "marking", "interop", "engine"),
    ("training",),
    ("sklearn",),
    ("render",),
    ("training",),
    ("cli",),
]
"""From the ground up; a room imports its own storey and those below."""

DOORS = {
    ("trace", "working"): "a trace shows its working",
    ("working", "render"): "a document writes itself in a format",
    ("network", "render"): "a network shows itself in a notebook",
    ("problem", "render"): "a problem shows itself in a notebook",
    ("trace", "render"): "a trace shows itself in a notebook",
    ("drawing", "render"): "a picture writes itself as SVG and PNG",
}
"""Imports upwards, inside functions, that the public methods need."""


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def storey(name: str) -> int:
    return next(i for i, rooms in enumerate(STOREYS) if name in rooms)


def imports(file: Path) -> list[tuple[str, bool]]:
    """Modules of handgrad that a file imports, and whether at its top (what only a type checker sees left out)."""
    tree = ast.parse(file.read_text())
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    seen = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and id(node) not in unseen]
    return [(node.module or "", node in tree.body) for node in seen if (node.module or "").startswith("handgrad")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_nothing_imports_upwards(file: Path) -> None:
    own = file.relative_to(SOURCE).with_suffix("").parts[0]
    if own.startswith("__"):
        return
    for module, top in imports(file):
        there = room(module)
        if storey(there) > storey(own):
            assert (own, there) in DOORS, f"{own} imports {module}"
            assert not top, f"{own} imports {module} at its top"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_files_stay_within_four_hundred_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400


def test_the_public_names_are_listed_once() -> None:
    import handgrad

    assert len(handgrad.__all__) == len(set(handgrad.__all__))
    for name in handgrad.__all__:
        assert hasattr(handgrad, name), name


def test_numpy_is_not_needed_to_import() -> None:
    import subprocess
    import sys

    code = "import sys, handgrad; print([m for m in ('numpy', 'rich', 'torch', 'json') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
