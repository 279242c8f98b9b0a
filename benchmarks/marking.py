"""How fast a class is marked: scripts of the network example, half of them with mistakes, reading included.

    python benchmarks/marking.py [--scripts 2000] [--json OUT]

Prints scripts a second (CPU time of this one process) for TOML and JSON, and how the memory in use grows from
the first tenth of the run to its end.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import handgrad as hg
from handgrad.marking.classrun import mark_class

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests" / "marking"))

from simulate import Net, script  # noqa: E402  the generator of the tests

WEIGHTS = (
    [[1, 0, 0], [1, 1, 1], [0, 1, 1]],
    [[1, 1, 1], [1, 1, 1], [0, 0, 1]],
    [[1, 0, 0], [1, 0, 0], [1, 1, 1]],
)


def example() -> Net:
    """The network of examples/ann.toml."""
    acts = ("logistic", "logistic", "softmax")
    layers = [
        {"op": "dense", "W": np.array(weights, dtype=float), "b": None, "act": act}
        for weights, act in zip(WEIGHTS, acts, strict=True)
    ]
    return Net(layers, np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]), "cross_entropy")


def listed(value: Any) -> str:
    """Texts of numbers, nested, as TOML and JSON write numbers."""
    return f"[{', '.join(map(listed, value))}]" if isinstance(value, list) else value


def written(folder: Path, count: int, suffix: str) -> None:
    """So many scripts as files, every second one with a mistake."""
    net, random = example(), Random(1)  # noqa: S311  made-up scripts, no secrets
    for i in range(count):
        answers = [f'"{name}"{{}}{listed(value)}' for name, value in script(net, random, i % 2).written.items()]
        lines = ",\n".join(answers).format(*[": "] * len(answers)) if suffix == ".json" else "\n".join(answers)
        text = f"{{{lines}}}" if suffix == ".json" else lines.format(*[" = "] * len(answers))
        (folder / f"{i:06}{suffix}").write_text(text)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scripts", type=int, default=2000)
    options.add_argument("--json", metavar="OUT")
    chosen = options.parse_args()
    problem, found = hg.load(ROOT / "examples" / "ann.toml"), {}
    for suffix in (".toml", ".json"):
        with tempfile.TemporaryDirectory() as place:
            folder, memory = Path(place), []
            written(folder, chosen.scripts, suffix)

            def progress(done: int, count: int, memory: list[int] = memory) -> None:
                if done in (count // 10, count):
                    memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

            start = time.process_time()
            mark_class(problem, folder, folder / "marks.out", progress)
            spent = time.process_time() - start
        found[suffix] = {"scripts a second": chosen.scripts / spent, "memory": memory}
        grown = (memory[-1] - memory[0]) / 1024
        print(f"{suffix:<6} {chosen.scripts / spent:7.0f} scripts a second, {grown:.1f} MiB more")
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
