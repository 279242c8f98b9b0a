"""Every update rule: several steps against torch.optim, its formulas, exact and floating, what is refused."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from evaluate import Setting, same, value_of
from flint import fmpq

import handgrad as hg
from handgrad.arithmetic.arithmetic import arithmetic
from handgrad.ops import UPDATES
from handgrad.ops.updates import Update
from handgrad.plan import primed
from handgrad.tables import settings

SEEDS = range(30)
STEPS = 3
EXACT = arithmetic("exact")


def fractions(shape: tuple[int, ...], random: Random) -> Any:
    return np.array([random.randint(-60, 60) / 32 for _ in range(int(np.prod(shape)))]).reshape(shape)


def network(random: Random) -> dict[str, Any]:
    """A small dense network with a batch, drawn from a seed."""
    sizes = [random.randint(1, 4) for _ in range(3)]
    layers = []
    for i in range(2):
        weights, bias = fractions((sizes[i + 1], sizes[i]), random), fractions((sizes[i + 1],), random)
        layers.append({"op": "dense", "weights": weights.tolist(), "bias": bias.tolist()})
    layers[0]["activation"] = "tanh"
    x, y = fractions((3, sizes[0]), random), fractions((3, sizes[2]), random)
    return {
        "network": {"input": sizes[0], "layers": layers},
        "loss": {"op": "squared_error"},
        "data": {"x": x.tolist(), "y": y.tolist(), "batch": True},
    }


def with_update(tree: dict[str, Any], table: dict[str, Any], steps: int = STEPS) -> hg.Problem:
    return hg.Problem.from_dict({**tree, "update": {"steps": steps, **table}})


def sgd(random: Random) -> dict[str, Any]:
    return {"rate": random.uniform(0.001, 0.2), "weight_decay": random.choice([0, random.uniform(0, 0.5)])}


def torch_sgd(torch: Any, p: Any, t: dict[str, Any]) -> Any:
    moves = {"momentum": t.get("momentum", 0), "dampening": t.get("dampening", 0)}
    return torch.optim.SGD(p, lr=t["rate"], weight_decay=t["weight_decay"], nesterov=t["op"] == "nesterov", **moves)


def torch_adam(torch: Any, p: Any, t: dict[str, Any]) -> Any:
    kind = torch.optim.AdamW if t["op"] == "adamw" else torch.optim.Adam
    betas = (t["beta1"], t["beta2"])
    return kind(p, lr=t["rate"], weight_decay=t["weight_decay"], betas=betas, eps=t["epsilon"])


def torch_adagrad(torch: Any, p: Any, t: dict[str, Any]) -> Any:
    more = {"lr_decay": t["decay"], "initial_accumulator_value": t["initial"], "eps": t["epsilon"]}
    return torch.optim.Adagrad(p, lr=t["rate"], weight_decay=t["weight_decay"], **more)


def torch_rmsprop(torch: Any, p: Any, t: dict[str, Any]) -> Any:
    return torch.optim.RMSprop(p, lr=t["rate"], weight_decay=t["weight_decay"], alpha=t["rho"], eps=t["epsilon"])


def torch_lion(torch: Any, p: Any, t: dict[str, Any]) -> Any:
    """The algorithm of the paper; torch has none."""

    class Lion(torch.optim.Optimizer):  # type: ignore[misc]  # torch is a test's own import
        @torch.no_grad()  # type: ignore[untyped-decorator]  # the same
        def step(self) -> None:
            for w in p:
                state = self.state[w]
                m = state.setdefault("m", torch.zeros_like(w))
                update = torch.sign(t["beta1"] * m + (1 - t["beta1"]) * w.grad)
                w.sub_(t["rate"] * (update + t["weight_decay"] * w))
                m.mul_(t["beta2"]).add_(w.grad, alpha=1 - t["beta2"])

    return Lion(p, {})


def momentum(random: Random) -> dict[str, Any]:
    return {**sgd(random), "momentum": random.uniform(0.1, 0.95)}


def dampened(random: Random) -> dict[str, Any]:
    return {**momentum(random), "dampening": random.choice([0, random.uniform(0, 0.9)]), "form_of": "torch"}


def nesterov_torch(random: Random) -> dict[str, Any]:
    return {**momentum(random), "form_of": "torch"}


def adam(random: Random) -> dict[str, Any]:
    betas = {"beta1": random.uniform(0.5, 0.95), "beta2": random.uniform(0.9, 0.999)}
    return {**sgd(random), **betas, "epsilon": random.choice([1e-8, 1e-3])}


def lion(random: Random) -> dict[str, Any]:
    return {**sgd(random), "beta1": random.uniform(0.5, 0.95), "beta2": random.uniform(0.9, 0.999)}


def adagrad(random: Random) -> dict[str, Any]:
    more = {"decay": random.choice([0, 0.25]), "initial": random.choice([0, 0.5]), "epsilon": 1e-6}
    return {**sgd(random), **more}


def rmsprop(random: Random) -> dict[str, Any]:
    return {**sgd(random), "rho": random.uniform(0.5, 0.99), "epsilon": random.choice([1e-8, 1e-3])}


SETTINGS: dict[str, tuple[str, Any, Any]] = {
    "sgd": ("sgd", sgd, torch_sgd),
    "momentum": ("momentum", momentum, torch_sgd),
    "momentum, torch": ("momentum", dampened, torch_sgd),
    "nesterov": ("nesterov", momentum, torch_sgd),
    "nesterov, torch": ("nesterov", nesterov_torch, torch_sgd),
    "adam": ("adam", adam, torch_adam),
    "adamw": ("adamw", adam, torch_adam),
    "lion": ("lion", lion, torch_lion),
    "adagrad": ("adagrad", adagrad, torch_adagrad),
    "rmsprop": ("rmsprop", rmsprop, torch_rmsprop),
}


def drawn(case: str, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A network and the table of an update."""
    random = Random(f"{case} {seed}")
    name, draw, _ = SETTINGS[case]
    return network(random), {"op": name, **draw(random)}


