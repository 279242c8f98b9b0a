"""Reads an ONNX model without trusting it: every promise of the file is checked before memory is spent on it.

What is given back is plain: nodes in the order of the file, constants as NumPy arrays, inputs with shapes.
"""

from __future__ import annotations

import os
from math import prod
from pathlib import Path as FilePath
from typing import Any, NoReturn

from msgspec import Struct

from handgrad.errors import InputError, Mistake

MAX_BYTES = 512 * 2**20
MAX_ENTRIES = 50_000_000
MAX_NODES = 5_000
OLDEST_OPSET = 7
TRAINING = "ai.onnx.preview.training"
DOMAINS = ("", "ai.onnx", TRAINING)

FLOATS = ("float32", "float64", "float16", "bfloat16")
TYPES = (*FLOATS, "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
"""Types of numbers that are read; weights and inputs are floating, indices and sizes are integers."""

_FIELDS = {"float32": "float_data", "float64": "double_data", "int64": "int64_data", "uint64": "uint64_data"}
"""Where a tensor lists its numbers, unless they are raw; all other types use int32_data."""


class Input(Struct, frozen=True):
    """An input of the graph: each length is a number, or None where it is left open."""

    name: str
    type: str
    shape: tuple[int | None, ...] | None


class Node(Struct, frozen=True):
    """One node: ``place`` counts from 1, an absent input is ""."""

    op: str
    domain: str
    name: str
    place: int
    reads: tuple[str, ...]
    gives: tuple[str, ...]
    attributes: dict[str, Any]

    def __str__(self) -> str:
        return f'node {self.place} "{self.name}" ({self.op})' if self.name else f"node {self.place} ({self.op})"


class Graph(Struct, frozen=True):
    """A model's graph."""

    nodes: tuple[Node, ...]
    constants: dict[str, Any]
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    opset: int
    name: str
    file: str

    def fail(self, text: str) -> NoReturn:
        """Raise an InputError about this model."""
        raise InputError([Mistake((), text)], self.file)

    @property
    def giver(self) -> dict[str, Node]:
        """The node that gives each tensor."""
        return {name: node for node in self.nodes for name in node.gives if name}


def package() -> Any:
    """The package onnx, or an InputError that says how to install it."""
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        message = 'ONNX models need the package onnx: pip install "handgrad[onnx]"'
        raise InputError(message) from None
    return onnx


def read_graph(source: Any) -> Graph:
    """The graph of a file, of bytes or of a ModelProto. Raises InputError."""
    onnx = package()
    file, folder = "the model", None
    if isinstance(source, (str, os.PathLike)):
        file, folder = os.fspath(source), FilePath(source).parent
        source = _contents(FilePath(source), file)
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = _parsed(onnx, bytes(source), file)
    if not isinstance(source, onnx.ModelProto):
        message = f"expected a file, bytes or an onnx.ModelProto, found {type(source).__name__}"
        raise InputError(message)
    return _Reader(onnx, source, file, folder).graph()


def _contents(path: FilePath, file: str) -> bytes:
    try:
        if not path.is_file():
            _fail("it is a folder" if path.is_dir() else "there is no such file", file)
        size = path.stat().st_size
        if size > MAX_BYTES:
            _fail(f"the file has {size} bytes, at most {MAX_BYTES} are read", file)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        _fail(f"cannot be read: {getattr(error, 'strerror', None) or error}", file)


def _parsed(onnx: Any, data: bytes, file: str) -> Any:
    from google.protobuf.message import DecodeError

    if not data:
        _fail("the file is empty, expected an ONNX model", file)
    if len(data) > MAX_BYTES:
        _fail(f"the model has {len(data)} bytes, at most {MAX_BYTES} are read", file)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, RuntimeError, ValueError, RecursionError):
        _fail("this is no ONNX model, or it is cut off", file)
    return model


def _fail(text: str, file: str) -> NoReturn:
    raise InputError([Mistake((), text)], file) from None


