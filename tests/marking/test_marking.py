"""Scripts marked: the published solutions, each status with its sentence, marks by the scheme, whole classes."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import handgrad as hg
from conftest import ROOT, example
from handgrad.cli.main import main
from handgrad.marking.classrun import mark_class, submissions
from handgrad.marking.judge import Status
from handgrad.marking.tally import document, plot

SCRIPTS = ROOT / "examples" / "scripts"
ANN = str(ROOT / "examples" / "ann.toml")


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["mark", *map(str, arguments)])
    return done.exit_code, done.output


NEURON: dict[str, Any] = {
    "network": {"input": 2, "layers": [{"op": "dense", "weights": [[1, 2], [3, -4]], "activation": "relu"}]},
    "loss": {"op": "squared_error"},
    "data": {"x": [1, 1], "y": [1, 1]},
}


def statuses(report: Any) -> dict[str, str]:
    return {entry.question: entry.status.value for entry in report.entries}


def odd(report: Any) -> dict[str, str]:
    return {name: status for name, status in statuses(report).items() if status not in ("right", "rounded")}


def test_the_published_network_has_three_slips_and_rounds_once_too_early() -> None:
    report = hg.mark(example("ann"), SCRIPTS / "ann.toml")
    assert odd(report) == {"yhat[3]": "slip", "L": "slip", "sigma'(a2)[3]": "slip"}
    assert [(mistake.quantity, mistake.name) for mistake in report.mistakes] == [("sigma'(a1)", "rounded too early")]
    assert report.first_error is None
    assert report.student == "A published solution"
    why = {entry.question: entry.why for entry in report.entries}
    assert why["yhat[3]"] == "0.70 is off in its last digit: 0.7082 rounds to 0.71."
    assert why["L"] == "0.35 is off in its last digit: 0.3567 rounds to 0.36."
    assert why["sigma'(a2)[3]"] == "0.21 is off in its last digit: 0.2194 rounds to 0.22."
    assert statuses(report)["dL/dW1[2,3]"] == "rounded"


def test_the_published_convolution_is_wrong_in_the_kernels_gradient_alone() -> None:
    report = hg.mark(example("convolution"), SCRIPTS / "convolution.md")
    assert {name for name, status in statuses(report).items() if status == "wrong"} == {"dL/dK1[1]"}
    assert report.first_error is not None
    assert report.first_error.question == "dL/dK1[1]"
    assert report.first_error.right == "−12/49"
    assert report.unread == ()


def test_a_script_of_zeros_earns_nothing_but_true_zeros() -> None:
    problem = example("ann")
    truth = hg.solve(problem, "float64")
    names = ["a1", "h1", "a2", "h2", "a3", "yhat", "L", "dL/da3", "dL/dW3", "dL/dh2", "dL/dW1", "dL/dx"]
    for text in ("0", "0.0", "0.00", "-0.000"):
        zeros = {name: json.loads(json.dumps((truth[name] * 0).tolist()).replace("-0.0", "0.0")) for name in names}
        report = hg.mark(problem, {name: as_text(value, text) for name, value in zeros.items()})
        for entry in report.entries:
            assert (entry.marks > 0) == (abs(entry.truth) < 1e-15), (entry.question, text)


def as_text(value: Any, text: str) -> Any:
    return [as_text(one, text) for one in value] if isinstance(value, list) else text


@pytest.mark.parametrize("exponent", [3, 6, 9])
def test_small_gradients_are_not_passed_by_a_loose_tolerance(exponent: int) -> None:
    small = f"1e-{exponent}"
    problem = hg.Problem.from_dict(
        {
            "network": {"input": 1, "layers": [{"op": "dense", "weights": [[1]]}]},
            "loss": {"op": "squared_error"},
            "data": {"x": [small], "y": [0]},
        }
    )
    right = 10.0 ** (-2 * exponent)
    assert statuses(hg.mark(problem, {"dL/dW1": [[f"{right:.3e}"]]})) == {"dL/dW1[1,1]": "right"}
    for wrong in (0, f"{2 * right:.3e}", f"{-right:.3e}", f"{right * 1.01:.3e}", small):
        assert statuses(hg.mark(problem, {"dL/dW1": [[wrong]]})) == {"dL/dW1[1,1]": "wrong"}, wrong


@pytest.mark.parametrize(
    ("answers", "entry", "status", "why"),
    [
        ({"a1": [3, -1]}, "a1[1]", "right", "3 is right."),
        ({"yhat": [3, "0.0"]}, "yhat[2]", "right", "0.0 is right."),
        ({"a1": [3, 1]}, "a1[2]", "wrong", "1 is wrong, it is −1."),
        ({"L": "2.5"}, "L", "right", "2.5 is right."),
        ({"L": "2.4"}, "L", "slip", "2.4 is off in its last digit: 2.500 rounds to 2.5."),
        ({"yhat": [4, 0], "L": 5}, "L", "follow-through", "5 follows from your own values (5); the true value is 5/2."),
        ({"yhat": [4, 0], "L": 7}, "L", "wrong", "7 is wrong: from your own values it is 5; the true value is 5/2."),
    ],
)
def test_each_verdict_says_why(answers: dict[str, Any], entry: str, status: str, why: str) -> None:
    found = {one.question: one for one in hg.mark(hg.Problem.from_dict(NEURON), answers).entries}
    assert (found[entry].status.value, found[entry].why) == (status, why)


def test_a_zero_that_rounds_a_small_number_is_neither_wrong_nor_right() -> None:
    report = hg.mark(example("ann"), {"dL/dW1[2,3]": "0.00"})
    assert statuses(report) == {"dL/dW1[2,3]": "coarse"}
    assert report.score == 0
    assert report.entries[0].why == "0.00 rounds −0.0024, but has no digit of it."


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"h1": [0, 0, 0], "a2": [0, 0, 0]}, {"h1": "logistic gives numbers from 0 to 1"}),
        ({"h1": [0, 0, 0], "a2": [0, 0, 0]}, {"h1": "all of it is zero"}),
        ({"yhat": [2, 3, 4], "dL/da3": [2, 3, 3]}, {"yhat": "softmax gives numbers from 0 to 1"}),
    ],
)
def test_nothing_is_carried_forward_from_what_is_degenerate(answers: dict[str, Any], why: dict[str, str]) -> None:
    report = hg.mark(example("ann"), answers)
    if "h1" in why and why["h1"].startswith("logistic"):
        report = hg.mark(example("ann"), {"h1": [2, 2, 2], "a2": [6, 6, 2]})
    assert report.own.degenerate | why == report.own.degenerate
    assert set(statuses(report).values()) == {"wrong"}
    (name, words) = next(iter(why.items()))
    assert f"Nothing is carried forward from {name}: {words}." in report.to_markdown().replace("\\", "")


def test_other_routes_are_right_too() -> None:
    problem = example("ann")
    report = hg.mark(problem, {"dL/dyhat": [0, 0, "-1.409"], "dL/da3": ["0.145", "0.145", "-0.290"]})
    assert odd(report) == {}
    wrong = hg.mark(problem, {"dL/dyhat": [0, 0, 2], "dL/da3": ["-0.206", "-0.206", "0.412"]})
    assert set(statuses(wrong).values()) == {"right", "wrong", "follow-through"}


def test_a_declared_loss_factor_and_transposed_weights_are_right() -> None:
    problem = hg.Problem.from_dict(NEURON)
    assert odd(hg.mark(problem, {"loss_factor": 1, "L": 5, "dL/dyhat": [4, -2]})) == {}
    transposed = {"dL/dW1": [["2", 0], ["2", 0]]}
    assert set(odd(hg.mark(problem, transposed)).values()) == {"wrong"}
    assert odd(hg.mark(problem, {"transposed": True, **transposed})) == {}
    assert odd(hg.mark(problem, {"transposed": ["dL/dW1"], **transposed})) == {}
    unread = hg.mark(problem, {"transposed": ["dL/dx"]}).unread
    assert [one.why for one in unread] == ["expected true or a list of W1, dL/dW1"]
    with pytest.raises(hg.InputError, match=r"^loss_factor = 2: the loss of this problem has no factor$"):
        hg.mark(example("ann"), {"loss_factor": 2, "L": 1})


def test_the_sum_that_a_question_asks_for_is_marked() -> None:
    report = hg.mark(example("convolution"), {"dL/dK1": ["-12/49", 0], "sum(dL/dK1)": "-12/49"})
    assert statuses(report) == {"dL/dK1[1]": "right", "dL/dK1[2]": "right", "sum(dL/dK1)": "right"}
    assert (report.score, report.total) == (3, 3)


SCHEME = {
    "questions": [
        {"ask": "yhat", "marks": 4, "method": 2},
        {"ask": "L", "marks": 3, "follow_through": False},
        {"ask": "dL/dW1[1,2]"},
    ],
    "marking": {"marks": 5, "slip": 0.25},
}


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        ({"yhat": [3, 0], "L": "2.5", "dL/dW1[1,2]": 2}, 14),
        ({"yhat": [3, 0], "L": "2.4", "dL/dW1[1,2]": 2}, 11.75),
        ({"yhat": [4, 0], "L": 5, "dL/dW1[1,2]": 3}, 7),
        ({"yhat": [4, 0]}, 2),
        ({}, 0),
    ],
)
def test_marks_are_those_of_the_scheme(answers: dict[str, Any], score: float) -> None:
    report = hg.mark(hg.Problem.from_dict(NEURON | SCHEME), answers)
    assert (report.score, report.total) == (score, 14)


def test_what_is_left_blank_is_said_and_earns_nothing() -> None:
    report = hg.mark(hg.Problem.from_dict(NEURON | SCHEME), {"yhat": [3, ""]})
    blank = {entry.question: entry for entry in report.entries}["yhat[2]"]
    assert (blank.status, blank.marks, blank.why) == (Status.BLANK, 0, "Left blank; it is 0.")
    assert report.score == 2


def test_a_batch_and_an_update_are_marked() -> None:
    problem = example("batch")
    trace = hg.solve(problem, "float64")
    report = hg.mark(problem, {name: [[f"{v:.4f}" for v in row] for row in trace[name]] for name in ("h1", "yhat")})
    assert set(odd(report).values()) == {"blank"}
    problem = hg.Problem.from_dict(NEURON | {"update": {"op": "sgd", "rate": "1/10"}})
    report = hg.mark(problem, {"dL/dW1": [[2, 2], [0, 0]], "W1'": [["1.2", "2.2"], [3, -4]]})
    assert [mistake.name for mistake in report.mistakes] == ["step uphill"]


def test_a_report_in_every_format() -> None:
    report = hg.mark(example("ann"), SCRIPTS / "ann.toml")
    assert repr(report) == "Report(A published solution: 40.5 of 42)"
    assert "40.5 of 42 marks." in report.to_terminal()
    assert "Yours: 0.15 ✓, 0.15 ✓, 0.70 ≈" in report.to_terminal()
    data = json.loads(report.to_json())
    assert (data["score"], data["total"], data["first_error"], len(data["entries"])) == (40.5, 42, None, 42)
    rows = list(csv.DictReader(report.to_csv().splitlines()))
    assert rows[17]["entry"] == "yhat[3]"
    assert rows[17]["status"] == "slip"


def test_the_command_marks_a_script(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert run(ANN, SCRIPTS / "ann.toml", "-o", out) == (0, "")
    assert json.loads(out.read_text())["score"] == 40.5
    status, text = run(ANN, SCRIPTS / "ann.toml", "--to", "pdf")
    assert status == 2
    assert "'pdf' is not one of 'terminal', 'markdown', 'html', 'json', 'csv'" in text
    refused = "error: a report is written as terminal, markdown, html, json, csv, not as pdf\n"
    assert run(ANN, SCRIPTS / "ann.toml", "-o", "x.pdf") == (2, refused)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five submissions, one of which is no script; and a file that is none."""
    place = tmp_path / "submissions"
    place.mkdir()
    right = (SCRIPTS / "ann.toml").read_text()
    (place / "a.toml").write_text(right)
    (place / "b.toml").write_text("h1 = [")
    (place / "c.toml").write_text('student = "=cmd"\nh1 = [0.73, 0.12, 0.73]\n')
    (place / "d.json").write_text('{"h1": [0.73, 0.88, "?"], "L": 0.9}')
    (place / "e.md").write_text("$L = 0.34$\n")
    (place / "notes.rst").write_text("no script")
    return place


