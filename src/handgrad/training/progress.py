"""What a run shows while it lasts: a bar that is redrawn in a terminal, else a line now and then."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TextIO

from handgrad.training.reporting import Progress
from handgrad.training.state import Epoch, Warned

EVERY = 10.0
"""Seconds from one line to the next within an epoch, where there is no terminal."""

_BAR = 24
_FULL, _EMPTY = "━", "─"


class Bar:
    """Redraws one line of a terminal; what is over stands above it."""

    def __init__(self, out: TextIO | None = None, columns: int = 80) -> None:
        self.out, self.columns = out or sys.stderr, columns
        self._drawn = False

    def piece(self, progress: Progress) -> None:
        """Draws the bar."""
        share = progress.step / progress.steps
        bar = (_FULL * round(_BAR * share)).ljust(_BAR, _EMPTY)
        words = f"epoch {progress.epoch}/{progress.epochs} {bar} {figures(progress)}"
        self.out.write(f"\r{words[: self.columns - 1].ljust(self.columns - 1)}")
        self.out.flush()
        self._drawn = True

    def epoch(self, epoch: Epoch, progress: Progress) -> None:
        """Writes the epoch's line in place of the bar."""
        self._line(line(epoch, progress))

    def warning(self, warned: Warned) -> None:
        """Writes it above the bar."""
        self._line(warning(warned))

    def note(self, text: str) -> None:
        """Writes it above the bar."""
        self._line(text)

    def close(self) -> None:
        """Leaves the cursor at the start of an empty line."""
        if self._drawn:
            self.out.write("\r" + " " * (self.columns - 1) + "\r")
            self.out.flush()
            self._drawn = False

    def _line(self, text: str) -> None:
        self.close()
        self.out.write(f"{text}\n")
        self.out.flush()


class Lines:
    """A line for each epoch, and within long ones each ``every`` seconds."""

    def __init__(self, out: TextIO | None = None, every: float = EVERY) -> None:
        self.out, self.every = out or sys.stderr, every
        self._since = monotonic()

    def piece(self, progress: Progress) -> None:
        """A line if the last one is long ago."""
        if monotonic() - self._since >= self.every and progress.step < progress.steps:
            self._line(
                f"epoch {progress.epoch}/{progress.epochs} step {progress.step}/{progress.steps} {figures(progress)}"
            )

    def epoch(self, epoch: Epoch, progress: Progress) -> None:
        """A line."""
        self._line(line(epoch, progress))

    def warning(self, warned: Warned) -> None:
        """A line."""
        self._line(warning(warned))

    def note(self, text: str) -> None:
        """A line."""
        self._line(text)

    def close(self) -> None:
        """Nothing is left to be done."""

    def _line(self, text: str) -> None:
        self._since = monotonic()
        self.out.write(f"{text}\n")
        self.out.flush()


def figures(progress: Progress) -> str:
    """Loss, accuracy, examples per second, time left."""
    accuracy = "" if progress.accuracy is None else f"  accuracy {percent(progress.accuracy)}"
    return f"loss {progress.loss:.4f}{accuracy}  {progress.rate:,.0f}/s  {clock(progress.left)} left"


def line(epoch: Epoch, progress: Progress) -> str:
    """An epoch that is over, in one line."""
    words = [f"epoch {epoch.epoch}/{progress.epochs}", f"loss {epoch.loss:.4f}"]
    words += [] if epoch.accuracy is None else [f"accuracy {percent(epoch.accuracy)}"]
    if epoch.held_loss is not None:
        held = "" if epoch.held_accuracy is None else f", accuracy {percent(epoch.held_accuracy)}"
        words.append(f"held out: loss {epoch.held_loss:.4f}{held}")
    words += [f"{progress.rate:,.0f}/s", f"{clock(progress.left)} left"]
    return "  ".join(words)


def warning(warned: Warned) -> str:
    """Something that was noticed, in one line: step, layer, what it is."""
    layer = f"{warned.layer}: " if warned.layer else ""
    return f"warning: step {warned.step}, {layer}{warned.what}: {warned.text}"


def percent(share: float) -> str:
    """A share in per cent, to a tenth."""
    return f"{100 * share:.1f} %"


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:30 or 1:02:03."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
