"""What each format costs: the network example written cold (a process of its own) and warm, and its size.

    python benchmarks/formats.py [--json OUT]

Cold is the CPU time (user and system) of the whole command, warm the time of one more rendering of the same
Document; medians of interleaved repeats. Read them beside "python, nothing else" and "solve to the terminal".
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import handgrad as hg
from handgrad.cli.output import SUFFIXES
from handgrad.working.document import Document
from solve import EXAMPLE, cpu_seconds

PROGRAM = "from handgrad.cli.main import main; main()"
FORMATS = {form: suffix for suffix, form in reversed(SUFFIXES.items())}
PICTURES = {"picture (SVG)": ".svg", "picture (PNG)": ".png", "picture (TikZ)": ".tex"}


def written(document: Document, form: str) -> int:
    """One rendering of a document; its size in bytes."""
    content = getattr(document, f"to_{form}")()
    return len(content.encode() if isinstance(content, str) else content)


def cold(repeats: int, folder: Path) -> dict[str, float]:
    """CPU seconds of each command."""
    runs = {"python, nothing else": [sys.executable, "-c", "pass"]}
    for form, suffix in FORMATS.items():
        runs[form] = [sys.executable, "-c", PROGRAM, "solve", EXAMPLE, "-o", str(folder / f"ann{suffix}")]
    for name, suffix in PICTURES.items():
        runs[name] = [sys.executable, "-c", PROGRAM, "draw", EXAMPLE, "-o", str(folder / f"picture{suffix}")]
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, command in runs.items():
            times[name].append(cpu_seconds(command))
    return {name: median(values) for name, values in times.items()}


def warm(repeats: int) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds of one more rendering in each format, and its size."""
    trace = hg.solve(hg.load(EXAMPLE))
    document = trace.working()
    sizes = {form: written(document, form) for form in FORMATS}
    times: dict[str, list[float]] = {form: [] for form in FORMATS}
    for _ in range(repeats):
        for form, spent in times.items():
            start = time.perf_counter()
            written(document, form)
            spent.append(time.perf_counter() - start)
    return {form: median(spent) for form, spent in times.items()}, sizes


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", metavar="OUT")
    options.add_argument("--repeats", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        processes = cold(chosen.repeats, Path(folder))
        renderings, sizes = warm(chosen.repeats)
        sizes |= {name: (Path(folder) / f"picture{suffix}").stat().st_size for name, suffix in PICTURES.items()}
    print(f"{'format':<24}{'cold, CPU':>12}{'warm':>12}{'size':>12}")
    for name, spent in processes.items():
        again = f"{1000 * renderings[name]:.1f} ms" if name in renderings else ""
        size = f"{sizes[name] / 1000:.1f} kB" if name in sizes else ""
        print(f"{name:<24}{1000 * spent:>9.0f} ms{again:>12}{size:>12}")
    if chosen.json:
        found = {"cold": processes, "warm": renderings, "bytes": sizes}
        Path(chosen.json).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
