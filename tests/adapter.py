"""Cases of other authors (tests/cases/others) as handgrad problems, and their printed numbers to hold against.

An entry of a case is a layer of its own, counted from 0: its output y{i} is h{i+1} here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import handgrad as hg
from handgrad import tables
from handgrad.ops import UPDATES
from handgrad.ops.updates import Update
from handgrad.plan import primed

FOLDER = Path(__file__).parent / "cases" / "others"

KINDS = {
    "dense": "dense",
    "sigmoid": "logistic",
    "tanh": "tanh",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "conv1d": "conv1d",
    "conv2d": "conv2d",
    "maxpool2d": "max_pool2d",
    "avgpool2d": "average_pool2d",
    "global_avgpool": "global_average_pool",
    "batchnorm": "batch_norm",
    "log_softmax": "log_softmax",
    "matmul_param": "dense",
    "dropout": "multiply",
}
LOSSES = {
    "squared_error": "squared_error",
    "bce": "binary_cross_entropy",
    "huber": "huber",
    "hinge_multiclass": "multi_class_hinge",
    "cross_entropy": "cross_entropy",
}
KEYS = {
    "eps": "epsilon",
    "lr": "rate",
    "beta1": "beta1",
    "beta2": "beta2",
    "rho": "rho",
    "weight_decay": "weight_decay",
}


def evaluated(text: Any, names: dict[str, Any]) -> Any:
    """A value of a case: a literal, or a NumPy expression over the names known so far."""
    if not isinstance(text, str):
        return text
    if text.startswith("exec:"):
        exec(text[5:], names)  # noqa: S102  the cases are data of this repository
        return None
    return eval(text, names)  # noqa: S307  the same


def _renamed(name: str) -> str:
    return f"{name[0]}{int(name[1:]) + 1}"


class Moved:
    """A parameter that an update moves, with what the update remembers of it."""

    def __init__(self, table: dict[str, Any], start: Any) -> None:
        kind = UPDATES[table["op"]]
        mistakes: list[Any] = []
        settings = {key: value for key, value in table.items() if key != "freeze"}
        update = tables.settings(kind, settings, ("op",), ("update",), "update", mistakes)
        assert not mistakes
        assert isinstance(update, Update)
        self.update, self.W, self.t = update, start, 0
        self.states = {name: np.full_like(start, update.start(name).written.floats()) for name in update.states}

    def by(self, gradient: Any) -> Any:
        """One more step along a gradient; the parameter after it."""
        self.t += 1
        update = self.update
        letters = {"W": self.W, "dW": gradient, "t": self.t, **self.states}
        letters |= {name: getattr(update, name).written.floats() for name in update.given_constants}
        for state in update.states:
            letters[f"{state}_next"] = self._rule(f"next_{state}", letters)
        self.states = {state: letters[f"{state}_next"] for state in update.states}
        self.W = self._rule("forward", letters)
        return self.W

    def _rule(self, rule: str, letters: dict[str, Any]) -> Any:
        needed = self.update.needs(rule, letters)
        return self.update.apply(rule, np, {letter: letters[letter] for letter in needed})


class Case:
    """One case: ``problem`` for handgrad, ``names`` that its published expressions are written over."""

    def __init__(self, name: str) -> None:
        self.tree = json.loads((FOLDER / f"{name}.json").read_text())
        self.names: dict[str, Any] = {"np": np}
        for key, value in self.tree.get("data", []):
            self.names[key] = evaluated(value, self.names)
            if isinstance(self.names[key], list):
                self.names[key] = np.array(self.names[key])
        self.inputs: dict[str, Any] = {}
        if "network" in self.tree:
            self.problem = hg.Problem.from_dict(self.tables())

    def tables(self) -> dict[str, Any]:
        """The tables of the problem."""
        tree = self.tree
        x = np.array(evaluated(tree["input"], self.names), dtype=float)
        x = x[:, None] if x.ndim == 1 else x
        self.inputs["x"] = x
        layers = [self._layer(entry, i) for i, entry in enumerate(tree["network"])]
        if tree.get("loss", {}).get("from") == "logits":
            layers.append({"op": "softmax"})
        if "clip" in tree.get("loss", {}):
            layers.append({"op": "clip", "low": tree["loss"]["clip"], "high": 1 - tree["loss"]["clip"]})
        layers = layers or [{"op": "identity"}]
        shapes = {name: list(value.shape[1:]) for name, value in self.inputs.items()}
        data = {name: value.tolist() for name, value in self.inputs.items()}
        problem: dict[str, Any] = {
            "network": {"input": shapes if len(shapes) > 1 else shapes["x"], "layers": layers},
            "data": {**data, "batch": True},
        }
        self._target(problem, x)
        if "optimizer" in tree and "upstream" not in tree:
            problem["update"] = {**self._update(), "steps": tree["optimizer"].get("steps", 1)}
        return problem

    def _layer(self, entry: dict[str, Any], place: int) -> dict[str, Any]:
        kind = KINDS[entry["kind"]]
        layer: dict[str, Any] = {"op": kind}
        if kind == "multiply":  # a mask of its own for each example: a second input
            name = f"mask{place}"
            self.inputs[name] = np.array(evaluated(entry["mask"], self.names), dtype=float)
            return {**layer, "from": [f"h{place}", name]}
        weight = {"batch_norm": "scale", "dense": "weights"}.get(kind, "kernel")
        keys = {"weight": weight, "bias": "shift" if kind == "batch_norm" else "bias"}
        for key, value in entry.items():
            if key in keys:
                array = np.array(evaluated(value, self.names), dtype=float)
                layer[keys[key]] = (array.T if entry["kind"] == "matmul_param" else array).tolist()
            elif key != "kind" and not (kind == "max_pool2d" and key == "dilation"):
                layer[KEYS.get(key, key)] = value
        return layer

    def _target(self, problem: dict[str, Any], x: Any) -> None:
        tree = self.tree
        if "upstream" in tree:
            output = hg.Network(problem["network"]["layers"], problem["network"]["input"]).output
            ones = np.ones((len(x), *output))
            given = ones if tree["upstream"] == "ones" else evaluated(tree["upstream"], self.names)
            problem["data"]["dL/dyhat"] = np.array(given, dtype=float).tolist()
        elif "loss" in tree:
            target = np.array(evaluated(tree["target"], self.names))
            problem["loss"] = self._loss(tree["loss"], target)
            for term in tree["loss"].get("l2", ()):
                names = [_renamed(name) for name in term["of"]]
                problem.setdefault("penalties", []).append(
                    {"op": "l2", "rate": term["coef"], "factor": 1, "parameters": names}
                )
            if target.ndim == 1 and tree["loss"]["kind"] in ("cross_entropy", "hinge_multiclass"):
                problem["data"]["label"] = [int(label) + 1 for label in target]
            else:
                problem["data"]["y"] = target.astype(float).tolist()

    def _loss(self, loss: dict[str, Any], target: Any) -> dict[str, Any]:
        kind, reduction = loss["kind"], loss.get("reduction", "mean")
        outputs = target.size // len(target)
        table: dict[str, Any] = {"op": LOSSES[kind], "reduction": "sum" if reduction == "sum" else "mean"}
        if kind in ("squared_error", "bce"):
            table["factor"] = loss.get("factor", 1) * (1 if reduction != "mean" else 1 / outputs)
        return table | {key: loss[key] for key in ("delta", "margin") if key in loss}

    def _update(self) -> dict[str, Any]:
        optimizer = self.tree["optimizer"]
        settings = {KEYS[key]: value for key, value in optimizer.items() if key in KEYS}
        frozen = [_renamed(name) for name in optimizer.get("frozen", [])]
        return {"op": optimizer["kind"], **settings} | ({"freeze": frozen} if frozen else {})

    def optimised(self) -> dict[str, Any]:
        """The parameters of an update without a network: w1 after the first gradient, w2 after the second."""
        moved = Moved(self._update(), np.array(self.tree["params"], dtype=float))
        names = {f"w{i + 1}": moved.by(np.array(g, dtype=float)) for i, g in enumerate(self.tree["grads"])}
        return {**self.names, **names}

    def with_an_input_for_each_step(self) -> dict[str, Any]:
        """The parameters after updates that see another input each."""
        tree = self.tables()
        layer = tree["network"]["layers"][0]
        parameters = {"weights": "W1", "bias": "b1"}
        moved = {key: Moved(self._update(), np.array(layer[key])) for key in parameters}
        for name in self.tree["step_inputs"]:
            tree["data"]["x"] = self.names[name].tolist()
            trace = hg.solve(hg.Problem.from_dict(tree), "float64")
            layer |= {key: moved[key].by(trace[f"dL/d{ours}"]).tolist() for key, ours in parameters.items()}
        return {**self.names, "nW0": np.array(layer["weights"]), "nb0": np.array(layer["bias"])}

    def solved(self, arithmetic: str) -> dict[str, Any]:
        """The names of the case's expressions with their values."""
        trace = hg.solve(self.problem, arithmetic)
        names = dict(self.names)
        for i, entry in enumerate(self.tree["network"]):
            letter = "K" if entry["kind"].startswith("conv") else "W"
            self._put(names, trace, f"y{i}", f"h{i + 1}")
            self._put(names, trace, f"dy{i}", f"dL/dh{i + 1}")
            for theirs, ours in ((f"W{i}", f"{letter}{i + 1}"), (f"b{i}", f"b{i + 1}")):
                self._put(names, trace, theirs, ours)
                self._put(names, trace, f"d{theirs}", f"dL/d{ours}")
                self._put(names, trace, f"n{theirs}", f"{ours}'")
        steps = self.problem.steps
        last = {"new_loss": primed("L", steps), "new_y": primed("yhat", steps)}
        for theirs, ours in {"x": "x", "dx": "dL/dx", "y": "yhat", "loss": "L", **last}.items():
            self._put(names, trace, theirs, ours)
        if "loss" in self.tree:
            squared = self.tree["loss"]["kind"] == "squared_error"
            target = np.array(evaluated(self.tree["target"], self.names))
            names["per_loss"] = (names["y"] - target) ** 2 if squared else np.asarray(trace["losses"], dtype=float)
        return names

    def _put(self, names: dict[str, Any], trace: hg.Trace, theirs: str, ours: str) -> None:
        if ours in trace:
            names[theirs] = np.asarray(trace[ours], dtype=float)


def agrees(value: Any, published: dict[str, Any], units: float = 0.5, *, summed: bool = False) -> bool:
    """Whether a value is the printed one to its printed digits: half a unit of the last away, or so many."""
    printed, value = np.array(published["value"], dtype=float), np.asarray(value, dtype=float)
    if "sig" in published:
        magnitude = np.floor(np.log10(np.abs(np.where(printed == 0, 1, printed))))
        unit = 10.0 ** (magnitude - published["sig"] + 1)
    else:
        unit = 10.0 ** -published["decimals"]
    slack = units * unit + 4 * np.finfo(float).eps * np.abs(printed)
    if published.get("expect") == "float32":
        size = np.abs(printed).max() if summed else np.abs(printed)
        slack = slack + np.finfo(np.float32).eps * size * 4
    return bool((np.abs(value.reshape(printed.shape) - printed) <= slack).all())
