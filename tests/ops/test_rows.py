"""Vectors as rows: each formula, turned by the law of the transpose, gives what its rule computes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from evaluate import Elided, value_of
from evaluate import Unknown as EvaluationUnknown
from test_entry_forms import EXACT, an_op, inputs_of, letters_of, rules_of

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.document import Equation
from handgrad.notation.nodes import (
    Absolute,
    BigSum,
    Entry,
    Expr,
    Fraction,
    Function,
    Hadamard,
    Matrix,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Sum,
    Symbol,
    Transpose,
)
from handgrad.ops import LOSSES, OPS
from handgrad.ops.losses import Loss
from handgrad.ops.op import Op, Sample
from handgrad.ops.textbook import sum_over
from handgrad.render.inline import inline
from handgrad.working.rows import Letter, in_rows

CASES = [
    pytest.param(kind, sample, id=f"{kind.name}-{i}")
    for kind in (*OPS.values(), *LOSSES.values())
    for i, sample in enumerate(kind.samples)
]
Values = dict[str, Any]


class Unknown(Exception):
    """A piece of notation whose meaning is that of its op alone."""


def meaning(formula: Expr, values: Values) -> Any:  # noqa: C901, PLR0911, PLR0912  one case for each node
    """The array that a formula stands for where vectors are rows."""
    match formula:
        case Symbol(base):
            if base not in values:
                raise Unknown(base)
            return values[base]
        case Number(text):
            return float(text)
        case Sum(terms):
            return sum(meaning(term, values) for term in terms)
        case Negative(inner):
            return -meaning(inner, values)
        case Hadamard(factors):
            return np.prod(np.broadcast_arrays(*(meaning(factor, values) for factor in factors)), axis=0)
        case Fraction(p, q):
            return meaning(p, values) / meaning(q, values)
        case Power(base, exponent):
            return meaning(base, values | {"e": np.e}) ** meaning(exponent, values)
        case Transpose(inner):
            return np.asarray(meaning(inner, values)).T
        case Absolute(inner):
            return np.sqrt(np.sum(meaning(inner, values) ** 2))
        case BigSum(Entry(inner, ("n",))):
            return np.sum(meaning(inner, values), axis=0, keepdims=True)
        case Function("onehot", (Symbol(base),)):
            return np.eye(values["classes"])[np.ravel(values[base]).astype(int) - 1]
        case Product(factors):
            return multiplied([meaning(factor, values) for factor in factors])
    raise Unknown(repr(formula))


def multiplied(factors: list[Any]) -> Any:
    product: Any = 1.0
    for factor in factors:
        product = product * factor if min(np.size(product), np.size(factor)) == 1 else product @ factor
    return product


def letters_for(op: Op, sample: Sample) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Arrays for everything a rule could ask for, of one example if some have more axes; which have a batch axis."""
    with EXACT.working(0):
        known = letters_of(op, sample, 3)
    batched = (*inputs_of(op, sample), "y", "dy", "dL")
    arrays = {letter: value if isinstance(value, tuple) else floats(value) for letter, value in known.items()}
    if isinstance(op, Loss) or any(arrays[letter].ndim != 2 for letter in batched if letter in arrays):
        arrays |= {letter: arrays[letter][:1] for letter in batched if letter in arrays}
    return arrays, batched


def floats(value: Any) -> Any:
    return np.reshape([float(entry) for entry in value.flat], tuple(value.shape))


def written(letter: str, array: Any, *, batched: bool) -> tuple[Expr, Any]:
    """A letter as a working gives it to a form, and its value on paper."""
    axes = array.ndim - batched
    if axes == 0:
        return Symbol(letter), float(np.ravel(array)[0])
    on_paper = array[0] if batched and axes > 1 else array
    return Letter(Symbol(letter, bold=True), turned=axes == 1), np.atleast_2d(on_paper)


def formula_of(op: Op, rule: str, sample: Sample) -> tuple[Expr, Values, Any] | None:
    """A rule's formula in rows, the values of its letters, and what it should come to; None if nothing is turned."""
    known, batched = letters_for(op, sample)
    needed = {letter: known[letter] for letter in op.needs(rule, known)}
    letters: dict[str, Any] = {}
    values: Values = {"1": np.ones((1, known["dy"].shape[1] if known["dy"].ndim > 1 else 1))}
    for letter, value in needed.items():
        if isinstance(value, tuple):
            letters[letter] = value
        elif letter == "dL":  # the weight of each example, alike in a mean
            known["dL"] = needed["dL"] = np.full_like(value, 0.5)
            letters["dL"] = Number("0.5", 0.5)
        else:
            letters[letter], values[letter] = written(letter, value, batched=letter in batched)
    values["classes"] = values["W"].shape[0] if "W" in values else needed.get("W_shape", (1,))[0]
    whole = rule[1:] in op.parameters
    axes = axes_of(rule, known, whole=whole)
    form = op.form(rule, letters)
    if rule in op.summed:
        form = sum_over("n", Entry(form, ("n",)))
    formula = in_rows(form, turned=axes == 1, grid=axes > 1)
    assert not any(isinstance(part, Letter) for part in parts(formula))
    if formula == plain(form):
        return None
    result = op.apply(rule, np, needed)
    return formula, values, np.atleast_2d(result if whole or axes < 2 else result[0])


def axes_of(rule: str, known: dict[str, Any], *, whole: bool) -> int:
    """How many axes the result of a rule has for one example."""
    like = "y" if rule == "forward" else "yhat" if rule == "da" else rule[1:]
    axes: int = known[like].ndim - (not whole)
    return axes


