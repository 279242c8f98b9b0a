"""``handgrad``: solve, verify, import, ops, schema."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.errors import InputError

if TYPE_CHECKING:
    from handgrad.problem import Problem
    from handgrad.working.document import Document

FORMATS = ("terminal", "markdown", "latex", "json")


class Commands(click.Group):
    """Turns an InputError into one message and exit status 2, an interrupt into status 130."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except InputError as error:
            for line in str(error).splitlines():
                click.echo(f"error: {line}", err=True)
            context.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="handgrad")
def main() -> None:
    """Show and prove backpropagation: the worked solution of a network in a problem file."""


@main.command()
@click.argument("file")
@click.option(
    "--ask", multiple=True, metavar="Q", help='A question, such as "dL/dW1[2,3]" or "sum(dL/dK1)"; repeatable.'
)
@click.option("--set", "values", multiple=True, metavar="S=N", help='A number for a symbol: "w=1/2"; repeatable.')
@click.option(
    "--arithmetic", metavar="A", help="exact, symbolic, float64, float32, rounded(n) or rounded(n significant)."
)
@click.option("--digits", type=click.IntRange(1, 100), help="Decimals (or significant digits) that are shown.")
@click.option("--to", "form", type=click.Choice(FORMATS), default="terminal", show_default=True)
@click.option("--fragment", is_flag=True, help="LaTeX without a preamble, to paste.")
@click.option("-o", "--output", metavar="OUT", help="Write to this file instead of the terminal.")
def solve(
    file: str, ask: tuple[str, ...], values: tuple[str, ...], arithmetic: str | None, digits: int | None, form: str,
    fragment: bool, output: str | None,
) -> None:  # fmt: skip
    """Work out FILE (TOML or JSON; - is standard input): forward pass, loss, backward pass.

    Questions, here or in the file, are answered with just the steps they need.

    \b
    handgrad solve examples/ann.toml
    handgrad solve examples/ann.toml --ask "dL/dW1[2,3]"
    handgrad solve examples/convolution.toml --to latex -o solution.tex
    """  # noqa: D301  click keeps the lines after a backspace as they are
    from handgrad.trace import solve as trace_of

    problem = _load(file)
    if values:
        problem = problem.substitute(_settings(values))
    if digits is not None:
        problem.digits = digits
    trace = trace_of(problem, arithmetic)
    document = trace.working(ask or None)
    _write(_render(document, form, fragment=fragment, plain=output is not None), output)


def _settings(values: tuple[str, ...]) -> dict[str, str]:
    """The pairs of ``--set``."""
    pairs = [value.partition("=") for value in values]
    for name, sign, number in pairs:
        if not (name.strip() and sign and number.strip()):
            message = f'expected --set NAME=NUMBER such as w=1/2, found "{name}{sign}{number}"'
            raise InputError(message)
    return {name.strip(): number.strip() for name, _, number in pairs}


def _load(file: str) -> Problem:
    from handgrad.problem_file import load

    return load(file)


def _render(document: Document, form: str, *, fragment: bool, plain: bool) -> str:
    if form == "markdown":
        return document.to_markdown()
    if form == "latex":
        return document.to_latex(fragment=fragment)
    if form == "json":
        return document.to_json()
    terminal = sys.stdout.isatty() and not plain
    width = _columns() if terminal else 80
    colour = terminal and "NO_COLOR" not in os.environ
    return document.to_terminal(width, colour=colour)


def _columns() -> int:
    import shutil

    return max(40, min(shutil.get_terminal_size().columns, 120))


def _write(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    from handgrad.problem_file import write_text

    write_text(Path(output), text if text.endswith("\n") else text + "\n")


@main.command()
@click.argument("file")
def verify(file: str) -> None:
    """Prove the gradients of FILE: each against a derivative of the forward pass alone.

    Exit status 1 if one of them disagrees.
    """
    from handgrad.verify import checks

    proven = checks(_load(file))
    click.echo(f"{'gradient':<12}{'entries':>9}{'directions':>12}  {'largest deviation':<22}verdict")
    failed = False
    for check in proven:
        failed = failed or not check.agrees
        click.echo(
            f"{'dL/d' + check.name:<12}{check.entries:>9}{check.directions:>12}  {check.bound:<22}{check.verdict}"
        )
    if failed:
        sys.exit(1)


@main.command(name="import")
@click.argument("model")
@click.option("-o", "--output", metavar="OUT", required=True, help="The problem file; its weights go beside it.")
@click.option("--x", metavar="FILE.npy", help="An example input, or a batch of them.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Draws the input, without --x.")
@click.option("--loss", metavar="NAME", help='A loss, such as "softmax_cross_entropy".')
@click.option("--label", type=int, metavar="N", help="The class that the loss compares with, from 1.")
def import_(model: str, output: str, x: str | None, seed: int, loss: str | None, label: int | None) -> None:
    """Write MODEL (.onnx, .pt2 of torch.export, .keras) as a problem file.

    Images of a .keras model have their channels last; those of the problem have them first.

    \b
    handgrad import model.onnx -o problem.toml --loss softmax_cross_entropy --label 3
    """  # noqa: D301  click keeps the lines after a backspace as they are
    from handgrad.interop.model_files import import_model

    import_model(model, output, x=x, seed=seed, loss=loss, label=label)


@main.command()
@click.option("--to", "form", type=click.Choice(FORMATS[:3]), default="terminal", show_default=True)
def ops(form: str) -> None:
    """The table of ops with their formulas."""
    from handgrad.working.catalogue import catalogue

    _write(_render(catalogue(), form, fragment=False, plain=False), None)


@main.command()
def schema() -> None:
    """The JSON Schema of the problem file, for editors."""
    import json

    from handgrad.schema import schema as tree

    click.echo(json.dumps(tree(), indent=2, ensure_ascii=False))
