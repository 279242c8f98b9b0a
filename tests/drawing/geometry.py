"""What must hold of every picture: labels apart from one another, on the sheet, and clear of the rims of nodes."""

from __future__ import annotations

from itertools import combinations

from handgrad.drawing.pieces import area
from handgrad.notation.picture import Box, Disc, Label, Picture, Stroke, Weight
from handgrad.render.lettering import SMALL

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


def faults(picture: Picture) -> list[str]:
    """Everything that is wrong with a picture."""
    found: list[str] = []
    all_labels = labels(picture)
    areas = [area(label) for label in all_labels]
    for (one, a), (other, b) in combinations(zip(all_labels, areas, strict=True), 2):
        if overlap(a, b):
            found.append(f"{one.of or one.text} lies on {other.of or other.text}")
    for label, box in zip(all_labels, areas, strict=True):
        name = label.of or label.text
        if box[0] < 0 or box[1] < 0 or box[2] > picture.width or box[3] > picture.height:
            found.append(f"{name} is off the sheet")
        if label.size * SMALL < SMALLEST and label.size < SMALLEST:
            found.append(f"{name} is too small")
        for shape in picture.shapes:
            if isinstance(shape, Disc) and crossed_by_circle(shape, box):
                found.append(f"{name} is crossed by a node {shape.of}")
            if isinstance(shape, Box) and shape.role in ("cell", "seen", "winner", "op", "window", "given", "layer"):
                if crossed_by_box(area(shape), box):
                    found.append(f"{name} is crossed by a {shape.role} {shape.of}")
            if isinstance(shape, Stroke) and crossed_by_line(shape, box):
                found.append(f"{name} is crossed by a line")
    found += _weights(picture)
    return found


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
        covered = any(ground[0] - TOUCH <= box[0] and ground[2] + TOUCH >= box[2] and overlap(ground, box) for ground in grounds)
        if id(label) not in on_edges and not covered:
            for weight in weights:
                if crossed_by_line(weight.edge, area(label)):
                    found.append(f"{label.of or label.text} lies on the edge {weight.of}")
    return found