class _Reader:
    """Checks a parsed model part by part; the first mistake ends it."""

    def __init__(self, onnx: Any, model: Any, file: str, folder: FilePath | None) -> None:
        self.onnx, self.model, self.file, self.folder = onnx, model, file, folder
        self.entries = 0

    def _fail(self, text: str) -> NoReturn:
        _fail(text, self.file)

    def graph(self) -> Graph:
        """Everything, checked."""
        model = self.model
        if not model.HasField("graph"):
            self._fail("the model has no graph; is the file cut off?")
        if model.functions:
            self._fail(f'the local function "{model.functions[0].name}" is not read; inline it (onnx.inliner) first')
        if model.graph.sparse_initializer:
            self._fail("sparse initialisers are not read; store them as dense tensors")
        if len(model.graph.node) > MAX_NODES:
            self._fail(f"the graph has {len(model.graph.node)} nodes, at most {MAX_NODES} are read")
        opset = self._opset()
        constants = self._initialisers()
        inputs = tuple(self._input(value) for value in model.graph.input if value.name not in constants)
        nodes = tuple(self._node(i + 1, node) for i, node in enumerate(model.graph.node))
        outputs = tuple(value.name for value in model.graph.output)
        self._names(nodes, [value.name for value in inputs], constants, outputs)
        return Graph(nodes, constants, inputs, outputs, opset, model.graph.name, self.file)

    def _opset(self) -> int:
        newest = self.onnx.defs.onnx_opset_version()
        versions = {entry.domain: entry.version for entry in self.model.opset_import}
        version = int(versions.get("", versions.get("ai.onnx", 0)))
        if not version and not versions:
            self._fail("the model does not say its opset; is the file cut off?")
        if version and not OLDEST_OPSET <= version <= newest:
            self._fail(
                f"opset {version} is not read, only {OLDEST_OPSET} to {newest}; convert it (onnx.version_converter)"
            )
        return version or newest

    def _initialisers(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for tensor in self.model.graph.initializer:
            if not tensor.name or tensor.name in found:
                self._fail(
                    f'two initialisers have the name "{tensor.name}"' if tensor.name else "an initialiser has no name"
                )
            found[tensor.name] = self._tensor(tensor, f'the initialiser "{tensor.name}"')
        return found

    def _type(self, number: int, what: str) -> str:
        try:
            name = str(self.onnx.helper.tensor_dtype_to_np_dtype(number)).lower()
        except (KeyError, ValueError, TypeError):
            name = ""
        if name not in TYPES:
            known = dict(self.onnx.TensorProto.DataType.items())
            label = next((word for word, n in known.items() if n == number), f"number {number}")
            self._fail(f"{what} has the type {label}, which is not read; floats and integers are")
        return name

    def _tensor(self, tensor: Any, what: str) -> Any:
        kind, dims = self._type(tensor.data_type, what), tuple(tensor.dims)
        if any(n < 0 for n in dims):
            self._fail(f"{what} has a negative length: {list(dims)}")
        self.entries += prod(dims)
        if prod(dims) > MAX_ENTRIES or len(dims) > 64 or self.entries > 4 * MAX_ENTRIES:
            self._fail(f"{what} of shape {list(dims)} is too large, at most {MAX_ENTRIES} entries are read")
        width = self.onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        if tensor.data_location == self.onnx.TensorProto.EXTERNAL:
            return self._external(tensor, dims, width, what)
        if tensor.HasField("raw_data"):
            found, unit = len(tensor.raw_data), width * prod(dims)
        else:
            found, unit = len(getattr(tensor, _FIELDS.get(kind, "int32_data"))), prod(dims)
        if found != unit:
            noun = "bytes" if tensor.HasField("raw_data") else "numbers"
            self._fail(f"{what} of shape {list(dims)} needs {unit} {noun}, found {found}")
        try:
            return self.onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError, RuntimeError, OverflowError) as error:
            self._fail(f"{what} cannot be read: {error}")

    def _external(self, tensor: Any, dims: tuple[int, ...], width: int, what: str) -> Any:
        import numpy as np

        entries = {entry.key: entry.value for entry in tensor.external_data}
        if self.folder is None:
            self._fail(f"{what} lies in another file; read the model from its file")
        path = self._inside(entries.get("location", ""), what)
        offset, length = (
            self._count(entries.get(key, default), what) for key, default in (("offset", "0"), ("length", ""))
        )
        need = prod(dims) * width
        if length is not None and length != need:
            self._fail(f"{what} of shape {list(dims)} needs {need} bytes, found {length}")
        if (offset or 0) + need > path.stat().st_size:
            self._fail(f'{what} reaches past the end of "{path.name}"')
        with path.open("rb") as stream:
            stream.seek(offset or 0)
            raw = stream.read(need)
        dtype = self.onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
        return np.frombuffer(raw, dtype.newbyteorder("<") if dtype.kind in "fiu" else dtype).astype(dtype).reshape(dims)

    def _inside(self, location: str, what: str) -> FilePath:
        root = (self.folder or FilePath()).resolve()
        try:
            path = (root / location).resolve()
            good = bool(location) and path.is_relative_to(root)
            exists = good and path.is_file()
        except (OSError, ValueError, RuntimeError):
            good = exists = False
        if not good:
            self._fail(f'{what} lies outside the model\'s folder: "{location[:80]}"')
        if not exists:
            self._fail(f'{what} lies in "{location[:80]}", which is not there')
        return path

    def _count(self, text: str, what: str) -> int | None:
        if text and not (text.isascii() and text.isdigit() and len(text) < 19):
            self._fail(f'{what} lies at "{text[:40]}", expected a number of bytes')
        return int(text) if text else None

    def _input(self, value: Any) -> Input:
        what = f'the input "{value.name}"'
        if not value.type.HasField("tensor_type"):
            self._fail(f"{what} is no tensor")
        tensor = value.type.tensor_type
        kind = self._type(tensor.elem_type, what)
        if not tensor.HasField("shape"):
            return Input(value.name, kind, None)
        shape = tuple(int(d.dim_value) if d.HasField("dim_value") else None for d in tensor.shape.dim)
        if any(n is not None and n < 0 for n in shape):
            self._fail(f"{what} has a negative length: {list(shape)}")
        if prod(n or 1 for n in shape) > MAX_ENTRIES:
            self._fail(f"{what} of shape {list(shape)} is too large, at most {MAX_ENTRIES} entries are read")
        return Input(value.name, kind, shape)

    def _node(self, place: int, node: Any) -> Node:
        attributes: dict[str, Any] = {}
        found = Node(node.op_type, node.domain, node.name, place, tuple(node.input), tuple(node.output), attributes)
        if node.domain not in DOMAINS:
            self._fail(f'{found}: the domain "{node.domain[:80]}" is not read, only that of ONNX itself')
        for attribute in node.attribute:
            attributes[attribute.name] = self._attribute(found, attribute)
        return found

    def _attribute(self, node: Node, attribute: Any) -> Any:
        kinds = self.onnx.AttributeProto
        if attribute.type == kinds.TENSOR:
            return self._tensor(attribute.t, f'{node}: the attribute "{attribute.name}"')
        if attribute.type not in (kinds.FLOAT, kinds.INT, kinds.STRING, kinds.FLOATS, kinds.INTS, kinds.STRINGS):
            return None  # a graph or a type, which no op that is read has
        try:
            value = self.onnx.helper.get_attribute_value(attribute)
            return (
                value.decode()
                if isinstance(value, bytes)
                else value
                if isinstance(value, (int, float))
                else [item.decode() if isinstance(item, bytes) else item for item in value]
            )
        except (ValueError, UnicodeDecodeError):
            self._fail(f'{node}: the attribute "{attribute.name[:80]}" cannot be read')

    def _names(self, nodes: tuple[Node, ...], inputs: list[str], constants: dict[str, Any], outputs: Any) -> None:
        given = set(constants)
        for name in inputs:
            if name in given or not name:
                self._fail(f'two inputs have the name "{name}"' if name else "an input has no name")
            given.add(name)
        for giver, name in ((node, name) for node in nodes for name in node.gives if name):
            if name in given:
                self._fail(f'{giver}: it gives "{name}", which is given already')
            given.add(name)
        for node in nodes:
            missing = next((name for name in node.reads if name and name not in given), None)
            if missing is not None:
                self._fail(f'{node}: it reads "{missing}", which nothing gives')
        absent = next((name for name in outputs if name not in given), None)
        if not outputs or absent is not None:
            self._fail(f'nothing gives the output "{absent}"' if outputs else "the graph has no output")
