"""What goes wrong inside while a network trains: dead and saturated units, exploding and vanishing gradients.

Before the steps 1, 2, 3, 5, 9, 17 and 33, as what explodes does so at once, then each 50 steps, and each 500 once 500
are done, a sample of the training examples is put through the network, and
the gradient of the batch at hand is measured layer by layer. Each thing is said once of a layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from handgrad.engine import Compiled
from handgrad.network import Node
from handgrad.training.safetensors import Arrays
from handgrad.training.state import Warned

EVERY, LATER = 50, 500
"""Steps from one look to the next: at first, and after ``LATER`` steps."""

SAMPLE = 256
"""Examples that dead and saturated units are looked for with."""

HALF = 0.5
"""The share of a layer's units from which on it is said."""

EDGE = 0.01
"""An output so close to an end of its range counts as saturated: there logistic′ < 0.01 and tanh′ < 0.02."""

VANISHING = 1e-5
"""A layer's gradient (its root mean square), as a share of the largest among the layers."""

EXPLODING = 100.0
"""The Euclidean norm of a layer's gradient, as a multiple of that of its parameters."""

Array = np.ndarray[Any, Any]


class Before(Struct, frozen=True):
    """Parameters and what the update remembers, to go back to."""

    parameters: Arrays
    states: Arrays
    steps: int

    @classmethod
    def of(cls, compiled: Compiled) -> Before:
        """Where it stands now."""
        return cls(compiled.parameters, compiled.states, compiled.steps)

    def restore(self, compiled: Compiled) -> None:
        """Goes back."""
        compiled.set_parameters(self.parameters)
        compiled.set_states(self.states, self.steps)


class Watch:
    """Looks at a network now and then. ``known``: what was said before, which is not said again."""

    def __init__(self, sample: Array, known: Iterable[Warned] = ()) -> None:
        self.sample = sample
        self._said = {(one.layer, one.what) for one in known}

    def wants(self, step: int) -> bool:
        """Whether it wants to see the batch of that step (from 0)."""
        early = step < EVERY and step & (step - 1) == 0  # powers of two
        return early or step % (EVERY if step < LATER else LATER) == 0

    def until(self, step: int) -> int:
        """How many steps may be taken before the next look."""
        stride = EVERY if step < LATER else LATER
        following = stride - step % stride
        return min(following, (1 << step.bit_length()) - step) if step < EVERY else following

    def look(self, compiled: Compiled, x: Array, y: Array, weights: Array | None, step: int) -> list[Warned]:
        """What is wrong before that step (from 1), whose batch is x, y."""
        values = compiled.activations(self.sample)
        found = [*_units(compiled, values), *_gradients(compiled, *compiled.value_and_grad(x, y, weights))]
        fresh = [(layer, what, text) for layer, what, text in found if (layer, what) not in self._said]
        self._said |= {(layer, what) for layer, what, _ in fresh}
        return [Warned(step, layer, what, text) for layer, what, text in fresh]


Found = tuple[str, str, str]
"""Layer, what it is called, a sentence."""


def first_not_finite(compiled: Compiled, x: Array) -> str:
    """The layer and the quantity where numbers cease to be finite, on the way forward; "" if all are."""
    values = compiled.activations(x)
    for node in compiled.network.nodes:
        wrong = values[node.name][~np.isfinite(values[node.name])]
        if wrong.size:
            return f"{_layer(node)}: {node.name} is {float(wrong[0])}"
    return ""


def _layer(node: Node) -> str:
    return f"layer {node.layer} ({node.op.name})"


def _units(compiled: Compiled, values: dict[str, Array]) -> Iterator[Found]:
    for node in compiled.network.nodes:
        h = values[node.name]
        if node.op.name in _ZEROS:
            dead = _by_unit(h == 0)
            if dead.mean() >= HALF:
                text = f"{int(dead.sum())} of {dead.size} units give 0 for each of {len(h)} examples"
                yield _layer(node), "dead units", text
        if node.op.name in _ENDS and node.name != "yhat":
            low, high = _ENDS[node.op.name]
            stuck = ((h <= low + EDGE) | (h >= high - EDGE)).mean()
            if stuck >= HALF:
                text = f"{stuck:.0%} of its values lie within {EDGE} of {low:g} or {high:g}"
                yield _layer(node), "saturated units", text


_ZEROS = ("relu", "relu6")
"""Ops whose derivative is 0 wherever they give 0."""

_ENDS = {"logistic": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""Ops that flatten out towards both ends of their range."""


def _by_unit(flags: Array) -> Array:
    """Of each unit, of images each channel: whether the flag holds everywhere and in all examples."""
    axes = tuple(axis for axis in range(flags.ndim) if axis != 1)
    return np.atleast_1d(flags.all(axis=axes) if flags.ndim > 1 else flags.all())


def _gradients(compiled: Compiled, loss: float, gradients: dict[str, Array]) -> Iterator[Found]:
    if not np.isfinite(loss):
        yield "", "loss", f"the loss is {loss}"
    parameters = compiled.parameters
    owners: dict[str, list[str]] = {}
    for node in compiled.network.nodes:
        owners.setdefault(_layer(node), []).extend(node.parameters.values())
    layers = {layer: [name for name in names if name in gradients] for layer, names in owners.items()}
    sizes = {layer: _norm(gradients, names) for layer, names in layers.items() if names}
    spread = {layer: size / _count(gradients, layers[layer]) ** 0.5 for layer, size in sizes.items()}
    largest = max(spread.values(), default=0.0)
    for layer, size in sizes.items():
        own = _norm(parameters, layers[layer])
        if not np.isfinite(size):
            yield layer, "exploding gradient", f"the norm of its gradient is {size}"
        elif own and size > EXPLODING * own:
            text = f"the norm of its gradient is {size:.3g}, {size / own:.0f} times that of its parameters"
            yield layer, "exploding gradient", text
        elif spread[layer] <= VANISHING * largest:
            text = f"the norm of its gradient is {size:.3g}"
            more = f", entry for entry {spread[layer] / largest:.1g} of the largest layer's" if largest and size else ""
            yield layer, "vanishing gradient", text + more


def _norm(arrays: dict[str, Array], names: Iterable[str]) -> float:
    return float(sum(np.sum(np.square(arrays[name], dtype=np.float64)) for name in names) ** 0.5)


def _count(arrays: dict[str, Array], names: Iterable[str]) -> int:
    return sum(arrays[name].size for name in names)
