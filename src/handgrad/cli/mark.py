"""``handgrad mark``: one script, or a folder of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from handgrad.cli.output import Format, columns, load, write
from handgrad.errors import InputError

if TYPE_CHECKING:
    from handgrad.marking.report import Report
    from handgrad.problem import Problem

REPORTS = ("terminal", "markdown", "html", "json", "csv")


@click.command()
@click.argument("problem")
@click.argument("answers")
@click.option("--to", "form", type=Format(REPORTS), help="The format; else OUT's suffix says, else terminal.")
@click.option("-o", "--output", metavar="OUT", help="Write to this file; of a folder of scripts: the CSV.")
def mark(problem: str, answers: str, form: str | None, output: str | None) -> None:
    """Mark ANSWERS, a script (TOML, JSON, CSV, Markdown, LaTeX), or a folder of scripts, against PROBLEM.

    Of a folder one line a script goes to OUT (marks.csv); a run that is broken off goes on where it was.

    \b
    handgrad mark examples/ann.toml script.toml
    handgrad mark examples/ann.toml submissions/ -o marks.csv
    """  # noqa: D301  click keeps the lines after a backspace as they are
    loaded = load(problem)
    if os.path.isdir(answers):  # noqa: PTH112  a name of the command line, no path yet
        _class(loaded, answers, output or "marks.csv", form)
        return
    from handgrad.marking import mark as report_of

    report = report_of(loaded, answers)
    write(_rendered(report, Format.of(form, output), plain=output is not None), output)


def _rendered(report: Report, form: str, *, plain: bool) -> str:
    if form == "terminal":
        terminal = sys.stdout.isatty() and not plain
        return report.to_terminal(columns() if terminal else 80, colour=terminal and "NO_COLOR" not in os.environ)
    if form not in REPORTS:
        message = f"a report is written as {', '.join(REPORTS)}, not as {form}"
        raise InputError(message)
    text: str = getattr(report, f"to_{form}")()
    return text


def _class(problem: Problem, folder: str, output: str, form: str | None) -> None:
    from handgrad.marking.classrun import mark_class
    from handgrad.marking.tally import document

    if form not in (None, "csv"):
        message = f"of a folder of scripts the marks are written as csv, not as {form}"
        raise InputError(message)
    with click.progressbar(length=1, label="marking", file=sys.stderr) as bar:

        def progress(done: int, count: int) -> None:
            bar.length = count
            bar.update(done - bar.pos)

        tally = mark_class(problem, folder, output, progress)
    click.echo(document(tally, problem).to_terminal())
