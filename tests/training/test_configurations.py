"""Configurations: what may be left out, what is drawn, and every mistake with its file, line and key path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import ROOT
from handgrad.errors import InputError
from handgrad.training.config import Config, plain, read
from handgrad.training.preparing import prepare
from handgrad.training.settings import Augment, Data, Initialise, Train
from handgrad.training.sources import kind

DENSE: dict[str, Any] = {"op": "dense", "units": 3}
BASE: dict[str, Any] = {
    "network": {"input": 4, "layers": [{**DENSE, "units": 5, "activation": "tanh"}, DENSE]},
    "loss": {"op": "softmax_cross_entropy"},
    "update": {"op": "sgd", "rate": 0.5},
    "data": {"source": "iris"},
    "train": {"epochs": 2},
}


def with_layers(*layers: Any, shape: Any = 4, **tables: Any) -> dict[str, Any]:
    return {**BASE, "network": {"input": shape, "layers": list(layers)}, **tables}


def message(tree: Any, folder: Path | None = None) -> str:
    with pytest.raises(InputError) as caught:
        Config.from_dict(tree, folder)
    return str(caught.value)


def test_what_is_left_out_has_its_first_value() -> None:
    config = Config.from_dict(BASE)
    assert config.drawn == ("W1", "b1", "W2", "b2")
    assert {name: config.network.shape(name) for name in config.drawn} == {
        "W1": (5, 4), "b1": (5,), "W2": (3, 5), "b2": (3,),
    }  # fmt: skip
    assert (config.train, config.augment) == (Train(epochs=2), Augment())
    assert (config.data, config.initialise, config.own_initialise) == (Data(source="iris"), Initialise(), {})
    assert config.schedule.name == "constant"
    assert (config.rate, config.loss.name, config.update.name) == (0.5, "softmax_cross_entropy", "sgd")
    weights = config.network.parameters["W1"].floats()
    bound = np.sqrt(6 / 9)
    assert 0 < np.abs(weights).max() <= bound
    assert not config.network.parameters["b1"].floats().any()


def test_the_first_values_follow_the_seed_and_the_scheme() -> None:
    first, again, other = (
        Config.from_dict({**BASE, "train": {"epochs": 1, "seed": seed}}).network.parameters["W1"].floats()
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    own = {"scheme": "orthogonal", "W2": {"scheme": "constant", "value": 2}, "b1": {"scheme": "constant", "value": 0.1}}
    config = Config.from_dict({**BASE, "initialise": own})
    found = {name: config.network.parameters[name].floats() for name in config.drawn}
    np.testing.assert_allclose(found["W1"].T @ found["W1"], np.eye(4), atol=1e-12)
    assert (set(found["W2"].ravel()), set(found["b1"])) == ({2}, {0.1})


def test_another_seed_draws_other_parameters() -> None:
    config = Config.from_dict(BASE, file="c.toml")
    same, other = config.changed(epochs=9, clip=None), config.changed(seed=1)
    assert (same.train.epochs, other.train.epochs, other.file) == (9, 2, "c.toml")
    first, again, anew = (one.network.parameters["W1"].floats() for one in (config, same, other))
    np.testing.assert_array_equal(first, again)
    assert (first != anew).any()
    with pytest.raises(InputError) as caught:
        config.changed(epoch=1)
    assert str(caught.value) == 'c.toml, train.epoch: train: unknown key "epoch"; did you mean "epochs"?'


def test_what_is_given_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("7\n8\n9\n")
    layers = (
        {"op": "dense", "weights": [[1, 2, 3, 4]] * 5},
        {"op": "dense", "weights": {"random": "normal", "seed": 1}, "units": 3, "bias": True},
        {"op": "dense", "units": 3, "bias": {"file": "b.csv"}},
        {"op": "dense", "units": 3, "bias": False},
    )
    config = Config.from_dict(with_layers(*layers), tmp_path)
    assert config.drawn == ("b2", "W3", "W4")
    assert list(config.network.parameters) == ["W1", "W2", "b2", "W3", "b3", "W4"]
    assert config.network.parameters["W1"].floats().tolist() == [[1, 2, 3, 4]] * 5
    assert config.network.parameters["b3"].floats().tolist() == [7, 8, 9]


def test_every_kind_of_parameter_can_be_left_out() -> None:
    layers = (
        {"op": "conv2d", "channels": 6, "size": 3},
        {"op": "batch_norm", "scale": True, "shift": True},
        {"op": "prelu"},
        {"op": "conv_transpose2d", "channels": 2, "size": 2, "stride": 2},
        {"op": "group_norm", "groups": 1, "scale": True, "shift": False},
        {"op": "layer_norm", "scale": True, "axis": 1},
        {"op": "dropout", "rate": 0.5},
        {"op": "flatten"},
        {"op": "dense", "units": 3},
    )
    config = Config.from_dict(with_layers(*layers, shape=[1, 8, 8]))
    assert config.drawn == tuple(config.network.parameters)
    assert {name: config.network.shape(name) for name in config.drawn} == {
        "K1": (6, 1, 3, 3), "b1": (6,), "gamma2": (6,), "beta2": (6,), "s3": (6,), "K4": (6, 2, 2, 2), "b4": (2,),
        "gamma5": (2,), "gamma6": (2, 12, 12), "W9": (3, 288), "b9": (3,),
    }  # fmt: skip
    ones = config.network.parameters["gamma6"].floats()
    assert set(ones.ravel()) == {1}


def test_an_embedding_and_a_shared_parameter() -> None:
    layers = [
        {"op": "embedding", "count": 7, "size": 4},
        {"op": "dense", "weights": "U", "rows": True},
        {"op": "dense", "weights": "U", "rows": True},
        {"op": "flatten"},
        DENSE,
    ]
    network = {"input": 5, "layers": layers, "parameters": {"U": {"random": "normal", "seed": 1, "shape": [4, 4]}}}
    config = Config.from_dict({**BASE, "network": network})
    assert config.drawn == ("W1", "W5", "b5")


def test_a_file_is_read_with_decimals_as_floats(tmp_path: Path) -> None:
    file = tmp_path / "train.toml"
    file.write_text(
        "[network]\ninput = [1, 8, 8]\n[[network.layers]]\nop = 'flatten'\n"
        "[[network.layers]]\nop = 'dense'\nunits = 10\n"
        "[loss]\nop = 'softmax_cross_entropy'\n[update]\nop = 'adam'\nrate = 1e-3\n"
        "[data]\nsource = 'digits'\nheld_out = 0.25\n[augment]\nshift = [1, 2]\nflip = true\n"
        "[schedule]\nop = 'one_cycle'\nwarm_up = 0.5\n[train]\nepochs = 3\nclip = 1\nclass_weights = { 3 = 2.5 }\n"
    )
    config = read(file)
    assert config.rate == 0.001
    assert (config.data.held_out, config.schedule.warm_up, config.train.clip) == (0.25, 0.5, 1.0)
    assert config.augment.reach == (1, 2)
    assert config.train.class_weights == {"3": 2.5}
    assert (config.file, config.folder) == (str(file), tmp_path)
    file.write_text(file.read_text().replace("units = 10", "unit = 10").replace("0.25", "1.25") + "epoch = 4\n")
    with pytest.raises(InputError) as caught:
        read(file)
    assert str(caught.value).splitlines() == [
        f'{file}, line 7, network.layers[2].unit: layer 2 (dense): unknown key "unit"; did you mean "units"?',
        f"{file}, line 15, data.held_out: data: expected a share from 0 to below 1, found 1.25",
        f'{file}, line 26, train.epoch: train: unknown key "epoch"; did you mean "epochs"?',
    ]


SOURCES = (
    "data.source: data: expected digits, iris, wine, breast_cancer, diabetes, a .csv, .npz or IDX file or a folder of "
    "images, found"
)
MISTAKES: dict[str, tuple[Any, list[str]]] = {
    "not a table": ([], ["expected a configuration as a table, found a list"]),
    "nothing": (
        {},
        [
            "loss: expected a table [loss] with op, found nothing",
            "update: expected a table [update] with op and rate, found nothing",
            "network: expected a table [network] with input and layers, found nothing",
            "data: expected a table [data] with source, found nothing",
            "train: expected a table [train] with epochs, found nothing",
        ],
    ),
    "no loss": (
        {key: value for key, value in BASE.items() if key != "loss"},
        ["loss: expected a table [loss] with op, found nothing"],
    ),
    "unknown tables": (
        {**BASE, "trian": {}, "questions": []},
        [
            'trian: unknown key "trian"; did you mean "train"?',
            (
                'questions: unknown key "questions"; known are augment, data, digits, initialise, loss, network, '
                "notation, penalties, schedule, title, train, update"
            ),
        ],
    ),
    "no tables": (
        {**BASE, "augment": 1, "schedule": "cosine", "initialise": "he"},
        [
            "augment: expected a table [augment] with shift or flip, found 1",
            'schedule: expected a table [schedule] with op, found "cosine"',
            'initialise: expected a table [initialise] with scheme, found "he"',
        ],
    ),
    "no size": (
        with_layers({"op": "dense"}),
        ['network.layers[1]: layer 1 (dense): "weights" is left out, so it has to say its units'],
    ),
    "no sizes": (
        with_layers({"op": "conv2d", "channels": 3}, shape=[1, 8, 8]),
        ['network.layers[1]: layer 1 (conv2d): "kernel" is left out, so it has to say its channels and size'],
    ),
    "a size below zero": (
        with_layers({"op": "dense", "units": -3}),
        ["network.layers[1]: layer 1 (dense): expected sizes of a parameter that can be drawn for its units"],
    ),
    "a size of zero": (
        with_layers({"op": "dense", "units": 0}),
        ["network.layers[1]: layer 1 (dense): expected sizes of a parameter that can be drawn for its units"],
    ),
    "a size beyond memory": (
        with_layers({"op": "dense", "units": 10**12}),
        ["network.layers[1]: layer 1 (dense): expected sizes of a parameter that can be drawn for its units"],
    ),
    "an axis that is not there": (
        with_layers({"op": "layer_norm", "scale": True, "axis": 4}),
        ['network.layers[1]: layer 1 (layer_norm): "scale" is left out, and nothing tells its shape'],
    ),
    "weights refused": (
        with_layers({"op": "dense", "units": 3, "weights": False}),
        ["network.layers[1].weights: expected a number, found false"],
    ),
    "an unknown op": (
        with_layers({"op": "dens", "units": 3}),
        ['network.layers[1].op: layer 1: expected an op, found "dens"; did you mean "dense"?'],
    ),
    "a symbol": (
        with_layers({"op": "dense", "weights": [["w", 1, 2, 3]]}),
        ["network: W1: expected numbers, found the symbol w"],
    ),
    "two inputs": (
        {
            **BASE,
            "network": {"input": {"a": 2, "b": 2}, "layers": [{"op": "add", "from": ["a", "b"]}]},
        },
        ["network.input: expected one input, found 2"],
    ),
    "losses apart": (
        {**BASE, "loss": {"op": "squared_error", "reduction": "none"}},
        ['loss.reduction: loss (squared_error): expected "mean" or "sum", found "none"'],
    ),
    "steps": (
        {**BASE, "update": {"op": "sgd", "rate": 1, "steps": 3}},
        ["update.steps: a training takes its epochs from [train], not a number of steps"],
    ),
    "an unknown schedule": (
        {**BASE, "schedule": {"op": "cosin"}},
        ['schedule.op: expected a schedule, found "cosin"; did you mean "cosine"?'],
    ),
    "schedules out of range": (
        {**BASE, "schedule": {"op": "step", "every": 0, "factor": -1, "warm_up": -2}},
        [
            "schedule.warm_up: schedule (step): expected a number of epochs of at least 0, found -2",
            "schedule.every: schedule (step): expected at least 1 epoch, found 0",
            "schedule.factor: schedule (step): expected a positive number, found -1",
        ],
    ),
    "a schedule without its key": (
        {**BASE, "schedule": {"op": "step"}},
        ['schedule.every: schedule (step): the key "every" is missing'],
    ),
    "a cycle out of range": (
        {**BASE, "schedule": {"op": "one_cycle", "rise": 1, "start": 0.5, "end": 0}},
        [
            "schedule.rise: schedule (one_cycle): expected a share between 0 and 1, found 1",
            "schedule.start: schedule (one_cycle): expected at least 1, found 0.5",
            "schedule.end: schedule (one_cycle): expected at least 1, found 0",
        ],
    ),
    "a cosine out of range": (
        {**BASE, "schedule": {"op": "cosine", "lowest": 2}},
        ["schedule.lowest: schedule (cosine): expected 0 to 1, found 2"],
    ),
    "training out of range": (
        {
            **BASE,
            "train": {
                "epochs": 0, "batch": -1, "seed": -1, "clip": 0, "threads": 0, "improvement": -1,
                "checkpoint_every": -1, "class_weights": [1, -1, 1],
            },
        },
        [
            "train.epochs: train: expected a positive integer, found 0",
            "train.batch: train: expected a positive integer, found -1",
            "train.threads: train: expected a positive integer, found 0",
            "train.seed: train: expected an integer from 0 to 9223372036854775807, found -1",
            "train.checkpoint_every: train: expected a number of seconds of at least 0, found -1",
            "train.clip: train: expected a positive number, found 0",
            "train.improvement: train: expected a number of at least 0, found -1",
            "train.class_weights: train: expected weights of at least 0, found -1",
        ],
    ),
    "no weight": (
        {**BASE, "train": {"epochs": 1, "class_weights": [0, 0, 0]}},
        ["train.class_weights: train: expected at least one weight above 0, found zeros"],
    ),
    "no weights": (
        {**BASE, "train": {"epochs": 1, "class_weights": {}}},
        ["train.class_weights: train: expected at least one weight above 0, found none"],
    ),
    "training of another type": (
        {**BASE, "train": {"epochs": 1.5, "dtype": "float16", "shuffle": "yes"}},
        [
            "train.epochs: train: expected int for epochs, found 1.5",
            'train.dtype: train: expected "float32" or "float64" for dtype, found "float16"',
            'train.shuffle: train: expected bool for shuffle, found "yes"',
        ],
    ),
    "stopping by nothing": (
        {**BASE, "train": {"epochs": 1, "patience": 3}},
        ["train.patience: early stopping needs a part to watch: a share held_out in [data]"],
    ),
    "data out of range": (
        {**BASE, "data": {"source": "iris", "held_out": 1, "divide": 0, "seed": 2**63, "test_labels": "l"}},
        [
            "data.held_out: data: expected a share from 0 to below 1, found 1",
            "data.seed: data: expected an integer from 0 to 9223372036854775807, found 9223372036854775808",
            "data.divide: data: expected a finite number other than 0, found 0",
            "data.test_labels: data: there is no test that these are the labels of",
        ],
    ),
    "columns out of range": (
        {**BASE, "data": {"source": "a.csv", "separator": ", ", "columns": [], "label": []}},
        [
            'data.separator: data: expected a single character, found ", "',
            "data.columns: data: expected at least one column, found none",
            "data.label: data: expected at least one column, found none",
        ],
    ),
    "an unknown source": (
        {**BASE, "data": {"source": "irish"}},
        [
            f'{SOURCES} "irish"; did you mean "iris"?',
        ],
    ),
    "an unknown source unlike any": (
        {**BASE, "data": {"source": "a.xlsx", "test": "b.csv"}},
        [
            f'{SOURCES} "a.xlsx"',
        ],
    ),
    "keys of another source": (
        {**BASE, "data": {"source": "iris", "label": 1, "colour": "grey", "y": "t", "test": "t.csv"}},
        [
            "data.test: data: expected a test of the same kind as the source",
            "data.test: data: a bundled set has no test of its own; hold a share out",
            "data.colour: data: colour is for a folder of images, the source is iris",
            "data.label: data: label is for a CSV file, the source is iris",
            "data.y: data: y is for an NPZ file, the source is iris",
        ],
    ),
    "images without labels": (
        {**BASE, "data": {"source": "a-ubyte", "test": "b-ubyte.gz"}},
        [
            'data.labels: data: the key "labels" is missing: the IDX file of them',
            'data.test_labels: data: the key "test_labels" is missing: the IDX file of them',
        ],
    ),
    "moves of no image": (
        {**BASE, "augment": {"shift": 1}, "data": {"source": "iris", "standardise": "channel"}},
        [
            "augment: shifts and flips are for inputs [H][W] or [C][H][W], the network reads [4]",
            'data.standardise: an input [4] has no channels; expected "feature" or "none"',
        ],
    ),
    "moves out of range": (
        {**BASE, "augment": {"shift": -1}},
        ["augment.shift: augment: expected at least 0 pixels, found -1"],
    ),
    "a scheme out of range": (
        {
            **BASE,
            "initialise": {"gain": 0, "W1": {"scheme": "hee"}, "W2": {"scheme": "constant", "value": float("nan")}},
        },
        [
            "initialise.gain: initialise: expected a positive number, found 0",
            (
                'initialise.W1.scheme: initialise (W1): expected "glorot" or "he" or "lecun" or "orthogonal" or '
                '"constant" for scheme, found "hee"'
            ),
            "initialise.W2.value: initialise (W2): expected a finite number, found nan",
        ],
    ),
    "a scheme of what is not drawn": (
        {**BASE, "initialise": {"W3": {"scheme": "he"}, "b1": {"scheme": "he"}}},
        [
            'initialise.W3: "W3" is no parameter that is left out; known are W1, W2, b1, b2',
            'initialise.b1: b1 is no weight; expected the scheme "constant", found "he"',
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_every_mistake_is_listed(case: str, tmp_path: Path) -> None:
    tree, expected = MISTAKES[case]
    assert message(tree, tmp_path).splitlines() == expected


def test_kinds_of_sources(tmp_path: Path) -> None:
    (tmp_path / "idx").mkdir()
    kinds = {
        "iris": "bundled",
        "a.CSV": "csv",
        "a.txt.gz": "csv",
        "iris.npz": "npz",
        "t10k-images.idx3": "idx",
        "train-images-idx3-ubyte.gz": "idx",
        "images.gz": "idx",
        "idx": "images",
        str(tmp_path / "idx"): "images",
        "idx/a.png": None,
        "none": None,
    }
    assert {source: kind(source, tmp_path) for source in kinds} == kinds


def test_mistakes_of_network_and_tables_come_together() -> None:
    tree = with_layers({"op": "dense", "units": 3}, {"op": "dense"}, update={"op": "sgdd"}, train={})
    assert message(tree).splitlines() == [
        'network.layers[2]: layer 2 (dense): "weights" is left out, so it has to say its units',
        'update.op: expected an update, found "sgdd"; did you mean "sgd"?',
        'train.epochs: train: the key "epochs" is missing',
    ]


@pytest.mark.parametrize(
    "table",
    [
        {"op": "step", "every": 3, "factor": 0.5},
        {"op": "cosine", "lowest": 0.5},
        {"op": "one_cycle", "rise": 0.5, "start": 10, "end": 100},
        {"op": "constant", "warm_up": 2},
    ],
)
def test_schedules_by_name(table: dict[str, Any]) -> None:
    found = Config.from_dict({**BASE, "schedule": table}).schedule
    assert found.name == table["op"]
    assert all(getattr(found, key) == value for key, value in table.items() if key != "op")


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "training").glob("*.toml")), ids=lambda file: file.stem)
def test_the_examples_are_sound(file: Path) -> None:
    config = read(file)
    assert config.drawn == tuple(config.network.parameters)
    found = prepare(config)
    assert found.held_out is not None
    assert found.train.x.shape[1:] == config.network.input
    assert len(found.classes) == config.network.output[0]


def test_decimals_within_lists_and_tables() -> None:
    from handgrad.arithmetic.numerals import Literal

    assert plain({"a": [Literal("0.5"), 1], "b": {"c": Literal("nan")}, "d": "0.5"})["a"] == [0.5, 1]
    assert plain(Literal("1e-3")) == 0.001
