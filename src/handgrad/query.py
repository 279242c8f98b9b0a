"""Questions: "dL/dW1[2,3]", "a2", "sum(dL/dK1)". Indices count from 1, as on paper, or from 0 by the notation.

A question is a quantity, an entry of one, or sum, mean, max, argmax of one.
"""

from __future__ import annotations

from msgspec import Struct

from handgrad.errors import InputError
from handgrad.ops.op import Shape
from handgrad.plan import HIDDEN, Plan

FUNCTIONS = ("sum", "mean", "max", "argmax")
LONGEST = 200


class Query(Struct, frozen=True):
    """A parsed question: the quantity, the index (places from 0; None: all of it), the function ("": none)."""

    text: str
    name: str
    index: Shape | None = None
    function: str = ""


def parse(text: str, plan: Plan) -> Query:
    """A question as a Query; InputError if it is none, or asks for what the problem has not."""
    clean = _plain(text)
    if len(text) > LONGEST or not clean:
        message = f"a question has 1 to {LONGEST} characters, this one has {len(text.strip())}"
        raise InputError(message)
    head, bracket, rest = clean.partition("(")
    if bracket:
        if head not in FUNCTIONS or not rest.endswith(")"):
            message = f'cannot read the question "{text}"; a function is one of {", ".join(FUNCTIONS)} with ( )'
            raise InputError(message)
        inner = _quantity(rest[:-1], text, plan)
        return Query(text, inner.name, inner.index, head)
    return _quantity(clean, text, plan)


_SPELLINGS = (("∂", "d"), ("′", "'"), ("’", "'"), ("ŷ", "yhat"), ("y_hat", "yhat"), ("ℓ", "losses"))


def _plain(text: str) -> str:
    clean = "".join(text.split())
    for written, name in _SPELLINGS:
        clean = clean.replace(written, name)
    return clean


def _quantity(clean: str, text: str, plan: Plan) -> Query:
    name, bracket, rest = clean.partition("[")
    quantity = plan.resolve(name)
    if quantity is None:
        raise InputError(_unknown(name, text, plan))
    if not bracket:
        return Query(text, quantity)
    return Query(text, quantity, _index(rest, quantity, text, plan))


def _unknown(name: str, text: str, plan: Plan) -> str:
    from difflib import get_close_matches

    known = [known for known in plan.names if known not in HIDDEN]
    if name.startswith("dL/d") and not any(step.section == "backward" for step in plan.steps.values()):
        return f'"{text}" asks for a gradient, but the problem has no [loss]'
    close = [other for other in known if other.lower() == name.lower()]
    close = close or get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known[:30])}"
    return f'unknown quantity "{name[:40]}"; {hint}'


def _index(rest: str, name: str, text: str, plan: Plan) -> Shape:
    parts = rest[:-1].split(",")
    if not rest.endswith("]") or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        message = f'cannot read the index of "{text}"; it is written as in W1[2,3], places counted from {plan.base}'
        raise InputError(message)
    shape = plan.shape(name)
    axes = (plan.examples, *shape) if plan.batch and name in plan.batched else shape
    index = tuple(int(part) for part in parts)
    if not axes and index == (plan.base,):
        return ()
    if len(index) != len(axes):
        wanted = f"{len(axes)} places" if len(axes) != 1 else "1 place"
        message = f'"{text}": {name} has {wanted}{_axes(axes)}, the index has {len(index)}'
        raise InputError(message)
    for axis, (place, length) in enumerate(zip(index, axes, strict=True)):
        first, last = plan.base, plan.base + length - 1
        if not first <= place <= last:
            message = f'"{text}": place {axis + 1} of {name} runs from {first} to {last}, found {place}'
            raise InputError(message)
    return tuple(place - plan.base for place in index)


def _axes(axes: Shape) -> str:
    return f" ({' × '.join(str(axis) for axis in axes)})" if axes else " (it is a single number)"
