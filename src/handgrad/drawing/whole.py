"""The whole network as one Picture."""

from __future__ import annotations

from handgrad.drawing.drawing import Drawing
from handgrad.drawing.graph import Unit, units
from handgrad.drawing.lines import arrows, outlines
from handgrad.drawing.overview import MOST_UNITS, Overview
from handgrad.drawing.pieces import LINE, Area, area, around, crosses, moved, overlap
from handgrad.drawing.sheet import Sheet
from handgrad.drawing.values import VALUE, Values
from handgrad.notation.picture import Label, Shape, Stroke, Weight
from handgrad.notation.words import say
from handgrad.problem import Problem
from handgrad.trace import Trace, solve

MARGIN = 14.0


def draw(trace: Trace | Problem, *, gradients: bool = True, values: bool = True) -> Drawing:
    """The network with its numbers on it: nodes and edges, grids and windows, gradients on the way back.

    ``values`` = False draws symbols in place of numbers; a Problem is solved first.
    """
    solved = solve(trace) if isinstance(trace, Problem) else trace
    return solved.decided(lambda: _drawing(solved, gradients=gradients, values=values))


def _drawing(trace: Trace, *, gradients: bool, values: bool) -> Drawing:
    shown = Values(trace, numbers=values, gradients=gradients and values)
    found = units(trace)
    shapes = Overview(shown).shapes() if len(found) > MOST_UNITS else _laid_out(shown)
    slanted = any(isinstance(shape, Label) and shape.role == "gradient" for shape in shapes)
    bare = any(isinstance(shape, Weight) and not shape.labels for shape in shapes)
    left, _, _, bottom = around(area(shape) for shape in shapes)
    shapes += _notes(shown, left, bottom + 2 * LINE, slanted=slanted, bare=values and bare)
    left, top, right, bottom = around(area(shape) for shape in shapes)
    placed = tuple(moved(shape, MARGIN - left, MARGIN - top) for shape in shapes)
    width, height = right - left + 2 * MARGIN, bottom - top + 2 * MARGIN
    language = shown.language
    title = trace.problem.title or say(language, "The network")
    return Drawing(width, height, placed, title, _description(shown, found), language)


def _laid_out(values: Values) -> list[Shape]:
    """What stands on a sheet; dense layers whose edges would run into something are drawn as boxes."""
    boxed: set[str] = set()
    while True:
        sheet = Sheet(values, boxed)
        links, lines = sheet.links(), arrows(sheet)
        crowded = _crowded(sheet, links, lines)
        if not crowded:
            shapes = [shape for name in sheet.found for shape in sheet.places[name].shapes]
            return [*shapes, *(shape for link in links.values() for shape in link), *lines, *outlines(sheet)]
        boxed.add(crowded)


def _crowded(sheet: Sheet, links: dict[str, list[Shape]], lines: list[Stroke]) -> str:
    """A dense layer whose edges or labels run into those of another, into an arrow or a unit; "" if there is none."""
    taken: list[Area] = []
    for name, link in links.items():
        labels = [area(shape) for shape in link if isinstance(shape, Label)]
        labels += [area(label) for shape in link if isinstance(shape, Weight) for label in shape.labels]
        hull = around(area(shape) for shape in link)
        ends = (name, *sheet.found[name].reads)
        others = [(p.left, p.top, p.right, p.bottom) for other, p in sheet.places.items() if other not in ends]
        if (
            any(overlap(hull, other) for other in (*taken, *others))
            or any(crosses(line, label) for line in lines for label in labels)
            or any(overlap(label, sheet.places[end].core) for label in labels for end in ends)
        ):
            return name
        taken.append(hull)
    return ""


def _notes(values: Values, x: float, y: float, *, slanted: bool, bare: bool) -> list[Shape]:
    """What the two ways are, and what is shown of a batch."""
    language, problem = values.language, values.trace.problem
    shapes: list[Shape] = []
    if values.numbers:
        shapes.append(Stroke(((x, y), (x + 26, y)), "arrow", arrow=True))
        shapes.append(Label(x + 34, y, say(language, "forward: values"), "note", "start", VALUE))
        y += LINE
    if slanted:
        shapes.append(Stroke(((x + 26, y), (x, y)), "back", arrow=True))
        shapes.append(Label(x + 34, y, say(language, "backward: gradients (slanted)"), "gradient", "start", VALUE))
        y += LINE
    notes = []
    if values.numbers and problem.batch and problem.examples > 1:
        notes.append(
            say(
                language,
                "Shown is the first of {n} examples; gradients of parameters and L are of all.",
                n=problem.examples,
            )
        )
    if bare:
        notes.append(say(language, "Weights that find no room are left out."))
    if values.rounded:
        notes.append(say(language, "Decimals are rounded."))
    return [*shapes, *(Label(x, y + LINE * i, note, "note", "start", VALUE) for i, note in enumerate(notes))]


def _description(values: Values, found: dict[str, Unit]) -> str:
    """The picture in words, for those who do not see it."""
    language = values.language
    parts = []
    for unit in found.values():
        name = unit.op.name.replace("_", " ") if unit.op is not None else say(language, "input")
        size = "×".join(str(n) for n in unit.shape) or "1"
        parts.append(f"{unit.name}: {name}{', ' + unit.activation if unit.activation else ''} ({size})")
    return "; ".join(parts) + "."
