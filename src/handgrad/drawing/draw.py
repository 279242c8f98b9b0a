"""The whole network as one Picture."""

from __future__ import annotations

from handgrad.notation.picture import Picture
from handgrad.trace import Trace


def draw(trace: Trace, *, values: bool = True, gradients: bool = True) -> Picture:
    """To be written."""
    del values, gradients
    return Picture(0, 0, (), trace.problem.title)
