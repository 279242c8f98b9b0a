"""PyTorch -> problem: the graph that ``torch.export`` draws of a module, op by op.

The module is drawn for one example. Each of its tensors has one axis of length 1 for the batch, which is
left out here: ``Tensor.batch`` says where it stands, None where a reshape has merged it (one example has
lost nothing by that).
"""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from handgrad.errors import InputError
from handgrad.interop.layers import Gathered, Named
from handgrad.ops.op import Shape
from handgrad.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tensor(Struct, frozen=True):
    """A tensor of the graph: the quantity it is, its shape with the batch axis, where that axis stands."""

    name: str
    shape: Shape
    batch: int | None

    @property
    def example(self) -> Shape:
        """Its shape without the batch axis."""
        return tuple(n for i, n in enumerate(self.shape) if i != self.batch)

    def axis(self, axis: int) -> int | None:
        """An axis of the tensor as one of an example, counted from 1; None for the batch axis."""
        axis %= len(self.shape)
        if axis == self.batch:
            return None
        return axis + 1 - (self.batch is not None and axis > self.batch)


def from_torch(
    module: Any, x: Any, y: Any = None, loss: Any = None, *, arithmetic: str = "float64", title: str = ""
) -> Problem:
    """The problem of a ``torch.nn.Module`` (or a function of tensors) on a batch.

    ``x`` is a batch of inputs (a tensor or array, axis 0 the examples; a tuple for several inputs), ``y`` the
    targets as the loss takes them, ``loss`` a torch.nn loss module or the name of a loss of handgrad. Without
    a loss the forward pass alone is worked. The module's own mode (train or eval) is kept.

    ``origins`` of the problem gives the name in the module of each parameter.

    Raises InputError that names what cannot be brought: the op, its place and the nearest that can.
    """
    torch = needs_torch()
    tensors = [torch.as_tensor(part) for part in (x if isinstance(x, (tuple, list)) else (x,))]
    reader = _Reader(torch, module, tensors)
    inputs = dict(zip(reader.gathered.inputs, tensors, strict=True))
    data: dict[str, Any] = {"batch": True} | {name: _numbers(tensor) for name, tensor in inputs.items()}
    tree: dict[str, Any] = {"arithmetic": arithmetic, "network": reader.gathered.tree(), "data": data}
    if title:
        tree["title"] = title
    if loss is not None:
        from handgrad.interop.torch_losses import loss_and_target

        tree["loss"], target = loss_and_target(torch, loss, y)
        data |= target
    problem = Problem.from_dict(tree)
    problem.origins = reader.gathered.origins
    return problem


def read_network(module: Any, tensors: list[Any]) -> dict[str, Any]:
    """The table [network] of a module, its arrays in it, as it works on a batch of these tensors."""
    return _Reader(needs_torch(), module, tensors).gathered.tree()


def needs_torch() -> Any:
    """The library torch. Raises InputError where it is not installed."""
    try:
        import torch
    except ImportError:
        message = 'a PyTorch model needs PyTorch: pip install "handgrad[torch]"'
        raise InputError(message) from None
    return torch


def _numbers(tensor: Any) -> Any:
    array = tensor.detach().cpu().numpy()
    return array if array.dtype.kind == "f" else array.astype("float64")


class _Reader:
    """Reads the exported graph node by node."""

    def __init__(self, torch: Any, module: Any, tensors: list[Any]) -> None:
        self.gathered = Gathered()
        self.tensors: dict[str, Tensor] = {}
        self.training: set[str] = set()
        module = module if isinstance(module, torch.nn.Module) else _wrapped(torch, module)
        with self._steady(torch, module):
            try:
                program = torch.export.export(module, tuple(tensor[:1] for tensor in tensors))
            except Exception as error:  # noqa: BLE001  whatever torch.export raises means that it cannot be drawn
                reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
                message = f"torch.export cannot draw this module as a graph: {reason}"
                raise InputError(message) from None
        self._read(program)

    @contextmanager
    def _steady(self, torch: Any, module: Any) -> Iterator[None]:
        """Batch normalisations by batch statistics refuse one example: they are drawn fixed, and remembered."""
        kinds = torch.nn.modules.batchnorm._BatchNorm  # noqa: SLF001  the base of all of them has no public name
        norms = {name: part for name, part in module.named_modules() if isinstance(part, kinds) and part.training}
        self.training = {f"{name}.running_mean".removeprefix(".") for name in norms}
        for part in norms.values():
            part.training = False
        try:
            yield
        finally:
            for part in norms.values():
                part.training = True

    def _read(self, program: Any) -> None:
        signature = program.graph_signature
        owned = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        owned |= dict(signature.inputs_to_lifted_tensor_constants)
        arrays = {**program.state_dict, **program.constants}
        free = [node.name for node in program.graph.nodes if node.op == "placeholder" and node.name not in owned]
        names = dict(zip(free, ["x"] if len(free) == 1 else [f"x{i + 1}" for i in range(len(free))], strict=True))
        for node in program.graph.nodes:
            if node.op == "placeholder" and node.name in owned:
                self._parameter(node, owned[node.name], arrays[owned[node.name]])
            elif node.op == "placeholder":
                tensor = Tensor(names[node.name], tuple(node.meta["val"].shape), 0)
                self.gathered.inputs[tensor.name] = tensor.example
                self.tensors[node.name] = tensor
            elif node.op == "call_function":
                self._call(node)
            else:
                self._output(node)

    def _parameter(self, node: Any, name: str, value: Any) -> None:
        self.gathered.arrays[name] = _numbers(value)
        self.tensors[node.name] = Tensor(name, tuple(value.shape), None)

    def _output(self, node: Any) -> None:
        outputs = [part for part in node.args[0] if part is not None]
        if len(outputs) != 1:
            message = f"the module gives {len(outputs)} outputs, expected one"
            raise InputError(message)
        self.gathered.output = self.tensors[outputs[0].name].name

    def _call(self, node: Any) -> None:
        from handgrad.interop.torch_ops import OPERATIONS, nearest_operation

        name = str(node.target).removeprefix("aten.").partition(".")[0].rstrip("_")
        value = node.meta.get("val")
        if name not in OPERATIONS:
            hint = nearest_operation(name)
            refuse(node, f'the operation "{name}" has no counterpart{hint}')
        if not hasattr(value, "shape"):
            refuse(node, f'the operation "{name}" gives no tensor')
        OPERATIONS[name](Call(self, node, self._arguments(node)))

    def _arguments(self, node: Any) -> dict[str, Any]:
        names = [argument.name for argument in node.target._schema.arguments]  # noqa: SLF001  its public record
        defaults = {a.name: a.default_value for a in node.target._schema.arguments if a.has_default_value()}  # noqa: SLF001
        given = dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
        return defaults | {name: self._argument(value) for name, value in given.items()}

    def _argument(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._argument(part) for part in value]
        return self.tensors[value.name] if hasattr(value, "op") and value.name in self.tensors else value


