"""Models of PyTorch as problems: what they give, their loss and the gradients of their parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn

import handgrad as hg

F = nn.functional


def normal(*shape: int) -> Any:
    return torch.randn(*shape, dtype=torch.float64)


def agree(module: Any, x: Any, y: Any = None, loss: Any = None) -> hg.Trace:
    """The trace of a module, whose output (and loss, and gradient of x) are those of PyTorch."""
    module = module.double() if isinstance(module, nn.Module) else module
    trace = hg.solve(hg.from_torch(module, x, y, loss, title="brought"))
    leaf = x.clone().requires_grad_() if x.is_floating_point() else x
    output = module(leaf)
    close(trace["yhat"], output)
    if loss is not None:
        total = loss(output, y)
        total.backward()
        close(trace["L"], total)
        if x.is_floating_point():
            close(trace["dL/dx"], leaf.grad)
    return trace


def close(found: Any, expected: Any) -> None:
    wanted = expected.detach().numpy()
    np.testing.assert_allclose(np.asarray(found).reshape(wanted.shape), wanted, rtol=1e-10, atol=1e-12)


class Block(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        same = stride == 1 and before == after
        self.short = nn.Identity() if same else nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False))

    def forward(self, x: Any) -> Any:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return torch.relu(y + self.short(x))


def resnet18(width: int) -> Any:
    layers: list[Any] = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    layers.append(nn.MaxPool2d(3, 2, 1))
    before = width
    for k, after in enumerate([width, 2 * width, 4 * width, 8 * width]):
        for i in range(2):
            layers.append(Block(before, after, 2 if k and i == 0 else 1))
            before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 5))


class Unrolled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inward, self.across = nn.Linear(3, 4), nn.Linear(4, 4, bias=False)
        self.outward = nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        h = torch.tanh(self.inward(x[:, 0]))
        for t in range(1, x.shape[1]):
            h = torch.tanh(self.inward(x[:, t]) + self.across(h))
        return self.outward(h)


def lenet() -> Any:
    first = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2))
    second = nn.Sequential(nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2))
    head = nn.Sequential(nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid())
    return nn.Sequential(nn.ModuleDict({"body": first})["body"], second, head, nn.Linear(84, 5))


def vgg() -> Any:
    body = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    body += [nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 5))


MODELS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "mlp": (lambda: nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5)), (3, 4)),
    "lenet": (lenet, (2, 1, 28, 28)),
    "vgg": (vgg, (2, 3, 8, 8)),
    "resnet18 in training": (lambda: resnet18(4), (2, 3, 32, 32)),
    "resnet18 fixed": (lambda: resnet18(4).eval(), (2, 3, 32, 32)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_classifier_and_every_gradient(name: str) -> None:
    torch.manual_seed(1)
    build, shape = MODELS[name]
    module = build().double()
    trace = agree(module, normal(*shape), torch.arange(shape[0]) % 5, nn.CrossEntropyLoss())
    compare_parameters(trace, module)


def compare_parameters(trace: hg.Trace, module: Any) -> None:
    """Every parameter of the module has its gradient, entry by entry."""
    ours = {name: quantity for quantity, name in trace.problem.origins.items()}
    for name, parameter in module.named_parameters():
        close(trace[f"dL/d{ours[name]}"], parameter.grad)


def test_an_unrolled_recurrent_network_shares_its_parameters() -> None:
    torch.manual_seed(2)
    module = Unrolled().double()
    trace = agree(module, normal(2, 3, 3), normal(2, 2), nn.MSELoss())
    shared = trace.problem.network.parameters
    assert [name for name in shared if name.startswith("P_")] == ["P_1", "P_2", "P_3"]
    compare_parameters(trace, module)


def test_a_transformer_encoder_layer() -> None:
    torch.manual_seed(3)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).double().eval()
    compare_parameters(agree(layer, normal(2, 3, 8), normal(2, 3, 8), nn.MSELoss()), layer)


class Called(nn.Module):
    """A function of x and, where it takes them, of a weight and a bias of its own."""

    def __init__(self, function: Any, shape: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.function = function
        self.w = nn.Parameter(torch.randn(*shape, dtype=torch.float64)) if shape else None

    def forward(self, x: Any) -> Any:
        return self.function(x) if self.w is None else self.function(x, self.w)


CALLS: dict[str, tuple[Any, tuple[int, ...], tuple[int, ...]]] = {
    "leaky relu": (lambda x: F.leaky_relu(x, 0.2), (2, 3), ()),
    "gelu": (F.gelu, (2, 3), ()),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), (2, 3), ()),
    "softplus": (F.softplus, (2, 3), ()),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), (2, 3), ()),
    "prelu": (F.prelu, (2, 3, 4), (3,)),
    "softmax": (lambda x: F.softmax(x, dim=1), (2, 3, 4), ()),
    "log softmax": (lambda x: F.log_softmax(x, dim=-1), (2, 3), ()),
    "group norm": (lambda x: F.group_norm(x, 2), (2, 4, 3), ()),
    "instance norm": (F.instance_norm, (2, 3, 5), ()),
    "layer norm over two": (lambda x: F.layer_norm(x, (3, 4)), (2, 3, 4), ()),
    "transposed convolution": (lambda x, w: F.conv_transpose1d(x, w, stride=2), (2, 2, 4), (2, 3, 3)),
    "grouped convolution": (lambda x, w: F.conv1d(x, w, groups=2, dilation=2), (2, 4, 8), (2, 2, 3)),
    "average pool": (lambda x: F.avg_pool2d(x, 2, 1, 1, count_include_pad=False), (2, 1, 4, 4), ()),
    "dilated max pool": (lambda x: F.max_pool1d(x, 2, dilation=2), (2, 3, 6), ()),
    "adaptive pool": (lambda x: F.adaptive_avg_pool2d(x, 2), (2, 1, 4, 4), ()),
    "permuted": (lambda x: x.permute(0, 3, 1, 2).transpose(1, 2), (2, 3, 4, 5), ()),
    "reshaped": (lambda x: x.reshape(x.shape[0], 2, -1).unsqueeze(1).squeeze(1), (2, 3, 4), ()),
    "sliced": (lambda x: x[:, 1:5:2, -1], (2, 6, 3), ()),
    "joined": (lambda x: torch.cat([x, x * 2, 1 - x], dim=-1), (2, 3), ()),
    "arithmetic": (lambda x: (x / 3 - x) * x + 1.5, (2, 3), ()),
    "power": (lambda x: x**3, (2, 3), ()),
    "product": (torch.matmul, (2, 3, 4), (4, 2)),
    "sums": (lambda x: x.sum(dim=(1, 2)), (2, 3, 4), ()),
    "mean kept": (lambda x: x.mean(dim=2, keepdim=True) + x.amax(dim=1, keepdim=True), (2, 3, 4), ()),
    "sine": (lambda x: torch.sin(x) * torch.cos(x) + torch.exp(-x.abs()), (2, 3), ()),
    "nothing": (lambda x: x, (2, 3), ()),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_functions(name: str) -> None:
    torch.manual_seed(4)
    function, shape, weight = CALLS[name]
    module = Called(function, weight)
    x = normal(*shape)
    agree(module, x, torch.zeros_like(module(x)), nn.MSELoss())


def test_a_function_without_a_module_and_several_inputs() -> None:
    torch.manual_seed(5)
    trace = hg.solve(hg.from_torch(lambda x, y: x * y, (normal(2, 3), normal(2, 3))))
    assert list(trace.problem.network.inputs) == ["x1", "x2"]
    close(trace["yhat"], torch.tensor(trace["x1"] * trace["x2"]))


def test_an_embedding_counts_from_zero() -> None:
    torch.manual_seed(6)
    agree(nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 2)), torch.tensor([[0, 4], [2, 2]]))


def test_attention_with_a_mask() -> None:
    torch.manual_seed(7)
    mask = torch.zeros(3, 3, dtype=torch.float64).masked_fill(torch.ones(3, 3).triu(1).bool(), -50)

    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mask", mask)

        def forward(self, x: Any) -> Any:
            return F.scaled_dot_product_attention(x, x, x, attn_mask=self.mask)

    agree(Masked(), normal(2, 3, 4), normal(2, 3, 4), nn.MSELoss())


LOSSES = {
    "cross entropy": nn.CrossEntropyLoss(label_smoothing=0.1),
    "weighted": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64), ignore_index=1),
    "sum": nn.CrossEntropyLoss(reduction="sum"),
    "squares": nn.MSELoss(),
    "sum of squares": nn.MSELoss(reduction="sum"),
    "absolute": nn.L1Loss(),
    "huber": nn.HuberLoss(delta=0.5),
    "smooth": nn.SmoothL1Loss(beta=0.5),
    "logits": nn.BCEWithLogitsLoss(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    torch.manual_seed(8)
    loss = LOSSES[name]
    labels = isinstance(loss, nn.CrossEntropyLoss)
    y = torch.tensor([0, 1, 2, 2]) if labels else torch.rand(4, 3, dtype=torch.float64)
    agree(nn.Linear(2, 3), normal(4, 2), y, loss)


def test_log_probabilities_and_probabilities() -> None:
    torch.manual_seed(9)
    agree(nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(dim=1)), normal(2, 2), torch.tensor([2, 0]), nn.NLLLoss())
    agree(nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()), normal(2, 2), torch.rand(2, 1).double(), nn.BCELoss())


def test_a_loss_by_its_name() -> None:
    problem = hg.from_torch(nn.Linear(2, 3), torch.ones(1, 2), torch.tensor([1]), "softmax_cross_entropy")
    assert problem.loss is not None
    assert problem.loss.name == "softmax_cross_entropy"


class Two(nn.Module):
    def forward(self, x: Any) -> Any:
        return x, x + 1


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (Called(torch.special.digamma), (2, 3), 'the operation "special_digamma" has no counterpart'),
        (nn.Sequential(nn.Dropout(0.5)), (2, 3), "dropout in training draws a random mask: call module.eval() first"),
        (Two(), (2, 3), "the module gives 2 outputs, expected one"),
        (Called(lambda x: x.sum()), (2, 3), "it works along the batch axis"),
        (Called(lambda x: x.sum(0)), (2, 3), "it works along the batch axis"),
        (Called(lambda x: torch.add(x, x, alpha=2)), (2, 3), "alpha other than 1 has no counterpart"),
        (Called(lambda x: F.adaptive_avg_pool1d(x, 2)), (2, 1, 5), "has windows of several sizes"),
        (Called(lambda x: F.avg_pool2d(x, 2, divisor_override=3)), (2, 1, 4, 4), "divisor_override has no counterpart"),
        (Called(lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True)), (2, 3, 4), "is_causal has no"),
        (Called(lambda x: F.linear(x, x)), (2, 3), "its weight is computed, not a parameter of the module"),
        (Called(lambda x: x if x.sum() > 0 else -x), (2, 3), "torch.export cannot draw this module as a graph"),
        (Called(lambda x: x**x), (2, 3), "a power with a computed exponent has no counterpart"),
    ],
    ids=range(12),
)
def test_what_cannot_be_brought_is_named(module: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(hg.InputError) as error:
        hg.from_torch(module.double(), normal(*shape))
    assert message in str(error.value)


def test_wrong_losses() -> None:
    with pytest.raises(hg.InputError, match='the loss "CTCLoss" has no counterpart; those that have one are BCELoss'):
        hg.from_torch(nn.Linear(2, 3), torch.ones(1, 2), torch.ones(1, 3), nn.CTCLoss())
    with pytest.raises(hg.InputError, match="a loss needs a target y"):
        hg.from_torch(nn.Linear(2, 3), torch.ones(1, 2), loss=nn.MSELoss())


def test_without_pytorch_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(hg.InputError, match="a PyTorch model needs PyTorch: pip install"):
        hg.from_torch(None, np.ones((1, 2)))
