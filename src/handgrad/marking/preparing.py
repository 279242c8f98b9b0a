r"""A text made ready to be read: each matrix on one line, the rows of environments as lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from handgrad.marking.values import CELL, CLOSE, OPEN, ROW

NEW_LINE, LINES_WITHIN = "\x05", "\x04"
"""Marks in a prepared text: a row of an environment ends; a matrix had one more line."""

_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([A-Za-z]{1,20}\*?)\s*\}(?:\s*\{[^{}\n]{0,40}\}|\[[a-z]{1,3}\])?")
_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array"))
_NEW_ROW = re.compile(r"\\\\(?:\s*\[[0-9.]{1,6}\s*(?:pt|ex|em|mm|cm)\])?|\\cr(?![A-Za-z])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DROPPED = re.compile(
    r"\\(?:tag|label|ref|eqref)\*?\s*\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]{0,80}\}){0,80}\}){0,80}\}|\\(?:notag|nonumber|hline|nopagebreak|displaystyle)(?![A-Za-z])"
)
_JOINT = re.compile(r"\\(?:text|mbox|textrm)\s*\{\s*(?:and|und|with|mit|,|;)\s*\}|\\q?quad(?![A-Za-z])")
_SPACING = re.compile(r"(?<!\\)\\(?:[,;:! ]|(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])\s*\.?)")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_ALIGNED = re.compile(r"&\s*(?=\\?(?:=|≈|approx|simeq|cong))|(?<==)\s*&|(?<=≈)\s*&|(?<=approx)\s*&")
EQUALS = re.compile(r":=|(?<![<>!=~])==?(?!=)|[≈≃≅≡≐]|~=|\\(?:approx|simeq|cong|equiv|doteq)(?![A-Za-z])")


def prepared(text: str, *, tex: bool = False) -> str:
    """A text with each matrix on one line between marks, and the lines of environments as lines."""
    plain = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    if tex:
        plain = _COMMENT.sub("", plain)
        body = plain.find("\\begin{document}")
        plain = plain if body < 0 else "\n" * plain.count("\n", 0, body) + plain[body:]
    plain = _JOINT.sub(" , ", _DROPPED.sub("", "".join(_without_pictures(plain))))
    return "".join(_environments(plain))


def _without_pictures(text: str) -> Iterator[str]:
    """A text whose TikZ pictures are empty lines."""
    at = 0
    while (start := text.find(_PICTURE[0], at)) >= 0:
        end = text.find(_PICTURE[1], start)
        yield text[at:start]
        at = len(text) if end < 0 else end + len(_PICTURE[1])
        yield "\n" * text.count("\n", start, at)
    yield text[at:]


_PICTURE = r"\begin{tikzpicture}", r"\end{tikzpicture}"


def _environments(text: str) -> Iterator[str]:
    """A matrix as OPEN, cells and rows, CLOSE; what stands between other environments, each row a line."""
    marks = list(_ENVIRONMENT.finditer(text))
    at = 0
    for i, mark in enumerate(marks):
        if mark.start() < at:
            continue
        yield _between(text[at : mark.start()])
        at = mark.end()
        is_matrix = mark[2].rstrip("*") in _MATRICES
        if not is_matrix:
            yield " \t "
        elif mark[1] == "begin" and i + 1 < len(marks) and marks[i + 1][1] == "end" and marks[i + 1][2] == mark[2]:
            inner = text[at : marks[i + 1].start()]
            yield OPEN + _NEW_ROW.sub(ROW, _SPACING.sub(" ", inner).replace("\n", " ")).replace("&", CELL) + CLOSE
            yield LINES_WITHIN * inner.count("\n")
            at = marks[i + 1].end()
        else:
            yield OPEN if mark[1] == "begin" else CLOSE
    yield _between(text[at:])


def _between(text: str) -> str:
    """Text outside of matrices: a new row is a line (marked, so that lines can still be counted)."""
    return _SPACING.sub(" ", _NEW_ROW.sub(NEW_LINE, _ALIGNED.sub(" ", text)))


_SHOWN = {ord(OPEN): "[", ord(CLOSE): "]", ord(ROW): "; ", ord(CELL): ", "}


def shown(text: str) -> str:
    """A prepared text for a report, its matrices in brackets."""
    return " ".join(text.translate(_SHOWN).split())


def sides(text: str) -> list[str]:
    """The sides of an equation, or the text itself if it is none."""
    return [side.strip() for side in EQUALS.split(text)]
