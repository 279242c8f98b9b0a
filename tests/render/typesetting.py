"""Many documents typeset in one run of LaTeX, and what its log complains of."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from handgrad.notation.document import Figure, Section
from handgrad.notation.picture import Picture
from handgrad.render.latex import render
from handgrad.working.document import Document


def typeset(documents: dict[str, Document], folder: Path, engine: str = "pdflatex") -> dict[str, list[str]]:
    """The errors and overfull lines of each document that has some; the fragments stand in one file, a page each."""
    preamble = render(Document("T", (Section("S", (Figure(lambda: Picture(1, 1, (), ""), ()),)),)))
    lines = [preamble.partition(r"\begin{document}")[0], r"\begin{document}"]
    for name, document in documents.items():
        lines += [rf"\typeout{{<<{name}>>}}", render(document, fragment=True), r"\clearpage"]
    (folder / "d.tex").write_text("\n".join([*lines, r"\typeout{<<end>>}", r"\end{document}"]))
    command = [engine, "-interaction=nonstopmode", "-no-shell-escape", _DRAFT[engine], "d.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
    log = done.stdout.decode("utf-8", "replace")
    found = complaints(log)
    if "<<end>>" not in log:
        found["the whole run"] = [log[-3000:]]
    return found


_DRAFT = {"pdflatex": "-draftmode", "lualatex": "--draftmode"}
"""Everything is typeset, no file is written: a third of the time."""


def complaints(log: str) -> dict[str, list[str]]:
    """The lines of a log that say of an error or an overfull line, by the document they are about."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"(?=<<[^<>\n]+>>)", log)[1:]:
        name, rest = part[2:].split(">>", 1)
        wrong = [line for line in rest.splitlines() if line.startswith(("!", "Overfull \\hbox", "Missing character"))]
        if wrong:
            found[name] = wrong
    return found
