"""From process start to the first finished step, and the memory of a few steps: each in a process of its own.

    python -m benchmarks.peers.first FRAMEWORK FORM WORK THREADS STEPS

makes that many steps and prints VmHWM.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from importlib import import_module
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.peers.load import quiet
from benchmarks.peers.team import started
from benchmarks.peers.worker import MODULES, peak_memory
from benchmarks.peers.works import named

if TYPE_CHECKING:
    from collections.abc import Mapping

STARTS = {
    "ours": ("ours", "step"),
    "torch eager": ("torch", "sgd"),
    "torch.compile, cache warm": ("torch", "compile grad"),
    "JAX jit": ("jax", "jit"),
    "JAX jit, cache warm": ("jax", "jit"),
}
MEMORY = {"ours": ("ours", "train"), "torch eager": ("torch", "sgd"), "JAX jit": ("jax", "jit")}
PER_EXAMPLE = {"ours": "per_example_gradients", "torch": "vmap", "jax": "vmap"}


def ran(
    framework: str, form: str, work: str, threads: int, steps: int, variables: Mapping[str, str]
) -> tuple[float, int]:
    """Seconds from the start of a process until its last step is finished, and the most memory it held."""
    command = ["-m", "benchmarks.peers.first", framework, form, work, str(threads), str(steps)]
    start = time.perf_counter()
    process = started(command, threads, variables)
    line = process.stdout.readline() if process.stdout else ""
    spent = time.perf_counter() - start
    process.communicate()
    if not line.strip().isdigit():
        raise subprocess.CalledProcessError(process.returncode, command)
    return spent, int(line)


def starts(threads: int, repeats: int, names: tuple[str, ...] = tuple(STARTS)) -> dict[str, dict[str, Any]]:
    """Seconds until the first step of 784-128-10 is finished, caches warm; repeats interleaved."""
    times: dict[str, list[float]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as cache:
        jax_cache = {
            "JAX_COMPILATION_CACHE_DIR": cache,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        for repeat in range(repeats + 1):  # the first one warms the caches
            for name in names:
                quiet(1.0)
                variables = jax_cache if name == "JAX jit, cache warm" else {}
                try:
                    spent, _ = ran(*STARTS[name], "mnist", threads, 1, variables)
                except subprocess.CalledProcessError as error:
                    failed[name] = f"status {error.returncode}"
                    continue
                if repeat:
                    times[name].append(spent)
    found: dict[str, dict[str, Any]] = {
        name: {"median": median(spent), "minimum": min(spent), "times": spent} for name, spent in times.items() if spent
    }
    return found | {name: {"failed": why} for name, why in failed.items()}


def memory(works: tuple[str, ...], threads: int) -> dict[str, dict[str, int | None]]:
    """The most memory that a process holds in some steps of each work, in bytes."""
    found: dict[str, dict[str, int | None]] = {}
    for key in works:
        found[key] = {}
        for name, (framework, form) in MEMORY.items():
            chosen = PER_EXAMPLE[framework] if named(key).kind == "per_example" else form
            try:
                found[key][name] = ran(framework, chosen, key, threads, 1 if named(key).kind == "epoch" else 10, {})[1]
            except subprocess.CalledProcessError:
                found[key][name] = None
    return found


def main() -> None:
    """Make the steps."""
    framework, form, work = sys.argv[1:4]
    module = import_module(f"benchmarks.peers.{MODULES[framework]}")
    module.set_up(int(sys.argv[4]))
    module.Runner(named(work), form, int(sys.argv[4])).run(int(sys.argv[5]))
    print(peak_memory(), flush=True)


if __name__ == "__main__":
    main()
