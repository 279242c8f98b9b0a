"""Equations in Markdown, LaTeX and plain text."""

from __future__ import annotations

import time

import pytest
from test_student_names import NETWORK

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.marking.collecting import Collector
from handgrad.marking.prose import read
from handgrad.marking.script import Readable, Unread
from handgrad.notation.symbols import convention

Texts = dict[str, list[str]]


def taken(text: str, readable: Readable = NETWORK, *, tex: bool = False) -> tuple[Texts, list[Unread]]:
    into = Collector(readable)
    read(text, into, tex=tex)
    return {name: [entries[at].text for at in sorted(entries)] for name, entries in into.entries.items()}, into.unread


@pytest.mark.parametrize(
    ("text", "quantity", "numbers"),
    [
        (r"\mathbf{h}_1 = [0.73, 0.88, 0.73]^T", "h1", "0.73 0.88 0.73"),
        ("a2 = (2.34, 2.34, 0.73)", "a2", "2.34 2.34 0.73"),
        (r"h_1 = \begin{bmatrix} 0.73 \\ 0.88 \\ 0.73 \end{bmatrix}", "h1", "0.73 0.88 0.73"),
        (r"h_1 = \left(\begin{array}{c} 0.73 \\[2pt] 0.88 \\ 0.73 \\ \end{array}\right)", "h1", "0.73 0.88 0.73"),
        (r"h_1^T = \begin{pmatrix} 0.73 & 0.88 & 0.73 \end{pmatrix}.", "h1", "0.73 0.88 0.73"),
        (r"\hat y_3 = \frac{4}{7} \approx 0.57", "yhat", "0.57"),
        ("ŷ₃ = 0.70", "yhat", "0.70"),
        ("dL/dW1 = [[0, 1, 2], [2, 3, 4], [5, 6, 7]]", "dL/dW1", "0 1 2 2 3 4 5 6 7"),
        ("dL/dW1 = [[0, 2, 5], [1, 3, 6], [2, 4, 7]]^T", "dL/dW1", "0 1 2 2 3 4 5 6 7"),
        ("dL/dW1 = [0, 1, 2; 2, 3, 4; 5, 6, 7]", "dL/dW1", "0 1 2 2 3 4 5 6 7"),
        ("dL/dW1 = [0,1,2;2,3,4;5,6,7]", "dL/dW1", "0 1 2 2 3 4 5 6 7"),
        ("dL/dW1 = [0 1 2; 2 3 4; 5 6 7]", "dL/dW1", "0 1 2 2 3 4 5 6 7"),
        ("dW1 = array([[0., 1, 2],\n [2, 3, 4],\n [5, 6, -7]])", "dL/dW1", "0. 1 2 2 3 4 5 6 -7"),
        ("dL/dW1 = [[0. 1 2]\n [2 3 4]\n [5 6 -7]]", "dL/dW1", "0. 1 2 2 3 4 5 6 -7"),
        ("$\\mathbf{h}_1 = [0.73, 0.88, 0.73]^T$ follows.", "h1", "0.73 0.88 0.73"),
        ("- `h1` = $[0.73, 0.88, 0.73]$", "h1", "0.73 0.88 0.73"),
        ("So we get \\(L = 0.35\\), as the book has it.", "L", "0.35"),
        ("$$L = 0.35$$", "L", "0.35"),
        ("$$\nL\n= -\\ln 0.70\n\\approx 0.35\n$$", "L", "0.35"),
        ("h_1 = (0,73; 0,88; 1,234)", "h1", "0,73 0,88 1,234"),
        ("h1 = (0,73 | 0,88 | 1)", "h1", "0,73 0,88 1"),
        (r"h_1 = \begin{pmatrix} 0,73 \\ 0{,}88 \\ 1,234 \end{pmatrix}", "h1", "0,73 0{,}88 1,234"),
        ("L = 0,35", "L", "0,35"),
        ("L ≈ 0.35.", "L", "0.35"),
        ("L := -2/7 = -0.29 \\tag{3}", "L", "-0.29"),
        ("1) L = 0.35 (rounded)", "L", "0.35"),
        ("Loss: L = 0.35", "L", "0.35"),
        ("> **L** = 0.35,", "L", "0.35"),
        ("then L = 0.35 \\text{ (gerundet)}", "L", "0.35"),
        ("\\Rightarrow L = 0.35", "L", "0.35"),
        ("L = softmax(a3) = 0.35 =", "L", "0.35"),
        ("L =\n0.35", "L", "0.35"),
        ("h1 = [0.73,\n 0.88,\n 0.73]", "h1", "0.73 0.88 0.73"),
        ("```python\nh1 = [0.73, 0.88, 0.73]\n```", "h1", "0.73 0.88 0.73"),
        (r"h_1 = \left[ 0.73,\; 0.88,\; 0.73 \right]^{\top}", "h1", "0.73 0.88 0.73"),
        (r"h_1 = [\frac{1}{2}, \sqrt{2}, (1+2)/3]", "h1", r"\frac{1}{2} \sqrt{2} (1+2)/3"),
        ("h1 = [0.73, ?, 0.73]", "h1", "0.73 0.73"),
        ("dL/dW1[2,3] = −2·10⁻³", "dL/dW1", "−2·10⁻³"),
        ("h1 = ([1, 2, 3])", "h1", "1 2 3"),
        ("h1 = [(1), (2), (3)]", "h1", "(1) (2) (3)"),
        ("L = (0.35)", "L", "(0.35)"),
        (r"L = \mathbf{0.35}", "L", "0.35"),
        ("L = **0.35**", "L", "0.35"),
        ("L = 0.35  # as printed", "L", "0.35"),
        (r"$$\boxed{L = \frac{1}{2}}$$", "L", r"\frac{1}{2}"),
        (r"L = \boxed{\tfrac{1}{2}}.", "L", r"\tfrac{1}{2}"),
        (r"\fbox{L = 0.5", "L", "0.5"),
    ],
)  # fmt: skip
def test_an_equation_gives_its_number(text: str, quantity: str, numbers: str) -> None:
    assert taken(text) == ({quantity: numbers.split(" ")}, [])


