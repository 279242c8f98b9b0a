"""What all tests share: the examples, and where things lie."""

from __future__ import annotations

from pathlib import Path

import hypothesis

import handgrad as hg

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")

ROOT = Path(__file__).parent.parent
EXAMPLES = tuple(sorted(file.stem for file in (ROOT / "examples").glob("*.toml")))


def example(name: str) -> hg.Problem:
    """The problem of an example."""
    return hg.load(ROOT / "examples" / f"{name}.toml")
