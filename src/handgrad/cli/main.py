"""``handgrad``: solve, draw, mark, train, verify, import, ops, schema."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.mark import mark
from handgrad.cli.output import FORMATS, Format, columns, load, rendered, spare, write
from handgrad.cli.train import train, trained
from handgrad.errors import InputError

if TYPE_CHECKING:
    from handgrad.problem import Problem
    from handgrad.trace import Trace
    from handgrad.working.document import Document, Kind

TABLES = ("terminal", "markdown", "latex", "html", "pdf")
"""Formats of the table of ops."""

Options = dict[str, Any]


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


main.add_command(mark)
main.add_command(train)


@main.command()
@click.argument("file", required=False)
@click.option(
    "--from", "checkpoint", metavar="CHECKPOINT", help="In place of FILE: a training's folder, or a checkpoint."
)
@click.option("--example", type=click.IntRange(1), metavar="N", help="Of CHECKPOINT: which of its examples, from 1.")
@click.option(
    "--ask", multiple=True, metavar="Q", help='A question, such as "dL/dW1[2,3]" or "sum(dL/dK1)"; repeatable.'
)
@click.option("--set", "values", multiple=True, metavar="S=N", help='A number for a symbol: "w=1/2"; repeatable.')
@click.option(
    "--arithmetic", metavar="A", help="exact, symbolic, float64, float32, rounded(n) or rounded(n significant)."
)
@click.option("--digits", type=click.IntRange(1, 100), help="Decimals (or significant digits) that are shown.")
@click.option("--to", "form", type=Format(FORMATS), help="The format; else OUT's suffix says, else terminal.")
@click.option("--only", type=click.Choice(["questions", "answers"]), help="The exam sheet, or its key.")
@click.option("--paper", type=click.Choice(["a4", "letter"]), default="a4", show_default=True, help="Of a PDF.")
@click.option("--fragment", is_flag=True, help="LaTeX without a preamble, to paste.")
@click.option("-o", "--output", metavar="OUT", help="Write to this file instead of the terminal.")
def solve(
    file: str | None, checkpoint: str | None, example: int | None, ask: tuple[str, ...], values: tuple[str, ...],
    arithmetic: str | None, digits: int | None, form: str | None, only: Kind | None, paper: str, fragment: bool,
    output: str | None,
) -> None:  # fmt: skip
    """Work out FILE (TOML or JSON; - is standard input): forward pass, loss, backward pass.

    Questions, here or in the file, are answered with just the steps they need.

    \b
    handgrad solve examples/ann.toml
    handgrad solve examples/ann.toml --ask "dL/dW1[2,3]"
    handgrad solve examples/convolution.toml -o solution.pdf
    handgrad solve examples/convolution.toml -o exam.docx --only questions
    handgrad solve --from digits.run --example 17 -o working.pdf
    """  # noqa: D301  click keeps the lines after a backspace as they are
    chosen = Format.of(form, output, FORMATS)
    problem = _asked(file, checkpoint, example, output)
    document = _trace(problem, values, arithmetic, digits).working(ask or None)
    if only is not None:
        document = document.only(only)
    _publish(document, chosen, output, {"paper": paper, "fragment": fragment})


def _asked(file: str | None, checkpoint: str | None, example: int | None, output: str | None) -> Problem:
    """The problem of FILE, or of an example of a training."""
    if file is not None and checkpoint is None and example is None:
        spare(file, output)
        return load(file)
    if file is not None or checkpoint is None:
        message = "expected either FILE, or --from CHECKPOINT and --example N"
        raise InputError(message)
    spare(checkpoint, output)
    return trained(checkpoint, example or 1)


def _trace(problem: Problem, values: tuple[str, ...], arithmetic: str | None, digits: int | None) -> Trace:
    from handgrad.trace import solve as trace_of

    if values:
        problem = problem.substitute(_settings(values))
    if digits is not None:
        problem.digits = digits
    return trace_of(problem, arithmetic)


def _settings(values: tuple[str, ...]) -> dict[str, str]:
    """The pairs of ``--set``."""
    pairs = [value.partition("=") for value in values]
    for name, sign, number in pairs:
        if not (name.strip() and sign and number.strip()):
            message = f'expected --set NAME=NUMBER such as w=1/2, found "{name}{sign}{number}"'
            raise InputError(message)
    return {name.strip(): number.strip() for name, _, number in pairs}


def _publish(document: Document, form: str, output: str | None, options: Options) -> None:
    """Writes a document in a format to a file, or to standard output."""
    if output is None and form in ("pdf", "docx") and sys.stdout.isatty():
        message = f"{form} is no text for a terminal: name a file with -o"
        raise InputError(message)
    write(_render(document, form, options, plain=output is not None), output)
    if output is not None and document.missing and form not in ("json", "csv"):
        values = str(Path(output).with_suffix(".values.csv"))
        write(document.to_csv(), values)
        click.echo(f"the full values of {', '.join(document.missing)}: {values}", err=True)


def _render(document: Document, form: str, options: Options, *, plain: bool) -> str | bytes:
    if form == "terminal":
        terminal = sys.stdout.isatty() and not plain
        width = columns() if terminal else 80
        return document.to_terminal(width, colour=terminal and "NO_COLOR" not in os.environ)
    if form == "latex":
        return document.to_latex(fragment=options["fragment"])
    if form == "pdf":
        return document.to_pdf(paper=options["paper"])
    if form == "typst":
        return document.to_typst(paper=options["paper"])
    return rendered(document, form)


@main.command()
@click.argument("file")
@click.option("--set", "values", multiple=True, metavar="S=N", help='A number for a symbol: "w=1/2"; repeatable.')
@click.option("--arithmetic", metavar="A", help="As for solve.")
@click.option("--digits", type=click.IntRange(1, 100), help="Decimals (or significant digits) that are shown.")
@click.option("--no-values", is_flag=True, help="The network and its weights alone.")
@click.option("--no-gradients", is_flag=True, help="Without the way back.")
@click.option(
    "--scale", type=click.FloatRange(0.1, 20), default=2, show_default=True, help="Pixels to a point, of PNG."
)
@click.option("-o", "--output", metavar="OUT", help="A file .svg, .png or .tex (TikZ); else SVG goes to the terminal.")
def draw(
    file: str, values: tuple[str, ...], arithmetic: str | None, digits: int | None, no_values: bool,
    no_gradients: bool, scale: float, output: str | None,
) -> None:  # fmt: skip
    """Draw the network of FILE with its numbers: values forward, gradients on the way back.

    \b
    handgrad draw examples/ann.toml -o network.svg
    """  # noqa: D301  click keeps the lines after a backspace as they are
    from handgrad.drawing import draw as picture_of

    spare(file, output)
    trace = _trace(load(file), values, arithmetic, digits)
    picture = picture_of(trace, values=not no_values, gradients=not (no_gradients or no_values))
    if output is None:
        write(picture.to_svg(), None)
    else:
        picture.save(output, scale=scale)


@main.command()
@click.argument("file")
def verify(file: str) -> None:
    """Prove the gradients of FILE: each against a derivative of the forward pass alone.

    Exit status 1 if one of them disagrees.
    """
    from handgrad.verify import checks

    proven = checks(load(file))
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
@click.option("--to", "form", type=Format(TABLES), help="The format; else OUT's suffix says, else terminal.")
@click.option("-o", "--output", metavar="OUT", help="Write to this file instead of the terminal.")
def ops(form: str | None, output: str | None) -> None:
    """The table of ops with their formulas."""
    from handgrad.working.catalogue import catalogue

    _publish(catalogue(), Format.of(form, output, TABLES), output, {"paper": "a4", "fragment": False})


@main.command()
def schema() -> None:
    """The JSON Schema of the problem file, for editors."""
    import json

    from handgrad.schema import schema as tree

    click.echo(json.dumps(tree(), indent=2, ensure_ascii=False))
