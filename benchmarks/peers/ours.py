"""handgrad's engine on a work: one step a call (``step``), or many (``train``)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.peers.works import CHECKED, RATE, Work

if TYPE_CHECKING:
    from collections.abc import Callable


def set_up(threads: int) -> dict[str, str]:
    """Load the engine; its version."""
    import handgrad as hg
    import handgrad.engine

    del threads  # given to compile
    return {"handgrad": hg.__version__, "numpy": np.__version__, "engine": handgrad.engine.__name__}


def forms(work: Work) -> dict[str, str]:
    """The forms of a work and the column that each belongs to."""
    if work.kind == "per_example":
        return {"per_example_gradients": "ours"}
    return {"step": "ours, step", "train": "ours"}


class Runner:
    """A compiled network in one form."""

    def __init__(self, work: Work, form: str, threads: int) -> None:
        import handgrad as hg

        self.work, self.form = work, form
        self.x, self.y = work.data()
        network = hg.Network(work.tables(), list(work.input))
        self.compiled: Any = hg.compile(
            network,
            {"op": "softmax_cross_entropy"},
            batch=work.batch,
            threads=threads,
            update={"op": "sgd", "rate": RATE},
        )
        self.start = self.compiled.parameters
        self.epochs = 0

    def losses(self) -> list[float]:
        """The first losses from the start weights; of per-example gradients the norms."""
        if self.work.kind == "per_example":
            gradients = self.compiled.per_example_gradients(self.x, self.y)
            squares = sum((g.reshape(len(g), -1).astype(np.float64) ** 2).sum(axis=1) for g in gradients.values())
            return [float(n) for n in np.sqrt(squares)]
        self.compiled.set_parameters(self.start)
        order = self.work.order(0) if self.work.kind == "epoch" else self._cycle(CHECKED)
        order = order[: CHECKED * self.work.batch]
        if self.form == "train":
            return [float(loss) for loss in self.compiled.train(self.x, self.y, order)[0]]
        return [self.compiled.step(x, y) for x, y in self._batches(order)]

    def run(self, count: int) -> int:
        """Make at least ``count`` steps (epochs, gradients); how many it were."""
        run: Callable[[int], int] = getattr(self, f"_{self.work.kind}")
        return run(count)

    def _cycle(self, steps: int) -> Any:
        return np.resize(np.arange(self.work.count), steps * self.work.batch)

    def _batches(self, order: Any) -> Any:
        for at in range(0, len(order), self.work.batch):
            chosen = order[at : at + self.work.batch]
            yield self.x[chosen], self.y[chosen]

    def _step(self, count: int) -> int:
        work, compiled = self.work, self.compiled
        if self.form == "train":
            order, calls = self._cycle(work.chunk), -(-count // work.chunk)
            for _ in range(calls):
                compiled.train(self.x, self.y, order)
            return calls * work.chunk
        batches = list(islice(self._batches(np.arange(work.count)), work.batches))
        for i in range(count):
            x, y = batches[i % work.batches]
            compiled.step(x, y)
        return count

    def _per_example(self, count: int) -> int:
        for _ in range(count):
            self.compiled.per_example_gradients(self.x, self.y)
        return count

    def _epoch(self, count: int) -> int:
        for _ in range(count):
            self.epochs += 1
            order = self.work.order(self.epochs)
            if self.form == "train":
                self.compiled.train(self.x, self.y, order)
            else:
                for x, y in self._batches(order):
                    self.compiled.step(x, y)
        return count
