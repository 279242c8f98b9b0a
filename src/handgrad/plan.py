"""The plan: every named quantity of a problem with the rule and the quantities it comes from.

Forward through the nodes, the loss, backward by the chain rule, then the update and the loss after it.
A plan has no numbers; the trace computes it in an arithmetic, the query cuts it to what an answer needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from handgrad.network import Node
from handgrad.ops.losses import Loss, Reduction
from handgrad.ops.op import Op, Shape

if TYPE_CHECKING:
    from handgrad.problem import Problem

WEIGHT = "weight"
"""The hidden quantity dL: how much an example counts in L."""


class Step(Struct, frozen=True):
    """One quantity: ``name`` = rule of ``op`` on ``letters`` (letter of the rule -> name of the quantity)."""

    name: str
    section: str
    """"forward", "loss", "backward" or "update"."""
    op: Op
    rule: str
    letters: dict[str, str]
    shape: Shape
    """Without the batch axis."""
    shapes: dict[str, Shape]
    """Letters that stand for a shape alone (``x_shape``)."""
    batched: bool
    """Whether there is one value for each example."""
    layer: int = 0


class Plan(Struct, frozen=True):
    """Steps in the order of computation, what is given, and other names."""

    given: dict[str, Shape]
    """Inputs, target and parameters with their shapes (without the batch axis)."""
    batched: frozenset[str]
    """Quantities with one value for each example."""
    steps: dict[str, Step]
    aliases: dict[str, str]
    batch: bool
    examples: int

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that can be asked for."""
        return (*self.given, *self.steps, *self.aliases)

    def resolve(self, name: str) -> str | None:
        """The quantity of a name or of another name for it; None if there is none."""
        if name in self.given or name in self.steps:
            return name
        return self.aliases.get(name)

    def shape(self, name: str) -> Shape:
        """The shape of a quantity without the batch axis."""
        return self.given[name] if name in self.given else self.steps[name].shape

    def chain(self, names: list[str]) -> list[Step]:
        """The steps that these quantities need, and no others, in the order of computation."""
        needed, open_names = set(), list(names)
        while open_names:
            name = open_names.pop()
            if name in self.steps and name not in needed:
                needed.add(name)
                open_names += self.steps[name].letters.values()
        return [step for name, step in self.steps.items() if name in needed]


def plan(problem: Problem) -> Plan:
    """The plan of a problem."""
    return _Planner(problem).plan()


class _Planner:
    def __init__(self, problem: Problem) -> None:
        self.problem, self.network = problem, problem.network
        self.steps: dict[str, Step] = {}
        self.given: dict[str, Shape] = {"x": self.network.input}
        self.batched = {"x", "y", WEIGHT}

    def plan(self) -> Plan:
        problem = self.problem
        if problem.loss is not None:
            self.given["y"] = self.network.output
        self.given |= {name: written.shape for name, written in self.network.parameters.items()}
        self._forward("")
        if problem.loss is not None:
            self._loss(problem.loss, "")
            self._backward(problem.loss)
        if problem.update is not None and problem.loss is not None:
            self._update(problem.update)
            self._forward("'")
            self._loss(problem.loss, "'")
        return Plan(self.given, frozenset(self.batched), self.steps, self._aliases(), problem.batch, problem.examples)

    def _step(
        self, name: str, section: str, op: Op, rule: str, found: dict[str, str], shape: Shape, layer: int = 0,
        *, batched: bool = True,
    ) -> None:  # fmt: skip
        wanted = op.letters(rule)
        letters = {letter: found[letter] for letter in wanted if letter in found}
        shapes = {letter: self._shape_of(found[letter[:-6]]) for letter in wanted if letter.endswith("_shape")}
        self.steps[name] = Step(name, section, op, rule, letters, shape, shapes, batched, layer)
        if batched:
            self.batched.add(name)

    def _shape_of(self, name: str) -> Shape:
        return self.given[name] if name in self.given else self.steps[name].shape

    def _forward(self, prime: str) -> None:
        for node in self.network.nodes:
            reads = node.reads if node.reads == "x" else node.reads + prime
            found = {"x": reads, **{letter: self._moved(name, prime) for letter, name in node.parameters.items()}}
            section = "update" if prime else "forward"
            self._step(node.name + prime, section, node.op, "forward", found, node.shape, node.layer)

    def _moved(self, parameter: str, prime: str) -> str:
        return parameter + prime if parameter + prime in self.steps else parameter

    def _loss(self, loss: Loss, prime: str) -> None:
        section = "update" if prime else "loss"
        each = "losses" if self.problem.batch else "L"
        self._step(each + prime, section, loss, "forward", {"yhat": "yhat" + prime, "y": "y"}, ())
        if self.problem.batch:
            reduction = Reduction(how=loss.reduction)
            self._step("L" + prime, section, reduction, "forward", {"x": "losses" + prime}, (), batched=False)

    def _backward(self, loss: Loss) -> None:
        last = self.network.nodes[-1]
        found = {"dL": WEIGHT, "yhat": "yhat", "y": "y"}
        self._step("dL/dyhat", "backward", loss, "dyhat", found, last.shape, last.layer)
        for node in reversed(self.network.nodes):
            joint = loss.joint.get(node.op.name) if node is last else None
            if joint is not None:
                self._step(f"dL/d{node.reads}", "backward", loss, joint, found, node.reads_shape, node.layer)
            else:
                self._through(node)

    def _through(self, node: Node) -> None:
        """The gradients that a node hands on: to its parameters, then to what it reads."""
        found = {"x": node.reads, "y": node.name, "dy": f"dL/d{node.name}", **node.parameters}
        for letter, name in node.parameters.items():
            shape = self.given[name]
            self._step(f"dL/d{name}", "backward", node.op, f"d{letter}", found, shape, node.layer, batched=False)
        self._step(f"dL/d{node.reads}", "backward", node.op, "dx", found, node.reads_shape, node.layer)

    def _update(self, update: Op) -> None:
        for name, written in self.network.parameters.items():
            if name not in self.problem.freeze:
                found = {"W": name, "dW": f"dL/d{name}"}
                layer = int(name[1:])
                self._step(name + "'", "update", update, "forward", found, written.shape, layer, batched=False)

    def _aliases(self) -> dict[str, str]:
        known = {**self.network.aliases}
        for name, quantity in self.network.aliases.items():
            known[f"dL/d{name}"] = f"dL/d{quantity}"
            known[f"{name}'"] = f"{quantity}'"
        known |= {f"{name}'": name for name in self.problem.freeze}
        return {name: quantity for name, quantity in known.items() if quantity in self.steps or quantity in self.given}
