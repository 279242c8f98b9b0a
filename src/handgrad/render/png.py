"""A Picture as PNG, through typst, which draws SVG and carries its own fonts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from handgrad.notation.picture import Picture
from handgrad.render.svg import svg


def png(picture: Picture, scale: float = 2) -> bytes:
    """The picture in pixels, ``scale`` of them to a point; the same picture gives the same bytes."""
    import typst

    drawing = svg(picture)
    own = all(ord(c) < 0x900 or 0x2000 <= ord(c) < 0x2C00 for c in drawing)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "picture.svg").write_text(drawing, encoding="utf-8")
        page = f"width: {picture.width}pt, height: {picture.height}pt, margin: 0pt"
        source = Path(folder) / "page.typ"
        source.write_text(f'#set page({page})\n#image("picture.svg", width: 100%, height: 100%)\n', encoding="utf-8")
        content: bytes = typst.compile(str(source), format="png", ppi=72 * scale, ignore_system_fonts=own)
    return content
