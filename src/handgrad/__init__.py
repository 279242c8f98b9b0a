"""handgrad shows, proves, marks and speeds up backpropagation.

import handgrad as hg
problem = hg.load("examples/ann.toml")
trace = hg.solve(problem)
trace["dL/dW1"], trace.ask("dL/dW1[2,3]"), trace.working().to_markdown()
"""

from __future__ import annotations

from handgrad.errors import HandgradError, InputError
from handgrad.network import Network
from handgrad.ops import OPS, Op, register
from handgrad.problem import Problem
from handgrad.problem_file import load
from handgrad.trace import Trace, solve
from handgrad.verify import verify
from handgrad.working.document import Document

__version__ = "0.1.0"

__all__ = [
    "OPS",
    "Document",
    "HandgradError",
    "InputError",
    "Network",
    "Op",
    "Problem",
    "Trace",
    "__version__",
    "load",
    "register",
    "solve",
    "verify",
]
