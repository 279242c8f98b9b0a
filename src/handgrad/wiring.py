"""How layers are joined: what each one reads, and an order in which they can be computed.

A layer reads the one before it (the first layer the first input), or what its ``from`` names: an input, a
layer by its own name or as ``h2`` (``a2``: before its activation), a declared parameter.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from handgrad.errors import Mistake, Path
from handgrad.tables import in_words, nearest

LAYERS: Path = ("network", "layers")


class Wiring(Struct, frozen=True):
    """``order``: places of the layers (from 0) in the order of computation; ``reads``: what each of them reads."""

    order: tuple[int, ...]
    reads: tuple[tuple[str, ...], ...]


class _Sources:
    """The quantities that a layer can read, and the layer that gives each (None: it is given)."""

    def __init__(self, layers: list[dict[str, Any]], inputs: list[str], given: list[str], own: dict[str, int]) -> None:
        self.inputs = inputs
        self.giver: dict[str, int | None] = dict.fromkeys([*inputs, *given])
        self.quantity = {name: name for name in self.giver}
        for i, layer in enumerate(layers):
            name = "yhat" if i == len(layers) - 1 else f"h{i + 1}"
            self.giver[name] = i
            self.quantity |= {name: name, f"h{i + 1}": name}
            if "activation" in layer:
                self.giver[f"a{i + 1}"] = i
                self.quantity[f"a{i + 1}"] = f"a{i + 1}"
        self.quantity |= {name: self.quantity[f"h{i + 1}"] for name, i in own.items()}


def wire(
    layers: list[dict[str, Any]],
    inputs: list[str],
    given: list[str],
    own: dict[str, int],
    mistakes: list[Mistake],
) -> Wiring | None:
    """The wiring of layers; None where something is wrong, which is then in ``mistakes``.

    ``inputs`` and ``given`` (declared parameters) are names, ``own`` maps a layer's own name to its place.
    """
    sources, before = _Sources(layers, inputs, given, own), len(mistakes)
    reads: list[tuple[str, ...]] = []
    for i, layer in enumerate(layers):
        path: Path = (*LAYERS, i, "from")
        names = _names(layer["from"], path, mistakes) if "from" in layer else (f"h{i}" if i else inputs[0],)
        for k, name in enumerate(names):
            if name not in sources.quantity:
                known = [*sources.quantity]
                where = (*path, k) if isinstance(layer.get("from"), list) else path
                mistakes.append(Mistake(where, f'layer {i + 1}: unknown quantity "{name}"{nearest(name, known)}'))
        reads.append(tuple(sources.quantity.get(name, name) for name in names))
    if len(mistakes) > before:
        return None
    order = _order(reads, sources, mistakes)
    if order is not None:
        _unread(reads, sources, mistakes)
    return None if order is None or len(mistakes) > before else Wiring(order, tuple(reads))


def _names(value: Any, path: Path, mistakes: list[Mistake]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        found = "an empty list" if value == [] else in_words(value)
        mistakes.append(Mistake(path, f"expected the name of a quantity or a list of names, found {found}"))
        return ()
    return tuple(names)


def _order(reads: list[tuple[str, ...]], sources: _Sources, mistakes: list[Mistake]) -> tuple[int, ...] | None:
    """Each layer after those it reads from, else in the order of the file; a cycle is a mistake."""
    waiting = [{giver for name in names if (giver := sources.giver[name]) is not None} for names in reads]
    order: list[int] = []
    left = list(range(len(reads)))
    done: set[int] = set()
    while left:
        ready = next((i for i in left if waiting[i] <= done), None)
        if ready is None:
            around = " → ".join(f"layer {i + 1}" for i in _cycle(waiting, left, done))
            mistakes.append(Mistake(LAYERS, f"the layers form a cycle: {around}"))
            return None
        left.remove(ready)
        done.add(ready)
        order.append(ready)
    return tuple(order)


def _cycle(waiting: list[set[int]], left: list[int], done: set[int]) -> list[int]:
    path = [left[0]]
    while True:
        nearest = min(waiting[path[-1]] - done)
        if nearest in path:
            return [*path[path.index(nearest) :], nearest][::-1]
        path.append(nearest)


def _unread(reads: list[tuple[str, ...]], sources: _Sources, mistakes: list[Mistake]) -> None:
    """Every layer but the last, and every input, is read by some layer."""
    read = {name for names in reads for name in names}
    givers = {sources.giver[name] for name in read}
    last = len(reads) - 1
    idle = [i for i in range(last) if i not in givers]
    late = [i for i, names in enumerate(reads) if any(sources.giver[name] == last for name in names)]
    mistakes += [Mistake((*LAYERS, i), f"layer {i + 1} is read by no other layer and is not the last") for i in idle]
    mistakes += [
        Mistake((*LAYERS, i), f"layer {i + 1} reads from layer {last + 1}, but the last layer gives the output alone")
        for i in late
    ]
    unread = [name for name in sources.inputs if name not in read]
    mistakes += [Mistake(("network", "input"), f'the input "{name}" is read by no layer') for name in unread]
