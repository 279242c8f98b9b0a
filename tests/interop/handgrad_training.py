"""The nodes of training: losses, update rules and gradients, each by the rules of handgrad's own ops."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

import handgrad as hg
from handgrad.arithmetic.floating import Floating
from handgrad.interop.onnx_import import tree_of, with_arrays
from handgrad.interop.onnx_model import Graph, Input, Node
from handgrad.ops import LOSSES, OPS, UPDATES
from handgrad.ops.losses import Reduction
from handgrad.ops.op import Constant, Op

XP = Floating("float32", 4).xp


def settings_of(op: Op, rule: str, dtype: Any) -> dict[str, Any]:
    """The settings that a rule takes by name."""
    wanted = [name for name in op.constants if name in op.letters(rule)]
    return {name: getattr(op, name).written.floats().astype(dtype) for name in wanted}


def loss(_: Graph, node: Node, arrays: dict[str, Any]) -> list[Any]:
    """A loss over classes: each place of each example is an example of its own, its label a one-hot target."""
    read = [arrays.get(name) for name in node.reads]
    scores, labels, weights = read[0], read[1], read[2] if len(read) > 2 else None
    classes, dtype = scores.shape[1], scores.dtype
    rows = np.moveaxis(scores, 1, -1).reshape(-1, classes)
    flat = labels.reshape(-1)
    ignore = node.attributes.get("ignore_index")
    counted = flat != ignore if ignore is not None else np.ones(flat.shape, bool)
    target = np.zeros(rows.shape, dtype)
    target[np.arange(len(flat))[counted], flat[counted]] = 1
    name = {"NegativeLogLikelihoodLoss": "negative_log_likelihood"}.get(node.op, "softmax_cross_entropy")
    kind: Any = LOSSES[name]
    given: dict[str, Any] = {} if weights is None else {"class_weights": weights_as(weights)}
    op = kind(ignore_index=None if ignore is None else int(ignore), **given)
    losses = op.apply("forward", XP, {"yhat": rows, "y": target} | settings_of(op, "forward", dtype))
    how = node.attributes.get("reduction", "mean")
    outputs = [losses.reshape(labels.shape)]
    if how != "none":
        entries = exact_entries(target)
        divisor = Constant(op.divisor(entries, len(rows), (classes,))) if how == "mean" else None
        outputs = [np.asarray(Reduction(how=how, divisor=divisor).apply("forward", XP, {"x": losses}), dtype)]
    if len(node.gives) > 1:
        logs = OPS["log_softmax"](axis=1)
        outputs.append(logs.apply("forward", XP, {"x": scores}))
    return outputs


def exact_entries(target: Any) -> list[Any]:
    """The entries of a target as exact numbers."""
    from flint import fmpq

    return [fmpq(int(entry)) for entry in target.reshape(-1)]


def weights_as(weights: Any) -> Any:
    """Class weights as the loss holds them."""
    from handgrad.ops.op import Constants

    return Constants([float(weight) for weight in weights])


def update(_: Graph, node: Node, arrays: dict[str, Any]) -> list[Any]:
    """A step of an update rule for each of the parameters."""
    rate, count, *rest = (arrays[name] for name in node.reads)
    op = update_of(node, float(rate))
    size = len(rest) // (2 + len(op.states))
    found: list[list[Any]] = []
    for k in range(size):
        W, dW, *states = rest[k::size]
        letters = {"W": W, "dW": dW, **dict(zip(op.states, states, strict=True)), "t": time_of(node, int(count))}
        for state in op.states:
            letters[f"{state}_next"] = apply(op, f"next_{state}", letters)
        found.append([apply(op, "forward", letters), *(letters[f"{state}_next"] for state in op.states)])
    return [found[k][i] for i in range(len(found[0])) for k in range(size)]


def time_of(node: Node, count: int) -> int:
    """The number of the step from 1; Adam's first one, which ONNX does not correct, counts as far on."""
    return count + 1 if node.op != "Adam" else count or 10**6


def apply(op: Any, rule: str, letters: dict[str, Any]) -> Any:
    dtype = letters["W"].dtype
    known = {name: value for name, value in letters.items() if name in op.letters(rule)}
    return op.apply(rule, XP, known | settings_of(op, rule, dtype))


def update_of(node: Node, rate: float) -> Any:
    """The update rule with the settings of a node."""
    given = {key: Constant(float(value)) for key, value in node.attributes.items() if isinstance(value, (int, float))}
    common = {"rate": Constant(rate), "weight_decay": given.get("norm_coefficient", Constant(0))}
    if node.op == "Adam":
        betas = {"beta1": given.get("alpha", Constant("0.9")), "beta2": given.get("beta", Constant("0.999"))}
        return UPDATES["adam"](**common, **betas, epsilon=given.get("epsilon", Constant("1e-6")), form_of="folded")
    if node.op == "Adagrad":
        own = {"epsilon": given.get("epsilon", Constant("1e-6")), "decay": given.get("decay_factor", Constant(0))}
        return UPDATES["adagrad"](**common, **own)
    name = {"nesterov": "nesterov"}.get(node.attributes["mode"], "momentum")
    dampening = Constant(1 - float(node.attributes["beta"]))
    return UPDATES[name](**common, momentum=given["alpha"], dampening=dampening, form_of="torch")


def gradient(graph: Graph, node: Node, arrays: dict[str, Any]) -> list[Any]:
    """The gradients of a graph by the backward rules of a problem, with 1 as the gradient of its output."""
    names = list(node.attributes["xs"])
    output = node.attributes["y"]
    inputs = tuple(Input(name, str(arrays[name].dtype), arrays[name].shape) for name in names)
    inner = Graph(graph.nodes[:-1], {}, inputs, (output,), graph.opset, "", graph.file)
    tree, weights = tree_of(inner, output, batched=False)
    tree = with_arrays(tree, weights)
    own = list(tree["network"]["input"])
    data = {name: value if value.shape else float(value) for name, value in zip(own, arrays.values(), strict=True)}
    ones = np.ones(arrays[names[0]].shape)
    problem = hg.Problem.from_dict(tree | {"data": data | {"dL/dyhat": ones if prod(ones.shape) > 1 else 1}})
    trace = hg.solve(problem, "float32")
    results = [trace[f"dL/d{name}"] for name in own]
    return [np.asarray(value, np.float32) for value in results]


LOSSES_RUN = dict.fromkeys(("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"), loss)
UPDATES_RUN = dict.fromkeys(("Adam", "Adagrad", "Momentum"), update)
RUNNERS: dict[str, Any] = LOSSES_RUN | UPDATES_RUN | {"Gradient": gradient}
