"""Normalisations, dropout and embedding: what is written is what is computed; conventions; workings."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

import handgrad as hg
from handgrad.arithmetic import float_functions, real
from handgrad.arithmetic.exact_array import ExactArray, asarray
from handgrad.arithmetic.value import Real
from handgrad.errors import DomainError
from handgrad.notation.nodes import Expr, Fraction, Negative, Number, Power, Product, Sqrt, Sum, Symbol
from handgrad.ops import OPS, textbook
from handgrad.ops.op import Op, Sample
from handgrad.ops.places import indices
from test_laws import EXACT, an_op, drawn, values_of

NAMES = (
    "batch_norm",
    "layer_norm",
    "rms_norm",
    "group_norm",
    "instance_norm",
    "local_response_norm",
    "dropout",
    "embedding",
)
CASES = [pytest.param(OPS[n], sample, id=f"{n}-{i}") for n in NAMES for i, sample in enumerate(OPS[n].samples)]


class Written:
    """An operand of exact numbers: one example of an array with a batch axis, or an array without one."""

    def __init__(self, array: ExactArray, example: int | None) -> None:
        self.array, self.batched, self.example = array, example is not None, example or 0
        self.shape = array.shape[int(self.batched) :]

    def number(self, *index: int) -> Any:
        flat = self.array[(self.example, *index) if self.batched else index] if self.array.shape else self.array.flat[0]
        return Real(Real.of(flat).value)

    def entry(self, *index: int) -> Expr:
        return Number("0", self.number(*index) if self.shape else Real(self.array.flat[0]))

    @property
    def examples(self) -> list[Written]:
        return [Written(self.array, n) for n in range(self.array.shape[0])] if self.batched else [self]


def value(expression: Expr) -> Any:  # noqa: PLR0911  one case for each node
    match expression:
        case Number():
            return Real.of(expression.value).value
        case Negative(inner):
            return -value(inner)
        case Sum(terms):
            return sum((value(term) for term in terms), fmpq(0))
        case Product(factors):
            total = fmpq(1)
            for factor in factors:
                total = total * value(factor)
            return total
        case Fraction(numerator, denominator):
            return value(numerator) / value(denominator)
        case Sqrt(inner):
            return real.sqrt(value(inner))
        case Power(base, exponent):
            power = value(exponent)
            return value(base) ** int(power.p) if power.q == 1 else real.exp(power * real.log(value(base)))
    raise AssertionError(expression)


def everything(op: Op, sample: Sample) -> dict[str, Any]:
    random = Random(11)
    values: dict[str, Any] = dict(values_of(sample, random))
    shapes = {f"{letter}_shape": array.shape[int(letter == "x") :] for letter, array in values.items()}
    values |= {name: EXACT.array(getattr(op, name).written) for name in op.constants}
    y = op.apply("forward", EXACT.xp, values)
    return values | shapes | {"y": y, "dy": drawn(y.shape, -4, 4, random)}


def rules(op: Op, sample: Sample) -> list[str]:
    return ["forward", *(f"d{letter}" for letter in sample.shapes if op.has_rule(f"d{letter}"))]


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_each_entry_form_is_the_entry_of_its_rule(
    kind: type[Op], sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textbook, "LONGEST_SUM", 10**6)
    op = an_op(kind, sample)
    with EXACT.working(0):
        known = everything(op, sample)
        for rule in rules(op, sample):
            needed = {letter: known[letter] for letter in op.letters(rule) if letter in known}
            result = op.apply(rule, EXACT.xp, needed)
            batched = rule in ("forward", "dx")
            for n in range(result.shape[0] if batched else 1):
                letters = {
                    letter: array if isinstance(array, tuple) else Written(array, n if letter in "xydy" else None)
                    for letter, array in needed.items()
                }
                for index in indices(result.shape[int(batched) :]):
                    found = value(op.entry(rule, index, letters))
                    there = Written(result, n if batched else None)
                    difference = found - (there.number(*index) if there.shape else Real(result.flat[0])).value
                    assert difference == 0 if isinstance(difference, fmpq) else tight(difference), (rule, index)


def tight(ball: arb) -> bool:
    return bool(ball.contains(0)) and bool(ball.rad() < arb(10) ** -20)


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_each_rule_has_a_form_over_whole_arrays(kind: type[Op], sample: Sample) -> None:
    op = an_op(kind, sample)
    for rule in rules(op, sample):
        shapes = {f"{letter}_shape": shape[int(letter == "x") :] for letter, shape in sample.shapes.items()}
        there = {*sample.shapes, *op.constants, "dy"}
        letters = {
            letter: shapes.get(letter, Symbol(letter))
            for letter in op.letters(rule)
            if letter in there or letter in shapes
        }
        assert isinstance(op.form(rule, letters), Expr)
    assert all(len(pair) == 2 for pair in op.definitions(Symbol("a")))


def solved(layer: dict[str, Any], x: Any, y: Any, shape: Any) -> hg.Trace:
    tree = {
        "network": {"input": shape, "layers": [{"op": "identity"}, layer]},
        "loss": {"op": "squared_error"},
        "data": {"x": x, "y": y, "batch": True},
    }
    return hg.solve(hg.Problem.from_dict(tree))


LAYERS = [
    ({"op": "batch_norm"}, 2),
    ({"op": "layer_norm"}, 2),
    ({"op": "rms_norm"}, 2),
    ({"op": "group_norm"}, 2),
    ({"op": "local_response_norm", "size": 3}, 2),
    ({"op": "dropout", "seed": 1}, 2),
    ({"op": "dropout"}, 2),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS)
def test_its_working_is_written_in_every_format(layer: dict[str, Any], shape: int) -> None:
    document = solved(layer, [[1, 2], [3, -1], [4, "1/2"]], [[0, 1], [1, 0], [1, 1]], shape).working()
    assert document.to_terminal()
    assert document.to_latex()
    assert document.to_markdown()
    assert f'"op": "{layer["op"]}"' in document.to_json()


def test_statistics_that_are_rational_stay_rational() -> None:
    trace = solved({"op": "batch_norm", "epsilon": 0}, [[1, 3], [3, 7]], [[0, 0], [0, 0]], 2)
    assert trace["yhat"].tolist() == [[-1, -1], [1, 1]]
    trace = solved({"op": "rms_norm", "epsilon": 0}, [[1, 7]], [[0, 0]], 2)
    assert trace["yhat"].tolist() == [[Real(fmpq(1, 5)), Real(fmpq(7, 5))]]


def test_an_even_window_reaches_further_up() -> None:
    op = an_op(OPS["local_response_norm"], Sample({}, {"size": 2, "alpha": 2, "beta": 1}))
    known = {name: np.asarray(float(v)) for name, v in {"alpha": 2, "beta": 1, "bias": 1}.items()}
    y = op.apply("forward", float_functions, {"x": np.array([[1.0, 2.0, 3.0]]), **known})
    # s = 1 + (x_c² + x_(c+1)²)
    assert np.allclose(y, [[1 / 6, 2 / 14, 3 / 10]], rtol=1e-15)


def test_dropout_without_mask_and_seed_changes_nothing() -> None:
    x = asarray([[1, 2]])
    assert OPS["dropout"]().apply("forward", EXACT.xp, {"x": x, "rate": asarray(0)}) is x


def test_a_seed_draws_the_mask_row_by_row() -> None:
    op = an_op(OPS["dropout"], Sample({}, {"seed": 3, "rate": "1/4"}))
    expected = [[int(r >= 0.25) for r in row] for row in np.random.default_rng(3).random((2, 4)).tolist()]
    assert op.drawn((2, 4)).tolist() == expected  # type: ignore[attr-defined]  # its own


@pytest.mark.parametrize("numbers", [[0, 1], [1, 4], [1, "3/2"]])
def test_an_embedding_refuses_what_names_no_row(numbers: list[Any]) -> None:
    known = {"x": asarray([[Real.of(n) if not isinstance(n, str) else Real(fmpq(3, 2)) for n in numbers]])}
    message = "an index that is none of the 3 rows, 1 to 3,"
    with pytest.raises(DomainError, match=message):
        OPS["embedding"]().apply("forward", EXACT.xp, known | {"W": asarray([[1], [2], [3]])})


@pytest.mark.parametrize(
    ("layer", "reads", "text"),
    [
        ({"op": "batch_norm", "variance": [1]}, 1, "fixed statistics are a mean and a variance: mean is missing"),
        ({"op": "layer_norm", "axis": 0}, 2, "expected an axis of the input, 1 to 1 or −1 to −1, found 0"),
        ({"op": "embedding", "weights": [[1, 2]], "size": 3}, 2, "expected 2, as the weights have, found 3"),
    ],
)
def test_wrong_settings_are_refused(layer: dict[str, Any], reads: int, text: str) -> None:
    with pytest.raises(hg.InputError, match=text):
        hg.Network([layer], reads)


def test_parameters_that_are_drawn_have_the_shape_of_the_op() -> None:
    drawn_at_random = {"random": "normal", "seed": 1}
    channels = hg.Network([{"op": "batch_norm", "scale": drawn_at_random}], [3, 2])
    assert channels.parameters["gamma1"].shape == (3,)
    last = hg.Network([{"op": "layer_norm", "axis": 1, "scale": drawn_at_random}], [3, 2])
    assert last.parameters["gamma1"].shape == (3, 2)
    rows = hg.Network([{"op": "embedding", "weights": drawn_at_random, "count": 5, "size": 2}], 3)
    assert rows.parameters["W1"].shape == (5, 2)


def test_axes_out_of_range_and_rows_of_no_size_draw_nothing() -> None:
    assert an_op(OPS["layer_norm"], Sample({}, {"axis": 4})).expected("gamma", (2,), {}) is None
    assert OPS["embedding"]().expected("W", (2,), {}) is None
