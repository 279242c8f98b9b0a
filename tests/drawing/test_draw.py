"""What a picture shows."""

from __future__ import annotations

from typing import Any

import pytest
from geometry import labels
from networks import dense, drawn, lenet, resnet, tree

import handgrad as hg
from conftest import EXAMPLES, example
from handgrad.notation.nodes import Dots, Entry, Symbol
from handgrad.notation.picture import Box, Disc, Label, Picture, Stroke, Weight
from handgrad.render.inline import inline


def texts(picture: Picture, role: str = "") -> dict[str, str]:
    """What is printed for each entry."""
    found = {}
    for label in labels(picture):
        if label.of and role in ("", label.role):
            found[label.of] = label.text if isinstance(label.text, str) else inline(label.text)
    return found


def words(picture: Picture) -> list[str]:
    return [label.text for label in labels(picture) if isinstance(label.text, str)]


def boxes(picture: Picture, role: str) -> list[Box]:
    return [shape for shape in picture.shapes if isinstance(shape, Box) and shape.role == role]


def arrows(picture: Picture) -> list[Stroke]:
    return [shape for shape in picture.shapes if isinstance(shape, Stroke) and shape.role == "arrow"]


def weights(picture: Picture) -> list[Weight]:
    return [shape for shape in picture.shapes if isinstance(shape, Weight)]


def test_every_number_of_a_small_network_is_there() -> None:
    trace = hg.solve(example("ann"))
    shown = texts(hg.draw(trace))
    for name in ("x", "a1", "h1", "a3", "yhat", "y", "dL/da1", "dL/dx"):
        assert [shown[f"{name}[{i}]"] for i in (1, 2, 3)] == [inline(trace.show(name, i).expression) for i in range(3)]
    for layer in (1, 2, 3):
        for place in range(9):
            entry = f"W{layer}[{place // 3 + 1},{place % 3 + 1}]"
            assert shown[entry] == inline(trace.show(f"W{layer}", place).expression)
            assert shown[f"dL/d{entry}"] == inline(trace.show(f"dL/dW{layer}", place).expression)


def test_symbols_follow_the_notation() -> None:
    shown = texts(hg.draw(example("mazur")), "symbol")
    assert shown["a1"] == "net₁"
    assert shown["h1"] == "out₁"
    assert texts(hg.draw(example("mazur")), "gradient")["dL/da2"] == "∂L/∂net₂"


def test_a_problem_is_solved_first() -> None:
    problem = example("residual")
    assert hg.draw(problem) == hg.draw(hg.solve(problem))


def test_without_gradients_or_without_values() -> None:
    trace = hg.solve(example("mazur"))
    plain = hg.draw(trace, gradients=False)
    assert not [label for label in labels(plain) if label.role == "gradient"]
    assert texts(plain)["h1[1]"] == "0.59326999"
    bare = hg.draw(trace, values=False)
    assert Entry(Symbol("out", "1"), (1,)) in [label.text for label in labels(bare)]
    assert not any(weight.labels for weight in weights(bare))
    assert len(weights(bare)) == 8
    assert not [label for label in labels(bare) if label.role == "gradient"]


def test_long_layers_are_elided_with_dots() -> None:
    picture = hg.draw(hg.Problem.from_dict(dense(13, 12, 2)))
    shown = texts(picture)
    assert {"x[4]", "x[13]", "h1[12]"} <= shown.keys()
    assert "x[5]" not in shown
    assert [label.text for label in labels(picture) if label.role == "dots"] == [Dots("column")]
    assert "13" in words(picture)


def test_a_long_fraction_is_shown_in_decimals() -> None:
    problem = {
        "network": {"input": 2, "layers": [{"op": "dense", "weights": [["1/98304", "2/3"]]}]},
        "loss": {"op": "squared_error"},
        "data": {"x": [1, "1/1000000000000000"], "y": "12345678901234567890"},
    }
    picture = hg.draw(hg.Problem.from_dict(problem))
    shown = texts(picture)
    assert shown["W1[1,1]"] == "1.017·10⁻⁵"
    assert shown["W1[1,2]"] == "2/3"
    assert shown["x[2]"] == "1.000·10⁻¹⁵"
    assert shown["y[1]"] == "1.235·10¹⁹"
    assert "Decimals are rounded." in words(picture)


