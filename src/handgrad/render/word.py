"""Document -> .docx: the working in Word, its equations to be edited there."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from handgrad.errors import InputError
from handgrad.notation.document import Block, Equation, Figure, Paragraph, Section, Span, Table, sources
from handgrad.notation.nodes import Expr
from handgrad.render.breaking import numeric_columns, shrunk
from handgrad.render.latex import column_widths, origin
from handgrad.render.omml import Elements, display, formula, math, row_parts, xml_text
from handgrad.render.word_pages import EQUATION_WIDTH, NUMBER_WIDTH, TALLEST, TEXT_WIDTH, broken, tallness
from handgrad.render.word_parts import append, bookmark, dress, grid, grown, image, reference, repeated, styled
from handgrad.render.word_widths import measure
from handgrad.working.document import Document

_LONGEST_PROPERTY = 255
_TALLEST_PICTURE, _PADDING = 480.0, 12.0
_ROOM = 7
"""Empty lines to write in."""

_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""A document has no date of its own: the same working gives the same file."""


def render(document: Document) -> bytes:
    """The document as the bytes of a .docx file; InputError where python-docx is not installed."""
    try:
        import docx
    except ImportError:
        message = 'a .docx file needs the package python-docx: pip install "handgrad[docx]"'
        raise InputError(message) from None
    file = docx.Document()
    dress(file, document.language)
    _properties(file, document)
    _Writer(file, document).write()
    stream = BytesIO()
    file.save(stream)
    return _repeatable(stream)


def _properties(file: Any, document: Document) -> None:
    properties, title = file.core_properties, xml_text(document.title)
    properties.title = title if len(title) <= _LONGEST_PROPERTY else title[: _LONGEST_PROPERTY - 1] + "…"
    properties.language = document.language
    properties.author = properties.last_modified_by = "handgrad"
    properties.comments = ""
    properties.created = properties.modified = _DATE
    properties.revision = 1


def _repeatable(stream: BytesIO) -> bytes:
    """The parts of a package, all with one date."""
    packed = BytesIO()
    with ZipFile(stream) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.compress_type = ZIP_DEFLATED
            target.writestr(part, source.read(name))
    return packed.getvalue()


class _Writer:
    """Writes blocks into a file, one below the other."""

    def __init__(self, file: Any, document: Document) -> None:
        self.file, self.document = file, document
        self.sources = sources(document.sections)

    def write(self) -> None:
        """The whole document."""
        styled(self.file.add_paragraph(xml_text(self.document.title)), "Title")
        for section in self.document.sections:
            self._section(section)

    def _section(self, section: Section) -> None:
        styled(self.file.add_paragraph(xml_text(section.title)), "Heading 1")
        for block in section.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        match block:
            case Equation():
                self._equation(block)
            case Table():
                self._table(block)
            case Figure():
                self._figure(block)
            case _:
                self._words(block)

    def _words(self, block: Paragraph) -> None:
        if block.role == "room":
            for _ in range(_ROOM):
                styled(self.file.add_paragraph(), "Normal")
            return
        style = {"lead": "Heading 2", "note": "Note"}.get(block.role, "Normal")
        paragraph = styled(self.file.add_paragraph(), style)
        if block.role == "text":  # it speaks of the equation below
            paragraph.paragraph_format.keep_with_next = True
        _fill(paragraph, block.spans, TEXT_WIDTH)

    def _equation(self, equation: Equation) -> None:
        """An equation, its number at the right; in several rows its signs stand one below the other."""
        width = EQUATION_WIDTH if equation.number else TEXT_WIDTH
        left, found = broken(equation, width)
        lines = [[row_parts(found[0])]]
        for row in found[1:]:
            if row.sign.startswith("…"):
                lines[-1].append(row_parts(row))
            else:
                lines.append([row_parts(row)])
        whole = [[part for parts in line for part in parts] for line in lines]
        if len(whole) == 1 and not equation.number:
            append(styled(self.file.add_paragraph(), "Equation"), grown(display([*math(left), *whole[0]])))
            return
        if len(whole) == 1:
            cells, widths = [[[*math(left), *whole[0]]]], [width]
        else:
            side = min(measure(left) + 3, width / 2)
            cells, widths = [[[] if i else math(left), line] for i, line in enumerate(whole)], [side, width - side]
        self._grid(equation, cells, widths, together=sum(map(tallness, found)) <= TALLEST / 2)

    def _grid(self, equation: Equation, cells: list[list[Elements]], widths: list[float], *, together: bool) -> None:
        """The rows of an equation as those of a table."""
        numbered = [*widths, NUMBER_WIDTH] if equation.number else widths
        table = grid(self.file, len(cells), numbered)
        for i, (row, parts) in enumerate(zip(table.rows, cells, strict=True)):
            for cell in row.cells:
                styled(cell.paragraphs[0], "Equation")
                cell.paragraphs[0].paragraph_format.keep_with_next = i < len(cells) - 1 and (together or not i)
            for j, part in enumerate(parts):
                if part:
                    shown = display(part, "right" if j < len(parts) - 1 else "left")
                    append(row.cells[j].paragraphs[0], grown(shown))
        if equation.number:
            self._number(table.rows[0].cells[-1], equation.number)
        styled(self.file.add_paragraph(), "Gap")

    def _number(self, cell: Any, number: int) -> None:
        """The number as the target of references, below it those of the equations that this one is from."""
        styled(cell.paragraphs[0], "Equation Number")
        bookmark(cell.paragraphs[0], f"equation_{number}", number, f"({number})")
        source = origin(self.document.language, self.sources.get(number, ()))
        if not source:
            return
        paragraph = styled(cell.add_paragraph(), "Equation Sources")
        for part in re.split(r"(\(\d+\))", source):
            if part.startswith("("):
                reference(paragraph, f"equation_{part[1:-1]}", part)
            elif part:
                paragraph.add_run(part)

    def _table(self, block: Table) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        widths = [width + _PADDING for width in column_widths(block)]
        table = grid(self.file, len(block.rows) + 1, widths, ruled=True)
        repeated(table.rows[0])
        numeric = numeric_columns(block)
        for row, spans in zip(table.rows, (block.header, *block.rows), strict=True):
            for cell, span, width, right in zip(row.cells, spans, widths, numeric, strict=True):
                paragraph = cell.paragraphs[0]
                styled(paragraph, "Table Head" if spans is block.header else "Table Cell")
                if right:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                _fill(paragraph, (span,), width - _PADDING)
        styled(self.file.add_paragraph(), "Gap")

    def _figure(self, block: Figure) -> None:
        picture = block.draw()
        if not picture.shapes:
            return
        from handgrad.render.png import png

        scale = min(1.0, TEXT_WIDTH / picture.width, _TALLEST_PICTURE / picture.height)
        image(
            styled(self.file.add_paragraph(), "Picture"), png(picture), picture.width * scale, xml_text(picture.title)
        )
        if block.caption:
            _fill(styled(self.file.add_paragraph(), "Caption"), block.caption, TEXT_WIDTH)


def _fill(paragraph: Any, spans: tuple[Span, ...], room: float) -> None:
    """Words and mathematics one after another."""
    for span in spans:
        if isinstance(span, Expr):
            append(paragraph, grown(formula(math(shrunk(span, room, measure)))))
        else:
            paragraph.add_run(xml_text(span))
