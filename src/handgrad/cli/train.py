"""``handgrad train``: trains a network as a configuration says, and goes on where a run was broken off."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from handgrad.cli.output import columns
from handgrad.errors import InputError

if TYPE_CHECKING:
    from handgrad.problem import Problem
    from handgrad.training.progress import Bar, Lines
    from handgrad.training.result import Result

STOPPED = 128
"""Exit statuses of a signal begin here."""


@click.command()
@click.argument("config")
@click.option("--resume", is_flag=True, help="Go on; without it too, but then there must be something to go on from.")
@click.option("--anew", is_flag=True, help="Begin anew, and remove the checkpoints that are there.")
@click.option("--watch", is_flag=True, help="Warn of dead and saturated units, exploding and vanishing gradients.")
@click.option("--epochs", type=click.IntRange(1), help="In place of the configuration's.")
@click.option("--threads", type=click.IntRange(1), help="In place of the configuration's.")
@click.option("--save-every", type=click.FloatRange(0), metavar="SECONDS", help="From one checkpoint to the next.")
@click.option("--quiet", is_flag=True, help="Only what the run comes to.")
@click.option("-o", "--output", metavar="FOLDER", help="Of the run; else as the configuration says, else CONFIG.run.")
def train(
    config: str, resume: bool, anew: bool, watch: bool, epochs: int | None, threads: int | None,
    save_every: float | None, quiet: bool, output: str | None,
) -> None:  # fmt: skip
    """Train a network as CONFIG (TOML or JSON) says: the network and loss of a problem file, data, update, epochs.

    The folder of the run gets checkpoints, metrics.jsonl, and at the end weights.safetensors, the curves, the
    confusion matrix and the first filters. A run that was broken off goes on where it was last saved.

    \b
    handgrad train digits.toml
    handgrad train digits.toml --watch -o runs/second
    handgrad solve --from digits.run --example 17
    """  # noqa: D301  click keeps the lines after a backspace as they are
    if resume and anew:
        message = "--resume goes on and --anew begins anew: give one of them"
        raise InputError(message)
    from handgrad.training.config import read
    from handgrad.training.fit import fit
    from handgrad.training.interrupts import Interrupted

    known = read(config)
    folder = output or (known.train.folder and str(known.folder / known.train.folder)) or f"{Path(config).stem}.run"
    given = {"epochs": epochs, "threads": threads, "checkpoint_every": save_every}
    own: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    going: Any = "resume" if resume else "anew" if anew else "auto"
    reporter = _reporter(quiet=quiet)
    try:
        result = fit(known, going=going, watch=watch, reporter=reporter, **own, folder=str(Path(folder).absolute()))
    except Interrupted as interrupted:
        _close(reporter)
        click.echo(f"{interrupted}. Go on with:\n{_again()}", err=True)
        sys.exit(STOPPED + interrupted.signal)
    finally:
        _close(reporter)
    _end(result, Path(folder))


def trained(checkpoint: str, example: int) -> Problem:
    """The problem of a training example with the parameters of a checkpoint."""
    from handgrad.training.worked import problem_from

    return problem_from(checkpoint, example, lambda text: click.echo(text, err=True))


def _reporter(*, quiet: bool) -> Bar | Lines | None:
    from handgrad.training.progress import Bar, Lines

    if quiet:
        return None
    return Bar(columns=columns()) if sys.stderr.isatty() else Lines()


def _close(reporter: Bar | Lines | None) -> None:
    if reporter is not None:
        reporter.close()


def _again() -> str:
    """The command that goes on: the same one, but that it no longer begins anew."""
    words = [word for word in sys.argv[1:] if word not in ("--anew", "--resume")]
    return shlex.join(["handgrad", *words, "--resume"])


def _end(result: Result, folder: Path) -> None:
    from handgrad.training.progress import percent
    from handgrad.training.writing import write

    names = write(result, folder)
    part = "training" if result.task.held is None else "held-out"
    part = "test" if result.task.test is not None else part
    score = f"accuracy {percent(result.score)}" if result.task.classifies else f"R² {result.score:.4f}"
    click.echo(f"{result.state.finished}; the parameters are those of epoch {result.best}.")
    click.echo(f"{score} on the {len(result.scored)} {part} examples.")
    click.echo(f"{folder}: {', '.join(names)}")