def test_several_equations_may_share_a_line() -> None:
    found, unread = taken("a_1 = [1, 2, 1], L = 0,35; x_2 = 0 und y = (0|0|1)\n$x_1 = 1$ and $x_3 = 1$")
    assert found == {"a1": ["1", "2", "1"], "L": ["0,35"], "x": ["1", "0", "1"], "y": ["0", "0", "1"]}
    assert [(line.where, line.text) for line in unread] == []


def test_a_whole_latex_file_is_read() -> None:
    found, unread = taken(
        r"""\documentclass{article}
\newcommand{\x}{\mathbf{x}} % a_1 = [7, 7, 7]
\begin{document}
\begin{align*}
  \mathbf{a}_1 &= \mathbf{W}_1 \, \mathbf{x} = \begin{bmatrix} 1 & 0 & 0 \\ 1 & 1 & 1 \\
    0 & 1 & 1 \end{bmatrix} \, \begin{bmatrix} 1 \\ 0 \\ 1 \end{bmatrix}
    = \begin{bmatrix} 1 \\ 2 \\ 1 \end{bmatrix} \tag{1} \\
  \mathbf{h}_1 &= \sigma(\mathbf{a}_1) \\
    &\approx \begin{pmatrix} 0.73 \\ 0.88 \\ 0.73 \end{pmatrix} % L = 7
  \\[4pt]
  L &= -\ln 0.70 \approx 0.35 & \hat{y}_3 &= 0.70
\end{align*}
\[ \frac{\partial L}{\partial W_{1,23}} = -2 \cdot 10^{-3} \]
a2 = oops
\end{document}
""",
        tex=True,
    )
    assert found == {
        "a1": ["1", "2", "1"],
        "h1": ["0.73", "0.88", "0.73"],
        "L": ["0.35"],
        "yhat": ["0.70"],
        "dL/dW1": [r"-2 \cdot 10^{-3}"],
    }
    assert [(line.where, line.text) for line in unread] == [("line 14", "a2 = oops")]


