"""The words of a working in each language, all in one table.

A text is looked up by its English: what has no translation yet stays English.
"""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.notation.marking_words import REPORT
from handgrad.notation.mistake_words import HINTS, MISTAKES

LANGUAGES = {"en": "English", "de": "Deutsch", "hi": "हिन्दी"}
"""Tag of a language -> its own name."""

Words = dict[str, dict[str, str]]

_WORKING: Words = {
    "Given": {"de": "Gegeben", "hi": "दिया है"},
    "Forward pass": {"de": "Vorwärtsdurchlauf", "hi": "आगे की ओर गणना"},
    "Loss": {"de": "Verlust", "hi": "हानि"},
    "Backward pass": {"de": "Rückwärtsdurchlauf", "hi": "पीछे की ओर गणना"},
    "Update": {"de": "Aktualisierung", "hi": "अद्यतन"},
    "Worked solution": {"de": "Ausführliche Lösung", "hi": "विस्तृत हल"},
    "Computed exactly; behind ≈ stand rounded decimals of which every digit is certain.": {
        "de": "Exakt gerechnet; hinter ≈ stehen gerundete Dezimalzahlen, von denen jede Ziffer sicher ist.",
        "hi": "गणना यथार्थ है; ≈ के बाद पूर्णांकित दशमलव मान हैं, जिनका प्रत्येक अंक निश्चित है।",
    },
    "Computed with symbols; a formula too long for the page is left out (⋯), JSON has it whole.": {
        "de": "Mit Symbolen gerechnet; was als Formel zu lang für die Seite ist, fehlt (⋯), JSON enthält es ganz.",
        "hi": "गणना प्रतीकों से है; पृष्ठ के लिए बहुत लंबा सूत्र छोड़ दिया गया है (⋯), JSON में वह पूरा है।",
    },
    "Computed as by hand, {name}: each named quantity is rounded half up and carried on rounded.": {
        "de": "Wie von Hand gerechnet, {name}: Jede benannte Größe wird kaufmännisch gerundet und so weiterverwendet.",
        "hi": "गणना हाथ से जैसी, {name}: प्रत्येक नामित राशि को (आधा ऊपर की ओर) पूर्णांकित करके वही मान आगे लिया गया है।",
    },
    "Computed in {name}; behind ≈ stand rounded decimals.": {
        "de": "In {name} gerechnet; hinter ≈ stehen gerundete Dezimalzahlen.",
        "hi": "गणना {name} में है; ≈ के बाद पूर्णांकित दशमलव मान हैं।",
    },
    "The {count} examples stand side by side as columns; L is the mean of their losses.": {
        "de": "Die {count} Beispiele stehen als Spalten nebeneinander; L ist der Mittelwert ihrer Verluste.",
        "hi": "{count} उदाहरण स्तंभों के रूप में साथ-साथ लिखे हैं; L उनकी हानियों का माध्य है।",
    },
    "The {count} examples stand side by side as columns; L is the sum of their losses.": {
        "de": "Die {count} Beispiele stehen als Spalten nebeneinander; L ist die Summe ihrer Verluste.",
        "hi": "{count} उदाहरण स्तंभों के रूप में साथ-साथ लिखे हैं; L उनकी हानियों का योग है।",
    },
    "The {count} examples stand below one another as rows; L is the mean of their losses.": {
        "de": "Die {count} Beispiele stehen als Zeilen untereinander; L ist der Mittelwert ihrer Verluste.",
        "hi": "{count} उदाहरण पंक्तियों के रूप में एक के नीचे एक लिखे हैं; L उनकी हानियों का माध्य है।",
    },
    "The {count} examples stand below one another as rows; L is the sum of their losses.": {
        "de": "Die {count} Beispiele stehen als Zeilen untereinander; L ist die Summe ihrer Verluste.",
        "hi": "{count} उदाहरण पंक्तियों के रूप में एक के नीचे एक लिखे हैं; L उनकी हानियों का योग है।",
    },
    "The {count} examples stand below one another as rows.": {
        "de": "Die {count} Beispiele stehen als Zeilen untereinander.",
        "hi": "{count} उदाहरण पंक्तियों के रूप में एक के नीचे एक लिखे हैं।",
    },
    "Layer": {"de": "Schicht", "hi": "परत"},
    "Op": {"de": "Operation", "hi": "संक्रिया"},
    "Shape": {"de": "Form", "hi": "आकार"},
    "Gives": {"de": "Ergibt", "hi": "परिणाम"},
    "Layer {number} ({ops})": {"de": "Schicht {number} ({ops})", "hi": "परत {number} ({ops})"},
    "Step": {"de": "Schritt", "hi": "चरण"},
    "Step {count}": {"de": "Schritt {count}", "hi": "चरण {count}"},
    "Steps {first} to {last} go the same way; after step {last}:": {
        "de": "Die Schritte {first} bis {last} verlaufen ebenso; nach Schritt {last}:",
        "hi": "चरण {first} से {last} तक इसी प्रकार; चरण {last} के बाद:",
    },
    "{output} and {loss} together, by the chain rule over the outputs (for one example):": {
        "de": "{output} und {loss} zusammen, nach der Kettenregel über die Ausgaben (für ein Beispiel):",
        "hi": "{output} और {loss} एक साथ, निर्गतों पर शृंखला नियम से (एक उदाहरण के लिए):",
    },
    "The sum has {count} terms; the {listed} largest by size make up {share} % of the sum of sizes:": {
        "de": "Die Summe hat {count} Summanden; die {listed} dem Betrag nach größten machen {share} "
        "% der Summe der Beträge aus:",
        "hi": "योग में {count} पद हैं; परिमाण में सबसे बड़े {listed} पद परिमाणों के योग का {share} % हैं:",
    },
    "Term": {"de": "Summand", "hi": "पद"},
    "Numbers": {"de": "Zahlen", "hi": "संख्याएँ"},
    "Value": {"de": "Wert", "hi": "मान"},
    "example {n}": {"de": "Beispiel {n}", "hi": "उदाहरण {n}"},
    "channel {n}": {"de": "Kanal {n}", "hi": "चैनल {n}"},
    "out {n}": {"de": "Ausgang {n}", "hi": "निर्गत {n}"},
    "in {n}": {"de": "Eingang {n}", "hi": "निविष्ट {n}"},
    "axis {n}": {"de": "Achse {n}", "hi": "अक्ष {n}"},
    "if": {"de": "falls", "hi": "यदि"},
    "otherwise": {"de": "sonst", "hi": "अन्यथा"},
    "winner": {"de": "Gewinner", "hi": "विजेता"},
    "spread": {"de": "verteilt", "hi": "वितरित"},
    "part": {"de": "Teil", "hi": "भाग"},
    "The statistics that are taken from x depend on every entry of a group: hence the means.": {
        "de": "Die Kennzahlen, die aus x gebildet werden, hängen von jedem Eintrag einer Gruppe ab: "
        "daher die Mittelwerte.",
        "hi": "x से निकाले गए माध्य और प्रसरण समूह की प्रत्येक प्रविष्टि पर निर्भर हैं: इसीलिए सूत्र में माध्य आते हैं।",
    },
    "A slope collects from the places below zero that it stands at.": {
        "de": "Eine Steigung sammelt von den Stellen unter null, an denen sie gilt.",
        "hi": "प्रत्येक ढाल को शून्य से नीचे के उन स्थानों से योगदान मिलता है जहाँ वह लगती है।",
    },
    "Here a true convolution appears: the kernel is flipped (rot180) and every place counts at "
    "which it meets the input.": {
        "de": "Hier tritt eine echte Faltung auf: Der Kern ist gedreht (rot180), und jede Stelle "
        "zählt, an der er die Eingabe trifft.",
        "hi": "यहाँ वास्तविक संवलन आता है: कर्नेल पलटा हुआ है (rot180) और हर वह स्थान गिना जाता है जहाँ वह निविष्ट से मिलता है।",
    },
    "The largest entry of each window is marked.": {
        "de": "Der größte Eintrag jedes Fensters ist markiert.",
        "hi": "प्रत्येक विंडो की सबसे बड़ी प्रविष्टि चिह्नित है।",
    },
    "Only the winner of each window receives the window's gradient.": {
        "de": "Nur der Gewinner jedes Fensters erhält dessen Gradienten.",
        "hi": "प्रत्येक विंडो की केवल विजेता प्रविष्टि को उस विंडो की प्रवणता मिलती है।",
    },
}