def _wrapped(torch: Any, function: Any) -> Any:
    class Wrapped(torch.nn.Module):  # type: ignore[misc]  # torch is imported late
        def forward(self, *inputs: Any) -> Any:
            return function(*inputs)

    return Wrapped()


def refuse(node: Any, text: str) -> NoReturn:
    """What cannot be brought, with its place in the module."""
    stack = node.meta.get("nn_module_stack") or {}
    places = [path for path, _ in stack.values() if path]
    place = f" in {places[-1]}" if places else ""
    message = f"node {node.name}{place}: {text}"
    raise InputError(message)


class Call:
    """One operation of the graph with its arguments: what its reader in ``torch_ops`` works on."""

    def __init__(self, reader: _Reader, node: Any, arguments: dict[str, Any]) -> None:
        self.reader, self.node, self.arguments = reader, node, arguments
        self.shape: Shape = tuple(node.meta["val"].shape)

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def tensor(self, name: str = "input") -> Tensor:
        """A tensor argument."""
        value = self.arguments[name if name in self.arguments else "self"]
        if not isinstance(value, Tensor):
            refuse(self.node, f"expected a tensor for {name}, found {value}")
        return value

    def named(self, name: str) -> Named | None:
        """A parameter of the module as an argument; None where it is left out."""
        value = self.arguments.get(name)
        if value is None:
            return None
        if not self.is_parameter(value):
            refuse(self.node, f"its {name} is computed, not a parameter of the module")
        return Named(value.name)

    def is_parameter(self, value: Any) -> bool:
        """Whether a tensor is a parameter or buffer of the module."""
        return isinstance(value, Tensor) and value.name in self.reader.gathered.arrays

    def constant(self, value: Any) -> Tensor:
        """A number of the module's code as a parameter without axes."""
        import numpy as np

        name = f"constant {value}"
        self.reader.gathered.arrays[name] = np.array(float(value)).reshape(())
        return Tensor(name, (), None)

    def give(self, table: dict[str, Any], *reads: Tensor, batch: int | None = 0) -> None:
        """The layer that this operation is; ``batch`` says where the batch axis of its result stands."""
        table = {key: value for key, value in table.items() if value is not None}
        name = self.reader.gathered.add(self.node.name + " ", table, [tensor.name for tensor in reads])
        self.reader.tensors[self.node.name] = Tensor(name, self.shape, batch)

    def part(self, suffix: str, table: dict[str, Any], *reads: Tensor, like: Tensor) -> Tensor:
        """A layer within an operation that takes several; its shape as far as the next needs it is ``like``'s."""
        name = self.reader.gathered.add(f"{self.node.name} {suffix}", table, [tensor.name for tensor in reads])
        return Tensor(name, like.shape, like.batch)

    def same(self, tensor: Tensor, batch: int | None) -> None:
        """The result is the tensor itself, in another shape that makes no difference for an example."""
        self.reader.tensors[self.node.name] = Tensor(tensor.name, self.shape, batch)

    def axes(self, tensor: Tensor, axes: Any) -> list[int]:
        """Axes of a tensor as those of an example."""
        found = [tensor.axis(axis) for axis in (axes if isinstance(axes, list) else [axes])]
        if None in found:
            refuse(self.node, "it works along the batch axis")
        return [axis for axis in found if axis is not None]

    def batch_after(self, tensor: Tensor) -> int | None:
        """Where the batch axis stands after a reshape that keeps the order of the entries."""
        before = prod(tensor.shape[: tensor.batch]) if tensor.batch is not None else 1
        fits = [i for i, n in enumerate(self.shape) if n == 1 and prod(self.shape[:i]) == before]
        ones = [i for i, n in enumerate(self.shape) if n == 1]
        return next(iter(fits or ones), None)
