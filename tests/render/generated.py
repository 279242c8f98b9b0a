"""Problems made up by a seed for the formats: dense, convolutional and branched networks, every loss and activation.

The same two hundred in each run: what one format's test finds in them another's finds under the same name.
"""

from __future__ import annotations

from functools import cache
from itertools import cycle, islice
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

import handgrad as hg
from handgrad.ops import LOSSES, UPDATES
from handgrad.working.document import Document
from test_random_graphs import graphs
from test_random_networks import problems as networks

ARITHMETICS = ("exact", "rounded(2)", "float64", "rounded(3)", "exact", "float32")
NOTATIONS: tuple[Any, ...] = ("a,h", "z,a", "net,out", {"a": "u", "h": "v", "L": "E", "W": "w"})
ACTIVATIONS = (
    "identity", "logistic", "tanh", "softsign", "relu", "leaky_relu", "thresholded_relu", "elu", "selu", "celu",
    "relu6", "hard_tanh", "hard_sigmoid", "hard_swish", "hard_shrink", "soft_shrink", "softplus", "log_sigmoid",
    "silu", "mish", "gelu", "exp", "abs", "square", "negative", "sin", "cos", "erf", "softmax", "log_softmax",
)  # fmt: skip
OUTPUTS: dict[str, Any] = {
    "binary_cross_entropy": "logistic",
    "cross_entropy": "softmax",
    "kl_divergence": "softmax",
    "negative_log_likelihood": "log_softmax",
    "poisson_nll": "softplus",
}
"""What must stand before a loss for its logarithm to be of something positive."""
NORMS = ("layer_norm", "rms_norm", "batch_norm", "group_norm", "instance_norm", "local_response_norm")
POOLS = ("max_pool", "average_pool", "lp_pool")


@cache
def problems(count: int = 200) -> list[tuple[str, hg.Problem]]:
    """So many named problems, the same ones in each run."""
    trees = [*_numbered("dense", map(dense, range(80))), *_numbered("image", map(image, range(30)))]
    trees += _numbered("network", _drawn(networks(), 45)) + _numbered("graph", _drawn(graphs(), 45))
    # a smaller count takes some of each kind
    order = Random(4).sample(range(len(trees)), len(trees))
    chosen = sorted(islice(cycle(order), count))
    return [(name, hg.Problem.from_dict(tree)) for name, tree in (trees[i] for i in chosen)]


@cache
def documents(count: int = 200) -> list[tuple[str, Document]]:
    """The worked solutions of the problems."""
    return [(name, hg.solve(problem).working()) for name, problem in problems(count)]


