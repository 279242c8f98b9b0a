"""The plan: every named quantity of a problem with the rule and the quantities it comes from.

Forward through the nodes, the loss, backward by the chain rule, then the updates with the loss after each.
Where a quantity feeds several others, its gradient is the sum of their contributions: ``dL/dh1@h3`` is the
one that comes through h3. A plan has no numbers; the trace computes it in an arithmetic, the query cuts it
to what an answer needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from handgrad.network import Node
from handgrad.notation.symbols import convention
from handgrad.ops.losses import Loss
from handgrad.ops.op import Op, Shape
from handgrad.ops.sums import Contributions
from handgrad.ops.updates import Update

if TYPE_CHECKING:
    from handgrad.problem import Problem

WEIGHT = "weight"
"""The hidden quantity dL: how much an example counts in L."""

UNIT = "unit"
"""The hidden quantity 1: how much a penalty counts in L."""

HIDDEN = (WEIGHT, UNIT)

UPSTREAM = "dL/dyhat"
"""Given in place of a loss, where the problem says so."""


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
    known: dict[str, Any]
    """Letters that stand for a shape alone (``x_shape``), or for the number of the update (``t``)."""
    batched: bool
    """Whether there is one value for each example."""
    layer: int = 0
    reads_parameters: frozenset[str] = frozenset()
    """Parameters among ``letters`` that are read as inputs: they have no batch axis of their own."""
    over_batch: bool = False
    """Whether the rule's result has a batch axis that is summed: the gradient of a parameter read as an input."""


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
    base: int = 1
    """Where the places of a question count from: 1 or 0."""

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


class _By(Struct, frozen=True):
    """What gives a quantity: a rule of an op, of a node where it has one."""

    op: Op
    rule: str
    layer: int = 0
    node: Node | None = None


def plan(problem: Problem) -> Plan:
    """The plan of a problem."""
    return _Planner(problem).plan()


def primed(name: str, count: int) -> str:
    """The name of a quantity after so many updates: W1, W1', W1'', W1'3."""
    return name + ("'" * count if count < 3 else f"'{count}")


