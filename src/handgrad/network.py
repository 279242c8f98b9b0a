"""The network: nodes in the order of computation, their parameters, shapes solved on construction.

Layer i's op gives the quantity ``a{i}`` and its activation ``h{i}``; a layer without activation gives
``h{i}`` only. The last output is ``yhat`` (and ``h{L}`` too). Parameters are ``W{i}``, ``b{i}``, ``K{i}``,
or bear the name under which they are declared and shared.
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path as FilePath
from typing import Any

from msgspec import Struct

from handgrad.arithmetic.written import WrittenArray, array
from handgrad.errors import InputError, Mistake, Path
from handgrad.ops import OPS
from handgrad.ops.attention import Composite
from handgrad.ops.op import Op, Shape
from handgrad.sources import load
from handgrad.tables import in_words, nearest, settings
from handgrad.wiring import Wiring, wire

MAX_AXES = 6

MAX_ENTRIES = 50_000_000
"""The largest array that a layer may give."""


class Node(Struct, frozen=True):
    """One op at its place: the quantity it gives, those it reads, its parameters and shapes."""

    name: str
    op: Op
    reads: tuple[str, ...]
    layer: int
    parameters: dict[str, str]
    """The name of each parameter by its letter: ``{"W": "W1"}``."""
    shape: Shape

    @property
    def inputs(self) -> dict[str, str]:
        """The quantity that it reads under each letter of its rules."""
        return dict(zip(self.op.input_letters(len(self.reads)), self.reads, strict=True))


class Network:
    """Layers joined to a graph. ``layers`` are tables as in a problem file, ``input`` the shape they read.

    Several inputs are a table of names and shapes; ``parameters`` are arrays that layers share by name.
    Where the first layer is dense with its weights written out, they tell the input.
    Raises InputError that lists every mistake found.
    """

    def __init__(
        self,
        layers: list[dict[str, Any]],
        input: Any = None,  # noqa: A002  the file's key
        parameters: dict[str, Any] | None = None,
        *,
        folder: FilePath | None = None,
    ) -> None:
        builder = Builder(folder or FilePath())
        builder.build(layers, columns_of_first(layers) if input is None else input, parameters or {})
        if builder.mistakes:
            raise InputError(builder.mistakes)
        self._take(builder)

    @classmethod
    def of(cls, builder: Builder) -> Network:
        """The network of a builder that found no mistakes."""
        network = cls.__new__(cls)
        network._take(builder)  # noqa: SLF001  its own class
        return network

    def _take(self, builder: Builder) -> None:
        self.inputs: dict[str, Shape] = builder.inputs
        self.nodes: tuple[Node, ...] = tuple(builder.nodes)
        self.parameters: dict[str, WrittenArray] = builder.parameters
        self.aliases: dict[str, str] = builder.aliases
        """Other names of quantities: ``h3`` for ``yhat``, own names of layers."""

    @property
    def input(self) -> Shape:
        """The shape of the (first) input."""
        return next(iter(self.inputs.values()))

    @property
    def last(self) -> Node:
        """The node that gives ŷ."""
        return next(node for node in self.nodes if node.name == "yhat")

    @property
    def output(self) -> Shape:
        """The shape of ŷ."""
        return self.last.shape

    def shape(self, name: str) -> Shape:
        """The shape of an input, a parameter or what a node gives (without the batch axis)."""
        if name in self.inputs:
            return self.inputs[name]
        if name in self.parameters:
            return self.parameters[name].shape
        return next(node.shape for node in self.nodes if node.name == name)

    def __repr__(self) -> str:
        inputs = ", ".join(str(list(shape)) for shape in self.inputs.values())
        return f"Network({inputs} → {' → '.join(node.op.name for node in self.nodes)})"

    def _repr_html_(self) -> str:
        from handgrad.render.summary import network

        return network(self)


def columns_of_first(layers: list[dict[str, Any]]) -> int | None:
    """How many inputs the weights of a first dense layer have columns for; None where that is not said."""
    weights = layers[0].get("weights") if layers and isinstance(layers[0], dict) else None
    try:
        return len(weights[0])  # type: ignore[index]  # what is no matrix is refused where it is read
    except (TypeError, KeyError, IndexError):
        return None


RESERVED = ("y", "yhat", "L", "L0", "losses", "label", "batch", "weight", "unit", "sum", "mean", "max", "argmax")
_OUTPUT = re.compile(r"[ahR]\d+")
_QUANTITY = re.compile(r"[A-Za-z]\d+")
"""Names that layers give of themselves, or could."""


class Builder:
    """Reads the layers in the order of computation and gathers every mistake."""

    def __init__(self, folder: FilePath) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []
        self.nodes: list[Node] = []
        self.inputs: dict[str, Shape] = {}
        self.parameters: dict[str, WrittenArray] = {}
        self.aliases: dict[str, str] = {}
        self._declared: tuple[str, ...] = ()
        self._own: dict[str, int] = {}
        self._shapes: dict[str, Shape] = {}

    def build(self, layers: Any, inputs: Any, parameters: Any) -> None:
        """Fill nodes and parameters."""
        path: Path = ("network", "layers")
        if not isinstance(layers, list) or not layers:
            found = "none" if layers in (None, []) else in_words(layers)
            self._mistake(path, f"expected at least one layer ([[network.layers]]), found {found}")
            return
        self._inputs(inputs)
        self._declare(parameters)
        if self.mistakes:
            return
        for i, layer in enumerate(layers):
            if not isinstance(layer, dict):
                self._mistake((*path, i), f"expected a table, found {in_words(layer)}")
                return
            self._own_name((*path, i), i, layer.get("name"), last=i == len(layers) - 1)
        wiring = wire(layers, list(self.inputs), list(self._declared), self._own, self.mistakes)
        if wiring is None:
            return
        self._shapes = {**self.inputs, **{name: self.parameters[name].shape for name in self._declared}}
        for i in wiring.order:
            if not self._layer(i + 1, layers[i], wiring.reads[i], last=i == len(layers) - 1):
                return
        self._unused(wiring)

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

    def _inputs(self, given: Any) -> None:
        if not isinstance(given, dict):
            self.inputs = {"x": self._shape(("network", "input"), given)}
            return
        if not given:
            self._mistake(("network", "input"), "expected at least one input with its shape, found none")
        for name, sizes in given.items():
            if self._free(("network", "input", name), name, _OUTPUT):
                self.inputs[name] = self._shape(("network", "input", name), sizes)

    def _shape(self, path: Path, given: Any) -> Shape:
        sizes = [given] if isinstance(given, int) else given
        good = isinstance(sizes, (list, tuple)) and all(type(n) is int and 0 < n <= MAX_ENTRIES for n in sizes)
        if not good or len(sizes) > MAX_AXES or prod(sizes) > MAX_ENTRIES:
            self._mistake(path, f"expected a positive integer or a list of up to {MAX_AXES}, found {in_words(given)}")
            return ()
        return tuple(sizes)

    def _declare(self, parameters: Any) -> None:
        path: Path = ("network", "parameters")
        if not isinstance(parameters, dict):
            self._mistake(path, f"expected a table of names and arrays, found {in_words(parameters)}")
            return
        for name, value in parameters.items():
            written = self._array((*path, name), value, None) if self._free((*path, name), name, _OUTPUT) else None
            if written is not None:
                self.parameters[name] = written
        self._declared = tuple(self.parameters)

    def _free(self, path: Path, name: Any, quantity: re.Pattern[str] = _QUANTITY) -> bool:
        """Whether a name can be given to an input, a parameter or a layer; else it is a mistake."""
        if not isinstance(name, str) or not name.isidentifier() or len(name) > 40:
            self._mistake(path, f"expected a short word of letters, digits and _, found {in_words(name)}")
        elif name in {*self._own, *self.inputs, *self.parameters, *RESERVED} or quantity.fullmatch(name):
            self._mistake(path, f'the name "{name}" is taken or could be a quantity; choose another')
        else:
            return True
        return False

    def _own_name(self, path: Path, place: int, name: Any, *, last: bool) -> None:
        if name is None:
            return
        if self._free((*path, "name"), name):
            self._own[name] = place
            self.aliases[name] = "yhat" if last else f"h{place + 1}"

    def _unused(self, wiring: Wiring) -> None:
        used = {name for node in self.nodes for name in node.parameters.values()}
        used |= {name for names in wiring.reads for name in names}
        for name in self._declared:
            if name not in used:
                self._mistake(("network", "parameters", name), f'the parameter "{name}" is used by no layer')

    def _layer(self, number: int, table: dict[str, Any], reads: tuple[str, ...], *, last: bool) -> bool:
        """Add the nodes of a layer; whether that was possible."""
        path: Path = ("network", "layers", number - 1)
        op = self._op(path, number, table, ("name", "activation", "from"), must_activate=False)
        activation = table.get("activation")
        act = None if activation is None else self._activation(path, number, activation)
        if op is None:
            return False
        name = self._name("h" if act is None else "a", number, last=last)
        done = self._node(path, number, op, table, reads, name=name)
        if done and act is not None:
            given = activation if isinstance(activation, dict) else {}
            after = self._name("h", number, last=last)
            done = self._node((*path, "activation"), number, act, given, (name,), name=after)
        if last:
            self.aliases[f"h{number}"] = "yhat"
        return done

    def _name(self, letter: str, number: int, *, last: bool) -> str:
        return "yhat" if last and letter == "h" else f"{letter}{number}"

    def _activation(self, path: Path, number: int, given: Any) -> Op | None:
        table = {"op": given} if isinstance(given, str) else given
        path = (*path, "activation")
        if not isinstance(table, dict):
            self._mistake(path, f"expected the name of an op or a table, found {in_words(given)}")
            return None
        return self._op(path, number, table, (), must_activate=True)

    def _op(
        self, path: Path, number: int, table: dict[str, Any], keys: tuple[str, ...], *, must_activate: bool
    ) -> Op | None:
        name = table.get("op")
        known = [op for op, kind in OPS.items() if kind.activates or not must_activate]
        if not isinstance(name, str) or name not in known:
            what = "an activation" if must_activate else "an op"
            found = in_words(name)
            where = path if must_activate and "op" not in table else (*path, "op")
            self._mistake(where, f"layer {number}: expected {what}, found {found}{nearest(name, known)}")
            return None
        kind = OPS[name]
        context = f"layer {number} ({name})"
        return settings(kind, table, (*kind.parameters.values(), "op", *keys), path, context, self.mistakes)

    def _node(
        self, path: Path, number: int, op: Op, table: dict[str, Any], reads: tuple[str, ...], *, name: str
    ) -> bool:
        context, before = f"layer {number} ({op.name})", len(self.mistakes)
        shapes = self._read_shapes(path, context, op, reads)
        if shapes is None or not self._unclaimed(path, name):
            return False
        if isinstance(op, Composite):
            return self._composite(path, number, op, shapes, reads, name=name)
        names, parameters = self._parameters(path, number, op, table, next(iter(shapes.values())))
        if names is None:
            return False

        def report(key: str, text: str) -> None:
            self._mistake((*path, key) if key else path, f"{context}: {text}")

        after = op.shape(report, **shapes, **parameters)
        if after is not None and prod(after) > MAX_ENTRIES:
            report("", f"its output has shape {list(after)}, more than {MAX_ENTRIES} entries")
        if after is None:
            return False
        self._shapes[name] = after
        if len(self.mistakes) == before:
            self.nodes.append(Node(name, op, reads, number, names, after))
        return True

    def _composite(
        self, path: Path, number: int, op: Composite, shapes: dict[str, Shape], reads: tuple[str, ...], *, name: str
    ) -> bool:
        """The parts of a composition as nodes of one layer: s3, p3, … and the layer's own name for the last."""
        context = f"layer {number} ({op.name})"
        if op.shape(lambda key, text: self._mistake((*path, key), f"{context}: {text}"), **shapes) is None:
            return False
        parts, names = op.parts(**shapes), dict(zip(shapes, reads, strict=True))
        for part in parts:
            names[part.letter] = name if part is parts[-1] else f"{part.letter}{number}"
            sources = tuple(names[letter] for letter in part.reads)
            if not self._node(path, number, part.op, {}, sources, name=names[part.letter]):
                return False
        return True

    def _read_shapes(self, path: Path, context: str, op: Op, reads: tuple[str, ...]) -> dict[str, Shape] | None:
        if not op.variadic and len(reads) != len(op.inputs):
            wanted = "one quantity" if len(op.inputs) == 1 else f"{len(op.inputs)} quantities"
            self._mistake((*path, "from"), f"{context}: it reads {wanted}, found {len(reads)}")
            return None
        if all(name in self._declared for name in reads):
            self._mistake((*path, "from"), f"{context}: it reads parameters only, expected some data among them")
            return None
        if any(name not in self._shapes for name in reads):
            return None
        return {letter: self._shapes[name] for letter, name in zip(op.input_letters(len(reads)), reads, strict=True)}

    def _parameters(
        self, path: Path, number: int, op: Op, table: dict[str, Any], x: Shape
    ) -> tuple[dict[str, str] | None, dict[str, Shape]]:
        names: dict[str, str] = {}
        shapes: dict[str, Shape] = {}
        for letter, key in op.parameters.items():
            if key not in table:
                if letter not in op.optional:
                    self._mistake((*path, key), f'layer {number} ({op.name}): the key "{key}" is missing')
                    return None, {}
                continue
            name = self._parameter((*path, key), f"{letter}{number}", table[key], op.expected(letter, x, shapes))
            if name is None:
                return None, {}
            names[letter], shapes[letter] = name, self.parameters[name].shape
        return names, shapes

    def _parameter(self, path: Path, name: str, value: Any, expected: Shape | None) -> str | None:
        """The name of a layer's parameter: that of a shared one, or its own."""
        if isinstance(value, str) and value in self.parameters:
            return value
        if not self._unclaimed(path, name):
            return None
        written = self._array(path, value, expected)
        if written is not None:
            self.parameters[name] = written
        return None if written is None else name

    def _unclaimed(self, path: Path, name: str) -> bool:
        """Whether a name that a layer gives of itself is still free; else it is a mistake."""
        if name in self.parameters or name in self.inputs:
            self._mistake(path, f'the name "{name}" is that of another quantity; share it, or rename that one')
            return False
        return True

    def _array(self, path: Path, value: Any, shape: Shape | None) -> WrittenArray | None:
        return read_array(value, path, self.folder, shape, self.mistakes)


def read_array(
    value: Any, path: Path, folder: FilePath, shape: Shape | None, mistakes: list[Mistake]
) -> WrittenArray | None:
    """Numbers written in the file, or a table that says where they are."""
    if isinstance(value, dict):
        return load(value, path, folder, shape, mistakes)
    return array(value, path, mistakes, symbols=True)
