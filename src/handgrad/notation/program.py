"""A Program: what a working computes, as lines of NumPy beside its equations."""

from __future__ import annotations

from msgspec import Struct


class Cell(Struct, frozen=True):
    """Lines of a program, the expression that shows what they give, and what is then seen ("" where nothing is).

    ``check`` is a line that holds it against what is printed; ``folded``: the lines are data too long to be read.
    """

    lines: tuple[str, ...]
    shows: str
    output: str = ""
    check: str = ""
    folded: bool = False


class Program(Struct, frozen=True):
    """A working as NumPy: the cell of each quantity by its name, those of the steps in the order of computation.

    ``opening`` imports and defines what the cells use, ``answers`` stand in the order of the questions.
    ``notes`` (in English) say what a reader has to know.
    """

    opening: tuple[str, ...]
    notes: tuple[str, ...]
    given: dict[str, Cell]
    steps: dict[str, Cell]
    answers: tuple[Cell, ...]
