"""The layers that an ONNX graph becomes, and what a converter of a node can do with them."""

from __future__ import annotations

import re
from math import prod
from typing import Any, NoReturn

from msgspec import Struct

from handgrad.errors import InputError, Mistake
from handgrad.interop.onnx_model import Graph, Node
from handgrad.network import MAX_ENTRIES, RESERVED
from handgrad.ops import OPS
from handgrad.ops.op import Op, Shape
from handgrad.tables import settings


class Tensor(Struct, frozen=True):
    """A constant with its ``value``, or a quantity: ``source`` is its layer (from 0) or the name of an input.

    The shape of a quantity has no batch axis, that of a constant is the whole.
    """

    shape: Shape
    source: int | str = ""
    value: Any = None


class _Layer(Struct):
    op: Op
    table: dict[str, Any]
    reads: list[int | str]


class Layers:
    """Layers so far, with the arrays and the declared parameters that they read."""

    def __init__(self, graph: Graph, *, batched: bool, file: str) -> None:
        self.graph, self.batched, self.file = graph, batched, file
        lengths = {value.shape[0] for value in graph.inputs if value.shape}
        self.batch: int | None = lengths.pop() if batched and len(lengths) == 1 else None
        """The number of examples, where the model fixes it."""
        self.inputs: dict[str, Shape] = {}
        self.arrays: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}
        self.layers: list[_Layer] = []
        self._uses: dict[str, list[tuple[dict[str, Any], str]]] = {}
        self._counts: dict[str, int] = {}
        self._names: dict[int, str] = {}
        """The name of each array that is kept, by its identity."""

    def named(self, name: str, prefix: str) -> str:
        """A free name for an input or a parameter, as near to the model's as can be."""
        word = re.sub(r"\W", "_", name, flags=re.ASCII)[-30:].strip("_") or prefix
        word = word if word[0].isalpha() and not re.fullmatch(r"[A-Za-z]\d+|[A-Za-z]", word) else f"{prefix}_{word}"
        free, count = word, 1
        while any(free in known for known in (RESERVED, self.inputs, self.parameters, self.arrays)):
            count = self._counts.get(word, 1) + 1
            self._counts[word] = count
            free = f"{word}_{count}"
        return free

    def input(self, name: str, shape: Shape) -> Tensor:
        """A new input."""
        self.inputs[name] = shape
        return Tensor(shape, source=name)

    def array(self, table: dict[str, Any], key: str, name: str, value: Any) -> None:
        """Set a key of a layer's table to an array, kept aside under its name; the same array twice is shared."""
        kept = self._names.get(id(value)) or self.named(name, "w")
        self.arrays[kept], self._names[id(value)] = value, kept
        table[key] = {"file": self.file, "key": kept}
        self._uses.setdefault(kept, []).append((table, key))

    def declared(self, name: str, value: Any) -> str:
        """The name of a parameter that layers read as an input."""
        kept = self._names.get(id(value)) or self.named(name, "c")
        self.arrays[kept], self._names[id(value)] = value, kept
        self.parameters[kept] = {"file": self.file, "key": kept}
        return kept

    def tree(self, output: Tensor, title: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The tree of a problem file whose ŷ is ``output``."""
        if isinstance(output.source, str) or self._read(output.source):
            self.layers.append(_Layer(OPS["identity"](), {"op": "identity"}, [output.source]))
            output = Tensor(output.shape, source=len(self.layers) - 1)
        kept = self._kept(output.source)
        merged = self._merged(kept)
        places = {layer: i + 1 for i, layer in enumerate(k for k in kept if k not in merged)}
        places |= {layer: places[host] for layer, host in merged.items()}
        tables = [self._table(layer, places, merged) for layer in kept if layer not in merged]
        shared = self._share()
        shapes: Any = {name: list(shape) for name, shape in self.inputs.items()}
        read = {source for layer in kept for source in self.layers[layer].reads} | shared
        self.parameters = {name: value for name, value in self.parameters.items() if name in read}
        network: dict[str, Any] = {"input": shapes["x"] if list(shapes) == ["x"] else shapes}
        if self.parameters:
            network["parameters"] = self.parameters
        written = [value for table in tables for value in table.values() if isinstance(value, dict)]
        used = {value["key"] for value in written if "key" in value} | set(self.parameters)
        tree = {"title": title[:100], "arithmetic": "float64", "network": network | {"layers": tables}}
        return tree, {name: value for name, value in self.arrays.items() if name in used}

    def _read(self, layer: Any) -> bool:
        return any(layer in other.reads for other in self.layers)

    def _kept(self, output: Any) -> list[int]:
        """The layers that lead to the output, in order, the output last."""
        wanted = {output}
        for i in range(len(self.layers) - 1, -1, -1):
            if i in wanted:
                wanted.update(source for source in self.layers[i].reads if isinstance(source, int))
        return [*sorted(wanted - {output}), output]

    def _merged(self, kept: list[int]) -> dict[int, int]:
        """Activations that go into the layer before them, with that layer."""
        readers: dict[Any, list[int]] = {}
        for i in kept:
            for source in self.layers[i].reads:
                readers.setdefault(source, []).append(i)
        found: dict[int, int] = {}
        for i in kept:
            layer, source = self.layers[i], self.layers[i].reads[0]
            if layer.op.activates and isinstance(source, int) and len(readers[source]) == 1:
                host = self.layers[source].op
                if not host.activates and host.parameters:
                    found[i] = source
        return found

    def _table(self, i: int, places: dict[int, int], merged: dict[int, int]) -> dict[str, Any]:
        layer = self.layers[i]
        table = layer.table
        names = [source if isinstance(source, str) else f"h{places[source]}" for source in layer.reads]
        first = places[i] == 1
        before = next(iter(self.inputs)) if first else f"h{places[i] - 1}"
        if names != [before]:
            table["from"] = names[0] if len(names) == 1 else names
        activation = next((a for a, host in merged.items() if host == i), None)
        if activation is not None:
            own = self.layers[activation].table
            table["activation"] = own["op"] if len(own) == 1 else own
        return table

    def _share(self) -> set[str]:
        """Declare the arrays that several layers use; their names."""
        shared = {name for name, uses in self._uses.items() if len(uses) > 1 or name in self.parameters}
        for name in shared:
            self.parameters[name] = {"file": self.file, "key": name}
            for table, key in self._uses.get(name, ()):
                table[key] = name
        return shared


class Call:
    """A node that is being converted: what it reads, its settings, and the layers that it adds."""

    def __init__(self, graph: Graph, layers: Layers, node: Node, read: list[Tensor | None]) -> None:
        self.graph, self.layers, self.node, self.read = graph, layers, node, read
        self.batched = layers.batched
        self.opset = graph.opset

    def fail(self, text: str) -> NoReturn:
        """Raise an InputError about this node."""
        raise InputError([Mistake((), f"{self.node}: {text}")], self.graph.file) from None

    def setting(self, name: str, default: Any = None) -> Any:
        """An attribute of the node."""
        value = self.node.attributes.get(name, default)
        if default is not None and value is not None and not self._like(value, default):
            self.fail(f'the attribute "{name}" has the wrong type')
        return value

    @staticmethod
    def _like(value: Any, default: Any) -> bool:
        kinds = (
            (int, float)
            if isinstance(default, float)
            else (list, tuple)
            if isinstance(default, (list, tuple))
            else type(default)
        )
        return isinstance(value, kinds)

    def has(self, place: int) -> bool:
        """Whether there is an input at this place (from 0)."""
        return place < len(self.read) and self.read[place] is not None

    def tensor(self, place: int = 0) -> Tensor:
        """The input at a place, which must be there."""
        found = self.read[place] if place < len(self.read) else None
        if found is None:
            self.fail(f"its input {place + 1} is missing")
        return found

    def quantity(self, place: int = 0) -> Tensor:
        """The input at a place, which must not be a constant."""
        found = self.tensor(place)
        if found.value is not None:
            self.fail(f"its input {place + 1} is a constant, expected a quantity that depends on the data")
        return found

    def constant(self, place: int) -> Any:
        """The value of the input at a place, which must be a constant."""
        found = self.tensor(place)
        if found.value is None:
            self.fail(f'its input {place + 1} ("{self.node.reads[place]}") must be a constant')
        return found.value

    def integers(self, place: int, name: str) -> list[int] | None:
        """Integers that are an input in newer opsets and an attribute in older ones; None where absent."""
        if self.has(place):
            value = self.constant(place)
            if value.dtype.kind not in "iu" or value.ndim > 1 or value.size > 64:
                self.fail(f"its input {place + 1} must be a list of integers")
            return [int(n) for n in value.reshape(-1)]
        found = self.setting(name)
        if found is None:
            return None
        if not isinstance(found, (list, tuple)) or not all(type(n) is int for n in found):
            self.fail(f'the attribute "{name}" must be a list of integers')
        return [int(n) for n in found]

    def rank(self, tensor: Tensor) -> int:
        """How many axes a tensor has in the model."""
        return len(tensor.shape) + (self.batched and tensor.value is None)

    def place(self, axis: int, rank: int) -> int:
        """An axis of the model (maybe from the end) from 0."""
        if not -rank <= axis < rank:
            self.fail(f"it has no axis {axis}: its input has {rank}")
        return axis % rank

    def axis(self, axis: int, rank: int) -> int:
        """An axis of the model as handgrad counts: from 1, without the batch axis."""
        place = self.place(axis, rank)
        if self.batched and place == 0:
            self.fail("it works along axis 0, which is the batch; handgrad's layers work on each example")
        return place if self.batched else place + 1

    def layer(self, name: str, *reads: Tensor, **table: Any) -> Tensor:
        """A new layer; arrays in the table become its parameters. What it gives."""
        if name not in OPS:
            self.fail(f'handgrad has no op "{name}" yet')
        kind = OPS[name]
        arrays = {letter: table[key] for letter, key in kind.parameters.items() if table.get(key) is not None}
        own = {"op": name} | {k: v for k, v in table.items() if k not in kind.parameters.values() and v is not None}
        mistakes: list[Mistake] = []
        op = settings(kind, own, ("op",), (), str(self.node), mistakes)
        if op is None:
            raise InputError([Mistake((), mistake.text) for mistake in mistakes], self.graph.file)
        shape = self._shape(op, reads, arrays)
        for letter, value in arrays.items():
            self._finite(value)
            self.layers.array(own, kind.parameters[letter], self._name(value, letter), value)
        sources = [self._source(tensor) for tensor in reads]
        self.layers.layers.append(_Layer(op, own, sources))
        return Tensor(shape, source=len(self.layers.layers) - 1)

    def _shape(self, op: Op, reads: tuple[Tensor, ...], arrays: dict[str, Any]) -> Shape:
        found: list[str] = []
        letters = dict(zip(op.input_letters(len(reads)), (tensor.shape for tensor in reads), strict=True))
        parameters = {letter: tuple(value.shape) for letter, value in arrays.items()}
        shape = op.shape(lambda key, text: found.append(f"{key}: {text}" if key else text), **letters, **parameters)
        if found or shape is None:
            self.fail(f"as {op.name}: {'; '.join(found)}")
        if prod(shape) > MAX_ENTRIES:
            self.fail(f"its output has shape {list(shape)}, more than {MAX_ENTRIES} entries")
        return shape

    def _name(self, value: Any, letter: str) -> str:
        for name, tensor in zip(self.node.reads, self.read, strict=True):
            if tensor is not None and tensor.value is value:
                return name
        places = dict(zip("WKsb", (1, 1, 1, 2), strict=True))
        place = places.get(letter, 0)
        return self.node.reads[place] if 0 < place < len(self.node.reads) and self.node.reads[place] else letter

    def _finite(self, value: Any) -> None:
        import numpy as np

        if value.dtype.kind == "f" and not np.isfinite(value).all():
            self.fail("a weight is infinite or not a number")

    def _source(self, tensor: Tensor) -> int | str:
        if tensor.value is None:
            return tensor.source
        self._finite(tensor.value)
        return self.layers.declared(self._name(tensor.value, "c"), tensor.value)

    def number(self, value: float) -> Tensor:
        """A number as a constant that stretches to any shape."""
        import numpy as np

        return Tensor((1,), value=np.array([value], np.float32))

    def aligned(self, tensor: Tensor, rank: int) -> Tensor:
        """A constant that is stretched to a quantity of ``rank`` axes, without an axis for the batch."""
        value = tensor.value
        if value is None or not self.batched or value.ndim < rank:
            return tensor
        if value.shape[0] != 1:
            self.fail(f"a constant of shape {list(value.shape)} has other numbers for each example")
        return Tensor(value.shape[1:], value=value.reshape(value.shape[1:]))
