"""Targets given as the numbers of classes, written as one-hot arrays."""

from __future__ import annotations

from typing import Any

from flint import fmpq

from handgrad.arithmetic.numerals import Literal
from handgrad.ops.op import Report, Shape

ZERO, ONE = fmpq(0), fmpq(1)


def one_hot(labels: Any, shape: Shape, *, ignore: int | None, report: Report) -> list[fmpq] | None:
    """The target [C][d1…] of one example, row by row, from its labels [d1…]; None after a report.

    ``shape`` is that of the outputs, its first axis the classes. A label is a class from 1 to C, or
    ``ignore``: that place's column is all zero.
    """
    if not shape:
        report("label", "a label needs a network that ends in classes: their axis comes first")
        return None
    classes, places = shape[0], shape[1:]
    flat = _flat(labels, places)
    if flat is None:
        want = "one label" if not places else f"labels of shape {list(places)}, one for each place"
        report("label", f"expected {want}, found {_in_words(labels)}")
        return None
    for label in flat:
        if not _known(label, classes, ignore):
            other = "" if ignore is None else f" or {ignore} (ignored)"
            report("label", f"expected a class from 1 to {classes}{other}, found {_in_words(label)}")
            return None
    return [ONE if label == k and label != ignore else ZERO for k in range(1, classes + 1) for label in flat]


def _known(label: Any, classes: int, ignore: int | None) -> bool:
    return type(label) is int and (1 <= label <= classes or label == ignore)


def _flat(labels: Any, places: Shape) -> list[Any] | None:
    """The labels row by row; None if they have another shape."""
    if not places:
        return None if isinstance(labels, (list, tuple)) else [labels]
    if not isinstance(labels, (list, tuple)) or len(labels) != places[0]:
        return None
    rows = [_flat(row, places[1:]) for row in labels]
    return None if None in rows else [label for row in rows if row is not None for label in row]


def _in_words(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, Literal):
        return str(value)
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
