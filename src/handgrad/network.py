"""The network: nodes in the order of computation, their parameters, shapes solved on construction.

Layer i's op gives the quantity ``a{i}`` and its activation ``h{i}``; a layer without activation gives
``h{i}`` only. The last output is ``yhat`` (and ``h{L}`` too). Parameters are ``W{i}``, ``b{i}``, ``K{i}``.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from msgspec import Struct, ValidationError, convert
from msgspec.structs import fields

from handgrad.arithmetic.numerals import Literal
from handgrad.arithmetic.written import WrittenArray, array
from handgrad.errors import InputError, Mistake, Path
from handgrad.ops import OPS
from handgrad.ops.op import Constant, Op, Shape
from handgrad.sources import load

MAX_ENTRIES = 50_000_000
"""The largest array that a layer may give."""


class Node(Struct, frozen=True):
    """One op at its place: the quantity it gives, the one it reads, its parameters and shapes."""

    name: str
    op: Op
    reads: str
    layer: int
    parameters: dict[str, str]
    """The name of each parameter by its letter: ``{"W": "W1"}``."""
    reads_shape: Shape
    shape: Shape


class Network:
    """A chain of layers. ``layers`` are tables as in a problem file, ``input`` the shape they read.

    Where the first layer is dense with its weights written out, they tell the input.
    Raises InputError that lists every mistake found.
    """

    def __init__(self, layers: list[dict[str, Any]], input: Any = None, *, folder: FilePath | None = None) -> None:  # noqa: A002  the file's key
        builder = Builder(folder or FilePath())
        builder.build(layers, columns_of_first(layers) if input is None else input)
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
        self.input: Shape = builder.input
        self.nodes: tuple[Node, ...] = tuple(builder.nodes)
        self.parameters: dict[str, WrittenArray] = builder.parameters
        self.aliases: dict[str, str] = builder.aliases
        """Other names of quantities: ``h3`` for ``yhat``, own names of layers."""

    @property
    def output(self) -> Shape:
        """The shape of ŷ."""
        return self.nodes[-1].shape

    def __repr__(self) -> str:
        return f"Network({list(self.input)} → {' → '.join(node.op.name for node in self.nodes)})"


def columns_of_first(layers: list[dict[str, Any]]) -> int | None:
    """How many inputs the weights of a first dense layer have columns for; None where that is not said."""
    weights = layers[0].get("weights") if layers and isinstance(layers[0], dict) else None
    try:
        return len(weights[0])  # type: ignore[index]  # what is no matrix is refused where it is read
    except (TypeError, KeyError, IndexError):
        return None


class Builder:
    """Reads layers one after another and gathers every mistake."""

    def __init__(self, folder: FilePath) -> None:
        self.folder = folder
        self.mistakes: list[Mistake] = []
        self.nodes: list[Node] = []
        self.parameters: dict[str, WrittenArray] = {}
        self.aliases: dict[str, str] = {}
        self.input: Shape = ()

    def build(self, layers: Any, input_shape: Any) -> None:
        """Fill nodes and parameters."""
        path: Path = ("network", "layers")
        if not isinstance(layers, list) or not layers:
            found = "none" if layers in (None, []) else in_words(layers)
            self._mistake(path, f"expected at least one layer ([[network.layers]]), found {found}")
            return
        shape = self._input_shape(input_shape)
        if not shape:
            return
        for i, layer in enumerate(layers):
            if not isinstance(layer, dict):
                self._mistake((*path, i), f"expected a table, found {in_words(layer)}")
                return
            after = self._layer(i + 1, layer, shape, last=i == len(layers) - 1)
            if after is None:
                break
            shape = after

    def _mistake(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

    def _input_shape(self, given: Any) -> Shape:
        sizes = [given] if isinstance(given, int) else given
        good = isinstance(sizes, (list, tuple)) and all(type(n) is int and 0 < n <= MAX_ENTRIES for n in sizes)
        if not good or not 1 <= len(sizes) <= 4:
            self._mistake(
                ("network", "input"), f"expected a positive integer or a list of 1 to 4, found {in_words(given)}"
            )
            return ()
        self.input = tuple(sizes)
        return self.input

    def _layer(self, number: int, table: dict[str, Any], shape: Shape, *, last: bool) -> Shape | None:
        path: Path = ("network", "layers", number - 1)
        op = self._op(path, number, table, ("name", "activation"), must_activate=False)
        activation = table.get("activation")
        act = None if activation is None else self._activation(path, number, activation)
        if op is None:
            return None
        self._own_name(path, number, table.get("name"), last=last)
        after = self._node(
            path, number, op, table, shape, name=self._name("h" if act is None else "a", number, last=last)
        )
        if after is not None and act is not None:
            after = self._node((*path, "activation"), number, act, {}, after, name=self._name("h", number, last=last))
        if last:
            self.aliases[f"h{number}"] = "yhat"
        return after

    def _name(self, letter: str, number: int, *, last: bool) -> str:
        return "yhat" if last and letter == "h" else f"{letter}{number}"

    def _own_name(self, path: Path, number: int, name: Any, *, last: bool) -> None:
        if name is None:
            return
        if not isinstance(name, str) or not name.isidentifier() or len(name) > 40:
            self._mistake((*path, "name"), f"expected a short word of letters, digits and _, found {in_words(name)}")
        elif name in self.aliases or name in _RESERVED or (name[:-1].isalpha() and name[-1:].isdigit()):
            self._mistake((*path, "name"), f'the name "{name}" is taken or could be a quantity; choose another')
        else:
            self.aliases[name] = "yhat" if last else f"h{number}"

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

    def _node(self, path: Path, number: int, op: Op, table: dict[str, Any], shape: Shape, *, name: str) -> Shape | None:
        names, shapes = self._parameters(path, number, op, table, shape)
        if names is None:
            return None

        def report(key: str, text: str) -> None:
            self._mistake((*path, key) if key else path, f"layer {number} ({op.name}): {text}")

        before = len(self.mistakes)
        after = op.shape(report, x=shape, **shapes)
        if after is not None and len(self.mistakes) == before:
            reads = self.nodes[-1].name if self.nodes else "x"
            self.nodes.append(Node(name, op, reads, number, names, shape, after))
        return after

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
            written = self._array((*path, key), table[key], op.expected(letter, x, shapes))
            if written is None:
                return None, {}
            names[letter], shapes[letter] = f"{letter}{number}", written.shape
            self.parameters[f"{letter}{number}"] = written
        return names, shapes

    def _array(self, path: Path, value: Any, shape: Shape | None) -> WrittenArray | None:
        return read_array(value, path, self.folder, shape, self.mistakes)


_RESERVED = ("x", "y", "yhat", "L", "losses", "sum", "mean", "max", "argmax")


def read_array(
    value: Any, path: Path, folder: FilePath, shape: Shape | None, mistakes: list[Mistake]
) -> WrittenArray | None:
    """Numbers written in the file, or a table that says where they are."""
    if isinstance(value, dict):
        return load(value, path, folder, shape, mistakes)
    return array(value, path, mistakes, symbols=True)


def settings(
    kind: type[Op], table: dict[str, Any], others: tuple[str, ...], path: Path, context: str, mistakes: list[Mistake]
) -> Op | None:
    """The op with the settings of its table; every unknown or wrong key is a mistake."""
    own = {field.name: field for field in fields(kind)}
    unknown = [key for key in table if key not in own and key not in others]
    for key in unknown:
        text = f'{context}: unknown key "{key}"{nearest(key, [*own, *(o for o in others if o != "op")])}'
        mistakes.append(Mistake((*path, key), text))
    missing = [name for name, field in own.items() if field.required and name not in table]
    mistakes += [Mistake((*path, key), f'{context}: the key "{key}" is missing') for key in missing]
    values = {key: value for key, value in table.items() if key in own}
    for key, value in values.items():
        problem = _setting_problem(key, value, own[key].type)
        if problem:
            mistakes.append(Mistake((*path, key), f"{context}: {problem}"))
            unknown.append(key)
    return None if unknown or missing else convert(values, kind, dec_hook=_constant)


def _setting_problem(key: str, value: Any, expected: Any) -> str | None:
    try:
        convert(value, expected, dec_hook=_constant)
    except ValidationError as error:
        text = str(error).partition(" - at ")[0]
        if " got " in text:
            text = text.partition(", got ")[0].replace("`", "").replace("Expected", "expected").replace("array", "list")
            return f"{text} for {key}, found {in_words(value)}"
        choices = getattr(expected, "__args__", ())
        if "enum" in text and choices:
            return f"expected {' or '.join(in_words(choice) for choice in choices)} for {key}, found {in_words(value)}"
        return f"{key}: {text[0].lower()}{text[1:]}"
    return None


def _constant(kind: type[Constant], value: Any) -> Constant:
    """msgspec's hook for the types that it does not know: a Constant is the only one."""
    return kind(value)


def in_words(value: Any) -> str:
    """What a value of the file is, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a table" if isinstance(value, dict) else str(value)[:40]


def nearest(word: Any, known: list[str]) -> str:
    """A hint: "; did you mean …?" or the list of what is known."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), known, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(sorted(known))}"
