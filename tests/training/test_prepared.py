"""From a configuration to the parts: targets, splits, standardisation, weights; every bad set of data is refused."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import InputError
from handgrad.ops import LOSSES
from handgrad.ops.losses import Loss
from handgrad.ops.op import Report
from handgrad.ops.regression_losses import SquaredError
from handgrad.training.config import Config
from handgrad.training.examples import Examples, Prepared
from handgrad.training.labels import Classes, classes_of, example_weights, reals, targets
from handgrad.training.preparing import prepare, split
from handgrad.training.settings import Data
from handgrad.training.sources import load
from handgrad.training.tasks import of_config

RANDOM = np.random.default_rng(0)


def tree(source: str, *, reads: Any = 2, gives: int = 3, loss: str = "softmax_cross_entropy", **tables: Any) -> Any:
    data = {"source": source, **tables.pop("data", {})}
    train = {"epochs": 1, "dtype": "float64", **tables.pop("train", {})}
    layers = [] if isinstance(reads, int) else [{"op": "flatten"}]
    return {
        "network": {"input": reads, "layers": [*layers, {"op": "dense", "units": gives}]},
        "loss": {"op": loss},
        "update": {"op": "sgd", "rate": 0.1},
        "data": data,
        "train": train,
        **tables,
    }


def prepared(folder: Path, source: str, **more: Any) -> Prepared:
    return prepare(Config.from_dict(tree(source, **more), folder, "train.toml"))


def message(folder: Path, source: str, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        prepared(folder, source, **more)
    return str(caught.value)


def csv(folder: Path, text: str, name: str = "d.csv") -> str:
    (folder / name).write_text(text)
    return name


def npz(folder: Path, x: Any, y: Any) -> str:
    np.savez(folder / "d.npz", x=x, y=y)
    return "d.npz"


COLOURS = "a,b,c\n1,2,red\n3,4,blue\n5,6,green\n7,8,blue\n"


def test_texts_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = prepared(tmp_path, csv(tmp_path, COLOURS))
    assert found.classes == ("blue", "green", "red")
    assert found.train.y.tolist() == [2, 0, 1, 0]
    assert found.train.y.dtype == np.int64
    assert found.features == ("a", "b")
    assert found.train.x.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert found.train.x.flags.c_contiguous
    assert (len(found.train), found.held_out, found.test, found.weights, found.mean) == (4, None, None, None, None)


@pytest.mark.parametrize(
    ("labels", "gives", "classes", "codes"),
    [
        ([0, 1, 2, 1], 3, ("0", "1", "2"), [0, 1, 2, 1]),
        ([0, 2, 2, 0], 3, ("0", "1", "2"), [0, 2, 2, 0]),
        ([1, 2, 3, 1], 3, ("1", "2", "3"), [0, 1, 2, 0]),
        ([-1, 1, 1, -1], 2, ("-1", "1"), [0, 1, 1, 0]),
        ([10, 7, 8.0, 10], 3, ("7", "8", "10"), [2, 0, 1, 2]),
    ],
)
def test_numbers_as_labels(tmp_path: Path, labels: list[float], gives: int, classes: Any, codes: list[int]) -> None:
    found = prepared(tmp_path, npz(tmp_path, np.ones((4, 2)), np.array(labels)), gives=gives)
    assert found.classes == classes
    assert found.train.y.tolist() == codes


def test_losses_without_labels_get_one_hot_targets(tmp_path: Path) -> None:
    source = csv(tmp_path, COLOURS)
    found = prepared(tmp_path, source, loss="squared_error", train={"dtype": "float32"})
    assert found.train.y.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert found.train.y.dtype == np.float32
    two = csv(tmp_path, "1,2,no\n3,4,yes\n")
    assert prepared(tmp_path, two, gives=1, loss="binary_cross_entropy").train.y.tolist() == [[0], [1]]
    assert prepared(tmp_path, two, gives=1, loss="hinge").train.y.tolist() == [[-1], [1]]
    assert prepared(tmp_path, two, gives=2, loss="hinge").train.y.tolist() == [[1, -1], [-1, 1]]


def test_a_label_for_each_of_several_outputs_is_a_class_unless_told_otherwise(tmp_path: Path) -> None:
    source = npz(tmp_path, np.ones((3, 2)), np.array([0, 2, 1]))
    assert prepared(tmp_path, source, loss="squared_error").train.y.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert message(tmp_path, source, loss="squared_error", data={"task": "regression"}) == (
        "d.npz: expected targets of shape [3], as the network gives, found a single number for each example"
    )


def test_labels_of_places(tmp_path: Path) -> None:
    y = np.array([[[0, 1], [1, 1]], [[1, 0], [0, 0]]])
    np.savez(tmp_path / "d.npz", x=np.ones((2, 1, 2, 2)), y=y)
    layers = [{"op": "conv2d", "channels": 2, "size": 1}]
    config = tree("d.npz", gives=2) | {"network": {"input": [1, 2, 2], "layers": layers}}
    found = prepare(Config.from_dict(config, tmp_path)).train.y
    assert found.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(found[:, 1], y)
    np.testing.assert_array_equal(found[:, 0], 1 - y)
    np.savez(tmp_path / "d.npz", x=np.ones((2, 1, 2, 2)), y=np.array([0, 1]))
    with pytest.raises(InputError) as caught:
        prepare(Config.from_dict(config, tmp_path))
    assert str(caught.value) == "d.npz: expected a label for each output of [2, 2, 2], found labels of shape []"


def test_targets_of_a_regression(tmp_path: Path) -> None:
    x = np.ones((3, 2))
    one = prepared(tmp_path, npz(tmp_path, x, np.array([1, 2.5, 3])), gives=1, loss="squared_error")
    assert (one.train.y.tolist(), one.classes) == ([[1], [2.5], [3]], ())
    many = prepared(tmp_path, npz(tmp_path, x, np.arange(9.0).reshape(3, 3)), loss="squared_error")
    assert many.train.y.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_distributions_as_targets(tmp_path: Path) -> None:
    y = RANDOM.dirichlet(np.ones(3), 20).astype(np.float32)
    found = prepared(tmp_path, npz(tmp_path, np.ones((20, 2)), y))
    np.testing.assert_array_equal(found.train.y, y)
    y[4] = [0.5, 0.5, 1]
    assert message(tmp_path, npz(tmp_path, np.ones((20, 2)), y)) == (
        "d.npz: example 5: a target of softmax_cross_entropy sums to 1, this one to 2"
    )


@pytest.mark.parametrize(("share", "held"), [(0.1, 1), (0.25, 2), (0.5, 4), (0.99, 7)])
def test_a_share_is_held_out(share: float, held: int) -> None:
    first, second = split(8, share, 3, None)
    assert len(second) == held
    assert sorted([*first, *second]) == list(range(8))
    assert [first.tolist(), second.tolist()] == [sorted(first.tolist()), sorted(second.tolist())]
    np.testing.assert_array_equal(second, split(8, share, 3, None)[1])


def test_the_split_follows_its_seed() -> None:
    first, other = (split(500, 0.3, seed, None)[1] for seed in (1, 2))
    assert (first != other).any()
    assert len(split(1, 0.5, 0, None)[1]) == 0


def test_a_stratified_split_gives_each_class_its_share() -> None:
    codes = np.repeat([0, 1, 2, 3], [600, 300, 99, 1])
    codes = codes[np.random.default_rng(1).permutation(1000)]
    first, second = split(1000, 0.333, 5, codes)
    assert np.bincount(codes[second], minlength=4).tolist() == [200, 100, 33, 0]
    assert sorted([*first, *second]) == list(range(1000))
    assert (second != split(1000, 0.333, 6, codes)[1]).any()
    whole = [len(split(97, share, 0, np.arange(97) % 5)[1]) for share in (0.01, 0.1, 0.5, 0.9, 0.999)]
    assert whole == [1, 10, 48, 87, 96]


def test_parts_of_a_configuration(tmp_path: Path) -> None:
    rows = "".join(f"{i},{2 * i},{'xyz'[i % 3]}\n" for i in range(90))
    source = csv(tmp_path, rows)
    found = prepared(tmp_path, source, data={"held_out": 0.2, "seed": 4})
    assert found.held_out is not None
    assert (len(found.train), len(found.held_out)) == (72, 18)
    assert np.bincount(found.held_out.y).tolist() == [6, 6, 6]
    for part in (found.train, found.held_out):
        np.testing.assert_array_equal(part.x[:, 0], part.numbers)
        np.testing.assert_array_equal(part.y, part.numbers % 3)
    loose = prepared(tmp_path, source, data={"held_out": 0.2, "seed": 5, "stratify": False})
    assert loose.held_out is not None
    assert np.bincount(loose.held_out.y).tolist() != [6, 6, 6]


def test_an_own_test_file(tmp_path: Path) -> None:
    source = csv(tmp_path, COLOURS)
    data = {"test": csv(tmp_path, "a,b,c\n9,9,green\n", "t.csv"), "standardise": "feature"}
    found = prepared(tmp_path, source, data=data)
    assert found.test is not None
    assert found.test.y.tolist() == [1]
    np.testing.assert_allclose(found.test.x, [[(9 - 4) / np.sqrt(5), (9 - 5) / np.sqrt(5)]])
    csv(tmp_path, "a,b,c\n9,9,green\n9,9,pink\n", "t.csv")
    assert message(tmp_path, source, data=data) == (
        't.csv, line 3: unknown label "pink", the classes are blue, green, red'
    )
    csv(tmp_path, "a,b,c\n9,9,1\n", "t.csv")
    assert message(tmp_path, source, data=data) == "t.csv, line 2: unknown label 1, the classes are blue, green, red"
    csv(tmp_path, "b,a,c\n9,9,green\n", "t.csv")
    assert message(tmp_path, source, data=data) == "t.csv: expected the columns of d.csv, a, b, found b, a"
    csv(tmp_path, "9,9,9,green\n", "t.csv")
    assert (
        message(tmp_path, source, data=data) == "t.csv: the network reads [2] (network.input), each line has 3 features"
    )


def test_standardised_by_the_training_part_alone(tmp_path: Path) -> None:
    x = RANDOM.normal(3, 5, (9000, 2)) * [1, 1e-4] + [0, 1e3]
    found = prepared(tmp_path, npz(tmp_path, x, np.arange(9000) % 3), data={"held_out": 0.5, "standardise": "feature"})
    assert found.held_out is not None
    assert found.mean is not None
    assert found.scale is not None
    part = x[found.train.numbers]
    np.testing.assert_allclose(found.mean, part.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.scale, part.std(0), rtol=1e-9)
    np.testing.assert_allclose(found.train.x.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(found.train.x.std(0), 1, atol=1e-9)
    np.testing.assert_allclose(found.held_out.x, (x[found.held_out.numbers] - part.mean(0)) / part.std(0), atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.0, 1e9])
def test_what_is_constant_becomes_zero(tmp_path: Path, value: float) -> None:
    x = np.stack([np.full(31, value), np.arange(31)], axis=1)
    found = prepared(tmp_path, npz(tmp_path, x, np.arange(31) % 3), data={"standardise": "feature"})
    assert found.scale is not None
    assert found.scale[0] == 1
    np.testing.assert_allclose(found.train.x[:, 0], 0, atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 4)])
def test_standardised_by_channel(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = RANDOM.normal(0, 1, (50, *shape)) + np.arange(shape[0]).reshape(-1, *(1,) * (len(shape) - 1))
    found = prepared(tmp_path, npz(tmp_path, x, np.arange(50) % 3), reads=list(shape), data={"standardise": "channel"})
    axes = (0, 2, 3) if len(shape) == 3 else (0, 1, 2)
    assert found.mean is not None
    assert found.mean.shape == shape
    np.testing.assert_allclose(found.train.x.mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(found.train.x.std(axes), 1, atol=1e-12)
    np.testing.assert_allclose(found.train.x * np.ptp(x) / np.ptp(x), (x - found.mean) / found.scale, atol=1e-12)


def test_class_weights(tmp_path: Path) -> None:
    source = csv(tmp_path, COLOURS)

    def weights(given: Any) -> Any:
        found = prepared(tmp_path, source, train={"class_weights": given}).weights
        return None if found is None else found.tolist()

    assert weights("balanced") == pytest.approx([4 / 3, 4 / 6, 4 / 3, 4 / 6])
    assert weights([1.0, 2.0, 3.0]) == [3, 1, 2, 1]
    assert weights({"red": 5.0}) == [5, 1, 1, 1]
    assert message(tmp_path, source, train={"class_weights": [1.0, 2.0]}) == (
        "train.toml: train.class_weights: expected 3 weights, one for each class, found 2"
    )
    assert message(tmp_path, source, train={"class_weights": {"rde": 1.0}}) == (
        'train.toml: train.class_weights: unknown class "rde"; did you mean "red"?'
    )


def test_a_class_that_no_example_has_weighs_nothing() -> None:
    classes = Classes(labels=np.arange(3), names=("0", "1", "2"))
    found = example_weights(np.array([0, 0, 0, 2]), "balanced", classes, "")
    assert found is not None
    assert found.tolist() == pytest.approx([4 / 6, 4 / 6, 4 / 6, 2])
    assert found.sum() == pytest.approx(4)


def test_numbers_have_no_classes(tmp_path: Path) -> None:
    source = npz(tmp_path, np.ones((3, 2)), np.ones(3))
    table = {"class_weights": "balanced", "monitor": "accuracy"}
    more = {"train": table, "data": {"stratify": True}}
    assert message(tmp_path, source, gives=1, loss="squared_error", **more).splitlines() == [
        "train.toml, train.class_weights: train: the targets are numbers, they have no classes",
        "train.toml, data.stratify: data: the targets are numbers, they have no classes",
        'train.toml, train.monitor: train: the targets are numbers; expected "loss"',
    ]


@pytest.mark.parametrize(
    ("x", "y", "more", "expected"),
    [
        (np.ones((3, 2)), [5, 5, 5], {}, "d.npz: expected at least two classes, every label is 5"),
        (np.ones((2, 2)), ["a", "a"], {}, 'd.npz: expected at least two classes, every label is "a"'),
        (
            np.ones((3, 2)),
            [1, 2, 2.5],
            {},
            "d.npz: example 3: expected the label of a class, a whole number or a text, found 2.5",
        ),
        (
            np.ones((3, 2)),
            [1, np.nan, 2],
            {},
            "d.npz: example 2: expected the label of a class, a whole number or a text, found nan",
        ),
        (np.ones((3, 2)), [7, 8, 7], {}, "d.npz: the labels are of 2 classes (7, 8), the network tells 3 apart"),
        (np.ones((3, 2)), ["a", "b", "a"], {}, "d.npz: the labels are of 2 classes (a, b), the network tells 3 apart"),
        (
            np.ones((14, 2)),
            np.arange(14),
            {},
            "d.npz: the labels are of 14 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …), the network tells 3 apart",
        ),
        (
            np.ones((7, 2)),
            [4, 4, 5, 5, 6, 9, 6],
            {},
            (
                "d.npz: the labels are of 4 classes (4, 5, 6, 9), the network tells 3 apart; the rarest is 9, "
                "first in example 6"
            ),
        ),
        (
            np.ones((5, 2)),
            ["1.5", "2.5", "3.5", "high", "4.5"],
            {"gives": 1, "loss": "squared_error"},
            (
                "d.npz: the labels are of 5 classes (1.5, 2.5, 3.5, 4.5, high), the network tells 2 apart; "
                'example 4 has "high"'
            ),
        ),
        (
            np.ones((5, 2)),
            ["a", "b", "c", "7", "a"],
            {},
            'd.npz: the labels are of 4 classes (7, a, b, c), the network tells 3 apart; example 4 has "7"',
        ),
        (
            np.ones((4, 2)),
            ["1.5", "2.5", "high", "4.5"],
            {"gives": 1, "loss": "squared_error", "data": {"task": "regression"}},
            'd.npz: example 3: expected a number as target, found "high"',
        ),
        (np.ones((3, 4)), [0, 1, 2], {}, "d.npz: the network reads [2] (network.input), each example has 4 features"),
        (
            np.ones((3, 2, 2)),
            [0, 1, 2],
            {"reads": [2, 3]},
            "d.npz: the network reads [2, 3] (network.input), each example has shape [2, 2]",
        ),
        (
            np.ones((3, 4, 5, 2)),
            [0, 1, 2],
            {"reads": [2, 4, 5]},
            (
                "d.npz: the network reads [2, 4, 5] (network.input), each example has shape [4, 5, 2]; "
                "images are [C][H][W]"
            ),
        ),
        (np.ones((0, 2)), [], {}, "d.npz: expected at least one example, found none"),
        (
            np.array([[1, 2], [np.nan, 3]]),
            [0, 1],
            {},
            "d.npz: example 2: entry [1]: expected a finite number, found NaN",
        ),
        (
            np.array([[[1, 2], [3, -np.inf]]]),
            [0],
            {"reads": [2, 2]},
            "d.npz: example 1: entry [2,2]: expected a finite number, found -infinity",
        ),
        (
            np.array([np.inf, 1]),
            [0, 1],
            {"reads": 1},
            "d.npz: example 1: expected a finite number, found infinity",
        ),
        (
            np.array([[1e300, 2]]),
            [0],
            {"train": {"dtype": "float32"}},
            "d.npz: example 1: entry [1]: 1e+300 is too large for float32",
        ),
        (
            np.ones((3, 2)),
            [1, np.inf, 2],
            {"gives": 1, "loss": "squared_error"},
            "d.npz: example 2: expected a finite number as target",
        ),
        (
            np.ones((2, 2)),
            ["high", "low"],
            {"gives": 1, "loss": "squared_error", "data": {"task": "regression"}},
            'd.npz: example 1: expected a number as target, found "high"',
        ),
        (
            np.ones((2, 2)),
            np.ones((2, 4)),
            {"loss": "squared_error"},
            "d.npz: expected targets of shape [3], as the network gives, found shape [4]",
        ),
        (
            np.ones((3, 2)),
            [0, 1, 3],
            {"gives": 1, "loss": "binary_cross_entropy"},
            "d.npz: example 3: a target of binary_cross_entropy has entries from 0 to 1",
        ),
        (
            np.ones((2, 2)),
            ["a", "b"],
            {"gives": 2, "loss": "cosine", "data": {"task": "classes"}, "train": {"class_weights": [1.0]}},
            "train.toml: train.class_weights: expected 2 weights, one for each class, found 1",
        ),
    ],
)
def test_bad_data_are_one_clear_line(tmp_path: Path, x: Any, y: Any, more: dict[str, Any], expected: str) -> None:
    assert message(tmp_path, npz(tmp_path, x, np.array(y)), **more) == expected


def test_a_column_is_named_where_a_number_is_too_large(tmp_path: Path) -> None:
    source = csv(tmp_path, "size,kind\n1,a\n1e200,b\n")
    assert message(tmp_path, source, reads=1, gives=2, train={"dtype": "float32"}) == (
        'd.csv, line 3: column "size": 1e+200 is too large for float32'
    )


class Reluctant(SquaredError, frozen=True, kw_only=True):
    """A loss that no target pleases."""

    def check_target(self, report: Report, target: list[Any], shape: Any = None) -> None:
        report("y", "no")


def test_a_loss_that_has_no_meaning_for_zeros_gets_minus_one() -> None:
    codes, loss = np.array([0, 1]), LOSSES["cosine"]()
    assert isinstance(loss, Loss)
    assert targets(codes, loss, (2,), "float64", "d").tolist() == [[1, 0], [0, 1]]
    assert targets(codes, loss, (1,), "float64", "d").tolist() == [[-1], [1]]
    with pytest.raises(InputError) as caught:
        targets(codes, Reluctant(), (2,), "float64", "d")
    assert str(caught.value) == "d: squared_error has no target for classes; expected numbers as targets"


def test_class_weights_are_for_one_label_an_example(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.ones((2, 1, 1, 2)), y=np.array([[[0, 1]], [[1, 0]]]))
    config = tree("d.npz", train={"class_weights": "balanced"})
    config["network"] = {"input": [1, 1, 2], "layers": [{"op": "conv2d", "channels": 2, "size": 1}]}
    with pytest.raises(InputError, match=r"d\.npz: class weights are for one label an example"):
        prepare(Config.from_dict(config, tmp_path))


def test_inputs_are_flat_or_in_axes(tmp_path: Path) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    source = npz(tmp_path, x, np.array([0, 1]))
    assert prepared(tmp_path, source, reads=12).train.x.tolist() == x.reshape(2, 12).tolist()
    assert prepared(tmp_path, source, reads=[1, 3, 4]).train.x.tolist() == x[:, None].tolist()
    flat = npz(tmp_path, x.reshape(2, 12), np.array([0, 1]))
    assert prepared(tmp_path, flat, reads=[3, 4]).train.x.tolist() == x.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bytes_of_images_are_divided_unless_told_otherwise(tmp_path: Path, dtype: Any) -> None:
    pixels = np.array([[[0, 51], [255, 1]], [[9, 8], [7, 6]]], np.uint8)
    (tmp_path / "x-ubyte").write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, 2, 2, 2) + pixels.tobytes())
    (tmp_path / "y-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 2) + bytes([0, 1]))
    data = {"source": "x-ubyte", "labels": "y-ubyte"}
    found = load(Data(**data), tmp_path, dtype)
    assert found.x.dtype == dtype
    np.testing.assert_array_equal(found.x, pixels.astype(dtype) / np.array(255, dtype))
    np.testing.assert_array_equal(load(Data(**data, divide=1.0), tmp_path, dtype).x, pixels)
    np.testing.assert_array_equal(load(Data(**data, divide=2.0), tmp_path, dtype).x, pixels / 2)
    test = Data(**data, test="x-ubyte", test_labels="y-ubyte")
    assert load(test, tmp_path, dtype, test=True).y.tolist() == [0, 1]
    with pytest.raises(InputError, match="none-ubyte: cannot be read: there is no such file"):
        load(Data(source="none-ubyte", labels="y-ubyte"), tmp_path, dtype)


def test_a_folder_of_images(tmp_path: Path) -> None:
    from PIL import Image

    for name, value in (("up", 255), ("down", 0)):
        (tmp_path / "shots" / name).mkdir(parents=True)
        Image.fromarray(np.full((2, 2), value, np.uint8)).save(tmp_path / "shots" / name / "1.png")
    found = prepared(tmp_path, "shots", reads=[1, 2, 2], gives=2)
    assert (found.classes, found.train.y.tolist()) == (("down", "up"), [0, 1])
    assert found.train.x.reshape(2, 4).tolist() == [[0] * 4, [1] * 4]


BUNDLED = {
    "digits": ((1797, 1, 8, 8), 10, "softmax_cross_entropy", "9"),
    "iris": ((150, 4), 3, "softmax_cross_entropy", "virginica"),
    "wine": ((178, 13), 3, "softmax_cross_entropy", "class_2"),
    "breast_cancer": ((569, 30), 1, "binary_cross_entropy_with_logits", "benign"),
    "diabetes": ((442, 10), 1, "squared_error", None),
}


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets(tmp_path: Path, name: str) -> None:
    shape, gives, loss, last = BUNDLED[name]
    reads = list(shape[1:]) if len(shape) > 2 else shape[1]
    found = prepared(tmp_path, name, reads=reads, gives=gives, loss=loss)
    assert found.train.x.shape == shape
    assert (found.classes[-1] if found.classes else None) == last
    if name == "digits":
        assert (found.train.x.min(), found.train.x.max()) == (0, 1)
    else:
        assert len(found.features) == shape[1]
    if name == "breast_cancer":
        assert found.train.y.sum() == 357


def test_without_scikit_learn_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert message(tmp_path, "iris", reads=4) == (
        'iris: this set needs the package scikit-learn: pip install "handgrad[sklearn]"'
    )


def test_keys_in_place_of_those_of_a_configuration_reach_data_and_parameters(tmp_path: Path) -> None:
    config = Config.from_dict(tree(csv(tmp_path, COLOURS), train={"dtype": "float32"}), tmp_path)
    plain, other = of_config(config, {}), of_config(config, {"dtype": "float64", "seed": 1, "folder": None})
    assert (plain.part.x.dtype, other.part.x.dtype) == (np.float32, np.float64)
    weights = [task.problem.network.parameters["W1"].floats() for task in (plain, other)]
    assert (weights[0] != weights[1]).all()


def test_named_classes_of_a_source_come_as_they_are() -> None:
    found = Examples(x=np.ones((3, 1)), y=np.array([1, 0, 1]), file="s", classes=("z", "a"))
    classes = classes_of(found, 2)
    assert (classes.names, classes.codes(found).tolist()) == (("z", "a"), [1, 0, 1])
    squared: Any = LOSSES["squared_error"]()
    assert reals(found, squared, (1,), "float32").tolist() == [[1], [0], [1]]
