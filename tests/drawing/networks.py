"""Networks made up by a seed, small and large, to draw."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any


def drawn(*shape: int, seed: int = 1) -> dict[str, Any]:
    """Weights drawn at random."""
    return {"random": "normal", "seed": seed, "scale": 0.3, "shape": list(shape)}


def dense(*widths: int, bias: bool = True, arithmetic: str = "float64") -> dict[str, Any]:
    """Dense layers of these widths into a softmax."""
    layers: list[dict[str, Any]] = []
    for reads, gives in pairwise(widths):
        layer = {"op": "dense", "weights": drawn(gives, reads), "activation": "relu"}
        layers.append(layer | ({"bias": drawn(gives)} if bias else {}))
    layers[-1]["activation"] = "softmax"
    return tree(layers, widths[0], {"x": drawn(widths[0]), "label": widths[-1]}, arithmetic)


def tree(
    layers: list[dict[str, Any]],
    reads: Any,
    data: dict[str, Any],
    arithmetic: str = "float64",
    loss: str = "cross_entropy",
) -> dict[str, Any]:
    """A problem of these layers."""
    return {
        "arithmetic": arithmetic,
        "network": {"input": reads, "layers": layers},
        "loss": {"op": loss},
        "data": data,
    }


def lenet() -> dict[str, Any]:
    """LeNet-5."""
    layers = [
        {"op": "conv2d", "kernel": drawn(6, 1, 5, 5), "bias": drawn(6), "padding": 2, "activation": "relu"},
        {"op": "max_pool2d", "kernel": 2},
        {"op": "conv2d", "kernel": drawn(16, 6, 5, 5), "bias": drawn(16), "activation": "relu"},
        {"op": "max_pool2d", "kernel": 2},
        {"op": "flatten"},
        {"op": "dense", "weights": drawn(120, 400), "bias": drawn(120), "activation": "relu"},
        {"op": "dense", "weights": drawn(84, 120), "bias": drawn(84), "activation": "relu"},
        {"op": "dense", "weights": drawn(10, 84), "bias": drawn(10), "activation": "softmax"},
    ]
    return tree(layers, [1, 28, 28], {"x": drawn(1, 28, 28), "label": 2})


def resnet(blocks: int = 8) -> dict[str, Any]:
    """A residual network as deep as ResNet-18, of few channels."""
    layers: list[dict[str, Any]] = [
        {"op": "conv2d", "kernel": drawn(4, 3, 3, 3), "padding": 1, "name": "stem", "activation": "relu"}
    ]
    before = "stem"
    for block in range(blocks):
        name = f"block{chr(97 + block)}"
        kernel = {"op": "conv2d", "kernel": drawn(4, 4, 3, 3), "padding": 1}
        layers += [kernel | {"activation": "relu", "from": before}, kernel]
        layers.append({"op": "add", "from": [f"h{len(layers)}", before], "name": name, "activation": "relu"})
        before = name
    layers += [{"op": "global_average_pool"}, {"op": "dense", "weights": drawn(10, 4), "activation": "softmax"}]
    return tree(layers, [3, 8, 8], {"x": drawn(3, 8, 8), "label": 2})


def made_up(seed: int) -> dict[str, Any]:
    """A network with layers, sizes, numbers and an arithmetic that follow from the seed."""
    random = Random(seed)
    if random.random() < 0.6:
        widths = [*(random.randint(1, 14) for _ in range(random.randint(1, 3))), random.randint(2, 12)]
        arithmetic = random.choice(["float64", "float32", "rounded(2)", "rounded(6 significant)"])
        return dense(*widths, bias=random.random() < 0.5, arithmetic=arithmetic) | {"digits": random.randint(2, 9)}
    size = [random.randint(3, 10), random.randint(3, 10)]
    channels, outs = random.randint(1, 5), random.randint(1, 5)
    kernel = drawn(outs, channels, random.randint(1, 3), random.randint(1, 3), seed=seed)
    layers: list[dict[str, Any]] = [
        {"op": "conv2d", "kernel": kernel, "stride": random.randint(1, 2), "padding": 1, "activation": "tanh"},
        {"op": random.choice(["max_pool2d", "average_pool2d"]), "kernel": 2, "stride": random.randint(1, 2)},
        {"op": "global_average_pool"},
        {"op": "dense", "weights": drawn(2, outs), "activation": "softmax"},
    ]
    return tree(layers, [channels, *size], {"x": drawn(channels, *size, seed=seed), "label": 1})