def lines(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(out.read_text().splitlines()))


def test_a_class_is_marked_and_one_bad_file_stops_nothing(folder: Path, tmp_path: Path) -> None:
    out, seen = tmp_path / "marks.csv", []
    tally = mark_class(example("ann"), folder, out, lambda done, count: seen.append((done, count)))
    rows = lines(out)
    assert [row["submission"] for row in rows] == ["a.toml", "b.toml", "c.toml", "d.json", "e.md"]
    assert [row["score"] for row in rows] == ["40.5", "0.0", "2.0", "2.0", "1.0"]
    assert rows[1]["error"].endswith("b.toml, line 1: not valid TOML at the end: expected a value (a number, "
                                     'a "text", a list, true or false)')  # fmt: skip
    assert rows[2]["student"] == "'=cmd"
    assert [row["first_error"] for row in rows] == ["", "", "h1[2]", "L", ""]
    assert seen[-1] == (5, 5)
    assert (tally.scripts, tally.failed, dict(tally.first_errors)) == (5, 1, {"h1[2]": 1, "L": 1})
    assert not list(tmp_path.glob("*.partial"))


def test_a_class_run_that_was_broken_off_goes_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "marks.csv"
    whole = mark_class(example("ann"), folder, out).data()
    text = out.read_text()
    for end in (0, 10, text.index("\n") + 1, text.index("c.toml") + 4, len(text) - 2, len(text)):
        out.unlink()
        Path(f"{out}.partial").write_text(text[:end])
        again = mark_class(example("ann"), folder, out)
        assert out.read_text() == text
        assert again.data() == whole


