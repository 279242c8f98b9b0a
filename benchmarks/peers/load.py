"""What else runs on the cores: a block of steps that others disturbed is known, and a quiet moment waited for."""

from __future__ import annotations

import os
import time
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
QUIET = 0.15
"""The share of the cores that others may take in a quiet moment."""


def busy(cores: set[int]) -> float:
    """Seconds that these cores have worked since the machine started."""
    total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in cores:
            idle = int(ticks[3]) + int(ticks[4])
            total += sum(map(int, ticks[:8])) - idle
    return total * TICK


class Watch:
    """From its making on: how much of this process's cores others have taken."""

    def __init__(self) -> None:
        self.cores = os.sched_getaffinity(0)
        self.at, self.own, self.all = time.perf_counter(), time.process_time(), busy(self.cores)

    def foreign(self) -> float:
        """The share of the cores' time that went to other processes."""
        wall, own = time.perf_counter() - self.at, time.process_time() - self.own
        spent = busy(self.cores) - self.all - own
        return max(0.0, spent / (wall * len(self.cores)))


def quiet(patience: float, window: float = 0.05) -> float:
    """Wait until others leave this process's cores, at most so many seconds; how long it was."""
    start = time.perf_counter()
    while time.perf_counter() - start < patience:
        watch = Watch()
        time.sleep(window)
        if watch.foreign() <= QUIET:
            break
    return time.perf_counter() - start
