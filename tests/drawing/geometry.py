"""What must hold of every picture: labels apart from one another, on the sheet, and clear of the rims of nodes."""

from __future__ import annotations

from itertools import combinations

from handgrad.drawing.pieces import area
from handgrad.notation.picture import Box, Disc, Label, Picture, Shape, Stroke, Weight
from handgrad.render.lettering import runs, small

Area = tuple[float, float, float, float]
SMALLEST = 9.0
TOUCH = 0.01


def labels(picture: Picture) -> list[Label]:
    found: list[Label] = []
    for shape in picture.shapes:
        parts = shape.labels if isinstance(shape, Weight) else (shape,)
        found += [part for part in parts if isinstance(part, Label)]
    return found


def overlap(a: Area, b: Area) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > TOUCH and min(a[3], b[3]) - max(a[1], b[1]) > TOUCH


def crossed_by_circle(disc: Disc, box: Area) -> bool:
    """Whether a rim runs through a box: some corner inside the circle, some point of the box outside."""
    x, y = min(max(disc.x, box[0]), box[2]), min(max(disc.y, box[1]), box[3])
    nearest = ((x - disc.x) ** 2 + (y - disc.y) ** 2) ** 0.5
    corners = [((cx - disc.x) ** 2 + (cy - disc.y) ** 2) ** 0.5 for cx in (box[0], box[2]) for cy in (box[1], box[3])]
    return nearest < disc.radius - 0.01 and max(corners) > disc.radius + 0.01


def crossed_by_box(border: Area, box: Area) -> bool:
    inside = border[0] <= box[0] and border[1] <= box[1] and border[2] >= box[2] and border[3] >= box[3]
    return overlap(border, box) and not inside


def crossed_by_line(stroke: Stroke, box: Area) -> bool:
    return any(_cuts(a, b, box) for a, b in zip(stroke.points, stroke.points[1:], strict=False))


def _cuts(a: tuple[float, float], b: tuple[float, float], box: Area) -> bool:
    """Liang and Barsky: whether the segment has a stretch within the box."""
    low, high = 0.0, 1.0
    for d, start, least, most in ((b[0] - a[0], a[0], box[0], box[2]), (b[1] - a[1], a[1], box[1], box[3])):
        if d == 0:
            if not least + TOUCH < start < most - TOUCH:
                return False
            continue
        t0, t1 = sorted(((least + TOUCH - start) / d, (most - TOUCH - start) / d))
        low, high = max(low, t0), min(high, t1)
    return low < high


BORDERED = ("cell", "seen", "winner", "op", "window", "given", "layer")


def faults(picture: Picture) -> list[str]:
    """Everything that is wrong with a picture."""
    every = [(label, area(label)) for label in labels(picture)]
    found = [f"{_name(one)} lies on {_name(other)}" for (one, a), (other, b) in combinations(every, 2) if overlap(a, b)]
    for label, box in every:
        if box[0] < 0 or box[1] < 0 or box[2] > picture.width or box[3] > picture.height:
            found.append(f"{_name(label)} is off the sheet")
        if min([label.size, *(small(label.size) for run in runs(label.text) if run.level)]) < SMALLEST:
            found.append(f"{_name(label)} is too small")
        found += [f"{_name(label)} is crossed by a {shape.role}" for shape in picture.shapes if _crossed(shape, box)]
    return found + _weights(picture)


def _name(label: Label) -> str:
    return label.of or str(label.text)


def _crossed(shape: Shape, box: Area) -> bool:
    match shape:
        case Disc():
            return crossed_by_circle(shape, box)
        case Stroke():
            return crossed_by_line(shape, box)
        case Box(role=role):
            return role in BORDERED and crossed_by_box(area(shape), box)
    return False


def _weights(picture: Picture) -> list[str]:
    """The labels of a weight stand on its edge, their own halos behind them; other labels are on no edge."""
    found = []
    weights = [shape for shape in picture.shapes if isinstance(shape, Weight)]
    for weight in weights:
        parts = [part for part in weight.labels if isinstance(part, Label)]
        halos = [part for part in weight.labels if isinstance(part, Box)]
        if parts and not any(crossed_by_line(weight.edge, area(halo)) for halo in halos):
            found.append(f"{weight.of} is not on its edge")
        for label, halo in zip(parts, halos, strict=True):
            inner, outer = area(label), area(halo)
            if outer[0] > inner[0] + TOUCH or outer[2] < inner[2] - TOUCH:
                found.append(f"{label.of} is wider than its halo")
    on_edges = {id(part) for weight in weights for part in weight.labels}
    grounds = [area(shape) for shape in picture.shapes if isinstance(shape, Box) and shape.role == "ground"]
    for label in labels(picture):
        box = area(label)
        hidden = any(g[0] - TOUCH <= box[0] and g[2] + TOUCH >= box[2] and overlap(g, box) for g in grounds)
        if id(label) not in on_edges and not hidden:
            on = [weight.of for weight in weights if crossed_by_line(weight.edge, box)]
            found += [f"{_name(label)} lies on the edge {of}" for of in on]
    return found
