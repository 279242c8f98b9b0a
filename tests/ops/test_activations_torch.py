"""Every activation and elementwise function against torch, forward and all gradients, in float64."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.ops import OPS
from handgrad.ops.op import Constant, Op

torch = pytest.importorskip("torch")
F = torch.nn.functional

FLOAT = arithmetic("float64")
Settings = dict[str, Any]


def number(random: Random, low: int, high: int) -> float:
    """A quarter, so that it is the same number everywhere; never 0."""
    return (random.randint(4 * low, 4 * high) or 1) / 4


def bounds(random: Random) -> Settings:
    low = number(random, -3, 1)
    return {"low": low, "high": low + number(random, 1, 4)}


def some_bounds(random: Random) -> Settings:
    both = bounds(random)
    return random.choice([both, {"low": both["low"]}, {"high": both["high"]}])


NONE: Callable[[Random], Settings] = lambda _: {}  # noqa: E731

TABLE: dict[str, tuple[Callable[[Random], Settings], Callable[..., Any], tuple[float, float]]] = {
    "identity": (NONE, lambda x: x, (-5, 5)),
    "logistic": (NONE, torch.sigmoid, (-30, 30)),
    "tanh": (NONE, torch.tanh, (-5, 5)),
    "softsign": (NONE, F.softsign, (-5, 5)),
    "relu": (NONE, F.relu, (-5, 5)),
    "leaky_relu": (
        lambda r: {"alpha": number(r, -1, 2)},
        lambda x, alpha: torch.where(x > 0, x, alpha * x),
        (-5, 5),
    ),
    "thresholded_relu": (
        lambda r: {"alpha": number(r, -2, 2)}, lambda x, alpha: F.threshold(x, alpha, 0.0), (-5, 5)
    ),
    "elu": (lambda r: {"alpha": number(r, 1, 3)}, F.elu, (-5, 5)),
    "selu": (NONE, F.selu, (-5, 5)),
    "celu": (lambda r: {"alpha": number(r, 1, 3)}, F.celu, (-5, 5)),
    "softplus": (
        lambda r: {"beta": number(r, 1, 3)}, lambda x, beta: F.softplus(x, beta, threshold=1e9), (-30, 30)
    ),
    "log_sigmoid": (NONE, F.logsigmoid, (-30, 30)),
    "silu": (NONE, F.silu, (-30, 30)),
    "mish": (NONE, F.mish, (-9, 9)),
    "gelu": (
        lambda r: {"approximate": r.choice(["none", "tanh"])},
        lambda x, approximate: F.gelu(x, approximate=approximate),
        (-9, 9),
    ),
    "relu6": (NONE, F.relu6, (-2, 9)),
    "hard_tanh": (bounds, lambda x, **both: F.hardtanh(x, *both.values()), (-5, 5)),
    # torch's own hardsigmoid has a slope of 1/6 in single precision
    "hard_sigmoid": (NONE, lambda x: F.relu6(x + 3) / 6, (-5, 5)),
    "hard_swish": (NONE, F.hardswish, (-5, 5)),
    "hard_shrink": (lambda r: {"threshold": number(r, 1, 2)}, lambda x, **own: F.hardshrink(x, *own.values()), (-5, 5)),
    "soft_shrink": (lambda r: {"threshold": number(r, 1, 2)}, lambda x, **own: F.softshrink(x, *own.values()), (-5, 5)),
    "exp": (NONE, torch.exp, (-5, 5)),
    "log": (NONE, torch.log, (0.1, 9)),
    "square_root": (NONE, torch.sqrt, (0.1, 9)),
    "abs": (NONE, torch.abs, (-5, 5)),
    "power": (lambda r: {"exponent": number(r, -3, 3)}, lambda x, exponent: x**exponent, (0.5, 3)),
    "reciprocal": (NONE, torch.reciprocal, (0.2, 5)),
    "negative": (NONE, torch.neg, (-5, 5)),
    "square": (NONE, torch.square, (-5, 5)),
    "sin": (NONE, torch.sin, (-9, 9)),
    "cos": (NONE, torch.cos, (-9, 9)),
    "erf": (NONE, torch.erf, (-7, 7)),
    "clip": (some_bounds, lambda x, low=None, high=None: torch.clamp(x, low, high), (-5, 5)),
}  # fmt: skip


def an_op(name: str, given: Settings) -> Op:
    return OPS[name](**{key: Constant(v) if isinstance(v, float) else v for key, v in given.items()})


def applied(op: Op, rule: str, known: dict[str, Any]) -> Any:
    known = known | {name: FLOAT.array(getattr(op, name).written) for name in op.given_constants}
    return op.apply(rule, FLOAT.xp, {letter: known[letter] for letter in op.needs(rule, known)})


def shape_of(random: Random, least: int = 1) -> tuple[int, ...]:
    return tuple(random.randint(1, 4) for _ in range(random.randint(least, 4)))


def close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12 * max(1.0, float(np.max(np.abs(theirs)))))


def compared(op: Op, function: Callable[..., Any], arrays: dict[str, Any], random: np.random.Generator) -> None:
    tensors = {letter: torch.tensor(value, requires_grad=True) for letter, value in arrays.items()}
    ours, theirs = applied(op, "forward", arrays), function(**tensors)
    close(ours, theirs)
    dy = random.normal(size=ours.shape)
    theirs.backward(torch.tensor(dy))
    shapes = {f"{letter}_shape": value.shape[int(letter == "x") :] for letter, value in arrays.items()}
    for letter, tensor in tensors.items():
        close(applied(op, f"d{letter}", {"y": ours, "dy": dy, **arrays, **shapes}), tensor.grad)


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("seed", range(30))
def test_it_is_torchs_function_with_torchs_gradient(name: str, seed: int) -> None:
    settings, function, (low, high) = TABLE[name]
    random, generator = Random(seed), np.random.default_rng(seed)
    given = settings(random)
    x = generator.uniform(low, high, size=shape_of(random))
    compared(an_op(name, given), lambda x: function(x, **given), {"x": x}, generator)


@pytest.mark.parametrize(("name", "function"), [("softmax", torch.softmax), ("log_softmax", torch.log_softmax)])
@pytest.mark.parametrize("seed", range(30))
def test_softmax_is_torchs_along_every_axis(name: str, function: Any, seed: int) -> None:
    random, generator = Random(seed), np.random.default_rng(seed)
    x = generator.uniform(-9, 9, size=shape_of(random, 2))
    axis = random.choice([*range(1, x.ndim), *range(1 - x.ndim, 0)])
    compared(OPS[name](axis=axis), lambda x: function(x, axis), {"x": x}, generator)  # type: ignore[call-arg]


def channel_slopes(x: Any, s: Any) -> Any:
    """torch's own: one for all, or one a channel."""
    return F.prelu(x, s)


