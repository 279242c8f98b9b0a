"""Compiled kernels: kept on disk as object code, loaded without Numba.

Numba compiles a kernel once for a floating type and a processor. The object code goes into a folder of the user's
cache whose name is a hash of the kernels' source, the versions and the processor, so that what is loaded is what the
source says. Environment: HANDGRAD_CACHE, the folder to use in place of the user's own.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import InputError

_NEVER = ("numba_gil_ensure", "numba_gil_release", "numba_unpickle", "numba_do_raise", "NRT_Free",
          "numba_runtime_build_excinfo_struct", "NRT_MemInfo_call_dtor")  # fmt: skip
"""What the wrapper that Numba puts around a kernel would call after an exception. Kernels raise none."""

OWN = (
    "control",
    "formats",
    "intrinsics",
    "machine",
    "masks",
    "mathematics",
    "matrices",
    "tiles",
    "transforms",
    "vectors",
)
"""What kernels are made of beside their own files."""

_HASH = 32


def addresses(names: list[str], dtype: np.dtype[Any]) -> dict[str, int]:
    """The address of each kernel ("dense.forward") for a floating type, compiled if it has not been yet."""
    return {name: _address(name, dtype.name) for name in names}


@cache
def _address(name: str, real: str) -> int:
    path = _folder() / f"{name}.{real}"
    stored = _read(path)
    if stored is None:
        stored = _compiled(name, real)
        _write(path, stored)
    symbol, code = stored.split(b"\n", 1)
    return _load(symbol.decode(), code)


def _compiled(name: str, real: str) -> bytes:
    """The name of the entry point, a line, and the object code."""
    try:
        numba: Any = import_module("numba")
    except ImportError:
        message = 'the engine compiles its kernels with Numba, which is not installed: pip install "handgrad[train]"'
        raise InputError(message) from None
    file, _, function = name.partition(".")
    kernel = getattr(import_module(f"handgrad.engine.kernels.{file}"), function)
    words = numba.types.CPointer(numba.types.int64)
    signature = numba.types.void(numba.types.CPointer(getattr(numba.types, real)), words, words)
    compiled = numba.cfunc(signature, nopython=True, error_model="numpy", fastmath={"contract"})(kernel)
    code: bytes = compiled._library._get_compiled_object()  # noqa: SLF001  there is no public way to the object code
    entry: str = compiled._wrapper_name  # noqa: SLF001  the same
    return entry.encode() + b"\n" + code


@cache
def _machine() -> tuple[Any, Any]:
    """llvmlite's binding and the engine that holds the code."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    never = ctypes.cast(ctypes.pythonapi.Py_FatalError, ctypes.c_void_p).value
    for name in _NEVER:
        llvm.add_symbol(name, never)
    return llvm, engine


def _load(symbol: str, code: bytes) -> int:
    llvm, engine = _machine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return int(engine.get_function_address(symbol))


@cache
def _folder() -> Path:
    """Where the object code for this source and this processor lies."""
    import llvmlite
    import llvmlite.binding as llvm

    here = Path(__file__).parent
    sources = sorted([*here.glob("kernels/*.py"), *(here / f"{name}.py" for name in OWN)])
    text = b"\0".join(path.read_bytes() for path in sources)
    features = ",".join(sorted(name for name, on in llvm.get_host_cpu_features().items() if on))
    about = f"{sys.implementation.cache_tag} {llvmlite.__version__} {llvm.get_host_cpu_name()} {features}"
    key = hashlib.sha256(text + about.encode()).hexdigest()[:24]
    return _home() / key


def _home() -> Path:
    chosen = os.environ.get("HANDGRAD_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "handgrad"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "handgrad"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "handgrad"


def _read(path: Path) -> bytes | None:
    """What was stored, None if nothing or not all of it."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    content = stored[_HASH:]
    return content if hashlib.sha256(content).digest() == stored[:_HASH] else None


def _write(path: Path, content: bytes) -> None:
    """Keeps it for the next process, where that is possible."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.write_bytes(hashlib.sha256(content).digest() + content)
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
