"""Problem -> a plain program that prints the same loss and gradients: with NumPy alone, or with PyTorch's autograd."""

from __future__ import annotations

import re
from collections.abc import Callable
from keyword import iskeyword
from typing import Any

import numpy as np

from handgrad.arithmetic.value import comparable
from handgrad.arithmetic.written import WrittenArray
from handgrad.interop.recorder import Dialect, Recorded, Writer, leaf
from handgrad.plan import HIDDEN, Step
from handgrad.problem import Problem
from handgrad.trace import Trace, flat, letter_values, solve


def to_numpy_code(problem: Problem) -> str:
    """A NumPy program: every step of the forward and backward pass as a line, then the loss and gradients printed."""
    head = "import numpy as np\n"
    return numpy_recording(solve(problem, "float64")).text(head, backward=True)


def numpy_recording(trace: Trace, settle: Callable[[Recorded], Recorded] | None = None) -> Recording:
    """The steps of a trace as lines of NumPy."""
    return Recording(trace, Dialect(_numpy), "np.array({}, dtype=np.float64)", settle)


def to_torch_code(problem: Problem) -> str:
    """A PyTorch program: the forward pass line by line, the gradients from autograd."""
    head = "import torch\n"
    trace, array = solve(problem, "float64"), "torch.tensor({}, dtype=torch.float64)"
    return Recording(trace, Dialect(_torch), array).text(head, backward=False)


_HELPERS = {"np_erf(": "import math\n\nnp_erf = np.vectorize(math.erf, otypes=[float])\n"}
"""What a program needs where it uses a function that NumPy lacks."""


def helpers(body: str) -> str:
    """The definitions that the lines of a program need."""
    return "".join(text for word, text in _HELPERS.items() if word in body)


def floats(value: Any) -> Any:
    """An array of any arithmetic as doubles."""
    if getattr(value, "dtype", None) == np.float64:
        return value
    return np.array([float(comparable(entry)) for entry in flat(value)]).reshape(tuple(value.shape))


class Recording:
    """A problem's steps as lines of a program, in the order in which they are asked for.

    ``settle`` is what happens to a quantity when it is named; its value is then the one of the trace.
    """

    def __init__(
        self, trace: Trace, dialect: Dialect, array: str, settle: Callable[[Recorded], Recorded] | None = None
    ) -> None:
        self.trace, self.problem, self.dialect = trace, trace.problem, dialect
        self.values: dict[str, Recorded] = {}
        self.writer = Writer()
        self.array, self.settle = array, settle

    def text(self, head: str, *, backward: bool) -> str:
        """The program."""
        given = [*self.trace.plan.given, *(name for name in HIDDEN if self.trace.has(name))]
        used = {name for step in self.trace.plan.steps.values() for name in step.letters.values()}
        lines = [self.given(name) for name in given if name in used]
        gradients = self._gradients()
        if not backward:
            lines += [f"{variable(name)}.requires_grad_()" for name in gradients]
        for section, title in _TITLES.items():
            steps = [step for step in self.trace.plan.steps.values() if step.section == section]
            if steps and (backward or section in ("forward", "loss")):
                lines += ["", f"# {title}", *(line for step in steps for line in self.step(step))]
        lines += ["", *self._closing(gradients, backward=backward)]
        body = "\n".join(lines) + "\n"
        return f"{head}\n{helpers(body)}\n{body}"

    def given(self, name: str, write: Callable[[Any], str] | None = None) -> str:
        """The line of a given quantity; ``write`` writes its array in another way than as a list."""
        value = floats(self.trace.raw(name))
        self.values[name] = leaf(variable(name), value)
        return f"{variable(name)} = {write(value) if write else self.array.format(_listed(value))}"

    def _gradients(self) -> list[str]:
        names = (*self.problem.network.parameters, *self.problem.network.inputs)
        return [name for name in names if f"dL/d{name}" in self.trace.plan.steps]

    def step(self, step: Step) -> list[str]:
        """The lines of a step; what it uses must have been written before."""
        xp, problem = self.dialect, self.problem
        letters = letter_values(step, self.values, xp, problem.examples)
        for constant in step.op.given_constants:
            if constant in step.op.letters(step.rule):
                letters[constant] = self._constant(getattr(step.op, constant).written)
        result = step.op.apply(step.rule, xp, letters)
        if step.over_batch:
            result = xp.sum(result, axis=0)
        name = variable(step.name)
        value = result.value
        if self.settle is not None:
            result, value = self.settle(result), floats(self.trace.raw(step.name))
        before = len(self.writer.lines)
        self.writer.assign(name, result)
        self.values[step.name] = leaf(name, value)
        return self.writer.lines[before:]

    def _constant(self, written: WrittenArray) -> Recorded:
        value = written.floats()
        text = self.array.format(_listed(value)) if value.shape else repr(float(value))
        return leaf(text, value)

    def _closing(self, gradients: list[str], *, backward: bool) -> list[str]:
        lines = []
        if self.problem.loss is not None:
            lines.append('print("L =", L.item())')
            if not backward:
                lines.append("L.sum().backward()")
        elif "yhat" in self.values:
            lines.append('print("yhat =", yhat.tolist())')
            if self.problem.upstream is not None and not backward:
                lines.append("yhat.backward(dL_dyhat)")
        for name in gradients:
            value = f"{variable(f'dL/d{name}')}" if backward else f"{variable(name)}.grad"
            lines.append(f'print("dL/d{name} =", {value}.tolist())')
        return lines


