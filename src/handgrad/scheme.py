"""What answers are worth: the marks of each question, in the problem file.

[marking]
marks = 1                # of an entry that no question gives marks to
slip = 0.5               # the part of its marks that a slip keeps
follow_through = true    # whether what follows from an earlier mistake counts

[[questions]]
ask = "dL/dW1"
marks = 3                # for accuracy, shared among its entries
method = 1               # for the way: earned by anything that the right rule gives
follow_through = false
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Marks = Annotated[float, Meta(ge=0, le=1000)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Marking(Struct, frozen=True, kw_only=True):
    """The table [marking]."""

    marks: Marks = 1
    slip: Share = 0.5
    follow_through: bool = True


class Worth(Struct, frozen=True, kw_only=True):
    """What a question is worth; what it does not say is as the table [marking] has it."""

    marks: Marks | None = None
    method: Marks = 0
    follow_through: bool | None = None


class Scheme(Struct, frozen=True):
    """The marks of a problem: the table [marking], and what each question is worth."""

    marking: Marking = Marking()
    questions: tuple[Worth, ...] = ()
