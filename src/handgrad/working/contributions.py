"""What a long sum is mostly made of: its largest terms, and how much of it they are."""

from __future__ import annotations

from heapq import nlargest

from handgrad.notation.document import Block, Paragraph, Table
from handgrad.notation.nodes import Number
from handgrad.notation.words import say
from handgrad.ops.op import Shape
from handgrad.ops.textbook import Term, long_sums
from handgrad.plan import Step
from handgrad.working.operands import Board, Numbers, Symbols, Values
from handgrad.working.steps import entry_form
from handgrad.working.sums import value

LISTED = 5


def contributions(board: Board, step: Step | None, example: int, index: Shape) -> tuple[Block, ...]:
    """The largest terms of an entry that is one long sum; nothing for any other entry."""
    if step is None or not step.op.has_entry(step.rule) or board.trace.arithmetic.name == "symbolic":
        return ()
    found = [_only_sum(board, step, example, index, kind) for kind in (Values, Symbols, Numbers)]
    if any(one is None for one in found):
        return ()
    (count, value_of), (_, symbols_of), (_, numbers_of) = (one for one in found if one is not None)
    try:
        values = [value(value_of(k)) for k in range(count)]
    except (ArithmeticError, TypeError):
        return ()
    sizes = [abs(one) for one in values]
    whole, largest = sum(sizes), nlargest(LISTED, range(count), key=sizes.__getitem__)
    if not whole:
        return ()
    share = sum(sizes[k] for k in largest) / whole
    text = say(
        board.language,
        "The sum has {count} terms; the {listed} largest by size make up {share} % of the sum of sizes:",
        count=count,
        listed=LISTED,
        share=board.convention.decimal(f"{100 * share:.3g}"),
    )
    rows = tuple((symbols_of(k), numbers_of(k), _printed(values[k])) for k in largest)
    return Paragraph((text,)), Table(tuple(say(board.language, word) for word in ("Term", "Numbers", "Value")), rows)


def _only_sum(board: Board, step: Step, example: int, index: Shape, kind: type[Numbers]) -> tuple[int, Term] | None:
    with long_sums() as found:
        entry_form(board, step, example, index, kind)
    return found[0] if len(found) == 1 else None


def _printed(number: float) -> Number:
    return Number(f"{number:.4g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e"), number)
