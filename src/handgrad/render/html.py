"""Document -> one self-contained HTML page, and -> the output of a notebook's cell.

The page is read without its script, which steps through the working and follows its numbers. It loads
nothing, and its policy lets no other script run.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from handgrad.notation.document import sources
from handgrad.notation.words import say
from handgrad.render import mathml
from handgrad.render.html_blocks import Setting, block, section, text
from handgrad.render.page_data import page_data
from handgrad.working.document import Document
from handgrad.working.one_step import OneStep

_LONG = 80
"""A title of more characters is set smaller."""


def render(document: Document) -> str:
    """The document as a page."""
    setting = Setting(document.language, sources(document.sections))
    script, title = resource("script.js"), text(document.title)
    skip = say(document.language, "Skip to the working")
    return f"""<!DOCTYPE html>
<html lang="{text(document.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{resource("document.css")}{resource("page.css")}{mathml.CSS}</style>
</head>
<body>
<a class="skip" href="#working">{skip}</a>
<main id="working" class="handgrad" tabindex="-1">
{_body(document, setting)}
<p class="unseen" id="announcement" aria-live="polite"></p>
</main>
{_controls(document.language)}
<script type="application/json" id="data">{page_data(document)}</script>
<script>{script}</script>
</body>
</html>
"""


def fragment(document: Document) -> str:
    """The document for a notebook's cell: its own style, no script, no ids."""
    setting = Setting(document.language, sources(document.sections), linked=False)
    return framed(_body(document, setting), document.language)


def one_step(step: OneStep) -> str:
    """One step for a notebook's cell."""
    setting = Setting(step.language, {step.equation.number: step.sources}, linked=False)
    return framed(block(step.equation, setting), step.language)


def framed(body: str, language: str) -> str:
    """A piece of HTML that brings its style and touches nothing around it."""
    style = f"<style>\n{resource('document.css')}{mathml.CSS}</style>"
    return f'<div class="handgrad cell" lang="{text(language)}">{style}\n{body}\n</div>'


@cache
def resource(name: str) -> str:
    """A file of the folder ``page``."""
    return (files("handgrad.render") / "page" / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _body(document: Document, setting: Setting) -> str:
    size = ' class="long"' if len(document.title) > _LONG else ""
    parts = [f'<h1{size} dir="auto">{text(document.title)}</h1>']
    parts += [section(part, i + 1, setting) for i, part in enumerate(document.sections)]
    return "\n".join(parts)


def _controls(language: str) -> str:
    """The bar at the bottom; without the script it stays hidden."""
    steps, back, on, out = (say(language, w) for w in ("Steps", "Previous step", "Next step", "Show all"))
    return f"""<div class="bar" id="bar" role="region" aria-label="{steps}" hidden>
<button type="button" id="back" aria-label="{back}">←</button>
<button type="button" id="on" aria-label="{on}">→</button>
<span id="progress"></span>
<div id="status" role="status"></div>
<button type="button" id="out" hidden>{out}</button>
</div>"""
