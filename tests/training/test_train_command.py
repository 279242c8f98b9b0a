"""``handgrad train`` and ``handgrad solve --from``, as they are typed."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from setting import CLASSES, CONFIG, blobs, configured, network

import handgrad as hg
from handgrad.cli.main import main
from handgrad.training import loop
from handgrad.training.fit import fit
from handgrad.training.progress import Bar, Lines, clock
from handgrad.training.reporting import Progress
from handgrad.training.state import Epoch, Warned
from handgrad.training.worked import problem_from

FILES = "weights.safetensors, curves.svg, curves.png, confusion.svg, confusion.png, filters.svg, filters.png"


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the commands are typed in, with a configuration."""
    configured(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_from_its_configuration(here: Path) -> None:
    done = typed("train", "blobs.toml")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "4 epochs; the parameters are those of epoch 4."
    assert lines[1].endswith(" % on the 27 held-out examples.")
    assert lines[2] == f"blobs.run: {FILES}"
    told = done.stderr.splitlines()
    assert [line.partition("  ")[0] for line in told] == ["epoch 1/4", "epoch 2/4", "epoch 3/4", "epoch 4/4"]
    assert "  held out: loss " in told[0]
    assert told[3].endswith("/s  0:00 left")
    names = {file.name for file in (here / "blobs.run").iterdir()}
    assert names == {*FILES.split(", "), "metrics.jsonl", "checkpoint-000001.json", "checkpoint-000001.safetensors"}


def test_once_more_it_is_over(here: Path) -> None:
    first = typed("train", "blobs.toml").stdout
    again = typed("train", "blobs.toml", "--resume")
    assert again.stdout == first
    file = here / "blobs.run" / "checkpoint-000001.json"
    assert again.stderr == f"going on from {file}: 4 of 4 epochs are done\n"


@pytest.mark.usefixtures("here")
def test_options_stand_in_place_of_the_configuration() -> None:
    done = typed("train", "blobs.toml", "--epochs", "2", "--quiet", "--watch", "--threads", "1", "-o", "other")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "2 epochs; the parameters are those of epoch 2."
    anew = typed("train", "blobs.toml", "--epochs", "1", "--anew", "--quiet", "-o", "other")
    assert anew.stdout.splitlines()[0] == "1 epochs; the parameters are those of epoch 1."


def test_the_folder_of_the_configuration_is_relative_to_it(here: Path) -> None:
    (here / "sub").mkdir()
    configured(here / "sub", CONFIG + 'folder = "mine"\n')
    assert typed("train", "sub/blobs.toml", "--quiet").exit_code == 0
    assert (here / "sub" / "mine" / "weights.safetensors").is_file()
    assert fit("sub/blobs.toml").state.finished == "4 epochs"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("blobs.toml", "--resume", "--anew"), "--resume goes on and --anew begins anew: give one of them"),
        (("none.toml",), "none.toml: cannot be read: there is no such file"),
        (("blobs.toml", "--resume"), "{here}/blobs.run: there is no checkpoint to resume from"),
    ],
)
def test_what_cannot_be_is_one_error(here: Path, words: tuple[str, ...], message: str) -> None:
    done = typed("train", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: {message.format(here=here)}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_says_how_to_go_on(here: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(loop, "SECONDS", 0.0)
    monkeypatch.setattr(Lines, "piece", lambda *_: signal.raise_signal(number))
    monkeypatch.setattr(sys, "argv", ["handgrad", "train", "blobs.toml", "--anew", "-o", "my run"])
    done = typed("train", "blobs.toml", "--anew", "-o", "my run")
    assert done.exit_code == 128 + number
    assert done.stderr == (
        "interrupted in epoch 1, step 1 of 8; saved. Go on with:\nhandgrad train blobs.toml -o 'my run' --resume\n"
    )
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert typed("train", "blobs.toml", "-o", "my run", "--resume", "--quiet").exit_code == 0


@pytest.mark.usefixtures("here")
def test_the_working_of_an_example() -> None:
    typed("train", "blobs.toml", "--quiet")
    done = typed("solve", "--from", "blobs.run", "--example", "17", "--to", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    problem = fit("blobs.toml").problem(17)
    assert problem.title == "Blobs: example 17, class 1"
    assert done.stdout.rstrip() == hg.solve(problem).working().to_json().rstrip()
    asked = typed("solve", "--from", "blobs.run/checkpoint-000001.json", "--example", "17", "--ask", "L")
    assert asked.stdout == hg.solve(problem).working(["L"]).to_terminal(80)


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_serves(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SECONDS", 0.0)
    typed("train", "blobs.toml", "--quiet", "--save-every", "0")
    newest = max((here / "blobs.run").glob("*.json"))
    newest.write_text("{")
    done = typed("solve", "--from", "blobs.run", "--ask", "L")
    assert done.exit_code == 0
    name = f"blobs.run/{newest.name}"
    assert done.stderr == f"passed over {name}: it is cut short or damaged: not valid JSON\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "expected either FILE, or --from CHECKPOINT and --example N"),
        (("blobs.toml", "--from", "blobs.run"), "expected either FILE, or --from CHECKPOINT and --example N"),
        (("blobs.toml", "--example", "3"), "expected either FILE, or --from CHECKPOINT and --example N"),
        (("--from", "blobs.run", "--example", "91"), "there is no example 91, expected 1 to 90"),
        (("--from", "none.json"), "none.json: there is no such checkpoint"),
        (("--from", "arrays"), "arrays/checkpoint-000001.json: {why}"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_cannot_be_solved(words: tuple[str, ...], message: str) -> None:
    typed("train", "blobs.toml", "--quiet")
    fit(network(), *blobs(), **CLASSES, epochs=1, folder="arrays")
    why = "the run was started from arrays, which it does not hold; use result.problem(…)"
    done = typed("solve", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: {message.format(why=why)}\n"


def test_data_that_are_gone(here: Path) -> None:
    typed("train", "blobs.toml", "--quiet")
    (here / "blobs.npz").unlink()
    done = typed("solve", "--from", "blobs.run")
    assert done.exit_code == 2
    assert "blobs.npz" in done.stderr


def test_the_best_parameters_are_those_of_the_working(here: Path) -> None:
    configured(here, CONFIG.replace("rate = 0.02", "rate = 0.9").replace("epochs = 4", "epochs = 30\npatience = 3"))
    result = fit("blobs.toml", folder=str(here / "run"))
    assert result.state.finished == "no improvement in 3 epochs"
    found = problem_from(here / "run", 2).network.parameters
    assert all((found[name].floats() == array).all() for name, array in result.parameters.items())


PROGRESS = Progress(2, 5, 30, 120, 0.5, 0.875, 12345.6, 3723.0)
PLAIN = Progress(2, 5, 120, 120, 0.5, None, 10.0, 7.0)
EPOCH = Epoch(epoch=2, steps=240, loss=0.4, rate=0.1, seconds=1.0, accuracy=0.9, held_loss=0.3, held_accuracy=0.95)
NUMBERS = Epoch(epoch=2, steps=240, loss=0.4, rate=0.1, seconds=1.0, held_loss=0.3)


def test_the_bar_is_redrawn_in_place() -> None:
    out = io.StringIO()
    bar = Bar(out, columns=110)
    bar.piece(PROGRESS)
    words = "epoch 2/5 ━━━━━━────────────────── loss 0.5000  accuracy 87.5 %  12,346/s  1:02:03 left"
    assert out.getvalue() == "\r" + words.ljust(109)
    bar.note("a note")
    bar.epoch(EPOCH, PROGRESS)
    bar.warning(Warned(7, "layer 1 (relu)", "dead units", "3 of 4 units give 0 for each of 256 examples"))
    bar.close()
    assert out.getvalue()[110:].replace("\r" + " " * 109 + "\r", "") == (
        "a note\n"
        "epoch 2/5  loss 0.4000  accuracy 90.0 %  held out: loss 0.3000, accuracy 95.0 %  12,346/s  1:02:03 left\n"
        "warning: step 7, layer 1 (relu): dead units: 3 of 4 units give 0 for each of 256 examples\n"
    )


def test_the_bar_fits_a_narrow_terminal() -> None:
    out = io.StringIO()
    Bar(out, columns=40).piece(PROGRESS)
    assert len(out.getvalue()) == 40


def test_lines_within_an_epoch_come_now_and_then() -> None:
    out = io.StringIO()
    lines = Lines(out, every=0.0)
    lines.piece(PROGRESS)
    lines.piece(PLAIN)
    lines.epoch(NUMBERS, PLAIN)
    lines.warning(Warned(7, "", "loss", "the loss is nan"))
    assert out.getvalue().splitlines() == [
        "epoch 2/5 step 30/120 loss 0.5000  accuracy 87.5 %  12,346/s  1:02:03 left",
        "epoch 2/5  loss 0.4000  held out: loss 0.3000  10/s  0:07 left",
        "warning: step 7, loss: the loss is nan",
    ]
    quiet = io.StringIO()
    Lines(quiet).piece(PROGRESS)
    assert quiet.getvalue() == ""


def test_times() -> None:
    assert [clock(seconds) for seconds in (0.4, 59.6, 3600)] == ["0:00", "1:00", "1:00:00"]


@pytest.mark.usefixtures("here")
def test_in_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    monkeypatch.setattr(sys, "stderr", out)
    main(["train", "blobs.toml"], standalone_mode=False)
    assert "\repoch 1/4 ━" in out.getvalue()
    assert out.getvalue().endswith("0:00 left\n")