class _Planner:
    def __init__(self, problem: Problem) -> None:
        self.problem, self.network = problem, problem.network
        self.steps: dict[str, Step] = {}
        self.given: dict[str, Shape] = dict(self.network.inputs)
        self.batched = {*self.network.inputs, "y", UPSTREAM, WEIGHT}
        self.moved: dict[str, str] = {}
        """Parameters and states by the name of their newest value."""

    def plan(self) -> Plan:
        problem = self.problem
        if problem.loss is not None:
            self.given["y"] = problem.target_shape
        if problem.upstream is not None:
            self.given[UPSTREAM] = self.network.output
        self.given |= {name: written.shape for name, written in self.network.parameters.items()}
        self._pass(0)
        if problem.update is not None:
            for count in range(1, problem.steps + 1):
                self._update(problem.update, count)
                self._pass(count, backward=count < problem.steps)
        base = convention(problem.notation).indices
        batched, aliases = frozenset(self.batched), self._aliases()
        return Plan(self.given, batched, self.steps, aliases, problem.batch, problem.examples, base)

    def _pass(self, count: int, *, backward: bool = True) -> None:
        """Forward, loss and backward with the parameters after so many updates."""
        self._forward(count)
        if self.problem.loss is not None:
            self._loss(self.problem.loss, count)
        if backward and (self.problem.loss is not None or self.problem.upstream is not None):
            _Backward(self, count).plan()

    def step(
        self, name: str, section: str, by: _By, found: dict[str, str], shape: Shape, *, batched: bool = True, t: int = 0
    ) -> None:
        """Add a step; ``found`` are the quantities that its letters can stand for, ``t`` the number of the update."""
        shapes = {f"{letter}_shape": self.shape_of(source) for letter, source in found.items() if source not in HIDDEN}
        available = {**shapes, "t": t}
        needed = by.op.needs(by.rule, [*found, *available])
        letters = {letter: found[letter] for letter in needed if letter in found}
        known = {letter: available[letter] for letter in needed if letter not in found}
        inputs = by.node.inputs if by.node is not None else {}
        bare = frozenset(found[letter] for letter in inputs if letter in found and found[letter] not in self.batched)
        over_batch = by.rule[1:] in inputs and not batched
        self.steps[name] = Step(
            name, section, by.op, by.rule, letters, shape, known, batched, by.layer, bare, over_batch
        )
        if batched:
            self.batched.add(name)

    def shape_of(self, name: str) -> Shape:
        """The shape of a quantity known so far."""
        return self.given[name] if name in self.given else self.steps[name].shape

    def now(self, name: str, count: int) -> str:
        """The name of a quantity in the pass after so many updates."""
        if name in self.network.parameters:
            return self.moved.get(name, name)
        return name if name in self.given else primed(name, count)

    def _forward(self, count: int) -> None:
        for node in self.network.nodes:
            found = {letter: self.now(name, count) for letter, name in {**node.inputs, **node.parameters}.items()}
            section = "update" if count else "forward"
            by = _By(node.op, "forward", node.layer, node)
            self.step(primed(node.name, count), section, by, found, node.shape)

    def _loss(self, loss: Loss, count: int) -> None:
        section = "update" if count else "loss"
        problem, whole = self.problem, primed("L", count)
        data = primed("L0", count) if problem.penalties else whole
        each = primed("losses", count) if problem.reduces else data
        self.step(each, section, _By(loss, "forward"), {"yhat": primed("yhat", count), "y": "y"}, ())
        if problem.reduces and loss.reduction != "none":
            self.step(data, section, _By(problem.reduction, "forward"), {"x": each}, (), batched=False)
        terms = [data]
        for term, op, parameter in problem.penalty_terms:
            terms.append(primed(term, count))
            found = {"W": self.now(parameter, count)}
            self.step(terms[-1], section, _By(op, "forward"), found, (), batched=False)
        if problem.penalties:
            found = {f"x{i + 1}": name for i, name in enumerate(terms)}
            self.step(whole, section, _By(Contributions(), "forward"), found, (), batched=not problem.reduces)

    def _update(self, update: Update, count: int) -> None:
        for name in self.network.parameters:
            gradient = f"dL/d{primed(name, count - 1)}"
            if name not in self.problem.freeze and gradient in self.steps:
                self._move(update, name, gradient, count)

    def _move(self, update: Update, name: str, gradient: str, count: int) -> None:
        """The states of a parameter, then the parameter itself, after one more update."""
        shape = self.network.parameters[name].shape
        layer = next((node.layer for node in self.network.nodes if name in node.parameters.values()), 0)
        found = {"W": self.now(name, count - 1), "dW": gradient}
        for state in update.states:
            quantity = f"{state}_{name}"
            if quantity not in self.moved:
                self.given[quantity] = shape
            found[state] = self.moved.get(quantity, quantity)
            self.moved[quantity] = primed(quantity, count)
            by = _By(update, f"next_{state}", layer)
            self.step(self.moved[quantity], "update", by, found, shape, batched=False, t=count)
            found[f"{state}_next"] = self.moved[quantity]
        self.moved[name] = primed(name, count)
        self.step(self.moved[name], "update", _By(update, "forward", layer), found, shape, batched=False, t=count)

    def _aliases(self) -> dict[str, str]:
        """Other names: a layer's own, and those of what no update moves, after each of the updates too."""
        updates, known = self.problem.steps if self.problem.update is not None else 0, {}
        still = {name: name for name in self.network.parameters if name not in self.moved}
        for count in range(updates + 1):
            for name, quantity in {**still, **self.network.aliases}.items():
                stays = quantity in self.network.parameters and quantity not in self.moved
                known[primed(name, count)] = quantity if stays else primed(quantity, count)
                known[f"dL/d{primed(name, count)}"] = f"dL/d{primed(quantity, count)}"
        taken = {**self.given, **self.steps}
        return {name: quantity for name, quantity in known.items() if quantity in taken and name not in taken}


