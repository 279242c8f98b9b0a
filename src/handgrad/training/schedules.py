"""Learning-rate schedules: the rate of each step as a function of its number and of how many there are.

Steps are counted from 0; ``total`` is the number of steps of the whole training, ``epoch`` of one epoch, η the
rate of the update. A resumed training has the same rates: nothing is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from handgrad.training.settings import Wrong

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SCHEDULES: dict[str, type[Schedule]] = {}
"""Every schedule by name."""


class Schedule(Struct, frozen=True, kw_only=True):
    """A schedule gives a factor of η for each step (``factors``), after a linear warm-up.

    In the first ``warm_up`` epochs η grows in equal strides, (i + 1)/w of it in step i of w; then the schedule
    runs over the steps that are left.
    """

    name: ClassVar[str]
    warm_up: float = 0.0

    def factors(self, i: Floats, total: int, epoch: int) -> Floats:
        """The factor of each step i of ``total``."""
        raise NotImplementedError

    def wrong(self) -> Wrong:
        """What is out of range."""
        if not 0 <= self.warm_up < float("inf"):
            yield "warm_up", f"expected a number of epochs of at least 0, found {self.warm_up:g}"

    def rates(self, rate: float, first: int, count: int, total: int, epoch: int) -> Floats:
        """The rates of the steps ``first`` to ``first + count − 1`` of ``total``, ``epoch`` steps in an epoch."""
        import numpy as np

        i = np.arange(first, first + count, dtype=np.float64)
        warm = min(round(self.warm_up * epoch), total)
        left = max(total - warm, 1)
        later = self.factors(np.clip(i - warm, 0, left - 1), left, epoch)
        return rate * np.where(i < warm, (i + 1) / max(warm, 1), later)


def _known(kind: type[Schedule]) -> type[Schedule]:
    SCHEDULES[kind.name] = kind
    return kind


@_known
class Constant(Schedule, frozen=True, kw_only=True):
    """η throughout."""

    name: ClassVar[str] = "constant"

    def factors(self, i: Floats, total: int, epoch: int) -> Floats:
        del total, epoch
        return i * 0 + 1


@_known
class Step(Schedule, frozen=True, kw_only=True):
    """η γ^⌊e/k⌋ in epoch e (from 0): times ``factor`` γ after every ``every`` k epochs."""

    name: ClassVar[str] = "step"
    every: int
    factor: float = 0.1

    def wrong(self) -> Wrong:
        yield from super().wrong()
        if self.every < 1:
            yield "every", f"expected at least 1 epoch, found {self.every}"
        if not 0 < self.factor < float("inf"):
            yield "factor", f"expected a positive number, found {self.factor:g}"

    def factors(self, i: Floats, total: int, epoch: int) -> Floats:
        del total
        import numpy as np

        return np.power(self.factor, np.floor(i / (self.every * epoch)))


def _cosine(share: Floats, start: float, end: float) -> Floats:
    """From start to end as share goes from 0 to 1: end + (start − end)(1 + cos π share)/2."""
    import numpy as np

    return end + (start - end) * (1 + np.cos(np.pi * share)) / 2


@_known
class Cosine(Schedule, frozen=True, kw_only=True):
    """η (l + (1 − l)(1 + cos(π i/n))/2) in step i of n (from 0): from η down towards ``lowest`` l times η.

    Source: Loshchilov, Hutter, ICLR (2017).
    """

    name: ClassVar[str] = "cosine"
    lowest: float = 0.0

    def wrong(self) -> Wrong:
        yield from super().wrong()
        if not 0 <= self.lowest <= 1:
            yield "lowest", f"expected 0 to 1, found {self.lowest:g}"

    def factors(self, i: Floats, total: int, epoch: int) -> Floats:
        del epoch
        return _cosine(i / total, 1.0, self.lowest)


@_known
class OneCycle(Schedule, frozen=True, kw_only=True):
    """From η/``start`` up to η by a half cosine in the share ``rise`` of the steps, then down to η/``end``.

    Source: Smith, Topin (2017).
    """

    name: ClassVar[str] = "one_cycle"
    rise: float = 0.3
    start: float = 25.0
    end: float = 1e4

    def wrong(self) -> Wrong:
        yield from super().wrong()
        if not 0 < self.rise < 1:
            yield "rise", f"expected a share between 0 and 1, found {self.rise:g}"
        for key in ("start", "end"):
            if not 1 <= getattr(self, key) < float("inf"):
                yield key, f"expected at least 1, found {getattr(self, key):g}"

    def factors(self, i: Floats, total: int, epoch: int) -> Floats:
        del epoch
        import numpy as np

        top = self.rise * (total - 1)
        up = _cosine(i / max(top, 1), 1 / self.start, 1.0)
        down = _cosine((i - top) / max(total - 1 - top, 1), 1.0, 1 / self.end)
        return np.where(i < top, up, down)