def test_the_marks_of_each_question_have_a_column(folder: Path, tmp_path: Path) -> None:
    problem = hg.Problem.from_dict(
        tomllib.loads((ROOT / "examples/ann.toml").read_text())
        | {"questions": [{"ask": "h1", "marks": 3}, {"ask": "L"}, {"ask": "sum(h1)"}]}
    )
    out = tmp_path / "marks.csv"
    whole = mark_class(problem, folder, out)
    rows = lines(out)
    assert [(row["h1"], row["L"], row["sum(h1)"]) for row in rows][:4] == [
        ("3.0", "0.5", "0.0"),
        ("", "", ""),
        ("2.0", "0.0", "0.0"),
        ("2.0", "0.0", "0.0"),
    ]
    Path(f"{out}.partial").write_text(out.read_text()[:-20])
    assert mark_class(problem, folder, out).data() == whole.data()
    tree = tmp_path / "marks.json"
    mark_class(problem, folder, tree)
    tables = json.loads(tree.read_text())
    assert [table["submission"] for table in tables] == [row["submission"] for row in rows]
    assert (tables[0]["h1"], tables[0]["student"]) == (3.0, "A published solution")
    assert not list(tmp_path.glob("*.partial*"))


class Stopped(Exception):
    """A run that is interrupted."""


