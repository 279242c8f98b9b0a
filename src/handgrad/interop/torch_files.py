"""PyTorch's files: a program of ``torch.export`` is read, what holds no graph is refused with what to do.

Nothing is unpickled, and nothing that a file says is run: the operations of its graph and the expressions of
its sizes are checked before PyTorch sees them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zipfile import BadZipFile, ZipFile

from handgrad.errors import InputError

MAX_GRAPH = 64 * 2**20
MAX_BYTES = 2 * 2**30
"""Bytes that an archive may unpack to."""

_GRAPHS = ("models/model.json", "serialized_exported_program.json")
_OPERATION = re.compile(r"torch\.ops\.aten\.\w+\.\w+|_operator\.(getitem|add|sub|mul|floordiv|eq|ge|le|gt|lt)")
_WORD = re.compile(r"[A-Za-z_.]\w*")
_SIZES = re.compile(r"[su]\d+|Max|Min|Mod|FloorDiv|Eq|Ne|Ge|Le|Gt|Lt|VR|int_oo|oo")
_EXPORT = "program = torch.export.export(module.eval(), (x,)); torch.export.save(program, 'model.pt2')"
_STATE = f"it holds weights but no graph of the network; save the graph too: {_EXPORT}"
_PICKLED = f"it is no program of torch.export; a pickled module is code and is not opened. Save it so: {_EXPORT}"


def tree_from_program(file: str) -> dict[str, Any]:
    """The tree of a problem, without [data], of a file of ``torch.export.save``. Raises InputError."""
    from handgrad.interop.torch_import import needs_torch, read_network

    torch = needs_torch()
    if not _is_program(file):
        raise InputError(_STATE if _is_state(torch, file) else _PICKLED)
    with _without_pickle():
        try:
            program = torch.export.load(file)
        except Exception as error:  # noqa: BLE001  whatever it raises means that the file is damaged
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            message = f"torch.export cannot read it: {reason}"
            raise InputError(message) from None
    program._guards_code = []  # noqa: SLF001  text of a file, which module() would run
    given = program.example_inputs
    if not given or given[1] or not all(isinstance(part, torch.Tensor) and part.ndim for part in given[0]):
        message = "expected a program of tensors with a batch axis, saved with its example inputs"
        raise InputError(message)
    return {"arithmetic": "float64", "network": read_network(program.module(), list(given[0]))}


def _is_program(file: str) -> bool:
    """Whether the file is an archive with a graph, which is then known to be harmless."""
    try:
        with ZipFile(file) as archive:
            graphs = [info for info in archive.infolist() if info.filename.endswith(_GRAPHS)]
            if not graphs:
                return False
            if any(info.file_size > MAX_GRAPH for info in graphs) or _unpacked(archive) > MAX_BYTES:
                message = "it is too large"
                raise InputError(message)
            if any("custom_obj" in name for name in archive.namelist()):
                message = "it holds objects of its own classes, which are not opened"
                raise InputError(message)
            for info in archive.infolist():
                if info.filename.endswith(".json"):
                    _harmless(json.loads(archive.read(info)))
    except (OSError, BadZipFile, EOFError):
        return False
    except (ValueError, RecursionError):
        message = "its graph is not valid JSON"
        raise InputError(message) from None
    return True


def _unpacked(archive: ZipFile) -> int:
    return sum(info.file_size for info in archive.infolist())


def _harmless(tree: Any) -> None:
    """Refuses operations that are none of tensors, and expressions that are more than arithmetic of sizes."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            target, size = value.get("target"), value.get("expr_str")
            if isinstance(target, str) and "inputs" in value and not _OPERATION.fullmatch(target):
                message = f'the operation "{target[:80]}" has no counterpart'
                raise InputError(message)
            if isinstance(size, str) and not all(_SIZES.fullmatch(word) for word in _WORD.findall(size)):
                message = f'the size "{size[:80]}" is no arithmetic of sizes'
                raise InputError(message)


def _is_state(torch: Any, file: str) -> bool:
    try:
        return isinstance(torch.load(file, map_location="cpu", weights_only=True), dict)
    except Exception:  # noqa: BLE001  whatever it raises means that it holds more than tensors, or is damaged
        return False


@contextmanager
def _without_pickle() -> Iterator[None]:
    """PyTorch's own switch for loading tensors only, even where it would fall back to pickle."""
    import os

    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
