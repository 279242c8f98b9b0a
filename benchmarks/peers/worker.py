"""A process that holds one framework and times it when asked: ``python -m benchmarks.peers.worker FRAMEWORK THREADS``.

Requests are lines of JSON on standard input, one answer each: {"forms": WORK}, {"build": FORM, "work": WORK} ->
the seconds until the first losses are there (compilation) and these losses; {"run": FORM, "count": n,
"patience": seconds to wait for quiet} -> seconds, CPU seconds, how many steps it were, the share of the cores that
others took; {"drop": true}; {"memory": true} -> VmHWM in bytes. An error is an answer too.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers.load import Watch, quiet
from benchmarks.peers.works import named

MODULES = {"ours": "ours", "torch": "torch_peer", "jax": "jax_peer"}


def peak_memory() -> int:
    """The most memory that this process has held (VmHWM), in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


class Worker:
    """One framework; its runners by form."""

    def __init__(self, framework: str, threads: int) -> None:
        self.threads = threads
        self.module = import_module(f"benchmarks.peers.{MODULES[framework]}")
        self.versions = self.module.set_up(threads)
        self.runners: dict[str, Any] = {}

    def answer(self, request: dict[str, Any]) -> Any:
        """What a request asks for."""
        if "forms" in request:
            return self.module.forms(named(request["forms"]))
        if "build" in request:
            return self._build(request["build"], request["work"])
        if "run" in request:
            return self._run(request["run"], request["count"], request["patience"])
        if "drop" in request:
            self.runners.clear()
            gc.collect()
        return peak_memory() if "memory" in request else self.versions

    def _run(self, form: str, count: int, patience: float) -> dict[str, float]:
        waited = quiet(patience)
        watch, start, cpu = Watch(), time.perf_counter(), time.process_time()
        made = self.runners[form].run(count)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        return {"seconds": seconds, "cpu": cpu, "made": made, "foreign": watch.foreign(), "waited": waited}

    def _build(self, form: str, work: str) -> dict[str, Any]:
        start = time.perf_counter()
        runner = self.module.Runner(named(work), form, self.threads)
        losses = runner.losses()
        self.runners[form] = runner
        return {"seconds": time.perf_counter() - start, "losses": losses}


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints is no answer
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    answers.write(json.dumps({"answer": worker.versions}) + "\n")
    answers.flush()
    for line in sys.stdin:
        try:
            answer = {"answer": worker.answer(json.loads(line))}
        except Exception as error:  # noqa: BLE001  whatever a framework raises is its result for this form
            answer = {
                "error": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error) else ''}"
            }
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
