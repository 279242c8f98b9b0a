"""Ctrl-C between two pieces of work rather than within one: what is saved is whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A run was interrupted (by ``signal``); where it has a folder it was saved first."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.signal = number


class Interrupts:
    """Within it the first SIGINT or SIGTERM is only noted (``asked``); a second one interrupts at once.

    In another thread than the main one Python hands no signals out; then nothing is changed.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.asked:
            raise KeyboardInterrupt
        self.asked = number