def plain(form: Any) -> Any:
    """A form with its letters as they stand."""
    if isinstance(form, Letter):
        return form.value
    if isinstance(form, Expr):
        return type(form)(*(plain(getattr(form, name)) for name in form.__struct_fields__))
    return tuple(map(plain, form)) if isinstance(form, tuple) else form


EVALUATED: set[str] = set()


@pytest.mark.parametrize(("kind", "sample"), CASES)
def test_a_formula_in_rows_is_what_its_rule_computes(kind: type[Op], sample: Sample) -> None:
    op = an_op(kind, sample)
    for rule in rules_of(op, sample):
        turned = formula_of(op, rule, sample)
        if turned is not None:
            formula, values, expected = turned
            found = np.broadcast_to(meaning(formula, values), expected.shape)
            assert np.allclose(found, expected), f"{rule}: {inline(formula)}"
            EVALUATED.add(f"{kind.name}.{rule}")


def parts(formula: Any) -> list[Any]:
    if isinstance(formula, Expr):
        return [formula, *(inner for name in formula.__struct_fields__ for inner in parts(getattr(formula, name)))]
    return [inner for part in formula for inner in parts(part)] if isinstance(formula, tuple) else []


def test_the_formulas_with_products_of_matrices_were_all_evaluated() -> None:
    for kind, sample in (case.values for case in CASES):
        test_a_formula_in_rows_is_what_its_rule_computes(kind, sample)
    dense, matmul = ("forward", "dx", "dW", "db"), ("forward", "dx1", "dx2")
    products = {*(f"dense.{rule}" for rule in dense), *(f"matmul.{rule}" for rule in matmul)}
    assert products | {"cosine.forward", "cosine.dyhat"} == EVALUATED


x, y, W, V = (Letter(Symbol(base, bold=True), turned=base in "xy") for base in "xyWV")
ONE, HALF = Symbol("1", bold=True), Number("0.5", 0.5)


@pytest.mark.parametrize(
    ("column", "turned", "row"),
    [
        (W @ x, True, "x Wᵀ"),
        (W @ V @ x, True, "x Vᵀ Wᵀ"),
        (Transpose(W) @ x, True, "x W"),
        (HALF * (W @ x), True, "0.5 x Wᵀ"),
        (y @ Transpose(x), False, "yᵀ x"),
        (Transpose(y) @ x, False, "y xᵀ"),
        (W @ V, False, "W V"),
        (W @ x + y, True, "x Wᵀ + y"),
        (Function("tanh", (W @ x,)), True, "tanh(x Wᵀ)"),
        (Hadamard((Transpose(W) @ x, y)), True, "x W ⊙ y"),
        (x * (1 - y), True, "x (1 − y)"),
        (ONE @ Transpose(x), False, "1ᵀ x"),
        (Transpose(W) @ ONE, True, "1 W"),
        (Function("mean", (x,)) * W, False, "mean(x) W"),
        (x, True, "x"),
        (Transpose(W), False, "Wᵀ"),
        (Fraction(y @ Transpose(x), Number("2")), False, "yᵀ x/2"),
        (Hadamard((x, y - Transpose(x) @ y)), True, "x ⊙ (y − x yᵀ)"),
    ],
)
def test_the_law_of_the_transpose(column: Expr, turned: bool, row: str) -> None:  # noqa: FBT001  one of the cases
    assert inline(in_rows(column, turned=turned)) == row


def test_a_gradient_is_a_letter_like_any_other() -> None:
    gradient = Letter(Partial(Symbol("L"), Symbol("a", "2", bold=True)), turned=True)
    assert inline(in_rows(gradient @ Transpose(x), turned=False)) == "(∂L/∂a₂)ᵀ x"


def test_matrices_of_numbers_are_turned_as_such() -> None:
    row = Letter(Matrix(((Number("1"), Number("2")),), (1, 2)), turned=True)
    square = Letter(Matrix(((Number("1"), Number("2")), (Number("3"), Number("4"))), (2, 2)), turned=False)
    assert inline(in_rows(square @ row, turned=True)) == "[1, 2] [1, 3; 2, 4]"
    assert inline(in_rows(row @ Transpose(row), turned=False)) == "[1; 2] [1, 2]"


def of_numbers(expression: Expr) -> Any:
    """The array that a line of numbers comes to; Unknown for one with symbols, choices or dots."""
    match expression:
        case Matrix(rows, shape):
            cells = [[float(value_of(cell)) for cell in row] for row in rows]
            if np.shape(cells) != shape:
                raise Elided
            return np.asarray(cells)
        case Sum(terms):
            return sum(of_numbers(term) for term in terms)
        case Negative(inner):
            return -of_numbers(inner)
        case Product(factors):
            return multiplied([of_numbers(factor) for factor in factors])
        case Hadamard(factors):
            return np.prod(np.broadcast_arrays(*map(of_numbers, factors)), axis=0)
    return float(value_of(expression))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_numbers_of_a_working_in_rows_come_to_its_results(name: str) -> None:
    trace = hg.solve(example(name), "symbolic" if name == "symbolic" else "exact")
    for vectors in ("row", "column"):
        for section in trace.working([], notation={"vectors": vectors}).sections:
            for block in section.blocks:
                if isinstance(block, Equation) and block.number:
                    _agrees([line.expression for line in block.lines])


def _agrees(lines: list[Expr]) -> None:
    """Whether all lines of numbers stand for the same, of the same shape."""
    found: list[Any] = []
    for line in lines:
        with suppress(Elided, EvaluationUnknown, Unknown):
            found.append(of_numbers(line))
    for one in found:
        assert np.shape(one) == np.shape(found[-1])
        assert np.allclose(one, found[-1], rtol=2e-3, atol=2e-3)
