"""Every loss forward and backward against torch, in float64."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from handgrad.arithmetic import float_functions
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.network import settings
from handgrad.ops import LOSSES, PENALTIES
from handgrad.ops.losses import Loss
from handgrad.ops.targets import one_hot

torch = pytest.importorskip("torch")
F = torch.nn.functional
FLOATS = arithmetic("float64")
SEEDS = range(36)
REDUCTIONS = ("mean", "sum", "none")


def made(table: dict[str, Any], name: str, given: dict[str, Any]) -> Any:
    mistakes: list[Any] = []
    op = settings(table[name], given, (), (), name, mistakes)
    assert op is not None, [mistake.text for mistake in mistakes]
    return op


def ours(loss: Loss, yhat: Any, y: Any, divisor: float) -> tuple[Any, Any]:
    """L (or the losses) and dL/dŷ, each example weighed by 1/divisor."""
    constants = {name: FLOATS.array(getattr(loss, name).written) for name in loss.constants}
    known = {"dL": np.full(len(yhat), 1 / divisor), "yhat": yhat, "y": y} | constants
    losses = loss.apply("forward", float_functions, {key: known[key] for key in loss.letters("forward")})
    gradient = loss.apply("dyhat", float_functions, {key: known[key] for key in loss.letters("dyhat")})
    return losses / divisor, gradient


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-12, atol=1e-13)


def compare(loss: Loss, yhat: Any, y: Any, theirs: Callable[[Any], Any], divisor: float = 1.0) -> None:
    """``theirs`` gives torch's number, reduced in the loss's own way."""
    leaf = torch.tensor(yhat, requires_grad=True)
    value = theirs(leaf)
    value.sum().backward()
    found, gradient = ours(loss, yhat, y, divisor)
    if value.ndim == 0:
        found = found.sum()
    elif value.shape != found.shape:
        value = value.reshape(len(yhat), -1).sum(1)
    close(found, value)
    close(gradient, leaf.grad)


def shape_of(random: Random) -> tuple[int, ...]:
    return tuple(random.randint(2, 4) for _ in range(random.randint(1, 3)))


CLASSES = {
    "negative_log_likelihood": lambda a: torch.log_softmax(a, 1),
    "softmax_cross_entropy": lambda a: a,
    "cross_entropy": lambda a: torch.softmax(a, 1),
}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("seed", SEEDS)
def test_losses_of_classes(name: str, seed: int, reduction: str) -> None:
    random, numbers = Random(seed), np.random.default_rng(seed)
    n, shape = random.randint(1, 4), shape_of(random)
    classes, places = shape[0], shape[1:]
    given: dict[str, Any] = {"reduction": reduction}
    weights = [fmpq(random.randint(1, 9), 4) for _ in range(classes)] if seed % 2 else [fmpq(1)] * classes
    if seed % 2:
        given["class_weights"] = [str(w) for w in weights]
    if seed % 3 == 0:
        given["ignore_index"] = -1
    smoothing = 0.125 if seed % 4 > 1 and name != "negative_log_likelihood" else 0.0
    given["label_smoothing"] = smoothing
    loss = made(LOSSES, name, given)
    labels = numbers.integers(1, classes + 1, (n, *places))
    if seed % 3 == 0 and labels.size > 1:
        labels.reshape(-1)[random.randint(1, labels.size - 1)] = -1

    def silent(key: str, text: str) -> None:
        raise AssertionError(key + text)

    hot = [one_hot(label, shape, ignore=loss.ignore_index, report=silent) for label in labels.tolist()]
    entries = [entry for one in hot if one is not None for entry in one]
    y = np.array([float(int(entry.p)) for entry in entries]).reshape(n, *shape)
    for one in hot:
        loss.check_target(silent, one or [], shape)
    divisor = loss.divisor(entries, n, shape) if reduction == "mean" else fmpq(1)
    a = numbers.normal(size=(n, *shape)) * 3
    target = torch.tensor(np.where(labels == -1, -100, labels - 1))
    w = torch.tensor([float(int(w.p) / int(w.q)) for w in weights])
    yhat = CLASSES[name](torch.tensor(a)).numpy()

    def theirs(leaf: Any) -> Any:
        if name == "negative_log_likelihood":
            return F.nll_loss(leaf, target, w.double(), reduction=reduction)
        if name == "softmax_cross_entropy":
            return F.cross_entropy(leaf, target, w.double(), reduction=reduction, label_smoothing=smoothing)
        logs = leaf.log()  # not normalised again, unlike cross_entropy's own
        t = w.double().reshape(1, -1, *([1] * len(places))) * (
            (1 - smoothing) * torch.tensor(y) + smoothing / classes * torch.tensor(y).sum(1, keepdim=True)
        )
        each = -(t * logs).sum(1)
        total = (w.double().reshape(1, -1, *([1] * len(places))) * torch.tensor(y)).sum()
        return each if reduction == "none" else each.sum() / (total if reduction == "mean" else 1)

    compare(loss, yhat, y, theirs, int(divisor.p) / int(divisor.q))


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "absolute_error": lambda a, y, r, _c: F.l1_loss(a, y, reduction=r),
    "huber": lambda a, y, r, c: F.huber_loss(a, y, reduction=r, delta=c),
    "smooth_l1": lambda a, y, r, c: F.smooth_l1_loss(a, y, reduction=r, beta=c),
    "binary_cross_entropy": lambda a, y, r, _c: F.binary_cross_entropy(a, y, reduction=r),
    "binary_cross_entropy_with_logits": lambda a, y, r, c: F.binary_cross_entropy_with_logits(
        a, y, reduction=r, pos_weight=torch.tensor(c)
    ),
    "kl_divergence": lambda a, y, r, _c: F.kl_div(a, y, reduction=r),
    "poisson_nll": lambda a, y, r, _c: F.poisson_nll_loss(a, y, reduction=r),
}
OWN = {"huber": "delta", "smooth_l1": "beta", "binary_cross_entropy_with_logits": "pos_weight"}


@pytest.mark.filterwarnings("ignore:reduction")  # kl_div says that its mean is over the entries
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("seed", SEEDS)
def test_losses_of_each_output(name: str, seed: int, reduction: str) -> None:
    random, numbers = Random(seed), np.random.default_rng(seed)
    n, shape, constant = random.randint(1, 4), shape_of(random), random.choice([0.5, 1.0, 2.5])
    given: dict[str, Any] = {"reduction": reduction, "over_outputs": "mean" if reduction == "mean" else "sum"}
    if name in OWN:
        given[OWN[name]] = constant
    if name == "kl_divergence":
        given["log_input"] = True
    loss = made(LOSSES, name, given)
    a, y = numbers.normal(size=(2, n, *shape)) * 2
    if name in ("kl_divergence", "binary_cross_entropy", "binary_cross_entropy_with_logits", "poisson_nll"):
        y = numbers.uniform(size=y.shape)
    if name == "binary_cross_entropy":
        a = numbers.uniform(0.05, 0.95, size=a.shape)
    target = torch.tensor(y)
    compare(
        loss, a, y, lambda leaf: ELEMENTWISE[name](leaf, target, reduction, constant), n if reduction == "mean" else 1
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_margins(seed: int) -> None:
    random, numbers = Random(seed), np.random.default_rng(seed)
    n, classes, power, margin = random.randint(1, 4), random.randint(2, 6), random.choice([1, 2]), 0.75
    a, labels = numbers.normal(size=(n, classes)), numbers.integers(0, classes, n)
    y, target = np.eye(classes)[labels], torch.tensor(labels)
    given = {"power": power, "margin": margin}

    def theirs(leaf: Any) -> Any:
        return F.multi_margin_loss(leaf, target, p=power, margin=margin, reduction="sum")

    compare(made(LOSSES, "multi_class_hinge", {**given, "divide": True}), a, y, theirs)
    compare(made(LOSSES, "multi_class_hinge", given), a, y, lambda leaf: classes * theirs(leaf))
    signs, squared = np.where(y > 0, 1.0, -1.0), power == 2
    t = torch.tensor(signs)
    compare(made(LOSSES, "hinge", {"squared": squared}), a, signs, lambda leaf: (1 - t * leaf).clamp(min=0).pow(power))


@pytest.mark.parametrize("seed", SEEDS)
def test_vectors_and_squares(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    a, y = numbers.normal(size=(2, 3, 4))
    t = torch.tensor(y)
    compare(made(LOSSES, "cosine", {}), a, y, lambda leaf: 1 - F.cosine_similarity(leaf, t))
    compare(made(LOSSES, "squared_error", {"factor": 1}), a, y, lambda leaf: F.mse_loss(leaf, t, reduction="sum"))
    compare(made(LOSSES, "mean_squared_error", {}), a, y, lambda leaf: F.mse_loss(leaf, t), 3)
    compare(made(LOSSES, "mean_absolute_error", {}), a, y, lambda leaf: F.l1_loss(leaf, t), 3)
    compare(made(LOSSES, "inner_product", {}), a, y, lambda leaf: (leaf * t).sum(1))
    p, q = np.exp(a), abs(y)
    kl = made(LOSSES, "kl_divergence", {})
    compare(kl, p, q, lambda leaf: F.kl_div(leaf.log(), torch.tensor(q), reduction="none"))
    rate = made(LOSSES, "poisson_nll", {"log_input": False})
    compare(
        rate, p, q, lambda leaf: F.poisson_nll_loss(leaf, torch.tensor(q), log_input=False, eps=0, reduction="none")
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_penalties(seed: int) -> None:
    W = np.random.default_rng(seed).normal(size=(3, 4))
    for name, size in (("l1", lambda w: w.abs().sum() / 4), ("l2", lambda w: (w * w).sum() / 8)):
        op, leaf = made(PENALTIES, name, {"rate": 0.25}), torch.tensor(W, requires_grad=True)
        value = size(leaf)
        value.backward()
        constants = {key: FLOATS.array(getattr(op, key).written) for key in op.constants}
        close(op.apply("forward", float_functions, {"W": W, **constants}), value)
        close(op.apply("dW", np, {"dy": np.float64(1), "W": W, **constants}), leaf.grad)
