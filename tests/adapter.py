"""Cases of other authors (tests/cases/others) as handgrad problems, and their printed numbers to hold against.

An entry of a case is a layer of its own, counted from 0: its output y{i} is h{i+1} here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import handgrad as hg

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
}
LOSSES = ("squared_error", "cross_entropy", "bce")


class Unsupported(Exception):
    """The case needs an op that handgrad does not have."""


def evaluated(text: Any, names: dict[str, Any]) -> Any:
    """A value of a case: a literal, or a NumPy expression over the names known so far."""
    if not isinstance(text, str):
        return text
    if text.startswith("exec:"):
        exec(text[5:], names)  # noqa: S102  the cases are data of this repository
        return None
    return eval(text, names)  # noqa: S307  the same


class Case:
    """One case: ``problem`` for handgrad, ``names`` that its published expressions are written over."""

    def __init__(self, name: str) -> None:
        self.tree = json.loads((FOLDER / f"{name}.json").read_text())
        self.names: dict[str, Any] = {"np": np}
        for key, value in self.tree.get("data", []):
            self.names[key] = evaluated(value, self.names)
            if isinstance(self.names[key], list):
                self.names[key] = np.array(self.names[key])
        self.problem = hg.Problem.from_dict(self._problem())

    def _problem(self) -> dict[str, Any]:
        tree = self.tree
        if tree.get("type") == "optimizer" or {"l2", "regularisation", "lambda"} & {*tree, *tree.get("loss", {})}:
            raise Unsupported("an optimizer alone, or a penalty")
        x = np.array(evaluated(tree["input"], self.names), dtype=float)
        layers = [self._layer(entry) for entry in tree["network"]]
        if tree.get("loss", {}).get("from") == "logits":
            layers.append({"op": "softmax"})
        layers = layers or [{"op": "identity"}]
        problem: dict[str, Any] = {
            "network": {"input": list(x.shape[1:]), "layers": layers},
            "data": {"x": x.tolist(), "batch": True},
        }
        self._target(problem, x)
        if "optimizer" in tree:
            problem["update"] = self._update(tree["optimizer"])
        return problem

    def _layer(self, entry: dict[str, Any]) -> dict[str, Any]:
        kind = KINDS.get(entry["kind"])
        if kind is None or entry.get("groups", 1) != 1:
            raise Unsupported(entry["kind"])
        layer: dict[str, Any] = {"op": kind}
        keys = {"weight": "kernel" if kind.startswith("conv") else "weights", "bias": "bias"}
        for key, value in entry.items():
            if key in keys:
                layer[keys[key]] = np.array(evaluated(value, self.names), dtype=float).tolist()
            elif key not in ("kind", "groups") and not (kind == "max_pool2d" and key == "dilation"):
                layer[key] = value
        return layer

    def _target(self, problem: dict[str, Any], x: Any) -> None:
        tree = self.tree
        if "upstream" in tree:
            output = hg.Network(problem["network"]["layers"], problem["network"]["input"]).output
            ones = np.ones((len(x), *output))
            given = ones if tree["upstream"] == "ones" else evaluated(tree["upstream"], self.names)
            upstream = np.array(given, dtype=float)
            problem["loss"] = {"op": "inner_product", "reduction": "sum"}
            problem["data"]["y"] = upstream.tolist()
        elif "loss" in tree:
            target = np.array(evaluated(tree["target"], self.names))
            problem["loss"] = self._loss(tree["loss"], target)
            if target.ndim == 1 and tree["loss"]["kind"] == "cross_entropy":
                problem["data"]["label"] = [int(label) + 1 for label in target]
            else:
                problem["data"]["y"] = target.astype(float).tolist()

    def _loss(self, loss: dict[str, Any], target: Any) -> dict[str, Any]:
        kind, reduction = loss["kind"], loss.get("reduction", "mean")
        if kind not in LOSSES or "clip" in loss:
            raise Unsupported(kind)
        outputs = target.size // len(target)
        over = "sum" if reduction == "sum" else "mean"
        if kind == "cross_entropy":
            return {"op": "cross_entropy", "reduction": over}
        factor = loss.get("factor", 1) * (1 if reduction != "mean" else 1 / outputs)
        op = "squared_error" if kind == "squared_error" else "binary_cross_entropy"
        return {"op": op, "factor": factor, "reduction": over}

    def _update(self, optimizer: dict[str, Any]) -> dict[str, Any]:
        if optimizer["kind"] != "sgd" or optimizer.get("steps", 1) != 1:
            raise Unsupported(optimizer["kind"])
        frozen = [f"{name[0]}{int(name[1:]) + 1}" for name in optimizer.get("frozen", [])]
        return {"op": "sgd", "rate": optimizer["lr"], "freeze": frozen}

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
        for theirs, ours in (("x", "x"), ("dx", "dL/dx"), ("y", "yhat"), ("loss", "L"), ("new_loss", "L'")):
            self._put(names, trace, theirs, ours)
        if "loss" in self.tree:
            squared = self.tree["loss"]["kind"] == "squared_error"
            target = np.array(evaluated(self.tree["target"], self.names))
            names["per_loss"] = (names["y"] - target) ** 2 if squared else np.asarray(trace["losses"], dtype=float)
        return names

    def _put(self, names: dict[str, Any], trace: hg.Trace, theirs: str, ours: str) -> None:
        if ours in trace:
            names[theirs] = np.asarray(trace[ours], dtype=float)


def agrees(value: Any, published: dict[str, Any]) -> bool:
    """Whether a value is the printed one to its printed digits."""
    printed, value = np.array(published["value"], dtype=float), np.asarray(value, dtype=float)
    if "sig" in published:
        magnitude = np.floor(np.log10(np.abs(np.where(printed == 0, 1, printed))))
        unit = 10.0 ** (magnitude - published["sig"] + 1)
    else:
        unit = 10.0 ** -published["decimals"]
    slack = 0.5 * unit + 4 * np.finfo(float).eps * np.abs(printed)
    if published.get("expect") == "float32":
        slack = slack + np.finfo(np.float32).eps * np.abs(printed) * 4
    return bool((np.abs(value.reshape(printed.shape) - printed) <= slack).all())
