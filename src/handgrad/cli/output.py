"""Where what the commands write goes, and in which format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from handgrad.problem import Problem
    from handgrad.working.document import Document

SUFFIXES = {
    ".txt": "terminal", ".md": "markdown", ".tex": "latex", ".typ": "typst", ".html": "html", ".htm": "html",
    ".pdf": "pdf", ".ipynb": "notebook", ".docx": "docx", ".json": "json", ".csv": "csv",
}  # fmt: skip
"""The format that a file's name asks for."""

FORMATS = tuple(dict.fromkeys(SUFFIXES.values()))


class Format(click.Choice[str]):
    """A format by its name, or by its suffix without the dot."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name of the format."""
        return super().convert(SUFFIXES.get(f".{value}".lower(), value), param, ctx)

    @staticmethod
    def of(form: str | None, output: str | None) -> str:
        """The format that was asked for, by name or by the suffix of the file."""
        if form is not None or output is None:
            return form or "terminal"
        return SUFFIXES.get(Path(output).suffix.lower(), "terminal")


def columns() -> int:
    """The width that a terminal has for a working."""
    import shutil

    return max(40, min(shutil.get_terminal_size().columns, 120))


def load(file: str) -> Problem:
    """The problem of a file."""
    from handgrad.problem_file import load as problem_of

    return problem_of(file)


def rendered(document: Document, form: str) -> str | bytes:
    """A document in a format, as a file holds it."""
    content: str | bytes = getattr(document, f"to_{form}")()
    return content


def write(content: str | bytes, output: str | None) -> None:
    """Writes to a file, aside and renamed, or to standard output; text ends with its line."""
    if isinstance(content, str):
        content = (content if content.endswith("\n") else content + "\n").encode()
    if output is None:
        click.echo(content, nl=False)
        return
    from handgrad.problem_file import write_bytes

    write_bytes(Path(output), content)
