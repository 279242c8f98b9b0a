"""Graphs: branches, shared parameters, several inputs, an upstream gradient, and what is wrong with a wiring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import handgrad as hg

EYE = [[1, 0], [0, 1]]


def dense(weights: Any, **others: Any) -> dict[str, Any]:
    return {"op": "dense", "weights": weights, **others}


def solved(network: dict[str, Any], data: dict[str, Any], **others: Any) -> hg.Trace:
    return hg.solve(hg.Problem.from_dict({"network": network, "data": data, **others}))


def refused(network: dict[str, Any], data: dict[str, Any] | None = None) -> str:
    with pytest.raises(hg.InputError) as error:
        hg.Problem.from_dict({"network": network, "data": data or {"x": [1, 2]}})
    return str(error.value)


SHARED = {
    "input": 2,
    "parameters": {"U": [[1, 2], [3, 4]]},
    "layers": [dense("U", name="once"), dense("U", activation="relu"), dense([[1, -1]])],
}


def test_a_shared_parameter_receives_the_sum_of_its_contributions() -> None:
    trace = solved(SHARED, {"x": [1, "1/2"], "y": [0]}, loss={"op": "squared_error"})
    first, second, whole = (np.asarray(trace[name], dtype=float) for name in ("dL/dU@h1", "dL/dU@a2", "dL/dU"))
    np.testing.assert_array_equal(first + second, whole)
    assert [check.verdict for check in hg.verify(trace.problem)] == ["equal"] * 3
    text = trace.working(["dL/dU"]).to_terminal()
    assert "∂L/∂U = ∂L/∂U|a₂ + ∂L/∂U|h₁" in text
    assert r"\left.\frac{\partial L}{\partial \mathbf{U}}\right|_{\mathbf{a}_{2}}" in trace.working().to_latex()


def test_a_shared_parameter_moves_once() -> None:
    trace = solved(
        SHARED, {"x": [1, "1/2"], "y": [0]}, loss={"op": "squared_error"}, update={"op": "sgd", "rate": "1/100"}
    )
    moved, start, slope = (np.asarray(trace[name], dtype=float) for name in ("U'", "U", "dL/dU"))
    np.testing.assert_allclose(moved, start - slope / 100, rtol=1e-14)
    assert "dL/dx'" not in trace


def test_several_updates_follow_one_another() -> None:
    update = {"op": "sgd", "rate": "1/100", "steps": 3, "freeze": ["W3"]}
    trace = solved(SHARED, {"x": [1, "1/2"], "y": [0]}, loss={"op": "squared_error"}, update=update)
    losses = [float(trace[name]) for name in ("L", "L'", "L''", "L'3")]
    assert sorted(losses, reverse=True) == losses
    np.testing.assert_allclose(
        np.asarray(trace["U''"] - trace["dL/dU''"] / 100, dtype=float), np.asarray(trace["U'3"], dtype=float)
    )
    assert "W3'" in trace
    assert "U⁽³⁾ = U′′ − 1/100 ∂L/∂U′′" in trace.working(["U'3"]).to_terminal()


def test_an_upstream_gradient_stands_in_place_of_a_loss() -> None:
    network = {"input": 2, "layers": [dense([[1, 2], [3, 4]])]}
    trace = solved(network, {"x": [1, 1], "dL/dyhat": [1, "-1/2"]})
    assert str(trace["dL/dx"]) == "ExactArray([-1/2, 0])"
    assert "L" not in trace
    assert [check.verdict for check in hg.verify(trace.problem)] == ["equal", "equal"]
    assert "∂L/∂ŷ" in trace.working().to_terminal()


def test_layers_may_stand_in_any_order() -> None:
    layers = [dense([[1, 1]], name="late", **{"from": "early"}), dense(EYE, name="early", **{"from": "x"})]
    layers.append({"op": "identity", "from": "late"})
    trace = solved({"input": 2, "layers": layers}, {"x": [2, 3]})
    assert str(trace["yhat"]) == "ExactArray([5])"


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [{"op": "identity", "from": "h2"}, {"op": "identity", "from": "h1"}, {"op": "identity"}],
            "network.layers: the layers form a cycle: layer 1 → layer 2 → layer 1",
        ),
        (
            [{"op": "identity", "from": "h1"}, {"op": "identity", "from": "x"}],
            "network.layers: the layers form a cycle: layer 1 → layer 1",
        ),
        (
            [{"op": "identity"}, {"op": "identity", "from": "x"}],
            "network.layers[1]: layer 1 is read by no other layer and is not the last",
        ),
        (
            [{"op": "identity", "name": "one"}, {"op": "identity", "from": "ones"}],
            'network.layers[2].from: layer 2: unknown quantity "ones"; did you mean "one"?',
        ),
        (
            [{"op": "identity"}, {"op": "identity", "from": 3}],
            "network.layers[2].from: expected the name of a quantity or a list of names, found 3",
        ),
        (
            [{"op": "identity"}, {"op": "identity", "from": ["h1", "x"]}],
            "network.layers[2].from: layer 2 (identity): it reads one quantity, found 2",
        ),
        (
            [{"op": "identity", "name": "x"}],
            'network.layers[1].name: the name "x" is taken or could be a quantity; choose another',
        ),
    ],
)
def test_a_wrong_wiring_is_one_clear_error(layers: list[dict[str, Any]], message: str) -> None:
    assert message in refused({"input": 2, "layers": layers}).splitlines()


def test_what_reads_from_the_last_layer_is_refused() -> None:
    layers = [{"op": "identity"}, {"op": "identity", "from": "h3"}, {"op": "identity", "from": "h1"}]
    assert "layer 2 reads from layer 3, but the last layer gives the output alone" in refused(
        {"input": 2, "layers": layers}
    )


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            {"input": 2, "parameters": {"U": EYE, "V": EYE}, "layers": [dense("U")]},
            'network.parameters.V: the parameter "V" is used by no layer',
        ),
        (
            {"input": 2, "parameters": {"h1": EYE}, "layers": [dense(EYE)]},
            'network.parameters.h1: the name "h1" is taken or could be a quantity; choose another',
        ),
        (
            {"input": 2, "parameters": {"W1": EYE}, "layers": [dense(EYE), dense("W1")]},
            'network.layers[1].weights: the name "W1" is that of another quantity; share it, or rename that one',
        ),
        (
            {"input": 2, "parameters": [1], "layers": [dense(EYE)]},
            "network.parameters: expected a table of names and arrays, found a list",
        ),
        (
            {"input": {}, "layers": [dense(EYE)]},
            "network.input: expected at least one input with its shape, found none",
        ),
        (
            {"input": {"x": 2, "z": 2}, "layers": [dense(EYE)]},
            'network.input: the input "z" is read by no layer',
        ),
    ],
)
def test_wrong_parameters_and_inputs(network: dict[str, Any], message: str) -> None:
    assert message in refused(network).splitlines()


def test_an_upstream_gradient_beside_a_loss_is_refused() -> None:
    tree = {
        "network": {"input": 2, "layers": [dense(EYE)]},
        "loss": {"op": "squared_error"},
        "data": {"x": [1, 2], "dL/dyhat": [1, 1]},
    }
    with pytest.raises(hg.InputError, match="stands in place of a loss: leave"):
        hg.Problem.from_dict(tree)


def attending(heads: int, *, masked: bool) -> hg.Problem:
    weights = [[[1, 0, 1, 2], [0, 1, -1, 0], [2, 1, 0, 1], [1, 1, 0, -1]], [[0, 1, 0, 1]] * 4, [[1, 2, 3, 4]] * 4]
    layers = [
        {"op": "dense", "rows": True, "weights": w, "name": name, "from": "x"}
        for w, name in zip(weights, "QKV", strict=True)
    ]
    reads = ["Q", "K", "V", "M"] if masked else ["Q", "K", "V"]
    network: dict[str, Any] = {"input": [2, 4], "layers": [*layers, {"op": "attention", "from": reads, "heads": heads}]}
    if masked:
        network["parameters"] = {"M": [[0, -9], [0, 0]]}
    data = {"x": [[1, 0, "1/2", 0], [0, 1, 0, "1/2"]], "dL/dyhat": [[1, 0, 2, 0], [0, 1, 0, 1]]}
    return hg.Problem.from_dict({"network": network, "data": data})


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("masked", [True, False])
def test_attention_is_a_composition_whose_parts_are_shown(heads: int, *, masked: bool) -> None:
    problem = attending(heads, masked=masked)
    assert all(check.agrees for check in hg.verify(problem))
    trace = hg.solve(problem)
    assert {"s4", "c4", "p4", "dL/dp4"} <= set(trace.names)
    weights = np.asarray(trace["p4"], dtype=float)
    np.testing.assert_allclose(weights.sum(axis=-1), np.ones(weights.shape[:-1]))
    assert "softmax" in trace.working().to_terminal()


@pytest.mark.parametrize(
    ("heads", "rows", "message"),
    [
        (3, 4, "layer 4 (attention): expected a divisor of 4 and 4, found 3"),
        (1, 2, "layer 4 (attention): Q [2, 4], K [2, 2], V [2, 4] do not fit: expected [t][d], [u][d], [u][v]"),
    ],
)
def test_wrong_attention(heads: int, rows: int, message: str) -> None:
    layers: list[dict[str, Any]] = [
        {"op": "dense", "rows": True, "weights": [[1] * 4] * n, "name": name, "from": "x"}
        for n, name in zip((4, rows, 4), "QKV", strict=True)
    ]
    layers.append({"op": "attention", "from": ["Q", "K", "V"], "heads": heads})
    assert message in refused({"input": [2, 4], "layers": layers})


SQUARES = {"op": "squared_error"}
PAIR = {"x": [[1, 2]], "y": [[0, 0]], "batch": True}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"loss": {"op": "softmax_cross_entropy", "ignore_index": -1}, "data": {"x": [1, 2], "label": -1}},
            "data: every target is ignored or has weight 0: there is nothing to take the mean of",
        ),
        (
            {"loss": SQUARES | {"reduction": "none"}, "penalties": [{"op": "l2", "rate": 1}], "data": PAIR},
            'penalties: with reduction = "none" there is no L that a penalty could be a term of',
        ),
        (
            {"loss": SQUARES, "penalties": [{}], "data": PAIR},
            "penalties[1].op: expected a penalty, found nothing; known are l1, l2",
        ),
        (
            {"network": {"input": 2, "parameters": {"L0": EYE}, "layers": [dense("L0")]}, "data": {"x": [1, 2]}},
            'network.parameters.L0: the name "L0" is taken or could be a quantity; choose another',
        ),
        (
            {
                "network": {"input": 2, "parameters": {"v_W2": EYE}, "layers": [dense("v_W2"), dense(EYE)]},
                "loss": SQUARES,
                "update": {"op": "momentum", "rate": 1},
                "data": PAIR,
            },
            'update: the name "v_W2" is that of what the update remembers; rename the other one',
        ),
        (
            {
                "network": {
                    "input": [2, 2],
                    "parameters": {"p1": EYE},
                    "layers": [{"op": "attention", "from": ["x", "x", "p1"]}],
                },
                "data": {"x": EYE},
            },
            'network.layers[1]: the name "p1" is that of another quantity; share it, or rename that one',
        ),
        (
            {"network": {"input": 2, "layers": [{"op": "pad", "padding": [[10**9, 0]]}]}, "data": {"x": [1, 2]}},
            "network.layers[1]: layer 1 (pad): its output has shape [1000000002], more than 50000000 entries",
        ),
        (
            {"network": {"input": 2, "layers": [{"op": "relu", "from": []}]}, "data": {"x": [1, 2]}},
            "network.layers[1].from: expected the name of a quantity or a list of names, found an empty list",
        ),
    ],
    ids=range(8),
)
def test_what_only_a_second_look_thinks_of(parts: dict[str, Any], message: str) -> None:
    tree = {"network": {"input": 2, "layers": [dense(EYE)]}} | parts
    with pytest.raises(hg.InputError) as error:
        hg.Problem.from_dict(tree)
    assert str(error.value).splitlines() == [message]


def test_a_penalty_is_on_weights_and_kernels_unless_it_says_so() -> None:
    layers = [{"op": "dropout", "rate": "1/2", "mask": [1, 0]}, dense([[1, 2]], bias=[3])]
    trace = solved(
        {"input": 2, "layers": layers}, {"x": [1, 2], "y": [0]}, loss=SQUARES, penalties=[{"op": "l2", "rate": 1}]
    )
    assert [name for _, _, name in trace.problem.penalty_terms] == ["W2"]
    assert "dL/dM1" not in trace


def test_a_vector_is_not_transposed() -> None:
    layers = [dense(EYE), {"op": "matmul", "from": ["h1", "x"], "transpose_second": True}]
    message = "x2 is a vector, which stands as a column: there is nothing to transpose"
    assert f"network.layers[2].transpose_second: layer 2 (matmul): {message}" in refused({"input": 2, "layers": layers})
