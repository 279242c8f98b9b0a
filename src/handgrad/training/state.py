"""Where a run of training stands: all that the next step depends on, but for the arrays."""

from __future__ import annotations

from msgspec import Struct


class Epoch(Struct, frozen=True, omit_defaults=True):
    """What an epoch came to: a line of the metrics.

    ``loss`` and ``accuracy`` are those of the steps as they were taken, before each update; ``held_loss`` and
    ``held_accuracy`` those of the held-out examples after the epoch. Accuracies are shares from 0 to 1, None
    where the targets are no classes.
    """

    epoch: int
    """From 1."""
    steps: int
    """All steps of the run up to here."""
    loss: float
    rate: float
    """The learning rate of its last step."""
    seconds: float
    """All seconds of the run up to here."""
    accuracy: float | None = None
    held_loss: float | None = None
    held_accuracy: float | None = None


class Warned(Struct, frozen=True):
    """Something that ``watch`` found: in which step (from 1), at which layer, what it is called, in a sentence."""

    step: int
    layer: str
    what: str
    text: str


class State(Struct):
    """How far a run is. Orders, moves and rates follow from the seed, the epoch and the step."""

    epoch: int = 0
    """Epochs that are over, their evaluation too."""
    step: int = 0
    """Steps that are done of the epoch at hand."""
    loss: float = 0.0
    """Of those steps: the sum of each one's loss times its examples."""
    correct: int = 0
    """Of those steps: how many examples were classed right."""
    steps: int = 0
    """All updates that were made."""
    threads: int | None = None
    """How many shared the work: with as many the results are the same, bit for bit."""
    seconds: float = 0.0
    history: list[Epoch] = []
    warnings: list[Warned] = []
    best: int = 0
    """The epoch whose parameters were the best so far (0: none), where a run stops early."""
    finished: str = ""
    """Why the run is over: "" while it is not."""
