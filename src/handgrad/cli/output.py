"""Where what the commands write goes, and in which format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.errors import InputError

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
    def of(form: str | None, output: str | None, known: Sequence[str] = FORMATS) -> str:
        """The format that was asked for, by name or by the suffix of the file; a file without one is plain text."""
        if form is not None or output is None:
            return form or "terminal"
        suffix = Path(output).suffix.lower()
        if not suffix:
            return "terminal"
        if SUFFIXES.get(suffix) not in known:
            suffixes = " ".join(suffix for suffix, name in SUFFIXES.items() if name in known)
            message = f'expected a name that ends in {suffixes} (or a format after --to), found "{suffix}"'
            raise InputError(message, output)
        return SUFFIXES[suffix]


def spare(file: str, output: str | None) -> None:
    """Refuses to write over what is read."""
    if output is not None and file != "-" and os.path.realpath(file) == os.path.realpath(output):
        message = "cannot be written: it is the file that is read"
        raise InputError(message, output)


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
