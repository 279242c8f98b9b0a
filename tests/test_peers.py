"""The harness of ``python -m benchmarks.peers`` and ``benchmarks.mnist``: what it computes, not how fast."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from benchmarks import mnist
from benchmarks.peers import peak, tables
from benchmarks.peers.load import Watch
from benchmarks.peers.race import Effort, Entrant, Result, raced
from benchmarks.peers.team import Failed, Team
from benchmarks.peers.worker import MODULES
from benchmarks.peers.works import CHECKED, LENET, VGG, WORKS, Layer, Work, dense, named, square

import handgrad as hg
from conftest import ROOT

QUICK = Effort(repeats=3, block=1e-4, trials=1, compiled=False, patience=0.0)
SLOWER = pytest.mark.filterwarnings("ignore:.* no kernel yet:RuntimeWarning")
"""An op that runs by its reference rule is slower, and as right."""
SMALL = (
    Work("a", "a", (5,), dense(4, 3), 6),
    Work("b", "b", (1, 8, 8), (LENET[0], VGG[2], LENET[1], Layer("flatten"), Layer("dense", 3)), 4, chunk=10),
    Work("d", "d", (5,), dense(4, 3), 6, kind="epoch", examples=64),
    Work("e", "e", (5,), dense(4, 3), 6, kind="per_example", batches=1),
)


@SLOWER
@pytest.mark.parametrize("work", SMALL, ids=lambda work: work.key)
def test_all_compute_the_same_losses_in_every_form(work: Work) -> None:
    found = {}
    for module in (import_module(f"benchmarks.peers.{name}") for name in MODULES.values()):
        for form in module.forms(work):
            if not form.startswith("compile"):
                runner = module.Runner(work, form, 1)
                found[module.__name__, form] = runner.losses()
                assert runner.run(3) >= 3
                assert runner.losses() == pytest.approx(found[module.__name__, form], rel=1e-6), "from the start again"
    first = next(iter(found.values()))
    assert len(first) == (6 if work.kind == "per_example" else CHECKED)
    assert len(set(first)) > 1
    for losses in found.values():
        assert losses == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.key)
def test_a_work_is_a_network_of_handgrad(work: Work) -> None:
    network = hg.Network(work.tables(), list(work.input))
    assert [written.shape for written in network.parameters.values()] == [value.shape for value in work.parameters()]
    assert network.output == work.shapes()[-1] == (work.classes,)


def test_flops_are_those_of_the_products() -> None:
    assert square(64, 2).flops() == 2 * 2 * (2 * 64 * 64 + 3 * 64 * 64 + 3 * 64 * 10)
    convolution = Work("", "", (3, 4, 4), (Layer("conv", 5, 3, 1), Layer("flatten"), Layer("dense", 2)), 1)
    assert convolution.flops() == 2 * (2 * 3 * 9 * 5 * 16 + 3 * 80 * 2)


def test_works_are_found_by_key() -> None:
    assert named("iris").batch == 32
    assert named("64x16") == square(64, 16)
    epoch = named("epoch:100")
    assert (epoch.key, epoch.count, epoch.title) == ("epoch:100", 100, "an epoch of 100 × 784, 784-128-10, batch 64")
    assert sorted(epoch.order(3)) == list(range(100))
    assert not np.array_equal(epoch.order(3), epoch.order(4))


class Scripted:
    """A worker whose forms take given times."""

    def __init__(self, forms: dict[str, Any], losses: list[float]) -> None:
        self.forms, self.losses, self.made = forms, losses, 0

    def ask(self, **request: Any) -> Any:
        if "forms" in request:
            return {form: column for form, (column, _) in self.forms.items()}
        if "build" in request:
            if self.forms[request["build"]][1] is None:
                message = "ValueError: no"
                raise Failed(message)
            return {"seconds": 2.0, "losses": self.losses}
        if "run" in request:
            self.made += 1
            seconds = self.forms[request["run"]][1] * request["count"]
            disturbed = self.made % 4 == 0
            return {
                "seconds": seconds * (9 if disturbed else 1),
                "made": request["count"],
                "cpu": 2 * seconds,
                "foreign": 0.9 * disturbed,
                "waited": 0,
            }
        return {}


class Script:
    """A team of scripted workers."""

    def __init__(self, **workers: Any) -> None:
        self.workers, self.frameworks = workers, tuple(workers)

    def worker(self, framework: str) -> Any:
        return self.workers[framework]


def test_the_fastest_form_of_a_column_counts_and_disturbed_blocks_are_left_out() -> None:
    team = Script(
        ours=Scripted({"step": ("ours, step", 2e-4), "train": ("ours", 1e-4)}, [1.0, 0.5]),
        torch=Scripted({"sgd": ("torch eager", 4e-4), "grad": ("torch eager", 3e-4)}, [1.0, 0.50001]),
        jax=Scripted({"jit": ("JAX jit", 5e-4), "flat": ("JAX jit", None), "scan": ("JAX scan", 1.5e-4)}, [1.0, 0.5]),
    )
    result = raced(team, WORKS[0], Effort(repeats=8, block=0.01))
    assert {column: entrant.form for column, entrant in result.entrants.items()} == {
        "ours, step": "step",
        "ours": "train",
        "torch eager": "grad",
        "JAX jit": "jit",
        "JAX scan": "scan",
    }
    assert result.failed == {"JAX jit (flat)": "ValueError: no"}
    assert result.seconds("ours") == pytest.approx(1e-4)
    assert max(result.entrants["ours"].times) == pytest.approx(9e-4)
    assert result.ratio("ours", tables.STEPWISE) == pytest.approx(3)
    assert result.ratio("ours", tables.MANY) == pytest.approx(1.5)
    assert result.ratio("ours, step", tables.STEPWISE) == pytest.approx(1.5)
    assert result.ratio("torch.compile", tables.STEPWISE) is None
    assert result.difference == pytest.approx(2e-5)
    assert result.agree
    text = tables.ratios({"tiny": result}, {"tiny": WORKS[0]})
    assert text.splitlines()[2].split("|")[1:-1] == [
        " 3-3-3-3, one example       ",
        *("    10× ", " 3.00× ", " not met "),
        *("     3.00× ", "        3.00× ", "      1.50× ", "       1.50× ", " not met "),
    ]
    assert "JAX scan" in tables.built({"tiny": result}, {"tiny": WORKS[0]})
    assert tables.failures({"tiny": result}) == ["- tiny, JAX jit (flat): ValueError: no"]


@pytest.mark.parametrize("other", [[1.0, 0.6], [1.0], [1.0, float("nan")]])
def test_other_losses_are_told(other: list[float]) -> None:
    team = Script(
        ours=Scripted({"train": ("ours", 1e-3)}, [1.0, 0.5]), torch=Scripted({"sgd": ("torch eager", 1e-3)}, other)
    )
    result = raced(team, WORKS[0], QUICK)
    assert not result.agree
    assert "DIFFERENT" in tables.steps({"tiny": result}, {"tiny": WORKS[0]}, 1e9)


def test_few_calm_blocks_are_not_enough_to_leave_the_others_out() -> None:
    entrant = Entrant("ours", "train", "ours", times=[1.0, 2.0, 3.0], foreign=[0.0, 0.0, 0.5])
    assert entrant.kept == entrant.times
    assert Result({"ours": entrant}).seconds("ours") == median(entrant.times)


def test_a_worker_answers_errors_and_goes_on() -> None:
    with Team(1, ("ours",)) as team:
        worker = team.worker("ours")
        with pytest.raises(Failed, match="ValueError"):
            worker.ask(forms="no such work")
        assert worker.ask(forms="iris") == {"step": "ours, step", "train": "ours"}
        assert worker.ask(memory=True) > 10_000_000
        worker.close()
        assert team.worker("ours") is not worker


def test_the_command_prints_tables_and_writes_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.peers", "--quick", "--frameworks", "ours", "--works", "iris"]
    options = ["--threads", "1", "--parts", "works", "-o", str(tmp_path / "out.json")]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "| 4-16-3, batch 32" in done.stdout
    found = json.loads((tmp_path / "out.json").read_text())
    columns = found["threads"]["1"]["works"]["iris"]["columns"]
    assert set(columns) == {"ours, step", "ours"}
    assert columns["ours"]["minimum"] <= columns["ours"]["median"]
    assert len(columns["ours"]["losses"]) == CHECKED


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "—"), (12.34, "12.3 s"), (0.01234, "12.3 ms"), (1.234e-6, "1.23 µs"), (2e-8, "20 ns")]
)
def test_times_have_three_figures(seconds: float | None, text: str) -> None:
    assert tables.spent(seconds) == text


def test_the_other_tables() -> None:
    start = {
        "ours": {"median": 1.0, "minimum": 0.9},
        "torch eager": {"median": 2.0, "minimum": 1.9},
        "x": {"failed": "no"},
    }
    assert tables.starts(start, 1.5).endswith("best peer over ours: 2.00×, target 1.5×: met")
    memory = {"tiny": {"ours": 2**21, "torch eager": 2**20, "JAX jit": None}}
    assert "2 MiB |       1 MiB |       — |           not met |" in tables.memory(memory, {"tiny": WORKS[0]})
    assert "| 2 threads        | 3 |" in tables.peaks({"2": {"a": 3e9}})


def test_the_loop_of_the_peak_multiplies_and_adds() -> None:
    _held, loop = peak.compiled(8, 12)
    a, b = np.float32(0.999), np.float32(0.001)
    values = np.arange(1, 13, dtype=np.float64)
    for rounds in (1, 5):
        expected = values
        for _ in range(rounds):
            expected = expected * a + b
        assert loop(rounds) == pytest.approx(expected.sum(), rel=1e-5)


def test_own_work_is_not_foreign() -> None:
    watch = Watch()
    sum(range(10**6))
    assert watch.foreign() >= 0
    assert watch.cores


def idx_bytes(array: Any) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


def test_idx_files_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    arrays = [rng.integers(0, 256, shape).astype(np.uint8) for shape in ((5, 28, 28), (5,), (2, 28, 28), (2,))]
    for name, array in zip(mnist.FILES, arrays, strict=True):
        (tmp_path / name).write_bytes(idx_bytes(array))
    data = mnist.Mnist.of(tmp_path).shaped(mnist.TASKS["mlp"].work)
    assert data.x.shape == (5, 784)
    assert data.x.dtype == np.float32
    assert np.array_equal(np.rint(data.x * 255), arrays[0].reshape(5, 784))
    assert np.array_equal(data.test_y, arrays[3])


@SLOWER
@pytest.mark.parametrize("key", ["mlp", "lenet"])
def test_ours_and_pytorch_learn_the_same_from_shifted_images(key: str) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((160, 28, 28), dtype=np.float32), rng.integers(0, 10, 160)
    courses = mnist.trained(mnist.TASKS[key], mnist.Mnist(x, y, x[:50], y[:50]), 2, 1, ["ours", "torch"])
    assert courses["ours"].losses == pytest.approx(courses["torch"].losses, rel=1e-4)
    assert courses["ours"].errors == courses["torch"].errors
    assert len(courses["ours"].seconds) == 2
