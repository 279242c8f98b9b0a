"""The table of ops: each with its formula and its keys in a problem file, from the registry."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import fields

from handgrad.notation.document import Section, Table
from handgrad.ops import LOSSES, OPS, PENALTIES, UPDATES
from handgrad.ops.op import Op
from handgrad.working.document import Document


def catalogue() -> Document:
    """The ops, losses and updates as tables of name, formula and keys."""
    sections = (
        Section("Layers", (_table(op for op in OPS.values() if not op.activates),)),
        Section("Activations (also layers of their own)", (_table(op for op in OPS.values() if op.activates),)),
        Section("Losses", (_table(LOSSES.values()),)),
        Section("Penalties", (_table(PENALTIES.values()),)),
        Section("Updates", (_table(UPDATES.values()),)),
    )
    return Document("The ops of handgrad", sections)


def _table(ops: Iterable[type[Op]]) -> Table:
    header = ("Op", "Formula, derivative, convention", "Keys; ONNX; PyTorch")
    return Table(header, tuple(_row(op) for op in sorted(ops, key=lambda op: op.name)))


def _row(op: type[Op]) -> tuple[str, str, str]:
    said = f"{formula(op)}. {op.convention}".strip()
    return op.name, said, "; ".join([", ".join(keys(op)) or "–", op.onnx or "–", op.torch or "–"])


def formula(op: type[Op]) -> str:
    """The first sentence of the op's docstring: its formula and how the gradient is handed on."""
    return " ".join((op.__doc__ or "").strip().partition("\n\n")[0].split()).rstrip(".")


def keys(op: type[Op]) -> list[str]:
    """The keys of the op's table in a problem file."""
    return [*op.parameters.values(), *(field.name for field in fields(op))]
