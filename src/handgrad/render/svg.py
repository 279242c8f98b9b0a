"""A Picture as SVG: self-contained, without scripts, its colours open to the page that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from handgrad.notation.picture import Box, Disc, Grid, Label, Picture, Stroke, Weight
from handgrad.render.inline import clean
from handgrad.render.lettering import Run, runs, small
from handgrad.render.shades import patches

COLOURS = {
    "ink": "#1a1a1a", "paper": "#ffffff", "gradient": "#b3261e", "edge": "#8a8a8a", "muted": "#595959",
    "layer": "#f4f4f4", "op": "#eef2f7", "seen": "#fdf0c8", "rule": "#9aa3ad",
}  # fmt: skip
"""Each colour is open to the page as a custom property: ``--hg-ink``."""

LOOKS: dict[str, dict[str, str]] = {
    "edge": {"fill": "none", "stroke": "edge", "stroke-width": "1"},
    "arrow": {"fill": "none", "stroke": "ink", "stroke-width": "1.2"},
    "back": {"fill": "none", "stroke": "gradient", "stroke-width": "1.2", "stroke-dasharray": "5 3"},
    "head": {"fill": "ink", "stroke": "none"},
    "backhead": {"fill": "gradient", "stroke": "none"},
    "node": {"fill": "paper", "stroke": "ink", "stroke-width": "1.2"},
    "layer": {"fill": "layer", "stroke": "none"},
    "op": {"fill": "op", "stroke": "rule", "stroke-width": "1"},
    "cell": {"fill": "paper", "stroke": "rule", "stroke-width": "0.8"},
    "seen": {"fill": "seen", "stroke": "rule", "stroke-width": "0.8"},
    "winner": {"fill": "paper", "stroke": "ink", "stroke-width": "2.6"},
    "window": {"fill": "none", "stroke": "ink", "stroke-width": "1.6", "stroke-dasharray": "6 3"},
    "given": {"fill": "none", "stroke": "ink", "stroke-width": "1.6"},
    "halo": {"fill": "paper", "stroke": "none"},
    "ground": {"fill": "layer", "stroke": "none"},
    "value": {"fill": "ink"},
    "gradient": {"fill": "gradient", "font-style": "italic"},
    "symbol": {"fill": "ink"},
    "name": {"fill": "muted"},
    "note": {"fill": "muted"},
    "dots": {"fill": "ink"},
}
"""What each role looks like; a colour is named."""

_SERIF = "'New Computer Modern','Latin Modern Roman','Libertinus Serif',Georgia,serif"
_SIGNS = "'New Computer Modern Math','Latin Modern Math','STIX Two Math','Cambria Math',serif"
ROUND = {"layer": 10.0, "op": 5.0}
_MATHEMATICAL = frozenset("∂∇⋮⋯⋱√→←≈≥≤≠⊙Σ")
"""Signs that text fonts lack: they stand in a span of their own."""


def svg(picture: Picture, *, embedded: bool = False) -> str:
    """The picture as an SVG file; ``embedded``: as an element within a page, which may restyle it."""
    width, height = number(picture.width), number(picture.height)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="hg-picture" {size} role="img" lang="{picture.language}">'
    words = f"<title>{escaped(picture.title)}</title>"
    if picture.description:
        words += f"<desc>{escaped(picture.description)}</desc>"
    body = "\n".join(_bodies(picture))
    text = f'{head}\n{words}\n<style>{_style()}</style>\n<g font-family="{_SERIF}">\n{body}\n</g>\n</svg>\n'
    return text if embedded else '<?xml version="1.0" encoding="UTF-8"?>\n' + text


def number(value: float) -> str:
    """A length, to a hundredth of a point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def escaped(text: str) -> str:
    """Text within an element or an attribute."""
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(sign, name)
    return clean(text)


def _style() -> str:
    """Colours as custom properties, for browsers; what cannot read them keeps the attributes of each shape."""
    rules = []
    for role, look in LOOKS.items():
        colours = ";".join(
            f"{key}:var(--hg-{value},{COLOURS[value]})" for key, value in look.items() if value in COLOURS
        )
        rules.append(f".hg-{role}{{{colours}}}")
    rules.append(".hg-hit{stroke:transparent;stroke-width:9;fill:none}")
    return f"@supports (color:var(--hg-ink)){{{''.join(rules)}}}"


def _look(role: str, of: str = "") -> str:
    """Class, data and the looks for what reads no custom properties."""
    looks = "".join(f' {key}="{COLOURS.get(value, value)}"' for key, value in LOOKS[role].items())
    return f'class="hg-{role}"{_data(of)}{looks}'


def _data(of: str) -> str:
    return f' data-of="{escaped(of)}"' if of else ""


