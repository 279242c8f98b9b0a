"""From a configuration to the parts that are trained on."""

from __future__ import annotations

from handgrad.training.config import Config
from handgrad.training.examples import Prepared


def prepare(config: Config) -> Prepared:
    """Reads the data, splits and standardises them and makes targets. Raises InputError naming file and row."""
    raise NotImplementedError
