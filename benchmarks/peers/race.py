"""One work timed on every framework: forms built, losses held against each other, blocks of steps interleaved."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.peers.load import QUIET
from benchmarks.peers.team import Failed, Team

if TYPE_CHECKING:
    from benchmarks.peers.works import Work

TOLERANCE = 1e-4
CALM = 3
"""So many undisturbed blocks are enough to leave the others out."""
COLUMNS = ("ours, step", "ours", "torch eager", "torch.compile", "JAX jit", "JAX scan")
STEPWISE = ("torch eager", "torch.compile", "JAX jit")
"""The peers of the issue's table: one call a step."""


@dataclass(frozen=True)
class Effort:
    """How much time a measurement takes."""

    repeats: int = 15
    block: float = 0.1
    """Seconds that a block of steps should last."""
    trials: int = 3
    """Blocks that decide which form of a column is timed."""
    compiled: bool = True
    """Whether torch.compile takes part."""
    patience: float = 30.0
    """Seconds in all that a work may wait for others to leave the cores."""


@dataclass
class Entrant:
    """A form of a framework in one column; times in seconds a step."""

    framework: str
    form: str
    column: str
    built: float = 0.0
    """Seconds until the first losses were there: mostly compilation."""
    losses: list[float] = field(default_factory=list)
    count: int = 1
    times: list[float] = field(default_factory=list)
    foreign: list[float] = field(default_factory=list)
    """Beside each time the share of the cores that other processes took."""
    cpu: list[float] = field(default_factory=list)
    """Beside each time the CPU seconds a step. On one core it is what a quiet machine would have taken."""

    @property
    def title(self) -> str:
        """The form, and how its threads wait where that was chosen."""
        return " ".join([self.form, *self.framework.split()[1:]])

    @property
    def kept(self) -> list[float]:
        """The times of undisturbed blocks where there are three, else of all."""
        calm = [spent for spent, foreign in zip(self.times, self.foreign, strict=True) if foreign <= QUIET]
        return calm if len(calm) >= CALM else self.times


@dataclass
class Result:
    """What one work gave: the entrant of each column, what failed, whether all losses agree."""

    entrants: dict[str, Entrant] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    difference: float = 0.0
    """The largest relative difference of a loss from the first entrant's."""

    def seconds(self, column: str) -> float | None:
        """The median time of a step, None where the column has none."""
        entrant = self.entrants.get(column)
        return median(entrant.kept) if entrant and entrant.times else None

    def least(self, column: str) -> float | None:
        """The shortest time of a step."""
        entrant = self.entrants.get(column)
        return min(entrant.times) if entrant and entrant.times else None

    def cpu(self, column: str) -> float | None:
        """The median CPU time of a step."""
        entrant = self.entrants.get(column)
        return median(entrant.cpu) if entrant and entrant.cpu else None

    def ratio(self, own: str, peers: tuple[str, ...], of: str = "seconds") -> float | None:
        """The best peer's time over ours: ``of`` median "seconds", the "least" or median "cpu"."""
        spent = getattr(self, of)
        ours, theirs = spent(own), [t for t in map(spent, peers) if t is not None]
        return min(theirs) / ours if ours and theirs else None

    @property
    def agree(self) -> bool:
        """Whether all compute the same losses."""
        return self.difference <= TOLERANCE

    def as_json(self) -> dict[str, Any]:
        """All that was found."""
        columns = {
            column: {
                "form": entrant.title,
                "median": median(entrant.kept),
                "minimum": min(entrant.times),
                "times": entrant.times,
                "foreign": entrant.foreign,
                "cpu": entrant.cpu,
                "until first losses": entrant.built,
                "losses": entrant.losses,
            }
            for column, entrant in self.entrants.items()
        }
        return {"columns": columns, "failed": self.failed, "difference": self.difference}


