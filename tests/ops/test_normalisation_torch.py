"""Normalisations, dropout and embedding against torch: forward and every gradient, seeded settings."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from handgrad.arithmetic import float_functions
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.ops import OPS
from handgrad.ops.op import Sample
from test_laws import an_op

torch = pytest.importorskip("torch")
F = torch.nn.functional

FLOAT = arithmetic("float64")
SEEDS = pytest.mark.parametrize("seed", range(40))
EPSILONS = ("1e-5", "0.001", "1/4")


def drawn(random: Random, *shape: int) -> np.ndarray[Any, Any]:
    return np.array([random.gauss(0, 1) for _ in range(int(np.prod(shape)))]).reshape(shape)


def close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert np.abs(ours - theirs).max() <= 1e-12 * max(np.abs(theirs).max(), 1)


def agrees(op: Any, function: Any, arrays: dict[str, Any], random: Random, fixed: tuple[str, ...] = ()) -> None:
    """The op's forward and gradients are those of the function of the same tensors."""
    tensors = {letter: torch.tensor(array, requires_grad=letter not in fixed) for letter, array in arrays.items()}
    expected = function(**tensors)
    constants = {name: FLOAT.array(getattr(op, name).written) for name in op.constants}
    known = {**arrays, **constants}
    y = op.apply("forward", float_functions, {name: known[name] for name in op.letters("forward") if name in known})
    close(y, expected)
    shapes = {letter: tuple(array.shape[int(letter == "x") :]) for letter, array in arrays.items()}
    mistakes: list[tuple[str, str]] = []
    assert op.shape(lambda key, text: mistakes.append((key, text)), **shapes) == y.shape[1:]
    assert mistakes == []
    dy = drawn(random, *y.shape)
    expected.backward(torch.tensor(dy))
    known |= {"y": y, "dy": dy, **{f"{letter}_shape": shape for letter, shape in shapes.items()}}
    for letter in arrays:
        rule = f"d{letter}"
        assert op.has_rule(rule) == (letter not in fixed)
        if letter not in fixed:
            needed = {name: known[name] for name in op.letters(rule) if name in known}
            gradient = op.apply(rule, float_functions, needed)
            close(gradient, tensors[letter].grad)


def an_operation(name: str, **settings: Any) -> Any:
    return an_op(OPS[name], Sample({}, settings))


def parameters(random: Random, shape: tuple[int, ...], letters: tuple[str, ...] = ("gamma", "beta")) -> dict[str, Any]:
    return {letter: drawn(random, *shape) for letter in letters if random.random() < 0.7}


def an_input(random: Random, least: int, most: int, channels: int | None = None) -> np.ndarray[Any, Any]:
    """[B][c][n…] with so many axes of places, and always more than one entry in a group."""
    places = [random.randint(2, 4) for _ in range(random.randint(least, most))]
    return drawn(random, random.randint(2, 4), channels or random.randint(1, 4), *places)


@SEEDS
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_batch_norm_with_the_statistics_of_the_batch(rank: int, seed: int) -> None:
    random = Random(seed)
    x, epsilon = an_input(random, rank, rank), random.choice(EPSILONS)
    op = an_operation("batch_norm", epsilon=epsilon)
    kind = {0: torch.nn.BatchNorm1d, 1: torch.nn.BatchNorm1d, 2: torch.nn.BatchNorm2d, 3: torch.nn.BatchNorm3d}[rank]
    module = kind(x.shape[1], eps=float(op.epsilon.written.floats()), affine=False).double().train()

    def theirs(x: Any, gamma: Any = None, beta: Any = None) -> Any:
        y, shape = module(x), (-1, *(1,) * (x.ndim - 2))
        y = y if gamma is None else y * gamma.reshape(shape)
        return y if beta is None else y + beta.reshape(shape)

    agrees(op, theirs, {"x": x, **parameters(random, x.shape[1:2])}, random)


@SEEDS
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_batch_norm_with_fixed_statistics(rank: int, seed: int) -> None:
    random = Random(seed)
    x = an_input(random, rank, rank)
    op = an_operation("batch_norm", epsilon=random.choice(EPSILONS))
    statistics = {"mu": drawn(random, x.shape[1]), "var": drawn(random, x.shape[1]) ** 2}
    kind = {0: torch.nn.BatchNorm1d, 1: torch.nn.BatchNorm1d, 2: torch.nn.BatchNorm2d, 3: torch.nn.BatchNorm3d}[rank]
    module = kind(x.shape[1], eps=float(op.epsilon.written.floats()), affine=False).double().eval()

    def theirs(x: Any, mu: Any, var: Any, gamma: Any = None, beta: Any = None) -> Any:
        module.running_mean.copy_(mu)
        module.running_var.copy_(var)
        y, shape = module(x), (-1, *(1,) * (x.ndim - 2))
        y = y if gamma is None else y * gamma.reshape(shape)
        return y if beta is None else y + beta.reshape(shape)

    agrees(op, theirs, {"x": x, **parameters(random, x.shape[1:2]), **statistics}, random, fixed=("mu", "var"))