def parameters_of(tree: dict[str, Any]) -> dict[str, Any]:
    layers = enumerate(tree["network"]["layers"])
    return {f"{letter}{i + 1}": layer[key] for i, layer in layers for letter, key in (("W", "weights"), ("b", "bias"))}


def by_torch(tree: dict[str, Any], table: dict[str, Any], case: str, fixed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters and the loss after each step."""
    torch = pytest.importorskip("torch")
    p = {name: torch.tensor(value, dtype=torch.float64) for name, value in parameters_of(tree).items()}
    moving = [value.requires_grad_() for name, value in p.items() if name not in fixed]
    x, y = (torch.tensor(tree["data"][key], dtype=torch.float64) for key in ("x", "y"))
    optimizer, found = SETTINGS[case][2](torch, moving, table), {}
    for count in range(1, STEPS + 2):
        yhat = torch.tanh(x @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
        loss = (0.5 * (yhat - y) ** 2).sum() / len(x)
        found[primed("L", count - 1)] = loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if count <= STEPS:
            found |= {primed(name, count): value.detach().numpy().copy() for name, value in p.items()}
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", SETTINGS)
def test_three_steps_are_those_of_torch(case: str, seed: int) -> None:
    tree, table = drawn(case, seed)
    trace = hg.solve(with_update(tree, table), "float64")
    for name, theirs in by_torch(tree, table, case).items():
        np.testing.assert_allclose(trace[name], theirs, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", SETTINGS)
def test_what_is_frozen_stays_through_all_steps(case: str, seed: int) -> None:
    tree, table = drawn(case, seed)
    trace = hg.solve(with_update(tree, {**table, "freeze": ["W1", "b2"]}), "float64")
    for name, theirs in by_torch(tree, table, case, fixed=("W1", "b2")).items():
        np.testing.assert_allclose(trace[name], theirs, rtol=1e-12, atol=1e-12, err_msg=name)
    assert trace.plan.resolve("W1'3") == "W1"
    assert trace.plan.resolve("b2''") == "b2"
    assert trace.plan.resolve("W1'4") is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", SETTINGS)
def test_exact_and_float64_agree(case: str, seed: int) -> None:
    tree, table = drawn(case, seed)
    exact, floating = (hg.solve(with_update(tree, table, 2), kind) for kind in ("exact", "float64"))
    for name in exact.plan.steps:
        ours = np.asarray(exact[name], dtype=float)
        np.testing.assert_allclose(floating[name], ours, rtol=1e-11, atol=1e-11, err_msg=name)


FORMS: dict[str, list[dict[str, Any]]] = {
    "sgd": [{}, {"weight_decay": "1/10"}],
    "momentum": [{}, {"weight_decay": "1/10"}, {"form_of": "torch"}, {"form_of": "torch", "dampening": "1/4"}],
    "nesterov": [{}, {"weight_decay": "1/10"}, {"form_of": "torch"}],
    "adagrad": [{}, {"decay": "1/4", "initial": "1/2", "weight_decay": "1/10"}],
    "rmsprop": [{}, {"epsilon_inside": True, "weight_decay": "1/10"}],
    "adam": [{}, {"form_of": "folded", "weight_decay": "1/10"}],
    "adamw": [{}, {"form_of": "folded", "weight_decay": 0}],
    "lion": [{}, {"weight_decay": "1/10", "beta1": "1/2"}],
}


def update_of(name: str, table: dict[str, Any]) -> Update:
    mistakes: list[Any] = []
    update = settings(UPDATES[name], {"rate": "1/2", **table}, (), (), name, mistakes)
    assert isinstance(update, Update), mistakes
    return update


def test_every_update_is_tried() -> None:
    assert set(FORMS) == {name for name, _, _ in SETTINGS.values()} == set(UPDATES)


@pytest.mark.parametrize("t", [1, 2, 7])
@pytest.mark.parametrize(("name", "table"), [(name, table) for name, tables in FORMS.items() for table in tables])
def test_each_formula_is_its_rule(name: str, table: dict[str, Any], t: int) -> None:
    update, random = update_of(name, table), Random(t)
    with EXACT.working(0):
        numbers = {"W": fmpq(random.randint(-9, 9), 7), "dW": fmpq(random.randint(1, 9), 5)}
        numbers |= {state: fmpq(random.randint(1, 9), 3) for state in update.states}
        numbers |= {constant: getattr(update, constant).written.exact()[0] for constant in update.given_constants}
        for rule in (*(f"next_{state}" for state in update.states), "forward"):
            written, computed = _both(update, rule, numbers, t)
            assert same(written, computed), rule
            numbers[rule.removeprefix("next_") + "_next"] = computed


def _both(update: Update, rule: str, numbers: dict[str, Any], t: int) -> tuple[Any, Any]:
    known = {letter: EXACT.xp.asarray(value) for letter, value in numbers.items()} | {"t": t}
    needed = update.needs(rule, known)
    computed = update.apply(rule, EXACT.xp, {letter: known[letter] for letter in needed})
    letters = {letter: t if letter == "t" else Setting(numbers[letter]) for letter in needed}
    assert update.has_entry(rule)
    form = {letter: t if letter == "t" else Setting(numbers[letter]).entry() for letter in needed}
    entry = update.entry(rule, (), letters)
    assert entry == update.form(rule, form)
    return value_of(entry), getattr(computed, "flat", [computed])[0]


def test_the_forms_of_adam_differ_by_the_weight_of_epsilon() -> None:
    tree, table = drawn("adam", 1)
    paper, folded, bare = (
        hg.solve(with_update(tree, {**table, "form_of": form, "epsilon": epsilon}), "float64")
        for form, epsilon in (("paper", "1/10"), ("folded", "1/10"), ("folded", 1e-30))
    )
    assert np.abs(paper["W1'"] - folded["W1'"]).max() > 1e-4
    same_as = hg.solve(with_update(tree, {**table, "epsilon": 1e-30}), "float64")
    np.testing.assert_allclose(bare["W2'3"], same_as["W2'3"], rtol=1e-9)


def test_a_first_step_of_adam_is_the_rate_against_the_sign() -> None:
    tree, _ = drawn("adam", 2)
    trace = hg.solve(with_update(tree, {"op": "adam", "rate": "1/10"}, 1), "float64")
    np.testing.assert_allclose(trace["W2'"], trace["W2"] - np.sign(trace["dL/dW2"]) / 10, atol=1e-6)


def test_a_step_of_lion_is_the_rate_against_the_sign_and_a_gradient_of_zero_moves_nothing() -> None:
    tree = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [[3, 1]]}]},
        "loss": {"op": "squared_error"},
        "data": {"x": [2, 0], "y": [1]},
    }
    trace = hg.solve(with_update(tree, {"op": "lion", "rate": "1/10"}, 1))
    assert [str(entry) for entry in trace.raw("W1'").flat] == ["29/10", "1"]
    decayed = hg.solve(with_update(tree, {"op": "lion", "rate": "1/10", "weight_decay": "1/2"}, 1))
    assert [str(entry) for entry in decayed.raw("W1'").flat] == ["11/4", "19/20"]
    assert "sign" in trace.working().to_latex()


def test_a_shared_parameter_moves_once_in_each_step() -> None:
    shared = {
        "network": {
            "input": 1,
            "parameters": {"U": [[2]]},
            "layers": [{"op": "dense", "weights": "U"}, {"op": "dense", "weights": "U"}],
        },
        "loss": {"op": "squared_error"},
        "data": {"x": [1], "y": [3]},
    }
    trace = hg.solve(with_update(shared, {"op": "sgd", "rate": "1/100"}))
    u = fmpq(2)
    for count in range(1, STEPS + 1):
        u -= (u * u - 3) * 2 * u / 100  # L = ½ (u² − 3)²
        assert trace.raw(primed("U", count)).flat[0] == u


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"op": "adam"}, 'update (adam): the key "rate" is missing'),
        ({"op": "adam", "rate": 1, "form_of": "new"}, 'expected "paper" or "folded" for form_of, found "new"'),
        ({"op": "momentum", "rate": 1, "momentun": 1}, 'unknown key "momentun"; did you mean "momentum"?'),
        ({"op": "sgd", "rate": "fast"}, "update (sgd): rate:"),
        ({"op": "sgd", "rate": 1, "steps": 0}, "update.steps: expected 1 to 10000, found 0"),
        ({"op": "sgd", "rate": 1, "steps": 10_001}, "update.steps: expected 1 to 10000, found 10001"),
        ({"op": "sgd", "rate": 1, "steps": "two"}, 'update.steps: expected 1 to 10000, found "two"'),
        ({"op": "adaam", "rate": 1}, 'expected an update, found "adaam"; did you mean "adam"?'),
        ({"op": "sgd", "rate": 1, "freeze": ["W9"]}, 'unknown parameter "W9"'),
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any], message: str) -> None:
    tree, _ = drawn("sgd", 0)
    with pytest.raises(hg.InputError) as caught:
        hg.Problem.from_dict({**tree, "update": table})
    assert message in str(caught.value)


@pytest.mark.parametrize("case", SETTINGS)
def test_the_working_of_many_steps_shows_the_first_two_and_the_last(case: str) -> None:
    tree, table = drawn(case, 0)
    working = hg.solve(with_update(tree, table, 12), "float64").working()
    text = working.to_terminal()
    assert all(f"Step {count}\n" in text for count in (1, 2))
    assert "Step 3\n" not in text
    assert "Steps 3 to 12 go the same way; after step 12:" in text
    assert "⋯" in text[text.rindex("Step ") :]
    assert working.to_latex()
    assert working.to_json()


def test_three_steps_are_written_out_in_full() -> None:
    tree, table = drawn("adam", 0)
    text = hg.solve(with_update(tree, table), "float64").working().to_terminal()
    assert "Step 3\n" in text
    assert "go the same way" not in text
