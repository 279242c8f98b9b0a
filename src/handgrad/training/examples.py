"""Examples as a source gives them, and as training takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from handgrad.errors import InputError, Mistake

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Examples(Struct, frozen=True, kw_only=True):
    """What a source gives: inputs, labels, and the place of each example for messages.

    x [N, …] of float32 or float64; y: labels [N] (integers, reals or texts) or targets [N, …].
    """

    x: NDArray[Any]
    y: NDArray[Any]
    file: str
    """The name of the source as given."""
    unit: str = "example"
    """What ``places`` count or name: a line, a row, an example, an image."""
    places: NDArray[Any] | None = None
    """The number or name of each example's place in the source; else they are counted from 1."""
    features: tuple[str, ...] = ()
    """Names of the columns, where there are any."""
    classes: tuple[str, ...] = ()
    """Names of the classes 0, 1, … where the source names them."""
    divide: float = 1.0
    """What the inputs are divided by unless the configuration says otherwise."""

    def place(self, i: int) -> str:
        """Where example i (from 0) stands: "line 12", "image cats/3.png"."""
        return f"{self.unit} {i + 1 if self.places is None else self.places[i]}"

    def feature(self, index: list[int]) -> str:
        """The name of a feature, or its place in an example, counted from 1."""
        if len(index) == 1 and self.features:
            return f'column "{self.features[index[0]]}"'
        return f"entry [{','.join(str(i + 1) for i in index)}]"

    def fail(self, i: int, text: str) -> NoReturn:
        """Raises the InputError of example i."""
        if self.unit == "line" and self.places is not None:
            fail(text, self.file, int(self.places[i]))
        fail(f"{self.place(i)}: {text}", self.file)


class Part(Struct, frozen=True, kw_only=True):
    """Examples to train on or to measure with, as the engine takes them."""

    x: NDArray[Any]
    """[N, …input shape] of the dtype, C-contiguous."""
    y: NDArray[Any]
    """int64 [N], classes from 0, where the loss takes labels; else reals [N, …target shape]."""
    numbers: NDArray[Any]
    """int64 [N]: the place of each example in its source, from 0."""

    def __len__(self) -> int:
        return len(self.x)


class Prepared(Struct, frozen=True, kw_only=True):
    """The parts of the data, ready to be trained on."""

    train: Part
    held_out: Part | None
    """What training is watched by; None where nothing is held out."""
    test: Part | None
    """The examples of an own test file."""
    weights: NDArray[Any] | None
    """[N]: how much each example of the training part counts; None: all the same."""
    classes: tuple[str, ...]
    """The names of the classes 0, 1, …; none in a regression."""
    features: tuple[str, ...]
    mean: NDArray[Any] | None
    """What was taken off each input before it was divided by ``scale``; of the input's shape."""
    scale: NDArray[Any] | None


def fail(text: str, file: str, line: int | None = None) -> NoReturn:
    """Raises the InputError of a file."""
    raise InputError([Mistake((), text, line)], file) from None
