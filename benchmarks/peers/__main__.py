"""handgrad's engine, PyTorch and JAX side by side in one run.

    python -m benchmarks.peers [-o OUT.json] [--works tiny,mnist] [--threads 1,2] [--repeats 15] [--quick]
                               [--parts peak,works,start,memory,scaling] [--scaling-seconds 300]

Each framework is alone in a process; all processes have the same cores and thread count; blocks of steps are timed
in turn, medians of the blocks that no other process disturbed (where there are three). Compilation is left out and
printed beside. Exit status 1 where frameworks compute different losses.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import first, peak, tables
from benchmarks.peers.race import Effort, Result, raced
from benchmarks.peers.team import FRAMEWORKS, Team
from benchmarks.peers.works import WORKS, named, square

PARTS = ("peak", "works", "start", "memory", "scaling")
START_TARGET = 1.5
WIDTHS = (64, 256, 1024, 4096)
BATCHES = (1, 4, 16, 64, 256, 1024, 4096)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="Ours, PyTorch and JAX timed in one run."
    )
    parser.add_argument("-o", "--output", type=Path, help="all figures as JSON")
    parser.add_argument("--works", default=",".join(work.key for work in WORKS), help="keys, by commas")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--frameworks", default=",".join(FRAMEWORKS), help="by commas")
    parser.add_argument("--scaling-seconds", type=float, default=300, help="for each thread count")
    parser.add_argument("--quick", action="store_true", help="few repeats, no torch.compile: to see that it runs")
    return parser.parse_args()


def effort(asked: argparse.Namespace) -> Effort:
    """How much time a work takes."""
    if asked.quick:
        return Effort(repeats=3, block=0.01, trials=1, compiled=False, patience=0.0)
    return Effort(repeats=asked.repeats)


def machine() -> dict[str, Any]:
    """The processor, its cores and what else runs."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load": os.getloadavg(),
        "time": time.strftime("%Y-%m-%d %H:%M"),
    }


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def of_works(asked: argparse.Namespace, threads: int, bound: float | None) -> tuple[dict[str, Any], bool]:
    """The tables of one thread count; the figures, and whether all losses agree."""
    keys = asked.works.split(",")
    works = {key: named(key) for key in keys}
    results: dict[str, Result] = {}
    with Team(threads, tuple(asked.frameworks.split(","))) as team:
        for key, work in works.items():
            begun = time.perf_counter()
            results[key] = raced(team, work, effort(asked))
            told = ", ".join(f"{name} {tables.spent(results[key].seconds(name))}" for name in results[key].entrants)
            took = f"{time.perf_counter() - begun:.0f} s, load {os.getloadavg()[0]:.1f}"
            print(f"{work.title}: {told} (took {took})", file=sys.stderr, flush=True)
        versions = team.versions
    say(f"\n## {threads} threads ({', '.join(f'{name} {version}' for name, version in versions.items())})\n")
    say(tables.steps(results, works, bound) + "\n")
    say(tables.built(results, works) + "\n")
    say(tables.ratios(results, works))
    say("\n".join(["", *tables.failures(results)]))
    found = {"versions": versions, "works": {key: result.as_json() for key, result in results.items()}}
    return found, all(result.agree for result in results.values())


def of_scaling(asked: argparse.Namespace, threads: int, bound: float | None) -> tuple[dict[str, Any], bool]:
    """The scaling table of one thread count, small works first, until the time is spent."""
    sizes = sorted(((w, b) for w in WIDTHS for b in BATCHES), key=lambda size: size[0] ** 2 * size[1])
    chosen = Effort(repeats=5, trials=1, compiled=False, patience=5.0)
    results: dict[str, Result] = {}
    begun = time.perf_counter()
    with Team(threads, tuple(asked.frameworks.split(","))) as team:
        for width, batch in sizes:
            if time.perf_counter() - begun > asked.scaling_seconds:
                break
            work = square(width, batch)
            results[work.key] = raced(team, work, effort(asked) if asked.quick else chosen)
    works = {key: named(key) for key in results}
    say(f"\n## Scaling, {threads} threads ({len(results)} of {len(sizes)} sizes in the time given)\n")
    say(tables.scaling(results, works, bound))
    return {key: result.as_json() for key, result in results.items()}, all(r.agree for r in results.values())


def main() -> None:
    """Measure, print, and write JSON where asked."""
    asked = options()
    parts = asked.parts.split(",")
    counts = [int(count) for count in asked.threads.split(",")]
    found: dict[str, Any] = {"machine": machine()}
    here = found["machine"]
    load = f"load {here['load'][0]:.1f}"
    say(f"# {here['processor']}, {here['cores']} cores, Python {here['python']}, {load}, {here['time']}")
    found["peak"] = {count: peak.measured(count) for count in counts} if "peak" in parts else {}
    if found["peak"]:
        say("\n" + tables.peaks(found["peak"]))
    agree = True
    for count in counts:
        bound = max(found["peak"].get(count, {}).values(), default=None)
        if "works" in parts:
            found.setdefault("threads", {})[count], same = of_works(asked, count, bound)
            agree &= same
        if "scaling" in parts:
            found.setdefault("scaling", {})[count], same = of_scaling(asked, count, bound)
            agree &= same
    most = max(counts)
    if "start" in parts:
        found["start"] = first.starts(most, 2 if asked.quick else 7)
        say(f"\n## Start, {most} threads\n\n" + tables.starts(found["start"], START_TARGET))
    if "memory" in parts:
        keys = tuple(asked.works.split(","))
        found["memory"] = first.memory(keys, most)
        say(f"\n## Memory, {most} threads\n\n" + tables.memory(found["memory"], {key: named(key) for key in keys}))
    found["load at the end"] = os.getloadavg()
    if asked.output:
        asked.output.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    sys.exit(0 if agree else "frameworks computed different losses (see the tables)")


if __name__ == "__main__":
    main()
