"""Empty."""

from __future__ import annotations

from handgrad.engine.lowering.lowering import Lowering

LOWERINGS: dict[str, Lowering] = {}
