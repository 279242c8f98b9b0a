"""The tables of a training configuration, beside those that a problem file has ([network], [loss], [update]).

Each table is a struct; ``wrong`` gives a pair (key, what is wrong) for each value that is out of range.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite
from typing import Literal

from msgspec import Struct

Wrong = Iterator[tuple[str, str]]
"""Keys and what is wrong with the value of each."""
Column = int | str
"""A column of a table, by its name or its number from 1 (−1 is the last)."""

MAX_SEED = 2**63 - 1


class Data(Struct, frozen=True, kw_only=True):
    """[data]: where the examples come from, and what is done with them before training."""

    source: str
    """A bundled set (digits, iris, wine, breast_cancer, diabetes), a .csv, .tsv, .txt or .npz file, a file of
    images in IDX (.gz), or a folder with a folder of images for each class; relative to the configuration."""
    labels: str | None = None
    """The IDX file of the labels."""
    test: str | None = None
    """A source of its own for the final test, of the same kind."""
    test_labels: str | None = None
    header: bool | None = None
    """Whether the first line of a CSV names the columns; else it is seen from that line."""
    separator: str | None = None
    """Between the cells of a CSV; else ; , tab or blanks, whichever the first line has."""
    label: Column | list[Column] | None = None
    """The column of the label (the last one), or those of the targets of a regression."""
    columns: list[Column] | None = None
    """The columns of the features (all but the label)."""
    x: str = "x"
    y: str = "y"
    """The names of the arrays of an NPZ file."""
    task: Literal["classes", "regression"] | None = None
    """What a label is; else classes where the loss takes labels or the labels are texts."""
    colour: Literal["grey", "rgb"] | None = None
    """How images are read; else grey where all of them are grey."""
    divide: float | None = None
    """What inputs are divided by (255 for images and for bytes of IDX, 16 for digits, else 1)."""
    held_out: float = 0.0
    """The share of the examples that is kept apart to watch training by."""
    stratify: bool | None = None
    """Whether each class is in both parts by its share (for classes it is, unless told otherwise)."""
    seed: int = 0
    """Of the split."""
    standardise: Literal["none", "feature", "channel"] = "none"
    """By the mean and deviation of each feature, or of each channel, in the training part."""

    def wrong(self) -> Wrong:
        """What is out of range."""
        yield from _between("held_out", self.held_out, 0, 1)
        yield from _seed(self.seed)
        if self.divide is not None and not (isfinite(self.divide) and self.divide != 0):
            yield "divide", f"expected a finite number other than 0, found {self.divide:g}"
        if self.separator is not None and len(self.separator) != 1:
            yield "separator", f'expected a single character, found "{self.separator[:20]}"'
        if self.columns == []:
            yield "columns", "expected at least one column, found none"
        if self.label == []:
            yield "label", "expected at least one column, found none"
        if self.test_labels is not None and self.test is None:
            yield "test_labels", "there is no test that these are the labels of"


class Augment(Struct, frozen=True, kw_only=True):
    """[augment]: each image is shifted by up to so many pixels and mirrored left-right with probability ½."""

    shift: int | tuple[int, int] = 0
    """Up to so many pixels each way, or [down, right]."""
    flip: bool = False

    @property
    def reach(self) -> tuple[int, int]:
        """The largest shift (down, right)."""
        return (self.shift, self.shift) if isinstance(self.shift, int) else self.shift

    @property
    def moves(self) -> bool:
        """Whether anything is moved at all."""
        return self.flip or any(self.reach)

    def wrong(self) -> Wrong:
        """What is out of range."""
        for reach in dict.fromkeys(self.reach):
            if not 0 <= reach < 2**31:
                yield "shift", f"expected at least 0 pixels, found {reach}"


class Initialise(Struct, frozen=True, kw_only=True):
    """[initialise], or of one parameter [initialise.W2]: how what is left out is drawn."""

    scheme: Literal["glorot", "he", "lecun", "orthogonal", "constant"] = "glorot"
    distribution: Literal["uniform", "normal"] = "uniform"
    gain: float = 1.0
    """A factor of the weights."""
    value: float = 0.0
    """Of each entry, under "constant"."""

    def wrong(self) -> Wrong:
        """What is out of range."""
        if not 0 < self.gain < inf:
            yield "gain", f"expected a positive number, found {self.gain:g}"
        if not isfinite(self.value):
            yield "value", f"expected a finite number, found {self.value:g}"


class Train(Struct, frozen=True, kw_only=True):
    """[train]: how long, in which batches and number format, from which seed; when to stop; where to write."""

    epochs: int
    batch: int = 64
    dtype: Literal["float32", "float64"] = "float32"
    seed: int = 0
    """Of the parameters drawn, the order of examples and the augmentation."""
    shuffle: bool = True
    clip: float | None = None
    """The largest Euclidean norm of the whole gradient."""
    threads: int | None = None
    class_weights: Literal["balanced"] | list[float] | dict[str, float] | None = None
    """ "balanced": n/(C n_c); or a weight for each class in their order; or by name, the others 1."""
    patience: int | None = None
    """Early stopping: so many epochs without improvement of the monitored quantity of the held-out part."""
    improvement: float = 0.0
    """The least change that counts as an improvement."""
    monitor: Literal["loss", "accuracy"] = "loss"
    keep_best: bool = True
    """Whether early stopping goes back to the parameters of the best epoch."""
    folder: str | None = None
    """Where checkpoints, metrics and pictures are written; relative to the configuration."""
    checkpoint_every: float = 10.0
    """Seconds from one checkpoint to the next, within an epoch too; 0: as often as can be."""

    def wrong(self) -> Wrong:
        """What is out of range."""
        for key in ("epochs", "batch", "threads", "patience"):
            value = getattr(self, key)
            if value is not None and not 1 <= value < 2**31:
                yield key, f"expected a positive integer, found {value}"
        yield from _seed(self.seed)
        if not 0 <= self.checkpoint_every < inf:
            yield "checkpoint_every", f"expected a number of seconds of at least 0, found {self.checkpoint_every:g}"
        if self.clip is not None and not 0 < self.clip < inf:
            yield "clip", f"expected a positive number, found {self.clip:g}"
        if not 0 <= self.improvement < inf:
            yield "improvement", f"expected a number of at least 0, found {self.improvement:g}"
        if isinstance(self.class_weights, (list, dict)):
            yield from _weights(self.class_weights)


def _weights(given: list[float] | dict[str, float]) -> Wrong:
    weights = list(given.values()) if isinstance(given, dict) else given
    for weight in weights:
        if not 0 <= weight < inf:
            yield "class_weights", f"expected weights of at least 0, found {weight:g}"
            return
    if not any(weights):
        yield "class_weights", f"expected at least one weight above 0, found {'none' if not weights else 'zeros'}"


def _between(key: str, value: float, low: float, high: float) -> Wrong:
    if not low <= value < high:
        yield key, f"expected a share from {low} to below {high}, found {value:g}"


def _seed(seed: int) -> Wrong:
    if not 0 <= seed <= MAX_SEED:
        yield "seed", f"expected an integer from 0 to {MAX_SEED}, found {seed}"
