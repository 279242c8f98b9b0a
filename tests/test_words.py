"""Every word that a reader sees is in the table, in each language; a language is a column of it and no more."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation import symbols, words
from handgrad.notation.conforming import conformed
from handgrad.notation.document import Equation, Figure, Paragraph, Section, Table
from handgrad.notation.nodes import Cases, Expr, Function, Stack, Symbol, Text
from handgrad.notation.symbols import convention
from handgrad.ops import LOSSES, OPS, PENALTIES, UPDATES
from handgrad.ops.op import Op
from handgrad.working.document import Document
from handgrad.working.layout import LABELS
from test_laws import an_op

ALL_OPS = (*OPS.values(), *LOSSES.values(), *PENALTIES.values(), *UPDATES.values())


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("english", words.TABLE)
def test_each_text_is_in_each_language_with_the_same_fields(english: str) -> None:
    translated = words.TABLE[english]
    assert set(translated) == set(words.LANGUAGES) - {"en"}
    for language, text in translated.items():
        assert fields_of(text) == fields_of(english), language
        assert text.strip(), language


@pytest.mark.parametrize("kind", ALL_OPS, ids=lambda op: op.name)
def test_the_words_of_an_op_are_in_the_table(kind: type[Op]) -> None:
    assert set(kind.remarks.values()) <= set(words.TABLE)
    for sample in kind.samples:
        for pair in an_op(kind, sample).definitions(Symbol("a")):
            said = {part.text for side in pair for part in parts(side) if isinstance(part, Text)}
            assert said <= set(words.TABLE)


def parts(whole: Any) -> Iterator[Expr]:
    if isinstance(whole, Expr):
        yield whole
        for name in whole.__struct_fields__:
            yield from parts(getattr(whole, name))
    elif isinstance(whole, tuple):
        for part in whole:
            yield from parts(part)


def spoken(document: Document) -> Iterator[str]:
    """Every text of a document that is not a name: of an op, of a function, of a user."""
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            match block:
                case Paragraph(spans):
                    yield from (span for span in spans if isinstance(span, str) and span.strip(" ,"))
                case Table(header):
                    yield from (cell for cell in header if isinstance(cell, str) and cell)
            yield from in_mathematics(block)


def in_mathematics(block: Any) -> Iterator[str]:
    match block:
        case Paragraph(spans):
            found = list(parts(spans))
        case Equation(left, lines):
            found = [part for side in (left, *(line.expression for line in lines)) for part in parts(side)]
        case Table(header, rows):
            found = list(parts((header, rows)))
        case _:
            found = []
    for part in found:
        match part:
            case Text(text):
                yield text
            case Cases(_, word):
                yield word
            case Stack(items):
                yield from (label for label, _ in items if label)


NETWORK = {"input": 40, "layers": [{"op": "dense", "weights": {"random": "normal", "seed": 1}, "units": 3}]}
NETWORK["layers"] += [{"op": "leaky_relu"}, {"op": "softmax"}]
LONG = {
    "network": NETWORK,
    "loss": {"op": "cross_entropy"},
    "data": {"x": {"random": "normal", "seed": 2}, "label": 2},
    "questions": [{"ask": "h1[2]"}, {"ask": "dL/dW1"}, {"ask": "argmax(yhat)"}],
}


def problems() -> Iterator[tuple[str, Any, str]]:
    """Problems with all that a working may say, and the arithmetic to solve each in."""
    for name in EXAMPLES:
        arithmetics = ("symbolic",) if name == "symbolic" else ("exact", "float64", "rounded(4)")
        yield from ((f"{name}-{how}", example(name), how) for how in arithmetics)
    yield "long", hg.Problem.from_dict(LONG), "float64"
    many = example("xor")
    many.steps = 5
    yield "many updates", many, "float64"
    total = example("batch")
    total.loss = type(total.loss)(reduction="sum")
    yield "sum", total, "float64"


CASES = [pytest.param(problem, how, id=name) for name, problem, how in problems()]


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another language: nothing but a column of the table, and its name."""
    table = {english: {**said, "xx": f"«{english}»"} for english, said in words.TABLE.items()}
    monkeypatch.setattr(words, "TABLE", table)
    monkeypatch.setitem(words.LANGUAGES, "xx", "Pseudo")
    monkeypatch.setitem(symbols.CHOICES, "language", tuple(words.LANGUAGES))


def translated(text: str) -> bool:
    """Whether a text is wholly in the pseudo language: «…» one after another."""
    rest, depth = "", 0
    for c in text:
        depth += c == "«"
        rest += c if not depth else ""
        depth -= c == "»"
    return not rest.strip(" ,") and depth == 0


@pytest.mark.usefixtures("pseudo")
@pytest.mark.parametrize("vectors", ["column", "row"])
@pytest.mark.parametrize(("problem", "how"), CASES)
def test_a_working_says_nothing_that_is_not_in_the_table(problem: hg.Problem, how: str, vectors: str) -> None:
    trace = hg.solve(problem, how)
    document = trace.working(notation={"language": "xx", "vectors": vectors})
    assert document.language == "xx"
    assert document.title == (problem.title or "«Worked solution»")
    for one in (document, trace.working([], notation={"language": "xx", "vectors": vectors})):
        assert [text for text in spoken(one) if not translated(text)] == []


@pytest.mark.usefixtures("pseudo")
@pytest.mark.parametrize("kind", ["questions", "answers"])
@pytest.mark.parametrize("name", ["batch", "convolution", "image", "adam"])
def test_an_exam_says_nothing_that_is_not_in_the_table(name: str, kind: Any) -> None:
    said = list(spoken(hg.solve(example(name), "rounded(4)").working(notation={"language": "xx"}).only(kind)))
    numbered = [text.removeprefix(f"{i}. ") for text in said for i in range(1, 9) if text.startswith(f"{i}. ")]
    texts = [text for text in said if not text[0].isdigit()] + numbered
    # a sentence with mathematics in it is in two pieces
    assert [
        text for text in texts if not translated(text) and not text.startswith("«") and text not in (".»", "»")
    ] == []
    assert any(text.startswith("«") for text in said)


def test_labels_are_in_the_table() -> None:
    assert set(LABELS) <= set(words.TABLE)


def test_the_test_itself_would_see_a_text_that_is_missing() -> None:
    assert not translated("Given")
    assert not translated("«Given» and more")
    assert translated("«Given» «Loss»")
    assert translated("«example 1», «channel 2»")
    document = Document("", (Section("Given", (Figure(lambda: None, ()), Paragraph(("words",)))),))  # type: ignore[arg-type,return-value]
    assert list(spoken(document)) == ["Given", "words"]


def test_words_within_formulas_and_names_that_are_words_are_translated() -> None:
    german = convention({"language": "de"})
    part = Function("part 2", (Function("winner", (Text("otherwise"),)),))
    assert conformed(part, german) == Function("Teil 2", (Function("Gewinner", (Text("sonst"),)),))
    assert conformed(Function("softmax", ()), german) == Function("softmax", ())
    assert conformed(Text("no such text"), german) == Text("no such text")


def test_german_and_hindi_are_what_a_teacher_would_write() -> None:
    trace = hg.solve(example("convolution"))
    titles = {
        language: [section.title for section in trace.working(notation={"language": language}).sections]
        for language in ("de", "hi")
    }
    assert titles == {
        "de": ["Gegeben", "Vorwärtsdurchlauf", "Rückwärtsdurchlauf", "Ergebnisse"],
        "hi": ["दिया है", "आगे की ओर गणना", "पीछे की ओर गणना", "उत्तर"],
    }
