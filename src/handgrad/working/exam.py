"""The exam sheet of a problem, questions only with room to write, and its key, answers only, numbered alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from msgspec.structs import fields, replace

from handgrad.drawing.whole import draw
from handgrad.notation.conforming import conform
from handgrad.notation.document import Block, Equation, Figure, Line, Paragraph, Section, Table
from handgrad.notation.nodes import Entry, Expr, Function
from handgrad.notation.words import say
from handgrad.ops.op import Constant, Constants, Op
from handgrad.ops.updates import Update
from handgrad.plan import Step
from handgrad.query import Query, parse
from handgrad.trace import Trace, flat
from handgrad.working.appendix import appendix
from handgrad.working.builder import Writer, board_of, used
from handgrad.working.data import plain, values
from handgrad.working.document import Document, Kind
from handgrad.working.operands import Board
from handgrad.working.steps import equation
from handgrad.working.updates import by_update

BATCHES = {
    "column": "The {count} examples stand side by side as columns.",
    "row": "The {count} examples stand below one another as rows.",
}
"""How vectors stand -> the sentence that says so of a batch."""


def sheet(trace: Trace, queries: Sequence[Query], kind: Kind) -> Document:
    """The questions of a problem, or the answers to them; of a problem without any the usual ones."""
    asked = list(queries) or usual(trace)
    make = _questions if kind == "questions" else _answers
    made = trace.decided(lambda: make(board_of(trace), asked))
    return replace(made, spoken=lambda language: sheet(trace.noted({"language": language}), queries, kind))


def usual(trace: Trace) -> list[Query]:
    """What is asked where nothing is: the loss and the gradient of each parameter, or the output."""
    gradients = [f"dL/d{name}" for name in trace.problem.network.parameters]
    names = [name for name in ("L", *gradients) if name in trace.plan.steps] or ["yhat"]
    return [parse(name, trace.plan) for name in names]


def _questions(board: Board, queries: Sequence[Query]) -> Document:
    language, trace = board.language, board.trace
    steps = trace.plan.chain([query.name for query in queries])
    given = Section(say(language, "Given"), tuple(_given(board, steps, queries)), "given")
    blocks: list[Block] = []
    for i, query in enumerate(queries):
        before, after = say(language, "Find {quantity}.", quantity="\n").split("\n")
        blocks += [Paragraph((f"{i + 1}. {before}", asked(board, query), after)), Paragraph((), "room")]
    asks = Section(say(language, "Questions"), tuple(blocks), "questions")
    rest = appendix(board, _known(board, steps, queries))
    return _document(board, (given, asks, *rest), partial(_told, trace, queries))


def _told(trace: Trace, queries: Sequence[Query]) -> dict[str, Any]:
    """The data of a sheet: what is given, and nothing that is to be found."""
    tree = values(trace, queries)
    given = {name: value for name, value in tree["quantities"].items() if name in trace.plan.given}
    return {"title": tree["title"], "quantities": given, "questions": [query.text for query in queries]}


def _answers(board: Board, queries: Sequence[Query]) -> Document:
    writer = Writer(board)
    found = tuple(_value_only(writer.answer(query)) for query in queries)
    section = Section(say(board.language, "Answers"), found, "answers")
    rest = appendix(board, [query.name for query in queries if query.index is None and not query.function])
    return _document(board, (section, *rest), partial(_keyed, board.trace, queries))


def _value_only(answer: Equation) -> Equation:
    return Equation(answer.left, answer.lines[-1:], answer.number)


def _keyed(trace: Trace, queries: Sequence[Query]) -> dict[str, Any]:
    tree = values(trace, queries)
    return {"title": tree["title"], "answers": tree["answers"]}


def _document(board: Board, sections: tuple[Section, ...], data: Any) -> Document:
    title = board.trace.problem.title or say(board.language, "Exercise")
    return Document(title, tuple(conform(section, board.convention) for section in sections), data, board.language)


def asked(board: Board, query: Query) -> Expr:
    """What a question asks for, as mathematics."""
    symbol = board.symbol(query.name)
    whole = Entry(symbol, tuple(i + 1 for i in query.index)) if query.index else symbol
    return Function(query.function, (whole,)) if query.function else whole


def _given(board: Board, steps: Sequence[Step], queries: Sequence[Query]) -> Iterator[Block]:
    """The network, its picture without numbers, what L and an update are, and the numbers that are given."""
    writer = Writer(board)
    yield from _how(board)
    yield _layers(board, writer.layers())
    yield Figure(partial(draw, board.trace, values=False, gradients=False), ())
    updates = by_update(step for step in steps if isinstance(step.op, Update))
    for step in (*_loss(board, steps), *updates.get(1, ())):
        yield Equation(board.symbol(step.name), (Line("=", equation(board, step, 0).lines[0].expression),))
    yield from map(writer.known, _known(board, steps, queries))


def _how(board: Board) -> Iterator[Paragraph]:
    """How to compute, where it is not exactly; and how a batch stands on paper."""
    trace, language = board.trace, board.language
    if trace.arithmetic.name.startswith("rounded"):
        text = "Compute as by hand, {name}: round each named quantity half up and carry it on rounded."
        yield Paragraph((say(language, text, name=trace.arithmetic.name),), "note")
    if trace.problem.batch:
        text = BATCHES[board.convention.vectors]
        yield Paragraph((say(language, text, count=trace.problem.examples),), "note")


def _loss(board: Board, steps: Sequence[Step]) -> list[Step]:
    """What L is made of, where more is asked than the forward pass."""
    if all(step.section == "forward" for step in steps):
        return []
    return [step for step in board.plan.steps.values() if step.section == "loss"]


def _known(board: Board, steps: Sequence[Step], queries: Sequence[Query]) -> list[str]:
    names = used(steps, queries)
    return [name for name in board.plan.given if name in names]


def _layers(board: Board, layers: Table) -> Table:
    """The layers with their settings, which the formulas of a working would show."""
    rows = []
    for node, (layer, op, *rest) in zip(board.trace.problem.network.nodes, layers.rows, strict=True):
        told = settings(board.trace, node.op)
        rows.append((layer, f"{op} ({told})" if told else op, *rest))
    return Table(layers.header, tuple(rows))


def settings(trace: Trace, op: Op) -> str:
    """The settings of an op that its shape does not tell: "stride = 2, alpha = 0.01"."""
    told = [(field.name, getattr(op, field.name), field.default) for field in fields(type(op))]
    return ", ".join(
        f"{name} = {_setting(trace, value)}"
        for name, value, default in told
        if name not in _TOLD_BY_SHAPE and (isinstance(value, Constant) or value != default)
    )


_TOLD_BY_SHAPE = ("units", "channels", "size", "count", "reduction")


def _setting(trace: Trace, value: Any) -> str:
    if not isinstance(value, Constant):
        return str(value)
    entries = flat(trace.arithmetic.array(value.written))
    shown = [plain(trace.arithmetic.show(entry, given=True).expression) for entry in entries]
    return f"[{', '.join(shown)}]" if isinstance(value, Constants) else shown[0]
