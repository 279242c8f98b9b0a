"""Nodes that read constants alone, worked out while a model is read."""

from __future__ import annotations

from math import prod
from typing import Any

from handgrad.interop.onnx_layers import Call, Tensor
from handgrad.interop.onnx_model import MAX_ENTRIES, package

_BROADCAST = (
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Max",
    "Min",
    "Sum",
    "Mean",
    "Equal",
    "Where",
    "Mod",
    "Less",
    "Greater",
    "And",
    "Or",
)
_SMALLER = ("Abs", "Cast", "Ceil", "Clip", "Exp", "Floor", "Identity", "Log", "Neg", "Not", "Reciprocal", "Sqrt")
_MOVED = ("Concat", "Flatten", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze")
_SPECIAL = ("Constant", "ConstantOfShape", "Expand", "Gather", "Range", "Size", "Tile")
FOLDED = frozenset((*_BROADCAST, *_SMALLER, *_MOVED, *_SPECIAL))


def shape_of(call: Call, tensor: Tensor) -> Tensor:
    """The shape of a tensor; the length of the batch stands as −1, which Reshape understands."""
    import numpy as np

    shape = tensor.shape if tensor.value is not None else (*((-1,) if call.batched else ()), *tensor.shape)
    start, end = call.setting("start", 0), call.setting("end")
    value = np.array(shape[start:end], np.int64)
    return Tensor(value.shape, value=value)


def size_of(call: Call, tensor: Tensor) -> Tensor:
    """How many entries a tensor has."""
    import numpy as np

    if call.batched and tensor.value is None:
        call.fail("the number of all entries depends on the batch")
    return Tensor((), value=np.array(prod(tensor.shape), np.int64))


def fold(call: Call) -> dict[str, Tensor]:
    """What a node of constants gives, by name."""
    node, values = call.node, [None if tensor is None else tensor.value for tensor in call.read]
    value = _constant(call) if node.op == "Constant" else _evaluated(call, values)
    if value.size > MAX_ENTRIES:
        call.fail(f"its result of shape {list(value.shape)} is too large, at most {MAX_ENTRIES} entries")
    return {node.gives[0]: Tensor(value.shape, value=value)}


def _constant(call: Call) -> Any:
    import numpy as np

    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
    given = call.node.attributes
    if hasattr(given.get("value"), "dtype"):
        return given["value"]
    key = next((key for key in kinds if given.get(key) is not None), None)
    if key is None:
        call.fail("a constant without a value that is read (a dense tensor, floats or integers)")
    return np.array(given[str(key)], kinds[str(key)])


def _evaluated(call: Call, values: list[Any]) -> Any:
    import numpy as np

    if _size(call, values) > MAX_ENTRIES:
        call.fail(f"its result would have more than {MAX_ENTRIES} entries")
    onnx = package()
    from onnx.reference import ReferenceEvaluator

    names = [f"x{i}" if value is not None else "" for i, value in enumerate(values)]
    given = call.node.attributes
    given = {k: onnx.numpy_helper.from_array(v) if hasattr(v, "dtype") else v for k, v in given.items()}
    made = onnx.helper.make_node(call.node.op, names, ["y"], **given)
    feeds = {name: value for name, value in zip(names, values, strict=True) if name}
    try:
        with np.errstate(all="ignore"):
            return np.asarray(ReferenceEvaluator(made, opsets={"": call.opset}).run(None, feeds)[0])
    except Exception as error:  # noqa: BLE001  whatever the evaluator stumbles over is a fault of the model
        call.fail(f"its constants do not fit: {str(error)[:200]}")


def _size(call: Call, values: list[Any]) -> int:
    """An upper bound of the entries of the result."""
    import numpy as np

    op, present = call.node.op, [value for value in values if value is not None]
    if op in _BROADCAST:
        try:
            return prod(int(n) for n in np.broadcast_shapes(*(value.shape for value in present)))
        except ValueError:
            call.fail(f"shapes {', '.join(str(list(v.shape)) for v in present)} do not fit")
    total = sum(int(value.size) for value in present)
    if op in {"ConstantOfShape", "Expand", "Tile"} and present:
        lengths: list[int] = [abs(int(n)) for n in present[-1].reshape(-1)[:64].tolist()]
        return prod(lengths) * (1 if op == "ConstantOfShape" else max(int(present[0].size), 1))
    if op == "Range" and len(present) == 3:
        start, stop, step = (float(value) for value in present)
        return int(abs((stop - start) / step)) if step else MAX_ENTRIES + 1
    if op == "Gather" and len(present) == 2:
        return int(present[0].size * max(present[1].size, 1))
    return total