def test_what_was_marked_before_an_interrupt_is_kept(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "marks.csv"

    def stop(done: int, _: int) -> None:
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        mark_class(example("ann"), folder, out, stop)
    assert not out.exists()
    assert len(lines(Path(f"{out}.partial"))) == 3
    seen: list[int] = []
    mark_class(example("ann"), folder, out, lambda done, _: seen.append(done))
    assert seen == [4, 5]


def test_the_class_report_says_where_errors_begin(folder: Path, tmp_path: Path) -> None:
    status, text = run(ANN, folder, "-o", tmp_path / "m.csv")
    assert status == 0
    assert "5 scripts, 1 of them could not be read." in text
    assert "Where errors begin" in text
    page = tmp_path / "class.html"
    status, text = run(ANN, folder, "-o", tmp_path / "m.csv", "--report", page)
    assert (status, text.replace("marking", "").strip(" [#]0123456789%\n")) == (0, "")
    assert "<svg" in page.read_text()
    assert run(ANN, SCRIPTS / "ann.toml", "--report", page)[0] == 2
    tally = mark_class(example("ann"), folder, tmp_path / "again.csv")
    assert plot(tally).width > 400
    assert document(tally, example("ann")).data()["scripts"] == 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda place: place / "none", "none: cannot be read: No such file or directory"),
        (lambda place: place, "expected files .toml, .json, .csv, .md, .tex, .txt"),
    ],
)
def test_a_folder_without_submissions_is_refused(make: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(hg.InputError) as error:
        submissions(make(tmp_path))
    assert str(error.value).endswith(message)


def test_a_class_report_is_csv_and_nothing_else(folder: Path) -> None:
    refused = "error: of a folder of scripts the marks are written as csv or json, not as html\n"
    assert run(ANN, folder, "--to", "html") == (2, refused)


def test_a_marks_file_that_cannot_be_written_is_one_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(hg.InputError, match="cannot be written: No such file or directory"):
        mark_class(example("ann"), folder, tmp_path / "nowhere" / "marks.csv")
