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

_PICTURE: Words = {}

_PAGE: Words = {}

_NOTEBOOK: Words = {
    "In the code each example is a row of its own: the column x on paper is x[0] in an array of shape (1, n).": {
        "de": "Im Code ist jedes Beispiel eine eigene Zeile: die Spalte x ist x[0] in einem Feld der Form (1, n).",
        "hi": "कोड में हर उदाहरण एक अलग पंक्ति है: काग़ज़ पर का स्तंभ x, (1, n) आकार की सरणी में x[0] है।",
    },
    "In the code each example of the batch is a row; on paper it is a column.": {
        "de": "Im Code ist jedes Beispiel eine Zeile; auf dem Papier ist es eine Spalte.",
        "hi": "कोड में बैच का हर उदाहरण एक पंक्ति है; काग़ज़ पर वह एक स्तंभ है।",
    },
    "The cells round each named quantity as the working does, so the numbers are those of the working.": {
        "de": "Die Zellen runden jede benannte Größe wie die Rechnung, ihre Zahlen sind also die der Rechnung.",
        "hi": "कोशिकाएँ हर नामित राशि को हल की तरह ही पूर्णांकित करती हैं, इसलिए संख्याएँ हल की ही हैं।",
    },
    "The cells compute in float64; the last cell holds every number against the printed one.": {
        "de": "Die Zellen rechnen in float64; die letzte vergleicht jede Zahl mit der gedruckten.",
        "hi": "कोशिकाएँ float64 में गणना करती हैं; अंतिम कोशिका हर संख्या को छपी हुई संख्या से मिलाती है।",
    },
    "The working has symbols in place of numbers, so there is nothing to compute.": {
        "de": "In der Rechnung stehen Symbole anstelle von Zahlen, es gibt also nichts auszurechnen.",
        "hi": "हल में संख्याओं की जगह प्रतीक हैं, इसलिए गणना करने को कुछ नहीं है।",
    },
    "There are too many steps for a notebook: the last ones have no cells.": {
        "de": "Für ein Notebook sind es zu viele Schritte: die letzten haben keine Zellen.",
        "hi": "नोटबुक के लिए चरण बहुत अधिक हैं: अंतिम चरणों की कोशिकाएँ नहीं हैं।",
    },
    "Check": {
        "de": "Probe",
        "hi": "जाँच",
    },
    "Every number that NumPy found is held against the printed one; nothing is shown where all agree.": {
        "de": "Jede Zahl von NumPy wird mit der gedruckten verglichen; stimmen alle überein, erscheint nichts.",
        "hi": "NumPy की पाई हर संख्या छपी हुई संख्या से मिलाई जाती है; सब मेल खाएँ तो कुछ नहीं दिखता।",
    },
}

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