_PRINT: Words = {
    "from {equations}": {"de": "aus {equations}", "hi": "{equations} से"},
    "and": {"de": "und", "hi": "और"},
    "The network is drawn on page {page}.": {
        "de": "Das Netz ist auf Seite {page} gezeichnet.",
        "hi": "नेटवर्क का चित्र पृष्ठ {page} पर है।",
    },
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

_PAGE: Words = {
    "Skip to the working": {"de": "Zur Rechnung springen", "hi": "सीधे हल पर जाएँ"},
    "Equation ({n}), {name}": {"de": "Gleichung ({n}), {name}", "hi": "समीकरण ({n}), {name}"},
    "Steps": {"de": "Schritte", "hi": "चरण"},
    "Previous step": {"de": "Voriger Schritt", "hi": "पिछला चरण"},
    "Next step": {"de": "Nächster Schritt", "hi": "अगला चरण"},
    "Show all": {"de": "Alles zeigen", "hi": "सब दिखाएँ"},
    "Step {n} of {count}": {"de": "Schritt {n} von {count}", "hi": "चरण {n}, कुल {count}"},
    "{count} steps": {"de": "{count} Schritte", "hi": "{count} चरण"},
    "used in {equations}": {"de": "gebraucht in {equations}", "hi": "{equations} में प्रयुक्त"},
    "given": {"de": "gegeben", "hi": "दिया है"},
    "weight {entry}": {"de": "Gewicht {entry}", "hi": "भार {entry}"},
    "Parameters": {"de": "Parameter", "hi": "प्राचल"},
    "{count} numbers in the parameters": {"de": "{count} Zahlen in den Parametern", "hi": "प्राचलों में {count} संख्याएँ"},
    "{count} examples": {"de": "{count} Beispiele", "hi": "{count} उदाहरण"},
    "Penalties": {"de": "Strafterme", "hi": "दंड"},
    "Data": {"de": "Daten", "hi": "आँकड़े"},
    "Arithmetic": {"de": "Arithmetik", "hi": "अंकगणित"},
    "Quantity": {"de": "Größe", "hi": "राशि"},
    "Copy": {"de": "Kopieren", "hi": "कॉपी करें"},
    "Copied": {"de": "Kopiert", "hi": "कॉपी हो गया"},
    "Hover over a number to see where it comes from, click a weight to see its gradient.": {
        "de": "Auf eine Zahl zeigen: woher sie kommt; ein Gewicht anklicken: sein Gradient.",
        "hi": "संख्या पर जाएँ: वह कहाँ से आई; भार पर क्लिक करें: उसका ग्रेडिएंट।",
    },
}

_NOTEBOOK: Words = {
    "In the code each example is a row of its own: the column x on paper is x[0] in an array of shape (1, n).": {
        "de": "Im Code ist jedes Beispiel eine eigene Zeile: die Spalte x ist x[0] in einem Feld der Form (1, n).",
        "hi": "कोड में हर उदाहरण एक अलग पंक्ति है: काग़ज़ पर का स्तंभ x, (1, n) आकार की सरणी में x[0] है।",
    },
    "In the code the row x on paper is x[0] in an array of shape (1, n).": {
        "de": "Im Code ist die Zeile x auf dem Papier x[0] in einem Feld der Form (1, n).",
        "hi": "कोड में काग़ज़ पर की पंक्ति x, (1, n) आकार की सरणी में x[0] है।",
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

_EXAM: Words = {
    "Questions": {"de": "Aufgaben", "hi": "प्रश्न"},
    "Answers": {"de": "Ergebnisse", "hi": "उत्तर"},
    "Exercise": {"de": "Übung", "hi": "अभ्यास"},
    "Find {quantity}.": {"de": "Berechnen Sie {quantity}.", "hi": "{quantity} ज्ञात कीजिए।"},
    "Compute as by hand, {name}: round each named quantity half up and carry it on rounded.": {
        "de": "Rechnen Sie wie von Hand, {name}: Jede benannte Größe wird gerundet und so weiterverwendet.",
        "hi": "हाथ से गणना जैसे करें, {name}: प्रत्येक नामित राशि को पूर्णांकित करें और वही मान आगे ले जाएँ।",
    },
    "The {count} examples stand side by side as columns.": {
        "de": "Die {count} Beispiele stehen als Spalten nebeneinander.",
        "hi": "{count} उदाहरण स्तंभों के रूप में साथ-साथ लिखे हैं।",
    },
    "All values": {"de": "Alle Werte", "hi": "सभी मान"},
    "What ⋯ and ⋮ leave out above, in full.": {
        "de": "Was ⋯ und ⋮ oben auslassen, vollständig.",
        "hi": "ऊपर ⋯ और ⋮ से छोड़े गए मान, पूरे।",
    },
    "What ⋯ and ⋮ leave out above, except what is too long to print:": {
        "de": "Was ⋯ und ⋮ oben auslassen, außer was zum Drucken zu lang ist:",
        "hi": "ऊपर ⋯ और ⋮ से छोड़े गए मान; छापने के लिए बहुत लंबे:",
    },
    "; the full values are in the CSV.": {
        "de": "; die vollständigen Werte stehen in der CSV-Datei.",
        "hi": "; पूरे मान CSV में हैं।",
    },
    "({count} terms)": {"de": "({count} Summanden)", "hi": "({count} पद)"},
}

TABLE: Words = {
    **_WORKING, **_PRINT, **_EXAM, **_PICTURE, **_PAGE, **_NOTEBOOK, **REPORT, **MISTAKES, **HINTS,
}  # fmt: skip
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
