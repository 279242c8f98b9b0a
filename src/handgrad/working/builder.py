"""Trace -> Document: Given, Forward pass, Loss, Backward pass, Update, Answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from handgrad.drawing.whole import draw
from handgrad.notation.conforming import conform
from handgrad.notation.document import Block, Equation, Figure, Line, Paragraph, Section, Span, Table
from handgrad.notation.nodes import Expr, Function, Number, add
from handgrad.notation.program import Program
from handgrad.notation.symbols import convention
from handgrad.notation.words import say
from handgrad.ops.losses import Loss
from handgrad.ops.textbook import elided
from handgrad.plan import Step, primed
from handgrad.query import Query
from handgrad.trace import Trace
from handgrad.working.appendix import appendix
from handgrad.working.contributions import contributions
from handgrad.working.data import values
from handgrad.working.document import Document, Kind
from handgrad.working.operands import Board
from handgrad.working.steps import entry_equation, equation, split
from handgrad.working.sums import with_largest
from handgrad.working.updates import ALL_UPDATES, FIRST_UPDATES, MOST_LOSSES, by_update, outcome

TITLES: dict[str, str] = {"forward": "Forward pass", "loss": "Loss", "backward": "Backward pass", "update": "Update"}

BATCHES = {
    ("column", "mean"): "The {count} examples stand side by side as columns; L is the mean of their losses.",
    ("column", "sum"): "The {count} examples stand side by side as columns; L is the sum of their losses.",
    ("row", "mean"): "The {count} examples stand below one another as rows; L is the mean of their losses.",
    ("row", "sum"): "The {count} examples stand below one another as rows; L is the sum of their losses.",
}
"""How vectors stand and what L is of the losses -> the sentence that says so."""


def document(trace: Trace, queries: Sequence[Query]) -> Document:
    """The working of a trace: all of it, or what the questions need and their answers."""
    board = board_of(trace)
    with with_largest(board):
        return _document(board, queries)


def _document(board: Board, queries: Sequence[Query]) -> Document:
    trace, plan = board.trace, board.plan
    steps = plan.chain([query.name for query in queries]) if queries else list(plan.steps.values())
    writer = Writer(board)
    sections = [Section(writer.say("Given"), writer.given(steps, queries), "given")]
    for section, title in TITLES.items():
        part = [step for step in steps if step.section == section]
        if part:
            several = section == "update" and trace.problem.steps > 1
            blocks = writer.updates(part, whole=not queries) if several else writer.steps(part)
            sections.append(Section(writer.say(title), blocks, section))
    if queries:
        answers = tuple(block for query in queries for block in writer.answers(query))
        sections.append(Section(writer.say("Answers"), answers, "answers"))
    names = used(steps, queries)
    sections += appendix(board, [name for name in (*plan.given, *plan.steps) if name in names])
    return Document(
        trace.problem.title or writer.say("Worked solution"),
        tuple(conform(section, board.convention) for section in sections),
        lambda: values(trace, queries),
        board.language,
        code=lambda: _code(trace, steps, queries),
        sheet=partial(_sheet, trace, queries),
        spoken=lambda language: document(trace.noted({"language": language}), queries),
    )


def _code(trace: Trace, steps: Sequence[Step], queries: Sequence[Query]) -> Program:
    from handgrad.working.program import program

    return program(trace, steps, queries)


def _sheet(trace: Trace, queries: Sequence[Query], kind: Kind) -> Document:
    from handgrad.working.exam import sheet

    return sheet(trace, queries, kind)


def board_of(trace: Trace) -> Board:
    """The numbers and symbols of a trace by its problem's notation."""
    return Board(trace, convention(trace.problem.notation, trace.problem.network.last.layer))


def used(steps: Iterable[Step], queries: Iterable[Query]) -> set[str]:
    """The quantities that steps and questions name."""
    return {name for step in steps for name in (step.name, *step.letters.values())} | {query.name for query in queries}


