"""The words of a marked script in each language: its report, and the mistakes with their hints."""

from __future__ import annotations

Words = dict[str, dict[str, str]]

REPORT: Words = {
    "{written} is {expected} as far as the digits before it tell.": {
        "de": "{written} ist {expected}, soweit die Ziffern davor es sagen.",
        "hi": "पहले के अंक जितना बताते हैं, {written} वही {expected} है।",
    },
    "{written} is close to {aim}, but its last digits are off.": {
        "de": "{written} liegt nahe bei {aim}, aber die letzten Ziffern stimmen nicht.",
        "hi": "{written} {aim} के निकट है, पर उसके अंतिम अंक ठीक नहीं हैं।",
    },
    "{written} is 0 but for what floating point leaves of it.": {
        "de": "{written} ist 0 bis auf das, was Gleitkommazahlen davon übrig lassen.",
        "hi": "{written} शून्य ही है, जो बचा है वह फ़्लोटिंग पॉइंट का अवशेष है।",
    },
    "{written} has no digit of {truth}.": {
        "de": "{written} hat keine Ziffer von {truth}.",
        "hi": "{written} में {truth} का कोई अंक नहीं है।",
    },
    "Marks": {"de": "Punkte", "hi": "अंक"},
    "Entries": {"de": "Einträge", "hi": "प्रविष्टियाँ"},
    "Mistakes": {"de": "Fehler", "hi": "त्रुटियाँ"},
    "Not read": {"de": "Nicht gelesen", "hi": "जो पढ़ा न जा सका"},
    "{score} of {total} marks.": {"de": "{score} von {total} Punkten.", "hi": "{total} में से {score} अंक।"},
    "No entry is wrong.": {"de": "Kein Eintrag ist falsch.", "hi": "कोई प्रविष्टि गलत नहीं है।"},
    "The first wrong entry is {entry}.": {
        "de": "Der erste falsche Eintrag ist {entry}.",
        "hi": "पहली गलत प्रविष्टि {entry} है।",
    },
    "Nothing is carried forward from {name}: {why}.": {
        "de": "Von {name} aus wird nichts weitergerechnet: {why}.",
        "hi": "{name} से आगे कुछ नहीं लिया गया: {why}।",
    },
    "all of it is zero": {"de": "alles ist null", "hi": "सब शून्य है"},
    "softmax gives numbers from 0 to 1": {
        "de": "softmax gibt Zahlen von 0 bis 1",
        "hi": "softmax से 0 और 1 के बीच की संख्याएँ मिलती हैं",
    },
    "logistic gives numbers from 0 to 1": {
        "de": "logistic gibt Zahlen von 0 bis 1",
        "hi": "logistic से 0 और 1 के बीच की संख्याएँ मिलती हैं",
    },
    "Entry": {"de": "Eintrag", "hi": "प्रविष्टि"},
    "Yours": {"de": "Deiner", "hi": "आपका"},
    "Mistake": {"de": "Fehler", "hi": "त्रुटि"},
    "Verdict": {"de": "Urteil", "hi": "निर्णय"},
    "Right": {"de": "Richtig", "hi": "सही"},
    "Why": {"de": "Warum", "hi": "क्यों"},
    "Where": {"de": "Wo", "hi": "कहाँ"},
    "Text": {"de": "Text", "hi": "पाठ"},
    "Yours: {line}": {"de": "Deins: {line}", "hi": "आपका: {line}"},
    "{written} is right.": {"de": "{written} ist richtig.", "hi": "{written} सही है।"},
    "{written} is {truth} rounded.": {
        "de": "{written} ist {truth}, gerundet.",
        "hi": "{written}, {truth} का पूर्णांकित मान है।",
    },
    "{written} is {expected} rounded, from your own values.": {
        "de": "{written} ist {expected}, gerundet, aus deinen eigenen Werten.",
        "hi": "{written}, आपके अपने मानों से मिले {expected} का पूर्णांकित मान है।",
    },
    "{written} follows from your own values ({expected}); the true value is {truth}.": {
        "de": "{written} folgt aus deinen eigenen Werten ({expected}); der wahre Wert ist {truth}.",
        "hi": "{written} आपके अपने मानों से निकलता है ({expected}); सही मान {truth} है।",
    },
    "{written} is off in its last digit: {aim} rounds to {rounded}.": {
        "de": "{written} stimmt in der letzten Ziffer nicht: {aim} wird zu {rounded} gerundet.",
        "hi": "{written} का अंतिम अंक ठीक नहीं: {aim} का पूर्णांकित मान {rounded} है।",
    },
    "{written} rounds {truth}, but has no digit of it.": {
        "de": "{written} rundet {truth}, hat aber keine Ziffer davon.",
        "hi": "{written}, {truth} का पूर्णांकित मान तो है, पर उसका कोई अंक नहीं दिखाता।",
    },
    "{written} is wrong, it is {truth}.": {
        "de": "{written} ist falsch, es ist {truth}.",
        "hi": "{written} गलत है, सही {truth} है।",
    },
    "{written} is wrong: from your own values it is {expected}; the true value is {truth}.": {
        "de": "{written} ist falsch: aus deinen eigenen Werten folgt {expected}; der wahre Wert ist {truth}.",
        "hi": "{written} गलत है: आपके अपने मानों से {expected} मिलता है; सही मान {truth} है।",
    },
    "Left blank; it is {truth}.": {"de": "Leer gelassen; es ist {truth}.", "hi": "खाली छोड़ा; मान {truth} है।"},
    "{scripts} scripts, {failed} of them could not be read.": {
        "de": "{scripts} Abgaben, {failed} davon waren nicht lesbar.",
        "hi": "{scripts} उत्तर-पत्र, जिनमें से {failed} पढ़े न जा सके।",
    },
    "Where errors begin": {"de": "Wo die Fehler beginnen", "hi": "त्रुटियाँ कहाँ से शुरू होती हैं"},
    "Scripts": {"de": "Abgaben", "hi": "उत्तर-पत्र"},
    "Marks from": {"de": "Punkte ab", "hi": "अंक (से)"},
    "Scripts by the marks that they reach": {
        "de": "Abgaben nach erreichten Punkten",
        "hi": "प्राप्त अंकों के अनुसार उत्तर-पत्र",
    },
}
