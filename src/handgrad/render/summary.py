"""Problem, Network, Trace and Answer as a notebook shows them: tables of what they hold."""

from __future__ import annotations

from math import prod

from handgrad.network import Network, Node
from handgrad.notation.conforming import conformed
from handgrad.notation.document import Span, Table
from handgrad.notation.symbols import convention
from handgrad.notation.words import say
from handgrad.ops.op import Shape
from handgrad.problem import Problem
from handgrad.render.breaking import shrunk
from handgrad.render.html import fragment, framed
from handgrad.render.html_blocks import span, table, text
from handgrad.render.mathml import width
from handgrad.trace import Trace
from handgrad.working.answer import Answer
from handgrad.working.operands import Board

_MOST_ROWS = 60
"""Quantities of a trace that are listed; of more the first and the last."""

_VALUE_WIDTH = 360.0

_MOST_QUESTIONS = 20


def network(shown: Network) -> str:
    """The layers with their shapes and parameters."""
    return framed(_layers(shown, "en"), "en")


def problem(shown: Problem) -> str:
    """Title, layers, loss, data."""
    language = _language(shown)
    facts = "".join(
        f'<tr><th scope="row">{text(say(language, name))}</th><td dir="auto">{text(said)}</td></tr>'
        for name, said in _facts(shown, language).items()
        if said
    )
    title = f'<p dir="auto"><strong>{text(shown.title)}</strong></p>\n' if shown.title else ""
    return framed(f"{title}{_layers(shown.network, language)}\n<table>{facts}</table>", language)


def trace(shown: Trace) -> str:
    """Every quantity with its shape and its value."""
    return shown.decided(lambda: _trace(shown))


def answer(shown: Answer) -> str:
    """The text of the answer, and the working that leads to it."""
    language = shown.working.language
    said = f'<p dir="auto"><strong>{text(shown.text)}</strong></p>'
    return framed(said, language) + fragment(shown.working)


def _language(shown: Problem) -> str:
    return convention(shown.notation).language


def _shape(shape: Shape) -> str:
    return "×".join(map(str, shape)) or "1"


def _layers(shown: Network, language: str) -> str:
    """The layers as a table, and how many numbers their parameters are."""
    header = tuple(say(language, word) for word in ("Layer", "Op", "Shape", "Parameters"))
    rows = tuple(_layer(shown, node) for node in shown.nodes)
    count = sum(prod(array.shape) for array in shown.parameters.values())
    total = say(language, "{count} numbers in the parameters", count=count)
    return f'{table(Table(header, rows))}\n<p class="note">{text(total)}</p>'


def _layer(shown: Network, node: Node) -> tuple[Span, ...]:
    reads = ", ".join(_shape(shown.shape(name)) for name in node.reads)
    held = ", ".join(f"{name} {_shape(shown.shape(name))}" for name in node.parameters.values())
    return str(node.layer), node.op.name, f"{reads} → {_shape(node.shape)}", held


def _facts(shown: Problem, language: str) -> dict[str, str]:
    """What else a problem says, by heading; "" for what it leaves out."""
    data = [f"{name} {_shape(shape)}" for name, shape in shown.network.inputs.items()]
    data += [f"y {_shape(shown.target_shape)}"] if shown.y is not None else []
    if shown.batch:
        data.append(say(language, "{count} examples", count=shown.examples))
    asked = shown.questions
    return {
        "Loss": shown.loss.name if shown.loss is not None else "",
        "Penalties": ", ".join(f"{op.name} ({', '.join(names)})" for op, names in shown.penalties),
        "Data": ", ".join(data),
        "Update": f"{shown.update.name} × {shown.steps}" if shown.update is not None else "",
        "Arithmetic": shown.arithmetic,
        "Questions": ", ".join(asked[:_MOST_QUESTIONS]) + (", …" if len(asked) > _MOST_QUESTIONS else ""),
    }


def _trace(shown: Trace) -> str:
    language = _language(shown.problem)
    board = Board(shown, convention(shown.problem.notation, shown.problem.network.last.layer))
    names = [*shown.plan.given, *shown.plan.steps]
    listed: list[str | None] = [*names]
    if len(names) > _MOST_ROWS:
        listed = [*names[: _MOST_ROWS - 1], None, names[-1]]
    head = "".join(f'<th scope="col">{text(say(language, word))}</th>' for word in ("Quantity", "Shape", "Value"))
    rows = "\n".join(_row(board, name) for name in listed)
    title = f"{shown.problem.title}, {shown.arithmetic.name}" if shown.problem.title else shown.arithmetic.name
    caption = f'<p class="note" dir="auto">{text(title)}</p>'
    body = f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
    return framed(f"{caption}\n{body}", language)


def _row(board: Board, name: str | None) -> str:
    """A quantity with its shape and value; dots for those left out."""
    if name is None:
        return "<tr><td>⋯</td><td>⋯</td><td>⋯</td></tr>"
    shape = board.plan.shape(name)
    if board.side_by_side(name):
        shape = (board.examples(name), *shape)
    board.fresh()
    value = shrunk(conformed(board.value(name), board.convention), _VALUE_WIDTH, width)
    rounded = "" if board.exact and board.trace.exact(name) else "≈ "
    cells = (text(name), text(_shape(shape)), rounded + span(value))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
