"""PyTorch's losses and the losses that they are."""

from __future__ import annotations

from typing import Any

from handgrad.errors import InputError

Loss = dict[str, Any]


def loss_and_target(torch: Any, loss: Any, y: Any) -> tuple[Loss, dict[str, Any]]:
    """The table [loss] and the target in [data] of a loss module (or the name of a loss of handgrad)."""
    if y is None:
        message = "a loss needs a target y"
        raise InputError(message)
    target = torch.as_tensor(y)
    table: Loss
    if isinstance(loss, (str, dict)):
        table = dict(loss) if isinstance(loss, dict) else {"op": loss}
    else:
        name = type(loss).__name__
        if name not in _LOSSES:
            known = ", ".join(sorted(_LOSSES))
            message = f'the loss "{name}" has no counterpart; those that have one are {known}'
            raise InputError(message)
        table = _LOSSES[name](loss) | {"reduction": loss.reduction}
    if target.is_floating_point():
        return table, {"y": target.detach().cpu().numpy()}
    ignored = table.get("ignore_index")
    labels = [_from_one(label, ignored) for label in target.tolist()]
    if ignored is not None and ignored >= 0:
        table["ignore_index"] = ignored + 1
    return table, {"label": labels}


def _from_one(label: Any, ignored: int | None) -> Any:
    """Classes counted from 1; the index that is ignored stays what it is where it is no class."""
    if isinstance(label, list):
        return [_from_one(part, ignored) for part in label]
    return label if label == ignored and label < 0 else label + 1


def _classes(loss: Any) -> Loss:
    table: Loss = {}
    if loss.weight is not None:
        table["class_weights"] = loss.weight.tolist()
    if loss.ignore_index != -100:
        table["ignore_index"] = loss.ignore_index
    return table


def _cross_entropy(loss: Any) -> Loss:
    smoothing = {"label_smoothing": loss.label_smoothing} if loss.label_smoothing else {}
    return {"op": "softmax_cross_entropy"} | _classes(loss) | smoothing


def _over_outputs(op: str, **settings: str) -> Any:
    def read(loss: Any) -> Loss:
        table: Loss = {"op": op} | {ours: getattr(loss, theirs) for ours, theirs in settings.items()}
        return table | ({"over_outputs": "mean"} if loss.reduction == "mean" else {})

    return read


def _squares(loss: Any) -> Loss:
    return {"op": "mean_squared_error"} if loss.reduction == "mean" else {"op": "squared_error", "factor": 1}


_LOSSES: dict[str, Any] = {
    "CrossEntropyLoss": _cross_entropy,
    "NLLLoss": lambda loss: {"op": "negative_log_likelihood"} | _classes(loss),
    "MSELoss": _squares,
    "L1Loss": _over_outputs("absolute_error"),
    "HuberLoss": _over_outputs("huber", delta="delta"),
    "SmoothL1Loss": _over_outputs("smooth_l1", beta="beta"),
    "BCELoss": _over_outputs("binary_cross_entropy"),
    "BCEWithLogitsLoss": _over_outputs("binary_cross_entropy_with_logits"),
}
