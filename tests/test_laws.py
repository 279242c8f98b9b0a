"""The laws over every op of the registry: ⟨dy, J v⟩ = ⟨Jᵀ dy, v⟩ with J v from the forward pass alone.

Exactly over the rationals, within certified balls behind an exp or a log, to rounding in floating point;
and wrong rules are rejected by the same checker.
"""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.arithmetic.exact_array import ExactArray
from handgrad.ops import LOSSES, OPS, PENALTIES
from handgrad.ops.dense import Dense
from handgrad.ops.op import Op, Sample
from handgrad.tables import settings
from handgrad.verify import agreement, law

EXACT = arithmetic("exact")
FLOATS = {"float64": 1e-11, "float32": 2e-3}


def an_op(kind: type[Op], sample: Sample) -> Op:
    mistakes: list[Any] = []
    op = settings(kind, sample.settings, (), (), kind.name, mistakes)
    assert op is not None, [mistake.text for mistake in mistakes]
    return op


def drawn(shape: tuple[int, ...], low: int, high: int, random: Random) -> ExactArray:
    """Rationals k/97 strictly between low and high: never a kink, hardly ever a tie."""
    return ExactArray([fmpq(random.randint(low * 97 + 1, high * 97 - 1), 97) for _ in range(prod(shape))], shape)


def letters_of(kind: type[Op], values: dict[str, Any]) -> list[str]:
    """The letters whose gradient the op gives: all but a loss's target, an index, a mask."""
    given = [letter for letter in values if not (kind.name in LOSSES and letter == "y")]
    return [letter for letter in given if kind.variadic or hasattr(kind, f"d{letter}")]


CASES = [
    pytest.param(kind, sample, letter, id=f"{kind.name}-{i}-{letter}")
    for kind in (*OPS.values(), *LOSSES.values(), *PENALTIES.values())
    for i, sample in enumerate(kind.samples)
    for letter in letters_of(kind, sample.shapes)
]


def values_of(sample: Sample, random: Random) -> dict[str, ExactArray]:
    values = {}
    for letter, shape in sample.shapes.items():
        low, high = sample.ranges.get(letter, (-4, 4))
        values[letter] = drawn(shape, low, high, random)
        if letter in sample.integers:
            values[letter] = ExactArray([fmpq(random.randint(low, high)) for _ in range(prod(shape))], shape)
    return values


def deviation(op: Op, sample: Sample, letter: str, seed: int) -> Any:
    random = Random(seed)
    values = values_of(sample, random)
    with EXACT.working(0):
        constants = {name: EXACT.array(getattr(op, name).written) for name in op.given_constants}
        output = op.apply("forward", EXACT.xp, values | constants)
        upstream = drawn(output.shape, -4, 4, random)
        direction = drawn(values[letter].shape, -4, 4, random)
        return law(op, letter, values, upstream, direction, EXACT).flat[0]


