"""The results as Markdown tables, readable in a terminal too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.peers.race import COLUMNS, STEPWISE, Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.peers.works import Work

MANY = (*STEPWISE, "JAX scan")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with its columns set under one another."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join([first, *others])} |"

    rule = "|" + "|".join("-" * (width + 1) + ("-" if i == 0 else ":") for i, width in enumerate(widths)) + "|"
    return "\n".join([line(heads), rule, *map(line, rows)])


def spent(seconds: float | None) -> str:
    """A time with three figures."""
    if seconds is None:
        return "—"
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            value = seconds * factor
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def times(value: float | None) -> str:
    """A ratio."""
    return "—" if value is None else f"{value:.2f}×"


def share(work: Work, seconds: float | None, peak: float | None) -> str:
    """What part of the peak the matrix products of a step make."""
    if seconds is None or not peak or work.kind != "step":
        return "—"
    return f"{100 * work.flops() / seconds / peak:.0f} %"


def same(result: Result) -> str:
    """Whether all compute the same losses."""
    return "same" if result.agree else f"DIFFERENT ({result.difference:.1e})"


def steps(results: Mapping[str, Result], works: Mapping[str, Work], peak: float | None) -> str:
    """Median times of a step, an epoch or the gradients of a batch; ours also as a share of the peak."""
    rows = [
        [
            works[key].title,
            *(spent(result.seconds(column)) for column in COLUMNS),
            share(works[key], result.seconds("ours"), peak),
            same(result),
        ]
        for key, result in results.items()
    ]
    return table(["work", *COLUMNS, "of peak", "losses"], rows)


def built(results: Mapping[str, Result], works: Mapping[str, Work]) -> str:
    """The form that was fastest in each column, and the seconds until its first losses were there."""
    rows = []
    for key, result in results.items():
        found = (result.entrants.get(column) for column in COLUMNS)
        rows.append([works[key].title, *(f"{e.title}, {e.built:.1f} s" if e else "—" for e in found)])
    return table(["form and compilation", *COLUMNS], rows)


def verdict(value: float | None, target: float | None) -> str:
    """Whether a ratio reaches its target."""
    if value is None or target is None:
        return "—"
    return "met" if value >= target else "not met"


def ratios(results: Mapping[str, Result], works: Mapping[str, Work]) -> str:
    """The best peer's time over ours.

    "table": our best way against PyTorch eager, torch.compile and JAX jit; "one a call": ``step`` against the
    same; "many a call": ``train`` against the best of all, lax.scan among them; "of CPU times": as "table", the
    processes' CPU time, which others on the machine hardly change: what to read for one thread on a loaded machine
    (for more threads it counts those that spin).
    """
    rows = []
    for key, result in results.items():
        target = works[key].target
        own = result.ratio("ours", STEPWISE)
        rows.append(
            [
                works[key].title,
                "—" if target is None else f"{target:g}×",
                times(own),
                verdict(own, target),
                times(result.ratio("ours", STEPWISE, "least")),
                times(result.ratio("ours", STEPWISE, "cpu")),
                times(result.ratio("ours, step", STEPWISE)),
                times(result.ratio("ours", MANY)),
                verdict(result.ratio("ours", MANY), target),
            ]
        )
    heads = [
        "best peer's time over ours",
        "target",
        "table",
        "",
        "of minima",
        "of CPU times",
        "one a call",
        "many a call",
        " ",
    ]
    return table(heads, rows)


def starts(found: Mapping[str, Mapping[str, Any]], target: float) -> str:
    """From process start to the first finished step."""
    rows = [
        [name, spent(entry.get("median")), spent(entry.get("minimum")), entry.get("failed", "")]
        for name, entry in found.items()
    ]
    peers = [entry["median"] for name, entry in found.items() if name != "ours" and "median" in entry]
    text = table(["from process start to the first step", "median", "minimum", ""], rows)
    if peers and "median" in found.get("ours", {}):
        ratio = min(peers) / found["ours"]["median"]
        text += f"\n\nbest peer over ours: {times(ratio)}, target {target:g}×: {verdict(ratio, target)}"
    return text


def memory(found: Mapping[str, Mapping[str, int | None]], works: Mapping[str, Work]) -> str:
    """The most memory of a process in some steps."""
    names = list(next(iter(found.values())))
    rows = []
    for key, entry in found.items():
        ours, theirs = entry.get("ours"), entry.get("torch eager")
        cells = ["—" if entry[name] is None else f"{(entry[name] or 0) / 2**20:.0f} MiB" for name in names]
        rows.append([works[key].title, *cells, verdict(theirs / ours, 1.0) if ours and theirs else "—"])
    return table(["peak memory (VmHWM)", *names, "at most PyTorch's"], rows)


def peaks(found: Mapping[str, Mapping[str, float]]) -> str:
    """The machine's float32 peak, GFLOP/s."""
    ways = list(dict.fromkeys(way for entry in found.values() for way in entry))
    rows = [
        [f"{threads} threads", *(f"{entry.get(way, 0) / 1e9:.0f}" for way in ways)] for threads, entry in found.items()
    ]
    return table(["float32, GFLOP/s", *ways], rows)


def scaling(results: Mapping[str, Result], works: Mapping[str, Work], peak: float | None) -> str:
    """Ours and the best peer by width and batch: time of a step, share of the peak, ratio."""
    rows = [
        [
            works[key].title,
            *(spent(result.seconds(column)) for column in ("ours", "torch eager", "JAX jit", "JAX scan")),
            share(works[key], result.seconds("ours"), peak),
            times(result.ratio("ours", MANY)),
            same(result),
        ]
        for key, result in results.items()
    ]
    return table(
        ["scaling", "ours", "torch eager", "JAX jit", "JAX scan", "of peak", "best peer over ours", "losses"], rows
    )


def failures(results: Mapping[str, Result]) -> list[str]:
    """What could not be timed, and why."""
    return [f"- {key}, {what}: {why}" for key, result in results.items() for what, why in result.failed.items()]
