"""The tables of a training configuration, beside those that a problem file has ([network], [loss], [update]).

Each table is a struct; ``wrong`` gives a pair (key, what is wrong) for each value that is out of range.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

Wrong = Iterator[tuple[str, str]]
Column = int | str
"""A column of a table, by its name or its number from 1 (−1 is the last)."""


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
    label: Column | None = None
    """The column of the label (the last one)."""
    columns: tuple[Column, ...] | None = None
    """The columns of the features (all but the label)."""
    x: str = "x"
    y: str = "y"
    """The names of the arrays of an NPZ file."""
    task: Literal["classes", "regression"] | None = None
    """What a label is; else classes where the loss takes labels or the labels are texts."""
    colour: Literal["grey", "rgb"] | None = None
    """How images are read; else grey where all are grey."""
    divide: float | None = None
    """What inputs are divided by (255 for bytes of images and IDX, else 1)."""
    held_out: float = 0.0
    """The share of the examples that is kept apart to watch training by."""
    stratify: bool | None = None
    """Whether each class is in both parts by its share (for classes it is, unless told otherwise)."""
    seed: int = 0
    """Of the split."""
    standardise: Literal["none", "feature", "channel"] = "none"


class Augment(Struct, frozen=True, kw_only=True):
    """[augment]: each image is shifted by up to so many pixels and mirrored left-right with probability ½."""

    shift: int | tuple[int, int] = 0
    """Up to so many pixels each way, or [down, right]."""
    flip: bool = False

    @property
    def reach(self) -> tuple[int, int]:
        """The largest shift (down, right)."""
        return (self.shift, self.shift) if isinstance(self.shift, int) else self.shift


class Initialise(Struct, frozen=True, kw_only=True):
    """[initialise], or of one parameter [initialise.W2]: how weights that are left out are drawn."""

    scheme: Literal["glorot", "he", "lecun", "orthogonal"] = "glorot"
    distribution: Literal["uniform", "normal"] = "uniform"
    gain: float = 1.0


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
    class_weights: Literal["balanced"] | tuple[float, ...] | dict[str, float] | None = None
    """"balanced": n/(C n_c); or a weight for each class, in their order or by name."""
    patience: int | None = None
    """Early stopping: so many epochs without improvement of what is watched on the held-out part."""
    improvement: float = 0.0
    """The least change that counts as an improvement."""
    watch: Literal["loss", "accuracy"] = "loss"
    keep_best: bool = True
    """Whether early stopping goes back to the parameters of the best epoch."""
    folder: str | None = None
    """Where checkpoints, metrics and pictures are written; relative to the configuration."""
    checkpoint_every: int = 1
    """Epochs from one checkpoint to the next."""