def raced(team: Team, work: Work, effort: Effort) -> Result:
    """Time a work on every framework of the team."""
    result = Result()
    entrants = [entrant for name in team.frameworks for entrant in _entered(team, name, work, effort, result)]
    result.difference = _difference(entrants)
    blocks = _Blocks(team, effort)
    entrants = [
        entrant for entrant in entrants if _attempt(result, entrant, lambda entrant=entrant: blocks.calibrate(entrant))
    ]
    blocks.rounds(entrants, effort.trials, result)
    for column in COLUMNS:
        forms = [entrant for entrant in entrants if entrant.column == column and entrant.times]
        if forms:
            result.entrants[column] = min(forms, key=lambda entrant: min(entrant.times))
    chosen = list(result.entrants.values())
    for entrant in chosen:
        entrant.times, entrant.foreign, entrant.cpu = [], [], []
    blocks.rounds(chosen, effort.repeats, result)
    result.entrants = {column: entrant for column, entrant in result.entrants.items() if entrant.times}
    for name in team.frameworks:
        _quietly(team, name)
    return result


def _entered(team: Team, framework: str, work: Work, effort: Effort, result: Result) -> list[Entrant]:
    """The forms of a framework that could be built."""
    try:
        forms: dict[str, str] = team.worker(framework).ask(forms=work.key)
    except Failed as error:
        result.failed[framework] = str(error)
        return []
    found = []
    for form, column in forms.items():
        entrant = Entrant(framework, form, column)
        if column == "torch.compile" and not effort.compiled:
            continue
        if _attempt(result, entrant, lambda entrant=entrant: _build(team, entrant, work)):
            found.append(entrant)
    return found


def _attempt(result: Result, entrant: Entrant, act: Any) -> bool:
    """Do something with an entrant; a failure is written down, and the rest goes on."""
    try:
        act()
    except Failed as error:
        result.failed[f"{entrant.column} ({entrant.title})"] = str(error)
        return False
    return True


def _build(team: Team, entrant: Entrant, work: Work) -> None:
    answer = team.worker(entrant.framework).ask(build=entrant.form, work=work.key)
    entrant.built, entrant.losses = answer["seconds"], answer["losses"]


class _Blocks:
    """Times blocks of steps; waits for quiet as long as the patience lasts."""

    def __init__(self, team: Team, effort: Effort) -> None:
        self.team, self.block, self.patience = team, effort.block, effort.patience

    def timed(self, entrant: Entrant) -> tuple[float, float, float]:
        """Seconds a step over a block, the share of others in it, CPU seconds a step."""
        answer = self.team.worker(entrant.framework).ask(
            run=entrant.form, count=entrant.count, patience=min(1.0, max(self.patience, 0.0))
        )
        self.patience -= answer["waited"]
        return answer["seconds"] / answer["made"], answer["foreign"], answer["cpu"] / answer["made"]

    def calibrate(self, entrant: Entrant) -> None:
        """Find how many steps fill a block; the first ones, slow in some frameworks, are left out."""
        self.timed(entrant)
        for _ in range(6):
            spent = self.timed(entrant)[0]
            if spent * entrant.count >= self.block / 2:
                break
            entrant.count = min(10 * entrant.count, max(entrant.count + 1, int(self.block / spent)))

    def add(self, entrant: Entrant) -> None:
        """Time one more block."""
        spent, foreign, cpu = self.timed(entrant)
        entrant.times.append(spent)
        entrant.foreign.append(foreign)
        entrant.cpu.append(cpu)

    def rounds(self, entrants: list[Entrant], rounds: int, result: Result) -> None:
        """Blocks of all entrants in turn."""
        for _ in range(rounds):
            for entrant in entrants:
                _attempt(result, entrant, lambda entrant=entrant: self.add(entrant))


def _difference(entrants: list[Entrant]) -> float:
    """The largest relative difference between losses of the first entrant and of the others."""
    if not entrants:
        return 0.0
    first = entrants[0].losses
    found = 0.0
    for entrant in entrants[1:]:
        if len(entrant.losses) < len(first):
            return float("inf")
        pairs = zip(first, entrant.losses, strict=False)
        found = max(found, *(abs(a - b) / max(abs(a), 1e-12) if a == a and b == b else float("inf") for a, b in pairs))  # noqa: PLR0124  NaN
    return found


def _quietly(team: Team, framework: str) -> None:
    """Let a worker forget the work."""
    try:
        team.worker(framework).ask(drop=True)
    except Failed:
        return
