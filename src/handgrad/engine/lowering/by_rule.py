"""Ops, losses and penalties without kernels: their reference rules in NumPy, on the arrays of the kernels."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.arithmetic import float_functions
from handgrad.engine import control
from handgrad.engine.arrays import Array, Checks
from handgrad.engine.calls import Spot, array_at
from handgrad.engine.lowering.dense import add_bias
from handgrad.engine.shares import right
from handgrad.engine.writer import Writer
from handgrad.network import Network, Node
from handgrad.ops.losses import Loss
from handgrad.ops.op import Op


class Rule(Struct, frozen=True):
    """One rule of an op: the letters that it reads, each an array's name, and what it knows without one."""

    op: Op
    rule: str
    letters: dict[str, str]
    known: dict[str, Any]

    def __call__(self, values: dict[str, Array]) -> Any:
        """The rule's result, from arrays with the batch axis first."""
        letters = {letter: values[name] for letter, name in self.letters.items()}
        return self.op.apply(self.rule, float_functions, {**self.known, **letters})


class Result(Struct, frozen=True):
    """Where a rule's result goes."""

    name: str
    adds: bool = False
    total: bool = False
    """Whether it is summed over the batch: the gradient of a parameter that is read as an input."""


class ByRule:
    """Any op: one thread computes it, the others wait."""

    takes_rows = False

    def knows(self, node: Node, network: Network) -> bool:
        """Everything."""
        del node, network
        return True

    def forward(self, writer: Writer, node: Node) -> None:
        """y by the rule."""
        for name in node.reads:
            add_bias(writer, name)
        rule = _rule(writer, node.op, "forward", {**node.inputs, **node.parameters})
        _compute(writer, node, [(rule, Result(node.name))], {node.name: _quantity(writer, node.name)})

    def backward(self, writer: Writer, node: Node) -> None:
        """The gradient of each input and parameter by its rule."""
        found = {**node.inputs, **node.parameters, "y": node.name, "dy": f"dL/d{node.name}"}
        results, spots = [], {f"dL/d{node.name}": _slope(writer, node.name)}
        for letter, name in {**node.parameters, **node.inputs}.items():
            if not node.op.has_rule(f"d{letter}") or not (name in writer.network.parameters or writer.wants(name)):
                continue
            rule, target = _rule(writer, node.op, f"d{letter}", found), f"dL/d{name} by {letter}"
            if name in writer.network.parameters:
                spots[target] = _part(writer, name, f"{node.name}.{letter}")
                results.append((rule, Result(target, total=letter in node.inputs)))
            else:
                spots[target] = _slope(writer, name)
                results.append((rule, Result(target, adds=writer.accumulates(name))))
        _compute(writer, node, results, spots)


BY_RULE = ByRule()


def write_loss_by_rule(writer: Writer, loss: Loss, *, classes: bool) -> str:
    """The loss from ŷ and its gradient by the loss's rules; the quantity whose gradient that is."""
    add_bias(writer, "yhat")
    last = writer.network.last
    joint = loss.joint_with(last.op, writer.network.shape(last.reads[0]))
    reads = last.reads[0] if joint else "yhat"
    writer.accumulates(reads)
    found = {"yhat": "yhat", "y": "y", "dL": "dL"}
    value, slope = (_rule(writer, loss, rule, found) for rule in ("forward", joint or "dyhat"))
    spots = {"yhat": _quantity(writer, "yhat"), "gradient": _slope(writer, reads)}
    checks = Checks(writer.network, loss, writer.setting.dtype)

    def function(raw: dict[str, Array], block: Array) -> None:
        yhat = spots["yhat"].read(raw["yhat"])
        y, weights = _targets(checks, block, writer.rows, classes=classes), _shares(block, writer.rows)
        values = {"yhat": yhat, "y": y, "dL": weights.astype(yhat.dtype)}
        _tell(block, float(np.dot(weights, value(values).astype(np.float64))), right(loss, yhat, y))
        spots["gradient"].write(raw["gradient"], slope(values), adds=False)

    writer.call(function, spots)
    return reads


def write_penalties(writer: Writer) -> None:
    """What the penalties add to the loss and to the gradients of their parameters."""
    pairs = [(op, name) for op, names in writer.setting.penalties for name in names]
    terms, spots = [], {}
    for i, (op, name) in enumerate(pairs):
        spots[name], spots[f"{i}"] = _parameter(writer, name), _part(writer, name, f"R{i + 1}")
        value, slope = (_rule(writer, op, rule, {"W": name, "dy": "one"}) for rule in ("forward", "dW"))
        terms.append((value, slope, f"{i}"))
    one = {"one": np.ones((), writer.setting.dtype)}

    def function(raw: dict[str, Array], block: Array) -> None:
        for value, slope, target in terms:
            _tell(block, float(value(raw)), 0)
            spots[target].write(raw[target], slope({**raw, **one}), adds=False)

    writer.call(function, spots)


