"""The whole network as one Picture."""

from __future__ import annotations

from handgrad.notation.picture import Picture
from handgrad.trace import Trace


def draw(trace: Trace) -> Picture:
    """To be written."""
    return Picture(0, 0, (), trace.problem.title)
