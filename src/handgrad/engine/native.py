"""The compiled path: programs of kernels over the parameters of one network."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np
from msgspec.structs import replace

from handgrad.engine import blas, control, objects, updating
from handgrad.engine.arrays import Array, Checks
from handgrad.engine.lowering.updates import update_kernel
from handgrad.engine.path import Run, Setting
from handgrad.engine.program import Program, Purpose, aligned, build, by_rule, empty, singles
from handgrad.engine.quick import Quick, quick_step
from handgrad.engine.shares import depends, shares
from handgrad.engine.team import c_function, kernel, steady_clock, team
from handgrad.engine.writer import ALIGNMENT
from handgrad.network import Node
from handgrad.ops.losses import Loss

PARALLEL = 400_000
"""Multiplications of a step from which more than one thread is worth its barriers."""


class NativePath:
    """Predicts and trains by kernels. Parameters, gradients and states stand in one arena."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._names = list(setting.network.parameters)
        self._arena, self._offsets, views = _laid_out(setting)
        self.parameters = {name: views[name] for name in self._names}
        self.states = {name: views[name] for name in updating.start(setting.update, self.parameters, setting.freeze)}
        for name, array in updating.start(setting.update, self.parameters, setting.freeze).items():
            self.states[name][...] = array
        self._gradients = {name: views[f"d{name}"] for name in self._names}
        self._base = self._arena.ctypes.data
        self._programs: dict[tuple[Purpose, int, bool], Program] = {}
        self._controls = np.zeros((setting.threads, control.SIZE), np.int64)
        self._counter = np.zeros(8, np.int64)
        self._fixed()

    def _fixed(self) -> None:
        for thread, block in enumerate(self._controls):
            block[control.BARRIER], block[control.THREAD] = self._counter.ctypes.data, thread
            block[control.THREADS], block[control.GEMM] = self.setting.threads, blas.gemm(self.setting.dtype)
            block[control.YIELD], block[control.CLOCK] = c_function("sched_yield"), c_function("clock_gettime")
            block[control.CLOCK_ID] = steady_clock()
            block[control.SEED] = np.uint64(self.setting.seed % 2**64).astype(np.int64)
            at = objects.addresses(["running.barrier", "running.program"], self.setting.dtype)
            block[control.AT_BARRIER], block[control.RUNNER] = at["running.barrier"], at["running.program"]

    def quick(self) -> Quick | None:
        """Single steps without ado: of networks that learn classes, by an update that has a kernel."""
        setting = self.setting
        learns = setting.update is not None and update_kernel(setting.update) is not None
        if not learns or setting.loss is None or not setting.loss.labels:
            return None
        program = self._program("train", setting.batch, classes=True)
        if program.calls or depends(setting.loss):
            return None
        blocks = self._controls.copy()
        for block, words in zip(blocks, program.words, strict=True):
            block[control.PROGRAM], block[control.INSTRUCTIONS] = words.ctypes.data, len(words)
        rate = float(setting.update.rate.written.floats())  # type: ignore[union-attr]  # there is one
        share = float(shares(setting.loss, np.zeros((setting.batch, *setting.network.output)), None)[0])
        return quick_step(setting, self._base, blocks, rate, share)

    def predict(self, x: Array) -> Array:
        """ŷ [n][…]."""
        out = np.zeros((len(x), *self.setting.network.output), self.setting.dtype)
        order = np.arange(len(x))
        for at, count, program in self._stretches("predict", len(x), classes=True):
            block = {"X": x, "ORDER": order[at:], "OUT": out[at:]}
            self._run(program, count, block)
        return out

    def gradients(self, x: Array, y: Array, weights: Array) -> tuple[float, int, dict[str, Array]]:
        """L = Σ weights · losses, right classes, and the gradients."""
        total, loss, hits = {name: np.zeros_like(g) for name, g in self._gradients.items()}, 0.0, 0
        # a rule may take all examples together, and penalties count once
        order, size = np.arange(len(x)), len(x) if by_rule(self.setting) else self.setting.batch
        for at in range(0, len(x), size):
            program = self._program("gradient", min(size, len(x) - at), classes=_classes(y))
            block = {"X": x, "Y": y, "ORDER": order[at:], "SHARES": weights[at:]}
            losses, right = self._run(program, 1, block)
            loss, hits = loss + float(losses[0]), hits + int(right[0])
            for name, gradient in self._gradients.items():
                total[name] += gradient
        return loss, hits, total

    def each(self, x: Array, y: Array) -> dict[str, Array]:
        """The gradient of each example's loss."""
        if not singles(self.setting):
            return self._one_by_one(x, y)
        sizes = {name: gradient.size for name, gradient in self._gradients.items()}
        out = empty(len(x) * sum(sizes.values()), self.setting.dtype)
        self._singles("single", x, y, out)
        starts = np.cumsum([0, *sizes.values()]) * len(x)
        return {
            name: out[start : start + len(x) * size].reshape(len(x), *self._gradients[name].shape)
            for (name, size), start in zip(sizes.items(), starts, strict=False)
        }

    def norms(self, x: Array, y: Array) -> Array:
        """The norm of each example's whole gradient."""
        squares = np.zeros(len(x), self.setting.dtype)
        if singles(self.setting):
            self._singles("norms", x, y, squares)
        else:
            for gradient in self._one_by_one(x, y).values():
                squares += np.square(gradient).sum(axis=tuple(range(1, gradient.ndim)))
        return np.sqrt(squares)

    def _singles(self, purpose: Purpose, x: Array, y: Array, out: Array) -> None:
        """Every example with the share 1."""
        one, order = int(np.array(1.0).view(np.int64)), np.arange(len(x))
        for at, count, program in self._stretches(purpose, len(x), classes=_classes(y)):
            given = {"X": x, "Y": y, "ORDER": order[at:], "SHARE": one, "EXAMPLES": len(x)}
            self._run(program, count, {**given, "OUT": out, "SKIPPED": at})

    def _one_by_one(self, x: Array, y: Array) -> dict[str, Array]:
        found = {name: np.zeros((len(x), *g.shape), g.dtype) for name, g in self._gradients.items()}
        for i in range(len(x)):
            _, _, gradients = self.gradients(x[i : i + 1], y[i : i + 1], np.ones(1))
            for name, gradient in gradients.items():
                found[name][i] = gradient
        return found

    def train(self, run: Run) -> tuple[Array, Array]:
        """Update after each batch, all of them in one call where the update has a kernel."""
        if self.setting.update is not None and update_kernel(self.setting.update) is None:
            return self._train_apart(run)
        losses, hits = np.zeros(len(run.rates)), np.zeros(len(run.rates), np.int64)
        weights, step = self._shares(run), 0
        for at, count, program in self._stretches("train", len(run.order), classes=_classes(run.y)):
            block: dict[str, Any] = {"X": run.x, "Y": run.y, "ORDER": run.order[at:], "SHARES": weights[at:]}
            block |= {"RATES": run.rates[step:], "FIRST": run.first + step}
            block |= {} if run.moves is None else {"MOVES": run.moves[at:]}
            losses[step : step + count], hits[step : step + count] = self._run(program, count, block)
            step += count
        return losses, hits

    def _train_apart(self, run: Run) -> tuple[Array, Array]:
        """Gradients by kernels, updates by the reference rule."""
        losses, hits = np.zeros(len(run.rates)), np.zeros(len(run.rates), np.int64)
        weights, size, setting = self._shares(run), self.setting.batch, self.setting
        assert setting.update is not None  # noqa: S101  Compiled has seen to it
        for step, rate in enumerate(run.rates):
            at = step * size
            program = self._program("apart", min(size, len(run.order) - at), classes=_classes(run.y))
            block: dict[str, Any] = {"X": run.x, "Y": run.y, "ORDER": run.order[at:], "SHARES": weights[at:]}
            block["FIRST"] = run.first + step
            block |= {} if run.moves is None else {"MOVES": run.moves[at:]}
            losses[step : step + 1], hits[step : step + 1] = self._run(program, 1, block)
            moving = {name: g for name, g in self._gradients.items() if name not in setting.freeze}
            moving = moving if setting.clip is None else updating.clipped(moving, setting.clip)
            for name, gradient in moving.items():
                count = run.first + step + 1
                updating.move(setting.update, name, self.parameters[name], gradient, self.states, rate, count)
        return losses, hits

    def _shares(self, run: Run) -> Array:
        """How much each example of the order counts in its batch's loss."""
        size, loss = self.setting.batch, self.setting.loss
        assert loss is not None  # noqa: S101  Compiled has seen to it
        if depends(loss):
            return self._shares_by_targets(run, loss)
        if run.weights is None:
            whole = len(run.order) // size * size
            rest = len(run.order) - whole
            each = shares(loss, np.zeros((size, *run.y.shape[1:])), None)[0], shares(loss, np.zeros(rest), None)
            return np.concatenate([np.full(whole, each[0]), each[1]])
        w = run.weights[run.order]
        starts = range(0, len(w), size)
        return np.concatenate([shares(loss, np.zeros(len(w[at : at + size])), w[at : at + size]) for at in starts])

    def _shares_by_targets(self, run: Run, loss: Loss) -> Array:
        """The same of a loss whose mean depends on the targets."""
        checks, found = Checks(self.setting.network, loss, self.setting.dtype), []
        for at in range(0, len(run.order), self.setting.batch):
            places = run.order[at : at + self.setting.batch]
            weights = None if run.weights is None else run.weights[places]
            found.append(shares(loss, checks.one_hot(run.y[places]), weights))
        return np.concatenate(found)

    def _stretches(self, purpose: Purpose, count: int, *, classes: bool) -> list[tuple[int, int, Program]]:
        """Where whole batches and the rest begin, how many steps each is, and its program."""
        size = self.setting.batch
        whole, rest = divmod(count, size)
        found = [(0, whole, self._program(purpose, size, classes=classes))] if whole else []
        return found + ([(whole * size, 1, self._program(purpose, rest, classes=classes))] if rest else [])

    def _program(self, purpose: Purpose, rows: int, *, classes: bool) -> Program:
        key = purpose, rows, classes
        found = self._programs.get(key)
        if found is None:
            found = build(self.setting, purpose, rows, self._offsets, self._base, classes=classes)
            if rows <= self.setting.batch:
                self._programs[key] = found
        return found

    def _run(self, program: Program, steps: int, given: dict[str, Any]) -> tuple[Array, Array]:
        """Runs so many steps in every thread; the loss and the right classes of each step."""
        threads = self.setting.threads
        losses, hits = np.zeros((steps, threads)), np.zeros((steps, threads), np.int64)
        values = {"SHARES": None, "MOVES": None, **given, "LOSSES": losses, "HITS": hits, "STEPS": steps}
        self._counter[:] = 0
        for thread, block in enumerate(self._controls):
            block[control.PROGRAM], block[control.INSTRUCTIONS] = (
                program.words[thread].ctypes.data,
                program.words.shape[1],
            )
            block[[control.GENERATION, control.STOP]] = 0
            for name, value in values.items():
                address = value.ctypes.data if isinstance(value, np.ndarray) else value or 0
                block[getattr(control, name)] = address
        self._start()
        for call in program.calls:
            call.raise_failure()
        return losses.sum(axis=1), hits.sum(axis=1)

    @cached_property
    def _start(self) -> Callable[[], None]:
        """Runs what the blocks say in all threads."""
        if self.setting.threads > 1:
            return team(self.setting.threads).work(self._base, self._controls, self.setting.dtype.name)
        return partial(kernel("program", self.setting.dtype.name), self._base, None, self._controls.ctypes.data)