def stretched_slopes(x: Any, s: Any) -> Any:
    return torch.where(x > 0, x, s * x)


@pytest.mark.parametrize("seed", range(30))
def test_prelu_is_torchs(seed: int) -> None:
    random, generator = Random(seed), np.random.default_rng(seed)
    x = generator.uniform(-5, 5, size=shape_of(random, 2))
    s = generator.uniform(-1, 1, size=random.choice([1, x.shape[1]]))
    compared(OPS["prelu"](), channel_slopes, {"x": x, "s": s}, generator)


@pytest.mark.parametrize("seed", range(30))
def test_prelu_with_stretched_slopes_is_where(seed: int) -> None:
    random, generator = Random(seed), np.random.default_rng(seed)
    x = generator.uniform(-5, 5, size=(*shape_of(random, 2), 5))
    size = x.shape[random.randint(1, x.ndim) :]
    size = tuple(random.choice([1, n]) for n in size) if len(size) > 1 else size
    compared(OPS["prelu"](), stretched_slopes, {"x": x, "s": generator.uniform(-1, 1, size=size)}, generator)


KINKS = {
    "relu": ({}, 0.0),
    "elu": ({"alpha": 1.5}, 0.0),
    "celu": ({"alpha": 1.5}, 0.0),
    "selu": ({}, 0.0),
    "abs": ({}, 0.0),
    "thresholded_relu": ({"alpha": 1.5}, 1.5),
    "hard_shrink": ({"threshold": 0.5}, 0.5),
    "soft_shrink": ({"threshold": 0.5}, -0.5),
    "relu6": ({}, 6.0),
    "hard_tanh": ({"low": -1.0, "high": 1.0}, 1.0),
    "hard_sigmoid": ({}, 3.0),
    "hard_swish": ({}, 3.0),
    "clip": ({"low": -1.0, "high": 1.0}, 1.0),
}


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("side", [1, -1])
def test_kinks_are_as_in_torch(name: str, side: int) -> None:
    given, kink = KINKS[name]
    x = np.full((1, 2), side * kink)
    compared(an_op(name, given), lambda x: TABLE[name][1](x, **given), {"x": x}, np.random.default_rng(1))


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_inputs_give_no_nan(name: str, dtype: str) -> None:
    low, _ = TABLE[name][2]
    op, floating = an_op(name, TABLE[name][0](Random(1))), arithmetic(dtype)
    constants = {key: floating.array(getattr(op, key).written) for key in op.given_constants}
    huge = np.array([[1e3, 1e10, 1e30, -1e3, -1e10, -1e30][: 3 if low > 0 else 6]], dtype=dtype)
    with floating.working(0):
        known = {"x": huge, **constants}
        known["y"] = op.apply("forward", floating.xp, {letter: known[letter] for letter in op.needs("forward", known)})
        known["dy"] = np.ones_like(huge)
        dx = op.apply("dx", floating.xp, {letter: known[letter] for letter in op.needs("dx", known)})
    assert known["y"].dtype == dx.dtype == np.dtype(dtype)
    assert not np.isnan(known["y"]).any()
    assert not np.isnan(dx).any()
