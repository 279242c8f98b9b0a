"""Curves, confusion matrix, filters: what stands in them, and that they are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from setting import CLASSES, blobs, layer, network

import handgrad as hg
from handgrad.drawing.pieces import area
from handgrad.notation.picture import Disc, Grid, Label, Picture, Stroke
from handgrad.ops.cross_entropies import SoftmaxCrossEntropy
from handgrad.render.png import png
from handgrad.render.shades import Patch, colour, patches
from handgrad.render.svg import svg
from handgrad.render.tikz import tikz
from handgrad.training.confusion import classes_of, confusion, counts
from handgrad.training.curves import axis, curves, written
from handgrad.training.filters import filters
from handgrad.training.fit import fit
from handgrad.training.state import Epoch
from handgrad.training.writing import write


def epoch(number: int, **more: float) -> Epoch:
    return Epoch(epoch=number, steps=number, loss=1 / number, rate=0.1, seconds=1.0, **more)


def words(picture: Picture) -> list[str]:
    return [str(shape.text) for shape in picture.shapes if isinstance(shape, Label)]


def lines(picture: Picture, role: str) -> list[Stroke]:
    return [shape for shape in picture.shapes if isinstance(shape, Stroke) and shape.role == role]


def within(picture: Picture) -> bool:
    areas = [area(shape) for shape in picture.shapes]
    return all(a[0] >= 0 and a[1] >= 0 and a[2] <= picture.width and a[3] <= picture.height for a in areas)


def test_curves_of_a_classification() -> None:
    history = [epoch(i, accuracy=i / 4, held_loss=2 / i, held_accuracy=i / 5) for i in (1, 2, 3, 4)]
    picture = curves(history, best=3)
    assert [word for word in words(picture) if word in ("Loss", "Accuracy", "Learning rate")] == [
        "Loss",
        "Accuracy",
        "Learning rate",
    ]
    assert words(picture).count("best") == 3
    assert [len(line.points) for line in lines(picture, "arrow")] == [4, 4, 4]
    assert [len(line.points) for line in lines(picture, "back")] == [4, 4]
    loss, held = lines(picture, "arrow")[0], lines(picture, "back")[0]
    assert [x for x, _ in loss.points] == sorted(x for x, _ in loss.points)
    bottom = 34 + 120
    heights = [bottom - y for _, y in loss.points]
    assert [h / heights[0] for h in heights] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert bottom - held.points[0][1] == pytest.approx(2 * heights[0])
    assert within(picture)
    assert picture.description == "After 4 epochs the loss is 0.25, 0.5 on the held-out examples."


def test_curves_of_a_regression_and_of_a_single_epoch() -> None:
    picture = curves([epoch(1)])
    assert "Accuracy" not in words(picture)
    assert len([shape for shape in picture.shapes if isinstance(shape, Disc)]) == 2
    assert within(picture)
    assert picture.description == "After 1 epochs the loss is 1."


def test_curves_of_nothing() -> None:
    assert curves([]).description == "No epoch is over yet."


def test_axes_have_round_strides() -> None:
    assert axis(0, 1.27).ticks == pytest.approx([0, 0.5, 1, 1.5])
    assert axis(0.66, 1).ticks == pytest.approx([0.6, 0.7, 0.8, 0.9, 1.0])
    assert axis(1, 1000, 10).stride == 200
    assert axis(0, 0).ticks[-1] == 1
    assert axis(-3, 5).low == -4
    for low, high in ((0, 1e-9), (0, 3e8), (0.1, 0.1000001)):
        found = axis(low, high)
        assert found.low <= low < high <= found.high + found.stride * 1e-6
        assert 1 <= len(found.ticks) <= 7


def test_numbers_at_an_axis() -> None:
    values = (0, 0.5, 100, 1e-4, -0.25, 123456)
    assert [written(value) for value in values] == ["0", "0.5", "100", "0.0001", "−0.25", "1.23e+05"]


TABLE = np.array([[5, 1, 0], [0, 4, 2], [0, 0, 3]])


def test_counts() -> None:
    found = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    true = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2])
    assert (counts(found, true, 3) == TABLE).all()


def test_the_confusion_matrix() -> None:
    picture = confusion(TABLE, ("ant", "bee", "a name that is far too long"))
    assert words(picture) == [
        "Confusion matrix", "row: the class, column: what it was taken for",
        "ant", "ant", "bee", "bee", "a name that is far too long", "3",
        "5", "1", "4", "2", "3",
    ]  # fmt: skip
    (grid,) = [shape for shape in picture.shapes if isinstance(shape, Grid)]
    assert [[value > 0 for value in row] for row in grid.values] == np.eye(3, dtype=bool).tolist()
    assert grid.values[2][2] > grid.values[0][0] > grid.values[1][1]
    assert grid.values[1][2] < grid.values[0][1] < grid.values[0][2] == 0
    assert within(picture)
    assert picture.title == "Confusion matrix: 12 of 15 right"
    assert picture.description == "Most often bee was taken for a name that is far too long: 2 of 6."
    assert confusion(np.eye(2, dtype=int)).description == "Every example was classed right."


def test_many_classes_are_shades_alone() -> None:
    picture = confusion(np.eye(100, dtype=int))
    assert words(picture) == ["Confusion matrix", "row: the class, column: what it was taken for"]
    assert picture.width < 600
    assert within(picture)


def test_classes_from_outputs_and_targets() -> None:
    loss = SoftmaxCrossEntropy()
    assert (classes_of(loss, np.array([[1.0, 2.0], [3.0, 0.0]])) == [1, 0]).all()  # type: ignore[union-attr]
    assert (classes_of(loss, np.array([1, 0])) == [1, 0]).all()  # type: ignore[union-attr]
    assert classes_of(loss, np.zeros((2, 3, 4))) is None


def test_kernels_are_filters() -> None:
    kernel = np.arange(54.0).reshape(3, 2, 3, 3) - 27
    net = hg.Network([{"op": "conv2d", "kernel": kernel}, {"op": "flatten"}], [2, 5, 5])
    picture = filters(net)
    assert picture is not None
    grids = [shape for shape in picture.shapes if isinstance(shape, Grid)]
    assert len(grids) == 6
    assert np.asarray(grids[0].values) == pytest.approx(kernel[0, 0] / 27)
    assert words(picture) == ["The weights K1 that read the input", "3 × 3, 6 of them"]
    assert within(picture)


@pytest.mark.parametrize(("shape", "first"), [(64, None), ([8, 8], "flatten"), ([1, 8, 8], "flatten")])
def test_rows_of_a_dense_layer_are_images(shape: int | list[int], first: str | None) -> None:
    before = [] if first is None else [{"op": first}]
    picture = filters(hg.Network([*before, layer(64, 70)], shape))
    assert picture is not None
    grids = [shape for shape in picture.shapes if isinstance(shape, Grid)]
    assert len(grids) == 64
    assert len(grids[0].values) == len(grids[0].values[0]) == 8
    assert words(picture)[1] == "8 × 8, 64 of 70 are shown"
    assert within(picture)


def test_large_images_are_fewer() -> None:
    picture = filters(hg.Network([layer(100 * 100, 9)], 100 * 100))
    assert picture is not None
    assert words(picture)[1] == "100 × 100, 3 of 9 are shown"


def test_what_reads_no_image_is_a_sheet() -> None:
    picture = filters(network())
    assert picture is not None
    (grid,) = [shape for shape in picture.shapes if isinstance(shape, Grid)]
    assert (len(grid.values), len(grid.values[0])) == (6, 4)
    zeros = hg.Network([{"op": "dense", "weights": [[0, 0]]}], 2)
    assert filters(zeros) is not None
    assert filters(hg.Network([{"op": "relu"}], 2)) is None


def test_shades() -> None:
    grid = Grid(0, 0, 40, 20, ((1, 1, 0, -1), (0, 0.5, 0.5, 0.5)))
    assert patches(grid) == {
        colour(-1): [Patch(3, 0, 1)],
        colour(0.5): [Patch(1, 1, 3)],
        colour(1): [Patch(0, 0, 2)],
    }
    assert (colour(1), colour(-1), colour(0)) == ("#1f4e9c", "#b3261e", "#ffffff")


def test_a_grid_in_each_format() -> None:
    picture = Picture(40, 20, (Grid(0, 0, 40, 20, ((1, 0), (0, 1))),), "A grid")
    drawn = svg(picture)
    assert 'transform="translate(0 0) scale(20 10)"' in drawn
    assert '<path fill="#1f4e9c" d="M0 0h1v1h-1zM1 1h1v1h-1z"/>' in drawn
    assert r"\definecolor{hgshade}{HTML}{1F4E9C}" in tikz(picture)
    assert r"\fill[hgshade] (20,10) rectangle (40,20);" in tikz(picture)
    assert area(picture.shapes[0]) == (0, 0, 40, 20)
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(png(picture, 1))).convert("RGB")
    assert image.getpixel((5, 5)) == image.getpixel((35, 15)) == (0x1F, 0x4E, 0x9C)
    assert image.getpixel((35, 5)) == (255, 255, 255)


def test_the_pictures_of_a_run(tmp_path: Path) -> None:
    x, y = blobs()
    result = fit(network(), x, y, **CLASSES, epochs=2, held_out=0.3)
    names = write(result, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    from safetensors.numpy import load_file

    found = load_file(tmp_path / "weights.safetensors")
    assert all((found[name] == array).all() for name, array in result.parameters.items())


def test_weights_that_cannot_be_written(tmp_path: Path) -> None:
    x, y = blobs()
    result = fit(network(), x, y, **CLASSES, epochs=1)
    with pytest.raises(hg.InputError) as caught:
        write(result, tmp_path / "none")
    file = tmp_path / "none" / "weights.safetensors"
    assert str(caught.value) == f"{file}: cannot be written: No such file or directory"
