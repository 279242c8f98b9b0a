"""How a run says where it is: after each piece of work, after each epoch, when something is noticed."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from handgrad.training.state import Epoch, Warned


class Progress(Struct, frozen=True):
    """Where a run is, and how fast: what a progress bar shows."""

    epoch: int
    """From 1."""
    epochs: int
    step: int
    """Steps that are done of the epoch."""
    steps: int
    loss: float
    accuracy: float | None
    rate: float
    """Examples per second, of the epoch so far."""
    left: float
    """Seconds that are left, if all goes on like this."""


class Reporter(Protocol):
    """What follows a run; its methods are called in the course of it."""

    def piece(self, progress: Progress) -> None:
        """Some steps are done."""

    def epoch(self, epoch: Epoch, progress: Progress) -> None:
        """An epoch is over, its evaluation too."""

    def warning(self, warned: Warned) -> None:
        """Something was noticed by ``watch``."""

    def note(self, text: str) -> None:
        """Something that one should know: a checkpoint that was passed over, say."""


class Silent:
    """A reporter that says nothing."""

    def piece(self, progress: Progress) -> None:
        """Nothing."""

    def epoch(self, epoch: Epoch, progress: Progress) -> None:
        """Nothing."""

    def warning(self, warned: Warned) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
