"""The words of a working in each language, all in one table.

A text is looked up by its English: what has no translation yet stays English.
"""

from __future__ import annotations

from collections.abc import Sequence

LANGUAGES = {"en": "English", "de": "Deutsch", "hi": "हिन्दी"}
"""Tag of a language -> its own name."""

Words = dict[str, dict[str, str]]

_WORKING: Words = {
    "Given": {"de": "Gegeben", "hi": "दिया है"},
}

_PRINT: Words = {
    "from {equations}": {"de": "aus {equations}", "hi": "{equations} से"},
    "and": {"de": "und", "hi": "और"},
}

_PICTURE: Words = {
    "The network": {"de": "Das Netz", "hi": "नेटवर्क"},
    "input": {"de": "Eingabe", "hi": "निवेश"},
    "forward: values": {"de": "vorwärts: Werte", "hi": "आगे की ओर: मान"},
    "backward: gradients (slanted)": {"de": "rückwärts: Gradienten (kursiv)", "hi": "पीछे की ओर: प्रवणता (तिरछे)"},
    "Shown is the first of {n} examples; gradients of parameters and L are of all.": {
        "de": "Gezeigt ist das erste von {n} Beispielen; Gradienten der Parameter und L gelten für alle.",
        "hi": "{n} उदाहरणों में से पहला दिखाया गया है; प्राचलों की प्रवणता और L सभी के हैं।",
    },
    "Weights that find no room are left out.": {
        "de": "Gewichte, für die kein Platz ist, sind weggelassen.",
        "hi": "जिन भारों के लिए जगह नहीं, वे छोड़ दिए गए हैं।",
    },
    "Decimals are rounded.": {"de": "Dezimalzahlen sind gerundet.", "hi": "दशमलव संख्याएँ सन्निकट हैं।"},
    "stride {value}": {"de": "Schrittweite {value}", "hi": "पग {value}"},
    "padding {value}": {"de": "Rand {value}", "hi": "हाशिया {value}"},
    "dilation {value}": {"de": "Dehnung {value}", "hi": "फैलाव {value}"},
}

_PAGE: Words = {}

_NOTEBOOK: Words = {}

TABLE: Words = {**_WORKING, **_PRINT, **_PICTURE, **_PAGE, **_NOTEBOOK}
"""English text -> language -> text; {fields} stand for what is filled in."""


def say(language: str, english: str, **fields: object) -> str:
    """A text in a language, its fields filled in."""
    text = TABLE.get(english, {}).get(language, english)
    return text.format(**fields) if fields else text


def listed(language: str, items: Sequence[str]) -> str:
    """Items in a row: "(1), (2) and (3)"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {say(language, 'and')} {items[-1]}"