class _Backward:
    """The gradients of one pass, from ŷ back to the inputs."""

    def __init__(self, planner: _Planner, count: int) -> None:
        self.planner, self.count = planner, count
        self.network, self.problem = planner.network, planner.problem
        self.contributions: dict[str, list[str]] = {}
        """The contributions known so far to the gradient of each quantity, the latest consumer first."""
        self.consumers: dict[str, int] = {"yhat": 1}
        """How many contributions each quantity receives."""

    def plan(self) -> None:
        """Add all steps."""
        live = self._live()
        for node in self.network.nodes:
            if node.name in live:
                for letter, name in {**node.inputs, **node.parameters}.items():
                    if self._receives(node, letter, live, name):
                        self.consumers[name] = self.consumers.get(name, 0) + 1
        for _, _, parameter in self.problem.penalty_terms:
            self.consumers[parameter] = self.consumers.get(parameter, 0) + 1
        self._upstream()
        for node in reversed(self.network.nodes):
            if node.name in live:
                self._through(node, live)
        for term, op, parameter in self.problem.penalty_terms:
            found = {"W": self._now(parameter), "dy": UNIT}
            self._contribute(parameter, self._now(term), _By(op, "dW"), found)

    def _now(self, name: str) -> str:
        return self.planner.now(name, self.count)

    def _gradient(self, name: str) -> str:
        # also what stays (an input, a frozen parameter) has a gradient of its own in each pass
        return f"dL/d{primed(name, self.count)}"

    def _live(self) -> set[str]:
        """What receives a gradient: ŷ, and whatever a node that receives one hands it on to."""
        live: set[str] = {"yhat"}
        for node in reversed(self.network.nodes):
            if node.name in live:
                live |= {name for letter, name in node.inputs.items() if node.op.has_rule(f"d{letter}")}
        return live

    def _receives(self, node: Node, letter: str, live: set[str], name: str) -> bool:
        return node.op.has_rule(f"d{letter}") and (name in live or name in self.network.parameters)

    def _upstream(self) -> None:
        loss, last = self.problem.loss, self.network.last
        if loss is not None:
            found = {"dL": WEIGHT, "yhat": self._now("yhat"), "y": "y"}
            self._contribute("yhat", self._now("L"), _By(loss, "dyhat", last.layer), found)

    def _joint(self, node: Node) -> str | None:
        loss = self.problem.loss
        if loss is None or node.name != "yhat":
            return None
        return loss.joint_with(node.op, self.network.shape(node.reads[0]))

    def _through(self, node: Node, live: set[str]) -> None:
        """The gradients that a node hands on: to its parameters, then to what it reads."""
        rule, loss = self._joint(node), self.problem.loss
        if rule is not None and loss is not None:
            found = {"dL": WEIGHT, "yhat": self._now("yhat"), "y": "y"}
            self._contribute(node.reads[0], self._now(node.name), _By(loss, rule, node.layer), found)
            return
        read = {letter: self._now(name) for letter, name in {**node.inputs, **node.parameters}.items()}
        found = {**read, "y": self._now(node.name), "dy": self._gradient(node.name)}
        for letter, name in {**node.parameters, **node.inputs}.items():
            if self._receives(node, letter, live, name):
                self._contribute(name, self._now(node.name), _By(node.op, f"d{letter}", node.layer, node), found)

    def _contribute(self, name: str, through: str, by: _By, found: dict[str, str]) -> None:
        """One contribution to dL/d``name``; with the last of several, their sum."""
        gradient, section = self._gradient(name), "update" if self.count else "backward"
        shape, batched = self.network.shape(name), name not in self.network.parameters
        parts, alone = self.contributions.setdefault(name, []), self.consumers[name] == 1
        part = gradient if alone else f"{gradient}@{through}"
        part += f".{by.rule[1:]}" if part in self.planner.steps else ""
        self.planner.step(part, section, by, found, shape, batched=batched)
        parts.append(part)
        if len(parts) == self.consumers[name] and not alone:
            terms = {f"x{i + 1}": part for i, part in enumerate(parts)}
            total = _By(Contributions(), "forward", by.layer)
            self.planner.step(gradient, section, total, terms, shape, batched=batched)
