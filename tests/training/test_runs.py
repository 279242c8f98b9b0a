"""The loop: pieces, evaluation, early stopping, going on, interruptions, divergence."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from setting import CLASSES, Array, blobs, layer, network

import handgrad as hg
from handgrad.errors import InputError
from handgrad.training import loop
from handgrad.training.fit import fit
from handgrad.training.interrupts import Interrupted
from handgrad.training.reporting import Progress, Silent
from handgrad.training.result import Result
from handgrad.training.state import Epoch

X, Y = blobs()
DIVERGING: dict[str, Any] = {"loss": "mean_squared_error", "update": {"op": "sgd", "rate": 1.0}}


def fitted(**settings: Any) -> Result:
    return fit(network(), X, Y, **{**CLASSES, "epochs": 3, "batch": 8, **settings})


def same(a: dict[str, Array], b: dict[str, Array]) -> bool:
    return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)


def timeless(result: Result) -> list[dict[str, Any]]:
    found = [msgspec.to_builtins(epoch) for epoch in result.history]
    return [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in found]


def test_it_learns() -> None:
    result = fitted(epochs=15, held_out=0.3)
    assert result.score >= 0.9
    assert result.history[-1].loss < result.history[0].loss / 2
    assert result.history[-1].held_accuracy == result.score
    assert [epoch.steps for epoch in result.history[:2]] == [8, 16]  # 63 examples to train on
    assert repr(result) == f"Result(15 epochs, score {result.score:.4f})"


def test_the_history_is_that_of_plain_steps() -> None:
    result = fitted(epochs=1, shuffle=False)
    compiled = hg.compile(network(), batch=8, **CLASSES)
    losses, correct = compiled.train(X.astype(np.float32), Y, np.arange(90))
    sizes = np.array([8] * 11 + [2])
    assert result.history[0].loss == pytest.approx(float(losses @ sizes) / 90, rel=1e-12)
    assert result.history[0].accuracy == correct.sum() / 90
    assert same(result.parameters, compiled.parameters)


@pytest.mark.parametrize("seconds", [0.0, 1e-4, 10.0])
def test_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    whole = fitted(schedule="cosine", held_out=0.2)
    monkeypatch.setattr(loop, "SECONDS", seconds)
    cut = fitted(schedule="cosine", held_out=0.2)
    assert same(whole.parameters, cut.parameters)
    assert timeless(whole) == timeless(cut)


class Stop(Silent):
    """Asks for an interruption after so many pieces."""

    def __init__(self, pieces: int, number: int = signal.SIGINT) -> None:
        self.left, self.number = pieces, number
        self.notes: list[str] = []

    def piece(self, progress: Progress) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(self.number)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize("update", ["adam", "momentum", "sgd"])
@pytest.mark.parametrize("pieces", [1, 12, 13])
def test_an_interrupted_run_goes_on_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: str, pieces: int
) -> None:
    settings = {"update": {"op": update, "rate": 0.05}, "schedule": "one_cycle", "patience": 9, "held_out": 0.2}
    whole = fitted(**settings)
    monkeypatch.setattr(loop, "SECONDS", 0.0)
    stop = Stop(pieces)
    with pytest.raises(Interrupted) as caught:
        fitted(**settings, folder=str(tmp_path), reporter=stop)
    epoch, step = divmod(pieces, 9)
    assert str(caught.value) == f"interrupted in epoch {epoch + 1}, step {step} of 9; saved"
    assert caught.value.signal == signal.SIGINT
    again = Stop(-1)
    found = fitted(**settings, folder=str(tmp_path), reporter=again, going="resume")
    step_words = f", step {step} of 9"
    file = tmp_path / "checkpoint-000001.json"
    assert again.notes == [f"going on from {file}: {epoch} of 3 epochs are done{step_words}"]
    assert same(whole.parameters, found.parameters)
    assert timeless(whole) == timeless(found)


def test_an_interruption_without_a_folder() -> None:
    with pytest.raises(Interrupted) as caught:
        fitted(reporter=Stop(1, signal.SIGTERM))
    text = "interrupted in epoch 1, step 1 of 12; nothing is saved, as there is no folder"
    assert (str(caught.value), caught.value.signal) == (text, signal.SIGTERM)


def test_a_second_signal_interrupts_at_once() -> None:
    class Twice(Silent):
        def piece(self, progress: Progress) -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        fitted(reporter=Twice())
    assert not isinstance(caught.value, Interrupted)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_no_signal_is_taken() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert same(pool.submit(fitted).result().parameters, fitted().parameters)


def test_a_finished_run_is_not_saved_again(tmp_path: Path) -> None:
    first = fitted(folder=str(tmp_path))
    names = sorted(tmp_path.iterdir())
    again = fitted(folder=str(tmp_path))
    assert sorted(tmp_path.iterdir()) == names
    assert same(first.parameters, again.parameters)
    assert first.history == again.history


def test_more_epochs_go_on_from_where_it_ended(tmp_path: Path) -> None:
    fitted(folder=str(tmp_path))
    assert same(fitted(folder=str(tmp_path), epochs=5).parameters, fitted(epochs=5).parameters)


def test_beginning_anew(tmp_path: Path) -> None:
    fitted(folder=str(tmp_path), seed=1)
    with pytest.raises(InputError) as caught:
        fitted(folder=str(tmp_path), seed=2)
    assert str(caught.value) == (
        f"{tmp_path}: the run in this folder has seed = 1, here it is 2; choose another folder, or begin anew"
    )
    found = fitted(folder=str(tmp_path), seed=2, going="anew")
    assert same(found.parameters, fitted(seed=2).parameters)


def test_other_data_are_another_run(tmp_path: Path) -> None:
    fitted(folder=str(tmp_path))
    with pytest.raises(InputError) as caught:
        fit(network(), X + 1, Y, **CLASSES, epochs=3, batch=8, folder=str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: the run in this folder has other training data; choose another folder, or begin anew"
    )


def test_another_network_is_another_run(tmp_path: Path) -> None:
    fitted(folder=str(tmp_path))
    with pytest.raises(InputError) as caught:
        fit(network("relu"), X, Y, **CLASSES, epochs=3, batch=8, folder=str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: the run in this folder has another network; choose another folder, or begin anew"
    )


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    class Second(Silent):
        message = ""

        def epoch(self, epoch: Epoch, progress: Progress) -> None:
            with pytest.raises(InputError) as caught:
                fitted(folder=str(tmp_path))
            self.message = str(caught.value)

    second = Second()
    fitted(folder=str(tmp_path), reporter=second, epochs=1)
    assert second.message == f"{tmp_path}: another run is training in this folder"
    assert fitted(folder=str(tmp_path)).state.epoch == 3


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError) as caught:
        fitted(folder=str(tmp_path / "run"))
    assert str(caught.value) == f"{tmp_path / 'run'}: cannot be written in: File exists"


def test_resuming_needs_something_to_go_on_from(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        fitted(folder=str(tmp_path), going="resume")
    assert str(caught.value) == f"{tmp_path}: there is no checkpoint to resume from"
    with pytest.raises(InputError) as caught:
        fitted(going="resume")
    assert str(caught.value) == "there is no folder to resume from: name one as folder"


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SECONDS", 0.0)
    with pytest.raises(Interrupted):
        fitted(folder=str(tmp_path), checkpoint_every=0, reporter=Stop(5))
    newest = max(tmp_path.glob("*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:100])
    stop = Stop(-1)
    found = fitted(folder=str(tmp_path), reporter=stop)
    assert stop.notes[0].startswith(f"passed over {newest.with_suffix('.json')}: its weights {newest.name} have 100 ")
    assert same(found.parameters, fitted().parameters)


def test_the_metrics_are_a_line_for_each_epoch(tmp_path: Path) -> None:
    result = fitted(folder=str(tmp_path), held_out=0.2)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [msgspec.to_builtins(epoch) for epoch in result.history]
    (tmp_path / "metrics.jsonl").write_text("what a killed run wrote after its last checkpoint")
    fitted(folder=str(tmp_path), held_out=0.2)
    assert [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == lines


def test_metrics_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(InputError) as caught:
        fitted(folder=str(tmp_path))
    file = tmp_path / "metrics.jsonl"
    assert str(caught.value) == f"{file}: cannot be written: Is a directory; there is no checkpoint yet"


def test_the_threads_of_the_run_are_those_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANDGRAD_THREADS", raising=False)
    with pytest.raises(Interrupted):
        fitted(folder=str(tmp_path), threads=1, reporter=Stop(1))
    assert fitted(folder=str(tmp_path)).compiled.threads == 1


def test_early_stopping_goes_back_to_the_best() -> None:
    settings = {"held_out": 0.3, "update": {"op": "sgd", "rate": 3.0}, "epochs": 40}
    result = fitted(**settings, patience=3)
    losses = [epoch.held_loss or 0.0 for epoch in result.history]
    assert result.state.finished == "no improvement in 3 epochs"
    assert result.best == losses.index(min(losses)) + 1 == len(losses) - 3
    held = result.task.held
    assert held is not None
    assert result.compiled.evaluate(held.x, held.y)[0] == pytest.approx(min(losses), rel=1e-6)
    last = fitted(**settings, patience=3, keep_best=False)
    assert last.best == len(losses)
    assert last.compiled.evaluate(held.x, held.y)[0] == pytest.approx(losses[-1], rel=1e-6)


def test_an_improvement_must_be_large_enough() -> None:
    result = fitted(patience=1, improvement=10.0, held_out=0.2)
    assert (result.state.finished, result.best) == ("no improvement in 1 epoch", 1)


def test_accuracy_is_monitored_where_it_is_asked_for() -> None:
    result = fitted(patience=2, monitor="accuracy", epochs=60, held_out=0.3)
    accuracies = [epoch.held_accuracy or 0.0 for epoch in result.history]
    assert result.best == accuracies.index(max(accuracies)) + 1


def test_the_loss_of_an_example_under_a_sum_too() -> None:
    rate = {"op": "sgd", "rate": 1e-9}
    total = fitted(loss={"op": "softmax_cross_entropy", "reduction": "sum"}, held_out=0.3, update=rate)
    mean = fitted(held_out=0.3, update=rate)
    assert total.history[0].loss == pytest.approx(mean.history[0].loss, rel=1e-5)
    assert total.history[0].held_loss == pytest.approx(mean.history[0].held_loss, rel=1e-5)


def test_class_weights_are_weights_of_examples() -> None:
    weighted = fitted(class_weights={"2": 5.0}, epochs=1, shuffle=False)
    compiled = hg.compile(network(), batch=8, **CLASSES)
    compiled.train(X.astype(np.float32), Y, np.arange(90), weights=np.where(Y == 2, 5.0, 1.0))
    assert same(weighted.parameters, compiled.parameters)
    y = np.where(np.arange(90) < 80, 0, Y)
    task = fit(network(), X, y, **CLASSES, epochs=1, batch=90, class_weights="balanced").task
    assert task.weights is not None
    assert np.bincount(y, task.weights) == pytest.approx([30, 30, 30])


def test_a_regression() -> None:
    net = hg.Network([layer(4, 1)], 4)
    y = X @ np.array([1.0, -2.0, 0.5, 0.0])
    result = fit(net, X, y[:, None], loss="mean_squared_error", update={"op": "sgd", "rate": 0.05}, epochs=60, batch=30)
    assert result.score > 0.999
    assert result.history[0].accuracy is None
    assert result.confusion() is None


def test_two_classes_by_one_output() -> None:
    net = hg.Network([layer(4, 1)], 4)
    y = (X[:, 0] > 1).astype(float)[:, None]
    result = fit(net, X, y, loss="binary_cross_entropy_with_logits", update={"op": "adam", "rate": 0.1}, epochs=30)
    assert result.score > 0.9
    assert result.history[-1].accuracy is not None
    picture = result.confusion()
    assert picture is not None
    assert picture.title.startswith("Confusion matrix: ")


def test_divergence_is_one_clear_error(tmp_path: Path) -> None:
    settings = {"loss": "mean_squared_error", "epochs": 9, "batch": 9}
    net = hg.Network([layer(4, 1)], 4)
    with pytest.raises(InputError) as caught:
        fit(net, 1e3 * X, Y[:, None], update={"op": "sgd", "rate": 1.0}, **settings)
    words = str(caught.value).split("; ")
    assert words[0] in {f"step {i} (epoch 1): the loss is inf" for i in range(1, 10)}
    assert words[1:] == ["the learning rate is 1: try 0.1, or clip = 1"]
    with pytest.raises(InputError) as caught:
        fit(net, 1e3 * X, Y[:, None], update={"op": "sgd", "rate": 1.0}, folder=str(tmp_path), clip=1e30, **settings)
    assert str(caught.value).endswith("try 0.1, or a clip below 1e+30; there is no checkpoint yet")


def test_divergence_names_the_layer_where_it_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    net = hg.Network([layer(4, 5), layer(5, 1, seed=3)], 4)
    messages = set()
    for seconds in (0.0, 5.0):
        monkeypatch.setattr(loop, "SECONDS", seconds)
        with pytest.raises(InputError) as caught:
            fit(net, 1e15 * X, Y[:, None], **DIVERGING, epochs=9, batch=9, watch=True)
        messages.add(str(caught.value))
    where = "step 2 (epoch 1): the loss is inf, from layer 1 (dense): h1 is inf"
    assert messages == {f"{where}; the learning rate is 1: try 0.1, or clip = 1"}


def test_the_last_good_checkpoint_is_kept_when_a_run_diverges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SECONDS", 0.0)
    net = hg.Network([layer(4, 1)], 4)
    settings = {"loss": "mean_squared_error", "update": {"op": "sgd", "rate": 1.0}, "epochs": 9, "batch": 9}
    with pytest.raises(InputError) as caught:
        fit(net, 1e3 * X, Y[:, None], **settings, folder=str(tmp_path), checkpoint_every=0)
    last = max(tmp_path.glob("*.json"))
    assert str(caught.value).endswith(f"; the last good checkpoint is {last.name}")


def test_parameters_that_are_no_longer_finite_stop_the_run() -> None:
    net = hg.Network([layer(4, 1)], 4)
    with pytest.raises(InputError) as caught:
        fit(net, X, Y[:, None], loss="mean_squared_error", update={"op": "sgd", "rate": 1e39}, epochs=1, batch=90)
    assert str(caught.value) == (
        "step 1 (epoch 1): the parameter W1 is no longer finite after it; "
        "the learning rate is 1e+39: try 1e+38, or clip = 1"
    )


def test_a_held_out_part_that_is_not_finite_stops_the_run() -> None:
    held = (1e38 * np.ones((3, 4)), np.zeros((3, 1)))
    net = hg.Network([layer(4, 1)], 4)
    with pytest.raises(InputError) as caught:
        fit(net, X, Y[:, None], loss="mean_squared_error", update={"op": "sgd", "rate": 0.01}, epochs=1, held_out=held)
    assert str(caught.value).startswith("step 2 (epoch 1): the loss of the held-out examples after it is inf; ")


def test_what_follows_a_run_is_told() -> None:
    class Ear(Silent):
        def __init__(self) -> None:
            self.pieces: list[Progress] = []
            self.epochs: list[tuple[Epoch, Progress]] = []

        def piece(self, progress: Progress) -> None:
            self.pieces.append(progress)

        def epoch(self, epoch: Epoch, progress: Progress) -> None:
            self.epochs.append((epoch, progress))

    ear = Ear()
    result = fitted(reporter=ear)
    assert [epoch for epoch, _ in ear.epochs] == result.history
    assert [(p.epoch, p.step) for _, p in ear.epochs] == [(1, 12), (2, 12), (3, 12)]
    assert ear.epochs[-1][1].left == 0
    first = ear.pieces[0]
    assert (first.epoch, first.epochs, first.step, first.steps) == (1, 3, 1, 12)
    assert first.rate > 0 < first.left
    assert first.accuracy is not None
