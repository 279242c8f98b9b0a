"""One step of a trace as an equation: formula, formula with numbers, result."""

from __future__ import annotations

from handgrad.notation.document import Equation, Line
from handgrad.notation.nodes import Entry, Expr
from handgrad.ops.losses import Loss, Reduction
from handgrad.ops.op import Shape
from handgrad.ops.textbook import sum_over
from handgrad.plan import WEIGHT, Step
from handgrad.query import Query
from handgrad.working.layout import arrange
from handgrad.working.operands import Board, Numbers, Symbols, expressions, operands


def equation(board: Board, step: Step, number: int) -> Equation:
    """The step with its general formula, the numbers in it and the result."""
    lines = [Line("=", _formula(board, step))]
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
    return sum_over("n", Entry(form, ("n",))) if board.plan.batch and step.rule in step.op.summed else form


def uses(step: Step) -> tuple[str, ...]:
    """The quantities that a step is made of."""
    return tuple(name for name in step.letters.values() if name != WEIGHT)


def _substituted(board: Board, step: Step) -> Expr:
    if not step.op.by_entry:
        if board.plan.batch and step.rule in step.op.summed:
            return _by_entry(board, step)
        return step.op.form(step.rule, expressions(board, step, numbers=True))
    return _by_entry(board, step)


def _by_entry(board: Board, step: Step) -> Expr:
    examples = board.examples(step.name) if board.side_by_side(step.name) else None
    return arrange(
        step.shape,
        examples,
        lambda n, index: step.op.entry(step.rule, index, operands(board, step, n, Numbers)),
    )


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
    example, index = _split(board, query)
    name = query.name
    left = _entry(board.symbol(name), query.index or ())
    step = board.plan.steps.get(name)
    lines: list[Line] = []
    sign = "="
    if step is not None and step.op.has_entry(step.rule):
        lines.append(Line("=", step.op.entry(step.rule, index, operands(board, step, example, Symbols))))
        board.fresh()
        substituted = step.op.entry(step.rule, index, operands(board, step, example, Numbers))
        sign = "=" if board.exact else "≈"
        _append(lines, sign, substituted)
    board.fresh()
    value = board.number(name, example, index)
    if lines:
        _result(board, lines, name, value, sign)
    else:
        lines.append(Line("=" if board.exact else "≈", value))
    return Equation(left, tuple(lines), number, name, uses(step) if step else ())


def _split(board: Board, query: Query) -> tuple[int, Shape]:
    index = query.index or ()
    if board.side_by_side(query.name):
        return index[0], index[1:]
    return 0, index


def _entry(symbol: Expr, index: Shape) -> Expr:
    return Entry(symbol, tuple(i + 1 for i in index)) if index else symbol
