"""The README keeps its word: its Python runs, its commands exist, its numbers are the program's."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import ROOT
from handgrad.cli.main import main
from handgrad.working.catalogue import catalogue

TEXT = (ROOT / "README.md").read_text()
LINES = [line.partition("  #")[0].strip() for line in TEXT.splitlines() if line.startswith("handgrad ")]
TRAINING = [line for line in LINES if " train " in line or " --from " in line]
COMMANDS = sorted(set(LINES) - set(TRAINING))


def test_the_python_of_the_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted > 8
    assert result.failed == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_readme(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    arguments = shlex.split(command)[1:]
    if "-o" in arguments:
        arguments = arguments[: arguments.index("-o")]
    assert CliRunner().invoke(main, arguments).exit_code == 0


def test_the_training_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "training", tmp_path / "examples" / "training")
    monkeypatch.chdir(tmp_path)
    assert len(TRAINING) == 3
    for command in TRAINING:
        assert CliRunner().invoke(main, shlex.split(command)[1:]).exit_code == 0, command
    assert (tmp_path / "working.pdf").read_bytes().startswith(b"%PDF")


def test_the_excerpt_of_the_readme_is_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    printed = CliRunner().invoke(main, ["solve", "examples/convolution.toml"]).output
    excerpt = re.search(r"```console\n\$ [^\n]*\n\n(.*?)```", TEXT, re.DOTALL)
    assert excerpt is not None
    for block in excerpt[1].strip("\n").split("\n\n"):
        assert block in printed, block


def test_the_table_of_ops_in_the_docs_is_that_of_the_registry() -> None:
    assert (ROOT / "docs" / "ops.md").read_text() == catalogue().to_markdown()
