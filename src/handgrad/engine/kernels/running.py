"""The loop over steps and instructions, the barrier between threads, and what a worker does."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from handgrad.engine.control import (
    ASLEEP,
    ASLEEP_ONES,
    AT_BARRIER,
    BARRIER,
    BASE,
    BLOCK,
    CLOCK,
    CLOCK_ID,
    CROWDED,
    DONE,
    FIRST_MAIL,
    FLAG,
    GENERATION,
    GO,
    INSTRUCTIONS,
    LAST,
    PROGRAM,
    RUN,
    RUNNER,
    STEP,
    STEPS,
    STOP,
    THREADS,
    WAITS,
    WIDTH,
    YIELD,
)
from handgrad.engine.machine import (
    add_atomically,
    address_of,
    call_kernel,
    nanoseconds,
    pointed,
    seen,
    shifted,
    yield_now,
)

SPINS = 4000
"""How often a barrier looks before it lets another thread run."""

PATIENCE = 160_000
"""How often a worker looks for work before it sleeps: some 200 µs."""

WASTE = 2
"""Threads are in one another's way where waiting at barriers, so many times, is longer than the work took."""


def program(base: Any, words: Any, control: Any) -> None:
    """Runs every instruction of each step."""
    start = pointed(control[PROGRAM], control)
    count = control[INSTRUCTIONS]
    for step in range(control[STEPS]):
        control[STEP] = step
        for k in range(count):
            at = shifted(start, k * WIDTH)
            call_kernel(at[0], base, shifted(at, 1), control)
            if control[STOP] != 0:
                return


def in_turn(base: Any, words: Any, control: Any) -> None:
    """The programs of all threads in one: each up to the barrier, then all of them on. ``words``: their blocks."""
    threads, count = control[THREADS], control[INSTRUCTIONS]
    for step in range(control[STEPS]):
        begin = 0
        while begin < count:
            end = begin
            for thread in range(threads):
                block = pointed(words[thread], control)
                block[STEP], end = step, begin
                while end < count:
                    at = shifted(pointed(block[PROGRAM], control), end * WIDTH)
                    end += 1
                    if at[0] == block[AT_BARRIER]:
                        if seen(shifted(pointed(block[BARRIER], control), FLAG)) != 0:
                            return
                        break
                    call_kernel(at[0], base, shifted(at, 1), block)
                    if block[STOP] != 0:
                        return
            begin = end


def nothing(base: Any, words: Any, control: Any) -> None:
    """In place of what is empty in this thread: programs of all threads have as many instructions."""


def barrier(base: Any, words: Any, control: Any) -> None:
    """Waits until every thread has come here, or one has failed: that one may be at another barrier already."""
    control[GENERATION] += 1
    aim = control[GENERATION] * control[THREADS]
    counter = pointed(control[BARRIER], control)
    add_atomically(counter, 1)
    looks, since = 0, 0
    while seen(counter) < aim and seen(shifted(counter, FLAG)) == 0:
        looks += 1
        if looks > SPINS:
            since = _time(control) if since == 0 else since
            _give_way(control[YIELD])
    if seen(shifted(counter, FLAG)) != 0:
        control[STOP] = 1
    if since != 0:
        control[WAITS] += _time(control) - since


@register_jitable
def _time(control: Any) -> Any:
    return nanoseconds(control[CLOCK], control[CLOCK_ID]) if control[CLOCK] != 0 else 0


@register_jitable
def _give_way(address: Any) -> None:
    if address != 0:
        yield_now(address)


def serve(base: Any, words: Any, control: Any) -> None:
    """Does what comes into a mailbox; returns when nothing has come for a while."""
    looks = 0
    while True:
        if seen(shifted(control, GO)) != control[LAST]:
            _work(base, control)
            looks = 0
        looks += 1
        if looks > PATIENCE:
            add_atomically(shifted(control, ASLEEP), 1)
            if seen(shifted(control, GO)) == control[LAST]:
                return
            add_atomically(shifted(control, ASLEEP), -1)
            looks = 0


@register_jitable
def _work(base: Any, control: Any) -> None:
    control[LAST] += 1
    block = pointed(control[BLOCK], control)
    call_kernel(control[RUN], pointed(control[BASE], base), block, block)
    add_atomically(shifted(control, DONE), 1)


def hand_out(base: Any, words: Any, control: Any) -> None:
    """Tells the workers of a roster, ``words``, to run its programs; ``control`` is the block of this thread.

    Runs this thread's too, unless somebody has to be woken first.
    """
    words[ASLEEP_ONES] = 0
    for worker in range(control[THREADS] - 1):
        mail = _mail(words, worker)
        mail[BASE], mail[BLOCK], mail[RUN] = address_of(base), words[FIRST_MAIL + 2 * worker + 1], control[RUNNER]
        add_atomically(shifted(mail, GO), 1)
        if seen(shifted(mail, ASLEEP)) != 0:
            words[ASLEEP_ONES] = 1
    if words[ASLEEP_ONES] == 0:
        _join(base, words, control)


def join(base: Any, words: Any, control: Any) -> None:
    """Runs this thread's program, and waits until every worker of the roster has done its own."""
    _join(base, words, control)


@register_jitable
def _mail(words: Any, worker: Any) -> Any:
    return pointed(words[FIRST_MAIL + 2 * worker], words)


@register_jitable
def _join(base: Any, words: Any, control: Any) -> None:
    begin, workers = _time(control), control[THREADS] - 1
    call_kernel(control[RUNNER], base, control, control)
    waits = control[WAITS]
    control[WAITS] = 0
    for worker in range(workers):
        mail, looks = _mail(words, worker), 0
        while seen(shifted(mail, DONE)) < seen(shifted(mail, GO)):
            looks += 1
            if looks > SPINS:
                _give_way(control[YIELD])
        block = pointed(words[FIRST_MAIL + 2 * worker + 1], words)
        waits = max(waits, block[WAITS])
        block[WAITS] = 0
    words[CROWDED] = 1 if waits * WASTE > _time(control) - begin else 0
