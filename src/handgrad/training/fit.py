"""``hg.fit``: trains a network on arrays, or as a configuration says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from handgrad.errors import InputError
from handgrad.network import Network
from handgrad.problem import Problem
from handgrad.training import config as configurations
from handgrad.training.config import Config
from handgrad.training.reporting import Reporter
from handgrad.training.result import Result
from handgrad.training.running import Going, run
from handgrad.training.tasks import of_arrays, of_config


def fit(  # noqa: PLR0913  a run has as many settings
    network: Network | Problem | Config | str | os.PathLike[str],
    x: Any = None,
    y: Any = None,
    *,
    loss: Any = None,
    update: Any = None,
    held_out: Any = 0.0,
    schedule: Any = None,
    augment: dict[str, Any] | None = None,
    going: Going = "auto",
    watch: bool = False,
    reporter: Reporter | None = None,
    **train: Any,
) -> Result:
    """Trains a network and gives back what it learned.

    result = hg.fit("digits.toml")
    result = hg.fit(network, x, y, loss="softmax_cross_entropy", update="adam", epochs=20, batch=32, held_out=0.2)

    ``network``: a Network whose parameters are the first ones, a Problem (which brings loss, penalties and update,
    and its data where x and y are left out), or a configuration, by its file or as a Config, which says all the
    rest. x [n][…input]; y: classes [n] from 0 for a loss with labels, else targets [n][…]. ``loss``, ``update``,
    ``schedule`` and ``augment`` are names or tables as in a configuration; ``held_out`` is a share of the examples,
    or a pair (x, y). All other keys are those of the table [train] (in place of a configuration's own): epochs,
    batch, dtype, seed, shuffle, clip, threads, class_weights, patience, improvement, monitor, keep_best, folder,
    checkpoint_every.

    With a folder the run is saved there and goes on from there; ``going`` is "auto", "resume" (there must be a
    checkpoint) or "anew". ``watch`` looks for dead and saturated units, exploding and vanishing gradients. Raises
    InputError for wrong settings or data, a loss that is no longer finite, what cannot be written; Interrupted on
    Ctrl-C, after the run was saved.
    """
    if isinstance(network, (Network, Problem)):
        task = of_arrays(
            network, x, y, loss=loss, update=update, held_out=held_out, schedule=schedule, augment=augment, train=train
        )
        folder = None if task.train.folder is None else Path(task.train.folder)
    else:
        own = {"x": x, "y": y, "loss": loss, "update": update, "schedule": schedule, "augment": augment}
        given = [name for name, value in own.items() if value is not None] + ["held_out"] * bool(held_out)
        if given:
            message = f"the configuration says it; leave out {', '.join(given)}"
            raise InputError(message)
        config = network if isinstance(network, Config) else configurations.read(network)
        task = of_config(config, train)
        folder = None if task.train.folder is None else config.folder / task.train.folder
    return run(task, folder, going, watch=watch, reporter=reporter)
