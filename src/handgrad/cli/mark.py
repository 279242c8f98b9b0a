"""``handgrad mark``: one script, or a folder of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from handgrad.cli.output import Format, columns, load, rendered, write
from handgrad.errors import InputError

if TYPE_CHECKING:
    from handgrad.marking.report import Report
    from handgrad.problem import Problem

REPORTS = ("terminal", "markdown", "html", "json", "csv")


@click.command()
@click.argument("problem")
@click.argument("answers")
@click.option("--to", "form", type=Format(REPORTS), help="The format; else OUT's suffix says, else terminal.")
@click.option("-o", "--output", metavar="OUT", help="Write to this file; of a folder: the marks, .csv or .json.")
@click.option("--report", metavar="FILE", help="Of a folder: the report on the class, in the suffix's format.")
def mark(problem: str, answers: str, form: str | None, output: str | None, report: str | None) -> None:
    """Mark ANSWERS, a script (TOML, JSON, CSV, Markdown, LaTeX), or a folder of scripts, against PROBLEM.

    Of a folder one line a script goes to OUT (marks.csv), and where errors begin and which mistakes are common
    is reported; a run that is broken off goes on where it was.

    \b
    handgrad mark examples/ann.toml script.toml
    handgrad mark examples/ann.toml submissions/ -o marks.csv --report class.pdf
    """  # noqa: D301  click keeps the lines after a backspace as they are
    loaded = load(problem)
    if os.path.isdir(answers):  # noqa: PTH112  a name of the command line, no path yet
        if form not in (None, "csv", "json"):
            message = f"of a folder of scripts the marks are written as csv or json, not as {form}"
            raise InputError(message)
        _class(loaded, answers, output or f"marks.{form or 'csv'}", report)
        return
    if report is not None:
        message = f"{answers}: --report is for a folder of scripts"
        raise InputError(message)
    from handgrad.marking import mark as report_of

    write(_rendered(report_of(loaded, answers), Format.of(form, output), plain=output is not None), output)


def _rendered(report: Report, form: str, *, plain: bool) -> str:
    if form == "terminal":
        terminal = sys.stdout.isatty() and not plain
        return report.to_terminal(columns() if terminal else 80, colour=terminal and "NO_COLOR" not in os.environ)
    if form not in REPORTS:
        message = f"a report is written as {', '.join(REPORTS)}, not as {form}"
        raise InputError(message)
    text: str = getattr(report, f"to_{form}")()
    return text


def _class(problem: Problem, folder: str, output: str, report: str | None) -> None:
    from handgrad.marking.classrun import mark_class
    from handgrad.marking.tally import document

    with click.progressbar(length=1, label="marking", file=sys.stderr) as bar:

        def progress(done: int, count: int) -> None:
            bar.length = count
            bar.update(done - bar.pos)

        found = document(mark_class(problem, folder, output, progress), problem)
    if report is None:
        click.echo(found.to_terminal())
    else:
        write(rendered(found, Format.of(None, report)), report)
