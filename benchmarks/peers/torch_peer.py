"""PyTorch on a work: eager and compiled, each in several forms of which the fastest counts.

- "sgd": autograd with zero_grad(set_to_none=True) and torch.optim.SGD(foreach=True); "fused": SGD(fused=True);
  "grad": torch.autograd.grad and one torch._foreach_add_, without an optimizer's bookkeeping.
- "… channels_last": the same with images and kernels in that layout.
- "compile …": the loss under torch.compile, with the update of the eager form; "compile whole": the whole step
  as one function of the parameters (torch.func.grad_and_value and the update in one graph).
- "vmap": vmap(grad) of torch.func, "compile vmap" the same compiled.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from benchmarks.peers.works import CHECKED, RATE, Work
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EAGER = ("sgd", "fused", "grad")


def set_up(threads: int) -> dict[str, str]:
    """Set the threads; the version."""
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    return {"torch": torch.__version__}


def forms(work: Work) -> dict[str, str]:
    """The forms of a work and the column that each belongs to."""
    if work.kind == "per_example":
        return {"vmap": "torch eager", "compile vmap": "torch.compile"}
    found = dict.fromkeys(EAGER, "torch eager") | {"compile grad": "torch.compile", "compile whole": "torch.compile"}
    if work.images:
        found |= {f"{form} channels_last": column for form, column in found.items() if form != "compile whole"}
    return found


def scores(work: Work, parameters: list[Any], x: Any) -> Any:
    """The logits of a batch."""
    values = iter(parameters)
    for layer in work.layers:
        if layer.op == "dense":
            x = functional.linear(x, next(values), next(values))
        elif layer.op == "conv":
            x = functional.conv2d(x, next(values), next(values), padding=layer.padding)
        elif layer.op == "max_pool":
            x = functional.max_pool2d(x, layer.size)
        elif layer.op == "average_pool":
            x = functional.avg_pool2d(x, layer.size)
        else:
            x = x.flatten(1)
        if layer.activation:
            x = torch.sigmoid(x) if layer.activation == "logistic" else functional.relu(x)
    return x


def loss_of(work: Work, parameters: list[Any], x: Any, y: Any) -> Any:
    """The mean cross-entropy of a batch."""
    return functional.cross_entropy(scores(work, parameters, x), y)


class Runner:
    """A work in one form."""

    def __init__(self, work: Work, form: str, threads: int) -> None:
        del threads  # set for the process
        self.work, self.form = work, form
        layout = torch.channels_last if "channels_last" in form else torch.contiguous_format
        x, y = work.data()
        self.x = torch.from_numpy(x).contiguous(memory_format=layout)
        self.y = torch.from_numpy(y)
        self.start = [torch.from_numpy(value) for value in work.parameters()]
        whole = "whole" in form
        self.parameters = [
            value.clone(memory_format=layout if value.ndim == 4 else torch.contiguous_format).requires_grad_(not whole)
            for value in self.start
        ]
        self.epochs = 0
        loss: Callable[..., Any] = partial(loss_of, work)
        if form.startswith("compile") and not whole:
            loss = torch.compile(loss, dynamic=False)
        if work.kind == "per_example":
            self.gradients = self._per_example_gradients()
        else:
            self.step = self._whole() if whole else self._eager(loss)

    def _eager(self, loss: Callable[..., Any]) -> Callable[[Any, Any], Any]:
        parameters = self.parameters
        if "grad" in self.form:

            def functional_step(x: Any, y: Any) -> Any:
                value = loss(parameters, x, y)
                gradients = torch.autograd.grad(value, parameters)
                with torch.no_grad():
                    torch._foreach_add_(parameters, gradients, alpha=-RATE)
                return value

            return functional_step
        update = torch.optim.SGD(parameters, RATE, **({"fused": True} if "fused" in self.form else {"foreach": True}))

        def step(x: Any, y: Any) -> Any:
            value = loss(parameters, x, y)
            update.zero_grad(set_to_none=True)
            value.backward()
            update.step()
            return value

        return step

    def _whole(self) -> Callable[[Any, Any], Any]:
        work, parameters = self.work, self.parameters

        @torch.compile(dynamic=False)
        def step(parameters: list[Any], x: Any, y: Any) -> Any:
            gradients, value = torch.func.grad_and_value(partial(loss_of, work))(parameters, x, y)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=RATE)
            return value

        return partial(step, parameters)

    def _per_example_gradients(self) -> Callable[[], Any]:
        work, parameters = self.work, [value.detach() for value in self.parameters]

        def of_one(parameters: list[Any], x: Any, y: Any) -> Any:
            return loss_of(work, parameters, x[None], y[None])

        of_each = torch.func.vmap(torch.func.grad(of_one), in_dims=(None, 0, 0))
        if self.form.startswith("compile"):
            of_each = torch.compile(of_each, dynamic=False)
        return partial(of_each, parameters, self.x, self.y)

    def losses(self) -> list[float]:
        """The first losses from the start weights; of per-example gradients the norms."""
        if self.work.kind == "per_example":
            squares = sum((g.double().flatten(1) ** 2).sum(1) for g in self.gradients())
            return [float(n) for n in squares.sqrt()]
        with torch.no_grad():
            for value, start in zip(self.parameters, self.start, strict=True):
                value.copy_(start)
        if self.work.kind == "epoch":
            order = torch.from_numpy(self.work.order(0)[: CHECKED * self.work.batch])
            return [self.step(x, y).item() for x, y in self._batches(order)]
        batches = self._fixed()
        return [self.step(*batches[i % len(batches)]).item() for i in range(CHECKED)]

    def run(self, count: int) -> int:
        """Make ``count`` steps (epochs, gradients)."""
        batches = self._fixed() if self.work.kind == "step" else []
        for i in range(count):
            if self.work.kind == "step":
                self.step(*batches[i % len(batches)])
            elif self.work.kind == "per_example":
                self.gradients()
            else:
                self.epochs += 1
                for x, y in self._batches(torch.from_numpy(self.work.order(self.epochs))):
                    self.step(x, y)
        return count

    def _fixed(self) -> list[tuple[Any, Any]]:
        return list(zip(self.x.split(self.work.batch), self.y.split(self.work.batch), strict=True))

    def _batches(self, order: Any) -> Iterator[tuple[Any, Any]]:
        for chosen in order.split(self.work.batch):
            yield self.x.index_select(0, chosen), self.y.index_select(0, chosen)