def _numbered(kind: str, trees: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{kind}-{i}", tree | {"arithmetic": _turn(ARITHMETICS, i)}) for i, tree in enumerate(trees)]


def _turn(choices: Any, i: int) -> Any:
    return choices[i % len(choices)]


def _drawn(strategy: st.SearchStrategy[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """What a strategy draws from a seed."""
    found: list[dict[str, Any]] = []

    @seed(4)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def collect(tree: dict[str, Any]) -> None:
        found.append(tree)

    collect()
    return found[:count]


def number(random: Random) -> Any:
    """An integer, a fraction or a decimal between -1 and 1, as people write them."""
    return random.choice([random.randint(-1, 1), f"{random.randint(-6, 6)}/7", random.randint(-99, 99) / 100])


def array(random: Random, *shape: int) -> Any:
    return [array(random, *shape[1:]) for _ in range(shape[0])] if shape else number(random)


def target(random: Random, loss: str, width: int) -> list[Any]:
    """What a loss can be of: a distribution, signs, zeros and ones, counts, or any numbers."""
    one = random.randrange(width)
    if loss in {"hinge", "cosine"}:
        return [random.choice([-1, 1]) for _ in range(width)]
    if "binary" in loss:
        return [random.choice([0, 1, "1/3"]) for _ in range(width)]
    if loss == "poisson_nll":
        return [random.randint(0, 4) for _ in range(width)]
    if "entropy" in loss or loss in {"negative_log_likelihood", "multi_class_hinge"}:
        return [int(i == one) for i in range(width)]
    if loss == "kl_divergence":
        return ["1/2", "1/4", "1/4"] if width == 3 else ["1/3", "2/3"]
    return array(random, width)


def dense(i: int) -> dict[str, Any]:
    """Two or three dense layers; activations, losses, updates and notations take turns."""
    random = Random(f"dense {i}")
    loss = _turn(tuple(LOSSES), i)
    widths = [random.randint(1, 5), random.randint(2, 4), random.randint(2, 3)]
    layers: list[dict[str, Any]] = [_dense(random, widths[0], widths[1]) | {"activation": _turn(ACTIVATIONS, i)}]
    if i % 5 == 0:
        layers.append({"op": "dropout", "rate": "1/2", "seed": i} if i % 10 else {"op": "layer_norm"} | _scale(widths))
    layers.append(_dense(random, widths[1], widths[2]))
    if loss in OUTPUTS:
        layers[-1]["activation"] = OUTPUTS[loss]
    examples = 1 + i % 3
    tree: dict[str, Any] = {
        "title": f"Generated {i}: 100% of $x_1$ & {{more}}",
        "notation": _turn(NOTATIONS, i),
        "network": {"input": widths[0], "layers": layers},
        "loss": {"op": loss},
        "data": {
            "batch": True,
            "x": array(random, examples, widths[0]),
            "y": [target(random, loss, widths[2]) for _ in range(examples)],
        },
    }
    if i % 3 == 1 and loss not in FRAIL:
        tree["update"] = {
            "op": _turn(tuple(UPDATES), i // 3),
            "rate": "1/10",
            "steps": 2 if _turn(ARITHMETICS, i) in {"exact", "float64"} else 1,
        }
    if i % 4 == 2:
        tree["penalties"] = [{"op": "l2", "rate": "1/3"}]
    return tree


FRAIL = {"binary_cross_entropy", "kl_divergence", "poisson_nll"}
"""Losses that have no value where a step takes ŷ to 0, or beyond e^1000."""


def _dense(random: Random, reads: int, units: int) -> dict[str, Any]:
    layer: dict[str, Any] = {"op": "dense", "weights": array(random, units, reads)}
    return layer | {"bias": array(random, units)} if random.random() < 0.7 else layer


def _scale(widths: list[int]) -> dict[str, Any]:
    return {"scale": [1] * widths[1], "shift": ["1/2"] * widths[1]}


def image(i: int) -> dict[str, Any]:
    """A convolution (or its transpose) of one to three axes, a pooling, a dense layer."""
    random = Random(f"image {i}")
    rank = 1 + i % 3
    size = [random.randint(4, 5 if rank < 3 else 4) for _ in range(rank)]
    name = f"conv{rank}d" if i % 4 else f"conv_transpose{rank}d"
    kernel = array(random, *((2, 1) if name[4] != "_" else (1, 2)), *(2 for _ in range(rank)))
    layers: list[dict[str, Any]] = [{"op": name, "kernel": kernel, "activation": _turn(ACTIVATIONS[:20], i)}]
    if i % 5 == 1:
        layers.append({"op": _turn(NORMS[3:], i)} | ({"size": 3} if _turn(NORMS[3:], i).startswith("local") else {}))
    layers.append({"op": f"{_turn(POOLS, i)}{rank}d", "kernel": 2, "stride": 1})
    if i % 3 == 0:
        layers.append({"op": _turn(("global_average_pool", "global_max_pool"), i)})
    layers.append({"op": "flatten"})
    width = hg.Network(layers, [1, *size]).output[0]
    layers.append(_dense(random, width, 2))
    return {
        "network": {"input": [1, *size], "layers": layers},
        "loss": {"op": "squared_error"},
        "data": {"x": array(random, 1, *size), "y": array(random, 2)},
    }
