"""Parts of a .docx file that python-docx has no words for: styles, grids, references, equations, alternative text."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element

_SERIF, _SANS = "Cambria", "Calibri"
_INK, _GREY = "1F2A44", "5B6472"
_MARGIN, _PAGE = 56.7, (595.3, 841.9)


def make(name: str, /, **attributes: str) -> Any:
    """An element such as ``w:bookmarkStart`` with attributes of its namespace."""
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement

    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def grown(part: Element) -> Any:
    """A tree of mathematics as part of the file."""
    made = make(f"m:{part.tag.partition('}')[2]}")
    for key, value in part.items():
        made.set(key, value)
    made.text = part.text
    for child in part:
        made.append(grown(child))
    return made


def append(paragraph: Any, part: Any) -> None:
    """Put an element at the end of a paragraph."""
    paragraph._p.append(part)  # noqa: SLF001  python-docx gives its element under this name


def styled(paragraph: Any, style: str) -> Any:
    """The paragraph in a style; python-docx would search all styles for it, each time."""
    paragraph._p.style = style.replace(" ", "")  # noqa: SLF001  the same
    return paragraph


def bookmark(paragraph: Any, name: str, number: int, text: str) -> None:
    """Text that references lead to."""
    append(paragraph, make("w:bookmarkStart", id=str(number), name=name))
    paragraph.add_run(text)
    append(paragraph, make("w:bookmarkEnd", id=str(number)))


def reference(paragraph: Any, name: str, text: str) -> None:
    """Text that leads to a bookmark."""
    link = make("w:hyperlink", anchor=name, history="1")
    run = paragraph.add_run(text)
    append(paragraph, link)
    link.append(run._r)  # noqa: SLF001  the same


def grid(file: Any, rows: int, widths: Sequence[float], *, ruled: bool = False) -> Any:
    """A table of fixed widths in points, no row of it broken by a page; ``ruled``: with lines between its rows."""
    from docx.enum.table import WD_ALIGN_VERTICAL
    from docx.shared import Pt

    table = file.add_table(rows=rows, cols=len(widths))
    table.autofit = False
    properties = table._tbl.tblPr  # noqa: SLF001  the same
    if ruled:
        borders = make("w:tblBorders")
        for side in ("top", "bottom", "insideH"):
            borders.append(make(f"w:{side}", val="single", sz="4", space="0", color="C4CAD3"))
        properties.append(borders)
    margins = make("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(make(f"w:{side}", w="160" if ruled and side == "right" else "0", type="dxa"))
    properties.append(margins)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(make("w:cantSplit"))  # noqa: SLF001  the same
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width, cell.vertical_alignment = Pt(width), WD_ALIGN_VERTICAL.CENTER
    return table


def repeated(row: Any) -> None:
    """Let a row head each page that its table reaches."""
    row._tr.get_or_add_trPr().append(make("w:tblHeader"))  # noqa: SLF001  the same


def image(paragraph: Any, png: bytes, width: float, alternative: str) -> None:
    """A picture in the line with the words that stand for it."""
    from docx.shared import Pt

    shape = paragraph.add_run().add_picture(BytesIO(png), Pt(width))
    properties = shape._inline.docPr  # noqa: SLF001  the same
    properties.set("descr", alternative)
    properties.set("name", "Picture")


def dress(file: Any, language: str) -> None:
    """Page, styles, language and page numbers of a new file."""
    from docx.shared import Pt

    page = file.sections[0]
    page.page_width, page.page_height = (Pt(size) for size in _PAGE)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Pt(_MARGIN)
    _styles(file)
    _language(file, language)
    _page_number(page.footer.paragraphs[0])
    for setting in file.settings.element.iter(_named("w:compatSetting")):
        if setting.get(_named("w:name")) == "compatibilityMode":
            setting.set(_named("w:val"), "15")  # that of today's Word
    relations = file.part.package.rels
    for key in [key for key, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
        del relations[key]  # of an empty page


def _styles(file: Any) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    for name, (font, size, colour, bold, italic, before, after, side) in _STYLES.items():
        known = name in file.styles
        style = file.styles[name] if known else file.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        if not known:
            style.base_style = file.styles["Normal"]
        _letters(style, font, size, colour)
        style.font.bold, style.font.italic = bold, italic
        _spacing(style.paragraph_format, before, after)
        style.paragraph_format.alignment = getattr(WD_ALIGN_PARAGRAPH, side) if side else None
    properties = file.styles["Title"].element.pPr
    for rule in properties.findall(_named("w:pBdr")):
        properties.remove(rule)


def _spacing(paragraph: Any, before: float, after: float) -> None:
    from docx.shared import Pt

    paragraph.space_before, paragraph.space_after = Pt(before), Pt(after)
    paragraph.line_spacing = 1.0
    paragraph.widow_control = True


def _letters(style: Any, font: str, size: float, colour: str) -> None:
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size, style.font.color.rgb = font, Pt(size), RGBColor.from_string(colour)
    letters = style.element.rPr
    for old in letters.findall(_named("w:szCs")):
        letters.remove(old)
    letters.find(_named("w:sz")).addnext(make("w:szCs", val=str(round(2 * size))))  # that of Devanagari
    fonts = letters.rFonts
    for key in [key for key in fonts.attrib if key.endswith(("Theme", "theme"))]:
        del fonts.attrib[key]


def _language(file: Any, language: str) -> None:
    tag = file.styles.element.find(f".//{_named('w:docDefaults')}//{_named('w:lang')}")
    tag.set(_named("w:val"), language)
    tag.set(_named("w:bidi"), language)


def _page_number(paragraph: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = make("w:fldSimple", instr="PAGE")
    run = paragraph.add_run("1")
    append(paragraph, field)
    field.append(run._r)  # noqa: SLF001  the same


def _named(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(name))


_STYLES: dict[str, tuple[str, float, str, bool, bool, float, float, str]] = {
    "Normal": (_SERIF, 10.5, "000000", False, False, 0, 6, ""),
    "Title": (_SANS, 20, _INK, True, False, 0, 10, ""),
    "Heading 1": (_SANS, 14, _INK, True, False, 16, 6, ""),
    "Heading 2": (_SANS, 11.5, _INK, True, False, 10, 4, ""),
    "Note": (_SERIF, 9.5, _GREY, False, True, 0, 6, ""),
    "Equation": (_SERIF, 10.5, "000000", False, False, 3, 3, "LEFT"),
    "Equation Number": (_SERIF, 10.5, "000000", False, False, 0, 0, "RIGHT"),
    "Equation Sources": (_SERIF, 8, _GREY, False, False, 0, 0, "RIGHT"),
    "Table Head": (_SANS, 10, _INK, True, False, 2, 2, ""),
    "Table Cell": (_SERIF, 10.5, "000000", False, False, 2, 2, ""),
    "Picture": (_SERIF, 10.5, "000000", False, False, 6, 6, "CENTER"),
    "Caption": (_SERIF, 9.5, _GREY, False, True, 0, 8, "CENTER"),
    "Gap": (_SERIF, 3, "000000", False, False, 0, 0, ""),
}
"""Style -> font, size, colour, bold, italic, points above and below, side."""
