"""From a configuration to the parts that are trained on: split, targets made, standardised."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

from handgrad.errors import InputError, Mistake
from handgrad.ops.op import Shape
from handgrad.training.config import Config
from handgrad.training.examples import Examples, Part, Prepared, fail
from handgrad.training.labels import Classes, classes_of, example_weights, reals, targets
from handgrad.training.sources import load
from handgrad.training.standardising import moments, standardise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

_STREAM = 4
_SHOWN = 200


def prepare(config: Config) -> Prepared:
    """Reads the data, splits and standardises them and makes targets. Raises InputError naming file and row."""
    import numpy as np

    found = load(config.data, config.folder, config.train.dtype)
    x = fitted(found, config.network.input)
    classes = classes_of(found, _outputs(config)) if _of_classes(found, config) else None
    if classes is None:
        _no_classes(config)
    codes = None if classes is None else classes.codes(found)
    y = _targets(found, codes, config)
    by_class = codes if config.data.stratify is not False and codes is not None and codes.ndim == 1 else None
    first, second = split(len(x), config.data.held_out, config.data.seed, by_class)
    weights = None
    if codes is not None and classes is not None and config.train.class_weights is not None:
        if codes.ndim > 1:
            fail("class weights are for one label an example", found.file)
        weights = example_weights(codes[first], config.train.class_weights, classes, config.file)
    whole = Part(x=x, y=y, numbers=np.arange(len(x)))
    train = _part(whole, first) if len(second) else whole
    held_out = _part(whole, second) if len(second) else None
    test = _test(config, classes, found.features)
    mean = scale = None
    if config.data.standardise != "none":
        mean, scale = moments(train.x, channels=config.data.standardise == "channel")
        for part in (train, held_out, test):
            if part is not None:
                standardise(part.x, mean, scale)
    return Prepared(
        train=train, held_out=held_out, test=test, weights=weights, mean=mean, scale=scale,
        classes=() if classes is None else classes.names, features=found.features,
    )  # fmt: skip


def _part(whole: Part, places: Places) -> Part:
    return Part(x=whole.x[places], y=whole.y[places], numbers=whole.numbers[places])


def _test(config: Config, classes: Classes | None, features: tuple[str, ...]) -> Part | None:
    """The examples of the own test file."""
    import numpy as np

    if config.data.test is None:
        return None
    found = load(config.data, config.folder, config.train.dtype, test=True)
    if found.features and features and found.features != features:
        names = [", ".join(some)[:_SHOWN] for some in (features, found.features)]
        fail(f"expected the columns of {config.data.source}, {names[0]}, found {names[1]}", found.file)
    x = fitted(found, config.network.input)
    codes = None if classes is None else classes.codes(found)
    return Part(x=x, y=_targets(found, codes, config), numbers=np.arange(len(x)))


def _outputs(config: Config) -> int:
    """How many classes the network tells apart: one for each output, two by a single one."""
    output = config.network.output
    return max(output[0] if output else 1, 2)


def _of_classes(found: Examples, config: Config) -> bool:
    """Whether the labels are classes: as told; else texts, named ones, or one for several outputs."""
    if config.data.task is not None:
        return config.data.task == "classes"
    single = prod(found.y.shape[1:]) == 1
    places = config.loss.labels and found.y.shape[1:] == config.network.output[1:]
    named = found.y.dtype.kind == "U" or bool(found.classes)
    return named or places or (single and (config.loss.labels or prod(config.problem.target_shape) > 1))


def _no_classes(config: Config) -> None:
    """Refuses what only classes have."""
    mistakes = []
    if config.train.class_weights is not None:
        mistakes.append(Mistake(("train", "class_weights"), "train: the targets are numbers, they have no classes"))
    if config.data.stratify:
        mistakes.append(Mistake(("data", "stratify"), "data: the targets are numbers, they have no classes"))
    if config.train.monitor == "accuracy":
        mistakes.append(Mistake(("train", "monitor"), 'train: the targets are numbers; expected "loss"'))
    if mistakes:
        raise InputError(mistakes, config.file)


def _targets(found: Examples, codes: Any, config: Config) -> NDArray[Any]:
    output = config.problem.target_shape
    if codes is None:
        return reals(found, config.loss, output, config.train.dtype)
    return targets(codes, config.loss, output, config.train.dtype, found.file)


def fitted(found: Examples, want: Shape) -> NDArray[Any]:
    """The inputs in the shape that the network reads: flat or in axes, and with or without axes of length 1."""
    have = found.x.shape[1:]
    same = prod(have) == prod(want)
    if not (same and (min(len(have), len(want)) <= 1 or _but_ones(have) == _but_ones(want))):
        _wrong_input(found, have, want)
    return found.x.reshape(len(found.x), *want)


def _but_ones(shape: Shape) -> list[int]:
    return [n for n in shape if n != 1]


def _wrong_input(found: Examples, have: Shape, want: Shape) -> NoReturn:
    words = f"{have[0]} features" if len(have) == 1 else f"shape {list(have)}"
    hint = "; images are [C][H][W]" if len(have) == 3 and sorted(have) == sorted(want) else ""
    fail(f"the network reads {list(want)} (network.input), each {found.unit} has {words}{hint}", found.file)


def split(n: int, share: float, seed: int, codes: Places | None) -> tuple[Places, Places]:
    """Places of the training part and of what is held out, both rising: a function of the seed.

    ``share`` of n is held out, rounded, but at least 1 on either side; with classes ``codes`` each class gives
    its share, and what is left by rounding comes from the classes that lack most of theirs.
    """
    import numpy as np

    if not share or n < 2:
        return np.arange(n), np.arange(0)
    count = min(max(round(n * share), 1), n - 1)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _STREAM])))
    mixed = random.permutation(n)
    if codes is None:
        return np.sort(mixed[count:]), np.sort(mixed[:count])
    there = np.bincount(codes)
    wanted = there * (count / n)
    taken = np.floor(wanted).astype(np.int64)
    lacking = np.lexsort((taken - wanted, there < 2))  # an only example stays in the training part if it can
    taken[lacking[: count - int(taken.sum())]] += 1
    groups = codes[mixed]
    by_group = np.argsort(groups, kind="stable")
    starts = np.cumsum(there) - there
    rank = np.empty(n, np.int64)
    rank[by_group] = np.arange(n) - starts[groups[by_group]]
    held = rank < taken[groups]
    return np.sort(mixed[~held]), np.sort(mixed[held])
