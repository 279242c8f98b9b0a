"""The loop over steps and instructions, and the barrier between threads."""

from __future__ import annotations

from typing import Any

from handgrad.engine.control import BARRIER, GENERATION, INSTRUCTIONS, PROGRAM, STEP, STEPS, THREADS, WIDTH, YIELD
from handgrad.engine.machine import add_atomically, call_kernel, pointed, seen, shifted, yield_now

SPINS = 4000
"""How often a barrier looks before it lets another thread run."""


def program(base: Any, words: Any, control: Any) -> None:
    """Runs every instruction of each step."""
    start = pointed(control[PROGRAM], words)
    count = control[INSTRUCTIONS]
    for step in range(control[STEPS]):
        control[STEP] = step
        for k in range(count):
            at = shifted(start, k * WIDTH)
            call_kernel(at[0], base, shifted(at, 1), control)


def barrier(base: Any, words: Any, control: Any) -> None:
    """Waits until every thread has come here."""
    control[GENERATION] += 1
    aim = control[GENERATION] * control[THREADS]
    counter = pointed(control[BARRIER], words)
    add_atomically(counter, 1)
    looks = 0
    while seen(counter) < aim:
        looks += 1
        if looks > SPINS:
            yield_now(control[YIELD])
