"""The curves of a run: loss, accuracy and learning rate over the epochs, as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10

from msgspec import Struct

from handgrad.drawing.drawing import Drawing
from handgrad.notation.picture import Disc, Label, Role, Shape, Stroke
from handgrad.training.state import Epoch

WIDTH, HEIGHT = 440.0, 120.0
"""Of the field of one curve."""

_LEFT, _RIGHT, _TOP, _GAP = 64.0, 96.0, 34.0, 56.0
_SMALL = 10.5


class Line(Struct, frozen=True):
    """One curve: its name, how it is drawn, a value for each epoch."""

    name: str
    role: Role
    values: tuple[float, ...]


class Axis(Struct, frozen=True):
    """From ``low`` to ``high`` in strides of ``stride``."""

    low: float
    high: float
    stride: float

    @property
    def ticks(self) -> list[float]:
        """The numbers that are written at it."""
        return [self.low + i * self.stride for i in range(round((self.high - self.low) / self.stride) + 1)]

    def share(self, value: float) -> float:
        """How far along the axis a value stands, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def curves(history: Sequence[Epoch], best: int = 0) -> Drawing:
    """The curves of some epochs; ``best`` marks the epoch whose parameters were kept."""
    shapes: list[Shape] = []
    top = _TOP
    for title, lines in _fields(history):
        shapes += _field(top, title, lines, [one.epoch for one in history], best)
        top += HEIGHT + _GAP
    size = (_LEFT + WIDTH + _RIGHT, top - _GAP + 40)
    return Drawing(*size, tuple(shapes), "Curves of the training", _words(history))


def _words(history: Sequence[Epoch]) -> str:
    if not history:
        return "No epoch is over yet."
    last = history[-1]
    held = "" if last.held_loss is None else f", {last.held_loss:.4g} on the held-out examples"
    return f"After {last.epoch} epochs the loss is {last.loss:.4g}{held}."


def _fields(history: Sequence[Epoch]) -> Iterator[tuple[str, list[Line]]]:
    found = (
        ("Loss", ("training", "loss"), ("held out", "held_loss")),
        ("Accuracy", ("training", "accuracy"), ("held out", "held_accuracy")),
        ("Learning rate", ("", "rate")),
    )
    roles: tuple[Role, Role] = ("arrow", "back")
    for title, *series in found:
        lines = []
        for role, (name, key) in zip(roles, series, strict=False):
            values = tuple(getattr(one, key) for one in history)
            if values and None not in values:
                lines.append(Line(name, role, values))
        if lines:
            yield title, lines


def axis(low: float, high: float, most: int = 5) -> Axis:
    """An axis over these numbers with at most so many strides, each 1, 2 or 5 times a power of ten."""
    if high <= low:
        high = low + (abs(low) or 1.0)
    power = 10.0 ** floor(log10((high - low) / most))
    stride = next(power * factor for factor in (1, 2, 5, 10, 20) if (high - low) / (power * factor) <= most - 1)
    return Axis(floor(low / stride) * stride, ceil(high / stride - 1e-9) * stride, stride)


def _field(top: float, title: str, lines: list[Line], epochs: list[int], best: int) -> Iterator[Shape]:
    values = [value for line in lines for value in line.values]
    up = axis(0.0 if title != "Accuracy" else min(values), 1.0 if title == "Accuracy" else max(values))
    whole = axis(epochs[0], epochs[-1], 10)
    across = Axis(epochs[0], epochs[-1], 1) if len(epochs) > 1 else whole
    right, bottom = _LEFT + WIDTH, top + HEIGHT

    def at(epoch: float, value: float) -> tuple[float, float]:
        return _LEFT + WIDTH * across.share(epoch), bottom - HEIGHT * up.share(value)

    yield Label(_LEFT, top - 16, title, "value", "start")
    for tick in up.ticks:
        _, y = at(across.low, tick)
        yield Stroke(((_LEFT, y), (right, y)), "cell")
        yield Label(_LEFT - 6, y, written(tick), "note", "end", _SMALL)
    for tick in whole.ticks:
        if tick == round(tick) and epochs[0] <= tick <= epochs[-1]:
            x, _ = at(tick, up.low)
            yield Label(x, bottom + 12, f"{tick:.0f}", "note", "middle", _SMALL)
    yield Label(right, bottom + 26, "epoch", "note", "end", _SMALL)
    if best and best != epochs[-1]:
        x, _ = at(best, up.low)
        yield Stroke(((x, top), (x, bottom)), "edge")
        yield Label(x, top - 8, "best", "note", "middle", _SMALL)
    for line in lines:
        points = tuple(at(epoch, value) for epoch, value in zip(epochs, line.values, strict=True))
        yield Stroke(points, line.role) if len(points) > 1 else Disc(*points[0], 3, "node")
    yield from _names(lines, [at(epochs[-1], line.values[-1])[1] for line in lines], right)


def _names(lines: list[Line], heights: list[float], right: float) -> Iterator[Shape]:
    """The name of each curve where it ends, one below the other where they would meet."""
    places = sorted(zip(heights, lines, strict=True), key=lambda pair: pair[0])
    before = float("-inf")
    for height, line in places:
        y = max(height, before + 14)
        before = y
        yield Label(right + 8, y, line.name, "gradient" if line.role == "back" else "value", "start", _SMALL)


def written(value: float) -> str:
    """A number at an axis, short."""
    text = f"{value:.10g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.3g}"
    return text.replace("-", "−") if value else "0"