def _classes(y: Array) -> bool:
    return bool(y.dtype == np.int64)


def _laid_out(setting: Setting) -> tuple[Array, dict[str, int], dict[str, Array]]:
    """The arena, and the offset and the array of each parameter, gradient (``dW1``) and state (``v_W1``)."""
    shapes = {name: setting.network.shape(name) for name in setting.network.parameters}
    states = () if setting.update is None else setting.update.states
    arrays = {**shapes, **{f"d{name}": shape for name, shape in shapes.items()}}
    arrays |= {f"{s}_{name}": shape for name, shape in shapes.items() if name not in setting.freeze for s in states}
    offsets, end = {}, 0
    for name, shape in arrays.items():
        offsets[name] = end
        end += -(-int(np.prod(shape, dtype=np.int64)) // ALIGNMENT) * ALIGNMENT
    arena = aligned(max(end, 1), setting.dtype)
    views = {
        name: arena[offsets[name] : offsets[name] + int(np.prod(shape, dtype=np.int64))].reshape(shape)
        for name, shape in arrays.items()
    }
    return arena, offsets, views


def _multiplications(node: Node, setting: Setting) -> int:
    """Of one example: each weight once, or at each place of what a convolution gives."""
    shapes = [setting.network.shape(name) for letter, name in node.parameters.items() if letter in ("W", "K")]
    places = prod(node.shape[1:]) if len(node.shape) > 1 else 1
    return places * sum(prod(shape) for shape in shapes)


def for_work(setting: Setting) -> Setting:
    """The setting with as many threads as the work of a step is worth."""
    work = setting.batch * sum(_multiplications(node, setting) for node in setting.network.nodes)
    few = work < PARALLEL or setting.batch < setting.threads
    return replace(setting, threads=1) if few else setting
