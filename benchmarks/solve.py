"""What handgrad costs: the command from a cold start, exact and float64 traces of a 784-128-10 network.

    python benchmarks/solve.py [--json OUT]

Prints medians of interleaved repeats. The command is measured in CPU seconds (user and system) of the
whole process, beside a Python that only starts and one that imports NumPy; read the ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import handgrad as hg

EXAMPLE = str(Path(__file__).parent.parent / "examples" / "ann.toml")


def cpu_seconds(command: list[str]) -> float:
    """User and system time of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands(repeats: int) -> dict[str, float]:
    """CPU seconds of whole processes, run in turn."""
    program = "from handgrad.cli.main import main; main()"
    runs = {
        "python, nothing else": [sys.executable, "-c", "pass"],
        "python, import numpy": [sys.executable, "-c", "import numpy"],
        "handgrad solve ann.toml": [sys.executable, "-c", program, "solve", EXAMPLE],
        "handgrad solve --ask dL/dW1[2,3]": [sys.executable, "-c", program, "solve", EXAMPLE, "--ask", "dL/dW1[2,3]"],
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, command in runs.items():
            times[name].append(cpu_seconds(command))
    return {name: median(values) for name, values in times.items()}


def classifier() -> hg.Problem:
    """A 784-128-10 network with weights of two decimals, one image of 256 grey levels."""
    random = np.random.default_rng(1)
    layers = [
        {"op": "dense", "weights": (random.integers(-99, 100, (128, 784)) / 100).tolist(), "activation": "relu"},
        {"op": "dense", "weights": (random.integers(-99, 100, (10, 128)) / 100).tolist(), "activation": "softmax"},
    ]
    image = [f"{value}/255" for value in random.integers(0, 256, 784)]
    tree = {"network": {"input": 784, "layers": layers}, "loss": {"op": "cross_entropy"}}
    return hg.Problem.from_dict(tree | {"data": {"x": image, "label": 3}})


def numpy_alone(problem: hg.Problem) -> Callable[[], object]:
    """The same forward and backward pass written out in NumPy."""
    w1, w2 = (problem.network.parameters[name].floats() for name in ("W1", "W2"))
    x, y = problem.x.floats(), np.eye(10)[2]

    def passes() -> object:
        a1 = w1 @ x
        h1 = np.where(a1 > 0, a1, 0)
        a2 = w2 @ h1
        e = np.exp(a2 - a2.max())
        da2 = e / e.sum() - y
        dh1 = w2.T @ da2
        da1 = np.where(a1 > 0, dh1, 0)
        return np.outer(da2, h1), np.outer(da1, x), w1.T @ da1

    return passes


def wall_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of wall times."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--json", metavar="OUT")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    results = commands(options.repeats)
    problem = classifier()
    hg.solve(problem, "float64")
    results["784-128-10 float64 trace"] = wall_seconds(lambda: hg.solve(problem, "float64"), options.repeats)
    results["784-128-10 in NumPy alone"] = wall_seconds(numpy_alone(problem), options.repeats)
    results["784-128-10 exact trace"] = wall_seconds(lambda: hg.solve(problem, "exact"), 3)
    for name, seconds in results.items():
        print(f"{name:<36}{seconds * 1000:>10.1f} ms")
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
