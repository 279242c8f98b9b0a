"""A model file of another library as a problem file, with its weights in one .safetensors file beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from handgrad.errors import InputError, Mistake
from handgrad.ops import OPS

MAX_INLINE = 16
"""Arrays of at most this many entries stand in the problem file itself."""


def import_model(
    model: str,
    output: str | os.PathLike[str],
    *,
    x: str | None = None,
    seed: int = 1,
    loss: str | None = None,
    label: int | None = None,
) -> None:
    """Writes the problem file of a model file. Raises InputError; then nothing is written.

    ``x``: a .npy file with an input, or a batch of them (one axis more); without it the input is drawn at
    random by ``seed`` when the problem is read. ``loss`` with ``label`` states what to differentiate.
    """
    from handgrad.problem import Problem

    tree, turned = _tree(model)
    shapes = _shapes(tree)
    data: dict[str, Any] = {name: _drawn(tree, name, shape, seed + i) for i, (name, shape) in enumerate(shapes.items())}
    if x is not None:
        name = next(iter(shapes))
        data[name] = _example(x, shapes[name], turned=name in turned)
        data["batch"] = data[name].ndim > len(shapes[name])
    if label is not None:
        data["label"] = [label] * len(data["x"]) if data.get("batch") else label
    if (loss is None) != (label is None):
        message = "--loss and --label belong together: the loss to differentiate and the label it compares with"
        raise InputError(message)
    tree["data"] = data
    if loss is not None:
        tree["loss"] = {"op": loss}
    Problem.from_dict(tree)  # what does not solve is not written
    save(tree, output)


def save(tree: dict[str, Any], file: str | os.PathLike[str]) -> None:
    """Writes a tree of a problem with NumPy arrays in it: TOML, its larger arrays in FILE.safetensors.

    Each file is written aside and renamed, the problem file last. Raises InputError.
    """
    from handgrad.problem_file import dumps, write_text

    target = Path(file)
    beside = target.with_suffix(".safetensors")
    if beside == target:
        _fail("the problem file needs another suffix than its weights: name it .toml", os.fspath(file))
    arrays: dict[str, Any] = {}
    text = dumps(_aside(tree, _names(tree), beside.name, arrays))
    if arrays:
        _write_arrays(beside, arrays)
    write_text(target, text)


def _write_arrays(target: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    try:
        from safetensors.numpy import save as packed
    except ImportError:
        _fail('weights are written by the package safetensors: pip install "handgrad[weights]"', str(target))
    aside = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        with aside.open("xb") as out:
            out.write(packed({name: np.ascontiguousarray(value) for name, value in arrays.items()}))
        aside.replace(target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        _fail(f"cannot be written: {error.strerror or error}", str(target))


def _aside(value: Any, names: dict[int, str], file: str, arrays: dict[str, Any]) -> Any:
    """The tree with names in place of its larger arrays, which are gathered in ``arrays``."""
    if isinstance(value, dict):
        return {key: _aside(part, names, file, arrays) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_aside(part, names, file, arrays) for part in value]
    if not hasattr(value, "dtype"):
        return value
    if value.size <= MAX_INLINE:
        return value.tolist()
    name = names[id(value)]
    arrays[name] = value
    return {"file": file, "key": name}


def _names(tree: dict[str, Any]) -> dict[int, str]:
    """The names of the arrays of a tree: W1 for the weights of layer 1, the keys of the others."""
    network = tree["network"]
    found = [
        (key, value) for table in (network.get("parameters", {}), tree.get("data", {})) for key, value in table.items()
    ]
    for place, layer in enumerate(network["layers"], 1):
        letters = {key: letter for letter, key in OPS[layer["op"]].parameters.items()}
        found += [(f"{letters.get(key, key)}{place}", value) for key, value in layer.items()]
        inner = layer.get("activation")
        found += [(f"{key}{place}", value) for key, value in inner.items()] if isinstance(inner, dict) else []
    return {id(value): name for name, value in found if hasattr(value, "dtype")}


def _tree(model: str) -> tuple[dict[str, Any], set[str]]:
    """The tree, and the inputs whose channels the model keeps last."""
    suffix = Path(model).suffix.lower()
    if suffix not in _READERS:
        _fail(f"expected a model file ({', '.join(_READERS)})", model)
    if not Path(model).is_file():
        _fail("cannot be read: it is a folder" if Path(model).is_dir() else "there is no such file", model)
    try:
        return _READERS[suffix](model)
    except InputError as error:
        raise error if error.file else InputError(error.mistakes, model) from None


def _onnx(model: str) -> tuple[dict[str, Any], set[str]]:
    from handgrad.interop.onnx_import import WEIGHTS, problem_tree_from_onnx

    tree, arrays = problem_tree_from_onnx(model)
    return _restored(tree, WEIGHTS, arrays), set()


def _restored(tree: Any, file: str, arrays: dict[str, Any]) -> Any:
    if isinstance(tree, dict) and tree.get("file") == file:
        return arrays[tree["key"]]
    if isinstance(tree, dict):
        return {key: _restored(value, file, arrays) for key, value in tree.items()}
    return [_restored(value, file, arrays) for value in tree] if isinstance(tree, list) else tree


def _torch(model: str) -> tuple[dict[str, Any], set[str]]:
    """A program of ``torch.export``; what holds no graph is refused. Nothing is unpickled."""
    from handgrad.interop.torch_files import tree_from_program

    return tree_from_program(model), set()


def _keras(model: str) -> tuple[dict[str, Any], set[str]]:
    from handgrad.interop.keras_import import problem_tree_from_keras

    return problem_tree_from_keras(model)


_READERS: dict[str, Callable[[str], tuple[dict[str, Any], set[str]]]] = {
    ".onnx": _onnx,
    ".pt2": _torch,
    ".pt": _torch,
    ".pth": _torch,
    ".keras": _keras,
}


def _shapes(tree: dict[str, Any]) -> dict[str, list[int]]:
    given = tree["network"]["input"]
    return given if isinstance(given, dict) else {"x": given}


def _drawn(tree: dict[str, Any], name: str, shape: list[int], seed: int) -> dict[str, Any]:
    """Random numbers as an input; whole ones where an embedding reads them."""
    for place, layer in enumerate(tree["network"]["layers"]):
        read = layer.get("from", name if place == 0 else None)
        if layer["op"] == "embedding" and name in (read if isinstance(read, list) else [read]):
            weights = layer["weights"]
            table = tree["network"]["parameters"][weights] if isinstance(weights, str) else weights
            base = layer.get("base", 1)
            return {"random": "integers", "seed": seed, "low": base, "high": base + len(table) - 1, "shape": shape}
    return {"random": "normal", "seed": seed, "decimals": 2, "shape": shape}


def _example(file: str, shape: list[int], *, turned: bool) -> Any:
    import numpy as np

    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        _fail(f"cannot be read as a .npy file: {str(error).partition(chr(10))[0]}", file)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        _fail("expected a .npy file of real numbers", file)
    if turned:
        from handgrad.interop.keras_import import channels_first

        values = channels_first(values, shape)
    if list(values.shape) not in (shape, [*values.shape[:1], *shape]):
        _fail(f"expected the shape {shape}, or a batch of it, found {list(values.shape)}", file)
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def _fail(text: str, file: str) -> NoReturn:
    raise InputError([Mistake((), text)], file) from None
