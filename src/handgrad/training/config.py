"""Reads the configuration of a training: a problem file without data, and how to train it."""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from typing import Any

from msgspec import Struct

from handgrad.network import Network
from handgrad.ops.losses import Loss
from handgrad.ops.updates import Update
from handgrad.problem import Problem
from handgrad.training.schedules import Schedule
from handgrad.training.settings import Augment, Data, Train


class Config(Struct, frozen=True, kw_only=True):
    """What to train, on what, and how. All of it is checked; the data are not read yet."""

    problem: Problem
    """Network (drawn parameters in place), loss, penalties, update and what is frozen; without data."""
    data: Data
    augment: Augment
    schedule: Schedule
    train: Train
    drawn: tuple[str, ...]
    """The parameters that the file leaves out."""
    folder: FilePath
    """What file names in it are relative to."""
    file: str
    """Its name for messages."""
    tree: dict[str, Any]
    """The configuration as it was read."""

    @classmethod
    def from_dict(cls, tree: dict[str, Any], folder: str | FilePath | None = None) -> Config:
        """The configuration of a tree as a file has it. Raises InputError with every mistake found."""
        raise NotImplementedError

    @property
    def network(self) -> Network:
        """The network with its first parameters."""
        return self.problem.network

    @property
    def loss(self) -> Loss:
        """The loss."""
        raise NotImplementedError

    @property
    def update(self) -> Update:
        """The update."""
        raise NotImplementedError

    @property
    def rate(self) -> float:
        """η, the update's own rate."""
        raise NotImplementedError


def read(file: str | os.PathLike[str]) -> Config:
    """The configuration of a TOML or JSON file. Raises InputError with file, line and key path of each mistake."""
    raise NotImplementedError