@pytest.mark.parametrize(
    "text",
    [
        "Just words, and no equation at all.",
        "h_1 = σ(a_1)",
        r"\mathbf{a}_2 = \mathbf{W}_2 \mathbf{h}_1",
        r"\sigma(a) = \frac{1}{1 + e^{-a}}",
        "Loss\n====\nThe loss follows.\n\n---",
        "L\n\n= 0.35",
        "if a > 0, then a >= 0 and b != 3 and c <= 4",
        "h1 = ?",
        "h1 =",
        "h_1 = [?, ?, ?]",
        "the name = the value",
    ],
)
def test_text_is_passed_over(text: str) -> None:
    assert taken(text) == ({}, [])


@pytest.mark.parametrize(
    ("text", "where", "shown", "why"),
    [
        ("foo = 3", "line 1", "foo = 3", 'unknown quantity "foo"; known are x'),
        ("the h1 = [1, 2, 3]", "line 1", "the h1 = [1, 2, 3]", "did you mean h1?"),
        ("\n\nh2 = banana", "line 3", "h2 = banana", 'cannot read "banana" as a number'),
        ("a1 = [1, 2]", "line 1", "a1 = [1, 2]", "a1 is 3 numbers, found 2 numbers"),
        ("a1 = [[1, 2], [3]]", "line 1", "a1 = [[1, 2], [3]]", "rows of different lengths, 1 and 2"),
        ("a1 = [1, [2, 3]]", "line 1", "a1 = [1, [2, 3]]", "numbers and lists stand side by side"),
        ("a1 = 0.5", "line 1", "a1 = 0.5", "a1 is 3 numbers, found a single number"),
        ("L = (0,35)", "line 1", "L = (0,35)", "L is a single number, found 2 numbers"),
        ("L[1] = [1, 2]", "line 1", "L[1] = [1, 2]", "an entry of L is a single number, found 2 numbers"),
        ("W1 = [1,2;3,4;5,6]", "line 1", "W1 = [1,2;3,4;5,6]", "W1 is 3 × 3 numbers, found 3 numbers"),
        ("h1 = [1, 2, 3", "line 1", "h1 = [1, 2, 3", "a bracket does not close"),
        ("h1 = 1, 2, 3]", "line 1", "h1 = 1, 2, 3]", "cannot read"),
        ("h1 = [1, 2, 3]]", "line 1", "h1 = [1, 2, 3]]", "a bracket closes that was not opened"),
        (r"h1 = \begin{bmatrix} 1 \\ 2", "line 1", "h1 = [ 1", "a bracket does not close"),
        (r"h1 = 3 \begin{bmatrix} 1 \\ 2 \\ 3 \end{bmatrix}", "line 1", "h1 = 3 [ 1 ; 2 ; 3 ]", "beside a matrix"),
        ("h1[4] = 3", "line 1", "h1[4] = 3", "runs from 1 to 3, found 4"),
        ("L = NaN", "line 1", "L = NaN", "expected a finite number, found NaN"),
        ("foo = NaN", "line 1", "foo = NaN", 'unknown quantity "foo"'),
        ("L = -∞", "line 1", "L = -∞", "expected a finite number, found -infinity"),
        ("L = 1e400", "line 1", "L = 1e400", "of a size that occurs"),
        ("L = 70 %", "line 1", "L = 70 %", "percentage"),
        ("L = 1,234", "line 1", "L = 1,234", "a thousand and more"),
        ("L = 0.35 (3 s.f.)", "line 1", "L = 0.35 (3 s.f.)", "cannot read"),
        ("L = 0.35 nats", "line 1", "L = 0.35 nats", "cannot read"),
        (r"L = \x", "line 1", r"L = \x", "cannot read"),
        (r"\def\x{\x\x}\x", "line 1", r"\def\x{\x\x}\x", "definitions and files are not carried out"),
        (r"L = \input{/etc/passwd}", "line 1", r"L = \input{/etc/passwd}", "definitions and files"),
        ("h1 = [1, 2, x]", "line 1, h1[3]", "x", 'cannot read "x" as a number'),
        ("h1 = [1, 2, NaN]", "line 1, h1[3]", "NaN", "expected a finite number, found NaN"),
        ("L = 0.1\nL = 0.2", "line 2, L", "0.2", "L is given twice; the first counts"),
        ("h1 = [1, 2, 3]\nh_1[2] = 2.5", "line 2, h1[2]", "2.5", "h1[2] is given twice"),
        ("h1 = [1, 2, 3]\nh1 = [4, 5, 3]", "line 2, h1[1]", "4", "h1[1] (and 1 more) is given twice"),
        ("h1 = [1, 2, 3]\nh1 = [4, 5, 6]", "line 2, h1", "4", "h1 is given twice"),
        ("L = 1/2 = banana", "line 1", "L = banana", "the number before it counts"),
    ],
)
def test_what_cannot_be_read_is_listed(text: str, where: str, shown: str, why: str) -> None:
    _, unread = taken(text)
    assert len(unread) == 1
    assert (unread[0].where, unread[0].text) == (where, shown)
    assert why in unread[0].why


