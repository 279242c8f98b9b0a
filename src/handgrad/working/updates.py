"""Several updates on paper: which step a quantity belongs to, and what of many is written out."""

from __future__ import annotations

from collections.abc import Iterable

from handgrad.notation.symbols import parted
from handgrad.ops.updates import Update
from handgrad.plan import Step

ALL_UPDATES = 3
"""So many updates are written out in full; of more the first and what the last comes to."""

FIRST_UPDATES = 2
MOST_LOSSES = 10
"""Losses in the table; of more these and the last."""


def by_update(steps: Iterable[Step]) -> dict[int, list[Step]]:
    """The quantities by the number of their update: its gradients, what moves, then the pass after it."""
    parts: dict[int, list[Step]] = {}
    for step in steps:
        # the gradients with the parameters after one update are those of the next
        gradient = step.name.startswith("dL/d")
        count = parted(step.name.partition("@")[0])[1] + gradient
        parts.setdefault(count, []).append(step)
    return parts


def outcome(step: Step) -> bool:
    """Whether it is a parameter after an update, or the loss then."""
    moved = isinstance(step.op, Update) and step.rule == "forward"
    return moved or parted(step.name)[0] == "L"