class Writer:
    """Writes blocks one after another, numbering equations and defining each symbol once."""

    def __init__(self, board: Board) -> None:
        self.board, self.trace = board, board.trace
        self.say = partial(say, board.language)
        self.count = 0
        self.defined: set[Expr] = set()

    def _number(self) -> int:
        self.count += 1
        return self.count

    def given(self, steps: Sequence[Step], queries: Sequence[Query]) -> tuple[Block, ...]:
        """What the problem gives: the layers, then input, target and parameters that are used."""
        names = used(steps, queries)
        blocks: list[Block] = [Paragraph((self._how(),), "note"), self.layers(), Figure(lambda: draw(self.trace), ())]
        return (*blocks, *(self.known(name) for name in self.trace.plan.given if name in names))

    def known(self, name: str) -> Equation:
        """A quantity that is given."""
        self.board.fresh()
        value = self.board.value(name)
        return Equation(self.board.symbol(name), (Line("=" if self.board.exact else "≈", value),), 0, name)

    def _how(self) -> str:
        problem = self.trace.problem
        name = self.trace.arithmetic.name
        if name == "exact":
            text = self.say("Computed exactly; behind ≈ stand rounded decimals of which every digit is certain.")
        elif name == "symbolic":
            text = self.say(
                "Computed with symbols; a formula too long for the page is left out (⋯), JSON has it whole."
            )
        elif name.startswith("rounded"):
            text = self.say(
                "Computed as by hand, {name}: each named quantity is rounded half up and carried on rounded.", name=name
            )
        else:
            text = self.say("Computed in {name}; behind ≈ stand rounded decimals.", name=name)
        return f"{text} {self._batch()}" if problem.batch else text

    def _batch(self) -> str:
        """How a batch stands on paper, and what L is of its losses."""
        problem = self.trace.problem
        share = "mean" if problem.loss is None or problem.loss.reduction == "mean" else "sum"
        return self.say(BATCHES[self.board.convention.vectors, share], count=problem.examples)

    def layers(self) -> Table:
        """The network's layers: what each does, its shape and what it gives."""
        rows = []
        for node in self.trace.problem.network.nodes:
            network = self.trace.problem.network
            reads, gives = ", ".join(_size(network.shape(name)) for name in node.reads), _size(node.shape)
            rows.append((str(node.layer), node.op.name, f"{reads} → {gives}", self.board.symbol(node.name)))
        return Table(tuple(map(self.say, ("Layer", "Op", "Shape", "Gives"))), tuple(rows))

    def steps(self, steps: Sequence[Step]) -> tuple[Block, ...]:
        """A section's steps, a heading for each layer, each symbol defined before its first use."""
        blocks: list[Block] = []
        layer = None
        for step in steps:
            if step.layer != layer and step.section != "loss":
                layer = step.layer
                if layer:
                    blocks.append(Paragraph((self._heading(layer),), "lead"))
            blocks += self._before(step)
            blocks.append(equation(self.board, step, self._number()))
        return tuple(blocks)

    def updates(self, steps: Sequence[Step], *, whole: bool) -> tuple[Block, ...]:
        """Several updates one after another, of many the first and what the last comes to.

        In the ``whole`` working the loss after each follows as a table.
        """
        parts = by_update(steps)
        last = max(parts)
        blocks: list[Block] = []
        for count in parts if last <= ALL_UPDATES else [n for n in parts if n <= FIRST_UPDATES]:
            blocks += [Paragraph((self.say("Step {count}", count=count),), "lead"), *self.steps(parts[count])]
        if last > ALL_UPDATES:
            text = "Steps {first} to {last} go the same way; after step {last}:"
            blocks.append(Paragraph((self.say(text, first=FIRST_UPDATES + 1, last=last),), "note"))
            blocks += [self._value(step.name) for step in parts[last] if outcome(step)]
        return (*blocks, *(self._course(last) if whole else ()))

    def _value(self, name: str) -> Equation:
        self.board.fresh()
        value = self.board.value(name)
        sign = "=" if self.board.exact and self.trace.exact(name) else "≈"
        return Equation(self.board.symbol(name), (Line(sign, value),), self._number(), name)

    def _course(self, last: int) -> tuple[Table, ...]:
        """The loss before the first update and after each."""
        if any(primed("L", count) not in self.trace.plan.steps for count in (0, last)):
            return ()
        rows: list[tuple[Span, ...]] = []
        for count in [*range(last + 1)] if last <= MOST_LOSSES else [*range(MOST_LOSSES), None, last]:
            number = ("⋯", "⋯") if count is None else (str(count), self.board.number(primed("L", count), 0, ()))
            rows.append(number)
        return (Table((self.say("Step"), self.board.symbol("L")), tuple(rows)),)

    def _heading(self, layer: int) -> str:
        names = [node.op.name for node in self.trace.problem.network.nodes if node.layer == layer]
        return self.say("Layer {number} ({ops})", number=layer, ops=", ".join(names))

    def _before(self, step: Step) -> list[Block]:
        blocks: list[Block] = []
        if step.rule in step.op.remarks:
            blocks.append(Paragraph((self.say(step.op.remarks[step.rule]),)))
        if isinstance(step.op, Loss) and step.rule in step.op.joint.values():
            blocks += self._joint(step, step.op)
        for left, right in _definitions(step, self.board.convention.symbol("a", bold=False)):
            if left not in self.defined and left != right:
                self.defined.add(left)
                blocks.append(Equation(left, (Line("=", right),)))
        return blocks

    def _joint(self, step: Step, loss: Loss) -> list[Block]:
        output = self.trace.problem.network.last
        a, yhat, y = (self.board.symbol(name) for name in (output.reads[0], "yhat", "y"))
        words = self.say(
            "{output} and {loss} together, by the chain rule over the outputs (for one example):",
            output=output.op.name,
            loss=loss.name,
        )
        blocks: list[Block] = [Paragraph((words[0].upper() + words[1:],))]
        derivation = getattr(loss, f"{step.rule}_derivation")(a, yhat, y)
        for left, *rest in derivation:
            blocks.append(Equation(left, tuple(Line("=", part) for part in rest)))
        return blocks

    def answers(self, query: Query) -> tuple[Block, ...]:
        """A question and its answer; of one entry that is a long sum also the largest terms."""
        answer = self.answer(query)
        if query.function or query.index is None:
            return (answer,)
        example, index = split(self.board, query)
        return (answer, *contributions(self.board, self.trace.plan.steps.get(query.name), example, index))

    def answer(self, query: Query) -> Equation:
        """A question and its answer."""
        if query.function:
            return self._function(query)
        size = self.trace.plan.shape(query.name)
        if query.index is not None or (not size and not self.board.side_by_side(query.name)):
            return entry_equation(self.board, query, self._number())
        return self._value(query.name)

    def _function(self, query: Query) -> Equation:
        inner = entry_equation(self.board, query, 0).left if query.index else self.board.symbol(query.name)
        value, same = self.trace.function(query)
        if query.function == "argmax":
            shown: Expr = Number(str(value), value) if isinstance(value, int) else _index(value)
            return Equation(Function(query.function, (inner,)), (Line("=", shown),), self._number(), query.name)
        printed = self.trace.arithmetic.show(getattr(value, "value", value))
        lines = self._terms(query)
        exact = same and printed.exact and all(line.sign == "=" for line in lines)
        lines.append(Line("=" if exact else "≈", printed.expression))
        return Equation(Function(query.function, (inner,)), tuple(lines), self._number(), query.name)

    def _terms(self, query: Query) -> list[Line]:
        """What is added or compared, written out."""
        if query.index is not None or not self.trace.plan.shape(query.name):
            return []
        self.board.fresh()
        cells = self.board.cells(query.name)
        written = elided(len(cells), lambda i: self.board.number(query.name, *cells[i]))
        whole: Expr = Function("max", written) if query.function == "max" else add(*written)
        if query.function == "mean":
            whole = whole / Number(str(len(cells)), len(cells))
        return [Line("=" if self.board.exact else "≈", whole)]


def _index(place: tuple[int, ...]) -> Expr:
    return Function("", tuple(Number(str(i), i) for i in place))


def _definitions(step: Step, a: Expr) -> tuple[tuple[Expr, Expr], ...]:
    """The definitions that a step needs: of the op itself forward, of its derivative backward."""
    pairs = step.op.definitions(a)
    if step.rule == "forward":
        return pairs[:1] if step.section in ("forward", "loss") else ()
    return pairs[1:] if step.rule == "dx" else ()


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(str(n) for n in shape) if shape else "1"
