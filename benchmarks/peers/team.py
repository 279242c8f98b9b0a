"""The workers: one process for each framework, alone in it, all on the same cores with the same thread count."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = ("ours", "torch", "torch passive", "jax")
VARIABLES = {"torch passive": {"OMP_WAIT_POLICY": "passive"}}
"""PyTorch's threads spin while they wait, which is best on quiet cores and very slow where others work too; as
"passive" they sleep. The faster one counts."""
LIMIT = 900.0
"""Seconds that one answer may take (torch.compile is slow on two cores)."""


class Failed(Exception):  # noqa: N818  what happened, not whose fault it was
    """A worker could not do what it was asked; the text says why."""


def cores(threads: int) -> set[int]:
    """The cores that a process of so many threads may use: the last ones, for the first has most interrupts."""
    return set(sorted(os.sched_getaffinity(0))[-threads:])


def environment(threads: int) -> dict[str, str]:
    """The variables that bound the threads of every library, and the paths of this checkout."""
    names = ("OMP", "MKL", "OPENBLAS", "NUMBA", "HANDGRAD")
    given = {f"{name}{'_THREADS' if name == 'HANDGRAD' else '_NUM_THREADS'}": str(threads) for name in names}
    eigen = "false" if threads == 1 else "true"
    given |= {"PJRT_NPROC": str(threads), "NPROC": str(threads), "JAX_PLATFORMS": "cpu"}
    given["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={threads}"
    given["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, **given}


def started(command: list[str], threads: int, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A process of this interpreter on the cores of its thread count, with pipes to its input and output."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores(threads))  # a child has its parent's cores
    try:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment(threads) | (variables or {}),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.sched_setaffinity(0, own)


class Worker:
    """The parent's end of a worker."""

    def __init__(self, framework: str, threads: int) -> None:
        self.framework, self.threads = framework, threads
        command = ["-m", "benchmarks.peers.worker", framework.split(maxsplit=1)[0], str(threads)]
        self.process = started(command, threads, VARIABLES.get(framework))
        self.versions: dict[str, str] = self._read()

    def ask(self, **request: Any) -> Any:
        """The answer to a request. Raises Failed."""
        if self.process.stdin is None:
            message = "closed"
            raise Failed(message)
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            message = "the process ended"
            raise Failed(message) from None
        return self._read()

    def _read(self) -> Any:
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        line = self.process.stdout.readline() if ready and self.process.stdout else ""
        if not line:
            message = f"the process ended (status {self.process.poll()})" if ready else f"no answer in {LIMIT:.0f} s"
            self.close()
            raise Failed(message)
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["answer"]

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


class Team:
    """Workers by framework; one that has died is started again when it is next asked for."""

    def __init__(self, threads: int, frameworks: tuple[str, ...] = FRAMEWORKS) -> None:
        self.threads = threads
        self.frameworks = tuple(name for name in frameworks if threads > 1 or name not in VARIABLES)
        self.workers: dict[str, Worker] = {}
        self.versions: dict[str, str] = {}

    def worker(self, framework: str) -> Worker:
        """The worker of a framework. Raises Failed."""
        worker = self.workers.get(framework)
        if worker is None or worker.process.poll() is not None:
            worker = self.workers[framework] = Worker(framework, self.threads)
            self.versions |= worker.versions
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.close()
