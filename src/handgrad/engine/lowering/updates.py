"""Update rules with kernels and the settings that each reads."""

from __future__ import annotations

from typing import Any

from handgrad.ops.updates import Update


def update_kernel(update: Update) -> tuple[str, tuple[float, ...]] | None:
    """The kernel of an update and its settings; None where the reference rule is needed."""
    form: Any = getattr(update, "form_of", "")
    torch = "_torch" if form == "torch" else ""
    if update.name == "sgd":
        return "sgd", _settings(update, "weight_decay")
    if update.name in ("momentum", "nesterov"):
        return update.name + torch, _settings(update, "weight_decay", "momentum", "dampening")
    if update.name == "rmsprop" and not getattr(update, "epsilon_inside", False):
        return "rmsprop", _settings(update, "weight_decay", "rho", "epsilon")
    if update.name in ("adam", "adamw") and form == "paper":
        apart = float(update.name == "adamw")
        return "adam", (*_settings(update, "weight_decay", "beta1", "beta2", "epsilon"), apart)
    return None


def descends(update: Update) -> bool:
    """Whether θ −= η g is all that it does, so that a gradient need not be kept."""
    return update.name == "sgd" and not update.decays


def _settings(update: Update, *names: str) -> tuple[float, ...]:
    return tuple(float(getattr(update, name).written.floats()) for name in names)
