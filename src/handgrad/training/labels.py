"""Classes from labels, and the targets that a loss takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from handgrad.arithmetic.numerals import number
from handgrad.ops.losses import Loss
from handgrad.ops.op import Shape
from handgrad.training.csv_cells import number as as_number
from handgrad.training.examples import Examples, fail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    Codes = NDArray[np.int64]

_LISTED = 12
_NEARLY_ONE = 1e-5


class Classes(Struct, frozen=True, kw_only=True):
    """The classes 0, 1, …: the label of each as the source writes it (in rising order), and its name."""

    labels: NDArray[Any]
    names: tuple[str, ...]

    def codes(self, found: Examples) -> Codes:
        """int64, the class of each label. Raises InputError for a label that no class has."""
        import numpy as np

        y = _plain(found)
        if (y.dtype.kind == "U") != (self.labels.dtype.kind == "U"):
            found.fail(0, f"unknown label {_shown(y.flat[0])}, the classes are {_listed(self.names)}")
        place = np.minimum(np.searchsorted(self.labels, y), len(self.labels) - 1)
        wrong = np.argwhere(self.labels[place] != y)
        if len(wrong):
            label = _shown(y[tuple(wrong[0])])
            found.fail(int(wrong[0][0]), f"unknown label {label}, the classes are {_listed(self.names)}")
        return place.astype(np.int64)


def classes_of(found: Examples, outputs: int) -> Classes:
    """The classes of the labels, for a network with so many outputs.

    Texts are sorted. Whole numbers from 0 to below ``outputs`` are the classes themselves; other ones are sorted.
    Raises InputError: a number that is not whole, a single class, more or fewer classes than outputs.
    """
    import numpy as np

    y = _plain(found)
    labels = np.unique(y)
    if len(labels) < 2:
        fail(f"expected at least two classes, every label is {_shown(labels[0])}", found.file)
    own = y.dtype.kind != "U" and labels[0] >= 0 and labels[-1] < outputs
    names = found.classes or tuple(str(label) for label in labels)
    if own and not found.classes:
        labels, names = np.arange(outputs), tuple(str(k) for k in range(outputs))
    elif own:
        labels = np.arange(len(names))
    if len(names) != outputs:
        text = f"the labels are of {len(names)} classes ({_listed(names)}), the network tells {outputs} apart"
        fail(text + (_odd(found, y, outputs) if len(names) > outputs else ""), found.file)
    return Classes(labels=labels, names=names)


def _odd(found: Examples, y: NDArray[Any], outputs: int) -> str:
    """Where a label stands that may be the mistake: the only text, or number, among others; or the rarest of few."""
    import numpy as np

    flat = y.reshape(len(y), -1)[:, 0]
    if y.dtype.kind == "U":
        texts = np.array([as_number(str(label)) is None for label in flat])
        few = np.flatnonzero(texts if 2 * np.count_nonzero(texts) <= len(texts) else ~texts)
        if len(few):
            return f"; {found.place(int(few[0]))} has {_shown(flat[few[0]])}"
    labels, first, counts = np.unique(flat, return_index=True, return_counts=True)
    if len(labels) > 2 * outputs:
        return ""
    i = int(np.argmin(counts))
    return f"; the rarest is {_shown(labels[i])}, first in {found.place(int(first[i]))}"


def _plain(found: Examples) -> NDArray[Any]:
    """Labels as texts or whole numbers."""
    import numpy as np

    y = found.y.reshape(len(found.y)) if found.y.ndim == 2 and found.y.shape[1] == 1 else found.y
    if y.dtype.kind != "f":
        return y if y.dtype.kind == "U" else y.astype(np.int64)
    with np.errstate(invalid="ignore"):
        whole = y.astype(np.int64)
    wrong = np.argwhere(whole != y)
    if len(wrong):
        label = _shown(y[tuple(wrong[0])])
        found.fail(int(wrong[0][0]), f"expected the label of a class, a whole number or a text, found {label}")
    return whole


def _shown(label: Any) -> str:
    return f'"{str(label)[:40]}"' if isinstance(label, str) else f"{label:.10g}"


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(name[:40] for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown}, …"


def targets(codes: Codes, loss: Loss, output: Shape, dtype: DTypeLike, file: str) -> NDArray[Any]:
    """What the loss takes for classes [N] (or [N, …places]): the classes themselves, or one-hot reals [N, …output].

    For a single output two classes are 0 and 1. A loss that has no meaning for 0 gets −1 in its place.
    """
    import numpy as np

    if loss.labels and codes.ndim == 1 and len(output) == 1:
        return codes
    axis = np.arange(output[0]).reshape(-1, *(1,) * (codes.ndim - 1))
    hot = (codes[:, None] == axis) if output[0] > 1 else codes[:, None] == 1
    if hot.shape[1:] != output:
        fail(f"expected a label for each output of {list(output)}, found labels of shape {list(codes.shape[1:])}", file)
    for low in (0, -1):
        y = np.where(hot, 1, low).astype(dtype)
        if not _complaint(loss, y):
            return np.ascontiguousarray(y)
    return fail(f"{loss.name} has no target for classes; expected numbers as targets", file)


def reals(found: Examples, loss: Loss, shape: Shape, dtype: DTypeLike) -> NDArray[Any]:
    """Targets [N, …shape] of a regression. Raises InputError: texts, numbers that are not finite, a wrong shape."""
    import numpy as np

    if found.y.dtype.kind == "U":
        words = found.y.reshape(len(found.y), -1)
        i, k = next((i, k) for i, k in np.ndindex(words.shape) if as_number(str(words[i, k])) is None)
        found.fail(i, f'expected a number as target, found "{str(words[i, k])[:40]}"')
    y = found.y.astype(dtype)
    each, size = list(y.shape[1:]), int(np.prod(shape))
    if y.size != len(y) * size or (y.shape[1:] != shape and min(len(each), len(shape)) > 1):
        text = f"expected targets of shape {list(shape)}, as the network gives, found "
        fail(text + (f"shape {each}" if each else "a single number for each example"), found.file)
    flat = y.reshape(len(y), -1)
    bad = np.flatnonzero(~np.isfinite(flat).all(axis=1))
    if len(bad):
        found.fail(int(bad[0]), "expected a finite number as target")
    wrong = _complaint(loss, y.reshape(len(y), *shape))
    if wrong:
        found.fail(wrong[0], wrong[1])
    return np.ascontiguousarray(y.reshape(len(y), *shape))


def _complaint(loss: Loss, y: NDArray[Any]) -> tuple[int, str] | None:
    """The first target that the loss has no meaning for, and why; each different one is looked at once."""
    import numpy as np

    if type(loss).check_target is Loss.check_target:
        return None
    shape, flat = y.shape[1:], y.reshape(len(y), -1)
    _, first = np.unique(flat, axis=0, return_index=True)
    said: list[str] = []
    for i in sorted(first.tolist()):
        loss.check_target(lambda _, text: said.append(text), _entries(loss, flat[i]), shape)
        if said:
            return i, said[0]
    return None


def _entries(loss: Loss, row: NDArray[Any]) -> list[Any]:
    """A target exactly; a distribution that sums to 1 but for the rounding of float32 counts as one."""
    import numpy as np

    values = row.astype(np.float64)
    total = float(values.sum())
    near = loss.labels and total != 1 and abs(total - 1) < _NEARLY_ONE
    return [number(float(value / total if near else value)) for value in values]


def example_weights(codes: Codes, given: Any, classes: Classes, file: str) -> NDArray[Any] | None:
    """How much each example counts: "balanced" n/(C n_c) for class c, a weight for each class, or by name (else 1).

    Raises InputError: not a weight for each class, an unknown class.
    """
    import numpy as np

    if given is None:
        return None
    count = len(classes.names)
    if given == "balanced":
        there = np.bincount(codes, minlength=count)
        weights = len(codes) / (np.count_nonzero(there) * np.maximum(there, 1))
    elif isinstance(given, dict):
        from handgrad.tables import nearest

        unknown = [name for name in given if name not in classes.names]
        if unknown:
            fail(f'train.class_weights: unknown class "{unknown[0]}"{nearest(unknown[0], list(classes.names))}', file)
        weights = np.array([given.get(name, 1.0) for name in classes.names])
    else:
        if len(given) != count:
            fail(f"train.class_weights: expected {count} weights, one for each class, found {len(given)}", file)
        weights = np.array(given)
    found: NDArray[Any] = weights[codes]
    return found
