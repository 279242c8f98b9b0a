"""What a run leaves in its folder when it is over: the learned weights, its pictures."""

from __future__ import annotations

import os
from pathlib import Path

from handgrad.training.checkpoints import durable
from handgrad.training.examples import fail
from handgrad.training.result import Result
from handgrad.training.safetensors import chunks

WEIGHTS = "weights.safetensors"


def write(result: Result, folder: Path) -> list[str]:
    """Writes the weights and the pictures, as SVG and PNG; the names of the files. Raises InputError."""
    target = folder / WEIGHTS
    try:
        durable(target, *chunks(result.parameters))
    except OSError as error:
        fail(f"cannot be written: {error.strerror or error}", os.fspath(target))
    names = [WEIGHTS]
    for name in ("curves", "confusion", "filters"):
        picture = getattr(result, name)()
        if picture is not None:
            for suffix in (".svg", ".png"):
                picture.save(folder / f"{name}{suffix}")
                names.append(f"{name}{suffix}")
    return names
