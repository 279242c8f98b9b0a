"""All values of a trace as plain data: nested lists of numbers, exact texts and printed decimals."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from handgrad.arithmetic.value import Real, comparable
from handgrad.query import Query
from handgrad.trace import Trace, flat


def values(trace: Trace, queries: Sequence[Query]) -> dict[str, Any]:
    """The tree that ``to_json`` writes."""
    return trace.decided(lambda: _values(trace, queries))


def _values(trace: Trace, queries: Sequence[Query]) -> dict[str, Any]:
    plan = trace.plan
    steps = plan.chain([query.name for query in queries]) if queries else list(plan.steps.values())
    needed = {name for step in steps for name in (step.name, *step.letters.values())} | {q.name for q in queries}
    return {
        "title": trace.problem.title,
        "arithmetic": trace.arithmetic.name,
        "quantities": {name: _quantity(trace, name) for name in (*plan.given, *plan.steps) if name in needed},
        "steps": [
            {"name": step.name, "section": step.section, "op": step.op.name, "rule": step.rule, "layer": step.layer,
             "from": step.letters}
            for step in steps
        ],
        "answers": [_answer(trace, query) for query in queries],
    }  # fmt: skip


def _quantity(trace: Trace, name: str) -> dict[str, Any]:
    shape = trace.plan.shape(name)
    if trace.problem.batch and trace.batched(name):
        shape = (trace.problem.examples, *shape)
    entries = list(flat(trace.raw(name)))
    given = name in trace.plan.given
    return _described(trace, entries, shape, given=given)


def _described(trace: Trace, entries: list[Any], shape: tuple[int, ...], *, given: bool) -> dict[str, Any]:
    reals = [comparable(entry) for entry in entries]
    described: dict[str, Any] = {"shape": list(shape), "value": nest([_decimal(entry) for entry in reals], shape)}
    if all(isinstance(entry, Real) and entry.fraction is not None for entry in reals):
        described["exact"] = nest([str(entry) for entry in reals], shape)
    elif trace.arithmetic.name == "symbolic":
        described["exact"] = nest([str(entry) for entry in entries], shape)
    shown = [plain(trace.arithmetic.show(entry, given=given).expression) for entry in entries]
    described["shown"] = nest(shown, shape)
    return described


def _answer(trace: Trace, query: Query) -> dict[str, Any]:
    value = trace.value(query)
    answer: dict[str, Any] = {"question": query.text}
    if isinstance(value, (int, tuple)):
        return answer | {"value": value}
    raw = getattr(value, "value", value)
    entries = list(flat(raw)) if hasattr(raw, "shape") and raw.shape else [raw]
    shape = tuple(getattr(raw, "shape", ()))
    return answer | _described(trace, entries, shape, given=False)


def _decimal(entry: Any) -> float | None:
    """The number, or None (null in JSON) where it is too large for a double or a formula; ``shown`` has it."""
    if getattr(entry, "free_symbols", None):
        return None
    number = float(entry)
    return number if isfinite(number) else None


def nest(entries: list[Any], shape: tuple[int, ...]) -> Any:
    """A flat list as nested lists of a shape."""
    if not shape:
        return entries[0]
    size = len(entries) // shape[0]
    rows = [entries[i * size : (i + 1) * size] for i in range(shape[0])]
    return [nest(row, shape[1:]) for row in rows] if len(shape) > 1 else entries


def plain(expression: Any) -> str:
    """A printed number as plain text: "-0.0024", "4/7"; a formula in one line."""
    from handgrad.notation.nodes import Fraction, Negative, Number

    match expression:
        case Number(text):
            return text
        case Negative(inner):
            return f"-{plain(inner)}"
        case Fraction(p, q):
            return f"{plain(p)}/{plain(q)}"
    from handgrad.render.inline import inline

    return inline(expression)
