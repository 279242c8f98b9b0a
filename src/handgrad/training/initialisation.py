"""First values of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handgrad.network import Network
from handgrad.training.settings import Initialise

if TYPE_CHECKING:
    from numpy.typing import NDArray


def draw(
    network: Network, names: tuple[str, ...], seed: int, scheme: Initialise, own: dict[str, Initialise]
) -> dict[str, NDArray[Any]]:
    """Arrays for ``Compiled.set_parameters``: those parameters by name, float64, the same for the same seed.

    ``own``: parameters with a scheme of their own.
    """
    raise NotImplementedError
