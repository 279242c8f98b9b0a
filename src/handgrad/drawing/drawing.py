"""A Picture that writes itself in a format."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

from handgrad.errors import InputError
from handgrad.notation.picture import Picture


class Drawing(Picture, frozen=True):
    """The picture of a network; it shows itself in Jupyter."""

    def to_svg(self) -> str:
        """The picture as an SVG file."""
        from handgrad.render.svg import svg

        return svg(self)

    def to_png(self, file: str | os.PathLike[str] | None = None, *, scale: float = 2) -> bytes:
        """The picture as PNG of ``scale`` pixels a point, written to ``file`` if one is named."""
        from handgrad.render.png import png

        content = png(self, scale)
        if file is not None:
            _write(file, content)
        return content

    def to_tikz(self, *, width: float = inf, height: float = inf) -> str:
        """The picture as a tikzpicture, for LaTeX with tikz and amsmath, scaled down to fit in so many points."""
        from handgrad.render.tikz import tikz

        return tikz(self, width=width, height=height)

    def save(self, file: str | os.PathLike[str], *, scale: float = 2) -> None:
        """Write it to a file, in the format that its suffix names: .svg, .png (``scale`` pixels a point) or .tex."""
        suffix = Path(file).suffix.lower()
        if suffix == ".png":
            self.to_png(file, scale=scale)
        elif suffix == ".svg":
            _write(file, self.to_svg().encode())
        elif suffix == ".tex":
            _write(file, self.to_tikz().encode())
        else:
            message = f'expected a name that ends in .svg, .png or .tex, found "{suffix}"'
            raise InputError(message, os.fspath(file))

    def _repr_svg_(self) -> str:
        return self.to_svg()


def _write(file: str | os.PathLike[str], content: bytes) -> None:
    from handgrad.problem_file import write_bytes

    write_bytes(file, content)
