"""Every exception that handgrad raises on purpose.

    HandgradError
    ├── InputError          a problem file, a dict or a query is wrong; lists every mistake found
    ├── DomainError         a value has no meaning: ln of a negative number, a division by zero
    └── Undecided           (internal) two numbers cannot be told apart at the working precision yet

An InputError prints as one line a mistake: file, line, key path, then what was found and expected.
"""

from __future__ import annotations

from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Where in the tree of a problem: keys as words, places in a list counted from 0."""


class HandgradError(Exception):
    """The root of handgrad's own exceptions."""


class Undecided(HandgradError):  # noqa: N818  a question, not an error: it is answered with more bits
    """A comparison or a digit that needs a higher working precision."""


class DomainError(HandgradError):
    """An operation was asked for a value that it does not have."""


class Mistake:
    """One thing wrong: where (path in the tree, line if known) and what (found, expected)."""

    def __init__(self, path: Path, text: str, line: int | None = None) -> None:
        self.path, self.text, self.line = path, text, line

    def key(self) -> str:
        """The path as it is printed: ``network.layers[2].weights``, places counted from 1."""
        words = ""
        for step in self.path:
            words += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if words else step
        return words


class InputError(HandgradError):
    """Something the user gave is wrong. ``mistakes`` lists all of it, ``file`` says where it came from."""

    def __init__(self, mistakes: Iterable[Mistake] | str, file: str = "") -> None:
        self.mistakes = [Mistake((), mistakes)] if isinstance(mistakes, str) else list(mistakes)
        self.file = file
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n".join(self._line(mistake) for mistake in self.mistakes)

    def _line(self, mistake: Mistake) -> str:
        place = [self.file] if self.file else []
        place += [f"line {mistake.line}"] if mistake.line else []
        place += [mistake.key()] if mistake.path else []
        return f"{', '.join(place)}: {mistake.text}" if place else mistake.text
