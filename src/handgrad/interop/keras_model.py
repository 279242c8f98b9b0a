"""What a Keras model is made of: its configuration and its arrays, of a ``.keras`` file or of a live model.

The file is a zip of ``config.json`` and ``model.weights.h5``. Both are read as data: no class that they name is
built, nothing in them is run, and no other file that they point at is opened.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from math import prod
from typing import Any
from zipfile import BadZipFile, ZipFile

from msgspec import Struct

from handgrad.errors import InputError

MAX_CONFIG = 16 * 2**20
MAX_WEIGHTS = 512 * 2**20
MAX_LAYERS = 2000
MODELS = ("Sequential", "Functional")
_DAMAGED = "its weights are damaged"


class KerasModel(Struct):
    """The class of a model, its configuration, and the arrays of each of its layers."""

    kind: str
    config: dict[str, Any]
    arrays: list[list[Any]]


def read_model(model: Any) -> KerasModel:
    """The parts of a ``.keras`` file or of a live model. Raises InputError."""
    if hasattr(model, "get_config") and hasattr(model, "layers"):
        kind = type(model).__name__
        config = model.get_config()
        _check(kind, config)
        live = {layer.name: [_plain(value) for value in layer.get_weights()] for layer in model.layers}
        names = [table.get("config", {}).get("name") for table in config["layers"]]
        return KerasModel(kind, config, [live.get(name, []) for name in names])
    try:
        with ZipFile(model) as archive:
            return _from_archive(archive)
    except InputError:
        raise
    except BadZipFile:
        message = "expected a .keras file (a zip archive), found something else or a part of one"
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
    except (zlib.error, EOFError, RuntimeError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        message = f"the archive is damaged: {str(error)[:200]}"
    raise InputError(message)


def _from_archive(archive: ZipFile) -> KerasModel:
    try:
        tree = json.loads(_member(archive, "config.json", MAX_CONFIG))
    except (ValueError, RecursionError):
        message = "its config.json is no valid JSON of a reasonable depth"
        raise InputError(message) from None
    tree = tree if isinstance(tree, dict) else {}
    kind, config = tree.get("class_name"), tree.get("config", {})
    _check(kind, config)
    return KerasModel(str(kind), config, _arrays(_member(archive, "model.weights.h5", MAX_WEIGHTS), str(kind), config))


def _member(archive: ZipFile, name: str, most: int) -> bytes:
    if name not in archive.namelist():
        message = f"the archive has no {name}; is it the format of Keras 3 (model.save('model.keras'))?"
        raise InputError(message)
    data = b""
    declared = archive.getinfo(name).file_size
    if declared <= most:
        with archive.open(name) as stream:
            data = stream.read(most + 1)
    if max(declared, len(data)) > most:
        message = f"{name} is too large, expected at most {most // 2**20} MiB"
        raise InputError(message)
    return data


def _check(kind: Any, config: Any) -> None:
    if kind not in MODELS:
        message = f"the model is a {str(kind)[:60]}, expected a Sequential or a Functional model"
        raise InputError(message)
    layers = config.get("layers") if isinstance(config, dict) else None
    sound = isinstance(layers, list) and all(
        isinstance(layer, dict) and isinstance(layer.get("config"), dict) and isinstance(layer.get("class_name"), str)
        for layer in layers
    )
    if not sound or not layers or len(layers) > MAX_LAYERS:
        message = f"its configuration has no list of at most {MAX_LAYERS} layers"
        raise InputError(message)


def _arrays(data: bytes, kind: str, config: dict[str, Any]) -> list[list[Any]]:
    try:
        import h5py
    except ImportError:
        message = 'a .keras file needs the package h5py: pip install "handgrad[keras]"'
        raise InputError(message) from None
    used: dict[str, int] = {}
    found: list[list[Any]] = []
    room = MAX_WEIGHTS
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            for table in config["layers"]:
                if kind == "Sequential" and table["class_name"] == "InputLayer":
                    found.append([])
                    continue
                name = _snake(table["class_name"])
                used[name] = used.get(name, -1) + 1
                name = f"{name}_{used[name]}" if used[name] else name
                found.append(_of_layer(h5py, file, ("layers", name, "vars"), room))
                room -= sum(value.nbytes for value in found[-1])
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError):
        raise InputError(_DAMAGED) from None
    return found


def _of_layer(h5py: Any, file: Any, path: tuple[str, ...], room: int) -> list[Any]:
    """The arrays of a group, in the order of their numbers, together at most ``room`` bytes.

    Links that lead elsewhere are not followed.
    """
    group = file
    for name in path:
        if name not in group:
            return []
        if not isinstance(group.get(name, getlink=True), h5py.HardLink) or not isinstance(group[name], h5py.Group):
            raise InputError(_DAMAGED)
        group = group[name]
    arrays = []
    for number in range(len(group)):
        name = str(number)
        if name not in group:
            break
        value = group[name] if isinstance(group.get(name, getlink=True), h5py.HardLink) else None
        if not isinstance(value, h5py.Dataset) or value.is_virtual or value.external or value.dtype.kind not in "fiu":
            raise InputError(_DAMAGED)
        room -= prod(value.shape) * max(4, value.dtype.itemsize)
        if room < 0:
            message = f"an array of shape {list(value.shape)} is too large"
            raise InputError(message)
        arrays.append(_plain(value[()]))
    return arrays


def _plain(value: Any) -> Any:
    """Floats of 32 or 64 bits; others as the former."""
    import numpy as np

    array = np.asarray(value)
    return array if array.dtype.kind == "f" and array.dtype.itemsize in {4, 8} else array.astype(np.float32)


def _snake(name: str) -> str:
    """A class's name as Keras writes it in its files: SeparableConv2D is separable_conv2d."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
