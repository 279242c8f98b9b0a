"""Trace -> Document: Given, Forward pass, Loss, Backward pass, Update, Answers."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.drawing import draw
from handgrad.notation.document import Block, Equation, Figure, Line, Paragraph, Section, Span, Table
from handgrad.notation.nodes import Expr, Function, Number, add
from handgrad.notation.program import Program
from handgrad.notation.symbols import convention
from handgrad.ops.losses import Loss
from handgrad.ops.textbook import elided
from handgrad.plan import Step, primed
from handgrad.query import Query
from handgrad.trace import Trace
from handgrad.working.contributions import contributions
from handgrad.working.data import values
from handgrad.working.document import Document
from handgrad.working.operands import Board
from handgrad.working.steps import entry_equation, equation, split
from handgrad.working.updates import ALL_UPDATES, FIRST_UPDATES, MOST_LOSSES, by_update, outcome

TITLES = {"forward": "Forward pass", "loss": "Loss", "backward": "Backward pass", "update": "Update"}


def document(trace: Trace, queries: Sequence[Query]) -> Document:
    """The working of a trace: all of it, or what the questions need and their answers."""
    last = trace.problem.network.last.layer
    board = Board(trace, convention(trace.problem.notation, last))
    plan = trace.plan
    steps = plan.chain([query.name for query in queries]) if queries else list(plan.steps.values())
    writer = _Writer(board)
    sections = [Section("Given", writer.given(steps, queries), "given")]
    for section, title in TITLES.items():
        part = [step for step in steps if step.section == section]
        if part:
            several = section == "update" and trace.problem.steps > 1
            blocks = writer.updates(part, whole=not queries) if several else writer.steps(part)
            sections.append(Section(title, blocks, section))
    if queries:
        answers = tuple(block for query in queries for block in writer.answers(query))
        sections.append(Section("Answers", answers, "answers"))
    title = trace.problem.title or "Worked solution"
    return Document(title, tuple(sections), lambda: values(trace, queries), code=lambda: _code(trace, steps, queries))


def _code(trace: Trace, steps: Sequence[Step], queries: Sequence[Query]) -> Program | None:
    from handgrad.working.program import program

    return program(trace, steps, queries)


class _Writer:
    """Writes blocks one after another, numbering equations and defining each symbol once."""

    def __init__(self, board: Board) -> None:
        self.board, self.trace = board, board.trace
        self.count = 0
        self.defined: set[Expr] = set()

    def _number(self) -> int:
        self.count += 1
        return self.count

    def given(self, steps: Sequence[Step], queries: Sequence[Query]) -> tuple[Block, ...]:
        """What the problem gives: the layers, then input, target and parameters that are used."""
        used = {name for step in steps for name in step.letters.values()} | {query.name for query in queries}
        blocks: list[Block] = [Paragraph((self._how(),), "note"), self._layers(), Figure(lambda: draw(self.trace), ())]
        for name in self.trace.plan.given:
            if name in used:
                self.board.fresh()
                value = self.board.value(name)
                sign = "=" if self.board.exact else "≈"
                blocks.append(Equation(self.board.symbol(name), (Line(sign, value),), 0, name))
        return tuple(blocks)

    def _how(self) -> str:
        problem = self.trace.problem
        name = self.trace.arithmetic.name
        if name == "exact":
            text = "Computed exactly; behind ≈ stand rounded decimals of which every digit is certain."
        elif name == "symbolic":
            text = "Computed with symbols; a formula too long for the page is left out (⋯), JSON has it whole."
        elif name.startswith("rounded"):
            text = f"Computed as by hand, {name}: each named quantity is rounded half up and carried on rounded."
        else:
            text = f"Computed in {name}; behind ≈ stand rounded decimals."
        if problem.batch:
            share = "mean" if problem.loss is None or problem.loss.reduction == "mean" else "sum"
            text += f" The {problem.examples} examples stand side by side as columns; L is the {share} of their losses."
        return text

    def _layers(self) -> Table:
        rows = []
        for node in self.trace.problem.network.nodes:
            network = self.trace.problem.network
            reads, gives = ", ".join(_size(network.shape(name)) for name in node.reads), _size(node.shape)
            rows.append((str(node.layer), node.op.name, f"{reads} → {gives}", self.board.symbol(node.name)))
        return Table(("Layer", "Op", "Shape", "Gives"), tuple(rows))

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
            blocks += [Paragraph((f"Step {count}",), "lead"), *self.steps(parts[count])]
        if last > ALL_UPDATES:
            text = f"Steps {FIRST_UPDATES + 1} to {last} go the same way; after step {last}:"
            blocks.append(Paragraph((text,), "note"))
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
        return (Table(("Step", self.board.symbol("L")), tuple(rows)),)

    def _heading(self, layer: int) -> str:
        names = [node.op.name for node in self.trace.problem.network.nodes if node.layer == layer]
        return f"Layer {layer} ({', '.join(names)})"

    def _before(self, step: Step) -> list[Block]:
        blocks: list[Block] = []
        if step.rule in step.op.remarks:
            blocks.append(Paragraph((step.op.remarks[step.rule],)))
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
        words = f"{output.op.name} and {loss.name} together, by the chain rule over the outputs (for one example):"
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