class Computed:
    """A gradient that a rule has left in the workspace."""

    descends = False

    def __init__(self, place: int, size: int) -> None:
        self.place, self.size = place, size

    def __call__(self, writer: Writer, first: int, last: int, target: int, beta: float | None) -> None:
        """Its rows first … last, copied or added."""
        span = 1, 0, first * self.size, last * self.size
        places = self.place, self.place, self.place
        writer.emit("activations.identity_back", target, *places, *span, int(bool(beta)), 0.0)


def _compute(writer: Writer, node: Node, results: list[tuple[Rule, Result]], spots: dict[str, Spot]) -> None:
    """One call for several rules of a node."""
    for rule, _ in results:
        for name in rule.letters.values():
            if name not in spots:
                spots[name] = _parameter(writer, name) if name in writer.network.parameters else _quantity(writer, name)
    read = {name for rule, _ in results for name in rule.letters.values()}
    stretched = {name for name in node.reads if name in writer.network.parameters}
    rows = writer.rows

    def function(raw: dict[str, Array], block: Array) -> None:
        del block
        values = {name: spots[name].read(raw[name]) for name in read}
        values |= {name: np.broadcast_to(raw[name], (rows, *spots[name].shape)) for name in stretched & read}
        for rule, result in results:
            value = rule(values)
            value = np.sum(value, axis=0) if result.total else value
            spots[result.name].write(raw[result.name], value, adds=result.adds)

    writer.call(function, spots)


def _rule(writer: Writer, op: Op, rule: str, found: dict[str, str]) -> Rule:
    """The rule with what it needs of ``found``, shapes and constants."""
    network = writer.network
    shapes = {f"{letter}_shape": _shape(network, name) for letter, name in found.items()}
    needed, wanted = op.needs(rule, [*found, *shapes]), op.letters(rule)
    known = {letter: shapes[letter] for letter in needed if letter not in found}
    for constant in op.given_constants:
        if constant in wanted:
            known[constant] = getattr(op, constant).written.floats().astype(writer.setting.dtype)
    return Rule(op, rule, {letter: found[letter] for letter in needed if letter in found}, known)


def _shape(network: Network, name: str) -> tuple[int, ...]:
    name = name.removeprefix("dL/d")
    known = name in network.parameters or name in network.inputs or any(node.name == name for node in network.nodes)
    return network.shape(name) if known else ()


def _quantity(writer: Writer, name: str) -> Spot:
    return Spot(writer.value(name), writer.network.shape(name), writer.rows)


def _slope(writer: Writer, name: str) -> Spot:
    return Spot(writer.slope(name), writer.network.shape(name), writer.rows)


def _parameter(writer: Writer, name: str) -> Spot:
    return Spot(writer.parameter(name), writer.network.shape(name))


def _part(writer: Writer, name: str, source: str) -> Spot:
    """Room for a part of a parameter's gradient, which is one of those that are added up."""
    shape = writer.network.shape(name)
    place = writer.scratch(f"dL/d{name} of {source}", int(np.prod(shape, dtype=np.int64)))
    writer.contribute(name, Computed(place, int(np.prod(shape[1:], dtype=np.int64))))
    return Spot(place, shape)


def _targets(checks: Checks, block: Array, rows: int, *, classes: bool) -> Array:
    """The targets of the batch [B][…]."""
    shape = checks.known_loss.target_shape(checks.network.output)
    at, integers = int(block[control.STEP]) * rows, np.dtype(np.int64)
    order = array_at(int(block[control.ORDER]) + 8 * at, integers, (rows,))
    whole = (int(order.max()) + 1, *(() if classes else shape))
    return checks.one_hot(array_at(int(block[control.Y]), integers if classes else checks.dtype, whole)[order])


def _shares(block: Array, rows: int) -> Array:
    """How much each example counts, float64 [B]."""
    if not block[control.SHARES]:
        return np.full(rows, block[control.SHARE : control.SHARE + 1].view(np.float64)[0])
    at = int(block[control.SHARES]) + 8 * int(block[control.STEP]) * rows
    return array_at(at, np.dtype(np.float64), (rows,))


def _tell(block: Array, loss: float, hits: int) -> None:
    """Adds to the step's loss and right classes."""
    at = 8 * int(block[control.STEP] * block[control.THREADS] + block[control.THREAD])
    ctypes.c_double.from_address(int(block[control.LOSSES]) + at).value += loss
    ctypes.c_int64.from_address(int(block[control.HITS]) + at).value += hits
