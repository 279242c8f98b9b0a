"""Keras models: archives made by hand in the layout of Keras 3, and real models where Keras is installed."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.verify import checks

h5py = pytest.importorskip("h5py")

Entry = tuple[str, dict[str, Any], list[Any]]


def layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": kind.lower()} | config}


def weights_file(arrays: dict[str, list[Any]]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, values in arrays.items():
            for i, value in enumerate(values):
                file[f"layers/{name}/vars/{i}"] = value
    return buffer.getvalue()


def archive(file: Path, config: Any, weights: bytes) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        out.writestr("model.weights.h5", weights)
    return file


def sequential(file: Path, shape: list[int], layers: list[dict[str, Any]], arrays: dict[str, list[Any]]) -> Path:
    tables = [layer("InputLayer", batch_shape=[None, *shape]), *layers]
    tree = {"class_name": "Sequential", "config": {"name": "s", "layers": tables}}
    return archive(file, tree, weights_file(arrays))


def output(problem: Any) -> Any:
    return np.asarray(hg.solve(problem)["yhat"])


def test_a_sequential_model_of_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    kernel, bias = rng.normal(size=(2, 2, 2, 3)), rng.normal(size=3)
    weights = rng.normal(size=(12, 2))
    layers = [
        layer("Conv2D", kernel_size=[2, 2], strides=[1, 1], padding="valid", activation="relu", use_bias=True),
        layer("Dropout", rate=0.5),
        layer("Flatten"),
        layer("Dense", units=2, use_bias=False, activation="softmax"),
    ]
    file = sequential(tmp_path / "m.keras", [3, 3, 2], layers, {"conv2d": [kernel, bias], "dense": [weights]})
    x = rng.normal(size=(3, 3, 2))
    windows = np.array([[np.tensordot(x[i : i + 2, j : j + 2], kernel, 3) for j in (0, 1)] for i in (0, 1)]) + bias
    z = np.maximum(windows, 0).ravel() @ weights
    problem = hg.from_keras(file, x, np.array([1.0, 0.0]), "cross_entropy")
    assert problem.network.inputs == {"x": (2, 3, 3)}  # channels first
    np.testing.assert_allclose(output(problem), np.exp(z) / np.exp(z).sum(), rtol=1e-12)
    assert all(check.agrees for check in checks(problem))


def test_a_functional_model(tmp_path: Path) -> None:
    def tensor(name: str) -> dict[str, Any]:
        return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}

    tables = [
        layer("InputLayer", batch_shape=[None, 2]) | {"name": "inputlayer", "inbound_nodes": []},
        layer("Add") | {"inbound_nodes": [{"args": [[tensor("dense"), tensor("inputlayer")]], "kwargs": {}}]},
        layer("Dense", activation="tanh") | {"inbound_nodes": [{"args": [tensor("inputlayer")], "kwargs": {}}]},
    ]
    config = {"name": "f", "layers": tables, "input_layers": [["inputlayer", 0, 0]], "output_layers": [["add", 0, 0]]}
    weights, bias = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -0.5])
    tree = {"class_name": "Functional", "config": config}
    file = archive(tmp_path / "m.keras", tree, weights_file({"dense": [weights, bias]}))
    x = np.array([[0.1, 0.2], [0.3, -0.4]])
    np.testing.assert_allclose(output(hg.from_keras(file, x)), np.tanh(x @ weights + bias) + x, rtol=1e-12)


DENSE = [layer("Dense", units=2)]


@pytest.mark.parametrize(
    ("layers", "arrays", "text"),
    [
        ([layer("LSTM")], {}, 'layer "lstm" (LSTM): has no counterpart'),
        ([layer("Lambda")], {}, 'layer "lambda" (Lambda): has no counterpart'),
        ([layer("Conv2DTranspos")], {}, "the nearest that has one is Conv2DTranspose"),
        (DENSE, {}, 'layer "dense" (Dense): expected 2 arrays of weights, found 0'),
        (DENSE, {"dense": [np.ones((5, 2)), np.ones(2)]}, 'layer "dense" (Dense): as dense: '),
        (DENSE, {"dense": [np.ones(()), np.ones(2)]}, 'layer "dense" (Dense): '),
        ([layer("Activation", activation="sofplus")], {}, 'the nearest that has is "softplus"'),
        ([layer("ReLU", max_value=3)], {}, "max_value = 3 has no counterpart"),
        ([layer("Reshape")], {}, "its configuration or its weights are damaged: it lacks 'target_shape'"),
        ([layer("Reshape", target_shape="ab")], {}, 'layer "reshape" (Reshape)'),
        ([layer("Reshape", target_shape=[10**9, 10**9])], {}, 'layer "reshape" (Reshape)'),
        ([layer("Softmax", axis=5)], {}, "along the axis 5"),
        ([layer("Conv2D", data_format="channels_first")], {"conv2d": [np.ones((1, 1, 1, 1))] * 2}, "data_format"),
        ([layer("ZeroPadding1D", padding=10**9)], {}, 'layer "zeropadding1d" (ZeroPadding1D)'),
        ([layer("LayerNormalization", rms_scaling=True)], {}, "rms_scaling has no counterpart"),
    ],
)
def test_what_cannot_be_brought_is_named(tmp_path: Path, layers: Any, arrays: Any, text: str) -> None:
    start = time.monotonic()
    with pytest.raises(hg.InputError) as caught:
        hg.from_keras(sequential(tmp_path / "m.keras", [3], layers, arrays))
    assert text in str(caught.value)
    assert len(caught.value.mistakes) == 1
    assert time.monotonic() - start < 5


def deep(depth: int) -> str:
    return '{"class_name": "Sequential", "config": ' + "[" * depth + "]" * depth + "}"


def model(**config: Any) -> dict[str, Any]:
    return {
        "class_name": "Sequential",
        "config": {"layers": [layer("InputLayer", batch_shape=[None, 3]), *DENSE]} | config,
    }


@pytest.mark.parametrize(
    ("config", "weights", "text"),
    [
        (deep(100_000), b"", "no valid JSON"),
        ("no", b"", "no valid JSON"),
        (b"\xff\xfe", b"", "no valid JSON"),
        ("[]", b"", "the model is a None"),
        ({"class_name": "Mine", "config": {}}, b"", "the model is a Mine"),
        (model(layers=[]), b"", "no list of at most 2000 layers"),
        (model(layers=[layer("Dense")] * 3000), b"", "no list of at most 2000 layers"),
        (model(), b"broken", "its weights are damaged"),
        (model(), weights_file({"dense": [np.ones((3, 2)), np.ones(2)]})[:700], "its weights are damaged"),
        (b" " * (17 * 2**20), b"", "config.json is too large"),
        (model(layers=[layer("InputLayer", batch_shape=[None, None])]), weights_file({}), "give it lengths"),
        (model(layers=[layer("InputLayer")]), weights_file({}), "give it lengths"),
        ({"class_name": "Functional", "config": model()["config"]}, weights_file({}), "configuration is damaged"),
    ],
)
def test_hostile_files_are_one_error_each(tmp_path: Path, config: Any, weights: bytes, text: str) -> None:
    start = time.monotonic()
    with pytest.raises(hg.InputError) as caught:
        hg.from_keras(archive(tmp_path / "m.keras", config, weights))
    assert text in str(caught.value)
    assert len(caught.value.mistakes) == 1
    assert time.monotonic() - start < 5


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    whole = sequential(tmp_path / "m.keras", [3], DENSE, {"dense": [np.ones((3, 2)), np.ones(2)]}).read_bytes()
    for name, data in {"cut": whole[: len(whole) // 2], "empty": b"", "text": b"hello"}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(hg.InputError, match=r"expected a \.keras file"):
            hg.from_keras(tmp_path / name)
    with pytest.raises(hg.InputError, match="cannot be read"):
        hg.from_keras(tmp_path / "none.keras")
    with zipfile.ZipFile(tmp_path / "path.keras", "w") as out:
        out.writestr("../../config.json", "{}")
    with pytest.raises(hg.InputError, match=r"no config\.json"):
        hg.from_keras(tmp_path / "path.keras")


def test_links_out_of_the_weights_are_not_followed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["vars/0"] = np.ones((3, 2))
    with h5py.File(buffer, "w") as file:
        file["layers/dense"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/")
    with pytest.raises(hg.InputError, match="its weights are damaged"):
        hg.from_keras(archive(tmp_path / "m.keras", model(), buffer.getvalue()))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("layers/dense/vars/0", shape=(10**6, 10**6), dtype="f4", chunks=(100, 100))
    with pytest.raises(hg.InputError, match="too large"):
        hg.from_keras(archive(tmp_path / "m.keras", model(), buffer.getvalue()))


def test_the_command_turns_an_example(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    from handgrad.interop.model_files import import_model

    kernel = np.arange(12.0).reshape(2, 2, 3, 1)
    layers = [layer("Conv2D", kernel_size=[2, 2], use_bias=False)]
    file = sequential(tmp_path / "m.keras", [3, 3, 3], layers, {"conv2d": [kernel]})
    x = np.random.default_rng(2).normal(size=(3, 3, 3))
    np.save(tmp_path / "x.npy", x)
    import_model(str(file), tmp_path / "p.toml", x=str(tmp_path / "x.npy"))
    np.testing.assert_allclose(output(hg.load(tmp_path / "p.toml")), output(hg.from_keras(file, x)))
    import_model(str(file), tmp_path / "q.toml")
    assert "shape = [3, 3, 3]" in (tmp_path / "q.toml").read_text()


def real_models(keras: Any) -> Any:
    made = keras.layers
    image, chain = keras.Input((6, 6, 4)), keras.Sequential
    turned = made.Conv2D(4, 3, padding="same")(image)
    shared = made.Dense(2)
    merged = made.Concatenate(axis=1)([made.Average()([turned, image]), turned])
    merged = made.Subtract()([made.Maximum()([merged, made.Multiply()([merged, merged])]), merged])
    yield keras.Model(image, made.Flatten()(made.Add()([shared(merged), shared(made.Minimum()([merged, merged]))])))
    yield chain([image, made.Conv2D(4, 3, groups=2, strides=2, padding="same"), made.ZeroPadding2D(((1, 0), (2, 1))),
                 made.DepthwiseConv2D(3, depth_multiplier=2), made.Activation("gelu"), made.Permute((2, 1, 3)),
                 made.Reshape((-1, 8)), made.LayerNormalization(), made.GlobalAveragePooling1D()])  # fmt: skip
    yield chain([image, made.Conv2D(3, 2), made.BatchNormalization(), made.ReLU(6), made.PReLU(shared_axes=[1, 2]),
                 made.MaxPooling2D(3, strides=2, padding="same"), made.SeparableConv2D(3, 2), made.Dense(3),
                 made.LeakyReLU(), made.ELU(), made.Softmax()])  # fmt: skip
    for size, stride, padding in [(3, 2, "same"), (3, 2, "valid"), (2, 3, "valid"), (4, 2, "same"), (3, 1, "same")]:
        yield chain([image, made.Conv2DTranspose(3, size, strides=stride, padding=padding)])
    yield chain([keras.Input((9, 2)), made.Conv1D(3, 3, padding="causal", dilation_rate=2),
                 made.AveragePooling1D(2, padding="same"), made.GlobalMaxPooling1D()])  # fmt: skip
    yield chain([keras.Input((4, 4, 3, 2)), made.Conv3D(3, 2, strides=2), made.GlobalAveragePooling3D(keepdims=True)])


@pytest.mark.filterwarnings("ignore")  # Keras's own
def test_real_models_give_the_same_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "torch":
        pytest.skip("Keras has another backend")
    rng = np.random.default_rng(3)
    for network in real_models(keras):
        for weight in network.weights:
            low = "variance" in weight.path
            weight.assign(rng.uniform(0.2, 1, weight.shape) if low else rng.normal(size=weight.shape) * 0.3)
        network.save(tmp_path / "m.keras")
        x = rng.normal(size=(2, *network.input_shape[1:])).astype("float32")
        want = network(x).detach().cpu().numpy()
        for given in (tmp_path / "m.keras", network):
            np.testing.assert_allclose(output(hg.from_keras(given, x)), want, rtol=1e-4, atol=1e-5)