def test_weights_without_room_are_left_out() -> None:
    picture = hg.draw(hg.Problem.from_dict(dense(12, 12)))
    assert len(weights(picture)) == 144
    assert not any(weight.labels for weight in weights(picture))
    assert "b1[1]" not in texts(picture)
    assert "Weights that find no room are left out." in words(picture)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_weight_of_an_example_stands_with_its_gradient(name: str) -> None:
    for weight in weights(hg.draw(example(name))):
        assert [part.role for part in weight.labels if isinstance(part, Label)] == ["value", "gradient"]


def test_weights_have_fewer_lines_where_two_find_no_room() -> None:
    picture = hg.draw(hg.Problem.from_dict(dense(7, 4)))
    shown = texts(picture)
    assert "W1[4,7]" in shown
    assert "dL/dW1[4,7]" not in shown


def test_a_kernel_is_placed_on_its_input() -> None:
    picture = hg.draw(example("image"))
    assert [box.of for box in boxes(picture, "seen")][:4] == ["x[1,2,2]", "x[1,2,3]", "x[1,3,2]", "x[1,3,3]"]
    assert len(boxes(picture, "window")) == 2
    assert len(boxes(picture, "given")) == 2
    assert {"K1[2,1,2,2]", "dL/dK1[1,1,1,1]", "b1[2]"} <= texts(picture).keys()
    assert {"stride 2", "padding 1", "conv2d", "average pool2d"} <= set(words(picture))


def test_a_window_with_gaps_marks_its_own_cells() -> None:
    seen = [box.of for box in boxes(hg.draw(example("signal")), "seen")]
    assert seen[:4] == ["x[1,1]", "x[1,3]", "x[2,1]", "x[2,3]"]


def test_winners_are_marked() -> None:
    trace = hg.solve(example("maxpool"))
    won = {box.of for box in boxes(hg.draw(trace), "winner")}
    given = {f"h1[{i + 1},{j + 1}]" for i in range(4) for j in range(4) if float(trace["dL/dh1"][i][j])}
    assert won == given


def test_formulas_have_no_winners_and_long_ones_are_left_out() -> None:
    layers = [{"op": "max_pool1d", "kernel": 2}, {"op": "flatten"}, {"op": "dense", "weights": [["w_1", "w_2"]]}]
    problem = tree(layers, [4], {"x": ["p", "q", "r", "s"], "y": 1}, "symbolic", "squared_error")
    picture = hg.draw(hg.Problem.from_dict(problem))
    assert boxes(picture, "winner") == []
    assert texts(picture)["x[1]"] == "p"
    assert "⋯" in texts(picture).values()


def test_three_dimensions_have_cells_but_no_window() -> None:
    layers = [{"op": "max_pool3d", "kernel": 2}, {"op": "flatten"}, {"op": "dense", "weights": drawn(2, 1)}]
    picture = hg.draw(
        hg.Problem.from_dict(
            tree(layers, [2, 2, 2], {"x": drawn(2, 2, 2), "label": 1}) | {"loss": {"op": "cross_entropy"}}
        )
    )
    assert boxes(picture, "window") == []
    assert len(boxes(picture, "cell")) > 8


def test_a_kernel_larger_than_what_is_drawn_has_no_window() -> None:
    layers = [{"op": "conv2d", "kernel": drawn(9, 9)}, {"op": "mean"}]
    problem = tree(layers, [10, 10], {"x": drawn(10, 10), "y": 1}, loss="squared_error")
    picture = hg.draw(hg.Problem.from_dict(problem))
    assert boxes(picture, "window") == []
    assert "10×10" in words(picture)


def test_attention_is_grids_joined_by_arrows() -> None:
    picture = hg.draw(example("attention"))
    assert weights(picture) == []
    assert {"Q", "K", "V", "matmul", "softmax"} <= set(words(picture))
    assert len([box for box in boxes(picture, "cell") if box.of.startswith("h5[")]) == 4
    assert "factor = 0.7071" in [inline(label.text) for label in labels(picture) if not isinstance(label.text, str)]


def test_a_residual_connection_runs_below() -> None:
    picture = hg.draw(example("residual"))
    lowest = max(y for arrow in arrows(picture)[:-1] for _, y in arrow.points)
    assert lowest > max(disc.y + disc.radius for disc in picture.shapes if isinstance(disc, Disc))


