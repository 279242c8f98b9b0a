"""Threads that run the programs of a network together: the caller and some workers that wait for it.

A worker looks for work for some 50 µs before it sleeps, so that steps which follow one another cost no waking. Where
the machine is busy with other things, threads would wait for one another at each barrier; then the programs of all
threads run in turn in the caller's, with the same results.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from functools import cache
from typing import Any

import numpy as np

from handgrad.engine import objects
from handgrad.engine.arrays import Array
from handgrad.engine.control import (
    ASLEEP,
    BASE,
    BLOCK,
    MAIL_YIELD,
    RUN,
    WAITS,
)

WASTE = 0.5
"""The share of its time that a thread may wait at barriers before threads are in one another's way."""

LONGEST = 64
"""Calls in turn before threads are tried again."""


@cache
def kernel(name: str, dtype: str = "float64") -> Any:
    """A kernel of running.py, called without the GIL."""
    name = f"running.{name}"
    address = objects.addresses([name], np.dtype(dtype))[name]
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(address)


class Team:
    """The workers; one network at a time uses them."""

    def __init__(self, workers: int) -> None:
        self._lock = threading.Lock()
        self._mail = np.zeros((workers, 16), np.int64)
        self._mail[:, MAIL_YIELD] = c_function("sched_yield")
        self._wake = [threading.Semaphore(0) for _ in range(workers)]
        self._turns, self._left = 1, 0
        for i in range(workers):
            name = f"handgrad-{i + 1}"
            threading.Thread(target=_serve, args=(self._mail[i], self._wake[i]), name=name, daemon=True).start()

    def run(self, base: int, blocks: Array, dtype: str) -> None:
        """Runs the programs of so many blocks, together or in turn."""
        with self._lock:
            if self._left:
                self._left -= 1
                addresses = np.array([block.ctypes.data for block in blocks])
                kernel("in_turn", dtype)(base, addresses.ctypes.data, blocks[0].ctypes.data)
                return
            begin = time.perf_counter()
            self._together(base, blocks, dtype)
            self._learn(blocks, time.perf_counter() - begin)

    def _together(self, base: int, blocks: Array, dtype: str) -> None:
        program = kernel("program", dtype)
        at = ctypes.cast(program, ctypes.c_void_p).value
        for mail, wake, block in zip(self._mail, self._wake, blocks[1:], strict=False):
            mail[BASE], mail[BLOCK], mail[RUN] = base, block.ctypes.data, at or 0
            kernel("publish")(None, None, mail.ctypes.data)
            if mail[ASLEEP]:
                mail[ASLEEP] = 0
                wake.release()
        program(base, None, blocks[0].ctypes.data)
        for mail in self._mail[: len(blocks) - 1]:
            kernel("wait")(None, None, mail.ctypes.data)

    def _learn(self, blocks: Array, seconds: float) -> None:
        """Whether the barriers took too long, so that the next calls are better done in turn."""
        crowded = int(blocks[:, WAITS].max()) > WASTE * seconds * 1e9
        self._turns = min(2 * self._turns, LONGEST) if crowded else 1
        self._left = self._turns if crowded else 0


def _serve(mail: Array, wake: threading.Semaphore) -> None:
    serve, address = kernel("serve"), mail.ctypes.data
    while True:
        serve(None, None, address)
        wake.acquire()


@cache
def team(threads: int) -> Team:
    """The team for so many threads, the caller's among them."""
    return Team(threads - 1)


@cache
def c_function(name: str) -> int:
    """The address of a function of the C library, 0 where it has none of that name."""
    found = None if os.name == "nt" else getattr(ctypes.CDLL(None), name, None)
    return ctypes.cast(found, ctypes.c_void_p).value or 0 if found is not None else 0


def steady_clock() -> int:
    """The number of the clock that goes on evenly."""
    return int(getattr(time, "CLOCK_MONOTONIC", 0))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=team.cache_clear)  # threads do not come along into a forked process
