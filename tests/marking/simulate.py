"""Scripts as students write them, made up with an arithmetic of their own: nothing here calls handgrad's rules.

A student works a network through step by step with so many decimals, rounding or cutting off, carrying on what
is written or what the calculator holds; at one or two steps something goes wrong. The truth about each script
(what was planted where) goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import numpy as np

Array = Any


@dataclass
class Net:
    """A network by its layers: dense ("W", "b"), conv1d ("K", "b") or max_pool1d, each with its activation."""

    layers: list[dict[str, Any]]
    x: Array
    y: Array
    loss: str

    def tree(self) -> dict[str, Any]:
        """The problem as a problem file has it."""
        layers = []
        for layer in self.layers:
            table: dict[str, Any] = {"op": layer["op"]}
            if layer["op"] == "dense":
                table |= {"weights": texts(layer["W"])} | (
                    {"bias": texts(layer["b"])} if layer["b"] is not None else {}
                )
            elif layer["op"] == "conv1d":
                table |= {"kernel": texts(layer["K"]), "stride": layer["stride"]}
            else:
                table |= {"kernel": layer["size"]}
            layers.append(table | ({"activation": layer["act"]} if layer["act"] else {}))
        return {
            "network": {"input": len(self.x), "layers": layers},
            "loss": {"op": self.loss},
            "data": {"x": texts(self.x), "y": texts(self.y)},
        }


def texts(values: Array) -> Any:
    """Numbers of two decimals as texts, so that both sides read the same ones."""
    return [texts(value) for value in values] if np.ndim(values) else f"{float(values):.2f}"


@dataclass
class Student:
    """How someone writes numbers, and what goes wrong: ``plants`` maps a quantity to the kind of mistake."""

    decimals: int
    cuts: bool
    carries: bool
    plants: dict[str, str] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    """The plants that changed something, with the entry where one is to be found ("h1[2]", or "h1")."""
    offers: dict[str, list[str]] = field(default_factory=dict)
    """The mistakes with rules that could be made, by quantity."""
    random: Random = field(default_factory=lambda: Random(0))

    def settle(self, name: str, value: Array) -> Array:
        """Write a quantity down; what goes on from it."""
        value = self._planted(name, np.asarray(value, dtype=float))
        shown = [self._text(float(entry)) for entry in value.ravel()]
        self.written[name] = nested(shown, value.shape)
        return np.array([float(text) for text in shown]).reshape(value.shape) if self.carries else value

    def _text(self, value: float) -> str:
        unit = Decimal(1).scaleb(-self.decimals)
        text = str(Decimal(repr(round(value, 12))).quantize(unit, ROUND_DOWN if self.cuts else ROUND_HALF_UP))
        return text.removeprefix("-") if not float(text) else text

    def _planted(self, name: str, value: Array) -> Array:
        """A slip with one entry, where one is planted."""
        kind = self.plants.get(name, "")
        if not kind.startswith("entry"):
            return value
        places = [i for i in range(value.size) if self._differs(kind, value, i)]
        if not places:
            return value
        place = self.random.choice(places)
        wrong = value.copy()
        wrong.ravel()[place] = slipped(kind, value.ravel(), place)
        index = np.unravel_index(place, value.shape)
        self.done[name] = f"{name}[{','.join(str(i + 1) for i in index)}]" if value.ndim else name
        return wrong

    def _differs(self, kind: str, value: Array, place: int) -> bool:
        right, wrong = float(value.ravel()[place]), slipped(kind, value.ravel(), place)
        return abs(wrong - right) > 4 * 10.0**-self.decimals and bool(float(self._text(wrong)))

    def rule(self, name: str, right: Array, **wrong: Array) -> Array:
        """The value of a rule, or what a planted mistake makes of it where that can be told apart."""
        self.offers[name] = [
            kind for kind, value in wrong.items() if self._visible(np.asarray(right), np.asarray(value))
        ]
        kind = self.plants.get(name, "")
        if kind not in self.offers[name]:
            return right
        self.done[name] = name
        return wrong[kind]

    def _visible(self, right: Array, wrong: Array) -> bool:
        unit = 10.0**-self.decimals
        return right.shape == wrong.shape and bool(((np.abs(wrong - right) > 4 * unit) & (np.abs(wrong) > unit)).any())


def slipped(kind: str, values: Array, place: int) -> float:
    """An entry gone wrong by itself."""
    value = float(values[place])
    return {
        "entry sign": -value,
        "entry point": value * 10,
        "entry other": float(values[(place + 1) % len(values)]),
        "entry half": value / 2,
    }[kind]


def nested(flat: list[str], shape: tuple[int, ...]) -> Any:
    """A flat list of texts in a shape."""
    if not shape:
        return flat[0]
    size = len(flat) // shape[0]
    return [nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def value_of(act: str, a: Array) -> Array:
    if act == "logistic":
        return 1 / (1 + np.exp(-a))
    if act == "tanh":
        return np.tanh(a)
    if act == "relu":
        return np.maximum(a, 0)
    e = np.exp(a)
    return e / e.sum()


def slope_of(act: str, a: Array, h: Array) -> Array:
    return {"logistic": lambda: h * (1 - h), "tanh": lambda: 1 - h * h, "relu": lambda: (a > 0) * 1.0}[act]()


def worked(net: Net, student: Student) -> None:
    """The student works the network through; what is written is in ``student.written``."""
    h, seen = net.x, []
    for i, layer in enumerate(net.layers, 1):
        last = i == len(net.layers)
        out = "yhat" if last else f"h{i}"
        pre = f"a{i}" if layer["act"] else out
        a = student.settle(pre, forward(student, pre, layer, h))
        after = a
        if layer["act"]:
            after = student.settle(out, activated(student, out, layer["act"], a))
        seen.append((pre, out, h, a, after))
        h = after
    backward(net, student, seen)


def forward(student: Student, name: str, layer: dict[str, Any], x: Array) -> Array:
    if layer["op"] == "dense":
        right = layer["W"] @ x + (0 if layer["b"] is None else layer["b"])
        wrong = {}
        if layer["W"].shape[0] == layer["W"].shape[1]:
            wrong["weights transposed"] = layer["W"].T @ x + (0 if layer["b"] is None else layer["b"])
        if layer["b"] is not None:
            wrong["bias forgotten"] = layer["W"] @ x
        return student.rule(name, right, **wrong)
    if layer["op"] == "conv1d":
        return student.rule(
            name, slid(x, layer["K"], layer["stride"]), **{"kernel flipped": slid(x, layer["K"][::-1], layer["stride"])}
        )
    size = layer["size"]
    return np.array([x[i : i + size].max() for i in range(0, len(x) - size + 1, size)])


def slid(x: Array, kernel: Array, stride: int) -> Array:
    return np.array([x[i : i + len(kernel)] @ kernel for i in range(0, len(x) - len(kernel) + 1, stride)])


def activated(student: Student, name: str, act: str, a: Array) -> Array:
    wrong = {}
    if act == "logistic":
        wrong["sign in the exponent"] = 1 / (1 + np.exp(a))
    if act == "relu":
        wrong["negative part kept"] = np.abs(a)
    if act == "softmax":
        wrong["not normalised"] = np.exp(a)
        wrong |= {"exponential forgotten": a / a.sum()} if a.sum() else {}
    return student.rule(name, value_of(act, a), **wrong)


def backward(net: Net, student: Student, seen: list[Any]) -> None:
    yhat, last = seen[-1][4], net.layers[-1]
    if net.loss == "cross_entropy":
        picked = float(net.y @ yhat)
        logs = (
            {} if picked <= 0 else {"logarithm to base 10": -np.log10(picked), "minus sign forgotten": np.log(picked)}
        )
        student.settle("L", student.rule("L", -np.log(picked) if picked > 0 else 0.0, **logs))
        name = seen[-1][0]
        right = yhat - net.y
        wrong = {"ŷ − y the wrong way round": net.y - yhat, "target forgotten": yhat}
        g = student.settle(f"dL/d{name}", student.rule(f"dL/d{name}", right, **wrong))
    else:
        student.settle(
            "L", student.rule("L", ((yhat - net.y) ** 2).sum() / 2, **{"factor forgotten": ((yhat - net.y) ** 2).sum()})
        )
        g = student.settle(
            "dL/dyhat", student.rule("dL/dyhat", yhat - net.y, **{"ŷ − y the wrong way round": net.y - yhat})
        )
        if last["act"]:
            g = through(student, seen[-1], last["act"], g)
    for i in range(len(net.layers), 0, -1):
        layer, x = net.layers[i - 1], seen[i - 1][2]
        parameters(student, i, layer, g, x)
        if i == 1:
            return
        below = seen[i - 2]
        h = student.settle(f"dL/d{below[1]}", back(student, f"dL/d{below[1]}", layer, g, x))
        g = through(student, below, net.layers[i - 2]["act"], h) if net.layers[i - 2]["act"] else h


def through(student: Student, layer: Any, act: str, g: Array) -> Array:
    pre, _, _, a, h = layer
    slope, name = slope_of(act, a, h), f"dL/d{pre}"
    wrong = {"σ′ forgotten": g, "gradient from above forgotten": slope * np.ones_like(g)}
    if act == "logistic":
        at = value_of(act, h)
        wrong |= {
            "σ in place of σ′": g * h,
            "σ′ taken of h": g * at * (1 - at),
            "a (1 − a) in place of h (1 − h)": g * a * (1 - a),
        }
    if act == "tanh":
        wrong |= {"square forgotten": g * (1 - h)}
    return student.settle(name, student.rule(name, g * slope, **wrong))


def parameters(student: Student, i: int, layer: dict[str, Any], g: Array, x: Array) -> None:
    if layer["op"] == "dense":
        wrong = {"outer product transposed": np.outer(x, g)} if len(x) == len(g) else {}
        student.settle(f"dL/dW{i}", student.rule(f"dL/dW{i}", np.outer(g, x), **wrong))
        if layer["b"] is not None:
            student.settle(f"dL/db{i}", g)
    elif layer["op"] == "conv1d":
        size, stride = len(layer["K"]), layer["stride"]
        right = np.array([sum(g[p] * x[p * stride + t] for p in range(len(g))) for t in range(size)])
        wrong = {"kernel gradient flipped": right[::-1], "mean in place of the sum": right / len(g)}
        student.settle(f"dL/dK{i}", student.rule(f"dL/dK{i}", right, **wrong))


def back(student: Student, name: str, layer: dict[str, Any], g: Array, x: Array) -> Array:
    if layer["op"] == "dense":
        wrong = {"weights not transposed": layer["W"] @ g} if layer["W"].shape[0] == layer["W"].shape[1] else {}
        return student.rule(name, layer["W"].T @ g, **wrong)
    if layer["op"] == "conv1d":
        return student.rule(
            name,
            spread(g, layer["K"], layer["stride"], len(x)),
            **{"kernel not flipped": spread(g, layer["K"][::-1], layer["stride"], len(x))},
        )
    size = layer["size"]
    right, everywhere = np.zeros(len(x)), np.zeros(len(x))
    for p, one in enumerate(g):
        window = x[p * size : (p + 1) * size]
        right[p * size + int(np.argmax(window))] += one
        everywhere[p * size : (p + 1) * size] += one
    return student.rule(name, right, **{"gradient spread to the whole window": everywhere})


def spread(g: Array, kernel: Array, stride: int, length: int) -> Array:
    found = np.zeros(length)
    for p, one in enumerate(g):
        found[p * stride : p * stride + len(kernel)] += one * kernel
    return found


def network(random: Random) -> Net:
    """A small network, dense or beginning with a convolution."""
    count = random.randint(3, 8)
    layers: list[dict[str, Any]] = []
    x = numbers(random, (count,), 1)
    if random.random() < 0.4:
        count = random.randint(6, 10)
        x = numbers(random, (count,), 1)
        size = random.randint(2, 3)
        stride = random.choice([1, 1, 2])
        layers.append(
            {
                "op": "conv1d",
                "K": numbers(random, (size,), 1),
                "stride": stride,
                "act": random.choice(["relu", "tanh", "logistic"]),
            }
        )
        count = (count - size) // stride + 1
        if random.random() < 0.6 and count >= 4:
            layers.append({"op": "max_pool1d", "size": 2, "act": ""})
            count //= 2
    for _ in range(random.randint(1, 2)):
        units = random.choice([count, random.randint(2, 4)])
        layers.append(dense(random, units, count, random.choice(["relu", "tanh", "logistic"])))
        count = units
    if random.random() < 0.6:
        classes = random.randint(2, 4)
        layers.append(dense(random, classes, count, "softmax"))
        return Net(layers, x, np.eye(classes)[random.randrange(classes)], "cross_entropy")
    layers.append(dense(random, 2, count, random.choice(["", "logistic"])))
    return Net(layers, x, numbers(random, (2,), 1), "squared_error")


def dense(random: Random, units: int, count: int, act: str) -> dict[str, Any]:
    bias = numbers(random, (units,), 1) if random.random() < 0.5 else None
    return {"op": "dense", "W": numbers(random, (units, count), 1), "b": bias, "act": act}


def numbers(random: Random, shape: tuple[int, ...], reach: float) -> Array:
    """Numbers of two decimals, none of them zero."""
    flat = [round(random.uniform(-reach, reach), 2) or 0.25 for _ in range(int(np.prod(shape)))]
    return np.array(flat).reshape(shape)


ENTRIES = ("entry sign", "entry point", "entry other", "entry half")


def script(net: Net, random: Random, plants: int) -> Student:
    """A student of some habit who makes so many mistakes, in different quantities; fewer where none can be made."""
    habit = {"decimals": random.randint(2, 6), "cuts": random.random() < 0.4, "carries": random.random() < 0.6}
    dry = Student(**habit)
    worked(net, dry)
    chosen = random.sample(sorted(dry.written), min(plants, len(dry.written)))
    kinds = {name: random.choice([*dry.offers.get(name, ()), *ENTRIES]) for name in chosen}
    student = Student(**habit, plants=kinds, random=random)
    worked(net, student)
    return student
