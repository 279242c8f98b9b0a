"""What a trace of a large model costs beside PyTorch's own forward and backward pass, on the CPU.

    python benchmarks/large.py [--json OUT] [--repeats N] [--only NAME]

Medians of interleaved repeats, the same number of threads for both. Both compute the gradient of every
parameter and of the input. PyTorch is needed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

import handgrad as hg

THREADS = 2


def lenet() -> nn.Module:
    """LeNet-5 on 28×28 images."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def vgg() -> nn.Module:
    """Four 3×3 convolutions in two blocks, then two dense layers, on 32×32 images."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 8 * 8, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )


class Block(nn.Module):
    """Two 3×3 convolutions beside a path that skips them."""

    def __init__(self, ins: int, outs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outs)
        self.conv2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outs)
        self.relu = nn.ReLU()
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or ins != outs:
            self.skip = nn.Sequential(nn.Conv2d(ins, outs, 1, stride, bias=False), nn.BatchNorm2d(outs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """relu(F(x) + skip(x))."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        found: torch.Tensor = self.relu(inner + self.skip(x))
        return found


def resnet18() -> nn.Module:
    """ResNet-18 of width 64 with 1000 classes."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    layers.append(nn.MaxPool2d(3, 2, 1))
    ins = 64
    for outs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(ins, outs, stride), Block(outs, outs, 1)]
        ins = outs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


CASES: tuple[tuple[str, Callable[[], nn.Module], tuple[int, ...], int], ...] = (
    ("LeNet-5, 8×1×28×28", lenet, (8, 1, 28, 28), 10),
    ("LeNet-5, 64×1×28×28", lenet, (64, 1, 28, 28), 10),
    ("VGG-style, 8×3×32×32", vgg, (8, 3, 32, 32), 10),
    ("VGG-style, 32×3×32×32", vgg, (32, 3, 32, 32), 10),
    ("ResNet-18, 1×3×64×64", resnet18, (1, 3, 64, 64), 1000),
    ("ResNet-18, 4×3×64×64", resnet18, (4, 3, 64, 64), 1000),
    ("ResNet-18, 1×3×224×224", resnet18, (1, 3, 224, 224), 1000),
    ("ResNet-18, 4×3×224×224", resnet18, (4, 3, 224, 224), 1000),
)


def seconds(work: Callable[[], object]) -> float:
    """The wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compared(build: Callable[[], nn.Module], shape: tuple[int, ...], classes: int, dtype: str, repeats: int) -> Any:
    """The medians of PyTorch and of the trace, and their ratio."""
    torch.manual_seed(1)
    model = build().to(getattr(torch, dtype)).eval()
    x = torch.randn(shape, dtype=getattr(torch, dtype))
    labels = torch.randint(classes, (shape[0],))
    loss = nn.CrossEntropyLoss()
    start = time.perf_counter()
    problem = hg.from_torch(model, x, labels, loss)
    brought = time.perf_counter() - start
    own_x = x.clone().requires_grad_()

    def own() -> None:
        model.zero_grad()
        own_x.grad = None
        loss(model(own_x), labels).backward()

    runs: dict[str, Callable[[], object]] = {"torch": own, "handgrad": lambda: hg.solve(problem, dtype)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for work in runs.values():
        work()
    for _ in range(repeats):
        for name, work in runs.items():
            times[name].append(seconds(work))
    medians = {name: median(values) for name, values in times.items()}
    return {**medians, "ratio": medians["handgrad"] / medians["torch"], "import": brought}


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--json", metavar="OUT")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    results: dict[str, Any] = {}
    for name, build, shape, classes in CASES:
        for dtype in ("float32", "float64"):
            if options.only in name:
                found = compared(build, shape, classes, dtype, options.repeats)
                results[f"{name}, {dtype}"] = found
                own, trace, brought = (f"{found[key] * 1000:9.1f} ms" for key in ("torch", "handgrad", "import"))
                print(f"{name:<24}{dtype:<9}{own}{trace}{found['ratio']:7.2f}×  from_torch{brought}", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
