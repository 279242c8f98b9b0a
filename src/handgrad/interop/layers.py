"""Layers gathered from another library's graph, then numbered and written as the network of a problem.

While a graph is read its quantities bear the library's names. ``Gathered.tree`` numbers them, folds an
activation into the layer before it where nothing else reads that layer, and declares the parameters that
several layers share.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from handgrad.ops import OPS
from handgrad.ops.op import Shape


class Layer(Struct):
    """One layer of the graph: its table without ``from``, what it reads and its place in the other library."""

    table: dict[str, Any]
    reads: list[str]


class Gathered:
    """What was read of a graph so far."""

    def __init__(self) -> None:
        self.inputs: dict[str, Shape] = {}
        self.arrays: dict[str, Any] = {}
        """Parameters by their names in the library; a layer's table says ``Named(name)`` where it uses one."""
        self.layers: dict[str, Layer] = {}
        self.output = ""
        self.origins: dict[str, str] = {}
        """Of each parameter of the problem its name in the library; filled by ``tree``."""

    def add(self, name: str, table: dict[str, Any], reads: list[str]) -> str:
        """A layer that gives the quantity ``name``."""
        self.layers[name] = Layer(table, reads)
        return name

    def tree(self) -> dict[str, Any]:
        """The table [network] of a problem; arrays stand in it as they are."""
        layers = self._folded(self._needed())
        places = {name: f"h{i + 1}" for i, name in enumerate(layers)}
        shared = self._shared(list(layers.values()))
        tables: list[dict[str, Any]] = []
        before = next(iter(self.inputs))
        for name, layer in layers.items():
            self._remember(layer, len(tables) + 1, shared)
            table = {key: self._value(value, shared) for key, value in layer.table.items()}
            reads = [places.get(source, shared.get(source, source)) for source in layer.reads]
            if reads != [before]:
                table["from"] = reads[0] if len(reads) == 1 else reads
            tables.append(table)
            before = places[name]
        inputs = {name: list(shape) for name, shape in self.inputs.items()}
        network: dict[str, Any] = {"input": inputs["x"] if list(inputs) == ["x"] else inputs}
        if shared:
            network["parameters"] = {own: self.arrays[name] for name, own in shared.items()}
        return network | {"layers": tables}

    def _needed(self) -> dict[str, Layer]:
        """The layers that the output needs, in their order; the output is the last."""
        needed, waiting = set(), [self.output]
        while waiting:
            name = waiting.pop()
            if name in self.layers and name not in needed:
                needed.add(name)
                waiting += self.layers[name].reads
        if self.output not in self.layers:
            self.add(self.output + ".output", {"op": "identity"}, [self.output])
            return {self.output + ".output": self.layers[self.output + ".output"]}
        return {name: layer for name, layer in self.layers.items() if name in needed}

    def _folded(self, layers: dict[str, Layer]) -> dict[str, Layer]:
        """Activations folded into the layer they follow, where they are its only reader."""
        readers: dict[str, int] = {}
        for layer in layers.values():
            for source in layer.reads:
                readers[source] = readers.get(source, 0) + 1
        folded: dict[str, Layer] = {}
        moved: dict[str, str] = {}
        for name, layer in layers.items():
            reads = [moved.get(source, source) for source in layer.reads]
            giver = folded.get(reads[0])
            activates = OPS[layer.table["op"]].activates and len(reads) == 1
            if activates and giver is not None and _takes_activation(giver) and readers[layer.reads[0]] == 1:
                alone = len(layer.table) == 1
                giver.table["activation"] = layer.table["op"] if alone else layer.table
                moved[name] = reads[0]
            else:
                folded[name] = Layer(dict(layer.table), reads)
        return folded

    def _shared(self, layers: list[Layer]) -> dict[str, str]:
        """Parameters that are used more than once, or read as quantities: their names in the problem."""
        uses: dict[str, int] = {}
        for layer in layers:
            named = [value.name for value in layer.table.values() if isinstance(value, Named)]
            read = [source for source in layer.reads if source in self.arrays]
            for name in named + read * 2:
                uses[name] = uses.get(name, 0) + 1
        names = [name for name, count in uses.items() if count > 1]
        return {name: f"P_{i + 1}" for i, name in enumerate(names)}

    def _remember(self, layer: Layer, number: int, shared: dict[str, str]) -> None:
        for letter, key in OPS[layer.table["op"]].parameters.items():
            value = layer.table.get(key)
            if isinstance(value, Named):
                self.origins[shared.get(value.name, f"{letter}{number}")] = value.name
        self.origins |= {shared[source]: source for source in layer.reads if source in shared}

    def _value(self, value: Any, shared: dict[str, str]) -> Any:
        if not isinstance(value, Named):
            return value
        return shared.get(value.name, self.arrays[value.name])


class Named(Struct, frozen=True):
    """A parameter by its name in the other library."""

    name: str


def _takes_activation(layer: Layer) -> bool:
    kind = OPS[layer.table["op"]]
    return bool(kind.parameters) and not kind.activates and "activation" not in layer.table
