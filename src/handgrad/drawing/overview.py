"""A network of a great many layers: one box for each in rows, like lines of writing."""

from __future__ import annotations

from handgrad.drawing.graph import Unit, units
from handgrad.drawing.pieces import LINE, Line, stack, wide
from handgrad.drawing.values import VALUE, Values
from handgrad.notation.picture import Box, Label, Shape, Stroke

MOST_UNITS = 24
"""With more units than this a network is drawn as an overview."""

ACROSS = 1000.0
"""About how wide a row is."""

GAP = 30.0
STUB = 26.0
"""The length of an arrow that comes from a layer further back."""

TURN = 20.0
"""The room between two rows for the line that goes on to the next."""


class Overview:
    """The boxes of all units, in the order of computation."""

    def __init__(self, values: Values) -> None:
        self.values, self.found = values, units(values.trace)
        self.texts = {name: self._lines(unit) for name, unit in self.found.items()}
        self.width = max(wide(lines) for lines in self.texts.values()) + 16
        self.height = LINE * max(len(lines) for lines in self.texts.values()) + 10
        self.across = max(1, int((ACROSS + GAP) / (self.width + GAP)))

    def _lines(self, unit: Unit) -> list[Line]:
        """What stands in a box: symbol, op and activation, shape; of the loss its value."""
        values = self.values
        lines: list[Line] = [(values.symbol(unit.name), "symbol", unit.name)]
        lines += [(text.replace("_", " "), "name", "") for text in (_op(unit), unit.activation) if text]
        if unit.shape:
            lines.append(("×".join(str(n) for n in unit.shape), "value", ""))
        elif values.numbers:
            lines.append((values.entry(unit.name, ()), "value", values.called(unit.name, ())))
        return lines

    def corner(self, number: int) -> tuple[float, float]:
        """The upper left corner of a box."""
        row, column = divmod(number, self.across)
        return column * (self.width + GAP), row * (self.height + STUB + 2 * TURN)

    def shapes(self) -> list[Shape]:
        """Everything at its place."""
        shapes: list[Shape] = []
        names = list(self.found)
        for number, (name, lines) in enumerate(self.texts.items()):
            x, y = self.corner(number)
            shapes.append(Box(x, y, self.width, self.height, "op", name))
            shapes += stack(lines, x + self.width / 2, y + self.height / 2)
            before = names[number - 1] if number else ""
            reads = self.found[name].reads
            if before in reads:
                shapes.append(self._on(number))
            shapes += self._stubs(number, [source for source in reads if source != before])
        return shapes

    def _on(self, number: int) -> Stroke:
        """The arrow from the box before."""
        (x0, y0), (x1, y1) = self.corner(number - 1), self.corner(number)
        middle = self.height / 2
        start, end = (x0 + self.width, y0 + middle), (x1, y1 + middle)
        if y0 == y1:
            return Stroke((start, end), "arrow", arrow=True)
        out, back, between = start[0] + 14, -GAP + 6, y0 + self.height + TURN / 2
        points = (start, (out, start[1]), (out, between), (back, between), (back, end[1]), end)
        return Stroke(points, "arrow", arrow=True)

    def _stubs(self, number: int, sources: list[str]) -> list[Shape]:
        """Arrows from layers further back, each with the symbol of what comes."""
        x, y = self.corner(number)
        shapes: list[Shape] = []
        step = self.width / max(len(sources), 1)
        for k, source in enumerate(sources):
            line = x + step * (k + 0.5) - 10
            shapes.append(Stroke(((line, y - STUB), (line, y)), "arrow", arrow=True))
            shapes.append(
                Label(line + 5, y - STUB / 2 - 2, self.values.symbol(source), "symbol", "start", VALUE, source)
            )
        return shapes


def _op(unit: Unit) -> str:
    return unit.op.name if unit.op is not None else ""
