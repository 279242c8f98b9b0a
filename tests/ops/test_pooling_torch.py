"""Pooling against torch: forward and the gradient, seeded settings."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from handgrad.arithmetic import float_functions
from handgrad.ops import OPS

torch = pytest.importorskip("torch")
F = torch.nn.functional

MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
LP = {1: F.lp_pool1d, 2: F.lp_pool2d, 3: F.lp_pool3d}


def drawn(random: Random, *shape: int) -> np.ndarray[Any, Any]:
    return np.array([random.gauss(0, 1) for _ in range(int(np.prod(shape)))]).reshape(shape)


def close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert np.abs(ours - theirs).max() <= 1e-12 * max(np.abs(theirs).max(), 1)


def agrees(op: Any, function: Any, x: Any, random: Random) -> None:
    tensor = torch.tensor(x, requires_grad=True)
    expected = function(tensor)
    y = op.forward(float_functions, x)
    close(y, expected)
    mistakes: list[tuple[str, str]] = []
    assert op.shape(lambda key, text: mistakes.append((key, text)), x=x.shape[1:]) == y.shape[1:]
    assert mistakes == []
    dy = drawn(random, *y.shape)
    expected.backward(torch.tensor(dy))
    have = {"x": x, "y": y, "dy": dy, "x_shape": x.shape[1:]}
    close(op.apply("dx", float_functions, {name: have[name] for name in op.letters("dx")}), tensor.grad)


def settings(random: Random, rank: int) -> tuple[dict[str, Any], list[int]]:
    """Kernel, stride, padding and a size that has a window."""
    kernel = [random.randint(1, 4) for _ in range(rank)]
    at: dict[str, Any] = {"kernel": kernel, "padding": [random.randint(0, k // 2) for k in kernel]}
    at["ceil_mode"] = random.random() < 0.5
    if random.random() < 0.7:
        at["stride"] = [random.randint(1, 4) for _ in range(rank)]
    return at, [k + random.randint(0, 6) for k in kernel]


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_max_pool(rank: int, seed: int) -> None:
    random = Random(100 * rank + seed)
    at, size = settings(random, rank)
    at["dilation"] = [random.randint(1, 2) for _ in range(rank)]
    size = [n + k for n, k in zip(size, at["kernel"], strict=True)]
    x = drawn(random, random.randint(1, 3), random.randint(1, 3), *size)
    if seed % 3 == 0:
        x = np.maximum(np.round(x), 0)  # many ties
    op = OPS[f"max_pool{rank}d"](**at)

    def theirs(t: Any) -> Any:
        return MAX[rank](t, at["kernel"], at.get("stride"), at["padding"], at["dilation"], at["ceil_mode"])

    agrees(op, theirs, x, random)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_average_pool(rank: int, seed: int) -> None:
    random = Random(200 * rank + seed)
    at, size = settings(random, rank)
    at["count_include_pad"] = random.random() < 0.5
    x = drawn(random, random.randint(1, 3), random.randint(1, 3), *size)
    op = OPS[f"average_pool{rank}d"](**at)

    def theirs(t: Any) -> Any:
        stride = at.get("stride", at["kernel"])
        return AVERAGE[rank](t, at["kernel"], stride, at["padding"], at["ceil_mode"], at["count_include_pad"])

    agrees(op, theirs, x, random)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_lp_pool(rank: int, seed: int) -> None:
    random = Random(300 * rank + seed)
    at, size = settings(random, rank)
    kernel, stride, p = at["kernel"], at.get("stride", at["kernel"]), random.randint(1, 4)
    x = np.abs(drawn(random, random.randint(1, 3), random.randint(1, 3), *size)) + 0.01
    op = OPS[f"lp_pool{rank}d"](kernel=kernel, stride=stride, p=p)  # type: ignore[call-arg]
    k, s = (kernel[0], stride[0]) if rank == 1 else (kernel, stride)
    agrees(op, lambda t: LP[rank](t, p, k, s), x, random)


@pytest.mark.parametrize("name", ["global_average_pool", "global_max_pool", "global_lp_pool"])
@pytest.mark.parametrize("seed", range(30))
def test_global_pools(name: str, seed: int) -> None:
    random = Random(seed)
    rank, keep, p = random.randint(1, 3), random.random() < 0.5, random.randint(1, 4)
    x = drawn(random, random.randint(1, 3), random.randint(1, 3), *(random.randint(1, 4) for _ in range(rank)))
    op = OPS[name](keep_axes=keep, **({"p": p} if name == "global_lp_pool" else {}))

    def theirs(t: Any) -> Any:
        flat = t.flatten(2)
        y = {
            "global_average_pool": lambda: flat.mean(2),
            "global_max_pool": lambda: flat.amax(2),
            "global_lp_pool": lambda: torch.linalg.vector_norm(flat, p, dim=2),
        }[name]()
        return y.reshape(*y.shape, *(1,) * rank) if keep else y

    agrees(op, theirs, x, random)
