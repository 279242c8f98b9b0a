"""What a picture draws: units, each the quantity of a layer before and after its activation, in columns by depth."""

from __future__ import annotations

from msgspec import Struct

from handgrad.network import Node
from handgrad.ops.convolution import Convolution
from handgrad.ops.dense import Dense
from handgrad.ops.op import Op, Shape
from handgrad.ops.pooling import Pooling
from handgrad.ops.transposed_convolution import TransposedConvolution
from handgrad.plan import UPSTREAM
from handgrad.trace import Trace


class Unit(Struct, frozen=True):
    """A quantity as it is drawn: ``before`` is its value before the activation ("" if there is none)."""

    name: str
    shape: Shape
    before: str = ""
    op: Op | None = None
    """What gives it; None for an input."""
    activation: str = ""
    reads: tuple[str, ...] = ()
    """The quantities that it is made of, by the names of their units."""
    sources: tuple[str, ...] = ()
    """The same by their own names."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Letter and name of each parameter, and of the target for a loss."""
    layer: int = 0
    gradient: str = ""
    """The quantity whose gradient stands with it."""


def units(trace: Trace) -> dict[str, Unit]:
    """All units by name in the order of computation; the loss comes last."""
    network = trace.problem.network
    found = {name: Unit(name, shape, gradient=name) for name, shape in network.inputs.items()}
    home = {name: name for name in found}
    for node in network.nodes:
        last = found.get(node.reads[0])
        if last is not None and _activates(node, last):
            del found[last.name]
            found[node.name] = _activated(last, node)
            home[last.name] = home[node.name] = node.name
            continue
        reads = tuple(home[name] for name in node.reads if name in home)
        given = tuple((name, name) for name in node.reads if name not in home)
        parameters = (*node.parameters.items(), *given)
        found[node.name] = Unit(
            node.name, node.shape, "", node.op, "", reads, node.reads, parameters, node.layer, node.name
        )
        home[node.name] = node.name
    loss = trace.problem.loss
    if loss is not None:
        found["L"] = Unit("L", (), "", loss, "", (home["yhat"],), ("yhat",), (("y", "y"),))
    return {name: _renamed(unit, home) for name, unit in found.items()}


def _activates(node: Node, last: Unit) -> bool:
    """Whether a node is the activation of the unit drawn last: then both stand in the same places."""
    return (
        last.op is not None
        and not last.activation
        and node.layer == last.layer
        and node.op.activates
        and node.shape == last.shape
        and not node.parameters
    )


def _activated(last: Unit, node: Node) -> Unit:
    return Unit(
        node.name, node.shape, last.name, last.op, node.op.name, last.reads, last.sources, last.parameters,
        last.layer, last.name,
    )  # fmt: skip


def _renamed(unit: Unit, home: dict[str, str]) -> Unit:
    from msgspec.structs import replace

    return replace(unit, reads=tuple(home.get(name, name) for name in unit.reads))


def depths(found: dict[str, Unit]) -> dict[str, int]:
    """The column of each unit: one behind the last that it reads; what only it leads up to it stands close before."""
    deep: dict[str, int] = {}
    for unit in found.values():
        deep[unit.name] = 1 + max((deep[name] for name in unit.reads), default=-1)
    readers = {name: [unit.name for unit in found.values() if name in unit.reads] for name in found}
    free: set[str] = set()
    for unit in found.values():
        if all(name in free and len(readers[name]) == 1 for name in unit.reads):
            free.add(unit.name)
    for name in reversed(found):
        if name in free and readers[name]:
            deep[name] = min(deep[other] for other in readers[name]) - 1
    return deep


def windowed(op: Op | None) -> int:
    """The number of dimensions that an op's window slides along; 0 if it has none."""
    return op.rank if isinstance(op, (Convolution, Pooling, TransposedConvolution)) else 0


def rank(unit: Unit, found: dict[str, Unit]) -> int:
    """Along how many axes a unit is seen by windows: its own, those before it, or those that read it."""
    if own := windowed(unit.op):
        return own
    readers = [other for other in found.values() if unit.name in other.reads]
    return max((windowed(other.op) for other in readers), default=0)


def joined(unit: Unit, source: Unit, found: dict[str, Unit]) -> bool:
    """Whether every node of a unit is joined to every node of its source by a weight of its own."""
    return (
        isinstance(unit.op, Dense)
        and len(source.shape) == 1
        and len(unit.shape) == 1
        and not rank(source, found)
        and not rank(unit, found)
    )


__all__ = ["UPSTREAM", "Unit", "depths", "joined", "rank", "units", "windowed"]
