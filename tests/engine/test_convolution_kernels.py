"""Convolution, pooling and dropout by kernels against the reference rules."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from reference_path import ReferencePath

import handgrad as hg
from handgrad.engine.masks import key_of, mask
from handgrad.engine.native import NativePath
from handgrad.engine.program import by_rule
from handgrad.ops import OPS
from handgrad.ops.op import Sample

Array = np.ndarray[Any, Any]

NAMES = (
    *("conv1d", "conv2d", "max_pool1d", "max_pool2d", "average_pool1d", "average_pool2d"),
    *("global_average_pool", "dropout"),
)
BOUND = {"float64": 1e-12, "float32": 1e-5}


def drawn(rng: np.random.Generator, *shape: int) -> list[Any]:
    fan = max(prod(shape[1:]), 1)
    return (rng.standard_normal(shape) / np.sqrt(fan)).tolist()


def network_of(rng: np.random.Generator, layers: list[dict[str, Any]], shape: tuple[int, ...]) -> hg.Network:
    """Layers between a dense layer in front, so that a gradient has to come through, and three scores."""
    size = prod(shape)
    first = {"op": "dense", "weights": drawn(rng, size, size), "bias": drawn(rng, size)}
    front = [first, {"op": "reshape", "to": list(shape)}]
    middle = hg.Network([*front, *layers], [size])
    outs = prod(middle.output)
    back = [{"op": "reshape", "to": [outs]}, {"op": "dense", "weights": drawn(rng, 3, outs), "bias": drawn(rng, 3)}]
    return hg.Network([*front, *layers, *back], [size])


def both(
    network: hg.Network, dtype: str, *, batch: int = 32, threads: int = 1, **settings: Any
) -> tuple[Any, ReferencePath]:
    """The network by kernels, and by the reference rules with the same parameters."""
    settings = {"update": {"op": "sgd", "rate": 0.1}} | settings
    ours = hg.compile(network, "softmax_cross_entropy", batch=batch, dtype=dtype, threads=threads, **settings)
    assert isinstance(ours._path, NativePath)
    theirs = ReferencePath(ours._setting)
    for name, value in ours.parameters.items():
        theirs.parameters[name][...] = value
    return ours, theirs


def apart(ours: Array, theirs: Array) -> float:
    return float(np.max(np.abs(ours - theirs), initial=0) / max(float(np.max(np.abs(theirs), initial=0)), 1e-3))


def examples(rng: np.random.Generator, network: hg.Network, count: int, dtype: str) -> tuple[Array, Array]:
    return rng.standard_normal((count, *network.input)).astype(dtype), rng.integers(0, 3, count)


def assert_alike(
    rng: np.random.Generator, network: hg.Network, dtype: str, count: int, *, threads: int = 1, batch: int = 32
) -> None:
    """Answers, loss and every gradient."""
    ours, theirs = both(network, dtype, threads=threads, batch=batch)
    x, y = examples(rng, network, count, dtype)
    assert apart(ours.predict(x), theirs.predict(x)) < BOUND[dtype]
    loss, gradients = ours.value_and_grad(x, y)
    wanted, _, expected = theirs.gradients(x, y, np.full(count, 1 / count))
    assert loss == pytest.approx(wanted, rel=BOUND[dtype])
    for name, gradient in gradients.items():
        assert apart(gradient, expected[name]) < BOUND[dtype], name


def sampled() -> list[tuple[str, Sample]]:
    found = [(name, sample) for name in NAMES for sample in OPS[name].samples]
    return [(name, sample) for name, sample in found if "M" not in sample.shapes and "seed" not in sample.settings]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "sample"), sampled())
def test_the_samples_of_the_registry(name: str, sample: Sample, dtype: str) -> None:
    rng = np.random.default_rng(3)
    keys = {"K": "kernel", "b": "bias"}
    arrays = {keys[letter]: drawn(rng, *shape) for letter, shape in sample.shapes.items() if letter != "x"}
    network = network_of(rng, [{"op": name, **arrays, **sample.settings}], sample.shapes["x"][1:])
    assert_alike(rng, network, dtype, 5)


def conv(rng: np.random.Generator, outs: int, ins: int, *size: int, **settings: Any) -> dict[str, Any]:
    table = {"op": f"conv{len(size)}d", "kernel": drawn(rng, outs, ins, *size), "bias": drawn(rng, outs)}
    return table | settings


CASES: dict[str, Any] = {
    "one channel to six, the padding uneven": ((1, 7, 6), [(6, 1, 3, 2, {"padding": [[2, 0], [0, 1]]})]),
    "the kernel as large as the input": ((2, 4, 3), [(5, 2, 4, 3, {})]),
    "more padding than the kernel is long": ((2, 3, 3), [(4, 2, 2, 2, {"padding": 3})]),
    "strides with rests": ((3, 8, 7), [(4, 3, 3, 2, {"stride": [3, 2], "padding": 1})]),
    "places that no window meets": ((1, 6, 6), [(2, 1, 1, 1, {"stride": 3})]),
    "depthwise, then pointwise": ((4, 5, 5), [(8, 1, 3, 3, {"groups": 4, "padding": 1}), (3, 8, 1, 1, {})]),
    "Winograd, odd sides": ((8, 5, 7), [(9, 8, 3, 3, {"padding": 1}), (12, 9, 3, 3, {"padding": 0})]),
    "Winograd, padding of one side": ((8, 3, 4), [(8, 8, 3, 3, {"padding": [[0, 2], [2, 1]]})]),
    "Winograd in groups": ((16, 4, 4), [(16, 8, 3, 3, {"groups": 2, "padding": "same"})]),
    "a row": ((3, 19), [(5, 3, 4, {"stride": 2, "padding": 2}), (2, 5, 3, {"dilation": 3})]),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_stacks_of_convolutions(case: str, dtype: str) -> None:
    rng = np.random.default_rng(5)
    shape, convs = CASES[case]
    layers = [conv(rng, *sizes, **settings) | {"activation": "relu"} for *sizes, settings in convs]
    network = network_of(rng, layers, shape)
    for count, threads in ((3, 1), (32, 2), (17, 1)):
        assert_alike(rng, network, dtype, count, threads=threads)


@pytest.mark.parametrize("seed", range(12))
def test_random_shapes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ins, high, wide = (int(n) for n in rng.integers(1, [10, 9, 9]))
    outs, taps = int(rng.integers(1, 15)), [int(rng.integers(1, n + 1)) for n in (high, wide)]
    settings = {"stride": rng.integers(1, 4, 2).tolist(), "padding": rng.integers(0, 3, (2, 2)).tolist()}
    layers = [conv(rng, outs, ins, *taps, **settings) | {"activation": ["relu", "tanh"][seed % 2]}]
    network = network_of(rng, layers, (ins, high, wide))
    batch = int(rng.integers(1, 50))
    assert_alike(rng, network, "float64", batch + 3, threads=1 + seed % 2, batch=batch)


@pytest.mark.parametrize("batch", [1, 2, 15, 16, 33, 64])
def test_every_batch_is_right_with_two_threads(batch: int) -> None:
    rng = np.random.default_rng(batch)
    layers = [
        conv(rng, 6, 1, 3, 3, padding=1) | {"activation": "relu"},
        {"op": "average_pool2d", "kernel": 2},
        conv(rng, 8, 6, 3, 3, padding=1) | {"activation": "relu"},
        {"op": "max_pool2d", "kernel": 2},
    ]
    network = network_of(rng, layers, (1, 8, 8))
    for dtype in BOUND:
        assert_alike(rng, network, dtype, batch + 1, threads=2, batch=batch)


POOLS = (
    {"op": "max_pool2d", "kernel": 2},
    {"op": "max_pool2d", "kernel": 3, "stride": 2, "padding": 1},
    {"op": "max_pool2d", "kernel": 3, "stride": 1, "padding": [1, 0]},
)


@pytest.mark.parametrize("pool", POOLS)
def test_of_equal_entries_the_first_wins(pool: dict[str, Any]) -> None:
    """Whole numbers from 0 to 2, so that most windows hold several largest entries."""
    rng = np.random.default_rng(2)
    front = [{"op": "dense", "weights": np.eye(50).tolist()}, {"op": "reshape", "to": [2, 5, 5]}]
    scores = prod(hg.Network([*front, pool], [50]).output)
    back = [{"op": "flatten"}, {"op": "dense", "weights": drawn(rng, 3, scores)}]
    ours, theirs = both(hg.Network([*front, pool, *back], [50]), "float64")
    x, y = rng.integers(0, 3, (20, 50)).astype(np.float64), rng.integers(0, 3, 20)
    gradients = ours.value_and_grad(x, y)[1]
    expected = theirs.gradients(x, y, np.full(20, 1 / 20))[2]
    for name, gradient in gradients.items():
        assert apart(gradient, expected[name]) < 1e-12


UPDATES = ({"op": "sgd", "rate": 0.1}, {"op": "momentum", "rate": 0.05, "momentum": 0.9}, {"op": "adam", "rate": 0.01})


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: update["op"])
@pytest.mark.parametrize("threads", [1, 2])
def test_twenty_steps_of_training(update: dict[str, Any], threads: int) -> None:
    rng = np.random.default_rng(8)
    layers = [
        conv(rng, 8, 2, 3, 3) | {"activation": "relu"},
        {"op": "dropout", "rate": "1/4"},
        conv(rng, 8, 8, 3, 3, padding=1) | {"activation": "relu"},
        {"op": "global_average_pool"},
        {"op": "dropout", "rate": "1/2", "scale": False},
    ]
    network = network_of(rng, layers, (2, 6, 5))
    x, y = examples(rng, network, 60, "float64")
    ours, theirs = both(network, "float64", threads=threads, batch=20, update=update, seed=-3)
    order = np.concatenate([rng.permutation(60) for _ in range(7)])[:390]
    losses, hits = ours.train(x, y, order)
    reference = hg.compile(network, "softmax_cross_entropy", batch=20, dtype="float64", update=update, seed=-3)
    reference._path = theirs
    expected, right = reference.train(x, y, order)
    assert np.allclose(losses, expected, rtol=1e-10, atol=0)
    assert (hits == right).all()
    for name, value in ours.parameters.items():
        assert apart(value, theirs.parameters[name]) < 1e-9, name


def test_dropout_leaves_out_what_the_mask_says() -> None:
    """One step with rate 1 on weights of 0: dW of the layer behind the dropout shows what was kept."""
    layers = [{"op": "dropout", "rate": "1/3"}, {"op": "dense", "weights": np.zeros((1, 40)).tolist()}]
    network = hg.Network(layers, [40])
    count, rows = 5, 19
    for row in range(rows):
        ours = hg.compile(
            network, "mean_squared_error", batch=rows, dtype="float64", update={"op": "sgd", "rate": 1}, seed=11
        )
        ours.set_states({}, count)
        weights = np.zeros(rows)
        weights[row] = 1
        ours.train(np.ones((rows, 40)), np.ones((rows, 1)), np.arange(rows), weights=weights)
        kept = ours.parameters["W2"][0] != 0
        assert (kept == mask(key_of(11, count + 1, 1), rows, (40,), 1 / 3)[row]).all()


def test_dropout_is_nothing_outside_of_training() -> None:
    rng = np.random.default_rng(4)
    network = network_of(rng, [{"op": "dropout", "rate": "1/2"}], (7,))
    assert_alike(rng, network, "float64", 9)


def test_an_update_without_a_kernel_still_draws_the_masks() -> None:
    rng = np.random.default_rng(6)
    network = network_of(rng, [{"op": "dropout", "rate": "1/2"}], (9,))
    x, y = examples(rng, network, 40, "float64")
    update = {"op": "adagrad", "rate": 0.1}
    ours, theirs = both(network, "float64", batch=8, update=update, seed=2)
    reference = hg.compile(network, "softmax_cross_entropy", batch=8, dtype="float64", update=update, seed=2)
    reference._path = theirs
    order = np.arange(40)
    assert np.allclose(ours.train(x, y, order)[0], reference.train(x, y, order)[0], rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("layers", "without"),
    [
        ([{"op": "conv2d", "kernel": [[1, 2], [3, 4]], "bias": 1}], "conv2d"),
        ([{"op": "dropout", "seed": 3}], "dropout"),
        ([{"op": "dropout", "mask": np.ones((4, 4), int).tolist()}], "dropout"),
        ([{"op": "global_max_pool"}], "global_max_pool"),
    ],
)
def test_what_has_no_kernel_is_left_to_the_reference_rules(layers: list[dict[str, Any]], without: str) -> None:
    compiled = hg.compile(hg.Network(layers, [4, 4]), batch=4)
    assert isinstance(compiled._path, NativePath)
    assert by_rule(compiled._setting) == [without]


def test_per_example_gradients_come_from_batches_of_one() -> None:
    rng = np.random.default_rng(9)
    network = network_of(rng, [conv(rng, 8, 8, 3, 3, padding=1)], (8, 3, 3))
    ours, theirs = both(network, "float64")
    x, y = examples(rng, network, 3, "float64")
    expected = theirs.each(x, y)
    for name, gradient in ours.per_example_gradients(x, y).items():
        assert apart(gradient, expected[name]) < 1e-12


def test_results_are_the_same_each_time() -> None:
    rng = np.random.default_rng(10)
    network = network_of(rng, [conv(rng, 8, 8, 3, 3, padding=1), {"op": "max_pool2d", "kernel": 2}], (8, 4, 4))
    x, y = examples(rng, network, 50, "float32")
    runs = [both(network, "float32", threads=2, batch=25)[0] for _ in range(2)]
    losses = [run.train(x, y, np.arange(50))[0].tolist() for run in runs]
    assert losses[0] == losses[1]
    assert all((value == runs[1].parameters[name]).all() for name, value in runs[0].parameters.items())
