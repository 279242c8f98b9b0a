"""Document -> PDF, through typst.

The fonts are typst's own, so that the same document gives the same bytes everywhere; no date is written. The PDF
is tagged (PDF/UA-1): title, language, headings, an alternative text for each equation and picture.

Devanagari (Hindi) comes out well only in a font made for it: that of the package fontpkg-noto-sans-devanagari
(``handgrad[hindi]``), else the system's Noto Sans Devanagari; a working in Hindi without either is an InputError.
Any other letter that typst's fonts lack is looked for among the system's, and shown by its number if no font
has it.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unicodedata import category

from handgrad.errors import InputError
from handgrad.render import typst as source
from handgrad.render.typst_text import DEVANAGARI, STRING
from handgrad.working.document import Document, Paper

_DEVANAGARI_PACKAGE = "fontpkg_noto_sans_devanagari"
_MISSING = re.compile(r"the text `\"(.+?)\"` could not be displayed")
"""How typst says that its fonts lack a letter."""


def render(document: Document, *, paper: Paper = "a4") -> bytes:
    """The document as PDF."""
    text = source.render(document, paper=paper)
    done = compiled(text, fonts_at_hand(system=document.language == "hi" and not _devanagari()))
    if isinstance(done, bytes):
        return done
    fonts = fonts_at_hand(system=True)
    while not isinstance(done := compiled(text, fonts), bytes):
        text = numbered(text, done)
    return done


def numbered(text: str, missing: set[str]) -> str:
    """A source in whose words some letters are shown by their numbers; its first line, the title as data, stays."""
    numbers = {ord(c): f"[U+{ord(c):04X}]" for c in missing}
    title, end, body = text.partition("\n")
    return title + end + STRING.sub(lambda words: words[0].translate(numbers), body)


def _devanagari() -> bool:
    """Whether the font for Devanagari is at hand without the system's; InputError if the system lacks it too."""
    if DEVANAGARI in fonts_at_hand(system=False).families():
        return True
    if DEVANAGARI not in fonts_at_hand(system=True).families():
        message = f'a PDF in Hindi needs the font {DEVANAGARI}: pip install "handgrad[hindi]"'
        raise InputError(message)
    return False


@cache
def fonts_at_hand(*, system: bool) -> Any:
    """Typst's own fonts and that for Devanagari where its package is here; with the system's or without."""
    import typst

    spec = find_spec(_DEVANAGARI_PACKAGE)
    folders = [] if spec is None or spec.origin is None else [str(Path(spec.origin).parent / "files")]
    return typst.Fonts(include_system_fonts=system, font_paths=folders)


_JOINED = "text with missing codepoints"
"""How typst says that letters which are joined or moved (Devanagari, Arabic) cannot be copied as PDF/UA-1 demands."""


def compiled(text: str, fonts: Any, *, universal: bool = True) -> bytes | set[str]:
    """The PDF of a source that can read no file; or the letters that no font has.

    It is tagged either way; ``universal`` asks for PDF/UA-1, which it is where its letters are copied one by one.
    """
    import typst

    with tempfile.TemporaryDirectory() as empty:
        try:
            return typst.compile(
                text.encode(),
                root=empty,
                package_path=empty,
                package_cache_path=empty,
                font_paths=fonts,
                format="pdf",
                pdf_standards="ua-1" if universal else None,
                timestamp=0,
            )
        except typst.TypstError as error:
            if universal and _JOINED in error.diagnostic and not _MISSING.search(error.diagnostic):
                return compiled(text, fonts, universal=False)
            missing = set("".join(map(_unescaped, _MISSING.findall(error.diagnostic))))
            if not missing:
                message = f"typst could not set the document: {error.message}"
                raise InputError(message) from None
            # marks come first: without them the letter before may be in a font
            return {c for c in missing if category(c).startswith("M")} or missing


def _unescaped(quoted: str) -> str:
    r"""What typst quotes: a letter that is not printable stands as \u{378}."""
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda match: chr(int(match[1], 16)), quoted)