def test_a_formula_between_numbers_is_passed_over() -> None:
    assert taken("L = 0.5 = 0.7 x") == ({"L": ["0.5"]}, [])
    assert taken("L = 1/2 = banana")[0] == {"L": ["1/2"]}


def test_the_same_number_may_stand_twice() -> None:
    assert taken("L = 0.35\nL = 0.35") == ({"L": ["0.35"]}, [])


def test_only_five_bad_entries_of_a_quantity_are_listed() -> None:
    _, unread = taken(f"dL/dW1 = [{', '.join(['[x, x, x]'] * 3)}]")
    assert len(unread) == 6
    assert unread[-1] == Unread("line 1, dL/dW1", "", "4 more entries of it cannot be read")


HOSTILE = {
    "open brackets": "h1 = " + "[" * 100_000,
    "nested brackets": "h1 = " + "[" * 90_000 + "1" + "]" * 90_000,
    "nested arithmetic": "h1 = " + "(1+" * 50_000,
    "braces": "h1 = [" + "{" * 100_000,
    "fractions": "h1 = " + r"\frac{" * 30_000,
    "digits": "h1 = " + "1" * 10_000_000,
    "a word": "x" * 10_000_000,
    "a list": "h1 = [" + "1," * 5_000_000,
    "sides": "h1 = " + "=xy" * 60_000,
    "cells": "h1 = " + "&" * 90_000,
    "matrices": r"\begin{bmatrix}" * 10_000 + " = 3",
    "equations on a line": "h1 = 3, " * 1000,
    "unknown names": "foo = 3\n" * 1000,
    "equations": "a=b\n" * 30_000,
    "lines": "\n" * 150_000 + "h1 = [1, 2, 3]",
    "definitions": r"\def\x{\x\x}" * 1000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_gives_a_clear_line(text: str) -> None:
    start = time.process_time()
    found, unread = taken(text)
    assert time.process_time() - start < 10
    assert found == {}
    assert 1 <= len(unread) <= 201
    for line in unread:
        assert line.why
        assert len(line.text) <= 60
        assert len(line.why) < 300


def test_names_that_cannot_be_read_end_the_reading() -> None:
    _, unread = taken("foo = 3\n" * 1000 + "L = 0.35")
    assert len(unread) == 201
    assert unread[-1].why == "more than 200 entries cannot be read; reading stops here"


def test_what_cannot_be_seen_is_shown() -> None:
    _, unread = taken("fo\u202eo = 3")
    assert unread[0].text == r"fo\u202eo = 3"


def readable(trace: hg.Trace) -> Readable:
    plan = trace.plan
    return Readable({name: plan.shape(name) for name in [*plan.given, *plan.steps]}, plan.aliases)


SHOWN_IN_PARTS = ("image", "signal")
"""Their tensors are printed channel by channel, each with a heading."""


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "symbolic"])
@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_a_worked_solution_of_one_example_is_read_as_it_was_written(name: str, form: str) -> None:
    problem = example(name)
    if problem.batch:
        return
    trace = hg.solve(problem, "float64")
    document = trace.working()
    into = Collector(readable(trace), convention(problem.notation).letters)
    read(document.to_markdown() if form == "markdown" else document.to_latex(), into, tex=form == "latex")
    full = 0
    for quantity, entries in into.entries.items():
        values = trace.raw(quantity).ravel()
        full += len(entries) == len(values)
        for at, number in entries.items():
            assert abs(number.value - values[at]) <= (number.half or 0) * 1.001 + 1e-12, (quantity, at, number)
    if name not in SHOWN_IN_PARTS:
        assert full >= 0.6 * len(into.readable.shapes)
        assert not [line for line in into.unread if "\\operatorname{sum}" not in line.text]