_TITLES = {"forward": "forward pass", "loss": "loss", "backward": "backward pass", "update": "update"}


def variable(name: str) -> str:
    """A quantity's name as a variable: dL/dW1' is dL_dW1_1."""
    stem, stroke, rest = name.partition("'")
    count = (rest.partition("@")[0] or "") if stroke else ""
    updates = f"_{int(count) if count.isdigit() else 1 + count.count(chr(39))}" if stroke else ""
    through = rest.partition("@")[2] if stroke else ""
    name = stem + updates + (f"@{through}" if through else "")
    written = "".join(c if c.isalnum() else "_" for c in name)
    return f"{written}_" if iskeyword(written) or written in _TAKEN or _TEMPORARY.fullmatch(written) else written


_TAKEN = ("np", "np_erf", "math", "torch", "print", "rounded", "agrees", "unpacked", "base64", "zlib", "Decimal")
"""Names that the programs use themselves, as they do t1, t2, … and Python's own words."""

_TEMPORARY = re.compile(r"t\d+")


def _listed(value: Any) -> str:
    return repr(value.tolist())


def _numpy(name: str, arguments: list[str], keywords: dict[str, Any]) -> str:
    if name == "masked":
        return f"(({arguments[0]}) * ({arguments[1]}))"
    if name == "pi_like":
        return f"np.full_like({arguments[0]}, np.pi)"
    if name == "erf":
        return f"np_erf({arguments[0]})"
    keyed = [f"{key}={value!r}" for key, value in keywords.items()]
    return f"np.{name}({', '.join([*arguments, *keyed])})"


_TORCH_NAMES = {
    "concat": "cat", "permute_dims": "permute", "expand_dims": "unsqueeze", "max": "amax", "min": "amin",
    "asarray": "as_tensor", "power": "pow",
}  # fmt: skip

_TORCH_KEYWORDS = {"axis": "dim", "keepdims": "keepdim"}


def _torch(name: str, arguments: list[str], keywords: dict[str, Any]) -> str:
    keyed = {_TORCH_KEYWORDS.get(key, key): value for key, value in keywords.items()}
    if name == "masked":
        return f"(({arguments[0]}) * ({arguments[1]}))"
    if name == "pi_like":
        return f"torch.full_like({arguments[0]}, torch.pi)"
    if name == "take":
        return f"torch.index_select({arguments[0]}, {keyed['dim']}, torch.tensor({arguments[1]}))"
    if name in ("maximum", "minimum") and _is_number(arguments[1]):
        return f"torch.clamp({arguments[0]}, {'min' if name == 'maximum' else 'max'}={arguments[1]})"
    if name in ("max", "min", "sum") and keyed.get("dim", 0) is None:
        del keyed["dim"]
    if name == "asarray":
        arguments = [f"{arguments[0]}, dtype=torch.float64"]
    parts = [*arguments, *(f"{key}={value!r}" for key, value in keyed.items())]
    return f"torch.{_TORCH_NAMES.get(name, name)}({', '.join(parts)})"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
