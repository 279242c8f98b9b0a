"""Folders of images: grey and colour, sizes, what cannot be read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import InputError
from handgrad.training.examples import Examples
from handgrad.training.image_folders import read

Colour = Literal["grey", "rgb"]


def save(folder: Path, name: str, pixels: Any, mode: str | None = None, **options: Any) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(pixels))
    (image if mode is None else image.convert(mode)).save(file, **options)


def message(folder: Path, colour: Colour | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, "photos", colour)
    return str(caught.value)


def grey(value: int, size: tuple[int, int] = (2, 3)) -> Any:
    return np.full(size, value, np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    save(tmp_path, "dogs/b.png", grey(7))
    save(tmp_path, "dogs/a.png", grey(9))
    save(tmp_path, "cats/1.PNG", grey(1), format="PNG")
    (tmp_path / "cats" / "notes.txt").write_text("not an image")
    (tmp_path / "cats" / ".hidden.png").write_text("nor this")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "readme.md").write_text("")
    return tmp_path


def test_classes_and_files_come_in_the_order_of_their_names(photos: Path) -> None:
    found = read(photos, "photos", None)
    assert found.y.tolist() == ["cats", "dogs", "dogs"]
    assert found.x.shape == (3, 1, 2, 3)
    assert found.x[:, 0, 0, 0].tolist() == [1, 9, 7]
    assert found.divide == 255
    assert [found.place(i) for i in range(3)] == ["image cats/1.PNG", "image dogs/a.png", "image dogs/b.png"]


def test_one_in_colour_makes_all_of_them_so(photos: Path) -> None:
    pixels = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    save(photos, "birds/1.png", pixels)
    found = read(photos, "photos", None)
    assert found.x.shape == (4, 3, 2, 3)
    np.testing.assert_array_equal(found.x[0], pixels.transpose(2, 0, 1))
    assert found.x[1].tolist() == np.full((3, 2, 3), 1).tolist()
    assert read(photos, "photos", "grey").x.shape == (4, 1, 2, 3)


def test_colour_of_grey_images_is_asked_for(photos: Path) -> None:
    assert read(photos, "photos", "rgb").x.shape == (3, 3, 2, 3)


def test_palettes_transparency_bits_and_jpeg(tmp_path: Path) -> None:
    for mode in ("P", "RGBA", "LA", "1"):
        save(tmp_path, f"a/{mode}.png", np.full((4, 4, 3), 255, np.uint8), mode)
    save(tmp_path, "a/z.jpg", grey(255, (4, 4)))
    found: Examples = read(tmp_path, "photos", None)
    assert found.x.shape == (5, 3, 4, 4)
    assert found.x.min() == 255


def test_sixteen_bits_are_made_eight(tmp_path: Path) -> None:
    save(tmp_path, "a/1.png", np.array([[0, 257, 65535]], np.uint16))
    assert read(tmp_path, "photos", None).x.ravel().tolist() == [0, 1, 255]


def test_a_photograph_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path, "a/1.png", grey(3, (2, 5)), exif=exif)
    assert read(tmp_path, "photos", None).x.shape == (1, 1, 5, 2)


def test_mixed_sizes_are_refused_by_name(photos: Path) -> None:
    save(photos, "dogs/c.png", grey(1, (3, 2)))
    assert message(photos) == (
        "photos: image dogs/c.png is 3 × 2 pixels (down, right), cats/1.PNG is 2 × 3: all have to be of one size"
    )


def test_what_cannot_be_read_is_named(photos: Path) -> None:
    whole = (photos / "dogs" / "a.png").read_bytes()
    (photos / "dogs" / "a.png").write_bytes(whole[: len(whole) // 2])
    assert message(photos).startswith("photos: image dogs/a.png cannot be read: ")
    (photos / "dogs" / "a.png").write_bytes(b"no image")
    assert message(photos) == "photos: image dogs/a.png cannot be read: it is no image"
    (photos / "dogs" / "a.png").write_bytes(b"")
    assert message(photos) == "photos: image dogs/a.png cannot be read: it is no image"


def test_an_image_that_would_fill_the_memory_is_refused(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    assert message(photos).startswith("photos: image cats/1.PNG cannot be read: Image size (6 pixels) exceeds limit")


def test_empty_folders(tmp_path: Path) -> None:
    assert message(tmp_path) == "photos: expected a folder of images for each class, found none"
    (tmp_path / "cats").mkdir()
    assert message(tmp_path) == "photos: the folder cats has no images (.png, .jpg, .jpeg)"
    assert message(tmp_path / "none") == "photos: cannot be read: No such file or directory"


def test_without_pillow_the_extra_is_named(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert message(photos) == 'photos: images need the package pillow: pip install "handgrad[train]"'