def _path(points: tuple[tuple[float, float], ...]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _stroke(stroke: Stroke) -> str:
    line = f'<path {_look(stroke.role, stroke.of)} d="{_path(stroke.points)}"/>'
    if not stroke.arrow:
        return line
    (x0, y0), (x1, y1) = stroke.points[-2:]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1
    u, v = (x1 - x0) / length, (y1 - y0) / length
    corners = ((x1, y1), (x1 - 8 * u - 3.4 * v, y1 - 8 * v + 3.4 * u), (x1 - 8 * u + 3.4 * v, y1 - 8 * v - 3.4 * u))
    head = "backhead" if stroke.role == "back" else "head"
    return f'{line}<path {_look(head)} d="{_path(corners)}Z"/>'


def _disc(disc: Disc) -> str:
    return (
        f'<circle {_look(disc.role, disc.of)} cx="{number(disc.x)}" cy="{number(disc.y)}" r="{number(disc.radius)}"/>'
    )


def _box(box: Box) -> str:
    place = f'x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}" height="{number(box.height)}"'
    corner = f' rx="{number(ROUND[box.role])}"' if box.role in ROUND else ""
    return f"<rect {_look(box.role, box.of)} {place}{corner}/>"


def _grid(grid: Grid) -> str:
    """In units of its cells, crisp at their edges."""
    across, down = grid.width / len(grid.values[0]), grid.height / len(grid.values)
    place = f'transform="translate({number(grid.x)} {number(grid.y)}) scale({across:.5g} {down:.5g})"'
    paths = "".join(
        f'<path fill="{shade}" d="{"".join(f"M{p.column} {p.row}h{p.columns}v1h-{p.columns}z" for p in places)}"/>'
        for shade, places in patches(grid).items()
    )
    return f'<g shape-rendering="crispEdges" {place}>{paths}</g>'


def _label(label: Label) -> str:
    place = f'x="{number(label.x)}" y="{number(label.y + label.size * 0.34)}" font-size="{number(label.size)}"'
    return f'<text {_look(label.role, label.of)} {place} text-anchor="{label.anchor}">{_spans(label)}</text>'


def _spans(label: Label) -> str:
    spans, level = [], 0
    gradient = label.role == "gradient"
    for run in (part for whole in runs(label.text) for part in _parted(whole)):
        keys = []
        if run.bold:
            keys.append('font-weight="bold" font-style="normal"')
        elif run.text[0] in _MATHEMATICAL:
            keys.append(f'font-family="{_SIGNS}" font-style="normal"')
        elif run.slanted and not gradient:
            keys.append('font-style="italic"')
        if run.level != level:
            keys.append(f'dy="{number((_rise(level) - _rise(run.level)) * label.size)}"')
        if run.level:
            keys.append(f'font-size="{number(small(label.size))}"')
        level = run.level
        text = escaped(run.text)
        spans.append(f"<tspan {' '.join(keys)}>{text}</tspan>" if keys else text)
    return "".join(spans)


def _rise(level: int) -> float:
    return 0.36 if level > 0 else -0.2 if level < 0 else 0.0


def _parted(run: Run) -> list[Run]:
    """A run with its mathematical signs in runs of their own."""
    parts: list[Run] = []
    for c in run.text:
        sign = c in _MATHEMATICAL
        if parts and sign == (parts[-1].text[-1] in _MATHEMATICAL):
            parts[-1] = Run(parts[-1].text + c, run.bold, run.slanted, run.level)
        else:
            parts.append(Run(c, run.bold, run.slanted, run.level))
    return parts


def _bodies(picture: Picture) -> Iterator[str]:
    """The shapes from back to front; under the labels of all weights broad lines to hit, so that each is reached."""
    layers = picture.layers
    behind = [shape for shape in layers if not isinstance(shape, Weight)]
    weights = [shape for shape in layers if isinstance(shape, Weight)]
    yield from (_PRINTERS[type(shape)](shape) for shape in behind)
    yield from (_hit(weight, _data(weight.of)) for weight in weights if weight.labels)
    yield from map(_weight, weights)


def _weight(weight: Weight) -> str:
    """What a page's script makes a button of: the labels of a weight; a broad line along its edge if it has none."""
    labels = "".join(_PRINTERS[type(label)](label) for label in weight.labels)
    return f'<g class="hg-weight"{_data(weight.of)}>{labels or _hit(weight)}</g>'


def _hit(weight: Weight, of: str = "") -> str:
    return f'<path class="hg-hit"{of} fill="none" stroke="none" d="{_path(weight.edge.points)}"/>'


_PRINTERS: dict[type, Callable[[Any], str]] = {
    Stroke: _stroke,
    Disc: _disc,
    Box: _box,
    Label: _label,
    Weight: _weight,
    Grid: _grid,
}