def test_what_is_read_twice_has_two_arrows() -> None:
    problem = tree([{"op": "add", "from": ["x", "x"]}], 2, {"x": [1, 2], "y": [1, 1]}, "exact", "squared_error")
    assert len(arrows(hg.draw(hg.Problem.from_dict(problem)))) == 2 + 2 + 2  # into add and out, the loss, the key


def test_shared_weights_are_on_every_edge_that_they_are_on() -> None:
    found = [weight.of for weight in weights(hg.draw(example("recurrent")))]
    assert sorted(found) == ["U[1,1]"] * 2 + ["V[1,1]"] * 3


def test_two_layers_of_one_input_are_boxes() -> None:
    layers: list[dict[str, Any]] = [
        {"op": "dense", "weights": [[1, 2]], "from": "x"},
        {"op": "dense", "weights": [[3, 4]], "from": "x"},
        {"op": "add", "from": ["h1", "h2"]},
    ]
    picture = hg.draw(hg.Problem.from_dict(tree(layers, 2, {"x": [1, 2], "y": 1}, "exact", "squared_error")))
    assert weights(picture) == []
    assert {"W1[1,1]", "W2[1,2]"} <= texts(picture).keys()


def test_a_wide_network_is_broken_into_rows() -> None:
    picture = hg.draw(example("signal"))
    assert picture.width < 1400
    turning = [arrow for arrow in arrows(picture) if len(arrow.points) == 6]
    assert len(turning) == 1


def test_large_grids_show_values_alone() -> None:
    picture = hg.draw(hg.Problem.from_dict(lenet()))
    shown = texts(picture)
    assert {"x[1,28,28]", "h1[6,5,5]", "K1[1,1,5,5]"} <= shown.keys()
    assert not {"x[1,6,6]", "dL/dx[1,1,1]", "a1[1,1,1]", "h1[3,1,1]"} & shown.keys()
    assert {"1×28×28", "6×28×28"} <= set(words(picture))


def test_a_great_many_layers_are_one_box_each() -> None:
    picture = hg.draw(hg.Problem.from_dict(resnet()))
    found = boxes(picture, "op")
    assert len(found) == 29
    assert len({(box.x, box.y) for box in found}) == 29
    assert picture.width < 1100
    assert texts(picture)["h1"] == "h₁"
    assert not [label for label in labels(picture) if label.role == "gradient"]
    named = hg.draw(hg.Problem.from_dict(resnet()), values=False)
    assert "L" in texts(named)


def test_a_batch_says_which_example_is_shown() -> None:
    note = "Shown is the first of 3 examples; gradients of parameters and L are of all."
    assert note in words(hg.draw(example("batch")))
    assert not any("examples" in word for word in words(hg.draw(example("ann"))))


def test_a_problem_without_a_loss_ends_with_its_output() -> None:
    picture = hg.draw(example("upstream"))
    assert texts(picture)["dL/dyhat[2]"] == "−1"
    assert "L" not in texts(picture, "symbol")


def test_the_title_is_that_of_the_problem_or_says_what_is_drawn() -> None:
    assert hg.draw(example("ann")).title == "Three logistic layers into a softmax"
    assert hg.draw(hg.Problem.from_dict(dense(2, 2))).title == "The network"


@pytest.mark.parametrize(("language", "word"), [("de", "vorwärts: Werte"), ("hi", "आगे की ओर: मान")])
def test_words_in_other_languages(language: str, word: str) -> None:
    problem = example("image")
    problem.language = language  # type: ignore[attr-defined]  # where problems have one
    picture = hg.draw(problem)
    assert word in words(picture)
    assert picture.language == language
    assert not {"stride 2", "forward: values"} & set(words(picture))


def test_every_text_of_a_picture_has_its_translations() -> None:
    from handgrad.notation.words import _PICTURE

    for english, others in _PICTURE.items():
        assert set(others) == {"de", "hi"}, english


def test_numbers_on_the_picture_are_those_of_the_label() -> None:
    label = next(label for label in labels(hg.draw(example("ann"))) if label.of == "dL/dW1[2,3]")
    assert isinstance(label, Label)
    assert getattr(label.text, "of", None) == "dL/dW1[2,3]"
