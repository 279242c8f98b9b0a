"""Trace -> Picture: the network with its numbers on it."""

from __future__ import annotations

from handgrad.drawing.whole import draw

__all__ = ["draw"]
