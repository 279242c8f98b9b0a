"""One step of a trace as an equation: formula, formula with numbers, result."""

from __future__ import annotations

from typing import Any

from handgrad.notation.document import Equation, Line
from handgrad.notation.nodes import Entry, Expr, Stack
from handgrad.ops.losses import Loss, Reduction
from handgrad.ops.op import Shape
from handgrad.ops.textbook import elided_sum, sum_over
from handgrad.plan import HIDDEN, Step
from handgrad.query import Query
from handgrad.working.operands import Board, Numbers, Symbols, expressions, operands
from handgrad.working.rows import Letter, in_rows


def equation(board: Board, step: Step, number: int) -> Equation:
    """The step with its general formula, the numbers in it and the result."""
    board.fresh()
    formula = _formula(board, step)
    lines = [Line("=" if board.exact else "≈", formula)]
    if not step.shape and isinstance(step.op, (Loss, Reduction)) and not board.side_by_side(step.name):
        _append(lines, "=", step.op.entry(step.rule, (), operands(board, step, 0, Symbols)))
    board.fresh()
    substituted = _substituted(board, step)
    sign = "=" if board.exact else "≈"
    _append(lines, sign, substituted)
    _result(board, lines, step.name, board.value(step.name), sign)
    return Equation(board.symbol(step.name), tuple(lines), number, step.name, uses(step))


def _formula(board: Board, step: Step) -> Expr:
    form = step.op.form(step.rule, expressions(board, step, numbers=False))
    return _written(board, step, sum_over("n", Entry(form, ("n",))) if _sums_examples(board, step) else form)


def _written(board: Board, step: Step, form: Expr) -> Expr:
    """A form over whole arrays as vectors stand on paper."""
    if board.convention.vectors == "column":
        return form
    return in_rows(form, turned=board.turned(step.name), grid=len(step.shape) > 1)


def _sums_examples(board: Board, step: Step) -> bool:
    """Whether the form holds for one example and the result is the sum over the batch."""
    return board.plan.batch and (step.over_batch or step.rule in step.op.summed)


def uses(step: Step) -> tuple[str, ...]:
    """The quantities that a step is made of."""
    return tuple(name for name in step.letters.values() if name not in HIDDEN)


def _substituted(board: Board, step: Step) -> Expr:
    if step.op.by_entry or _sums_examples(board, step):
        return _by_entry(board, step)
    letters = expressions(board, step, numbers=True)
    if any(map(_is_stack, letters.values())):  # there is no product of a stack of matrices
        return _by_entry(board, step)
    return _written(board, step, step.op.form(step.rule, letters))


def _is_stack(value: Any) -> bool:
    return isinstance(value.value if isinstance(value, Letter) else value, Stack)


def _by_entry(board: Board, step: Step) -> Expr:
    return board.arrange(step.name, lambda n, index: entry_form(board, step, n, index, Numbers))


def entry_form(board: Board, step: Step, example: int, index: Shape, kind: type[Numbers]) -> Expr:
    """The form of one entry; summed over the batch where its rule gives one value for each example."""
    if not step.over_batch:
        return step.op.entry(step.rule, index, operands(board, step, example, kind))
    count = board.trace.problem.examples
    return elided_sum(count, lambda n: step.op.entry(step.rule, index, operands(board, step, n, kind)))


def _result(board: Board, lines: list[Line], name: str, value: Expr, sign: str) -> None:
    exact = board.exact and board.trace.exact(name) and sign == "="
    _append(lines, "=" if exact else "≈", value)


def _append(lines: list[Line], sign: str, expression: Expr) -> None:
    """Add a line unless it repeats the one before; a repeated line keeps the weaker sign."""
    if lines[-1].expression == expression:
        lines[-1] = Line(sign if sign == "≈" else lines[-1].sign, expression)
    else:
        lines.append(Line(sign, expression))


def entry_equation(board: Board, query: Query, number: int) -> Equation:
    """One entry of a quantity: its own formula, the numbers, the value."""
    example, index = split(board, query)
    name = query.name
    left = _entry(board.symbol(name), query.index or ())
    step = board.plan.steps.get(name)
    lines: list[Line] = []
    sign = "="
    if step is not None and step.op.has_entry(step.rule):
        lines.append(Line("=", entry_form(board, step, example, index, Symbols)))
        board.fresh()
        substituted = entry_form(board, step, example, index, Numbers)
        sign = "=" if board.exact else "≈"
        _append(lines, sign, substituted)
    board.fresh()
    value = board.number(name, example, index)
    if lines:
        _result(board, lines, name, value, sign)
    else:
        lines.append(Line("=" if board.exact else "≈", value))
    return Equation(left, tuple(lines), number, name, uses(step) if step else ())


def split(board: Board, query: Query) -> tuple[int, Shape]:
    """Which example a question asks for, and which of its entries."""
    index = query.index or ()
    if board.side_by_side(query.name):
        return index[0], index[1:]
    return 0, index


def _entry(symbol: Expr, index: Shape) -> Expr:
    return Entry(symbol, tuple(i + 1 for i in index)) if index else symbol
