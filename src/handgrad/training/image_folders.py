"""A folder with a folder for each class, which holds its images as PNG or JPEG."""

from __future__ import annotations

import warnings
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal

from handgrad.training.examples import Examples, fail

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".png", ".jpg", ".jpeg")
_BYTE = 255.0
_GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
"""Pillow's names of images without colour."""
_DEEP = ("I", "I;16", "I;16B", "I;16L")
"""Those of 16 bits, whose entries are 257 times as large."""


def read(folder: FilePath, shown: str, colour: Literal["grey", "rgb"] | None) -> Examples:
    """The images of all classes, [C][H][W] of bytes: C is 1 where all are grey (or asked for), else 3.

    Classes and files come in the order of their names. Raises InputError: no classes, a class without images, what
    cannot be read, images of different sizes.
    """
    import numpy as np

    files = _listed(folder, shown)
    images = [_image(folder / name, shown, name, colour) for name in files]
    grey = colour == "grey" or (colour is None and all(image.ndim == 2 for image in images))
    first = images[0].shape[:2]
    for name, image in zip(files, images, strict=True):
        if image.shape[:2] != first:
            have, want = (f"{size[0]} × {size[1]}" for size in (image.shape, first))
            fail(
                f"image {name} is {have} pixels (down, right), {files[0]} is {want}: all have to be of one size", shown
            )
    x = np.stack([_channels(image, grey=grey) for image in images])
    labels = np.array([name.partition("/")[0] for name in files])
    return Examples(x=x, y=labels, file=shown, unit="image", places=np.array(files), divide=_BYTE)


def _listed(folder: FilePath, shown: str) -> list[str]:
    """Class and name of every file, such as cats/1.png."""
    files: list[str] = []
    try:
        classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != ".")
        for name in classes:
            inside = sorted(entry.name for entry in (folder / name).iterdir())
            images = [f"{name}/{file}" for file in inside if file.lower().endswith(SUFFIXES) and file[0] != "."]
            if not images:
                fail(f"the folder {name} has no images ({', '.join(SUFFIXES)})", shown)
            files += images
    except OSError as error:
        fail(f"cannot be read: {error.strerror}", shown)
    if not files:
        fail("expected a folder of images for each class, found none", shown)
    return files


def _image(file: FilePath, shown: str, name: str, colour: Literal["grey", "rgb"] | None) -> NDArray[Any]:
    """[H][W] where it is grey, else [H][W][3]; bytes."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        fail('images need the package pillow: pip install "handgrad[train]"', shown)
    import numpy as np

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as opened:
                image: Image.Image = ImageOps.exif_transpose(opened)
                grey = image.mode in _GREY if colour is None else colour == "grey"
                if image.mode in _DEEP:
                    image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
                return np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = "it is no image" if isinstance(error, UnidentifiedImageError) else str(error)
        fail(f"image {name} cannot be read: {reason}", shown)


def _channels(image: NDArray[Any], *, grey: bool) -> NDArray[Any]:
    """[C][H][W]."""
    import numpy as np

    if image.ndim == 3:
        return np.moveaxis(image, 2, 0)
    return image[None] if grey else np.repeat(image[None], 3, axis=0)
