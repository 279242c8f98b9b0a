"""Convolutions and their transposes against torch: forward and every gradient, seeded settings."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from handgrad.arithmetic import float_functions
from handgrad.ops import OPS

torch = pytest.importorskip("torch")
F = torch.nn.functional

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
BACK = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def drawn(random: Random, *shape: int) -> np.ndarray[Any, Any]:
    return np.array([random.gauss(0, 1) for _ in range(int(np.prod(shape)))]).reshape(shape)


def close(ours: Any, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert np.abs(ours - theirs).max() <= 1e-12 * max(np.abs(theirs).max(), 1)


def agrees(op: Any, function: Any, arrays: dict[str, Any], random: Random) -> None:
    """The op's forward and gradients are those of the function of the same tensors."""
    tensors = {letter: torch.tensor(array, requires_grad=True) for letter, array in arrays.items()}
    expected = function(**tensors)
    y = op.forward(float_functions, **arrays)
    close(y, expected)
    shapes = [(array.shape[1:] if letter == "x" else array.shape) for letter, array in arrays.items()]
    mistakes: list[tuple[str, str]] = []
    known = dict(zip(arrays, shapes, strict=True))
    assert op.shape(lambda key, text: mistakes.append((key, text)), **known) == y.shape[1:]
    assert mistakes == []
    dy = drawn(random, *y.shape)
    expected.backward(torch.tensor(dy))
    have = {**arrays, "y": y, "dy": dy, **{f"{letter}_shape": shape for letter, shape in known.items()}}
    for letter, tensor in tensors.items():
        rule = f"d{letter}"
        close(op.apply(rule, float_functions, {name: have[name] for name in op.letters(rule)}), tensor.grad)


def geometry(random: Random, rank: int) -> dict[str, list[int]]:
    return {
        "kernel": [random.randint(1, 3) for _ in range(rank)],
        "stride": [random.randint(1, 3) for _ in range(rank)],
        "dilation": [random.randint(1, 3) for _ in range(rank)],
    }


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_convolution(rank: int, seed: int) -> None:
    random = Random(1000 * rank + seed)
    at = geometry(random, rank)
    pads = [[random.randint(0, 3), random.randint(0, 3)] for _ in range(rank)]
    groups, ins, outs = random.randint(1, 3), random.randint(1, 2), random.choice([1, 2, 3, 7])
    reach = [d * (k - 1) + 1 for k, d in zip(at["kernel"], at["dilation"], strict=True)]
    size = [max(r - sum(pad), 1) + random.randint(0, 4) for r, pad in zip(reach, pads, strict=True)]
    arrays = {
        "x": drawn(random, random.randint(1, 3), groups * ins, *size),
        "K": drawn(random, groups * outs, ins, *at["kernel"]),
    }
    if random.random() < 0.7:
        arrays["b"] = drawn(random, groups * outs)
    op = OPS[f"conv{rank}d"](stride=at["stride"], dilation=at["dilation"], padding=pads, groups=groups)  # type: ignore[call-arg]
    around = [side for pad in reversed(pads) for side in pad]

    def theirs(x: Any, K: Any, b: Any = None) -> Any:
        return CONV[rank](F.pad(x, around), K, b, at["stride"], 0, at["dilation"], groups)

    agrees(op, theirs, arrays, random)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_convolution_that_keeps_the_size(rank: int, seed: int) -> None:
    random = Random(7000 * rank + seed)
    at = geometry(random, rank)
    size = [random.randint(2, 6) for _ in range(rank)]
    arrays = {"x": drawn(random, 2, 2, *size), "K": drawn(random, 3, 2, *at["kernel"])}
    op = OPS[f"conv{rank}d"](dilation=at["dilation"], padding="same")  # type: ignore[call-arg]

    def theirs(x: Any, K: Any) -> Any:
        return CONV[rank](x, K, None, 1, "same", at["dilation"])

    agrees(op, theirs, arrays, random)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("seed", range(40))
def test_transposed_convolution(rank: int, seed: int) -> None:
    random = Random(3000 * rank + seed)
    at = geometry(random, rank)
    reach = [d * (k - 1) + 1 for k, d in zip(at["kernel"], at["dilation"], strict=True)]
    pads = [random.randint(0, (r - 1) // 2) for r in reach]
    extra = [random.randint(0, max(s, d) - 1) for s, d in zip(at["stride"], at["dilation"], strict=True)]
    groups, ins, outs = random.randint(1, 3), random.choice([1, 2, 7]), random.randint(1, 3)
    size = [random.randint(1, 4) for _ in range(rank)]
    arrays = {
        "x": drawn(random, random.randint(1, 3), groups * ins, *size),
        "K": drawn(random, groups * ins, outs, *at["kernel"]),
    }
    if random.random() < 0.7:
        arrays["b"] = drawn(random, groups * outs)
    op = OPS[f"conv_transpose{rank}d"](  # type: ignore[call-arg]
        stride=at["stride"], dilation=at["dilation"], padding=pads, output_padding=extra, groups=groups
    )

    def theirs(x: Any, K: Any, b: Any = None) -> Any:
        return BACK[rank](x, K, b, at["stride"], pads, extra, groups, at["dilation"])

    agrees(op, theirs, arrays, random)


def test_many_examples_are_taken_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.ops.sliding.BLOCK", 200)
    random = Random(5)
    arrays = {"x": drawn(random, 7, 2, 6, 5), "K": drawn(random, 4, 1, 2, 3), "b": drawn(random, 4)}
    op = OPS["conv2d"](stride=2, padding=1, groups=2)  # type: ignore[call-arg]
    agrees(op, lambda x, K, b: F.conv2d(x, K, b, 2, 1, 1, 2), arrays, random)
