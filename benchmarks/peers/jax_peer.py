"""JAX on a work: the whole step under jit with donated parameters, and many steps in one lax.scan.

Forms: "jit"; "jit flat", all parameters in one vector, which spares the cost of passing many; for images
"… nhwc", the channels last, with the first dense weights brought into that order once; "scan …" likewise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.peers.works import CHECKED, RATE, Layer, Work
from jax.flatten_util import ravel_pytree

if TYPE_CHECKING:
    from collections.abc import Callable


def set_up(threads: int) -> dict[str, str]:
    """The version; the threads are those of the cores that the process may use."""
    del threads
    return {"jax": jax.__version__}


def forms(work: Work) -> dict[str, str]:
    """The forms of a work and the column that each belongs to."""
    if work.kind == "per_example":
        return {"vmap": "JAX jit"}
    layouts = ("", " nhwc") if work.images else ("", " flat")
    return {f"jit{how}": "JAX jit" for how in layouts} | {f"scan{how}": "JAX scan" for how in layouts}


def _pooled(layer: Layer, x: Any, *, last: bool) -> Any:
    window = (1, layer.size, layer.size, 1) if last else (1, 1, layer.size, layer.size)
    if layer.op == "max_pool":
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, window, window, "VALID") / layer.size**2


def loss_of(work: Work, parameters: list[Any], x: Any, y: Any, *, last: bool = False) -> Any:
    """The mean cross-entropy of a batch; ``last``: the channels are the last axis."""
    values = iter(parameters)
    names = ("NHWC", "HWIO", "NHWC") if last else ("NCHW", "OIHW", "NCHW")
    for layer in work.layers:
        if layer.op == "dense":
            x = x @ next(values).T + next(values)
        elif layer.op == "conv":
            pads = [(layer.padding, layer.padding)] * 2
            x = jax.lax.conv_general_dilated(x, next(values), (1, 1), pads, dimension_numbers=names)
            bias = next(values)
            x += bias if last else bias[:, None, None]
        elif layer.op == "flatten":
            x = x.reshape(len(x), -1)
        else:
            x = _pooled(layer, x, last=last)
        if layer.activation:
            x = jax.nn.sigmoid(x) if layer.activation == "logistic" else jax.nn.relu(x)
    return -jnp.mean(jnp.sum(jax.nn.one_hot(y, work.classes) * jax.nn.log_softmax(x), axis=1))


def channels_last(work: Work) -> list[Any]:
    """The start weights for channels last: kernels [k][k][c][o], columns behind a flatten reordered."""
    values, found = iter(work.parameters()), []
    shapes = work.shapes()
    for i, layer in enumerate(work.layers):
        if layer.op not in ("dense", "conv"):
            continue
        weights, bias = next(values), next(values)
        if layer.op == "conv":
            weights = weights.transpose(2, 3, 1, 0)
        elif work.layers[i - 1].op == "flatten":
            weights = weights.reshape(layer.outs, *shapes[i - 1]).transpose(0, 2, 3, 1).reshape(weights.shape)
        found += [weights, bias]
    return found


class Runner:
    """A work in one form."""

    def __init__(self, work: Work, form: str, threads: int) -> None:
        del threads  # set for the process
        self.work, self.form, self.last = work, form, "nhwc" in form
        x, y = work.data()
        self.x = jnp.asarray(x.transpose(0, 2, 3, 1) if self.last else x)
        self.y = jnp.asarray(y.astype(np.int32))
        start: Any = channels_last(work) if self.last else work.parameters()
        self.unravel: Callable[[Any], Any] = lambda parameters: parameters
        if "flat" in form:
            vector, self.unravel = ravel_pytree([jnp.asarray(value) for value in start])
            start = np.asarray(vector)
        self.start = start
        self.epochs = 0
        self.reset()
        self.step = jax.jit(self._step, donate_argnums=0)
        self.step_of = jax.jit(self._step_of, donate_argnums=0)
        self.scan = jax.jit(self._scan, donate_argnums=0)
        each = jax.vmap(jax.grad(self._loss_of_one), in_axes=(None, 0, 0))
        self.gradients = jax.jit(each)

    def reset(self) -> None:
        """Back to the start weights."""
        self.parameters = jax.tree.map(lambda value: jnp.array(value, copy=True), self.start)

    def _loss(self, parameters: Any, x: Any, y: Any) -> Any:
        return loss_of(self.work, self.unravel(parameters), x, y, last=self.last)

    def _loss_of_one(self, parameters: Any, x: Any, y: Any) -> Any:
        return self._loss(parameters, x[None], y[None])

    def _step(self, parameters: Any, x: Any, y: Any) -> tuple[Any, Any]:
        loss, gradients = jax.value_and_grad(self._loss)(parameters, x, y)
        return jax.tree.map(lambda value, gradient: value - RATE * gradient, parameters, gradients), loss

    def _step_of(self, parameters: Any, x: Any, y: Any, chosen: Any) -> tuple[Any, Any]:
        return self._step(parameters, x[chosen], y[chosen])

    def _scan(self, parameters: Any, x: Any, y: Any, order: Any) -> tuple[Any, Any]:
        return jax.lax.scan(lambda state, chosen: self._step_of(state, x, y, chosen), parameters, order)

    def losses(self) -> list[float]:
        """The first losses from the start weights; of per-example gradients the norms."""
        work = self.work
        if work.kind == "per_example":
            squares = sum((np.asarray(g, np.float64).reshape(len(g), -1) ** 2).sum(1) for g in self._gradients())
            return [float(n) for n in np.sqrt(squares)]
        self.reset()
        if work.kind == "epoch":
            return [float(loss) for loss in np.hstack(self._epoch(work.order(0)))[:CHECKED]]
        if self.form.startswith("scan"):
            return [float(loss) for loss in self._chunk()][:CHECKED]
        batches = self._fixed()
        return [self._one(*batches[i % len(batches)]) for i in range(CHECKED)]

    def run(self, count: int) -> int:
        """Make at least ``count`` steps (epochs, gradients); how many it were, all of them finished."""
        made, results = count, None
        if self.work.kind == "per_example":
            for _ in range(count):
                results = self._gradients()
        elif self.work.kind == "epoch":
            for _ in range(count):
                self.epochs += 1
                self._epoch(self.work.order(self.epochs))
        elif self.form.startswith("scan"):
            calls = -(-count // self.work.chunk)
            for _ in range(calls):
                self._chunk()
            made = calls * self.work.chunk
        else:
            batches = self._fixed()
            for i in range(count):
                self.parameters, _ = self.step(self.parameters, *batches[i % len(batches)])
        jax.block_until_ready((self.parameters, results))
        return made

    def _gradients(self) -> Any:
        return self.gradients(self.parameters, self.x, self.y)

    def _fixed(self) -> list[tuple[Any, Any]]:
        if not hasattr(self, "_kept"):
            cuts = [slice(at, at + self.work.batch) for at in range(0, self.work.count, self.work.batch)]
            self._kept = [(self.x[cut], self.y[cut]) for cut in cuts]
        return self._kept

    def _one(self, x: Any, y: Any) -> float:
        self.parameters, loss = self.step(self.parameters, x, y)
        return float(loss)

    def _chunk(self) -> Any:
        order = np.resize(np.arange(self.work.count, dtype=np.int32), (self.work.chunk, self.work.batch))
        self.parameters, losses = self.scan(self.parameters, self.x, self.y, order)
        return losses

    def _epoch(self, order: Any) -> list[Any]:
        batch, order = self.work.batch, order.astype(np.int32)
        full = len(order) // batch
        losses: list[Any]
        if self.form.startswith("scan"):
            rows = order[: full * batch].reshape(full, batch)
            self.parameters, scanned = self.scan(self.parameters, self.x, self.y, rows)
            losses = [scanned]
        else:
            losses = []
            for i in range(full):
                chosen = order[i * batch : (i + 1) * batch]
                self.parameters, loss = self.step_of(self.parameters, self.x, self.y, chosen)
                losses.append(loss)
        if full * batch < len(order):
            self.parameters, loss = self.step_of(self.parameters, self.x, self.y, order[full * batch :])
            losses.append(loss)
        return losses