@SEEDS
def test_layer_norm(seed: int) -> None:
    random = Random(seed)
    x = an_input(random, 1, 3)
    axis = random.randint(2 if x.shape[1] == 1 else 1, x.ndim - 1)
    op = an_operation("layer_norm", axis=random.choice((axis, axis - x.ndim)), epsilon=random.choice(EPSILONS))
    epsilon = float(op.epsilon.written.floats())

    def theirs(x: Any, gamma: Any = None, beta: Any = None) -> Any:
        return F.layer_norm(x, x.shape[axis:], gamma, beta, epsilon)

    agrees(op, theirs, {"x": x, **parameters(random, x.shape[axis:])}, random)


@SEEDS
def test_layer_norm_with_parameters_that_stretch(seed: int) -> None:
    random = Random(seed)
    x = an_input(random, 2, 2)
    op = an_operation("layer_norm", axis=2)
    shapes = [(), (1,), x.shape[3:], (x.shape[2], 1), (1, x.shape[3])]

    def theirs(x: Any, gamma: Any, beta: Any) -> Any:
        return F.layer_norm(x, x.shape[2:], eps=1e-5) * gamma + beta

    arrays = {letter: drawn(random, *random.choice(shapes)) for letter in ("gamma", "beta")}
    agrees(op, theirs, {"x": x, **arrays}, random)


@SEEDS
def test_rms_norm(seed: int) -> None:
    random = Random(seed)
    x = an_input(random, 1, 3)
    axis = random.randint(1, x.ndim - 1)
    op = an_operation("rms_norm", axis=axis, epsilon=random.choice(EPSILONS))
    epsilon = float(op.epsilon.written.floats())

    def theirs(x: Any, gamma: Any = None) -> Any:
        return F.rms_norm(x, x.shape[axis:], gamma, epsilon)

    agrees(op, theirs, {"x": x, **parameters(random, x.shape[axis:], ("gamma",))}, random)


@SEEDS
def test_group_norm(seed: int) -> None:
    random = Random(seed)
    groups = random.randint(1, 3)
    x = an_input(random, 0, 3, channels=groups * random.randint(2, 3))
    op = an_operation("group_norm", groups=groups, epsilon=random.choice(EPSILONS))
    epsilon = float(op.epsilon.written.floats())

    def theirs(x: Any, gamma: Any = None, beta: Any = None) -> Any:
        # torch cannot go back through a shift without a scale
        scale = torch.ones(x.shape[1], dtype=x.dtype) if gamma is None else gamma
        return F.group_norm(x, groups, scale, beta, epsilon)

    agrees(op, theirs, {"x": x, **parameters(random, x.shape[1:2])}, random)


@SEEDS
def test_instance_norm(seed: int) -> None:
    random = Random(seed)
    x = an_input(random, 1, 3)
    op = an_operation("instance_norm", epsilon=random.choice(EPSILONS))
    epsilon = float(op.epsilon.written.floats())

    def theirs(x: Any, gamma: Any = None, beta: Any = None) -> Any:
        return F.instance_norm(x, weight=gamma, bias=beta, eps=epsilon)

    agrees(op, theirs, {"x": x, **parameters(random, x.shape[1:2])}, random)


@SEEDS
def test_local_response_norm_of_odd_size(seed: int) -> None:
    random = Random(seed)
    x = an_input(random, 1, 3, channels=random.randint(1, 7))
    size, alpha, beta, k = random.choice((1, 3, 5, 7)), random.random(), random.random(), 1 + random.random()
    op = an_operation("local_response_norm", size=size, alpha=str(alpha), beta=str(beta), bias=str(k))
    agrees(op, lambda x: F.local_response_norm(x, size, alpha, beta, k), {"x": x}, random)


@SEEDS
def test_dropout_with_a_mask(seed: int) -> None:
    random = Random(seed)
    x, rate, scale = an_input(random, 0, 2), random.random() * 0.9, random.random() < 0.5
    op = an_operation("dropout", rate=str(rate), scale=scale)
    mask = (drawn(random, *x.shape[1:]) > 0).astype(float)
    agrees(op, lambda x, M: x * M / (1 - rate if scale else 1), {"x": x, "M": mask}, random, fixed=("M",))


@SEEDS
def test_dropout_with_a_seed(seed: int) -> None:
    random = Random(seed)
    x, rate, scale = an_input(random, 0, 2), random.random() * 0.9, random.random() < 0.5
    op = an_operation("dropout", rate=str(rate), scale=scale, seed=seed)
    mask = torch.tensor(np.random.default_rng(seed).random(x.shape) >= rate)
    agrees(op, lambda x: x * mask / (1 - rate if scale else 1), {"x": x}, random)


@SEEDS
def test_embedding(seed: int) -> None:
    random = Random(seed)
    count, size, base = random.randint(1, 6), random.randint(1, 4), random.choice((0, 1, -2))
    shape = tuple(random.randint(1, 4) for _ in range(random.randint(2, 3)))
    x = np.array([random.randrange(count) for _ in range(int(np.prod(shape)))], dtype=float).reshape(shape)
    op = an_operation("embedding", base=base)
    arrays = {"x": x + base, "W": drawn(random, count, size)}
    agrees(op, lambda x, W: F.embedding((x - base).long(), W), arrays, random, fixed=("x",))
