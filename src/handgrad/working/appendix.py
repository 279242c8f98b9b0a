"""All values of what the working leaves out in the middle, as rows of numbers, where they are few enough to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from handgrad.notation.document import Paragraph, Section, Span, Table
from handgrad.notation.nodes import Expr, Fraction, Negative, Number
from handgrad.notation.words import say
from handgrad.ops.op import Shape
from handgrad.working.data import plain
from handgrad.working.layout import shortens
from handgrad.working.operands import Board

MOST_ENTRIES, MOST_IN_ALL = 400, 2_000
"""A quantity of more entries, and what goes beyond so many of all, is only in the CSV."""

LINE = 62
"""Signs of a line of numbers: what fits a terminal and a page beside the index at the side."""

MOST_COLUMNS = 10


def appendix(board: Board, names: Iterable[str]) -> tuple[Section, ...]:
    """The section with the values of those quantities that are written with dots; none if all are whole."""
    left_out = [name for name in names if _left_out(board, name)]
    if not left_out:
        return ()
    printed, room = list[str](), MOST_IN_ALL
    for name in left_out:
        count = len(board.cells(name))
        if count <= min(MOST_ENTRIES, room) and _numbers(board, name):
            printed.append(name)
            room -= count
    note = _note(board, [name for name in left_out if name not in printed])
    tables = [_values(board, name) for name in printed]
    return (Section(say(board.language, "All values"), (note, *tables), "appendix"),)


def _left_out(board: Board, name: str) -> bool:
    examples = board.examples(name) if board.side_by_side(name) else None
    return shortens(board.plan.shape(name), examples)


def _numbers(board: Board, name: str) -> bool:
    """Whether each entry is printed as a number, which a formula with symbols is not."""
    return all(_is_number(board.number(name, *cell)) for cell in board.cells(name))


def _is_number(expression: Expr) -> bool:
    match expression:
        case Negative(inner):
            return _is_number(inner)
        case Number() | Fraction(Number(), Number()):
            return True
    return False


def _note(board: Board, missing: list[str]) -> Paragraph:
    """Where the rest is."""
    if not missing:
        return Paragraph((say(board.language, "What ⋯ and ⋮ leave out above, in full."),), "note")
    spans: list[Span] = [say(board.language, "What ⋯ and ⋮ leave out above, except what is too long to print:"), " "]
    for i, name in enumerate(missing):
        spans += [", "] * bool(i) + [board.symbol(name)]
    return Paragraph((*spans, say(board.language, "; the full values are in the CSV.")), "note")


def _values(board: Board, name: str) -> Table:
    """A quantity as lines of numbers, the places of its entries at the side."""
    numbers = [board.number(name, *cell) for cell in board.cells(name)]
    widest = max(len(plain(number)) for number in numbers)
    columns = max(1, min(MOST_COLUMNS, LINE // (widest + 2)))
    lines = list(_lines(_axes(board, name), columns, board.convention.indices))
    width = max(stop - start for _, start, stop in lines)
    rows = tuple((label, *_filled(numbers[start:stop], width)) for label, start, stop in lines)
    return Table((board.symbol(name), *[""] * width), rows)


def _filled(numbers: list[Expr], width: int) -> tuple[Span, ...]:
    return (*numbers, *[""] * (width - len(numbers)))


def _axes(board: Board, name: str) -> Shape:
    """The axes that the index of a question goes through."""
    shape = board.plan.shape(name)
    return (board.examples(name), *shape) if board.side_by_side(name) else shape


def _lines(axes: Shape, columns: int, base: int) -> Iterator[tuple[str, int, int]]:
    """Each line: the places of its entries in words, and where it starts and stops among all entries.

    Places are counted from ``base``. A line is a part of one row of the array; short rows stand several to a line.
    """
    *leading, last = axes
    rows = list(product(*(range(base, n + base) for n in leading)))
    together = columns // last
    for i in range(0, len(rows), together) if together > 1 else ():
        group = rows[i : i + together]
        yield (
            f"{_index((*group[0], base))} … {_index((*group[-1], last - 1 + base))}",
            i * last,
            (i + len(group)) * last,
        )
    for i, row in enumerate(rows if together <= 1 else ()):
        for start in range(0, last, columns):
            stop = min(start + columns, last)
            left, right = start + base, stop - 1 + base
            span = str(right) if left == right else f"{left}–{right}"
            yield f"[{''.join(f'{n},' for n in row)}{span}]", i * last + start, i * last + stop


def _index(places: Shape) -> str:
    return f"[{','.join(map(str, places))}]"
