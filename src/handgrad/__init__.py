"""handgrad shows, proves, marks and speeds up backpropagation.

import handgrad as hg
problem = hg.load("examples/ann.toml")
trace = hg.solve(problem)
trace["dL/dW1"], trace.ask("dL/dW1[2,3]"), trace.working().to_markdown()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError, InputError
from handgrad.network import Network
from handgrad.ops import OPS, Op, register
from handgrad.problem import Problem
from handgrad.problem_file import load
from handgrad.trace import Trace, solve
from handgrad.verify import verify
from handgrad.working.document import Document

if TYPE_CHECKING:
    from handgrad.drawing import draw
    from handgrad.engine import Compiled, compile  # noqa: A004  what users call it
    from handgrad.interop.code import to_numpy_code, to_torch_code
    from handgrad.interop.keras_import import from_keras
    from handgrad.interop.onnx_export import to_onnx
    from handgrad.interop.onnx_import import from_onnx, problem_tree_from_onnx
    from handgrad.interop.torch_import import from_torch
    from handgrad.marking import mark
    from handgrad.training.fit import fit

__version__ = "0.1.0"

_LATE = {
    "Compiled": "handgrad.engine",
    "compile": "handgrad.engine",
    "draw": "handgrad.drawing",
    "fit": "handgrad.training.fit",
    "from_keras": "handgrad.interop.keras_import",
    "from_onnx": "handgrad.interop.onnx_import",
    "from_torch": "handgrad.interop.torch_import",
    "mark": "handgrad.marking",
    "problem_tree_from_onnx": "handgrad.interop.onnx_import",
    "to_numpy_code": "handgrad.interop.code",
    "to_onnx": "handgrad.interop.onnx_export",
    "to_torch_code": "handgrad.interop.code",
}
"""What is not needed to solve a problem, or needs NumPy or another library: imported when it is used."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        message = f"module 'handgrad' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_LATE[name]), name)


__all__ = [
    "OPS",
    "Compiled",
    "Document",
    "HandgradError",
    "InputError",
    "Network",
    "Op",
    "Problem",
    "Trace",
    "__version__",
    "compile",
    "draw",
    "fit",
    "from_keras",
    "from_onnx",
    "from_torch",
    "load",
    "mark",
    "problem_tree_from_onnx",
    "register",
    "solve",
    "to_numpy_code",
    "to_onnx",
    "to_torch_code",
    "verify",
]
