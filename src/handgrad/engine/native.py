"""The compiled path: programs of kernels over the parameters of one network."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from msgspec.structs import replace

from handgrad.engine import blas, control, objects, updating
from handgrad.engine.arrays import Array
from handgrad.engine.lowering.updates import update_kernel
from handgrad.engine.path import Run, Setting
from handgrad.engine.program import Program, Purpose, aligned, build
from handgrad.engine.shares import shares
from handgrad.engine.writer import ALIGNMENT

PARALLEL = 200_000
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
            block[control.YIELD] = _sched_yield()
            block[control.SEED] = np.uint64(self.setting.seed % 2**64).astype(np.int64)

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
        order, size = np.arange(len(x)), self.setting.batch
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
        found = {name: np.zeros((len(x), *g.shape), g.dtype) for name, g in self._gradients.items()}
        for i in range(len(x)):
            _, _, gradients = self.gradients(x[i : i + 1], y[i : i + 1], np.ones(1))
            for name, gradient in gradients.items():
                found[name][i] = gradient
        return found

    def norms(self, x: Array, y: Array) -> Array:
        """The norm of each example's whole gradient."""
        found = np.zeros(len(x), self.setting.dtype)
        for i in range(len(x)):
            _, _, gradients = self.gradients(x[i : i + 1], y[i : i + 1], np.ones(1))
            found[i] = np.sqrt(sum(float(np.sum(np.square(g))) for g in gradients.values()))
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
        if run.weights is None:
            whole = len(run.order) // size * size
            rest = len(run.order) - whole
            each = shares(loss, np.zeros((size, *run.y.shape[1:])), None)[0], shares(loss, np.zeros(rest), None)
            return np.concatenate([np.full(whole, each[0]), each[1]])
        w = run.weights[run.order]
        starts = range(0, len(w), size)
        return np.concatenate([shares(loss, np.zeros(len(w[at : at + size])), w[at : at + size]) for at in starts])

    def _stretches(self, purpose: Purpose, count: int, *, classes: bool) -> list[tuple[int, int, Program]]:
        """Where whole batches and the rest begin, how many steps each is, and its program."""
        size = self.setting.batch
        whole, rest = divmod(count, size)
        found = [(0, whole, self._program(purpose, size, classes=classes))] if whole else []
        return found + ([(whole * size, 1, self._program(purpose, rest, classes=classes))] if rest else [])

    def _program(self, purpose: Purpose, rows: int, *, classes: bool) -> Program:
        key = purpose, rows, classes
        if key not in self._programs:
            self._programs[key] = build(self.setting, purpose, rows, self._offsets, self._base, classes=classes)
        return self._programs[key]

    def _run(self, program: Program, steps: int, given: dict[str, Any]) -> tuple[Array, Array]:
        """Runs so many steps in every thread; the loss and the right classes of each step."""
        threads = self.setting.threads
        losses, hits = np.zeros((steps, threads)), np.zeros((steps, threads), np.int64)
        values = {"SHARES": None, "MOVES": None, **given, "LOSSES": losses, "HITS": hits, "STEPS": steps}
        self._counter[0] = 0
        for thread, block in enumerate(self._controls):
            block[control.PROGRAM], block[control.INSTRUCTIONS] = (
                program.words[thread].ctypes.data,
                program.words.shape[1],
            )
            block[control.GENERATION] = 0
            for name, value in values.items():
                address = value.ctypes.data if isinstance(value, np.ndarray) else value or 0
                block[getattr(control, name)] = address
        self._start()
        return losses.sum(axis=1), hits.sum(axis=1)

    def _start(self) -> None:
        run = _runner(self.setting.dtype.name)
        blocks = [block.ctypes.data for block in self._controls]
        waiting = [_pool(self.setting.threads - 1).submit(run, self._base, 0, block) for block in blocks[1:]]
        run(self._base, 0, blocks[0])
        for one in waiting:
            one.result()


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


@cache
def _runner(dtype: str) -> Any:
    """The loop over a program, called without the GIL."""
    address = objects.addresses(["running.program"], np.dtype(dtype))["running.program"]
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(address)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="handgrad")


@cache
def _sched_yield() -> int:
    found = getattr(ctypes.CDLL(None), "sched_yield", None)
    return ctypes.cast(found, ctypes.c_void_p).value or 0 if found is not None else 0


def for_work(setting: Setting) -> Setting:
    """The setting with as many threads as the work of a step is worth."""
    work = setting.batch * sum(
        written.shape[0] * int(np.prod(written.shape[1:], dtype=np.int64))
        for written in setting.network.parameters.values()
        if written.shape
    )
    few = work < PARALLEL or setting.batch < setting.threads
    return replace(setting, threads=1) if few else setting
