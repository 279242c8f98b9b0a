"""Where a kernel or pool is placed over its input in the picture, and which cells a maximum took."""

from __future__ import annotations

from msgspec import Struct

from handgrad.drawing.graph import Unit
from handgrad.drawing.values import Values
from handgrad.drawing.views import MOST_CHANNELS, longest, places
from handgrad.notation.picture import Role
from handgrad.ops.convolution import Convolution
from handgrad.ops.max_pooling import MaxPool
from handgrad.ops.op import Shape as Index
from handgrad.ops.places import indices, unravel
from handgrad.ops.pooling import Pooling
from handgrad.ops.windows import Geometry, windows


class Window(Struct, frozen=True):
    """The cells of the input under one window, those that maxima took, and the entry that the window gives."""

    seen: tuple[Index, ...]
    winners: frozenset[Index]
    gives: Index

    @property
    def marks(self) -> dict[Index, Role]:
        """How the cells of the input are drawn."""
        seen: dict[Index, Role] = dict.fromkeys(self.seen, "seen")
        won: dict[Index, Role] = dict.fromkeys(self.winners, "winner")
        return seen | won


def window(values: Values, unit: Unit, shape: Index) -> Window | None:
    """The window of a unit over an input of that shape; None where there is none."""
    op = unit.op
    if isinstance(op, Convolution):
        kernel = values.plan.shape(dict(unit.parameters)["K"])
        at = op.geometry(shape, kernel)
    elif isinstance(op, Pooling):
        at = op.geometry(shape)
    else:
        return None
    if len(at.size) > 2:
        return None
    winners = _winners(values, unit, at, shape) if isinstance(op, MaxPool) else frozenset()
    return _placed(at, shape, unit, winners)


def _placed(at: Geometry, shape: Index, unit: Unit, winners: frozenset[Index]) -> Window | None:
    """The first window that lies whole on what is drawn of the input."""
    table = windows(at)
    lead = (0,) * (len(shape) - len(at.size))
    channels = indices(shape[: len(lead)]) if isinstance(unit.op, Convolution) and unit.op.groups == 1 else [lead]
    most = longest(at.size, single=len(at.size) == 1)
    shown = [set(places(n, most, 5)) for n in at.size]
    whole = len(table.gather)
    for p, place in enumerate(indices(at.output)):
        cells = [unravel(table.gather[t][p], at.size) for t in table.inside(p)]
        if len(cells) == whole and all(i in drawn for cell in cells for i, drawn in zip(cell, shown, strict=True)):
            first = (0,) * (len(unit.shape) - len(at.output))
            seen = tuple((*c, *cell) for c in channels[:MOST_CHANNELS] for cell in cells)
            return Window(seen, winners, (*first, *place))
    return None


def _winners(values: Values, unit: Unit, at: Geometry, shape: Index) -> frozenset[Index]:
    """The first largest entry of every window in the channels that are drawn."""
    table = windows(at)
    leads = indices(shape[: len(shape) - len(at.size)])
    shown = [i for i in places(len(leads), MOST_CHANNELS, 2) if i is not None]
    found: set[Index] = set()
    if min(len(table.gather[0]), 1) * len(shown) * len(table.gather[0]) > 2000:
        return frozenset()
    for lead in (leads[i] for i in shown):
        for p in range(len(table.gather[0])):
            cells = [(*lead, *unravel(table.gather[t][p], at.size)) for t in table.inside(p)]
            best = None
            for cell in cells:
                value = values.compared(unit.sources[0], cell)
                if value is None:
                    return frozenset()
                if best is None or value > best[0]:
                    best = (value, cell)
            if best is not None:
                found.add(best[1])
    return frozenset(found)
