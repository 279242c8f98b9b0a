"""Learning-rate schedules, the order of examples, and how they are moved: all of them functions of their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from handgrad.training.orders import moves, order
from handgrad.training.schedules import SCHEDULES
from handgrad.training.settings import Augment

SETTINGS: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"every": 2, "factor": 0.5},
    "cosine": {"lowest": 0.1},
    "one_cycle": {"rise": 0.25},
}


def rates(name: str, first: int, count: int, total: int, epoch: int, **more: Any) -> Any:
    return SCHEDULES[name](**SETTINGS[name], **more).rates(0.2, first, count, total, epoch)


def test_every_schedule_is_tried() -> None:
    assert set(SETTINGS) == set(SCHEDULES)


def test_constant_and_step() -> None:
    assert rates("constant", 3, 4, 12, 3).tolist() == [0.2] * 4
    assert rates("step", 0, 15, 15, 3).tolist() == [0.2] * 6 + [0.1] * 6 + [0.05] * 3


def test_cosine_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.02)
    found = []
    for _ in range(20):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    np.testing.assert_allclose(rates("cosine", 0, 20, 20, 5), found, rtol=1e-12)


def test_one_cycle_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.2, total_steps=41, pct_start=0.25 + 0.75 / 41, cycle_momentum=False, final_div_factor=400
    )
    found = []
    for i in range(41):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if i < 40:
            theirs.step()
    np.testing.assert_allclose(rates("one_cycle", 0, 41, 41, 5), found, rtol=1e-12)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_warm_up_grows_in_equal_strides_and_then_the_schedule_runs(name: str) -> None:
    warm = rates(name, 0, 20, 20, 4, warm_up=1.5)
    np.testing.assert_allclose(warm[:6], 0.2 * np.arange(1, 7) / 6, rtol=1e-15)
    np.testing.assert_array_equal(warm[6:], rates(name, 0, 14, 14, 4))
    assert rates(name, 0, 2, 2, 4, warm_up=9).tolist() == [0.1, 0.2]


@pytest.mark.parametrize("warm_up", [0, 0.5, 2])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_rates_of_an_epoch_are_a_stretch_of_all_of_them(name: str, warm_up: float) -> None:
    whole = rates(name, 0, 35, 35, 7, warm_up=warm_up)
    parts = [rates(name, 7 * e, 7, 35, 7, warm_up=warm_up) for e in range(5)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert whole.dtype == np.float64
    assert (whole > 0).all()
    assert whole.max() <= 0.2


@pytest.mark.parametrize("name", SETTINGS)
def test_a_single_step_has_a_rate(name: str) -> None:
    assert 0 < rates(name, 0, 1, 1, 1)[0] <= 0.2


def test_the_order_is_a_permutation_told_by_seed_and_epoch() -> None:
    first = order(1000, 7, 3)
    assert first.dtype == np.int64
    assert sorted(first.tolist()) == list(range(1000))
    np.testing.assert_array_equal(first, order(1000, 7, 3))
    assert all((first != other).any() for other in (order(1000, 7, 4), order(1000, 8, 3), np.arange(1000)))
    assert order(0, 1, 1).shape == (0,)


def test_moves_stay_within_their_reach_and_reach_it() -> None:
    found = moves(4000, Augment(shift=(1, 3), flip=True), 7, 3)
    assert found is not None
    assert found.shape == (4000, 3)
    assert found.dtype == np.int64
    down, right, flip = (set(column.tolist()) for column in found.T)
    assert (down, right, flip) == ({-1, 0, 1}, set(range(-3, 4)), {0, 1})
    assert abs(found[:, 2].mean() - 0.5) < 0.04
    again, other = (moves(4000, Augment(shift=(1, 3), flip=True), 7, epoch) for epoch in (3, 4))
    np.testing.assert_array_equal(found, again)
    assert other is not None
    assert (found != other).any()


def test_nothing_moves_unless_it_is_asked_for() -> None:
    assert moves(5, Augment(), 0, 0) is None
    shifted, flipped = moves(50, Augment(shift=2), 0, 0), moves(50, Augment(flip=True), 0, 0)
    assert shifted is not None
    assert flipped is not None
    assert not shifted[:, 2].any()
    assert not flipped[:, :2].any()
