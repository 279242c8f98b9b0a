"""Problem -> a plain program that prints the same loss and gradients: with NumPy alone, or with PyTorch's autograd."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.arithmetic.written import WrittenArray
from handgrad.interop.recorder import Dialect, Recorded, Writer, leaf
from handgrad.plan import HIDDEN, Step
from handgrad.problem import Problem
from handgrad.trace import Trace, letter_values, solve


def to_numpy_code(problem: Problem) -> str:
    """A NumPy program: every step of the forward and backward pass as a line, then the loss and gradients printed."""
    head = "import numpy as np\n"
    return _Program(problem, Dialect(_numpy), "np.array({}, dtype=np.float64)").text(head, backward=True)


def to_torch_code(problem: Problem) -> str:
    """A PyTorch program: the forward pass line by line, the gradients from autograd."""
    head = "import torch\n"
    return _Program(problem, Dialect(_torch), "torch.tensor({}, dtype=torch.float64)").text(head, backward=False)


_HELPERS = {"np_erf(": "import math\n\nnp_erf = np.vectorize(math.erf, otypes=[float])\n"}
"""What a program needs where it uses a function that NumPy lacks."""


class _Program:
    def __init__(self, problem: Problem, dialect: Dialect, array: str) -> None:
        self.problem, self.dialect = problem, dialect
        self.trace: Trace = solve(problem, "float64")
        self.values: dict[str, Recorded] = {}
        self.writer = Writer()
        self.array = array

    def text(self, head: str, *, backward: bool) -> str:
        """The program."""
        given = [*self.trace.plan.given, *(name for name in HIDDEN if self.trace.has(name))]
        used = {name for step in self.trace.plan.steps.values() for name in step.letters.values()}
        for name in given:
            if name in used:
                value = np.asarray(self.trace.raw(name))
                self.writer.lines.append(f"{_variable(name)} = {self.array.format(_listed(value))}")
                self.values[name] = leaf(_variable(name), value)
        gradients = self._gradients()
        if not backward:
            self.writer.lines += [f"{_variable(name)}.requires_grad_()" for name in gradients]
        for section, title in _TITLES.items():
            steps = [step for step in self.trace.plan.steps.values() if step.section == section]
            if steps and (backward or section in ("forward", "loss")):
                self.writer.lines += ["", f"# {title}"]
                for step in steps:
                    self._step(step)
        self.writer.lines += ["", *self._closing(gradients, backward=backward)]
        body = "\n".join(self.writer.lines) + "\n"
        helpers = "".join(text for word, text in _HELPERS.items() if word in body)
        return f"{head}\n{helpers}\n{body}"

    def _gradients(self) -> list[str]:
        names = (*self.problem.network.parameters, *self.problem.network.inputs)
        return [name for name in names if f"dL/d{name}" in self.trace.plan.steps]

    def _step(self, step: Step) -> None:
        xp, problem = self.dialect, self.problem
        letters = letter_values(step, self.values, xp, problem.examples)
        for constant in step.op.given_constants:
            if constant in step.op.letters(step.rule):
                letters[constant] = self._constant(getattr(step.op, constant).written)
        result = step.op.apply(step.rule, xp, letters)
        if step.over_batch:
            result = xp.sum(result, axis=0)
        name = _variable(step.name)
        self.writer.assign(name, result)
        self.values[step.name] = leaf(name, result.value)

    def _constant(self, written: WrittenArray) -> Recorded:
        value = self.trace.arithmetic.array(written)
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
            value = f"{_variable(f'dL/d{name}')}" if backward else f"{_variable(name)}.grad"
            lines.append(f'print("dL/d{name} =", {value}.tolist())')
        return lines


_TITLES = {"forward": "forward pass", "loss": "loss", "backward": "backward pass", "update": "update"}


def _variable(name: str) -> str:
    """A quantity's name as a variable: dL/dW1' is dL_dW1_1."""
    stem, stroke, rest = name.partition("'")
    count = (rest.partition("@")[0] or "") if stroke else ""
    updates = f"_{int(count) if count.isdigit() else 1 + count.count(chr(39))}" if stroke else ""
    through = rest.partition("@")[2] if stroke else ""
    name = stem + updates + (f"@{through}" if through else "")
    return "".join(c if c.isalnum() else "_" for c in name)


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
