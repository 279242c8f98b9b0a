"""Problem -> a plain program that prints the same loss and gradients: with NumPy alone, or with PyTorch's autograd."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.interop.recorder import Dialect, Recorded, Writer, leaf
from handgrad.plan import Step
from handgrad.problem import Problem
from handgrad.trace import Trace, letter_values, solve


def to_numpy_code(problem: Problem) -> str:
    """A NumPy program: every step of the forward and backward pass as a line, then the loss and gradients printed."""
    return _Program(problem, Dialect(_numpy)).text(
        "import numpy as np\n\nnp.set_printoptions(precision=10, suppress=False, linewidth=110, threshold=10**6)",
        "np.array({}, dtype=np.float64)",
        backward=True,
    )


def to_torch_code(problem: Problem) -> str:
    """A PyTorch program: the forward pass line by line, the gradients from autograd."""
    return _Program(problem, Dialect(_torch)).text(
        "import torch\n\ntorch.set_printoptions(precision=10, linewidth=110, threshold=10**6)",
        "torch.tensor({}, dtype=torch.float64)",
        backward=False,
    )


class _Program:
    def __init__(self, problem: Problem, dialect: Dialect) -> None:
        self.problem, self.dialect = problem, dialect
        self.trace: Trace = solve(problem, "float64")
        self.values: dict[str, Recorded] = {}
        self.writer = Writer()

    def text(self, head: str, array: str, *, backward: bool) -> str:
        """The program."""
        given = [*self.trace.plan.given, *(name for name in HIDDEN_USED if self.trace.has(name))]
        used = {name for step in self.trace.plan.steps.values() for name in step.letters.values()}
        for name in given:
            if name in used:
                value = np.asarray(self.trace.raw(name))
                self.writer.lines.append(f"{_variable(name)} = {array.format(_listed(value))}")
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
        return head + "\n\n" + "\n".join(self.writer.lines) + "\n"

    def _gradients(self) -> list[str]:
        names = (*self.problem.network.parameters, *self.problem.network.inputs)
        return [name for name in names if f"dL/d{name}" in self.trace.plan.steps]

    def _step(self, step: Step) -> None:
        xp, problem = self.dialect, self.problem
        letters = letter_values(step, self.values, xp, problem.examples)
        for constant in step.op.given_constants:
            if constant in step.op.letters(step.rule):
                value = self.trace.arithmetic.array(getattr(step.op, constant).written)
                letters[constant] = leaf(repr(float(value)), value)
        result = step.op.apply(step.rule, xp, letters)
        if step.over_batch:
            result = xp.sum(result, axis=0)
        name = _variable(step.name)
        self.writer.assign(name, result)
        self.values[step.name] = leaf(name, result.value)

    def _closing(self, gradients: list[str], *, backward: bool) -> list[str]:
        lines = []
        if self.problem.loss is not None:
            lines.append('print("L =", L.item())')
            if not backward:
                lines.append("L.sum().backward()")
        elif "yhat" in self.values:
            lines.append('print("yhat =", yhat)')
            if self.problem.upstream is not None and not backward:
                lines.append("yhat.backward(dL_dyhat)")
        for name in gradients:
            value = f"{_variable(f'dL/d{name}')}" if backward else f"{_variable(name)}.grad"
            lines.append(f'print("dL/d{name} =", {value}.tolist())')
        return lines


_TITLES = {"forward": "forward pass", "loss": "loss", "backward": "backward pass", "update": "update"}

HIDDEN_USED = ("weight", "unit")


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
    keyed = [f"{key}={value!r}" for key, value in keywords.items()]
    return f"np.{name}({', '.join([*arguments, *keyed])})"


_TORCH_NAMES = {
    "concat": "cat", "permute_dims": "permute", "expand_dims": "unsqueeze", "max": "amax", "min": "amin",
    "take": "index_select", "asarray": "as_tensor",
}  # fmt: skip

_TORCH_KEYWORDS = {"axis": "dim", "keepdims": "keepdim"}


def _torch(name: str, arguments: list[str], keywords: dict[str, Any]) -> str:
    keyed = {
        ("dim" if key == "axis" else "keepdim" if key == "keepdims" else key): value for key, value in keywords.items()
    }
    written = _TORCH_NAMES.get(name, name)
    if name == "take":
        return f"torch.index_select({arguments[0]}, {keyed['dim']}, torch.tensor({arguments[1]}))"
    if name in ("max", "min", "sum") and keyed.get("dim", 0) is None:
        del keyed["dim"]
    if name == "asarray":
        arguments = [f"{arguments[0]}, dtype=torch.float64"]
    parts = [*arguments, *(f"{key}={value!r}" for key, value in keyed.items())]
    return f"torch.{written}({', '.join(parts)})"
