"""Joining, reshaping, slicing and reducing against PyTorch: outputs and all gradients over seeded settings."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from handgrad.arithmetic import float_functions  # noqa: E402  after what importorskip guards
from handgrad.ops import OPS  # noqa: E402  the same
from handgrad.ops.op import Op, Sample  # noqa: E402  the same
from test_laws import an_op  # noqa: E402  the same

SEEDS = range(30)
Drawn = tuple[dict[str, tuple[int, ...]], dict[str, Any], Callable[..., Any]]
"""Shapes by letter (batch axis first), settings, and the same function of tensors."""


def shape(random: Random, least: int = 0, most: int = 3) -> tuple[int, ...]:
    return tuple(random.randint(1, 4) for _ in range(random.randint(least, most)))


def stretching(random: Random, count: int) -> list[tuple[int, ...]]:
    """Shapes that stretch to one another, the first of them whole."""
    whole = shape(random, 1)
    shapes = [whole]
    for _ in range(count - 1):
        own = whole[random.randint(0, len(whole)) :]
        shapes.append(tuple(1 if random.random() < 0.3 else n for n in own))
    return shapes


def aligned(x: Any, rank: int) -> Any:
    return x.reshape(x.shape[0], *[1] * (rank + 1 - x.ndim), *x.shape[1:])


def entrywise(function: Callable[..., Any], most: int) -> Callable[[Random], Drawn]:
    def draw(random: Random) -> Drawn:
        shapes = stretching(random, random.randint(2, most))
        random.shuffle(shapes)
        rank, batch = max(map(len, shapes)), random.randint(1, 3)

        def call(*xs: Any) -> Any:
            total, *rest = [aligned(x, rank) for x in xs]
            for x in rest:
                total = function(total, x)
            return total

        return {f"x{i + 1}": (batch, *own) for i, own in enumerate(shapes)}, {}, call

    return draw


def concat(random: Random) -> Drawn:
    whole, batch = shape(random, 1), random.randint(1, 3)
    axis = random.randrange(len(whole))
    shapes = [(*whole[:axis], random.randint(1, 3), *whole[axis + 1 :]) for _ in range(random.randint(1, 4))]
    named = axis + 1 if random.random() < 0.5 else axis - len(whole)
    letters = {f"x{i + 1}": (batch, *own) for i, own in enumerate(shapes)}
    return letters, {"axis": named}, lambda *xs: torch.cat(xs, dim=axis + 1)


def matmul(random: Random) -> Drawn:
    m, k, n, batch = (random.randint(1, 4) for _ in range(4))
    leading = shape(random, 0, 2)
    kind = random.choice(["matrices", "stretched", "row", "column"])
    turned = kind != "column" and random.random() < 0.5
    a = (k,) if kind == "row" else (*(() if kind == "stretched" else leading), m, k)
    b = (k,) if kind == "column" else (*leading, n, k) if turned else (*leading, k, n)

    def call(x1: Any, x2: Any) -> Any:
        second = x2.mT if turned else x2
        first = x1
        if kind == "stretched":
            first = x1.reshape(batch, *[1] * len(leading), m, k)
        if kind == "row":
            return (x1.reshape(batch, *[1] * len(leading), 1, k) @ second).squeeze(-2)
        if kind == "column":
            return (first @ x2.reshape(batch, *[1] * len(leading), k, 1)).squeeze(-1)
        return first @ second

    return {"x1": (batch, *a), "x2": (batch, *b)}, {"transpose_second": turned}, call


def dense(random: Random) -> Drawn:
    p, m, batch, rows = random.randint(1, 4), random.randint(1, 4), random.randint(1, 3), shape(random, 0, 2)
    letters = {"x": (batch, *rows, p), "W": (m, p)} | ({"b": (m,)} if random.random() < 0.7 else {})
    return letters, {"rows": True}, torch.nn.functional.linear


def reshape(random: Random) -> Drawn:
    own, batch = shape(random, 1), random.randint(1, 3)
    size = int(np.prod(own))
    divisors = [n for n in range(1, size + 1) if size % n == 0]
    first = random.choice(divisors)
    return {"x": (batch, *own)}, {"to": [first, -1]}, lambda x: x.reshape(batch, first, -1)


def flatten(random: Random) -> Drawn:
    own, batch = shape(random, 1), random.randint(1, 3)
    start = random.randint(1, len(own))
    stop = random.randint(start, len(own))
    return {"x": (batch, *own)}, {"start": start, "stop": stop}, lambda x: x.flatten(start, stop)


def transpose(random: Random) -> Drawn:
    own, batch = shape(random, 1, 4), random.randint(1, 3)
    axes = random.sample(range(1, len(own) + 1), len(own))
    return {"x": (batch, *own)}, {"axes": axes}, lambda x: x.permute(0, *axes)


def sliced(random: Random) -> Drawn:
    own, batch = tuple(n + 2 for n in shape(random, 1)), random.randint(1, 3)
    axis = random.randrange(len(own))
    first, last = (random.randint(1, own[axis]) for _ in range(2))
    step = random.randint(1, 2) * (1 if first <= last else -1)
    places = list(range(first - 1, last - 1 + (1 if step > 0 else -1), step))
    settings = {"start": [first], "stop": [last], "step": [step], "axes": [axis + 1]}
    return {"x": (batch, *own)}, settings, lambda x: x.index_select(axis + 1, torch.tensor(places))


def take(random: Random) -> Drawn:
    own, batch = shape(random, 1), random.randint(1, 3)
    axis = random.randrange(len(own))
    at = [random.randint(1, own[axis]) for _ in range(random.randint(1, 5))]
    settings = {"at": at, "axis": axis - len(own)}
    return {"x": (batch, *own)}, settings, lambda x: x.index_select(axis + 1, torch.tensor(at) - 1)


def pad(random: Random) -> Drawn:
    own, batch = tuple(n + 2 for n in shape(random, 1, 2)), random.randint(1, 3)
    pairs = [[random.randint(0, 2), random.randint(0, 2)] for _ in own]
    mode = random.choice(["constant", "edge", "reflect"])
    flat = [n for pair in reversed(pairs) for n in pair]
    name = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}[mode]
    extra = {"value": 0.5} if mode == "constant" else {}

    def call(x: Any) -> Any:
        return torch.nn.functional.pad(x[:, None], flat, mode=name, **extra)[:, 0]

    return {"x": (batch, *own)}, {"padding": pairs, "mode": mode, "value": "1/2"}, call


def expand(random: Random) -> Drawn:
    whole, batch = shape(random, 1), random.randint(1, 3)
    own = tuple(1 if random.random() < 0.5 else n for n in whole[random.randint(0, len(whole)) :])
    return {"x": (batch, *own)}, {"to": list(whole)}, lambda x: aligned(x, len(whole)).expand(batch, *whole)


def reduced(function: Callable[..., Any]) -> Callable[[Random], Drawn]:
    def draw(random: Random) -> Drawn:
        own, batch, keep = shape(random, 1), random.randint(1, 3), random.random() < 0.5
        axes = sorted(random.sample(range(len(own)), random.randint(1, len(own))))
        named = [axis + 1 if random.random() < 0.5 else axis - len(own) for axis in axes]
        dims = tuple(axis + 1 for axis in axes)
        return {"x": (batch, *own)}, {"axes": named, "keep_axes": keep}, lambda x: function(x, dim=dims, keepdim=keep)

    return draw


def scaled(random: Random) -> Drawn:
    return {"x": (random.randint(1, 3), *shape(random))}, {"factor": "3/7"}, lambda x: x * 3 / 7


FAMILIES: dict[str, Callable[[Random], Drawn]] = {
    "add": entrywise(torch.add, 4),
    "multiply": entrywise(torch.mul, 4),
    "maximum": entrywise(torch.maximum, 3),
    "minimum": entrywise(torch.minimum, 3),
    "subtract": entrywise(torch.sub, 2),
    "divide": entrywise(torch.div, 2),
    "concat": concat,
    "matmul": matmul,
    "dense": dense,
    "reshape": reshape,
    "flatten": flatten,
    "transpose": transpose,
    "slice": sliced,
    "take": take,
    "pad": pad,
    "expand": expand,
    "sum": reduced(torch.sum),
    "mean": reduced(torch.mean),
    "max": reduced(torch.amax),
    "min": reduced(torch.amin),
    "scale": scaled,
}


def close(found: Any, expected: Any) -> None:
    wanted = expected.detach().numpy()
    scale = max(1.0, float(abs(wanted).max(initial=0)))
    np.testing.assert_allclose(np.asarray(found) / scale, wanted / scale, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_output_and_gradients(name: str, seed: int) -> None:
    shapes, settings, function = FAMILIES[name](Random(f"{name} {seed}"))
    op: Op = an_op(OPS[name], Sample(shapes, settings))
    draw = np.random.default_rng(seed)
    values = {letter: draw.uniform(0.5, 2, own) * draw.choice([-1, 1], own) for letter, own in shapes.items()}
    tensors = {letter: torch.tensor(value, requires_grad=True) for letter, value in values.items()}
    constants = {key: np.asarray(float(getattr(op, key).written.exact()[0])) for key in op.given_constants}
    known: dict[str, Any] = values | constants
    y = op.apply("forward", float_functions, {letter: known[letter] for letter in op.needs("forward", known)})
    output = function(*tensors.values())
    close(y, output)
    upstream = draw.normal(size=y.shape)
    output.backward(torch.tensor(upstream))
    inputs = op.input_letters(len(shapes))
    known |= {f"{letter}_shape": own[int(letter in inputs) :] for letter, own in shapes.items()}
    known |= {"dy": upstream, "y": y}
    for letter, tensor in tensors.items():
        rule = f"d{letter}"
        close(op.apply(rule, float_functions, {key: known[key] for key in op.needs(rule, known)}), tensor.grad)
