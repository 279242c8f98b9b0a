"""The symbolic arithmetic: known formulas, agreement with numbers at random points, every format, refusals."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from flint import fmpq

import handgrad as hg
from handgrad.arithmetic.symbolic_display import shown, symbol
from handgrad.cli.main import main
from handgrad.notation.nodes import Fraction, Negative, Number, Symbol
from handgrad.render.inline import inline

sympy = pytest.importorskip("sympy")

NEURON: dict[str, Any] = {
    "network": {"input": 1, "layers": [{"op": "dense", "weights": [["w"]], "bias": ["b"], "activation": "logistic"}]},
    "loss": {"op": "squared_error"},
    "data": {"x": ["x"], "y": ["y"]},
}
W, B, X, Y = (sympy.Symbol(name, real=True) for name in "wbxy")


def names(letter: str, *shape: int) -> Any:
    """Nested lists of w_11, w_12, …"""
    if not shape:
        return letter
    mark = "" if letter[-1].isdigit() else "_"
    return [names(f"{letter}{mark}{i + 1}", *shape[1:]) for i in range(shape[0])]


SOFTMAX = {
    "network": {
        "input": 2,
        "layers": [
            {"op": "dense", "weights": names("w", 3, 2), "bias": names("b", 3), "activation": "logistic"},
            {"op": "dense", "weights": names("v", 2, 3), "bias": names("c", 2), "activation": "softmax"},
        ],
    },
    "loss": {"op": "cross_entropy"},
    "data": {"x": names("x", 2), "label": 2},
}
RELU = {
    "network": {
        "input": 5,
        "layers": [
            {"op": "conv1d", "kernel": names("k", 2), "activation": "relu"},
            {"op": "average_pool1d", "kernel": 2},
            {"op": "dense", "weights": [["u1", "-1/2"]]},
        ],
    },
    "loss": {"op": "mean_squared_error"},
    "data": {"x": ["x1", 2, -1, "x2", "0.5"], "y": [1]},
    "update": {"op": "sgd", "rate": "1/10"},
}
TANH = {
    "network": {
        "input": 2,
        "layers": [
            {"op": "dense", "weights": [["alpha", "sqrt(2)"], [1, "pi/4"]], "activation": "tanh"},
            {"op": "dense", "weights": [["v", 2]], "activation": {"op": "leaky_relu", "alpha": "1/5"}},
        ],
    },
    "loss": {"op": "squared_error"},
    "data": {"x": [[1, "x"], ["exp(1/2)", "ln(3)"]], "y": [["y"], [0]], "batch": True},
}
BINARY = {
    "network": {"input": 2, "layers": [{"op": "dense", "weights": [["w", 1]], "activation": "logistic"}]},
    "loss": {"op": "binary_cross_entropy"},
    "data": {"x": [1, "x"], "y": ["y"]},
}
NETWORKS = [NEURON, SOFTMAX, RELU, TANH, BINARY]


def problem(tree: dict[str, Any]) -> hg.Problem:
    return hg.Problem.from_dict(tree)


def test_the_gradients_of_a_neuron() -> None:
    trace = hg.solve(problem(NEURON))
    s = 1 / (1 + sympy.exp(-(W * X + B)))
    assert trace.arithmetic.name == "symbolic"
    assert sympy.simplify(trace["L"] - (s - Y) ** 2 / 2) == 0
    assert sympy.simplify(trace["dL/dW1"][0, 0] - (s - Y) * s * (1 - s) * X) == 0
    assert sympy.simplify(trace["dL/dx"][0] - (s - Y) * s * (1 - s) * W) == 0
    assert sympy.simplify(trace["dL/dW1"][0, 0] - sympy.diff(trace["L"], W)) == 0


def test_a_polynomial_is_brought_to_its_shortest_form() -> None:
    tree = NEURON | {"network": {"input": 1, "layers": [{"op": "dense", "weights": [["w"]], "bias": ["b"]}]}}
    trace = hg.solve(problem(tree))
    assert trace["dL/dW1"][0, 0] == X * (B + W * X - Y)
    assert trace.ask("dL/dW1[1,1]").text == "dL/dW1[1,1] = x (b + w x − y)"
    assert trace.ask("dL/db1[1]").text == "dL/db1[1] = b + w x − y"


@pytest.mark.parametrize("place", range(len(NETWORKS)))
def test_formulas_agree_with_numbers_at_random_points(place: int) -> None:
    given = problem(NETWORKS[place])
    formulas = hg.solve(given)
    random = Random(place)
    for _ in range(4):
        at = {name: fmpq(random.randint(1, 99), 100) for name in given.symbols}
        if place in (2, 3):
            at = {name: value - fmpq(1, 2) for name, value in at.items()}
        exact, floats = formulas.substitute(at), formulas.substitute(at, "float64")
        assert (exact.arithmetic.name, floats.arithmetic.name) == ("exact", "float64")
        point = {sympy.Symbol(name, real=True): sympy.Rational(int(v.p), int(v.q)) for name, v in at.items()}
        for name in (*formulas.plan.steps, "x"):
            formula = np.atleast_1d(np.asarray(formulas[name], object)).ravel()
            numbers = [float(sympy.N(entry.subs(point), 30)) for entry in formula]
            for trace in (exact, floats):
                wanted = np.atleast_1d(np.asarray(trace[name], float)).ravel()
                np.testing.assert_allclose(numbers, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("tree", NETWORKS)
def test_every_format(tree: dict[str, Any]) -> None:
    working = hg.solve(problem(tree)).working()
    text = working.to_terminal()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert working.to_markdown().startswith("# ")
    assert "\\begin{document}" in working.to_latex()
    loss = json.loads(working.to_json())["quantities"]["L"]
    assert loss["value"] is None
    assert isinstance(loss["exact"], str)


def test_verify_takes_random_rationals_for_the_symbols() -> None:
    for tree in NETWORKS:
        assert all(check.agrees for check in hg.verify(problem(tree)))


def test_max_pooling_is_a_choice_whose_working_is_refused() -> None:
    tree = {
        "network": {"input": 4, "layers": [{"op": "max_pool1d", "kernel": 2}]},
        "loss": {"op": "squared_error"},
        "data": {"x": [1, "x", "w", 3], "y": [0, 0]},
    }
    trace = hg.solve(problem(tree))
    for x, w in ((2, 4), (0, 2), (5, -1)):
        exact = trace.substitute({"x": x, "w": w})
        for name in ("yhat", "L", "dL/dx"):
            formulas = np.atleast_1d(np.asarray(trace[name], object)).ravel()
            assert [float(entry.subs({X: x, W: w})) for entry in formulas] == list(
                np.atleast_1d(np.asarray(exact[name], float)).ravel()
            )
    with pytest.raises(hg.InputError) as error:
        trace.working()
    assert str(error.value) == (
        "the working depends on which of several formulas is the largest; put numbers in for the symbols"
    )


def test_a_global_maximum_of_symbols_is_refused() -> None:
    tree = {
        "network": {"input": [1, 2], "layers": [{"op": "global_max_pool"}]},
        "data": {"x": [[1, "x"]]},
    }
    with pytest.raises(hg.InputError) as error:
        hg.solve(problem(tree))
    assert str(error.value) == (
        "yhat, layer 1 (global_max_pool): cannot decide which of several formulas is the largest in symbolic"
    )


def test_a_maximum_of_numbers_is_decided() -> None:
    tree = {
        "network": {"input": 4, "layers": [{"op": "max_pool1d", "kernel": 2}, {"op": "dense", "weights": [["w", 1]]}]},
        "loss": {"op": "squared_error"},
        "data": {"x": [1, "sqrt(2)", 2, 3], "y": [1]},
    }
    trace = hg.solve(problem(tree))
    assert list(trace["h1"]) == [sympy.sqrt(2), 3]
    assert trace.ask("argmax(x)").value == 4
    assert trace.ask("max(h1)").value == 3
    assert trace.ask("sum(yhat)").value == sympy.sqrt(2) * W + 3
    assert trace.ask("mean(dL/dx)").text.startswith("mean(dL/dx) = ")
    with pytest.raises(hg.InputError, match="cannot decide which of several formulas is the largest"):
        trace.ask("max(dL/dx)")
    with pytest.raises(hg.InputError, match="cannot decide which of several formulas is the largest"):
        trace.ask("argmax(dL/dx)")


def test_relu_is_a_choice_by_cases() -> None:
    tree = {"network": {"input": 1, "layers": [{"op": "relu"}]}, "data": {"x": "x"}}
    trace = hg.solve(problem(tree))
    assert trace["yhat"][0] == sympy.Piecewise((X, X > 0), (0, True))
    text = trace.working().to_terminal()
    assert "x > 0" in text
    assert "otherwise" in text


def test_numeric_arithmetics_refuse_symbols_at_once() -> None:
    for name in ("exact", "float64", "float32", "rounded(2)"):
        with pytest.raises(hg.InputError) as error:
            hg.solve(problem(NEURON), name)
        assert str(error.value).splitlines()[2] == (
            'W1[1,1]: "w" is a symbol; give it a value or use the symbolic arithmetic'
        )


def test_a_symbol_has_no_value() -> None:
    entry = problem(NEURON).x.written()[0]
    assert repr(entry) == "Unknown('x')"
    for ask in (float, lambda unknown: unknown.ball()):
        with pytest.raises(hg.InputError, match='"x" is a symbol; give it a value or use the symbolic arithmetic'):
            ask(entry)


def test_without_sympy_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("handgrad.arithmetic.symbolic_functions", raising=False)
    monkeypatch.setitem(sys.modules, "handgrad.arithmetic.symbolic_functions", None)
    with pytest.raises(hg.InputError) as error:
        hg.solve(problem(NEURON))
    assert str(error.value) == 'the symbolic arithmetic needs SymPy: pip install "handgrad[symbolic]"'


def test_a_setting_is_no_symbol() -> None:
    tree = NEURON | {"loss": {"op": "squared_error", "factor": "c"}}
    with pytest.raises(hg.InputError, match='cannot read "c" as a number'):
        problem(tree)


@pytest.mark.parametrize("text", ["2w", "w+1", "__import__('os')", "log", "w.x", "é", "w" * 41, "_w"])
def test_what_is_no_symbol(text: str) -> None:
    with pytest.raises(hg.InputError, match="as a number"):
        problem(NEURON | {"data": {"x": [text], "y": [1]}})


def test_substitution_in_part_and_its_mistakes() -> None:
    given = problem(NEURON)
    part = given.substitute({"w": "1/2", "x": 2})
    assert (part.symbols, part.arithmetic) == (("y", "b"), "symbolic")
    assert given.symbols == ("x", "y", "w", "b")
    whole = part.substitute({"b": 0, "y": 1})
    assert whole.arithmetic == "exact"
    assert hg.solve(whole)["a1"][0] == 1
    with pytest.raises(hg.InputError) as error:
        given.substitute({"v": 1, "w": "one"})
    assert str(error.value).splitlines() == [
        'unknown symbol "v"; known are x, y, w, b',
        'w: cannot read "one" as a number: unknown word "one"; known are sqrt, ln, exp, pi and e',
    ]
    with pytest.raises(hg.InputError, match="entries from 0 to 1"):
        problem(BINARY).substitute({"y": 2})


def test_set_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "neuron.json"
    file.write_text(json.dumps(NEURON))
    settings = ["--set", "w=1/2", "--set", "b = 0", "--set", "x=2", "--set", "y=1"]
    result = CliRunner().invoke(main, ["solve", str(file), *settings, "--ask", "L"])
    assert "≈ 0.03616" in result.output
    result = CliRunner().invoke(main, ["solve", str(file), "--set", "w"])
    assert (result.exit_code, result.output) == (
        2, 'error: expected --set NAME=NUMBER such as w=1/2, found "w"\n',
    )  # fmt: skip


def test_division_by_zero_and_logarithm_of_zero_are_refused() -> None:
    tree: dict[str, Any] = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [["w", 0], [0, 0]]}]},
        "loss": {"op": "cross_entropy"},
        "data": {"x": [1, 1], "label": 2},
    }
    with pytest.raises(hg.InputError, match="the logarithm of a number that is not positive in symbolic"):
        hg.solve(problem(tree))


def test_how_formulas_are_written() -> None:
    assert symbol("w_12") == Symbol("w", "12")
    assert symbol("x1") == Symbol("x", "1")
    assert symbol("alpha_1") == Symbol("α", "1")
    assert symbol("w_1_2") == Symbol("w", "1,2")
    for expression, text in (
        (sympy.exp(-X), "e⁻ˣ"),
        (sympy.log(X) * 2, "2 ln x"),
        (sympy.sqrt(X), "√(x)"),
        (sympy.Abs(X), "|x|"),
        (sympy.tanh(X), "tanh(x)"),
        (sympy.pi * X - sympy.E, "π x − e"),
        (-X / 3, "−x/3"),
        (X**-2, "1/x²"),
        (sympy.Max(X, Y), "max(x, y)"),
        (sympy.Rational(3, 20), "0.15"),
        (sympy.Piecewise((X, (X > 0) & (Y > 0)), (0, True)), None),
    ):
        found = inline(shown(expression, decimals=True))
        assert text is None or found == text
    assert inline(shown(sum(sympy.Symbol(f"x{i}") ** i for i in range(99)), decimals=True)) == "⋯"


def test_the_functions_over_formulas_are_those_over_numbers() -> None:
    from handgrad.arithmetic import exact_functions, symbolic_functions

    rules = {name for name, found in vars(exact_functions).items() if callable(found) and name[0].islower()}
    written = {name for name in rules if getattr(exact_functions, name).__module__ == exact_functions.__name__}
    assert {name for name in written if not hasattr(symbolic_functions, name)} == set()


OPS_IN_SYMBOLS = (
    "softplus", "gelu", "log_softmax", "softmax", "elu", "sin", "cos", "erf", "silu", "mish", "softsign", "square",
    "hard_sigmoid", "log_sigmoid", "abs", "exp", "selu", "celu", "relu6",
)  # fmt: skip


@pytest.mark.parametrize("op", OPS_IN_SYMBOLS)
def test_ops_in_symbols_agree_with_exact(op: str) -> None:
    tree = {
        "network": {"input": 3, "layers": [{"op": op}]},
        "loss": {"op": "squared_error"},
        "data": {"x": ["x", "w", "-1/2"], "y": [0, "y", 1]},
    }
    trace = hg.solve(problem(tree))
    exact = trace.substitute({"x": "0.3", "w": "-0.7", "y": "0.2"})
    at = {X: sympy.Rational(3, 10), W: sympy.Rational(-7, 10), Y: sympy.Rational(1, 5)}
    for name in ("yhat", "dL/dx"):
        found = [float(sympy.N(entry.subs(at), 30)) for entry in trace[name]]
        np.testing.assert_allclose(found, np.asarray(exact[name], float), rtol=1e-10)


def test_a_long_quotient_is_a_fraction_not_a_number() -> None:
    import sympy

    long = sympy.Rational(-26804501, 25600000)
    over, under = Number("26804501"), Number("25600000")
    assert shown(long, decimals=True) == Negative(Fraction(over, under))
    assert shown(sympy.Integer(10) ** 20, decimals=True) == Number("1" + "0" * 20)
