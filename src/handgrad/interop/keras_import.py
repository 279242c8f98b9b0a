"""A Keras model as a problem, read from its file without Keras, or from the live model.

Keras keeps the channels of an image on its last axis, handgrad on its first. Inputs that convolutions or
pooling read are turned so, kernels with them; ``transpose`` stands where a layer needs the order of Keras
(``Flatten`` before ``Dense``), so that the weights keep their meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handgrad.errors import InputError
from handgrad.interop import keras_windows
from handgrad.interop.keras_layers import LAYERS, Call, Tensor, nearest_layer
from handgrad.interop.keras_model import read_model
from handgrad.interop.layers import Gathered

if TYPE_CHECKING:
    from handgrad.interop.keras_model import KerasModel
    from handgrad.problem import Problem

TABLES = (keras_windows,)
"""The files that fill the table of readers."""


def from_keras(model: Any, x: Any = None, y: Any = None, loss: Any = None) -> Problem:
    """The problem of a Keras model (the name of a ``.keras`` file, or a live Sequential or Functional model).

    ``x``: the input, or a table of inputs by name (``x1``, ``x2`` in the model's order), with the channels last
    as Keras has them; with one axis more than an example it is a batch; drawn at random where it is absent.
    ``loss`` is the name of a loss or its table, ``y`` the target. Raises InputError.
    """
    from handgrad.interop.onnx_import import _inputs, _shapes
    from handgrad.problem import Problem

    tree, turned = problem_tree_from_keras(model)
    shapes = _shapes(tree["network"]["input"])
    data, batch = _inputs(shapes, x)
    if x is not None:
        data = {name: channels_first(value, shapes[name]) if name in turned else value for name, value in data.items()}
    tree["data"] = data | {"batch": batch}
    if loss is not None:
        tree["loss"] = {"op": loss} if isinstance(loss, str) else loss
    if y is not None:
        tree["data"]["y"] = y
    return Problem.from_dict(tree)


def channels_first(value: Any, shape: list[int]) -> Any:
    """An input of Keras, or a batch of them, with its channels before its places."""
    import numpy as np

    return np.moveaxis(value, -1, value.ndim - len(shape)) if value.ndim >= len(shape) else value


def problem_tree_from_keras(model: Any) -> tuple[dict[str, Any], set[str]]:
    """The tree of a problem without [data], arrays in it, and the inputs whose channels were moved.

    Raises InputError.
    """
    reader = _Reader(read_model(model))
    return {"arithmetic": "float64", "network": reader.gathered.tree()}, reader.turned


class _Reader:
    """Reads the layers in the order of the configuration, which is one in which they can be worked."""

    def __init__(self, model: KerasModel) -> None:
        self.gathered = Gathered()
        self.turned: set[str] = set()
        self.tensors: dict[tuple[str, int], Tensor] = {}
        self.model = model
        self.ranks = {table["class_name"][-2:-1] for table in self._tables() if table["class_name"][-1:] == "D"}
        try:
            last = self._sequential() if model.kind == "Sequential" else self._functional()
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError):
            message = "its configuration is damaged"
            raise InputError(message) from None
        if last.first and len(last.shape) > 1:
            order = [*range(2, len(last.shape) + 1), 1]
            name = self.gathered.add("output", {"op": "transpose", "axes": order}, [last.name])
            last = Tensor(name, (*last.shape[1:], last.shape[0]), first=False)
        self.gathered.output = last.name

    def _tables(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.model.config["layers"]
        return found

    def _input(self, name: str, shape: Any) -> Tensor:
        if not isinstance(shape, (list, tuple)) or not all(type(n) is int and n > 0 for n in shape[1:]):
            message = (
                f"the input {name[:60]} has the shape {str(shape)[:60]}; give it lengths for all axes but the batch"
            )
            raise InputError(message)
        example = tuple(shape[1:])
        first = len(example) > 1 and str(len(example) - 1) in self.ranks
        own = "x" if self._inputs() == 1 else f"x{len(self.gathered.inputs) + 1}"
        if first:
            self.turned.add(own)
            example = (example[-1], *example[:-1])
        self.gathered.inputs[own] = example or (1,)
        return Tensor(own, example or (1,), first=first)

    def _inputs(self) -> int:
        return max(1, len([table for table in self._tables() if table["class_name"] == "InputLayer"]))

    def _sequential(self) -> Tensor:
        tables = self._tables()
        tensor = None
        for table, arrays in zip(tables, self.model.arrays, strict=True):
            config = table["config"]
            if table["class_name"] == "InputLayer":
                tensor = self._input(str(config["name"]), config.get("batch_shape"))
                continue
            if tensor is None:
                built = table.get("build_config") or {}
                tensor = self._input("x", built.get("input_shape") or self.model.config.get("build_input_shape"))
            tensor = self._layer(table, arrays, [tensor], 0)
        if tensor is None:
            message = "the model has no layers"
            raise InputError(message)
        return tensor

    def _functional(self) -> Tensor:
        waiting = []
        for table, arrays in zip(self._tables(), self.model.arrays, strict=True):
            name = str(table["config"]["name"])
            if table["class_name"] == "InputLayer":
                self.tensors[name, 0] = self._input(name, table["config"].get("batch_shape"))
            for place, node in enumerate(table["inbound_nodes"]):
                waiting.append((name, place, table, arrays, _read(node)))
        while waiting:
            ready = [entry for entry in waiting if all(key in self.tensors for key in entry[4])]
            if not ready:
                message = f"the layer {waiting[0][0][:60]} reads what no layer gives"
                raise InputError(message)
            for name, place, table, arrays, reads in ready:
                self.tensors[name, place] = self._layer(table, arrays, [self.tensors[key] for key in reads], place)
            waiting = [entry for entry in waiting if (entry[0], entry[1]) not in self.tensors]
        outputs = self.model.config["output_layers"]
        outputs = [outputs] if isinstance(outputs[0], str) else outputs
        if len(outputs) != 1:
            message = f"the model has {len(outputs)} outputs; handgrad has one, ŷ"
            raise InputError(message)
        return self.tensors[outputs[0][0], outputs[0][1]]

    def _layer(self, table: dict[str, Any], arrays: list[Any], reads: list[Tensor], place: int) -> Tensor:
        kind, name = table["class_name"], str(table["config"].get("name", ""))
        if kind not in LAYERS:
            message = f'layer "{name[:60]}" ({kind[:60]}): has no counterpart{nearest_layer(kind)}'
            raise InputError(message)
        call = Call(self.gathered, kind, name, table["config"], arrays, reads, place)
        try:
            return LAYERS[kind](call)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            missing = f": it lacks {error}" if isinstance(error, KeyError) else ""
            call.fail(f"its configuration or its weights are damaged{missing}")


def _read(node: dict[str, Any]) -> list[tuple[str, int]]:
    """What a layer reads at one of its uses, in order."""
    found: list[tuple[str, int]] = []
    waiting: list[Any] = [node["args"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple)):
            waiting += reversed(value)
        elif isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            name, place, _ = value["config"]["keras_history"]
            found.append((name, place))
    if not found:
        message = "a layer of the model reads no tensor"
        raise InputError(message)
    return found
