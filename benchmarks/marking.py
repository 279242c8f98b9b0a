"""How fast a class is marked: scripts of the network example, read, judged, their mistakes named, the rows written.

    python benchmarks/marking.py [--scripts 2000] [--only three.toml,mix.md] [--json OUT]

For each kind of class and format: scripts a second (CPU time of one process on one core, the whole class run),
and the peak of its memory after 1,000 scripts and at the end. `--scripts 100000` is the long run.

    right      nothing wrong
    one        one mistake in each script
    three      three in each
    mix        one in every second script; two scripts in five cut digits off
    cut        the same, all of them cut digits off
    different  one to three entries in each are any number, and all that follows is carried on from them
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import handgrad as hg
from handgrad.marking.classrun import mark_class

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests" / "marking"))

from simulate import Net, Student, script, worked  # noqa: E402  the generator of the tests

WEIGHTS = (
    [[1, 0, 0], [1, 1, 1], [0, 1, 1]],
    [[1, 1, 1], [1, 1, 1], [0, 0, 1]],
    [[1, 0, 0], [1, 0, 0], [1, 1, 1]],
)
FIRST = 1000
"""The scripts after which memory is read for the first time."""


def example() -> Net:
    """The network of examples/ann.toml."""
    acts = ("logistic", "logistic", "softmax")
    layers = [
        {"op": "dense", "W": np.array(weights, dtype=float), "b": None, "act": act}
        for weights, act in zip(WEIGHTS, acts, strict=True)
    ]
    return Net(layers, np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]), "cross_entropy")


class Odd(Student):
    """A student in whose planted quantities one entry is any number."""

    def _planted(self, name: str, value: Any) -> Any:
        if name not in self.plants:
            return value
        wrong = value.copy()
        wrong.ravel()[self.random.randrange(value.size)] = round(self.random.uniform(-2, 2), self.decimals)
        return wrong


def different(net: Net, random: Random, plants: int) -> Student:
    """A student who carries on from so many numbers that are made up, with six decimals."""
    dry = Student(6, cuts=False, carries=True)
    worked(net, dry)
    student = Odd(6, cuts=False, carries=True, plants=dict.fromkeys(random.sample(sorted(dry.written), plants), "odd"))
    student.random = random
    worked(net, student)
    return student


def cut(net: Net, random: Random, plants: int) -> Student:
    """A student who cuts digits off."""
    return next(student for _ in iter(int, 1) if (student := script(net, random, plants)).cuts)


CLASSES: dict[str, Callable[[Net, Random, int], Student]] = {
    "right": lambda net, random, _: script(net, random, 0),
    "one": lambda net, random, _: script(net, random, 1),
    "three": lambda net, random, _: script(net, random, 3),
    "mix": lambda net, random, i: script(net, random, i % 2),
    "cut": lambda net, random, i: cut(net, random, i % 2),
    "different": lambda net, random, i: different(net, random, 1 + i % 3),
}
FORMATS = (".toml", ".json", ".csv", ".md", ".tex")


def listed(value: Any) -> str:
    """Texts of numbers, nested, as TOML, JSON and prose write lists."""
    return f"[{', '.join(map(listed, value))}]" if isinstance(value, list) else value


def rows(name: str, value: Any, index: str = "") -> Iterator[str]:
    """The entries of a quantity as rows of a table."""
    if isinstance(value, list):
        for i, part in enumerate(value, 1):
            yield from rows(name, part, f"{index},{i}" if index else str(i))
    else:
        yield f'"{name}[{index}]",{value}' if index else f"{name},{value}"


def symbol(name: str) -> str:
    """A name in LaTeX."""
    if name.startswith("dL/d"):
        return rf"\frac{{\partial L}}{{\partial {symbol(name.removeprefix('dL/d'))}}}"
    return {"yhat": r"\hat{y}", "L": "L"}.get(name) or rf"\mathbf{{{name[0]}}}_{{{name[1:]}}}"


def matrix(value: Any) -> str:
    """Texts of numbers in LaTeX."""
    if not isinstance(value, list):
        return value
    lines = [" & ".join(row) if isinstance(row, list) else row for row in value]
    return r"\begin{pmatrix} " + r" \\ ".join(lines) + r" \end{pmatrix}"


def text(written: dict[str, Any], suffix: str) -> str:
    """A script in a format."""
    if suffix == ".json":
        return "{" + ",\n".join(f'"{name}": {listed(value)}' for name, value in written.items()) + "}"
    if suffix == ".csv":
        return "\n".join(["quantity,value", *(row for name, value in written.items() for row in rows(name, value))])
    if suffix == ".tex":
        return "\n".join(rf"\[ {symbol(name)} = {matrix(value)} \]" for name, value in written.items())
    start, quote = ("- ", "") if suffix == ".md" else ("", '"')
    return "\n".join(f"{start}{quote}{name}{quote} = {listed(value)}" for name, value in written.items())


def measured(kind: str, suffix: str, count: int) -> dict[str, float]:
    """Scripts a second of one class, and memory in MiB."""
    net, random, memory = example(), Random(1), {}  # noqa: S311  made-up scripts, no secrets
    problem = hg.load(ROOT / "examples" / "ann.toml")

    def progress(done: int, whole: int) -> None:
        if done in (FIRST, whole):
            memory[done] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for i in range(count):
            (folder / f"{i:06}{suffix}").write_text(text(CLASSES[kind](net, random, i).written, suffix))
        start = time.process_time()
        mark_class(problem, folder, folder / "marks.out", progress)
        spent = time.process_time() - start
    first, *_, last = memory.values()
    return {"scripts a second": count / spent, "MiB after 1,000": first, "MiB at the end": last}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scripts", type=int, default=2000)
    options.add_argument("--only", default="")
    options.add_argument("--json", metavar="OUT")
    chosen = options.parse_args()
    runs = [(kind, ".toml") for kind in CLASSES] + [("mix", suffix) for suffix in FORMATS[1:]]
    wanted, found = set(filter(None, chosen.only.split(","))), {}
    for kind, suffix in runs:
        if wanted and kind + suffix not in wanted:
            continue
        # a process of its own for each, whose peak of memory is that of its class
        with multiprocessing.get_context("spawn").Pool(1) as one:
            figures = one.apply(measured, (kind, suffix, chosen.scripts))
        found[kind + suffix] = figures
        speed, first, last = figures.values()
        print(f"{kind + suffix:<15} {speed:7.0f} a second, {first:6.1f} MiB after {FIRST}, {last:6.1f} at the end")
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