@pytest.mark.parametrize(("kind", "sample", "letter"), CASES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_gradient_rule_is_the_adjoint_of_the_derivative(
    kind: type[Op], sample: Sample, letter: str, seed: int
) -> None:
    found = deviation(an_op(kind, sample), sample, letter, seed)
    assert agreement(found)
    assert isinstance(found, fmpq) or not kind.rational


@pytest.mark.parametrize(("kind", "sample", "letter"), CASES)
@pytest.mark.parametrize("name", FLOATS)
def test_the_same_rules_agree_in_floating_point(kind: type[Op], sample: Sample, letter: str, name: str) -> None:
    op, random, floating = an_op(kind, sample), Random(7), arithmetic(name)
    dtype = np.dtype(name)
    values = {key: np.asarray(value).astype(dtype) for key, value in values_of(sample, random).items()}
    constants = {key: floating.array(getattr(op, key).written) for key in op.given_constants}
    output = op.apply("forward", floating.xp, values | constants)
    assert output.dtype == dtype
    upstream = np.asarray(drawn(output.shape, -4, 4, random)).astype(dtype)
    direction = np.asarray(drawn(values[letter].shape, -4, 4, random)).astype(dtype)
    assert abs(float(law(op, letter, values, upstream, direction, floating))) < FLOATS[name]


@pytest.mark.parametrize(("kind", "sample", "letter"), CASES)
def test_a_rule_off_by_a_thousandth_is_rejected(kind: type[Op], sample: Sample, letter: str) -> None:
    rule = f"d{letter}"

    class Wrong(kind, frozen=True, kw_only=True):  # type: ignore[misc, valid-type]  # any op
        def apply(self, name: str, xp: Any, letters: dict[str, Any]) -> Any:
            right = super().apply(name, xp, letters)
            return right + right / 1000 if name == rule else right

    assert not agreement(deviation(an_op(Wrong, sample), sample, letter, 1))


class Transposed(Dense, frozen=True, kw_only=True):
    """W in place of its transpose."""

    def dx(self, xp: Any, dy: Any, W: Any) -> Any:
        return dy @ W.mT


def test_a_transposed_matrix_is_rejected() -> None:
    sample = Sample({"x": (2, 3), "W": (3, 3)})
    assert agreement(deviation(Dense(), sample, "x", 1))
    assert not agreement(deviation(Transposed(), sample, "x", 1))


@pytest.mark.parametrize("name", ["conv1d", "conv2d"])
def test_a_flipped_kernel_is_rejected(name: str) -> None:
    kind = OPS[name]

    class Flipped(kind, frozen=True, kw_only=True):  # type: ignore[misc, valid-type]  # either convolution
        def dx(self, xp: Any, dy: Any, K: Any, x_shape: Any) -> Any:
            return super().dx(xp, dy, ExactArray(K.flat[::-1], K.shape), x_shape)

    sample = kind.samples[0]
    assert agreement(deviation(kind(), sample, "x", 1))
    assert not agreement(deviation(Flipped(), sample, "x", 1))


@pytest.mark.parametrize("name", ["logistic", "tanh", "relu", "leaky_relu"])
def test_a_forgotten_slope_is_rejected(name: str) -> None:
    kind = OPS[name]

    class Forgotten(kind, frozen=True, kw_only=True):  # type: ignore[misc, valid-type]  # any activation
        def dx(self, xp: Any, dy: Any, **at: Any) -> Any:
            return dy

    assert not agreement(deviation(Forgotten(), kind.samples[0], "x", 1))


@pytest.mark.parametrize("name", ["mean", "global_average_pool"])
def test_a_missing_one_over_n_is_rejected(name: str) -> None:
    kind = OPS[name]

    class Summed(kind, frozen=True, kw_only=True):  # type: ignore[misc, valid-type]  # either mean
        def dx(self, xp: Any, dy: Any, x_shape: Any) -> Any:
            return super().dx(xp, dy, x_shape) * prod(x_shape[1:] if name != "mean" else x_shape)

    assert not agreement(deviation(Summed(), kind.samples[0], "x", 1))


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d"])
def test_a_gradient_spread_over_the_window_is_rejected(name: str) -> None:
    kind = OPS[name]
    average = OPS[name.replace("max", "average")]
    sample = kind.samples[0]

    class Spread(kind, frozen=True, kw_only=True):  # type: ignore[misc, valid-type]  # either max-pool
        def dx(self, xp: Any, dy: Any, x: Any) -> Any:
            return an_op(average, sample).apply("dx", xp, {"dy": dy, "x_shape": tuple(x.shape[1:])})

    assert not agreement(deviation(an_op(Spread, sample), sample, "x", 1))


def test_a_tie_goes_to_the_first_and_a_kink_counts_as_zero() -> None:
    pool, relu = OPS["max_pool1d"](kernel=2), OPS["relu"]()  # type: ignore[call-arg]  # its own setting
    x = ExactArray([fmpq(1)] * 4, (1, 4))
    assert pool.apply("dx", EXACT.xp, {"dy": ExactArray([fmpq(3), fmpq(5)], (1, 2)), "x": x}).tolist() == [[3, 0, 5, 0]]
    zero = ExactArray([fmpq(0)], (1, 1))
    assert relu.apply("dx", EXACT.xp, {"dy": x[:, :1], "x": zero}).tolist() == [[0]]


@pytest.mark.parametrize("kind", [kind for kind in LOSSES.values() if kind.joint], ids=lambda kind: kind.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_joint_rule_is_the_composition_of_its_two(kind: Any, seed: int) -> None:
    random = Random(seed)
    loss = kind()
    for output, rule in loss.joint.items():
        if output not in OPS:
            continue
        layer, a = OPS[output](), drawn((2, 3), -3, 3, random)
        y = ExactArray([fmpq(n, 10) for n in (2, 3, 5, 1, 0, 9)], (2, 3))
        weight = ExactArray([fmpq(1, 2)] * 2, (2,))
        with EXACT.working(0):
            yhat = layer.apply("forward", EXACT.xp, {"x": a})
            constants = {name: EXACT.array(getattr(loss, name).written) for name in loss.constants}
            known = {"dL": weight, "yhat": yhat, "y": y} | constants
            dyhat = loss.apply("dyhat", EXACT.xp, {key: known[key] for key in loss.letters("dyhat")})
            apart = layer.apply("dx", EXACT.xp, {"dy": dyhat, "y": yhat})
            joint = loss.apply(rule, EXACT.xp, {key: known[key] for key in loss.letters(rule)})
            assert all(agreement(entry) for entry in (apart - joint).flat)
