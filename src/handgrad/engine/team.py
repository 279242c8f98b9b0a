"""Threads that run the programs of a network together: the caller and some workers that wait for it.

A worker looks for work for some 200 µs before it sleeps, so that steps which follow one another cost no waking. Where
the machine is busy with other things, threads would wait for one another at each barrier; then the programs of all
threads run in turn in the caller's, with the same results.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from handgrad.engine import objects
from handgrad.engine.arrays import Array
from handgrad.engine.control import ASLEEP, ASLEEP_ONES, CROWDED, FIRST_MAIL

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
        self._mail = np.zeros((workers, 16), np.int64)
        self._turns, self._left = 1, 0
        self.forget()

    def forget(self) -> None:
        """No worker is there: threads do not come along into a forked process."""
        self._lock, self._wake = threading.Lock(), [threading.Semaphore(0) for _ in self._mail]
        self._there = False

    def work(self, base: int, blocks: Array, dtype: str) -> Callable[[], None]:
        """What runs the programs of so many blocks, together or in turn."""
        roster = np.zeros(FIRST_MAIL + 2 * len(self._mail), np.int64)
        roster[FIRST_MAIL::2] = [mail.ctypes.data for mail in self._mail]
        addresses = np.array([block.ctypes.data for block in blocks])
        roster[FIRST_MAIL + 1 :: 2] = addresses[1:]
        asleep, crowded = (ctypes.c_int64.from_address(roster[k:].ctypes.data) for k in (ASLEEP_ONES, CROWDED))
        hand_out, join, in_turn = (kernel(name, dtype) for name in ("hand_out", "join", "in_turn"))
        given, alone = (base, roster.ctypes.data, int(addresses[0])), (base, addresses.ctypes.data, int(addresses[0]))

        def run(_kept: Any = (roster, addresses)) -> None:
            with self._lock:
                if self._left:
                    self._left -= 1
                    in_turn(*alone)
                    return
                if not self._there:
                    self._begin()
                hand_out(*given)
                if asleep.value:
                    self._rouse()
                    join(*given)
                if crowded.value or self._turns > 1:
                    self._learn(crowded=bool(crowded.value))

        return run

    def _begin(self) -> None:
        self._mail[:] = 0
        for i, (mail, wake) in enumerate(zip(self._mail, self._wake, strict=True)):
            name = f"handgrad-{i + 1}"
            threading.Thread(target=_serve, args=(mail, wake), name=name, daemon=True).start()
        self._there = True

    def _rouse(self) -> None:
        for mail, wake in zip(self._mail, self._wake, strict=True):
            if mail[ASLEEP]:
                mail[ASLEEP] = 0
                wake.release()

    def _learn(self, *, crowded: bool) -> None:
        """Whether the barriers took too long, so that the next calls are better done in turn."""
        self._turns = min(2 * self._turns, LONGEST) if crowded else 1
        self._left = self._turns if crowded else 0


def _serve(mail: Array, wake: threading.Semaphore) -> None:
    serve, address = kernel("serve"), mail.ctypes.data
    while True:
        serve(None, None, address)
        wake.acquire()


def team(threads: int) -> Team:
    """The team for so many threads, the caller's among them."""
    if threads not in _teams:
        _teams[threads] = Team(threads - 1)
    return _teams[threads]


_teams: dict[int, Team] = {}


def _forget() -> None:
    for one in _teams.values():
        one.forget()


@cache
def c_function(name: str) -> int:
    """The address of a function of the C library, 0 where it has none of that name."""
    found = None if os.name == "nt" else getattr(ctypes.CDLL(None), name, None)
    return ctypes.cast(found, ctypes.c_void_p).value or 0 if found is not None else 0


def steady_clock() -> int:
    """The number of the clock that goes on evenly."""
    return int(getattr(time, "CLOCK_MONOTONIC", 0))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
